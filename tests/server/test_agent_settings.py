"""What the settings of an agent may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dgasync.server.agent_settings import AgentSettings, read_settings
from dgasync.server.replies import Refusal
from dgasync.server.ruler import RulerEngine
from dgasync.server.ruler_voice import RulerVoice
from dgasync.server.turns import Thresholds

from .agents import ECHO, V2
from .test_speak_options import spec_of
from .voices import English

HTTP = {"url": "https://example.com/v1/chat/completions", "headers": {"X": "y"}}
MODEL = {"type": "open_ai", "model": "gpt-4o-mini"}


class Polite(RulerEngine):
    """It knows one language, and takes hints."""

    languages = frozenset({"en"})  # type: ignore[assignment]  # the ruler does not care
    takes_terms = True


def read(audio: Any = None, flags: Any = None, tags: Any = None, **agent: Any) -> AgentSettings:
    agent = {"think": ECHO, **agent}
    message = {"type": "Settings", "audio": audio, "agent": agent, "flags": flags, "tags": tags}
    return read_settings(message, agent, Polite(), English())


def test_defaults() -> None:
    """Little has to be said."""
    settings = read()
    assert (settings.audio.encoding, settings.audio.sample_rate) == ("linear16", 24_000)
    assert settings.listening.identity == ("deepgram", "v1", "ruler")
    assert (settings.speaking.form.encoding, settings.speaking.form.container) == ("linear16", "none")
    assert (settings.speaking.form.rate, settings.greeting, settings.history) == (24_000, "", True)


def test_everything() -> None:
    """What is said is understood."""
    provider = {**V2["provider"], "eot_threshold": 0.8, "eot_timeout_ms": 900, "keyterms": ["Ulm"]}
    history: list[Any] = [
        {"type": "History", "role": "user", "content": "Hi."},
        {"function_calls": [{"id": "1", "name": "f", "arguments": "{}", "response": "r", "client_side": False}]},
    ]
    settings = read(
        {"input": {"encoding": "mulaw", "sample_rate": 8000}, "output": {"encoding": "mp3", "bitrate": 32_000}},
        {"history": False},
        ["a"],
        listen={"provider": provider},
        think=[{"provider": MODEL, "endpoint": HTTP, "prompt": "Hm.", "context_length": 9.0}, ECHO],
        speak=[{"provider": {"type": "cartesia"}}, {"provider": {"type": "deepgram", "model": "flux-jack-en"}}],
        greeting="Hello.",
        context={"messages": history},
    )
    assert settings.listening.thresholds == Thresholds(0.8, None, 0.9)
    assert (settings.audio.encoding, settings.audio.hints.terms) == ("mulaw", ("Ulm",))
    assert settings.speaking.form == ("mp3", "none", 22_050, 32_000)
    first, second = settings.thinking
    assert (first.model, first.prompt, first.context_length, second.kind) == ("gpt-4o-mini", "Hm.", 9, "echo")
    assert first.endpoint is not None
    assert (settings.history, settings.tags, settings.greeting) == (False, ("a",), "Hello.")
    assert settings.messages == (history[0], {"type": "History", **history[1]})


def test_encodings_of_the_spec(shared: Path) -> None:
    """Every encoding of the official spec can be heard and spoken."""
    schemas = spec_of(shared, "asyncapi.yml")["components"]["schemas"]
    prefix = "ChannelsAgentV1MessagesAgentV1SettingsAudio"
    for encoding in schemas[f"{prefix}InputEncoding"]["enum"]:
        assert read({"input": {"encoding": encoding, "sample_rate": 8000}}).audio.encoding == encoding
    for encoding in schemas[f"{prefix}OutputEncoding"]["enum"]:
        assert read({"output": {"encoding": encoding}}).speaking.form.encoding == encoding


def functions(*told: Any) -> dict[str, Any]:
    return {"think": {**ECHO, "functions": list(told)}}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"audio": []}, "`audio`: expected an object"),
        ({"audio": {"input": {"encoding": "mp3"}}}, "audio.input.encoding: 'mp3' is none of linear16"),
        ({"audio": {"input": {"encoding": 7}}}, "`encoding`: expected a text"),
        ({"audio": {"input": {"sample_rate": 0.5}}}, "`sample_rate`: expected a whole number from 1"),
        ({"audio": {"output": {"sample_rate": 12_345}}}, "`sample_rate` must be 8000"),
        ({"audio": {"output": {"encoding": "mp3", "container": "wav"}}}, "`container` is not applicable"),
        ({"tags": [7]}, "`tags`: expected texts"),
        ({"tags": 7}, "`tags`: expected a list"),
        ({"listen": {"provider": {"type": "whisper"}}}, "listen.provider.type: 'whisper' is not here"),
        ({"listen": {"provider": {"version": "v3"}}}, "listen.provider.version: 'v3' is none"),
        ({"listen": {"provider": {"version": "v2"}}}, "listen.provider.model is needed"),
        ({"listen": {"provider": {"model": "nova-9"}}}, "No such model"),
        ({"listen": {"provider": {"language": "de"}}}, "No such model"),
        ({"language": "de"}, "No such model"),
        ({"listen": {"provider": {**V2["provider"], "eot_threshold": 0}}}, "eot_threshold: expected a number"),
        ({"speak": {"provider": {"type": "cartesia"}}}, "speak.provider.type: 'cartesia' is not here"),
        ({"speak": {"provider": {"model": "aura-2-viktoria-de"}}}, "does not speak de, only: en"),
        ({"speak": {"provider": {"model": "aura-2-zeus-en", "speed": "fast"}}}, "speak: Failed to deserialize"),
        ({"speak": [7]}, "expected an object, or a list"),
        ({"think": None}, "think: a provider is needed"),
        ({"think": {}}, "think.provider.type is missing"),
        ({"think": {"provider": MODEL}}, "has no model of 'open_ai'. Name an OpenAI-compatible endpoint"),
        ({"think": {"provider": {"type": "x"}, "endpoint": HTTP}}, "think.provider.model is missing"),
        ({"think": {"provider": MODEL, "endpoint": {"url": "ftp://x"}}}, "`url` must be an http(s) URL"),
        ({"think": {"provider": MODEL, "endpoint": {**HTTP, "headers": {"A": "b\r\nC: d"}}}}, "texts of one line"),
        ({"think": {"provider": MODEL, "endpoint": {**HTTP, "method": "EAT"}}}, "`method` is none of GET"),
        ({"think": {**ECHO, "context_length": "all"}}, "think.context_length: expected"),
        ({"think": {"provider": {"type": "echo", "temperature": 3}}}, "temperature: expected a number from 0 to 2"),
        (functions(7), "think.functions: expected a list of objects"),
        (functions({"name": "two words"}), "think.functions.name: expected up to 64"),
        (functions(*[{"name": "f"}] * 129), "think.functions: 128 are the most"),
        (functions({"name": "f", "endpoint": {"url": ""}}), "the endpoint of the function f: `url`"),
        ({"context": {"messages": [{"role": "system", "content": "x"}]}}, "agent.context.messages: expected"),
        ({"context": {"messages": [{"function_calls": [{"id": 1}]}]}}, "agent.context.messages: expected"),
    ],
)
def test_wrong(told: dict[str, Any], why: str) -> None:
    """What is wrong is said by its name."""
    with pytest.raises(Refusal) as caught:
        read(**told)
    assert why in caught.value.message


def test_any_voice() -> None:
    """A voice that speaks every language takes every model."""
    message: dict[str, Any] = {"audio": {}}
    agent = {"think": ECHO, "speak": {"provider": {"type": "deepgram", "model": "aura-2-viktoria-de"}}}
    assert read_settings(message, agent, RulerEngine(), RulerVoice()).speaking.speed == 1.0
