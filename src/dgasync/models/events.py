"""What every live session may hear or say, whatever its product: its own news, and what is not as expected.

```
AudioData      a piece of sound
Error          the service could not go on, or this side noticed something
Unknown        a kind of message that this package does not know
Undecodable    a frame that is no message, or breaks the type of its kind
Open           the connection stands
Reconnecting   it was lost, and another one is on its way
Reconnected    the other one stands
Gap            audio that nobody has heard for good was lost
Close          it is over
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, cast

import msgspec

from dgasync.errors import DecodeError, DeepgramError
from dgasync.models.base import Answer, Manners, Number, decode

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "AudioData",
    "Close",
    "Decoder",
    "Error",
    "Event",
    "Gap",
    "Open",
    "Reconnected",
    "Reconnecting",
    "Undecodable",
    "Unknown",
    "decoder",
]


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


class AudioData(Event, frozen=True, kw_only=True, tag_field="type", tag="AudioData"):
    """A piece of what is spoken, encoded as was asked for; `to_dict` writes it in Base64."""

    data: bytes

    @property
    def raw(self) -> bytes:
        """The frame, byte for byte."""
        return self.data

    def _facts(self) -> list[str]:
        return [f"{len(self.data)} bytes"]


class Error(Event, frozen=True, kw_only=True, tag_field="type", tag="Error"):
    """Something went wrong: the service says so, or this side noticed, and then `.error` holds the exception."""

    message: str | None = None
    description: str | None = None
    code: str | Number | None = None
    variant: str | None = None

    @classmethod
    def of(cls, error: Exception) -> Self:
        """The event that tells of an exception of this side."""
        if isinstance(error, DeepgramError):
            event, own = cls(message=error.message, description=error.name, code=error.err_code), error
        else:  # of the user's own
            event, own = (
                cls(message=str(error), description=type(error).__name__),
                DeepgramError(f"{type(error).__name__}: {error}"),
            )
            own.__cause__ = error
        vars(event)["_error"] = own
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

    @property
    def as_error(self) -> Error:
        """What handlers get to see of it: a frame that cannot be read was an Error in v3, too."""
        return Error.of(DecodeError(self.reason, self.raw))

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


class _Head(msgspec.Struct):
    type: Any = None


_HEAD = msgspec.json.Decoder(_Head)
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeError)


M_co = TypeVar("M_co", bound=Event, covariant=True)
M = TypeVar("M", bound=Event)


class Decoder(Protocol, Generic[M_co]):
    """Reads the messages of one product."""

    def __call__(
        self, data: bytes | bytearray | str, connection: int = 0, keep_raw: bool = True
    ) -> M_co | Unknown | Undecodable:
        """The message that a frame holds, with the frame's bytes; it never raises, whatever the frame holds.

        `connection` becomes the message's own. `keep_raw=False` drops the bytes, except where there is nothing else.
        """
        ...


def decoder(known: Any, kinds: Mapping[str, type[M]]) -> Decoder[M]:
    """What reads the messages of a product.

    Args:
        known: the union of their types.
        kinds: each by its `type`.
    """
    decoded: Any = msgspec.json.Decoder(known).decode

    def decode_message(
        data: bytes | bytearray | str, connection: int = 0, keep_raw: bool = True
    ) -> M | Unknown | Undecodable:
        # Each message of each session comes through here, and a short one takes a microsecond to decode. `isinstance`
        # costs a twentieth of that, a keyword-only argument too; `vars` or `adopt` instead of `__dict__` cost a tenth
        # and more.
        raw: Any = data
        if raw.__class__ is not bytes:
            raw = _encoded(raw)
        message: M | Unknown | Undecodable
        try:
            message = decoded(raw)
        except _BROKEN:
            message = _unexpected(raw, kinds)
        if keep_raw:
            message.__dict__["_raw"] = raw  # pyright: ignore[reportIndexIssue]  # it takes the dict for that of a class
        if connection:
            message.__dict__["connection"] = connection  # pyright: ignore[reportIndexIssue]  # the same
        return message

    return decode_message


def _encoded(data: bytes | bytearray | str) -> bytes:
    return data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)


def _unexpected(raw: bytes, kinds: Mapping[str, type[M]]) -> M | Unknown | Undecodable:
    """What a frame is that is none of the known messages at first sight."""
    try:
        head = _HEAD.decode(raw)
    except _BROKEN as error:
        return Undecodable(reason=f"The frame is no JSON object: {error}").adopt(raw)
    kind = kinds.get(head.type) if isinstance(head.type, str) else None
    if kind is None:
        return Unknown(type=head.type if isinstance(head.type, str) else "").adopt(raw)
    try:
        return decode(kind, raw)
    except DecodeError as error:
        return Undecodable(reason=error.message).adopt(raw)
