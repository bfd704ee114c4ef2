"""A thread on which a plain session's handlers run, where they may block."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from queue import SimpleQueue

from dgasync.transport.native import AsyncioWake

__all__ = ["ThreadDispatcher"]


class ThreadDispatcher:
    """One daemon thread, from the first call to `close`. Made and used on the loop thread."""

    def __init__(self) -> None:
        self._work: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: AsyncioWake  # there is one when there is a thread

    async def call(self, function: Callable[..., object], /, *args: object) -> None:
        """Return when `function(*args)` has run there, one at a time; what it raises comes out."""
        if self._thread is None:
            self._begin()
        call = _Call(function, args)
        self._work.put(call)
        await call.done.wait()
        if call.error is not None:
            raise call.error

    def wait(self, awaitable: Awaitable[object], /) -> object:
        """What `awaitable` gives, on a loop of this thread's own; called on the thread."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(_awaited(awaitable))

    async def close(self) -> None:
        """Return when the thread has come to its end: behind the handler that runs, whenever that is."""
        if self._thread is not None:
            self._work.put(None)
            await self._ended.wait()

    def _begin(self) -> None:
        # The context of whoever called `start`; only that a loop ran there is no longer true.
        context = copy_context()
        sniffio = sys.modules.get("sniffio")
        if sniffio is not None:
            context.run(sniffio.current_async_library_cvar.set, None)
        self._ended = AsyncioWake()
        thread = threading.Thread(target=context.run, args=(self._main,), name="dgasync handlers", daemon=True)
        thread.start()
        self._thread = thread

    def _main(self) -> None:
        while (call := self._work.get()) is not None:
            call.run()
            del call  # not to be kept while there is nothing to do
        if self._loop is not None:
            self._loop.run_until_complete(_tidy(self._loop))
            self._loop.close()
        self._ended.set()


class _Call:
    __slots__ = ("_args", "_function", "done", "error")

    def __init__(self, function: Callable[..., object], args: tuple[object, ...]) -> None:
        self._function = function
        self._args = args
        self.done = AsyncioWake()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._function(*self._args)
        except BaseException as error:
            self.error = error
        self.done.set()


async def _awaited(awaitable: Awaitable[object]) -> object:
    return await awaitable


async def _tidy(loop: asyncio.AbstractEventLoop) -> None:
    """End what handlers have left behind, as `asyncio.run` does."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()
