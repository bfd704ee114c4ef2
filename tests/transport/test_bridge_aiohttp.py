"""The bridge and the loop thread over the real transport, against a real server on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Iterator

import pytest
import trio
from aiohttp import web

from dgasync.config import Timeouts
from dgasync.limits import HANDOVER
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.bridge import BridgeTransport
from dgasync.transport.loop import running
from dgasync.transport.seam import Body, Request

trio_only = pytest.mark.parametrize("anyio_backend", [pytest.param(("trio", {}), id="trio")])


class Server:
    """A server on a thread and a loop of its own."""

    def __init__(self) -> None:
        self.stalled = threading.Event()
        self.aborted = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.url = self._do(self._start())

    def _do(self, work):  # type: ignore[no-untyped-def]
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> str:
        app = web.Application(client_max_size=2**30)
        app.router.add_post("/sum", self._sum)
        app.router.add_post("/stall", self._stall)
        app.router.add_post("/think", self._think)
        app.router.add_post("/sip", self._sip)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def _sum(self, request: web.Request) -> web.Response:
        found = hashlib.sha256()
        async for chunk in request.content.iter_chunked(2**18):
            found.update(chunk)
        return web.Response(text=found.hexdigest())

    async def _stall(self, request: web.Request) -> web.Response:
        self.stalled.set()
        await asyncio.sleep(600)
        raise AssertionError

    async def _think(self, request: web.Request) -> web.Response:
        # A server that does not read hears nothing of a client that goes, in older aiohttp.
        await request.read()
        try:
            self.stalled.set()
            await asyncio.sleep(600)
        finally:
            self.aborted.set()
        raise AssertionError

    async def _sip(self, request: web.Request) -> web.Response:
        try:
            async for _ in request.content.iter_any():
                self.stalled.set()
                await asyncio.sleep(0.001)
        finally:
            self.aborted.set()
        raise AssertionError

    def close(self) -> None:
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


class Long:
    """Fifty megabytes, made as they are asked for on trio."""

    chunk = bytes(range(256)) * 1024

    def __init__(self, count: int = 200, size: int | None = None) -> None:
        self.size = size
        self._count = count
        self.made = 0

    async def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        for _ in range(self._count):
            self.made += 1
            yield self.chunk
            if self.made % 50 == 0:
                await trio.sleep(0)


def asked(url: str, body: Body | None) -> Request:
    return Request("POST", url, {}, Timeouts(), body)


@trio_only
@pytest.mark.anyio
@pytest.mark.parametrize("size", [None, 200 * len(Long.chunk)])
async def test_fifty_megabytes(server: Server, size: int | None) -> None:
    """A long body made on trio arrives byte for byte, chunked or with its length."""
    transport = BridgeTransport(AiohttpTransport())

    reply = await transport.request(asked(server.url + "/sum", Long(size=size)))

    assert reply.status == 200
    assert reply.body.decode() == hashlib.sha256(Long.chunk * 200).hexdigest()
    await transport.aclose()


@trio_only
@pytest.mark.anyio
async def test_many_requests(server: Server) -> None:
    """Many trio tasks, some with a stream, share one transport."""
    transport = BridgeTransport(AiohttpTransport())
    sums: list[str] = []

    async def one(body: Body) -> None:
        sums.append((await transport.request(asked(server.url + "/sum", body))).body.decode())

    async with trio.open_nursery() as nursery:
        for number in range(64):
            nursery.start_soon(one, Long(1) if number % 2 else Long.chunk)

    assert sums == [hashlib.sha256(Long.chunk).hexdigest()] * 64
    await transport.aclose()


async def cancelled(transport: BridgeTransport, server: Server, path: str, body: Body) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.request, asked(server.url + path, body))
        await trio.to_thread.run_sync(server.stalled.wait)
        nursery.cancel_scope.cancel()
    assert nursery.cancel_scope.cancelled_caught
    assert not running().jobs


@trio_only
@pytest.mark.anyio
@pytest.mark.parametrize(("path", "count"), [("/think", 1), ("/sip", 1_000_000)])
async def test_cancelled(server: Server, path: str, count: int) -> None:
    """A cancelled trio scope ends the request on the wire, while the answer is awaited and while the body is sent."""
    transport = BridgeTransport(AiohttpTransport())
    await cancelled(transport, server, path, Long(count))
    await trio.to_thread.run_sync(server.aborted.wait)
    await transport.aclose()


@trio_only
@pytest.mark.anyio
async def test_a_server_that_does_not_read(server: Server) -> None:
    """Of a long body no more is made than the network and HANDOVER take."""
    transport = BridgeTransport(AiohttpTransport())
    body = Long(1_000_000)
    await cancelled(transport, server, "/stall", body)
    assert body.made * len(body.chunk) < 10 * HANDOVER
    await transport.aclose()


@trio_only
@pytest.mark.anyio
async def test_an_error_of_the_iterator(server: Server) -> None:
    """What the user's iterator raises comes out as it is, and the server does not get a whole body."""

    class Broken(Long):
        async def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
            yield self.chunk
            raise LookupError("no more audio")

    transport = BridgeTransport(AiohttpTransport())
    with pytest.raises(LookupError, match="no more audio"):
        await transport.request(asked(server.url + "/sum", Broken()))
    assert not running().jobs
    await transport.aclose()


PRELUDE = """
import os, sys, warnings
from dgasync.config import Timeouts
from dgasync.transport.aiohttp import AiohttpTransport
from dgasync.transport.loop import run
from dgasync.transport.seam import Request
transport = AiohttpTransport()

def ask():
    return run(transport.request(Request("POST", sys.argv[1] + "/sum", {}, Timeouts(), b"x"))).status
"""


def script(server: Server, code: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + code, server.url], capture_output=True, text=True, timeout=30
    )
    return done.returncode, done.stdout, done.stderr


def test_a_script_that_closes_nothing(server: Server) -> None:
    """It ends by itself without a word about unclosed sessions, connections or sockets."""
    assert script(server, "print(ask(), ask())") == (0, "200 200\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_fork_with_open_connections(server: Server) -> None:
    """Parent and child each go on with the same transport; the child's end leaves the parent's connections alone."""
    code = """
print(ask(), flush=True)
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later: fork with threads
pid = os.fork()
if pid == 0:
    # The parent's session must not be closed here, and aiohttp says so, where somebody asks for such warnings.
    warnings.simplefilter("ignore", ResourceWarning)
    print("child", ask(), ask(), flush=True)
    sys.exit(0)
_, status = os.waitpid(pid, 0)
print(status, ask(), flush=True)
"""
    assert script(server, code) == (0, "200\nchild 200 200\n0 200\n", "")
