"""A recording as a notebook shows it: who says what, how sure that is, and its sound, played from any word on."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from dgasync.clip import Clip
from dgasync.display.page import COLOURS, MUTED, Html, box, clock, note, page, styled, text
from dgasync.display.player import embedded, linked, too_long
from dgasync.errors import DeepgramTypeError
from dgasync.limits import SHOWN_SOUND, SHOWN_WORDS
from dgasync.models.listen import Results
from dgasync.transcript.divide import paragraphs_of
from dgasync.transcript.names import name_of

if TYPE_CHECKING:
    from dgasync.models.listen import Intents, Topics, Word
    from dgasync.transcript.channel import Turn
    from dgasync.transcript.names import Names
    from dgasync.transcript.recording import Transcript

__all__ = ["Heard", "html", "said_so_far"]

LONGEST_WORD = 100
"""Characters of a word that are shown; more are no word."""

MOST_SUMMARY = 5000
"""Characters of a summary that are shown."""

MOST_SUBJECTS = 20
"""Topics, intents and speakers that are listed."""

_SHADES = ((0.5, "rgba(239,68,68,.45)"), (0.75, "rgba(249,115,22,.4)"), (0.9, "rgba(234,179,8,.35)"))
"""The background of words that are less sure than this."""

_ON_CLICK = (
    "var w=event.target.closest('[data-t]'),a=this.querySelector('audio');"
    "if(w&&a){a.currentTime=Number(w.dataset.t);a.play()}"
)
"""A click on anything that has a time plays from there. The handlers are attributes of their elements, so that they
need no names, and several outputs of one notebook do not meet."""

_ON_TIME = (
    "var t=this.currentTime,s=-1,n=null;"
    "this.parentNode.querySelectorAll('span[data-t]').forEach(function(w){"
    "var v=Number(w.dataset.t);if(v<=t&&v>=s){s=v;n=w}});"
    "if(this.word!==n){if(this.word)this.word.style.textDecoration='';"
    "if(n)n.style.textDecoration='underline';this.word=n}"
)
"""The word that is being played is underlined."""

Heard: TypeAlias = "Clip | bytes | str | PathLike[str]"
"""The audio of a transcript: a `Clip`, the bytes of a file, its path, or an http(s) URL."""


def html(
    transcript: Transcript,
    *,
    title: str | None = None,
    speakers: Names | None = None,
    audio: Heard | None = None,
    words: int | None = SHOWN_WORDS,
) -> Html:
    """The look; see `Transcript.to_html`."""
    player = "" if audio is None else _player(audio)
    looks = _Looks(transcript, speakers, plays=player.startswith("<audio"))
    parts = [_facts(transcript), player, looks.legend(), *_subjects(transcript), *looks.turns(words)]
    shown = box(*parts, more=f' onclick="{text(_ON_CLICK, len(_ON_CLICK))}"' if looks.plays else "")
    return Html(shown if title is None else page(title, shown))


def said_so_far(state: str, transcript: Transcript | None) -> Html:
    """A live session: how it is doing, and its words, as far as they are kept."""
    shown = f"<div><strong>Live speech</strong> {styled(MUTED, text(state))}</div>"
    return Html(box(shown, "" if transcript is None else html(transcript)))


def _facts(transcript: Transcript) -> str:
    count = len(transcript.words)
    facts = [clock(transcript.duration), f"{count:,} word{'' if count == 1 else 's'}"]
    if len(transcript.channels) > 1:
        facts.append(f"{len(transcript.channels)} channels")
    if transcript.confidence is not None and isfinite(transcript.confidence):
        facts.append(_sure(transcript.confidence))
    if transcript.language:
        facts.append(text(transcript.language))
    return f"<div><strong>Transcript</strong> {styled(MUTED, ' · '.join(facts))}</div>"


def _player(audio: Heard) -> str:
    more = f' ontimeupdate="{text(_ON_TIME, len(_ON_TIME))}"'
    if isinstance(audio, str) and audio.lower().startswith(("http://", "https://")):
        return linked(audio, more)
    kind = None
    if isinstance(audio, (str, PathLike)):
        path = Path(audio)
        with path.open("rb") as file:
            sound = file.read(SHOWN_SOUND + 1)
        size = max(len(sound), path.stat().st_size)
        kind = mimetypes.guess_type(path.name)[0]
    elif isinstance(audio, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
        sound, size = audio, len(audio)
    else:
        raise DeepgramTypeError(
            f"The audio of a transcript is a path, an http(s) URL or bytes; got {type(audio).__name__}."
        )
    if size > SHOWN_SOUND:
        return too_long(size, "Give the URL of it, or a file that is compressed.")
    clip = sound if isinstance(sound, Clip) else Clip(sound)
    return embedded(clip.playable(), kind or clip.kind, more)


def _subjects(transcript: Transcript) -> Iterator[str]:
    """What it is about, as far as the service was asked."""
    if transcript.summary:
        yield _paragraph("Summary", text(transcript.summary, MOST_SUMMARY))
    results = transcript.response.results or Results()
    topics = [*_topics(results.topics), *_topics_of_parts(transcript)]
    for name, found in (("Topics", topics), ("Intents", list(_intents(results.intents)))):
        if found:
            often = [subject for subject, _ in Counter(found).most_common(MOST_SUBJECTS)]
            left_out = len(set(found)) - len(often)
            yield _paragraph(name, text(", ".join(often), MOST_SUMMARY) + (f" and {left_out} more" if left_out else ""))


def _paragraph(name: str, inner: str) -> str:
    return styled("margin:.4em 0", f"<strong>{name}</strong> {inner}", "div")


def _topics(topics: Topics | None) -> Iterator[str]:
    if topics is not None:
        yield from _topics(topics.results.topics if topics.results else None)
        for segment in topics.segments or ():
            yield from (topic.topic for topic in segment.topics or () if topic.topic)


def _intents(intents: Intents | None) -> Iterator[str]:
    if intents is not None:
        yield from _intents(intents.results.intents if intents.results else None)
        for segment in intents.segments or ():
            yield from (intent.intent for intent in segment.intents or () if intent.intent)


def _topics_of_parts(transcript: Transcript) -> Iterator[str]:
    """The topics of older models, which belong to stretches of a channel."""
    for channel in transcript.channels:
        for part in channel.best.topics or ():
            for topic in part.topics or ():
                name = topic if isinstance(topic, str) else topic.topic
                if name:
                    yield name


class _Looks:
    """How what was said looks: the colours of who speaks, and words by how sure they are."""

    def __init__(self, transcript: Transcript, speakers: Names | None, *, plays: bool) -> None:
        self.plays = plays
        self._transcript = transcript
        self._speakers = speakers
        self._shares: dict[str, int] = {}  # how many words each speaker says, in the order in which they begin
        for turn in transcript.turns:
            name = self._name(turn)
            if name is not None:
                self._shares[name] = self._shares.get(name, 0) + len(turn.words)
        self._colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(self._shares)}

    def legend(self) -> str:
        """Who has which colour, and what the shades mean."""
        every = sum(self._shares.values())
        parts = [
            f"{self._dot(name)} {text(name)}" + (styled(MUTED, f" {_percent(words / every)}") if every else "")
            for name, words in list(self._shares.items())[:MOST_SUBJECTS]
        ]
        if len(self._shares) > MOST_SUBJECTS:
            parts.append(f"and {len(self._shares) - MOST_SUBJECTS} more")
        if any(word.confidence is not None for word in self._transcript.words):
            shades = (
                styled(f"background-color:{shade}", f"&nbsp;below {_percent(least)}&nbsp;")
                for least, shade in reversed(_SHADES)
            )
            parts.append(f"{styled(MUTED, 'sure:')} {' '.join(shades)}")
        return styled("font-size:.9em;margin:.3em 0", " &emsp; ".join(parts), "div") if parts else ""

    def turns(self, most: int | None) -> Iterator[str]:
        """What each says before another does, and how much is left out."""
        turns = self._transcript.turns
        every = sum(len(turn.words) for turn in turns)
        shown = 0
        for turn in turns:
            if most is not None and shown >= most:
                break
            yield self._turn(turn, None if most is None else most - shown)
            shown += max(1, len(turn.words))
        if not turns:
            yield note("Nothing was said.")
        elif most is not None and every > most:
            yield note(
                f"… and {every - most:,} more words: <code>.to_html(words=None)</code> of the transcript shows all."
            )

    def _turn(self, turn: Turn, most: int | None) -> str:
        name = self._name(turn)
        channel = self._transcript.channels[turn.channel]
        heading = "" if name is None else f"<div>{self._dot(name)} <strong>{text(name)}</strong></div>"
        parts: list[str] = []
        if turn.words:
            for sentences in paragraphs_of(turn.words[:most]):
                words = [word for sentence in sentences for word in sentence if word.text]
                said = channel.gap.join(map(self._word, words))
                parts.append(self._said(f"{self._time(words)}{said}"))
        else:
            parts.append(self._said(text(turn.text, len(turn.text) if most is None else 10 * most)))
        colour = "rgba(128,128,128,.5)" if name is None else self._colours[name]
        return styled(
            f"margin:.6em 0;padding-left:.7em;border-left:3px solid {colour}", heading + "".join(parts), "div"
        )

    def _said(self, inner: str) -> str:
        return styled("margin:.15em 0" + (";cursor:pointer" if self.plays else ""), inner, "div", ' dir="auto"')

    def _time(self, words: Sequence[Word]) -> str:
        start = next((word.start for word in words if _is_time(word.start)), None)
        if start is None:
            return ""
        if not self.plays:
            return styled(f"{MUTED};font-size:.85em", clock(start)) + " "
        style = (
            f"{MUTED};font:inherit;font-size:.85em;color:inherit;background:none;border:none;padding:0;cursor:pointer"
        )
        more = f' type="button" data-t="{start:.2f}" title="Play from here"'
        return styled(style, clock(start), "button", more) + " "

    def _word(self, word: Word) -> str:
        marks: list[str] = []
        facts: list[str] = []
        style = ""
        if _is_time(word.start):
            hundredths = round(word.start * 100)
            facts.append(f"{clock(hundredths // 100)}.{hundredths % 100:02}")
            if self.plays:
                marks.append(f' data-t="{word.start:.2f}"')
        if word.confidence is not None and isfinite(word.confidence):
            facts.append(_sure(word.confidence))
            shade = next((shade for least, shade in _SHADES if word.confidence < least), None)
            if shade is not None:
                style = f' style="background-color:{shade}"'
        if facts:
            marks.append(f' title="{", ".join(facts)}"')
        return f"<span{''.join(marks)}{style}>{text(word.text, LONGEST_WORD)}</span>"

    def _name(self, turn: Turn) -> str | None:
        several = len(self._transcript.channels) > 1
        name = name_of(turn.speaker, self._speakers, turn.channel if several else None)
        # Each connection numbers the speakers anew.
        if name is not None and turn.speaker is not None and turn.connection:
            return f"{name} (connection {turn.connection})"
        return name

    def _dot(self, name: str) -> str:
        return styled(f"color:{self._colours[name]}", "●")


def _is_time(start: float | None) -> TypeGuard[float]:
    return start is not None and isfinite(start) and start >= 0


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _sure(confidence: float) -> str:
    return f"{_percent(confidence)} sure"
