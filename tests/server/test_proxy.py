"""The fault proxy, over real sockets: bare ones, bare websockets, and sessions of our own."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from dgasync import AsyncDeepgramClient
from dgasync.errors import DeepgramConnectionError, ServerError
from dgasync.server import LocalServer
from dgasync.server import pump as pump_module
from dgasync.server import relay as relay_module
from dgasync.server.frames import BINARY, CLOSE, FIN, PING, PONG, TEXT, frame
from dgasync.testing import Connection, Fault, FaultProxy, Ruler, Trouble, ruler_audio, ruler_wav
from tests.websockets import open_files

from .conftest import Caller, Live, alternative, settled

pytestmark = pytest.mark.anyio

BROKEN = (aiohttp.ClientError, ConnectionError)
HANDSHAKE = b"GET /v1/listen?a=b HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"
OPEN = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
MASK = b"\x01\x02\x03\x04"
SHORT = 0.05  # seconds in which nothing comes
TEN = frame(FIN | BINARY, bytes(10), MASK)  # 16 bytes on the wire


@pytest.fixture
def proxy(deepgram_proxy: FaultProxy) -> FaultProxy:
    return deepgram_proxy


@pytest.fixture
async def through(session: aiohttp.ClientSession, proxy: FaultProxy) -> Live:
    """Opens live sessions through the proxy."""
    return Live(session, proxy.url)


def masked(first: int, payload: bytes) -> bytes:
    return frame(first, bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload)), MASK)


class Wire:
    """One end of a bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def take(self, size: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(size), 30)

    async def rest(self) -> tuple[bytes, str]:
        """All that comes, and how it ends."""
        data = b""
        try:
            while more := await asyncio.wait_for(self.reader.read(1 << 16), 30):
                data += more
        except ConnectionError:
            return data, "reset"
        return data, "eof"

    async def nothing(self) -> bool:
        """Whether nothing comes for a moment, not even the end."""
        try:
            await asyncio.wait_for(self.reader.read(1), SHORT)
        except asyncio.TimeoutError:
            return True
        return False

    def reset(self) -> None:
        its = self.writer.get_extra_info("socket")
        its.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self) -> None:
        self.writer.close()


Play = Callable[[Wire], Awaitable[None]]


class Upstream:
    """A bare server: answers the handshake, plays what it was given, and keeps what comes after."""

    def __init__(self, answer: bytes, play: Play | None) -> None:
        self.url = ""
        self.heads: list[bytes] = []
        self.got: list[bytes] = []
        self.ended: list[str] = []
        self._answer = answer
        self._play = play
        self._tasks: dict[asyncio.Task[Any] | None, Wire] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = self._tasks[asyncio.current_task()] = Wire(reader, writer)
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            await wire.send(self._answer)
            if self._play is not None:
                await self._play(wire)
            data, how = await wire.rest()
            self.got.append(data)
            self.ended.append(how)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.ended.append("broken")
        finally:
            wire.close()

    async def close(self) -> None:
        for task, wire in self._tasks.items():
            wire.writer.transport.abort()
            assert task is not None
            await task

    async def over(self) -> tuple[bytes, str]:
        """What came on the first connection, and how it ended."""
        await self.over_how()
        return self.got[0], self.ended[0]

    async def over_how(self) -> str:
        """How it ended."""
        while not self.ended:
            await asyncio.sleep(0.002)
        return self.ended[0]


@asynccontextmanager
async def upstream(play: Play | None = None, answer: bytes = OPEN) -> AsyncIterator[Upstream]:
    made = Upstream(answer, play)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await made.close()


@asynccontextmanager
async def between(
    *faults: Fault, play: Play | None = None, answer: bytes = OPEN, handshake: bytes = HANDSHAKE
) -> AsyncIterator[tuple[Wire, Upstream, FaultProxy]]:
    """A bare client whose handshake is sent, a bare server, and a proxy with these troubles between them."""
    async with upstream(play, answer) as server:
        with FaultProxy(server.url) as proxy:
            if faults:
                proxy.fail(*faults)
            wire = await dialled(proxy)
            await wire.send(handshake)
            try:
                yield wire, server, proxy
            finally:
                wire.close()


async def dialled(proxy: FaultProxy) -> Wire:
    return Wire(*await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2])))


async def ended(proxy: FaultProxy, count: int = 1) -> Connection:
    """The last connection of so many, once all have ended."""
    return (await asyncio.to_thread(proxy.wait, count))[-1]


def says(*pieces: bytes) -> Play:
    """Play: send these."""

    async def play(wire: Wire) -> None:
        for piece in pieces:
            await wire.send(piece)

    return play


async def echo(wire: Wire) -> None:
    """Play: send back what comes."""
    while data := await wire.reader.read(1 << 16):
        await wire.send(data)


# ── without trouble ──


async def test_recordings(session: aiohttp.ClientSession, proxy: FaultProxy) -> None:
    """A recording, and its answer, pass through unchanged."""
    assert alternative(await Caller(session, proxy.url).ok(ruler_wav(2)))["transcript"] == Ruler(2).text
    seen = await ended(proxy)

    assert (seen.request, seen.status, seen.websocket) == ("POST /v1/listen", 200, False)
    assert seen.audio == seen.sent == len(ruler_wav(2))


async def test_live(through: Live, proxy: FaultProxy) -> None:
    """A live session passes through unchanged, and its bytes are counted."""
    talk = await through.talk(ruler_audio(1), ruler_audio(1, start=1))
    seen = await ended(proxy)

    assert (talk.text(), talk.code) == (Ruler(2).text, 1000)
    assert (seen.status, seen.websocket, seen.audio, seen.troubles) == (101, True, 64_000, ())
    assert seen.request.startswith("GET /v1/listen?encoding=linear16")


async def test_bytes_pass_as_they_are() -> None:
    """What is no proper websocket passes as well, byte for byte, in both directions."""
    noise = random.Random(1).randbytes(200_000)
    async with between(play=says(noise)) as (wire, server, proxy):
        assert await wire.take(len(OPEN) + len(noise)) == OPEN + noise
        await wire.send(noise[::-1])
        wire.close()
        assert await server.over() == (noise[::-1], "eof")
        seen = await ended(proxy)

    assert (seen.sent, seen.received, seen.ended) == (200_000, 200_000, "client")


async def test_each_request_has_its_own_connection(session: aiohttp.ClientSession, proxy: FaultProxy) -> None:
    """A client that would use a connection twice is made to open another one."""
    for _ in range(2):
        await Caller(session, proxy.url).ok(ruler_wav(1))

    assert len(proxy.connections) == 2


async def test_the_client_says_no_more() -> None:
    """A client that only closes its sending side still gets its answer."""
    answer = b"HTTP/1.1 200 OK\r\n\r\n"

    async def play(wire: Wire) -> None:
        assert await wire.rest() == (b"body", "eof")
        await wire.send(b"heard")

    async with between(play=play, answer=answer, handshake=b"POST / HTTP/1.1\r\n\r\nbody") as (wire, _, proxy):
        wire.writer.write_eof()
        assert await wire.rest() == (answer + b"heard", "eof")
        assert (await ended(proxy)).ended == "client"


async def test_the_server_ends() -> None:
    """The end of the server arrives behind all that it said."""

    async def play(wire: Wire) -> None:
        await wire.send(b"last words")
        wire.close()

    async with between(play=play) as (wire, _, proxy):
        assert await wire.rest() == (OPEN + b"last words", "eof")
        wire.close()
        assert (await ended(proxy)).ended == "server"


async def test_the_server_resets() -> None:
    """A reset of the server is one for the client."""

    async def play(wire: Wire) -> None:
        await wire.take(1)
        wire.reset()

    async with between(play=play) as (wire, _, proxy):
        await wire.take(len(OPEN))
        await wire.send(b"x")
        assert await wire.rest() == (b"", "reset")
        assert (await ended(proxy)).ended == "server"


async def test_the_client_resets() -> None:
    """A reset of the client is one for the server."""
    async with between() as (wire, server, proxy):
        await wire.take(len(OPEN))
        wire.reset()
        assert await server.over() == (b"", "reset")
        assert (await ended(proxy)).ended == "client"


async def test_the_client_is_gone_when_the_server_speaks() -> None:
    """A client that leaves while what it sent is stuck is noticed by what it is sent."""

    async def play(wire: Wire) -> None:
        while True:
            await wire.send(b"x")
            await asyncio.sleep(0.002)

    async with between(Trouble.stall(after_sent=1, way="sent", seconds=60.0), play=play) as (wire, _, proxy):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        while proxy.connections[0].sent == 0:
            await asyncio.sleep(0.002)
        wire.reset()
        assert (await ended(proxy)).ended == "client"


async def test_the_server_answers_early() -> None:
    """An answer that comes before the body is read is not lost."""
    answer = b"HTTP/1.1 413 Too Large\r\n\r\nno"

    async def play(wire: Wire) -> None:
        wire.reset()

    request = b"POST / HTTP/1.1\r\n\r\n"
    async with between(play=says(), answer=answer, handshake=request) as (wire, _, _):
        assert await wire.take(len(answer)) == answer
    async with between(play=play, answer=answer, handshake=request) as (wire, _, proxy):
        with pytest.raises(ConnectionError):  # noqa: PT012
            while True:
                await wire.send(bytes(1 << 16))
                await asyncio.sleep(0)
        assert (await ended(proxy)).ended in ("server", "client")


async def test_a_slow_reader() -> None:
    """The server waits for a client that does not read, the proxy holds little, and nothing is lost."""
    flood = frame(FIN | BINARY, bytes(1 << 20)) * 12
    async with between(play=says(flood)) as (wire, _, proxy):
        await wire.take(len(OPEN))
        before = -1
        while proxy.connections[0].received > before:
            before = proxy.connections[0].received
            await asyncio.sleep(SHORT)
        assert before < len(flood)
        assert await wire.take(len(flood)) == flood
        wire.close()


async def test_cut_before_a_reader_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not read is cut off all the same."""
    monkeypatch.setattr(relay_module, "LINGER", 0.01)
    async with between(Trouble.drop(after_sent=16), play=says(frame(FIN | BINARY, bytes(12 << 20)))) as (
        wire,
        _,
        proxy,
    ):
        await wire.take(len(OPEN))
        await asyncio.sleep(SHORT)
        await wire.send(TEN)
        assert (await ended(proxy)).ended == "drop"


async def test_no_request(proxy: FaultProxy) -> None:
    """A client that leaves without a request takes no trouble away from the next."""
    proxy.fail(Trouble.status(503))
    wire = await dialled(proxy)
    await wire.send(b"GET / HT")
    wire.close()
    seen = await ended(proxy)

    assert (seen.ended, seen.troubles) == ("client", ())
    assert repr(seen) == "<Connection no request, 0 bytes sent, 0 received, client>"


async def test_endless_head(proxy: FaultProxy) -> None:
    """A request without end is refused."""
    wire = await dialled(proxy)
    await wire.send(b"GET / HTTP/1.1\r\n" + b"x" * pump_module.MAX_HEAD)
    data, _ = await wire.rest()
    wire.close()

    assert data.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


async def test_unreachable() -> None:
    """Without a server the answer is 502."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with FaultProxy(f"http://127.0.0.1:{port}") as proxy:
        wire = await dialled(proxy)
        await wire.send(HANDSHAKE)
        data, _ = await wire.rest()
        wire.close()
        assert data.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        assert (await ended(proxy)).ended == "unreachable"


async def test_a_silent_server_ends() -> None:
    """A server that ends without an answer ends the client's connection."""

    async def play(wire: Wire) -> None:
        wire.close()

    async with between(play=play, answer=b"") as (wire, _, proxy):
        assert await wire.rest() == (b"", "eof")
        wire.close()
        seen = await ended(proxy)

    assert (seen.status, seen.ended) == (None, "server")


# ── the request ──


async def test_refused(through: Live, proxy: FaultProxy) -> None:
    """A handshake is refused with any status and `dg-error`, and the server sees nothing of it."""
    proxy.fail(Fault.status(402))
    proxy.fail(Trouble.status(599, headers={"dg-error": "just so"}))

    assert await through.refused() == (402, "Served on purpose: 402.")
    assert await through.refused() == (599, "just so")
    await ended(proxy, 2)
    assert [(seen.ended, seen.status) for seen in proxy.connections] == [("refused", 402), ("refused", 599)]


async def test_another_answer(through: Live, proxy: FaultProxy, deepgram_server: LocalServer) -> None:
    """A handshake is answered by something else."""
    for fault in (Fault.garbage(), Trouble.garbage(b"<html>"), Fault.text(200, "hello"), Fault.json(500, "{}")):
        proxy.fail(fault)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await through.open()

    assert deepgram_server.requests == []


@pytest.mark.parametrize("fault", [Fault.drop(), Trouble.drop(), Trouble.reset()])
async def test_not_answered(proxy: FaultProxy, fault: Fault) -> None:
    """A request is cut off instead of being answered."""
    proxy.fail(fault)
    wire = await dialled(proxy)
    await wire.send(HANDSHAKE)

    assert await wire.rest() == (b"", "reset" if fault.kind == "reset" else "eof")
    wire.close()
    assert (await ended(proxy)).ended == fault.kind


async def test_stuck_request(proxy: FaultProxy) -> None:
    """A request is stuck until the client leaves."""
    proxy.fail(Fault.stall())
    wire = await dialled(proxy)
    await wire.send(HANDSHAKE)

    assert await wire.nothing()
    wire.close()
    assert (await ended(proxy)).ended == "client"


async def test_late_requests(through: Live, proxy: FaultProxy) -> None:
    """A request comes later, or is stuck for a while."""
    for fault in (Fault.slow(0.01), Trouble.stall(seconds=0.01)):
        proxy.fail(fault)
        assert (await through.talk(ruler_audio(1))).text() == "w0 w1"


async def test_several_at_once(through: Live, proxy: FaultProxy) -> None:
    """One connection has several troubles, in their order."""
    proxy.fail(Fault.slow(0.01), Trouble.close(4000, "and"), Fault.status(418))

    assert (await through.refused())[0] == 418


# ── cuts ──


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 16, 17, 40])
async def test_cut_at_a_byte_of_the_client(kind: str, size: int) -> None:
    """The server gets what the client sent up to a byte, and nothing more."""
    async with between(getattr(Trouble, kind)(after_sent=size)) as (wire, server, proxy):
        await wire.take(len(OPEN))
        with suppress(ConnectionError):
            await wire.send(TEN * 3)
        _, how = await wire.rest()
        wire.close()
        seen = await ended(proxy)
        data, _ = await server.over()

    assert (data if kind == "drop" else TEN * 3)[:size] == (TEN * 3)[:size]
    assert (len(data), how) == (size, "eof") if kind == "drop" else how == "reset"
    assert (seen.sent, seen.ended) == (size, kind)


@pytest.mark.parametrize("size", [0, 1, 9, 10, 25])
async def test_cut_at_a_byte_of_the_server(size: int) -> None:
    """The client gets what the server sent up to a byte, and nothing more."""
    async with between(Trouble.drop(after_received=size), play=says(b"0123456789" * 3)) as (wire, _, proxy):
        assert await wire.rest() == (OPEN + (b"0123456789" * 3)[:size], "eof")
        wire.close()
        seen = await ended(proxy)

    assert (seen.received, seen.ended) == (size, "drop")


async def test_cut_in_a_head() -> None:
    """A connection is cut within the head of the request, or of the answer."""
    async with between(Trouble.drop(after_received=12, head=True)) as (wire, _, _):
        assert await wire.rest() == (OPEN[:12], "eof")
    async with between(Trouble.drop(after_sent=20, head=True)) as (wire, server, _):
        assert await wire.rest() == (b"", "eof")
        await server.over_how()
        assert server.heads == []


@pytest.mark.parametrize("cut", [Fault.drop, Trouble.drop, Trouble.reset])
async def test_cut_at_a_byte_of_audio(through: Live, proxy: FaultProxy, deepgram_server: LocalServer, cut: Any) -> None:
    """A session is cut after any byte of audio, whatever messages it came in."""
    proxy.fail(cut(after_bytes=50_001))
    talk = await through.open()
    with pytest.raises(BROKEN):  # noqa: PT012
        for _ in range(1000):
            await talk.send(ruler_audio(0.1))
            await asyncio.sleep(0.001)
    seen = await ended(proxy)
    await settled(deepgram_server)

    assert (seen.audio, seen.ended) == (50_001, cut().kind)


async def test_audio_is_counted_across_fragments() -> None:
    """Only the payload of binary messages is audio: not text, nor control frames between fragments."""
    sent = [masked(FIN | TEXT, b"{}"), masked(BINARY, b"12345"), masked(FIN | PING, b"?"), masked(FIN, b"67890")]
    async with between(Trouble.drop(after_bytes=8)) as (wire, server, proxy):
        await wire.take(len(OPEN))
        for byte in b"".join(sent):
            await wire.send(bytes([byte]))
        await wire.rest()
        wire.close()
        seen = await ended(proxy)
        data, _ = await server.over()

    assert data == b"".join(sent)[:-2]
    assert seen.audio == 8


async def test_cut_recording(session: aiohttp.ClientSession, proxy: FaultProxy) -> None:
    """An upload is cut after a byte of its body."""
    proxy.fail(Trouble.reset(after_bytes=1000), times=None)
    with pytest.raises(BROKEN):
        await Caller(session, proxy.url).post(ruler_wav(2))

    assert proxy.connections[0].sent == 1000


async def test_kill(through: Live, proxy: FaultProxy) -> None:
    """All open connections are reset at once, and that is told."""
    talks = [await through.open() for _ in range(3)]
    assert await asyncio.to_thread(proxy.kill) == 3
    for talk in talks:
        await talk.rest()

    assert [talk.code for talk in talks] == [1006] * 3
    assert [seen.ended for seen in proxy.connections] == ["killed"] * 3
    assert proxy.kill() == 0


@pytest.mark.parametrize("code", [1000, 1011, 1012, 4999, 1006, 65535])
async def test_close(code: int) -> None:
    """A websocket is closed with any code, also one that nobody may send, once the frame is over."""
    said = frame(FIN | TEXT, b"half a frame")

    async def play(wire: Wire) -> None:
        await wire.send(said[:5])
        await wire.take(16)
        await wire.send(said[5:] + said)

    async with between(Trouble.close(code, "because", after_bytes=4), play=play) as (wire, _, proxy):
        await wire.take(len(OPEN) + 5)
        await wire.send(TEN)
        closing = frame(FIN | CLOSE, code.to_bytes(2, "big") + b"because")
        assert await wire.take(len(said) - 5 + len(closing)) == said[5:] + closing
        wire.close()
        assert (await ended(proxy)).ended == "close"


async def test_close_for_a_client(through: Live, proxy: FaultProxy) -> None:
    """A client reads the code and the reason."""
    proxy.fail(Fault.close(1012, "soon back"))
    talk = await through.open()
    await talk.rest()

    assert (talk.told, talk.code, talk.reason) == ([], 1012, "soon back")


async def test_a_client_that_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that answers nothing and stays is left behind."""
    monkeypatch.setattr(relay_module, "LINGER", 0.01)
    async with between(Trouble.close(1011)) as (wire, _, proxy):
        assert (await ended(proxy)).ended == "close"
        assert (await wire.rest())[1] == "eof"


# ── silence ──


async def test_half_open() -> None:
    """Nothing is passed on in either direction, and neither side learns of it."""
    async with between(Trouble.stall(after_sent=16), play=echo) as (wire, server, proxy):
        await wire.take(len(OPEN))
        await wire.send(TEN * 2)
        assert await wire.nothing()
        assert not server.ended
        assert proxy.connections[0].ended is None
        assert repr(proxy.connections[0]).endswith("16 bytes sent, 0 received, open>")
        wire.close()
        assert (await ended(proxy)).ended == "client"


async def test_stalled_writes() -> None:
    """What the client is sent is stuck, and what it sends is not."""
    async with between(Trouble.stall(after_received=0, way="received"), play=echo) as (wire, _, proxy):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        assert await wire.nothing()
        wire.close()
        seen = await ended(proxy)

    assert (seen.sent, seen.received) == (16, 0)


async def test_stalled_reads() -> None:
    """What the client sends is stuck until it can send no more, and what it is sent is not."""

    async def play(wire: Wire) -> None:
        await wire.send(b"before")
        while await wire.reader.read(1 << 16):
            pass

    async with between(Trouble.stall(after_sent=1000, way="sent"), play=play) as (wire, _, proxy):
        assert await wire.take(len(OPEN) + 6) == OPEN + b"before"
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wire.send(bytes(8 << 20)), 0.1)
        assert proxy.connections[0].sent == 1000
        wire.reset()


async def test_stalled_for_a_while() -> None:
    """After a stall with an end all goes on, and nothing is lost."""
    async with between(Trouble.stall(after_sent=5, seconds=0.02), play=echo) as (wire, _, _):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        assert await wire.take(16) == TEN


async def test_two_stalls() -> None:
    """The end of a stall is not that of another one, which lasts."""
    faults = (Trouble.stall(after_sent=5, way="sent", seconds=0.001), Trouble.stall(after_sent=5, way="sent"))
    async with between(*faults, play=echo) as (wire, _, _):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        assert await wire.take(5) == TEN[:5]
        assert await wire.nothing()
        wire.reset()


async def test_a_client_leaves_a_stalled_server() -> None:
    """A client that closes while the server's words are stuck is gone for good."""
    async with between(Trouble.stall(after_received=2, way="received"), play=says(b"123")) as (wire, _, proxy):
        await wire.take(len(OPEN) + 2)
        wire.close()
        assert (await ended(proxy)).ended == "client"


async def test_a_stalled_server_is_lost() -> None:
    """That the server is lost does not get through a stall either, however much the client sends."""

    async def play(wire: Wire) -> None:
        await wire.send(b"123")
        await wire.take(1)
        wire.reset()

    async with between(Trouble.stall(after_received=2, way="received"), play=play) as (wire, server, proxy):
        await wire.take(len(OPEN) + 2)
        await wire.send(b"x")
        await server.over_how()
        for _ in range(20):
            await wire.send(b"y")
            await asyncio.sleep(0.002)
        assert await wire.nothing()
        assert proxy.connections[0].ended is None
        wire.close()
        assert (await ended(proxy)).ended == "client"


async def test_mute() -> None:
    """After the frame in progress only pings are answered, by the proxy itself, while the server hears all."""
    said = frame(FIN | TEXT, b"half a frame")

    async def play(wire: Wire) -> None:
        await wire.send(said[:5])
        await wire.take(16)
        await wire.send(said[5:] + said)
        await wire.take(16)
        wire.reset()

    async with between(Trouble.mute(after_bytes=10), play=play) as (wire, _, proxy):
        await wire.take(len(OPEN) + 5)
        await wire.send(TEN)
        assert await wire.take(len(said) - 5) == said[5:]
        await wire.send(TEN)
        for word in (b"there?", b"", b"still?"):
            await wire.send(TEN + masked(FIN | PING, word))
            pong = frame(FIN | PONG, word)
            assert await wire.take(len(pong)) == pong
        assert await wire.nothing()
        wire.close()
        assert (await ended(proxy)).ended == "client"


async def test_mute_without_pings(through: Live, proxy: FaultProxy) -> None:
    """Nothing at all is answered any more."""
    proxy.fail(Trouble.mute(pings=False))
    talk = await through.open(autoping=False)
    await talk.send(ruler_audio(1))
    await talk.socket.ping(b"x")
    with pytest.raises(asyncio.TimeoutError):
        await talk.socket.receive(timeout=SHORT)
    assert proxy.connections[0].audio == 32_000


# ── sizes and times ──


async def test_split_segments() -> None:
    """What is sent arrives in pieces, with pauses."""
    pieces: list[bytes] = []

    async def play(wire: Wire) -> None:
        while data := await wire.reader.read(100):
            pieces.append(data)

    async with between(Trouble.split(3, seconds=0.01, way="sent"), play=play) as (wire, server, _):
        await wire.take(len(OPEN))
        await wire.send(b"0123456789")
        wire.close()
        await server.over()

    assert b"".join(pieces) == b"0123456789"
    assert len(pieces) > 1


async def test_trickle(through: Live, proxy: FaultProxy) -> None:
    """The word of `Fault` for it is understood."""
    proxy.fail(Fault.trickle(50, 0))
    assert (await through.talk(ruler_audio(1))).text() == "w0 w1"
    assert proxy.connections[0].troubles == (Trouble.split(50, way="received"),)


async def test_split_frames() -> None:
    """Messages come in fragments, whose masks fit, and control frames stay whole."""
    data = bytes(range(10))
    sent = masked(FIN | BINARY, data) + masked(FIN | PING, data) + masked(FIN | TEXT, b"abc")
    async with between(Trouble.split(4, frames=True, way="sent")) as (wire, server, _):
        await wire.take(len(OPEN))
        await wire.send(sent)
        wire.close()
        got, _ = await server.over()

    turns = [(BINARY, 0), (0, 4), (FIN, 8)]
    fragments = [masked(first, data[at : at + 4]) for first, at in turns]
    assert got == b"".join(fragments) + masked(FIN | PING, data) + masked(FIN | TEXT, b"abc")


async def test_split_frames_for_a_client(through: Live, proxy: FaultProxy) -> None:
    """A client and the server put fragments together, at any size."""
    for size in (5, 1000):
        proxy.fail(Trouble.split(size, frames=True))
        assert (await through.talk(ruler_audio(0.5))).text() == "w0"


async def test_frames_too_long_to_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that is longer than what the proxy holds passes as it is."""
    monkeypatch.setattr(pump_module, "MAX_HELD_FRAME", 100)
    long, short = masked(FIN | BINARY, bytes(70_000)), masked(FIN | BINARY, bytes(200))
    async with between(Trouble.split(50, frames=True, way="sent")) as (wire, server, _):
        await wire.take(len(OPEN))
        await wire.send(long + short[:150])
        await wire.send(short[150:])
        wire.close()
        assert (await server.over())[0] == long + short


async def test_merge() -> None:
    """What is sent in pieces arrives as one, when enough is there."""
    pieces: list[bytes] = []

    async def play(wire: Wire) -> None:
        while data := await wire.reader.read(1000):
            pieces.append(data)

    async with between(Trouble.merge(48, seconds=60.0, way="sent"), play=play) as (wire, server, _):
        await wire.take(len(OPEN))
        for byte in TEN * 3 + b"end":
            await wire.send(bytes([byte]))
        wire.close()
        await server.over()

    assert pieces[0][:48] == TEN * 3
    assert b"".join(pieces) == TEN * 3 + b"end"


async def test_merge_does_not_wait_for_ever() -> None:
    """What is held back goes out after a while."""
    async with between(Trouble.merge(1000, seconds=0.01), play=echo) as (wire, _, _):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        assert await wire.take(16) == TEN


async def test_delay(through: Live, proxy: FaultProxy) -> None:
    """What comes later comes in its order."""
    proxy.fail(Trouble.delay(0.01))
    assert (await through.talk(*Ruler(2).chunks(6400))).text() == Ruler(2).text


# ── what was never sent ──


async def test_messages_between() -> None:
    """Messages that nobody sent stand between two others, not between their fragments, and in their order."""
    first, last = frame(TEXT, b"fragment"), frame(FIN, b"end")

    async def play(wire: Wire) -> None:
        await wire.send(first)
        await wire.take(16)
        await wire.send(frame(FIN | PING, b"") + last + first + last)

    trouble = Trouble.text_frame('{"type":"New"}', b"\x00", after_bytes=3)
    async with between(trouble, play=play) as (wire, _, _):
        assert await wire.take(len(OPEN + first)) == OPEN + first
        await wire.send(TEN)
        new = frame(FIN | TEXT, b'{"type":"New"}') + frame(FIN | BINARY, b"\x00")
        expected = frame(FIN | PING, b"") + last + new + first + last
        assert await wire.take(len(expected)) == expected


async def test_oversized(session: aiohttp.ClientSession, proxy: FaultProxy) -> None:
    """A message of any size comes, which is JSON."""
    proxy.fail(Trouble.oversized(100_000))
    talk = await Live(session, proxy.url).open(max_msg_size=0)
    assert (await talk.next())["type"] == "Oversized"

    proxy.fail(Trouble.oversized(100_000))
    talk = await Live(session, proxy.url).open(max_msg_size=50_000)
    await talk.rest()
    assert talk.code == 1009


async def test_garbage() -> None:
    """Bytes that nobody sent come at the very place."""
    async with between(Trouble.garbage(b"\xff\xff", after_received=4), play=says(b"12345678")) as (wire, _, _):
        await wire.take(len(OPEN))
        assert await wire.take(10) == b"1234\xff\xff5678"


async def test_duplicate() -> None:
    """One message behind the place comes twice, and no other."""
    one, two, three = (masked(FIN | BINARY, word) for word in (b"1", b"2", b"3"))
    async with between(Trouble.duplicate(1, way="sent")) as (wire, server, _):
        await wire.take(len(OPEN))
        await wire.send(one + two + three)
        wire.close()
        assert (await server.over())[0] == one + two + two + three


async def test_reorder() -> None:
    """One message comes after the one behind it; control frames stay where they are."""
    one, two, three = (frame(FIN | TEXT, word) for word in (b"1", b"2", b"3"))
    ping = frame(FIN | PING, b"")
    async with between(Trouble.reorder(), play=says(one + ping + two + three)) as (wire, _, _):
        await wire.take(len(OPEN))
        expected = ping + two + one + three
        assert await wire.take(len(expected)) == expected


@pytest.mark.parametrize("end", [None, Trouble.drop(after_received=5)])
async def test_nothing_held_is_lost(end: Trouble | None) -> None:
    """A message that waits for the next one, and half a frame, still arrive before the end."""

    async def play(wire: Wire) -> None:
        await wire.send(frame(FIN | TEXT, b"1") + b"\x81\x05..")
        wire.close()

    async with between(*filter(None, (Trouble.reorder(), end)), play=play) as (wire, _, _):
        expected = frame(FIN | TEXT, b"1") + b"\x81\x05.."
        assert (await wire.rest())[0] == OPEN + expected[: 5 if end else None]


async def test_websocket_troubles_leave_recordings_alone(session: aiohttp.ClientSession, proxy: FaultProxy) -> None:
    """What is of websockets happens to no other request."""
    for trouble in (Trouble.close(1011), Trouble.mute(), Trouble.text_frame("x"), Trouble.duplicate(), Fault.mute()):
        proxy.fail(trouble, Trouble.split(1000, frames=True))
        assert alternative(await Caller(session, proxy.url).ok(ruler_wav(1)))["transcript"] == "w0 w1"


# ── script and seed ──


async def test_script(through: Live, proxy: FaultProxy) -> None:
    """Troubles queue up, each for so many connections, and can be forgotten."""
    proxy.fail(Fault.status(500), times=2)
    proxy.fail(Fault.status(501), times=None)
    assert [(await through.refused())[0] for _ in range(4)] == [500, 500, 501, 501]

    proxy.reset()
    assert (await through.talk(ruler_audio(1))).text() == "w0 w1"
    assert len(proxy.connections) == 1


async def test_seed(through: Live, proxy: FaultProxy) -> None:
    """The same seed gives the same troubles at the same places, and another one gives others."""
    menu = [Trouble.close(1011, after_bytes=range(1000)), Trouble.drop(after_sent=range(99)), Fault.status(503)]

    async def happened(seed: int) -> list[Any]:
        proxy.reset()
        proxy.fail_at_random(seed, 0.8, menu)
        for _ in range(12):
            with pytest.raises(BROKEN):  # noqa: PT012
                talk = await through.open()
                await talk.send(bytes(2000))
                await talk.socket.close()
                raise ConnectionError
        seen = (await asyncio.to_thread(proxy.wait, 12)), proxy.connections
        return [one.troubles for one in seen[1]]

    first, again, other = await happened(1), await happened(1), await happened(2)
    assert first == again != other
    places = [trouble.audio for (trouble,) in filter(None, first) if trouble.kind == "close"]
    assert len(set(places)) > 1
    assert all(isinstance(place, int) for place in places)


def test_only_a_server_can() -> None:
    """What takes a server that knows what it says is refused at once."""
    proxy = FaultProxy("http://127.0.0.1")
    for fault in (Fault.truncated(), Fault.late(1)):
        with pytest.raises(ValueError, match="tell the server"):
            proxy.fail(fault)


def test_sizes() -> None:
    """A size of nothing is a mistake."""
    for make in (Trouble.split, Trouble.merge):
        with pytest.raises(ValueError, match="1 or more, not 0"):
            make(0)


def test_trouble_shows() -> None:
    """A trouble shows in one line what was said of it."""
    assert repr(Trouble.drop(after_sent=range(9))) == "<Trouble drop sent=range(0, 9)>"
    assert len(repr(Trouble.oversized(100_000))) < 100


# ── the proxy itself ──


async def test_nothing_is_left(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """When the block ends its thread, its port and all connections are gone, stuck ones as well."""
    before, files = set(threading.enumerate()), open_files()
    with FaultProxy(deepgram_server.url) as proxy:
        proxy.fail(Trouble.stall(after_sent=0))
        talks = [await Live(session, proxy.url).open() for _ in range(2)]
        assert repr(proxy) == f"<FaultProxy {proxy.url}, before 127.0.0.1:{deepgram_server.port}>"
    assert set(threading.enumerate()) <= before
    assert [seen.ended for seen in proxy.connections] == ["stopped"] * 2
    for talk in talks:
        await talk.rest()
    await settled(deepgram_server, 0)
    await settled(deepgram_server, 1)
    while open_files() > files:
        await asyncio.sleep(0.005)
    assert repr(proxy).startswith("<FaultProxy not running")
    with socket.create_server(("127.0.0.1", int(proxy.url.rpartition(":")[2]))):
        pass


async def test_cancelled_before_it_began() -> None:
    """A connection that is accepted while the proxy stops is let go as well."""
    async with upstream() as server:
        with FaultProxy(server.url) as proxy:
            accept = proxy._accept

            def and_stop(client: Any) -> None:
                accept(client)
                for task in proxy._relays.values():
                    task.cancel()

            proxy._accept = and_stop  # type: ignore[method-assign]
            with suppress(ConnectionError):
                wire = await dialled(proxy)
                await wire.rest()
                wire.close()
            assert (await ended(proxy)).ended == "stopped"


async def test_on_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is the same where uvloop is everybody's loop."""
    monkeypatch.setattr(asyncio, "new_event_loop", pytest.importorskip("uvloop").new_event_loop)
    async with between(Trouble.reset(after_sent=20), play=echo) as (wire, _, proxy):
        await wire.take(len(OPEN))
        await wire.send(TEN)
        assert await wire.take(16) == TEN
        await wire.send(TEN)
        assert (await wire.rest())[1] == "reset"
        assert (await ended(proxy)).sent == 20


def test_closed_twice() -> None:
    """Closing again is harmless, and a proxy starts only once."""
    proxy = FaultProxy("ws://127.0.0.1:9/")
    proxy.close()
    with proxy:
        with pytest.raises(RuntimeError, match="started already"):
            proxy.start()
        proxy.close()
    with pytest.raises(RuntimeError, match="use `with`"):
        proxy.kill()


def test_port_taken() -> None:
    """A port that is taken is an error where the proxy was started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        proxy = FaultProxy("http://127.0.0.1:9", port=taken.getsockname()[1])
        with pytest.raises(OSError):
            proxy.start()


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", "127.0.0.1:9", "http://", "http://127.0.0.1/v1", "ws://h?x=y"])
def test_not_an_upstream(url: str) -> None:
    """What it cannot stand before is refused, with what it can."""
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        FaultProxy(url)


def test_nothing_comes() -> None:
    """Waiting for what does not come ends with an error that counts what came."""
    with FaultProxy("http://127.0.0.1:9") as proxy, pytest.raises(TimeoutError, match="0 of 1"):
        proxy.wait(timeout=0.01)


# ── our own sessions ──


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sessions that come back at once."""
    monkeypatch.setattr("dgasync.session.core.random", lambda: 0.0)
    return


async def heard(proxy: FaultProxy, ruler: Ruler) -> str:
    """What a session hears through the proxy."""
    async with AsyncDeepgramClient("key", url=proxy.url) as deepgram:
        async with deepgram.live(encoding="linear16", sample_rate=16_000) as live:
            for chunk in ruler.chunks(3200):
                await live.send(chunk)
        return live.result().text


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.drop(after_bytes=5001),
        Trouble.reset(after_sent=4003),
        Trouble.drop(after_received=20),
        Trouble.close(1011, after_bytes=9000),
        Trouble.reset(after_received=9, head=True),
    ],
    ids=repr,
)
async def test_a_session_loses_nothing(proxy: FaultProxy, trouble: Trouble) -> None:
    """A session that loses its connection, wherever, has every word once."""
    proxy.fail(trouble)
    ruler = Ruler(0.6)

    assert await heard(proxy, ruler) == ruler.text
    assert len(proxy.connections) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble.split(1000, way="sent"),
        Trouble.split(100, frames=True),
        Trouble.merge(9000, seconds=0.02),
        Trouble.delay(0.02),
        Trouble.stall(after_bytes=5000, seconds=0.05),
        Trouble.text_frame('{"type":"Unheard"}', "{broken"),
    ],
    ids=repr,
)
async def test_a_session_takes_no_notice(proxy: FaultProxy, trouble: Trouble) -> None:
    """A session hears the same in whatever pieces it is sent, and whatever stands between them."""
    proxy.fail(trouble)

    assert await heard(proxy, Ruler(2)) == Ruler(2).text
    assert len(proxy.connections) == 1


@pytest.mark.usefixtures("quick")
async def test_a_session_by_seed(proxy: FaultProxy) -> None:
    """A session whose connections are lost at random has every word once."""
    proxy.fail_at_random(4, 0.6, [Trouble.reset(after_bytes=range(1, 16_000)), Trouble.drop(after_sent=range(16_000))])
    ruler = Ruler(1.0)

    assert await heard(proxy, ruler) == ruler.text


async def test_refused_for_a_client(proxy: FaultProxy) -> None:
    """A client of ours says what was refused, and why."""
    proxy.fail(Trouble.status(503, headers={"dg-error": "on purpose"}))
    proxy.fail(Trouble.reset(), times=None)
    async with AsyncDeepgramClient("key", url=proxy.url, max_retries=0) as deepgram:
        with pytest.raises(ServerError) as caught:
            await deepgram.transcribe(ruler_wav(1))
        assert caught.value.status == 503
        with pytest.raises(DeepgramConnectionError):
            await deepgram.transcribe(ruler_wav(1))
