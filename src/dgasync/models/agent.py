"""What a conversation with a voice agent brings, on the websocket `/v1/agent/converse`: its messages and its audio.

AgentEvent
├── AgentMessage                    what the service said; `decode_message` makes these
│   ├── WelcomeResponse             the connection is taken
│   ├── SettingsAppliedResponse     the agent is what the settings say
│   ├── ConversationTextResponse    what the user or the agent has said
│   ├── History                     the same, and what functions have answered, to begin another conversation with
│   ├── UserStartedSpeakingResponse
│   ├── AgentThinkingResponse, AgentStartedSpeakingResponse, AgentAudioDoneResponse
│   ├── FunctionCallRequest         functions to be called, with the answers of others as FunctionCallResult
│   ├── PromptUpdated, SpeakUpdated, ThinkUpdated, ListenUpdated    the answers to changes
│   ├── InjectionRefusedResponse    the agent does not say what it was told to
│   ├── LatencyReport, AgentWarning
│   ├── FunctionCalling             of agents before 4.0 of the official SDK
│   └── Error, Unknown, Undecodable as everywhere
├── AudioData                       what the agent says, as sound
└── Open, Close                     as everywhere

The fields are those of the official description and of the official SDK's v3, whose names the messages bear. Latencies
are seconds.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

from dgasync.models.base import Model
from dgasync.models.events import AudioData, Close, Error, Event, Open, Undecodable, Unknown, decoder

__all__ = [
    "AgentAudioDoneResponse",
    "AgentEvent",
    "AgentMessage",
    "AgentStartedSpeakingResponse",
    "AgentThinkingResponse",
    "AgentWarning",
    "AgentWebSocketEvents",
    "AudioData",
    "ConversationTextResponse",
    "FunctionCall",
    "FunctionCallRequest",
    "FunctionCallResult",
    "FunctionCalling",
    "History",
    "HistoryCall",
    "InjectionRefusedResponse",
    "LatencyReport",
    "ListenUpdated",
    "PromptUpdated",
    "Role",
    "SettingsAppliedResponse",
    "SpeakUpdated",
    "ThinkUpdated",
    "UserStartedSpeakingResponse",
    "WelcomeResponse",
    "decode_message",
]

Role: TypeAlias = Literal["user", "assistant"] | str
"""Who has said something; the agent is the assistant."""


class AgentWebSocketEvents(str, Enum):
    """What handlers are registered for; each is equal to its text.

    Those that are named after what a client says, such as `Settings`, never happen; v3 listed them, too.
    """

    Open = "Open"
    Close = "Close"
    AudioData = "AudioData"
    Welcome = "Welcome"
    SettingsApplied = "SettingsApplied"
    ConversationText = "ConversationText"
    UserStartedSpeaking = "UserStartedSpeaking"
    AgentThinking = "AgentThinking"
    FunctionCalling = "FunctionCalling"
    FunctionCallRequest = "FunctionCallRequest"
    AgentStartedSpeaking = "AgentStartedSpeaking"
    AgentAudioDone = "AgentAudioDone"
    Error = "Error"
    Unhandled = "Unhandled"
    SettingsConfiguration = "SettingsConfiguration"
    UpdateInstructions = "UpdateInstructions"
    UpdateSpeak = "UpdateSpeak"
    InjectAgentMessage = "InjectAgentMessage"
    InjectionRefused = "InjectionRefused"
    AgentKeepAlive = "AgentKeepAlive"
    Settings = "Settings"
    UpdatePrompt = "UpdatePrompt"
    InjectUserMessage = "InjectUserMessage"
    FunctionCallResponse = "FunctionCallResponse"
    PromptUpdated = "PromptUpdated"
    SpeakUpdated = "SpeakUpdated"
    ThinkUpdated = "ThinkUpdated"
    ListenUpdated = "ListenUpdated"
    LatencyReport = "LatencyReport"
    History = "History"
    Warning = "Warning"

    def __str__(self) -> str:
        return self.value


# ── what the service says ──


class WelcomeResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Welcome"):
    """The service has taken the connection: its first message."""

    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here the body has the id as a field
    session_id: str | None = None
    """What the request id was called before 4.0 of the official SDK."""

    def _own_id(self) -> str | None:
        return self.request_id or self.session_id


class SettingsAppliedResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="SettingsApplied"):
    """The agent is what the settings say, and listens."""


class _Said(Event, frozen=True, kw_only=True):
    """Something that was said."""

    role: Role | None = None
    content: str | None = None

    @property
    def text(self) -> str:
        """What was said."""
        return self.content or ""

    def _facts(self) -> list[str]:
        return [self.role] if self.role else []


class ConversationTextResponse(_Said, frozen=True, kw_only=True, tag_field="type", tag="ConversationText"):
    """What the user or the agent has said."""

    languages: list[str] | None = None
    """The languages that the user was heard to speak, the most frequent one first; of `flux-general-multi`."""
    languages_hinted: list[str] | None = None


class HistoryCall(Model, frozen=True, kw_only=True):
    """A call of a function, and its answer."""

    id: str | None = None
    name: str | None = None
    client_side: bool | None = None
    arguments: str | None = None
    """JSON text."""
    response: str | None = None
    thought_signature: str | None = None
    """What some models must be told again with the call."""


class History(_Said, frozen=True, kw_only=True, tag_field="type", tag="History"):
    """A part of the conversation: words, or calls of functions. `Context(messages=[...])` takes these."""

    function_calls: list[HistoryCall] | None = None


class UserStartedSpeakingResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="UserStartedSpeaking"):
    """The user begins to speak: what the agent was saying is not wanted any more."""


class AgentThinkingResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="AgentThinking"):
    """The agent thinks."""

    content: str | None = None
    """What it thinks, as far as its model says so."""


class FunctionCall(Model, frozen=True, kw_only=True):
    """A function to be called."""

    id: str | None = None
    name: str | None = None
    arguments: str | None = None
    """JSON text of an object: the arguments by name."""
    client_side: bool | None = None
    """Whether it is for this side to call; else the service does."""
    thought_signature: str | None = None
    """What some models must be told again with the call."""


class FunctionCallRequest(Event, frozen=True, kw_only=True, tag_field="type", tag="FunctionCallRequest"):
    """The agent wants functions to be called; `calls` has them."""

    functions: list[FunctionCall] | None = None
    function_name: str | None = None
    """Before 4.7 of the official SDK there was one function at a time, as are the next two."""
    function_call_id: str | None = None
    input: str | None = None

    @property
    def calls(self) -> list[FunctionCall]:
        """The functions to be called."""
        if self.functions is None and self.function_name is not None:
            return [
                FunctionCall(
                    id=self.function_call_id, name=self.function_name, arguments=self.input or "{}", client_side=True
                )
            ]
        return self.functions or []

    def _facts(self) -> list[str]:
        return [str(each.name) for each in self.calls]


class FunctionCallResult(Event, frozen=True, kw_only=True, tag_field="type", tag="FunctionCallResponse"):
    """What a function has answered that the service has called."""

    id: str | None = None
    name: str | None = None
    content: str | None = None

    def _facts(self) -> list[str]:
        return [self.name] if self.name else []


class FunctionCalling(Event, frozen=True, kw_only=True, tag_field="type", tag="FunctionCalling"):
    """A function is about to be called."""


class AgentStartedSpeakingResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="AgentStartedSpeaking"):
    """The agent begins to speak; how long that took."""

    total_latency: float | None = None
    """From the user's words to the answer."""
    tts_latency: float | None = None
    """The share of speech synthesis."""
    ttt_latency: float | None = None
    """The share of the model that thinks."""


class AgentAudioDoneResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="AgentAudioDone"):
    """All audio of what the agent says was sent."""


class InjectionRefusedResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="InjectionRefused"):
    """The agent does not say what it was told to, because somebody is speaking."""

    message: str | None = None

    def _facts(self) -> list[str]:
        return [self.message] if self.message else []


class PromptUpdated(Event, frozen=True, kw_only=True, tag_field="type", tag="PromptUpdated"):
    """The prompt was changed."""


class SpeakUpdated(Event, frozen=True, kw_only=True, tag_field="type", tag="SpeakUpdated"):
    """What the agent speaks with was changed."""


class ThinkUpdated(Event, frozen=True, kw_only=True, tag_field="type", tag="ThinkUpdated"):
    """What the agent thinks with was changed."""


class ListenUpdated(Event, frozen=True, kw_only=True, tag_field="type", tag="ListenUpdated"):
    """What the agent listens with was changed."""


class LatencyReport(Event, frozen=True, kw_only=True, tag_field="type", tag="LatencyReport"):
    """How long the parts of an answer took."""

    ttt_token_latency: float | None = None
    """To the first token of any kind: text, call of a function, thought."""
    ttt_text_latency: float | None = None
    ttt_tool_latency: float | None = None
    ttt_thinking_latency: float | None = None
    tts_latency: float | None = None
    """From the first token of text to the first byte of audio."""
    total_latency: float | None = None
    """From the end of the user's words to the first byte of audio."""


class AgentWarning(Event, frozen=True, kw_only=True, tag_field="type", tag="Warning"):
    """Something is not as it should be; the conversation goes on."""

    description: str | None = None
    code: str | None = None

    def _facts(self) -> list[str]:
        return [fact for fact in (self.code, self.description) if fact]


_Known: TypeAlias = (
    WelcomeResponse
    | SettingsAppliedResponse
    | ConversationTextResponse
    | History
    | UserStartedSpeakingResponse
    | AgentThinkingResponse
    | FunctionCallRequest
    | FunctionCallResult
    | FunctionCalling
    | AgentStartedSpeakingResponse
    | AgentAudioDoneResponse
    | InjectionRefusedResponse
    | PromptUpdated
    | SpeakUpdated
    | ThinkUpdated
    | ListenUpdated
    | LatencyReport
    | AgentWarning
    | Error
)

AgentMessage: TypeAlias = _Known | Unknown | Undecodable
"""What the service says in a conversation with an agent."""

AgentEvent: TypeAlias = AgentMessage | AudioData | Open | Close
"""What happens in a conversation with an agent."""

_KINDS: dict[str, type[_Known]] = {
    "Welcome": WelcomeResponse,
    "SettingsApplied": SettingsAppliedResponse,
    "ConversationText": ConversationTextResponse,
    "History": History,
    "UserStartedSpeaking": UserStartedSpeakingResponse,
    "AgentThinking": AgentThinkingResponse,
    "FunctionCallRequest": FunctionCallRequest,
    "FunctionCallResponse": FunctionCallResult,
    "FunctionCalling": FunctionCalling,
    "AgentStartedSpeaking": AgentStartedSpeakingResponse,
    "AgentAudioDone": AgentAudioDoneResponse,
    "InjectionRefused": InjectionRefusedResponse,
    "PromptUpdated": PromptUpdated,
    "SpeakUpdated": SpeakUpdated,
    "ThinkUpdated": ThinkUpdated,
    "ListenUpdated": ListenUpdated,
    "LatencyReport": LatencyReport,
    "Warning": AgentWarning,
    "Error": Error,
}

decode_message = decoder(_Known, _KINDS)
"""The message that a frame of text holds."""
