"""Captions of live speech: cues as soon as their words stand, from the events of a session or of its log.

A cue is over when it is full, and the word behind it stands, or when the utterance is over. Only final words are shown,
by their times and not by the order of arrival, each once: `dgasync.utterances` sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from dgasync.captions.layout import Cue, Plan, Said, lay_out, spread
from dgasync.models.listen import Word
from dgasync.models.live import LiveResultResponse
from dgasync.transcript.names import number_of
from dgasync.utterances import SILENCE, Utterances, events_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.captions.layout import CaptionOptions
    from dgasync.models.events import Event
    from dgasync.utterances import LiveUtterance

__all__ = ["LiveCaptions", "cues_of"]


class LiveCaptions:
    """Cues of a live session, from its events. Feed it every event in the order of arrival.

    Cues of one channel come by the time they start. Those of several channels come as they are over; `srt` and `webvtt`
    sort them.
    """

    def __init__(self, *, silence: float | None = SILENCE, **options: Unpack[CaptionOptions]) -> None:
        """`silence`: as for `Utterances`; the options are those of all captions.

        Raises:
            DeepgramTypeError: an option is of no use, or there is no such one.
        """
        self._plan = Plan(options)
        self._utterances = Utterances(silence=silence)
        self._channels: dict[int, _Shown] = {}

    def feed(self, event: Event) -> list[Cue]:
        """The cues that are over now that this happened: none mostly, at times several."""
        found = self._over(self._utterances.feed(event))
        if isinstance(event, LiveResultResponse) and (event.is_final or event.speech_final):
            for utterance in self._utterances.settled():
                found.extend(self._channel(utterance).full(utterance, self._plan))
        return found

    def end(self) -> list[Cue]:
        """What is left when nothing more comes."""
        return self._over(self._utterances.end())

    @property
    def pending(self) -> str:
        """What is being said in the utterance that is not over yet, with what may still change."""
        return self._utterances.pending

    def _over(self, utterances: Iterable[LiveUtterance]) -> list[Cue]:
        found: list[Cue] = []
        for utterance in utterances:
            found.extend(self._channel(utterance).rest(utterance, self._plan))
        return found

    def _channel(self, utterance: LiveUtterance) -> _Shown:
        return self._channels.setdefault(int(utterance.channel or 0), _Shown())

    def __repr__(self) -> str:
        return f"<LiveCaptions of {self._utterances!r}>"


class _Shown:
    """One channel: what is shown of the utterance that is not over yet."""

    def __init__(self) -> None:
        self.shown: dict[int, Word] = {}
        """The words that are in cues, by their id, which is theirs as long as they are kept here."""
        self._latest = 0.0

    def full(self, utterance: LiveUtterance, plan: Plan) -> Iterator[Cue]:
        """The cues of an utterance that goes on, but for the last one, which may still be filled."""
        if not _is_in_words(utterance):
            return
        for cue, words in list(self._cues(utterance, plan))[:-1]:
            self.shown.update({id(word): word for word in words})
            yield self._placed(cue)

    def rest(self, utterance: LiveUtterance, plan: Plan) -> Iterator[Cue]:
        """The cues of an utterance that is over, as far as they are not shown."""
        if _is_in_words(utterance):
            for cue, _ in self._cues(utterance, plan):
                yield self._placed(cue)
        else:
            yield from map(self._placed, self._wordless(utterance, plan))
        for word in utterance.words or ():
            self.shown.pop(id(word), None)
        self._latest = 0.0  # the next one may be of another session, whose times begin anew

    def _placed(self, cue: Cue) -> Cue:
        # Not before the one that came before it in the same utterance: a word may turn up late.
        start = self._latest = max(cue.start, self._latest)
        return cue if start == cue.start else msgspec.structs.replace(cue, start=start, end=max(start, cue.end))

    def _cues(self, utterance: LiveUtterance, plan: Plan) -> Iterator[tuple[Cue, list[Word]]]:
        """The cues for what is not shown yet, and the words of each."""
        at = utterance.start or 0.0
        for turn in utterance.turns:
            speaker = None if turn.speaker is None else number_of(turn.speaker)
            words = [word for word in turn.words if id(word) not in self.shown and word.text.strip()]
            taken = 0
            for cue, count in lay_out(
                _said(words, at), _gap(utterance), plan, speaker=speaker, channel=int(utterance.channel or 0)
            ):
                yield cue, words[taken : taken + count]
                taken += count

    def _wordless(self, utterance: LiveUtterance, plan: Plan) -> Iterator[Cue]:
        """The cues where some results came without words, which have no times of their own."""
        text, at = utterance.text.strip(), utterance.start or 0.0
        for word in utterance.words or ():
            if id(word) in self.shown and text.startswith(word.text):
                text = text[len(word.text) :].lstrip()
                at = at if word.end is None else word.end
        speaker = None if utterance.speaker is None else number_of(utterance.speaker)
        words = spread(text, at, at if utterance.end is None else utterance.end)
        for cue, _ in lay_out(words, " ", plan, speaker=speaker, channel=int(utterance.channel or 0)):
            yield cue


def _is_in_words(utterance: LiveUtterance) -> bool:
    """Whether the words of an utterance are all of it."""
    said = "".join(word.text for word in utterance.words or ())
    return "".join(said.split()) == "".join(utterance.text.split())


def _gap(utterance: LiveUtterance) -> str:
    # Some languages are written without spaces: what the service put between words is what goes between them here.
    return "" if " " not in utterance.text and len(utterance.words or ()) > 1 else " "


def _said(words: Iterable[Word], at: float) -> Iterator[Said]:
    for word in words:
        start = at if word.start is None else word.start
        at = start if word.end is None else max(start, word.end)
        yield Said(" ".join(word.text.split()), start, at)


def cues_of(
    log: Iterable[Event | Mapping[str, Any] | bytes | str] | bytes | str,
    *,
    silence: float | None = SILENCE,
    **options: Unpack[CaptionOptions],
) -> Iterator[Cue]:
    """The cues of a recorded live session, whose log is as for `utterances_of`.

    Raises:
        DeepgramTypeError: an option is of no use, or there is no such one.
    """
    captions = LiveCaptions(silence=silence, **options)
    for event in events_of(log):
        yield from captions.feed(event)
    yield from captions.end()
