"""Live sessions behind a silence gate: silence is not sent, and the times are those of the audio that was given."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from random import Random
from typing import Any

import anyio
import pytest

from dgasync.detector import SilenceGate
from dgasync.errors import DeepgramConnectionError, DeepgramTypeError, DeepgramWebsocketError, SessionEnded
from dgasync.limits import HEARD_NOTHING, IDLE_LIMIT, KEEP_ALIVE, PACE
from dgasync.models.live import (
    Error,
    Gap,
    LiveResultResponse,
    MetadataResponse,
    Reconnected,
    SpeechStartedResponse,
    UtteranceEndResponse,
)
from dgasync.protocol.timeline import TOUCH
from dgasync.session.gated import MARGIN, GatedSession
from dgasync.session.live import FINALIZE, AsyncLiveSession
from dgasync.testing import Ruler, silence
from dgasync.transport.seam import Closed
from dgasync.utterances import SILENCE
from tests.session.ruler import RulerStage
from tests.session.stage import RAW, SECOND, Chatty, Stage, results, settle
from tests.session.test_reconnect import passing, taken, while_time_passes

pytestmark = pytest.mark.anyio


class Loud:
    """Takes for speech what is not zero, in frames of 10 ms."""

    def __init__(self, rate: int) -> None:
        self.samples = rate // 100

    def __call__(self, frame: bytes) -> bool:
        return any(frame)


class Slow(Loud):
    """The same, in frames of 50 ms."""

    def __init__(self, rate: int) -> None:
        self.samples = rate // 20


GATE = SilenceGate(detector=Loud, pre_roll=0.0, hang_over=0.5)
LEAD = silence(0.51)  # with which each connection begins: a frame, and what goes out behind it


def gated(
    stage: Stage, gate: SilenceGate = GATE, *, reconnect: bool = False, keeps_alive: bool = True, **options: Any
) -> GatedSession:
    return GatedSession(
        gate,
        stage,
        lambda: stage.connect(None),
        options or RAW,
        reconnect=(lambda: stage.connect(None)) if reconnect else None,
        keeps_alive=keeps_alive,
    )


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("dgasync.session.core.random", lambda: 0.5)
    return Stage()


# ── what is sent ──


async def test_silence_is_not_sent(stage: Stage) -> None:
    """Speech goes out with the silence that was asked for around it; all ways in lead through the gate."""
    async with gated(stage, SilenceGate(detector=Loud, pre_roll=0.2, hang_over=0.5)) as live:
        await live.send(silence(3))
        assert stage.socket.audio == LEAD
        await live.send(bytearray(SECOND))
        live.post(silence(1))
        assert live.try_send(silence(2))
        await live.send_all(memoryview(SECOND + silence(4)), finish=False)
        live.start_sending([silence(1), SECOND, SECOND[:1]], finish=False)
        await settle()
        assert live.metrics.gated_seconds == pytest.approx(2.29 + 2.3 + 4.3)
        assert live.metrics.heard_seconds == 0.0

    speech = silence(0.2) + SECOND + silence(0.5)
    assert stage.socket.audio == LEAD + speech * 2 + silence(0.2) + SECOND + SECOND[:1]
    assert live.metrics.sent_seconds == pytest.approx(5.11, abs=0.001)


async def test_chunks(stage: Stage) -> None:
    """Frames of any length make the same stream."""
    audio = silence(0.7) + SECOND[:9601] + silence(2) + SECOND[:6400] + silence(1)
    dice = Random(4)

    async with gated(stage) as live:
        at = 0
        while at < len(audio):
            size = dice.choice([1, 2, 3, 319, 640, 5000])
            await live.send(audio[at : at + size])
            at += size

    # Speech that ends with the first byte of a frame makes that frame speech, and begins with the second of another.
    assert stage.socket.audio == LEAD + SECOND[:9601] + silence(0.51)[1:] + b"\0" + SECOND[:6400] + silence(0.51)[1:]


async def test_who_sends_silence_lets_others_run(stage: Stage) -> None:
    """A source without an end of its own, of which nothing is sent, can be stopped."""
    async with gated(stage) as live:
        with anyio.move_on_after(0.01) as scope:
            while True:
                await live.send(silence(PACE))

    assert scope.cancelled_caught
    assert stage.socket.audio == LEAD


async def test_a_chunk_of_many_frames_lets_others_run(stage: Stage) -> None:
    """Detectors take time, so a long chunk is heard in pieces; what others send comes behind it all the same."""
    turns: list[int] = []
    async with gated(stage) as live, anyio.create_task_group() as group:

        async def other() -> None:
            turns.append(len(stage.socket.audio))
            await live.send(SECOND[:100])

        group.start_soon(other)
        await live.send(SECOND * 20)

    assert turns[0] < 20 * len(SECOND)
    assert stage.socket.audio == SECOND * 20 + SECOND[:100]


async def test_keep_alive(stage: Stage) -> None:
    """While nobody speaks, KeepAlive keeps the connection, and no watchdog barks."""
    stage.make = Chatty
    async with gated(stage) as live:
        await live.send(SECOND)
        for _ in range(int(4 * HEARD_NOTHING)):
            await live.send(silence(1))
            await stage.time.advance(1.0)
        await live.send(SECOND * 2)
        await stage.time.advance(1.0)

        assert live.is_open
        assert stage.socket.messages.count("KeepAlive") == int(4 * HEARD_NOTHING / KEEP_ALIVE)
    assert stage.socket.audio == SECOND + silence(0.5) + SECOND * 2


async def test_without_keep_alive(stage: Stage) -> None:
    """Silence and no KeepAlive would end the session, so that is refused."""
    assert KEEP_ALIVE < IDLE_LIMIT
    with pytest.raises(DeepgramTypeError, match="needs KeepAlive"):
        gated(stage, keeps_alive=False)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, SILENCE + MARGIN),
        ({"utterance_end_ms": "3000", "interim_results": True}, 3.5 + MARGIN),
        ({"endpointing": True}, SILENCE + MARGIN),
    ],
)
async def test_hang_over(stage: Stage, options: Mapping[str, Any], seconds: float) -> None:
    """The service gets as much silence as it needs to see that the speaker has paused."""
    async with gated(stage, SilenceGate(detector=Loud), **RAW, **options) as live:
        await live.send(SECOND + silence(20))

    assert stage.socket.audio == SECOND + silence(seconds)


@pytest.mark.parametrize("option", ["endpointing", "utterance_end_ms"])
async def test_too_short_a_hang_over(stage: Stage, option: str) -> None:
    """With less silence than the service waits for its word would never come."""
    gated(stage, **RAW, **{option: 499})
    gated(stage, **RAW, **{option: "true"})
    with pytest.raises(DeepgramTypeError, match=rf"`hang_over=0.5` s .* before `{option}=500` ms"):
        gated(stage, **RAW, **{option: 500})


async def test_without_endpointing(stage: Stage) -> None:
    """Nothing but more audio would make the last words final, so the service is asked to."""
    async with gated(stage, **RAW, endpointing=False) as live:
        await live.send(SECOND + silence(2) + SECOND)
        await live.send(silence(0.1))

    sent = stage.socket.sent
    assert [frame for frame in sent if isinstance(frame, str)] == [FINALIZE, '{"type":"CloseStream"}']
    before = [frame for frame in sent[: sent.index(FINALIZE)] if isinstance(frame, bytes)]
    assert b"".join(before) == SECOND + silence(0.5)


async def test_sending_what_is_no_audio(stage: Stage) -> None:
    """The gate refuses what any session refuses."""
    live = gated(stage)
    with pytest.raises(SessionEnded, match="not open"):
        await live.send(SECOND)
    async with live:
        await live.send(b"")
        with pytest.raises(DeepgramTypeError):
            await live.send("a text")  # type: ignore[arg-type]
    with pytest.raises(SessionEnded, match="over"):
        await live.send(silence(1))


async def test_messages(stage: Stage) -> None:
    """Messages are not audio: they go out whether the gate is open or not, in their turn."""
    async with gated(stage) as live:
        await live.send(SECOND + silence(2))
        await live.keep_alive()
        await live.send(SECOND)
        stage.socket.on_send = lambda frame: stage.socket.feed(results("one", from_finalize=True))
        assert await live.finalize() == "flushed"
        stage.socket.on_send = stage.socket._answer_to

    kinds = [frame if isinstance(frame, str) else "" for frame in stage.socket.sent]
    assert "".join(kinds) == '{"type":"KeepAlive"}' + FINALIZE + '{"type":"CloseStream"}'
    before = [frame for frame in stage.socket.sent[: kinds.index('{"type":"KeepAlive"}')] if isinstance(frame, bytes)]
    assert b"".join(before) == SECOND + silence(0.5)


async def test_the_end(stage: Stage) -> None:
    """Who sends to a connection that is gone is told."""
    async with gated(stage) as live:
        await live.send(SECOND)

        def breaks(frame: bytes | str) -> None:
            stage.socket.feed(Closed(1011, "gone"))
            raise DeepgramConnectionError("The websocket is closed.")

        stage.socket.on_send = breaks
        with pytest.raises(SessionEnded, match="gone"):
            await live.send(SECOND)


# ── a detector that fails ──


class Broken(Loud):
    def __call__(self, frame: bytes) -> bool:
        if frame.startswith(SECOND[:1]):
            raise OSError("the model is gone")
        return False


async def test_a_detector_that_raises(stage: Stage) -> None:
    """The session fails with what happened; whoever sends is told."""
    live = gated(stage, SilenceGate(detector=Broken))
    events: list[Any] = []
    async with live, anyio.create_task_group() as group:
        group.start_soon(taken, live, events)
        await live.send(silence(1))
        with pytest.raises(SessionEnded, match="detector failed: OSError: the model is gone"):
            await live.send(SECOND)

    assert [type(event).__name__ for event in events] == ["Open", "Error", "Close", "DeepgramWebsocketError"]
    assert isinstance(events[-1].__cause__, OSError)
    assert stage.socket.audio == silence(1)


async def test_who_waits_for_his_turn(stage: Stage) -> None:
    """Behind a chunk that has failed, the next one is refused."""
    refused: list[str] = []

    async def send() -> None:
        with pytest.raises(SessionEnded) as caught:
            await live.send(SECOND)
        refused.append(str(caught.value))

    live = gated(stage, SilenceGate(detector=Broken))
    async with live, anyio.create_task_group() as group:
        group.start_soon(send)
        group.start_soon(send)

    assert len(refused) == 2
    assert all("the model is gone" in each for each in refused)


async def test_a_detector_that_raises_in_the_background(stage: Stage) -> None:
    """Where nobody waits for sending, those who take events are told."""
    events: list[Any] = []
    live = gated(stage, SilenceGate(detector=Broken))
    async with live:
        live.start_sending([SECOND])
        await taken(live, events)

    assert isinstance(events[1], Error)
    assert isinstance(events[-1], DeepgramWebsocketError)
    assert isinstance(events[-1].__cause__, OSError)


async def test_a_detector_that_says_nothing(stage: Stage) -> None:
    """An answer that is no number is a failure, too."""

    class Mute(Loud):
        def __call__(self, frame: bytes) -> Any:
            return None

    live = gated(stage, SilenceGate(detector=Mute))
    async with live:
        with pytest.raises(SessionEnded, match="detector failed: TypeError"):
            await live.send(SECOND)


# ── what is heard ──


def spread(ruler: Ruler, pauses: list[float]) -> tuple[bytes, list[float]]:
    """The words of a ruler with a pause before each, and where they begin."""
    audio, starts, word = b"", [], 16_000
    for number, pause in enumerate(pauses):
        audio += silence(pause)
        starts.append(len(audio) / 32_000)
        audio += ruler.audio()[number * word : (number + 1) * word]
    return audio, starts


async def test_times(stage: Stage) -> None:
    """Words, starts and ends of speech, results and what is told at the end: all in the caller's clock."""
    pauses = [2.0, 0.0, 5.0, 0.25, 0.0, 60.0, 1.5]
    audio, starts = spread(Ruler(3.5), pauses)
    options = {**RAW, "interim_results": True, "vad_events": True, "utterance_end_ms": 1000, "endpointing": 300}
    stage = RulerStage(options, [])

    async with gated(stage, SilenceGate(detector=Loud, pre_roll=0.1, hang_over=1.2), **options) as live:
        live.start_sending([audio[at : at + 3201] for at in range(0, len(audio), 3201)])
        events = [event async for event in live]

    finals = [event for event in events if isinstance(event, LiveResultResponse) and event.is_final]
    words = [word for event in finals for word in event.words]
    assert [word.start for word in words] == pytest.approx(starts, abs=1e-5)
    assert [word.end for word in words] == pytest.approx([start + 0.5 for start in starts], abs=1e-5)
    assert [word.start for word in live.result().words] == pytest.approx(starts, abs=1e-5)
    assert live.result().text.lower() == Ruler(3.5).text
    onsets = [event.timestamp for event in events if isinstance(event, SpeechStartedResponse)]
    ends = [event.last_word_end for event in events if isinstance(event, UtteranceEndResponse)]
    assert onsets == pytest.approx([starts[n] for n in (0, 2, 5, 6)], abs=1e-5)
    assert ends == pytest.approx([starts[n] + 0.5 for n in (1, 4, 5)], abs=1e-5)
    assert any(event.speech_final for event in finals)
    (about,) = [event for event in events if isinstance(event, MetadataResponse)]
    assert about.duration == pytest.approx(len(audio) / 32_000, abs=1e-4)
    metrics = live.metrics
    assert metrics.final_seconds == pytest.approx(starts[-1] + 0.5, abs=1e-4)
    assert metrics.sent_seconds == pytest.approx(len(audio) / 32_000 - metrics.gated_seconds)
    assert metrics.gated_seconds == pytest.approx(sum((0.69, 3.7, 58.7, 0.2)), abs=1e-6)
    assert metrics.latency is not None
    assert metrics.latency < 2.0
    assert "gated" not in repr(live)
    assert repr(live) == "<AsyncLiveSession ended, 9.0 s sent, 63.3 s of silence not, 0 events waiting>"


async def test_utterances(stage: Stage) -> None:
    """They end while nobody speaks, though nothing more is sent."""
    audio, starts = spread(Ruler(1.0), [1.0, 6.0])
    options = {**RAW, "endpointing": 300}
    stage = RulerStage(options, [])
    async with gated(stage, SilenceGate(detector=Loud), **options) as live:
        found = live.utterances()
        await live.send(audio[: 32_000 * 7])
        first = await anext(found)
        await live.send(audio[32_000 * 7 :])
        live.start_sending([], finish=True)
        second = await anext(found)

    assert [first.start, second.start] == pytest.approx(starts)
    assert [first.text, second.text] == ["w0", "w1"]


# ── connections that break ──


@passing
async def test_speakers_of_connections(stage: Stage) -> None:
    """Where another connection begins is in the caller's clock, too."""
    async with gated(stage, reconnect=True) as live:
        await live.send(silence(10) + SECOND)
        stage.socket.feed(results("one", start=0.51), Closed(1006))
        await stage.time.sleep(1.0)
        await live.send(silence(10) + SECOND)
        assert stage.socket.audio == LEAD + SECOND
        stage.socket.feed(results("two", start=0.51))
        await stage.time.sleep(0.1)

    assert [word.start for word in live.result().words] == pytest.approx([10.0, 21.0])
    assert live.result().connections == pytest.approx((0.0, 11.0))


@passing
async def test_a_gap(stage: Stage) -> None:
    """What was lost for good lay where the caller had it."""
    stage.make = Chatty
    events: list[Any] = []
    async with gated(stage, reconnect=True) as live, anyio.create_task_group() as group:
        group.start_soon(taken, live, events)
        await live.send(silence(100))
        stage.socket.feed(results("", start=0.0, duration=0.51))
        for _ in range(70):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(2.0)
        await live.finish()

    (gap,) = [event for event in events if isinstance(event, Gap)]
    assert gap.start == 100.0
    assert 110.0 <= gap.end < 112.0
    assert live.metrics.gap_seconds == gap.end - gap.start


@passing
async def test_a_sender_that_gives_up(stage: Stage) -> None:
    """Audio that was let through, and then not sent, moves nothing behind it."""
    async with gated(stage, reconnect=True) as live:
        await live.send(SECOND)
        line = live._line
        assert line.tape is not None
        line.tape._limit = 0  # there is no room
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(0.01)
        async with anyio.create_task_group() as group:
            group.start_soon(live.send, SECOND)
            await stage.time.sleep(0.01)
            group.cancel_scope.cancel()
        line.tape._limit = 1 << 20
        await stage.time.sleep(1.0)
        await live.send(SECOND)
        assert stage.socket.audio == SECOND * 2
        stage.socket.feed(results("two", start=1.0))
        await stage.time.sleep(0.1)

    assert [word.start for word in live.result().words] == pytest.approx([1.1])


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
async def test_no_word_is_lost(seed: int) -> None:
    """Whenever connections die and whatever is left out: every word comes once, in order, at the caller's time."""
    dice = Random(seed)
    options = {**RAW, "interim_results": True}
    ruler = Ruler(20.0)
    audio, starts = spread(ruler, [dice.choice([0, 0, 0, 0.3, 3.0, 30.0]) for _ in range(40)])
    stage = RulerStage(options, [dice.randrange(180_000, 300_000) for _ in range(30)], seed)
    gate = SilenceGate(detector=Slow, pre_roll=dice.choice([0.0, 0.25]), hang_over=dice.choice([0.05, 1.5]))
    live = gated(stage, gate, reconnect=True, **options)
    size = dice.choice([641, 3200, 64_000])
    realtime = dice.random() < 0.5
    events: list[Any] = []

    async def source() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(audio), size):
            yield audio[at : at + size]
            if realtime:
                await stage.time.sleep(size / 32_000)

    async def talk() -> None:
        async with live:
            live.start_sending(source())
            await taken(live, events)

    await while_time_passes(stage, talk, 5000.0)

    said = [event for event in events if isinstance(event, LiveResultResponse)]
    words = [word for event in said if event.is_final for word in event.words]
    assert [word.text.lower().strip(".") for word in words] == ruler.words
    assert [word.start for word in words] == pytest.approx(starts, abs=1e-4)
    reach = 0.0
    for event in said:
        until = (event.start or 0.0) + (event.duration or 0.0)
        assert until >= reach - TOUCH or event.is_final, (seed, event)
        reach = max(reach, until)
    assert live.metrics.gated_seconds > 20
    assert sum(isinstance(event, Reconnected) for event in events) == len(stage.made) - 1 > 1


# ── who does not ask for it ──


async def test_others_pay_nothing(stage: Stage) -> None:
    """A session without a gate is of a class that knows nothing of gates."""
    assert type(stage.session()) is AsyncLiveSession
    assert not any("gate" in name for name in vars(stage.session()))
