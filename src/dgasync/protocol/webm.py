"""WebM and Matroska: blocks in clusters, behind a description of the tracks (RFC 9559; elements: RFC 8794)."""

from __future__ import annotations

from bisect import bisect_right

from dgasync.protocol.scan import LONGEST, PREROLL, TOO_LONG, Scan

__all__ = ["WebM"]

_AUDIO = 2  # the type of a track (RFC 9559, 5.1.4.1.3)

# Elements that matter.
_EBML, _SEGMENT, _INFO, _SCALE = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x2AD7B1
_TRACKS, _ENTRY, _NUMBER, _TYPE = 0x1654AE6B, 0xAE, 0xD7, 0x83
_CLUSTER, _TIME, _SIMPLE, _GROUP, _BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
_INSIDE = frozenset({_SEGMENT, _INFO, _TRACKS, _ENTRY, _CLUSTER})
"""Those whose inside is read as if it stood outside: so their lengths do not matter, and may be unknown."""
_PASSED = frozenset({0x114D9B74, 0x1C53BB6B, 0x1043A770, 0x1254C367, 0x1941A469})
"""SeekHead, Cues, Chapters, Tags, Attachments: a decoder does without."""

LONGEST_HEAD = 12
"""Bytes of an element's kind and length."""


class WebM(Scan):
    """Where the blocks of the first audio track begin."""

    def __init__(self) -> None:
        super().__init__()
        self._lead = PREROLL  # whatever the codec: others need less
        self._scale = 1_000_000  # nanoseconds of a unit of time
        self._entry = [0, 0]  # number and type of the track that is described
        self._track = 0  # the number of the one that is heard
        self._first: int | None = None  # the time of its first block, in units
        self._time = 0  # of the cluster
        self._clusters: list[tuple[int, int]] = []  # where each begins, and its time
        self._before = bytearray()  # what is before the first cluster

    def header(self, position: int) -> bytes:
        """The header, and the head of the cluster that the place is in, of unknown length."""
        index = bisect_right(self._clusters, (position, 0)) - 1
        if index < 0:
            return self._head
        time = self._clusters[index][1].to_bytes(8, "big")
        return self._head + b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + b"\xe7\x88" + time

    def forget(self, position: int) -> None:
        """Nobody asks any more for what is before this byte."""
        super().forget(position)
        passed = bisect_right(self._clusters, (position, 0)) - 1
        if passed > 0:
            del self._clusters[:passed]

    def _read(self, data: bytearray) -> int:
        at = 0
        while at < len(data) and self.obstacle is None:
            element = _element(data, at)
            if element is None:
                if at + LONGEST_HEAD <= len(data):
                    self.obstacle = "its elements make no sense"
                break
            kind, body, size = element
            if kind in _INSIDE:
                self._enter(data, at, kind, body)
                at = body
            elif kind in _PASSED or size > LONGEST:
                at = body + size
            elif body + size > len(data):
                break
            else:
                self._look(data, at, kind, body, body + size)
                at = body + size
        return at

    def _enter(self, data: bytearray, at: int, kind: int, body: int) -> None:
        if kind == _CLUSTER:
            if not self._clusters:
                self._keep(bytes(self._before))
                self.obstacle = self.obstacle or (None if self._track else "there is no audio in it")
            self._time = 0
            self._clusters.append((self._base + at, 0))
        elif not self._clusters:
            self._describe(data[at:body])
            if kind == _ENTRY:
                self._entry = [0, 0]

    def _look(self, data: bytearray, at: int, kind: int, body: int, end: int) -> None:
        if not self._clusters:
            self._describe(data[at:end])
            self._learn(kind, int.from_bytes(data[body:end], "big"))
        elif kind == _EBML:
            self.obstacle = "another file begins in it"
        elif kind == _TIME:
            self._time = int.from_bytes(data[body:end], "big")
            self._clusters[-1] = (self._clusters[-1][0], self._time)
        elif kind in (_SIMPLE, _GROUP):
            block = body if kind == _SIMPLE else _block_in(data, body, end)
            if block is not None:
                self._heard(data, at, block)

    def _describe(self, part: bytearray) -> None:
        self._before += part
        if len(self._before) > LONGEST:
            self.obstacle = TOO_LONG

    def _learn(self, kind: int, value: int) -> None:
        if kind == _SCALE:
            self._scale = value or self._scale
        elif kind in (_NUMBER, _TYPE):
            self._entry[kind == _TYPE] = value
            if not self._track and self._entry[1] == _AUDIO:
                self._track = self._entry[0]

    def _heard(self, data: bytearray, at: int, block: int) -> None:
        track, behind = _length(data, block) or (0, block)
        if track == self._track:
            time = self._time + int.from_bytes(data[behind : behind + 2], "big", signed=True)
            self._first = time if self._first is None else self._first
            self._mark(at, (time - self._first) * self._scale / 1e9)


def _block_in(data: bytearray, at: int, end: int) -> int | None:
    """Where the inside of the block in a group begins."""
    while at < end and (element := _element(data, at)) is not None:
        kind, body, size = element
        if kind == _BLOCK:
            return body
        at = body + size
    return None


def _element(data: bytearray, at: int) -> tuple[int, int, int] | None:
    """The kind of the element that begins here, where its inside does, and how long that is; None if unfinished."""
    body = at + 9 - data[at].bit_length()
    if body - at > 4:
        return None
    length = _length(data, body)
    return None if length is None else (int.from_bytes(data[at:body], "big"), length[1], length[0])


def _length(data: bytearray, at: int) -> tuple[int, int] | None:
    """The number of variable length that is written here, and the place behind it (RFC 8794, 4)."""
    behind = at + 9 - data[at].bit_length() if at < len(data) else at + 9
    if behind - at > 8 or behind > len(data):
        return None
    return int.from_bytes(data[at:behind], "big") & (1 << 7 * (behind - at)) - 1, behind
