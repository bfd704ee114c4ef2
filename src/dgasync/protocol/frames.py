"""Frames that tell their own length: MP3, AAC as ADTS, AMR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dgasync.protocol.scan import Scan

__all__ = ["Amr", "Mpeg"]


class _Frame(NamedTuple):
    size: int
    seconds: float
    """0 for what is not heard."""
    lead: float = 0.0
    """Seconds that a decoder must have heard before."""
    kind: int = 0
    """What neighbours have in common; 0 where there is nothing to tell by."""


class _Frames(Scan):
    SMALLEST: int
    """Bytes that are enough to understand the beginning of a frame."""

    def __init__(self) -> None:
        super().__init__()
        self._time = 0.0
        self._kind: int = 0  # of the frame right before; 0 where it begins, -1 behind junk

    def _read(self, data: bytearray, at: int = 0) -> int:
        while at + self.SMALLEST <= len(data):
            frame = self._frame(data, at)
            if frame is not None and frame.seconds:
                end = at + frame.size
                if frame.kind != self._kind:
                    # Any junk may look like one frame. Two of a kind, one right behind the other, are believed.
                    if end + self.SMALLEST > len(data):
                        break
                    follower = self._frame(data, end)
                    if follower is None or follower.kind != frame.kind:
                        frame = None
                elif end > len(data):
                    break
            if frame is None:
                self._kind = -1
                at = self._search(data, at + 1)
                continue
            if frame.seconds and not self._is_table(data, at, frame):
                self._mark(at, self._time)
                self._time += frame.seconds
                self._lead = max(self._lead, frame.lead)
            self._kind = frame.kind
            at += frame.size
        return at

    def _frame(self, data: bytearray, at: int) -> _Frame | None:
        """The frame that begins here; None where none does."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _is_table(self, data: bytearray, at: int, frame: _Frame) -> bool:
        """Whether the frame, which is whole, has no sound in it."""
        return False

    def _search(self, data: bytearray, at: int) -> int:
        """Where the next frame may begin."""
        return at


class Mpeg(_Frames):
    """MP3 (ISO 11172-3, 13818-3) and AAC (13818-7, ADTS); both begin with eleven set bits, or an ID3 tag."""

    SMALLEST = 10

    # Kilobits a second by index: layers III and II of MPEG 1, and of MPEG 2 and 2.5.
    _RATES: Mapping[tuple[bool, int], tuple[int, ...]] = {
        (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
        (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
        (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    }
    _HERTZ = (44100, 48000, 32000)
    _AAC_HERTZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)

    def _frame(self, data: bytearray, at: int) -> _Frame | None:
        if data.startswith(b"ID3", at) and self._kind != -1:
            size = 0
            for each in data[at + 6 : at + 10]:
                size = size << 7 | each & 0x7F
            return _Frame(10 + size, 0.0)
        if data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
            return None
        # The version and the layer, without the bit that tells of a checksum.
        kind = data[at + 1] & 0xFE
        return self._aac(data, at, kind) if kind & 0xF6 == 0xF0 else self._mp3(data, at, kind)

    def _mp3(self, data: bytearray, at: int, kind: int) -> _Frame | None:
        version, layer = kind >> 3 & 3, kind >> 1 & 3
        index, hertz = data[at + 2] >> 4, data[at + 2] >> 2 & 3
        if version == 1 or layer not in (1, 2) or index in (0, 15) or hertz == 3:
            return None
        rate = self._HERTZ[hertz] >> (0 if version == 3 else 1 if version == 2 else 2)
        samples = 1152 if version == 3 or layer == 2 else 576
        bits = self._RATES[version == 3, layer][index] * 1000
        size = samples // 8 * bits // rate + (data[at + 2] >> 1 & 1)
        # A frame overlaps with the one before, and so does the bank of filters behind it. One of layer III may begin so
        # many bytes earlier, a number of nine bits, later eight (11172-3 and 13818-3, 2.4.2.7: main_data_begin).
        reservoir = 0 if layer == 2 else 511 if version == 3 else 255
        return _Frame(size, samples / rate, (2 + -(-reservoir // size)) * samples / rate, kind << 8 | hertz)

    def _aac(self, data: bytearray, at: int, kind: int) -> _Frame | None:
        hertz = data[at + 2] >> 2 & 15
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        if hertz >= len(self._AAC_HERTZ) or size < 7:
            return None
        each = 1024 / self._AAC_HERTZ[hertz]
        return _Frame(size, ((data[at + 6] & 3) + 1) * each, each, kind << 8 | hertz)

    def _is_table(self, data: bytearray, at: int, frame: _Frame) -> bool:
        # The first frame of an MP3 may hold a table of contents instead of sound, and decoders pass it over. Some leave
        # out as much of the sound as it says an encoder was late, up to 70 ms (FFmpeg does). That is not taken into
        # account: for them a place is earlier than it says, so nothing is lost.
        return not self._time and any(
            data.find(mark, at, at + min(frame.size, 64)) >= 0 for mark in (b"Xing", b"Info", b"VBRI")
        )

    def _search(self, data: bytearray, at: int) -> int:
        # Not for a tag: it stands at the beginning, or between two files right behind a frame.
        found = data.find(b"\xff", at)
        return found if found >= 0 else len(data)


class Amr(_Frames):
    """Frames of 20 ms behind a mark (RFC 4867, 5)."""

    SMALLEST = 1

    # Bytes of a frame, its first byte among them, by its kind.
    _MARKS: Mapping[bytes, tuple[int, ...]] = {
        b"#!AMR\n": (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1),
        b"#!AMR-WB\n": (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1),
    }

    def _read(self, data: bytearray, at: int = 0) -> int:
        if self._head:
            return super()._read(data, at)
        for mark in self._MARKS:
            if data.startswith(mark):
                self._keep(mark)
                return super()._read(data, len(mark))
        self.obstacle = "AMR of several channels is not known here"
        return len(data)

    def _frame(self, data: bytearray, at: int) -> _Frame | None:
        # Three bits of each first byte are always zero. A decoder needs two frames to find into the sound (measured).
        return None if data[at] & 0x83 else _Frame(self._MARKS[self._head][data[at] >> 3 & 15], 0.02, 0.04)
