"""Audio that may have to be sent again: what was handed over and is not heard for good.

```
handed over ─► [ sent ············· | waiting ·········· ]      at most REPLAY_AUDIO and REPLAY_BYTES
       first ──┘             cursor ┘                    └ end  positions: bytes of audio since the beginning
confirm: what final results cover is forgotten            rewind: what was sent waits again, behind the track's header
```
Messages that must keep their place among the audio are on it, too.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from dgasync.limits import REPLAY_AUDIO, REPLAY_BYTES
from dgasync.protocol.track import Place

if TYPE_CHECKING:
    from dgasync.protocol.track import Track

__all__ = ["Replay", "Tape"]


MARK = 0.1
"""Seconds between two moments that are remembered; our choice."""


class Replay(NamedTuple):
    """From where audio is sent again, and how much of it is lost."""

    start: float
    """Seconds at which the next connection begins."""
    lost: float
    """Seconds before that which are not heard for good, and are not there any more."""


class Tape:
    """The audio of a session, from the end of the last final result on."""

    __slots__ = ("_header", "_limit", "_mark_at", "_marks", "_sent", "_waiting", "cursor", "end", "first", "track")

    def __init__(self, track: Track) -> None:
        self.track = track
        self.first = 0
        """Position of the first byte that is kept."""
        self.cursor = 0
        """Position of the next byte to go out."""
        self.end = 0
        """Position behind the last byte that was handed over."""
        # Bytes that are too many in any case; of audio whose rate is known, the seconds are in it.
        self._limit = REPLAY_BYTES if track.rate is None else min(REPLAY_BYTES, int(REPLAY_AUDIO * track.rate))
        self._header = b""
        self._sent: deque[bytes | str] = deque()
        # When it was sent: positions and times, so far apart that a time for each chunk need not be kept.
        self._marks: deque[tuple[int, float]] = deque()
        self._mark_at = 0.0
        self._waiting: deque[bytes | str] = deque()

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be sent, so that nothing may overtake it."""
        return bool(self._waiting)

    @property
    def seconds(self) -> float:
        """Seconds of audio that are kept."""
        return self.track.seconds(self.end) - self.track.seconds(self.first)

    def take(self, chunk: bytes, now: float) -> bool:
        """Keep what goes out at this moment; False where it would overtake something, or there is no room."""
        # Each chunk of each session comes through here.
        if self._waiting or self.end - self.first >= self._limit:
            return False
        if self.track.rate is None:
            if self.is_full():
                return False
            self.track.feed(chunk)
        if now >= self._mark_at:
            self._mark(now)
        self._sent.append(chunk)
        self.end = self.cursor = self.end + len(chunk)
        return True

    def record(self, item: bytes | str, now: float) -> None:
        """Keep what goes out at this moment; nothing waits."""
        if now >= self._mark_at:
            self._mark(now)
        self._sent.append(item)
        if isinstance(item, bytes):
            self.end = self.cursor = self.end + len(item)
            self.track.feed(item)

    def put(self, item: bytes | str) -> None:
        """Have something sent behind all that waits."""
        self._waiting.append(item)
        if isinstance(item, bytes):
            self.end += len(item)
            self.track.feed(item)

    def next(self, now: float, size: int) -> bytes | str | None:
        """What goes out now, of audio at most `size` bytes; None when all has."""
        if not self._waiting:
            return None
        if self._header:
            header, self._header = self._header, b""
            return header
        if now >= self._mark_at:
            self._mark(now)
        item = self._waiting.popleft()
        if isinstance(item, bytes):
            if len(item) > size:
                self._waiting.appendleft(item[size:])
                item = item[:size]
            self.cursor += len(item)
        self._sent.append(item)
        return item

    def confirm(self, seconds: float) -> None:
        """Forget what final results have covered: nobody needs it again."""
        if not self._sent:
            return
        position = self.track.place(seconds).position
        sent, first = self._sent, self.first
        while sent:
            item = sent[0]
            behind = first + len(item) if isinstance(item, bytes) else first
            # A message at the very place may not have been answered yet.
            if behind > position or behind == first == position:
                break
            first = behind
            sent.popleft()
        self._begin(first)

    def is_full(self) -> bool:
        """Whether there is room for no more."""
        return self.end - self.first >= self._limit or self.seconds >= REPLAY_AUDIO

    def patience(self, now: float) -> float:
        """Seconds for which to wait for room, before what was sent first is forgotten.

        A source that gives audio faster than it is spoken can wait until what it gave is heard for good. One that gives
        it as it is spoken cannot, and then there is nothing to wait for. Nor is there where no room will be made.
        """
        if self.track.obstacle is not None:
            return 0.0
        return self.seconds - (now - self._marks[0][1]) if self._sent else REPLAY_AUDIO

    def make_room(self) -> None:
        """Forget what was sent first, until there is room; nothing that still waits."""
        first = self.first
        while self._sent and self.is_full():
            item = self._sent.popleft()
            if isinstance(item, bytes):
                first += len(item)
                self._begin(first)

    def rewind(self, seconds: float) -> Replay:
        """Have everything sent again that follows a moment, as far as it is still there."""
        track, sent, waiting = self.track, self._sent, self._waiting
        place, lost = track.place(seconds), 0.0
        if place.position < self.first:
            place = track.place_behind(self.first) or Place(self.end, track.seconds(self.end))
            lost = max(0.0, place.seconds - seconds)
        while sent and (self.cursor > place.position or isinstance(sent[-1], str)):
            item = sent.pop()
            waiting.appendleft(item)
            if isinstance(item, bytes):
                self.cursor -= len(item)
        sent.clear()
        self._marks.clear()
        self._mark_at = 0.0
        while self.cursor < place.position and waiting:
            # The place lies within what waits: a part of that was heard for good, or no decoder could begin there.
            item = waiting.popleft()
            if isinstance(item, bytes):
                skipped = item[: place.position - self.cursor]
                self.cursor += len(skipped)
                if len(skipped) < len(item):
                    waiting.appendleft(item[len(skipped) :])
        self._begin(self.cursor)
        self._header = track.header(self.cursor) if self.cursor else b""
        return Replay(track.seconds(self.cursor), lost)

    def _mark(self, now: float) -> None:
        self._marks.append((self.cursor, now))
        self._mark_at = now + MARK

    def _begin(self, first: int) -> None:
        if first != self.first:
            self.first = first
            marks = self._marks
            while len(marks) > 1 and marks[1][0] <= first:
                marks.popleft()
            self.track.forget(first)
