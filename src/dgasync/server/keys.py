"""API keys: made, told once, and known afterwards by what they do."""

from __future__ import annotations

import json
import secrets
import sqlite3
from typing import Any

from dgasync.server.accounts import MOST_ROWS, add_member, stamp
from dgasync.server.askers import SCOPES
from dgasync.server.checks import bad_body, choice, number, parsed, text, texts
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.identity import digest
from dgasync.server.listen import key_identifier
from dgasync.server.members import acting
from dgasync.server.routes import Route

__all__ = ["ROUTES", "admit", "make_key"]

LONGEST_LIFE = 100 * 365 * 86400
"""Seconds that a key may be good for, where it is not good for ever."""


def make_key(
    connection: sqlite3.Connection,
    project: str,
    member: str,
    scopes: list[str],
    now: float,
    *,
    comment: str = "",
    tags: list[str] | None = None,
    expires: float | None = None,
) -> str:
    """Make a key; the key itself, which is not kept."""
    key = secrets.token_hex(20)
    connection.execute(
        "INSERT INTO keys (api_key_id, project_id, member_id, digest, comment, scopes, tags, created, expires) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key_identifier(key), project, member, digest(key), comment, json.dumps(scopes), json.dumps(tags or [])),
            *(now, expires),
        ),
    )
    # Keys that are over are remembered as that, but not for ever.
    connection.execute(
        "DELETE FROM keys WHERE rowid IN (SELECT rowid FROM keys WHERE project_id = ? AND (gone OR expires <= ?) "
        "ORDER BY created DESC LIMIT -1 OFFSET ?)",
        (project, now, MOST_ROWS),
    )
    return key


def admit(connection: sqlite3.Connection, project: str, email: str, now: float) -> str:
    """Make a member of somebody who is invited, with a first key, which is the result; raises `LookupError`."""
    invite = (project, email)
    found = connection.execute("SELECT scope FROM invites WHERE project_id = ? AND email = ?", invite).fetchone()
    if found is None:
        raise LookupError(f"nobody is invited as {email}")
    connection.execute("DELETE FROM invites WHERE project_id = ? AND email = ?", invite)
    member = add_member(connection, project, email, found["scope"], now)
    return make_key(connection, project, member, [found["scope"]], now)


def _create(errand: Errand) -> Json:
    body, asker = errand.body, errand.call.asker
    scopes, tags, comment = texts(body, "scopes"), texts(body, "tags"), text(body, "comment", needed=False) or ""
    if not scopes:
        raise bad_body("`scopes` is missing, or empty.")
    for scope in scopes:
        if scope not in SCOPES:
            raise bad_body(f"`scopes`: there is no scope {scope!r}.")
    asker.check_gift(scopes)
    expires = _expiry(body, errand.now)
    errand.check_room("keys", "NOT gone")
    member = acting(errand)["member_id"]
    key = make_key(
        errand.connection, errand.project, member, scopes, errand.now, comment=comment, tags=tags, expires=expires
    )
    return {
        "api_key_id": key_identifier(key),
        "key": key,
        "comment": comment,
        "scopes": scopes,
        "created": stamp(errand.now),
        **_optional(tags, expires),
    }


def _expiry(body: Json, now: float) -> float | None:
    told = text(body, "expiration_date", needed=False)
    # Official clients from 3.3 on send -1 where nothing was set.
    life = (
        None if body.get("time_to_live_in_seconds") == -1 else number(body, "time_to_live_in_seconds", 1, LONGEST_LIFE)
    )
    if told is not None and life is not None:
        raise bad_body("Either `expiration_date` or `time_to_live_in_seconds`, not both.")
    if told is None:
        return None if life is None else now + life
    moment = parsed(told)
    if moment is None or len(told) <= len("2030-01-01"):
        raise bad_body("`expiration_date`: expected a date and time, like 2030-01-01T00:00:00Z.")
    if not 0 < moment.timestamp() - now <= LONGEST_LIFE:
        raise bad_body("`expiration_date` is in the past, or too far away.")
    return moment.timestamp()


def _optional(tags: list[str], expires: float | None) -> Json:
    """What is left out where there is none (docs, "Keys")."""
    return {**({"tags": tags} if tags else {}), **({"expiration_date": stamp(expires)} if expires is not None else {})}


_SELECT = (
    "SELECT keys.*, members.email FROM keys JOIN members USING (project_id, member_id) "
    "WHERE project_id = ? AND NOT gone AND (? = '' OR member_id = ?)"
)


def _seen(errand: Errand) -> tuple[str, str, str]:
    """What selects the keys that the asker may see: the project's, or its own (docs, "Keys")."""
    asker = errand.call.asker
    own = "" if "members:read" in asker.scopes else asker.member_id
    return errand.project, own, own


def _list(errand: Errand) -> Json:
    status = choice(errand.call, "status", ("active", "expired"))
    rows = errand.rows(f"{_SELECT} ORDER BY keys.created, keys.rowid", *_seen(errand))
    return {
        "api_keys": [
            {"member": _member(row), "api_key": _told(row)}
            for row in rows
            if status is None or (status == "expired") == (row["expires"] is not None and row["expires"] <= errand.now)
        ]
    }


def _get(errand: Errand) -> Json:
    row = _find(errand)
    # The spec puts the key into the member, and both into `item`; old official clients look for them side by side.
    return {
        "item": {"member": {**_member(row), "api_key": _told(row)}},
        "member": _member(row),
        "api_key": _told(row),
    }


def _delete(errand: Errand) -> Json:
    errand.change("UPDATE keys SET gone = 1 WHERE api_key_id = ?", _find(errand)["api_key_id"])
    return {"message": "Successfully deleted the API key."}


def _find(errand: Errand) -> sqlite3.Row:
    which = errand.id("key_id")
    found = errand.row(f"{_SELECT} AND api_key_id = ?", *_seen(errand), which)
    if found is None:
        raise not_found("Key", which)
    return found


def _member(row: sqlite3.Row) -> Json:
    return {"member_id": row["member_id"], "email": row["email"]}


def _told(row: sqlite3.Row) -> Json:
    tags: Any = json.loads(row["tags"])
    return {
        "api_key_id": row["api_key_id"],
        "comment": row["comment"],
        "scopes": json.loads(row["scopes"]),
        "created": stamp(row["created"]),
        **_optional(tags, row["expires"]),
    }


ROUTES = [
    Route("GET", "/v1/projects/{project_id}/keys", handler(_list), "keys:read"),
    Route("POST", "/v1/projects/{project_id}/keys", handler(_create, body=True), "keys:write"),
    Route("GET", "/v1/projects/{project_id}/keys/{key_id}", handler(_get), "keys:read"),
    Route("DELETE", "/v1/projects/{project_id}/keys/{key_id}", handler(_delete), "keys:write"),
]
