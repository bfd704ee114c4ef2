"""A voice through the client: the native verb, and the documented style."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest

import dgasync
from dgasync import (
    AsyncDeepgramClient,
    AsyncFluxSpeakClient,
    AsyncSpeakWSClient,
    AsyncVoice,
    DeepgramClientOptions,
    SpeakWebSocketEvents,
    SpeakWebSocketMessage,
    SpeakWSOptions,
)
from dgasync.api.speaking import _EVENTS
from dgasync.errors import (
    DeepgramError,
    DeepgramSpeakerError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
)
from dgasync.models.events import Undecodable, Unknown
from dgasync.models.speak_live import SpeakEvent
from dgasync.transport.seam import Binary, Closed
from tests.loudspeakers import Loudspeaker, connected
from tests.session.stage import settle
from tests.session.test_speak import VoiceStage

pytestmark = pytest.mark.anyio

# What the service says, the event, and what its handlers get: the keyword, and what is in it.
SAID: list[tuple[Any, str, str, dict[str, Any]]] = [
    ({"type": "Metadata", "request_id": "r", "model_name": "m"}, "Metadata", "metadata", {"model_name": "m"}),
    ({"type": "Flushed", "sequence_id": 3}, "Flushed", "flushed", {"sequence_id": 3}),
    ({"type": "Cleared", "sequence_id": 4}, "Cleared", "cleared", {"sequence_id": 4}),
    (
        {"type": "Warning", "code": "W", "description": "d"},
        *("Warning", "warning", {"warn_code": "W", "warn_msg": "d", "code": "W", "description": "d"}),
    ),
    ({"type": "Error", "description": "bad"}, "Error", "error", {"description": "bad"}),
    ({"type": "Newer"}, "Unhandled", "unhandled", {"type": "Newer"}),
    ({"type": "Connected", "model_uuids": ["u"]}, "Connected", "connected", {"model_uuids": ["u"]}),
    ({"type": "SpeechStarted", "speech_id": "s"}, "SpeechStarted", "speech_started", {"speech_id": "s"}),
    ({"type": "SpeechMetadata", "speech_id": "s"}, "SpeechMetadata", "speech", {"speech_id": "s"}),
    ({"type": "SpeechInterrupted", "text_spoken": "t"}, "SpeechInterrupted", "interrupted", {"text_spoken": "t"}),
    ({"type": "SessionMetadata"}, "SessionMetadata", "session", {}),
    ({"type": "ConfigureSuccess", "applied": {}}, "ConfigureSuccess", "configured", {"applied": {}}),
    ({"type": "ConfigureFailure", "field": "speed"}, "ConfigureFailure", "configured", {"name": "speed"}),
]


class Network(VoiceStage):
    """A stage that says where it was asked to go."""

    def __init__(self, version: str = "1") -> None:
        super().__init__(version)
        self.asked: list[Any] = []

    async def connect(self, dial: Any, /) -> Any:
        self.asked.append(dial)
        return await super().connect(dial)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.asked[-1].url).query)

    @property
    def path(self) -> str:
        return urlsplit(self.asked[-1].url).path


@pytest.fixture
def stage() -> Network:
    return Network()


def client(stage: VoiceStage, **options: Any) -> AsyncDeepgramClient:
    return AsyncDeepgramClient("key", DeepgramClientOptions(options=options), transport=stage)


def documented(stage: VoiceStage, **options: Any) -> AsyncSpeakWSClient:
    return client(stage, **options).speak.asyncwebsocket.v("1")


# ── the native verb ──


@pytest.mark.parametrize(
    ("asked", "path", "query"),
    [
        ({}, "/v1/speak", {"model": ["aura-2-thalia-en"]}),
        (
            {"model": "mine", "speed": 1.2, "sample_rate": 8000},
            "/v1/speak",
            {"speed": ["1.2"], "sample_rate": ["8000"]},
        ),
        ({"model": "flux-alexis-en", "expressivity": 1}, "/v2/speak", {"expressivity": ["1"]}),
        ({"model": "mine", "version": "2"}, "/v2/speak", {"model": ["mine"]}),
        ({"addons": {"tag": "x"}, "endpoint": "v3/speak"}, "/v3/speak", {"tag": ["x"]}),
    ],
)
async def test_where_it_goes(stage: Network, asked: Any, path: str, query: dict[str, list[str]]) -> None:
    """The voice decides about the version; options and addons are the query."""
    async with client(stage).voice(**asked) as voice:
        assert isinstance(voice, AsyncVoice)
    assert stage.path == path
    assert stage.query.items() >= query.items()


@pytest.mark.parametrize("asked", [{"sped": 1.2}, {"expressivity": 1}, {"version": "2"}, {"version": "3"}])
async def test_options_of_no_use(stage: Network, asked: Any) -> None:
    """They are refused, and nothing is sent."""
    with pytest.raises(DeepgramTypeError):
        async with client(stage).voice(**asked):
            pass
    assert stage.asked == []


async def test_another_connection_is_asked_for_the_same() -> None:
    """What was changed meanwhile is among the options of the next connection."""
    stage = Network("2")
    async with client(stage).voice(model="flux-alexis-en") as voice:
        await voice.configure(speed=1.25)
        stage.socket.feed(Closed(1006))
        async with anyio.create_task_group() as group:
            group.start_soon(stage.time.advance, 10)
            chunks = [chunk async for chunk in voice.say("a")]
    assert chunks == [b"A"]
    assert [stage.query.get("speed"), len(stage.asked)] == [["1.25"], 2]


# ── the documented style ──


@pytest.mark.parametrize(("said", "name", "keyword", "facts"), SAID)
async def test_events(stage: Network, said: Any, name: str, keyword: str, facts: dict[str, Any]) -> None:
    """Each message is fired as v3 fired it, and what v3 did not know by names of its own."""
    got: list[Any] = []
    connection = documented(stage)
    connection.on(name, lambda client, **kwargs: got.append((client, kwargs)))
    assert await connection.start(extra="mine")
    stage.socket.say(said)
    await settle()
    await connection.finish()

    ((who, kwargs),) = got
    assert who is connection
    assert kwargs.keys() == {keyword, "extra"}
    assert {fact: getattr(kwargs[keyword], fact) for fact in facts} == facts


def test_every_event_has_a_name() -> None:
    """Whatever happens has an event that handlers can be registered for, and each of those is in the list."""
    kinds = {kind for each in get_args(SpeakEvent) for kind in (get_args(each) or (each,))}
    assert kinds - _EVENTS.keys() == {Undecodable}
    assert {name for name, _ in _EVENTS.values()} | {"Flush"} == {each.value for each in SpeakWebSocketEvents}
    assert _EVENTS[Unknown][0] == "Unhandled"


async def test_a_conversation(stage: Network) -> None:
    """Text goes out as v3 sent it, sound is fired as bytes, and Close is the last event."""
    fired: list[Any] = []
    connection = documented(stage)
    for name in SpeakWebSocketEvents:
        connection.on(name, lambda client, _name=name.value, **kwargs: fired.append((_name, kwargs)))
    options = SpeakWSOptions("aura-asteria-en", "linear16", 16000)
    assert not await connection.send_text("too early")
    assert await connection.start(options, members={"mine": 7})
    assert connection.mine == 7  # type: ignore[attr-defined]
    assert await connection.is_connected()
    assert await connection.send("Hi")
    assert not await connection.send(b"Hi")
    assert await connection.flush()
    assert await connection.wait_for_complete()
    assert await connection.clear()
    await settle()
    assert await connection.send_control(SpeakWebSocketMessage.Speak, "more")
    assert await connection.send_control("Flush")
    assert not await connection.send_control("Sing")
    assert await connection.finish()
    assert not await connection.is_connected()
    assert not await connection.send_text("too late")

    assert stage.query == {"model": ["aura-asteria-en"], "encoding": ["linear16"], "sample_rate": ["16000"]}
    assert stage.socket.said == "Hi|<Cl>more|<Cl>"
    assert [json.loads(frame)["type"] for frame in stage.socket.sent] == [
        *("Speak", "Flush", "Clear", "Speak", "Flush", "Close")
    ]
    assert b"".join(each["data"] for name, each in fired if name == "AudioData") == b"HIMORE"
    assert [name for name, _ in fired if name != "AudioData"] == ["Open", "Flushed", "Cleared", "Flushed", "Close"]


async def test_cleared_sound_is_not_fired(stage: Network) -> None:
    """What comes between Clear and its answer is nobody's any more."""
    audio: list[bytes] = []
    connection = documented(stage)
    connection.on("AudioData", lambda client, data, **kwargs: audio.append(data))
    await connection.start()
    stage.socket.answers = False
    await connection.send_text("Hi")
    await connection.send_raw('{"type":"Clear"}')
    stage.socket.feed(Binary(b"stale"), b'{"type":"Cleared"}', Binary(b"fresh"))
    await settle()
    await connection.finish()
    assert audio == [b"fresh"]


async def test_the_second_generation() -> None:
    """It has a class of its own, with what only such voices can do."""
    stage = Network("2")
    connection = client(stage).speak.asyncwebsocket.v("2")
    assert isinstance(connection, AsyncFluxSpeakClient)
    with pytest.raises(DeepgramTypeError, match="model"):
        await connection.start()
    assert await connection.start({"model": "flux-alexis-en"})
    assert await connection.configure(speed=1.1)
    assert await connection.interrupt(played=0.5)
    assert await connection.clear()
    assert await connection.finish()
    assert stage.path == "/v2/speak"
    assert [json.loads(frame)["type"] for frame in stage.socket.sent] == [
        *("Configure", "Interrupt", "Interrupt", "Close")
    ]


async def test_text_that_is_flushed_by_itself(stage: Network) -> None:
    """`auto_flush_speak_delta` is in milliseconds, and has to be a number."""
    connection = documented(stage, auto_flush_speak_delta=500)
    await connection.start()
    await connection.send_text("Hi")
    await stage.time.advance(0.6)
    assert stage.socket.said == "Hi|"
    await connection.finish()
    with pytest.raises(DeepgramTypeError, match="auto_flush_speak_delta"):
        await documented(stage, auto_flush_speak_delta="soon").start()


async def test_send_raises_where_that_was_asked_for(stage: Network) -> None:
    """`termination_exception_send` lets out what else is False."""
    connection = documented(stage, termination_exception_send="true")
    await connection.start()
    await connection.finish()
    with pytest.raises(SessionEnded):
        await connection.send_text("too late")


# ── the loudspeaker ──


@pytest.fixture
def loudspeaker() -> Iterator[Loudspeaker]:
    with connected() as loudspeaker:
        yield loudspeaker


async def test_playback(stage: Network, loudspeaker: Loudspeaker) -> None:
    """With `speaker_playback` the sound is played, at the session's rate, and to its end before `finish` returns."""
    heard: list[bytes] = []
    connection = documented(stage, speaker_playback="true")
    connection.on("AudioData", lambda client, data, **kwargs: heard.append(data))
    await connection.start({"sample_rate": 8000})
    await connection.send_text("ab" * 50)
    await connection.flush()
    await connection.wait_for_complete()
    await connection.finish()
    assert b"".join(heard) == b"AB" * 50
    assert loudspeaker.played == b"AB" * 50
    assert loudspeaker.asked == {"samplerate": 8000, "channels": 1, "device": None}
    assert loudspeaker.streams == []


async def test_playback_of_what_cannot_be_played(stage: Network, loudspeaker: Loudspeaker) -> None:
    """Only linear16 can; and without a device the error says so."""
    with pytest.raises(DeepgramTypeError, match="linear16"):
        await documented(stage, speaker_playback="true").start({"encoding": "mulaw"})
    loudspeaker.devices.clear()
    with pytest.raises(DeepgramSpeakerError, match="no loudspeaker"):
        await documented(stage, speaker_playback="true").start()
    assert stage.asked == []


async def test_playback_of_a_session_that_fails(stage: Network, loudspeaker: Loudspeaker) -> None:
    """The loudspeaker is put away, and a session that stands keeps its own."""
    stage.script.append(DeepgramError("nobody there"))
    failing = documented(stage, speaker_playback="true")
    assert not await failing.start()
    assert loudspeaker.streams == []
    assert await failing.start()
    with pytest.raises(DeepgramWebsocketError, match="started already"):
        await failing.start()
    assert len(loudspeaker.streams) == 1
    await failing.finish()


def test_names() -> None:
    """Later names of v3 are the same classes."""
    assert dgasync.AsyncSpeakWebSocketClient is AsyncSpeakWSClient
    assert dgasync.SpeakWebSocketClient is dgasync.SpeakWSClient
    plain = dgasync.DeepgramClient("key")
    assert isinstance(plain.speak.websocket.v("1"), dgasync.SpeakWSClient)
    assert isinstance(plain.speak.websocket.v("2"), dgasync.FluxSpeakClient)
    assert isinstance(plain.voice(), dgasync.Voice)
