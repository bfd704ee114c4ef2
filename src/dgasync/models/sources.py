"""Where the audio is, as the documents write it: `{"url": ...}`, `{"buffer": ...}`, `{"stream": ...}`."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import IO, TypeAlias, TypedDict

__all__ = ["BufferSource", "FileSource", "PrerecordedSource", "ReadStreamSource", "StreamSource", "UrlSource"]

Bytes: TypeAlias = bytes | bytearray | memoryview
"""What holds bytes in memory."""


class _Typed(TypedDict, total=False):
    mimetype: str
    """Sent as the Content-Type; the service finds the format by itself when it is left out."""


class UrlSource(TypedDict):
    """A recording the service fetches itself."""

    url: str
    """An http(s) address the service can reach; other keys of the mapping are sent along."""


class BufferSource(_Typed):
    """A recording in memory."""

    buffer: Bytes | IO[bytes]
    """The bytes of the file; an open file is read as a stream."""


class StreamSource(_Typed):
    """A recording that is read while it is sent."""

    stream: IO[bytes] | Iterable[Bytes] | AsyncIterable[Bytes]
    """An open binary file, or an iterator or async iterator of bytes."""


ReadStreamSource = StreamSource
"""The name of StreamSource up to v3.2."""

FileSource: TypeAlias = BufferSource | StreamSource
"""A recording that is sent."""

PrerecordedSource: TypeAlias = UrlSource | BufferSource | StreamSource
"""A recording, sent or fetched."""
