"""What the function of an item gives, for as long as it is sent."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from anyio import to_thread

from dgasync.logs import log

__all__ = ["opened"]


@asynccontextmanager
async def opened(source: Callable[..., Any], key: str) -> AsyncGenerator[object, None]:
    """What a function gives, be it plain or a coroutine's; closed behind the block, if it can be."""
    if inspect.iscoroutinefunction(source):
        given = source()
    else:
        given = await to_thread.run_sync(source, abandon_on_cancel=True)
    audio = await cast("Awaitable[object]", given) if inspect.isawaitable(given) else given
    try:
        yield audio
    finally:
        await _closed(audio, key)


async def _closed(audio: object, key: str) -> None:
    """That it cannot be closed is no fault of the answer."""
    close: Any = getattr(audio, "close", None)
    try:
        if inspect.iscoroutinefunction(close):
            await close()
        elif callable(close):
            await to_thread.run_sync(close)
    except Exception as error:
        log.warning("Batch: the source of %s could not be closed: %s", key, type(error).__name__)
