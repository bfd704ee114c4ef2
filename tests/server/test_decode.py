"""WAV and raw samples become 16-bit samples."""

from __future__ import annotations

import math
import struct

import pytest

from dgasync.server.decode import BadAudio, Decoder, raw_decoder, wav_decoder, wav_header

LOUD = (0, 1000, -1000, 32767, -32768, 77)


def wav(tag: int, bits: int, data: bytes, *, rate: int = 8000, channels: int = 1, extra: bytes = b"") -> bytes:
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits) + extra
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data


def decoded(file: bytes, piece: int = 1000) -> tuple[int, ...]:
    header = wav_header(file)
    assert header is not None
    decoder = wav_decoder(header)
    assert decoder is not None
    return run(decoder, file, piece)


def run(decoder: Decoder, data: bytes, piece: int = 1000) -> tuple[int, ...]:
    out = b"".join(decoder.feed(data[at : at + piece]) for at in range(0, len(data), piece)) + decoder.end()
    return struct.unpack(f"<{len(out) // 2}h", out)


def test_16_bits_pass_unchanged() -> None:
    """What is 16-bit already is handed on byte for byte."""
    assert decoded(wav(1, 16, struct.pack("<6h", *LOUD))) == LOUD


def test_other_widths() -> None:
    """8, 24 and 32 bits become 16."""
    assert decoded(wav(1, 8, bytes([128, 255, 0]))) == (0, 127 << 8, -128 << 8)
    data = b"".join((value << 8).to_bytes(3, "little", signed=True) for value in LOUD)
    assert decoded(wav(1, 24, data), piece=5) == LOUD
    assert decoded(wav(1, 32, struct.pack("<6i", *(value << 16 for value in LOUD)))) == LOUD


@pytest.mark.parametrize(("bits", "code"), [(32, "f"), (64, "d")])
def test_floats(bits: int, code: str) -> None:
    """Floats are scaled; what is beyond full scale is clipped, and what is no number is silence."""
    data = struct.pack(f"<6{code}", 0.0, 0.5, -1.0, 2.0, -math.inf, math.nan)
    assert decoded(wav(3, bits, data)) == (0, 16383, -32767, 32767, -32767, 0)


def test_companded() -> None:
    """Mu-law and A-law have the values of ITU-T G.711."""
    assert decoded(wav(7, 8, bytes([0xFF, 0x7F, 0x80, 0x00]))) == (0, 0, 32124, -32124)
    assert decoded(wav(6, 8, bytes([0xD5, 0x55, 0xAA, 0x2A]))) == (8, -8, 32256, -32256)
    assert run(raw_decoder("mulaw", 8000, 1), bytes([0x80])) == (32124,)


def test_extensible() -> None:
    """An extensible header says what it is further on."""
    extra = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes(14)
    assert decoded(wav(0xFFFE, 16, struct.pack("<6h", *LOUD), extra=extra)) == LOUD


def test_chunks_around() -> None:
    """Other chunks before and behind the samples are no samples."""
    plain = wav(1, 16, struct.pack("<6h", *LOUD))
    file = plain[:12] + b"LIST\x03\0\0\0abc\0" + plain[12:] + b"LIST\x04\0\0\0abcd"
    assert decoded(file, piece=7) == LOUD


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_size_unknown(size: int) -> None:
    """A file written into a pipe does not know its size: all that comes is heard."""
    file = bytearray(wav(1, 16, struct.pack("<6h", *LOUD)))
    file[40:44] = struct.pack("<I", size)
    assert decoded(bytes(file)) == LOUD


def test_header_incomplete() -> None:
    """A header that is not complete, or none at all, is no header yet."""
    file = wav(1, 16, b"")
    assert [wav_header(file[:size]) for size in (0, 12, 20, 30, 40)] == [None] * 5
    assert wav_header(b"OggS" + bytes(40)) is None


@pytest.mark.parametrize(
    "file",
    [
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd",
        wav(1, 16, b"", channels=0),
        wav(1, 16, b"", rate=0),
    ],
)
def test_header_broken(file: bytes) -> None:
    """A header that makes no sense is bad audio."""
    with pytest.raises(BadAudio):
        wav_header(file)


def test_compressed() -> None:
    """A WAV file with compressed samples is somebody else's."""
    header = wav_header(wav(2, 4, b"", channels=2))
    assert header is not None
    assert wav_decoder(header) is None


def test_last_frame_cut() -> None:
    """A frame of which only a part came is filled up, so that its loss shows."""
    assert run(raw_decoder("linear16", 8000, 2), struct.pack("<3h", 1, 2, 3)) == (1, 2, 3, 0)
