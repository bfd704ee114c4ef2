"""Real speech, live, to a real engine: what people say comes out as text, for every kind of caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dgasync.server import LocalServer
from dgasync.testing import local_server, silence, word_error_rate
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
