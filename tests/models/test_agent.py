"""What an agent says, and the settings that say what it is."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

import dgasync
from dgasync import (
    Agent,
    AgentListen,
    AgentWebSocketEvents,
    Audio,
    AudioData,
    Context,
    Endpoint,
    Function,
    Header,
    History,
    Input,
    Parameters,
    Provider,
    SettingsConfigurationOptions,
    SettingsOptions,
    Speak,
    Think,
    Undecodable,
    Unknown,
)
from dgasync.errors import DeepgramTypeError
from dgasync.models.agent import _KINDS, _Known, decode_message
from dgasync.models.agent_forms import as_part, as_settings

MESSAGES: dict[str, dict[str, Any]] = {
    "Welcome": {"request_id": "r"},
    "SettingsApplied": {},
    "ConversationText": {"role": "user", "content": "hi", "languages": ["en"], "languages_hinted": ["en", "de"]},
    "UserStartedSpeaking": {},
    "AgentThinking": {"content": "hm"},
    "AgentStartedSpeaking": {"total_latency": 1.5, "tts_latency": 0.5, "ttt_latency": 1},
    "AgentAudioDone": {},
    "InjectionRefused": {"message": "busy"},
    "PromptUpdated": {},
    "SpeakUpdated": {},
    "ThinkUpdated": {},
    "ListenUpdated": {},
    "FunctionCalling": {},
    "FunctionCallResponse": {"id": "1", "name": "f", "content": "5"},
    "LatencyReport": {
        "ttt_token_latency": 0.1,
        "ttt_text_latency": 0.2,
        "ttt_tool_latency": 0.3,
        "ttt_thinking_latency": 0.4,
        "tts_latency": 0.5,
        "total_latency": 0.6,
    },
    "Warning": {"description": "slow", "code": "SLOW"},
    "Error": {"description": "no", "code": "NO"},
    "History": {"role": "assistant", "content": "hi"},
    "FunctionCallRequest": {},
}
NESTED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "History",
        "function_calls",
        {"id": "1", "name": "f", "client_side": True, "arguments": "{}", "response": "5", "thought_signature": "s"},
    ),
    (
        "FunctionCallRequest",
        "functions",
        {"id": "1", "name": "f", "arguments": "{}", "client_side": True, "thought_signature": "s"},
    ),
]


@pytest.mark.parametrize("kind", MESSAGES)
def test_messages(kind: str) -> None:
    """Each is a type of its own, every field an attribute, and comes back out of the fields as it came in."""
    message = {"type": kind, **MESSAGES[kind]}
    event = decode_message(json.dumps(message))

    assert type(event) is _KINDS[kind]
    assert event.type == kind
    assert {name: getattr(event, name) for name in MESSAGES[kind]} == MESSAGES[kind]
    assert type(event).from_dict(message).to_dict() == message
    assert kind in {each.value for each in AgentWebSocketEvents}


@pytest.mark.parametrize(("kind", "name", "part"), NESTED)
def test_messages_with_parts(kind: str, name: str, part: dict[str, Any]) -> None:
    """What is in them is typed, too."""
    event = decode_message(json.dumps({"type": kind, name: [part]}))
    found = getattr(event, name)[0]
    assert {each: getattr(found, each) for each in part} == part


def test_every_kind_is_here() -> None:
    """The decoder knows all types of the union, and no test leaves one out."""
    assert set(_KINDS.values()) == set(get_args(_Known))
    assert _KINDS.keys() == MESSAGES.keys()


def test_what_is_not_as_expected() -> None:
    """A newer kind keeps its bytes, a broken one says what is wrong."""
    new = decode_message('{"type":"New","x":1}')
    assert isinstance(new, Unknown)
    assert new["x"] == 1
    assert isinstance(decode_message('{"type":"ConversationText","role":5}'), Undecodable)


def test_no_words_in_a_repr() -> None:
    """What was said is in none, and neither is what an agent is told of other services' keys."""
    for kind in ("ConversationText", "History", "AgentThinking"):
        assert "secret" not in repr(decode_message(json.dumps({"type": kind, "role": "user", "content": "secret"})))
    assert repr(AudioData(data=b"secret")) == "<AudioData 6 bytes>"
    settings = SettingsOptions()
    settings.agent.context.messages = [History(role="user", content="secret")]
    settings.agent.think.provider.credentials = {"secret_access_key": "secret"}
    settings.agent.think.endpoint = Endpoint(url="https://x/?key=secret", headers={"authorization": "secret"})
    settings.agent.think.functions = [Function(name="f", headers=[Header("k", "secret")])]
    settings["agent"]["speak"] = {"provider": {"credentials": "secret"}}
    assert "secret" not in repr(settings)
    assert "secret" not in repr(Header("k", "secret"))
    assert "Think(provider=Provider(credentials=...), functions=[1], endpoint=Endpoint(url=..., headers=...))" in repr(
        settings
    )


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ({"type": "Welcome", "request_id": "r"}, "<WelcomeResponse>"),
        ({"type": "ConversationText", "role": "user", "content": "x"}, "<ConversationTextResponse user>"),
        ({"type": "FunctionCallRequest", "functions": [{"name": "f"}]}, "<FunctionCallRequest f>"),
        ({"type": "FunctionCallResponse", "name": "f", "content": "x"}, "<FunctionCallResult f>"),
        ({"type": "InjectionRefused", "message": "busy"}, "<InjectionRefusedResponse busy>"),
        ({"type": "Warning", "code": "SLOW", "description": "wait"}, "<AgentWarning SLOW, wait>"),
    ],
)
def test_reprs(message: dict[str, Any], shown: str) -> None:
    """They are of one line, and say what it is about."""
    event = decode_message(json.dumps(message))
    assert repr(event) == shown
    assert event.request_id == message.get("request_id")
    assert str(AgentWebSocketEvents.AudioData) == "AudioData"


# ── settings ──

AUDIO = {
    "input": {"encoding": "linear16", "sample_rate": 16000},
    "output": {"encoding": "linear16", "sample_rate": 16000, "container": "none"},
}


def test_fresh_settings() -> None:
    """They have v3's audio, and every part is there to be filled in; what is only looked at stays unset."""
    settings = SettingsOptions()
    assert settings.to_dict() == {"type": "Settings", "audio": AUDIO}
    assert settings.agent.listen.provider.model is None
    assert "agent" not in settings
    assert settings.to_dict() == {"type": "Settings", "audio": AUDIO}

    settings.agent.think.provider.type = "open_ai"
    settings["agent"]["think"]["prompt"] = "Be brief."
    settings.audio.input.sample_rate = 8000
    assert settings.agent["think"].provider["type"] == "open_ai"
    assert settings.to_dict()["agent"] == {"think": {"provider": {"type": "open_ai"}, "prompt": "Be brief."}}
    assert settings.to_dict()["audio"]["input"] == {"encoding": "linear16", "sample_rate": 8000}
    assert "agent" in settings
    assert settings.keys() == ["type", "audio", "agent"]
    assert settings.check()
    assert settings.eval("agent.think.prompt") == "Be brief."
    assert settings.get("tags") is None
    with pytest.raises(KeyError):
        settings["tags"]


def test_settings_from_elsewhere() -> None:
    """They come back from a dict and from JSON as what they were, parts and lists of parts included."""
    settings = SettingsOptions(
        tags=["one"],
        audio=Audio(Input("mulaw", 8000)),
        agent=Agent(
            listen=AgentListen(Provider(type="deepgram", model="nova-3")),
            think=Think(
                Provider(type="open_ai", model="gpt-4o-mini"),
                functions=[
                    Function(name="f", parameters=Parameters("object", {"a": {"type": "string"}}, ["a"])),
                ],
                context_length="max",
            ),
            context=Context([History(role="user", content="hi")]),
            greeting="Hello.",
        ),
        flags={"history": False},
    )
    again = SettingsOptions.from_json(str(settings))

    assert again == settings
    assert again.agent.think.functions is not None
    assert isinstance(again.agent.think.functions[0], Function)
    assert isinstance(again.agent.think.functions[0].parameters, Parameters)
    assert again.flags.history is False
    assert again.to_dict()["agent"]["context"]["messages"] == [{"type": "History", "role": "user", "content": "hi"}]
    assert as_settings(settings) == as_settings(settings.to_dict()) == as_settings(settings.to_json())
    assert SettingsOptions.from_dict({"agent": "an-id"}).to_dict()["agent"] == "an-id"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SettingsOptions(experimentel=True), "did you mean 'experimental'"),
        (lambda: setattr(SettingsOptions().agent, "greting", "x"), "Agent has no option 'greting'"),
        (lambda: SettingsOptions().agent.think.__setitem__("promt", "x"), "did you mean 'prompt'"),
        (lambda: as_settings({"agent": {"think": {"provider": {"modell": "x"}}}}), "did you mean 'model'"),
        (lambda: as_settings('{"agent": {"speak": [{"provder": {}}]}}'), "did you mean 'provider'"),
        (lambda: as_settings({"agent": {"think": {"functions": [{"nam": "x"}]}}}), "did you mean 'name'"),
        (lambda: as_settings("{"), "not JSON"),
        (lambda: as_settings("[]"), "got list"),
        (lambda: as_settings(None), "SettingsOptions, or a mapping; got NoneType"),
        (lambda: as_settings({"agent": {"think": "gpt"}}), "something else where an object"),
        (lambda: as_settings({"audio": {"input": 5}}), "something else where an object"),
        (lambda: as_settings({"agent": {"context": {"messages": 5}}}, strict=False), "something else where"),
        (lambda: as_part("think", {"functions": ["f"]}), "something else where"),
        (lambda: as_part("speak", 5), "`speak` is an object such as Speak"),
    ],
)
def test_settings_of_no_use(make: Any, text: str) -> None:
    """They are errors where they are made, with a guess what was meant."""
    with pytest.raises(DeepgramTypeError, match=text):
        make()


def test_nothing_in_the_place_of_a_part() -> None:
    """It is as if it was not there, or goes out as it is."""
    assert as_settings({"audio": None, "agent": None}) == {"type": "Settings", "audio": {}, "agent": None}
    assert as_settings({"agent": {"think": None}})["agent"] == {"think": None}


def test_any_schema() -> None:
    """The arguments of a function are whatever JSON Schema can say."""
    schema = {"type": "object", "properties": {}, "additionalProperties": False, "$defs": {}}
    given = {"agent": {"think": {"functions": [{"name": "f", "parameters": schema}]}}}
    assert as_settings(given)["agent"] == given["agent"]
    again = SettingsOptions.from_dict(given)
    assert again.agent.think.functions is not None
    assert again.agent.think.functions[0].parameters == schema


def test_settings_that_are_newer() -> None:
    """A mapping may hold what this package does not know, where that is wanted; and so may the place of a part."""
    given = {"agent": {"think": {"provider": {"type": "new", "newer": 1}}}}
    assert as_settings(given, strict=False)["agent"] == given["agent"]
    settings = SettingsOptions()
    settings.agent.think.provider = {"type": "new", "newer": 1}
    assert as_settings(settings)["agent"] == given["agent"]
    assert given == {"agent": {"think": {"provider": {"type": "new", "newer": 1}}}}


def test_settings_of_older_releases() -> None:
    """What was elsewhere in 3.9 to 3.11, 4.6, 4.7 and 4.8.0 goes to where the service takes it."""
    old = SettingsConfigurationOptions()
    old.agent.listen.model, old.agent.listen.keyterms = "nova-3", ["one"]
    old.agent.think.model, old.agent.think.instructions = "gpt-4o-mini", "Be brief."
    old.agent.think.provider.type = "open_ai"
    old.agent.think.functions = [
        Function(name="f", description="d", url="https://x", method="GET", headers=[Header("a", "b")]),
        Function(name="g", parameters={"type": "object"}),
    ]
    old.agent["speak"] = {"provider": "eleven_labs", "model": "turbo", "voice_id": "v"}
    old.agent.tags, old.agent.mip_opt_out = ["t"], True
    old.context.messages, old.context.replay = [("user", "hi")], True
    assert old.type == "SettingsConfiguration"

    assert as_settings(old) == {
        "type": "Settings",
        "audio": AUDIO,
        "tags": ["t"],
        "mip_opt_out": True,
        "agent": {
            "listen": {"provider": {"type": "deepgram", "model": "nova-3", "keyterms": ["one"]}},
            "think": {
                "provider": {"type": "open_ai", "model": "gpt-4o-mini"},
                "prompt": "Be brief.",
                "functions": [
                    {
                        "name": "f",
                        "description": "d",
                        "endpoint": {"url": "https://x", "method": "GET", "headers": {"a": "b"}},
                    },
                    {"name": "g", "parameters": {"type": "object"}},
                ],
            },
            "speak": {"provider": {"type": "eleven_labs", "model_id": "turbo", "voice": "v"}},
            "context": {"messages": [{"type": "History", "role": "user", "content": "hi"}]},
        },
    }
    assert as_part("speak", Speak(model="aura-asteria-en")) == {
        "provider": {"type": "deepgram", "model": "aura-asteria-en"}
    }


def test_what_is_told_later() -> None:
    """Each message has its kind, and the fields of all releases."""
    kinds = {
        "UpdatePromptOptions": "UpdatePrompt",
        "UpdateInstructionsOptions": "UpdateInstructions",
        "UpdateSpeakOptions": "UpdateSpeak",
        "UpdateThinkOptions": "UpdateThink",
        "UpdateListenOptions": "UpdateListen",
        "InjectAgentMessageOptions": "InjectAgentMessage",
        "InjectUserMessageOptions": "InjectUserMessage",
        "FunctionCallResponse": "FunctionCallResponse",
        "AgentKeepAlive": "KeepAlive",
    }
    assert {name: getattr(dgasync, name)().to_dict() for name in kinds} == {
        name: {"type": kind} for name, kind in kinds.items()
    }
    update = dgasync.UpdateSpeakOptions()
    update.speak.provider.model = "aura-2-thalia-en"
    assert json.loads(update.to_json()) == {
        "type": "UpdateSpeak",
        "speak": {"provider": {"model": "aura-2-thalia-en"}},
    }
