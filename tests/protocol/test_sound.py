"""What audio looks like, by its options and by its first bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.protocol.sound import byte_rate, container, mismatch, wav_begin, wav_byte_rate

RAW = {"encoding": "linear16", "sample_rate": 16000}
SAMPLES = bytes(range(1, 101))  # what raw audio may look like
EXAMPLES = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a WAV file."""
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def fmt(rate: int) -> bytes:
    """The chunk that has the format: PCM, one channel, 16 kHz, and so many bytes a second."""
    return chunk(
        b"fmt ", b"\1\0\1\0" + (16000).to_bytes(4, "little") + rate.to_bytes(4, "little") + (2).to_bytes(2, "little")
    )


def wav(*chunks: bytes, magic: bytes = b"RIFF") -> bytes:
    return magic + b"\xff\xff\xff\xffWAVE" + b"".join(chunks)


WAV = wav(fmt(32_000), chunk(b"data", SAMPLES))

HEADS: dict[str, bytes] = {
    "WAV": WAV,
    "Ogg": b"OggS\0\2",
    "FLAC": b"fLaC\0\0\0\x22",
    "MP3": b"ID3\4\0",
    "WebM": b"\x1a\x45\xdf\xa3\x9f",
    "CAF": b"caff\0\1",
    "AIFF": b"FORM\0\0\0\0AIFF",
    "AU": b".snd\0\0",
    "AMR": b"#!AMR\n",
    "WMA": b"\x30\x26\xb2\x75\x8e\x66",
    "MP4": b"\0\0\0\x20ftypM4A ",
    "AAC": b"\xff\xf1\x50\x80",
}


# ── kinds of files ──


@pytest.mark.parametrize("name", HEADS)
def test_containers(name: str) -> None:
    """Each kind of file is known by its first bytes."""
    assert container(HEADS[name]) == name


def test_a_long_wav() -> None:
    """A WAV file of more than 4 GB begins in its own way."""
    assert container(wav(magic=b"RF64")) == "WAV"


@pytest.mark.parametrize("second", [0xFB, 0xFA, 0xF3, 0xE3, 0xFD, 0xF5])
def test_mp3_without_tags(second: int) -> None:
    """MPEG audio of layers II and III is known by its frame header, versions 1, 2 and 2.5."""
    assert container(bytes([0xFF, second, 0x90, 0x64])) == "MP3"


@pytest.mark.parametrize("second", [0xF0, 0xF1, 0xF8, 0xF9])
def test_adts(second: int) -> None:
    """AAC is known by its frame header, versions 4 and 2, with and without a checksum."""
    assert container(bytes([0xFF, second])) == "AAC"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"\xff\xff\xff\xff",  # samples of -1, and silence in mu-law
        b"\xff\x00\x00\x01",
        b"\xff\xea\x00\x00",  # a version that does not exist
        b"\x00" * 100,
        SAMPLES,
        b"\0\0\0\x20ftyx",
    ],
)
def test_raw_audio(head: bytes) -> None:
    """What may be samples is no file."""
    assert container(head) is None


# ── how fast bytes are played ──


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        (RAW, 32_000),
        ({**RAW, "channels": 2}, 64_000),
        ({**RAW, "channels": None}, 32_000),
        ({"encoding": "linear32", "sample_rate": 8000}, 32_000),
        ({"encoding": "mulaw", "sample_rate": 8000}, 8_000),
        ({"encoding": "alaw", "sample_rate": "8000", "channels": "2"}, 16_000),
        ({"encoding": "opus", "sample_rate": 48000}, None),
        ({"encoding": "linear16"}, None),
        ({"sample_rate": 16000}, None),
        ({}, None),
        ({**RAW, "sample_rate": 0}, None),
        ({**RAW, "sample_rate": -1}, None),
        ({**RAW, "sample_rate": None}, None),
        ({**RAW, "sample_rate": "fast"}, None),
        ({**RAW, "sample_rate": [16000]}, None),
        ({**RAW, "sample_rate": 10**400}, None),
        ({**RAW, "channels": "two"}, None),
        ({**RAW, "encoding": ["linear16"]}, None),
    ],
)
def test_byte_rate(options: dict[str, Any], rate: float | None) -> None:
    """Options that announce raw audio tell its rate; any others tell none."""
    assert byte_rate(options) == rate


def test_wav_byte_rate() -> None:
    """A WAV file says it itself."""
    assert wav_byte_rate(WAV) == 32_000
    assert wav_byte_rate(wav(fmt(8_000), magic=b"RF64")) == 8_000


def test_wav_byte_rate_behind_other_chunks() -> None:
    """The format may come behind other chunks, also of odd length."""
    assert wav_byte_rate(wav(chunk(b"JUNK", b"odd"), chunk(b"bext", bytes(602)), fmt(48_000))) == 48_000


def test_where_samples_begin() -> None:
    """Behind the header of the data; what comes before it may be longer than what is there of the file."""
    whole = wav(fmt(32_000), chunk(b"LIST", bytes(50_001)), chunk(b"data", SAMPLES))
    begin = whole.index(SAMPLES)
    assert {wav_begin(whole[:size]) for size in (44, 4096, 40_000, begin - 8, len(whole))} == {begin}
    assert wav_begin(WAV) == WAV.index(b"data") + 8
    assert wav_begin(SAMPLES) == 0


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0AVI LIST",
        SAMPLES,
        wav(),
        wav(fmt(32_000))[:31],
        wav(fmt(0)),
        wav(chunk(b"data", SAMPLES)),
        wav(b"LIST\xff\xff\xff\xff", fmt(32_000)),
    ],
)
def test_wav_byte_rate_unknown(head: bytes) -> None:
    """A beginning without the format, or with half of it, says nothing."""
    assert wav_byte_rate(head) is None


def test_half_a_wav_header() -> None:
    """The rate is known as soon as its last byte is there."""
    head = wav(fmt(32_000))

    known = [size for size in range(len(head)) if wav_byte_rate(head[:size]) is not None]

    assert known == list(range(32, len(head)))


# ── audio that does not fit its options ──


def test_no_encoding() -> None:
    """Raw audio without `encoding` is not heard, and the advice says what to give."""
    assert "give `encoding` and `sample_rate`" in str(mismatch({}, SAMPLES))
    assert "give `encoding` and `sample_rate`" in str(mismatch({"encoding": None}, SAMPLES))


@pytest.mark.parametrize("name", HEADS)
def test_no_encoding_of_a_file(name: str) -> None:
    """A file needs none."""
    assert mismatch({}, HEADS[name]) is None


@pytest.mark.parametrize("encoding", ["linear16", "linear32", "mulaw", "alaw"])
@pytest.mark.parametrize("name", ["WAV", "Ogg", "FLAC", "WebM", "MP4"])
def test_a_file_announced_as_raw(name: str, encoding: str) -> None:
    """A file with a header that no samples have is not raw audio."""
    problem = mismatch({"encoding": encoding, "sample_rate": 16000}, HEADS[name])

    assert f"a {name} file, but encoding='{encoding}'" in str(problem)


@pytest.mark.parametrize("name", sorted(set(HEADS) - {"WAV", "Ogg", "FLAC", "WebM", "MP4"}))
def test_what_may_be_samples(name: str) -> None:
    """Where loud samples might look the same, there is no complaint."""
    assert mismatch(RAW, HEADS[name]) is None


@pytest.mark.parametrize("encoding", ["opus", "flac", "amr-nb", ["linear16"]])
@pytest.mark.parametrize("head", [SAMPLES, WAV])
def test_other_encodings(encoding: Any, head: bytes) -> None:
    """What other encodings look like is the service's business."""
    assert mismatch({"encoding": encoding}, head) is None


@pytest.mark.parametrize("head", [b"", b"\1\2\3", b"RIF"])
def test_too_short_to_tell(head: bytes) -> None:
    """Fewer than four bytes are no reason to complain."""
    assert mismatch({}, head) is None
    assert mismatch(RAW, head) is None


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers())


@given(
    encoding=VALUES | st.sampled_from(["linear16", "mulaw", "opus"]),
    sample_rate=VALUES | st.just(16000),
    channels=VALUES,
    head=st.binary(max_size=80) | st.sampled_from(list(HEADS.values())).flatmap(lambda h: st.binary().map(h.__add__)),
)
@EXAMPLES
def test_anything(encoding: Any, sample_rate: Any, channels: Any, head: bytes) -> None:
    """Whatever the options and the bytes are, there is an answer, and rates are positive."""
    options = {"encoding": encoding, "sample_rate": sample_rate, "channels": channels}

    rates = [byte_rate(options), wav_byte_rate(head)]
    problem = mismatch(options, head)

    assert all(rate is None or rate > 0 for rate in rates)
    assert problem is None or "encoding" in problem
