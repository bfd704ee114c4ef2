"""A voice over a real socket: what the local server says of a text is the text, to the byte, once, and never stale."""

# generates: tests/sync/test_voice_server.py

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dgasync import AsyncDeepgramClient, SpeakWebSocketEvents
from dgasync.errors import BadRequest, DeepgramWebsocketError, StreamClosed
from dgasync.server import Fault, LocalServer
from dgasync.server.ruler_voice import BROKEN, spoken_text

pytestmark = pytest.mark.anyio

TEXT = "Every word of this is a sound. " * 30
VOICES = pytest.mark.parametrize("model", ["aura-2-thalia-en", "flux-alexis-en"])


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient("a-key", url=deepgram_server.url, max_retries=1) as deepgram:
        yield deepgram


async def all_of(chunks: AsyncIterator[bytes]) -> bytes:
    audio = b""
    async for chunk in chunks:
        audio += chunk
    return audio


def heard(audio: bytes) -> str:
    """The text that the audio stands for; the server says sentence by sentence, and leaves out what is between."""
    return "".join(f"{sentence.strip()}. " for sentence in spoken_text(audio).split(".")[:-1])


@VOICES
async def test_turn_by_turn(model: str, deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """Each text has its own sound, whole and once, however it comes."""
    tokens = [TEXT[at : at + 7] for at in range(0, len(TEXT), 7)]
    async with deepgram.voice(model=model) as voice:
        first = await all_of(voice.say(TEXT))
        second = await all_of(voice.say(iter(tokens)))
        third = await all_of(voice.say("Short."))

    assert heard(first) == heard(second) == TEXT
    assert heard(third) == "Short. "
    assert deepgram_server.requests[-1].path == ("/v2/speak" if model.startswith("flux") else "/v1/speak")


@VOICES
async def test_leaving_waits_for_the_last_sound(model: str, deepgram: AsyncDeepgramClient) -> None:
    """What was not flushed is spoken all the same, and can be taken when the voice is left."""
    async with deepgram.voice(model=model) as voice:
        await voice.send_all([TEXT], flush=False)
    assert heard(await all_of(voice.audio())) == TEXT


@VOICES
async def test_nothing_stale(model: str, deepgram: AsyncDeepgramClient) -> None:
    """After an interruption, at whatever moment, the next text is heard and nothing else."""
    async with deepgram.voice(model=model) as voice:
        for taken in (0, 1, 3, 10):
            stale = voice.say("Stale sound. " * 35)
            for _ in range(taken):
                assert BROKEN not in spoken_text(await stale.__anext__())[1:-1]
            if not taken:
                await voice.send("Stale text, which is not spoken yet. ")
            await voice.interrupt()
            assert await all_of(voice.say("")) == b""
            fresh = await all_of(voice.say(f"Fresh {taken} sound."))
            assert spoken_text(fresh) == f"Fresh {taken} sound."


async def test_what_was_heard(deepgram: AsyncDeepgramClient) -> None:
    """A voice of the second generation tells what was said up to where it was played, and changes its speed."""
    async with deepgram.voice(model="flux-alexis-en", sample_rate=24000) as voice:
        assert (await voice.configure(speed=1.1)).applied == {"speed": 1.1}
        with pytest.raises(DeepgramWebsocketError, match="SPEED_OUT_OF_RANGE"):
            await voice.configure(speed=7)
        await voice.send("One two three four five six seven eight. Nine")
        await voice.audio().__anext__()
        cut = await voice.interrupt(played=0.1)
    assert cut is not None
    assert (cut.text_spoken or "") + (cut.text_remaining or "") == "One two three four five six seven eight. Nine"
    assert (cut.text_spoken or "").startswith("One two")


@VOICES
async def test_lost_between_two_texts(model: str, deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A connection that dies before the first sound is replaced, and the text is heard whole and once."""
    deepgram_server.fail(Fault.reset(after_bytes=0))
    async with deepgram.voice(model=model) as voice:
        said = await all_of(voice.say(TEXT))
    assert heard(said) == TEXT
    assert voice.reconnects == 1


@VOICES
async def test_lost_in_the_middle(model: str, deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """One that dies behind it is an error: nothing is heard twice, and what came is good."""
    deepgram_server.fail(Fault.close(1011, "NET-0000", after_bytes=20_000))
    got: list[bytes] = []

    async def listen() -> None:
        async with deepgram.voice(model=model) as voice:
            async for chunk in voice.say(TEXT):
                got.append(chunk)

    with pytest.raises(StreamClosed, match="spoken already"):
        await listen()
    assert b"".join(got)
    assert len(deepgram_server.requests) == 1


async def test_a_refusal(deepgram: AsyncDeepgramClient) -> None:
    """What the service cannot do it says when it is asked, and that is an error of its own type."""

    async def enter() -> None:
        async with deepgram.voice(encoding="linear16", sample_rate=7):
            pass

    with pytest.raises(BadRequest):
        await enter()


async def test_as_documented(deepgram: AsyncDeepgramClient) -> None:
    """The documented client fires what v3's did, in order, each byte of the sound once."""
    fired: list[str] = []
    audio: list[bytes] = []
    connection = deepgram.speak.asyncwebsocket.v("1")

    async def on_audio(client: Any, data: bytes, **kwargs: Any) -> None:
        audio.append(data)

    def on_metadata(client: Any, metadata: Any, **kwargs: Any) -> None:
        fired.append(f"{metadata.type} {metadata.model_name}")

    def on_flushed(client: Any, flushed: Any, **kwargs: Any) -> None:
        fired.append(f"{flushed.type} {flushed.sequence_id}")

    def on_open(client: Any, open: Any, **kwargs: Any) -> None:
        fired.append(open.type)

    def on_close(client: Any, close: Any, **kwargs: Any) -> None:
        fired.append(f"{close.type} {close.code}")

    connection.on(SpeakWebSocketEvents.AudioData, on_audio)
    connection.on(SpeakWebSocketEvents.Metadata, on_metadata)
    connection.on(SpeakWebSocketEvents.Flushed, on_flushed)
    connection.on(SpeakWebSocketEvents.Open, on_open)
    connection.on(SpeakWebSocketEvents.Close, on_close)
    assert await connection.start({"model": "aura-asteria-en", "encoding": "linear16", "sample_rate": 16000})
    assert await connection.send_text(TEXT)
    assert await connection.flush()
    assert await connection.wait_for_complete()
    assert await connection.finish()
    assert heard(b"".join(audio)) == TEXT
    assert fired == ["Open", "Metadata ruler", "Flushed 0", "Close 1000"]


async def test_the_second_generation_as_documented(deepgram: AsyncDeepgramClient) -> None:
    """Voices of the second generation are behind `.v("2")`: the same calls, turns as events, and the sound once."""
    fired: list[str] = []
    audio: list[bytes] = []
    connection = deepgram.speak.asyncwebsocket.v("2")
    connection.on("AudioData", lambda client, data, **kwargs: audio.append(data))
    for name in ("Connected", "SpeechStarted", "SpeechMetadata", "SessionMetadata"):
        connection.on(name, lambda client, name=name, **kwargs: fired.append(name))
    assert await connection.start({"model": "flux-alexis-en", "encoding": "linear16", "sample_rate": 16000})
    assert await connection.send_text(TEXT)
    assert await connection.flush()
    assert await connection.wait_for_complete()
    assert await connection.finish()
    assert heard(b"".join(audio)) == TEXT
    assert fired == ["Connected", "SpeechStarted", "SpeechMetadata", "SessionMetadata"]
