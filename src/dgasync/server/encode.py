"""Samples on their way out: another rate, an encoding, a container, made while the voice speaks."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from dgasync.server.decode import RAW_ENCODINGS

__all__ = ["Encoder", "Form", "MissingCodecs"]

ENDLESS = 0xFFFFFFFF
"""The size of a WAV file whose writer does not know it yet."""


class MissingCodecs(RuntimeError):
    """PyAV is not installed, and this cannot be made without it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs PyAV, which is not installed: install dgasync[local]")


class Form(NamedTuple):
    """What audio is to look like."""

    encoding: str
    container: str
    """`"wav"`, `"ogg"` or `"none"`."""
    rate: int
    """Samples a second."""
    bit_rate: int | None = None

    @property
    def content_type(self) -> str:
        """How HTTP calls it."""
        if self.container == "wav":
            return "audio/wav"
        named = {"linear16": "audio/l16", "mulaw": "audio/mulaw", "alaw": "audio/alaw"}.get(self.encoding)
        if named is not None:
            return f"{named};rate={self.rate};channels=1"
        return {"mp3": "audio/mpeg", "opus": "audio/ogg;codecs=opus"}.get(self.encoding, f"audio/{self.encoding}")


class Encoder:
    """One piece of audio. Samples are 16-bit little-endian, of one channel; not for the event loop."""

    def __init__(self, form: Form, made: int) -> None:
        """`made`: the rate of the samples that come. Raises `MissingCodecs` where they cannot become `form`."""
        self._sink: _Raw | _Compressed
        if form.encoding in RAW_ENCODINGS:
            self._sink = _Raw(form, made)
        else:
            self._sink = _Compressed(form, made)

    def feed(self, samples: bytes) -> bytes:
        """What these samples become, as far as it can be said by now."""
        return self._sink.feed(samples) if samples else b""

    def end(self) -> bytes:
        """The rest."""
        return self._sink.end()


class _Raw:
    def __init__(self, form: Form, made: int) -> None:
        self._resampler = None if form.rate == made else _Resampler(made, form.rate)
        self._convert = _LAWS[form.encoding]() if form.encoding in _LAWS else None
        self._head = _wav_head(form) if form.container == "wav" else b""

    def feed(self, samples: bytes) -> bytes:
        if self._resampler is not None:
            samples = self._resampler.feed(samples)
        return self._out(samples)

    def end(self) -> bytes:
        return self._out(self._resampler.end() if self._resampler is not None else b"")

    def _out(self, samples: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + (self._convert(samples) if self._convert is not None else samples)


def _wav_head(form: Form) -> bytes:
    tag, bits = {"linear16": (1, 16), "mulaw": (7, 8), "alaw": (6, 8)}[form.encoding]
    width = bits // 8
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, 1, form.rate, form.rate * width, width, bits)
    return struct.pack("<4sI4s", b"RIFF", ENDLESS, b"WAVE") + kind + struct.pack("<4sI", b"data", ENDLESS)


# ITU-T G.711 by its own decoding: a sample becomes the code whose sample is nearest to it.


def _law(name: str) -> Callable[[bytes], bytes]:
    _, decode = RAW_ENCODINGS[name]
    levels = sorted((level, code) for code, (level,) in enumerate(struct.iter_unpack("<h", decode(bytes(range(256))))))
    table = bytearray(65536)
    at = 0
    for sample in range(-32768, 32768):
        while at + 1 < len(levels) and levels[at + 1][0] - sample <= sample - levels[at][0]:
            at += 1
        table[sample & 0xFFFF] = levels[at][1]
    codes = bytes(table)

    def convert(samples: bytes) -> bytes:
        return bytes([codes[value] for (value,) in struct.iter_unpack("<H", samples)])

    return convert


@cache
def _mulaw() -> Callable[[bytes], bytes]:
    return _law("mulaw")


@cache
def _alaw() -> Callable[[bytes], bytes]:
    return _law("alaw")


_LAWS = {"mulaw": _mulaw, "alaw": _alaw}


def _frame(av: Any, samples: bytes, rate: int, at: int) -> Any:
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
    frame.planes[0].update(samples)
    frame.sample_rate, frame.pts = rate, at
    return frame


def _library(what: str) -> Any:
    try:
        import av
    except ImportError:
        raise MissingCodecs(what) from None
    return av


class _Resampler:
    def __init__(self, made: int, wanted: int) -> None:
        self._av = _library(f"a sample rate of {wanted} instead of {made}")
        self._made = made
        self._at = 0
        self._resampler: Any = self._av.AudioResampler(format="s16", layout="mono", rate=wanted)

    def feed(self, samples: bytes) -> bytes:
        frame = _frame(self._av, samples, self._made, self._at)
        self._at += frame.samples
        return self._bytes(frame)

    def end(self) -> bytes:
        return self._bytes(None) if self._at else b""

    def _bytes(self, frame: Any) -> bytes:
        # A plane may be longer than its samples: it is aligned.
        return b"".join(bytes(made.planes[0])[: 2 * made.samples] for made in self._resampler.resample(frame))


_CODECS: dict[str, tuple[str, str, dict[str, str]]] = {
    "mp3": ("libmp3lame", "mp3", {"write_xing": "0", "id3v2_version": "0"}),
    "opus": ("libopus", "ogg", {"page_duration": "200000"}),
    "flac": ("flac", "flac", {}),
    "aac": ("aac", "adts", {}),
}
"""Codec and container as FFmpeg calls them, and how the container is told that nobody can go back in it."""

_MOST = {"opus": 256_000}
"""Bits a second that libopus takes for one channel; the service lets more be asked for."""


class _Pipe:
    """A file that can only be written to."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class _Compressed:
    def __init__(self, form: Form, made: int) -> None:
        self._av = _library(f"`encoding={form.encoding}`")
        codec, container, options = _CODECS[form.encoding]
        self._made = made
        self._at = 0
        self._pipe = _Pipe()
        self._file: Any = self._av.open(self._pipe, "w", format=container, options=options, buffer_size=1024)
        self._stream: Any = self._file.add_stream(codec, rate=form.rate, layout="mono")
        if form.bit_rate is not None:
            self._stream.bit_rate = min(form.bit_rate, _MOST.get(form.encoding, form.bit_rate))

    def feed(self, samples: bytes) -> bytes:
        frame = _frame(self._av, samples, self._made, self._at)
        self._at += frame.samples
        return self._mux(frame)

    def end(self) -> bytes:
        rest = self._mux(None) if self._at else b""
        self._file.close()
        return rest + self._pipe.take()

    def _mux(self, frame: Any) -> bytes:
        for packet in self._stream.encode(frame):
            self._file.mux(packet)
        return self._pipe.take()
