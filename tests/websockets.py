"""A server of raw websockets that do what their path says, on a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

PATIENCE = 10  # seconds after which a test that went wrong ends


class WebsocketServer:
    """Its `url`, what it saw, and how to tell it something."""

    def __init__(self) -> None:
        self.forget()
        self.go = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.url = self._do(self._start())

    def forget(self) -> None:
        """Start anew: what sockets opened before still do is not seen any more."""
        self.heads: list[dict[str, str]] = []
        """The headers of each handshake."""
        self.arrived: list[Any] = []
        """What came in at /stall and /listen."""
        self.ended: list[int | None] = []
        """The close codes with which sockets ended."""

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_get("/v1/{name}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=512).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.heads.append(dict(request.headers))
        ended = self.ended
        name = request.match_info["name"]
        headers = {"dg-request-id": "the-request", "dg-error": "said in the header"}
        if name == "refuse":
            return web.json_response({"err_msg": "not seen"}, status=int(request.query["status"]), headers=headers)
        if name == "redirect":
            return web.Response(status=302, headers={"Location": request.query["to"]})
        if name == "page":
            return web.Response(text="no websocket", headers=headers)
        if name == "hang":
            await self._until_go()
            return web.Response(status=500)
        if name == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        socket = web.WebSocketResponse(max_msg_size=0, autoping=name not in ("ping", "drop"), autoclose=name != "deaf")
        socket.headers["dg-request-id"] = "the-request"
        await socket.prepare(request)
        try:
            await getattr(self, f"_{name}")(socket, request)
        finally:
            ended.append(socket.close_code)
        return socket

    async def _until_go(self) -> None:
        while not self.go.is_set():
            await asyncio.sleep(0.005)

    async def _echo(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
            else:
                await socket.send_bytes(message.data)

    async def _listen(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        async for message in socket:
            self.arrived.append(message.data)

    async def _close(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.send_str("first")
        code = int(request.query["code"])
        if code == 1005:
            assert request.transport is not None
            request.transport.write(bytes.fromhex("8800"))  # a close frame without a code
            await socket.receive()
        else:
            await socket.close(code=code, message=request.query.get("reason", "").encode())

    async def _drop(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.send_str("first")
        await socket.receive()
        assert request.transport is not None
        request.transport.abort()

    async def _leave(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.send_str("first")
        assert request.transport is not None
        request.transport.close()

    async def _garbage(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(bytes.fromhex(request.query["bytes"]))
        await self._until_go()

    async def _stall(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        transport: Any = request.transport
        transport.pause_reading()
        if "close" in request.query:
            await socket._writer.close(1011, b"stalled")
        await self._until_go()
        transport.resume_reading()
        async for message in socket:
            self.arrived.append(message.data)

    async def _flood(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        frame = b"x" * int(request.query["size"])
        for number in range(int(request.query["count"])):
            await socket.send_bytes(frame)
            self.arrived.append(number)
        await socket.close()

    async def _ping(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        await socket.ping(b"are you there")
        message = await socket.receive()
        await socket.send_str(f"{message.type.name} {bytes(message.data).decode()}")
        await socket.receive()

    async def _deaf(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        """Reads, and never answers a ping or a close."""
        transport: Any = request.transport
        transport.pause_reading()
        await self._until_go()

    def close(self) -> None:
        self.go.set()
        self._do(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def websocket_server() -> Iterator[WebsocketServer]:
    server = WebsocketServer()
    try:
        yield server
    finally:
        server.close()


def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds, which other threads bring about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.002)


def open_files() -> int:
    """Descriptors of this process."""
    if not sys.platform.startswith("linux"):
        pytest.skip("counts them in /proc")
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    taken.append(listener.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in taken:
                each.close()
