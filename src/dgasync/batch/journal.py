"""What is done and what is not, in one SQLite file: killed at any moment, a batch goes on where it was.

A row for each recording:

    started     a run has asked, or is about to; found by another run, that one was killed
    waiting     a run let go of it
    submitted   the service took it, and will send the answer to a callback
    done        it has its transcript
    failed      it was given up

An answer is written before anybody is told of it, and stays until it was taken: what was killed in between is told
again by the next run, and the service is not asked twice.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import IntEnum
from os import PathLike, fspath
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from dgasync.batch.answers import Kept
from dgasync.batch.items import AskedFor, Item, Result, Totals, Work, cause, fingerprint
from dgasync.errors import DecodeError, DeepgramError, DeepgramTypeError, GivenUp, JournalError
from dgasync.limits import BATCH_POISON

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.transcript import Transcript

__all__ = ["Arrival", "Changes", "Journal", "Known"]

_APPLICATION = 0x64676A6C  # "dgjl"
_VERSION = 1
_SCHEMA = """
CREATE TABLE recording (
    key TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL,
    state INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    audio REAL NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    request_id TEXT,
    answer BLOB,
    kind TEXT,
    error TEXT,
    note TEXT,
    run INTEGER,
    at REAL NOT NULL
);
CREATE INDEX request ON recording (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX news ON recording (taken) WHERE state >= 3 AND taken = 0;
CREATE TABLE arrival (request_id TEXT NOT NULL PRIMARY KEY, answer BLOB, kind TEXT, error TEXT, at REAL NOT NULL);
CREATE TABLE run (number INTEGER PRIMARY KEY, totals TEXT NOT NULL, at REAL NOT NULL);
"""
_NOW = "(julianday('now') - 2440587.5) * 86400.0"
_RESULT = "key, note, tries, seconds, request_id, answer, kind, error"
_COLUMNS = (
    "mark",
    "state",
    "tries",
    "crashes",
    "audio",
    "seconds",
    "request_id",
    "answer",
    "kind",
    "error",
    "note",
    "run",
)
_PUT = (
    f"INSERT INTO recording (key, {', '.join(_COLUMNS)}, taken, at) VALUES (?{', ?' * len(_COLUMNS)}, 0, {_NOW}) "
    f"ON CONFLICT (key) DO UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in (*_COLUMNS, 'taken', 'at'))}"
)
"""What a recording came to, in the place of what was known of it."""
_ARRIVALS_KEPT = 7 * 86400.0  # seconds; the service itself tries for minutes


class _State(IntEnum):
    WAITING = 0
    STARTED = 1
    SUBMITTED = 2
    DONE = 3
    FAILED = 4


class Known(IntEnum):
    """What the journal knows of a recording that comes up."""

    NEW = 0
    """It is to be done; `tries` and `crashes` are those of earlier runs."""
    SKIP = 1
    """It was done or submitted, and somebody was told."""
    SKIP_FAILED = 2
    """It was given up by another run, and somebody was told."""
    TELL = 3
    """It was done or given up, and nobody was told: the work has its answer or error."""
    POISON = 4
    """`BATCH_POISON` processes ended with it in flight; the work has its error, and that is to be written."""
    CLASH = 5
    """This very run has it under the same key, but as something else; nothing is to be written."""


class Arrival(IntEnum):
    """What a callback was to the journal."""

    NEW = 0
    """The answer to a submission."""
    EARLY = 1
    """Of no submission that is written yet; it is kept for it."""
    AGAIN = 2
    """The same once more; nothing was done."""


class Changes:
    """What is to be written, all of it or nothing."""

    __slots__ = ("ended", "released", "spoiled", "started", "submitted", "taken")

    def __init__(self) -> None:
        self.started: list[Work] = []
        self.ended: list[Work] = []
        self.submitted: list[Work] = []
        self.taken: list[str] = []
        self.released: list[Work] = []
        self.spoiled: list[Work] = []
        """Told as failed, for what was kept as their answer cannot be read."""

    def __bool__(self) -> bool:
        return any(getattr(self, each) for each in self.__slots__)


class Journal:
    """The journal of a batch, for those who want to look into it; `transcribe_many(journal=...)` takes its path, too.

    Its methods block, for some milliseconds at most. It may be used by several threads, and read by any number of
    processes, also while one of them runs a batch with it. What the operating system has lost when the power went is
    done again; nothing is lost when a process is killed. Where nothing can be written, it can be read.

    Args:
        path: the file; it is made where there is none. SQLite keeps two more beside it while it is open.
        keep_answers: whether the answers stay when they were taken, for `results`; else the file stays small.

    Raises:
        JournalError: the file is something else, or cannot be opened; or it cannot be read without writing, as one
            whose batch was killed and that was then taken where nothing can be written.
    """

    def __init__(self, path: str | PathLike[str], *, keep_answers: bool = False) -> None:
        if not isinstance(path, (str, PathLike)) or not fspath(path):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeepgramTypeError(f"A journal is the path of a file; got {path!r}.")
        # Whatever the file is called, there is one lock beside it.
        self.path = os.path.realpath(path)
        self.keep_answers = keep_answers
        self._lock = Lock()
        self._owner: sqlite3.Connection | None = None
        self._run: int | None = None
        self._is_for_reading = _is_for_reading(self.path)
        # SQLite would write to read, unless it is told that nobody can.
        place = f"{Path(self.path).as_uri()}?immutable=1" if self._is_for_reading else self.path
        with _translated(self.path):
            # Autocommit: each transaction below says where it begins. 30 s for those who write at the same moment.
            self._db = sqlite3.connect(
                place, timeout=30.0, isolation_level=None, check_same_thread=False, uri=self._is_for_reading
            )
        try:
            with _translated(self.path):
                self._check()
                if not self._is_for_reading:
                    self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _check(self) -> None:
        db = self._db
        application, version = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application not in (0, _APPLICATION) or (
            application == 0 and db.execute("PRAGMA schema_version").fetchone()[0]
        ):
            raise JournalError(f"{self.path} is a database of something else; name a file that is not there yet.")
        if version > _VERSION:
            raise JournalError(f"{self.path} was written by a newer dgasync: upgrade, or name another file.")

    def _prepare(self) -> None:
        db = self._db
        # An answer has ten thousand bytes and more: larger pages halve what it costs to keep and to drop them.
        db.execute("PRAGMA page_size = 16384")
        # A process that is killed loses nothing that was committed; only without power the last moments may be missing.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        with self._writing():
            # Another process may have been faster.
            if db.execute("PRAGMA application_id").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
            db.execute(f"DELETE FROM arrival WHERE at < {_NOW} - ?", (_ARRIVALS_KEPT,))

    # ── for the run ──

    def begin(self) -> None:
        """Take it for a run: no other process, and no other batch of this one, may run with it until `end`.

        Raises:
            JournalError: another one does.
        """
        if self._is_for_reading:
            raise JournalError(f"{self.path} is where you may not write: copy it, and name the copy.")
        # A lock that ends with the process, however that ends, on every system: SQLite's own, on a file beside it,
        # for the journal itself must stay open to those who read it and to callbacks.
        owner = sqlite3.connect(f"{self.path}-owner", timeout=0, isolation_level=None, check_same_thread=False)
        try:
            owner.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            owner.close()
            raise JournalError(f"Another batch runs with {self.path}: wait for it, or use another journal.") from error
        self._owner = owner
        with _translated(self.path), self._lock:
            self._run = self._db.execute(f"INSERT INTO run (totals, at) VALUES ('{{}}', {_NOW})").lastrowid

    def end(self) -> None:
        """Let others run with it."""
        if self._owner is not None:
            self._owner.close()
            self._owner = None
            self._run = None

    def look(self, works: Sequence[Work], *, retry_failed: bool, resubmit_after: float | None) -> list[Known]:
        """What is known of each, which is laid into it; it may read the disk for what has changed there.

        Args:
            works: recordings that come up.
            retry_failed: whether those that were given up are to be done again.
            resubmit_after: seconds after which a callback that has not come is no longer waited for; None: never.
        """
        run = self._run
        asked = AskedFor()
        for work in works:
            work.mark = fingerprint(work, asked)
        with _translated(self.path), self._lock:
            if run != self._run:
                return [Known.SKIP] * len(works)  # of a run that is over, on a thread that was left to itself
            known = [self._known(work, retry_failed, resubmit_after) for work in works]
            # Who comes up later under the same key, as something else, is to meet this run's own.
            seen = [
                (run, work.item.key)
                for work, state in zip(works, known, strict=True)
                if state in (Known.SKIP, Known.SKIP_FAILED, Known.TELL)
            ]
            if seen and run is not None:
                with self._writing():
                    self._db.executemany("UPDATE recording SET run = ? WHERE key = ?", seen)
            return known

    def _known(self, work: Work, retry_failed: bool, resubmit_after: float | None) -> Known:
        row = self._db.execute(
            "SELECT mark, state, taken, tries, crashes, audio, request_id, answer, kind, error, run, "
            f"{_NOW} - at FROM recording WHERE key = ?",
            (work.item.key,),
        ).fetchone()
        if row is None:
            return Known.NEW
        mark, state, taken, tries, crashes, audio, request_id, answer, kind, error, run, age = row
        is_this = self._run is not None and run == self._run
        if mark != work.mark:
            # It has changed, or something else is asked of it; unless that was a moment ago.
            return Known.CLASH if is_this else Known.NEW
        work.tries, work.crashes, work.request_id = tries, crashes, request_id
        if state == _State.SUBMITTED:
            is_late = resubmit_after is not None and age > resubmit_after
            return Known.NEW if is_late and not is_this else Known.SKIP
        if state == _State.STARTED:
            work.crashes += 1
            if work.crashes < BATCH_POISON:
                return Known.NEW
            work.error = GivenUp(
                f"{work.crashes} processes ended while they transcribed it, so it may be to blame: try it alone.",
                "Poison",
            )
            return Known.POISON
        if state == _State.WAITING or (state == _State.FAILED and retry_failed and not is_this):
            if state == _State.FAILED:
                work.tries, work.request_id = 0, None
            return Known.NEW
        if taken:
            return Known.SKIP_FAILED if state == _State.FAILED and not is_this else Known.SKIP
        work.audio = audio
        if state == _State.FAILED:
            work.error = _error_from(kind, error)
        else:
            work.answer = Kept.of(answer, request_id)
        return Known.TELL

    def write(self, changes: Changes, totals: Totals) -> None:
        """Write down what happened."""
        # What began and ended since the last time is written once.
        over = {each.item.key for each in (*changes.ended, *changes.submitted, *changes.released)}
        run = self._run
        rows = [_row(_State.STARTED, each, run) for each in changes.started if each.item.key not in over]
        rows += [_row(_State.WAITING, each, run) for each in changes.released]
        rows += [_row(_State.SUBMITTED, each, run) for each in changes.submitted]
        rows += [_row(_State.DONE if each.error is None else _State.FAILED, each, run) for each in changes.ended]
        rows += [_row(_State.FAILED, each, run) for each in changes.spoiled]
        with _translated(self.path), self._lock, self._writing():
            self._db.executemany(_PUT, rows)
            for each in changes.submitted:
                self._meet(each.request_id)
            dropped = "" if self.keep_answers else ", answer = NULL"
            self._db.executemany(
                f"UPDATE recording SET taken = 1{dropped} WHERE key = ?", [(key,) for key in changes.taken]
            )
            if self._run is not None:
                text = json.dumps(asdict(totals))
                self._db.execute(f"UPDATE run SET totals = ?, at = {_NOW} WHERE number = ?", (text, self._run))

    def _meet(self, request_id: str | None) -> None:
        """Give a submission the answer that was here before it."""
        early = self._db.execute(
            "SELECT answer, kind, error FROM arrival WHERE request_id = ?", (request_id,)
        ).fetchone()
        if early is not None:
            self._db.execute("DELETE FROM arrival WHERE request_id = ?", (request_id,))
            self._answered(request_id or "", *early)

    # ── for callbacks ──

    def accept(self, request_id: str, answer: bytes | None, error: Exception | None = None) -> Arrival:
        """Write down what a callback brought: the answer, or why there is none."""
        kind, told = (None, None) if error is None else (cause(error), _error_text(error))
        with _translated(self.path), self._lock, self._writing():
            if self._answered(request_id, answer, kind, told):
                return Arrival.NEW
            db = self._db
            over = f"SELECT 1 FROM recording WHERE request_id = ? AND state <> {_State.STARTED:d}"
            if db.execute(over, (request_id,)).fetchone():
                return Arrival.AGAIN
            db.execute(
                f"INSERT OR IGNORE INTO arrival (request_id, answer, kind, error, at) VALUES (?, ?, ?, ?, {_NOW})",
                (request_id, answer, kind, told),
            )
            return Arrival.EARLY

    def _answered(self, request_id: str, answer: bytes | None, kind: str | None, error: str | None) -> bool:
        # An answer counts whatever became of the recording meanwhile; that there is none, only where one is waited for.
        # While it is asked for, the row may know the request already, and is still to be written over: that is early.
        waited = (_State.SUBMITTED, _State.WAITING, _State.FAILED) if error is None else (_State.SUBMITTED,)
        state = _State.DONE if error is None else _State.FAILED
        audio = 0.0 if answer is None else Kept.of(answer, request_id).about()[1]
        return (
            self._db.execute(
                f"UPDATE recording SET state = {state:d}, taken = 0, answer = ?, kind = ?, error = ?, audio = ?, "
                f"at = {_NOW} WHERE request_id = ? AND state IN ({', '.join(f'{each:d}' for each in waited)})",
                (answer, kind, error, audio, request_id),
            ).rowcount
            > 0
        )

    # ── for those who look into it ──

    def results(self, *, new: bool = False) -> Iterator[Result]:
        """What was transcribed and what was given up, in the order in which it first came up.

        Args:
            new: only what nobody was told of yet, as the answers that came by callback; each counts as told once the
                next one is asked for. Else all of it, which has the transcripts only with `keep_answers`.
        """
        condition = "taken = 0 AND" if new else ""
        last = 0
        while True:
            # One at a time: an answer may have megabytes.
            with _translated(self.path), self._lock:
                row = self._db.execute(
                    f"SELECT rowid, {_RESULT} FROM recording "
                    f"WHERE {condition} state >= {_State.DONE:d} AND rowid > ? ORDER BY rowid LIMIT 1",
                    (last,),
                ).fetchone()
            if row is None:
                return
            last, *found = row
            result = _result(*found)
            yield result
            if new:
                self.told([(result.key, result.request_id)])

    def answered(self, request_id: str) -> Result | None:
        """What a request came to, by callback for one; None while it has come to nothing, or when somebody was told."""
        with _translated(self.path), self._lock:
            found = self._db.execute(
                f"SELECT {_RESULT} FROM recording WHERE request_id = ? AND taken = 0 AND state >= {_State.DONE:d}",
                (request_id,),
            ).fetchone()
        return None if found is None else _result(*found)

    def told(self, results: Iterable[tuple[str, str | None]]) -> None:
        """Somebody was told of these, each a key and its request id: no run and no `results(new=True)` tells again."""
        dropped = "" if self.keep_answers else ", answer = NULL"
        with _translated(self.path), self._lock, self._writing():
            self._db.executemany(
                f"UPDATE recording SET taken = 1{dropped} "
                f"WHERE key = ? AND request_id IS ? AND taken = 0 AND state >= {_State.DONE:d}",
                list(results),
            )

    def report(self) -> Totals:
        """All runs together: recordings as they are now, and what was asked and waited for."""
        with _translated(self.path), self._lock:
            states = dict(self._db.execute("SELECT state, count(*) FROM recording GROUP BY state").fetchall())
            (audio,) = self._db.execute("SELECT coalesce(sum(audio), 0.0) FROM recording").fetchone()
            errors = self._db.execute(
                f"SELECT kind, count(*) FROM recording WHERE state = {_State.FAILED:d} GROUP BY kind ORDER BY kind"
            ).fetchall()
            runs = [json.loads(text) for (text,) in self._db.execute("SELECT totals FROM run")]
        total = Totals()
        for name in ("requests", "retries", "turned_away", "request_seconds", "waited_seconds", "elapsed_seconds"):
            setattr(total, name, sum(run.get(name, 0) for run in runs))
        total.items = sum(states.values())
        total.done = states.get(_State.DONE, 0)
        total.failed = states.get(_State.FAILED, 0)
        total.submitted = states.get(_State.SUBMITTED, 0)
        total.audio_seconds = audio
        total.failures = dict(errors)
        return total

    def has_answers(self) -> bool:
        """Whether the service has taken anything so far."""
        with _translated(self.path), self._lock:
            found = self._db.execute(
                f"SELECT 1 FROM recording WHERE state IN ({_State.SUBMITTED:d}, {_State.DONE:d}) LIMIT 1"
            ).fetchone()
        return found is not None

    def untold(self) -> int:
        """How many results nobody was told of yet."""
        with _translated(self.path), self._lock:
            return int(
                self._db.execute(
                    f"SELECT count(*) FROM recording WHERE state >= {_State.DONE:d} AND taken = 0"
                ).fetchone()[0]
            )

    def close(self) -> None:
        """Close the file; any number of times."""
        self.end()
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Journal {self.path}>"

    @contextmanager
    def _writing(self) -> Generator[None, None, None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _result(
    key: str,
    note: str | None,
    tries: int,
    seconds: float,
    request_id: str | None,
    answer: bytes | None,
    kind: str | None,
    error: str | None,
) -> Result:
    transcript: Transcript | None = None
    failure: Exception | None = None if error is None else _error_from(kind or "", error)
    if answer is not None:
        try:
            transcript, _ = Kept.of(answer, request_id).transcript()
        except DecodeError as broken:
            failure = broken
    return Result(
        Item(key, key=key, note=json.loads(note) if note else {}),
        transcript,
        failure,
        request_id,
        tries,
        seconds,
    )


def _row(state: _State, work: Work, run: int | None) -> tuple[Any, ...]:
    kind, error = (None, None) if work.error is None else (cause(work.error), _error_text(work.error))
    known = (work.item.key, work.mark, int(state), work.tries, work.crashes, work.audio, work.seconds, work.request_id)
    answer = work.answer if work.error is None else None
    return *known, answer and answer.body, kind, error, _noted(work), run


def _noted(work: Work) -> str | None:
    return json.dumps(work.item.note, default=str) if work.item.note else None


def _error_text(error: Exception) -> str:
    known = error if isinstance(error, DeepgramError) else None
    return json.dumps(
        {
            "message": known.message if known else str(error),
            "status": known and known.status,
            "request_id": known and known.request_id,
        }
    )


def _error_from(kind: str, text: str) -> GivenUp:
    told = json.loads(text)
    return GivenUp(f"It was given up: {told['message']}", kind, status=told["status"], request_id=told["request_id"])


def _is_for_reading(path: str) -> bool:
    """Whether there is a journal where nothing can be written."""
    if not Path(path).exists() or (os.access(path, os.W_OK) and os.access(Path(path).parent, os.W_OK)):
        return False
    rest = Path(f"{path}-wal")
    if rest.exists() and rest.stat().st_size:
        raise JournalError(
            f"{path} is where you may not write, as SQLite has to for reading what a run that goes on, or was killed, "
            f"has in {rest.name}: copy both, and name the copy."
        )
    return True


@contextmanager
def _translated(path: str) -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.Error as error:
        raise JournalError(f"The journal {path} cannot be used: {error}.") from error
