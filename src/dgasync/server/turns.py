"""Turns of a conversation, made of what an engine hears: who speaks, and for how long nobody has.

    StartOfTurn   Update ...   EagerEndOfTurn ( TurnResumed   Update ...   EagerEndOfTurn )   EndOfTurn

How sure it is that a turn is over grows with the silence behind its last word, `1 - 0.5 ** (silence / half_life)`, and
twice as fast behind the end of a sentence. An engine may know more: an endpoint without any silence, as the ruler has
it behind each of its sentences, ends the turn at once. All of it but Update follows from the samples alone, whatever
pieces they come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log2
from typing import Literal, NamedTuple

from dgasync.server.engine import LiveEvent, Onset, Passage, Word

__all__ = ["PAUSE", "Moment", "Thresholds", "TurnEvent", "TurnTaker"]

PAUSE = 0.1
"""Seconds of silence that an engine is asked to tell of; one may need more to be sure."""
UPDATE = 0.25
"""Seconds between two looks at a turn that goes on (docs, "Flux State Machine")."""
HALF_LIFE = 0.6
"""Seconds of silence in which half of the doubt is gone, ..."""
SENTENCE_HALF_LIFE = 0.3
"""... and behind the end of a sentence. With the default threshold a turn ends after 1.0 or 0.5 s."""
TOUCH = 1e-6
"""Seconds by which times that are the same may differ."""

TurnEvent = Literal["StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]


@dataclass(frozen=True)
class Thresholds:
    """When a turn is over."""

    eot: float = 0.7
    """How sure one must be; 1: one never is."""
    eager: float | None = None
    """How sure one must be to say that it may be; None: that is not said."""
    timeout: float = 5.0
    """Seconds of silence after which it is over, however sure one is."""


class Moment(NamedTuple):
    """What is to be said of a turn at one time in the audio."""

    event: TurnEvent
    turn: int
    """Which turn it is, counted from 0."""
    start: float
    """Seconds at which the turn began."""
    end: float
    """Seconds up to which it was heard."""
    words: list[Word]
    confidence: float
    """How sure it is that the turn is over."""
    trigger: str = ""
    """What ended it: `"model"`, `"timeout"`, `"manual"`; empty: the audio."""

    @property
    def text(self) -> str:
        """What was said in it."""
        return " ".join(word.text for word in self.words)


class TurnTaker:
    """One speaker. Times are seconds of the audio."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        """What holds from here on."""
        self.speaking = False
        """Whether somebody speaks, words or not."""
        self._index = 0
        self._begun = False
        self._start = 0.0
        self._onset: float | None = None  # of what is said since the last turn
        self._final: list[Word] = []
        self._interim: list[Word] = []
        self._last = 0.0  # where the last word ended
        self._reached = 0.0  # up to where all is known
        self._said = 0.0  # the time of the last moment
        self._eager = False
        self._moments: list[Moment | Onset] = []

    def feed(self, events: Sequence[LiveEvent], position: float) -> list[Moment | Onset]:
        """What there is to say of these events; the audio was fed up to `position`. Onsets go through."""
        for event in events:
            if isinstance(event, Onset):
                self._starts_to_speak(event)
            elif isinstance(event, Passage):
                self._says(event)
            else:
                self.speaking = False
                self._silent(event.until)
        if self._begun and self.speaking:
            self._update(position)
        return self._told()

    def end(self, trigger: str = "") -> list[Moment | Onset]:
        """End the turn here, if there is one; `trigger` empty: no more audio comes."""
        if self._begun:
            # Behind this everything is still to come, though it may have been looked at before.
            self._end(self._reached, self._sure(self._reached) if trigger else 1.0, trigger)
        return self._told()

    def _told(self) -> list[Moment | Onset]:
        moments, self._moments = self._moments, []
        return moments

    def _starts_to_speak(self, onset: Onset) -> None:
        self._silent(onset.at)
        self.speaking = True
        self._moments.append(onset)
        if not self._begun:
            self._onset = onset.at
        elif self._eager:
            self._resume(onset.at)

    def _says(self, passage: Passage) -> None:
        if self._begun:
            self._update(passage.end - TOUCH)
        before = self._words
        if not passage.final:
            self._interim = passage.words
            self.speaking = self.speaking or bool(passage.words)
        else:
            self._final += passage.words
            self._interim = []
            self._reached = max(self._reached, passage.end)
            self._last = passage.words[-1].end if passage.words else max(self._last, self._start)
        words = self._words
        if not self._begun and words:
            self._begun, self._start = True, words[0].start if self._onset is None else self._onset
            self._say("StartOfTurn", passage.end)
        elif self._eager and words != before:
            self._resume(passage.end)
        if passage.endpoint and passage.words and passage.end <= self._last + TOUCH:
            self._end(passage.end, 1.0, "model")

    def _silent(self, until: float) -> None:
        """Nobody spoke since the last final passage: what is due, in the order of time."""
        while self._begun and not self._interim:
            wanted = self.thresholds
            enough = self._needed(wanted.eot)
            ends = self._due(min(enough, wanted.timeout))
            eager = inf
            if wanted.eager is not None and not self._eager and self._final:
                eager = self._due(self._needed(wanted.eager))
            update = self._said + UPDATE
            due = min(ends, eager, update)
            if due > until:
                break
            if due == ends:
                self._end(due, self._sure(due), "model" if enough <= wanted.timeout else "timeout")
            elif due == eager:
                self._eager = True
                self._say("EagerEndOfTurn", due, self._sure(due))
            else:
                self._say("Update", due, self._sure(due))
        self._reached = max(self._reached, until)

    def _due(self, silence: float) -> float:
        """When there was so much silence and one could know of it."""
        return max(self._last + silence, self._reached, self._said)

    def _update(self, until: float) -> None:
        while self._said + UPDATE <= until:
            self._say("Update", self._said + UPDATE)

    def _resume(self, at: float) -> None:
        self._eager = False
        self._say("TurnResumed", max(at, self._said))

    def _end(self, at: float, confidence: float, trigger: str) -> None:
        self._say("EndOfTurn", at, confidence, trigger)
        self._index += 1
        self._begun = self._eager = False
        self._final, self._interim, self._onset = [], [], None

    def _say(self, event: TurnEvent, at: float, confidence: float = 0.0, trigger: str = "") -> None:
        self._said = at
        self._moments.append(Moment(event, self._index, self._start, at, self._words, confidence, trigger))

    @property
    def _words(self) -> list[Word]:
        return self._final + self._interim

    @property
    def _half_life(self) -> float:
        return SENTENCE_HALF_LIFE if self._final and self._final[-1].text.endswith((".", "?", "!")) else HALF_LIFE

    def _sure(self, at: float) -> float:
        silence = 0.0 if self.speaking or self._interim else max(at - self._last, 0.0)
        doubt: float = 0.5 ** (silence / self._half_life)
        return 1.0 - doubt

    def _needed(self, confidence: float) -> float:
        """Seconds of silence after which it is so sure."""
        return -log2(1.0 - confidence) * self._half_life if confidence < 1.0 else inf
