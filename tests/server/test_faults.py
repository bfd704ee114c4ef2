"""Failing on purpose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from dgasync.server import Fault, Faults, LocalServer
from dgasync.testing import Ruler, local_server, ruler_wav

from .conftest import Caller, alternative

pytestmark = pytest.mark.anyio

BROKEN = (aiohttp.ClientError, ConnectionError)


async def test_status(caller: Caller, deepgram_server: LocalServer) -> None:
    """A status is served as often as asked, in order, after the body was read."""
    deepgram_server.fail(Fault.status(503), times=2)
    deepgram_server.fail(Fault.status(429, retry_after=7, retry_after_ms=6500, headers={"X-More": "y"}))
    assert [(await caller.refused(ruler_wav(1)))[0] for _ in range(2)] == [503, 503]
    status, headers, answer = await caller.post(ruler_wav(1))
    assert (status, answer["err_code"]) == (429, "TOO_MANY_REQUESTS")
    assert (headers["Retry-After"], headers["retry-after-ms"], headers["X-More"]) == ("7", "6500", "y")
    await caller.ok(ruler_wav(1))
    assert [received.fault for received in deepgram_server.requests] == ["status", "status", "status", None]
    assert [received.complete for received in deepgram_server.requests] == [True] * 4
    assert [received.status for received in deepgram_server.requests] == [503, 503, 429, 200]


async def test_unusual_status(caller: Caller, deepgram_server: LocalServer) -> None:
    """A status without words of its own is served as well; early means before the body."""
    deepgram_server.fail(Fault.status(418, early=True))
    assert (await caller.refused(ruler_wav(1)))[:2] == (418, "STATUS_418")
    assert not deepgram_server.requests[0].complete


async def test_refused_before_it_fails(session: aiohttp.ClientSession) -> None:
    """A body that is refused for its size is refused, whatever was to happen next."""
    with local_server(max_body=1000) as server:
        server.fail(Fault.status(503))
        assert (await Caller(session, server.url).refused(ruler_wav(1)))[0] == 413


async def test_for_ever(caller: Caller, deepgram_server: LocalServer) -> None:
    """A fault without number lasts until it is cleared."""
    deepgram_server.fail(Fault.status(500), times=None)
    for _ in range(3):
        assert (await caller.refused(ruler_wav(1)))[0] == 500
    deepgram_server.faults.clear()
    await caller.ok(ruler_wav(1))


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault.text(502, "<html>bad gateway</html>", "text/html"), 502, b"<html>bad gateway</html>"),
        (Fault.json(404, '"Not found"'), 404, b'"Not found"'),
        (Fault.json(200, "{}", {"x-y": "z"}), 200, b"{}"),
        (Fault.redirect("http://elsewhere/"), 307, b""),
        (Fault.garbage(), 200, b"\x80\x81garbage\xff{"),
    ],
)
async def test_bodies(
    session: aiohttp.ClientSession, deepgram_server: LocalServer, fault: Fault, status: int, body: bytes
) -> None:
    """Bodies that are not what a client hopes for come as they were given."""
    deepgram_server.fail(fault)
    async with session.post(f"{deepgram_server.url}/v1/listen", data=b"x", allow_redirects=False) as answer:
        assert (answer.status, await answer.read()) == (status, body)
        assert "dg-request-id" in answer.headers
        for name, value in fault.headers.items():
            assert answer.headers[name] == value


async def test_truncated(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """A truncated answer is a whole HTTP answer with half a JSON in it."""
    deepgram_server.fail(Fault.truncated())
    async with session.post(f"{deepgram_server.url}/v1/listen", data=ruler_wav(1)) as answer:
        body = await answer.read()
    assert body.startswith(b'{"metadata":')
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


@pytest.mark.parametrize("fault", [Fault.drop(), Fault.drop(0), Fault.drop(1000), Fault.reset(30)])
async def test_connection_cut(caller: Caller, deepgram_server: LocalServer, fault: Fault) -> None:
    """A connection is cut before, within or after the body, or within the answer."""
    deepgram_server.fail(fault)
    with pytest.raises(BROKEN):
        await caller.ok(ruler_wav(1))
    await caller.ok(ruler_wav(1))


async def test_drop_in_body(caller: Caller, deepgram_server: LocalServer) -> None:
    """A drop waits for as many bytes as it was told, and reads no further."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in Ruler(1000).chunks(100_000):
            yield piece

    deepgram_server.fail(Fault.drop(300_000))
    with pytest.raises(BROKEN):
        await caller.ok(pieces(), Ruler(0).params)
    (received,) = deepgram_server.requests
    assert 300_000 <= received.size < 3_000_000
    assert not received.complete


async def test_stall(session: aiohttp.ClientSession) -> None:
    """A stalled request gets no answer, and does not keep the server from closing."""
    with local_server() as server:
        server.fail(Fault.stall())
        task = asyncio.create_task(Caller(session, server.url).ok(ruler_wav(1)))
        while not (server.requests and server.requests[0].complete):
            await asyncio.sleep(0.005)
        await Caller(session, server.url).ok(ruler_wav(1))
        assert not task.done()
    with pytest.raises(BROKEN):
        await task


async def test_slow(caller: Caller, deepgram_server: LocalServer) -> None:
    """A slow answer, and one in pieces, is the true answer."""
    for fault in (Fault.slow(0.02), Fault.trickle(100, 0.001)):
        deepgram_server.fail(fault)
        assert alternative(await caller.ok(ruler_wav(1)))["transcript"] == "w0 w1"


def test_at_random() -> None:
    """A seed is a sequence of faults; the script comes first."""

    def sequence(seed: int) -> list[str | None]:
        faults = Faults()
        faults.at_random(seed, 0.5, [Fault.drop(), Fault.status(503)])
        taken = [faults.take() for _ in range(30)]
        return [fault and fault.kind for fault in taken]

    assert sequence(1) == sequence(1) != sequence(2)
    assert {None, "drop", "status"} == set(sequence(1))


async def test_random_server(caller: Caller, deepgram_server: LocalServer) -> None:
    """A server can be told to fail now and then, until it is reset."""
    deepgram_server.fail_at_random(3, 1.0, [Fault.status(503)])
    assert (await caller.refused(ruler_wav(1)))[0] == 503
    deepgram_server.reset()
    assert deepgram_server.requests == []
    await caller.ok(ruler_wav(1))
