"""A session behind a silence gate, over real sockets: silence is not sent, and nobody sees that in the times."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from dgasync import (
    DeepgramClient,
    DeepgramTypeError,
    LiveResultResponse,
    MetadataResponse,
    Reconnected,
    SilenceGate,
    UtteranceEndResponse,
)
from dgasync.server import Fault, LocalServer, Settings
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Ruler, local_server, silence, word_error_rate
from tests.field.faces import Face
from tests.field.talks import Talker, taken, talk
from tests.server.test_whisper import AUDIO, SAID, installed
from tests.test_detector import needs_silero

PAUSE = 20.0


class Loud:
    """Takes for speech what is not zero, in frames of 20 ms."""

    def __init__(self, rate: int) -> None:
        self.samples = rate // 50

    def __call__(self, frame: bytes) -> bool:
        return any(frame)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(RulerEngine(final_words=1), Settings(port=0)) as server:
        yield server


def test_ruler(face: Face, server: LocalServer) -> None:
    """Words come at the caller's times though the silence between them was not sent, and a connection broke."""
    ruler = Ruler(6.0)
    first, rest = ruler.audio()[:80_000], ruler.audio()[80_000:]
    audio = silence(PAUSE) + first + silence(PAUSE) + rest + silence(PAUSE)
    server.fail(Fault.drop(after_bytes=len(first) + 100_000))

    async def main(deepgram: Talker) -> tuple[list[Any], Any]:
        gate = SilenceGate(detector=Loud, pre_roll=0.1, hang_over=1.5)
        options = {"interim_results": True, "utterance_end_ms": 1000, "endpointing": 300, "gate": gate}
        async with deepgram.live(**options) as live:
            await live.send(audio[:50_001])
            live.start_sending(audio[at : at + 6001] for at in range(50_001, len(audio), 6001))
            events = await taken(live, [])
        return events, live

    events, live = talk(face, server.url, main, options={})

    finals = [event for event in events if isinstance(event, LiveResultResponse) and event.is_final]
    words = [word for event in finals for word in event.words]
    starts = [PAUSE + n / 2 for n in range(5)] + [2 * PAUSE + n / 2 for n in range(5, 12)]
    assert [word.start for word in words] == pytest.approx(starts, abs=1e-5)
    assert [word.text.lower().strip(".") for word in words] == ruler.words
    transcript = live.result()
    assert [word.start for word in transcript.words] == pytest.approx(starts, abs=1e-5)
    assert sum(isinstance(event, Reconnected) for event in events) == 1
    ends = [event.last_word_end for event in events if isinstance(event, UtteranceEndResponse)]
    assert ends[0] == pytest.approx(PAUSE + 2.5)
    (about,) = [event for event in events if isinstance(event, MetadataResponse)]
    assert 2 * PAUSE + 6.0 + 1.5 <= about.duration + 0.03 <= len(audio) / 32_000
    metrics = live.metrics
    # Each of the two connections begins with as much as goes out behind speech, whatever it holds.
    assert 6.0 + 2 * 0.1 + 3 * 1.5 <= metrics.sent_seconds <= 6.0 + 2 * 0.1 + 4 * 1.5 + 0.2
    assert metrics.sent_seconds + metrics.gated_seconds == pytest.approx(len(audio) / 32_000, abs=1e-6)


@pytest.mark.parametrize("gate", ["on", 1, Loud])
def test_what_is_no_gate(gate: Any) -> None:
    """Only settings are, or True."""
    with DeepgramClient("key") as deepgram, pytest.raises(DeepgramTypeError, match="`gate` is True, or a SilenceGate"):
        deepgram.live(encoding="linear16", sample_rate=16000, gate=gate)


def test_audio_that_cannot_be_heard() -> None:
    """What the gate cannot listen to is refused before anything is sent."""
    with DeepgramClient("key") as deepgram:
        with pytest.raises(DeepgramTypeError, match="needs `encoding`"):
            deepgram.live(gate=SilenceGate(detector=Loud))
        deepgram.live(gate=False)
        deepgram.live(gate=None)


@needs_silero
@pytest.mark.engine
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of `local`")
def test_speech() -> None:
    """What people say is heard as well as without the gate, a minute of silence between it is not sent, and every word
    is where it was.
    """
    names = "jfk.wav", "librivox-0870.wav"
    first, second = ((AUDIO / name).read_bytes()[44:] for name in names)
    pause = 60.0
    dice = Random(1)

    def room(seconds: float) -> bytes:
        """Nobody speaks, but a microphone is on."""
        return b"".join(round(dice.gauss(0, 50)).to_bytes(2, "little", signed=True) for _ in range(16_000)) * int(
            seconds
        )

    audio = room(5) + first + room(pause) + second + room(5)

    async def main(deepgram: Talker) -> tuple[Any, Any]:
        async with deepgram.live(gate=True, smart_format=True, endpointing=300) as live:
            live.start_sending(audio)
            async for _ in live:
                pass
        return live.result(), live.metrics

    with local_server(engine="whisper") as whisper:
        transcript, metrics = talk(Face("asyncio"), whisper.url, main, options={})

    assert word_error_rate(" ".join(SAID[name] for name in names), transcript.text) <= 0.2, transcript.text
    seconds = [len(each) / 32_000 for each in (first, second)]
    assert metrics.gated_seconds > pause
    assert metrics.sent_seconds < sum(seconds) + 10
    edge, behind = 5 + seconds[0], 5 + seconds[0] + pause
    assert all(
        word.start >= 5 - 0.5 and (word.end <= edge + 0.5 or word.start >= behind - 0.5) for word in transcript.words
    )
    before = " ".join(word.text for word in transcript.words if word.start < edge)
    assert word_error_rate(SAID[names[0]], before) <= 0.2, before
    assert transcript.words[-1].end <= behind + seconds[1] + 0.5
