"""FLAC: frames behind metadata (RFC 9639). They are found by their heads, which have a number and a checksum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dgasync.protocol.scan import Scan

__all__ = ["Flac"]

HEAD = 42
"""Bytes up to the end of STREAMINFO, the block of metadata that comes first, and the only one a decoder needs."""

LONGEST_HEAD = 16
"""Bytes of the head of a frame at most, with its checksum (RFC 9639, 9.1)."""

_BLOCKS: Mapping[int, int] = {1: 192, **{2 + i: 576 << i for i in range(4)}, **{8 + i: 256 << i for i in range(8)}}


class _Frame(NamedTuple):
    first: int
    """The number of its first sample."""
    samples: int


class Flac(Scan):
    """Where the frames of a FLAC file begin."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = 0
        self._block = 0  # samples of a frame, where all have as many
        self._in_metadata = True
        self._time = 0.0
        self._next: int | None = None  # the number of the sample that is due
        self._other: int | None = None  # ... if what did not fit was a frame

    def _read(self, data: bytearray) -> int:
        at = 0
        if not self._head:
            if len(data) < HEAD:
                return 0
            self._streaminfo(data)
            if self.obstacle is not None:
                return 0
            at = HEAD
        while self._in_metadata:
            if at + 4 > len(data):
                return at
            self._in_metadata = not data[at] & 0x80
            at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        while at < len(data):
            found = data.find(b"\xff", at)
            if found < 0:
                return len(data)
            if found + LONGEST_HEAD > len(data):
                return found
            frame = self._frame(data, found)
            if frame is not None:
                self._found(found, frame)
            at = found + 1
        return at

    def _streaminfo(self, data: bytearray) -> None:
        """Keep the first block of metadata, as if it were the last: covers and the like need not be sent again."""
        self._block = int.from_bytes(data[8:10], "big")
        self._rate = int.from_bytes(data[18:21], "big") >> 4
        self._in_metadata = not data[4] & 0x80
        self._keep(bytes(data[:4]) + b"\x80" + bytes(data[5:HEAD]))
        if data[4] & 0x7F or not self._rate:
            self.obstacle = "its metadata does not begin with what it should"

    def _found(self, at: int, frame: _Frame) -> None:
        # What looks like a frame by chance does not go on where the last one ended. Where some are missing, two that
        # fit each other are believed.
        behind = frame.first + frame.samples
        if frame.first not in (self._next, self._other) and self._next is not None:
            self._other = behind
            return
        self._next, self._other = behind, None
        self._mark(at, self._time)
        self._time += frame.samples / self._rate

    def _frame(self, data: bytearray, at: int) -> _Frame | None:
        """The frame that begins here; None where none does."""
        if data[at + 1] & 0xFE != 0xF8 or data[at + 3] & 1:
            return None
        size, rate = data[at + 2] >> 4, data[at + 2] & 15
        number, behind = _coded(data, at + 4)
        if number is None or size == 0 or rate == 15:
            return None
        more = {6: 1, 7: 2}.get(size, 0)
        samples = _BLOCKS.get(size) or int.from_bytes(data[behind : behind + more], "big") + 1
        behind += more + {12: 1, 13: 2, 14: 2}.get(rate, 0)
        if _crc8(data[at:behind]) != data[behind]:
            return None
        # By the last bit of the second byte the number counts samples, or frames of one length.
        return _Frame(number if data[at + 1] & 1 else number * (self._block or samples), samples)


def _coded(data: bytearray, at: int) -> tuple[int | None, int]:
    """The number that is written here as UTF-8 writes letters, with up to 36 bits, and the place behind it."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    more = 8 - (first ^ 0xFF).bit_length()  # how many bits are set before one that is not
    if not 2 <= more <= 7:
        return None, at
    value = first & 0x7F >> more
    for each in data[at + 1 : at + more]:
        if each & 0xC0 != 0x80:
            return None, at
        value = value << 6 | each & 0x3F
    return value, at + more


def _crc8(data: bytearray) -> int:
    """The checksum of a head, polynomial x^8 + x^2 + x + 1 (RFC 9639, 9.1.8)."""
    value = 0
    for each in data:
        value ^= each
        for _ in range(8):
            value = (value << 1 ^ 0x07) & 0xFF if value & 0x80 else value << 1
    return value
