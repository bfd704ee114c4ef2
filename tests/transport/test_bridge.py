"""The bridge from trio, with a made-up transport on the loop thread."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from dgasync.config import Timeouts
from dgasync.errors import ConnectFailed, DeepgramError
from dgasync.limits import HANDOVER
from dgasync.transport import bridge
from dgasync.transport.bridge import BridgeTransport, TrioClock, hop
from dgasync.transport.loop import running, shutdown
from dgasync.transport.seam import CALLER, Body, Clock, Reply, Request, RootTask, Stream, Transport, Wake

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", [pytest.param(("trio", {}), id="trio")]),
]

KIB = 1024


class Fake:
    """A transport on asyncio whose answers a test writes as a coroutine function."""

    clock: Clock = TrioClock()  # never asked here

    def __init__(self, answer: Callable[[Request], Awaitable[Reply]]) -> None:
        self._answer = answer
        self.closed = 0

    async def request(self, request: Request, /) -> Reply:
        asyncio.get_running_loop()
        return await self._answer(request)

    def wake(self) -> Wake:
        raise AssertionError("made on the caller's side")

    def spawn_root(self, run: Callable[[], Awaitable[None]], /, *, name: str) -> RootTask:
        raise AssertionError("made on the caller's side")

    async def aclose(self) -> None:
        asyncio.get_running_loop()
        self.closed += 1


class Source:
    """A body that an async generator function makes on trio, and that notes what happens to it."""

    def __init__(self, make: Callable[[], AsyncGenerator[bytes, None]], size: int | None = None) -> None:
        self._make = make
        self.size = size
        self.events: list[str] = []

    async def chunks(self) -> AsyncGenerator[bytes | bytearray | memoryview, None]:
        trio.lowlevel.current_task()
        self.events.append("begun")
        made = self._make()
        try:
            async for chunk in made:
                yield chunk
            self.events.append("complete")
        finally:
            await made.aclose()
            with trio.CancelScope(shield=True):
                await trio.sleep(0)
            self.events.append("closed")


def bridged(answer: Callable[[Request], Awaitable[Reply]]) -> Transport:
    return BridgeTransport(Fake(answer))


def asked(body: Body | None = None) -> Request:
    return Request("POST", "http://localhost/v1/listen", {"A": "b"}, Timeouts(), body)


async def drained(request: Request) -> bytes:
    assert request.body is not None
    assert not isinstance(request.body, bytes)
    return b"".join([bytes(chunk) async for chunk in request.body.chunks()])


async def echo(request: Request) -> Reply:
    return Reply(200, {}, await drained(request))


# One hop.


async def test_a_request_without_a_stream() -> None:
    """The request reaches the other transport as it is, on the loop thread, and its reply comes back."""
    seen: list[tuple[Request, bool]] = []

    async def answer(request: Request) -> Reply:
        seen.append((request, running_here()))
        return Reply(201, {"x": "y"}, b"body")

    def running_here() -> bool:
        return threading.current_thread().name == "dgasync loop"

    request = asked(b"audio")
    reply = await bridged(answer).request(request)

    assert (reply.status, reply.headers, reply.body) == (201, {"x": "y"}, b"body")
    assert seen == [(request, True)]


async def test_an_error_comes_out_as_it_is() -> None:
    """What the other transport raises is raised in the trio task."""
    error = ConnectFailed("nobody there")

    async def answer(request: Request) -> Reply:
        raise error

    for body in (None, b"audio", Source(none)):
        with pytest.raises(ConnectFailed) as caught:
            await bridged(answer).request(asked(body))
        assert caught.value is error


async def none() -> AsyncGenerator[bytes, None]:
    return
    yield


async def test_many_at_once() -> None:
    """Hundreds of trio tasks share the loop thread, each with its own answer."""

    async def answer(request: Request) -> Reply:
        await asyncio.sleep(0)
        assert isinstance(request.body, bytes)
        return Reply(200, {}, request.body)

    transport = bridged(answer)
    answers: dict[int, bytes] = {}

    async def one(number: int) -> None:
        answers[number] = (await transport.request(asked(b"%d" % number))).body

    async with trio.open_nursery() as nursery:
        for number in range(300):
            nursery.start_soon(one, number)

    assert answers == {number: b"%d" % number for number in range(300)}
    assert not running().jobs


async def test_context_travels() -> None:
    """The job sees the context variables of the trio task."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("from trio")

    async def job() -> str:
        return variable.get()

    assert await hop(job()) == "from trio"


async def test_outside_trio() -> None:
    """A hop from a loop that is not trio's is refused, and leaves no coroutine unawaited."""

    async def job() -> None:
        """Never begun."""

    work = job()
    with pytest.raises(RuntimeError):
        await trio.to_thread.run_sync(hop_here, work)
    assert work.cr_frame is None


def hop_here(work: Any) -> None:
    hop(work).send(None)


async def test_aclose() -> None:
    """Closing closes the other transport, on the loop thread."""
    fake = Fake(echo)
    await BridgeTransport(fake).aclose()
    assert fake.closed == 1


# Cancellation.


async def test_cancelled() -> None:
    """Cancelling the trio side cancels the asyncio task, and its clean-up is over before the scope is left."""
    events: list[str] = []
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def answer(request: Request) -> Reply:
        token.run_sync_soon(started.set)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            events.append("cleaned")
            raise
        raise AssertionError

    async with trio.open_nursery() as nursery:
        nursery.start_soon(bridged(answer).request, asked(b""))
        await started.wait()
        nursery.cancel_scope.cancel()

    assert events == ["cleaned"]
    assert not running().jobs


async def test_cancelled_before_it_began() -> None:
    """In a scope that is cancelled already nothing is left behind either."""

    async def answer(request: Request) -> Reply:
        await asyncio.sleep(60)
        raise AssertionError

    with trio.CancelScope() as scope:
        scope.cancel()
        await bridged(answer).request(asked(b""))

    assert scope.cancelled_caught
    assert not running().jobs


async def test_a_value_with_the_cancellation() -> None:
    """A job that ends well although it was cancelled has its value delivered; the next checkpoint is cancelled."""
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def job() -> str:
        token.run_sync_soon(started.set)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "a socket that somebody has to close"
        raise AssertionError

    got: list[str] = []

    async def use() -> None:
        got.append(await hop(job()))
        await trio.lowlevel.checkpoint()
        got.append("not reached")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(use)
        await started.wait()
        nursery.cancel_scope.cancel()

    assert got == ["a socket that somebody has to close"]


async def test_no_value_is_lost_whenever_the_cancellation_comes() -> None:
    """Cancelled at any moment, a hop either returns what the job made, or the job was cancelled before it made it."""
    made: list[int] = []
    got: list[int] = []

    async def job(number: int, rounds: int) -> int:
        for _ in range(rounds):
            await asyncio.sleep(0)
        made.append(number)
        return number

    async def one(number: int) -> None:
        got.append(await hop(job(number, number % 5)))

    for number in range(300):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one, number)
            for _ in range(number % 7):
                await trio.lowlevel.checkpoint()
            if number % 3 == 0:
                await trio.to_thread.run_sync(time.sleep, 0.00005)
            nursery.cancel_scope.cancel()

    assert got == made


async def test_an_error_with_the_cancellation() -> None:
    """A job that fails while it is cancelled does not hide the cancellation."""
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def job() -> None:
        token.run_sync_soon(started.set)
        try:
            await asyncio.sleep(60)
        finally:
            raise ConnectFailed("broke in its clean-up")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hop, job())
        await started.wait()
        nursery.cancel_scope.cancel()
    assert nursery.cancel_scope.cancelled_caught


async def test_clean_up_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clean-up of a cancelled job is waited for no longer than CLOSE_TIMEOUT, and does no harm later."""
    monkeypatch.setattr(bridge, "CLOSE_TIMEOUT", 0.02)
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()
    release = threading.Event()

    async def job() -> None:
        token.run_sync_soon(started.set)
        try:
            await asyncio.sleep(60)
        finally:
            while not release.is_set():
                await asyncio.sleep(0.001)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hop, job())
        await started.wait()
        nursery.cancel_scope.cancel()

    assert nursery.cancel_scope.cancelled_caught
    assert len(running().jobs) == 1
    release.set()
    while running().jobs:
        await trio.sleep(0.001)


async def test_a_job_that_ends_after_trio(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that outlives the whole run of trio ends in peace."""
    monkeypatch.setattr(bridge, "CLOSE_TIMEOUT", 0.02)
    release = threading.Event()

    async def job() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            while not release.is_set():
                await asyncio.sleep(0.001)

    async def main() -> None:
        with trio.move_on_after(0.02):
            await hop(job())

    def elsewhere() -> None:
        trio.run(main)

    await trio.to_thread.run_sync(elsewhere)
    assert len(running().jobs) == 1
    release.set()
    while running().jobs:
        await trio.sleep(0.001)


async def test_the_loop_is_shut_down() -> None:
    """When the loop thread ends under a request, that is an error and not a hang; the next one has a new thread."""
    started = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def answer(request: Request) -> Reply:
        token.run_sync_soon(started.set)
        await asyncio.sleep(60)
        raise AssertionError

    async def one() -> None:
        with pytest.raises(DeepgramError, match="shut down"):
            await bridged(answer).request(asked(b""))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        await started.wait()
        await trio.to_thread.run_sync(shutdown)

    assert (await bridged(echo).request(asked(Source(none)))).status == 200


# Bodies.


async def test_a_stream_arrives_whole() -> None:
    """The chunks cross in order, the size with them, and the iterator is closed on trio."""

    async def make() -> AsyncGenerator[bytes, None]:
        for number in range(1000):
            yield b"%d," % number
            if number % 10 == 0:
                await trio.sleep(0)

    sizes: list[int | None] = []

    async def answer(request: Request) -> Reply:
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        sizes.append(request.body.size)
        return await echo(request)

    source = Source(make, 3890)
    reply = await bridged(answer).request(asked(source))

    assert reply.body == b"".join(b"%d," % number for number in range(1000))
    assert sizes == [3890]
    assert source.events == ["begun", "complete", "closed"]


async def test_both_sides_slow() -> None:
    """Nothing is lost or left waiting when now the one side sleeps and now the other."""

    async def make() -> AsyncGenerator[bytes, None]:
        for number in range(200):
            if number % 3 == 0:
                await trio.sleep(0.0001)
            yield bytes([number % 256]) * (HANDOVER // 3)

    async def answer(request: Request) -> Reply:
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        heard: list[int] = []
        async for chunk in request.body.chunks():
            heard.append(chunk[0])
            if len(heard) % 7 == 0:
                await asyncio.sleep(0.0005)
        return Reply(200, {}, bytes(heard))

    reply = await bridged(answer).request(asked(Source(make)))
    assert reply.body == bytes(number % 256 for number in range(200))


async def test_memory_is_bounded() -> None:
    """Of 50 MB no more than HANDOVER and a chunk or two wait between the loops, however slow the sender is."""
    chunk = 256 * KIB
    made = taken = most = 0

    async def make() -> AsyncGenerator[bytes, None]:
        nonlocal made, most
        for _ in range(200):
            made += chunk
            most = max(most, made - taken)
            yield bytes(chunk)

    async def answer(request: Request) -> Reply:
        nonlocal taken
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        async for piece in request.body.chunks():
            await asyncio.sleep(0)
            taken += len(piece)
        return Reply(200, {}, b"")

    await bridged(answer).request(asked(Source(make)))

    assert taken == 200 * chunk
    assert most <= HANDOVER + 2 * chunk


async def test_nothing_is_read_for_a_failed_connect() -> None:
    """A transport that fails before it wants the body has not touched its iterator."""

    async def answer(request: Request) -> Reply:
        await asyncio.sleep(0.001)
        raise ConnectFailed("nobody there")

    source = Source(none)
    with pytest.raises(ConnectFailed):
        await bridged(answer).request(asked(source))
    assert source.events == []


async def test_an_error_of_the_iterator() -> None:
    """What the user's iterator raises comes out unchanged, and the upload is aborted and cleaned up first."""
    events: list[str] = []
    error = ValueError("no more audio")

    async def make() -> AsyncGenerator[bytes, None]:
        yield b"one"
        await trio.sleep(0)
        raise error

    async def answer(request: Request) -> Reply:
        try:
            return await echo(request)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            events.append("aborted")
            raise

    source = Source(make)
    with pytest.raises(ValueError, match="no more audio") as caught:
        await bridged(answer).request(asked(source))

    assert caught.value is error
    assert events == ["aborted"]
    assert source.events == ["begun", "closed"]
    assert not running().jobs


async def test_an_early_answer() -> None:
    """An answer that comes before the body is read ends the reading, wherever that stands."""

    async def refuse(request: Request) -> Reply:
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        chunks = request.body.chunks()
        await chunks.__anext__()
        return Reply(413, {}, b"")

    async def silent() -> AsyncGenerator[bytes, None]:
        yield b"one"
        await trio.sleep_forever()

    async def endless() -> AsyncGenerator[bytes, None]:
        while True:
            yield bytes(HANDOVER // 2)

    for make in (silent, endless):
        source = Source(make)
        assert (await bridged(refuse).request(asked(source))).status == 413
        assert source.events == ["begun", "closed"]


async def test_cancelled_while_sending() -> None:
    """Cancellation cleans up both sides: the task on the loop thread and the iterator on trio."""
    events: list[str] = []
    first = trio.Event()

    async def slow() -> AsyncGenerator[bytes, None]:
        yield b"one"
        first.set()
        await trio.sleep_forever()

    async def endless() -> AsyncGenerator[bytes, None]:
        yield b"one"
        first.set()
        while True:
            yield bytes(HANDOVER)

    async def answer(request: Request) -> Reply:
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        try:
            chunks = request.body.chunks()
            await chunks.__anext__()
            await asyncio.sleep(60)
        finally:
            events.append("aborted")
        raise AssertionError

    for make in (slow, endless):
        first = trio.Event()
        source = Source(make)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bridged(answer).request, asked(source))
            await first.wait()
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert source.events == ["begun", "closed"]

    assert events == ["aborted", "aborted"]
    assert not running().jobs


async def test_the_loop_ends_while_sending() -> None:
    """When the loop thread ends under an upload, the iterator is closed and the error comes out."""
    first = trio.Event()

    async def make() -> AsyncGenerator[bytes, None]:
        yield b"one"
        first.set()
        await trio.sleep_forever()

    source = Source(make)

    async def one() -> None:
        with pytest.raises(DeepgramError, match="shut down"):
            await bridged(echo).request(asked(source))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        await first.wait()
        await trio.to_thread.run_sync(shutdown)
    assert source.events == ["begun", "closed"]


async def test_a_chunk_for_a_loop_that_is_closed() -> None:
    """A chunk that is read just after the loop was closed goes nowhere, quietly."""

    async def make() -> AsyncGenerator[bytes, None]:
        yield b"one"
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(shutdown)
        yield b"two"

    source = Source(make)
    with pytest.raises(DeepgramError, match="shut down"):
        await bridged(echo).request(asked(source))
    assert source.events[-1] == "closed"


async def test_a_sender_that_gives_up_waiting() -> None:
    """A sender may stop waiting for a chunk, as one with a time limit does, and ask again later."""
    go = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def make() -> AsyncGenerator[bytes, None]:
        yield b"one"
        await go.wait()
        yield b"two"

    async def answer(request: Request) -> Reply:
        assert request.body is not None
        assert not isinstance(request.body, bytes)
        first = await request.body.chunks().__anext__()
        waiting = asyncio.ensure_future(request.body.chunks().__anext__())
        await asyncio.sleep(0)
        token.run_sync_soon(go.set)
        waiting.cancel()
        await asyncio.wait({waiting})
        return Reply(200, {}, bytes(first) + await drained(request))

    reply = await bridged(answer).request(asked(Source(make)))
    assert reply.body == b"onetwo"


async def test_a_signal_for_a_sender_that_left() -> None:
    """A wake-up that crosses with the sender's own cancellation is dropped."""

    async def job() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        bridge._give(future)

    await hop(job())


async def test_a_chunk_that_comes_at_the_last_moment() -> None:
    """A chunk that arrives between the sender's last look and its sleep is not slept over."""

    class Racing(deque[bytes]):
        """Looks empty the first time, as if the chunk came just behind the look."""

        looks = 0

        def __bool__(self) -> bool:
            self.looks += 1
            return self.looks > 1 and len(self) > 0

    handover = bridge._Handover(Source(none))
    handover._chunks = Racing([b"late"])  # type: ignore[assignment]
    handover._complete = True

    async def job() -> list[bytes]:
        return [bytes(chunk) async for chunk in handover.chunks()]

    assert await hop(job()) == [b"late"]


async def test_room_that_comes_at_the_last_moment() -> None:
    """A reader that is about to wait for room does not sleep when there is some by now."""
    handover = bridge._Handover(Source(none))
    handover._wanted = True
    await handover._room()


# The rest of the seam.


async def test_the_clock() -> None:
    """Time is the process's monotonic clock; sleeping and limits are trio's."""
    clock = BridgeTransport(Fake(echo)).clock
    assert abs(clock.now() - time.monotonic()) < 60
    await clock.sleep(0)
    await clock.sleep(-1)
    with clock.move_on_after(0) as scope:
        await trio.sleep_forever()
    assert scope.cancelled_caught
    with clock.move_on_after(60) as scope:
        await clock.sleep(0)
    assert not scope.cancelled_caught


async def test_a_shielded_limit() -> None:
    """With a shield, no cancellation from outside reaches into the block."""
    events: list[str] = []
    with trio.CancelScope() as outer:
        outer.cancel()
        with TrioClock().move_on_after(60, shield=True):
            await trio.sleep(0)
            events.append("inside")
        await trio.sleep(0)
        events.append("not reached")
    assert events == ["inside"]


async def test_wake() -> None:
    """A signal may be given by any thread, any number of times, before or while somebody waits for it."""
    wake = BridgeTransport(Fake(echo)).wake()

    def give() -> None:
        for _ in range(10):
            wake.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wake.wait)
        nursery.start_soon(wake.wait)
        await trio.testing.wait_all_tasks_blocked()
        await trio.to_thread.run_sync(give)
    await wake.wait()
    wake.set()


async def test_wake_when_the_loop_is_gone() -> None:
    """A signal for a loop that has ended is given in vain."""
    wakes: list[Wake] = []

    async def main() -> None:
        wakes.append(BridgeTransport(Fake(echo)).wake())

    await trio.to_thread.run_sync(trio.run, main)
    wakes[0].set()


async def test_a_root_task() -> None:
    """It runs beside its maker in a copy of his context, outlives the scope it was made in, and many may wait."""
    go = trio.Event()
    events: list[str] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="clean")
    variable.set("the maker's")

    async def run() -> None:
        await go.wait()
        events.extend([variable.get(), repr(CALLER.get())])
        variable.set("its own")

    anything: Any = object()
    CALLER.set(anything)  # whoever waits for this job
    with trio.CancelScope() as scope:
        task = BridgeTransport(Fake(echo)).spawn_root(run, name="root")
        scope.cancel()
    go.set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task.wait)
        nursery.start_soon(task.wait)
    assert events == ["the maker's", "None"]


async def test_a_root_task_is_cancelled() -> None:
    """`cancel` stops it, quietly, with its clean-up done before `wait` returns; also one that has not begun."""
    events: list[str] = []

    async def run() -> None:
        try:
            await trio.sleep_forever()
        finally:
            events.append("cleaned")

    begun = BridgeTransport(Fake(echo)).spawn_root(run, name="begun")
    assert not begun.is_cancelled()
    await trio.testing.wait_all_tasks_blocked()
    fresh = BridgeTransport(Fake(echo)).spawn_root(run, name="fresh")
    for task in (begun, fresh):
        task.cancel()
        assert task.is_cancelled()
        await task.wait()
        task.cancel()
    assert events == ["cleaned", "cleaned"]


async def test_a_root_task_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it raises is logged with its traceback and never reaches trio."""

    async def group() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail, KeyError("in a group"))
            await trio.sleep_forever()

    async def fail(error: BaseException) -> None:
        raise error

    with caplog.at_level(logging.DEBUG, "dgasync"):
        for error in (ValueError("plain"), SystemExit(3)):
            task = BridgeTransport(Fake(echo)).spawn_root(lambda error=error: fail(error), name="failing")
            await task.wait()
        task = BridgeTransport(Fake(echo)).spawn_root(group, name="failing")
        await task.wait()

    assert [record.getMessage() for record in caplog.records] == ["The task failing failed."] * 3
    assert "ValueError: plain" in caplog.text
    assert "SystemExit: 3" in caplog.text
    assert "KeyError: 'in a group'" in caplog.text


async def test_root_tasks_at_the_end_of_trio(caplog: pytest.LogCaptureFixture) -> None:
    """When the main task has ended they are cancelled and clean up; an error in that is logged."""
    events: list[str] = []

    async def quiet() -> None:
        try:
            await trio.sleep_forever()
        finally:
            events.append("cleaned")

    async def loud() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise KeyError("in clean-up")

    async def main() -> None:
        for run in (quiet, loud):
            BridgeTransport(Fake(echo)).spawn_root(run, name="root")
        await trio.testing.wait_all_tasks_blocked()

    await trio.to_thread.run_sync(trio.run, main)
    assert events == ["cleaned"]
    assert "KeyError: 'in clean-up'" in caplog.text
    assert "Cancelled" not in caplog.records[0].getMessage()


async def test_it_is_a_transport() -> None:
    """Type checkers hold the bridge to the seam, and a handed-over body to a Stream."""
    transport: Transport = BridgeTransport(Fake(echo))
    body: Stream = bridge._Handover(Source(none, 3))
    assert transport.clock is transport.clock
    assert body.size == 3


async def test_nothing_is_left() -> None:
    """After all of it no job is left, and the only thread is the loop's."""
    gc.collect()
    assert not running().jobs
