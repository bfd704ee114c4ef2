"""What PyAV reads."""

from __future__ import annotations

import builtins
import io
import random
import struct
from fractions import Fraction
from typing import Any

import pytest

from dgasync.server.container import Container
from dgasync.server.decode import BadAudio

av = pytest.importorskip("av", reason="needs PyAV, of the extra `local`")

SAMPLES = struct.pack("<16000h", *(((n * 37) % 4001) - 2000 for n in range(16_000)))


def encoded(form: str, codec: str, data: bytes = SAMPLES, *, layout: str = "mono", rate: int = 16_000) -> bytes:
    """The samples in a file of this form."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream: Any = file.add_stream(codec, rate=rate, layout=layout)
        stream.time_base = Fraction(1, rate)
        channels = 2 if layout == "stereo" else 1
        resampler = av.AudioResampler(
            format=stream.codec_context.format,
            layout=layout,
            rate=rate,
            frame_size=stream.codec_context.frame_size or 1024,
        )
        frame: Any = av.AudioFrame(format="s16", layout=layout, samples=len(data) // 2 // channels)
        frame.sample_rate = rate
        frame.pts = 0
        frame.planes[0].update(data + bytes(frame.planes[0].buffer_size - len(data)))
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


def read(data: bytes, **how: Any) -> tuple[Container, bytes]:
    container = Container(io.BytesIO(data), **how)
    try:
        return container, b"".join(container.chunks())
    finally:
        container.close()


def test_lossless() -> None:
    """FLAC comes out sample by sample."""
    container, samples = read(encoded("flac", "flac"))
    assert (container.rate, container.channels) == (16_000, 1)
    assert samples == SAMPLES


@pytest.mark.parametrize(
    ("form", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("adts", "aac"), ("mp4", "aac")]
)
def test_common_formats(form: str, codec: str) -> None:
    """What people have lying around is read, at the rate that is wanted."""
    container, samples = read(encoded(form, codec), rate=8000)
    assert container.rate == 8000
    assert 0.9 < len(samples) / 16_000 < 1.3


def test_channels() -> None:
    """Channels stay apart, or are mixed."""
    pair = b"".join(struct.pack("<hh", n % 1000, 500) for n in range(8000))
    apart, samples = read(encoded("flac", "flac", pair, layout="stereo"))
    assert (apart.channels, samples) == (2, pair)
    mixed, samples = read(encoded("flac", "flac", pair, layout="stereo"), mix=True)
    assert (mixed.channels, len(samples)) == (1, len(pair) // 2)


@pytest.mark.parametrize("data", [b"", b"no audio at all", b"\x89PNG\r\n\x1a\n" + bytes(500), b"OggS" + bytes(300)])
def test_no_audio(data: bytes) -> None:
    """What is no audio is bad audio."""
    with pytest.raises(BadAudio):
        read(data)


def test_picture() -> None:
    """A file with pictures and no sound is bad audio."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as file:
        stream: Any = file.add_stream("mjpeg", rate=1, width=16, height=16, pix_fmt="yuvj420p")
        file.mux(stream.encode(av.VideoFrame(16, 16, "yuvj420p")))
        file.mux(stream.encode(None))
    with pytest.raises(BadAudio, match="no audio"):
        read(out.getvalue())


def test_damage_is_passed_over() -> None:
    """A file that is damaged in its middle is heard around the damage."""
    data = bytearray(encoded("mp3", "libmp3lame"))
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    _, samples = read(bytes(data))
    assert len(samples) > len(SAMPLES) // 2


@pytest.mark.parametrize(
    ("form", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("adts", "aac"), ("flac", "flac")]
)
def test_noise_inside(form: str, codec: str) -> None:
    """Noise in the middle of a file is no end of it, and no crash."""
    dice = random.Random(2)
    whole = encoded(form, codec, SAMPLES * 3)
    for _ in range(5):
        data = bytearray(whole)
        at = dice.randrange(len(data) // 3, len(data) // 2)
        data[at : at + 300] = dice.randbytes(300)
        _, samples = read(bytes(data))
        assert len(samples) >= len(SAMPLES) // 2


@pytest.mark.parametrize(("form", "codec"), [("mp3", "libmp3lame"), ("adts", "aac")])
def test_another_form_on_the_way(form: str, codec: str) -> None:
    """A stream that goes on with another rate and other channels, as radio does, is heard to its end."""
    pair = b"".join(struct.pack("<hh", n % 1000, 500) for n in range(44_100))
    both = encoded(form, codec) + encoded(form, codec, pair, layout="stereo", rate=44_100)
    _, samples = read(both, rate=16_000, mix=True)
    assert len(samples) / 32_000 == pytest.approx(2.0, abs=0.3)


def test_cut_short() -> None:
    """Half a file is half the audio."""
    data = encoded("flac", "flac")
    _, samples = read(data[: len(data) // 2])
    assert 0 < len(samples) < len(SAMPLES)


class Damaged:
    """A file whose packets come, or fail, as a test says."""

    def __init__(self, *packets: Any) -> None:
        self.packets = packets

    def demux(self, stream: object) -> Any:
        for packet in self.packets:
            if isinstance(packet, Exception):
                raise packet
            yield packet

    def close(self) -> None:
        """Nothing."""


class Undecodable:
    def decode(self) -> None:
        raise av.error.InvalidDataError(1, "a bad packet")


def test_bad_packets() -> None:
    """Packets that cannot be decoded are passed over; where no more can be read, the audio ends."""
    container = Container(io.BytesIO(encoded("flac", "flac")))
    real = container._file
    packets = list(real.demux(container._stream))
    container._file = Damaged(
        packets[0], Undecodable(), packets[1], av.error.InvalidDataError(1, "the end"), packets[2]
    )
    assert 0 < len(b"".join(container.chunks())) < len(SAMPLES)
    for damage in (Damaged(Undecodable()), Damaged(av.error.InvalidDataError(1, "a bad packet"))):
        container._file = damage
        with pytest.raises(BadAudio, match=r"^a bad packet$"):
            list(container.chunks())
    real.close()


def test_no_packets() -> None:
    """A file without a single packet has no samples."""
    container = Container(io.BytesIO(encoded("flac", "flac")))
    container.close()
    container._file = Damaged()
    with pytest.raises(BadAudio, match="no samples"):
        list(container.chunks())


def test_nothing_whole() -> None:
    """A file whose header promises audio that is not there is bad audio."""
    data = encoded("flac", "flac")
    with pytest.raises(BadAudio):
        read(data[:100])


def test_without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV the advice is to install it."""
    real = builtins.__import__

    def no_av(name: str, *args: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", no_av)
    with pytest.raises(BadAudio, match=r"dgasync\[local\]"):
        Container(io.BytesIO(b""))
