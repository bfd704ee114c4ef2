"""Ruler audio: sound that carries its own count, so that a transcript shows what arrived.

The ruler engine reads `w0 w1 w2 ...`, half a second each at 16 kHz; `dgasync.server.ruler` says how.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dgasync.server.ruler import ruler_bytes, ruler_chunks, ruler_words

__all__ = ["Ruler", "ruler_audio", "ruler_wav", "silence"]

RATE = 16_000
"""Samples a second of ruler audio."""


class Ruler:
    """A stretch of ruler audio: its bytes, at once or in pieces, and the words that must be heard in it.

    `Ruler(10.0)` is ten seconds from the beginning; `Ruler.of_bytes(size, start=...)` is cut anywhere.
    """

    def __init__(self, seconds: float, *, start: float = 0.0) -> None:
        self.size = 2 * round(seconds * RATE)
        self.start = 2 * round(start * RATE)

    @classmethod
    def of_bytes(cls, size: int, *, start: int = 0) -> Ruler:
        """`size` bytes from byte `start` on; both may lie inside a sample."""
        ruler = cls(0.0)
        ruler.size, ruler.start = size, start
        return ruler

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.size / (2 * RATE)

    @property
    def words(self) -> list[str]:
        """What the ruler engine reads in it when every byte arrives."""
        return ruler_words(self.size, start=self.start)

    @property
    def text(self) -> str:
        """The words as a transcript."""
        return " ".join(self.words)

    @property
    def params(self) -> dict[str, str]:
        """What a request must say of the raw bytes."""
        return {"encoding": "linear16", "sample_rate": str(RATE), "channels": "1"}

    def audio(self) -> bytes:
        """The raw bytes: mono linear16 of 16 kHz."""
        return ruler_bytes(self.size, start=self.start)

    def chunks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """The raw bytes in pieces of `size`; memory stays small however long the ruler is."""
        return ruler_chunks(self.size, start=self.start, chunk=size)

    def wav(self) -> bytes:
        """The bytes as a WAV file."""
        return self._header() + self.audio()

    def wav_chunks(self, size: int = 1 << 20) -> Iterator[bytes]:
        """A WAV file in pieces; memory stays small however long the ruler is."""
        yield self._header()
        yield from self.chunks(size)

    def _header(self) -> bytes:
        return wav_header(self.size)

    def __repr__(self) -> str:
        return f"<Ruler {self.seconds:g} s from {self.start / (2 * RATE):g} s>"


def wav_header(size: int, *, rate: int = RATE, channels: int = 1) -> bytes:
    """What stands before `size` bytes of linear16 in a WAV file."""
    frame = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * frame, frame, 16)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", min(36 + size, 0xFFFFFFFF), b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            struct.pack("<4sI", b"data", min(size, 0xFFFFFFFF)),
        )
    )


def ruler_audio(seconds: float, *, start: float = 0.0) -> bytes:
    """So many seconds of the ruler, from `start` on, as raw linear16 of 16 kHz."""
    return Ruler(seconds, start=start).audio()


def ruler_wav(seconds: float, *, start: float = 0.0) -> bytes:
    """So many seconds of the ruler as a WAV file."""
    return Ruler(seconds, start=start).wav()


def silence(seconds: float) -> bytes:
    """So many seconds of nothing, which the ruler engine passes over."""
    return bytes(2 * round(seconds * RATE))
