"""One clock, and one count of turns, for a Flux session that needs several connections.

A connection counts seconds from its own first byte, and turns from 0. When one is lost, the audio of the turn that was
being spoken is sent again: on the next connection that turn is its turn 0, begins anew, and for the user just goes on.
"""

from __future__ import annotations

from dgasync.models.flux import FluxMessage, TurnInfo
from dgasync.protocol.timeline import TOUCH, copied, moved

__all__ = ["TurnLine"]


class TurnLine:
    """Where the connections of a session lie in its time, and which turns are over."""

    __slots__ = ("_begun", "_first", "_over", "begins", "connection", "final_until", "heard_until", "offset")

    def __init__(self) -> None:
        self.connection = 0
        """The connection that stands, counted from 0."""
        self.offset = 0.0
        """Seconds of the session at which it begins."""
        self.begins: list[float] = [0.0]
        """The same for each connection so far."""
        self.final_until = 0.0
        """Seconds up to which all turns are over."""
        self.heard_until = 0.0
        """Seconds up to which something was heard."""
        self._first = 0  # which turn of the session is turn 0 of the connection
        self._over = 0  # turns that are over
        self._begun = False  # whether the next one has begun

    @property
    def turns(self) -> int:
        """How many turns are over."""
        return self._over

    def begin(self, offset: float) -> None:
        """Another connection stands, and its audio begins here."""
        self.connection += 1
        self.offset = offset
        self.begins.append(offset)
        self._first = self._over

    def placed(self, event: FluxMessage) -> FluxMessage | None:
        """What a message means in the session's time and count; None where it says nothing new."""
        if type(event) is not TurnInfo:
            return event
        index = self._first + int(event.turn_index or 0)
        until = self.offset + (event.audio_window_end or 0.0)
        said = event.event
        if self.connection:
            if index < self._over or (until <= self.heard_until + TOUCH and not (event.ends or event.seems_over)):
                return None
            if event.begins and self._begun and index == self._over:
                said = "Update"  # it has begun before
            event = self._moved(event, index, until, said)
        self._note(index, until, over=said == "EndOfTurn")
        return event

    def _note(self, index: int, until: float, *, over: bool) -> None:
        self.heard_until = max(self.heard_until, until)
        self._begun = not over
        if over:
            self._over = max(self._over, index + 1)
            self.final_until = max(self.final_until, until)

    def _moved(self, event: TurnInfo, index: int, until: float, said: str | None) -> TurnInfo:
        start = event.audio_window_start
        return copied(
            event,
            event=said,
            turn_index=index,
            audio_window_start=None if start is None else start + self.offset,
            audio_window_end=until,
            words=event.words and [moved(word, self.offset) for word in event.words],
        )
