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
        self._work: SimpleQueue[tuple[Callable[..., None], tuple[object, ...], AsyncioWake] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: AsyncioWake | None = None

    async def call(self, function: Callable[..., None], /, *args: object) -> None:
        """Return when `function(*args)`, which raises nothing, has run there; one at a time."""
        if self._thread is None:
            self._begin()
        done = AsyncioWake()
        self._work.put((function, args, done))
        await done.wait()

    def wait(self, awaitable: Awaitable[object], /) -> object:
        """What `awaitable` gives, on a loop of this thread's own; called on the thread."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(_awaited(awaitable))

    async def close(self) -> None:
        """Return when the thread has come to its end: behind the handler that runs, whenever that is."""
        if self._ended is not None:
            self._work.put(None)
            await self._ended.wait()

    def _begin(self) -> None:
        # The context of whoever called `start`; only that a loop ran there is no longer true.
        context = copy_context()
        sniffio = sys.modules.get("sniffio")
        if sniffio is not None:
            context.run(sniffio.current_async_library_cvar.set, None)
        self._ended = AsyncioWake()
        self._thread = threading.Thread(target=context.run, args=(self._main,), name="dgasync handlers", daemon=True)
        self._thread.start()

    def _main(self) -> None:
        assert self._ended is not None
        while (work := self._work.get()) is not None:
            function, args, done = work
            try:
                function(*args)
            finally:
                done.set()
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
        self._ended.set()


async def _awaited(awaitable: Awaitable[object]) -> object:
    return await awaitable
