"""Audio with no end in sight, becoming samples while it comes."""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync.server import streaming
from dgasync.server.container import Container
from dgasync.server.decode import BadAudio
from dgasync.server.options import LiveOptions
from dgasync.server.streaming import Piped, Stream, is_container, is_text
from dgasync.testing import ruler_audio, ruler_wav

from .conftest import Live

SPEECH = Path(__file__).resolve().parents[2] / "examples" / "audio" / "librivox-0880.wav"
SECONDS = 2.99


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if thread.name == "dgasync-decode":
            thread.join(60)  # The server lets it go when the client has seen the end already.
            assert not thread.is_alive()


def encoded(container: str, codec: str, rate: int = 16_000) -> bytes:
    """Speech as a file of another kind."""
    av: Any = pytest.importorskip("av", reason="needs PyAV")
    out = io.BytesIO()
    with av.open(str(SPEECH)) as file, av.open(out, "w", format=container) as made:
        stream = made.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        for frame in file.decode(audio=0):
            for resampled in resampler.resample(frame):
                made.mux(stream.encode(resampled))
        made.mux(stream.encode(None))
    return out.getvalue()


def stream(data: bytes, size: int, **options: Any) -> tuple[int, int]:
    """Bytes of samples of 16 kHz in all, and after how many bytes the first came."""
    made = Stream(LiveOptions(**options), 16_000)
    total = first = 0
    try:
        for at in range(0, len(data), size):
            total += len(made.feed(data[at : at + size]))
            first = first or (at + size if total else 0)
        total += len(made.end())
    finally:
        made.stop()
        made.join()
    return total, first


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("webm", "libopus", 48_000),
        ("ogg", "libopus", 48_000),
        ("mp3", "libmp3lame", 16_000),
        ("flac", "flac", 16_000),
        ("adts", "aac", 16_000),
        ("wav", "adpcm_ms", 16_000),
    ],
)
def test_containers(container: str, codec: str, rate: int) -> None:
    """What FFmpeg can read from a pipe is heard while it comes, from the first half on."""
    data = encoded(container, codec, rate)
    total, first = stream(data, 777)
    assert total / 32_000 == pytest.approx(SECONDS, abs=0.15)
    assert first < len(data) / 2


def test_pieces_do_not_matter() -> None:
    """The samples are the same in whatever pieces the bytes come."""
    data = encoded("ogg", "libopus", 48_000)
    assert stream(data, 1)[0] == stream(data, len(data))[0] == stream(data, 40_000)[0]


def test_announced_container() -> None:
    """An encoding that is a container's is read as one, whatever its first bytes."""
    data = encoded("flac", "flac")
    assert stream(data, 5000, encoding="flac")[0] == stream(data, 5000)[0]
    with pytest.raises(BadAudio):
        stream(b"no flac at all, but long enough", 5000, encoding="flac")


def test_wav() -> None:
    """A WAV file needs no library; what it says of itself counts, also when raw audio was announced."""
    assert stream(ruler_wav(1), 10) == (32_000, 50)
    assert stream(ruler_wav(1), 10, encoding="mulaw", sample_rate=8000)[0] == 32_000
    unknown = ruler_wav(1)[:40] + b"\xff\xff\xff\xff" + ruler_audio(1)
    assert stream(unknown, 100)[0] == 32_000


def test_wav_without_end_of_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """A WAV file that does not come to its samples is FFmpeg's to judge."""
    pytest.importorskip("av", reason="needs PyAV")
    monkeypatch.setattr(streaming, "MAX_HEADER", 200)
    junk = b"RIFF" + struct.pack("<I4s4sI", 10_000, b"WAVE", b"JUNK", 9000) + bytes(1000)
    with pytest.raises(BadAudio):
        stream(junk, 100)
    with pytest.raises(BadAudio):
        stream(junk[:60], 100)


def test_raw() -> None:
    """Raw samples pass in whole frames; the last one is filled up."""
    made = Stream(LiveOptions(encoding="linear16", sample_rate=8000, channels=2), None)
    assert made.feed(b"\1\2\3") == b""
    assert made.end() == b"\1\2\3\0"
    made = Stream(LiveOptions(encoding="mulaw", sample_rate=8000), None)
    assert len(made.feed(bytes(160))) == 320
    assert made.end() == b""
    assert made.sound is not None
    assert (made.sound.rate, made.sound.channels) == (8000, 1)


def test_nothing() -> None:
    """No bytes are no audio."""
    assert Stream(LiveOptions(), None).end() == b""


def test_unknown() -> None:
    """Bytes that say nothing are not heard, and are no error."""
    made = Stream(LiveOptions(), None)
    assert made.feed(ruler_audio(1)) == made.feed(ruler_audio(1)) == made.end() == b""
    assert made.unknown
    assert made.sound is None


def test_text() -> None:
    """Text is no audio."""
    with pytest.raises(BadAudio, match="text"):
        Stream(LiveOptions(), None).feed(b'{"error": "no audio"}')
    assert is_text(b"a\r\n\tb")
    assert not is_text(b"a\0b")


def test_damaged_container() -> None:
    """A container of which nothing can be decoded is an error; after its end nothing is heard."""
    pytest.importorskip("av", reason="needs PyAV")
    with pytest.raises(BadAudio):
        stream(b"OggS" + bytes(5000), 1000)
    data = encoded("flac", "flac")
    made = Stream(LiveOptions(), 16_000)
    made.feed(data)
    made.end()
    assert made.feed(data) == b""
    made.stop()
    made.join()


def test_a_thread_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends the decoding is raised where the audio comes from, and not lost on its thread."""
    pytest.importorskip("av", reason="needs PyAV")

    def fail(container: Container) -> Iterator[bytes]:
        raise ValueError("unforeseen")

    monkeypatch.setattr(Container, "chunks", fail)
    with pytest.raises(ValueError, match="unforeseen"):
        stream(encoded("flac", "flac"), 5000)


def test_stopped() -> None:
    """A stream that is given up lets its thread go, in the middle of a file as well as before it."""
    data = encoded("flac", "flac")
    for size in (3, 20_000):
        piped = Piped(16_000, mix=True)
        piped.feed(data[:size])
        piped.stop()
        piped.join()


@pytest.mark.parametrize(
    ("encoding", "frame", "seconds"),
    [("g729", bytes(range(10)), 0.01), ("amr-nb", b"\x04" + bytes(12), 0.02), ("amr-wb", b"\x04" + bytes(17), 0.02)],
)
def test_frames_without_header(encoding: str, frame: bytes, seconds: float) -> None:
    """Speech codecs are read without the header that their files have, wherever the messages are cut."""
    pytest.importorskip("av", reason="needs PyAV")
    total, _ = stream(frame * 300, 777, encoding=encoding)
    assert total / 32_000 == pytest.approx(300 * seconds, abs=0.01)


def test_speex_packets() -> None:
    """Bare Speex packets are decoded one by one, as Opus is."""
    pytest.importorskip("av", reason="needs PyAV")
    packet = bytes([0b00011000, *range(19)])  # Narrowband of 8 kbit/s: 160 bits.
    made = Stream(LiveOptions(encoding="speex", sample_rate=8000), 16_000)
    samples = b"".join(made.feed(packet) for _ in range(50)) + made.end()
    assert len(samples) / 16_000 == pytest.approx(1.0, abs=0.01)


def packets() -> list[bytes]:
    av: Any = pytest.importorskip("av", reason="needs PyAV")
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 16_000, "mono", "s16"
    fifo = av.AudioFifo()
    made: list[bytes] = []
    with av.open(str(SPEECH)) as file:
        for frame in file.decode(audio=0):
            frame.pts = None
            fifo.write(frame)
        while (frame := fifo.read(320)) is not None:
            frame.pts = None
            made += [bytes(packet) for packet in codec.encode(frame)]
    return made


def test_packets() -> None:
    """Bare Opus packets are decoded one by one; Opus in a container is seen to be in one."""
    made = Stream(LiveOptions(encoding="opus", sample_rate=16_000), 16_000)
    assert sum(len(made.feed(packet)) for packet in packets()) + len(made.end()) == pytest.approx(
        SECONDS * 32_000, rel=0.02
    )
    assert stream(encoded("ogg", "libopus", 48_000), 5000, encoding="opus")[0] / 32_000 == pytest.approx(
        SECONDS, abs=0.1
    )


def test_bad_packets() -> None:
    """Bytes that are no packet, or channels that packets cannot have, are an error."""
    pytest.importorskip("av", reason="needs PyAV")
    with pytest.raises(BadAudio):
        Stream(LiveOptions(encoding="opus"), None).feed(b"\xff\xff\xff\xff")
    with pytest.raises(BadAudio, match="one channel or two"):
        Stream(LiveOptions(encoding="opus", channels=3), None).feed(b"\xff\xff\xff\xff")


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"OggS\0\2", True),
        (b"\0\0\0\x20ftypM4A ", True),
        (b"\xff\xfb\x90\x64", True),
        (b"\xff\xf1\x50\x80", True),
        (b"\xff\xf1\x7c\x80", False),
        (b"\xff\xe1\x50\x80", False),
        (b"\xff\xff\xff\xff", False),
        (b"\xff\xfb\x00\x00", False),
        (b"\xff\xeb\x90\x64", False),
        (b"\xff\xfb\x9c\x64", False),
        (b"\xff\x00\x90\x64", False),
        (b"\x01\x00\xff\xff", False),
        (b"\xff", False),
    ],
)
def test_containers_are_recognised(head: bytes, is_one: bool) -> None:
    """Files begin in ways that samples seldom do."""
    assert is_container(head) is is_one


@pytest.mark.anyio
async def test_container_over_a_socket(live: Live) -> None:
    """A container is streamed as any audio is: the ruler, in FLAC, loses no sample."""
    av: Any = pytest.importorskip("av", reason="needs PyAV")
    out = io.BytesIO()
    with av.open(io.BytesIO(ruler_wav(4))) as file, av.open(out, "w", format="flac") as made:
        track = made.add_stream("flac", rate=16_000, layout="mono")
        for frame in file.decode(audio=0):
            made.mux(track.encode(frame))
        made.mux(track.encode(None))
    data = out.getvalue()
    talk = await live.talk(*(data[at : at + 3000] for at in range(0, len(data), 3000)), "Finalize", params={})
    assert talk.text() == "w0 w1 w2 w3 w4 w5 w6 w7"
    assert talk.told[-1]["duration"] == 4.0


@pytest.mark.anyio
async def test_client_leaves_a_container(live: Live) -> None:
    """A client that leaves in the middle of a container leaves no thread behind."""
    data = encoded("flac", "flac")
    talk = await live.open({})
    await talk.send(data[:10_000])
    await talk.socket.close()
    # The next session ends behind it, in the same loop of the server.
    assert (await live.talk(data, params={})).code == 1000
