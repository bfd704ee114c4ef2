"""Agent configurations that are kept for later, and the variables in them."""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from typing import Any

from dgasync.server.accounts import stamp
from dgasync.server.checks import bad_body, is_list, is_object, labels, number
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.replies import Refusal
from dgasync.server.routes import Route

__all__ = ["ROUTES", "kept_config"]

_KEY = re.compile(r"DG_[A-Za-z0-9_]{1,200}")
_PLACE = re.compile(rf"\{{\{{\s*({_KEY.pattern})\s*\}}\}}")


def kept_config(connection: sqlite3.Connection, project: str, which: str) -> Json:
    """The configuration of this id, with the values of its variables; raises `Refusal` where there is none.

    A variable stands for a whole value where its name, bare or in two pairs of braces, is all of a text, and within a
    text where it is in braces. One that there is not stays as it is.
    """
    row = connection.execute(
        "SELECT config FROM agents WHERE project_id = ? AND agent_id = ?", (project, which)
    ).fetchone()
    if row is None:
        raise not_found("Agent configuration", which)
    found = connection.execute("SELECT key, value FROM variables WHERE project_id = ?", (project,)).fetchall()
    made: Json = _filled(json.loads(row["config"]), {each["key"]: json.loads(each["value"]) for each in found})
    return made


def _filled(value: Any, variables: Json) -> Any:
    if is_object(value):
        return {name: _filled(each, variables) for name, each in value.items()}
    if is_list(value):
        return [_filled(each, variables) for each in value]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    name = whole[1] if whole else value
    if name in variables:
        return variables[name]
    return _PLACE.sub(lambda place: _as_text(variables[place[1]]) if place[1] in variables else place[0], value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _check_version(body: Json) -> None:
    if (number(body, "api_version", 1, 1_000_000) or 1) != 1:
        raise bad_body("`api_version`: expected 1.")


def _encoded(value: Any) -> str:
    # Python reads 1e999 as infinity, and NaN as what it says; neither could be told again.
    return json.dumps(value, allow_nan=False)


def _list(errand: Errand) -> Json:
    rows = errand.rows("SELECT * FROM agents WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {"agents": [_told(row) for row in rows]}


def _create(errand: Errand) -> Json:
    _check_version(errand.body)
    told = errand.body.get("config")
    try:
        config: Any = json.loads(told) if isinstance(told, str) else None
        kept = _encoded(config)
    except (ValueError, RecursionError):
        config = kept = None
    if not is_object(config) or kept is None:
        raise bad_body("`config`: expected a string that holds a JSON object, the `agent` block of Settings.")
    metadata = labels(errand.body, "metadata")
    errand.check_room("agents")
    which = str(uuid.uuid4())
    errand.change(
        "INSERT INTO agents VALUES (?, ?, ?, ?, ?, ?)",
        *(which, errand.project, kept, json.dumps(metadata), errand.now, errand.now),
    )
    return {"agent_id": which, "config": config, "metadata": metadata}


def _get(errand: Errand) -> Json:
    return _told(_find(errand))


def _update(errand: Errand) -> Json:
    row, metadata = _find(errand), labels(errand.body, "metadata", needed=True)
    errand.change(
        "UPDATE agents SET metadata = ?, updated = ? WHERE agent_id = ?",
        *(json.dumps(metadata), errand.now, row["agent_id"]),
    )
    return _told(_find(errand))


def _delete(errand: Errand) -> Json:
    errand.change("DELETE FROM agents WHERE agent_id = ?", _find(errand)["agent_id"])
    return {}


def _find(errand: Errand) -> sqlite3.Row:
    which = errand.id("agent_id")
    row = errand.row("SELECT * FROM agents WHERE project_id = ? AND agent_id = ?", errand.project, which)
    if row is None:
        raise not_found("Agent configuration", which)
    return row


def _told(row: sqlite3.Row) -> Json:
    return {
        "agent_id": row["agent_id"],
        "config": json.loads(row["config"]),
        "metadata": json.loads(row["metadata"]),
        "created_at": stamp(row["created"]),
        "updated_at": stamp(row["updated"]),
    }


# Variables.


def _list_variables(errand: Errand) -> Json:
    rows = errand.rows("SELECT * FROM variables WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {"variables": [_variable(row) for row in rows]}


def _create_variable(errand: Errand) -> Json:
    _check_version(errand.body)
    key, value = errand.body.get("key"), _value(errand)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise bad_body("`key`: expected DG_ and a name of letters, digits and underscores.")
    if errand.row("SELECT 1 FROM variables WHERE project_id = ? AND key = ?", errand.project, key):
        raise Refusal(400, "BAD_REQUEST", "Already there.", details=f"{key} exists: change it, or delete it first.")
    errand.check_room("variables")
    which = str(uuid.uuid4())
    errand.change(
        "INSERT INTO variables VALUES (?, ?, ?, ?, ?, ?)", which, errand.project, key, value, errand.now, errand.now
    )
    return _variable(_find_variable(errand, which))


def _get_variable(errand: Errand) -> Json:
    return _variable(_find_variable(errand, errand.id("variable_id")))


def _update_variable(errand: Errand) -> Json:
    which, value = _find_variable(errand, errand.id("variable_id"))["variable_id"], _value(errand)
    errand.change("UPDATE variables SET value = ?, updated = ? WHERE variable_id = ?", value, errand.now, which)
    return _variable(_find_variable(errand, which))


def _delete_variable(errand: Errand) -> Json:
    row = _find_variable(errand, errand.id("variable_id"))
    errand.change("DELETE FROM variables WHERE variable_id = ?", row["variable_id"])
    return {}


def _value(errand: Errand) -> str:
    if "value" not in errand.body:
        raise bad_body("`value` is missing.")
    try:
        return _encoded(errand.body["value"])
    except ValueError:
        raise bad_body("`value`: a number in it is too large.") from None


def _find_variable(errand: Errand, which: str) -> sqlite3.Row:
    row = errand.row("SELECT * FROM variables WHERE project_id = ? AND variable_id = ?", errand.project, which)
    if row is None:
        raise not_found("Variable", which)
    return row


def _variable(row: sqlite3.Row) -> Json:
    return {
        "variable_id": row["variable_id"],
        "key": row["key"],
        "value": json.loads(row["value"]),
        "created_at": stamp(row["created"]),
        "updated_at": stamp(row["updated"]),
    }


_AGENTS, _VARIABLES = "/v1/projects/{project_id}/agents", "/v1/projects/{project_id}/agent-variables"
_READ, _WRITE = "project:read", "project:write"
ROUTES = [
    Route("GET", _AGENTS, handler(_list), _READ),
    Route("POST", _AGENTS, handler(_create, body=True), _WRITE),
    Route("GET", f"{_AGENTS}/{{agent_id}}", handler(_get), _READ),
    Route("PUT", f"{_AGENTS}/{{agent_id}}", handler(_update, body=True), _WRITE),
    Route("DELETE", f"{_AGENTS}/{{agent_id}}", handler(_delete), _WRITE),
    Route("GET", _VARIABLES, handler(_list_variables), _READ),
    Route("POST", _VARIABLES, handler(_create_variable, body=True), _WRITE),
    Route("GET", f"{_VARIABLES}/{{variable_id}}", handler(_get_variable), _READ),
    Route("PATCH", f"{_VARIABLES}/{{variable_id}}", handler(_update_variable, body=True), _WRITE),
    Route("DELETE", f"{_VARIABLES}/{{variable_id}}", handler(_delete_variable), _WRITE),
]
