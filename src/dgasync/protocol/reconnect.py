"""Whether a live session that has lost its connection gets another one, and when. Decisions only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dgasync.limits import (
    COOL_DOWN_LIMIT,
    QUICK_FAILURE,
    QUICK_FAILURES,
    RECONNECT_ATTEMPTS,
    RECONNECT_BASE,
    RECONNECT_CAP,
)

if TYPE_CHECKING:
    from dgasync.errors import DeepgramError

__all__ = ["Reconnect"]

_TOO_SLOW = 408


class Reconnect:
    """What a session has tried so far to be connected.

    Each question is asked once for each failure. The answer is a delay in seconds, or None when it is no use to go on;
    `draw` is a random number from 0 to 1.
    """

    __slots__ = ("_opened", "_quick", "_works", "attempt", "why")

    def __init__(self) -> None:
        self.attempt = 0
        """Which try the next one is, counted from 1; 0 while all is well."""
        self.why = ""
        """Why it was given up, for people; "" where the failure itself says it."""
        self._opened = 0.0
        self._works = False
        self._quick = 0

    def opened(self, now: float) -> None:
        """A connection stands."""
        self._opened = now
        self._works = False

    def works(self) -> None:
        """The connection has brought a final result: it does what it is there for."""
        if not self._works:
            self._works = True
            self.attempt = self._quick = 0

    def after_loss(self, now: float, failure: DeepgramError, draw: float, *, alive: bool = True) -> float | None:
        """The open connection is gone; `alive`: the service had said something on it, or nothing was to be said."""
        if not failure.retryable:
            return None
        if now >= self._opened + QUICK_FAILURE:
            if alive:
                self.attempt = self._quick = 0
        elif not self._works:
            self._quick += 1
            if self._quick >= QUICK_FAILURES:
                self.why = f"{self._quick} connections in a row broke within {QUICK_FAILURE:g} s of opening."
                return None
        return self._next(draw)

    def after_refusal(self, failure: DeepgramError, draw: float) -> float | None:
        """There was no connection."""
        if not failure.retryable and failure.status != _TOO_SLOW:
            return None
        asked: float = getattr(failure, "retry_after", None) or 0.0
        if asked > COOL_DOWN_LIMIT:
            return None
        delay = self._next(draw)
        return None if delay is None else asked + delay

    def _next(self, draw: float) -> float | None:
        if self.attempt >= RECONNECT_ATTEMPTS:
            self.why = f"{self.attempt} tries to connect again were in vain."
            return None
        self.attempt += 1
        return draw * min(RECONNECT_CAP, RECONNECT_BASE * 2.0 ** (self.attempt - 1))
