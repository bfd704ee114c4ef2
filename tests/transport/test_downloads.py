"""What is fetched from an address, on every loop, from a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import anyio
import pytest

from dgasync.config import DeepgramClientOptions, Secret, Timeouts
from dgasync.errors import ConnectFailed, DeepgramConnectionError, DeepgramTypeError, Timeout
from dgasync.limits import MAX_REDIRECTS
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.default import DefaultTransport, default
from dgasync.transport.loop import running, shutdown
from dgasync.transport.seam import Download, Request
from tests.radio import AUDIO, PATIENCE, Radio, radio_server, settled
from tests.websockets import silent_port

pytestmark = pytest.mark.anyio

USUAL = Timeouts(PATIENCE, None, PATIENCE)
QUICK = Timeouts(PATIENCE, None, 0.2)

# Behind them the loop thread is what runs aiohttp, or no loop does.
asyncio_only = pytest.mark.parametrize(
    "anyio_backend", [pytest.param(("asyncio", {"use_uvloop": each}), id=str(each)) for each in (False, True)]
)
trio_only = pytest.mark.parametrize("anyio_backend", [pytest.param(("trio", {}), id="trio")])


@pytest.fixture(scope="module")
def shared_radio() -> Iterator[Radio]:
    with radio_server() as radio:
        yield radio


@pytest.fixture
def radio(shared_radio: Radio) -> Radio:
    shared_radio.heads.clear()
    shared_radio.go.clear()
    return shared_radio


def tasks() -> list[str]:
    """What runs on this loop beside the test and its runner."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return [repr(each) for each in others if "TestRunner" not in repr(each)]


@pytest.fixture
async def transport(radio: Radio, anyio_backend: Any) -> AsyncIterator[DefaultTransport]:
    """A transport that must leave nothing behind, whatever a test does."""
    native = anyio_backend[0] != "trio"
    transport = default(DeepgramClientOptions("the-key"))
    yield transport
    await transport.aclose()
    await settled(lambda: radio.listeners == 0)
    if native:
        await settled(lambda: not tasks())
    else:
        await settled(lambda: not running().jobs and not asyncio.all_tasks(running().loop))


def asked(radio: Radio, path: str, timeouts: Timeouts = USUAL, **headers: str) -> Request:
    return Request("GET", f"{radio.url}/{path}", headers, timeouts)


async def whole(download: Download) -> bytes:
    """What it gives, to its end; then it is closed."""
    try:
        parts = []
        while part := await download.read():
            parts.append(part)
        assert await download.read() == b""
        return b"".join(parts)
    finally:
        await download.aclose()


async def test_a_file(radio: Radio, transport: DefaultTransport) -> None:
    """A file comes whole, byte for byte, with its status and its headers."""
    download = await transport.fetch(asked(radio, "file?size=1000000&type=audio/wav"))

    assert (download.status, download.headers["content-TYPE"]) == (200, "audio/wav")
    assert repr(download) == f"<_Download 200 {radio.url}/file>"
    assert await whole(download) == (bytes(range(256)) * 3907)[:1_000_000]


@pytest.mark.parametrize(
    ("path", "body"), [("chunked", b"abcdef"), ("packed", b"audio"), ("talk", AUDIO.audio()), ("file?size=0", b"")]
)
async def test_how_it_may_come(path: str, body: bytes, radio: Radio, transport: DefaultTransport) -> None:
    """In chunks, packed, or until the connection ends: the bytes are the same."""
    assert await whole(await transport.fetch(asked(radio, path))) == body


async def test_nothing_is_told_that_was_not_asked_for(radio: Radio, transport: DefaultTransport) -> None:
    """An address gets the headers of the request and those of the connection, and no others."""
    await whole(await transport.fetch(asked(radio, "file?a=b%2Fc", Accept="*/*", User_Agent="me")))

    line, *headers = radio.heads[0].rstrip().split("\r\n")
    assert line == "GET /file?a=b%2Fc HTTP/1.1"
    assert {each.partition(":")[0] for each in headers} == {"Host", "Accept", "User_Agent", "Accept-Encoding"}


async def test_a_user_name_in_the_address(radio: Radio, transport: DefaultTransport) -> None:
    """A user name and a password in the address go to its host, and to no other."""
    named = radio.url.replace("http://", "http://us%40er:pass@")
    other = f"http://localhost:{radio.url.rpartition(':')[2]}/file"
    for path in ("file", f"answer?status=302&to={other}", "answer?status=302&to=/file"):
        await whole(await transport.fetch(Request("GET", f"{named}/{path}", {}, USUAL)))

    assert ["Authorization: Basic dXNAZXI6cGFzcw==" in head for head in radio.heads] == [True, True, False, True, True]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect(status: int, radio: Radio, transport: DefaultTransport) -> None:
    """A redirect is followed, with the cookie that came with it, to what is there."""
    path = f"answer?status={status}&cookie=a%3Db&to=chunked"

    assert await whole(await transport.fetch(asked(radio, path, Accept="*/*"))) == b"abcdef"
    assert [head.split()[1] for head in radio.heads] == [f"/{path}", "/chunked"]
    assert all("Accept: */*" in head for head in radio.heads)


async def test_a_loop_of_redirects(radio: Radio, transport: DefaultTransport) -> None:
    """After MAX_REDIRECTS the last redirect is the answer."""
    download = await transport.fetch(asked(radio, "loop"))

    assert download.status == 302
    assert await whole(download) == b"no"
    assert len(radio.heads) == 1 + MAX_REDIRECTS


@pytest.mark.parametrize("status", [404, 503])
async def test_any_status(status: int, radio: Radio, transport: DefaultTransport) -> None:
    """An answer that says no is an answer."""
    download = await transport.fetch(asked(radio, f"answer?status={status}"))

    assert download.status == status
    assert await whole(download) == b"no"


# What goes wrong.


SECRET = "hush"  # no line that a traceback shows has this word


def secretly(url: str, timeouts: Timeouts = USUAL) -> Request:
    """For an address with a password and a token."""
    mark = "&" if "?" in url else "?"
    return Request("GET", f"{url.replace('//', f'//user:{SECRET}@', 1)}{mark}k={SECRET}", {}, timeouts)


def told(error: BaseException) -> str:
    """All that a traceback shows of it."""
    return "".join(traceback.format_exception(error)) + repr(error.__cause__)


def test_what_a_request_shows() -> None:
    """The repr of a request has neither the password nor the query of its address."""
    assert repr(secretly("http://host/talk")) == "<Request GET http://host/talk>"


async def test_nobody_there(transport: DefaultTransport) -> None:
    """An address where nobody listens is a connection that failed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectFailed, match=f"127.0.0.1:{port}") as caught:
        await transport.fetch(secretly(f"http://127.0.0.1:{port}/"))
    assert SECRET not in told(caught.value)


async def test_a_connection_that_takes_too_long(transport: DefaultTransport) -> None:
    """A server that says nothing where TLS should begin is a timeout of the connect."""
    with silent_port() as port, pytest.raises(Timeout, match=r"no connection to .*/talk for 0\.1 s") as caught:
        await transport.fetch(secretly(f"https://127.0.0.1:{port}/talk", Timeouts(0.1, None, PATIENCE)))
    assert caught.value.phase == "connect"
    assert SECRET not in told(caught.value)


async def test_a_host_that_is_none(radio: Radio, transport: DefaultTransport) -> None:
    """A host that no name can be is a mistake in the address."""
    with pytest.raises(DeepgramTypeError, match="host") as caught:
        await transport.fetch(secretly("http://a..b/"))
    assert SECRET not in told(caught.value)


@pytest.mark.parametrize("path", ["silent", "silent?some=HTTP/1.1%20200%20OK%0D%0A"])
async def test_a_head_that_does_not_come(path: str, radio: Radio, transport: DefaultTransport) -> None:
    """A server that does not answer, or stops in its head, is a timeout of the read."""
    with pytest.raises(Timeout, match=r"/silent sent nothing for 0\.2 s") as caught:
        await transport.fetch(secretly(f"{radio.url}/{path}", QUICK))
    assert caught.value.phase == "read"
    assert SECRET not in told(caught.value)


async def test_a_body_that_stops(radio: Radio, transport: DefaultTransport) -> None:
    """A stream that falls silent is a timeout of the read, behind what it gave."""
    download = await transport.fetch(secretly(f"{radio.url}/pause", QUICK))
    assert await download.read() == b"some"
    with pytest.raises(Timeout, match=r"/pause sent nothing for 0\.2 s") as caught:
        await download.read()
    await download.aclose()
    assert caught.value.phase == "read"
    assert SECRET not in told(caught.value)


@pytest.mark.parametrize("how", ["length", "chunked", "reset"])
async def test_a_body_that_breaks(how: str, radio: Radio, transport: DefaultTransport) -> None:
    """A connection that breaks in the middle is an error, also of a stream that only its end would end."""
    download = await transport.fetch(secretly(f"{radio.url}/cut?how={how}"))
    if how == "reset":
        assert len(await download.read()) == 500
        radio.go.set()
    with pytest.raises(DeepgramConnectionError, match=f"The connection to {radio.url}/cut broke") as caught:
        await whole(download)
    assert not isinstance(caught.value, (ConnectFailed, Timeout))
    assert SECRET not in told(caught.value)


@pytest.mark.parametrize(
    ("path", "why"), [("garbage", "it does not answer as HTTP does"), ("hang_up", "the other side hung up")]
)
async def test_an_answer_that_is_none(path: str, why: str, radio: Radio, transport: DefaultTransport) -> None:
    """A server that does not speak HTTP, or hangs up, is a connection that broke."""
    with pytest.raises(DeepgramConnectionError, match=f"/{path} broke: {why}") as caught:
        await transport.fetch(secretly(f"{radio.url}/{path}"))
    assert not isinstance(caught.value, (ConnectFailed, Timeout))
    assert SECRET not in told(caught.value)


# Closing, cancelling, waiting.


async def test_what_nobody_reads_waits_over_there(radio: Radio, transport: DefaultTransport) -> None:
    """Of an endless stream no more comes than is read, but for what the network and the bounded buffers hold."""
    download = await transport.fetch(asked(radio, "endless"))
    assert await download.read()

    before = -1
    with anyio.fail_after(PATIENCE):
        while radio.sent != before:  # it flows until all is full
            before = radio.sent
            await anyio.sleep(0.05)
    assert before < 32 * 1024 * 1024
    for _ in range(3):
        assert 0 < len(await download.read()) < 1024 * 1024
    await download.aclose()
    await settled(lambda: radio.listeners == 0)


@pytest.mark.parametrize("path", ["endless", "pause", "cut?how=reset", "file?size=5000000", "chunked"])
async def test_closed_before_its_end(path: str, radio: Radio, transport: DefaultTransport) -> None:
    """Closing lets go of the connection at once; it can be done again."""
    download = await transport.fetch(asked(radio, path))
    await download.read()
    await download.aclose()
    await download.aclose()
    radio.go.set()
    if path != "chunked":  # that is whole, and its connection waits for the next one
        await settled(lambda: radio.listeners == 0)


async def test_closed_before_it_is_read(radio: Radio, transport: DefaultTransport) -> None:
    """Nothing need be read of it."""
    download = await transport.fetch(asked(radio, "endless"))
    await download.aclose()
    await settled(lambda: radio.listeners == 0)


async def test_cancelled_before_the_head(radio: Radio, transport: DefaultTransport) -> None:
    """Whoever gives up waiting for an answer leaves no connection."""
    async with anyio.create_task_group() as group:
        group.start_soon(transport.fetch, asked(radio, "silent"))
        await settled(lambda: len(radio.heads) == 1)
        group.cancel_scope.cancel()
    await settled(lambda: radio.listeners == 0)


async def test_a_cancelled_read_loses_nothing(radio: Radio, transport: DefaultTransport) -> None:
    """Reading can be given up and taken up again."""
    download = await transport.fetch(asked(radio, "pause"))
    assert await download.read() == b"some"
    async with anyio.create_task_group() as group:
        group.start_soon(download.read)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    radio.go.set()

    assert await whole(download) == b"more"


async def test_closed_in_a_cancelled_scope(radio: Radio, transport: DefaultTransport) -> None:
    """Closing works for who is cancelled."""
    with anyio.CancelScope() as scope:
        download = await transport.fetch(asked(radio, "endless"))
        try:
            scope.cancel()
            await download.read()
            await anyio.sleep(0)
        finally:
            await download.aclose()
    await settled(lambda: radio.listeners == 0)


async def test_cancelled_anywhere(radio: Radio, transport: DefaultTransport) -> None:
    """Wherever a cancellation comes, nothing is left: see the end of the fixture."""

    async def listen() -> None:
        download = await transport.fetch(asked(radio, "answer?status=302&to=/endless"))
        try:
            while await download.read():
                pass
        finally:
            await download.aclose()

    for steps in range(40):
        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            await anyio.sleep(steps * 0.0002)
            group.cancel_scope.cancel()


@asyncio_only
async def test_cancelled_in_the_way_of_asyncio(radio: Radio, transport: DefaultTransport) -> None:
    """So it is with a task of asyncio."""

    async def listen() -> None:
        download = await transport.fetch(asked(radio, "pause"))
        try:
            while await download.read():
                pass
        finally:
            await download.aclose()

    for steps in range(20):
        task = asyncio.ensure_future(listen())
        for _ in range(steps * 2):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@trio_only
async def test_when_the_loop_thread_has_ended(radio: Radio, transport: DefaultTransport) -> None:
    """A download whose loop has ended can be closed all the same."""
    download = await transport.fetch(asked(radio, "endless"))
    shutdown()
    await download.aclose()
    await settled(lambda: radio.listeners == 0)


# The client's own settings.


async def test_the_proxy_of_the_client(radio: Radio) -> None:
    """The proxy of the client is asked, also for where an answer leads."""
    transport = default(DeepgramClientOptions("k", proxy=radio.url))
    assert await whole(await transport.fetch(Request("GET", "http://far.test/chunked", {}, USUAL))) == b"abcdef"
    path = "answer?status=302&to=http://further.test/chunked"
    assert await whole(await transport.fetch(Request("GET", f"http://far.test/{path}", {}, USUAL))) == b"abcdef"
    await transport.aclose()

    assert [head.split()[1].partition("?")[0] for head in radio.heads] == [
        "http://far.test/chunked",
        "http://far.test/answer",
        "http://further.test/chunked",
    ]


async def test_proxies_of_the_environment(radio: Radio, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `trust_env` the proxies of the environment count."""
    monkeypatch.setenv("http_proxy", radio.url)
    monkeypatch.setenv("no_proxy", "")
    transport = default(DeepgramClientOptions("k", trust_env=True))
    assert await whole(await transport.fetch(Request("GET", "http://far.test/chunked", {}, USUAL))) == b"abcdef"
    await transport.aclose()
    assert radio.heads[0].startswith("GET http://far.test/chunked ")


@asyncio_only
async def test_a_session_of_your_own(radio: Radio) -> None:
    """The user's own session gives its connections, and keeps its headers and cookies for the service."""
    connector = aiohttp.TCPConnector()
    headers = {"Authorization": "Token secret", "X-Secret": "secret"}
    async with aiohttp.ClientSession(connector=connector, headers=headers, cookies={"a": "secret"}) as session:
        transport = AiohttpTransport(session=session)
        assert await whole(await transport.fetch(asked(radio, "chunked"))) == b"abcdef"
        assert not session.closed
        assert not connector.closed
    assert "secret" not in radio.heads[0]


@asyncio_only
@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated", "ignore:The 'proxy_auth' parameter is deprecated")
@pytest.mark.skipif(not hasattr(aiohttp, "ClientWSTimeout"), reason="since aiohttp 3.11 a session has a proxy")
async def test_the_proxy_of_your_own_session(radio: Radio) -> None:
    """The user's own session has the user's own proxy."""
    login = aiohttp.BasicAuth("user", "pass")
    async with aiohttp.ClientSession(proxy=radio.url, proxy_auth=login) as session:
        transport = AiohttpTransport(session=session)
        await whole(await transport.fetch(Request("GET", "http://far.test/chunked", {}, USUAL)))
    assert radio.heads[0].startswith("GET http://far.test/chunked ")
    assert "Proxy-Authorization: Basic dXNlcjpwYXNz" in radio.heads[0]


async def test_a_proxy_that_is_not_there(transport: DefaultTransport) -> None:
    """A proxy's password is in no error."""
    proxied = AiohttpTransport(proxy=Secret(f"http://user:{SECRET}@127.0.0.1:9"))
    with pytest.raises(ConnectFailed) as caught:
        await DefaultTransport(proxied).fetch(Request("GET", "http://far.test/", {}, USUAL))
    await DefaultTransport(proxied).aclose()
    assert SECRET not in told(caught.value)
