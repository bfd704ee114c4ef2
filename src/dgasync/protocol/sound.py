"""What audio looks like: by its options, and by its first bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["ENOUGH", "byte_rate", "container", "mismatch", "wav_begin", "wav_byte_rate"]

# Bytes of one sample. The other encodings are compressed: only their decoder knows how long they last.
_SAMPLE = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}

_MAGIC = (
    (b"RIFF", "WAV"),
    (b"RF64", "WAV"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"ID3", "MP3"),
    (b"\x1a\x45\xdf\xa3", "WebM"),
    (b"caff", "CAF"),
    (b"FORM", "AIFF"),
    (b".snd", "AU"),
    (b"#!AMR", "AMR"),
    (b"\x30\x26\xb2\x75", "WMA"),
)


ENOUGH = 44
"""Bytes after which audio has said what it is; a WAV file has then told its rate, too, if that stands in front."""


def container(head: bytes) -> str | None:
    """The name of the kind of file that begins like this, None for what may be raw audio."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "MP4"
    if len(head) >= 2 and head[0] == 0xFF:
        # A frame header of MPEG audio: 11 bits set, then a version and a layer. Layer I is left out, for it would make
        # raw samples of -1 (FF FF) an MP3; layer 0 is AAC's ADTS.
        if head[1] & 0xF6 == 0xF0:
            return "AAC"
        if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 in (0x02, 0x04) and head[1] & 0x18 != 0x08:
            return "MP3"
    return None


def byte_rate(options: Mapping[str, Any]) -> float | None:
    """Bytes of a second of the raw audio that the options announce; None for compressed audio and containers."""
    size = _SAMPLE.get(str(options.get("encoding")))
    try:
        rate = size and size * float(options["sample_rate"]) * float(options.get("channels") or 1)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return rate if rate and rate > 0 else None


def wav_byte_rate(head: bytes) -> float | None:
    """Bytes of a second of a WAV file that begins like this, None where the beginning does not say."""
    for name, at, _ in _wav_chunks(head):
        if name == b"fmt ":
            # Bytes 8 to 11 of the chunk are the average number of bytes a second, whatever the format.
            rate = int.from_bytes(head[at + 16 : at + 20], "little") if at + 20 <= len(head) else 0
            return float(rate) or None
    return None


def wav_begin(head: bytes) -> int:
    """Bytes of a WAV file that begins like this before its samples, at least; 0 where it is none."""
    begin = 0
    for name, at, size in _wav_chunks(head):
        if name == b"data":
            return at + 8
        begin = at + 8 + size + size % 2 + 8  # behind it another one has its name and size
    return begin


def _wav_chunks(head: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk of a WAV file, where it stands, and its size."""
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(head):
        size = int.from_bytes(head[at + 4 : at + 8], "little")
        yield head[at : at + 4], at, size
        at += 8 + size + size % 2


def mismatch(options: Mapping[str, Any], head: bytes) -> str | None:
    """Why the service will hear nothing sensible in audio that begins like this; None if all seems well."""
    if len(head) < 4:
        return None
    encoding = options.get("encoding")
    found = container(head)
    if encoding is None and found is None:
        return (
            "The audio has no header that tells what it is, so the service cannot hear it: give `encoding` and "
            '`sample_rate` for raw audio, such as encoding="linear16", sample_rate=16000.'
        )
    if str(encoding) in _SAMPLE and found in ("WAV", "Ogg", "FLAC", "WebM", "MP4"):
        return (
            f"The audio begins like a {found} file, but encoding={encoding!r} announces raw audio: leave `encoding` "
            "and `sample_rate` out, or send the samples without the header."
        )
    return None
