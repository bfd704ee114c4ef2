"""What a live session hears: the service's messages, typed to the last word, and the session's own news.

LiveEvent
├── LiveMessage                    what the service said; `decode_message` makes these
│   ├── LiveResultResponse         words, final or not yet
│   ├── MetadataResponse           about the whole stream, at its end
│   ├── SpeechStartedResponse      somebody begins to speak
│   ├── UtteranceEndResponse       nobody has spoken for a while
│   ├── Error                      the service could not go on (or this session, see there)
│   ├── Unknown                    a kind of message that this package does not know
│   └── Undecodable                a frame that is no message, or breaks the type of its kind
├── Open                           the connection stands
├── Reconnecting                   it was lost, and another one is on its way
├── Reconnected                    the other one stands
├── Gap                            audio that nobody has heard for good was lost
└── Close                          it is over

The fields are those of the official description, of recorded messages, and of the official SDK's v3, whose names the
service's messages bear. Times are seconds from the start of the stream, confidences run from 0 to 1. A channel is a
pair: its number from 0, and how many there are.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from dgasync.models.base import Model, Number
from dgasync.models.events import (
    Close,
    Error,
    Event,
    Gap,
    Open,
    Reconnected,
    Reconnecting,
    Undecodable,
    Unknown,
    decoder,
)
from dgasync.models.listen import Alternative, Channel, DiarizeInfo, Entity, ModelInfo, Word

if TYPE_CHECKING:
    pass

__all__ = [
    "Close",
    "CloseResponse",
    "Error",
    "ErrorResponse",
    "Event",
    "Gap",
    "ListenWSAlternative",
    "ListenWSChannel",
    "ListenWSMetadata",
    "ListenWSMetadataResponse",
    "ListenWSWord",
    "LiveEvent",
    "LiveMessage",
    "LiveMetadata",
    "LiveResultResponse",
    "LiveTranscriptionEvents",
    "MetadataResponse",
    "Open",
    "OpenResponse",
    "Reconnected",
    "Reconnecting",
    "SpeechStartedResponse",
    "Undecodable",
    "UnhandledResponse",
    "Unknown",
    "UtteranceEndResponse",
    "decode_message",
]


class LiveTranscriptionEvents(str, Enum):
    """What handlers are registered for; each is equal to its text."""

    Open = "Open"
    Close = "Close"
    Transcript = "Results"
    Results = "Results"  # noqa: PIE796  # an alias, on purpose
    """The same as `Transcript`, as the documents call it too."""
    Metadata = "Metadata"
    UtteranceEnd = "UtteranceEnd"
    SpeechStarted = "SpeechStarted"
    Finalize = "Finalize"
    Error = "Error"
    Unhandled = "Unhandled"
    Warning = "Warning"
    Reconnecting = "Reconnecting"
    Reconnected = "Reconnected"
    Gap = "Gap"

    def __str__(self) -> str:
        return self.value


# ── what the service says ──


class LiveMetadata(Model, frozen=True, kw_only=True):
    """Which request and which model a result is from; v3 calls it Metadata."""

    request_id: str | None = None
    model_info: ModelInfo | None = None
    model_uuid: str | None = None
    diarize_info: DiarizeInfo | None = None
    extra: dict[str, Any] | None = None
    """What was sent as `extra`."""


class LiveResultResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Results"):
    """What was heard in a stretch of the audio."""

    channel_index: list[Number] | None = None
    duration: float | None = None
    """Seconds of the stretch."""
    start: float | None = None
    """Where the stretch begins."""
    is_final: bool | None = None
    """Whether these words stand. Results that are not final are replaced by the next one with the same start."""
    speech_final: bool | None = None
    """Whether a pause followed, with `endpointing`."""
    channel: Channel | None = None
    metadata: LiveMetadata | None = None
    from_finalize: bool | None = None
    """Whether it came because `finalize` asked for it."""
    entities: list[Entity] | None = None
    """Of a final result, with `detect_entities`."""

    @property
    def _best(self) -> Alternative | None:
        alternatives = self.channel.alternatives if self.channel else None
        return alternatives[0] if alternatives else None

    @property
    def text(self) -> str:
        """The likeliest transcript; "" when nothing was heard."""
        best = self._best
        return (best.transcript if best else None) or ""

    @property
    def words(self) -> list[Word]:
        """The words of the likeliest transcript."""
        best = self._best
        return (best.words if best else None) or []

    def _own_id(self) -> str | None:
        return self.metadata.request_id if self.metadata else None

    def _facts(self) -> list[str]:
        start, count = self.start or 0.0, len(self.words)
        return [
            f"{start:.2f} to {start + (self.duration or 0.0):.2f} s",
            "final" if self.is_final else "interim",
            "1 word" if count == 1 else f"{count} words",
        ]


class MetadataResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="Metadata"):
    """About the whole stream; the last thing the service says."""

    transaction_key: str | None = None
    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here the body has the id as a field
    sha256: str | None = None
    """The hash of the audio, or `incomplete`."""
    created: str | None = None
    """When the stream began, as ISO 8601 text in UTC."""
    duration: float | None = None
    """Seconds of audio that were heard."""
    channels: Number | None = None
    """0 for a stream that ended without audio."""
    models: list[str] | None = None
    """The ids of the models that took part, the keys of `model_info`; only if audio was heard."""
    model_info: dict[str, ModelInfo | None] | None = None
    extra: dict[str, Any] | None = None
    """What was sent as `extra`."""

    def _facts(self) -> list[str]:
        return [self.request_id or "without id", f"{self.duration or 0.0:.1f} s"]


class SpeechStartedResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="SpeechStarted"):
    """Somebody begins to speak, with `vad_events`."""

    channel: list[Number] | None = None
    timestamp: float | None = None

    def _facts(self) -> list[str]:
        return [f"{self.timestamp or 0.0:.2f} s"]


class UtteranceEndResponse(Event, frozen=True, kw_only=True, tag_field="type", tag="UtteranceEnd"):
    """No word has come for a while, with `utterance_end_ms`."""

    channel: list[Number] | None = None
    last_word_end: float | None = None
    """Where the last word ended; -1 when the service does not know."""

    def _facts(self) -> list[str]:
        return [f"{self.last_word_end or 0.0:.2f} s"]


# ── how messages are read ──


_Known: TypeAlias = LiveResultResponse | MetadataResponse | SpeechStartedResponse | UtteranceEndResponse | Error

LiveMessage: TypeAlias = _Known | Unknown | Undecodable
"""What the service says in a live session."""

LiveEvent: TypeAlias = LiveMessage | Open | Reconnecting | Reconnected | Gap | Close
"""What happens in a live session."""

_KINDS: dict[str, type[_Known]] = {
    "Results": LiveResultResponse,
    "Metadata": MetadataResponse,
    "SpeechStarted": SpeechStartedResponse,
    "UtteranceEnd": UtteranceEndResponse,
    "Error": Error,
}


decode_message = decoder(_Known, _KINDS)
"""The message that a frame holds."""


# The other names under which v3 knows them.
OpenResponse = Open
CloseResponse = Close
ErrorResponse = Error
UnhandledResponse = Unknown
ListenWSMetadata = LiveMetadata
ListenWSMetadataResponse = MetadataResponse
ListenWSWord = Word
ListenWSAlternative = Alternative
ListenWSChannel = Channel
