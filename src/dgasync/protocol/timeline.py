"""One clock for a session that needs several connections: their times become the session's, and nothing comes twice.

A connection counts seconds from its own first byte. The session adds where that byte lies in its audio. Audio that was
not heard for good is sent again, so the next connection may say again what the one before has said: what is final stays
final, and interim results appear when they know more than the last one that was shown.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dgasync.models.flux import FluxWord
from dgasync.models.listen import Alternative, Channel, Entity, Hit, Word
from dgasync.models.live import (
    Event,
    LiveMessage,
    LiveResultResponse,
    MetadataResponse,
    SpeechStartedResponse,
    UtteranceEndResponse,
)

__all__ = ["TOUCH", "Timeline", "copied", "moved"]

E = TypeVar("E", bound=Event)

TOUCH = 0.02
"""Seconds by which two times may differ that mean the same: the service rounds (0.39999998 for 0.4, recorded)."""


class Timeline:
    """Where the connections of a session lie in its time, and what is final."""

    __slots__ = ("_finals", "_shown", "begins", "channels", "connection", "offset")

    def __init__(self) -> None:
        self.connection = 0
        """The connection that stands, counted from 0."""
        self.offset = 0.0
        """Seconds of the session at which it begins."""
        self.begins: list[float] = [0.0]
        """The same for each connection so far."""
        self.channels = 1
        """How many channels the results tell of."""
        self._finals: dict[int, float] = {}
        self._shown: dict[int, float] = {}

    @property
    def heard_until(self) -> float:
        """Seconds up to which every channel has results, which may still change."""
        return min(self._shown.get(number, 0.0) for number in range(self.channels))

    @property
    def final_until(self) -> float:
        """Seconds up to which every channel is heard for good."""
        finals = self._finals
        if self.channels == 1:
            return finals.get(0, 0.0)
        return min(finals.get(number, 0.0) for number in range(self.channels))

    def begin(self, offset: float) -> None:
        """Another connection stands, and its audio begins here."""
        self.connection += 1
        self.offset = offset
        self.begins.append(offset)

    def saw(self, event: LiveResultResponse) -> bool:
        """Remember how far a result of the session's own time reaches; whether that is further than all before."""
        # Each result of each session comes through here.
        number, index = 0, event.channel_index
        if index:
            number = int(index[0])
            if len(index) > 1 and index[1] > self.channels:
                self.channels = int(index[1])
        until = (event.start or 0.0) + (event.duration or 0.0)
        if event.is_final and until > self._finals.get(number, 0.0):
            self._finals[number] = until
        if until <= self._shown.get(number, 0.0):
            return False
        self._shown[number] = until
        return True

    def placed(self, event: LiveMessage) -> LiveMessage | None:
        """What a message means in the session's time; None where it says nothing new."""
        if isinstance(event, LiveResultResponse):
            return self._result(event)
        if isinstance(event, SpeechStartedResponse) and event.timestamp is not None:
            return copied(event, timestamp=event.timestamp + self.offset)
        if isinstance(event, UtteranceEndResponse) and event.last_word_end is not None and event.last_word_end >= 0:
            return copied(event, last_word_end=event.last_word_end + self.offset)
        if isinstance(event, MetadataResponse) and event.duration is not None:
            return copied(event, duration=event.duration + self.offset)
        return event

    def _result(self, event: LiveResultResponse) -> LiveResultResponse | None:
        number = int(event.channel_index[0]) if event.channel_index else 0
        done = self._finals.get(number, 0.0)
        start = (event.start or 0.0) + self.offset
        until = start + (event.duration or 0.0)
        if until <= done + TOUCH and not event.from_finalize:
            return None  # nothing of it is new; but who asked for it waits for the answer
        if not event.is_final and until < self._shown.get(number, 0.0) - TOUCH:
            return None
        begin = max(start, min(done, until))
        known = sum(_is_before(word, done - self.offset) for word in event.words)
        return copied(
            event,
            start=begin,
            duration=until - begin,
            channel=event.channel and _shifted(event.channel, self.offset, done),
            entities=_behind(event.entities, known),
        )


def _shifted(channel: Channel, offset: float, done: float) -> Channel:
    """A channel in the session's time, without the words before `done`."""
    alternatives = channel.alternatives and [_without(each, offset, done) for each in channel.alternatives]
    search = channel.search and [
        msgspec.structs.replace(each, hits=[moved(hit, offset) for hit in each.hits or ()]) for each in channel.search
    ]
    return msgspec.structs.replace(channel, alternatives=alternatives, search=search)


def _without(heard: Alternative, offset: float, done: float) -> Alternative:
    if not heard.words:
        return heard
    words = [moved(word, offset) for word in heard.words]
    new = [word for word in words if not _is_before(word, done)]
    if len(new) == len(words):
        return msgspec.structs.replace(heard, words=words)
    gap = " " if heard.transcript is None or " " in heard.transcript else ""
    return msgspec.structs.replace(
        heard,
        words=new,
        transcript=gap.join(word.text for word in new),
        entities=_behind(heard.entities, len(words) - len(new)),
    )


def _behind(entities: list[Entity] | None, known: int) -> list[Entity] | None:
    """The entities of the words behind the first `known`, counted from there."""
    if not entities or not known:
        return entities
    return [
        msgspec.structs.replace(
            each, start_word=each.start_word - known, end_word=None if each.end_word is None else each.end_word - known
        )
        for each in entities
        if each.start_word is not None and each.start_word >= known
    ]


def _is_before(word: Word, moment: float) -> bool:
    if word.start is None or word.end is None:
        return False
    return (word.start + word.end) / 2 < moment


M = TypeVar("M", Word, Hit, FluxWord)


def moved(timed: M, offset: float) -> M:
    """The same, said `offset` seconds later."""
    start, end = timed.start, timed.end
    return msgspec.structs.replace(
        timed,
        start=None if start is None else start + offset,
        end=None if end is None else end + offset,
    )


def copied(event: E, /, **changes: object) -> E:
    """The same message with other times; its bytes and its connection stay with it."""
    copy = msgspec.structs.replace(event, **changes)
    vars(copy).update(vars(event))
    return copy
