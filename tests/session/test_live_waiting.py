"""A live session in time: KeepAlive while nobody speaks, and Finalize with its answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import anyio
import pytest

from dgasync.errors import StreamClosed
from dgasync.limits import DRAIN_TIMEOUT, FINALIZE_QUIET, FINALIZE_TIMEOUT, KEEP_ALIVE
from dgasync.session.live import AsyncLiveSession
from dgasync.transport.seam import Closed
from tests.session.props import CLOSE_STREAM, Listener, Silent, texts
from tests.session.stage import SECOND, ManualClock, Service, Stage, metadata, results, settle

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ── when nobody speaks ──


class Watch(Service):
    """A service that notes when each frame came."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.at: list[tuple[float, str]] = []
        answer = self.on_send
        assert answer is not None

        def note(frame: bytes | str) -> None:
            self.at.append((clock.now() - 1000.0, json.loads(frame)["type"] if isinstance(frame, str) else "audio"))
            answer(frame)

        self.on_send = note


async def test_keep_alive(stage: Stage) -> None:
    """Thirty idle seconds, from the handshake on, are never more than `KEEP_ALIVE` without a frame."""
    watch = Watch(stage.time)
    stage.script.append(watch)
    async with stage.session():
        await stage.time.advance(30.0)
        assert watch.at == [(KEEP_ALIVE * number, "KeepAlive") for number in range(1, 8)]


async def test_no_keep_alive_while_audio_flows(stage: Stage) -> None:
    """Audio is sign of life enough, and when it stops, KeepAlive takes over in time."""
    watch = Watch(stage.time)
    stage.script.append(watch)
    async with stage.session() as live:
        for _ in range(10):
            await stage.time.advance(3.0)
            await live.send(SECOND)
        assert {kind for _, kind in watch.at} == {"audio"}
        await stage.time.advance(9.0)

    assert watch.at[10:] == [(34.0, "KeepAlive"), (38.0, "KeepAlive"), (39.0, "CloseStream")]
    assert all(after - before <= KEEP_ALIVE for (before, _), (after, _) in pairwise(watch.at))


async def test_keep_alive_behind_other_messages(stage: Stage) -> None:
    """Any frame counts, not only audio."""
    watch = Watch(stage.time)
    stage.script.append(watch)
    async with stage.session() as live:
        await stage.time.advance(3.0)
        await live.message('{"type":"Finalize"}')
        live.post(SECOND)
        await stage.time.advance(3.0)
        await live.keep_alive()
        await stage.time.advance(3.0)

        assert watch.at == [(3.0, "Finalize"), (3.0, "audio"), (6.0, "KeepAlive")]


async def test_keep_alive_turned_off(stage: Stage) -> None:
    """Who does not want it does not get it."""
    async with stage.session(keeps_alive=False):
        await stage.time.advance(30.0)
        assert stage.socket.sent == []


async def test_no_keep_alive_behind_close_stream(stage: Stage) -> None:
    """While the last words are waited for nothing is sent."""
    stage.script.append(Silent())
    async with stage.session() as live:
        await live.close_stream()
        await stage.time.advance(DRAIN_TIMEOUT - 1.0)
        assert stage.socket.messages == ["CloseStream"]
        stage.socket.feed(metadata(), Closed(1000))


async def test_keep_alive_while_the_network_is_stuck(stage: Stage) -> None:
    """It does not keep the timer from its other duties, and a socket that breaks under it is no error of its own."""
    stage.script.append(Silent())
    async with stage.session() as live, Listener(live) as listener:
        stage.socket.stall()
        await stage.time.advance(3 * KEEP_ALIVE)
        assert stage.socket.sent == []
        stage.socket.feed(Closed(1006))
        await settle()

    assert isinstance(listener.error, StreamClosed)


async def test_automatic_finalize(stage: Stage) -> None:
    """An interim result without another for a while asks for the final words, once (v3's auto_flush_reply_delta)."""
    watch = Watch(stage.time)
    stage.script.append(watch)
    async with stage.session(auto_flush=1.5), anyio.create_task_group():
        watch.feed(results("one", final=False))
        await stage.time.advance(1.0)
        watch.feed(results("one two", final=False))
        await stage.time.advance(2.0)
        watch.feed(results("one two", from_finalize=True))
        await stage.time.advance(2.0)

        assert watch.at == [(2.5, "Finalize")]


# ── finalize ──


class Finalizing(Service):
    """A service that answers each Finalize, for so many channels."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        end = self.on_send

        def answer(frame: bytes | str) -> None:
            if isinstance(frame, str) and "Finalize" in frame:
                for channel in range(channels):
                    self.feed(results("flushed", channel=(channel, channels), from_finalize=True))
            assert end is not None
            end(frame)

        self.on_send = answer


@pytest.mark.parametrize("channels", [1, 2, 5])
async def test_finalize(channels: int, stage: Stage) -> None:
    """It returns when the words of every channel are there."""
    stage.script.append(Finalizing(channels))
    async with stage.session() as live:
        await live.send(SECOND)
        assert await live.finalize() == "flushed"
        assert live.waiting == 1 + channels

    assert stage.socket.sent == [SECOND, '{"type":"Finalize"}', CLOSE_STREAM]


async def test_finalize_while_another_task_listens(stage: Stage) -> None:
    """The other task gets the words, and this one knows that they have come."""
    stage.script.append(Finalizing())
    async with stage.session() as live, Listener(live) as listener:
        stage.socket.feed(results("first"))
        await settle()
        stage.socket.feed(results("second"))
        await settle()
        assert await live.finalize() == "flushed"
        assert texts(listener.events) == ["first", "second", "flushed"]
        assert await live.finalize() == "flushed"
        await live.finish()

    assert texts(listener.events) == ["first", "second", "flushed", "flushed"]


async def how_it_goes(stage: Stage, live: AsyncLiveSession, *steps: Callable[[], object] | float) -> tuple[str, float]:
    """The outcome of a `finalize`, and how long it took."""
    told: list[Any] = []
    began = stage.time.now()

    async def finalize() -> None:
        told.append(await live.finalize())
        told.append(stage.time.now() - began)

    async with anyio.create_task_group() as group:
        group.start_soon(finalize)
        await settle()
        for step in steps:
            if callable(step):
                step()
            else:
                await stage.time.advance(step)
    return told[0], told[1]


async def test_finalize_when_there_is_nothing(stage: Stage) -> None:
    """A service that says nothing has nothing to flush."""
    async with stage.session() as live:
        assert await how_it_goes(stage, live, FINALIZE_QUIET) == ("quiet", FINALIZE_QUIET)


async def test_finalize_without_an_answer(stage: Stage) -> None:
    """A service that says other things has its time."""

    def interim() -> None:
        stage.socket.feed(results("more", final=False))

    async with stage.session() as live:
        assert await how_it_goes(stage, live, *[interim, 1.0] * 5) == ("timed_out", FINALIZE_TIMEOUT)


async def test_finalize_behind_queued_audio(stage: Stage) -> None:
    """The wait for the answer begins when the question is out."""
    async with stage.session() as live:
        stage.socket.stall()
        live.post(SECOND)
        outcome = await how_it_goes(stage, live, 1.5 * FINALIZE_QUIET, stage.socket.flow, FINALIZE_QUIET)

    assert outcome == ("quiet", 2.5 * FINALIZE_QUIET)


async def test_an_answer_to_somebody_else(stage: Stage) -> None:
    """What comes before the own Finalize is out is an answer to another one."""

    def early() -> None:
        stage.socket.feed(results("to another", from_finalize=True))

    async with stage.session() as live:
        stage.socket.stall()
        live.post(SECOND)
        outcome = await how_it_goes(stage, live, early, 1.0, stage.socket.flow, FINALIZE_QUIET)

    assert outcome == ("quiet", 1.0 + FINALIZE_QUIET)


async def test_two_finalize_at_once(stage: Stage) -> None:
    """One answer may be enough for both."""
    stage.script.append(Finalizing())
    async with stage.session() as live, anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(live.finalize)

    assert stage.socket.messages == ["Finalize", "Finalize", "CloseStream"]


async def test_finalize_when_the_session_fails(stage: Stage) -> None:
    """There is no answer any more, and the reason is told."""
    async with stage.session() as live:

        async def finalize() -> None:
            with pytest.raises(StreamClosed, match="1011") as caught:
                await live.finalize()
            assert caught.value is live.error

        async with anyio.create_task_group() as group:
            group.start_soon(finalize)
            await settle()
            stage.socket.feed(Closed(1011))


async def test_finalize_when_the_session_is_finished(stage: Stage) -> None:
    """All words have come, so they are flushed."""
    async with stage.session() as live:

        async def finish() -> None:
            await settle()
            await live.finish()

        async with anyio.create_task_group() as group:
            group.start_soon(finish)
            assert await live.finalize() == "flushed"
