"""What a voice says while it speaks, on the websockets `/v1/speak` and `/v2/speak`.

SpeakEvent
├── AudioData                      a piece of sound
├── SpeakMessage                   what the service says beside it; `decode_message` makes these
│   ├── SpeakWSMetadataResponse    1: the first message
│   ├── FlushedResponse            1: all sound of the text so far is behind it; 2: the end of the text was understood
│   ├── ClearedResponse            1: what was not spoken yet is dropped
│   ├── SpeakConnected             2: the first message
│   ├── SpeechStarted              2: a turn begins
│   ├── SpeechMetadata             2: its sound is complete
│   ├── SpeechInterrupted          2: it was cut short
│   ├── SessionMetadata            2: the last message
│   ├── VoiceConfigured            2: settings were changed
│   ├── VoiceNotConfigured         2: they were not
│   ├── WarningResponse, Error     something is wrong; behind an Error the session ends
│   └── Unknown, Undecodable       as everywhere
└── Open, Reconnecting, Reconnected, Close as everywhere

The numbers say on which of the two. The fields are those of the official description and of recorded messages.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeAlias

from msgspec import field

from dgasync.models.base import Model, Number
from dgasync.models.events import (
    AudioData,
    Close,
    Error,
    Event,
    Open,
    Reconnected,
    Reconnecting,
    Undecodable,
    Unknown,
    decoder,
)

__all__ = [
    "ClearedResponse",
    "ControlsApplied",
    "FlushedResponse",
    "SessionMetadata",
    "SpeakConnected",
    "SpeakEvent",
    "SpeakMessage",
    "SpeakWSMetadataResponse",
    "SpeakWebSocketEvents",
    "SpeakWebSocketMessage",
    "SpeechInterrupted",
    "SpeechMetadata",
    "SpeechStarted",
    "VoiceConfigured",
    "VoiceNotConfigured",
    "WarningResponse",
    "decode_message",
]


class SpeakWebSocketEvents(str, Enum):
    """What handlers are registered for; each is equal to its text."""

    Open = "Open"
    Close = "Close"
    AudioData = "AudioData"
    Metadata = "Metadata"
    Flushed = "Flushed"
    Cleared = "Cleared"
    Unhandled = "Unhandled"
    Error = "Error"
    Warning = "Warning"
    # Of v3.4, before there were such sessions: never fired.
    Flush = "Flush"
    # Those that v3 did not know.
    Reconnecting = "Reconnecting"
    Reconnected = "Reconnected"
    Connected = "Connected"
    SpeechStarted = "SpeechStarted"
    SpeechMetadata = "SpeechMetadata"
    SpeechInterrupted = "SpeechInterrupted"
    SessionMetadata = "SessionMetadata"
    ConfigureSuccess = "ConfigureSuccess"
    ConfigureFailure = "ConfigureFailure"


class SpeakWebSocketMessage(str, Enum):
    """What can be said to a voice."""

    Speak = "Speak"
    Flush = "Flush"
    Clear = "Clear"
    Close = "Close"
    Interrupt = "Interrupt"
    Configure = "Configure"


class _Identified(Event, frozen=True, kw_only=True):
    """What the first messages have in common."""

    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here it is a field
    model_name: str | None = None
    model_version: str | None = None

    def _own_id(self) -> str | None:
        return self.request_id

    def _facts(self) -> list[str]:
        return [self.model_name] if self.model_name else []


class SpeakWSMetadataResponse(_Identified, frozen=True, kw_only=True, tag_field="type", tag="Metadata"):
    """Whose voice it is: the first message of `/v1/speak`."""

    model_uuid: str | None = None
    additional_model_uuids: list[str] | None = None


class SpeakConnected(_Identified, frozen=True, kw_only=True, tag_field="type", tag="Connected"):
    """Whose voice it is: the first message of `/v2/speak`."""

    model_uuids: list[str] | None = None


class FlushedResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Flushed"):
    """An answer to Flush: the sound of all text before it has come (1), or will come, up to SpeechMetadata (2)."""

    sequence_id: Number | None = None
    """Which answer it is; of `/v1/speak`."""
    speech_id: str | None = None
    """The turn; of `/v2/speak`."""


class ClearedResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Cleared"):
    """The answer to Clear: what was not spoken is dropped, and nothing of it follows."""

    sequence_id: Number | None = None
    """Which answer it is."""


class SpeechStarted(Event, frozen=True, kw_only=True, tag_field="type", tag="SpeechStarted"):
    """The first text of a turn has arrived."""

    speech_id: str | None = None


class ControlsApplied(Model, frozen=True, kw_only=True):
    """What in the text of a turn has controlled the voice."""

    pronunciations_applied: Number | None = None
    breaks_applied: Number | None = None
    pronunciation_warnings: Number | None = None


class SpeechMetadata(Event, frozen=True, kw_only=True, tag_field="type", tag="SpeechMetadata"):
    """The sound of a turn is complete."""

    speech_id: str | None = None
    audio_duration_ms: Number | None = None
    """Milliseconds of its sound."""
    input_character_count: Number | None = None
    billable_character_count: Number | None = None
    controls_applied: ControlsApplied | None = None


class SpeechInterrupted(Event, frozen=True, kw_only=True, tag_field="type", tag="SpeechInterrupted"):
    """The turn was cut short: nothing of it follows."""

    audio_played_ms: Number | None = None
    """Milliseconds of the session's sound up to the interruption."""
    text_spoken: str | None = None
    """The text of the turn up to there, where the interruption said what was played."""
    text_remaining: str | None = None
    """The text of the turn behind that."""
    metadata: SpeechMetadata | None = None
    """What is known of the turn."""


class SessionMetadata(Event, frozen=True, kw_only=True, tag_field="type", tag="SessionMetadata"):
    """Everything was spoken: the last message of `/v2/speak`."""

    total_audio_duration_ms: Number | None = None
    total_input_character_count: Number | None = None
    total_billable_character_count: Number | None = None


class VoiceConfigured(Event, frozen=True, kw_only=True, tag_field="type", tag="ConfigureSuccess"):
    """Settings were changed; `applied` are those that hold now."""

    applied: dict[str, Any] | None = None


class VoiceNotConfigured(Event, frozen=True, kw_only=True, tag_field="type", tag="ConfigureFailure"):
    """Settings were not changed."""

    code: str | Number | None = None
    description: str | None = None
    # `field` would be the name of what makes fields, too.
    name: str | None = field(name="field", default=None)
    """Which setting it was."""
    value: Any = None

    def _facts(self) -> list[str]:
        return [str(fact) for fact in (self.code, self.description) if fact]


class WarningResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Warning"):
    """Something is not as it should be; the session goes on."""

    # The service's own names are `code` and `description`; v3's were these.
    warn_code: str | None = field(name="code", default=None)
    warn_msg: str | None = field(name="description", default=None)

    @property
    def code(self) -> str | None:
        """The kind of warning, such as `EXCESSIVE_FLUSH` or `NO_ACTIVE_SPEECH`."""
        return self.warn_code

    @property
    def description(self) -> str | None:
        """The same for people."""
        return self.warn_msg

    def _facts(self) -> list[str]:
        return [fact for fact in (self.code, self.description) if fact]


_Known: TypeAlias = (
    SpeakWSMetadataResponse
    | FlushedResponse
    | ClearedResponse
    | SpeakConnected
    | SpeechStarted
    | SpeechMetadata
    | SpeechInterrupted
    | SessionMetadata
    | VoiceConfigured
    | VoiceNotConfigured
    | WarningResponse
    | Error
)

SpeakMessage: TypeAlias = _Known | Unknown | Undecodable
"""What the service says beside the sound."""

SpeakEvent: TypeAlias = AudioData | SpeakMessage | Open | Reconnecting | Reconnected | Close
"""What happens while a voice speaks."""

_KINDS: dict[str, type[_Known]] = {
    "Metadata": SpeakWSMetadataResponse,
    "Flushed": FlushedResponse,
    "Cleared": ClearedResponse,
    "Connected": SpeakConnected,
    "SpeechStarted": SpeechStarted,
    "SpeechMetadata": SpeechMetadata,
    "SpeechInterrupted": SpeechInterrupted,
    "SessionMetadata": SessionMetadata,
    "ConfigureSuccess": VoiceConfigured,
    "ConfigureFailure": VoiceNotConfigured,
    "Warning": WarningResponse,
    "Error": Error,
}

decode_message = decoder(_Known, _KINDS)
"""The message that a frame of text holds."""
