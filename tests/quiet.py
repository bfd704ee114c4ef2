"""What older aiohttp leaves lying about."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

OLD = tuple(map(int, aiohttp.__version__.split(".")[:2])) < (3, 14)


def quiet_old_aiohttp() -> None:
    """Let the running loop's test say nothing about uploads that older aiohttp has forgotten.

    Until 3.14 it leaves a future or a task of an upload that is broken off: asyncio then says that nobody took its
    ConnectionError, which anyio's test runner would raise. It is noise in a log, and not ours to prevent.
    """
    if not OLD:
        return
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    assert handler is not None

    def quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), (ConnectionError, aiohttp.ClientError)):
            handler(loop, context)

    loop.set_exception_handler(quiet)
