"""What a caller may hand over as audio, and how it is read.

```
source(audio) -> Url        an address: of a recording the service fetches it, of live audio the session does
              -> Upload     bytes, or a stream of them, that we send
```
Files and iterators are read off the loop, in pieces, never whole.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, TypeVar, cast

from dgasync.errors import DeepgramTypeError
from dgasync.limits import BODY_CHUNK

__all__ = ["Audio", "Pull", "Upload", "Url", "pieces", "source", "upload"]

T = TypeVar("T")
_END: Any = object()
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://").match

Chunk = bytes | bytearray | memoryview

Audio = Chunk | str | os.PathLike[str] | BinaryIO | Iterable[Chunk] | AsyncIterable[Chunk] | Mapping[str, Any]
"""Bytes, a path, an http(s) URL, an open binary file, an iterator of bytes (plain or async), or the documents' form."""

Pull = Callable[..., Awaitable[Any]]
"""Runs a function that may block, away from the loop, and gives what it returns."""


class Url:
    """An address. That of a recording goes to the service; what is at one of live audio is fetched from here."""

    __slots__ = ("payload",)

    def __init__(self, payload: dict[str, Any]) -> None:
        self.payload = payload
        """The JSON that is sent: `url`, and whatever else the caller's mapping had."""


class Upload:
    """Audio that we send."""

    __slots__ = ("content", "mimetype", "repeatable")

    def __init__(self, content: bytes | _Stream, *, repeatable: bool = True, mimetype: str | None = None) -> None:
        self.content = content
        self.repeatable = repeatable
        """Whether it can be sent a second time from its beginning."""
        self.mimetype = mimetype


def source(audio: object, pull: Pull | None = None) -> Url | Upload:
    """What to send for what the caller gave; `pull` says where blocking reads run (default: a worker thread).

    Raises:
        DeepgramTypeError: it is nothing that can be sent, or it is empty.
        OSError: a path that is not there or cannot be read, once it is opened.
    """
    if isinstance(audio, Mapping):
        return _mapping(cast("Mapping[str, Any]", audio), pull)
    if isinstance(audio, str) and audio.lower().startswith(("http://", "https://")):
        return Url({"url": audio})
    return upload(audio, pull)


def _mapping(audio: Mapping[str, Any], pull: Pull | None) -> Url | Upload:
    mimetype = audio.get("mimetype")
    for key in ("url", "buffer", "stream"):
        if key not in audio:
            continue
        value = audio[key]
        if key == "url":
            if not isinstance(value, str) or not value:
                raise DeepgramTypeError("`url` in a source is the address of a recording.")
            return Url({name: each for name, each in audio.items() if name != "mimetype"})
        if isinstance(value, str):
            # The official SDK uploads the text itself, so that a file name becomes five bytes of "audio".
            raise DeepgramTypeError(
                f"`{key}` in a source is the audio itself, not a text: read the file, or pass a Path to `transcribe`."
            )
        return upload(value, pull, mimetype)
    raise DeepgramTypeError('A source mapping has one of the keys "url", "buffer" or "stream".')


def upload(audio: Any, pull: Pull | None = None, mimetype: str | None = None) -> Upload:
    """What to send for bytes, a path, a file or an iterator; a text is a path."""
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return _at_hand(bytes(cast("bytes", audio)), mimetype)
    if isinstance(audio, str) and (not audio or _SCHEME(audio)):
        raise DeepgramTypeError(
            f"{audio!r} is no address that can be fetched: only http:// and https:// are."
            if audio
            else "The path of the recording is empty."
        )
    if isinstance(audio, (str, os.PathLike)):
        return Upload(FileBody(Path(cast("str", audio))), mimetype=mimetype)
    if isinstance(audio, io.TextIOBase):
        raise DeepgramTypeError('The file is open as text; open it as bytes: open(path, "rb").')
    if callable(getattr(audio, "read", None)) and not isinstance(audio, AsyncIterable):
        if getattr(audio, "closed", False):
            raise DeepgramTypeError("The file is closed already; use it inside its `with` block.")
        opened = OpenFileBody(audio, pull)
        return Upload(opened, repeatable=opened.seekable, mimetype=mimetype)
    if isinstance(audio, AsyncIterable):
        again = not isinstance(audio, AsyncIterator)
        return Upload(AsyncIterableBody(cast("AsyncIterable[Chunk]", audio)), repeatable=again, mimetype=mimetype)
    array = _buffer(audio)
    if array is not None:
        return _at_hand(array, mimetype)
    if isinstance(audio, Iterable):
        again = not isinstance(audio, Iterator)
        return Upload(IterableBody(cast("Iterable[Chunk]", audio), pull), repeatable=again, mimetype=mimetype)
    raise DeepgramTypeError(
        f"A {type(audio).__name__} is no audio: pass bytes, a path, a URL, an open binary file, an iterator of bytes, "
        'or a mapping with "url", "buffer" or "stream".'
    )


def _buffer(audio: Any) -> bytes | None:
    """The bytes of an array, or of whatever else shows its memory."""
    try:
        return bytes(memoryview(audio))
    except TypeError:
        return None


def _at_hand(content: bytes, mimetype: str | None) -> Upload:
    if not content:
        raise DeepgramTypeError("The audio is empty: there are no bytes to send.")
    return Upload(content, mimetype=mimetype)


async def _in_thread(function: Callable[..., T], /, *args: Any) -> T:
    from anyio import to_thread

    return await to_thread.run_sync(function, *args)


async def _in_any_thread(function: Callable[..., T], /, *args: Any) -> T:
    """The same for what may be left to itself: a pipe blocks for as long as nobody writes into it."""
    from anyio import to_thread

    return await to_thread.run_sync(function, *args, abandon_on_cancel=True)


class _Stream:
    """The body of a request, read while it is sent."""

    def __init__(self, pull: Pull | None = None) -> None:
        self._pull = pull or _in_thread

    @property
    def size(self) -> int | None:
        """Length in bytes, None while only the end can tell."""
        return None

    async def prepare(self) -> None:
        """Find out the length, if it can be known before the end."""

    def chunks(self) -> AsyncGenerator[Chunk, None]:
        """The body once, from its beginning."""
        raise AssertionError  # pragma: no cover - each kind of stream has its own


class FileBody(_Stream):
    """A file by its path: opened for each sending, and closed after it."""

    def __init__(self, path: Path) -> None:
        super().__init__(_in_any_thread)  # reading a file needs no particular one: the caller's is left alone
        self._path = path
        self._size: int | None = None

    @property
    def size(self) -> int | None:
        return self._size

    async def prepare(self) -> None:
        self._size = await self._pull(_file_size, self._path)

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        file = _WorkersFile(self._path)
        try:
            async with aclosing(_exactly(self._size, file, self._pull)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            file.close()


class _WorkersFile:
    """A file that worker threads open and read.

    Whoever is cancelled does not wait for its worker, which may have opened the file just then, or still read from it:
    closed under its hands, the number of the descriptor would soon mean another file. So the last of the two closes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._file: BinaryIO | None = None
        self._busy = False
        self._over = False

    def read(self, size: int) -> bytes:
        """The next bytes; in a worker thread."""
        with self._lock:
            if self._over:
                return b""
            self._busy = True
        try:
            if self._file is None:
                self._file = cast("BinaryIO", self._path.open("rb", 0))
            return self._file.read(size)
        finally:
            with self._lock:
                self._busy = False
                if self._over and self._file is not None:
                    self._file.close()

    def close(self) -> None:
        """Close it, at the latest when the worker is back."""
        with self._lock:
            self._over = True
            if not self._busy and self._file is not None:
                self._file.close()


def _file_size(path: Path) -> int | None:
    try:
        found = path.stat()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            error.errno, "There is no such file (and it does not begin with http:// or https://)", str(path)
        ) from None
    if path.is_dir():
        raise IsADirectoryError(21, "This is a folder, not a recording", str(path))
    if not path.is_file():
        return None  # a pipe or a device has no length
    if found.st_size == 0:
        raise DeepgramTypeError(f"The file {path} is empty: there are no bytes to send.")
    return found.st_size


class OpenFileBody(_Stream):
    """A file that the caller opened: read from where it stands, and left open."""

    def __init__(self, file: BinaryIO, pull: Pull | None = None) -> None:
        super().__init__(pull)
        self._file = file
        self._size: int | None = None
        try:
            self.seekable = bool(file.seekable())
            self._start = file.tell() if self.seekable else 0
        except (AttributeError, OSError, ValueError):
            self.seekable, self._start = False, 0

    @property
    def size(self) -> int | None:
        return self._size

    async def prepare(self) -> None:
        if self.seekable:
            self._size = await self._pull(self._measure)
            if self._size == 0:
                raise DeepgramTypeError("The file has no bytes left to send; was it read before? Then `seek(0)`.")

    def _measure(self) -> int:
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(self._start)
        return end - self._start

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        if self.seekable:
            await self._pull(self._file.seek, self._start)
        async with aclosing(_exactly(self._size, self._file, self._pull)) as chunks:
            async for chunk in chunks:
                yield chunk


async def _exactly(size: int | None, file: Any, pull: Pull) -> AsyncGenerator[Chunk, None]:
    """The pieces of a file; of a known size not a byte more, and an error when there are fewer."""
    left = size
    while left is None or left > 0:
        chunk = await pull(file.read, BODY_CHUNK if left is None else min(left, BODY_CHUNK))
        if isinstance(chunk, str):
            raise DeepgramTypeError("Reading the file gave text; open it as bytes.")
        if not chunk:
            break
        if left is not None:
            left -= len(chunk)
        yield chunk
    if left:
        raise DeepgramTypeError(f"The file became {left} bytes shorter while it was sent.")


class IterableBody(_Stream):
    """An iterator of bytes: its `next` may block, so it runs away from the loop."""

    def __init__(self, chunks: Iterable[Chunk], pull: Pull | None = None) -> None:
        super().__init__(pull)
        self._chunks = chunks

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        if isinstance(self._chunks, (list, tuple)):  # at hand: no thread needed
            for chunk in cast("Iterable[Chunk]", self._chunks):
                if piece := checked(chunk):
                    yield piece
            return
        iterator = iter(self._chunks)
        while (chunk := await self._pull(_next, iterator)) is not _END:
            if piece := checked(chunk):
                yield piece


def _next(iterator: Iterator[Chunk]) -> Any:
    return next(iterator, _END)


class AsyncIterableBody(_Stream):
    """An async iterator of bytes."""

    def __init__(self, chunks: AsyncIterable[Chunk]) -> None:
        super().__init__()
        self._chunks = chunks

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        iterator = aiter(self._chunks)
        try:
            async for chunk in iterator:
                if piece := checked(chunk):
                    yield piece
        finally:
            # A generator that is left half-way holds what it has open until some collector finds it.
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()


def checked(chunk: object) -> bytes:
    """The bytes of a chunk, empty where there is nothing to send; a DeepgramTypeError when it has none."""
    if isinstance(chunk, bytes):
        return chunk
    try:
        # By bytes, whatever the items of an array are; and its own copy, for many producers fill one buffer again.
        return bytes(memoryview(cast("bytes", chunk)).cast("B"))
    except TypeError:
        raise DeepgramTypeError(f"The iterator of audio gave a {type(chunk).__name__} instead of bytes.") from None


async def pieces(body: Any) -> AsyncGenerator[Chunk, None]:
    """A body in pieces, whether its bytes are at hand or come as a stream; closing this closes the stream."""
    if isinstance(body, bytes):
        view = memoryview(body)
        for start in range(0, len(view), BODY_CHUNK):
            yield view[start : start + BODY_CHUNK]
        return
    async with aclosing(body.chunks()) as chunks:
        async for chunk in chunks:
            yield chunk
