"""What a live session tells of itself in numbers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import anyio
import msgspec
import pytest

from dgasync.errors import SessionEnded, StreamClosed
from dgasync.limits import MAX_EVENTS, REPLAY_AUDIO
from dgasync.models.live import Gap
from dgasync.models.metrics import LiveMetrics
from dgasync.transport.seam import Closed
from tests.session.stage import RAW, SECOND, Chatty, Stage, results, settle
from tests.session.test_reconnect import passing, taken

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("dgasync.session.core.random", lambda: 0.5)
    return Stage()


async def test_before(stage: Stage) -> None:
    """Before it begins nothing was sent, and what is not known is None."""
    assert stage.session().metrics == LiveMetrics(sent_seconds=0.0)


async def test_what_was_sent(stage: Stage) -> None:
    """Audio counts in seconds and in bytes, as it is given to the network; messages do not."""
    async with stage.session() as live:
        await live.send(SECOND + SECOND[:8000])
        await live.keep_alive()

        assert (live.metrics.sent_seconds, live.metrics.sent_bytes) == (1.25, 40_000)


async def test_what_was_heard(stage: Stage) -> None:
    """Interim results reach further than final ones."""
    async with stage.session() as live:
        await live.send(SECOND * 3)
        stage.socket.feed(results("one", start=0.0), results("two", start=1.0, final=False))
        await settle()

        assert (live.metrics.heard_seconds, live.metrics.final_seconds) == (2.0, 1.0)


async def test_what_was_heard_in_every_channel(stage: Stage) -> None:
    """Only what all channels have counts."""
    async with stage.session(**RAW, channels=2, multichannel=True) as live:
        stage.socket.feed(results("one", start=1.0, channel=(0, 2)))
        await settle()
        assert (live.metrics.heard_seconds, live.metrics.final_seconds) == (0.0, 0.0)

        stage.socket.feed(results("one", start=0.0, channel=(1, 2)))
        await settle()
        assert (live.metrics.heard_seconds, live.metrics.final_seconds) == (1.0, 1.0)


async def test_latency(stage: Stage) -> None:
    """It is what was sent less what was heard, when the transcript moved on; audio that follows does not change it."""
    async with stage.session() as live:
        await live.send(SECOND * 2)
        assert live.metrics.latency is None
        stage.socket.feed(results("one", start=0.5, final=False))
        await settle()
        assert live.metrics.latency == 0.5

        await live.send(SECOND)
        assert live.metrics.latency == 0.5


async def test_latency_of_a_final_result(stage: Stage) -> None:
    """One that says again what was heard already is no news, and says nothing of how late the service is."""
    async with stage.session() as live:
        await live.send(SECOND * 2)
        stage.socket.feed(results("one", start=0.5, final=False))
        await settle()
        await live.send(SECOND)
        stage.socket.feed(results("one", start=0.2))
        await settle()

        assert live.metrics.latency == 0.5


async def test_latency_is_not_negative(stage: Stage) -> None:
    """The service rounds times, and is never ahead of the audio."""
    async with stage.session() as live:
        await live.send(SECOND)
        stage.socket.feed(results("one", start=0.01))
        await settle()

        assert live.metrics.latency == 0.0


async def test_compressed_audio(stage: Stage) -> None:
    """Of that only bytes are known."""
    async with stage.session(encoding="opus") as live:
        await live.send(b"12345")
        stage.socket.feed(results("one"))
        await settle()

        assert (live.metrics.sent_seconds, live.metrics.sent_bytes, live.metrics.latency) == (None, 5, None)


async def test_time_to_first_result(stage: Stage) -> None:
    """It runs from the first audio to the first result with words in it, and then stands."""
    async with stage.session() as live:
        await stage.time.advance(2.0)
        await live.send(SECOND)
        await stage.time.advance(1.0)
        stage.socket.feed(results("", final=False))
        await settle()
        assert live.metrics.time_to_first_result is None

        await stage.time.advance(0.5)
        stage.socket.feed(results("one", final=False))
        await settle()
        await stage.time.advance(1.0)
        stage.socket.feed(results("two"))
        await settle()
        assert live.metrics.time_to_first_result == 1.5


async def test_a_refused_chunk_is_no_beginning(stage: Stage) -> None:
    """What is sent before the session is open never was."""
    live = stage.session()
    with pytest.raises(SessionEnded):
        await live.send(SECOND)
    async with live:
        await live.send(SECOND)
        await stage.time.advance(1.0)
        stage.socket.feed(results("one"))
        await settle()

        assert live.metrics.time_to_first_result == 1.0


@passing
async def test_reconnects(stage: Stage) -> None:
    """Each connection that took the place of another counts, and audio that is sent again does not."""
    async with stage.session(reconnect=True) as live:
        await live.send(SECOND)
        for count in (1, 2):
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(10.0)
            assert live.metrics.reconnects == count
        assert stage.socket.audio == SECOND

        assert (live.metrics.sent_bytes, live.metrics.gaps) == (len(SECOND), 0)


@passing
async def test_latency_over_connections(stage: Stage) -> None:
    """Times are the session's, whichever connection a result is from."""
    async with stage.session(reconnect=True) as live:
        await live.send(SECOND * 2)
        stage.socket.feed(results("one"))
        await stage.time.sleep(0)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(10.0)
        await live.send(SECOND)
        stage.socket.feed(results("two", start=0.25, final=False))
        await stage.time.sleep(0)

        metrics = live.metrics
        assert (metrics.heard_seconds, metrics.final_seconds, metrics.latency) == (2.25, 1.0, 0.75)


@passing
async def test_gaps(stage: Stage) -> None:
    """They count in number and in seconds, as the events tell of them."""
    events: list[Any] = []
    stage.make = Chatty
    async with stage.session(reconnect=True) as live, anyio.create_task_group() as group:
        group.start_soon(taken, live, events)
        for _ in range(int(REPLAY_AUDIO) + 20):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(10.0)
        group.cancel_scope.cancel()

    gaps = [event for event in events if isinstance(event, Gap)]
    assert gaps
    assert (live.metrics.gaps, live.metrics.gap_seconds) == (len(gaps), sum(gap.end - gap.start for gap in gaps))


@passing
async def test_what_waits_for_another_connection(stage: Stage) -> None:
    """Audio that is handed over while there is none is queued until it is sent."""
    async with stage.session(reconnect=True) as live:
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(0)
        await live.send(SECOND)
        assert live.metrics.queued_bytes == len(SECOND)

        await stage.time.sleep(10.0)
        assert live.metrics.queued_bytes == 0


async def test_what_other_threads_hand_over(stage: Stage) -> None:
    """It is queued until the network has taken it."""
    async with stage.session() as live:
        stage.socket.stall()
        for _ in range(3):
            assert live.try_send(SECOND)
        await settle()
        assert live.metrics.queued_bytes == 3 * len(SECOND)

        stage.socket.flow()
        await settle()
        assert live.metrics.queued_bytes == 0


@pytest.mark.parametrize("reconnect", [False, True])
async def test_nothing_is_queued_after_the_end(stage: Stage, reconnect: bool) -> None:
    """What could not be sent by then never will be."""
    with pytest.raises(StreamClosed):  # noqa: PT012
        async with stage.session(reconnect=reconnect) as live:
            stage.socket.stall()
            live.post(SECOND)
            live.post(SECOND)
            await settle()
            assert live.metrics.queued_bytes == 2 * len(SECOND)
            stage.socket.feed(Closed(1008))

    assert live.metrics.queued_bytes == 0


async def test_events(stage: Stage) -> None:
    """Those that wait count, and those that nobody will see."""
    async with stage.session() as live:
        stage.socket.feed(*[results("one", final=False)] * (MAX_EVENTS + 10))
        await settle()

        assert live.metrics.waiting == live.waiting > 0
        assert live.metrics.dropped == live.dropped > 0


async def test_after_the_end(stage: Stage) -> None:
    """It still tells what was."""
    async with stage.session() as live:
        await live.send(SECOND)
        stage.socket.last_words = [results("one")]

    assert (live.metrics.sent_seconds, live.metrics.final_seconds, live.metrics.latency) == (1.0, 1.0, 0.0)


async def test_it_is_plain_data(stage: Stage) -> None:
    """It cannot be changed, and becomes a dict or JSON as any such struct does."""
    metrics = stage.session().metrics

    with pytest.raises(AttributeError):
        metrics.gaps = 1  # type: ignore[misc]
    assert msgspec.structs.asdict(metrics) == msgspec.json.decode(msgspec.json.encode(metrics))


LIVE = """
import asyncio, sys
sys.modules["opentelemetry.sdk"] = None  # importing it would raise
from tests.session.stage import SECOND, Stage, results, settle

async def main():
    stage = Stage()
    async with stage.session() as live:
        await live.send(SECOND)
        stage.socket.feed(results())
        await settle()
    print(live.metrics.final_seconds)
    del sys.modules["opentelemetry.sdk"]
    print([name for name in sys.modules if "telemetry" in name])

asyncio.run(main())
"""


async def test_opentelemetry_is_left_alone() -> None:
    """A program that does not use OpenTelemetry does not import it through a session, nor what tells it of sessions."""
    ended = await anyio.run_process([sys.executable, "-c", LIVE], stderr=subprocess.PIPE, check=False)

    assert ended.stdout.decode().split("\n")[:2] == ["1.0", "[]"], ended.stderr.decode()
