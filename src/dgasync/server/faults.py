"""Failing on purpose: what the server can be told to do instead of answering."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LIVE_FAULTS", "Fault", "Faults"]


@dataclass(frozen=True)
class Fault:
    """One way to fail, applied to one request. Make it with the methods below.

    Bytes of audio are those that come, and on the websockets of /v1/speak and /v2/speak those that are sent.
    """

    kind: str
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    """None: the ordinary error of that status."""
    after_bytes: int | None = None
    seconds: float | None = None
    size: int = 0
    early: bool = False
    reason: str = ""
    frames: tuple[str | bytes, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it happens on an open websocket; all others happen to its handshake."""
        return self.kind in LIVE_FAULTS or (self.kind in ("drop", "stall") and self.after_bytes is not None)

    @classmethod
    def status(
        cls,
        status: int,
        *,
        retry_after: float | str | None = None,
        retry_after_ms: float | None = None,
        headers: Mapping[str, str] | None = None,
        early: bool = False,
    ) -> Fault:
        """An error of this status, as the service words it; with `early` before the body was read."""
        told = dict(headers or {})
        if retry_after is not None:
            told["Retry-After"] = str(retry_after)
        if retry_after_ms is not None:
            told["retry-after-ms"] = str(retry_after_ms)
        return cls("status", code=status, headers=told, early=early)

    @classmethod
    def text(cls, status: int, text: str, content_type: str = "text/plain") -> Fault:
        """An answer of this status that is not JSON, as proxies send them."""
        return cls("text", code=status, body=text.encode(), headers={"Content-Type": content_type})

    @classmethod
    def json(cls, status: int, body: str, headers: Mapping[str, str] | None = None) -> Fault:
        """An answer of this status with this JSON, whatever it is."""
        told = {"Content-Type": "application/json", **(headers or {})}
        return cls("text", code=status, body=body.encode(), headers=told)

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> Fault:
        """Go elsewhere."""
        return cls("text", code=status, body=b"", headers={"Location": location})

    @classmethod
    def garbage(cls) -> Fault:
        """Success, in JSON as the header says, but the bytes are none."""
        return cls("text", body=b"\x80\x81garbage\xff{", headers={"Content-Type": "application/json"})

    @classmethod
    def truncated(cls) -> Fault:
        """The true answer, half of it, sent as if it were whole."""
        return cls("truncated")

    @classmethod
    def drop(cls, after_bytes: int | None = None) -> Fault:
        """Cut the connection after so many bytes of the body, by default after all of it; nothing is answered.

        A websocket is cut without a close frame after so many bytes of audio, to the byte, and what was heard in them
        is sent; by default its handshake is not answered.
        """
        return cls("drop", after_bytes=after_bytes)

    @classmethod
    def reset(cls, after_bytes: int = 20) -> Fault:
        """The true answer, cut off by a reset of the connection after so many bytes of it; a websocket after so many
        bytes of audio, to the byte.
        """
        return cls("reset", after_bytes=after_bytes)

    @classmethod
    def stall(cls, after_bytes: int | None = None) -> Fault:
        """Read so many bytes of the body, by default all, then neither read nor answer until the server is reset.

        A websocket after so many bytes of audio (pings are not answered either); by default its handshake.
        """
        return cls("stall", after_bytes=after_bytes)

    @classmethod
    def slow(cls, seconds: float) -> Fault:
        """The true answer, so much later; of a websocket, its handshake."""
        return cls("slow", seconds=seconds)

    @classmethod
    def trickle(cls, size: int = 64, seconds: float = 0.01) -> Fault:
        """The true answer, `size` bytes at a time with pauses."""
        return cls("trickle", size=size, seconds=seconds)

    # Only on websockets. Other requests are answered as if nothing was to happen.

    @classmethod
    def close(cls, code: int, reason: str = "", after_bytes: int = 0) -> Fault:
        """Close the websocket with this code after so many bytes of audio; what was heard in them is sent first."""
        return cls("close", code=code, reason=reason, after_bytes=after_bytes)

    @classmethod
    def text_frame(cls, *frames: str | bytes, after_bytes: int = 0) -> Fault:
        """Send these messages, whatever they are, after so many bytes of audio, and go on; bytes are sent as binary."""
        return cls("text_frame", frames=frames, after_bytes=after_bytes)

    @classmethod
    def mute(cls, after_bytes: int = 0) -> Fault:
        """After so many bytes of audio, take everything and answer nothing but pings."""
        return cls("mute", after_bytes=after_bytes)

    @classmethod
    def late(cls, seconds: float) -> Fault:
        """What answers the end of the audio, last results included, comes so much later."""
        return cls("late", seconds=seconds)


LIVE_FAULTS = frozenset({"reset", "close", "text_frame", "mute", "late"})


class Faults:
    """The faults to come, for the next requests in their order; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[tuple[Fault, int | None]] = []
        self._dice: tuple[random.Random, float, Sequence[Fault]] | None = None

    def add(self, fault: Fault, times: int | None = 1) -> None:
        """One more, for `times` requests; None: for all that follow."""
        with self._lock:
            self._script.append((fault, times))

    def at_random(self, seed: int, share: float, faults: Sequence[Fault]) -> None:
        """Behind the script: each request fails with this probability, in one of these ways; a seed, a sequence."""
        with self._lock:
            self._dice = random.Random(seed), share, tuple(faults)

    def clear(self) -> None:
        """Fail no more."""
        with self._lock:
            self._script.clear()
            self._dice = None

    def take(self) -> Fault | None:
        """What happens to the next request."""
        with self._lock:
            if self._script:
                fault, times = self._script[0]
                if times is not None:
                    self._script[:1] = [(fault, times - 1)] if times > 1 else []
                return fault
            if self._dice is not None:
                dice, share, faults = self._dice
                if dice.random() < share:
                    return dice.choice(faults)
            return None
