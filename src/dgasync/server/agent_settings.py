"""What the Settings of an agent ask for, checked; and what the Update messages change of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dgasync.server.checks import is_list, is_object
from dgasync.server.decode import RAW_ENCODINGS
from dgasync.server.engine import Engine, Hints
from dgasync.server.flux_options import MODELS, changed, checked_hints, checked_terms, no_such_model
from dgasync.server.listen import model_uuid
from dgasync.server.options import MODELS as V1_MODELS
from dgasync.server.options import LiveOptions
from dgasync.server.query import http_url
from dgasync.server.replies import Refusal
from dgasync.server.speak_options import SpeakOptions, read_speak_options
from dgasync.server.turns import PAUSE, Thresholds
from dgasync.server.voice import Voice

__all__ = [
    "AgentSettings",
    "Endpoint",
    "Function",
    "Listening",
    "Thinking",
    "read_listen",
    "read_settings",
    "read_speak",
    "read_think",
    "wrong",
]

Json = dict[str, Any]

_ENCODINGS = (
    *("linear16", "linear32", "flac", "alaw", "mulaw", "amr-nb", "amr-wb", "opus", "ogg-opus", "speex", "g729"),
)
_RATE = 24_000
_LISTEN = {"type": "deepgram"}
_SPEAK = {"type": "deepgram", "model": "aura-2-thalia-en"}
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
MOST_FUNCTIONS = 128
MOST_PROVIDERS = 10


class Endpoint(NamedTuple):
    """Where a model or a function is asked for. Its headers hold secrets: they are shown nowhere."""

    url: str
    headers: Mapping[str, str]
    method: str = "POST"

    def __repr__(self) -> str:
        return f"<Endpoint {self.method}>"


class Function(NamedTuple):
    """Something the agent can do."""

    name: str
    description: str
    parameters: Json
    endpoint: Endpoint | None
    """None: the client does it."""


@dataclass(frozen=True)
class Thinking:
    """One provider of thoughts."""

    kind: str
    model: str
    endpoint: Endpoint | None
    """None for the echo only."""
    temperature: float | None = None
    reasoning: str | None = None
    prompt: str = ""
    functions: tuple[Function, ...] = ()
    context_length: int | None = None
    """Characters of the conversation that it is told; None: all."""


@dataclass(frozen=True)
class Listening:
    """How turns are heard."""

    identity: tuple[str, str, str]
    """Type, version and model, which cannot be changed."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    terms: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    language: str | None = None

    @property
    def flux(self) -> bool:
        """Whether turns are the model's own."""
        return self.identity[1] == "v2"


@dataclass(frozen=True)
class AgentSettings:
    """Everything that is asked for."""

    listening: Listening
    audio: LiveOptions
    output: tuple[tuple[str, str], ...]
    """How sound is to look, as parameters of /v1/speak."""
    speaking: SpeakOptions
    thinking: tuple[Thinking, ...]
    """The first one, and those that stand in for it."""
    greeting: str = ""
    history: bool = True
    tags: tuple[str, ...] = ()
    messages: tuple[Json, ...] = ()


def wrong(why: str) -> Refusal:
    """What is said of settings that are of no use."""
    return Refusal(400, "INVALID_SETTINGS", why)


def read_settings(message: Json, agent: Json, engine: Engine, voice: Voice) -> AgentSettings:
    """The Settings message; `agent` is what stands in it, or what was kept under the id there. Raises `Refusal`."""
    audio = _object(message, "audio") or {}
    output = _output(_object(audio, "output") or {})
    listening = read_listen(_object(agent, "listen") or {}, engine, _text(agent, "language"))
    flags = _object(message, "flags") or {}
    context = _object(agent, "context") or {}
    return AgentSettings(
        listening,
        _input(_object(audio, "input"), listening, engine),
        output,
        read_speak(agent.get("speak") or {}, voice, output),
        read_think(agent.get("think")),
        _text(agent, "greeting") or "",
        flags.get("history") is not False,
        tuple(_texts(message, "tags")),
        tuple(_entry(entry) for entry in _list(context, "messages")),
    )


def _input(told: Json | None, listening: Listening, engine: Engine) -> LiveOptions:
    told = told if told is not None else {"encoding": "linear16", "sample_rate": _RATE}
    encoding = _text(told, "encoding") or "linear16"
    if encoding not in _ENCODINGS:
        raise wrong(f"audio.input.encoding: {encoding!r} is none of {', '.join(_ENCODINGS)}.")
    rate = _whole(told, "sample_rate", 1, 768_000)
    terms = listening.terms if engine.takes_terms else ()
    options = LiveOptions(Hints(listening.language, terms=terms), encoding, rate, interim=True, endpointing=PAUSE)
    if encoding in RAW_ENCODINGS and rate is None:
        options.sample_rate = _RATE
    return options


def _output(told: Json) -> tuple[tuple[str, str], ...]:
    encoding = _text(told, "encoding") or "linear16"
    pairs = [("encoding", encoding)]
    # The service's own default is no container, where there can be none.
    container = _text(told, "container") or ("none" if encoding in ("linear16", "mulaw", "alaw") else None)
    pairs += [("container", container)] if container else []
    for name, called in (("sample_rate", "sample_rate"), ("bitrate", "bit_rate")):
        value = _whole(told, name, 1, 1_000_000)
        pairs += [(called, str(value))] if value is not None else []
    return tuple(pairs)


def read_listen(listen: Json, engine: Engine, language: str | None = None) -> Listening:
    """How turns are to be heard; raises `Refusal`."""
    provider = _object(listen, "provider") or _LISTEN
    kind, model = _text(provider, "type") or "deepgram", _text(provider, "model")
    if kind != "deepgram":
        raise wrong(f"listen.provider.type: {kind!r} is not here; this server listens itself: 'deepgram'.")
    version = _text(provider, "version") or ("v2" if model in MODELS else "v1")
    if version not in ("v1", "v2"):
        raise wrong(f"listen.provider.version: {version!r} is none of 'v1', 'v2'.")
    if version == "v2" and not model:
        raise wrong("listen.provider.model is needed with version v2.")
    model = model or engine.name
    if model not in (V1_MODELS if version == "v1" else MODELS) and model not in (engine.name, model_uuid(engine)):
        raise no_such_model()
    hints = _list(provider, "language_hints")
    language = _text(provider, "language") or language
    known = engine.languages
    if language and language != "multi" and known is not None and language.split("-")[0].lower() not in known:
        raise no_such_model()
    return Listening(
        (kind, version, model),
        changed(Thresholds(), provider) if version == "v2" else Thresholds(),
        tuple(checked_terms(_list(provider, "keyterms"))),
        tuple(checked_hints(hints, model, engine)),
        None if language == "multi" else language,
    )


def read_speak(speak: Any, voice: Voice, output: Sequence[tuple[str, str]]) -> SpeakOptions:
    """How the agent is to sound; of several providers the first that can do it. Raises `Refusal`."""
    problem = wrong("speak: expected an object, or a list of them.")
    for each in _several(speak):
        provider = _object(each, "provider") or _SPEAK
        kind, model = _text(provider, "type") or "deepgram", _text(provider, "model") or _SPEAK["model"]
        if kind != "deepgram":
            problem = wrong(f"speak.provider.type: {kind!r} is not here; this server speaks itself: 'deepgram'.")
            continue
        version = 2 if _text(provider, "version") == "v2" or model.startswith("flux-") else 1
        pairs = [("model", model), *output]
        if provider.get("speed") is not None:
            pairs.append(("speed", str(provider["speed"])))
        try:
            return read_speak_options(pairs, voice, version, live=False)
        except Refusal as refusal:
            problem = wrong(f"speak: {refusal.message}")
    raise problem


def read_think(think: Any) -> tuple[Thinking, ...]:
    """Who is to think; raises `Refusal`."""
    found = tuple(_thinking(each) for each in _several(think))
    if not found:
        raise wrong("think: a provider is needed: an endpoint of your own, or {'type': 'echo'}.")
    return found


def _thinking(told: Json) -> Thinking:
    provider = _object(told, "provider") or {}
    kind = _text(provider, "type")
    if not kind:
        raise wrong("think.provider.type is missing.")
    endpoint = _endpoint(_object(told, "endpoint"), "think.endpoint")
    if kind != "echo" and endpoint is None:
        raise wrong(
            f"think.provider.type: this local server has no model of {kind!r}. Name an OpenAI-compatible endpoint in "
            "think.endpoint.url, or use the provider 'echo'."
        )
    model = _text(provider, "model") or ""
    if kind != "echo" and not model:
        raise wrong("think.provider.model is missing.")
    functions = _list(told, "functions")
    if len(functions) > MOST_FUNCTIONS:
        raise wrong(f"think.functions: {MOST_FUNCTIONS} are the most.")
    length = told.get("context_length")
    if length is not None and length != "max" and (not _is_number(length) or length < 1):
        raise wrong("think.context_length: expected a number of characters, or 'max'.")
    return Thinking(
        kind,
        model,
        None if kind == "echo" else endpoint,
        _temperature(provider),
        _text(provider, "reasoning_mode"),
        _text(told, "prompt") or "",
        tuple(_function(each) for each in functions),
        None if length in (None, "max") else int(length),
    )


def _temperature(provider: Json) -> float | None:
    value = provider.get("temperature")
    if value is not None and (not _is_number(value) or not 0 <= value <= 2):
        raise wrong("think.provider.temperature: expected a number from 0 to 2.")
    return value


def _function(told: Any) -> Function:
    if not is_object(told):
        raise wrong("think.functions: expected a list of objects.")
    name = _text(told, "name") or ""
    if not _NAME.fullmatch(name):
        raise wrong("think.functions.name: expected up to 64 letters, digits, '_', '-' and '.'.")
    endpoint = _endpoint(_object(told, "endpoint"), f"the endpoint of the function {name}")
    return Function(name, _text(told, "description") or "", _object(told, "parameters") or {}, endpoint)


def _endpoint(told: Json | None, what: str) -> Endpoint | None:
    if told is None:
        return None
    url, headers = _text(told, "url") or "", _object(told, "headers") or {}
    if not http_url(url):
        raise wrong(f"{what}: `url` must be an http(s) URL.")
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not isinstance(value, str) or not value.isprintable():
            raise wrong(f"{what}: `headers` must be texts of one line.")
    method = (_text(told, "method") or "POST").upper()
    if method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        raise wrong(f"{what}: `method` is none of GET, POST, PUT, PATCH and DELETE.")
    return Endpoint(url, headers, method)


def _entry(told: Any) -> Json:
    """An entry of the conversation, as it is remembered."""
    if is_object(told) and told.get("role") in ("user", "assistant") and isinstance(told.get("content"), str):
        return {"type": "History", "role": told["role"], "content": told["content"]}
    calls = _list(told, "function_calls") if is_object(told) else []
    names = ("id", "name", "arguments", "response")
    if not calls or not all(is_object(call) and all(isinstance(call.get(n), str) for n in names) for call in calls):
        raise wrong("agent.context.messages: expected `role` and `content`, or `function_calls`.")
    made = [{**{n: call[n] for n in names}, "client_side": call.get("client_side") is not False} for call in calls]
    return {"type": "History", "function_calls": made}


def _object(told: Json, name: str) -> Json | None:
    value = told.get(name)
    if value is not None and not is_object(value):
        raise wrong(f"`{name}`: expected an object.")
    return value


def _list(told: Json, name: str) -> list[Any]:
    value = told.get(name)
    if value is None:
        return []
    if not is_list(value):
        raise wrong(f"`{name}`: expected a list.")
    return value


def _texts(told: Json, name: str) -> list[str]:
    values = _list(told, name)
    if not all(isinstance(value, str) for value in values):
        raise wrong(f"`{name}`: expected texts.")
    return values


def _text(told: Json, name: str) -> str | None:
    value = told.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong(f"`{name}`: expected a text.")
    return value


def _whole(told: Json, name: str, low: int, high: int) -> int | None:
    value = told.get(name)
    if value is None:
        return None
    if not _is_number(value) or value != int(value) or not low <= value <= high:
        raise wrong(f"`{name}`: expected a whole number from {low} to {high}.")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def _several(told: Any) -> list[Json]:
    """One provider, or a list of them."""
    found = told if is_list(told) else [] if told is None else [told]
    if len(found) > MOST_PROVIDERS or not all(is_object(each) for each in found):
        raise wrong(f"expected an object, or a list of at most {MOST_PROVIDERS}.")
    return found
