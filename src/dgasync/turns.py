"""Whole turns of a conversation, put together from what Flux says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dgasync.models.flux import FluxEvent, TurnInfo

if TYPE_CHECKING:
    from dgasync.models.flux import FluxWord

__all__ = ["FluxTurn", "Turns"]


@dataclass(frozen=True)
class FluxTurn:
    """What somebody said before it was somebody else's turn."""

    index: int
    """Which turn of the session it is, counted from 0."""
    text: str
    words: tuple[FluxWord, ...]
    start: float
    """Seconds at which its audio begins."""
    end: float
    """Seconds up to which it was heard."""
    confidence: float | None
    """How sure the service was that it is over, from 0 to 1."""
    languages: tuple[str, ...]
    """The languages that were heard, the most frequent one first; of `flux-general-multi`."""
    resumed: int
    """How often it seemed to be over and went on."""
    is_over: bool
    """Whether the service said so; a session may end in the middle of a turn."""

    def __str__(self) -> str:
        return self.text


class Turns:
    """Events in, turns out: each as soon as it is over, the last one when the session is."""

    def __init__(self) -> None:
        self._last: TurnInfo | None = None
        self._resumed = 0

    @property
    def pending(self) -> str:
        """What is being said in the turn that is not over yet."""
        return self._last.text if self._last is not None else ""

    def feed(self, event: FluxEvent) -> list[FluxTurn]:
        """The turns that are over with this event."""
        if event.type == "Close":
            return self._rest()
        if type(event) is not TurnInfo:
            return []
        found: list[FluxTurn] = []
        if self._last is not None and event.turn_index != self._last.turn_index:
            found = self._rest()
        if event.resumes:
            self._resumed += 1
        if event.ends:
            found.append(self._made(event, is_over=True))
            self._last, self._resumed = None, 0
        else:
            self._last = event
        return found

    def _rest(self) -> list[FluxTurn]:
        last, self._last = self._last, None
        found = [self._made(last, is_over=False)] if last is not None and last.text else []
        self._resumed = 0
        return found

    def _made(self, event: TurnInfo, *, is_over: bool) -> FluxTurn:
        return FluxTurn(
            index=int(event.turn_index or 0),
            text=event.text,
            words=tuple(event.words or ()),
            start=event.audio_window_start or 0.0,
            end=event.audio_window_end or 0.0,
            confidence=event.end_of_turn_confidence,
            languages=tuple(event.languages or ()),
            resumed=self._resumed,
            is_over=is_over,
        )
