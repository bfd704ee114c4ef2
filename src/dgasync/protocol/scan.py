"""Reading along with a file that is streamed.

```
chunks of any size ──► feed ──► [ unread ] ──► _read ──► places, in order: byte and moment
```
Of each format just enough is read to know where a frame, page or block begins, and when that is heard. What cannot be
made sense of is passed over until something can. Nothing is kept but a header, an unfinished piece, and the places that
somebody may still ask for.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from dgasync.protocol.track import NEAR, Place

__all__ = ["LONGEST", "PREROLL", "TOO_LONG", "Scan"]

LONGEST = 1024 * 1024
"""Bytes of a header that is kept to be sent again, and of a piece that is waited for."""

PREROLL = 0.08
"""Seconds after which a decoder of Opus has found into the sound (RFC 7845, 4.6)."""

TOO_LONG = "its header is too long to be kept"


class Scan:
    """The places of a file as far as it was read. By itself it finds none: each format has its own `_read`."""

    def __init__(self) -> None:
        self.obstacle: str | None = None
        """Why this audio cannot begin again in the middle, if so; then there is no more to look for."""
        self._unread = bytearray()
        self._base = 0  # position of its first byte
        self._passed = 0  # bytes that are still to come, and are of no interest
        self._head = b""  # what goes out again before a place
        self._lead = 0.0  # seconds that a decoder must have heard before it gives the sound as it was
        self._positions: list[int] = []
        self._moments: list[float] = []

    def header(self, position: int) -> bytes:
        """What goes out before the audio where that begins again at `position`."""
        return self._head

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if self.obstacle is not None:
            return
        passed = min(self._passed, len(chunk))
        self._passed -= passed
        unread = self._unread
        unread += chunk[passed:] if passed else chunk
        read = self._read(unread)
        if self.obstacle is not None:
            read = len(unread)
        self._passed += max(0, read - len(unread))
        self._base += read
        del unread[:read]

    def seconds(self, position: int) -> float:
        """How much audio there is up to a byte, as far as is known."""
        index = bisect_right(self._positions, position) - 1
        return self._moments[index] if index >= 0 else 0.0

    def place(self, seconds: float) -> Place:
        """The last place from which everything behind a moment is heard."""
        return self._at(bisect_right(self._moments, seconds + NEAR - self._lead) - 1) or Place(0, 0.0)

    def place_behind(self, position: int) -> Place | None:
        """The first place at or behind a byte; None if there is none yet."""
        return self._at(bisect_left(self._positions, position))

    def forget(self, position: int) -> None:
        """Nobody asks any more for what is before this byte."""
        passed = bisect_right(self._positions, position) - 1
        if passed > 0:
            del self._positions[:passed], self._moments[:passed]

    def _at(self, index: int) -> Place | None:
        return Place(self._positions[index], self._moments[index]) if 0 <= index < len(self._positions) else None

    def _mark(self, at: int, seconds: float) -> None:
        """It may begin at this byte of what is unread. A clock that runs back is not believed."""
        if not self._moments or seconds >= self._moments[-1]:
            self._positions.append(self._base + at)
            self._moments.append(seconds)

    def _read(self, data: bytearray) -> int:
        """Look at what was not read yet; how many bytes need no second look, those to come included."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _keep(self, head: bytes) -> None:
        """Have this sent again before a place."""
        if len(head) > LONGEST:
            self.obstacle = TOO_LONG
        else:
            self._head = head
