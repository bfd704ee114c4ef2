"""The service of the benchmarks: it swallows what is sent and answers canned bytes.

`server.py CORE` prints its port and serves until its standard input closes. `/hour/...` answers an hour, all
else 60 words; a websocket is for `sockets.py`. It is a process of its own on a core of its own: the clients are
measured, it is not.
"""

from __future__ import annotations

import asyncio
import sys

import answers
import measure
import sockets


def _answer(body: bytes) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in answers.HEADERS.items())
    return f"HTTP/1.1 200 OK\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


SHORT = _answer(answers.short())
HOUR = _answer(answers.hour())

# One for all: what was read is dealt with before anything else is read.
BUFFER = bytearray(1 << 18)
VIEW = memoryview(BUFFER)


class Connection(asyncio.BufferedProtocol):
    """One client: requests one after another, bodies by length or in chunks."""

    def __init__(self) -> None:
        self._live: sockets.Live | None = None
        self._head = bytearray()  # what is not yet understood: of a head, or of a chunk's first line
        self._left = 0  # bytes of the body, or of the chunk, still to come
        self._chunked = False
        self._in_body = False
        self._answer = SHORT
        self._last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return VIEW

    def buffer_updated(self, nbytes: int) -> None:
        at = 0
        while at < nbytes:
            if self._live is not None:
                self._live.feed(BUFFER, at, nbytes)
                return
            if self._left:
                taken = min(self._left, nbytes - at)
                self._left -= taken
                at += taken
                if not self._left and not self._chunked:
                    self._done()
                continue
            if self._in_body:
                # A chunk's first line, behind the end of the line of the one before.
                end = BUFFER.find(b"\n", at, nbytes)
                stop = nbytes if end < 0 else end + 1
                self._head += BUFFER[at:stop]
                at = stop
                line = self._head.strip()
                if end >= 0:
                    self._head.clear()
                    if self._last and not line:
                        self._done()
                    elif line:
                        self._left = int(line.partition(b";")[0], 16)
                        self._last = self._left == 0
                continue
            # A head: it may come in parts, and the body's first bytes come with it.
            before = len(self._head)
            self._head += BUFFER[at:nbytes]
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            at += end + 4 - before
            self._begin(bytes(self._head[:end]))
            self._head.clear()

    def _begin(self, head: bytes) -> None:
        self._answer = HOUR if b" /hour/" in head.partition(b"\r\n")[0] else SHORT
        lower = head.lower()
        if b"\r\nupgrade: websocket" in lower:
            self._live = sockets.Live(self._transport, head)
            return
        self._chunked = b"transfer-encoding: chunked" in lower
        self._last = False
        length = lower.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        self._left = int(length or 0)
        self._in_body = self._chunked
        if b"expect: 100-continue" in lower:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._chunked and not self._left:
            self._done()

    def _done(self) -> None:
        self._in_body = self._chunked = False
        self._transport.write(self._answer)


async def main(core: str) -> None:
    measure.pin(int(core) if core else None)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
