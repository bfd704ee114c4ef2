"""A recording without what must not be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from dgasync.errors import DeepgramTypeError
from dgasync.models.listen import Alternative, Channel, PrerecordedResponse, Results, Word
from dgasync.transcript.divide import span
from dgasync.transcript.search import matches, places

if TYPE_CHECKING:
    from dgasync.transcript.channel import ChannelTranscript
    from dgasync.transcript.recording import Transcript

__all__ = ["MASK", "What", "redacted"]

What: TypeAlias = "str | re.Pattern[str] | Iterable[str | re.Pattern[str]]"
"""Texts and regular expressions, or one of them."""

MASK = "[{label}]"
"""What stands for what is hidden: the kind of entity it is, or REDACTED."""

_LABEL = "REDACTED"

_Hidden: TypeAlias = tuple[int, int, str]
"""The number of the first word, of the first one behind it, and what kind of thing they are."""


def redacted(
    transcript: Transcript, what: What = (), *, entities: bool | Collection[str] = True, mask: str = MASK
) -> PrerecordedResponse:
    """The answer of the service with everything hidden; see `Transcript.redacted`."""
    sought = (what,) if isinstance(what, (str, re.Pattern)) else tuple(what)
    detected = entities is not False and any(channel.best.entities is not None for channel in transcript.channels)
    if not sought and not detected:
        raise DeepgramTypeError(
            "Nothing says what to hide: give words or regular expressions, or transcribe with detect_entities=True."
        )
    channels = [_channel(channel, sought, entities, mask) for channel in transcript.channels]
    # Searches, topics, summaries and the like repeat what was said: only the words are kept, and their times.
    return PrerecordedResponse(metadata=transcript.response.metadata, results=Results(channels=channels))


def _channel(
    channel: ChannelTranscript,
    sought: Sequence[str | re.Pattern[str]],
    entities: bool | Collection[str],
    mask: str,
) -> Channel:
    if channel.words:
        hidden = sorted([*_entities(channel, entities), *_sought(channel, sought)])
        words = list(_masked(channel.words, hidden, mask))
        text = channel.join(words)
    else:
        words, text = None, channel.text
        for label, values in _values(channel, entities):
            text = text.replace(values, mask.replace("{label}", label))
        for each in sought:
            for match in matches(channel, each):
                text = text.replace(match.text, mask.replace("{label}", _LABEL))
    best = Alternative(transcript=text, confidence=channel.confidence, words=words, languages=channel.best.languages)
    return Channel(
        alternatives=[best],
        detected_language=channel.channel.detected_language,
        language_confidence=channel.channel.language_confidence,
    )


def _sought(channel: ChannelTranscript, sought: Sequence[str | re.Pattern[str]]) -> Iterator[_Hidden]:
    for what in sought:
        for first, end in places(channel, what):
            yield first, end, _LABEL


def _entities(channel: ChannelTranscript, chosen: bool | Collection[str]) -> Iterator[_Hidden]:
    for entity in channel.best.entities or ():
        label = entity.label or _LABEL
        if not _is_chosen(label, chosen):
            continue
        value = entity.raw_value or entity.value or ""
        if entity.start_word is None:
            for first, end in places(channel, value) if re.search(r"\w", value) else ():
                yield first, end, label
            continue
        first = int(entity.start_word)
        # The last word is the one before `end_word` (docs, "Entity Detection"); as many as its value has, in any case.
        end = max(int(entity.end_word or 0), first + len(value.split()), first + 1)
        yield max(first, 0), min(end, len(channel.words)), label


def _values(channel: ChannelTranscript, chosen: bool | Collection[str]) -> Iterator[tuple[str, str]]:
    for entity in channel.best.entities or ():
        label = entity.label or _LABEL
        if _is_chosen(label, chosen):
            for value in (entity.raw_value, entity.value):
                if value and value.strip():
                    yield label, value.strip()


def _is_chosen(label: str, chosen: bool | Collection[str]) -> bool:
    return chosen if isinstance(chosen, bool) else label in chosen


def _masked(words: Sequence[Word], hidden: Sequence[_Hidden], mask: str) -> Iterator[Word]:
    """The words, with one in the place of all that belong to what is hidden: their number would tell something, too."""
    at = 0
    pending = list(reversed(hidden))
    while pending:
        first, end, label = pending.pop()
        if first >= end:
            continue
        while pending and pending[-1][0] < end:  # they overlap: both are hidden, by the name of the first
            end = max(end, pending.pop()[1])
        yield from words[at:first]
        run = words[first:end]
        start, over = span(run)
        bare = mask.replace("{label}", label)
        yield Word(
            word=bare,
            punctuated_word=bare + _punctuation(run[-1].text),
            start=start,
            end=over,
            speaker=run[0].speaker,
            language=run[0].language,
        )
        at = end
    yield from words[at:]


def _punctuation(text: str) -> str:
    """What ends a sentence or a part of it."""
    found = re.search(r"[.,;:!?…。，？！]+$", text)
    return found[0] if found else ""
