"""Async context managers for code without `await`: one task on the loop thread enters, stays, and leaves.

Task groups and cancel scopes want to be left by the task that entered them; two calls of `run` would be two tasks.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from dgasync.errors import DeepgramError
from dgasync.transport.loop import run, running
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from types import TracebackType

    from dgasync.transport.loop import LoopThread

__all__ = ["Held"]

T = TypeVar("T")


class Held:
    """A context manager on the loop thread, for the threads that use what it manages.

    Ctrl-C while entering or leaving has it closed at once; so have the end of the program, and of this object.
    """

    def __init__(self, manager: AbstractAsyncContextManager[Any]) -> None:
        self._manager = manager
        self._stay: _Stay | None = None

    def enter(self) -> None:
        """Return when it is entered."""
        if self._stay is not None:
            raise DeepgramError("This is entered already.")
        stay = self._stay = _Stay(self._manager, running())
        try:
            run(stay.begin())
        except BaseException:
            self._stay = None
            # Ctrl-C may have come just when it was entered.
            stay.abandon()
            raise

    def leave(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        """Return when it is left; an error of that comes out. That of the body is for the `with` statement to raise."""
        stay = self._stay
        if stay is None or not stay.is_reachable:
            return False  # its loop has closed it; or this is a forked child, and it is the parent's
        try:
            if stay.thread.is_current():  # a generator with a `with` in it, collected there
                stay.abandon()
                return False
            return run(stay.end(kind, error, traceback))
        except BaseException:
            stay.abandon()  # Ctrl-C may have come before it began to leave
            raise
        finally:
            self._stay = None
            if error is not None:
                error.__traceback__ = traceback  # without the lines of the loop thread

    def run(self, work: Coroutine[Any, Any, T], /) -> T:
        """What `work` returns or raises, on the loop that holds it.

        Raises:
            DeepgramError: that loop is no more, or in another process.
        """
        if self._stay is not None and not self._stay.is_reachable:
            work.close()
            raise DeepgramError("This belongs to another process, which was forked, or to a loop that has ended.")
        return run(work)

    def __del__(self) -> None:
        if self._stay is not None:
            self._stay.abandon()


class _Stay:
    """The task from entering to leaving."""

    def __init__(self, manager: AbstractAsyncContextManager[Any], thread: LoopThread) -> None:
        self.thread = thread
        self._manager = manager
        self._process = os.getpid()
        self._task: asyncio.Task[bool] | None = None
        self._entered: asyncio.Future[None]
        self._left: asyncio.Future[tuple[Any, Any, Any]]

    @property
    def is_reachable(self) -> bool:
        """Whether its loop is there, and in this process."""
        return self._process == os.getpid() and not self.thread.loop.is_closed()

    async def begin(self) -> None:
        """Return when it is entered."""
        loop = asyncio.get_running_loop()
        self._entered, self._left = loop.create_future(), loop.create_future()
        self._task = task = loop.create_task(self._live(), name="dgasync held")
        # A loop holds its tasks weakly; and its error need not interest anybody.
        _stays.add(task)
        task.add_done_callback(_settle)
        await self._until(task, self._entered)
        if task.done():
            task.result()

    async def end(self, *error: Any) -> bool:
        """Return when it is left, whatever `__aexit__` says."""
        task = self._task
        assert task is not None
        if not self._left.done():
            self._left.set_result(error)
        await self._until(task)
        return task.result()

    def abandon(self) -> None:
        """Have it closed; does not wait."""
        if self.is_reachable:
            with suppress(RuntimeError):  # the loop was closed a moment ago
                self.thread.loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @staticmethod
    async def _until(task: asyncio.Task[bool], *moment: asyncio.Future[Any]) -> None:
        either: list[asyncio.Future[Any]] = [task, *moment]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise

    async def _live(self) -> bool:
        await self._manager.__aenter__()
        CALLER.set(None)  # whoever waited for this goes now
        self._entered.set_result(None)
        # The error of the body is handed on and not raised: this task has no part in it.
        try:
            error = await self._left
        except asyncio.CancelledError as cancelled:
            await self._manager.__aexit__(type(cancelled), cancelled, cancelled.__traceback__)
            raise
        return bool(await self._manager.__aexit__(*error))


_stays: set[asyncio.Task[bool]] = set()


def _settle(task: asyncio.Task[bool]) -> None:
    _stays.discard(task)
    if not task.cancelled():
        task.exception()
