"""Where the transcripts of a batch are kept: each recording once, whenever the process was killed.

Folder      a file for each recording, or several
Lines       one file, with a line of JSON for each
Table       one Parquet file, with a row for each

The batch tells of a result until that is acknowledged, which it is when `take` has returned. So what was killed in
between would come once more, and each of these knows what to do about that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dgasync.batch.items import cause
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.files import writable
from dgasync.cli.filing import Filing
from dgasync.cli.forms import Form
from dgasync.errors import DeepgramError, GivenUp, KeyTaken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dgasync.batch.items import Result
    from dgasync.batch.journal import Journal
    from dgasync.cli.forms import Kind

__all__ = ["Archive", "Folder", "Lines", "Table"]

_BLOCK = 64 * 1024
_ROWS = 1000
_ROW_BYTES = 32 * 1024 * 1024
"""A group of rows has no more of either: it is made in memory."""


class Archive:
    """Takes results; its methods raise Failure where that cannot be written.

    Args:
        path: where.
    """

    from_journal = False
    """Whether it is made of what the journal has kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._was_there = path.exists()

    def prepare(self, *, is_new: bool) -> None:
        """See whether it can be written, before anything is asked for; `is_new`: there is no journal of it."""
        if is_new and self.path.is_file() and self.path.stat().st_size:
            raise Failure(
                f"{self.path} is there already, and there is no journal of how it came to be: name another file",
                Exit.OUTPUT,
            )
        with writable(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self, journal: Journal) -> None:
        """See to it that journal and output agree; nobody else may run with the journal meanwhile."""
        known = journal.report()
        written = known.done + known.failed - journal.untold()
        if written and not (self._was_there or self.from_journal):
            click.echo(
                f"dgasync: {self.path} is not there: the recordings of earlier runs ({written:,}) will not be in it; "
                f"they are not done again unless you remove {journal.path}",
                err=True,
            )

    def take(self, result: Result) -> None:
        """Keep a result."""

    def end(self, journal: Journal) -> None:
        """Finish it; more may be put into it by another run."""

    def close(self) -> None:
        """Let go of it, whatever happened."""


class Folder(Archive):
    """The service's answer to each recording, as it came, in a JSON file; what became of others is in `.error` files.

    Args:
        path: the folder.
        sources: what was typed.
        more: what else each transcript is written as.
    """

    def __init__(self, path: Path, sources: Sequence[str], more: Sequence[Kind]) -> None:
        super().__init__(path)
        self._sources = sources
        self._filing = Filing(None)
        self._forms = [Form(kind, None, {}, {}) for kind in (*more, "json")]

    def prepare(self, *, is_new: bool) -> None:
        """See whether there can be such a folder; what is in it stays."""
        with writable(self.path):
            self.path.mkdir(parents=True, exist_ok=True)

    def begin(self, journal: Journal) -> None:
        """See how its files are called."""
        super().begin(journal)
        self._filing = Filing.of(self.path, self._sources)

    def take(self, result: Result) -> None:
        """Write its files, over those that are there."""
        name = self._filing.name(result.key)
        error = self.path / f"{name}.error"
        with writable(self.path / name):
            if result.transcript is None:
                facts = {"key": result.key, "request_id": result.request_id, "error": _facts(result.error)}
                _write(error, _encoded(facts) + b"\n")
                return
            for form in self._forms:
                _write(self.path / f"{name}{form.suffix}", form.written(result.transcript))
            error.unlink(missing_ok=True)


class Lines(Archive):
    """A line of JSON for each recording, as they were done: `key`, `note`, `request_id`, and `text` and `answer`, or
    `error`.

    Lines are acknowledged in the order in which they were written. So those that the journal knows nothing of are the
    last ones, and there are no more of them than results that nobody was told of.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file: Any = None

    def begin(self, journal: Journal) -> None:
        """Cut off half a line at the end, and acknowledge the lines that are there."""
        super().begin(journal)
        with writable(self.path):
            self.path.touch()
            with self.path.open("r+b") as file:
                file.truncate(next(_ends(file)))
                journal.told(_results(file, journal.untold()))
            self._file = self.path.open("ab", buffering=0)

    def take(self, result: Result) -> None:
        """Write its line."""
        with writable(self.path):
            rest = memoryview(_line(result))
            while rest:
                rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


class Table(Archive):
    """A row for each recording, in the order in which they first came up: `key`, `note`, and the columns of
    `dgasync.dataframe.transcribe`, the service's answer among them.

    It is written when the batch ends, or is stopped, of all that the journal has.
    """

    from_journal = True

    def prepare(self, *, is_new: bool) -> None:
        """See whether what writes it is installed, too."""
        super().prepare(is_new=is_new)
        try:
            import_module("pyarrow.parquet")
            import_module("dgasync.dataframe")
        except ModuleNotFoundError as error:
            raise Failure(
                f"a Parquet file needs the package `{error.name}`: pip install 'dgasync[batch]'; "
                "a folder or a .jsonl file needs none",
                Exit.MISSING,
            ) from error

    def begin(self, journal: Journal) -> None:
        """See whether the journal has what it is made of."""
        super().begin(journal)
        first = next((result for result in journal.results() if result.error is None), None)
        if first is not None and first.transcript is None:
            raise Failure(
                f"{journal.path} was kept for an output of another kind, and has no transcripts any more, of which "
                f"{self.path} would be made: name another --journal, for which they are done again",
                Exit.OUTPUT,
            )

    def end(self, journal: Journal) -> None:
        """Write it; what was there before is there until the new one is whole."""
        from dgasync.dataframe.row import transcript_type

        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        kind: Any = transcript_type(response=True)
        schema = pyarrow.schema([("key", pyarrow.string()), ("note", pyarrow.string()), *kind.to_arrow_dtype()])
        with (
            writable(self.path),
            _draft(self.path) as draft,
            parquet.ParquetWriter(draft, schema, compression="zstd") as file,
        ):
            bare = 0
            for rows in _groups(journal):
                bare += sum(row.get("error") is _NOT_KEPT for row in rows)
                file.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
        if bare:
            click.echo(
                f"dgasync: rows without their transcripts, which {journal.path} did not keep when the output was of "
                f"another kind: {bare:,}",
                err=True,
            )


_NOT_KEPT = {"kind": "", "message": "The journal has not kept the answer.", "status": None}


def _groups(journal: Journal) -> Iterator[list[dict[str, Any]]]:
    """The rows, as many together as fit into a group; what an archive of another kind was told of is a row all the
    same, of which no more is known than its key.
    """
    from dgasync.dataframe.row import heard

    rows: list[dict[str, Any]] = []
    size = 0
    for result in journal.results():
        row: dict[str, Any] = {"key": result.key, "note": json.dumps(result.item.note, ensure_ascii=False)}
        row["request_id"] = result.request_id
        if result.transcript is not None:
            row.update(heard(result.transcript, response=True))
            size += len(result.transcript.response.raw)
        else:
            row["error"] = _facts(result.error) if result.error else _NOT_KEPT
        rows.append(row)
        if len(rows) >= _ROWS or size >= _ROW_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _facts(error: Exception | None) -> dict[str, Any]:
    """What is kept of an error."""
    known = error if isinstance(error, DeepgramError) else None
    kind = "" if error is None else error.kind if isinstance(error, GivenUp) else cause(error)
    return {
        "kind": kind.partition(" ")[0],
        "message": known.message if known else str(error),
        "status": known and known.status,
    }


def _line(result: Result) -> bytes:
    head: dict[str, Any] = {"key": result.key, "note": dict(result.item.note), "request_id": result.request_id}
    if result.transcript is None:
        return _encoded({**head, "error": _facts(result.error)}) + b"\n"
    # Between values, JSON may be broken anywhere.
    answer = result.transcript.response.raw.replace(b"\r", b" ").replace(b"\n", b" ")
    return b'%b, "answer": %b}\n' % (_encoded({**head, "text": result.transcript.text})[:-1], answer)


def _results(file: BinaryIO, most: int) -> list[tuple[str, str | None]]:
    """What the last lines are of: keys and request ids. Those of which the journal knows nothing do not count."""
    found: list[tuple[str, str | None]] = []
    ends = pairwise(_ends(file))
    while most and (line := next(ends, None)) is not None:
        file.seek(line[1])
        with suppress(ValueError, KeyError, TypeError):  # somebody else's line
            said: dict[str, Any] = json.loads(file.read(line[0] - line[1]))
            error: dict[str, Any] | None = said.get("error")
            if error and error["kind"] == KeyTaken.__name__:
                continue
            found.append((said["key"], said["request_id"]))
        most -= 1
    return found


def _encoded(value: object) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:  # names of files that are no text
        return json.dumps(value, default=str).encode()


def _ends(file: BinaryIO) -> Iterator[int]:
    """Where lines end, the last one first; at last 0."""
    position = file.seek(0, os.SEEK_END)
    while position:
        begin = max(0, position - _BLOCK)
        file.seek(begin)
        block = file.read(position - begin)
        found = block.rfind(b"\n")
        while found >= 0:
            yield begin + found + 1
            found = block.rfind(b"\n", 0, found)
        position = begin
    yield 0


@contextmanager
def _draft(path: Path) -> Generator[Path, None, None]:
    """A file that has its name once the block is over; killed in it, it is written over the next time."""
    draft = path.with_name(f".{path.name}.part")
    try:
        yield draft
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    with _draft(path) as draft:
        try:
            draft.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
