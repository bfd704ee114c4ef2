"""Real speech, live, to a real engine: what people say comes out as text, for every kind of caller."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from dgasync import Close, LiveResultResponse, MetadataResponse, Open, Reconnected, Reconnecting
from dgasync.server import LocalServer
from dgasync.testing import FaultProxy, Trouble, local_server, silence, word_error_rate
from tests.field.faces import Face
from tests.field.talks import Talker, taken, talk
from tests.server.test_whisper import AUDIO, SAID, installed

pytestmark = [pytest.mark.engine, pytest.mark.skipif(not installed(), reason="needs faster-whisper, of `local`")]

WORST = 0.2
PAUSE = 1.5  # seconds between two recordings
PAIRS = {
    "sync": ("jfk.wav", "librivox-0880.wav"),
    "asyncio": ("librivox-0870.wav", "librivox-0890.wav"),
    "trio": ("librivox-0920.wav", "librivox-0930.wav"),
}


@pytest.fixture(scope="module")
def whisper() -> Iterator[LocalServer]:
    with local_server(engine="whisper") as server:
        yield server


def speech(name: str) -> bytes:
    return (AUDIO / name).read_bytes()[44:]


@pytest.mark.parametrize("name", PAIRS)
def test_utterances(name: str, whisper: LocalServer) -> None:
    """Two recordings and a pause are utterances on either side of it, and few of their words are misheard."""
    pair = PAIRS[name]
    first, second = (speech(each) for each in pair)

    audio = first + silence(PAUSE) + second

    async def main(deepgram: Talker) -> tuple[list[Any], Any]:
        async with deepgram.live(smart_format=True, endpointing=300) as live:
            live.start_sending(audio[at : at + 3200] for at in range(0, len(audio), 3200))
            said = await taken(live.utterances(), [])
        return said, live.result()

    said, transcript = talk(Face(name), whisper.url, main)

    truth = " ".join(SAID[each] for each in pair)
    assert word_error_rate(truth, transcript.text) <= WORST, transcript.text
    assert word_error_rate(transcript.text, " ".join(each.text for each in said)) == 0
    ends = len(first) / 32_000, len(first) / 32_000 + PAUSE
    assert any(each.end <= ends[0] + 0.3 for each in said)
    assert any(each.start >= ends[1] - 0.3 for each in said)
    assert all(each.end <= ends[1] or each.start >= ends[0] for each in said), said
    assert [each.start for each in said] == sorted(each.start for each in said)
    for each in said:
        assert 0 <= each.start < each.end <= transcript.duration + 0.1
        assert each.words[0].start >= each.start
        assert each.words[-1].end <= each.end
        assert 0 < each.confidence <= 1


def _end(result: LiveResultResponse) -> float:
    return (result.start or 0.0) + (result.duration or 0.0)


async def listened(deepgram: Talker, audio: bytes, first: float = 0, cut: int | None = None) -> tuple[list[Any], Any]:
    """All events, and the transcript. Where the connection is `cut` at a byte, that is sent when `first` seconds are
    final, and what follows it when the loss is known.
    """
    events: list[Any] = []
    heard, lost = anyio.Event(), anyio.Event()

    async def source() -> AsyncIterator[bytes]:
        for at in range(0, len(audio), 3200):
            if cut is not None and at <= cut < at + 3200:
                await heard.wait()
                yield audio[at : at + 3200]
                await lost.wait()
            else:
                yield audio[at : at + 3200]

    async with deepgram.live(smart_format=True, interim_results=True, endpointing=300) as live:
        live.start_sending(source())
        async for event in live:
            events.append(event)
            if isinstance(event, LiveResultResponse) and event.is_final and _end(event) >= first:
                heard.set()
            elif isinstance(event, Reconnecting):
                lost.set()
    return events, live.result()


def test_a_lost_connection(whisper: LocalServer) -> None:
    """A connection that breaks in the middle of a sentence costs no word of it, and no sentence is told twice."""
    pair = "jfk.wav", "librivox-0880.wav"
    audio = speech(pair[0]) + silence(PAUSE) + speech(pair[1])
    first = len(speech(pair[0])) / 32_000 - 0.5  # it ends with a pause, of which some is final with it
    cut = len(speech(pair[0])) + int((PAUSE + 1.2) * 32_000) + 1  # in a word, and in a sample

    with FaultProxy(whisper.url) as proxy:
        calm, undisturbed = talk(Face("asyncio"), proxy.url, lambda deepgram: listened(deepgram, audio), options={})
        proxy.fail(Trouble.drop(cut))
        events, transcript = talk(
            Face("asyncio"), proxy.url, lambda deepgram: listened(deepgram, audio, first, cut), options={}
        )
        broken, rest = proxy.connections[1:]

    truth = " ".join(SAID[each] for each in pair)
    assert word_error_rate(truth, undisturbed.text) <= WORST, undisturbed.text
    assert word_error_rate(truth, transcript.text) <= WORST, transcript.text
    assert word_error_rate(undisturbed.text, transcript.text) <= WORST / 4, (undisturbed.text, transcript.text)

    assert (broken.ended, broken.audio) == ("drop", cut)
    assert len(audio) - cut < rest.audio <= len(audio) - first * 32_000  # what was final is not sent again
    assert not any(isinstance(event, Reconnecting) for event in calm)
    happened = [type(event) for event in events if not isinstance(event, LiveResultResponse)]
    assert happened == [Open, Reconnecting, Reconnected, MetadataResponse, Close]

    results = [event for event in events if isinstance(event, LiveResultResponse)]
    reach = edge = 0.0
    for event in results:
        until = _end(event)
        if event.is_final:
            assert event.start == pytest.approx(edge, abs=1e-3), event
            edge = until
        else:
            assert until >= reach - 1e-5, event
        reach = max(reach, until)
    assert edge == pytest.approx(len(audio) / 32_000, abs=0.1)
    assert sorted({event.connection for event in results}) == [0, 1]
    times = [word.start for word in transcript.words]
    assert times == sorted(times)
    assert transcript.words[-1].end == pytest.approx(undisturbed.words[-1].end, abs=0.3)
