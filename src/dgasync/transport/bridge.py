"""The seam for callers on trio: everything but the network itself stays on their loop.

```
trio task ── hop(work) ─────────────► a job on the loop thread ──► the asyncio transport
          ── chunks of the body ───►  at most HANDOVER bytes between the two
          ── frames ──────────────►  at most SEND_BUFFER bytes of a websocket
          ◄── frames ──────────────  at most HANDOVER bytes of it
          ◄── a download ──────────  what has come since the last hop
          ◄── run_sync_soon ────────  the job is over, there is room, a frame came, a signal was given
```
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from dgasync.errors import DeepgramConnectionError, DeepgramError
from dgasync.limits import CLOSE_TIMEOUT, HANDOVER, TURN
from dgasync.logs import log
from dgasync.transport.loop import Job, LoopThread, running
from dgasync.transport.pump import Pump, opened
from dgasync.transport.seam import (
    CALLER,
    Closed,
    Dial,
    Download,
    Frame,
    Reply,
    Request,
    RootTask,
    Scope,
    Socket,
    Stream,
    Transport,
    Wake,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import trio

__all__ = ["BridgeTransport", "TrioClock", "hop"]

T = TypeVar("T")


class BridgeTransport:
    """The seam, on trio, by way of another transport on the loop thread."""

    def __init__(self, native: Transport) -> None:
        self._native = native
        self.clock = TrioClock()

    async def request(self, request: Request, /) -> Reply:
        """The answer to `request`, whatever its status."""
        body = request.body
        if body is None or isinstance(body, bytes):
            return await hop(self._native.request(request))
        handover = _Handover(body)
        copy = Request(request.method, request.url, request.headers, request.timeouts, handover)
        return await hop(self._native.request(copy), handover.read)

    async def connect(self, dial: Dial, /) -> Socket:
        """An open websocket."""
        import trio

        thread = running()
        soon = partial(_soon, trio.lowlevel.current_trio_token())
        return _Socket(await hop(opened(self._native, dial, soon), thread=thread), thread)

    async def stream(self, request: Request, /) -> Download:
        """The answer to `request`, to be read while it comes."""
        return await _downloaded(self._native.stream, request)

    async def fetch(self, request: Request, /) -> Download:
        """The answer of an address that is not the service's."""
        return await _downloaded(self._native.fetch, request)

    def wake(self) -> Wake:
        """A signal for the running loop."""
        return _Wake()

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        """Run `run` beside the caller; what it raises is logged and never reaches the loop."""
        return _RootTask(run, name)

    async def aclose(self) -> None:
        """Close every connection of every loop, bounded by `CLOSE_TIMEOUT`; using it again opens new ones."""
        await hop(self._native.aclose())


async def hop(
    work: Coroutine[Any, Any, T],
    beside: Callable[[], Awaitable[None]] | None = None,
    thread: LoopThread | None = None,
) -> T:
    """What `work` returns or raises, run on the loop thread while this trio task waits, or runs `beside` till then.

    Cancelled, it cancels the job and waits for its clean-up, no longer than `CLOSE_TIMEOUT`. A value that the job has
    nevertheless is returned, for it may be something to close; the next checkpoint raises the cancellation. An error of
    `beside` comes out unchanged, after the job's clean-up.
    """
    import trio

    try:
        job = _TrioJob(thread or running(), work)
    except BaseException:
        work.close()
        raise
    try:
        job.submit()
        if beside is not None:
            with job.until_over:
                await beside()
        await job.ended.wait()
    except BaseException as error:
        job.cancel()
        with trio.CancelScope(deadline=trio.current_time() + CLOSE_TIMEOUT, shield=True):
            await job.ended.wait()
        if not (isinstance(error, trio.Cancelled) and job.has_value):
            raise
    return job.result()


class _TrioJob(Job[T]):
    """A job that a trio task waits for."""

    __slots__ = ("_token", "ended", "until_over")

    def __init__(self, thread: LoopThread, work: Coroutine[Any, Any, T]) -> None:
        import trio

        super().__init__(thread, work)
        self._token = trio.lowlevel.current_trio_token()
        self.ended = trio.Event()
        self.until_over = trio.CancelScope()

    @property
    def has_value(self) -> bool:
        """Whether it has ended, and well."""
        return self.over and self._error is None

    def notify(self) -> None:
        """Wake the trio task."""
        _soon(self._token, self._end)

    def _end(self) -> None:
        self.ended.set()
        self.until_over.cancel()


def _soon(token: trio.lowlevel.TrioToken, function: Callable[[], object]) -> None:
    """Have `function` run on the loop of `token`, unless that loop has ended; any thread."""
    import trio

    with suppress(trio.RunFinishedError):
        token.run_sync_soon(function)


class _Handover:
    """A body on its way from a trio task, which reads it, to the loop thread, which sends it.

    Nothing is locked: each side adds to a count of its own, and one that is about to sleep says so before it looks for
    the last time. A side that is awake costs the other no call, so chunks cross in batches when either is faster.
    """

    def __init__(self, body: Stream) -> None:
        import trio

        self._body = body
        self._chunks: deque[bytes | bytearray | memoryview] = deque()
        # Written by the trio side.
        self._put = 0  # bytes
        self._complete = False
        self._token = trio.lowlevel.current_trio_token()
        self._reader: trio.Event | None = None  # waits for room
        self._woken: asyncio.Future[None] | None = None
        # Written by the side of the loop thread.
        self._taken = 0  # bytes
        self._wanted = False
        self._sender: asyncio.Future[None] | None = None  # waits for data
        self._roused: trio.Event | None = None

    @property
    def size(self) -> int | None:
        """Length of the body in bytes, if known."""
        return self._body.size

    async def read(self) -> None:
        """Read the body, on trio, no faster than it is sent."""
        import trio

        source = self._body.chunks()
        try:
            # Not before there is a connection that wants it: a failed connect spends nothing of a one-shot source.
            await self._room()
            async for chunk in source:
                self._chunks.append(chunk)
                self._put += len(chunk)
                self._wake_sender()
                if self._is_full():
                    await self._room()
            self._complete = True
            self._wake_sender()
        finally:
            with trio.CancelScope(deadline=trio.current_time() + CLOSE_TIMEOUT, shield=True):
                await source.aclose()

    async def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        """The body, on the loop thread."""
        self._wanted = True
        self._wake_reader()
        while True:
            while self._chunks:
                chunk = self._chunks.popleft()
                self._taken += len(chunk)
                self._wake_reader()
                yield chunk
            self._sender = asyncio.get_running_loop().create_future()
            if not (self._chunks or self._complete):
                await self._sender
            elif not self._chunks:  # it was complete when it looked empty the last time
                return

    def _is_full(self) -> bool:
        return not self._wanted or self._put - self._taken >= HANDOVER

    async def _room(self) -> None:
        import trio

        self._reader = trio.Event()
        if self._is_full():
            await self._reader.wait()

    def _wake_reader(self) -> None:
        # Not for every chunk: the reader sleeps until half of what may wait is sent.
        reader = self._reader
        if reader is not None and reader is not self._roused and self._put - self._taken <= HANDOVER // 2:
            self._roused = reader
            _soon(self._token, reader.set)

    def _wake_sender(self) -> None:
        sender = self._sender
        if sender is not None and sender is not self._woken:
            self._woken = sender
            with suppress(RuntimeError):  # the loop is closed, and the job over
                sender.get_loop().call_soon_threadsafe(_give, sender)


def _give(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class _Socket:
    """The side of a websocket that trio tasks use.

    A frame is taken once there is room for it between the two loops: what breaks later is told by the next call.
    """

    def __init__(self, pump: Pump, thread: LoopThread) -> None:
        import trio

        self._pump = pump
        self._thread = thread
        self._closed = False
        self._since = 0  # bytes since the others' last turn
        self._queued = 0
        self._queue = trio.Lock()  # a fair one

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer to the handshake."""
        return self._pump.socket.headers

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else self._pump.socket}>"

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        """Return when there is room for the frame; cancelled, it does not go out."""
        await self._checkpoint()
        frame = data if isinstance(data, (bytes, str)) else bytes(data)
        if self._queued or self._pump.is_full():
            self._queued += 1
            try:
                async with self._queue:
                    await self._room()
                    self._put(frame)
            finally:
                self._queued -= 1
        else:
            self._put(frame)

    async def receive(self) -> Frame:
        """The next frame; `Closed`, from then on always, when there is none any more."""
        import trio

        await self._checkpoint()
        pump = self._pump
        while True:
            frame = pump.get()
            if frame is not None:
                if not isinstance(frame, Closed):
                    self._since += len(frame)
                return frame
            pump.receiver = event = trio.Event()
            if pump.is_empty():
                await event.wait()

    async def ping(self) -> None:
        """Return when the other side has answered a ping."""
        self._check()
        await hop(self._pump.socket.ping(), thread=self._thread)

    async def close(self, code: int = 1000, /) -> None:
        """Close it politely, behind what waits to be sent, bounded by `CLOSE_TIMEOUT`."""
        import trio

        if self._closed:
            return
        self._closed = True
        end = Closed(1006, "the loop thread has ended")
        with trio.CancelScope(shield=True), suppress(DeepgramError):
            end = await hop(self._pump.close(code), thread=self._thread)
        self._pump.end(end)
        for sleeper in (self._pump.sender, self._pump.receiver):
            if sleeper is not None:
                sleeper.set()

    def _put(self, frame: bytes | str) -> None:
        self._check()
        self._since += self._pump.put(frame)

    def _check(self) -> None:
        why = "The websocket is closed." if self._closed else self._pump.failure
        if why is not None:
            raise DeepgramConnectionError(why)

    async def _room(self) -> None:
        import trio

        while self._pump.is_full():
            self._pump.sender = event = trio.Event()
            if self._pump.is_full():
                await event.wait()

    async def _checkpoint(self) -> None:
        import trio

        if self._since >= TURN:
            self._since = 0
            await trio.lowlevel.checkpoint()
        else:
            await trio.lowlevel.checkpoint_if_cancelled()


async def _downloaded(opened: Callable[[Request], Coroutine[Any, Any, Download]], request: Request) -> Download:
    thread = running()
    return _Download(await hop(opened(request), thread=thread), thread)


class _Download:
    """The side of a download that trio tasks use: each reading is one hop, which brings all that waits over there."""

    def __init__(self, native: Download, thread: LoopThread) -> None:
        self._native = native
        self._thread = thread
        self.status = native.status
        self.headers = native.headers

    def __repr__(self) -> str:
        return repr(self._native)

    async def read(self) -> bytes:
        """What has come since; empty at the end."""
        return await hop(self._native.read(), thread=self._thread)

    async def aclose(self) -> None:
        """Let go of the connection, bounded by `CLOSE_TIMEOUT`."""
        import trio

        # On a loop that has ended there is nothing left to close.
        with trio.CancelScope(deadline=trio.current_time() + CLOSE_TIMEOUT, shield=True), suppress(DeepgramError):
            await hop(self._native.aclose(), thread=self._thread)


class TrioClock:
    """The clock of trio's callers."""

    __slots__ = ()

    now = staticmethod(time.monotonic)

    async def sleep(self, seconds: float, /) -> None:
        """Return after `seconds`."""
        import trio

        await trio.sleep(max(seconds, 0))

    def move_on_after(self, seconds: float, /, *, shield: bool = False) -> AbstractContextManager[Scope]:
        """A block that is left after `seconds`; with `shield` no cancellation from outside reaches into it."""
        import trio

        return trio.CancelScope(deadline=trio.current_time() + seconds, shield=shield)


class _Wake:
    """A signal for one trio loop."""

    __slots__ = ("_event", "_token")

    def __init__(self) -> None:
        import trio

        self._token = trio.lowlevel.current_trio_token()
        self._event = trio.Event()

    def set(self) -> None:
        """Give it."""
        if not self._event.is_set():
            _soon(self._token, self._event.set)

    async def wait(self) -> None:
        """Return once it was given."""
        await self._event.wait()


class _RootTask:
    """A task without a parent: one of trio's system tasks, which are cancelled when the main task has ended."""

    __slots__ = ("_ended", "_scope")

    def __init__(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        import trio

        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        # It outlives the job that starts it, so that job's caller is not its own.
        context = copy_context()
        context.run(CALLER.set, None)
        trio.lowlevel.spawn_system_task(self._contain, run, name, name=name, context=context)

    def cancel(self) -> None:
        """Ask it to stop."""
        self._scope.cancel()

    def is_cancelled(self) -> bool:
        """Whether it was asked to stop."""
        import trio

        return self._scope.cancel_called or trio.current_effective_deadline() == -inf

    async def wait(self) -> None:
        """Return when it has ended."""
        await self._ended.wait()

    async def _contain(self, run: Callable[[], Awaitable[None]], name: str) -> None:
        # Anything that leaves a system task ends the whole run as an internal error of trio. That also goes for a
        # cancellation inside a group with other errors; above this task there is nobody who waits for it.
        try:
            with self._scope:
                await run()
        except BaseException as raised:
            error = _but_cancelled(raised)
            if error is not None:
                log.error("The task %s failed.", name, exc_info=error)
        finally:
            self._ended.set()


def _but_cancelled(error: BaseException) -> BaseException | None:
    import trio

    if isinstance(error, trio.Cancelled):
        return None
    # An exception group; Python 3.10 has none of its own to ask for.
    split = getattr(error, "split", None)
    return error if split is None else split(trio.Cancelled)[1]
