"""Websockets by aiohttp behind the seam, against servers that do what a test says."""

from __future__ import annotations

import asyncio
import gc
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import aiohttp
import anyio
import pytest

from dgasync.config import Secret
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DeepgramApiError,
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramUnknownApiError,
    PaymentRequired,
    RateLimited,
    ServerError,
    Timeout,
    Unauthorized,
)
from dgasync.transport import aiohttp as module
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.seam import Binary, Closed, Dial, Frame, Socket
from tests.websockets import PATIENCE, WebsocketServer, open_files, silent_port, until, websocket_server

pytestmark = pytest.mark.anyio

KEY = "0123456789abcdef-secret"


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """aiohttp runs on asyncio only; trio reaches it over the bridge."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture(scope="module")
def shared_server() -> Iterator[WebsocketServer]:
    with websocket_server() as server:
        yield server


@pytest.fixture
def server(shared_server: WebsocketServer) -> WebsocketServer:
    shared_server.forget()
    shared_server.go.clear()
    return shared_server


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport()
    yield transport
    await transport.aclose()
    await asyncio.sleep(0)


def dial(server: WebsocketServer, path: str, connect: float | None = PATIENCE, **headers: str) -> Dial:
    return Dial(f"{server.url}/v1/{path}", headers, connect)


def text(frame: Frame) -> str:
    """What a text frame says, which newer aiohttp does not decode."""
    assert isinstance(frame, (bytes, str))
    assert not isinstance(frame, Binary)
    return frame if isinstance(frame, str) else frame.decode()


def end(frame: Frame) -> tuple[int, str]:
    assert isinstance(frame, Closed), frame
    return frame.code, frame.reason


async def closed_by(socket: Socket) -> tuple[int, str]:
    """How it ends, after whatever still comes."""
    while not isinstance(frame := await socket.receive(), Closed):
        pass
    return end(frame)


def others() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_echo(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Text and binary come back in order and as what they were, in whatever they were sent."""
    socket = await transport.connect(dial(server, "echo"))

    for data in ("ä text", b"bytes", bytearray(b"array"), memoryview(b"view"), memoryview(bytes(8)).cast("I"), "", b""):
        await socket.send(data)
    frames = [await socket.receive() for _ in range(7)]

    assert [text(frames[0]), text(frames[5])] == ["ä text", ""]
    assert frames[1:5] + frames[6:] == [b"bytes", b"array", b"view", bytes(8), b""]
    assert all(isinstance(frame, Binary) for frame in frames[1:5] + frames[6:])
    assert socket.headers["DG-Request-ID"] == "the-request"
    await socket.close()
    assert repr(socket) == "<_Socket <Closed 1000 ''>>"


async def test_the_head_is_ours(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """The handshake carries our headers and its own, no others, and a ws address is as good as an http one."""
    socket = await transport.connect(
        Dial(server.url.replace("http", "ws") + "/v1/echo?a=b%2Fc+d", {"Authorization": "Token k", "X-A": "b"}, None)
    )
    await socket.close()

    own = {"Host", "Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key", "Accept-Encoding"}
    assert {name.lower() for name in server.heads[0]} == {name.lower() for name in own | {"Authorization", "X-A"}}


async def test_large_frames(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Frames of megabytes arrive whole, sent while others are on their way back."""
    socket = await transport.connect(dial(server, "echo"))
    data = bytes(range(256)) * 4096 * 5

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(socket.send, data)
        for _ in range(3):
            assert await socket.receive() == data
    await socket.close()


async def test_a_frame_that_is_too_large(
    server: WebsocketServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame beyond `MAX_FRAME` ends the socket, with the code for that."""
    monkeypatch.setattr(module, "MAX_FRAME", 1000)
    socket = await transport.connect(dial(server, "flood?size=1001&count=1"))

    frame = await socket.receive()

    assert end(frame)[0] == 1009
    assert await socket.receive() is frame
    await socket.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, Unauthorized), (402, PaymentRequired), (429, RateLimited), (503, ServerError)],
)
async def test_refused(
    status: int, kind: type[DeepgramApiError], server: WebsocketServer, transport: AiohttpTransport
) -> None:
    """A refused handshake is the error of its status, with what the headers say; the key is nowhere in it."""
    with pytest.raises(kind) as caught:
        await transport.connect(dial(server, f"refuse?status={status}", Authorization=Secret(f"Token {KEY}")))

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.message, error.request_id) == (status, "said in the header", "the-request")
    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY not in "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


async def test_a_redirect_is_not_followed(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Where a handshake is redirected to is for the road to judge: not even the connection goes there."""
    with pytest.raises(DeepgramApiError) as caught:
        await transport.connect(dial(server, "redirect?to=/v1/echo"))

    assert (caught.value.status, caught.value.headers["location"]) == (302, "/v1/echo")
    assert len(server.heads) == 1


async def test_an_answer_that_is_no_websocket(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """A web page is not taken for a websocket, and says whose it was."""
    with pytest.raises(DeepgramUnknownApiError, match="not as a websocket does") as caught:
        await transport.connect(dial(server, "page"))

    assert (caught.value.status, caught.value.request_id) == (200, "the-request")


async def test_no_connection(transport: AiohttpTransport) -> None:
    """A port nobody listens on is ConnectFailed; a host that no name can be is the caller's own mistake."""
    with pytest.raises(ConnectFailed, match=r"No connection to 127\.0\.0\.1:9"):
        await transport.connect(Dial("ws://127.0.0.1:9/", {}, PATIENCE))
    with pytest.raises(DeepgramTypeError, match="no name"):
        await transport.connect(Dial(f"ws://{'a' * 70}.example/", {}, PATIENCE))


async def test_a_server_that_goes_before_it_answers(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """There is no websocket, and no error of aiohttp's."""
    with pytest.raises(ConnectFailed, match="broke"):
        await transport.connect(dial(server, "cut"))


@pytest.mark.parametrize("how", ["hang", "silent"])
async def test_a_handshake_that_takes_too_long(how: str, server: WebsocketServer, transport: AiohttpTransport) -> None:
    """The whole way to an open socket is bounded."""
    with silent_port() as port:
        url = f"{server.url}/v1/hang" if how == "hang" else f"ws://127.0.0.1:{port}/"
        with pytest.raises(Timeout) as caught:
            await transport.connect(Dial(url, {}, 0.1))

    assert caught.value.phase == "connect"
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1011, "NET-0001"), (1008, "DATA-0000"), (4001, "ä"), (1005, "")]
)
async def test_closed_by_the_other_side(
    code: int, reason: str, server: WebsocketServer, transport: AiohttpTransport
) -> None:
    """Its code and reason come out, after what was sent before, again and again; sending says so too."""
    socket = await transport.connect(dial(server, f"close?code={code}&reason={quote(reason)}"))

    assert text(await socket.receive()) == "first"
    assert end(await socket.receive()) == (code, reason)
    assert end(await socket.receive()) == (code, reason)
    await socket.close()
    with pytest.raises(DeepgramConnectionError, match=str(code)):
        await socket.send("late")
    with pytest.raises(DeepgramConnectionError):
        await socket.ping()
    if code != 1005:
        # Not on the loop: uvloop may write what is left a moment later.
        await anyio.to_thread.run_sync(until, lambda: server.ended == [code])


@pytest.mark.parametrize("how", ["drop", "leave"])
async def test_a_connection_that_breaks(how: str, server: WebsocketServer, transport: AiohttpTransport) -> None:
    """An end without a close frame is 1006, and what waits for an answer fails."""
    socket = await transport.connect(dial(server, how))
    assert text(await socket.receive()) == "first"

    pings: list[str] = []

    async def ping() -> None:
        with pytest.raises(DeepgramConnectionError):
            await socket.ping()
        pings.append("failed")

    async with anyio.create_task_group() as group:
        group.start_soon(ping)
        code, reason = await closed_by(socket)

    assert code == 1006
    assert "close frame" in reason
    assert pings == ["failed"]
    with pytest.raises(DeepgramConnectionError):
        await socket.send("late")
    await socket.close()


@pytest.mark.parametrize(
    ("garbage", "code"),
    [("c00000", 1002), ("830100", 1002), ("880100", 1002)],
    ids=["reserved bits", "an unknown kind", "half a code"],
)
async def test_what_is_no_websocket_frame(
    garbage: str, code: int, server: WebsocketServer, transport: AiohttpTransport
) -> None:
    """Bytes that break the protocol end the socket with 1002."""
    socket = await transport.connect(dial(server, f"garbage?bytes={garbage}"))

    assert (await closed_by(socket))[0] == code
    await socket.close()


async def test_pings_from_the_other_side(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """They are answered with what they carry, by whoever receives."""
    socket = await transport.connect(dial(server, "ping"))

    assert text(await socket.receive()) == "PONG are you there"
    await socket.close()


async def test_pings_from_here(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Several at once are all answered, while somebody receives; a cancelled one leaves nothing."""
    socket = await transport.connect(dial(server, "echo"))

    async with anyio.create_task_group() as group:
        group.start_soon(closed_by, socket)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await socket.ping()
        async with anyio.create_task_group() as pings:
            for _ in range(5):
                pings.start_soon(socket.ping)
        await socket.close()


async def test_a_cancelled_receive_loses_nothing(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """However often it is cancelled, each frame comes once and in order, and the end is still a polite one."""
    socket = await transport.connect(dial(server, "echo"))
    frames: list[int] = []

    async def send() -> None:
        for number in range(200):
            await socket.send(str(number))
            await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        while len(frames) < 200:
            task = asyncio.ensure_future(socket.receive())
            await anyio.sleep(0.0002)
            task.cancel()
            with suppress(asyncio.CancelledError):
                frames.append(int(text(await task)))
    with anyio.move_on_after(0.001):
        await socket.receive()
    await socket.close()

    assert frames == list(range(200))
    assert end(await socket.receive()) == (1000, "")


async def test_a_slow_peer(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Who sends to one that does not read waits, bounded, and all of it arrives in order when it reads again."""
    socket = await transport.connect(dial(server, "stall"))
    sent = 0

    async def send() -> None:
        nonlocal sent
        for number in range(400):
            await socket.send(number.to_bytes(4, "big") + bytes(60_000))
            sent += 1

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        before = -1
        while sent != before:
            before = sent
            await anyio.sleep(0.1)
        assert sent < 300
        server.go.set()
    await socket.close()

    assert [int.from_bytes(frame[:4], "big") for frame in server.arrived] == list(range(400))


async def test_senders_that_give_up(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Cancelled ones spoil nothing for the others: what is sent later arrives, in the order of the calls."""
    socket = await transport.connect(dial(server, "stall"))
    full = False
    sent = 0
    while not full:
        with anyio.move_on_after(0.2) as scope:
            await socket.send(b"x" * 60_000)
            sent += 1
        full = scope.cancelled_caught
    for _ in range(3):  # these wait before they write, so nothing of them goes out
        with anyio.move_on_after(0.01):
            await socket.send("never")

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(socket.send, str(number))
        await anyio.sleep(0.01)
        with anyio.move_on_after(0.01):
            await socket.send("never")
        server.go.set()
    await socket.close()

    tail = [frame for frame in server.arrived if isinstance(frame, str)]
    assert tail == [str(number) for number in range(20)]


async def test_pings_while_nothing_can_be_written(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """The reader does not wait for room: the last ping is answered when there is some."""
    socket: Any = await transport.connect(dial(server, "stall"))
    with anyio.move_on_after(0.2):
        while True:
            await socket.send(b"x" * 60_000)

    socket._answer(b"1")
    socket._answer(b"2")
    assert socket._owed == b"2"
    server.go.set()
    while socket._owed is not None:
        await anyio.sleep(0.001)
    await socket.close()


async def test_an_answer_to_a_ping_that_fills_the_buffer(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """A pong waits for room on its own, and one that cannot be written any more is no error."""
    socket: Any = await transport.connect(dial(server, "stall"))
    socket._websocket.pipe.set_write_buffer_limits(high=0)
    await socket._websocket.send_bytes(b"x" * 60_000)
    while socket._full is None:
        socket._answer(b"x" * 120)
    server.go.set()
    while socket._full is not None:
        await anyio.sleep(0.001)
    await socket.close()
    socket._answer(b"late")


async def test_senders_when_it_breaks(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """All who wait to send get an error when the connection is gone."""
    socket: Any = await transport.connect(dial(server, "stall"))
    failed: list[int] = []

    async def send(number: int) -> None:
        try:
            while True:
                await socket.send(b"x" * 60_000)
        except DeepgramConnectionError:
            failed.append(number)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(send, number)
        await anyio.sleep(0.1)
        socket._websocket.pipe.abort()

    assert sorted(failed) == list(range(5))
    assert (await closed_by(socket))[0] == 1006


async def test_closing_one_that_does_not_answer(
    server: WebsocketServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is bounded, cuts the connection, and whoever receives learns of it."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.1)
    socket = await transport.connect(dial(server, "deaf"))
    seen: list[tuple[int, str]] = []

    async def receive() -> None:
        seen.append(end(await socket.receive()))

    async with anyio.create_task_group() as group:
        group.start_soon(receive)
        await anyio.sleep(0.01)
        group.start_soon(socket.close)
        await socket.close(1001)

    assert seen == [(1006, "it was closed from here, and the other side did not answer")]
    with pytest.raises(DeepgramConnectionError, match="closed from here"):
        await socket.send("late")


async def test_closed_by_one_that_has_stopped_reading(
    server: WebsocketServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end comes at once, and no connection waits for ever to be flushed."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.1)
    socket: Any = await transport.connect(dial(server, "stall?close=1"))
    with anyio.move_on_after(0.2):
        while True:
            await socket.send(b"x" * 60_000)

    assert end(await socket.receive()) == (1011, "stalled")
    await socket.close()
    while socket._websocket.pipe.get_write_buffer_size():
        await anyio.sleep(0.01)


async def test_closing_while_somebody_receives(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """Our code goes out, the other side's answer is what the reader gets, and a second close is nothing."""
    socket = await transport.connect(dial(server, "echo"))

    async with anyio.create_task_group() as group:
        group.start_soon(closed_by, socket)
        await anyio.sleep(0.01)
        await socket.close(1001)
    await socket.close()

    assert end(await socket.receive()) == (1000, "")
    until(lambda: server.ended == [1001])


@pytest.mark.parametrize("how", ["scope", "task"])
async def test_cancelled_while_it_closes(
    how: str, server: WebsocketServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancelled scope still closes politely, a cancelled task at once; both leave nothing behind."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.2)
    socket: Any = await transport.connect(dial(server, "echo" if how == "scope" else "deaf"))
    before = others()
    if how == "scope":
        with anyio.CancelScope() as scope:
            scope.cancel()
            await socket.close()
        assert end(await socket.receive()) == (1000, "")
    else:
        task = asyncio.ensure_future(socket.close())
        await anyio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert end(await socket.receive())[0] == 1006

    await anyio.sleep(0)
    assert others() <= before


@pytest.mark.parametrize("path", ["hang", "echo"])
async def test_cancelled_while_it_connects(path: str, server: WebsocketServer, transport: AiohttpTransport) -> None:
    """At whatever moment, it leaves no task and no connection."""
    before = others()
    for wait in range(12):
        task = asyncio.ensure_future(transport.connect(dial(server, path)))
        for _ in range(wait):
            await anyio.sleep(0.0005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await (await task).close()
    await anyio.sleep(0.01)

    assert others() <= before
    gc.collect()  # an unclosed connection would complain, and a warning is an error


async def test_many_at_once(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """A hundred sockets keep their frames apart, and leave no task and no descriptor."""
    await (await transport.connect(dial(server, "echo"))).close()
    await anyio.sleep(0.05)
    files, tasks = open_files(), others()

    async def one(number: int) -> None:
        socket = await transport.connect(dial(server, "echo"))
        for count in range(10):
            await socket.send(f"{number} {count}")
            assert text(await socket.receive()) == f"{number} {count}"
        await socket.close()

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(one, number)
    await anyio.sleep(0.05)

    assert others() <= tasks
    until(lambda: open_files() <= files)


async def test_closing_the_transport_ends_its_sockets(server: WebsocketServer) -> None:
    """They break for whoever still has them."""
    transport = AiohttpTransport()
    socket = await transport.connect(dial(server, "echo"))

    await transport.aclose()

    assert end(await socket.receive())[0] == 1006
    await socket.close()


async def test_your_own_session(server: WebsocketServer) -> None:
    """Its connections, headers and traces are used; it learns nothing, and stays open."""
    seen: list[str] = []

    async def started(session: Any, context: Any, params: Any) -> None:
        seen.append(str(params.url))

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(started)
    async with aiohttp.ClientSession(headers={"X-Mine": "yes"}, trace_configs=[trace]) as session:
        transport = AiohttpTransport(session=session)
        socket = await transport.connect(dial(server, "echo"))
        with pytest.raises(DeepgramApiError):
            await transport.connect(dial(server, "redirect?to=/v1/echo"))
        await socket.send("hello")
        assert text(await socket.receive()) == "hello"
        await socket.close()
        await transport.aclose()

        assert not session.closed
        assert session.trace_configs == [trace]
    assert len(seen) == 2
    assert server.heads[0]["X-Mine"] == "yes"


async def test_a_proxy_that_is_not_there(server: WebsocketServer) -> None:
    """Sockets go by the proxy as requests do, and its password is in no error."""
    transport = AiohttpTransport(proxy=Secret("http://user:proxypassword@127.0.0.1:9"))

    with pytest.raises(ConnectFailed) as caught:
        await transport.connect(dial(server, "echo"))

    assert "proxypassword" not in "".join(traceback.format_exception(caught.value))
    assert not server.heads
    await transport.aclose()


async def test_the_key_is_in_no_log(
    server: WebsocketServer, transport: AiohttpTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """Not at the most talkative level, of any logger."""
    caplog.set_level(logging.DEBUG)
    socket = await transport.connect(dial(server, "close?code=1011&reason=x", Authorization=Secret(f"Token {KEY}")))
    assert await closed_by(socket) == (1011, "x")
    await socket.close()

    assert KEY not in caplog.text
    assert KEY not in repr(socket)


async def test_a_turn_that_comes_with_a_cancellation(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """It is passed on; and a wait for room that ends with the loop is an error of ours."""
    socket: Any = await transport.connect(dial(server, "stall"))
    with anyio.move_on_after(0.2):
        while True:
            await socket.send(b"x" * 60_000)
    first, second = asyncio.ensure_future(socket.send("never")), asyncio.ensure_future(socket.send("second"))
    await anyio.sleep(0)
    socket._next()
    first.cancel()
    await asyncio.wait({first, second})
    assert first.cancelled()

    third = asyncio.ensure_future(socket.send(b"x" * 3_000_000))
    while socket._full is None:
        await anyio.sleep(0)
    socket._full.cancel()
    with pytest.raises(DeepgramConnectionError, match="broke"):
        await third
    server.go.set()
    await socket.close()
    assert "never" not in server.arrived
    assert "second" in server.arrived


async def test_cancelled_receives_while_it_closes(
    server: WebsocketServer, transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not disturb the closing; nor do pongs that nobody asked for."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.2)
    socket: Any = await transport.connect(dial(server, "deaf"))
    socket._answered(b"unasked")
    receiving = asyncio.ensure_future(socket.receive())
    await anyio.sleep(0)
    closing = asyncio.ensure_future(socket.close())
    await anyio.sleep(0)
    await anyio.sleep(0)
    receiving.cancel()
    await asyncio.wait({receiving, closing})

    assert receiving.cancelled()
    assert end(await socket.receive())[0] == 1006


async def test_a_ping_that_is_answered_as_it_ends(server: WebsocketServer, transport: AiohttpTransport) -> None:
    """It was answered."""
    socket: Any = await transport.connect(dial(server, "deaf"))
    pinging = asyncio.ensure_future(socket.ping())
    await anyio.sleep(0)
    socket._answered(b"1")
    socket._websocket.pipe.abort()
    assert (await closed_by(socket))[0] == 1006
    await pinging
    await socket.close()
