"""The voice of the ruler: samples that say which character they stand for, and what reads them back.

Tests of delivery need sound that follows from the text. So every character becomes a *mark* of `MARK_SAMPLES` samples,
which are the same at every sample rate:

    lead-in (2) · place in the text that was said at once (2) · code point (2) · both inverted (4) · filling (110)

The filling follows from place and character. All of a mark is compared, so that one lost, repeated, changed or stale
byte shows: what is no whole mark is read as `BROKEN`, and so is a mark that does not follow the one before it. A place
of 0 may follow any mark, as the next thing that was said.
"""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

from dgasync.server.engine import Tell

__all__ = ["BROKEN", "MARK_BYTES", "MARK_SAMPLES", "RulerVoice", "spoken_bytes", "spoken_text"]

MARK_SAMPLES = 120
"""Samples of a character: 5 ms at 24 kHz."""
MARK_BYTES = 2 * MARK_SAMPLES
BROKEN = "\N{REPLACEMENT CHARACTER}"
"""Stands for a stretch of samples that nobody said like this."""

# Full scale up and down in neighbouring samples, as in the ruler that is listened to; the filling is far below it.
_LEAD_IN = b"\xff\x7f\x00\x80"
_HEAD = len(_LEAD_IN) + 16


@lru_cache(maxsize=4096)
def _mark(place: int, code: int) -> bytes:
    said = struct.pack("<IIII", place, code, place ^ 0xFFFFFFFF, code ^ 0xFFFFFFFF)
    noise = hashlib.shake_256(said).digest(MARK_BYTES - _HEAD)
    filling = struct.pack(
        f"<{len(noise) // 2}h", *((value % 1200 - 600) | 1 for (value,) in struct.iter_unpack("<H", noise))
    )
    return _LEAD_IN + said + filling


def spoken_bytes(text: str) -> bytes:
    """What the voice makes of a text that it says at once: 16-bit little-endian samples of one channel."""
    return b"".join(_mark(place, ord(character)) for place, character in enumerate(text))


def spoken_text(samples: bytes) -> str:
    """What was said in these samples, `BROKEN` where they are not whole or not in order; silence says nothing."""
    said: list[str] = []
    at, expected, whole = 0, 0, True
    while at < len(samples):
        found = _read(samples, at)
        if found is None:
            following = samples.find(_LEAD_IN, at + 1)
            end = following if following >= 0 else len(samples)
            whole = whole and not any(samples[at:end])
            at = end
            continue
        place, character = found
        if not whole or place not in (0, expected):
            said.append(BROKEN)
        said.append(character)
        at, expected, whole = at + MARK_BYTES, place + 1, True
    return "".join(said) if whole else "".join([*said, BROKEN])


def _read(samples: bytes, at: int) -> tuple[int, str] | None:
    mark = samples[at : at + MARK_BYTES]
    if len(mark) < MARK_BYTES or not mark.startswith(_LEAD_IN):
        return None
    place, code = struct.unpack_from("<II", mark, len(_LEAD_IN))
    return (place, chr(code)) if code <= 0x10FFFF and mark == _mark(place, code) else None


class RulerVoice:
    """Says any text in any language at once. `speed` makes no difference to it."""

    name = "ruler"
    version = "1"
    arch = "ruler"
    rate = None
    languages = frozenset({"en", "es", "de", "nl", "fr", "it", "ja"})

    def load(self, tell: Tell, /) -> None:
        """There is nothing to load."""

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        """The marks of its characters."""
        return spoken_bytes(text)
