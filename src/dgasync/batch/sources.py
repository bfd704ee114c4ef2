"""What a batch is made of: paths, folders, patterns, addresses, manifests, iterators; read one after another."""

from __future__ import annotations

import csv
import glob
import json
import os
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

from dgasync.batch.items import Item, is_url
from dgasync.errors import DeepgramTypeError
from dgasync.limits import BATCH_BODY
from dgasync.models.params import RecordingParams

__all__ = ["AUDIO", "Source", "Sources", "items_of", "small"]

Source = str | os.PathLike[str] | bytes | Mapping[str, Any] | Item
"""A path, a folder, a pattern, a manifest, an http(s) URL, bytes, `{"url" | "buffer": ...}`, or an `Item`."""

Sources = Source | Iterable[Source] | AsyncIterable[Source]
"""One of these, or many, from a list or an iterator that may never end."""

AUDIO = frozenset(
    [
        ".3gp",
        ".aac",
        ".ac3",
        ".aif",
        ".aiff",
        ".amr",
        ".asf",
        ".au",
        ".avi",
        ".caf",
        ".flac",
        ".m4a",
        ".m4b",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp2",
        ".mp3",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mpga",
        ".oga",
        ".ogg",
        ".opus",
        ".raw",
        ".spx",
        ".ts",
        ".wav",
        ".webm",
        ".wma",
        ".wmv",
    ]
)
"""How the names of files end that are taken from a folder."""

_BINARY = getattr(os, "O_BINARY", 0)  # Windows
_MANIFESTS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
_SOURCE = ("source", "audio", "path", "file", "url")
_KEY = ("key", "id")
_OPTIONS = frozenset(RecordingParams.__annotations__)


def items_of(sources: Source | Iterable[Source]) -> Iterator[Item]:
    """The recordings, one after another; what is on disk is looked for when its turn comes, and may block.

    A path that is there is taken as it is: a file; a folder with all audio files below it, in the order of their
    names, without hidden ones; a manifest, by its ending (.csv, .tsv, .jsonl, .ndjson). A path that is not there and
    has one of `*?[` is a pattern, `**` for any folders.
    """
    if isinstance(sources, (str, os.PathLike)):
        yield from _of_path(sources)
    elif isinstance(sources, Item):
        yield sources
    elif isinstance(sources, (bytes, bytearray, memoryview, Mapping)):
        yield Item(cast("bytes | Mapping[str, Any]", sources))
    elif isinstance(sources, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
        for source in sources:
            if isinstance(source, int):
                raise DeepgramTypeError(f"{source!r} is no recording: a batch takes paths, URLs, bytes or items.")
            yield from items_of(source)
    else:
        yield Item(sources)  # which says what would do


def small(source: object) -> bytes | None:
    """The bytes of a file of up to `BATCH_BODY` bytes; None for anything else, and for what cannot be read."""
    if isinstance(source, str):
        if is_url(source):
            return None
    elif not isinstance(source, os.PathLike):
        return None
    try:
        file = os.open(cast("str", source), os.O_RDONLY | _BINARY)  # three calls: there may be a million of them
        try:
            size = os.fstat(file).st_size
            if not 0 < size <= BATCH_BODY:
                return None
            body = os.read(file, size + 1)
        finally:
            os.close(file)
    except (OSError, ValueError):
        return None  # asking for it will say why
    return body if len(body) == size else None  # one that grows is not small


def _of_path(given: str | os.PathLike[str]) -> Iterator[Item]:
    path = os.fspath(given)
    if is_url(path):
        yield Item(path)
    elif os.path.isdir(path):  # noqa: PTH112
        found = False
        for each in _below(path):
            found = True
            yield Item(each)
        if not found:
            yield _unusable(path, f"{path} holds no file whose name ends as audio does (.wav, .mp3, ...).")
    else:
        ending = os.path.splitext(path)[1].lower()  # noqa: PTH122
        if ending in _MANIFESTS or ending in _LINES:
            yield from _of_manifest(path, ending)
        elif glob.has_magic(path) and not os.path.lexists(path):
            yield from _of_pattern(path)
        else:
            yield Item(given)


def _below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        found = sorted((each for each in entries if not each.name.startswith(".")), key=lambda each: each.name)
    for each in found:
        if each.is_dir(follow_symlinks=False):
            yield from _below(each.path)
        elif os.path.splitext(each.name)[1].lower() in AUDIO:  # noqa: PTH122
            yield each.path


def _of_pattern(pattern: str) -> Iterator[Item]:
    found = False
    for each in glob.iglob(pattern, recursive=True):  # noqa: PTH207  # keeps what was typed, and begins at once
        if os.path.isfile(each):  # noqa: PTH113
            found = True
            yield Item(each)
    if not found:
        yield _unusable(os.path.abspath(pattern), f"Nothing is there that {pattern} fits.")  # noqa: PTH100


def _of_manifest(path: str, ending: str) -> Iterator[Item]:
    base, key = os.path.dirname(path), os.path.abspath(path)  # noqa: PTH100, PTH120
    found = False
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            rows = _of_lines(lines) if ending in _LINES else _of_table(lines, _MANIFESTS[ending])
            for number, row in rows:
                found = True
                try:
                    yield _listed(row, base)
                except DeepgramTypeError as error:
                    where = f"{key}, line {number}"
                    yield _unusable(where, f"{where}: {error.message}")
        if not found:
            yield _unusable(key, "It lists no recording.")
    except UnicodeDecodeError as error:
        yield _unusable(key, f"It is no UTF-8 text ({error.reason}): save it as UTF-8.")
    except OSError as error:
        yield _failing(key, error)


def _of_table(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    table = csv.DictReader(lines, delimiter=delimiter)
    for row in table:
        # What is empty was not said.
        yield (
            table.line_num,
            {name: value for name, value in row.items() if name is not None and value not in ("", None)},
        )


def _of_lines(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
        except ValueError as error:
            row = {"": str(error)}
        yield number, {"source": row} if isinstance(row, str) else row if isinstance(row, dict) else {"": "no object"}


def _listed(row: Mapping[str, Any], base: str) -> Item:
    if "" in row:
        raise DeepgramTypeError(f"it is no JSON object: {row['']}")
    column = next((name for name in _SOURCE if row.get(name)), None)
    if column is None:
        raise DeepgramTypeError(f"it names no recording; the column is one of {', '.join(_SOURCE)}.")
    source = row[column]
    if isinstance(source, str) and not is_url(source):
        source = os.path.join(base, source)  # noqa: PTH118
    key = next((name for name in _KEY if row.get(name)), None)
    options = cast("Mapping[str, Any]", row.get("options") or {})
    if not isinstance(options, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # it is what a file says
        raise DeepgramTypeError('"options" is an object of options.')
    rest = {name: value for name, value in row.items() if name not in (column, key, "options")}
    asked = {name: value for name, value in rest.items() if name in _OPTIONS}
    note = {name: value for name, value in rest.items() if name not in _OPTIONS}
    return Item(source, key=str(row[key]) if key else "", options={**asked, **options}, note=note)


def _unusable(key: str, message: str) -> Item:
    return _failing(key, DeepgramTypeError(message))


def _failing(key: str, error: Exception) -> Item:
    """An item that fails: one bad line is not the end of a million good ones."""

    def fail() -> NoReturn:
        raise error

    return Item(cast("Callable[[], Any]", fail), key=key)
