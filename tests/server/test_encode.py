"""Samples on their way out."""

from __future__ import annotations

import io
import math
import struct
import sys
from typing import Any

import pytest

from dgasync.server.decode import RAW_ENCODINGS, wav_decoder, wav_header
from dgasync.server.encode import Encoder, Form, MissingCodecs

TONE = b"".join(struct.pack("<h", int(12000 * math.sin(at / 8))) for at in range(24000))


def made(form: Form, samples: bytes = TONE, rate: int = 24000, size: int = 9600) -> bytes:
    encoder = Encoder(form, rate)
    return b"".join([encoder.feed(samples[at : at + size]) for at in range(0, len(samples), size)] + [encoder.end()])


def test_linear16_is_not_touched() -> None:
    """At the rate at which they are made, samples stay what they are."""
    assert made(Form("linear16", "none", 24000)) == TONE
    wav = made(Form("linear16", "wav", 24000))
    header = wav_header(wav)
    assert header is not None
    assert (header.rate, header.channels, header.bits, header.data_size) == (24000, 1, 16, None)
    assert wav[header.data_at :] == TONE


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_companding(law: str) -> None:
    """A sample becomes the code that is nearest to it: decoded and encoded again it is the same."""
    every = bytes(range(256))
    _, decode = RAW_ENCODINGS[law]
    again = made(Form(law, "none", 8000), decode(every), 8000)
    assert decode(again) == decode(every)
    assert len(made(Form(law, "none", 8000), TONE, 8000)) == len(TONE) // 2
    heard = struct.unpack("<24000h", decode(made(Form(law, "none", 8000), TONE, 8000)))
    assert max(abs(a - b) for a, b in zip(heard, struct.unpack("<24000h", TONE), strict=True)) <= 512
    wav = made(Form(law, "wav", 8000), TONE, 8000)
    header = wav_header(wav)
    assert header is not None
    decoder = wav_decoder(header)
    assert decoder is not None
    assert len(decoder.feed(wav)) == len(TONE)


def test_extremes() -> None:
    """Full scale stays full scale."""
    loudest = struct.pack("<4h", -32768, 32767, 0, -1)
    assert made(Form("mulaw", "none", 8000), loudest, 8000)[:2] == b"\x00\x80"
    assert made(Form("alaw", "none", 8000), loudest, 8000)[:2] == b"\x2a\xaa"


def test_nothing() -> None:
    """Nothing becomes nothing, but for what a container begins with."""
    assert made(Form("linear16", "none", 24000), b"") == b""
    assert len(made(Form("linear16", "wav", 24000), b"")) == 44


FORMS = [
    *(Form("linear16", "wav", rate) for rate in (8000, 16000, 24000, 32000, 44100, 48000)),
    *(Form("flac", "none", rate) for rate in (8000, 16000, 22050, 32000, 48000)),
    *(Form("mp3", "none", 22050, rate) for rate in (8000, 16000, 24000, 32000, 40000, 48000)),
    *(Form("opus", "ogg", 48000, rate) for rate in (4000, 12000, 650_000)),
    *(Form("aac", "none", 22050, rate) for rate in (4000, 48000, 192_000)),
]


@pytest.mark.engine
@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(map(str, form)))
def test_decoded_again(form: Form) -> None:
    """Every encoding is what it says, and as long as what was said."""
    av: Any = pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    with av.open(io.BytesIO(made(form))) as file:
        frames = list(file.decode(audio=0))
        codec = file.streams.audio[0].codec_context.name
    assert codec.startswith({"linear16": "pcm_s16le"}.get(form.encoding, form.encoding))
    assert frames[0].sample_rate == form.rate
    # A compressed frame is filled up, and mp3 and aac begin with the silence of their filters.
    assert 1.0 <= sum(frame.samples for frame in frames) / form.rate + 1e-3 < 1.1


@pytest.mark.engine
def test_made_while_it_comes() -> None:
    """A compressed sound does not wait for its end."""
    pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    for form in (Form("mp3", "none", 22050, 48000), Form("opus", "ogg", 48000, 12000), Form("aac", "none", 22050)):
        encoder = Encoder(form, 24000)
        assert len(b"".join(encoder.feed(TONE) for _ in range(3))) > 1000
        encoder.end()


def test_without_codecs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV, samples can go out as they are made, and anything else says what it needs."""
    monkeypatch.setitem(sys.modules, "av", None)
    assert made(Form("linear16", "none", 24000)) == TONE
    for form in (Form("mp3", "none", 22050, 48000), Form("linear16", "none", 8000)):
        with pytest.raises(MissingCodecs, match=r"needs PyAV, .* install dgasync\[local\]"):
            Encoder(form, 24000)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (Form("linear16", "wav", 24000), "audio/wav"),
        (Form("mulaw", "none", 8000), "audio/mulaw;rate=8000;channels=1"),
        (Form("linear16", "none", 24000), "audio/l16;rate=24000;channels=1"),
        (Form("mp3", "none", 22050), "audio/mpeg"),
        (Form("opus", "ogg", 48000), "audio/ogg;codecs=opus"),
        (Form("flac", "none", 48000), "audio/flac"),
        (Form("aac", "none", 22050), "audio/aac"),
    ],
)
def test_content_type(form: Form, told: str) -> None:
    """HTTP says what it is."""
    assert form.content_type == told
