"""Websockets of products that are not modelled: over a scripted network, and over a real one."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from dgasync.api.road import USER_AGENT
from dgasync.client import AsyncDeepgramClient
from dgasync.errors import (
    ConnectFailed,
    DecodeError,
    DeepgramApiError,
    DeepgramApiKeyError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    PaymentRequired,
    RateLimited,
    ServerError,
    SessionEnded,
    StreamClosed,
    Timeout,
    Unauthorized,
)
from dgasync.limits import MAX_REDIRECTS
from dgasync.models.base import Headers
from dgasync.protocol.codec import refusal
from dgasync.transport.seam import Binary, Closed, Dial
from tests.fakes import FakeSocket, FakeTransport, reply
from tests.websockets import WebsocketServer, websocket_server

pytestmark = pytest.mark.anyio

KEY = "0123456789abcdef-secret"


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient(KEY, transport=transport, **settings), transport


def refused(status: int, **headers: str) -> DeepgramApiError:
    return refusal(status, None, Headers({name.replace("_", "-"): value for name, value in headers.items()}))


async def test_the_handshake() -> None:
    """It goes where the base URL points, with the key, the client's headers, the call's, and the query."""
    deepgram, transport = client(FakeSocket(), headers={"X-Team": "a"}, timeout=3)

    async with deepgram.socket(
        "v1/{what}/stream?a=1",
        path_params={"what": "new thing"},
        query={"b": True, "c": ["x", "y"], "d": None},
        addons={"e": 2},
        headers={"x-team": "b"},
        timeout=5,
    ) as socket:
        assert socket.request_id == "fake-request"

    dial = transport.dials[0]
    assert dial.url == "wss://api.deepgram.com/v1/new%20thing/stream?a=1&b=true&c=x&c=y&e=2"
    assert dict(dial.headers) == {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "x-team": "b",
        "Authorization": f"Token {KEY}",
    }
    assert KEY not in repr(dial.headers)
    assert dial.connect == 5
    assert repr(dial) == "<Dial wss://api.deepgram.com/v1/new%20thing/stream>"


async def test_frames() -> None:
    """Text arrives as `str`, however the network gives it, and binary as `bytes`; what is sent keeps its kind."""
    wire = FakeSocket(b"as bytes \xc3\xa4", "as text", Binary(b"\x00\x01"), Closed(1000))
    deepgram, _ = client(wire)

    async with deepgram.socket("v1/new") as socket:
        await socket.send("text")
        await socket.send(b"bytes")
        await socket.send(bytearray(b"array"))
        await socket.send(memoryview(b"view"))
        await socket.send_json({"type": "Configure", "ä": 1})
        with pytest.raises(DeepgramTypeError, match="bytes or text; got a dict"):
            await socket.send({})  # type: ignore[arg-type]
        with pytest.raises(DeepgramTypeError, match="JSON"):
            await socket.send_json(object())
        assert [frame async for frame in socket] == ["as bytes ä", "as text", b"\x00\x01"]

    assert wire.sent == ["text", b"bytes", b"array", b"view", '{"type":"Configure","ä":1}']
    assert wire.closed_with is None


async def test_text_that_is_none() -> None:
    """A text frame that is not UTF-8 is an error with its bytes, and the next one still comes."""
    deepgram, _ = client(FakeSocket(b"\xff", "next"))

    async with deepgram.socket("v1/new") as socket:
        with pytest.raises(DecodeError) as caught:
            await socket.receive()
        assert await socket.receive() == "next"

    assert (caught.value.payload, caught.value.request_id) == (b"\xff", "fake-request")
    assert "\\xff" not in "".join(traceback.format_exception(caught.value))


async def test_its_life() -> None:
    """It is opened once, tells how it stands, and after its end says so to all who still want something."""
    wire = FakeSocket()
    deepgram, _ = client(wire)
    socket = deepgram.socket("v1/new?secret=1")

    assert (socket.headers, socket.request_id, socket.close_code, socket.close_reason) == ({}, None, None, None)
    assert repr(socket) == "<AsyncSocket v1/new, not open>"
    for early in (socket.send, socket.send_json):
        with pytest.raises(DeepgramWebsocketError, match="not open"):
            await early("x")
    with pytest.raises(DeepgramWebsocketError, match="not open"):
        await socket.receive()
    async with socket:
        assert repr(socket) == "<AsyncSocket v1/new, open>"
        with pytest.raises(DeepgramWebsocketError, match="once"):
            await socket.open()
    assert wire.closed_with == 1000
    assert (socket.close_code, socket.close_reason) == (1000, "")
    assert repr(socket) == "<AsyncSocket v1/new, closed with 1000>"
    with pytest.raises(SessionEnded) as ended:
        await socket.send("late")
    assert ended.value.request_id == "fake-request"
    with pytest.raises(StreamClosed):
        await socket.receive()
    assert [frame async for frame in socket] == []
    await socket.close()


async def test_closed_before_it_was_opened() -> None:
    """Then nothing is ever sent."""
    deepgram, transport = client()
    socket = deepgram.socket("v1/new")

    await socket.close()

    with pytest.raises(DeepgramWebsocketError, match="once"):
        await socket.open()
    assert transport.dials == []


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_good_end(code: int) -> None:
    """Iteration ends; `receive`, which has nothing to give, raises."""
    deepgram, _ = client(FakeSocket("last", Closed(code, "done")))

    async with deepgram.socket("v1/new") as socket:
        assert [frame async for frame in socket] == ["last"]
        with pytest.raises(StreamClosed, match="done") as caught:
            await socket.receive()

    assert (caught.value.code, socket.close_code, socket.close_reason) == (code, code, "done")


@pytest.mark.parametrize("code", [1005, 1006, 1008, 1011, 4000])
async def test_a_bad_end(code: int) -> None:
    """Iteration and sending raise, with the code, the reason and the request id."""
    wire = FakeSocket("last", Closed(code, "why"))
    deepgram, _ = client(wire)

    async with deepgram.socket("v1/new") as socket:
        assert await socket.__anext__() == "last"
        with pytest.raises(StreamClosed, match="why") as caught:
            await socket.__anext__()
        with pytest.raises(StreamClosed) as sending:
            await socket.send("late")

    for error in (caught.value, sending.value):
        assert (error.code, error.reason, error.request_id) == (code, "why", "fake-request")


async def test_sending_where_it_broke() -> None:
    """What breaks while nobody receives is told by the next `send`."""
    wire = FakeSocket(Closed(1011, "NET-0001"))
    deepgram, _ = client(wire)

    async with deepgram.socket("v1/new") as socket:
        await wire.receive()
        with pytest.raises(StreamClosed, match="NET-0001") as caught:
            await socket.send("late")

    assert caught.value.code == 1006
    assert caught.value.__context__ is None


async def test_an_error_of_the_body_comes_out() -> None:
    """Untouched, and the socket is closed."""
    wire = FakeSocket()
    deepgram, _ = client(wire)

    with pytest.raises(ZeroDivisionError):
        async with deepgram.socket("v1/new"):
            _ = 1 / 0

    assert wire.closed_with == 1000


async def test_refusals_that_pass() -> None:
    """A handshake is tried again where that makes sense, as requests are; it costs nothing twice."""
    deepgram, transport = client(
        refused(503, dg_request_id="r"), Timeout("slow", "connect"), FakeSocket(), max_retries=2
    )

    async with deepgram.socket("v1/new"):
        pass

    assert len(transport.dials) == 3
    assert len(transport.clock.slept) == 2


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
async def test_refusals_that_stay(status: int) -> None:
    """What will be refused again is not tried again; the reason of the header is the message."""
    deepgram, transport = client(refused(status, dg_error="no", dg_request_id="r"))

    with pytest.raises(DeepgramApiError, match="no") as caught:
        async with deepgram.socket("v1/new"):
            raise AssertionError

    assert (caught.value.status, caught.value.request_id) == (status, "r")
    assert len(transport.dials) == 1


async def test_a_busy_service_is_left_in_peace() -> None:
    """A Retry-After of a handshake holds up the requests of the same key as well."""
    deepgram, transport = client(refused(429, retry_after="7"), reply(), max_retries=0)

    with pytest.raises(RateLimited) as caught:
        async with deepgram.socket("v1/new"):
            raise AssertionError
    await deepgram.request("GET", "v1/projects")

    assert caught.value.retry_after == 7
    assert sum(transport.clock.slept) == pytest.approx(7)


async def test_a_refused_token_is_minted_anew() -> None:
    """Once, as for requests."""
    tokens = iter(["old", "new"])
    transport = FakeTransport(refused(401), FakeSocket())
    deepgram = AsyncDeepgramClient(access_token=lambda: next(tokens), transport=transport)

    async with deepgram.socket("v1/new"):
        pass

    assert [dial.headers["Authorization"] for dial in transport.dials] == ["Bearer old", "Bearer new"]


async def test_no_key_and_keys_in_the_clear() -> None:
    """Nothing is dialled without a key, or with one over plain http beyond this machine."""
    transport = FakeTransport()
    for deepgram in (
        AsyncDeepgramClient(transport=transport),
        AsyncDeepgramClient(KEY, url="ws://example.com", transport=transport),
    ):
        with pytest.raises(DeepgramApiKeyError):
            async with deepgram.socket("v1/new"):
                raise AssertionError

    assert transport.dials == []


async def test_redirects() -> None:
    """They are followed, ws or http; to another origin without what is secret; not for ever, and not off TLS."""
    deepgram, transport = client(
        refused(302, location="/v2/new"),
        refused(307, location="wss://api.deepgram.com/v3/new"),
        refused(301, location="https://elsewhere.example/x"),
        FakeSocket(),
    )

    async with deepgram.socket("v1/new", headers={"Sec-WebSocket-Protocol": f"token, {KEY}", "X-A": "b"}):
        pass

    assert [dial.url for dial in transport.dials] == [
        "wss://api.deepgram.com/v1/new",
        "wss://api.deepgram.com/v2/new",
        "wss://api.deepgram.com/v3/new",
        "wss://elsewhere.example/x",
    ]
    assert ["Authorization" in dial.headers for dial in transport.dials] == [True, True, True, False]
    assert KEY not in str(transport.dials[3].headers)
    assert transport.dials[3].headers["X-A"] == "b"

    deepgram, transport = client(*[refused(302, location="/again")] * (MAX_REDIRECTS + 1))
    with pytest.raises(DeepgramApiError, match="redirects"):
        async with deepgram.socket("v1/new"):
            raise AssertionError
    deepgram, transport = client(refused(302, location="ws://api.deepgram.com/"))
    with pytest.raises(DeepgramApiError, match="TLS"):
        async with deepgram.socket("v1/new"):
            raise AssertionError
    assert len(transport.dials) == 1


async def test_a_socket_counts_as_in_flight() -> None:
    """With a bound, the next socket or request waits until one is closed; a failed handshake gives its place back."""
    sockets = [FakeSocket(), FakeSocket()]
    deepgram, transport = client(
        ConnectFailed("no"), *sockets, reply(), max_in_flight=1, max_retries=0, url="https://in-flight.example"
    )
    with pytest.raises(ConnectFailed):
        async with deepgram.socket("v1/none"):
            raise AssertionError

    async def request() -> None:
        await deepgram.request("GET", "v1/projects")

    async with anyio.create_task_group() as group, deepgram.socket("v1/one") as socket:
        await socket.send("x")
        group.start_soon(request)
        for _ in range(10):
            await anyio.sleep(0)
        assert not transport.requests
        transport.script.reverse()
        inner: Any = socket._socket
        await inner.ping()
        assert repr(inner) == repr(sockets[0])
    assert transport.requests
    async with deepgram.socket("v1/two") as two:
        sockets[1].feed("hello", Closed(1000))
        assert [frame async for frame in two] == ["hello"]


async def test_a_bound_that_comes_later() -> None:
    """A socket that was opened before there was a bound does not give back a place that it never had."""
    address = "https://later.example"
    free, transport = client(FakeSocket(), url=address)
    async with free.socket("v1/one"):
        bound, _ = client(url=address, max_in_flight=1)

    pace = bound._road._pace
    assert pace is free._road._pace
    assert await pace.enter(transport)
    assert pace._in_flight == 1
    pace.leave()


# ── over a real network ──


@pytest.fixture(scope="module")
def server() -> Iterator[WebsocketServer]:
    with websocket_server() as server:
        yield server


async def test_echo(server: WebsocketServer) -> None:
    """On each kind of loop, frames of both kinds come back in order, and the end is a clean one."""
    async with (
        AsyncDeepgramClient(KEY, url=server.url) as deepgram,
        deepgram.socket("v1/echo", query={"a": "b"}) as socket,
    ):
        for number in range(50):
            await socket.send(f"ä{number}" if number % 2 else bytes([number]))
        for number in range(50):
            assert await socket.receive() == (f"ä{number}" if number % 2 else bytes([number]))
        assert socket.request_id == "the-request"

    assert socket.close_code == 1000
    assert server.heads[-1]["Authorization"] == f"Token {KEY}"


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Unauthorized), (402, PaymentRequired), (429, RateLimited), (503, ServerError)]
)
async def test_refused(status: int, kind: type[DeepgramApiError], server: WebsocketServer) -> None:
    """The error of the status, with the headers' reason and without the key."""
    async with AsyncDeepgramClient(KEY, url=server.url, max_retries=0) as deepgram:
        with pytest.raises(kind, match="said in the header") as caught:
            async with deepgram.socket("v1/refuse", query={"status": status}):
                raise AssertionError

    assert caught.value.request_id == "the-request"
    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))


async def test_redirected(server: WebsocketServer) -> None:
    """A redirect of a real server is followed."""
    async with (
        AsyncDeepgramClient(KEY, url=server.url) as deepgram,
        deepgram.socket("v1/redirect", query={"to": "/v1/echo"}) as socket,
    ):
        await socket.send("hello")
        assert await socket.receive() == "hello"


async def test_ends(server: WebsocketServer) -> None:
    """The other side's code and reason, and a connection that breaks, come out on each kind of loop."""
    async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
        async with deepgram.socket("v1/close", query={"code": 1011, "reason": "NET-0001"}) as socket:
            assert await socket.receive() == "first"
            with pytest.raises(StreamClosed, match="1011 NET-0001"):
                await socket.receive()
        async with deepgram.socket("v1/leave") as socket:
            assert await socket.receive() == "first"
            with pytest.raises(StreamClosed, match="broke") as caught:
                await socket.receive()
        async with deepgram.socket("v1/close", query={"code": 1000}) as socket:
            assert [frame async for frame in socket] == ["first"]

    assert caught.value.code == 1006


async def test_many_at_once(server: WebsocketServer) -> None:
    """Sixty-four sockets of one client keep their frames apart."""
    async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:

        async def one(number: int) -> None:
            async with deepgram.socket("v1/echo") as socket:
                await socket.send(str(number))
                assert await socket.receive() == str(number)

        async with anyio.create_task_group() as group:
            for number in range(64):
                group.start_soon(one, number)


async def test_cancelled(server: WebsocketServer) -> None:
    """A cancelled body closes the socket politely."""
    count = len(server.ended)
    async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
        with anyio.CancelScope() as scope:
            async with deepgram.socket("v1/echo") as socket:
                scope.cancel()
                await socket.receive()
    with anyio.fail_after(10):
        while len(server.ended) == count:
            await anyio.sleep(0.005)

    assert server.ended[-1] == 1000


def test_dials_show_no_query() -> None:
    """The repr of a dial is fit for a log."""
    assert repr(Dial("ws://h/p?key=1", {}, None)) == "<Dial ws://h/p>"
