"""A network and a clock that do what a test says."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import anyio

from dgasync.audio import pieces
from dgasync.models.base import Headers
from dgasync.transport.seam import Reply, Request, RootTask, Scope


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
    def __init__(self) -> None:
        self._event = anyio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()


class FakeTransport:
    """Answers by a script: each item is a reply, an error to raise, or a function of the request."""

    def __init__(self, *script: Any) -> None:
        self.clock = FakeClock()
        self.script: list[Any] = list(script)
        self.requests: list[Request] = []
        self.bodies: list[bytes | None] = []
        self.closed = 0

    async def request(self, request: Request, /) -> Reply:
        self.requests.append(request)
        self.bodies.append(await drained(request.body))
        step = self.script.pop(0) if self.script else reply()
        if callable(step):
            step = step(request)
            if isinstance(step, Awaitable):
                step = await step
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, Reply)
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
