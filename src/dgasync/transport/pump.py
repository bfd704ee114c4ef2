"""A websocket of the loop thread for a task of another loop: two bounded queues, and one wake for each batch.

```
send     ── frames, at most SEND_BUFFER bytes ──► _write ──► the socket
receive  ◄── frames, at most HANDOVER bytes ───── _read  ◄── the socket
```

Nothing is locked: each side adds to counts of its own, and one that is about to sleep says so before it looks for the
last time. A side that is awake costs the other no call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from dgasync.errors import DeepgramError
from dgasync.limits import CLOSE_TIMEOUT, HANDOVER, SEND_BUFFER
from dgasync.transport.seam import Closed, Dial, Frame, Socket, Transport

__all__ = ["Pump", "Sleeper", "opened"]

# Bytes that a frame takes beside its own, so that empty ones are bounded too.
_EACH = 64


class Sleeper(Protocol):
    """A task of the other loop that waits."""

    def set(self) -> object:
        """Wake it; on its own loop."""
        ...


async def opened(native: Transport, dial: Dial, soon: Callable[[Callable[[], object]], None]) -> Pump:
    """A websocket, pumped; on the loop thread."""
    return Pump(await native.connect(dial), soon)


class Pump:
    """The side of the loop thread, and what both sides share; `soon` has a function run on the other loop."""

    def __init__(self, socket: Socket, soon: Callable[[Callable[[], object]], None]) -> None:
        self.socket = socket
        self.loop = asyncio.get_running_loop()
        self._soon = soon
        self._closing = False
        # Outgoing. Written by the other side:
        self._outgoing: deque[bytes | str] = deque()
        self._put = 0  # bytes
        self._woken_writer: asyncio.Future[None] | None = None
        self.sender: Sleeper | None = None
        """Who waits for room."""
        # Written here:
        self._sent = 0  # bytes
        self._writer: asyncio.Future[None] | None = None  # sleeps
        self._roused_sender: Sleeper | None = None
        self._failure: str | None = None
        # Incoming. Written here:
        self._incoming: deque[Frame] = deque()
        self._got = 0  # bytes
        self._reader: asyncio.Future[None] | None = None  # sleeps
        self._roused_receiver: Sleeper | None = None
        # Written by the other side:
        self._taken = 0  # bytes
        self._woken_reader: asyncio.Future[None] | None = None
        self.receiver: Sleeper | None = None
        """Who waits for a frame."""
        self._tasks = (asyncio.ensure_future(self._write()), asyncio.ensure_future(self._read()))

    # ── the other side ──

    @property
    def failure(self) -> str | None:
        """Why nothing can be sent any more."""
        return self._failure

    def is_full(self) -> bool:
        """Whether a frame has to wait for room."""
        return self._put - self._sent >= SEND_BUFFER and self._failure is None

    def put(self, frame: bytes | str) -> int:
        """Send a frame some time soon; the bytes that it takes."""
        size = len(frame) + _EACH
        self._outgoing.append(frame)
        self._put += size
        self._wake_writer()
        return size

    def is_empty(self) -> bool:
        """Whether a receiver has to wait for a frame."""
        return not self._incoming

    def get(self) -> Frame | None:
        """The next frame, or None while there is none."""
        if not self._incoming:
            return None
        frame = self._incoming[0]
        if isinstance(frame, Closed):  # it stays
            return frame
        self._incoming.popleft()
        self._taken += len(frame) + _EACH
        reader = self._reader
        if reader is not None and reader is not self._woken_reader and self._got - self._taken <= HANDOVER // 2:
            self._woken_reader = reader
            self._wake(reader)
        return frame

    def end(self, end: Closed) -> None:
        """Let `get` give nothing but `end`."""
        self._incoming.clear()
        self._incoming.append(end)

    def _wake_writer(self) -> None:
        writer = self._writer
        if writer is not None and writer is not self._woken_writer:
            self._woken_writer = writer
            self._wake(writer)

    def _wake(self, sleeper: asyncio.Future[None]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and everything on it over
            self.loop.call_soon_threadsafe(_give, sleeper)

    # ── the loop thread ──

    async def close(self, code: int) -> Closed:
        """Send what waits, close the socket and leave nothing behind, all within `CLOSE_TIMEOUT`; how it ended."""
        write, read = self._tasks
        until = self.loop.time() + CLOSE_TIMEOUT
        self._closing = True
        if self._writer is not None:
            _give(self._writer)
        try:
            try:
                await asyncio.wait({write}, timeout=CLOSE_TIMEOUT / 2)
            finally:
                write.cancel()
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.socket.close(code), until - self.loop.time())
        finally:
            read.cancel()
        await asyncio.wait({write, read})
        frame = await self.socket.receive()
        return frame if isinstance(frame, Closed) else Closed(1006, "it was closed from here")

    async def _write(self) -> None:
        try:
            while True:
                while self._outgoing:
                    frame = self._outgoing.popleft()
                    await self.socket.send(frame)
                    self._sent += len(frame) + _EACH
                    sender = self.sender
                    if sender is not None and self._put - self._sent <= SEND_BUFFER // 2:
                        self._wake_sender(sender)
                self._writer = self.loop.create_future()
                if self._closing and not self._outgoing:
                    return
                if not self._outgoing:
                    await self._writer
        except DeepgramError as error:
            self._fail(error.message)
        finally:
            self._fail("The websocket is closed.")

    async def _read(self) -> None:
        end = Closed(1006, "the loop thread has ended")
        try:
            while True:
                frame = await self.socket.receive()
                if isinstance(frame, Closed):
                    end = frame
                    return
                self._got += len(frame) + _EACH
                self._arrived(frame)
                if self._got - self._taken >= HANDOVER:
                    self._reader = self.loop.create_future()
                    if self._got - self._taken > HANDOVER // 2:
                        await self._reader
        except asyncio.CancelledError:
            if not self._closing:  # the loop thread ends, and nobody else would close it
                await self.socket.close(1001)
            raise
        finally:
            self._fail(f"The websocket is closed: {end.code} {end.reason}".rstrip())
            self._arrived(end)

    def _arrived(self, frame: Frame) -> None:
        self._incoming.append(frame)
        receiver = self.receiver
        if receiver is not None and receiver is not self._roused_receiver:
            self._roused_receiver = receiver
            self._soon(receiver.set)

    def _fail(self, why: str) -> None:
        if self._failure is None:
            self._failure = why
            self._outgoing.clear()
        if self.sender is not None:
            self._wake_sender(self.sender)

    def _wake_sender(self, sender: Sleeper) -> None:
        if sender is not self._roused_sender:
            self._roused_sender = sender
            self._soon(sender.set)


def _give(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
