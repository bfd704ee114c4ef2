"""A `finalize` that waits for its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import anyio

from dgasync.limits import FINALIZE_QUIET

if TYPE_CHECKING:
    from dgasync.models.live import LiveResultResponse
    from dgasync.transport.seam import Clock

__all__ = ["Flush"]


class Flush:
    """One wait for the words that a Finalize brings."""

    __slots__ = ("_answered", "_missing", "_moved", "_over", "heard")

    def __init__(self) -> None:
        self.heard = 0.0
        """When the service said something the last time."""
        self._missing = 1  # channels that have not answered
        self._answered = 0
        self._over = False
        self._moved = anyio.Event()

    def answer(self, result: LiveResultResponse) -> None:
        """A channel was flushed; each of them says so by itself."""
        index = result.channel_index
        self._answered += 1
        self._missing = (int(index[1]) if index and len(index) > 1 else 1) - self._answered
        if self._missing <= 0:
            self._moved.set()

    def end(self) -> None:
        """Nothing comes any more."""
        self._over = True
        self._moved.set()

    async def wait(self, clock: Clock, timeout: float) -> Literal["flushed", "quiet", "timed_out"]:
        """How it went, counted from now on: the Finalize is out."""
        self.heard = clock.now()
        end = self.heard + timeout
        while self._missing > 0 and not self._over:
            now = clock.now()
            if now >= end:
                return "flushed" if self._answered else "timed_out"
            if now >= self.heard + FINALIZE_QUIET:
                return "flushed" if self._answered else "quiet"
            with clock.move_on_after(min(end, self.heard + FINALIZE_QUIET) - now):
                await self._moved.wait()
        return "flushed"
