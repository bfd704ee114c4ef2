"""Captions of live speech: cues as soon as their words stand, from the events of a session or of its log.

A cue is over when it is full, and the word behind it stands, or when the utterance is over. Only final words are shown,
by their times and not by the order of arrival, each once: `dgasync.utterances` sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dgasync.captions.layout import Cue, Plan, Said, lay_out
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
                channel = self._channel(utterance)
                cues = list(channel.cues(utterance, self._plan))
                for cue, words in cues[:-1]:
                    channel.shown.update({id(word): word for word in words})
                    found.append(channel.placed(cue))
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
            channel = self._channel(utterance)
            found.extend(channel.placed(cue) for cue, _ in channel.cues(utterance, self._plan))
            channel.forget(utterance.words or ())
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

    def forget(self, words: Iterable[Word]) -> None:
        """Lets go of the words of an utterance that is over; the next one may be of another session."""
        for word in words:
            self.shown.pop(id(word), None)
        self._latest = 0.0

    def placed(self, cue: Cue) -> Cue:
        """The cue, not before the one that came before it in the same utterance: a word may turn up late."""
        start = self._latest = max(cue.start, self._latest)
        if start == cue.start:
            return cue
        return Cue(start=start, end=max(start, cue.end), lines=cue.lines, speaker=cue.speaker, channel=cue.channel)

    def cues(self, utterance: LiveUtterance, plan: Plan) -> Iterator[tuple[Cue, list[Word]]]:
        """The cues for what is not shown yet, and the words of each."""
        text = utterance.text
        gap = "" if " " not in text and len(utterance.words or ()) > 1 else " "
        number = int(utterance.channel or 0)
        if not utterance.words and text:
            whole = Said(" ".join(text.split()), utterance.start or 0.0, utterance.end or 0.0)
            yield from ((cue, []) for cue, _ in lay_out([whole], gap, plan, channel=number))
        for turn in utterance.turns if utterance.words else ():
            speaker = None if turn.speaker is None else number_of(turn.speaker)
            words = [word for word in turn.words if id(word) not in self.shown and word.text.strip()]
            at = 0
            for cue, count in lay_out(_said(words, utterance.start or 0.0), gap, plan, speaker=speaker, channel=number):
                yield cue, words[at : at + count]
                at += count


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
