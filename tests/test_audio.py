"""What may be handed over as audio."""

from __future__ import annotations

import io
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync.audio import FileBody, Upload, Url, pieces, source, upload
from dgasync.errors import DeepgramTypeError
from dgasync.limits import BODY_CHUNK

pytestmark = pytest.mark.anyio


async def whole(sent: Url | Upload) -> bytes:
    """What an upload holds, read as a transport reads it."""
    assert isinstance(sent, Upload)
    if not isinstance(sent.content, bytes):
        await sent.content.prepare()
    return b"".join([bytes(each) async for each in pieces(sent.content)])


def numbers() -> Iterator[bytes]:
    yield from (b"ab", b"", b"cd")


async def async_numbers() -> AsyncIterator[bytes]:
    for each in numbers():
        yield each


class Reusable:
    def __iter__(self) -> Iterator[bytes]:
        return numbers()


class AsyncReusable:
    def __aiter__(self) -> AsyncIterator[bytes]:
        return async_numbers()


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


class Minimal:
    """A file as small as they come: it can only be read."""

    def __init__(self) -> None:
        self._chunks = [b"ab", b"cd", b""]

    def read(self, _: int) -> bytes:
        return self._chunks.pop(0)


@pytest.mark.parametrize(
    ("make", "again"),
    [
        (lambda: b"abcd", True),
        (lambda: bytearray(b"abcd"), True),
        (lambda: memoryview(b"abcd"), True),
        (lambda: array("H", [0x6261, 0x6463]), True),
        (lambda: io.BytesIO(b"abcd"), True),
        (lambda: Pipe(b"abcd"), False),
        (Minimal, False),
        (lambda: [b"ab", bytearray(b""), memoryview(b"cd")], True),
        (lambda: (array("H", [0x6261]), b"cd"), True),
        (numbers, False),
        (Reusable, True),
        (async_numbers, False),
        (AsyncReusable, True),
        (lambda: {"buffer": b"abcd"}, True),
        (lambda: {"buffer": io.BytesIO(b"abcd")}, True),
        (lambda: {"stream": numbers()}, False),
        (lambda: {"stream": io.BytesIO(b"abcd"), "mimetype": "audio/wav"}, True),
    ],
)
async def test_every_form(make: Callable[[], Any], again: bool) -> None:
    """Each form gives its bytes, and it is known whether it can give them twice."""
    sent = source(make())

    assert isinstance(sent, Upload)
    assert sent.repeatable is again
    for _ in range(2 if again else 1):
        assert await whole(sent) == b"abcd"


async def test_a_file_by_its_path(tmp_path: Path) -> None:
    """A path, as a Path or a text, is read in pieces of one size, and its length is known beforehand."""
    data = bytes(BODY_CHUNK) + b"end"
    path = tmp_path / "http_speech.wav"
    path.write_bytes(data)

    for audio in (path, str(path)):
        sent = source(audio)
        assert await whole(sent) == data
        assert isinstance(sent, Upload)
        assert isinstance(sent.content, FileBody)
        assert sent.content.size == len(data)


async def test_an_open_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    """What was read already is not sent, the length counts from there, and the file stays open."""
    path = tmp_path / "speech.wav"
    path.write_bytes(b"read-rest")

    with path.open("rb") as file:
        file.read(5)
        sent = upload(file)
        assert await whole(sent) == b"rest"
        assert await whole(sent) == b"rest"
        assert sent.content.size == 4  # type: ignore[union-attr]  # a file, as given
        assert not file.closed


@pytest.mark.parametrize("url", ["http://host/a.wav", "HTTPS://host/a.wav"])
def test_an_address_is_fetched_by_the_service(url: str) -> None:
    """A URL goes along as JSON, with what else the mapping had; a content type is not the service's to know."""
    plain, mapping = source(url), source({"url": url, "more": 1, "mimetype": "audio/wav"})

    assert isinstance(plain, Url)
    assert isinstance(mapping, Url)
    assert plain.payload == {"url": url}
    assert mapping.payload == {"url": url, "more": 1}


@pytest.mark.parametrize(
    ("audio", "match"),
    [
        (b"", "empty"),
        (array("H"), "empty"),
        ({"url": ""}, "address"),
        ({"url": b"http://x"}, "address"),
        ({"buffer": "speech.wav"}, "not a text"),
        ({"other": b"x"}, '"url", "buffer" or "stream"'),
        ({"buffer": io.StringIO("x")}, "open it as bytes"),
        (io.StringIO("x"), "open it as bytes"),
        (7, "no audio"),
        (None, "no audio"),
    ],
)
def test_what_is_no_audio(audio: object, match: str) -> None:
    """What cannot be sent is refused, with what could be."""
    with pytest.raises(DeepgramTypeError, match=match):
        source(audio)


def test_a_closed_file_is_refused() -> None:
    """A file that was closed before it could be sent is told from an empty one."""
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(DeepgramTypeError, match="closed"):
        source({"buffer": file})


class Text:
    def read(self, _: int) -> str:
        return "text"


@pytest.mark.parametrize("make", [lambda: iter(["text"]), lambda: ["text"], lambda: [None], lambda: [1], Text])
async def test_chunks_that_are_not_bytes(make: Callable[[], Any]) -> None:
    """An iterator or a file that gives something else than bytes is an error, not a shorter recording."""
    with pytest.raises(DeepgramTypeError, match="bytes"):
        await whole(source(make()))


async def test_files_that_are_not_there(tmp_path: Path) -> None:
    """A missing file, a folder and an empty file are told apart, each in words."""
    (tmp_path / "empty").touch()

    with pytest.raises(FileNotFoundError, match="no such file"):
        await whole(source("nowhere.wav"))
    with pytest.raises(IsADirectoryError, match="folder"):
        await whole(source(tmp_path))
    with pytest.raises(DeepgramTypeError, match="empty"):
        await whole(source(tmp_path / "empty"))
    with pytest.raises(DeepgramTypeError, match="no bytes left"):
        await whole(source(io.BytesIO()))


async def test_a_file_that_shrinks(tmp_path: Path) -> None:
    """A file that becomes shorter while it is sent is an error, and one that grows is sent as it was."""
    path = tmp_path / "speech.wav"
    path.write_bytes(b"abcdef")
    sent = upload(path)
    assert not isinstance(sent.content, bytes)
    await sent.content.prepare()

    path.write_bytes(b"abcdefgh")
    assert b"".join([bytes(each) async for each in pieces(sent.content)]) == b"abcdef"
    path.write_bytes(b"abc")
    with pytest.raises(DeepgramTypeError, match="3 bytes shorter"):
        [each async for each in pieces(sent.content)]


async def test_a_file_is_closed_when_the_sending_stops(tmp_path: Path) -> None:
    """An upload that breaks off leaves no file open."""
    path = tmp_path / "speech.wav"
    path.write_bytes(bytes(3 * BODY_CHUNK))
    body = pieces(upload(path).content)

    assert len(await body.__anext__()) == BODY_CHUNK
    await body.aclose()  # an open file would warn, and warnings are errors


async def test_blocking_reads_run_where_they_should() -> None:
    """A source's own reads go through `pull`, wherever that runs them."""
    calls: list[str] = []

    async def pull(function: Callable[..., Any], *args: Any) -> Any:
        calls.append(function.__name__)
        return function(*args)

    assert await whole(source(numbers(), pull)) == b"abcd"
    assert await whole(source(io.BytesIO(b"abcd"), pull)) == b"abcd"
    assert set(calls) == {"_next", "_measure", "seek", "read"}


async def test_a_body_at_hand_in_pieces() -> None:
    """Large bytes go out in pieces, without a copy."""
    data = bytes(2 * BODY_CHUNK + 1)

    sizes = [len(each) async for each in pieces(data)]

    assert sizes == [BODY_CHUNK, BODY_CHUNK, 1]


async def test_a_pipe_by_its_path(tmp_path: Path) -> None:
    """A device has no length: it is read to its end."""
    sent = upload(Path("/dev/null"))
    if not Path("/dev/null").exists():
        pytest.skip("needs /dev/null")

    assert await whole(sent) == b""
