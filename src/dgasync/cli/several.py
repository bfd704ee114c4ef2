"""Several things done at once, and told of in the order in which they were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from dgasync.transport.held import Held
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["AHEAD", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 4
"""Results for each job that wait for an earlier one at most; our choice: a long recording holds back what follows it,
and what is held back takes memory."""


@contextmanager
def in_order(
    do: Callable[[T], Awaitable[R]], things: Sequence[T], jobs: int
) -> Generator[Iterator[R | Exception], None, None]:
    """What comes of each thing, or the error that it ended with. Whatever ends the block cancels what is not done.

    Args:
        do: does one, on the loop thread.
        things: in the order in which the results are wanted.
        jobs: how many are done at once.
    """
    several = _Several(do, things, jobs)
    held = Held(several)
    held.enter()
    try:
        yield (held.run(several.next()) for _ in things)
    except BaseException as error:
        held.leave(type(error), error, error.__traceback__)
        raise
    held.leave(None, None, None)


class _Slot(Generic[R]):
    """The place of one result."""

    def __init__(self) -> None:
        self.is_there = anyio.Event()
        self.outcome: R | Exception


class _Several(Generic[T, R]):
    """The tasks, on the loop that enters this."""

    def __init__(self, do: Callable[[T], Awaitable[R]], things: Sequence[T], jobs: int) -> None:
        self._do = do
        self._things = iter(things)
        self._most = jobs * AHEAD
        self._jobs = jobs
        self._slots: deque[_Slot[R]] = deque()

    async def __aenter__(self) -> Self:
        self._turns = anyio.Semaphore(self._jobs)
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def next(self) -> R | Exception:
        """The next result."""
        while len(self._slots) < self._most:
            try:
                thing = next(self._things)
            except StopIteration:
                break
            slot = _Slot[R]()
            self._slots.append(slot)
            self._tasks.start_soon(self._fill, slot, thing)
        slot = self._slots.popleft()
        await slot.is_there.wait()
        return slot.outcome

    async def _fill(self, slot: _Slot[R], thing: T) -> None:
        CALLER.set(None)  # whoever waited when this began may be gone
        async with self._turns:
            try:
                slot.outcome = await self._do(thing)
            except Exception as error:
                slot.outcome = error
        slot.is_there.set()
