"""What the scenes of a live session have in common: listeners, sources, and words for what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio

from dgasync.errors import DeepgramWebsocketError
from dgasync.models.live import LiveResultResponse
from dgasync.session.core import Core
from dgasync.session.live import AsyncLiveSession
from tests.session.stage import SECOND, Service, settle

CLOSE_STREAM = '{"type":"CloseStream"}'
WAV = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data\xff\xff\xff\xff" + SECOND


class OwnError(Exception):
    """An error of the user's."""


class Silent(Service):
    """A service that never ends a stream by itself."""

    def __init__(self, *frames: Any) -> None:
        super().__init__(*frames, ends=False)


class Listener:
    """A task that takes the events of a session; `async with` waits for their end."""

    def __init__(self, live: AsyncLiveSession) -> None:
        self.events: list[Any] = []
        self.error: Exception | None = None
        self.scope = anyio.CancelScope()
        self._live = live
        self._group = anyio.create_task_group()

    async def __aenter__(self) -> Listener:
        await self._group.__aenter__()
        self._group.start_soon(self._listen)
        await settle()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._group.__aexit__(*error)

    async def _listen(self) -> None:
        with self.scope:
            try:
                async for event in self._live:
                    self.events.append(event)
            except DeepgramWebsocketError as error:
                self.error = error

    @property
    def kinds(self) -> list[str]:
        return kinds(self.events)


def kinds(events: list[Any]) -> list[str]:
    return [event.type for event in events]


def texts(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, LiveResultResponse)]


async def rest(live: Core[Any]) -> list[Any]:
    """All events to the end."""
    return [event async for event in live]


async def taken(live: AsyncLiveSession, events: list[Any]) -> None:
    """The same, one by one, so that those before an error are known."""
    async for event in live:
        events.append(event)


def left(live: Core[Any]) -> list[Any]:
    """What waits in a session that is over."""
    events = []
    while (event := live._backlog.get()) is not None:
        events.append(event)
    return events


async def chunks_of(*chunks: bytes, log: list[str] | None = None) -> AsyncIterator[bytes]:
    """A source of its own pace; `log` says when it was closed."""
    try:
        for chunk in chunks:
            await anyio.sleep(0)
            yield chunk
    finally:
        if log is not None:
            log.append("closed")


async def endless(log: list[str]) -> AsyncIterator[bytes]:
    """A microphone: it gives a chunk, and then nobody speaks."""
    try:
        yield SECOND
        await anyio.sleep_forever()
    finally:
        log.append("closed")


async def failing(error: Exception) -> AsyncIterator[bytes]:
    """A source that breaks behind its first chunk."""
    yield SECOND
    await anyio.sleep(0)
    raise error
