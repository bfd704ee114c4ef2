"""FIELD_NOTES 9: an upload arrives whole, or its failure is clean; never is half of it, or nothing, a success."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import dgasync
from dgasync import Timeouts
from dgasync.limits import BODY_CHUNK
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from tests.field.faces import Face

RULER = Ruler.of_bytes(2 * BODY_CHUNK + 12_346)
WAV = RULER.wav()
SHA256 = hashlib.sha256(WAV).hexdigest()
BUSY = Fault.status(503)


def pieces() -> Iterator[bytes]:
    return (WAV[at : at + 100_003] for at in range(0, len(WAV), 100_003))


async def pieces_in_time() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


class Again:
    def __iter__(self) -> Iterator[bytes]:
        return pieces()


class AgainInTime:
    def __aiter__(self) -> AsyncIterator[bytes]:
        return pieces_in_time()


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def read_half(path: Path) -> Any:
    """A file that was read before: what is left of it is what is sent."""
    file = io.BytesIO(b"heard before" + WAV)
    file.seek(12)
    return file


REPEATABLE: dict[str, Callable[[Path], Any]] = {
    "bytes": lambda path: WAV,
    "few bytes": lambda path: Ruler(1.0).wav(),
    "path": lambda path: path,
    "file": lambda path: path.open("rb"),
    "file read before": read_half,
    "list": lambda path: list(pieces()),
    "iterable": lambda path: Again(),
    "async iterable": lambda path: AgainInTime(),
    "documented": lambda path: {"stream": path.open("rb")},
}
ONCE: dict[str, Callable[[Path], Any]] = {
    "generator": lambda path: pieces(),
    "async generator": lambda path: pieces_in_time(),
    "pipe": lambda path: Pipe(WAV),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ruler.wav"
    path.write_bytes(WAV)
    return path


def arrivals(server: LocalServer) -> list[tuple[bool, str]]:
    return [(request.complete, request.sha256) for request in server.requests]


def closed(audio: Any) -> None:
    for each in (audio, audio.get("stream") if isinstance(audio, dict) else None):
        if isinstance(each, io.IOBase):
            each.close()


@pytest.mark.parametrize("form", REPEATABLE)
def test_a_retry_sends_the_same_again(form: str, face: Face, server: LocalServer, path: Path) -> None:
    """After a 503 the second body is the first, byte for byte, whatever it is made from."""
    server.fail(BUSY)
    audio = REPEATABLE[form](path)

    transcript = face.transcribe(server.url, audio)
    closed(audio)

    few = form == "few bytes"
    expected = hashlib.sha256(Ruler(1.0).wav()).hexdigest() if few else SHA256
    assert arrivals(server) == [(True, expected)] * 2
    assert transcript.text == (Ruler(1.0) if few else RULER).text


@pytest.mark.parametrize("form", ONCE)
def test_what_is_gone_is_not_sent_again(form: str, face: Face, server: LocalServer, path: Path) -> None:
    """A source that can be read once is sent once, and the 503 is the error."""
    server.fail(BUSY)

    with pytest.raises(dgasync.ServerError) as caught:
        face.transcribe(server.url, ONCE[form](path))

    assert caught.value.status == 503
    assert arrivals(server) == [(True, SHA256)]


@pytest.mark.parametrize("at", [0, 1, 700_000, BODY_CHUNK, len(WAV) - 1, len(WAV)])
@pytest.mark.parametrize("form", ["path", "async iterable"])
def test_a_connection_cut_on_the_way(form: str, at: int, face: Face, server: LocalServer, path: Path) -> None:
    """Wherever the connection is cut, what can be sent again is, from its beginning."""
    server.fail(Fault.drop(after_bytes=at))

    transcript = face.transcribe(server.url, REPEATABLE[form](path))

    assert transcript.text == RULER.text
    assert len(server.requests) == 2
    assert arrivals(server)[1] == (True, SHA256)


@pytest.mark.parametrize("at", [0, 700_000, len(WAV)])
@pytest.mark.parametrize("form", ONCE)
def test_a_connection_cut_for_good(form: str, at: int, face: Face, server: LocalServer, path: Path) -> None:
    """What cannot be sent again fails as a lost connection, not as anything else."""
    server.fail(Fault.drop(after_bytes=at))

    with pytest.raises(dgasync.DeepgramConnectionError) as caught:
        face.transcribe(server.url, ONCE[form](path))

    assert type(caught.value) is dgasync.DeepgramConnectionError
    assert len(server.requests) == 1


class Endless:
    """A source without end that counts what was taken, one that can be read once."""

    def __init__(self, most: int) -> None:
        self.taken = 0
        self._most = most

    def __iter__(self) -> Endless:
        return self

    def __next__(self) -> bytes:
        if self.taken >= self._most:
            raise StopIteration
        self.taken += 1
        return bytes(100_000)


@pytest.mark.parametrize(("status", "kind"), [(413, dgasync.TooLarge), (401, dgasync.Unauthorized)])
def test_an_early_no(status: int, kind: type[Exception], face: Face, server: LocalServer) -> None:
    """A refusal that comes while the upload is still running is heard at once, and the rest is spared."""
    audio = Endless(20_000)  # 2 GB
    server.fail(Fault.status(status, early=True))

    with pytest.raises(kind):
        face.transcribe(server.url, audio)

    assert audio.taken < 5_000
    assert not server.requests[0].complete


def test_a_service_that_stops_reading(face: Face, server: LocalServer) -> None:
    """It is a Timeout of the write, not of the read, and is not tried again."""
    server.fail(Fault.stall(after_bytes=100_000))
    audio = Endless(1_000)

    with pytest.raises(dgasync.Timeout) as caught:
        face.transcribe(server.url, audio, timeout=Timeouts(write=0.2, read=30))

    assert caught.value.phase == "write"
    assert audio.taken < 1_000
    assert len(server.requests) == 1


@pytest.mark.parametrize("form", ["few bytes", "bytes", "path", "async generator"])
def test_a_service_that_never_answers(form: str, face: Face, server: LocalServer, path: Path) -> None:
    """Once all is sent the waiting is a Timeout of the read; it may have been paid for, so it is not tried again."""
    server.fail(Fault.stall())

    with pytest.raises(dgasync.Timeout) as caught:
        face.transcribe(server.url, {**REPEATABLE, **ONCE}[form](path), timeout=Timeouts(write=30, read=0.2))

    assert caught.value.phase == "read"
    assert len(server.requests) == 1


def test_an_answer_that_takes_its_time(face: Face, server: LocalServer, path: Path) -> None:
    """The read limit is for silence: an answer that keeps coming may take longer in all."""
    server.fail(Fault.trickle(size=2_000, seconds=0.1))

    transcript = face.transcribe(server.url, path, timeout=Timeouts(read=0.8), utterances=True, punctuate=True)

    assert transcript.words[-1].word == "w131-"


def test_a_source_that_takes_its_time(face: Face, server: LocalServer) -> None:
    """However long the caller's own source pauses, that is nobody's timeout."""

    def slow() -> Iterator[bytes]:
        yield WAV[:1000]
        time.sleep(0.6)
        yield WAV[1000:]

    transcript = face.transcribe(server.url, slow(), timeout=Timeouts(write=0.4, read=30))

    assert transcript.text == RULER.text


class OwnError(Exception):
    pass


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_source_that_fails(asynchronous: bool, face: Face, server: LocalServer) -> None:
    """What the source raises comes out as it is, and the service never gets what looks like a whole body."""

    def failing() -> Iterator[bytes]:
        yield WAV[:100_000]
        raise OwnError("the microphone is gone")

    async def failing_in_time() -> AsyncIterator[bytes]:
        for piece in failing():
            yield piece

    with pytest.raises(OwnError, match="microphone"):
        face.transcribe(server.url, failing_in_time() if asynchronous else failing())

    assert not any(request.complete for request in server.requests)


def test_a_file_that_shrinks(face: Face, server: LocalServer, path: Path) -> None:
    """A file that becomes shorter while it is sent is an error, not a shorter recording."""

    def shrink(sent: int, total: int | None) -> None:
        with path.open("r+b") as file:
            file.truncate(BODY_CHUNK + 1)

    with pytest.raises(dgasync.DeepgramTypeError, match="shorter"):
        face.transcribe(server.url, path, progress=shrink)

    assert not any(request.complete for request in server.requests)


def test_a_file_that_grows(face: Face, server: LocalServer, path: Path) -> None:
    """Of a file that becomes longer, what was there at the beginning is sent."""

    def grow(sent: int, total: int | None) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    transcript = face.transcribe(server.url, path, progress=grow)

    assert arrivals(server) == [(True, SHA256)]
    assert transcript.text == RULER.text


def test_where_sources_are_read(face: Face, server: LocalServer) -> None:
    """A generator runs on the caller's own thread when that waits, else on a worker's, never on the loop's."""
    threads: set[int] = set()

    def noticed() -> Iterator[bytes]:
        for piece in pieces():
            threads.add(threading.get_ident())
            yield piece

    face.transcribe(server.url, noticed())

    if face.name == "sync":
        assert threads == {threading.get_ident()}
    else:
        assert threading.get_ident() not in threads


def test_progress_is_told_where_the_caller_is(face: Face, server: LocalServer, path: Path) -> None:
    """Progress comes on the caller's thread, rises to the total, and starts anew with a retry."""
    server.fail(BUSY)
    told: list[tuple[int, int | None]] = []
    threads: set[int] = set()

    def tell(sent: int, total: int | None) -> None:
        told.append((sent, total))
        threads.add(threading.get_ident())

    face.transcribe(server.url, path, progress=tell)

    assert threads == {threading.get_ident()}
    assert {total for _, total in told} == {len(WAV)}
    once = [(BODY_CHUNK, len(WAV)), (2 * BODY_CHUNK, len(WAV)), (len(WAV), len(WAV))]
    assert told[-3:] == once
    assert told[:-3] in (once, once[:-1])  # the answer may come before it is told that all was taken


def test_many_at_once(server: LocalServer, path: Path) -> None:
    """Of many uploads through one client, of all forms, some with a retry, each arrives as it is."""
    forms = [*REPEATABLE.values()] * 2
    server.fail(BUSY, times=5)
    heard: list[str] = []

    async def main() -> None:
        async with dgasync.AsyncDeepgramClient("a-key", url=server.url, max_retries=9) as deepgram:

            async def one(form: Callable[[Path], Any]) -> None:
                audio = form(path)
                heard.append((await deepgram.transcribe(audio)).text)
                closed(audio)

            async with anyio.create_task_group() as group:
                for form in forms:
                    group.start_soon(one, form)

    for backend in ("asyncio", "trio"):
        server.reset()
        server.fail(BUSY, times=5)
        heard.clear()
        anyio.run(main, backend=backend)

        assert sorted(heard) == sorted([RULER.text] * 16 + [Ruler(1.0).text] * 2)
        assert len(server.requests) == len(forms) + 5
        assert {request.size for request in server.requests} == {len(WAV), len(Ruler(1.0).wav())}
