"""Speech from the local server: what it says of a text is the text, to the byte, however it is asked for."""

# generates: tests/sync/test_speak_server.py

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dgasync import AsyncDeepgramClient, DeepgramClient, SpeakOptions
from dgasync.errors import BadRequest, DeepgramConnectionError
from dgasync.server import Fault, LocalServer
from dgasync.server.ruler_voice import spoken_text
from dgasync.testing import callback_receiver, local_server, word_error_rate
from tests.server.test_whisper import installed

pytestmark = pytest.mark.anyio

TEXT = "Every word of this is a sound. " * 40
RAW: dict[str, Any] = {"encoding": "linear16", "container": "none", "sample_rate": 24_000}


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=1) as deepgram:
        yield deepgram


def heard(audio: bytes) -> str:
    """The text that the audio stands for; the server says sentence by sentence."""
    return "".join(f"{sentence.strip()}. " for sentence in spoken_text(audio).split(".")[:-1])


@pytest.mark.parametrize("model", ["aura-2-thalia-en", "flux-alexis-en"])
async def test_in_chunks(model: str, deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """Speech comes in pieces, however many, each byte of it once, and knows what it is."""
    async with deepgram.synthesize(TEXT, model=model, **RAW) as speech:
        chunks = [chunk async for chunk in speech]

    assert all(chunks)
    assert heard(b"".join(chunks)) == TEXT
    assert (speech.encoding, speech.container, speech.sample_rate) == ("linear16", "none", 24_000)
    assert (speech.model_name, speech.characters) == ("ruler", len(TEXT))
    assert speech.request_id == deepgram_server.requests[-1].request_id
    assert deepgram_server.requests[-1].path == ("/v2/speak" if model.startswith("flux") else "/v1/speak")


async def test_as_documented(deepgram: AsyncDeepgramClient, tmp_path: Path) -> None:
    """In memory, as an open answer, and in a file: the same audio."""
    speak = deepgram.speak.asyncrest.v("1")
    options = SpeakOptions(encoding="linear16", container="none", sample_rate=24_000)
    path = tmp_path / "speech.raw"

    memory = await speak.stream_memory({"text": TEXT}, options)
    async with await speak.stream_raw({"text": TEXT}, options) as response:
        chunks = [chunk async for chunk in response.aiter_bytes(1000)]
    saved = await speak.save(str(path), {"text": TEXT}, options)

    assert memory.stream_memory is not None
    audio = memory.stream_memory.read()
    assert heard(audio) == TEXT
    assert b"".join(chunks) == audio == path.read_bytes()
    assert {len(chunk) for chunk in chunks[:-1]} == {1000}
    assert saved.characters == memory.characters == len(TEXT)


@pytest.mark.parametrize(("encoding", "begins"), [("linear16", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS")])
async def test_formats(encoding: str, begins: bytes, deepgram: AsyncDeepgramClient) -> None:
    """Audio is in the format that was asked for."""
    if encoding != "linear16":
        pytest.importorskip("av")
    assert (await deepgram.synthesize("Hello.", encoding=encoding).read()).startswith(begins)


async def test_a_trickle(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """An answer that comes a few bytes at a time is the same in the end."""
    deepgram_server.fail(Fault.trickle(size=3000, seconds=0.001))

    assert heard(await deepgram.synthesize(TEXT, **RAW).read()) == TEXT


async def test_cut_in_the_middle(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """A connection that is reset in the middle is an error, and leaves no file."""
    deepgram_server.fail(Fault.reset(after_bytes=10_000), times=2)

    with pytest.raises(DeepgramConnectionError):
        await deepgram.synthesize(TEXT, **RAW).save(tmp_path / "speech.raw")
    assert list(tmp_path.iterdir()) == []


async def test_busy_then_good(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A service that is busy is asked again."""
    deepgram_server.fail(Fault.status(503))

    assert heard(await deepgram.synthesize(TEXT, **RAW).read()) == TEXT
    assert len(deepgram_server.requests) == 2


async def test_a_refusal(deepgram: AsyncDeepgramClient) -> None:
    """What the service cannot do it says, and that is an error of its own type with its request id."""
    with pytest.raises(BadRequest) as caught:
        await deepgram.synthesize("Hello.", encoding="linear16", sample_rate=7).open()
    assert caught.value.request_id


async def test_to_a_callback(deepgram: AsyncDeepgramClient) -> None:
    """Speech goes where it was asked to."""
    with callback_receiver() as receiver:
        accepted = await deepgram.synthesize_to_callback(TEXT, callback=receiver.url, **RAW)
        (delivery,) = receiver.wait()

    assert heard(delivery.body) == TEXT
    assert accepted.request_id == delivery.headers["dg-request-id"]


# async only
@pytest.mark.engine
@pytest.mark.skipif(not installed(), reason="needs faster-whisper, of `local`")
def test_what_is_said_is_heard() -> None:
    """A real voice says a sentence that a real engine understands."""
    said = "The quick brown fox jumps over the lazy dog, and then it sleeps in the warm sun."

    with local_server(engine="whisper") as server, DeepgramClient("a-key", url=server.url) as deepgram:
        transcript = deepgram.transcribe(deepgram.synthesize(said, encoding="linear16").read())

    assert word_error_rate(said, transcript.text) <= 0.2, transcript.text
