"""aiohttp behind the seam, against servers that do what a test says."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import ref

import aiohttp
import anyio
import pytest

from dgasync.config import DeepgramClientOptions, Secret, Timeouts
from dgasync.errors import (
    ConnectFailed,
    DecodeError,
    DeepgramConnectionError,
    DeepgramTypeError,
    Timeout,
)
from dgasync.limits import BODY_CHUNK
from dgasync.transport import aiohttp as module
from dgasync.transport.aiohttp import AiohttpTransport, AsyncioClock
from dgasync.transport.default import default
from dgasync.transport.seam import CALLER, Request
from tests.fakes import Chunks
from tests.quiet import quiet_old_aiohttp

pytestmark = pytest.mark.anyio

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
USUAL = Timeouts(5, 5, 5)
QUICK = Timeouts(0.05, 0.05, 0.05)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok"


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """aiohttp runs on asyncio only; trio reaches it over the bridge."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """A server whose every connection is `handler`'s, and its URL."""

    async def contained(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(contained, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def head(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


def answering(answer: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            text = await head(reader)
            lengths = [line for line in text.lower().split("\r\n") if line.startswith("content-length:")]
            if lengths:
                await reader.readexactly(int(lengths[0].split(":")[1]))
            writer.write(answer)
            await writer.drain()

    return handler


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    quiet_old_aiohttp()
    transport = AiohttpTransport()
    yield transport
    await transport.aclose()
    await asyncio.sleep(0)


def request(url: str, body: Any = None, timeouts: Timeouts = USUAL, **headers: str) -> Request:
    return Request("GET" if body is None else "POST", url, headers, timeouts, body)


async def test_the_head_is_ours(transport: AiohttpTransport) -> None:
    """Nothing is added to the headers but what the connection needs, and the URL goes out as it is."""
    heads: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head(reader))
        writer.write(OK)

    async with served(handler) as url:
        reply = await transport.request(request(f"{url}/a%2Fb?c=d+e%20f", b"body", Authorization="Token k"))

    lines = heads[0].split("\r\n")
    assert lines[0] == "POST /a%2Fb?c=d+e%20f HTTP/1.1"
    names = {line.partition(":")[0] for line in lines[1:] if line}
    assert names == {"Host", "Authorization", "Accept-Encoding", "Content-Length"}
    assert (reply.status, reply.body, reply.headers["x-a"]) == (200, b"ok", "b")
    assert repr(reply) == "<Reply 200, 2 bytes>"
    assert repr(request("http://h/p?key=1")) == "<Request GET http://h/p>"


async def test_connections_are_used_again(transport: AiohttpTransport) -> None:
    """One request after another goes over one connection."""
    connections = 0
    answer = answering(OK)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answer(reader, writer)

    async with served(handler) as url:
        for body in (None, b"x", Chunks([b"xy", b"z"], 3), b"x" * (BODY_CHUNK + 1)):
            await transport.request(request(url, body))

    assert connections == 1


@pytest.mark.parametrize("size", [None, 6])
async def test_an_upload_is_whole(transport: AiohttpTransport, size: int | None) -> None:
    """A stream arrives whole: with its length where that is known, in chunks where it is not."""
    seen: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        text = (await head(reader)).lower()
        assert ("content-length: 6" in text) is (size == 6)
        assert ("transfer-encoding: chunked" in text) is (size is None)
        seen.append(await reader.readexactly(6) if size else await reader.readuntil(b"0\r\n\r\n"))
        writer.write(OK)

    body = Chunks([b"abc", b"def"], size)
    async with served(handler) as url:
        await transport.request(request(url, body))

    assert seen == [b"abcdef" if size else b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"]
    assert body.closed


async def test_nobody_listens(transport: AiohttpTransport) -> None:
    """Where nothing listens the error says so, names host and port, and has the system's own error as its cause."""
    async with served(answering(OK)) as url:
        pass

    for body in (None, Chunks([b"x"])):
        with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1:\d+") as caught:
            await transport.request(request(url, body))
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert isinstance(body, Chunks)


async def test_a_host_that_is_none(transport: AiohttpTransport) -> None:
    """A host that cannot be one is the caller's mistake."""
    for url in ("http://a..b/", "http://" + "a" * 70 + ".test/"):
        with pytest.raises(DeepgramTypeError, match="URL"):
            await transport.request(request(url))


async def test_a_name_that_does_not_resolve(transport: AiohttpTransport) -> None:
    """A host without an address is a connection that failed."""
    with pytest.raises(ConnectFailed):
        await transport.request(request("http://no-such-host.invalid/"))


async def test_tls_that_is_none(transport: AiohttpTransport) -> None:
    """A server that does not speak TLS is a connection that failed."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Speak plainly\r\n\r\n")

    async with served(handler) as url:
        with pytest.raises(ConnectFailed):
            await transport.request(request(url.replace("http:", "https:")))


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"HTTP/1.1 2", b"nonsense\r\n\r\n"],
    ids=["nothing", "cut off", "half a head", "no HTTP"],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_that_breaks_off(transport: AiohttpTransport, answer: bytes, streamed: bool) -> None:
    """A connection that breaks before the answer is whole is an error of ours, whatever broke."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await reader.readexactly(1)
        writer.write(answer)
        await writer.drain()

    async with served(handler) as url:
        with pytest.raises(DeepgramConnectionError) as caught:
            await transport.request(request(url, Chunks([b"x"], 1) if streamed else b"x"))
    assert not isinstance(caught.value, (ConnectFailed, Timeout))


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_that_does_not_come(transport: AiohttpTransport, streamed: bool) -> None:
    """A silent service is a timeout of the read, once the upload is done."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with served(handler) as url:
        with pytest.raises(Timeout, match=r"0\.05 s") as caught:
            await transport.request(request(url, Chunks([b"x"], 1) if streamed else b"x", QUICK))
    assert caught.value.phase == "read"


async def test_an_upload_that_nobody_takes(transport: AiohttpTransport) -> None:
    """A service that stops reading is a timeout of the write."""
    never = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await never.wait()

    async with served(handler) as url:
        with pytest.raises(Timeout) as caught:
            await transport.request(request(url, b"x" * 30_000_000, Timeouts(5, 0.05, 5)))
        assert caught.value.phase == "write"
        never.set()


async def test_a_source_may_be_slow(transport: AiohttpTransport) -> None:
    """How long the caller's own source takes is nobody's timeout."""

    class Slow:
        size = None

        async def chunks(self) -> AsyncIterator[bytes]:
            for _ in range(3):
                await asyncio.sleep(0.06)
                yield b"x"

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)

    async with served(handler) as url:
        reply = await transport.request(request(url, Slow(), QUICK))
    assert reply.body == b"ok"


async def test_no_limit_means_none(transport: AiohttpTransport) -> None:
    """With None for each timeout an upload is waited for."""
    async with served(answering(OK)) as url:
        reply = await transport.request(request(url, Chunks([b"x"], 1), Timeouts(None, None, None)))
    assert reply.status == 200


@pytest.mark.parametrize("at", [0, 1])
async def test_a_source_that_raises(transport: AiohttpTransport, at: int) -> None:
    """What the caller's source raises comes out as it is, and breaks the upload off."""
    ends: list[bytes] = []

    class Broken:
        size = None

        async def chunks(self) -> AsyncIterator[bytes]:
            if at:
                yield b"first"
            raise LookupError("source")

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(await reader.read(-1))

    async with served(handler) as url:
        with pytest.raises(LookupError, match="source"):
            await transport.request(request(url, Broken()))
        await asyncio.sleep(0.01)
    assert not any(each.endswith(b"0\r\n\r\n") for each in ends)


async def test_an_early_no(transport: AiohttpTransport) -> None:
    """A service that refuses before it heard all is heard, and the rest of the upload is spared."""
    sent = 0

    class Endless:
        size = None

        async def chunks(self) -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1
                yield b"x" * 1000
                await asyncio.sleep(0.001)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        while await reader.read(65536):
            pass

    async with served(handler) as url:
        with anyio.fail_after(5):
            reply = await transport.request(request(url, Endless()))
        assert (reply.status, reply.body) == (413, b"no")
        before = sent
        await asyncio.sleep(0.02)
        assert sent == before


async def test_cancelling_an_upload(transport: AiohttpTransport) -> None:
    """A cancelled upload closes its source and its connection, and leaves no task."""
    tasks = asyncio.all_tasks()
    started = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        started.set()
        await reader.read(-1)

    class Endless:
        size = None
        closed = False

        async def chunks(self) -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x"
                    await asyncio.sleep(0.001)
            finally:
                self.closed = True

    body = Endless()
    async with served(handler) as url:
        sending = asyncio.ensure_future(transport.request(request(url, body)))
        await started.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.sleep(0.02)
        assert body.closed
        assert asyncio.all_tasks() <= tasks


@pytest.mark.parametrize("how", ["request", "stream"])
@pytest.mark.parametrize(("what", "kind"), [("NoneType", DeepgramConnectionError), ("int", AttributeError)])
async def test_a_connection_that_is_gone(
    how: str, what: str, kind: type[Exception], transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp stumbles over its own None then: that is a lost connection; anything else of the kind is a mistake."""

    async def stumbling(response: aiohttp.ClientResponse, connection: object) -> None:
        raise AttributeError(f"'{what}' object has no attribute 'read'")

    monkeypatch.setattr(aiohttp.ClientResponse, "start", stumbling)
    async with served(answering(OK)) as url:
        with pytest.raises(kind) as caught:
            await getattr(transport, how)(request(url))
        assert caught.value.__context__ is None


async def test_an_answer_in_many_parts(transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long answer is put together, packed ones are unpacked, and one that is too long is not read to its end."""
    packed = gzip.compress(b"z" * 100_000)
    compressed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"y" * 300_000

    for answer, body in ((chunked, b"abcdef"), (compressed, b"z" * 100_000), (long, b"y" * 300_000)):
        async with served(answering(answer)) as url:
            assert (await transport.request(request(url))).body == body

    monkeypatch.setattr(module, "MAX_ANSWER", 200_000)
    async with served(answering(long)) as url:
        with pytest.raises(DecodeError, match="longer"):
            await transport.request(request(url))


# aiohttp up to 3.9 takes each transport of uvloop for one with TLS.
@pytest.mark.filterwarnings("ignore:An HTTPS request is being sent through an HTTPS proxy:RuntimeWarning")
async def test_a_proxy(transport: AiohttpTransport) -> None:
    """Requests go through the proxy; its password is in no error, whatever the proxy does."""
    seen: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK if seen[-1].startswith("GET http://") else b"HTTP/1.1 407 Denied\r\n\r\n")
        await writer.drain()

    async with served(handler) as url:
        address = url.replace("http://", "http://user:pass-word@")
        proxied = AiohttpTransport(proxy=Secret(address))
        assert (await proxied.request(request("http://deepgram.test/x"))).body == b"ok"
        assert seen[0].startswith("GET http://deepgram.test/x HTTP/1.1")
        with pytest.raises(ConnectFailed, match="407") as refused:
            await proxied.request(request("https://deepgram.test/x"))
        await proxied.aclose()
    gone = AiohttpTransport(proxy=Secret(address))
    with pytest.raises(ConnectFailed) as failed:
        await gone.request(request("http://deepgram.test/x"))
    await gone.aclose()

    for error in (refused.value, failed.value):
        assert "pass-word" not in "".join(traceback.format_exception(error)) + repr(error.__cause__)


async def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With `trust_env` the environment's proxies count, but for the hosts it names, and ~/.netrc replaces no key."""
    seen: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    (tmp_path / ".netrc").write_text("machine deepgram.test login user password other")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with served(handler) as url:
        monkeypatch.setenv("http_proxy", url)
        trusting, plain = AiohttpTransport(trust_env=True), AiohttpTransport()
        await trusting.request(request("http://deepgram.test/x", Authorization="Token key"))
        await trusting.request(request(f"{url}/direct"))
        await plain.request(request(f"{url}/plain"))
        await trusting.aclose()
        await plain.aclose()

    assert [each.split()[1] for each in seen] == ["http://deepgram.test/x", "/direct", "/plain"]
    assert "Authorization: Token key" in seen[0]


async def test_a_session_of_your_own() -> None:
    """The user's own session is used and never closed; one that is closed, or of another loop, is refused."""
    async with served(answering(OK)) as url:
        session = aiohttp.ClientSession()
        transport = AiohttpTransport(session=session)
        assert (await transport.request(request(url))).status == 200
        await transport.aclose()
        assert not session.closed
        with pytest.raises(DeepgramTypeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, transport.request(request(url)))
        await session.close()
        with pytest.raises(DeepgramTypeError, match="closed"):
            await transport.request(request(url))


async def test_a_closed_transport_opens_again(transport: AiohttpTransport) -> None:
    """Closing closes the connections; the next request opens new ones."""
    async with served(answering(OK)) as url:
        await transport.request(request(url))
        await transport.aclose()
        await transport.aclose()
        assert (await transport.request(request(url))).status == 200


async def test_nobody_holds_it_any_more() -> None:
    """A transport that is forgotten closes its session by itself; an unclosed one would warn."""
    async with served(answering(OK)) as url:
        transport = AiohttpTransport()
        await transport.request(request(url))
        (home,) = transport._homes.values()
        session = home.session
        del transport, home
        gc.collect()
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert session.closed


async def test_forgotten_as_a_cycle(caplog: pytest.LogCaptureFixture) -> None:
    """So does one that is collected together with all that holds it, whatever is finalized first."""
    async with served(answering(OK)) as url:
        transport: Any = AiohttpTransport()
        await transport.request(request(url))
        transport.clock = transport
        (home,) = transport._homes.values()
        session = ref(home.session)
        del transport, home
        gc.collect()
        for _ in range(20):
            await asyncio.sleep(0.001)
        gc.collect()
        assert (session(), caplog.messages) == (None, [])


async def test_forgotten_in_a_forked_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """There its session is kept as it is, for its sockets are the parent's."""
    async with served(answering(OK)) as url:
        transport = AiohttpTransport()
        await transport.request(request(url))
        (home,) = transport._homes.values()
        session = home.session
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: -1)
            del transport, home
            gc.collect()
        for _ in range(20):
            await asyncio.sleep(0.001)

        assert not session.closed
        await module._parents.pop().aclose()


async def test_closing_from_another_loop() -> None:
    """What another loop had open is closed on that loop."""
    transport = AiohttpTransport()
    async with served(answering(OK)) as url:
        await transport.request(request(url))
        (home,) = transport._homes.values()
        await asyncio.to_thread(asyncio.run, transport.aclose())
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert home.session.closed


def test_one_loop_after_another() -> None:
    """Used in several `asyncio.run` it works in each, and each closes what it opened."""
    transport = AiohttpTransport()
    sessions = []

    async def main() -> None:
        async with served(answering(OK)) as url:
            await transport.request(request(url))
            sessions.append(transport._session())

    for _ in range(3):
        asyncio.run(main())
    asyncio.run(transport.aclose())

    assert len({id(each) for each in sessions}) == 3
    assert all(each.closed for each in sessions)


async def test_the_clock() -> None:
    """Time goes forward, sleeping waits, and a block can be left when its time is over."""
    clock = AsyncioClock()
    before = clock.now()
    await clock.sleep(0.01)
    with clock.move_on_after(0.01) as scope:
        await clock.sleep(60)

    assert clock.now() > before
    assert scope.cancelled_caught


async def test_wake(transport: AiohttpTransport) -> None:
    """A signal from any thread wakes who waits, also twice, also after a waiter was cancelled."""
    wake = transport.wake()
    with anyio.move_on_after(0.01):
        await wake.wait()
    await asyncio.to_thread(wake.set)
    with anyio.fail_after(5):
        await wake.wait()
        await wake.wait()
    wake.set()


def test_wake_when_the_loop_is_gone() -> None:
    """Signalling a loop that is closed does nothing."""

    async def make() -> Any:
        return AiohttpTransport().wake()

    asyncio.run(make()).set()


async def test_a_root_task(transport: AiohttpTransport, caplog: pytest.LogCaptureFixture) -> None:
    """A root task runs beside its maker, can be cancelled, and what it raises is logged."""
    ran: list[str] = []

    async def work() -> None:
        ran.append("work")

    async def fail() -> None:
        raise LookupError("root")

    async def hang() -> None:
        await asyncio.sleep(60)

    async def callers() -> None:
        ran.append(repr(CALLER.get()))

    CALLER.set(anything := object())  # type: ignore[arg-type]  # whoever waits for this job
    await transport.spawn_root(callers, name="callers").wait()
    assert CALLER.get() is anything
    CALLER.set(None)

    await transport.spawn_root(work, name="work").wait()
    await transport.spawn_root(fail, name="fail").wait()
    hanging = transport.spawn_root(hang, name="hang")
    hanging.cancel()
    await hanging.wait()

    assert ran == ["None", "work"]
    assert "The task fail failed." in caplog.text


@pytest.mark.parametrize("how", ["cancel", "natively"])
async def test_a_root_task_that_is_asked_to_stop(how: str, transport: AiohttpTransport) -> None:
    """It knows that it was, in whichever way."""
    found: list[bool] = []

    async def hang() -> None:
        found.append(root.is_cancelled())
        try:
            await asyncio.sleep(60)
        finally:
            found.append(root.is_cancelled())

    root = transport.spawn_root(hang, name="hang")
    await asyncio.sleep(0)
    if how == "cancel":
        root.cancel()
    else:
        (task,) = [task for task in asyncio.all_tasks() if task.get_name() == "hang"]
        task.cancel()
    await root.wait()

    assert found == [False, True]


def test_where_no_loop_runs() -> None:
    """Outside of every loop the default transport is asyncio's, also where trio is installed."""
    import trio  # noqa: F401  # the question arises only where it is imported

    assert isinstance(default(DeepgramClientOptions("k")).clock, AsyncioClock)


async def test_the_default_is_native_here() -> None:
    """On asyncio the default transport is aiohttp's, and passes everything on."""
    transport = default(DeepgramClientOptions("k"))
    assert isinstance(transport.clock, AsyncioClock)
    wake = transport.wake()
    wake.set()
    await wake.wait()

    async def nothing() -> None: ...

    await transport.spawn_root(nothing, name="nothing").wait()
    async with served(answering(OK)) as url:
        assert (await transport.request(request(url))).status == 200
    await transport.aclose()
