"""What all operations of the account have in common: a project, a transaction, a JSON body and a JSON answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dgasync.server.accounts import MOST_ROWS
from dgasync.server.checks import json_body
from dgasync.server.replies import Refusal, json_response
from dgasync.server.routes import Call, Handler

__all__ = ["Errand", "Json", "handler", "not_found"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Errand:
    """One operation at work in the database."""

    call: Call
    connection: sqlite3.Connection
    project: str
    """The id of the project in the path, which is one of the asker's."""
    body: Json
    now: float

    def id(self, name: str) -> str:
        """What stands in the path for `{name}`."""
        return self.call.ids[name]

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of the answer to a query."""
        return self.connection.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first of them."""
        found: sqlite3.Row | None = self.connection.execute(query, values).fetchone()
        return found

    def change(self, query: str, *values: Any) -> int:
        """How many rows a change has changed."""
        return self.connection.execute(query, values).rowcount

    def check_room(self, table: str, which: str = "1") -> None:
        """Raise `Refusal` when there is no room for one more of these; neither text is ever what a client sent."""
        found = self.row(f"SELECT COUNT(*) AS count FROM {table} WHERE project_id = ? AND {which}", self.project)
        assert found is not None
        if found["count"] >= MOST_ROWS:
            raise Refusal(400, "TOO_MANY", "There is no room for more.", details=f"{MOST_ROWS} {table} are the most.")


def handler(work: Callable[[Errand], Json], *, body: bool | None = None) -> Handler:
    """What answers with the result of `work`, which runs in the thread of the database, in one transaction.

    `body`: whether one must be there (True), may be (False), or is not looked at (None).
    """

    async def answer(call: Call) -> web.Response:
        told = {} if body is None else await json_body(call, needed=body)
        accounts = call.service.accounts

        def job(connection: sqlite3.Connection) -> Json:
            return work(Errand(call, connection, _project(connection, call), told, accounts.now()))

        return json_response(await accounts.run(job), call.request_id)

    return answer


def _project(connection: sqlite3.Connection, call: Call) -> str:
    asker, project = call.asker, call.ids.get("project_id")
    if project is None:
        return asker.project_id
    found = connection.execute("SELECT 1 FROM projects WHERE project_id = ?", (project,)).fetchone()
    # Whose project it is not learns no more than that of one that is not there.
    if found is None or not (asker.everywhere or project == asker.project_id):
        raise Refusal(404, "PROJECT_NOT_FOUND", "Project not found.")
    return project


def not_found(what: str, which: str) -> Refusal:
    """The answer to an id of nothing."""
    return Refusal(404, "NOT_FOUND", f"{what} not found.", details=f"This project has none called {which!r}.")
