"""What the seam needs of asyncio itself: its clock, a signal between threads, a task without a parent."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from contextvars import copy_context

from dgasync.logs import log
from dgasync.transport.seam import CALLER, Scope

__all__ = ["AsyncioClock", "AsyncioRootTask", "AsyncioWake"]


class AsyncioClock:
    """The clock of asyncio's callers."""

    __slots__ = ()

    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)

    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> AbstractContextManager[Scope]:
        """A block that is left after `seconds`; with `shield` no cancellation from outside reaches into it."""
        from anyio import move_on_after  # costs a twentieth of a second to import, and few need it

        return move_on_after(seconds, shield=shield)


class AsyncioWake:
    """A signal for one asyncio loop."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    def set(self) -> None:
        """Give it."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._give)

    def _give(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self) -> None:
        """Return once it was given."""
        # One waiter that is cancelled must not take the signal from another, or from itself when it asks again.
        await asyncio.shield(self._future)


class AsyncioRootTask:
    """A task without a parent."""

    __slots__ = ("_scope", "_task")

    def __init__(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        from anyio import CancelScope

        # Not the task's own cancellation: what it runs for the user may drop that, and would never end.
        self._scope = CancelScope()
        # It outlives the job that starts it, so that job's caller is not its own.
        context = copy_context()
        context.run(CALLER.set, None)
        self._task = context.run(_Task, self._contain(run, name), loop=asyncio.get_running_loop(), name=name)
        # A loop holds its tasks weakly; this one has no parent that would hold it.
        _roots.add(self._task)
        self._task.add_done_callback(_roots.discard)

    async def _contain(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        try:
            with self._scope:
                await run()
        except Exception:
            log.exception("The task %s failed.", name)

    def cancel(self) -> None:
        """Ask it to stop."""
        self._scope.cancel()

    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._scope.cancel_called or self._task.cancelling() > 0

    async def wait(self) -> None:
        """Return when it has ended."""
        await asyncio.wait({self._task})


if sys.version_info >= (3, 11):
    _Task = asyncio.Task
else:  # pragma: no cover

    class _Task(asyncio.Task[None]):
        """One that counts who has asked it to stop, as all tasks do since 3.11."""

        _requests = 0

        def cancel(self, msg: object = None) -> bool:
            self._requests += 1
            return super().cancel(msg)

        def cancelling(self) -> int:
            return self._requests


_roots: set[asyncio.Task[None]] = set()
