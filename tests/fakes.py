"""A network and a clock that do what a test says."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from threading import get_ident
from typing import Any

import anyio

from dgasync.audio import pieces
from dgasync.errors import DeepgramConnectionError
from dgasync.models.base import Headers
from dgasync.transport.seam import Closed, Dial, Download, Frame, Reply, Request, RootTask, Scope


def reply(status: int = 200, body: bytes | str = b"{}", **headers: str) -> Reply:
    """An answer; header names are given with underscores."""
    raw = body.encode() if isinstance(body, str) else body
    return Reply(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), raw)


class FakeClock:
    """Time that stands still until somebody sleeps, and then jumps."""

    _began = 0.0

    def __init__(self) -> None:
        # Later than any clock before it: what all requests with a key share outlives a test.
        FakeClock._began += 100_000.0
        self.time = FakeClock._began
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await anyio.sleep(0)

    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> AbstractContextManager[Scope]:
        return anyio.move_on_after(seconds, shield=shield)


class FakeWake:
    """The real thing, in small: any thread may give it."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._thread = get_ident()
        try:
            self._soon: Callable[..., object] = asyncio.get_running_loop().call_soon_threadsafe
        except RuntimeError:
            import trio

            self._soon = trio.lowlevel.current_trio_token().run_sync_soon

    def set(self) -> None:
        if get_ident() == self._thread:
            self._event.set()
            return
        with suppress(Exception):  # the loop is gone
            self._soon(self._event.set)

    async def wait(self) -> None:
        await self._event.wait()


class FakeSocket:
    """A websocket that gives the frames of its script, and then those of `feed`, and records what is sent.

    `on_send` is called with each frame sent, and may `feed`. `stall` keeps senders waiting until `flow`.
    """

    def __init__(self, *frames: Frame, headers: Mapping[str, str] | None = None) -> None:
        self.headers: Mapping[str, str] = Headers(headers or {"dg-request-id": "fake-request"})
        self.sent: list[bytes | str] = []
        self.pings = 0
        self.answers_pings = True
        self.closed_with: int | None = None
        """The code that this side closed it with."""
        self.on_send: Callable[[bytes | str], object] | None = None
        self._frames = deque(frames)
        self._end: Closed | None = None
        self._arrived = anyio.Event()
        self._flowing = anyio.Event()
        self._flowing.set()
        self._answer = anyio.Event()
        self._turns = anyio.Lock()

    def feed(self, *frames: Frame) -> None:
        """Let frames arrive; behind a `Closed` nothing does."""
        self._frames.extend(frames)
        self._arrived.set()

    def stall(self) -> None:
        """Take nothing any more."""
        self._flowing = anyio.Event()

    def flow(self) -> None:
        """Take what is sent again."""
        self._flowing.set()

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        # In the order of the calls, as the seam has it: trio wakes those who wait for the same in any order.
        async with self._turns:
            await self._take(data)

    async def _take(self, data: bytes | bytearray | memoryview | str) -> None:
        await anyio.sleep(0)
        while not self._flowing.is_set() and self._end is None:
            await self._flowing.wait()
        if self._end is not None:
            raise DeepgramConnectionError(f"The websocket is closed: {self._end.code} {self._end.reason}")
        frame = data if isinstance(data, str) else bytes(data)
        self.sent.append(frame)
        if self.on_send is not None:
            self.on_send(frame)

    async def receive(self) -> Frame:
        await anyio.sleep(0)
        while self._end is None:
            if self._frames:
                frame = self._frames.popleft()
                if not isinstance(frame, Closed):
                    return frame
                self._finish(frame)
            else:
                self._arrived = anyio.Event()
                await self._arrived.wait()
        return self._end

    async def ping(self) -> None:
        self.pings += 1
        await anyio.sleep(0)
        if not self.answers_pings:
            await self._answer.wait()
        if self._end is not None:
            raise DeepgramConnectionError("The websocket is closed.")

    async def close(self, code: int = 1000, /) -> None:
        if self._end is None:
            self.closed_with = code
            self._finish(Closed(code))
        await anyio.sleep(0)

    def _finish(self, end: Closed) -> None:
        self._end = end
        for event in (self._arrived, self._flowing, self._answer):
            event.set()


class FakeDownload:
    """An answer that gives the chunks of its script, raises the errors in it, and ends behind the last.

    `stall` keeps readers waiting there instead, until `feed`.
    """

    def __init__(
        self,
        *chunks: bytes | BaseException,
        status: int = 200,
        content_type: str | None = "audio/wav",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        named = {} if content_type is None else {"content-type": content_type}
        self.headers: Mapping[str, str] = Headers({**named, **(headers or {})})
        self.closed = False
        self.given = 0
        """How many chunks were read."""
        self._chunks = deque(chunks)
        self._more: anyio.Event | None = None

    def stall(self) -> FakeDownload:
        """Have no end yet."""
        self._more = anyio.Event()
        return self

    def feed(self, *chunks: bytes | BaseException) -> None:
        """Let more come, and then the end."""
        self._chunks.extend(chunks)
        if self._more is not None:
            self._more.set()
            self._more = None

    async def read(self) -> bytes:
        await anyio.sleep(0)
        assert not self.closed
        if not self._chunks and self._more is not None:
            await self._more.wait()
        if not self._chunks:
            return b""
        chunk = self._chunks.popleft()
        if isinstance(chunk, BaseException):
            raise chunk
        self.given += 1
        return chunk

    async def aclose(self) -> None:
        self.closed = True


class FakeTransport:
    """Answers by a script: each item is a reply, a socket, a download, an error to raise, or a function.

    The functions get the request or dial.
    """

    def __init__(self, *script: Any) -> None:
        self.clock = FakeClock()
        self.script: list[Any] = list(script)
        self.requests: list[Request] = []
        self.bodies: list[bytes | None] = []
        self.dials: list[Dial] = []
        self.fetched: list[Request] = []
        self.closed = 0

    async def request(self, request: Request, /) -> Reply:
        self.requests.append(request)
        self.bodies.append(await drained(request.body))
        step = await self._step(request, reply())
        assert isinstance(step, Reply)
        return step

    async def connect(self, dial: Dial, /) -> FakeSocket:
        self.dials.append(dial)
        await anyio.sleep(0)
        step = await self._step(dial, None)
        assert isinstance(step, FakeSocket), f"the script has {step!r} where a websocket is asked for"
        return step

    async def stream(self, request: Request, /) -> Download:
        self.requests.append(request)
        self.bodies.append(await drained(request.body))
        step = await self._step(request, reply())
        if isinstance(step, Reply):
            step = FakeDownload(step.body, status=step.status, content_type=None, headers=step.headers)
        assert isinstance(step, FakeDownload), f"the script has {step!r} where a download is asked for"
        return step

    async def fetch(self, request: Request, /) -> Download:
        self.fetched.append(request)
        await anyio.sleep(0)
        step = await self._step(request, None)
        assert isinstance(step, FakeDownload), f"the script has {step!r} where a download is asked for"
        return step

    async def _step(self, asked: Request | Dial, default: Any) -> Any:
        step = self.script.pop(0) if self.script else default
        if callable(step):
            step = step(asked)
            if isinstance(step, Awaitable):
                step = await step
        if isinstance(step, BaseException):
            raise step
        return step

    def wake(self) -> FakeWake:
        return FakeWake()

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        raise AssertionError("no request needs a root task")

    async def aclose(self) -> None:
        self.closed += 1


async def drained(body: Any) -> bytes | None:
    """The whole of a request's body."""
    if body is None:
        return None
    found = pieces(body)
    try:
        return b"".join([bytes(chunk) async for chunk in found])
    finally:
        await found.aclose()


class Chunks:
    """A body of the given chunks, for transports that are tested by themselves."""

    def __init__(self, chunks: Iterable[bytes], size: int | None = None) -> None:
        self._chunks = chunks
        self.size = size
        self.closed = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            for chunk in self._chunks:
                yield chunk
        finally:
            self.closed = True
