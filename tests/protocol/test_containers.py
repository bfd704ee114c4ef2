"""Files that are streamed, and where they may begin again."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dgasync.protocol.containers import FileTrack
from dgasync.protocol.scan import LONGEST, TOO_LONG
from dgasync.protocol.tape import Tape
from dgasync.protocol.track import NEAR, Place

# ── files, made by hand ──


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of RIFF, with the byte that makes an odd one even."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def form(kind: int = 1, hertz: int = 1000, size: int = 2, more: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", kind, 1, hertz, 0, size, 16) + more)


def wav(*before: bytes, samples: bytes = bytes(40), length: int | None = None, kind: bytes = b"WAVE") -> bytes:
    size = len(samples) if length is None else length
    return b"RIFF" + bytes(4) + kind + b"".join(before) + b"data" + struct.pack("<I", size) + samples


def au(kind: int, hertz: int, channels: int, samples: bytes = bytes(60), remark: bytes = b"hello\0\0\0") -> bytes:
    return b".snd" + struct.pack(">5I", 24 + len(remark), 0xFFFFFFFF, kind, hertz, channels) + remark + samples


def mp3(head: str, size: int, body: bytes = b"") -> bytes:
    """A frame whose length is known from a table; its inside begins with `body`."""
    return bytes.fromhex(head) + body + bytes(size - 4 - len(body))


def id3(size: int) -> bytes:
    return b"ID3\4\0\0" + bytes([0, 0, size >> 7, size & 0x7F]) + b"\xff\xfb\x90\x00" * (size // 4) + bytes(size % 4)


def adts(size: int, hertz: int = 8, blocks: int = 1) -> bytes:
    return bytes([0xFF, 0xF1, hertz << 2, size >> 11, size >> 3 & 255, (size & 7) << 5, blocks - 1]) + bytes(size - 7)


def checksum(data: bytes) -> int:
    """CRC-8 by long division."""
    value = int.from_bytes(data, "big") << 8
    while value.bit_length() > 8:
        value ^= 0x107 << value.bit_length() - 9
    return value


def flac_frame(number: bytes, size: int = 1, *, variable: bool = False, more: bytes = b"", rate: int = 0) -> bytes:
    head = bytes([0xFF, 0xF8 | variable, size << 4 | rate, 0]) + number + more
    return head + bytes([checksum(head)]) + bytes(20)


def flac(*frames: bytes, block: int = 192, rate: int = 1000, cover: bytes = b"\xff\xf8" * 50, first: int = 0) -> bytes:
    info = struct.pack(">HH", block, block) + bytes(6) + (rate << 4).to_bytes(3, "big") + bytes(21)
    blocks = bytes([first]) + b"\0\0\x22" + info + b"\x86" + len(cover).to_bytes(3, "big") + cover
    return b"fLaC" + blocks + b"".join(frames) + bytes(16)


def page(granule: int, body: bytes = b"sound", flags: int = 0) -> bytes:
    lacing = bytes([255] * (len(body) // 255) + [len(body) % 255])
    return b"OggS\0" + struct.pack("<BqIII", flags, granule, 1, 0, 0) + bytes([len(lacing)]) + lacing + body


OPUS = page(0, b"OpusHead\1\1" + struct.pack("<H", 312) + bytes(7), flags=2)
VORBIS = page(0, b"\1vorbis" + bytes(5) + struct.pack("<I", 1000) + bytes(12) + b"\x68\1", flags=2)
SPEEX = page(0, b"Speex   " + bytes(28) + struct.pack("<I", 1000) + bytes(40), flags=2)
OGG_FLAC = page(0, b"\x7fFLAC\1\0\0\1fLaC\0\0\0\x22" + bytes(10) + (1000 << 4).to_bytes(3, "big") + bytes(21), flags=2)


def element(kind: str, *inside: bytes, size: int | None = None) -> bytes:
    """An element of Matroska; its length in eight bytes, as browsers write it, or as it is given."""
    body = b"".join(inside)
    return bytes.fromhex(kind) + (1 << 56 | (len(body) if size is None else size)).to_bytes(8, "big") + body


UNKNOWN = (1 << 56) - 1
EBML = element("1A45DFA3", element("4282", b"webm"))
INFO = element("1549A966", element("2AD7B1", b"\x0f\x42\x40"), element("4D80", b"by hand"))


def entry(number: int, kind: int) -> bytes:
    return element("AE", element("D7", bytes([number])), element("83", bytes([kind])), element("86", b"A_OPUS"))


TRACKS = element("1654AE6B", entry(1, 1), entry(2, 2))


def block(time: int, track: int = 2) -> bytes:
    return bytes([0x80 | track]) + struct.pack(">h", time) + b"\x80sound"


def simple(time: int, track: int = 2) -> bytes:
    return element("A3", block(time, track))


def group(time: int) -> bytes:
    return element("A0", element("9B", b"\x14"), element("A1", block(time)))


def cluster(time: int, *blocks: bytes, size: int | None = None) -> bytes:
    return element("1F43B675", element("E7", struct.pack(">H", time)), *blocks, size=size)


def resumed(time: int) -> bytes:
    """The head of a cluster of unknown length, as it is sent again."""
    return element("1F43B675", size=UNKNOWN) + b"\xe7\x88" + time.to_bytes(8, "big")


def webm(*parts: bytes, size: int | None = None) -> bytes:
    return EBML + element("18538067", *parts, size=size)


# ── what is found in them ──


class File(NamedTuple):
    data: bytes
    pieces: list[bytes]
    """Behind which pieces of it there is which second, the first one being its beginning."""
    moments: list[float | None]
    """None for what is no place."""


def file(first: bytes, *pieces: tuple[bytes, float | None]) -> File:
    return File(
        first + b"".join(piece for piece, _ in pieces),
        [first, *[piece for piece, _ in pieces]],
        [moment for _, moment in pieces],
    )


def expected(given: File) -> list[Place]:
    at, found = 0, []
    for piece, moment in zip(given.pieces, given.moments):  # noqa: B905 - the last one has nothing behind it
        at += len(piece)
        if moment is not None:
            found.append(Place(at, pytest.approx(moment)))
    return found


M1 = mp3("fffb9000", 417)  # MPEG 1, layer III, 128 kbit/s, 44.1 kHz
PADDED = mp3("fffb9200", 418)
M2 = mp3("fff34800", 144)  # MPEG 2, layer III, 32 kbit/s, 16 kHz
M25 = mp3("ffe34800", 288)  # MPEG 2.5, layer III, 32 kbit/s, 8 kHz
L2 = mp3("fffd8400", 384)  # MPEG 1, layer II, 128 kbit/s, 48 kHz
T1, T2, T25, TL2 = 1152 / 44100, 576 / 16000, 576 / 8000, 1152 / 48000
XING = mp3("fffb9000", 417, bytes(32) + b"Xing" + bytes(100))
JUNK = b"junk\xff\xfb\x90\x00\xff\xff\xff\xeb\x90\xff\xfb\xf0\xff\xfb\x9c\xff\xf9\x3c\0\0\xff\xf1\0\0\0junk"
NB = bytes([0x3C]) + bytes(31)  # 12.2 kbit/s
SID = bytes([0x44]) + bytes(5)
WB = bytes([0x44]) + bytes(60)  # 23.85 kbit/s

FILES: dict[str, File] = {
    "MP3": file(b"", (M1, 0.0), (PADDED, T1), (M1, 2 * T1), (b"", None)),
    "MP3 of MPEG 2": file(b"", (M2, 0.0), (M2, T2), (M2, 2 * T2)),
    "MP3 of MPEG 2.5": file(id3(0), (M25, 0.0), (M25, T25)),
    "MP2": file(b"", (L2, 0.0), (L2, TL2)),
    "MP3 with a tag": file(id3(1001), (M1, 0.0), (M1, T1)),
    "MP3 with a table": file(id3(20) + XING, (M1, 0.0), (M1, T1)),
    "MP3 with junk": file(b"", (M1, 0.0), (M1, T1), (JUNK, None), (M1, 2 * T1), (M1, 3 * T1), (b"TAG" + JUNK, None)),
    "MP3 of two files": file(b"", (M1, 0.0), (M1, T1), (id3(20), None), (M2, 2 * T1), (M2, 2 * T1 + T2)),
    "ADTS": file(b"", (adts(300), 0.0), (adts(20, blocks=2), 0.064), (adts(40), 0.192), (adts(10), 0.256)),
    "ADTS with a tag": file(id3(10), (adts(100, 3), 0.0), (adts(200, 3), 1024 / 48000)),
    "AMR": file(b"#!AMR\n", (NB, 0.0), (SID, 0.02), (b"\x7c", 0.04), (NB, 0.06)),
    "AMR with junk": file(b"#!AMR\n", (NB, 0.0), (b"\xff\x80", None), (NB, 0.02), (NB, 0.04)),
    "AMR-WB": file(b"#!AMR-WB\n", (WB, 0.0), (WB, 0.02)),
    "FLAC": file(
        flac()[:-16],
        (flac_frame(b"\0"), 0.0),
        (b"\xff\xf8\x10\x01\xff\xf8\x10\0\xff\xff\xf8\x10\0\x80\xff\xf8\x10\0\xc2\x41\xff\xf8\0\0\1", None),
        (b"\xff\xf8\x1f\0\1\xff\xf8\x10\0\1\0", None),
        (flac_frame(b"\7", 4), None),  # by chance
        (flac_frame(b"\1"), 0.192),
        (flac_frame(b"\2", 6, more=b"\x0f"), 0.384),
        (bytes(16), None),
    ),
    "FLAC with a hole": file(
        flac()[:-16],
        (flac_frame(b"\0"), 0.0),
        (flac_frame(b"\xc2\x80"), None),
        (flac_frame(b"\xc2\x81"), 0.192),
        (flac_frame(b"\xc2\x82"), 0.384),
        (bytes(16), None),
    ),
    "FLAC of several lengths": file(
        flac(block=0, rate=8000)[:-16],
        (flac_frame(b"\0", 7, variable=True, more=b"\x07\xcf\x1f\x40", rate=13), 0.0),
        (flac_frame("ߐ".encode(), 2, variable=True, rate=12, more=b"\x08"), 0.25),
        (flac_frame(chr(2000 + 576).encode(), 8, variable=True, rate=14, more=b"\0\0"), 0.322),
        (flac_frame(chr(2000 + 576 + 256).encode(), 8, variable=True), 0.354),
        (bytes(16), None),
    ),
    "FLAC joined": file(flac(block=0)[:-16], (flac_frame(b"\xf0\x90\x80\x80"), 0.0), (bytes(16), None)),
    "Opus": file(
        OPUS + page(0, b"OpusTags"),
        (page(48000), 0.0),
        (page(96000), 1.0),
        (page(-1, bytes(255)), 2.0),
        (page(144000, flags=1), None),
        (page(192000, flags=4), 3.0),
    ),
    "Opus with junk": file(OPUS + page(0, b"OpusTags"), (page(48000), 0.0), (b"OggOgg", None), (page(96000), 1.0)),
    "Opus with a cover": file(
        OPUS + page(-1, b"OpusTags" + bytes(500)) + page(0, bytes(20), flags=1), (page(48000), 0.0), (page(96000), 1.0)
    ),
    "Opus of a radio": file(
        OPUS + page(0, b"OpusTags"), (page(48000 * 5000), 0.0), (page(48000 * 5001), 1.0), (page(48000 * 5002), 2.0)
    ),
    "Vorbis": file(VORBIS + page(0) + page(0), (page(800), 0.0), (page(1500), 0.832)),
    "Speex": file(SPEEX + page(0), (page(800), 0.0), (page(1500), 0.8)),
    "FLAC in Ogg": file(OGG_FLAC + page(0), (page(800), 0.0), (page(1500), 0.8)),
    "WebM": file(
        webm(INFO, TRACKS, cluster(100)),
        (simple(0), 0.0),
        (group(20), 0.02),
        (simple(30, track=1), None),
        (simple(40), 0.04),
        (simple(30), None),
        (element("A0", element("9B", b"\x14")), None),
        (element("A3"), None),
        (cluster(1100), None),
        (simple(-20), 0.98),
        (element("1C53BB6B", bytes(1000)) + INFO, None),
        (cluster(2000, size=UNKNOWN), None),
        (group(0), 1.9),
    ),
    "WebM of a browser": file(
        webm(element("114D9B74", bytes(70)), INFO, TRACKS, cluster(0, size=UNKNOWN), size=UNKNOWN),
        (simple(0), 0.0),
        (simple(60), 0.06),
        (cluster(120, size=UNKNOWN), None),
        (simple(0), 0.12),
    ),
    "WebM with much to pass": file(
        webm(element("2AD7B1", b"\0"), TRACKS, element("1941A469", b"\0" * 300), cluster(0)),
        (simple(0), 0.0),
        (simple(60), 0.06),
    ),
}  # fmt: skip


def places(track: FileTrack, end: int) -> list[Place]:
    found, at = [], 0
    while (place := track.place_behind(at)) is not None and place.position < end:
        found.append(place)
        at = place.position + 1
    return found


def read(data: bytes, size: int | None = None, what: str | None = None) -> FileTrack:
    track = FileTrack(what)
    for at in range(0, len(data), size or len(data)):
        track.feed(data[at : at + (size or len(data))])
    return track


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("size", [None, 1, 7, 100])
def test_places(name: str, size: int | None) -> None:
    """Frames, pages and blocks are places, at the seconds of the sound before them, however the file comes."""
    given = FILES[name]
    track = read(given.data, size)

    assert places(track, len(given.data)) == expected(given)
    assert track.obstacle is None
    assert track.rate is None


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_pieces_of_any_size(data: st.DataObject) -> None:
    """The same is found in pieces of any sizes, empty ones too."""
    given = FILES[data.draw(st.sampled_from(sorted(FILES)))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(given.data)), max_size=12)))
    track = FileTrack()
    for start, end in zip([0, *cuts], [*cuts, len(given.data)], strict=True):
        track.feed(given.data[start:end])

    assert places(track, len(given.data)) == expected(given)


@settings(deadline=None, max_examples=200)
@example("FLAC", [(4, b"\1")])
@example("FLAC in Ogg", [(5, b"\0")])
@example("ADTS with a tag", [(118, b"\0\0\0")])
@given(st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=9)), max_size=5))
def test_damage(name: str, damage: list[tuple[int, bytes]]) -> None:
    """Whatever comes, nothing breaks, and moments never run back."""
    data = bytearray(FILES[name].data * 2)
    for at, junk in damage:
        data[at : at + len(junk)] = junk
    track, other = read(bytes(data)), read(bytes(data), 64)
    found = places(track, len(data))

    assert found == places(other, len(data))
    assert track.obstacle == other.obstacle
    assert [place.seconds for place in found] == sorted(place.seconds for place in found)
    for place in found:
        assert isinstance(track.header(place.position), bytes)


# ── samples ──

STEREO = wav(form(hertz=8000, size=4), samples=bytes(400))


@pytest.mark.parametrize("size", [None, 1, 7])
def test_wav(size: int | None) -> None:
    """A WAV file may begin again at any sample; those of all channels belong together."""
    track = read(STEREO, size)

    assert track.place(0.005) == Place(44 + 160, 0.005)
    assert track.place(0.00504999) == Place(44 + 160, 0.005)
    assert track.place(0.0) == Place(0, 0.0)
    assert track.place_behind(0) == Place(44, 0.0)
    assert track.place_behind(44 + 161) == Place(44 + 164, 41 / 8000)
    assert (track.seconds(20), track.seconds(44 + 320)) == (0.0, 0.01)


def test_wav_with_odd_chunks() -> None:
    """Chunks before the samples are passed over, with the byte that makes them even."""
    data = wav(chunk(b"LIST", b"odd"), form(7, 100, 1), chunk(b"fact", b"data"))
    track = read(data, 5)

    assert track.place_behind(0) == Place(len(data) - 40, 0.0)
    assert track.place(0.2) == Place(len(data) - 20, pytest.approx(0.2))


@pytest.mark.parametrize(("kind", "samples"), [(2, 500), (0x11, 505), (0x31, 320)])
def test_wav_of_blocks(kind: int, samples: int) -> None:
    """Compressed samples begin again at the last block before the moment, not at the nearest."""
    data = wav(form(kind, 8000, 256, struct.pack("<HH", 2, samples)), samples=bytes(2560))
    track, start = read(data), len(data) - 2560

    assert track.place(2.5 * samples / 8000) == Place(start + 512, 2 * samples / 8000)
    assert track.place(3 * samples / 8000 - NEAR / 2) == Place(start + 768, pytest.approx(3 * samples / 8000))


def test_wav_with_a_layout_of_its_own() -> None:
    """A format whose number stands elsewhere has samples, too."""
    assert read(wav(form(0xFFFE, 100, 6, bytes(24)))).place(0.02).seconds == 0.02


def test_the_length_of_a_wav() -> None:
    """What is sent again has a header with the length of what is left, for there may be other chunks behind it."""
    track = read(STEREO + chunk(b"LIST", b"title"))

    assert track.header(44 + 160) == STEREO[:40] + struct.pack("<I", 240)
    assert track.header(44 + 404) == STEREO[:44]


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_wav_without_length(length: int) -> None:
    """Who does not know the length says so again."""
    data = wav(form(), length=length)

    assert read(data).header(60) == data[:44]


@pytest.mark.parametrize(("kind", "size"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 4), (7, 8), (27, 1)])
@pytest.mark.parametrize("piece", [None, 1])
def test_au(kind: int, size: int, piece: int | None) -> None:
    """An AU file may begin again at any sample behind its remark."""
    data = au(kind, 100, 2)
    track = read(data, piece)

    assert track.place(0.02) == Place(32 + 4 * size, 0.02)
    assert track.header(40) == data[:32]


# ── what cannot begin again ──

NOT_LAID_OUT = "its header does not say how its samples are laid out"


def only_a_decoder(what: str) -> str:
    return f"where {what} may begin, only a decoder knows that has heard it from the start"


@pytest.mark.parametrize("piece", [None, 1])
@pytest.mark.parametrize(
    ("data", "what", "obstacle"),
    [
        (b"\0\0\0\x20ftypM4A " + bytes(20), None, only_a_decoder("MP4 files")),
        (b"caff\0\1\0\0" + bytes(20), None, only_a_decoder("CAF files")),
        (b"FORM\0\0\0\0AIFF" + bytes(20), "linear16", only_a_decoder("AIFF files")),
        (bytes(30), "opus", only_a_decoder("opus without a container")),
        (bytes(30), None, only_a_decoder("this audio")),
        (wav(form(), kind=b"AVI "), None, "it is not known here what its RIFF chunks are"),
        (wav(), None, NOT_LAID_OUT),
        (wav(form(hertz=0)), None, NOT_LAID_OUT),
        (wav(form(size=0)), None, NOT_LAID_OUT),
        (wav(form(0x55, 8000, 1, bytes(12))), None, NOT_LAID_OUT),
        (au(23, 8000, 1), None, NOT_LAID_OUT),
        (au(1, 0, 1), None, NOT_LAID_OUT),
        (b"#!AMR_MC1.0\n" + bytes(20), None, "AMR of several channels is not known here"),
        (flac(rate=0), None, "its metadata does not begin with what it should"),
        (flac(first=4), None, "its metadata does not begin with what it should"),
        (page(0, b"\x80theora", flags=2), None, "the codec in its Ogg pages is not known here"),
        (OPUS + SPEEX, None, "there are several streams in its Ogg pages"),
        (OPUS + page(0) + page(960) + OPUS, None, "there are several streams in its Ogg pages"),
        (webm(element("1654AE6B", entry(1, 1)), cluster(0), simple(0)), None, "there is no audio in it"),
        (webm(TRACKS, cluster(0), simple(0)) + EBML, None, "another file begins in it"),
        (EBML + bytes(20), None, "its elements make no sense"),
        (EBML + b"\xec" + bytes(20), None, "its elements make no sense"),
    ],
)
def test_obstacles(data: bytes, what: str | None, obstacle: str, piece: int | None) -> None:
    """What is not known here, or not as it should be, says why it cannot begin again."""
    track = read(data, piece, what)
    track.feed(bytes(100))

    assert track.obstacle == obstacle


@pytest.mark.parametrize(
    "data",
    [
        wav(chunk(b"id3 ", bytes(LONGEST)), form()),
        au(1, 100, 1, remark=bytes(LONGEST)),
        OPUS + page(-1, bytes(60000)) * 18,
        webm(element("2AD7B1", bytes(600_000)) * 2, TRACKS, cluster(0)),
    ],
    ids=["WAV", "AU", "Ogg", "WebM"],
)
def test_long_headers(data: bytes) -> None:
    """A header that is too long is not kept."""
    track = read(data, 1 << 16)

    assert track.obstacle == TOO_LONG
    assert track.place(1.0) == Place(0, 0.0)


def test_too_little() -> None:
    """Before the first bytes are there, it may begin at the beginning only."""
    track = read(b"RIFF")

    assert (track.obstacle, track.place(1.0), track.place_behind(0)) == (None, Place(0, 0.0), None)
    assert (track.header(0), track.seconds(4)) == (b"", 0.0)
    track.forget(4)


@pytest.mark.parametrize("data", [b"RIFF\0\0\0\0WAVEfmt ", b".snd" + bytes(10), b"fLaC" + bytes(10), EBML])
def test_half_a_header(data: bytes) -> None:
    """Nor before the header is."""
    track = read(data)

    assert (track.obstacle, track.place(1.0), track.place_behind(0)) == (None, Place(0, 0.0), None)
    assert (track.header(0), track.seconds(len(data))) == (b"", 0.0)


# ── what goes out again ──


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("MP3 with a tag", b""),
        ("ADTS", b""),
        ("AMR", b"#!AMR\n"),
        ("AMR-WB", b"#!AMR-WB\n"),
        ("FLAC", flac()[:4] + b"\x80" + flac()[5:42]),
        ("Opus with a cover", FILES["Opus with a cover"].pieces[0]),
        ("Vorbis", FILES["Vorbis"].pieces[0]),
    ],
)
def test_headers(name: str, header: bytes) -> None:
    """Before the audio goes what a decoder needs, without tags and covers of files where those stand apart."""
    assert read(FILES[name].data).header(expected(FILES[name])[1].position) == header


def test_the_header_of_webm() -> None:
    """Before a block goes the description of the tracks, and the head of its cluster with the time of that."""
    given = FILES["WebM"]
    track = read(given.data)
    head = EBML + element("18538067", size=len(INFO + TRACKS + cluster(100))) + INFO + TRACKS
    first, *_, before_last, last = expected(given)

    assert track.header(first.position) == head + resumed(100)
    assert track.header(before_last.position) == head + resumed(1100)
    assert track.header(last.position) == head + resumed(2000)
    assert track.header(0) == head
    again = read(track.header(last.position) + given.data[last.position :])
    assert [place.seconds for place in places(again, 1 << 20)] == [0.0]


@pytest.mark.parametrize(
    ("name", "lead"),
    [("FLAC", 0.0), ("Speex", 0.0), ("AMR", 0.04), ("Opus", 0.08), ("Vorbis", 0.0), ("WebM", 0.08), ("ADTS", 0.064)],
)
def test_the_lead(name: str, lead: float) -> None:
    """A place lies so far before the moment that the decoder has found into the sound by then."""
    last = expected(FILES[name])[-1].seconds
    seconds = places(read(FILES[name].data), 1 << 20)[-1].seconds
    track = read(FILES[name].data)

    assert track.place(seconds + lead - NEAR / 2).seconds == last
    assert track.place(seconds + lead - NEAR * 1.5).seconds < seconds


@pytest.mark.parametrize(("frame", "seconds", "frames"), [(M1, T1, 4), (M2, T2, 4), (L2, TL2, 2), (M25, T25, 3)])
def test_the_lead_of_mpeg(frame: bytes, seconds: float, frames: int) -> None:
    """Of MP3 it is the reservoir of bits, and two frames."""
    track = read(frame * 20)

    assert track.place(10 * seconds) == Place(len(frame) * (10 - frames), pytest.approx((10 - frames) * seconds))


def test_seconds() -> None:
    """Up to a byte there is the audio of the frames before the one it lies in."""
    track = read(L2 * 10)

    assert track.seconds(4 * 384) == track.seconds(5 * 384 - 1) == pytest.approx(4 * TL2)


def test_on_the_tape() -> None:
    """A connection that is new hears the header, and from the place on what follows."""
    given = FILES["Opus"]
    tape = Tape(FileTrack())
    tape.record(given.data, 0.0)

    replay = tape.rewind(1.5)

    at = expected(given)[1].position
    assert replay.start == 1.0
    assert [tape.next(0.0, 1 << 20), tape.next(0.0, 1 << 20)] == [given.pieces[0], given.data[at:]]


# ── long streams ──


def test_long_pieces() -> None:
    """What is long and of no interest is not waited for."""
    video = bytes([0x81]) + bytes(LONGEST)
    data = webm(INFO, TRACKS, cluster(0)) + element("A3", video) + simple(20) + simple(40)
    track = FileTrack()
    for at in range(0, len(data), 1000):
        track.feed(data[at : at + 1000])
        assert held(track) < 3000

    assert [place.seconds for place in places(track, len(data))] == [0.0, pytest.approx(0.02)]


def test_long_tags() -> None:
    """The cover in a tag is not kept."""
    tag = b"ID3\4\0\0\0\x40\0\0" + bytes(1 << 20)
    track = FileTrack()
    for at in range(0, len(tag), 1000):
        track.feed(tag[at : at + 1000])
        assert held(track) < 3000
    track.feed(M1 * 2)

    assert places(track, 1 << 22) == [Place(len(tag), 0.0), Place(len(tag) + 417, pytest.approx(T1))]


def held(track: FileTrack) -> int:
    """How much it remembers: bytes, places, clusters."""
    return sum(len(value) for value in vars(track._scan).values() if isinstance(value, list | bytes | bytearray))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (id3(20), lambda _: M25 * 14),
        (adts(100), lambda _: adts(100) * 16),
        (b"#!AMR\n", lambda _: SID * 50),
        (
            flac(block=4096, rate=8192),
            lambda n: b"".join(flac_frame(chr(2 * n + i).encode(errors="surrogatepass"), 12) for i in range(2)),
        ),
        (OPUS + page(0), lambda n: page(48000 * (n + 1))),
        (
            webm(INFO, TRACKS, size=UNKNOWN),
            lambda n: element(
                "1F43B675", element("E7", struct.pack(">I", n * 1000)), *map(simple, range(0, 1000, 120))
            ),
        ),
        (wav(form(), samples=b""), lambda _: bytes(2000)),
    ],
    ids=["MP3", "ADTS", "AMR", "FLAC", "Ogg", "WebM", "WAV"],
)
def test_hours(first: bytes, second: Any) -> None:
    """A stream of two hours takes no more memory than what is still asked for."""
    track, at = FileTrack(), len(first)
    track.feed(first)
    most = 0
    for n in range(7200):
        data = second(n)
        track.feed(data)
        at += len(data)
        track.forget(at - 10 * len(data))
        most = max(most, held(track))

    assert most < 2000
    assert track.place_behind(0) is not None


def test_hours_of_junk() -> None:
    """Nor does what cannot be made sense of."""
    track = read(mp3("fffb9000", 417))
    for _ in range(7200):
        track.feed(b"junk" * 100)
        assert held(track) < 2000


# ── what decoders make of it ──


def encoded(form: str, codec: str, rate: int = 16000, layout: str = "mono", **options: Any) -> bytes:
    """Six seconds of a rising tone in noise as a file."""
    av, numpy = pytest.importorskip("av"), pytest.importorskip("numpy")
    times = numpy.arange(6 * rate) / rate
    sound = 0.25 * numpy.sin(2 * numpy.pi * (200 + 150 * times) * times)
    sound = numpy.tile(sound + numpy.random.default_rng(1).normal(0, 0.05, len(times)), (len(layout) // 5 + 1, 1))
    out = io.BytesIO()
    with av.open(out, "w", format=form) as made:
        stream = made.add_stream(codec, rate=rate, layout=layout, options=options)
        shape = stream.codec_context
        frame = av.AudioFrame.from_ndarray(sound.astype("float32"), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(
            format=shape.format, layout=layout, rate=rate, frame_size=shape.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            made.mux(stream.encode(piece))
        made.mux(stream.encode(None))
    return out.getvalue()


class Pipe:
    """What can be read only, from its beginning."""

    def __init__(self, data: bytes) -> None:
        self.read = io.BytesIO(data).read


def decoded(data: bytes) -> Any:
    """The samples that PyAV makes of a stream, 16000 a second."""
    av, numpy = pytest.importorskip("av"), pytest.importorskip("numpy")
    with av.open(Pipe(data)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
        frames += resampler.resample(None)
    return numpy.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(float)


class Kind(NamedTuple):
    form: str
    codec: str
    step: float
    """Seconds from one place to the next, at most, and those a decoder needs before."""
    alike: float = 0.999
    """How well the sound correlates from the moment on."""
    options: Mapping[str, Any] = MappingProxyType({})
    slip: int = 0
    """Samples by which it may be off: WebM counts milliseconds."""


KINDS = {
    "WAV": Kind("wav", "pcm_s16le", 0.001, 1.0),
    "WAV of ADPCM": Kind("wav", "adpcm_ms", 0.13, 1.0),
    "WAV of IMA ADPCM": Kind("wav", "adpcm_ima_wav", 0.13, 1.0),
    "AU": Kind("au", "pcm_mulaw", 0.001, 1.0),
    "MP3": Kind("mp3", "libmp3lame", 0.25),
    "MP3 of 44.1 kHz": Kind("mp3", "libmp3lame", 0.21, 0.95, {"rate": 44100, "b": "64k"}),
    "MP2": Kind("mp2", "mp2", 0.22),
    "ADTS": Kind("adts", "aac", 0.13),
    "FLAC": Kind("flac", "flac", 0.08, 1.0),
    "FLAC in Ogg": Kind("ogg", "flac", 1.01, 1.0),
    "Opus": Kind("ogg", "libopus", 1.1),
    "Vorbis": Kind("ogg", "vorbis", 1.2, 0.95, {"rate": 44100, "layout": "stereo", "strict": "experimental"}),
    "WebM": Kind("webm", "libopus", 0.11, 0.99, slip=16),
    "WebM of Vorbis": Kind(
        "webm", "vorbis", 0.15, 0.95, {"rate": 44100, "layout": "stereo", "strict": "experimental"}, slip=16
    ),
    "Matroska": Kind("matroska", "pcm_s16le", 0.15, 1.0),
    "AMR": Kind("amr", "libopencore_amrnb", 0.07, 0.95, {"rate": 8000}),
}


@pytest.mark.engine
@pytest.mark.parametrize("name", KINDS)
def test_a_decoder_goes_on(name: str) -> None:
    """A decoder that hears the file from a place on makes of it what it would have made from the beginning."""
    numpy = pytest.importorskip("numpy")
    kind = KINDS[name]
    data = encoded(kind.form, kind.codec, **kind.options)
    track = read(data, 1000)
    first = track.place_behind(0)
    assert first is not None
    # Not the whole file: what stands before its first frame may tell a decoder to leave out some milliseconds of that.
    whole = decoded(track.header(first.position) + data[first.position :])
    for moment in (0.5, 1.234, 3.0, 4.7):
        place = track.place(moment)
        again = decoded(track.header(place.position) + data[place.position :])
        assert moment - kind.step < place.seconds <= moment + NEAR
        assert place.seconds + len(again) / 16000 == pytest.approx(len(whole) / 16000, abs=0.002)
        ahead = round((max(moment, place.seconds) - place.seconds) * 16000)
        there = round(max(moment, place.seconds) * 16000)
        for start in (0, 400, 8000):
            heard = again[ahead + start : ahead + start + 400]
            alike = max(
                numpy.corrcoef(heard, whole[at : at + 400])[0, 1]
                for at in range(there + start - kind.slip, there + start + kind.slip + 1)
            )
            assert alike >= kind.alike - 1e-9, (moment, start)
