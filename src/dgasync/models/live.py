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
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar, cast

import msgspec

from dgasync.errors import DecodeError, DeepgramError
from dgasync.models.base import Answer, Manners, Model, Number, decode
from dgasync.models.listen import Alternative, Channel, DiarizeInfo, Entity, ModelInfo, Word

if TYPE_CHECKING:
    from typing_extensions import Self

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


class Event(Answer, frozen=True, kw_only=True):
    """Something that happens while a live session lasts, with the bytes it came as where the service said it.

    `[]`, `to_dict`, `to_json` and `str()` read those bytes, as they do for any answer.
    """

    # The service never says it: a session that has connected again puts the number beside the bytes, by this name.
    connection: ClassVar[int] = 0
    """Which connection of the session it came from, counted from 0."""

    @property
    def type(self) -> str:
        """The kind of event, in the service's word where it has one: `Results`, `Metadata`, `Open`."""
        return str(self.__struct_config__.tag)

    def __repr__(self) -> str:
        return f"<{' '.join([type(self).__name__, ', '.join(self._facts())]).rstrip()}>"

    def __hash__(self) -> int:
        # Messages of a stream share their request id, which tells answers apart. What is plain among their fields does.
        fields = [getattr(self, name) for name in self.__struct_fields__]
        return hash((type(self), *(field for field in fields if isinstance(field, (str, int, float)))))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        kept = {name: value for name, value in vars(self).items() if name != "_parsed"}
        if "_headers" in kept:
            kept["_headers"] = self.headers
        return (_rebuild, (type(self), fields, kept))

    def __copy__(self) -> Self:
        return cast("Self", _rebuild(*self.__reduce__()[1]))


EventT = TypeVar("EventT", bound=Event)


def _rebuild(kind: type[EventT], fields: dict[str, Any], kept: dict[str, Any]) -> EventT:
    event = kind(**fields)
    vars(event).update(kept)
    return event


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


class Error(Event, frozen=True, kw_only=True, tag_field="type", tag="Error"):
    """Something went wrong: the service says so, or this side noticed, and then `.error` holds the exception."""

    message: str | None = None
    description: str | None = None
    code: str | Number | None = None
    variant: str | None = None

    @classmethod
    def of(cls, error: DeepgramError) -> Self:
        """The event that tells of an exception of this side."""
        event = cls(message=error.message, description=error.name, code=error.err_code)
        vars(event)["_error"] = error
        return event

    @property
    def error(self) -> DeepgramError | None:
        """What went wrong on this side; None when the service reports an error of its own."""
        error: DeepgramError | None = vars(self).get("_error")
        return error

    def _own_id(self) -> str | None:
        return self.error.request_id if self.error else None

    def _facts(self) -> list[str]:
        return [str(fact) for fact in (self.code, self.description, self.message) if fact]


# ── what is not as expected ──


class Unknown(Event, frozen=True, kw_only=True):
    """A message of a kind that this package does not know, newer than it perhaps; `.raw` and `[]` have all of it."""

    type: str = ""  # pyright: ignore[reportIncompatibleMethodOverride]  # the service's own word, not that of a class
    """What the service calls this kind of message; "" when it does not say."""

    def _facts(self) -> list[str]:
        return [repr(self.type)]


class Undecodable(Event, frozen=True, kw_only=True, tag_field="type", tag="Undecodable"):
    """A frame that cannot be read; `.raw` has it as it came. The stream goes on."""

    reason: str = ""
    """What is wrong with it, and where."""

    def to_dict(self) -> dict[str, Any]:
        """A new dict of the reason and the frame as text, as far as it is text: it may not be JSON."""
        raw: bytes = vars(self).get("_raw", b"")
        return {"type": self.type, "reason": self.reason, "raw": raw.decode("utf-8", "replace")}

    def to_json(self, **json_kwargs: Any) -> str:
        """The same as JSON text; `json_kwargs` are those of `json.dumps`, such as `indent=4`."""
        return Manners.to_json(self, **json_kwargs)

    def _facts(self) -> list[str]:
        return [self.reason]


# ── what the session says ──


class Open(Event, frozen=True, kw_only=True, tag_field="type", tag="Open"):
    """The connection stands: the first event of a session. `.headers` are those the service answered with."""


class Reconnecting(Event, frozen=True, kw_only=True, tag_field="type", tag="Reconnecting"):
    """The connection is lost, and another one will be tried. Until then audio waits; nothing has to be done."""

    reason: str
    """What happened to the connection, or to the last try."""
    attempt: int
    """Which try comes next, counted from 1."""
    delay: float
    """Seconds until then."""

    def _facts(self) -> list[str]:
        return [f"try {self.attempt} in {self.delay:.2f} s", self.reason]


class Reconnected(Event, frozen=True, kw_only=True, tag_field="type", tag="Reconnected"):
    """Another connection stands, and what was not heard for good is sent again. `.headers` are those of its answer."""

    connection: int  # type: ignore[misc]  # of other events it is no field, for the service never says it
    """Which connection of the session it is, counted from 0."""

    def _facts(self) -> list[str]:
        return [str(self.connection)]


class Gap(Event, frozen=True, kw_only=True, tag_field="type", tag="Gap"):
    """Audio that will not be in the transcript: more was waiting to be heard for good than is kept (`REPLAY_AUDIO`)."""

    start: float
    end: float

    def _facts(self) -> list[str]:
        return [f"{self.start:.2f} to {self.end:.2f} s"]


class Close(Event, frozen=True, kw_only=True, tag_field="type", tag="Close"):
    """The session is over: the last event, and there is only one."""

    code: int | None = None
    """The WebSocket close code; None when there was no connection to close."""
    reason: str | None = None
    """What the side that closed said with it."""

    def _facts(self) -> list[str]:
        return [str(fact) for fact in (self.code, self.reason) if fact]


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


class _Head(msgspec.Struct):
    type: Any = None


_HEAD = msgspec.json.Decoder(_Head)
_decoded: Any = msgspec.json.Decoder(_Known).decode
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeError)


def decode_message(data: bytes | bytearray | str, connection: int = 0, keep_raw: bool = True) -> LiveMessage:
    """The message that a frame holds, with the frame's bytes; it never raises, whatever the frame holds.

    `connection` becomes the message's own. `keep_raw=False` drops the bytes, except where there is nothing else.
    """
    # Each message of each session comes through here, and a short one takes a microsecond to decode. `isinstance` costs
    # a twentieth of that, a keyword-only argument too; `vars` or `adopt` instead of `__dict__` cost a tenth and more.
    raw: Any = data
    if raw.__class__ is not bytes:
        raw = _encoded(raw)
    message: LiveMessage
    try:
        message = _decoded(raw)
    except _BROKEN:
        message = _unexpected(raw)
    if keep_raw:
        message.__dict__["_raw"] = raw  # pyright: ignore[reportIndexIssue]  # it takes the dict for that of a class
    if connection:
        message.__dict__["connection"] = connection  # pyright: ignore[reportIndexIssue]  # the same
    return message


def _encoded(data: bytes | bytearray | str) -> bytes:
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def _unexpected(raw: bytes) -> LiveMessage:
    """What a frame is that is none of the known messages at first sight."""
    try:
        head = _HEAD.decode(raw)
    except _BROKEN as error:
        return Undecodable(reason=f"The frame is no JSON object: {error}").adopt(raw)
    kind = _KINDS.get(head.type) if isinstance(head.type, str) else None
    if kind is None:
        return Unknown(type=head.type if isinstance(head.type, str) else "").adopt(raw)
    try:
        return decode(kind, raw)
    except DecodeError as error:
        return Undecodable(reason=error.message).adopt(raw)


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
