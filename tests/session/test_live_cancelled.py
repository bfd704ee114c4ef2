"""FIELD_NOTES 11: cancelled at any moment, a live session leaves no task and no socket, and loses what it must not.

Each scene is run again and again: cancelled before its first step, after one, after two, and so on until it is over
before its turn comes. A step is one round of the loop, in which every task that can go on does so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest

from dgasync.errors import DeepgramWebsocketError, SessionEnded, StreamClosed
from dgasync.limits import CLOSE_TIMEOUT
from dgasync.models.live import Close
from dgasync.protocol.live import Phase
from dgasync.session.live import AsyncLiveSession
from dgasync.transport.seam import Closed
from tests.session.props import CLOSE_STREAM, Listener, OwnError, chunks_of, kinds, left, rest, texts
from tests.session.stage import Service, Stage, results, settle

pytestmark = pytest.mark.anyio

MOST = 300
"""Steps that no scene has: a round that gets there goes in circles."""


class Slow(Service):
    """A service on a slow network: connecting, sending and closing take a few steps, and words come for each chunk."""

    def __init__(self) -> None:
        super().__init__()
        end = self.on_send
        assert end is not None

        def answer(frame: bytes | str) -> None:
            if isinstance(frame, bytes):
                self.feed(results(frame.decode(), start=len(self.sent)))
            elif "Finalize" in frame:
                self.feed(results("flushed", start=99, from_finalize=True))
            elif "Break" in frame:
                self.feed(Closed(1011, "oops"))
            end(frame)

        self.on_send = answer

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        await steps(2)
        await super().send(data)

    async def close(self, code: int = 1000, /) -> None:
        try:
            await steps(2)
        finally:  # as the seam has it: asyncio's own cancellation closes it at once
            await super().close(code)

    @property
    def is_closed(self) -> bool:
        return self._end is not None


async def connect(_: object) -> Slow:
    await steps(2)
    return Slow()


async def steps(count: int) -> None:
    for _ in range(count):
        await anyio.sleep(0)


def living() -> int:
    """How many tasks there are."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        import trio

        return trio.lowlevel.current_statistics().tasks_living


class Victim:
    """A task that is cancelled, by its scope or, where asyncio's own way is another one, by itself."""

    def __init__(self, run: Callable[[], Awaitable[object]]) -> None:
        self.is_over = False
        self.went_through = False
        self._run = run

    async def cancelled_after(self, count: int, how: str) -> None:
        """Return when it is gone."""
        if how == "task":
            task = asyncio.ensure_future(self._go())
            await steps(count)
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
        else:
            scope = anyio.CancelScope()

            async def go() -> None:
                with scope:
                    await self._go()

            async with anyio.create_task_group() as group:
                group.start_soon(go)
                await steps(count)
                scope.cancel()

    async def _go(self) -> None:
        try:
            await self._run()
            self.went_through = True
        finally:
            self.is_over = True


def ways() -> list[str]:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ["scope"]
    return ["scope", "task"]


class Source:
    """Audio that is noted when it is closed."""

    def __init__(self, count: int) -> None:
        self.begun = self.closed = 0
        self._count = count

    async def chunks(self) -> AsyncIterator[bytes]:
        self.begun += 1
        try:
            for number in range(self._count):
                await anyio.sleep(0)
                yield b"%d" % number
        finally:
            self.closed += 1
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0)


# ── the whole session ──


async def sends(live: AsyncLiveSession, source: Source) -> None:
    for number in range(3):
        await live.send(b"%d" % number)


async def posts_and_finishes(live: AsyncLiveSession, source: Source) -> None:
    for number in range(3):
        live.post(b"%d" % number)
    await live.send(b"3")
    await live.keep_alive()
    await live.finish()


async def sends_in_the_background(live: AsyncLiveSession, source: Source) -> None:
    live.start_sending(source.chunks())
    await rest(live)


async def sends_in_the_foreground(live: AsyncLiveSession, source: Source) -> None:
    await live.send_all(source.chunks())


async def flushes(live: AsyncLiveSession, source: Source) -> None:
    live.post(b"0")
    await live.finalize()
    await live.take()


async def fails(live: AsyncLiveSession, source: Source) -> None:
    live.start_sending(source.chunks(), finish=False)
    await live.message("Break")
    with suppress(StreamClosed):
        await rest(live)


async def raises(live: AsyncLiveSession, source: Source) -> None:
    live.start_sending(source.chunks())
    await live.send(b"0")
    raise OwnError


@pytest.mark.parametrize(
    "scene",
    [sends, posts_and_finishes, sends_in_the_background, sends_in_the_foreground, flushes, fails, raises],
    ids=lambda scene: scene.__name__,
)
async def test_the_session(scene: Callable[[AsyncLiveSession, Source], Awaitable[None]]) -> None:
    """Entered, used and left: wherever it is cancelled, it ends, and closes its socket and its source."""
    for how in ways():
        for count in range(MOST):
            stage = Stage(connect)
            live = stage.session()
            source = Source(3)

            async def talk(live: AsyncLiveSession = live, source: Source = source) -> None:
                with suppress(OwnError):
                    async with live:
                        await scene(live, source)

            before = living()
            victim = Victim(talk)
            await victim.cancelled_after(count, how)

            assert living() == before
            assert source.begun == source.closed
            assert all(socket.is_closed for socket in stage.sockets)  # type: ignore[attr-defined]
            if stage.sockets:
                assert live.phase is Phase.ENDED
                assert kinds(left(live))[-1:] in (["Close"], [])
                assert stage.socket.sent.count(CLOSE_STREAM) <= 1
            if victim.went_through:
                break
        else:
            raise AssertionError("it goes in circles")


@pytest.mark.parametrize("waits", ["iterate", "finish", "finalize", "send", "turn"])
async def test_who_else_waits(waits: str) -> None:
    """Other tasks that wait for something of the session are let go when it is cancelled, whatever they wait for."""
    for how in ways():
        for count in range(30):
            stage = Stage(Service())
            live = stage.session()
            entered = anyio.Event()
            events: list[Any] = []

            async def talk(live: AsyncLiveSession = live, stage: Stage = stage, entered: anyio.Event = entered) -> None:
                async with live:
                    if waits != "iterate":
                        stage.socket.stall()
                    if waits == "turn":
                        live.post(b"0")
                    entered.set()
                    await anyio.sleep_forever()

            async def wait(live: AsyncLiveSession = live, events: list[Any] = events) -> None:
                with suppress(SessionEnded):
                    if waits == "iterate":
                        async for event in live:
                            events.append(event)
                    elif waits == "finish":
                        await live.finish()
                    elif waits == "finalize":
                        await live.finalize()
                    else:
                        await live.send(b"1")

            victim = Victim(talk)
            async with anyio.create_task_group() as group:
                group.start_soon(victim.cancelled_after, 20 + count, how)
                await entered.wait()
                group.start_soon(wait)

            assert victim.is_over
            assert waits != "iterate" or kinds(events) == ["Open", "Close"]


# ── one call ──


async def rounds(
    call: Callable[[AsyncLiveSession], Awaitable[object]], judge: Callable[[Slow, list[Any], bool], None]
) -> None:
    """Cancel `call` at each of its steps within a session that goes on, and look at what came of the session."""
    for how in ways():
        for count in range(MOST):
            stage = Stage(connect)
            before = living()
            async with stage.session() as live:
                live.post(b"a")
                live.post(b"b")
                victim = Victim(lambda live=live: call(live))  # type: ignore[misc]
                await victim.cancelled_after(count, how)
                await settle()
                if live.is_open:
                    await live.send(b"z")
            assert living() == before
            assert isinstance(stage.socket, Slow)
            judge(stage.socket, left(live), victim.went_through)
            if victim.went_through:
                break
        else:
            raise AssertionError("it goes in circles")


async def test_send() -> None:
    """The chunk goes out once or not at all, and nothing else is lost or out of order."""

    def judge(socket: Slow, events: list[Any], went_through: bool) -> None:
        assert socket.sent in ([b"a", b"b", b"c", b"z", CLOSE_STREAM], [b"a", b"b", b"z", CLOSE_STREAM])
        assert not went_through or b"c" in socket.sent
        assert texts(events) == [frame.decode() for frame in socket.sent if isinstance(frame, bytes)]

    await rounds(lambda live: live.send(b"c"), judge)


@pytest.mark.parametrize("call", ["keep_alive", "finalize"])
async def test_messages(call: str) -> None:
    """The same holds for messages."""

    def judge(socket: Slow, events: list[Any], went_through: bool) -> None:
        assert [frame for frame in socket.sent if isinstance(frame, bytes)] == [b"a", b"b", b"z"]
        assert socket.messages in (["CloseStream"], ["KeepAlive", "CloseStream"], ["Finalize", "CloseStream"])
        assert kinds(events)[-2:] == ["Metadata", "Close"]

    await rounds(lambda live: getattr(live, call)(), judge)


@pytest.mark.parametrize("call", ["finish", "close_stream"])
async def test_finish(call: str) -> None:
    """CloseStream goes out once, behind all audio, and the last words come, whenever its caller is cancelled."""

    def judge(socket: Slow, events: list[Any], went_through: bool) -> None:
        assert socket.sent in ([b"a", b"b", CLOSE_STREAM], [b"a", b"b", b"z", CLOSE_STREAM])
        assert not went_through or b"z" not in socket.sent
        assert texts(events)[:2] == ["a", "b"]
        assert kinds(events)[-2:] == ["Metadata", "Close"]

    await rounds(lambda live: getattr(live, call)(), judge)


async def test_send_all() -> None:
    """What has been sent of a source stays in its order, and its rest never comes."""

    def judge(socket: Slow, events: list[Any], went_through: bool) -> None:
        sent = b"".join(frame for frame in socket.sent if isinstance(frame, bytes)).decode()
        assert sent.startswith("ab")
        assert "ab012".startswith(sent.removesuffix("z"))
        assert socket.messages == ["CloseStream"]

    await rounds(lambda live: live.send_all(chunks_of(b"0", b"1", b"2")), judge)


async def test_iteration() -> None:
    """Each event is taken once, by who is cancelled or by who comes after."""
    taken: list[Any] = []

    async def call(live: AsyncLiveSession) -> None:
        taken.clear()
        live.post(b"c")
        while "c" not in texts(taken):
            taken.append(await live.__anext__())

    def judge(socket: Slow, events: list[Any], went_through: bool) -> None:
        heard = [frame.decode() for frame in socket.sent if isinstance(frame, bytes)]
        assert texts([*taken, *events]) == heard
        assert heard[-1] == "z"
        assert kinds([*taken, *events])[0] == "Open"
        taken.clear()

    await rounds(call, judge)


# ── closing ──


class Stuck(Service):
    """A socket that cannot be closed."""

    async def close(self, code: int = 1000, /) -> None:
        self.closed_with = code
        await anyio.sleep_forever()


@pytest.mark.parametrize("how", ["leave", "raise", "cancel"])
async def test_a_socket_that_cannot_be_closed(how: str) -> None:
    """Nobody waits for it longer than `CLOSE_TIMEOUT`, and Close comes all the same."""
    stage = Stage(Stuck())
    live = stage.session()
    scope = anyio.CancelScope()

    async def talk() -> None:
        with scope, suppress(OwnError):
            async with live:
                if how == "raise":
                    raise OwnError
                if how == "cancel":
                    await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(talk)
        await settle()
        scope.cancel() if how == "cancel" else None
        await stage.time.advance(CLOSE_TIMEOUT)
        assert live.phase is Phase.ENDED

    assert isinstance(left(live)[-1], Close)
    assert stage.socket.closed_with == 1000


async def test_cancelled_again_while_it_closes() -> None:
    """Asyncio's own cancellation goes through the shield; who else waits is told of the end even so."""
    if ways() == ["scope"]:
        return  # there is no such thing
    stage = Stage(Stuck())
    live = stage.session()
    entered = anyio.Event()

    async def talk() -> None:
        async with live:
            entered.set()
            await anyio.sleep_forever()

    task = asyncio.ensure_future(talk())
    await entered.wait()
    async with Listener(live) as listener:
        stage.socket.feed(results("0"), results("1"))
        await settle()
        listener.scope.cancel()
        async with Listener(live) as other, Listener(live) as third:
            task.cancel()
            await settle()
            task.cancel()
            await settle()
            with suppress(asyncio.CancelledError):
                await task
            stage.socket.feed(Closed(1006))

    assert (other.kinds + third.kinds) == ["Close"]
    with pytest.raises(DeepgramWebsocketError):
        await live.__aenter__()
