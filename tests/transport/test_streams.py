"""The service's own answers, read while they come: on every loop, from a real server on loopback."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient
from dgasync.config import DeepgramClientOptions, Timeouts
from dgasync.errors import (
    ConnectFailed,
    DeepgramApiError,
    DeepgramConnectionError,
    DeepgramUnknownApiError,
    ServerError,
    Timeout,
)
from dgasync.transport.aiohttp import AiohttpTransport, _parents
from dgasync.transport.default import DefaultTransport, default
from dgasync.transport.loop import running
from dgasync.transport.seam import Request
from tests.radio import PATIENCE, Radio, radio_server, settled
from tests.transport.test_downloads import asyncio_only, tasks, whole

pytestmark = pytest.mark.anyio

KEY = "hush-hush-key"
BODY = b'{"text":"Hello."}'


@pytest.fixture(scope="module")
def shared_radio() -> Iterator[Radio]:
    with radio_server() as radio:
        yield radio


@pytest.fixture
def radio(shared_radio: Radio) -> Radio:
    shared_radio.heads.clear()
    shared_radio.bodies.clear()
    shared_radio.go.clear()
    return shared_radio


@pytest.fixture
async def transport(radio: Radio, anyio_backend: Any) -> AsyncIterator[DefaultTransport]:
    """A transport that must leave nothing behind, whatever a test does."""
    transport = default(DeepgramClientOptions(KEY))
    yield transport
    await transport.aclose()
    await settled(lambda: radio.listeners == 0)
    if anyio_backend[0] != "trio":
        await settled(lambda: not tasks())
    else:
        await settled(lambda: not running().jobs and not asyncio.all_tasks(running().loop))


@pytest.fixture
async def deepgram(radio: Radio, transport: DefaultTransport) -> AsyncIterator[AsyncDeepgramClient]:
    """A client whose service is the radio: `endpoint` says what it answers."""
    async with AsyncDeepgramClient(KEY, url=radio.url, transport=transport, timeout=PATIENCE) as deepgram:
        yield deepgram


def posted(radio: Radio, path: str, read: float = PATIENCE) -> Request:
    return Request("POST", f"{radio.url}/{path}", {"Authorization": KEY}, Timeouts(PATIENCE, None, read), BODY)


@pytest.mark.parametrize(
    ("path", "body"), [("chunked", b"abcdef"), ("packed", b"audio"), ("file?size=300000", None), ("file?size=0", b"")]
)
async def test_how_it_may_come(path: str, body: bytes | None, radio: Radio, transport: DefaultTransport) -> None:
    """The body goes out whole; the answer comes in chunks, packed, or of a known length."""
    download = await transport.stream(posted(radio, path))

    assert await whole(download) == ((bytes(range(256)) * 1172)[:300_000] if body is None else body)
    assert radio.heads[0].startswith(f"POST /{path} HTTP/1.1")
    assert radio.bodies == [BODY]


async def test_what_was_read_to_its_end_gives_its_connection_back(radio: Radio, transport: DefaultTransport) -> None:
    """The next request goes by the same connection."""
    for _ in range(3):
        await whole(await transport.stream(posted(radio, "chunked")))

    assert radio.listeners == 1


@pytest.mark.parametrize("status", [302, 307, 404, 503])
async def test_any_status(status: int, radio: Radio, transport: DefaultTransport) -> None:
    """An answer that says no, or leads elsewhere, is the answer: redirects are the road's business."""
    download = await transport.stream(posted(radio, f"answer?status={status}&to=/chunked"))

    assert (download.status, await whole(download)) == (status, b"no")
    assert len(radio.heads) == 1


async def test_a_slow_trickle(radio: Radio, transport: DefaultTransport) -> None:
    """What has come is given before the rest has."""
    download = await transport.stream(posted(radio, "pause"))
    assert await download.read() == b"some"
    radio.go.set()
    assert await whole(download) == b"more"


async def test_what_nobody_reads_waits_over_there(radio: Radio, transport: DefaultTransport) -> None:
    """Of an endless answer no more comes than is read, but for what the network and the bounded buffers hold."""
    download = await transport.stream(posted(radio, "endless"))
    assert await download.read()

    before = -1
    with anyio.fail_after(PATIENCE):
        while radio.sent != before:  # it flows until all is full
            before = radio.sent
            await anyio.sleep(0.05)
    assert before < 32 * 1024 * 1024
    await download.aclose()
    await settled(lambda: radio.listeners == 0)


# What goes wrong.


def told(error: BaseException) -> str:
    """All that a traceback shows of it."""
    return "".join(traceback.format_exception(error)) + repr(error.__cause__)


@pytest.mark.parametrize("how", ["length", "chunked", "reset"])
async def test_a_body_that_breaks(how: str, radio: Radio, transport: DefaultTransport) -> None:
    """A connection that breaks in the middle is an error, also of an answer that only its end would end."""
    download = await transport.stream(posted(radio, f"cut?how={how}"))
    if how == "reset":
        assert len(await download.read()) == 500
        radio.go.set()
    with pytest.raises(DeepgramConnectionError, match="broke in the middle of its answer: ") as caught:
        await whole(download)
    assert not isinstance(caught.value, (ConnectFailed, Timeout))
    assert KEY not in told(caught.value)


async def test_a_body_that_stops(radio: Radio, transport: DefaultTransport) -> None:
    """An answer that falls silent is a timeout of the read, behind what it gave."""
    download = await transport.stream(posted(radio, "pause", read=0.2))
    assert await download.read() == b"some"
    with pytest.raises(Timeout, match=r"fell silent in the middle of its answer for 0\.2 s") as caught:
        await download.read()
    await download.aclose()
    assert caught.value.phase == "read"


@pytest.mark.parametrize(("path", "error"), [("silent", Timeout), ("hang_up", DeepgramConnectionError)])
async def test_no_answer(path: str, error: type[Exception], radio: Radio, transport: DefaultTransport) -> None:
    """A service that says nothing, or hangs up, is told as for any request."""
    with pytest.raises(error) as caught:
        await transport.stream(posted(radio, path, read=0.2))
    assert KEY not in told(caught.value)


async def test_nobody_there(transport: DefaultTransport) -> None:
    """Where nobody listens the connection has failed, and no byte can have arrived."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectFailed):
        await transport.stream(Request("POST", f"http://127.0.0.1:{port}/", {}, Timeouts(), BODY))


# Closing, cancelling, forgetting.


async def test_closed_in_the_middle(radio: Radio, transport: DefaultTransport) -> None:
    """Closing lets go of the connection at once; it can be done again."""
    download = await transport.stream(posted(radio, "endless"))
    await download.read()
    await download.aclose()
    await download.aclose()
    await settled(lambda: radio.listeners == 0)


async def test_forgotten_in_the_middle(radio: Radio, transport: DefaultTransport) -> None:
    """An answer that nobody holds any more lets go of its connection."""
    download = await transport.stream(posted(radio, "endless"))
    await download.read()
    del download
    gc.collect()
    await settled(lambda: radio.listeners == 0)


@asyncio_only
async def test_forgotten_in_a_forked_child(radio: Radio, transport: DefaultTransport) -> None:
    """There the connection is the parent's, and what is collected leaves it alone."""
    download: Any = await transport.stream(posted(radio, "pause"))
    download._process -= 1
    del download
    gc.collect()
    await anyio.sleep(0.05)

    assert radio.listeners == 1
    kept: Any = _parents.pop()
    kept.close()


async def test_cancelled_anywhere(radio: Radio, deepgram: AsyncDeepgramClient) -> None:
    """Wherever a cancellation comes, nothing is left: see the end of the fixture."""

    async def speak() -> None:
        async with deepgram.synthesize("Hello.", endpoint="endless") as speech:
            async for _ in speech:
                pass

    for steps in range(40):
        async with anyio.create_task_group() as group:
            group.start_soon(speak)
            await anyio.sleep(steps * 0.0002)
            group.cancel_scope.cancel()


@asyncio_only
async def test_cancelled_in_the_way_of_asyncio(radio: Radio, deepgram: AsyncDeepgramClient) -> None:
    """So it is with a task of asyncio."""

    async def speak() -> None:
        async with deepgram.synthesize("Hello.", endpoint="pause") as speech:
            await speech.read()

    for steps in range(20):
        task = asyncio.ensure_future(speak())
        for _ in range(steps * 2):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@asyncio_only
async def test_a_session_of_your_own(radio: Radio) -> None:
    """The user's own session is used, with its headers and its connections."""
    async with aiohttp.ClientSession(headers={"X-Mine": "1"}) as session:
        transport = AiohttpTransport(session=session)
        assert await whole(await transport.stream(posted(radio, "chunked"))) == b"abcdef"
        assert not session.closed
    assert "X-Mine: 1" in radio.heads[0]


# With the road above it.


async def test_speech(radio: Radio, deepgram: AsyncDeepgramClient, tmp_path: Path) -> None:
    """A speech comes over a real connection: in chunks, whole, and into a file."""
    async with deepgram.synthesize("Hello.", endpoint="pause") as speech:
        assert await anext(speech) == b"some"
        radio.go.set()
        assert await anext(speech) == b"more"
        with pytest.raises(StopAsyncIteration):
            await anext(speech)
    path = tmp_path / "hello.wav"
    await deepgram.synthesize("Hello.", endpoint="file", addons={"size": 300_000, "type": "audio/wav"}).save(path)

    assert path.stat().st_size == 300_000
    assert [json.loads(body) for body in radio.bodies] == [{"text": "Hello."}] * 2
    assert f"Authorization: Token {KEY}" in radio.heads[0]


async def test_a_cut_speech_leaves_no_file(radio: Radio, deepgram: AsyncDeepgramClient, tmp_path: Path) -> None:
    """An answer that is cut in the middle is an error, not a shorter file."""
    speech = deepgram.synthesize("Hello.", endpoint="cut", addons={"how": "length"}, max_retries=0)
    with pytest.raises(DeepgramConnectionError, match="middle"):
        await speech.save(tmp_path / "hello.wav")

    assert list(tmp_path.iterdir()) == []


async def test_redirects(radio: Radio, deepgram: AsyncDeepgramClient) -> None:
    """A redirect that keeps the request is followed, without the key where another host is; others are refused."""
    other = f"http://localhost:{radio.url.rpartition(':')[2]}/chunked"
    for to in ("/chunked", other):
        speech = deepgram.synthesize("Hello.", endpoint="answer", addons={"status": 307, "to": to})
        assert await speech.read() == b"abcdef"
    with pytest.raises(DeepgramApiError, match="redirects"):
        await deepgram.synthesize("Hello.", endpoint="answer", addons={"status": 302, "to": "/chunked"}).read()

    assert [KEY in head for head in radio.heads] == [True, True, True, False, True]
    assert [json.loads(body) for body in radio.bodies] == [{"text": "Hello."}] * 5


@pytest.mark.parametrize(("status", "error"), [(418, DeepgramUnknownApiError), (500, ServerError)])
async def test_refusals(
    status: int, error: type[DeepgramApiError], radio: Radio, deepgram: AsyncDeepgramClient
) -> None:
    """An answer that says no is typed, and its connection serves the next request."""
    for _ in range(2):
        with pytest.raises(error, match="no") as caught:
            await deepgram.synthesize("Hello.", endpoint="answer", addons={"status": status}, max_retries=0).open()
        assert caught.value.status == status


@asyncio_only
async def test_no_await(radio: Radio) -> None:
    """The sync twin takes the same chunks, also where a loop runs already."""
    with DeepgramClient(KEY, url=radio.url) as deepgram:
        with deepgram.synthesize("Hello.", endpoint="pause") as speech:
            assert next(speech) == b"some"
            radio.go.set()
            assert list(speech) == [b"more"]
        forgotten = deepgram.speak.v("1").stream_raw({"text": "Hello."}, endpoint="endless")
        assert next(forgotten.iter_bytes(1000)) == bytes(1000)
        del forgotten
        gc.collect()
        with anyio.fail_after(PATIENCE):
            while radio.listeners > 1:  # that of the first speech ended by itself, or is kept
                await anyio.sleep(0.002)
    await settled(lambda: radio.listeners == 0)
