"""Live sessions whose connection is lost: another one takes its place, and nothing is lost."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncGenerator, Callable
from functools import wraps
from random import Random
from typing import Any

import anyio
import pytest

from dgasync.errors import (
    CannotResume,
    ConnectFailed,
    DeepgramConnectionError,
    RateLimited,
    SessionEnded,
    StreamClosed,
    Unauthorized,
)
from dgasync.limits import (
    CATCH_UP,
    HEARD_NOTHING,
    KEEP_ALIVE,
    PING_EVERY,
    PING_TIMEOUT,
    QUICK_FAILURES,
    RECONNECT_ATTEMPTS,
    RECONNECT_CAP,
    REPLAY_AUDIO,
    WRITE_STALL,
)
from dgasync.models.live import Close, Error, Gap, LiveResultResponse, Open, Reconnected, Reconnecting
from dgasync.protocol.live import Phase
from dgasync.protocol.watch import Alarm
from dgasync.session.live import AsyncLiveSession
from dgasync.testing import Ruler
from dgasync.transport.seam import Closed
from tests.session.props import WAV
from tests.session.ruler import RulerStage
from tests.session.stage import RAW, SECOND, Chatty, Service, Stage, results

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr("dgasync.session.core.random", lambda: 0.5)
    return Stage()


async def taken(live: AsyncLiveSession, into: list[Any]) -> None:
    """Take every event, and the error at the end."""
    try:
        async for event in live:
            into.append(event)
    except Exception as error:
        into.append(error)


def kinds(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events]


async def while_time_passes(stage: Stage, act: Callable[[], Any], seconds: float = 1000.0) -> None:
    """Run `act` while time goes on until it is over, `seconds` at most."""
    end = stage.time.now() + seconds
    async with anyio.create_task_group() as group:
        over = anyio.Event()

        async def run() -> None:
            try:
                await act()
            finally:
                over.set()

        group.start_soon(run)
        while not over.is_set():
            assert stage.time.now() < end, "it takes for ever"
            await stage.time.advance(0.25)


def passing(test: Callable[..., Any]) -> Callable[..., Any]:
    """While the test runs, time passes."""

    @wraps(test)
    async def run(stage: Stage, **more: Any) -> None:
        await while_time_passes(stage, lambda: test(stage, **more))

    return run


# ── another connection ──


@passing
async def test_another_connection(stage: Stage) -> None:
    """What was not final is sent again, by the same socket of events; times and connections go on."""
    events: list[Any] = []

    async def talk() -> None:
        async with stage.session(reconnect=True) as live, anyio.create_task_group() as group:
            group.start_soon(taken, live, events)
            for _ in range(3):
                await live.send(SECOND)
            stage.socket.feed(results("one two", start=0.0), Closed(1011, "gone"))
            await stage.time.sleep(0.0)
            assert live.phase is Phase.RECONNECTING
            assert live.is_open
            await live.send(SECOND)
            await stage.time.sleep(RECONNECT_CAP + 4)
            assert live.phase is Phase.OPEN
            assert stage.socket.audio == SECOND * 3
            stage.socket.feed(results("three", start=0.0), results("four", start=1.0))
            await stage.time.sleep(0)
            await live.finish()
        assert live.result().text == "one two three four"
        assert live.sent_seconds == 4.0

    await talk()

    assert kinds(events) == [
        "Open",
        "LiveResultResponse",
        "Reconnecting",
        "Reconnected",
        "LiveResultResponse",
        "LiveResultResponse",
        "MetadataResponse",
        "Close",
    ]
    said = [event for event in events if isinstance(event, LiveResultResponse)]
    assert [(event.text, event.start, event.connection) for event in said] == [
        ("one two", 0.0, 0),
        ("three", 1.0, 1),
        ("four", 2.0, 1),
    ]
    assert (events[2].attempt, events[2].reason) == (1, "The service ended the session (1011: gone).")
    assert events[3].connection == 1
    assert events[-2].duration == 2.0  # of the session: the service counted one second


@passing
async def test_without(stage: Stage) -> None:
    """Turned off, a lost connection is the end."""
    with pytest.raises(SessionEnded, match="broke"):  # noqa: PT012
        async with stage.session() as live:
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(0)
            await live.send(SECOND)


@passing
async def test_the_log(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Who only reads the log learns of it."""
    with caplog.at_level(logging.INFO, "dgasync"):
        async with stage.session(reconnect=True):
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(1.0)

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "The connection broke. Connecting again in 0." in caplog.text


@passing
async def test_catching_up(stage: Stage) -> None:
    """What is sent again goes out no faster than `CATCH_UP` times its own time, and what follows behind it."""
    async with stage.session(reconnect=True) as live:
        for _ in range(10):
            await live.send(SECOND)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(0.5)
        again = len(stage.socket.audio)
        began = stage.time.now()
        await stage.time.sleep(4.0)
        assert len(stage.socket.audio) - again == pytest.approx(4.0 * CATCH_UP * 32000, abs=6400)
        await live.send(b"later" * 2)
        assert not stage.socket.audio.endswith(b"later")
        await stage.time.sleep(10.0)

    assert stage.socket.audio == SECOND * 10 + b"later" * 2
    assert stage.time.now() - began == 14.0


@passing
async def test_a_file_goes_on_at_full_speed(stage: Stage) -> None:
    """What a file has behind the audio that is sent again is not held back."""

    async def file() -> AsyncGenerator[bytes, None]:
        for _ in range(50):
            yield SECOND

    async with stage.session(reconnect=True) as live:
        await live.send(SECOND)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(0)
        live.start_sending(file(), finish=False)
        await stage.time.sleep(3.0)

        assert stage.socket.audio == SECOND * 51


@passing
async def test_messages_keep_their_place(stage: Stage) -> None:
    """Finalize, and CloseStream, go out behind the audio that they were said behind."""

    async def talk() -> None:
        async with stage.session(reconnect=True) as live:
            await live.send(SECOND)
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(0)
            await live.message('{"type":"Finalize"}')
            await live.send(b"last")

    await talk()

    sent = stage.socket.sent
    assert b"".join(item for item in sent if isinstance(item, bytes)) == SECOND + b"last"
    assert [item if isinstance(item, str) else len(item) for item in sent[-3:]] == [
        '{"type":"Finalize"}',
        4,
        '{"type":"CloseStream"}',
    ]


@passing
async def test_lost_while_the_last_words_come(stage: Stage) -> None:
    """The last words are not lost with the connection that was to bring them."""
    first = Service(ends=False)
    stage.script.append(first)

    async def talk() -> None:
        async with stage.session(reconnect=True) as live:
            await live.send(SECOND * 2)
            first.feed(results("one"))
            await live.close_stream()
            await stage.time.sleep(0)
            second = Service()
            second.last_words = [results("two")]
            stage.script.append(second)
            first.feed(Closed(1006))
            await live.finish()
        assert live.result().text == "one two"

    await talk()

    assert stage.socket.messages == ["CloseStream"]


@passing
async def test_finalize_waits_for_the_next_connection(stage: Stage) -> None:
    """A Finalize whose answer was lost is asked again."""
    outcomes: list[str] = []

    async def talk() -> None:
        async with stage.session(reconnect=True) as live, anyio.create_task_group() as group:

            async def flush() -> None:
                outcomes.append(await live.finalize(timeout=100.0))

            await live.send(SECOND)
            group.start_soon(flush)
            await stage.time.sleep(0)
            second = Service()
            second.on_send = lambda frame: "Finalize" in str(frame) and second.feed(results("one", from_finalize=True))
            stage.script.append(second)
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(1.5)
            second.on_send = second._answer_to

    await talk()

    assert outcomes == ["flushed"]


# ── what does not help ──


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009])
@passing
async def test_codes_that_end_it(stage: Stage, code: int) -> None:
    """A service that ends the session, or will not take what is sent, is not asked again."""
    with pytest.raises(StreamClosed) as caught:  # noqa: PT012
        async with stage.session(reconnect=True):
            stage.socket.feed(Closed(code))
            await stage.time.sleep(0)

    assert caught.value.code == code
    assert len(stage.sockets) == 1


@pytest.mark.parametrize(
    "refusal", [Unauthorized("no", 401), ValueError("of the function that mints tokens")], ids=["401", "own"]
)
@passing
async def test_refused_for_good(stage: Stage, refusal: Exception) -> None:
    """A handshake that will be refused again, and an error of the user's own, end the session as they are."""
    events: list[Any] = []
    with pytest.raises(type(refusal)):  # noqa: PT012
        async with stage.session(reconnect=True) as live:
            stage.script.append(refusal)
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(1.0)
            await taken(live, events)
            with pytest.raises(SessionEnded):
                await live.send(SECOND)
            await live.finish()

    assert kinds(events)[:2] == ["Open", "Reconnecting"]
    assert kinds(events)[-3:] == ["Error", "Close", type(refusal).__name__]
    assert events[-2].code is None


@passing
async def test_refused_for_a_while(stage: Stage) -> None:
    """Refusals that pass are waited for, as long as the service asks."""
    busy = RateLimited("later", 429)
    busy.retry_after = 7.0
    events: list[Any] = []
    async with stage.session(reconnect=True) as live:
        stage.script += [ConnectFailed("nobody there"), busy]
        began = stage.time.now()
        stage.socket.feed(Closed(1006))
        await _until(live, Phase.RECONNECTING)
        await _until(live, Phase.OPEN)
        assert 7.0 <= stage.time.now() - began < 10.0
        events += await live.take()

    assert [event.reason for event in events if isinstance(event, Reconnecting)] == [
        "The connection broke.",
        "nobody there",
        "later",
    ]


async def _until(live: AsyncLiveSession, phase: Phase) -> None:
    while live.phase not in (phase, Phase.ENDED):
        await live._clock.sleep(0.005)


@passing
async def test_in_vain(stage: Stage) -> None:
    """After so many tries in a row it is given up, and what waited is refused."""
    stage.script += [Service(), *[ConnectFailed("nobody there.")] * (RECONNECT_ATTEMPTS + 1)]
    live = stage.session(reconnect=True)

    async def talk() -> None:
        with pytest.raises(ConnectFailed, match=f"{RECONNECT_ATTEMPTS} tries"):  # noqa: PT012
            async with live:
                stage.socket.feed(Closed(1006))
                await stage.time.sleep(0)

    await talk()

    assert live.error is not None


@passing
async def test_quick_failures(stage: Stage) -> None:
    """Connections that break at once, one after another, are no way to go on."""
    stage.script += [Service(Closed(1006)) for _ in range(QUICK_FAILURES + 5)]

    async def talk() -> None:
        with pytest.raises(StreamClosed, match="in a row broke"):
            async with stage.session(reconnect=True) as live:
                await live._end()

    await talk()

    assert len(stage.sockets) == QUICK_FAILURES


@passing
async def test_leaving_meanwhile(stage: Stage) -> None:
    """An error of the body ends the search for a connection at once."""
    with pytest.raises(KeyError):  # noqa: PT012
        async with stage.session(reconnect=True) as live:
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(0)
            assert live.phase is Phase.RECONNECTING
            raise KeyError("of the body")

    assert len(stage.sockets) == 1
    assert stage.time._due == []


@passing
async def test_leaving_while_it_connects(stage: Stage) -> None:
    """A connection that comes too late is closed."""
    late = Service()
    go = anyio.Event()

    async def slow(_: Any) -> Service:
        with anyio.CancelScope(shield=True):
            await go.wait()
        return late

    async def talk() -> None:
        with pytest.raises(KeyError):  # noqa: PT012
            async with stage.session(reconnect=True):
                stage.script.append(slow)
                stage.socket.feed(Closed(1006))
                await stage.time.sleep(1.0)
                go.set()
                raise KeyError("of the body")

    await talk()

    assert late.closed_with == 1000


# ── audio that is lost ──


@passing
async def test_a_gap(stage: Stage) -> None:
    """More audio than is kept, of which nothing became final, is told of, and time goes on behind it."""
    stage.make = Chatty
    events: list[Any] = []
    async with stage.session(reconnect=True) as live:
        for _ in range(int(REPLAY_AUDIO) + 10):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        stage.socket.feed(Closed(1006))
        await stage.time.sleep(1.0)
        stage.socket.feed(results("later"))
        await stage.time.sleep(0)
        events += await live.take()
    gap = next(event for event in events if isinstance(event, Gap))

    assert (gap.start, gap.end) == (0.0, 10.0)
    assert events[-1].start == 10.0


@passing
async def test_a_source_that_can_wait(stage: Stage) -> None:
    """Audio that comes faster than it is spoken waits until what was sent is heard for good."""
    stage.make = Chatty

    async def file() -> AsyncGenerator[bytes, None]:
        for _ in range(100):
            yield SECOND

    async with stage.session(reconnect=True) as live:
        live.start_sending(file(), finish=False)
        await stage.time.sleep(0)
        assert len(stage.socket.audio) == REPLAY_AUDIO * 32000
        stage.socket.feed(results("final", duration=20.0))
        await live.take()
        await live.take()
        await stage.time.sleep(0)
        assert len(stage.socket.audio) == (REPLAY_AUDIO + 20) * 32000
        await stage.time.sleep(0.5)
        assert len(stage.socket.audio) == (REPLAY_AUDIO + 20) * 32000


@passing
async def test_nobody_waits_for_ever(stage: Stage) -> None:
    """Where nothing becomes final, audio goes out no slower than it is spoken."""
    stage.make = Chatty

    async def file() -> AsyncGenerator[bytes, None]:
        for _ in range(100):
            yield SECOND

    async with stage.session(reconnect=True) as live:
        live.start_sending(file(), finish=False)
        for _ in range(int(REPLAY_AUDIO) + 20):
            await stage.time.sleep(1.0)
            if live.waiting:
                await live.take()

        assert len(stage.socket.audio) >= (REPLAY_AUDIO + 19) * 32000


@passing
async def test_no_room_while_there_is_no_connection(stage: Stage) -> None:
    """What is sent while there is no connection is bounded, too: then sending waits for one."""
    stage.make = Chatty
    stage.script += [Chatty(), *[ConnectFailed("nobody there")] * 3]
    done: list[int] = []

    async def talk() -> None:
        async with stage.session(reconnect=True) as live, anyio.create_task_group() as group:
            stage.socket.feed(Closed(1006))
            await stage.time.sleep(0)

            async def send() -> None:
                for number in range(int(REPLAY_AUDIO) + 2):
                    await live.send(SECOND)
                    done.append(number)

            group.start_soon(send)
            await stage.time.sleep(0)
            assert len(done) == REPLAY_AUDIO
            await _until(live, Phase.OPEN)

    await talk()

    assert len(done) == REPLAY_AUDIO + 2
    assert stage.socket.audio == SECOND * len(done)


@passing
async def test_the_header_of_a_file(stage: Stage) -> None:
    """Another connection hears the header of a file first, then what was not final, at the session's own times."""
    events: list[Any] = []

    async def talk() -> None:
        async with stage.session(reconnect=True, model="nova-3") as live:
            await live.send(WAV)
            await live.send(SECOND * 2)
            stage.socket.feed(results("one"), Closed(1006))
            await _until(live, Phase.RECONNECTING)
            await stage.time.sleep(4.0)
            stage.socket.feed(results("two"))
            await live.finish()
            await taken(live, events)

    await talk()

    assert stage.socket.audio == WAV[: -len(SECOND)] + SECOND * 2
    said = [event for event in events if isinstance(event, LiveResultResponse)]
    assert [(event.text, event.start, event.connection) for event in said] == [("one", 0.0, 0), ("two", 1.0, 1)]


@pytest.mark.parametrize("seconds", [2, 400])
@passing
async def test_audio_that_cannot_go_on(stage: Stage, seconds: int) -> None:
    """Audio of which only a decoder knows where it may begin is sent again whole, as long as all of it is there."""
    stage.make = Chatty
    film = b"\0\0\0\x20ftypisom" + bytes(32000)
    failed: list[BaseException] = []

    async def talk() -> None:
        try:
            async with stage.session(reconnect=True, model="nova-3") as live:
                await live.send(film)
                for _ in range(seconds):
                    await live.send(SECOND)
                stage.socket.feed(results("one"), Closed(1006))
                await _until(live, Phase.RECONNECTING)
                await _until(live, Phase.OPEN)
        except CannotResume as error:
            failed.append(error)

    await talk()

    if seconds == 2:
        assert not failed
        assert stage.socket.audio == film + SECOND * 2
    else:
        (error,) = failed
        assert "MP4 files" in str(error)
        assert isinstance(error.__cause__, StreamClosed)


# ── connections that are dead though nobody says so ──


async def dies(stage: Stage, alarm: Alarm, seconds: float, live: AsyncLiveSession) -> None:
    await stage.time.sleep(seconds)
    events = await live.take()
    assert [event.reason for event in events if isinstance(event, Reconnecting)] == [alarm.value]
    assert [type(event) for event in events][-1] is Reconnected
    assert stage.sockets[0].closed_with is not None


@passing
async def test_pings_unanswered(stage: Stage) -> None:
    """A service that answers no ping is not there."""
    async with stage.session(reconnect=True) as live:
        stage.socket.answers_pings = False
        await dies(stage, Alarm.UNANSWERED, PING_EVERY + PING_TIMEOUT + 1, live)


@passing
async def test_pings_answered(stage: Stage) -> None:
    """One that answers stays, however long nothing is said."""
    async with stage.session(reconnect=True):
        await stage.time.sleep(120.0)

        assert stage.socket.pings == 11
    assert len(stage.sockets) == 1


@passing
async def test_writes_stalled(stage: Stage) -> None:
    """A network that takes nothing any more is replaced; what was stuck in it goes out by the next one."""
    async with stage.session(reconnect=True) as live, anyio.create_task_group() as group:
        stage.socket.stall()
        group.start_soon(live.send, SECOND)
        await stage.time.sleep(0)
        await dies(stage, Alarm.STALLED, WRITE_STALL + 1, live)

        assert stage.socket.audio.startswith(SECOND)


@passing
async def test_nothing_heard(stage: Stage) -> None:
    """A service that takes audio and says nothing is replaced."""
    async with stage.session(reconnect=True) as live:
        for _ in range(int(HEARD_NOTHING) + 1):
            await live.send(SECOND)
            await stage.time.sleep(1.0)
        await dies(stage, Alarm.UNHEARD, 4.0, live)


@passing
async def test_nothing_to_be_heard_yet(stage: Stage) -> None:
    """A WAV file may have much to say before its samples; of that the service says nothing."""
    seconds = int(HEARD_NOTHING) + 5
    size = seconds * len(SECOND)
    head = WAV[:36] + b"LIST" + size.to_bytes(4, "little") + bytes(size)
    async with stage.session(reconnect=True, model="nova-3") as live:
        for at in range(0, len(head), len(SECOND)):
            await live.send(head[at : at + len(SECOND)])
            await stage.time.sleep(1.0)
        assert (live.metrics.sent_seconds, live.metrics.reconnects, live.phase) == (0.0, 0, Phase.OPEN)


@passing
async def test_a_keep_alive_that_fails(stage: Stage) -> None:
    """The first that is sent for a while may be what finds the connection broken: then there is another one."""
    first = Service()

    def break_(frame: bytes | str) -> None:
        first.feed(Closed(1006))
        raise DeepgramConnectionError("broken")

    first.on_send = break_
    stage.script.append(first)
    async with stage.session(reconnect=True) as live:
        await stage.time.sleep(KEEP_ALIVE + RECONNECT_CAP)
        assert first.messages == ["KeepAlive"]
        assert [event.type for event in await live.take()] == ["Open", "Reconnecting", "Reconnected"]


@passing
async def test_watchdogs_without_reconnecting(stage: Stage) -> None:
    """Where there is one connection only, the error names the watchdog."""

    async def talk() -> None:
        with pytest.raises(StreamClosed, match="answered no ping"):  # noqa: PT012
            async with stage.session() as live:
                stage.socket.answers_pings = False
                await live._end()

    await talk()


@passing
async def test_try_send(stage: Stage) -> None:
    """A source that cannot wait is told when there is no room, and nothing of what was taken is lost."""
    async with stage.session(reconnect=True) as live:
        stage.socket.stall()
        taken_chunks = 0
        while live.try_send(SECOND):
            taken_chunks += 1
        assert taken_chunks == 33
        assert live.try_send(b"")
        stage.socket.flow()
        await stage.time.sleep(0)
        assert live.try_send(b"more")
    assert stage.socket.audio == SECOND * taken_chunks + b"more"
    with pytest.raises(SessionEnded):
        live.try_send(SECOND)


# ── delivery ──


@pytest.mark.soak
@pytest.mark.parametrize("block", range(3))
async def test_no_word_is_lost(block: int) -> None:
    """Whenever connections die: every word comes once, in order, at its time, and interim results never move back."""
    kills = 0
    # Once is enough to know which lines are reached; to be told again and again takes twenty times as long.
    tracer = sys.gettrace()
    try:
        for seed in range(block * 10, block * 10 + 10):
            kills += await _deliver(seed)
            sys.settrace(None)
    finally:
        sys.settrace(tracer)
    assert kills > 100


async def _deliver(seed: int) -> int:
    """One session by the dice of a seed; how many connections died."""
    dice = Random(seed)
    options = {**RAW, "interim_results": True}
    ruler = Ruler(60.0)
    # Long enough to bring a final result, as a connection must to be called a good one.
    lives = [dice.randrange(82_000, 180_000) for _ in range(30)]
    stage = RulerStage(options, lives, seed)
    events: list[Any] = []
    held = 0

    async def source() -> AsyncGenerator[bytes, None]:
        nonlocal held
        for chunk in ruler.chunks(dice.choice([640, 3200, 32000])):
            yield chunk
            if realtime:
                await stage.time.sleep(len(chunk) / 32000)
            tape = live._line.tape
            assert tape is not None
            held = max(held, tape.end - tape.first)

    realtime = dice.random() < 0.5
    live = stage.session(reconnect=True, **options)

    async def talk() -> None:
        async with live:
            live.start_sending(source())
            await taken(live, events)

    await while_time_passes(stage, talk, 3000.0)

    said = [event for event in events if isinstance(event, LiveResultResponse)]
    finals = [event for event in said if event.is_final]
    assert " ".join(event.text for event in finals if event.text) == ruler.text, seed
    words = [word for event in finals for word in event.words]
    assert [word.start for word in words] == pytest.approx([n / 2 for n in range(120)], abs=1e-5)
    reach = 0.0
    for event in said:
        until = (event.start or 0.0) + (event.duration or 0.0)
        assert until >= reach - 1e-5 or event.is_final, (seed, event)
        reach = max(reach, until)
    assert live.result().text == ruler.text
    assert held <= REPLAY_AUDIO * 32000
    assert sum(isinstance(event, Reconnected) for event in events) == len(stage.made) - 1
    assert [type(event) for event in (events[0], events[-1])] == [Open, Close]
    assert not any(isinstance(event, Gap | Error) for event in events)
    return len(stage.made) - 1
