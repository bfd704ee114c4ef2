"""Samples behind a header: WAV and AU. They may begin at any sample, or block of them, behind the header once more."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor

from dgasync.protocol.scan import LONGEST, TOO_LONG, Scan
from dgasync.protocol.track import NEAR, Place

__all__ = ["Au", "Wav"]


class _Samples(Scan):
    def __init__(self) -> None:
        super().__init__()
        self._start = 0  # of the samples; 0 before the header was read
        self._size = 1  # bytes that belong together
        self._last = 1.0  # seconds that they last

    def seconds(self, position: int) -> float:
        return max(0, position - self._start) * self._last / self._size if self._start else 0.0

    def place(self, seconds: float) -> Place:
        if not self._start or seconds <= 0:
            return Place(0, 0.0)
        # The nearest sample, as of raw audio; of blocks that are long, one that begins later would be too late.
        return self._number(floor(seconds / self._last + min(0.5, NEAR / self._last)))

    def place_behind(self, position: int) -> Place | None:
        return self._number(max(0, -(-(position - self._start) // self._size))) if self._start else None

    def _number(self, number: int) -> Place:
        return Place(self._start + number * self._size, number * self._last)

    def _read(self, data: bytearray) -> int:
        if not self._start:
            self._look(data[:LONGEST])
            if not self._start:
                if len(data) >= LONGEST:
                    self.obstacle = TOO_LONG
                return 0
            self._keep(bytes(data[: self._start]))
        return len(data)

    def _look(self, data: bytearray) -> None:
        """Call `_understood` once the header is complete."""
        raise AssertionError("each format has its own")  # pragma: no cover

    def _understood(self, start: int, size: int, last: float) -> None:
        if size > 0 and last > 0:
            self._start, self._size, self._last = start, size, last
        else:
            self.obstacle = "its header does not say how its samples are laid out"


class Wav(_Samples):
    """Chunks, of which one tells of the samples and one has them (Microsoft, "Multimedia Programming Interface", 1991).

    RF64 differs by an own chunk for lengths beyond 32 bits only (EBU Tech 3306).
    """

    # Formats by their number in Microsoft's mmreg.h: PCM, float, A-law, mu-law, and one whose number stands elsewhere.
    _EVEN = frozenset({1, 3, 6, 7, 0xFFFE})
    # Blocks that stand alone: ADPCM of Microsoft and of IMA, and GSM. Behind the size of what follows is how many
    # samples they have.
    _BLOCKS = frozenset({2, 0x11, 0x31})

    def __init__(self) -> None:
        super().__init__()
        self._length = 0  # of the samples in bytes, as the header says; 0 or all ones by who does not know it yet

    def header(self, position: int) -> bytes:
        """The header, with the length of what is left: behind the samples may stand what would be heard as noise."""
        left = self._length - max(0, position - self._start)
        if not self._start or self._length in (0, 0xFFFFFFFF) or left < 0:
            return self._head
        return self._head[:-4] + left.to_bytes(4, "little")

    def _look(self, data: bytearray) -> None:
        if not data.startswith(b"WAVE", 8):
            self.obstacle = "it is not known here what its RIFF chunks are"
            return
        at, layout = 12, (0, 0.0)
        while at + 8 <= len(data):
            size = _number(data, at + 4, 4)
            if data.startswith(b"data", at):
                self._length = size
                self._understood(at + 8, *layout)
                return
            if data.startswith(b"fmt ", at) and at + 8 + size <= len(data):
                layout = self._layout(data[at + 8 : at + 8 + size])
            at += 8 + size + size % 2

    def _layout(self, format: bytearray) -> tuple[int, float]:
        """Bytes that belong together, and the seconds that they last."""
        kind, hertz, size = _number(format, 0), _number(format, 4, 4), _number(format, 12)
        samples = 1 if kind in self._EVEN else _number(format, 18) if kind in self._BLOCKS else 0
        return size, samples / hertz if hertz else 0.0


def _number(data: bytearray, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "little")


class Au(_Samples):
    """Six numbers, a remark, and samples (Sun, "The .au file format")."""

    # Bytes of a sample by its encoding's number: mu-law, four lengths of integers, float, double, A-law.
    _SAMPLE: Mapping[int, int] = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}

    def _look(self, data: bytearray) -> None:
        if len(data) >= 24:
            start, _, kind, hertz, channels = (int.from_bytes(data[at : at + 4], "big") for at in range(4, 24, 4))
            if len(data) >= start:
                self._understood(start, self._SAMPLE.get(kind, 0) * channels, 1 / hertz if hertz else 0.0)
