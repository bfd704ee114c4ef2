"""Where audio or a text is, as the documents write it: a mapping with `"url"`, `"text"`, `"buffer"` or `"stream"`."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import IO, TypeAlias, TypedDict

__all__ = [
    "AnalyzeSource",
    "AnalyzeStreamSource",
    "BufferSource",
    "FileSource",
    "PrerecordedSource",
    "ReadStreamSource",
    "SpeakSource",
    "SpeakStreamSource",
    "StreamSource",
    "TextSource",
    "UrlSource",
]

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


class TextSource(TypedDict):
    """A text."""

    text: str
    """The text itself; other keys of the mapping are sent along."""


SpeakStreamSource = StreamSource
AnalyzeStreamSource = StreamSource
"""The names of StreamSource up to v3.2 where it is a text that is read, as UTF-8."""

SpeakSource: TypeAlias = TextSource | BufferSource | StreamSource
"""A text that is sent: itself, its bytes as UTF-8, or an open file."""

AnalyzeSource: TypeAlias = UrlSource | TextSource | BufferSource | StreamSource
"""A text, sent or fetched."""
