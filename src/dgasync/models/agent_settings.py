"""What an agent is told to be: its settings, and what it is told later, as objects to be filled in.

SettingsOptions
├── audio: Audio              how sound is encoded: input: Input, output: Output
├── agent: Agent              or the id of one that is kept with the account
│   ├── listen: Listen        its provider: Provider
│   ├── think: Think          provider, endpoint: Endpoint, functions: Function with Parameters
│   ├── speak: Speak          provider, endpoint: Endpoint
│   └── context: Context      what was said before
└── flags: Flags

Each part is there as soon as it is looked at, and is left out again while nothing in it is set. In the place of a part
a plain mapping may stand, and where the service takes several (`think`, `speak`), by `[]` also a list of them. The
fields are those of the official description; beside them are those of the official SDK from 3.9 on, which `agent_forms`
brings into today's shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from dgasync.models.base import Model
from dgasync.models.names import unknown
from dgasync.models.options import Options

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.models.agent import History

__all__ = [
    "Agent",
    "AgentKeepAlive",
    "Audio",
    "Context",
    "Endpoint",
    "Flags",
    "Function",
    "FunctionCallResponse",
    "Header",
    "InjectAgentMessageOptions",
    "InjectUserMessageOptions",
    "Input",
    "Item",
    "Listen",
    "ListenProvider",
    "Output",
    "Parameters",
    "Properties",
    "Provider",
    "Settings",
    "SettingsConfigurationOptions",
    "SettingsOptions",
    "Speak",
    "SpeakProvider",
    "Think",
    "ThinkProvider",
    "UpdateInstructionsOptions",
    "UpdateListenOptions",
    "UpdatePromptOptions",
    "UpdateSpeakOptions",
    "UpdateThinkOptions",
    "plain",
]

S = TypeVar("S", bound="Settings")

_SECRET = frozenset({"credentials", "headers", "url", "value"})


class Part(Generic[S]):
    """A field that holds settings of its own, made when it is first looked at."""

    def __init__(self, kind: type[S]) -> None:
        self.kind = kind

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, settings: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, settings: object, owner: type[Any]) -> S: ...

    def __get__(self, settings: object | None, owner: type[Any]) -> Self | S:
        if settings is None:
            return self
        kept: dict[str, Any] = vars(settings)
        found: S | None = kept.get(self._name)
        if found is None:
            found = kept[self._name] = self.kind()
        return found

    def __set__(self, settings: object, value: S | Mapping[str, Any] | None) -> None:
        if cast("object", value) is not self:  # which is what a dataclass takes for the default
            vars(settings)[self._name] = value


@dataclass(eq=False, repr=False)
class Settings(Options):
    """Settings by name: read and set as attributes or by `[]`; None is unset and never sent."""

    def keys(self) -> list[str]:
        """The names of what is set."""
        return list(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """A new dict of what is set, down to plain values."""
        found = {name: plain(value) for name, value in self._items()}
        return {name: value for name, value in found.items() if value is not None and value != {}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Settings made from a mapping of their names, parts included."""
        made = cls()
        for name, value in data.items():
            if name not in cls.__dataclass_fields__:
                raise unknown(name, cls.__dataclass_fields__, cls.__name__)
            kind = cls._kind_of(name)
            vars(made)[name] = value if kind is None else _made(kind, value)
        return made

    @classmethod
    def _kind_of(cls, name: str) -> type[Settings] | None:
        """What the values of a field, or the items of the list it holds, are to become."""
        held: object = getattr(cls, name, None)
        part = cast("Part[Settings]", held) if isinstance(held, Part) else None
        return _LISTED.get((cls.__name__, name)) if part is None else part.kind

    def _items(self) -> list[tuple[str, Any]]:
        kept = vars(self)
        return [(name, kept[name]) for name in self.__dataclass_fields__ if name in kept]

    def __getitem__(self, key: str) -> Any:
        if key in self.__dataclass_fields__ and isinstance(getattr(type(self), key, None), Part):
            return getattr(self, key)
        return super().__getitem__(key)

    def __repr__(self) -> str:
        # Endpoints hold the keys of other services, and contexts what people have said.
        found = [f"{name}={_shown(name, vars(self)[name])}" for name in self.keys()]
        return f"{type(self).__name__}({', '.join(found)})"


def plain(value: object) -> Any:
    """Settings as JSON has them."""
    if isinstance(value, (Options, Model)):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in cast("Sequence[object]", value)]
    return value


def _made(kind: type[Settings], value: object) -> object:
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        if kind is Parameters and not given.keys() <= kind.__dataclass_fields__.keys():
            return given  # JSON Schema has many more words
        return kind.from_dict(given)
    if isinstance(value, (list, tuple)):
        return [_made(kind, each) for each in cast("Sequence[object]", value)]
    return value


def _shown(name: str, value: object) -> str:
    if name in _SECRET:
        return "..."
    if isinstance(value, (list, tuple)):
        return f"[{len(cast('Sequence[object]', value))}]"
    return "{...}" if isinstance(value, Mapping) else repr(value)


# ── what serves whom ──


@dataclass(eq=False, repr=False)
class Provider(Settings):
    """Who listens, thinks or speaks, and how; which of these there are depends on `type`.

    Parameters that this package does not know yet: put a plain dict in the place of it all.
    """

    type: Literal["deepgram", "open_ai", "anthropic", "google", "groq", "aws_bedrock"] | str | None = None
    """`deepgram` for listening; for speaking also `eleven_labs`, `cartesia`, `open_ai` and `aws_polly`."""
    version: Literal["v1", "v2"] | str | None = None
    """Of the provider's interface; `v2` is Flux."""
    model: str | None = None
    """Such as `flux-general-en`, `gpt-4o-mini`, `aura-2-thalia-en`."""
    model_id: str | None = None
    """What Eleven Labs and Cartesia call the model."""
    language: str | None = None
    language_code: str | None = None
    """What `language` was called before."""
    language_hints: list[str] | None = None
    """Languages that may be spoken, for `flux-general-multi`."""
    keyterms: list[str] | None = None
    """Words and phrases to listen for."""
    smart_format: bool | None = None
    eot_threshold: float | None = None
    """Confidence, 0.5 to 0.9, from which on a turn is over (Flux)."""
    eager_eot_threshold: float | None = None
    """Confidence, 0.3 to 0.9, from which on an answer is prepared (Flux)."""
    eot_timeout_ms: int | None = None
    """Milliseconds of silence after which a turn is over (Flux)."""
    temperature: float | None = None
    """How freely a model thinks, 0 to 2, or to 1 (Anthropic)."""
    reasoning_mode: Literal["none", "minimal", "low", "medium", "high"] | str | None = None
    credentials: Mapping[str, str] | None = None
    """Those of AWS: `type`, `region`, `access_key_id`, `secret_access_key`, `session_token`."""
    voice: str | Mapping[str, str] | None = None
    """Its name, or for Cartesia `{"mode": ..., "id": ...}`."""
    engine: Literal["generative", "long-form", "standard", "neural"] | str | None = None
    """Of AWS Polly."""
    speed: float | None = None
    """How fast to speak; 1 is as usual."""
    volume: float | None = None
    """How loud to speak, 0.5 to 2 (Cartesia)."""


ListenProvider = SpeakProvider = ThinkProvider = Provider


@dataclass(eq=False, repr=False)
class Header(Settings):
    """A header that an endpoint is to get."""

    key: str | None = None
    value: str | None = None


@dataclass(eq=False, repr=False)
class Endpoint(Settings):
    """Where a service is that is not the provider's own."""

    method: str | None = None
    """Of the request to a function; the service's default is POST."""
    url: str | None = None
    headers: Mapping[str, str] | Sequence[Header] | None = None


@dataclass(eq=False, repr=False)
class Item(Settings):
    """An argument of a function."""

    type: str | None = None
    description: str | None = None


@dataclass(eq=False, repr=False)
class Properties(Settings):
    """The arguments of a function as v3 had them, which knew the name `item` only; a dict takes any."""

    item: Part[Item] = Part(Item)


@dataclass(eq=False, repr=False)
class Parameters(Settings):
    """The arguments of a function, in JSON Schema."""

    type: str | None = None
    properties: Properties | Mapping[str, Any] | None = None
    required: list[str] | None = None


@dataclass(eq=False, repr=False)
class Function(Settings):
    """A function that the agent may call: on this side, unless it has an endpoint."""

    name: str | None = None
    description: str | None = None
    """What it is good for: from this the agent knows when to call it."""
    url: str | None = None
    """What `endpoint.url` was before 4.0, as are the next two."""
    method: str | None = None
    headers: Mapping[str, str] | Sequence[Header] | None = None
    parameters: Parameters | Mapping[str, Any] | None = None
    """Any JSON Schema of an object."""
    endpoint: Part[Endpoint] = Part(Endpoint)


@dataclass(eq=False, repr=False)
class Listen(Settings):
    """What the agent listens with."""

    provider: Part[Provider] = Part(Provider)
    model: str | None = None
    """What `provider.model` was before 4.0, as is the next one."""
    keyterms: list[str] | None = None


@dataclass(eq=False, repr=False)
class Think(Settings):
    """What the agent thinks with."""

    provider: Part[Provider] = Part(Provider)
    functions: list[Function] | None = None
    endpoint: Part[Endpoint] = Part(Endpoint)
    prompt: str | None = None
    context_length: int | float | Literal["max"] | None = None
    """Characters of the conversation that are kept; only with an endpoint of your own."""
    model: str | None = None
    """What `provider.model` was before 4.0."""
    instructions: str | None = None
    """What `prompt` was before 4.0."""


@dataclass(eq=False, repr=False)
class Speak(Settings):
    """What the agent speaks with."""

    provider: Part[Provider] = Part(Provider)
    endpoint: Part[Endpoint] = Part(Endpoint)
    model: str | None = None
    """What `provider.model` was before 4.0."""
    voice_id: str | None = None
    """What `provider.voice` was before 4.0."""


@dataclass(eq=False, repr=False)
class Context(Settings):
    """What was said before: the agent goes on from there."""

    messages: Sequence[History | Mapping[str, Any] | tuple[str, str]] | None = None
    """As `History` messages have it, which `session.history` gives; or pairs of who has said what."""
    replay: bool | None = None
    """Whether the agent says the last of them again; before 4.0."""


@dataclass(eq=False, repr=False)
class Agent(Settings):
    """Who the agent is."""

    language: str | None = None
    """The service prefers those of the providers by now."""
    listen: Part[Listen] = Part(Listen)
    think: Part[Think] = Part(Think)
    speak: Part[Speak] = Part(Speak)
    greeting: str | None = None
    """What the agent says first."""
    context: Part[Context] = Part(Context)
    tags: list[str] | None = None
    """In 4.8.0 they were here, as `mip_opt_out` was in 4.7."""
    mip_opt_out: bool | None = None


@dataclass(eq=False, repr=False)
class Input(Settings):
    """How the audio is encoded that is sent. The defaults are v3's; the service's own sample rate is 24000."""

    encoding: str | None = "linear16"
    sample_rate: int | None = 16000
    """In hertz."""


@dataclass(eq=False, repr=False)
class Output(Settings):
    """How what the agent says is encoded; the defaults are v3's."""

    encoding: str | None = "linear16"
    sample_rate: int | None = 16000
    """In hertz."""
    bitrate: int | None = None
    """Bits per second, of compressed audio."""
    container: Literal["none", "wav", "ogg"] | str | None = "none"


@dataclass(eq=False, repr=False)
class Audio(Settings):
    """How sound is encoded, both ways."""

    input: Part[Input] = Part(Input)
    output: Part[Output] = Part(Output)

    def __post_init__(self) -> None:
        # Not only when they are looked at: the service's defaults are others.
        for name, kind in (("input", Input), ("output", Output)):
            vars(self).setdefault(name, kind())


@dataclass(eq=False, repr=False)
class Flags(Settings):
    """What is reported."""

    history: bool | None = None
    """Whether `History` messages come; they do unless told not to."""


@dataclass(eq=False, repr=False)
class SettingsOptions(Settings):
    """Everything an agent is told at first; None is unset and never sent."""

    experimental: bool | None = None
    type: str = "Settings"
    tags: list[str] | None = None
    """Labels for the usage reports."""
    audio: Part[Audio] = Part(Audio)
    agent: Part[Agent] = Part(Agent)
    """`options["agent"] = "..."` takes the id of one that is kept with the account."""
    mip_opt_out: bool | None = None
    """Keep this conversation out of the Model Improvement Program; it may cost more."""
    flags: Part[Flags] = Part(Flags)

    def __post_init__(self) -> None:
        vars(self).setdefault("audio", Audio())


@dataclass(eq=False, repr=False)
class SettingsConfigurationOptions(SettingsOptions):
    """The same, as it was before 4.0."""

    type: str = "SettingsConfiguration"
    context: Part[Context] = Part(Context)


# ── what it is told later ──


@dataclass(eq=False, repr=False)
class UpdatePromptOptions(Settings):
    """Another prompt."""

    type: str = "UpdatePrompt"
    prompt: str | None = None


@dataclass(eq=False, repr=False)
class UpdateInstructionsOptions(Settings):
    """The same, as it was before 4.0."""

    type: str = "UpdateInstructions"
    instructions: str | None = None


@dataclass(eq=False, repr=False)
class UpdateSpeakOptions(Settings):
    """Another voice."""

    type: str = "UpdateSpeak"
    speak: Part[Speak] = Part(Speak)
    model: str | None = None
    """What `speak.provider.model` was before 4.0."""


@dataclass(eq=False, repr=False)
class UpdateThinkOptions(Settings):
    """Another model to think with."""

    type: str = "UpdateThink"
    think: Part[Think] = Part(Think)


@dataclass(eq=False, repr=False)
class UpdateListenOptions(Settings):
    """Another way to listen; of Flux only."""

    type: str = "UpdateListen"
    listen: Part[Listen] = Part(Listen)


@dataclass(eq=False, repr=False)
class InjectAgentMessageOptions(Settings):
    """What the agent is to say."""

    type: str = "InjectAgentMessage"
    message: str | None = None
    behavior: Literal["default", "queue", "interrupt"] | str | None = None
    """When somebody is speaking: `default` refuses it, `queue` waits, `interrupt` speaks at once."""


@dataclass(eq=False, repr=False)
class InjectUserMessageOptions(Settings):
    """What the agent is to take for words of the user."""

    type: str = "InjectUserMessage"
    content: str | None = None


@dataclass(eq=False, repr=False)
class FunctionCallResponse(Settings):
    """What a function has answered."""

    type: str = "FunctionCallResponse"
    id: str | None = None
    name: str | None = None
    content: str | None = None
    function_call_id: str | None = None
    """What `id` was before 4.7."""
    output: str | None = None
    """What `content` was before 4.7."""


@dataclass(eq=False, repr=False)
class AgentKeepAlive(Settings):
    """A sign that somebody is there; the session gives it by itself."""

    type: str = "KeepAlive"


_LISTED: Mapping[tuple[str, str], type[Settings]] = {
    ("Think", "functions"): Function,
    ("Function", "parameters"): Parameters,
}
