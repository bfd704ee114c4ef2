"""Websockets of the loop thread, used from trio, against real servers on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import trio
import trio.testing

from dgasync.errors import ConnectFailed, DeepgramConnectionError, PaymentRequired, Timeout
from dgasync.limits import HANDOVER, SEND_BUFFER
from dgasync.transport import pump as pumping
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.bridge import BridgeTransport
from dgasync.transport.loop import running, shutdown
from dgasync.transport.seam import Binary, Closed, Dial, Frame, Socket
from tests.websockets import PATIENCE, WebsocketServer, open_files, until, websocket_server

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", [pytest.param(("trio", {}), id="trio")]),
]


@pytest.fixture(scope="module")
def shared_server() -> Iterator[WebsocketServer]:
    with websocket_server() as server:
        yield server


@pytest.fixture
def server(shared_server: WebsocketServer) -> Iterator[WebsocketServer]:
    shared_server.forget()
    shared_server.go.clear()
    yield shared_server
    # No job and no task is left of any test here.
    until(lambda: not running().jobs and not asyncio.all_tasks(running().loop))


@pytest.fixture
async def transport(anyio_backend: Any) -> AsyncIterator[BridgeTransport]:
    transport = BridgeTransport(AiohttpTransport())
    yield transport
    await transport.aclose()


def dial(server: WebsocketServer, path: str, connect: float | None = PATIENCE) -> Dial:
    return Dial(f"{server.url}/v1/{path}", {"Authorization": "Token k"}, connect)


def text(frame: Frame) -> str:
    assert isinstance(frame, (bytes, str))
    assert not isinstance(frame, Binary)
    return frame if isinstance(frame, str) else frame.decode()


async def closed_by(socket: Socket) -> tuple[int, str]:
    while not isinstance(frame := await socket.receive(), Closed):
        pass
    return frame.code, frame.reason


async def test_echo(server: WebsocketServer, transport: BridgeTransport) -> None:
    """Text and binary come back in order and as what they were; the headers of the handshake are there."""
    socket = await transport.connect(dial(server, "echo"))
    array = bytearray(b"array")

    for data in ("ä", b"bytes", array, memoryview(b"view"), "", b""):
        await socket.send(data)
    array[:] = b"other"  # the caller's again
    frames = [await socket.receive() for _ in range(6)]

    assert [text(frames[0]), text(frames[4])] == ["ä", ""]
    assert frames[1:4] + frames[5:] == [b"bytes", b"array", b"view", b""]
    assert socket.headers["DG-Request-ID"] == "the-request"
    assert repr(socket) == "<_Socket <_Socket open>>"
    await socket.close()
    await socket.close()
    assert repr(socket) == "<_Socket closed>"
    assert await closed_by(socket) == (1000, "")


async def test_many_frames_and_large_ones(server: WebsocketServer, transport: BridgeTransport) -> None:
    """More than fits between the loops goes through, both ways at once, in order."""
    socket = await transport.connect(dial(server, "echo"))
    data = bytes(range(256)) * 256

    async def send() -> None:
        for number in range(300):
            await socket.send(number.to_bytes(2, "big") + data)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        for number in range(300):
            frame = await socket.receive()
            assert isinstance(frame, Binary)
            assert frame[:2] == number.to_bytes(2, "big")
            assert len(frame) == len(data) + 2
    await socket.close()


async def test_refused(server: WebsocketServer, transport: BridgeTransport) -> None:
    """The errors of the handshake cross the bridge as they are."""
    with pytest.raises(PaymentRequired, match="said in the header") as caught:
        await transport.connect(dial(server, "refuse?status=402"))
    with pytest.raises(Timeout):
        await transport.connect(dial(server, "hang", 0.05))
    with pytest.raises(ConnectFailed):
        await transport.connect(Dial("ws://127.0.0.1:9/", {}, PATIENCE))

    assert caught.value.request_id == "the-request"


@pytest.mark.parametrize("how", ["close?code=1011&reason=NET-0001", "leave"])
async def test_the_end(how: str, server: WebsocketServer, transport: BridgeTransport) -> None:
    """It comes after the frames before it, stays, and sending says so."""
    socket = await transport.connect(dial(server, how))

    assert text(await socket.receive()) == "first"
    code, reason = await closed_by(socket)
    assert await closed_by(socket) == (code, reason)
    assert (code, reason) == (1011, "NET-0001") or code == 1006
    with pytest.raises(DeepgramConnectionError, match=str(code)):
        await socket.send("late")
    with pytest.raises(DeepgramConnectionError):
        await socket.ping()
    await socket.close()
    assert await closed_by(socket) == (code, reason)


async def test_pings(server: WebsocketServer, transport: BridgeTransport) -> None:
    """They are answered in both directions, without anybody on trio receiving."""
    socket = await transport.connect(dial(server, "echo"))
    await socket.ping()
    await socket.close()
    socket = await transport.connect(dial(server, "ping"))
    assert text(await socket.receive()) == "PONG are you there"
    await socket.close()


async def test_a_slow_peer(server: WebsocketServer, transport: BridgeTransport) -> None:
    """At most `SEND_BUFFER` waits between the loops; several senders go on in the order in which they came."""
    socket: Any = await transport.connect(dial(server, "stall"))
    sent = 0

    async def send() -> None:
        nonlocal sent
        for number in range(400):
            await socket.send(number.to_bytes(4, "big") + bytes(60_000))
            sent += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        before = -1
        while sent != before:
            before = sent
            await trio.sleep(0.1)
        assert sent < 300
        assert socket._pump._put - socket._pump._sent < SEND_BUFFER + 61_000
        with trio.move_on_after(0.01) as scope:
            await socket.send("never")
        assert scope.cancelled_caught
        server.go.set()
    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(socket.send, str(number))
    await socket.close()

    assert [int.from_bytes(frame[:4], "big") for frame in server.arrived[:400]] == list(range(400))
    assert sorted(server.arrived[400:], key=int) == [str(number) for number in range(20)]


async def test_senders_wait_in_line(server: WebsocketServer, transport: BridgeTransport) -> None:
    """Who came first goes first when there is room again."""
    socket: Any = await transport.connect(dial(server, "stall"))
    with trio.move_on_after(0.3):
        while True:
            await socket.send(bytes(60_000))

    async with trio.open_nursery() as nursery:
        for number in range(20):
            nursery.start_soon(socket.send, str(number))
            await trio.testing.wait_all_tasks_blocked()
        server.go.set()
    await socket.close()

    assert [frame for frame in server.arrived if isinstance(frame, str)] == [str(number) for number in range(20)]


async def test_a_slow_consumer(server: WebsocketServer, transport: BridgeTransport) -> None:
    """No more than `HANDOVER` waits for a consumer that takes its time, and then all of it comes."""
    socket: Any = await transport.connect(dial(server, "flood?size=65536&count=300"))
    before = -1
    while len(server.arrived) != before:
        before = len(server.arrived)
        await trio.sleep(0.1)

    assert 10 < before < 300
    assert socket._pump._got - socket._pump._taken < HANDOVER + 2 * 65536
    count = 0
    while not isinstance(frame := await socket.receive(), Closed):
        count += 1
    assert (count, frame.code) == (300, 1000)
    await socket.close()


async def test_everybody_gets_a_turn(server: WebsocketServer, transport: BridgeTransport) -> None:
    """A task that does nothing but send, or receive, lets others run."""
    socket = await transport.connect(dial(server, "flood?size=1000&count=3000"))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        for _ in range(500):
            await socket.send(bytes(1000))
        assert turns > 3
        await closed_by(socket)
        nursery.cancel_scope.cancel()
    await socket.close()


async def test_cancelled_receives_lose_nothing(server: WebsocketServer, transport: BridgeTransport) -> None:
    """However often a receive is cancelled, each frame comes once and in order."""
    socket = await transport.connect(dial(server, "echo"))
    frames: list[int] = []

    async def send() -> None:
        for number in range(200):
            await socket.send(str(number))
            await trio.sleep(0.0002)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        while len(frames) < 200:
            with trio.move_on_after(0.0003):
                frames.append(int(text(await socket.receive())))
    await socket.close()

    assert frames == list(range(200))


async def test_cancelled_anywhere(server: WebsocketServer, transport: BridgeTransport) -> None:
    """A socket's life cut at any moment leaves no job, task or connection."""
    for path in ("echo", "hang"):
        for wait in range(25):
            with trio.move_on_after(wait / 2000):
                socket = await transport.connect(dial(server, path))
                try:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(closed_by, socket)
                        while True:
                            await socket.send(bytes(10_000))
                            await socket.ping()
                finally:
                    await socket.close()

    assert not running().jobs


async def test_closing_one_that_does_not_answer(
    server: WebsocketServer, transport: BridgeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is bounded also where much waits to be sent; senders and the receiver learn of it."""
    monkeypatch.setattr(pumping, "CLOSE_TIMEOUT", 0.2)
    socket = await transport.connect(dial(server, "stall"))
    ends: list[Any] = []

    async def send() -> None:
        try:
            while True:
                await socket.send(bytes(60_000))
        except DeepgramConnectionError as error:
            ends.append(error.message)

    async def receive() -> None:
        ends.append((await closed_by(socket))[0])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        nursery.start_soon(send)
        nursery.start_soon(receive)
        await trio.sleep(0.2)
        await socket.close()

    assert ends.count(1006) == 1
    assert len(ends) == 3


async def test_what_was_sent_goes_out_before_the_close(server: WebsocketServer, transport: BridgeTransport) -> None:
    """Frames that wait between the loops are not lost by closing."""
    socket = await transport.connect(dial(server, "listen"))
    for number in range(2000):
        await socket.send(str(number))
    await socket.close(1001)

    assert server.arrived == [str(number) for number in range(2000)]
    until(lambda: server.ended == [1001])


async def test_many_at_once(server: WebsocketServer, transport: BridgeTransport) -> None:
    """A hundred sockets keep their frames apart, and leave no thread and no descriptor."""
    await (await transport.connect(dial(server, "echo"))).close()
    until(lambda: not asyncio.all_tasks(running().loop))
    await trio.sleep(0.05)
    files, threads = open_files(), threading.active_count()

    async def one(number: int) -> None:
        socket = await transport.connect(dial(server, "echo"))
        for count in range(5):
            await socket.send(f"{number} {count}")
            assert text(await socket.receive()) == f"{number} {count}"
        await socket.close()

    async with trio.open_nursery() as nursery:
        for number in range(100):
            nursery.start_soon(one, number)

    until(lambda: open_files() <= files)
    assert threading.active_count() == threads


async def test_the_loop_thread_ends_first(server: WebsocketServer, transport: BridgeTransport) -> None:
    """Whoever receives or sends learns of it, and closing is no trouble."""
    socket = await transport.connect(dial(server, "echo"))
    await socket.send("x")
    await socket.receive()

    await trio.to_thread.run_sync(shutdown)

    running()  # another one by now, which knows nothing of this socket
    assert (await closed_by(socket))[0] == 1006
    with pytest.raises(DeepgramConnectionError):
        await socket.send("late")
    await socket.close()
    assert await closed_by(socket) == (1006, "the loop thread has ended")


@pytest.mark.parametrize("stage", ["flush", "close"])
async def test_the_loop_thread_ends_while_it_closes(
    stage: str, server: WebsocketServer, transport: BridgeTransport
) -> None:
    """Nothing is left open, and whoever closes is told nothing."""
    socket = await transport.connect(dial(server, "stall" if stage == "flush" else "deaf"))
    with trio.move_on_after(0.2):
        while stage == "flush":
            await socket.send(bytes(60_000))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(socket.close)
        await trio.sleep(0.05)
        await trio.to_thread.run_sync(shutdown)
    server.go.set()

    assert (await closed_by(socket))[0] == 1006


class Odd:
    """A socket whose `close` never ends, or after whose end a frame comes."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    async def send(self, data: Any, /) -> None:
        await asyncio.sleep(0)

    async def receive(self) -> Frame:
        await asyncio.sleep(0.001)
        return "more"

    async def ping(self) -> None: ...

    async def close(self, code: int = 1000, /) -> None:
        await asyncio.sleep(600)


async def test_a_transport_that_does_not_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing is bounded by the bridge too, whatever is behind it."""
    monkeypatch.setattr(pumping, "CLOSE_TIMEOUT", 0.05)

    class Native:
        async def connect(self, dial: Dial, /) -> Odd:
            return Odd()

    socket = await BridgeTransport(Native()).connect(Dial("ws://x/", {}, None))  # type: ignore[arg-type]
    await socket.send("x")
    await socket.close()

    assert await closed_by(socket) == (1006, "it was closed from here")
    until(lambda: not asyncio.all_tasks(running().loop))
