"""A question to the service that waits for its answer: one at a time, for an answer does not say what it is one to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from dgasync.errors import DeepgramWebsocketError, Timeout
from dgasync.limits import CONFIGURE_TIMEOUT

if TYPE_CHECKING:
    from dgasync.transport.seam import Clock

__all__ = ["Question", "refusal"]

A = TypeVar("A")


class Question(Generic[A]):
    """The questions of one session; `A` is what answers may be."""

    def __init__(self) -> None:
        self._turn = anyio.Lock()
        self._kinds: tuple[type[A], ...] = ()  # of answers to the one that is open
        self._said: A | None = None
        self._moved: anyio.Event | None = None
        self._late: list[tuple[tuple[type[A], ...], float]] = []  # of questions that nobody waits for, and until when
        self._clock: Clock | None = None

    def hear(self, event: object) -> None:
        """Something has come that may be the answer."""
        for kinds, until in self._late:
            if isinstance(event, kinds):
                self._late.remove((kinds, until))
                if self._clock is not None and self._clock.now() < until:
                    return
                break
        if self._moved is not None and isinstance(event, self._kinds):
            self._said = event
            self._moved.set()

    def drop(self) -> None:
        """What was asked may not have arrived, or will not be answered any more: the connection is gone."""
        self._late.clear()
        if self._moved is not None:
            self._moved.set()

    async def ask(
        self, say: Callable[[], Awaitable[None]], kinds: tuple[type[A], ...], clock: Clock, what: str
    ) -> A | None:
        """The answer, of one of these kinds, to what `say` says; None when it was dropped.

        One that nobody waits for any more is expected for as long again, and not taken for the next question's.

        Raises:
            Timeout: there was none for `CONFIGURE_TIMEOUT`.
        """
        async with self._turn:
            self._kinds, self._said, self._clock = kinds, None, clock
            moved = self._moved = anyio.Event()
            is_said = False
            try:
                await say()
                is_said = True
                with clock.move_on_after(CONFIGURE_TIMEOUT):
                    await moved.wait()
            finally:
                self._moved = None
                if is_said and not moved.is_set():
                    self._late = [each for each in self._late if each[1] > clock.now()]
                    self._late.append((kinds, clock.now() + CONFIGURE_TIMEOUT))
            if self._said is None and not moved.is_set():
                raise Timeout(f"The service did not answer {what} for {CONFIGURE_TIMEOUT:g} s.")
            return self._said


def refusal(code: object, description: object, request_id: str | None) -> DeepgramWebsocketError:
    """The error that a service's no to a Configure is."""
    said = " ".join(str(each) for each in (code, description) if each)
    return DeepgramWebsocketError(
        f"The service did not change the settings: {said or 'it does not say why'}.", request_id=request_id
    )
