"""What the websockets that are given audio have in common: it waits, it is heard in order, and faults befall it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from aiohttp import web

from dgasync.server.ledger import Use
from dgasync.server.live_hearing import LiveEar
from dgasync.server.options import PACKETS, LiveOptions
from dgasync.server.record import HEAD
from dgasync.server.routes import Call
from dgasync.server.sockets import End, Item, Session

__all__ = ["MAX_MESSAGE", "ListeningSession"]

T = TypeVar("T")
Told = TypeVar("Told")

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message."""
BUFFER = 16 * 1024 * 1024
"""Bytes that wait to be heard, or done, before no more is read from the socket. Pings come behind the audio, so that an
engine that falls behind must not stop the reading soon: at 16 kHz this is more than eight minutes."""
ASK = 1000
"""Bytes that a message counts for, besides those of its text: there may be many of them."""
TAKE = 32 * 1024
"""Bytes of audio heard in one go, however they have come: a second at 16 kHz."""


class ListeningSession(Session["bytes | Item"], Generic[Item, Told]):
    """One open websocket that hears."""

    worker = "speech engine"

    def __init__(self, call: Call, use: Use, socket: web.WebSocketResponse) -> None:
        super().__init__(call, use, socket)
        self._ear: LiveEar[Told] | None = None
        self._digest = hashlib.sha256()
        self._waiting = 0  # bytes in the inbox
        self._sizes: deque[int] = deque()  # those of what is no audio
        self._room = asyncio.Event()
        self._step: int | None = None  # bytes that a message is cut into; None: it stays whole

    def _listen(self, ear: LiveEar[Told], options: LiveOptions) -> None:
        """Hear with this ear from now on."""
        self._ear = ear
        # What a few compressed bytes can blow up to stays small, and an engine can be stopped on the way.
        self._step = None if options.encoding in PACKETS else TAKE

    def _let_go(self) -> None:
        if self._ear is not None:
            self._ear.stop()
            if self._ear.blocks:
                self._service.spawn(self._service.run(self._ear.join))

    def _remember(self, code: int) -> None:
        if self._received.close_code is None:
            self._received.sha256 = self._digest.hexdigest()
        super()._remember(code)

    @property
    def _held_back(self) -> bool:
        return self._waiting >= BUFFER

    async def _take_audio(self, data: bytes) -> None:
        """A message of audio came."""
        received = self._received
        received.frames += 1
        received.size += len(data)
        self._digest.update(data)
        if len(received.head) < HEAD:
            received.head += data[: HEAD - len(received.head)]
        if not data or self._ending:
            return
        step = self._step or len(data)
        for at in range(0, len(data), step):
            self._put(data[at : at + step])
        self._waiting += len(data)
        await self._wait_for_room()

    async def _take_ask(self, item: Item, text: str) -> None:
        """Something else came, in this text; it is done when it is its turn."""
        size = len(text) + ASK
        self._put(item)
        self._sizes.append(size)
        self._waiting += size
        await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        while self._held_back:
            self._room.clear()
            await self._room.wait()

    async def _next(self) -> bytes | Item | End:
        item = await super()._next()
        if not isinstance(item, bytes | End):
            self._waiting -= self._sizes.popleft()
            self._room.set()
        return item

    async def _hear(self, first: bytes) -> list[Told]:
        """Hear this audio and what has piled up behind it, but no more than up to where something is to happen."""
        frames, size, inbox = [first], len(first), self._inbox
        while inbox and size < TAKE and isinstance(more := inbox[0], bytes):
            inbox.popleft()
            frames.append(more)
            size += len(more)
        self._waiting -= size
        self._room.set()
        left = self._until_fault()
        if left is not None and size > left:
            whole = b"".join(frames)
            frames, rest = [whole[:left]], whole[left:]
            inbox.appendleft(rest)
            self._waiting += len(rest)
            size = left
        self._passed += size
        behind = bool(inbox) and isinstance(inbox[0], bytes)
        ear = self._ear
        assert ear is not None
        return await self._do(lambda: ear.feed(frames, behind=behind))

    async def _do(self, job: Callable[[], T]) -> T:
        """Do it here, or in a thread where it takes a while."""
        return await self._service.run(job) if self._ear is not None and self._ear.blocks else job()
