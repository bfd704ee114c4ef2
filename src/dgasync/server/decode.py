"""Audio formats that need nothing but Python, decoded while they arrive: WAV, and raw samples.

Everything becomes interleaved 16-bit little-endian samples. 16-bit audio passes through byte for byte, which the ruler
relies on. All other formats are `container.py`'s.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["RAW_ENCODINGS", "BadAudio", "Decoder", "WavHeader", "raw_decoder", "wav_decoder", "wav_header"]


class BadAudio(Exception):
    """The audio cannot be read; the message says why, as far as that is known."""


def _law_tables(decode: Callable[[int], int]) -> tuple[bytes, bytes]:
    """Two tables for `bytes.translate`: the low and the high byte of the sample for each code."""
    samples = b"".join(struct.pack("<h", decode(code)) for code in range(256))
    return samples[0::2], samples[1::2]


def _mulaw(code: int) -> int:
    """ITU-T G.711, mu-law."""
    code ^= 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


def _alaw(code: int) -> int:
    """ITU-T G.711, A-law."""
    code ^= 0x55
    segment, magnitude = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = magnitude + 8 if segment == 0 else (magnitude + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


_MULAW = _law_tables(_mulaw)
_ALAW = _law_tables(_alaw)


def _from_tables(low: bytes, high: bytes) -> Callable[[bytes], bytes]:
    def convert(data: bytes) -> bytes:
        out = bytearray(2 * len(data))
        out[0::2] = data.translate(low)
        out[1::2] = data.translate(high)
        return bytes(out)

    return convert


def _upper_bytes(width: int) -> Callable[[bytes], bytes]:
    """Wider integers lose their lower bytes."""

    def convert(data: bytes) -> bytes:
        out = bytearray(2 * (len(data) // width))
        out[0::2] = data[width - 2 :: width]
        out[1::2] = data[width - 1 :: width]
        return bytes(out)

    return convert


def _from_floats(code: str) -> Callable[[bytes], bytes]:
    def convert(data: bytes) -> bytes:
        values = struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)
        # Beyond full scale it is clipped; what is no number is neither above nor below, and becomes silence.
        samples = [int((v if -1 <= v <= 1 else (v > 0) - (v < 0)) * 32767) for v in values]
        return struct.pack(f"<{len(samples)}h", *samples)

    return convert


def _unchanged(data: bytes) -> bytes:
    return data


_UNSIGNED_8 = _from_tables(bytes(256), bytes((code - 128) & 0xFF for code in range(256)))

# (tag, bits) of a WAV header -> (bytes of a sample, how it becomes 16 bits)
_PCM, _FLOAT, _TAG_ALAW, _TAG_MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WAV_FORMATS: dict[tuple[int, int], tuple[int, Callable[[bytes], bytes]]] = {
    (_PCM, 8): (1, _UNSIGNED_8),
    (_PCM, 16): (2, _unchanged),
    (_PCM, 24): (3, _upper_bytes(3)),
    (_PCM, 32): (4, _upper_bytes(4)),
    (_FLOAT, 32): (4, _from_floats("f")),
    (_FLOAT, 64): (8, _from_floats("d")),
    (_TAG_ALAW, 8): (1, _from_tables(*_ALAW)),
    (_TAG_MULAW, 8): (1, _from_tables(*_MULAW)),
}

RAW_ENCODINGS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "linear16": (2, _unchanged),
    "linear32": (4, _upper_bytes(4)),
    "mulaw": (1, _from_tables(*_MULAW)),
    "alaw": (1, _from_tables(*_ALAW)),
}
"""Names of `encoding=` that are raw samples."""


class Decoder:
    """Raw samples of one kind becoming 16-bit samples."""

    def __init__(
        self,
        rate: int,
        channels: int,
        width: int,
        convert: Callable[[bytes], bytes],
        *,
        skip: int = 0,
        size: int | None = None,
    ) -> None:
        self.rate = rate
        self.channels = channels
        self._frame = width * channels
        self._convert = convert
        self._skip = skip
        self._left = size  # bytes of audio still to come; None: all that comes is audio
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """The whole frames of what arrived."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if self._rest:
            data = self._rest + data
        whole = len(data) - len(data) % self._frame
        self._rest = data[whole:]
        return self._convert(data[:whole] if self._rest else data)

    def end(self) -> bytes:
        """A last frame that came in part, filled up with silence: what was sent is heard, and what was lost shows."""
        rest, self._rest = self._rest, b""
        return self._convert(rest.ljust(self._frame, b"\0")) if rest else b""


class WavHeader(NamedTuple):
    """What stands before the samples of a WAV file."""

    tag: int
    bits: int
    rate: int
    channels: int
    data_at: int
    data_size: int | None
    """None when the writer did not know, as programs that write into a pipe do not."""


def wav_header(head: bytes) -> WavHeader | None:
    """The header of the WAV file that begins like this; None when it is no WAV file, or its header is not complete."""
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    at = 12
    form: tuple[int, int, int, int] | None = None
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        body = head[at + 8 : at + 8 + size]
        if name == b"data":
            if form is None:
                raise BadAudio("a WAV file without a format")
            tag, channels, rate, bits = form
            return WavHeader(tag, bits, rate, channels, at + 8, None if size in (0, 0xFFFFFFFF) else size)
        if name == b"fmt ":
            if size < 16:
                raise BadAudio("a WAV file with a broken format")
            if len(body) < size:
                return None
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if tag == _EXTENSIBLE and size >= 26:
                tag = int.from_bytes(body[24:26], "little")
            if not channels or not rate:
                raise BadAudio("a WAV file without channels or without a sample rate")
            form = tag, channels, rate, bits
        at += 8 + size + size % 2
    return None


def wav_decoder(header: WavHeader) -> Decoder | None:
    """What decodes the whole file, header included; None when its samples are compressed."""
    if (header.tag, header.bits) not in _WAV_FORMATS:
        return None
    width, convert = _WAV_FORMATS[header.tag, header.bits]
    return Decoder(header.rate, header.channels, width, convert, skip=header.data_at, size=header.data_size)


def raw_decoder(encoding: str, rate: int, channels: int) -> Decoder:
    """What decodes raw samples."""
    width, convert = RAW_ENCODINGS[encoding]
    return Decoder(rate, channels, width, convert)
