"""What a live session hears, who reads it, and what becomes of events that nobody takes."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from dgasync.errors import ConsumerTooSlow, StreamClosed
from dgasync.limits import KEEP_ALIVE, READ_AHEAD
from dgasync.models.live import LiveResultResponse, MetadataResponse, Open, Undecodable, Unknown
from dgasync.protocol import backlog
from dgasync.protocol.live import Phase
from dgasync.transport.seam import Closed
from tests.session.props import WAV, Listener, Silent, kinds, left, rest, taken, texts
from tests.session.stage import SECOND, Stage, metadata, results, settle

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ── what the service says ──


async def test_what_cannot_be_read(stage: Stage) -> None:
    """Garbage, kinds nobody knows and messages that break their type are events, and the stream lives."""
    frames = [
        b"\xff\xfe",
        b"",
        "no JSON",
        b"[1]",
        b'{"type":"Novelty","a":1}',
        b"{}",
        b'{"type":"Results","is_final":"maybe"}',
        b'{"type":"Results"}',
        b'{"type":"Metadata"}',
        results("after all that"),
    ]
    async with stage.session() as live:
        stage.socket.feed(*frames)
        await live.finish()
        events = (await rest(live))[1:]

    assert [type(event) for event in events[:9]] == [
        *[Undecodable] * 4,
        *[Unknown] * 2,
        Undecodable,
        LiveResultResponse,
        MetadataResponse,
    ]
    assert events[2].raw == b"no JSON"
    assert live.result().text == "after all that"


async def test_without_the_bytes(stage: Stage) -> None:
    """Messages keep the bytes they came as, unless that is turned off."""
    async with stage.session() as kept:
        stage.socket.feed(results(odd=1))
        await kept.finish()
        assert (await kept.take())[1]["odd"] == 1
    async with stage.session(keep_raw=False) as dropped:
        stage.socket.feed(results(odd=1))
        await dropped.finish()
        assert "odd" not in (await dropped.take())[1].keys()  # noqa: SIM118


# ── audio that the service will not understand ──


async def test_raw_audio_without_encoding(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Audio that says nothing of itself is diagnosed at its first chunk, once, in the log and in the error."""
    with pytest.raises(StreamClosed, match="give `encoding` and `sample_rate`"):  # noqa: PT012
        async with stage.session(model="nova-3") as live:
            await live.send(SECOND)
            assert "no header" in str(live.diagnosis)
            await live.send(SECOND)
            stage.socket.feed(Closed(1008, "DATA-0000"))

    assert live.sent_seconds is None
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        f"Live session fake-request: {live.diagnosis}"
    ]


@pytest.mark.parametrize("how", ["send", "post", "source"])
async def test_a_container_announced_as_raw(how: str, stage: Stage) -> None:
    """A header that is no samples is diagnosed, however the audio comes."""
    async with stage.session() as live:
        if how == "send":
            await live.send(memoryview(WAV))
        elif how == "post":
            live.post(WAV)
        else:
            live.start_sending([WAV], finish=False)
        await settle()

        assert "begins like a WAV file" in str(live.diagnosis)


@pytest.mark.parametrize("size", [1, 3, 10])
async def test_diagnosed_in_small_chunks(size: int, stage: Stage) -> None:
    """The first bytes are looked at together, however few come at a time."""
    async with stage.session() as live:
        for at in range(0, 60, size):
            await live.send(WAV[at : at + size])

        assert "begins like a WAV file" in str(live.diagnosis)


async def test_a_wav_file_tells_its_rate_in_small_chunks(stage: Stage) -> None:
    """Its header may come in pieces."""
    async with stage.session(model="nova-3") as live:
        for at in range(0, 60, 10):
            await live.send(WAV[at : at + 10])

        assert live.sent_seconds == (60 - 44) / 32_000  # the header is no audio


async def test_audio_in_which_nothing_was_heard(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Metadata with a duration of 0 for audio that was sent is diagnosed; without audio it is in order."""
    async with stage.session() as live:
        stage.socket.duration = 0.0
        await live.send(SECOND)
    assert "no audio at all in the 32000 bytes" in str(live.diagnosis)
    assert "no audio at all" in caplog.text

    async with stage.session() as silent:
        stage.socket.duration = 0.0
    assert silent.diagnosis is None


async def test_the_first_diagnosis_stays(stage: Stage) -> None:
    """What was seen in the audio itself explains more than that nothing was heard."""
    async with stage.session(model="nova-3") as live:
        stage.socket.duration = 0.0
        await live.send(SECOND)

    assert "no header" in str(live.diagnosis)


async def test_a_wav_file_tells_its_rate(stage: Stage) -> None:
    """Then seconds are counted without options."""
    async with stage.session(model="nova-3") as live:
        await live.send(WAV)
        assert live.diagnosis is None
        assert live.sent_seconds == 1.0  # the header is no audio


# ── who reads ──


async def test_nobody_listens(stage: Stage) -> None:
    """Events are read all the same when nobody takes them, a little later, and wait."""
    async with stage.session() as live:
        stage.socket.feed(results("0"))
        assert isinstance(await live.__anext__(), Open)
        assert texts([await live.__anext__()]) == ["0"]
        stage.socket.feed(results("1"))
        assert texts([await live.__anext__()]) == ["1"]
        for number in range(2, 6):
            stage.socket.feed(results(f"{number}"))
        await settle()
        assert live.waiting <= 1

        await stage.time.advance(KEEP_ALIVE + READ_AHEAD)
        assert live.waiting == 4
        assert texts(await live.take()) == ["2", "3", "4", "5"]


async def test_nobody_listens_while_audio_flows(stage: Stage) -> None:
    """Then it takes no longer than `READ_AHEAD` and a chunk, so that pings are answered."""
    for post in (False, True):
        async with stage.session() as live:
            for number in range(2):
                stage.socket.feed(results(f"{number}"))
                await live.__anext__()
            stage.socket.feed(*[results("more")] * 3)
            await live.__anext__()
            before = live.waiting
            for _ in range(3):
                if post:
                    live.post(SECOND)
                else:
                    await live.send(SECOND)
                await stage.time.advance(READ_AHEAD / 2)
            assert live.waiting > before


async def test_two_tasks_listen(stage: Stage) -> None:
    """Each event is taken by one of them, and both come to the end."""
    async with stage.session() as live, Listener(live) as one, Listener(live) as other:
        for number in range(20):
            stage.socket.feed(results(f"{number}"))
            await settle()
        await live.finish()

    taken = sorted(texts(one.events + other.events), key=int)
    assert taken == [f"{number}" for number in range(20)]
    assert sorted(kinds(one.events + other.events))[:3] == ["Close", "Metadata", "Open"]


async def test_a_listener_is_cancelled(stage: Stage) -> None:
    """Whoever else waits goes on in its place, at once; nothing is lost."""
    async with stage.session() as live:
        stage.socket.feed(results("0"), results("1"))
        for _ in range(3):
            await live.__anext__()
        async with Listener(live) as one, Listener(live) as other:
            one.scope.cancel()
            await settle()
            stage.socket.feed(results("2"))
            await settle()
            assert texts(one.events + other.events) == ["2"]
            await live.finish()

    assert other.kinds == ["Results", "Metadata", "Close"]


async def test_a_listener_is_cancelled_while_the_end_is_waited_for(stage: Stage) -> None:
    """Somebody reads on at once."""
    stage.script.append(Silent())
    async with stage.session() as live:
        stage.socket.feed(results("0"), results("1"))
        for _ in range(3):
            await live.__anext__()
        async with Listener(live) as listener, anyio.create_task_group() as group:
            group.start_soon(live.finish)
            await settle()
            listener.scope.cancel()
            await settle()
            stage.socket.feed(results("2"), metadata(), Closed(1000))

    assert kinds(left(live)) == ["Results", "Metadata", "Close"]


async def test_the_last_words_go_to_who_listens(stage: Stage) -> None:
    """While another task waits for the end, events still come one by one, as they come."""
    stage.script.append(Silent())
    async with stage.session() as live, Listener(live) as listener, anyio.create_task_group() as group:
        group.start_soon(live.finish)
        await settle()
        for number in range(4):
            stage.socket.feed(results(f"{number}"))
            await settle()
            assert texts(listener.events)[-1] == f"{number}"
        stage.socket.feed(metadata(), Closed(1000))


# ── who listens too slowly ──


async def test_superseded_interim_results(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When too many events wait, interim results that later ones have replaced go, and are counted; nothing else."""
    monkeypatch.setattr(backlog, "MAX_EVENTS", 10)
    async with stage.session() as live:
        for number in range(30):
            stage.socket.feed(results(f"{number}", final=number % 10 == 9, start=number // 10))
        await live.finish()
        assert live.waiting <= 12
        assert live.dropped >= 20
        events = await rest(live)

    assert live.waiting == 0
    assert kinds(events)[0] == "Open"
    assert kinds(events)[-2:] == ["Metadata", "Close"]
    assert [text for text in texts(events) if int(text) % 10 == 9] == ["9", "19", "29"]
    assert live.result().text == "9 19 29"


async def test_results_without_a_channel(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken for those of the first, and other channels are not touched."""
    monkeypatch.setattr(backlog, "MAX_EVENTS", 3)
    async with stage.session() as live:
        bare = json.loads(results("bare", final=False))
        del bare["channel_index"]
        stage.socket.feed(
            results("one", final=False, channel=(1, 2)), *[json.dumps(bare)] * 2, results("zero", final=False)
        )
        await live.finish()

        assert texts(await rest(live)) == ["one", "zero"]


async def test_too_slow(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When more waits than memory should hold, the session fails, and what waits can still be taken."""
    monkeypatch.setattr(backlog, "MAX_EVENT_BYTES", 3 * len(results("0")))
    async with stage.session() as live:
        stage.socket.feed(*[results(f"{number}", start=number) for number in range(9)])
        await settle()
        await stage.time.advance(KEEP_ALIVE)
        assert live.phase is Phase.ENDED
        events: list[Any] = []
        with pytest.raises(ConsumerTooSlow, match="nobody takes them") as caught:
            await taken(live, events)

    assert texts(events) == ["0", "1", "2", "3"]
    assert kinds(events)[-2:] == ["Error", "Close"]
    assert events[-2].error is caught.value
    assert stage.socket.closed_with == 1000
    assert live.result().text == "0 1 2 3"


async def test_fast_enough(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes events as they come may take any number of them."""
    monkeypatch.setattr(backlog, "MAX_EVENT_BYTES", 3 * len(results("00")))
    async with stage.session() as live, Listener(live) as listener:
        for number in range(30):
            stage.socket.feed(results(f"{number}"))
            await settle()
        await live.finish()

    assert len(texts(listener.events)) == 30
