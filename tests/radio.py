"""A web server of audio that does what its path says, on a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio

from dgasync.testing import Ruler

PATIENCE = 10  # seconds after which a test that went wrong ends

AUDIO = Ruler(6.0)
"""What plays at /talk."""


class Radio:
    """Its `url`, what it was asked, and who listens."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        """The head of each request."""
        self.bodies: list[bytes] = []
        """The body of each request that has one."""
        self.listeners = 0
        """Open connections."""
        self.sent = 0
        """Bytes that an endless stream has given to the network."""
        self.go = threading.Event()
        """Lets /pause go on."""
        self._home = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._home.run_forever)
        self._thread.start()
        self.url = self._do(self._start())

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._home).result(PATIENCE)

    async def _start(self) -> str:
        self._server = await asyncio.start_server(self._listen, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.listeners += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode()
                    self.heads.append(head)
                    size = re.search(r"(?i)^content-length: (\d+)", head, re.MULTILINE)
                    if size:
                        self.bodies.append(await reader.readexactly(int(size[1])))
                    parts = urlsplit(head.split()[1])
                    query = dict(parse_qsl(parts.query, keep_blank_values=True))
                    # Who listens says nothing more: what comes next is the end, or the next request.
                    await getattr(self, f"_{parts.path.split('/')[1]}")(reader, writer, query)
                    await writer.drain()
                    if writer.is_closing():
                        return
        finally:
            writer.close()
            self.listeners -= 1

    # ── what there is ──

    async def _file(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """`size` bytes of `type`, of announced length."""
        body = bytes(range(256)) * (int(query.get("size", 1000)) // 256 + 1)
        body = body[: int(query.get("size", 1000))]
        kind = f"Content-Type: {query['type']}\r\n" if "type" in query else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _packed(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        body = gzip.compress(b"audio")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """Speech as radio sends it: without a length, in pieces that begin and end anywhere; `stays` at its end."""
        speech = Ruler(float(query.get("seconds", AUDIO.seconds)))
        body = speech.wav() if "wav" in query else speech.audio()
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/wav\r\n\r\n")
        for start in range(0, len(body), 7777):
            writer.write(body[start : start + 7777])
            await writer.drain()
        if "stays" in query:
            await reader.read(1)
        writer.close()

    async def _chunked(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")

    async def _endless(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        self.sent = 0
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n")
        while True:
            writer.write(bytes(16_000))
            await writer.drain()
            self.sent += 16_000
            await asyncio.sleep(0)

    async def _pause(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """Something, and no more until `go`; then the rest."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome")
        ended = asyncio.ensure_future(reader.read(1))
        while not self.go.is_set() and not ended.done():
            await asyncio.sleep(0.002)
        if ended.done():
            writer.close()
        else:
            writer.write(b"more")
            ended.cancel()
            writer.close()

    async def _silent(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """Not a word, or `some` of it, until the other side goes."""
        writer.write(query.get("some", "").encode())
        await reader.read(1)
        writer.close()

    async def _cut(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """Half of what was announced; `how` says in what manner."""
        how = query["how"]
        announced = {"length": "Content-Length: 1000\r\n", "chunked": "Transfer-Encoding: chunked\r\n"}.get(how, "")
        writer.write(f"HTTP/1.1 200 OK\r\n{announced}\r\n".encode())
        writer.write(b"1f4\r\n" + bytes(500) if how == "chunked" else bytes(500))
        await writer.drain()
        if how == "reset":
            while not self.go.is_set():
                await asyncio.sleep(0.002)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        writer.close()

    async def _answer(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        """Any `status`, and where it leads `to`."""
        to = f"Location: {query['to']}\r\n" if "to" in query else ""
        cookie = f"Set-Cookie: {query['cookie']}\r\n" if "cookie" in query else ""
        writer.write(f"HTTP/1.1 {query['status']} Said\r\n{to}{cookie}Content-Length: 2\r\n\r\nno".encode())

    async def _loop(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 2\r\n\r\nno")

    async def _garbage(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        writer.write(b"ICY 200 OK\r\n\r\n" + bytes(100))
        writer.close()

    async def _hang_up(self, reader: Any, writer: asyncio.StreamWriter, query: dict[str, str]) -> None:
        writer.close()

    def close(self) -> None:
        self.go.set()
        self._do(self._stop())
        self._home.call_soon_threadsafe(self._home.stop)
        self._thread.join()
        self._home.close()

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks or {asyncio.ensure_future(asyncio.sleep(0))})


@contextmanager
def radio_server() -> Iterator[Radio]:
    """One for a block."""
    radio = Radio()
    try:
        yield radio
    finally:
        radio.close()


async def settled(holds: Callable[[], bool]) -> None:
    """Return when something has come true that another thread brings about."""
    with anyio.fail_after(PATIENCE):
        while not holds():
            await anyio.sleep(0.002)
