"""The websockets of /v1/speak and /v2/speak."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from yarl import URL

from dgasync.server import LocalServer, speak_live, speak_stream, speak_turns
from dgasync.server.ruler_voice import MARK_BYTES, spoken_text
from dgasync.server.speak_stream import StreamSession
from dgasync.server.speak_turns import TurnSession
from dgasync.testing import Fault, local_server

from .conftest import settled
from .test_speak_options import spec_of
from .voices import Absent, English, Failing, Loud, Paced, Speaking

pytestmark = pytest.mark.anyio

TEXT = "Hello there. How are you?"
FLUX = {"model": "flux-haley-en"}


class Talk:
    """A bare session that remembers what it was told, sound as what was said in it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: list[Any] = []
        self.audio = b""
        self.code: int | None = None
        self.reason = ""

    async def send(self, *things: str | dict[str, Any]) -> None:
        """Texts to be spoken, and messages by their type in angle brackets, or as they are."""
        for thing in things:
            if isinstance(thing, str):
                thing = {"type": thing[1:-1]} if thing.startswith("<") else {"type": "Speak", "text": thing}
            await self.socket.send_str(json.dumps(thing))

    async def next(self) -> Any:
        """The next message, with the audio before it kept; None at the end."""
        while True:
            message = await self.socket.receive(timeout=30)
            if message.type is WSMsgType.BINARY:
                self.audio += message.data
            elif message.type is WSMsgType.TEXT:
                self.told.append(json.loads(message.data))
                return self.told[-1]
            else:
                self.code, self.reason = self.socket.close_code, message.extra or ""
                return None

    async def until(self, kind: str) -> Any:
        """The next message of this type."""
        while (message := await self.next()) is not None:
            if message["type"] == kind:
                return message
        raise AssertionError(f"no {kind} in {self.told}, closed with {self.code} {self.reason}")

    async def sound(self, size: int) -> None:
        """Read until there is so much audio."""
        while len(self.audio) < size:
            message = await self.socket.receive(timeout=30)
            assert message.type is WSMsgType.BINARY, message
            self.audio += message.data

    async def rest(self) -> list[str]:
        """Read to the end; the types of all messages."""
        while await self.next() is not None:
            pass
        return [message["type"] for message in self.told]

    @property
    def said(self) -> str:
        return spoken_text(self.audio)


class Sockets:
    """Opens sessions with one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.opened: list[Talk] = []

    async def open(self, version: int = 1, params: Any = None, **more: Any) -> Talk:
        params = {**(FLUX if version == 2 else {}), **(params or {})}
        address = URL(f"{self.url}/v{version}/speak").with_query(params)
        self.opened.append(Talk(await self.session.ws_connect(address, **more)))
        return self.opened[-1]

    async def refused(self, version: int = 1, params: Any = None) -> tuple[int, str]:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await self.open(version, params)
        assert caught.value.headers is not None
        assert caught.value.headers["dg-request-id"]
        return caught.value.status, caught.value.headers["dg-error"]


@pytest.fixture
async def sockets(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Sockets:
    return Sockets(session, deepgram_server.url)


@pytest.fixture
def paced() -> Iterator[Paced]:
    voice = Paced()
    yield voice
    voice.let(100)


@asynccontextmanager
async def serving(session: aiohttp.ClientSession, voice: Any) -> AsyncIterator[Sockets]:
    with local_server(engine=Speaking(voice)) as server:
        sockets = Sockets(session, server.url)
        yield sockets
        for talk in sockets.opened:
            await talk.socket.close()


# /v1/speak.


async def test_stream(sockets: Sockets) -> None:
    """Text becomes sound while it comes in; Flush makes the rest, and Close what is left."""
    talk = await sockets.open()
    await talk.send("Hello the", "re. How are ", "you? I am")
    metadata = await talk.next()
    assert metadata["type"] == "Metadata"
    assert (metadata["model_name"], metadata["model_version"]) == ("ruler", "1")
    await talk.sound(len("Hello there. How are you? ") * MARK_BYTES)
    assert talk.said == "Hello there. How are you? "
    await talk.send("<Flush>")
    assert await talk.next() == {"type": "Flushed", "sequence_id": 0}
    assert talk.said == "Hello there. How are you? I am"
    await talk.send(" fine.", "<Close>")
    assert (await talk.rest(), talk.code, talk.reason) == (["Metadata", "Flushed"], 1000, "")
    assert talk.said == "Hello there. How are you? I am fine."


async def test_clear(session: aiohttp.ClientSession, paced: Paced) -> None:
    """Clear drops what waits and what the voice is at work on; not a byte of it comes behind Cleared."""
    async with serving(session, paced) as sockets:
        talk = await sockets.open()
        await talk.next()
        paced.let()
        await talk.send("Hello there. How are you? ", "Not said.", "<Flush>", "Nor this.")
        await talk.sound(len("Hello there. ") * MARK_BYTES)
        await asyncio.to_thread(paced.wait, 2)
        await talk.send("<Clear>", "New.")
        await settled_messages(talk)
        paced.let(10)
        assert (await talk.until("Cleared"))["sequence_id"] == 0
        await talk.send("<Flush>")
        assert (await talk.until("Flushed"))["sequence_id"] == 1
        assert talk.said == "Hello there. New."
        assert paced.asked == ["Hello there. ", "How are you? ", "New."]


async def settled_messages(talk: Talk) -> None:
    """Return when the server has taken all that was sent: it answers pings in their order."""
    await talk.socket.ping()
    talk.socket._autoping = False
    message = await talk.socket.receive(timeout=30)
    assert message.type is WSMsgType.PONG, message
    talk.socket._autoping = True


async def test_clear_nothing(sockets: Sockets) -> None:
    """Clear is confirmed even where there is nothing to be dropped."""
    talk = await sockets.open()
    await talk.send("<Clear>", "<Flush>", "<Close>")
    assert await talk.rest() == ["Metadata", "Cleared", "Flushed"]
    assert (talk.said, talk.code) == ("", 1000)


async def test_resampled(sockets: Sockets) -> None:
    """Each flush brings all of its sound, in any raw encoding."""
    talk = await sockets.open(params={"encoding": "mulaw", "sample_rate": "16000"})
    await talk.send(TEXT, "<Flush>")
    await talk.until("Flushed")
    assert len(talk.audio) == len(TEXT) * MARK_BYTES // 2


@pytest.mark.engine
async def test_resampled_to_the_end(session: aiohttp.ClientSession) -> None:
    """So it is where it is made at another rate: what the resampler still holds comes before Flushed."""
    pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    async with serving(session, English()) as sockets:
        talk = await sockets.open(params={"sample_rate": "8000"})
        for count in (1, 2):
            await talk.send(TEXT, "<Flush>")
            await talk.until("Flushed")
            assert len(talk.audio) == count * len(TEXT) * MARK_BYTES // 3


async def test_much_text(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where much waits to be said, no more is read until it is; nothing is lost."""
    monkeypatch.setattr(speak_live, "BUFFER", 50)
    talk = await sockets.open(2)
    texts = [f"This is number {count}. " for count in range(60)]
    await talk.send(*texts, "<Close>")
    await talk.rest()
    assert talk.said == "".join(texts)


async def test_too_many_flushes(sockets: Sockets) -> None:
    """The 21st Flush of a minute is ignored, with a warning."""
    talk = await sockets.open()
    await talk.send(*["<Flush>"] * 21, "<Close>")
    assert (await talk.rest())[1:] == ["Flushed"] * 20 + ["Warning"]
    assert talk.told[-1]["code"] == "EXCESSIVE_FLUSH"
    assert talk.code == 1000


@pytest.mark.parametrize(
    ("things", "code", "reason"),
    [
        (["x" * 2001], 1009, "BIG-0001: A Speak message has 2000 characters at most."),
        (["x" * 2000, "y" * 401], 1008, "DATA-0001: No more than 2400 characters a minute are spoken."),
        ([{"type": "Speak"}], 1008, "DATA-0000: A Speak message needs a text."),
        (["<KeepAlive>"], 1003, "MESSAGE-0000: The message is no JSON object of a type that is known here."),
        ([{"type": ["Speak"]}], 1003, "MESSAGE-0000: The message is no JSON object of a type that is known here."),
        ([{}], 1003, "MESSAGE-0000: The message is no JSON object of a type that is known here."),
    ],
)
async def test_ended(sockets: Sockets, things: Any, code: int, reason: str) -> None:
    """Beyond the service's limits, and what is no message, ends the session, with a reason."""
    talk = await sockets.open()
    await talk.send(*things, "Not said.")
    assert await talk.rest() == ["Metadata"]
    assert (talk.code, talk.reason) == (code, reason)
    assert "Not" not in talk.said


@pytest.mark.parametrize("version", [1, 2])
async def test_no_messages(sockets: Sockets, version: int) -> None:
    """So does what is not even JSON, or not text."""
    talk = await sockets.open(version)
    await talk.socket.send_str("{" * 10_000)
    await talk.rest()
    assert (talk.code, talk.reason[:12]) == (1003, "MESSAGE-0000")
    talk = await sockets.open(version)
    await talk.socket.send_bytes(b"audio")
    await talk.rest()
    assert (talk.code, talk.reason) == (1003, "MESSAGE-0000: Only text messages are understood here.")


@pytest.mark.parametrize(("kind", "version"), [(StreamSession, 1), (TurnSession, 2)])
async def test_longest_session(sockets: Sockets, monkeypatch: pytest.MonkeyPatch, kind: Any, version: int) -> None:
    """A session lasts an hour at most."""
    assert kind.session_limit == 3600
    monkeypatch.setattr(kind, "session_limit", 0.01)
    talk = await sockets.open(version)
    await talk.rest()
    assert (talk.code, talk.reason) == (1011, "NET-0003: The session has reached its longest duration.")


def test_limits_of_a_minute() -> None:
    """What was taken a minute ago is free again."""
    quota = speak_stream._Quota(10)
    assert [quota.take(at, 4) for at in (0.0, 1.0, 2.0)] == [True, True, False]
    assert quota.take(speak_stream.WINDOW, 4)
    assert not quota.take(speak_stream.WINDOW + 0.5, 4)


# /v2/speak.


async def test_turn(sockets: Sockets) -> None:
    """A turn is begun, flushed, spoken and accounted for; so is the session."""
    talk = await sockets.open(2)
    connected = await talk.next()
    assert (connected["type"], connected["model_name"]) == ("Connected", "ruler")
    await talk.send("Hello there. How ", "are you?", "<Flush>")
    started = await talk.next()
    assert started["type"] == "SpeechStarted"
    assert started["speech_id"].startswith("dg_sp_")
    metadata = await talk.until("SpeechMetadata")
    assert talk.said == TEXT
    assert metadata["speech_id"] == started["speech_id"]
    assert metadata["audio_duration_ms"] == 5 * len(TEXT)
    assert metadata["input_character_count"] == metadata["billable_character_count"] == len(TEXT)
    await talk.send("Again.", "<Close>")
    kinds = await talk.rest()
    assert kinds == [
        *("Connected", "SpeechStarted", "Flushed", "SpeechMetadata", "SpeechStarted", "SpeechMetadata"),
        "SessionMetadata",
    ]
    assert talk.told[4]["speech_id"] != started["speech_id"]
    total = len(TEXT + "Again.")
    assert talk.told[-1] == {
        "type": "SessionMetadata",
        "total_audio_duration_ms": 5 * total,
        "total_input_character_count": total,
        "total_billable_character_count": total,
    }
    assert (talk.said, talk.code) == (TEXT + "Again.", 1000)


async def test_interrupt(session: aiohttp.ClientSession, paced: Paced) -> None:
    """Interrupt drops the rest of the turn at once, and tells what was heard of it; what follows is a new turn."""
    async with serving(session, paced) as sockets:
        talk = await sockets.open(2)
        paced.let()
        await talk.send("Hello there. How are you? ", "Not said. ", "Nor this.")
        await talk.until("SpeechStarted")
        await talk.sound(len("Hello there. ") * MARK_BYTES)
        await asyncio.to_thread(paced.wait, 2)
        # 8 characters were heard, of 5 ms each: the second word not to its end.
        await talk.send({"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 40}}, "<Interrupt>")
        await settled_messages(talk)
        paced.let(10)
        told = await talk.until("SpeechInterrupted")
        assert (told["audio_played_ms"], told["text_spoken"]) == (40, "Hello ")
        assert told["text_remaining"] == "there. How are you? Not said. Nor this."
        assert told["metadata"]["audio_duration_ms"] == 5 * len("Hello there. ")
        assert told["metadata"]["input_character_count"] == len("Hello there. How are you? Not said. Nor this.")
        assert (await talk.until("Warning"))["code"] == "INTERRUPT_IN_PROGRESS"
        await talk.send("New one.", "<Flush>")
        metadata = await talk.until("SpeechMetadata")
        assert metadata["speech_id"] != told["metadata"]["speech_id"]
        assert talk.said == "Hello there. New one."
        await talk.send("<Close>")
        await talk.rest()
        assert talk.told[-1]["total_audio_duration_ms"] == 40 + 5 * len("New one.")


async def test_interrupt_without_offset(sockets: Sockets) -> None:
    """Without an offset all that was made counts as played; the next one must be beyond that."""
    talk = await sockets.open(2)
    await talk.send("Hello there. And")
    await talk.until("SpeechStarted")
    await talk.sound(len("Hello there. ") * MARK_BYTES)
    await talk.send({"type": "Interrupt", "playback_offset": {"type": "bytes", "value": 1}})
    told = await talk.until("SpeechInterrupted")
    assert told["audio_played_ms"] == 65
    assert {"text_spoken", "text_remaining"}.isdisjoint(told)
    await talk.send("Again. And")
    await talk.until("SpeechStarted")
    await talk.sound(len("Hello there. Again. ") * MARK_BYTES)
    await talk.send({"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 65}})
    assert (await talk.next())["code"] == "INVALID_INTERRUPT_OFFSET"
    await talk.send({"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 80}})
    told = await talk.until("SpeechInterrupted")
    # 15 ms of this turn: not a whole word.
    assert (told["text_spoken"], told["text_remaining"]) == ("", "Again. And")
    assert talk.said == "Hello there. Again. "


def test_spoken() -> None:
    """What was heard of a turn is whole sentences, and of the last one whole words."""
    turn = speak_turns._Turn(0)
    turn.said = [("Hello there. ", 1.0), ("How are you?", 2.0)]
    times = (0, 300, 600, 1000, 1800, 2999, 3000, 9000)
    assert [turn.spoken(time) for time in times] == [
        *("", "", "Hello ", "Hello there. ", "Hello there. How ", "Hello there. How are "),
        *["Hello there. How are you?"] * 2,
    ]


async def test_nothing_to_interrupt(session: aiohttp.ClientSession, paced: Paced) -> None:
    """Interrupt and Flush without a turn, and Interrupt before any sound, change nothing."""
    async with serving(session, paced) as sockets:
        talk = await sockets.open(2)
        await talk.send("<Interrupt>", "<Flush>", "Hello.", "<Interrupt>")
        assert (await talk.until("Warning"))["code"] == "NO_ACTIVE_SPEECH"
        assert (await talk.until("Warning"))["code"] == "NO_ACTIVE_SPEECH"
        assert (await talk.until("Warning"))["code"] == "NO_AUDIO_GENERATED"
        paced.let()
        await talk.send("<Flush>")
        await talk.until("SpeechMetadata")
        assert talk.said == "Hello."


async def test_nothing_to_say(sockets: Sockets) -> None:
    """A turn without anything pronounceable is over at once, with a warning."""
    talk = await sockets.open(2)
    await talk.send("...", "<Flush>")
    metadata = await talk.until("SpeechMetadata")
    assert [message["type"] for message in talk.told] == [
        *("Connected", "SpeechStarted", "Flushed", "Warning", "SpeechMetadata")
    ]
    assert talk.told[-2]["code"] == "NO_SYNTHESIZABLE_TEXT"
    assert metadata["input_character_count"] == 3


async def test_configure(sockets: Sockets) -> None:
    """The speed can be changed; what cannot be is refused, and changes nothing."""
    talk = await sockets.open(2, {"speed": "1.25"})
    await talk.send({"type": "Configure"}, {"type": "Configure", "speed": 0.5})
    assert (await talk.until("ConfigureSuccess"))["applied"] == {"speed": 1.25}
    assert (await talk.until("ConfigureSuccess"))["applied"] == {"speed": 0.5}
    for speed, code in ((1.55, "SPEED_OUT_OF_RANGE"), (1.07, "SPEED_INCREMENT_INVALID"), ("1", "SPEED_OUT_OF_RANGE")):
        await talk.send({"type": "Configure", "speed": speed})
        told = await talk.next()
        assert (told["type"], told["code"], told["field"]) == ("ConfigureFailure", code, "speed")
        assert told.get("value") == (None if isinstance(speed, str) else speed)
    await talk.send({"type": "Configure"})
    assert (await talk.until("ConfigureSuccess"))["applied"] == {"speed": 0.5}


async def test_idle(sockets: Sockets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a message or a ping for a minute a session of turns is closed, after an Error that says so."""
    assert TurnSession.idle_limit == 60
    monkeypatch.setattr(TurnSession, "idle_limit", 0.01)
    talk = await sockets.open(2)
    assert await talk.rest() == ["Connected", "Error"]
    assert talk.told[-1]["code"] == "NET-0004"
    assert (talk.code, talk.reason[:8]) == (1011, "NET-0004")


async def test_pings_are_answered(sockets: Sockets) -> None:
    """A ping is a sign of life, and is answered."""
    talk = await sockets.open(2)
    await talk.next()
    await settled_messages(talk)


# Both.


@pytest.mark.parametrize(
    ("version", "params", "told"),
    [
        (1, {"encoding": "mp3"}, "unknown variant `mp3`"),
        (1, {"model": "nobody"}, "No such model"),
        (2, {"model": ""}, "missing field `model`"),
        (2, {"model": "aura-2-thalia-en"}, "Only flux models are supported"),
        (2, {"bit_rate": "48000"}, "unknown field `bit_rate`"),
    ],
)
async def test_refused(sockets: Sockets, version: int, params: Any, told: str) -> None:
    """What cannot be made is refused instead of opened."""
    status, why = await sockets.refused(version, params)
    assert status == 400
    assert told in why


async def test_no_voice(session: aiohttp.ClientSession) -> None:
    """So is everything where there is no voice."""
    async with serving(session, Absent()) as sockets:
        assert await sockets.refused() == (
            400,
            "Bad Request: this local server cannot speak: there is no voice here: install one.",
        )


async def test_no_codecs(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what cannot be made without PyAV, where that is not installed."""
    monkeypatch.setitem(sys.modules, "av", None)
    async with serving(session, English()) as sockets:
        status, why = await sockets.refused(params={"sample_rate": "8000"})
        assert (status, "needs PyAV" in why) == (400, True)


async def test_voice_fails(session: aiohttp.ClientSession) -> None:
    """A voice that fails ends the session, not the server."""
    async with serving(session, Failing()) as sockets:
        for version in (1, 2):
            talk = await sockets.open(version)
            await talk.send("It begins. It fails.", "<Flush>")
            await talk.rest()
            assert (talk.code, talk.reason) == (1011, "The voice failed: ZeroDivisionError")
            assert talk.said == "It begins. "


@pytest.mark.parametrize("version", [1, 2])
async def test_client_goes(session: aiohttp.ClientSession, paced: Paced, version: int) -> None:
    """What nobody waits for any more is not spoken."""
    with local_server(engine=Speaking(paced)) as server:
        talk = await Sockets(session, server.url).open(version)
        await talk.send("One. Two. Three. ", "<Flush>")
        await asyncio.to_thread(paced.wait, 1)
        await talk.socket.close()
        assert (await settled(server)).close_code == 1000
        paced.let(10)
    assert paced.asked == ["One. "]


async def test_client_that_does_not_read(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that makes no room is cut off; while it has time, what it drops is dropped all the same."""
    monkeypatch.setattr(StreamSession, "write_deadline", 0.2)
    with local_server(engine=Speaking(Loud())) as server:
        talk = await Sockets(session, server.url).open()
        await talk.next()
        transport: Any = talk.socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()
        await talk.send("Endless.", "<Flush>")
        received = await settled(server)
        assert (received.close_code, [json.loads(message)["type"] for message in received.messages]) == (
            *(1006, ["Speak", "Flush"]),
        )
        transport.abort()


async def test_clear_while_nothing_is_read(session: aiohttp.ClientSession) -> None:
    """Clear is taken while the sound waits for room: most of it is never sent."""
    with local_server(engine=Speaking(Loud())) as server:
        talk = await Sockets(session, server.url).open()
        await talk.next()
        transport: Any = talk.socket._response.connection.transport  # type: ignore[union-attr]
        transport.pause_reading()
        await talk.send("Endless.", "<Flush>")
        while server.requests[-1].sent < 5:
            await asyncio.sleep(0.005)
        await talk.send("<Clear>")
        while len(server.requests[-1].messages) < 3:
            await asyncio.sleep(0.005)
        transport.resume_reading()
        assert (await talk.next())["type"] == "Cleared"
        assert len(talk.audio) < 24 * 1024 * 1024
        await talk.socket.close()


@pytest.mark.parametrize("version", [1, 2])
async def test_shutdown(session: aiohttp.ClientSession, version: int) -> None:
    """A server that stops says so."""
    with local_server() as server:
        talk = await Sockets(session, server.url).open(version)
        await talk.next()
        closing = asyncio.create_task(asyncio.to_thread(server.close))
        await talk.rest()
        assert (talk.code, talk.reason) == (1001, "The server is shutting down.")
        await closing


async def test_remembered(sockets: Sockets, deepgram_server: LocalServer) -> None:
    """The server remembers what was said, and how it ended."""
    talk = await sockets.open()
    await talk.send("Hello.", "<Close>")
    await talk.rest()
    received = await settled(deepgram_server)
    assert (received.kind, received.status, received.complete, received.close_code) == ("websocket", 101, True, 1000)
    assert [json.loads(message)["type"] for message in received.messages] == ["Speak", "Close"]
    assert received.sent == 2


BROKEN = (aiohttp.ClientError, ConnectionError, aiohttp.WebSocketError)


async def test_faults(sockets: Sockets, deepgram_server: LocalServer) -> None:
    """The server can be told to fail after so many bytes of sound, to the byte."""
    size = len("Hello ") * MARK_BYTES

    async def talk(fault: Fault) -> Talk:
        deepgram_server.fail(fault)
        talk = await sockets.open()
        with suppress(*BROKEN):
            await talk.send(TEXT, "<Close>")
            await talk.rest()
        return talk

    closed = await talk(Fault.close(1012, "restart", after_bytes=size))
    assert (closed.code, closed.reason, closed.said) == (1012, "restart", "Hello ")
    dropped = await talk(Fault.drop(after_bytes=size + 1))
    assert (dropped.code, len(dropped.audio)) == (1006, size + 1)
    assert (await talk(Fault.reset(size))).code == 1006
    muted = await talk(Fault.mute(after_bytes=size))
    assert (muted.code, muted.said) == (1000, "Hello ")
    frame = await talk(Fault.text_frame('{"type":"New"}', b"noise", after_bytes=size))
    assert (frame.told[-1], frame.code) == ({"type": "New"}, 1000)
    assert b"noise" in frame.audio
    assert (await talk(Fault.late(0.01))).said == TEXT


async def test_stall(session: aiohttp.ClientSession) -> None:
    """It can stop to read and to answer."""
    with local_server() as server:
        server.fail(Fault.stall(after_bytes=0))
        talk = await Sockets(session, server.url).open(autoping=False)
        await talk.next()
        await talk.socket.ping()
        with pytest.raises(asyncio.TimeoutError):
            await talk.socket.receive(timeout=0.05)
        server.reset()
        await talk.rest()
        assert talk.code == 1006


async def test_official_spec(sockets: Sockets, shared: Path) -> None:
    """Messages are valid against the official spec, which has three of them not yet."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, to hold messages against the spec")
    schemas = spec_of(shared, "asyncapi.yml")["components"]["schemas"]
    newer = {"SpeechInterrupted", "ConfigureSuccess", "ConfigureFailure"}
    checked: set[str] = set()

    def check(talk: Talk, prefix: str) -> None:
        for message in talk.told:
            if message["type"] in newer:
                continue
            schema = {"$ref": f"#/components/schemas/{prefix}{message['type']}", "components": {"schemas": schemas}}
            jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(message)
            checked.add(prefix[:7] + message["type"])

    talk = await sockets.open()
    await talk.send(TEXT, "<Flush>", "<Clear>", *["<Flush>"] * 20, "<Close>")
    await talk.rest()
    check(talk, "SpeakV1_SpeakV1")
    talk = await sockets.open(2)
    await talk.send("<Flush>", TEXT, "<Flush>", {"type": "Configure", "speed": 1})
    await talk.until("SpeechMetadata")
    await talk.send("<Interrupt>", "<Close>")
    await talk.rest()
    check(talk, "SpeakV2_SpeakV2")
    talk = await sockets.open(2)
    await talk.send("<None>")
    await talk.rest()
    check(talk, "SpeakV2_SpeakV2")
    names = {name.split("_")[1] for name in schemas if name.startswith(("SpeakV1_", "SpeakV2_"))}
    clients = {"Text", "Flush", "Clear", "Close", "Speak", "Audio"}
    assert checked == {name for name in names if name[7:] not in clients}
