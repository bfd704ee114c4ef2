"""What a fault proxy's connection is made of: its two sockets, and the pump of each direction."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, cast

from dgasync.server.frames import BINARY, CLOSE, FIN, PING, TEXT, Frames, in_fragments
from dgasync.server.trouble import Trouble, Way

if TYPE_CHECKING:
    from dgasync.server.relay import Relay

__all__ = ["END_OF_HEAD", "MAX_HEAD", "Outlet", "Over", "Pump", "Side"]

HELD = 64 * 1024
"""Bytes of one direction that wait in the proxy before it reads no further."""
MAX_HEAD = 64 * 1024
"""Bytes of the head of a request or of an answer."""
MAX_HELD_FRAME = 16 * 1024 * 1024
"""Bytes of a frame that is held as a whole, to be split, sent twice or later; a longer one passes as it comes."""

END_OF_HEAD = b"\r\n\r\n"


class Over(Exception):
    """The connection ends here, and how."""


class Side(asyncio.Protocol):
    """One of the two sockets: bytes to read, of which few are held, and room to write."""

    def __init__(self, connected: Callable[[Side], object] | None = None) -> None:
        self._connected = connected
        self._held = bytearray()
        self._eof = False
        self._lost = False
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.closed = asyncio.Event()
        """Set when the socket is no more."""
        self.gone = asyncio.Event()
        """Set when the other end sends no more."""
        self.broken = False
        """Whether it was reset."""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Writing waits until the system has taken all: what is cut at a byte has left us up to there."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, and does not say so.
        self.transport.set_write_buffer_limits(high=0)
        if self._connected is not None:
            self._connected(self)

    def data_received(self, data: bytes) -> None:
        """Hold it, and read no further when that is much."""
        self._held += data
        self._something.set()
        if len(self._held) >= HELD:
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """No more comes; it may still be written to."""
        self._eof = True
        self._something.set()
        self.gone.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._lost, self.broken = True, isinstance(exc, ConnectionError)
        self._room.set()
        self.closed.set()
        self.eof_received()

    def pause_writing(self) -> None:
        """The system takes no more."""
        self._room.clear()

    def resume_writing(self) -> None:
        """The system has taken all."""
        self._room.set()

    async def read(self) -> bytes:
        """What has come; nothing at the end."""
        while not self._held and not self._eof:
            self._something.clear()
            await self._something.wait()
        data = bytes(self._held)
        self._held.clear()
        if not self._eof:
            self.transport.resume_reading()
        return data

    async def rest(self) -> None:
        """Read to the end, for nothing."""
        while await self.read():
            pass

    async def head(self) -> bytes:
        """The head of a request or an answer, which is taken; all that comes, where it is none."""
        data = b""
        while END_OF_HEAD not in data and len(data) < MAX_HEAD:
            more = await self.read()
            if not more:
                return data
            data += more
        head, end, rest = data.partition(END_OF_HEAD)
        self._held[:0] = rest
        return head + end

    async def write(self, data: bytes) -> None:
        """Write it; returns when the system has it."""
        if not self._lost:
            self.transport.write(data)
            await self._room.wait()
        if self._lost:
            raise ConnectionResetError

    def write_eof(self) -> None:
        """Write no more."""
        if not self._lost:
            with suppress(OSError):  # The other end was faster.
                self.transport.write_eof()

    def close(self) -> None:
        """Let it go, and what could not be written."""
        if self._room.is_set():
            self.transport.close()
        else:
            self.transport.abort()

    def reset(self) -> None:
        """Let it go with a reset, so that the other end notices at once."""
        if not self._lost:
            its: socket.socket = self.transport.get_extra_info("socket")
            with suppress(OSError):
                its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


class Outlet:
    """What the client is written: knows where its frames end, and what is to be put between them."""

    def __init__(self, client: Side) -> None:
        self._client = client
        self._frames = Frames()
        self._between: list[tuple[bytes, bool, bool]] = []
        self.framed = False
        """Whether it is a websocket, and its handshake over."""
        self.muted = False

    async def write(self, data: bytes) -> None:
        """Write it, and behind the frame that ends in it what waits for that."""
        if not self.framed:
            await self._client.write(data)
            return
        start = at = 0
        while at < len(data) and not (self.muted and self._frames.between):
            at += self._frames.take(memoryview(data)[at:])
            if self._between and self._frames.between:
                await self._client.write(data[start:at])
                start = at
                await self._put()
        if start < at:
            await self._client.write(data[start:at])

    async def put(self, message: bytes, *, control: bool, last: bool = False) -> None:
        """Write it where a message, or just a frame, is over; `last`: and then nothing more."""
        self._between.append((message, control, last))
        await self._put()

    async def _put(self) -> None:
        frames = self._frames
        while frames.between and self._between and (self._between[0][1] or not frames.in_message):
            message, _, last = self._between.pop(0)
            await self._client.write(message)
            if last:
                raise Over("close")


class Reframer:
    """Holds frames until they are whole, to pass them on in fragments, twice, or behind the next."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._frames = Frames()
        self._held = bytearray()
        self._later: list[bytes] = []
        self.twice = 0
        self.behind = 0

    def feed(self, data: bytes) -> list[bytes]:
        """What is to be written, each on its own."""
        out: list[bytes] = []
        at = 0
        while at < len(data):
            size = self._frames.take(memoryview(data)[at:])
            self._held += data[at : at + size]
            at += size
            if self._frames.between:
                out += self._whole(self.rest())
            elif self._frames.size > MAX_HELD_FRAME:
                out.append(self.rest())
        return out

    def rest(self) -> bytes:
        """What is held of a frame."""
        held = bytes(self._held)
        self._held.clear()
        return held

    def end(self) -> list[bytes]:
        """All that is held."""
        later, self._later = self._later, []
        return [*later, self.rest()]

    def _whole(self, data: bytes) -> list[bytes]:
        frames = self._frames
        message = frames.first & FIN and frames.opcode in (TEXT, BINARY) and frames.size <= MAX_HELD_FRAME
        out = [data] if self._size is None or frames.size > MAX_HELD_FRAME else in_fragments(data, self._size)
        if message and self.twice:
            self.twice -= 1
            out = out * 2
        if message and self.behind and not self._later:
            self.behind -= 1
            self._later = out
            return []
        if frames.opcode < CLOSE and not frames.in_message:
            out += self._later
            self._later = []
        return out


@dataclass(frozen=True)
class _Due:
    """What happens at a place."""

    trouble: Trouble
    place: int
    audio: bool


class Pump:
    """One direction: reads, waits, walks to the next place where something happens, and passes on."""

    def __init__(
        self, relay: Relay, way: Way, source: Side, write: Callable[[bytes], Coroutine[Any, Any, None]]
    ) -> None:
        self._relay = relay
        self._source = source
        self._write = write
        self._way: Way = way
        self._frames: Frames | None = None
        mine = [one for one in relay.seen.troubles if one.way in (way, "both")]
        self._delay = sum(one.seconds or 0.0 for one in mine if one.kind == "delay")
        self._merge = next((one for one in mine if one.kind == "merge"), None)
        self._split = next((one for one in mine if one.kind == "split" and not one.whole), None)
        fragments = next((one.size for one in mine if one.kind == "split" and one.whole), None)
        reframes = fragments is not None or any(one.kind in ("duplicate", "reorder") for one in mine)
        self.reframer = Reframer(fragments) if reframes else None
        self._open = asyncio.Event()  # cleared while it is stuck
        self._open.set()
        self._stuck_until = 0.0
        self._count = 0  # from the first byte of all
        self._base = 0
        self._audio = 0
        self._pings: list[bytes] = []
        self._waiting: list[_Due] = []
        for one in relay.seen.troubles:
            wire = one.sent if way == "sent" else one.received
            if isinstance(wire, int):
                self._waiting.append(_Due(one, wire, audio=False))
            if way == "sent" and isinstance(one.audio, int):
                self._waiting.append(_Due(one, one.audio, audio=True))

    def stall(self, seconds: float | None) -> None:
        """Pass nothing on for so long, None for ever; of several stalls the longest counts."""
        loop = asyncio.get_running_loop()
        until = inf if seconds is None else loop.time() + seconds
        self._stuck_until = max(self._stuck_until, until)
        self._open.clear()
        if seconds is not None:
            loop.call_at(until, self._flow, until)

    def _flow(self, until: float) -> None:
        if until >= self._stuck_until:
            self._open.set()

    async def head(self, head: bytes) -> None:
        """Pass the head on."""
        self._base = len(head)
        await self._pass_on(head, within=True)

    async def run(self, *, framed: bool) -> None:
        """Pass on all that follows."""
        self._frames = Frames() if framed and self._way == "sent" else None
        if not framed:
            self.reframer = None
        await self._pass_on(b"", within=False)
        while data := await self._gather():
            await self._pass_on(data, within=False)
        await self._flush()

    async def _gather(self) -> bytes:
        data = await self._source.read()
        if data and self._merge is not None:
            loop = asyncio.get_running_loop()
            until = loop.time() + (self._merge.seconds or 0.0)
            while len(data) < self._merge.size:
                try:
                    more = await asyncio.wait_for(self._source.read(), until - loop.time())
                except asyncio.TimeoutError:
                    break
                if not more:
                    break
                data += more
        if data and self._delay:
            await asyncio.sleep(self._delay)
        return data

    async def _pass_on(self, data: bytes, *, within: bool) -> None:
        """Pass on what is of the head (`within`) or behind it, and let happen what is to happen on the way."""
        while True:
            while due := next((one for one in self._waiting if self._left(one, within) <= 0), None):
                self._waiting.remove(due)
                if due.trouble.kind in ("drop", "reset"):
                    await self._flush()
                await self._relay.happen(due.trouble)
            if not data:
                return
            size, audio = self._walk(data, within)
            await self._put([data[:size]] if self.reframer is None or within else self.reframer.feed(data[:size]))
            self._count += size
            self._audio += audio
            self._relay.note(self._way, max(0, self._count - self._base), self._audio)
            data = data[size:]
            await self._relay.answer(self._pings)

    def _left(self, due: _Due, within: bool) -> float:
        """How many bytes, of the connection or of audio, there are up to that place."""
        if within and not due.trouble.head:
            return float("inf")
        if due.audio:
            return due.place - self._audio
        return due.place + (0 if due.trouble.head else self._base) - self._count

    def _walk(self, data: bytes, within: bool) -> tuple[int, int]:
        """How many bytes there are to the next place, and how many of them are audio."""
        near = float("inf")
        limit, most = (
            min((self._left(one, within) for one in self._waiting if one.audio is audio), default=near)
            for audio in (False, True)
        )
        view = memoryview(data)[: int(min(limit, len(data)))]
        at, audio, frames = 0, 0, self._frames
        while at < len(view) and audio < most:
            part = view[at:]
            hears = not within and self._way == "sent" if frames is None else frames.in_audio
            if hears:
                part = part[: int(min(most - audio, len(part)))]
            size = len(part) if frames is None else frames.take(part)
            at += size
            if hears:
                audio += size
            if frames is not None and frames.between and frames.opcode == PING:
                self._pings.append(frames.unmasked())
        return at, audio

    async def _flush(self) -> None:
        if self.reframer is not None:
            await self._put(self.reframer.end())

    async def _put(self, pieces: Sequence[bytes]) -> None:
        split = self._split
        for piece in pieces:
            size = len(piece) if split is None else split.size
            for at in range(0, len(piece), size or 1):
                await self._open.wait()
                await self._write(piece[at : at + size])
                if split is not None:
                    await asyncio.sleep(split.seconds or 0.0)
