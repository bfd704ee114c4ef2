"""A stream over HTTP, and the little of httpx that sample 9 of the documents uses to listen to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any
from urllib.request import urlopen

from anyio import to_thread

from dgasync.testing import Ruler
from tests.field.sockets import head_of, serving

PIECE = 8000
PATIENCE = 30  # seconds after which a test that went wrong ends


@contextmanager
def radio(ruler: Ruler) -> Iterator[str]:
    """The URL of a stream that tells no length: it ends with the ruler, or when nobody listens any more."""

    def serve(connection: socket.socket) -> None:
        head_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nConnection: close\r\n\r\n")
        for chunk in ruler.wav_chunks(PIECE):
            connection.sendall(chunk)

    with serving(serve) as port:
        yield f"http://127.0.0.1:{port}/stream"


class Httpx:
    """Takes the place of the module."""

    def __init__(self) -> None:
        self.under_way = threading.Event()
        """Some pieces of a stream were sent on."""
        self.at_its_end = threading.Event()
        """All of them were."""
        self.AsyncClient = lambda: _AsyncClient(self)

    @contextmanager
    def stream(self, method: str, url: str) -> Iterator[_Response]:
        with urlopen(url) as file:
            yield _Response(self, file)


class _AsyncClient:
    def __init__(self, httpx: Httpx) -> None:
        self._httpx = httpx

    @asynccontextmanager
    async def stream(self, method: str, url: str) -> AsyncIterator[_Response]:
        with await to_thread.run_sync(_opened, url) as file:
            yield _Response(self._httpx, file)


def _opened(url: str) -> AbstractContextManager[Any]:
    opened: AbstractContextManager[Any] = urlopen(url)
    return opened


class _Response:
    def __init__(self, httpx: Httpx, file: Any) -> None:
        self._httpx = httpx
        self._file = file
        self._pieces = 0

    def iter_bytes(self) -> Iterator[bytes]:
        while self._told(piece := self._file.read1(PIECE)):
            yield piece

    def aiter_bytes(self) -> _Response:
        return self  # a generator would be left in its middle, which trio complains of

    def __aiter__(self) -> _Response:
        return self

    async def __anext__(self) -> bytes:
        piece: bytes = await to_thread.run_sync(self._file.read1, PIECE)
        if not self._told(piece):
            raise StopAsyncIteration
        return piece

    def _told(self, piece: bytes) -> bool:
        self._pieces += 1
        if self._pieces == 4:
            self._httpx.under_way.set()
        if not piece:
            self._httpx.at_its_end.set()
        return bool(piece)


def enter_pressed(when: threading.Event) -> Callable[[str], str]:
    """What `input` is for a person who presses Enter then."""

    def pressed(prompt: str) -> str:
        assert "Press Enter" in prompt
        assert when.wait(PATIENCE)
        return ""

    return pressed
