"""Which transport serves a call: aiohttp on asyncio, the bridge on trio, found out when the call is made."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from dgasync.transport.aiohttp import AiohttpTransport

if TYPE_CHECKING:
    from dgasync.config import DeepgramClientOptions
    from dgasync.transport.seam import Clock, Dial, Download, Reply, Request, RootTask, Socket, Transport, Wake

__all__ = ["DefaultTransport", "default"]


def default(config: DeepgramClientOptions) -> DefaultTransport:
    """A transport for every kind of caller."""
    return DefaultTransport(AiohttpTransport.of(config))


class DefaultTransport:
    """The seam, on whatever loop the call is made."""

    def __init__(self, native: Transport) -> None:
        self._native = native
        self._bridge: Transport | None = None

    def _here(self) -> Transport:
        # `trio` in sys.modules is a dictionary look-up: asyncio's callers pay no more than that.
        if "trio" in sys.modules and _in_trio():
            if self._bridge is None:
                from dgasync.transport.bridge import BridgeTransport

                self._bridge = BridgeTransport(self._native)
            return self._bridge
        return self._native

    @property
    def clock(self) -> Clock:
        """Time as the running loop's callers see it."""
        return self._here().clock

    async def request(self, request: Request, /) -> Reply:
        """The answer to `request`, whatever its status."""
        return await self._here().request(request)

    async def connect(self, dial: Dial, /) -> Socket:
        """An open websocket."""
        return await self._here().connect(dial)

    async def stream(self, request: Request, /) -> Download:
        """The answer to `request`, to be read while it comes."""
        return await self._here().stream(request)

    async def fetch(self, request: Request, /) -> Download:
        """The answer of an address that is not the service's."""
        return await self._here().fetch(request)

    def wake(self) -> Wake:
        """A signal for the running loop."""
        return self._here().wake()

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        """Run `run` beside the caller."""
        return self._here().spawn_root(run, name=name)

    async def aclose(self) -> None:
        """Close every connection of every loop."""
        await self._here().aclose()


def _in_trio() -> bool:
    # In trio's guest mode both loops run on one thread; the task that asks decides.
    try:
        if asyncio.current_task() is not None:
            return False
    except RuntimeError:
        pass
    import trio

    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        return False
    return True
