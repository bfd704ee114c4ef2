"""Who may ask, what is asked, and what is remembered of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from dgasync.server import LocalServer
from dgasync.server.record import HEAD
from dgasync.server.replies import cut
from dgasync.testing import Ruler, local_server, ruler_wav

from .conftest import Caller

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("told", ["Token right", "Bearer right", "token right", "Token  right ", "Bearer also-right"])
async def test_right_key(session: aiohttp.ClientSession, told: str) -> None:
    """Each key the server knows opens it, in either scheme."""
    with local_server(api_keys=["right", "also-right"]) as server:
        await Caller(session, server.url).ok(ruler_wav(1), headers={"Authorization": told})


@pytest.mark.parametrize("told", ["Token wrong", "Basic right", "right", "", "Token"])
async def test_wrong_key(session: aiohttp.ClientSession, told: str) -> None:
    """Any other key, scheme, or nothing at all is a 401."""
    with local_server(api_keys=["right"]) as server:
        refusal = await Caller(session, server.url).refused(ruler_wav(1), headers={"Authorization": told})
        assert refusal == (401, "INVALID_AUTH", "Invalid credentials.")
        assert server.requests[-1].status == 401


async def test_no_keys(caller: Caller) -> None:
    """A server without keys takes any key, and none."""
    await caller.ok(ruler_wav(1))
    await caller.ok(ruler_wav(1), headers={"Authorization": "Token whatever"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/listen", 405), ("DELETE", "/v1/listen", 405), ("POST", "/v1/nothing", 404), ("GET", "/", 404)],
)
async def test_nothing_there(caller: Caller, method: str, path: str, status: int) -> None:
    """Other paths and methods are refused in JSON as well."""
    async with caller.session.request(method, caller.url + path) as answer:
        told = await answer.json()
        assert answer.status == status
        assert answer.headers["dg-error"] == told["err_msg"]
        assert (answer.headers.get("Allow") == "POST") == (status == 405)


@pytest.mark.parametrize("refused", [False, True])
async def test_expect(refused: bool) -> None:
    """Who asks whether the body may come is told so, or is refused before it comes."""
    body = ruler_wav(1)
    with local_server(max_body=100 if refused else 100_000) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"POST /v1/listen HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        first = await reader.readline()
        if not refused:
            assert first == b"HTTP/1.1 100 Continue\r\n"
            assert await reader.readline() == b"\r\n"
            writer.write(body)
            first = await reader.readline()
        assert first.split()[1] == (b"413" if refused else b"200")
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_errors_repeat_anything(caller: Caller) -> None:
    """An error that repeats what a client sent is told in one line of plain characters in the header, whole in JSON."""
    params = {"encoding": "a\r\nX-Y: z\0é"}
    async with caller.session.post(f"{caller.url}/v1/listen", params=params) as answer:
        assert answer.status == 400
        assert answer.headers["dg-error"] == "Unsupported audio format: a  X-Y: z??"
        assert (await answer.json())["err_msg"] == "Unsupported audio format: a\r\nX-Y: z\0é"


async def test_headers(caller: Caller) -> None:
    """An answer names its request and its model in headers too."""
    _, headers, answer = await caller.post(ruler_wav(1))
    assert headers["dg-request-id"] == answer["metadata"]["request_id"]
    assert headers["dg-model-name"] == "ruler"
    assert [headers["dg-model-uuid"]] == answer["metadata"]["models"]
    assert headers["Content-Type"] == "application/json; charset=utf-8" or headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large(session: aiohttp.ClientSession, announced: bool) -> None:
    """A body beyond the limit is refused, whether its length was announced or not."""
    audio = Ruler(5).audio()

    async def pieces() -> AsyncIterator[bytes]:
        yield audio

    with local_server(max_body=100_000) as server:
        body = audio if announced else pieces()
        assert (await Caller(session, server.url).refused(body, Ruler(0).params))[:2] == (413, "PAYLOAD_TOO_LARGE")
        assert not server.requests[0].complete


async def test_record(caller: Caller, deepgram_server: LocalServer) -> None:
    """What arrived can be looked at."""
    audio = Ruler(5).audio()
    params = [("tag", "a b"), ("tag", "c&d"), *Ruler(0).params.items()]
    await caller.ok(audio, params, headers={"Authorization": "Token k", "X-Own": "1"})
    (received,) = deepgram_server.requests
    assert (received.method, received.path, received.status) == ("POST", "/v1/listen", 200)
    assert received.query == params
    assert received.param("tag") == ["a b", "c&d"]
    assert received.raw_query.startswith("tag=a+b&tag=c%26d&")
    assert received.headers["authorization"] == "Token k"
    assert ("X-Own", "1") in received.raw_headers
    assert (received.size, received.complete) == (len(audio), True)
    assert received.sha256 == hashlib.sha256(audio).hexdigest()
    assert received.head == audio[:HEAD]
    assert received.fault is None


async def test_cut_too_late() -> None:
    """A connection that the client has ended already needs no cutting."""
    gone: Any = SimpleNamespace(transport=None)
    cut(gone)


async def test_record_of_json(caller: Caller, deepgram_server: LocalServer) -> None:
    """A JSON body can be read from the record."""
    await caller.refused(json={"url": "nowhere"})
    assert deepgram_server.requests[0].json() == {"url": "nowhere"}


async def test_record_is_bounded(session: aiohttp.ClientSession) -> None:
    """Only the last requests are remembered."""
    with local_server(keep_requests=2) as server:
        for number in range(3):
            await Caller(session, server.url).ok(ruler_wav(1), {"tag": str(number)})
        assert [received.param("tag") for received in server.requests] == [["1"], ["2"]]


async def test_two_user_agents(deepgram_server: LocalServer) -> None:
    """Two User-Agent headers, as old official clients send them, do no harm."""
    reader, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    body = ruler_wav(1)
    head = (
        "POST /v1/listen HTTP/1.1\r\nHost: x\r\nUser-Agent: one\r\nuser-agent: two\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    try:
        writer.write(head[:50])
        await writer.drain()
        await asyncio.sleep(0)
        writer.write(head[50:] + body[:1000])
        await writer.drain()
        writer.write(body[1000:])
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert deepgram_server.requests[0].headers["User-Agent"] == "one"
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("sent", [b"", b"POST /v1/li", b"x" * 70_000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
async def test_no_request(deepgram_server: LocalServer, sent: bytes) -> None:
    """A connection without a proper request harms nobody."""
    reader, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    writer.write(sent)
    if sent[:1] in (b"x", b"\x16"):  # TLS is told at once that nobody speaks it here.
        assert b" 400 " in await reader.readline()
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    async with aiohttp.ClientSession() as session:
        await Caller(session, deepgram_server.url).ok(ruler_wav(1))
