"""What a fault proxy can be told to do with a connection, in the words of `Fault`."""

from __future__ import annotations

import random
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from dgasync.server.faults import Fault

__all__ = ["Place", "Trouble", "Troubles", "Way", "Ways"]

Place = int | range
"""So many bytes; of a range the seed takes one."""
Way = Literal["sent", "received"]
"""Seen from the client: to the server, or from it."""
Ways = Literal["sent", "received", "both"]

GARBAGE = b"\x80\x81garbage\xff{"
"""As `Fault.garbage` has it; a client of websockets sees a continuation of nothing, with a mask."""
_OF_THE_SERVER = {"truncated", "late"}
"""Faults that only the server itself can have, since it takes to know what it says."""


@dataclass(frozen=True, repr=False)
class Trouble(Fault):
    """One way to get in the way of one connection. Make it with the methods below, or with those of `Fault`.

    A place is `after_bytes` of audio (the payload of binary messages; of any other request, its body), or
    `after_sent` or `after_received`, the bytes of the connection in one direction as the client sees it. They count
    from behind the heads of request and answer; with `head=True` from the first byte of all. A `range` instead of a
    number is a place that the seed chooses.
    """

    audio: Place | None = None
    sent: Place | None = None
    received: Place | None = None
    head: bool = False
    way: Ways = "both"
    whole: bool = False
    """Whether it is about websocket frames, not about what TCP makes of them."""

    @property
    def placed(self) -> bool:
        """Whether it has a place; else it is there from the beginning."""
        return (self.audio, self.sent, self.received) != (None, None, None)

    @classmethod
    def of(cls, fault: Fault) -> Trouble:
        """The same as a trouble; raises `ValueError` for what only a server can do."""
        if fault.kind in _OF_THE_SERVER:
            raise ValueError(f"a proxy cannot do {fault.kind!r}: tell the server to")
        if isinstance(fault, Trouble):
            return fault
        if fault.kind == "trickle":
            return cls.split(fault.size, seconds=fault.seconds or 0.0, way="received")
        names = ("kind", "code", "headers", "body", "seconds", "reason", "frames")
        return cls(**{name: getattr(fault, name) for name in names}, audio=fault.after_bytes)

    def __repr__(self) -> str:
        said = ((each.name, getattr(self, each.name)) for each in fields(self)[1:])
        told = [f"{name}={reprlib.repr(value)}" for name, value in said if value != getattr(_PLAIN, name)]
        return f"<Trouble {' '.join((self.kind, *told))}>"

    def settled(self, dice: random.Random) -> Trouble:
        """The same, its places chosen."""

        def chosen(place: Place | None) -> Place | None:
            return dice.choice(place) if isinstance(place, range) else place

        return replace(self, audio=chosen(self.audio), sent=chosen(self.sent), received=chosen(self.received))

    # The end of a connection.

    @classmethod
    def drop(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        head: bool = False,
    ) -> Trouble:
        """End the connection there, without a close frame; with no place, instead of answering the request."""
        return cls("drop", audio=after_bytes, sent=after_sent, received=after_received, head=head)

    @classmethod
    def reset(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        head: bool = False,
    ) -> Trouble:
        """Reset the connection (RST) there; with no place, instead of answering the request."""
        return cls("reset", audio=after_bytes, sent=after_sent, received=after_received, head=head)

    @classmethod
    def close(
        cls,
        code: int,
        reason: str = "",
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
    ) -> Trouble:
        """Close the websocket with any code behind that place, as soon as a frame is over; by default at once."""
        audio, sent, received = _places(after_bytes, after_sent, after_received)
        return cls("close", code=code, reason=reason, audio=audio, sent=sent, received=received)

    # Silence.

    @classmethod
    def stall(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        head: bool = False,
        way: Ways = "both",
        seconds: float | None = None,
    ) -> Trouble:
        """From there on pass nothing on and read no further, but keep the connection: half-open.

        With `way="sent"` only what the client sends is stuck, with `"received"` only what it is sent. After `seconds`
        all goes on. With no place, the request is stuck.
        """
        return cls(
            "stall", audio=after_bytes, sent=after_sent, received=after_received, head=head, way=way, seconds=seconds
        )

    @classmethod
    def mute(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        pings: bool = True,
    ) -> Trouble:
        """From there on, once a frame is over, the client is answered nothing but pings; without `pings`, nothing.

        The server still gets all that is sent. That it closes, or is gone, does not come through either.
        """
        audio, sent, received = _places(after_bytes, after_sent, after_received)
        return cls("mute", audio=audio, sent=sent, received=received, whole=pings)

    # Other sizes and times. All of these are there from the beginning.

    @classmethod
    def delay(cls, seconds: float, *, way: Ways = "both") -> Trouble:
        """Whatever comes waits for so long before it is passed on, in its order."""
        return cls("delay", seconds=seconds, way=way)

    @classmethod
    def split(cls, size: int, *, seconds: float = 0.0, frames: bool = False, way: Ways = "both") -> Trouble:
        """Pass on at most `size` bytes at a time, with pauses; with `frames`, messages in frames of so many bytes."""
        return cls("split", size=_positive(size), seconds=seconds, whole=frames, way=way)

    @classmethod
    def merge(cls, size: int, *, seconds: float = 0.05, way: Ways = "both") -> Trouble:
        """Hold back until so many bytes wait, or for so long, and pass them on as one: frames come in a bunch."""
        return cls("merge", size=_positive(size), seconds=seconds, way=way)

    # What was never sent. Of websockets only, but for garbage.

    @classmethod
    def text_frame(
        cls,
        *frames: str | bytes,
        after_bytes: Place | None = None,
        after_sent: Place | None = None,
        after_received: Place | None = None,
    ) -> Trouble:
        """Send the client these messages behind that place, between two others; bytes are sent as binary."""
        audio, sent, received = _places(after_bytes, after_sent, after_received)
        return cls("text_frame", frames=frames, audio=audio, sent=sent, received=received)

    @classmethod
    def oversized(
        cls,
        size: int,
        *,
        after_bytes: Place | None = None,
        after_sent: Place | None = None,
        after_received: Place | None = None,
    ) -> Trouble:
        """Send the client a message of `size` bytes behind that place: JSON of a type that nobody knows."""
        start, end = '{"type":"Oversized","padding":"', '"}'
        text = start + "x" * (size - len(start) - len(end)) + end
        return cls.text_frame(text, after_bytes=after_bytes, after_sent=after_sent, after_received=after_received)

    @classmethod
    def garbage(
        cls,
        data: bytes = GARBAGE,
        *,
        after_bytes: Place | None = None,
        after_sent: Place | None = None,
        after_received: Place | None = None,
    ) -> Trouble:
        """Put these bytes into what the client is sent, at that very place; with no place they are the whole answer."""
        kind = "text" if (after_bytes, after_sent, after_received) == (None, None, None) else "garbage"
        headers = {"Content-Type": "application/json"}
        return cls(kind, body=data, headers=headers, audio=after_bytes, sent=after_sent, received=after_received)

    @classmethod
    def duplicate(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        way: Way = "received",
    ) -> Trouble:
        """The first message that ends behind that place arrives twice, if it is one frame."""
        audio, sent, received = _places(after_bytes, after_sent, after_received, way)
        return cls("duplicate", audio=audio, sent=sent, received=received, way=way)

    @classmethod
    def reorder(
        cls,
        after_bytes: Place | None = None,
        *,
        after_sent: Place | None = None,
        after_received: Place | None = None,
        way: Way = "received",
    ) -> Trouble:
        """The first message that ends behind that place, if it is one frame, arrives after the one behind it."""
        audio, sent, received = _places(after_bytes, after_sent, after_received, way)
        return cls("reorder", audio=audio, sent=sent, received=received, way=way)


_PLAIN = Trouble("")


@dataclass(frozen=True)
class Troubles(Fault):
    """Several at once, for the queue that takes one."""

    troubles: Sequence[Trouble] = ()


def _places(
    audio: Place | None, sent: Place | None, received: Place | None, way: Way = "received"
) -> tuple[Place | None, Place | None, Place | None]:
    """These, or the beginning: the first byte that goes that way."""
    if (audio, sent, received) != (None, None, None):
        return audio, sent, received
    return (None, 0, None) if way == "sent" else (None, None, 0)


def _positive(size: int) -> int:
    if size < 1:
        raise ValueError(f"a size is 1 or more, not {size}")
    return size
