"""Texts as a caller may hand them over, as the JSON that the service takes."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from contextlib import aclosing
from os import PathLike
from typing import Any, BinaryIO, TypeVar, cast

from dgasync.audio import Chunk, Pull, pieces, upload
from dgasync.errors import DeepgramTypeError
from dgasync.limits import MAX_TEXT

__all__ = ["Text", "payload_of"]

C = TypeVar("C", str, Chunk)

Text = str | Chunk | PathLike[str] | BinaryIO | io.TextIOBase | Mapping[str, Any]
"""A text, its bytes as UTF-8, a path, an open file, or the documents' form; a `str` is the text itself."""


async def payload_of(text: object, pull: Pull, *, url: bool = False) -> dict[str, Any]:
    """What to send for what the caller gave: `{"text": ...}` or, where `url` allows that, `{"url": ...}`.

    What else is in a mapping goes along; `pull` says where reading that may block is done.

    Raises:
        DeepgramTypeError: it is no text, none that can be sent, or empty.
        OSError: the file cannot be read.
    """
    keys = ("url", "text", "buffer", "stream") if url else ("text", "buffer", "stream")
    if isinstance(text, Mapping):
        given = cast("Mapping[str, Any]", text)
        key = next((each for each in keys if each in given), None)
        if key is None:
            raise DeepgramTypeError(f"A source mapping has one of the keys {', '.join(map(repr, keys))}.")
        rest = {name: value for name, value in given.items() if name not in (*keys, "mimetype")}
        if key == "url":
            if not isinstance(given[key], str) or not given[key]:
                raise DeepgramTypeError("`url` in a source is the address of a text.")
            return {**rest, "url": given[key]}
        return {**rest, "text": _some(await _read(given[key], pull))}
    if url and isinstance(text, str) and _is_address(text.strip()):
        return {"url": text.strip()}
    return {"text": _some(await _read(text, pull))}


def _is_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://")) and not any(map(str.isspace, text))


async def _read(text: object, pull: Pull) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, io.TextIOBase):
        # More than is allowed is not read, but noticed.
        read: str = await pull(text.read, MAX_TEXT + 1)
        return _bounded(read)
    if not isinstance(text, (bytes, bytearray, memoryview, os.PathLike, Iterable, AsyncIterable)) and not callable(
        getattr(text, "read", None)
    ):
        raise DeepgramTypeError(
            f"A {type(text).__name__} is no text: pass a str, bytes (UTF-8), a Path, an open file, or a mapping with "
            '"text", "buffer" or "stream".'
        )
    content: Any = upload(text, pull).content
    if not isinstance(content, bytes):
        await content.prepare()
    parts = bytearray()
    async with aclosing(pieces(content)) as chunks:
        async for chunk in chunks:
            parts += _bounded(chunk, len(parts))
    try:
        return parts.decode("utf-8-sig")  # Windows writes a mark before its texts
    except UnicodeDecodeError as error:
        raise DeepgramTypeError(
            f"The text is not UTF-8 (byte {error.start}): open its file with its own encoding, and pass that."
        ) from None


def _bounded(part: C, before: int = 0) -> C:
    if before + len(part) > MAX_TEXT:
        raise DeepgramTypeError(f"The text is longer than {MAX_TEXT} bytes, which is more than the service takes.")
    return part


def _some(text: str) -> str:
    if not text.strip():
        raise DeepgramTypeError("The text is empty: there is nothing to send.")
    return text
