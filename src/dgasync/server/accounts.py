"""The account of the local server: one SQLite database, worked on by one thread of its own.

In memory, unless a file is named. The loop never waits for the disk, and jobs never meet: each is one transaction.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

from dgasync.server import ledger
from dgasync.server.replies import Refusal

__all__ = [
    "MOST_ROWS",
    "OWNER",
    "Accounts",
    "DatabaseError",
    "Job",
    "add_member",
    "home_project",
    "new_project",
    "stamp",
]

_log = logging.getLogger(__name__)

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

SCHEMA = 1
"""The version of the tables below; a file with another one is refused."""
OWNER = "owner@localhost"
"""Who owns each project. No mail goes there."""
CREDIT = 200.0
"""Dollars that a project begins with."""
YEAR = 365 * 86400
BUSY = 5.0
"""Seconds to wait for another server that writes to the same file."""
MOST_ROWS = 10_000
"""Of one kind in one project: keys, invites and so on. Requests have a limit of their own, `Settings.keep_uses`."""

_TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE projects (
    project_id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL
);
CREATE TABLE members (
    project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, member_id TEXT NOT NULL, email TEXT NOT NULL,
    scopes TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (project_id, member_id), UNIQUE (project_id, email)
);
CREATE TABLE keys (
    api_key_id TEXT PRIMARY KEY, project_id TEXT NOT NULL, member_id TEXT NOT NULL, digest TEXT NOT NULL,
    comment TEXT NOT NULL, scopes TEXT NOT NULL, tags TEXT NOT NULL, created REAL NOT NULL, expires REAL,
    gone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX keys_of ON keys (project_id, created);
CREATE TABLE invites (
    project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, email TEXT NOT NULL, scope TEXT NOT NULL,
    created REAL NOT NULL, PRIMARY KEY (project_id, email)
);
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, created REAL NOT NULL,
    expires REAL NOT NULL, amount REAL NOT NULL
);
CREATE TABLE balances (
    balance_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE,
    order_id TEXT NOT NULL, amount REAL NOT NULL, created REAL NOT NULL
);
CREATE TABLE credentials (
    credentials_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE,
    member_id TEXT NOT NULL, email TEXT NOT NULL, provider TEXT NOT NULL, scopes TEXT NOT NULL, comment TEXT,
    created REAL NOT NULL
);
CREATE TABLE agents (
    agent_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, config TEXT NOT NULL,
    metadata TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
);
CREATE TABLE variables (
    variable_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, key TEXT NOT NULL,
    value TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, UNIQUE (project_id, key)
);
CREATE TABLE requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, accessor TEXT NOT NULL, endpoint TEXT NOT NULL,
    path TEXT NOT NULL, created REAL NOT NULL, day TEXT NOT NULL, method TEXT NOT NULL, tags TEXT NOT NULL,
    features TEXT NOT NULL, code INTEGER NOT NULL, completed REAL NOT NULL, callback TEXT, models TEXT NOT NULL,
    seconds REAL NOT NULL, channels INTEGER NOT NULL, characters INTEGER NOT NULL, tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL, agent_seconds REAL NOT NULL, message TEXT NOT NULL, line_item TEXT NOT NULL,
    dollars REAL NOT NULL
);
CREATE INDEX requests_of ON requests (project_id, created);
"""
# Keys outlive their deletion and their project: what was deleted is known as that, and not taken for anybody's key.


class DatabaseError(RuntimeError):
    """The file cannot be the account of a server; the message says why."""


def stamp(seconds: float) -> str:
    """A moment as answers write it: `2026-07-01T12:00:00.250Z`."""
    told = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


class Accounts:
    """The database, open from `open` to `close`."""

    def __init__(self, database: str | Path | None, now: Callable[[], float], keep_uses: int) -> None:
        self._database = database
        self._keep = keep_uses
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dgasync-account")
        self._lock = threading.Lock()
        self._uses: list[ledger.Use] = []
        self._closed = False
        self._connection: sqlite3.Connection
        self.now = now
        """The clock of all that expires, in seconds since 1970."""
        self.secret = b""
        """Signs tokens; made with the database, and known to nobody else."""

    # From any thread.

    def submit(self, job: Job[T]) -> Future[T]:
        """Do it in a transaction: kept when it returns, undone when it raises."""
        return self._thread.submit(self._run, job)

    async def run(self, job: Job[T]) -> T:
        """Do it in a transaction, and wait for it. A disk that fails is a `Refusal`, and so is what is no text."""
        try:
            return await asyncio.wrap_future(self.submit(job))
        except sqlite3.Error:
            _log.exception("the database of the account failed")
            raise Refusal(500, "INTERNAL_SERVER_ERROR", "The database of the account failed.") from None
        except UnicodeEncodeError:  # Bytes of a header or a path that are no UTF-8, or "\\ud800" in JSON.
            raise Refusal(400, "BAD_REQUEST", "Half of a surrogate pair is no character.") from None

    def record(self, use: ledger.Use) -> None:
        """Write it down soon, and before any job that comes later."""
        with self._lock:
            if self._closed:  # A handler that was told to stop does so when it likes.
                return
            self._uses.append(use)
            if len(self._uses) == 1:  # Else a writer is on its way, and takes all there is.
                self._thread.submit(self._write)

    def reset(self) -> Future[str]:
        """Begin anew, with one project; nothing that was granted or made is good any more."""

        def job(connection: sqlite3.Connection) -> str:
            connection.execute("DELETE FROM projects")
            connection.execute("DELETE FROM keys")
            return home_project(connection, self.now())

        return self.submit(job)

    async def open(self) -> None:
        """Open the database; raises `DatabaseError`."""
        await asyncio.wrap_future(self._thread.submit(self._open))

    def close(self) -> None:
        """Write down what is left, and close; blocks for as long as that takes."""
        with self._lock:
            self._closed = True
        self._thread.submit(self._close)
        self._thread.shutdown()

    # In the thread.

    def _run(self, job: Job[T]) -> T:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    def _write(self) -> None:
        with self._lock:
            uses, self._uses = self._uses, []
        try:
            self._run(lambda connection: ledger.write(connection, uses, self._keep))
        except Exception:  # Nobody waits for this, and nobody else would tell.
            _log.exception("the use of %d requests could not be written down", len(uses))

    def _open(self) -> None:
        place = ":memory:" if self._database is None else str(self._database)
        try:
            connection = sqlite3.connect(place, isolation_level=None, timeout=BUSY)
        except sqlite3.Error as problem:
            raise DatabaseError(f"the database {place} cannot be opened: {problem}") from None
        try:
            self._prepare(connection, place)
        except sqlite3.Error as problem:
            connection.close()
            raise DatabaseError(f"the database {place} cannot be used: {problem}") from None
        except DatabaseError:
            connection.close()
            raise

    def _prepare(self, connection: sqlite3.Connection, place: str) -> None:
        connection.row_factory = sqlite3.Row
        self._is_new(connection, place)  # Before anything is changed in a file of somebody else's.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        if self._is_new(connection, place):  # And again: two servers may have found it new.
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            connection.execute("INSERT INTO settings VALUES ('secret', ?)", (secrets.token_hex(32),))
            home_project(connection, self.now())
        connection.execute("COMMIT")
        self._connection = connection
        secret = connection.execute("SELECT value FROM settings WHERE name = 'secret'").fetchone()["value"]
        self.secret = bytes.fromhex(secret)

    @staticmethod
    def _is_new(connection: sqlite3.Connection, place: str) -> bool:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if version != SCHEMA and (version or tables):
            raise DatabaseError(f"{place} is no database of this version of the server")
        return not tables

    def _close(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()


def new_project(connection: sqlite3.Connection, name: str, now: float) -> str:
    """Make a project, with an owner and a credit; its id."""
    project, order = str(uuid.uuid4()), str(uuid.uuid4())
    connection.execute("INSERT INTO projects VALUES (?, ?, ?)", (project, name, now))
    add_member(connection, project, OWNER, "owner", now)
    connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", (order, project, now, now + YEAR, CREDIT))
    connection.execute("INSERT INTO balances VALUES (?, ?, ?, ?, ?)", (str(uuid.uuid4()), project, order, CREDIT, now))
    return project


def home_project(connection: sqlite3.Connection, now: float) -> str:
    """The oldest project, where what is used without a key of the account counts; one is made if there is none."""
    found = connection.execute("SELECT project_id FROM projects ORDER BY created, rowid LIMIT 1").fetchone()
    return new_project(connection, "Default", now) if found is None else found["project_id"]


def add_member(connection: sqlite3.Connection, project: str, email: str, scope: str, now: float) -> str:
    """Make somebody a member of a project; the id."""
    member = str(uuid.uuid4())
    values = (project, member, email, f'["{scope}"]', now)
    connection.execute("INSERT INTO members VALUES (?, ?, ?, ?, ?)", values)
    return member
