"""Audio from wherever the user has it, in frames, and at its own speed."""

from __future__ import annotations

import io
import os
import sys
import threading
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest

from dgasync.config import Timeouts
from dgasync.errors import ConnectFailed, DeepgramConnectionError, DeepgramTypeError, Timeout
from dgasync.limits import CONNECT_TIMEOUT, FRAME, PACE, SOURCE_IDLE
from dgasync.models.live import Close, Error
from dgasync.session.sources import check_source, chunks_of, framed, in_thread, octets, paced, pull
from dgasync.testing import ruler_wav
from dgasync.transport.seam import CALLER
from dgasync.version import __version__
from tests.fakes import FakeDownload, FakeTransport
from tests.session.stage import RAW, SECOND, ManualClock, Service, Stage

pytestmark = pytest.mark.anyio

URL = "http://host/talk.wav"
FAR = "http://user:hush@host/talk.wav?hush"


async def given(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        await anyio.sleep(0)
        yield chunk


async def each_of(audio: object, *script: Any) -> list[bytes]:
    """The chunks of a source, taken as a session takes them."""
    async with aclosing(await chunks_of(audio, in_thread, FakeTransport(*script))) as chunks:
        return [bytes(chunk) async for chunk in chunks]


# Every kind of source.


def numbers() -> Iterator[bytes]:
    yield from (b"ab", b"", b"cd")


async def async_numbers() -> AsyncIterator[bytes]:
    for each in numbers():
        yield each


class AsyncReusable:
    def __aiter__(self) -> AsyncIterator[bytes]:
        return async_numbers()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "talk.raw"
    path.write_bytes(b"abcd")
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda path: b"abcd",
        lambda path: bytearray(b"abcd"),
        lambda path: memoryview(b"abcd"),
        lambda path: array("H", [0x6261, 0x6463]),
        lambda path: path,
        str,
        lambda path: io.BytesIO(b"abcd"),
        lambda path: [b"ab", bytearray(b""), memoryview(b"cd")],
        lambda path: numbers(),
        lambda path: async_numbers(),
        lambda path: AsyncReusable(),
        lambda path: {"buffer": b"abcd"},
        lambda path: {"buffer": io.BytesIO(b"abcd")},
        lambda path: {"stream": numbers(), "mimetype": "audio/wav"},
    ],
    ids=[
        *("bytes", "bytearray", "memoryview", "array", "path", "text path", "file", "list", "generator"),
        *("async generator", "async iterable", "buffer", "buffer of a file", "stream"),
    ],
)
async def test_every_form(make: Callable[[Path], object], path: Path) -> None:
    """Each form of audio gives its bytes, and no chunk is empty."""
    audio = make(path)
    check_source(audio)
    chunks = await each_of(audio)

    assert b"".join(chunks) == b"abcd"
    assert all(chunks)


async def test_an_open_file(path: Path) -> None:
    """A file that the caller opened is sent from where it stands, and left open."""
    with path.open("rb") as file:
        file.read(1)
        assert await each_of(file) == [b"bcd"]
        assert not file.closed


@pytest.mark.parametrize(
    ("audio", "match"),
    [
        (b"", "empty"),
        ({"buffer": bytearray()}, "empty"),
        (io.StringIO("x"), "open it as bytes"),
        ({"stream": io.StringIO("x")}, "open it as bytes"),
        ({"stream": "talk.wav"}, "not a text"),
        ({"file": b"x"}, '"url", "buffer" or "stream"'),
        (7, "no audio"),
        (None, "no audio"),
        ("http://", "no host"),
        ("https://host:port/", "cannot be"),
        ({"url": "ftp://host/talk.wav"}, "http and https"),
        ({"url": "file:///etc/passwd"}, "http and https"),
        ({"url": "talk.wav"}, "http and https"),
        ({"url": ""}, "address"),
        ({"url": 7}, "address"),
    ],
)
async def test_what_is_no_audio(audio: object, match: str) -> None:
    """What cannot be sent is refused at once, and later too."""
    with pytest.raises(DeepgramTypeError, match=match):
        check_source(audio)
    with pytest.raises(DeepgramTypeError, match=match):
        await each_of(audio)


@pytest.mark.parametrize(
    "make", [io.BytesIO, lambda: Path(os.devnull).parent / "no such file", lambda: io.BytesIO(b"")]
)
async def test_what_turns_out_to_be_none(make: Callable[[], Any]) -> None:
    """A file that is empty, or not there, is an error before anything is sent."""
    audio = make()
    check_source(audio)
    with pytest.raises((DeepgramTypeError, FileNotFoundError)):
        await chunks_of(audio, in_thread, FakeTransport())


async def test_an_empty_file(path: Path) -> None:
    """So is an empty one by its path, and a folder."""
    path.write_bytes(b"")
    with pytest.raises(DeepgramTypeError, match="empty"):
        await each_of(path)
    with pytest.raises(IsADirectoryError):
        await each_of(path.parent)


@pytest.mark.parametrize("make", [list, lambda: iter(()), lambda: given(), lambda: [b"", b""]])
async def test_an_iterator_of_nothing(make: Callable[[], object]) -> None:
    """An iterator may have nothing to give, at its own speed too."""
    assert await each_of(make()) == []
    assert [
        frame async for frame in paced(await chunks_of(make(), in_thread, FakeTransport()), {}, ManualClock())
    ] == []


@pytest.mark.parametrize("make", [lambda: ["text"], lambda: iter([7])])
async def test_chunks_that_are_not_bytes(make: Callable[[], object]) -> None:
    """An iterator that gives something else is an error."""
    with pytest.raises(DeepgramTypeError, match="instead of bytes"):
        await each_of(make())


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes by path")
@pytest.mark.parametrize("written", [False, True])
async def test_a_pipe_that_says_nothing(written: bool, tmp_path: Path) -> None:
    """Nobody has to wait for a path that gives nothing, wherever its reading hangs."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []

    async def take() -> None:
        async with aclosing(await chunks_of(path, in_thread, FakeTransport())) as chunks:
            async for chunk in chunks:
                got.append(bytes(chunk))

    writer = os.open(path, os.O_RDWR) if written else None
    try:
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(take)
                if writer is not None:
                    os.write(writer, b"abcd")
                    while not got:
                        await anyio.sleep(0.001)
                else:
                    await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
    finally:
        # Whoever was left behind goes, too.
        for _ in range(2):
            os.close(os.open(path, os.O_RDWR) if writer is None else writer)
            writer = None

    assert got == ([b"abcd"] if written else [])


# Where reading that may block is done.


async def test_blocking_reads_are_the_callers(path: Path) -> None:
    """Iterators and open files are read where `pull` says, a path by any worker thread."""
    called: list[str] = []

    async def note(function: Callable[..., Any], *args: Any) -> Any:
        called.append(function.__name__)
        return function(*args)

    for audio in (numbers(), io.BytesIO(b"abcd"), path):
        async with aclosing(await chunks_of(audio, note, FakeTransport())) as chunks:
            assert b"".join([bytes(chunk) async for chunk in chunks]) == b"abcd"
    assert set(called) == {"_next", "_measure", "seek", "read"}


async def test_pull() -> None:
    """Where a thread waits for the job, that thread does what may block; else a worker does."""
    here = threading.get_ident()
    called: list[Any] = []

    class Waiting:
        async def call(self, function: Callable[..., Any], *args: object) -> Any:
            called.append(function)
            return function(*args)

    assert await pull(threading.get_ident) != here
    assert await in_thread(threading.get_ident) != here
    token = CALLER.set(Waiting())
    try:
        assert await pull(threading.get_ident) == here
        assert called == [threading.get_ident]
    finally:
        CALLER.reset(token)


async def test_a_thread_that_blocks_is_left() -> None:
    """Nobody waits for a thread that blocks once the session is over."""
    go, ended = threading.Event(), threading.Event()

    def block() -> None:
        go.wait(10)
        ended.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(in_thread, block)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    assert not ended.is_set()
    go.set()
    await anyio.to_thread.run_sync(ended.wait, 10)


# What is at an address.


@pytest.mark.parametrize("audio", [URL, {"url": URL}, {"url": URL, "mimetype": "audio/wav", "more": 1}])
async def test_an_address(audio: object) -> None:
    """What is at an address comes as it comes, and the connection is closed behind it."""
    check_source(audio)
    transport = FakeTransport(download := FakeDownload(b"ab", b"cd"))

    assert [chunk async for chunk in await chunks_of(audio, in_thread, transport)] == [b"ab", b"cd"]
    assert download.closed
    (request,) = transport.fetched
    assert (request.method, request.url, request.body) == ("GET", URL, None)
    assert request.timeouts == Timeouts(CONNECT_TIMEOUT, None, SOURCE_IDLE)


async def test_an_address_is_told_nothing() -> None:
    """It learns who asks, and that plain bytes are wanted; as it is typed, so it is encoded."""
    transport = FakeTransport(FakeDownload(b"ab"))
    async with aclosing(await chunks_of("HTTP://host/two words", in_thread, transport)) as chunks:
        await chunks.__anext__()

    (request,) = transport.fetched
    assert request.url == "http://host/two%20words"
    assert request.headers == {"User-Agent": f"dgasync/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


async def test_nothing_is_fetched_before_it_is_wanted() -> None:
    """An address is asked when its first chunk is."""
    transport = FakeTransport()
    await (await chunks_of(URL, in_thread, transport)).aclose()
    assert transport.fetched == []


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (404, "audio/wav", DeepgramTypeError),
        (302, None, DeepgramTypeError),
        (200, "text/html", DeepgramTypeError),
        (200, "application/json", DeepgramTypeError),
        (200, "audio/x-mpegurl", DeepgramTypeError),
        (503, "text/html", DeepgramConnectionError),
    ],
)
async def test_an_answer_of_no_use(status: int, kind: str | None, error: type[Exception]) -> None:
    """An answer that cannot be audio is an error that names the address, and nothing secret of it."""
    download = FakeDownload(b"page", status=status, content_type=kind)
    with pytest.raises(error, match=r"http://host/talk\.wav") as caught:
        await each_of(FAR, download)

    assert "hush" not in str(caught.value)
    assert (download.given, download.closed) == (0, True)


async def test_an_empty_answer() -> None:
    """An address without a byte of audio is an error."""
    with pytest.raises(DeepgramTypeError, match=r"http://host/talk\.wav: its answer is empty") as caught:
        await each_of(FAR, FakeDownload())
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("error", [ConnectFailed("no"), Timeout("slow", "connect")])
async def test_an_address_that_cannot_be_reached(error: Exception) -> None:
    """What the transport raises comes out as it is."""
    with pytest.raises(type(error)) as caught:
        await each_of(URL, error)
    assert caught.value is error


async def test_a_stream_that_breaks() -> None:
    """What came before a connection breaks is given, and then the error."""
    got: list[bytes] = []
    broken = DeepgramConnectionError("broken")
    download = FakeDownload(b"ab", broken)
    with pytest.raises(DeepgramConnectionError) as caught:  # noqa: PT012
        async for chunk in await chunks_of(URL, in_thread, FakeTransport(download)):
            got.append(bytes(chunk))

    assert caught.value is broken
    assert got == [b"ab"]
    assert download.closed


async def test_a_stream_that_nobody_wants_any_more() -> None:
    """An endless stream is closed with the source, also when its reader is cancelled."""
    for cancelled in (False, True):
        download = FakeDownload(b"ab").stall()
        async with aclosing(await chunks_of(URL, in_thread, FakeTransport(download))) as chunks:
            assert await chunks.__anext__() == b"ab"
            if cancelled:
                with anyio.move_on_after(0.001):
                    await chunks.__anext__()
        assert download.closed


# Frames.


async def test_framed() -> None:
    """Long chunks are cut, short ones stay as they are."""
    frames = [bytes(frame) async for frame in framed(given(b"abcdefgh", b"ij", b"klmn"), 3)]
    assert frames == [b"abc", b"def", b"gh", b"ij", b"klm", b"n"]


async def test_the_largest_frame() -> None:
    """No frame is larger than FRAME."""
    frames = [len(frame) async for frame in framed(given(bytes(2 * FRAME + 1)))]
    assert frames == [FRAME, FRAME, 1]


@pytest.mark.parametrize(
    ("chunk", "inside"),
    [(bytearray(b"ab"), b"ab"), (memoryview(b"ab"), b"ab"), (array("H", [0x6261]), b"ab"), (b"ab", b"ab")],
)
def test_octets(chunk: Any, inside: bytes) -> None:
    """Whatever shows its memory is seen byte by byte."""
    assert bytes(octets(chunk)) == inside
    assert len(octets(chunk)) == 2


@pytest.mark.parametrize(("chunk", "match"), [("ab", "got a text"), (7, "got a int"), (None, "got a NoneType")])
def test_what_has_no_octets(chunk: object, match: str) -> None:
    """What is no bytes is refused."""
    with pytest.raises(DeepgramTypeError, match=match):
        octets(chunk)


# Speed.


class Player:
    """Takes the frames of a paced source, and notes when each came."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.began = self.clock.now()
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self.ended = False

    async def play(self, chunks: AsyncGenerator[bytes, None], options: dict[str, Any]) -> None:
        async with aclosing(chunks), aclosing(paced(chunks, options, self.clock)) as frames:
            async for frame in frames:
                self.frames.append(bytes(frame))
                self.times.append(round(self.clock.now() - self.began, 6))
        self.ended = True


async def played(chunks: AsyncGenerator[bytes, None], options: dict[str, Any], seconds: float) -> Player:
    """A source, played for so long."""
    player = Player()
    async with anyio.create_task_group() as group:
        group.start_soon(player.play, chunks, options)
        await player.clock.advance(seconds)
        group.cancel_scope.cancel()
    return player


async def test_raw_audio_at_its_own_speed() -> None:
    """Raw audio comes a tenth of a second at a time, each frame when its time has come."""
    player = await played(given(SECOND, SECOND), RAW, 60)

    assert player.times == [round(n * PACE, 6) for n in range(20)]
    assert {len(frame) for frame in player.frames} == {3200}
    assert b"".join(player.frames) == 2 * SECOND
    assert player.ended


async def test_no_faster() -> None:
    """Half a second after the beginning half a second was given, and one frame."""
    player = await played(given(SECOND), RAW, 0.5)
    assert len(player.frames) == 6
    assert not player.ended


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({"encoding": "mulaw", "sample_rate": 8000}, 8000),
        ({"encoding": "linear16", "sample_rate": "44100", "channels": 2}, 176_400),
        ({"encoding": "linear32", "sample_rate": 16000}, 64_000),
    ],
)
async def test_other_speeds(options: dict[str, Any], rate: int) -> None:
    """How fast that is, the options say; samples stay whole."""
    player = await played(given(bytes(rate)), options, 60)

    assert player.times[-1] == pytest.approx(0.9, abs=0.1)
    assert sum(map(len, player.frames)) == rate
    assert not any(len(frame) % 4 for frame in player.frames[:-1])


@pytest.mark.parametrize("size", [1, 3, 20, 43, 44, 45, 1000, 100_000])
async def test_a_wav_file_at_its_own_speed(size: int) -> None:
    """A WAV file needs no options, however its header is cut."""
    wav = ruler_wav(1.0)
    # Behind the header and some of the audio it is all one.
    chunks = [*(wav[n : n + size] for n in range(0, 200, size)), wav[-(-200 // size) * size :]]
    player = await played(given(*chunks), {}, 60)

    assert b"".join(player.frames) == wav
    assert player.times[0] == 0
    assert player.times[-1] == pytest.approx(1.0, abs=PACE)
    # None before its time; its header has none.
    sent = -44
    for time, frame in zip(player.times, player.frames, strict=True):
        assert sent <= time * 32_000 + 1
        sent += len(frame)


async def test_a_wav_file_with_a_long_header() -> None:
    """What stands before its samples takes no time, however much it is."""
    wav = ruler_wav(1.0)
    long = wav[:36] + b"LIST" + (200_000).to_bytes(4, "little") + bytes(200_000) + wav[36:]
    player = await played(given(long), {}, 60)

    assert b"".join(player.frames) == long
    assert player.times[-1] == pytest.approx(1.0, abs=PACE)


@pytest.mark.parametrize(
    ("chunks", "options"),
    [
        ((b"ID3" + bytes(2 * FRAME),), {}),
        ((b"ID3", bytes(10)), {"encoding": "mp3"}),
        ((bytes(10),), {"encoding": "linear16"}),
        ((b"RIFF",), {}),
        ((ruler_wav(0.1)[:30],), {}),
    ],
    ids=["MP3", "said to be MP3", "no rate", "cut off", "no whole header"],
)
async def test_audio_of_unknown_speed(chunks: tuple[bytes, ...], options: dict[str, Any]) -> None:
    """Audio whose speed nobody knows is refused before a byte of it is given."""
    async with aclosing(given(*chunks)) as source, aclosing(paced(source, options, ManualClock())) as frames:
        with pytest.raises(DeepgramTypeError, match="own speed"):
            await frames.__anext__()


async def test_a_source_that_is_late() -> None:
    """A source that falls behind is not held up, and what comes late comes at once, until it has caught up."""
    player = Player()

    async def slow() -> AsyncGenerator[bytes, None]:
        yield SECOND[:3200]
        await player.clock.sleep(0.45)
        yield SECOND[3200:]

    async with anyio.create_task_group() as group:
        group.start_soon(player.play, slow(), RAW)
        await player.clock.advance(60)
    assert player.times == [0, 0.45, 0.45, 0.45, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9]


async def test_the_source_is_closed_with_its_player() -> None:
    """A source that is played is closed when nobody wants more."""
    closed: list[bool] = []

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield SECOND
        finally:
            closed.append(True)

    player = await played(endless(), RAW, 1)
    assert closed == [True]
    assert not player.ended


# In a session.


async def test_a_session_is_fed_by_an_address() -> None:
    """All of it is sent, and CloseStream behind it."""
    stage = Stage(Service(), download := FakeDownload(SECOND, SECOND))
    async with stage.session() as live:
        await live.send_all({"url": URL})
        events = [type(event) async for event in live]

    assert stage.socket.audio == 2 * SECOND
    assert stage.socket.messages == ["CloseStream"]
    assert events[-1] is Close
    assert download.closed


async def test_an_address_that_fails_in_the_foreground() -> None:
    """What an address fails with comes out of `send_all`, as it is."""
    broken = DeepgramConnectionError("broken")
    stage = Stage(Service(), FakeDownload(SECOND, broken))
    with pytest.raises(DeepgramConnectionError) as caught:
        async with stage.session() as live:
            await live.send_all(URL)

    assert caught.value is broken
    assert stage.socket.audio == SECOND
    assert stage.socket.closed_with == 1000


@pytest.mark.parametrize(
    "step",
    [
        lambda: ConnectFailed("no"),
        lambda: FakeDownload(SECOND, DeepgramConnectionError("broken")),
        lambda: FakeDownload(b"page", content_type="text/html"),
        lambda: FakeDownload(b"page", status=404),
    ],
    ids=["unreachable", "broken", "page", "404"],
)
async def test_an_address_that_fails_in_the_background(step: Callable[[], Any]) -> None:
    """What an address fails with ends the session: it is an event, and comes out where the events are taken."""
    stage = Stage(Service(), step())
    events: list[Any] = []
    with pytest.raises((DeepgramConnectionError, DeepgramTypeError)) as caught:  # noqa: PT012
        async with stage.session() as live:
            live.start_sending(URL)
            async for event in live:
                events.append(event)

    assert live.error is caught.value
    assert [type(event) for event in events[-2:]] == [Error, Close]
    assert events[-2].message == caught.value.message


async def test_an_address_of_no_use_is_refused_at_once() -> None:
    """In the background too, an address that is none is the caller's mistake, and the session goes on."""
    stage = Stage()
    async with stage.session() as live:
        with pytest.raises(DeepgramTypeError, match="http and https"):
            live.start_sending({"url": "ftp://host/talk.wav"})
        await live.send(SECOND)
    assert stage.socket.audio == SECOND


async def test_leaving_stops_an_endless_stream() -> None:
    """A session that is left, or finished, lets go of a stream that has no end."""
    download = FakeDownload(SECOND).stall()
    stage = Stage(Service(), download)
    async with stage.session() as live:
        live.start_sending(URL)
        while not stage.socket.audio:
            await anyio.sleep(0)
    assert download.closed
    assert stage.socket.messages == ["CloseStream"]


async def test_an_address_at_its_own_speed() -> None:
    """A WAV file at an address is played as if it were spoken now."""
    wav = ruler_wav(1.0)
    stage = Stage(Service(), FakeDownload(wav[:50], wav[50:]))
    async with stage.session(model="nova-3") as live, anyio.create_task_group() as group:
        group.start_soon(lambda: live.send_all(URL, realtime=True))
        await stage.time.advance(0.45)
        assert len(stage.socket.audio) == pytest.approx(0.5 * 32_000, abs=100)
        await stage.time.advance(0.6)

    assert stage.socket.audio == wav
