"""Voice agents through the client: the native verb, and the documented style."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import anyio
import pytest

import dgasync
from dgasync import (
    AgentWebSocketEvents,
    AsyncAgentSession,
    AsyncAgentWebSocketClient,
    AsyncDeepgramClient,
    DeepgramClientOptions,
    SettingsOptions,
)
from dgasync.api.agent import _KEYWORDS, _shown
from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError, StreamClosed
from dgasync.limits import AGENT_KEEP_ALIVE
from dgasync.models.agent import AgentEvent
from dgasync.models.events import Undecodable, Unknown
from dgasync.transport.seam import Binary, Closed
from tests.session.stage import Stage, settle
from tests.session.test_agent import AgentStage, Converser, said

pytestmark = pytest.mark.anyio

CALL = {"id": "1", "name": "f", "arguments": "{}", "client_side": True}

# What the service says, the event, and what its handlers get: the keyword, and what is in it.
SAID: list[tuple[Any, str, str, Mapping[str, Any]]] = [
    (said("user", "hi"), "ConversationText", "conversation_text", {"role": "user", "content": "hi"}),
    (b'{"type":"UserStartedSpeaking"}', "UserStartedSpeaking", "user_started_speaking", {}),
    (b'{"type":"AgentThinking","content":"hm"}', "AgentThinking", "agent_thinking", {"content": "hm"}),
    (b'{"type":"FunctionCalling"}', "FunctionCalling", "function_calling", {}),
    (
        json.dumps({"type": "FunctionCallRequest", "functions": [CALL]}).encode(),
        *("FunctionCallRequest", "function_call_request", {}),
    ),
    (b'{"type":"FunctionCallResponse","name":"f"}', "FunctionCallResponse", "function_call_response", {"name": "f"}),
    (
        b'{"type":"AgentStartedSpeaking","total_latency":1.5}',
        *("AgentStartedSpeaking", "agent_started_speaking", {"total_latency": 1.5}),
    ),
    (b'{"type":"AgentAudioDone"}', "AgentAudioDone", "agent_audio_done", {}),
    (b'{"type":"InjectionRefused","message":"no"}', "InjectionRefused", "injection_refused", {"message": "no"}),
    (b'{"type":"PromptUpdated"}', "PromptUpdated", "prompt_updated", {}),
    (b'{"type":"History","role":"user","content":"hi"}', "History", "history", {"content": "hi"}),
    (b'{"type":"LatencyReport","total_latency":2}', "LatencyReport", "latency_report", {"total_latency": 2}),
    (b'{"type":"Warning","code":"W"}', "Warning", "warning", {"code": "W"}),
    (b'{"type":"Error","description":"bad"}', "Error", "error", {"description": "bad"}),
    (b'{"type":"Newer"}', "Unhandled", "unhandled", {"type": "Newer"}),
    (b"{", "Error", "error", {"description": "DecodeError"}),
]


class Network(AgentStage):
    """A stage that says where it was asked to go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    async def connect(self, dial: Any, /) -> Any:
        self.asked.append(dial)
        return await super().connect(dial)


def client(stage: Stage, url: str = "", **options: Any) -> AsyncDeepgramClient:
    return AsyncDeepgramClient("key", DeepgramClientOptions(url=url, options=options), transport=stage)


def documented(stage: Stage, **options: Any) -> AsyncAgentWebSocketClient:
    return client(stage, **options).agent.asyncwebsocket.v("1")


# ── the native verb ──


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", "wss://agent.deepgram.com/v1/agent/converse?tag=x"),
        ("https://api.eu.example.com", "wss://api.eu.example.com/v1/agent/converse?tag=x"),
    ],
)
async def test_where_it_goes(url: str, address: str) -> None:
    """To the agents' own host, unless the client has a base URL; with the key, headers and addons of the call."""
    stage = Network()
    deepgram = client(stage, url)
    async with deepgram.agent(SettingsOptions(), headers={"x-own": "1"}, addons={"tag": "x"}) as session:
        assert isinstance(session, AsyncAgentSession)
        assert stage.asked[0].url == address
        assert stage.asked[0].headers["x-own"] == "1"
        assert stage.asked[0].headers["Authorization"] == "Token key"
        assert repr(deepgram.agent).startswith("<AsyncAgentDoor of <DeepgramClientOptions")


async def test_functions_are_announced() -> None:
    """The settings say of each what its signature does, unless they have words of their own; nobody's are changed."""

    def mine(city: str) -> str:
        """What it is like there."""
        return city

    def described() -> int:
        return 5

    async def answers(session: AsyncAgentSession, name: str) -> list[tuple[str, str]]:
        socket = stage.socket
        socket.call(name, '{"city": "Bonn"}')
        with session._reading():
            for _ in range(200):
                await anyio.sleep(0.001)
                if socket.results:
                    break
        found: list[tuple[str, str]] = socket.results
        return found

    stage = Network()
    settings = SettingsOptions()
    settings.agent.think.functions = [
        dgasync.Function(name="described", description="in my words"),
        dgasync.Function(name="by_hand", description="I answer it myself"),
        dgasync.Function(name="afar", endpoint={"url": "https://example.com"}),
    ]
    before = settings.to_dict()
    async with client(stage).agent(settings, functions=[mine, described]) as session:
        sent = json.loads(stage.socket.sent[0])["agent"]["think"]["functions"]
        assert await answers(session, "mine") == [("call-1", "Bonn")]
    assert [each["name"] for each in sent] == ["described", "by_hand", "afar", "mine"]
    assert sent[0] == {"name": "described", "description": "in my words"}
    assert sent[3]["parameters"]["required"] == ["city"]
    assert settings.to_dict() == before

    async with client(stage).agent(settings, functions=[mine]) as session:
        assert await answers(session, "by_hand") == []
    async with client(stage).agent({"agent": "kept-id"}, functions=[mine]) as session:
        assert json.loads(stage.socket.sent[0])["agent"] == "kept-id"
        assert await answers(session, "mine") == [("call-1", "Bonn")]
    async with client(stage).agent({"agent": {"think": [{"prompt": "a"}, {}]}}, functions=[mine]):
        thinks = json.loads(stage.socket.sent[0])["agent"]["think"]
        assert [[each["name"] for each in think["functions"]] for think in thinks] == [["mine"], ["mine"]]


def test_asking_for_nonsense() -> None:
    """It is an error at once, with a guess what was meant."""
    agent = client(Stage()).agent
    with pytest.raises(DeepgramTypeError, match="did you mean 'functions'"):
        agent(SettingsOptions(), function=[])  # type: ignore[call-arg]
    with pytest.raises(DeepgramTypeError, match="did you mean 'think'"):
        agent({"agent": {"thinks": {}}})
    with pytest.raises(DeepgramTypeError, match="needs a name"):
        agent(SettingsOptions(), functions=[lambda: 1])
    with pytest.raises(DeepgramTypeError, match="JSON can say"):
        agent({"agent": {"greeting": object()}})
    agent({"agent": {"newer": {}}}, strict=False)


# ── the documented style ──


async def test_every_event() -> None:
    """Handlers get each by v3's keyword, audio as bytes, beside what `start` was given; Open first, Close last."""
    stage = AgentStage()
    connection = documented(stage)
    heard: list[tuple[str, Any]] = []

    async def listen(this: Any, **given: Any) -> None:
        assert this is connection
        assert given.pop("extra") == 7
        heard.extend(given.items())

    for event in AgentWebSocketEvents:
        connection.on(event, listen)
    assert await connection.start(SettingsOptions(), None, None, {"mine": 3}, extra=7)
    assert connection.mine == 3  # type: ignore[attr-defined]
    stage.socket.feed(*(frame for frame, *_ in SAID), Binary(b"sound"))
    await settle()
    assert await connection.is_connected()
    assert await connection.finish()
    assert not await connection.is_connected()

    begun = ["open", "welcome", "settings_applied"]
    assert [name for name, _ in heard] == [*begun, *(keyword for _, _, keyword, _ in SAID), "data", "close"]
    assert heard[-2] == ("data", b"sound")
    for (_, event_name, _, wanted), (_, found) in zip(SAID, heard[3:], strict=False):
        assert {name: getattr(found, name) for name in wanted} == wanted, event_name


async def test_older_handlers() -> None:
    """Those that take what happened by position, or no more than that, are served as well."""
    stage = AgentStage()
    connection = documented(stage)
    heard: list[Any] = []
    connection.on("ConversationText", lambda this, text: heard.append(text.content))
    connection.on(AgentWebSocketEvents.AudioData, lambda this, data, **kwargs: heard.append(data))
    connection.on("Welcome", lambda this, welcome, **kwargs: heard.append(welcome.request_id))
    assert await connection.start({"agent": {}}, extra=7)
    stage.socket.feed(said("user", "hi"), Binary(b"sound"))
    await settle()
    await connection.finish()
    assert heard == ["agent-request", "hi", b"sound"]


async def test_what_is_sent() -> None:
    """Audio, messages as text, and what may be injected, as objects, mappings or text."""
    stage = AgentStage()
    connection = documented(stage)
    assert not await connection.send(b"early")
    assert not await connection.keep_alive()
    await connection.start(SettingsOptions().to_json())
    assert await connection.send(b"audio")
    assert await connection.send(dgasync.FunctionCallResponse(id="1", name="f", content="5").to_json())
    assert await connection.keep_alive()
    assert await connection.inject_user_message(dgasync.InjectUserMessageOptions(content="hello"))
    assert await connection.inject_agent_message(dgasync.InjectAgentMessageOptions(message="bye", behavior="queue"))
    assert await connection.inject_agent_message({"message": "bye"})
    with pytest.raises(DeepgramTypeError, match="`content` is the text"):
        await connection.inject_user_message({})
    await connection.finish()
    assert not await connection.send(b"late")

    assert stage.socket.audio == b"audio"
    assert [json.loads(frame) for frame in stage.socket.sent[2:]] == [
        {"type": "FunctionCallResponse", "id": "1", "name": "f", "content": "5"},
        {"type": "KeepAlive"},
        {"type": "InjectUserMessage", "content": "hello"},
        {"type": "InjectAgentMessage", "message": "bye", "behavior": "queue"},
        {"type": "InjectAgentMessage", "message": "bye"},
    ]


async def test_keeping_it_alive() -> None:
    """It is done by default, and not where it was turned off."""
    for options, messages in (({}, ["Settings", "KeepAlive"]), ({"keepalive": "false"}, ["Settings"])):
        stage = AgentStage()
        connection = documented(stage, **options)
        await connection.start(SettingsOptions())
        await stage.time.advance(AGENT_KEEP_ALIVE + 1)
        await connection.finish()
        assert stage.socket.messages == messages


async def test_a_start_that_fails() -> None:
    """It is False, and Error is fired with the service's words; settings of no use are an error at once."""
    stage = AgentStage()
    connection = documented(stage)
    heard: list[Any] = []
    connection.on("Error", lambda this, error, **kwargs: heard.append(error))
    stage.make = Refuser

    assert not await connection.start(SettingsOptions())
    assert isinstance(connection.error, DeepgramWebsocketError)
    assert [each.message for each in heard] == ["The service did not apply the settings: BAD no such model."]
    with pytest.raises(DeepgramTypeError, match="did you mean 'agent'"):
        await connection.start({"agnt": {}})
    with pytest.raises(DeepgramTypeError, match="got NoneType"):
        await connection.start()
    stage.make = Converser
    assert await connection.start(SettingsOptions()), "it can be started again"
    stage.socket.feed(Closed(1011, "sorry"))
    await settle()
    assert not await connection.send(b"late")
    assert isinstance(connection.error, StreamClosed)
    assert [each.description for each in heard][1:] == ["StreamClosed"]


class Refuser(Converser):
    def _answer_to(self, frame: bytes | str) -> None:
        self.feed(b'{"type":"Error","code":"BAD","description":"no such model"}')


async def test_an_event_that_there_is_not() -> None:
    """It cannot be registered for, and the error says which there are."""
    with pytest.raises(DeepgramTypeError, match="ConversationText"):
        documented(AgentStage()).on("Transcript", print)


def test_every_kind_of_event_has_a_name() -> None:
    """What a session may give is fired under a name that can be registered for."""
    for kind in get_args(AgentEvent):
        if kind not in (Undecodable, Unknown):
            assert str(kind.__struct_config__.tag) in _KEYWORDS
    assert _shown(Unknown(type="x"))[0] == "Unhandled"
