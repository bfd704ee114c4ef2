"""Finding out who asks: by a key of the account, a token that was granted, or a key the server was started with."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from typing import TYPE_CHECKING

from aiohttp import web

from dgasync.server.accounts import home_project
from dgasync.server.askers import SCOPES, Asker, granted
from dgasync.server.grants import Json, claims, looks_like_token
from dgasync.server.listen import key_identifier
from dgasync.server.replies import Refusal

if TYPE_CHECKING:
    from dgasync.server.app import Service

__all__ = ["SUBPROTOCOLS", "digest", "identify"]

SUBPROTOCOLS = ("token", "bearer")
"""Schemes of Authorization; in Sec-WebSocket-Protocol they announce a key where headers cannot be set: in browsers."""


async def identify(service: Service, request: web.BaseRequest, *, websocket: bool) -> Asker:
    """Who asks; raises `Refusal` when it is nobody this server knows.

    A key that was made here counts for what it is, and is refused once it has expired or was deleted. Any other is the
    owner's where it is one of `Settings.api_keys`, and where there are none of those.
    """
    scheme, key = _told(request, websocket=websocket)
    accounts = service.accounts
    if looks_like_token(key):
        told = claims(accounts.secret, key, accounts.now())
        # The service takes tokens as Bearer only, too.
        if told is None or scheme != "bearer":
            raise _unknown("The token was not granted here, or has expired, or did not come as Bearer.")
        return await accounts.run(lambda connection: _by_token(connection, told, accounts.now()))
    return await accounts.run(lambda connection: _by_key(connection, key, service.settings.api_keys, accounts.now()))


def digest(key: str) -> str:
    """What is kept of a key. It is long and random, so that nobody guesses it and no salt is needed."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _told(request: web.BaseRequest, *, websocket: bool) -> tuple[str, str]:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if not scheme and websocket:
        scheme, _, key = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")
    scheme = scheme.strip().lower()
    return scheme, key.strip() if scheme in SUBPROTOCOLS else ""


def _unknown(details: str | None = None) -> Refusal:
    return Refusal(401, "INVALID_AUTH", "Invalid credentials.", details=details)


def _by_key(connection: sqlite3.Connection, key: str, api_keys: tuple[str, ...], now: float) -> Asker:
    accessor = key_identifier(key)
    found = _alive(connection, accessor, now)
    if found is None:
        if api_keys and not any(hmac.compare_digest(digest(key), digest(known)) for known in api_keys):
            raise _unknown()
        return _owner(connection, accessor, now)
    if not hmac.compare_digest(found["digest"], digest(key)):
        raise _unknown()
    # What is taken from a member is taken from the member's keys.
    scopes = granted(json.loads(found["scopes"])) & granted(json.loads(found["held"]))
    tags = tuple(json.loads(found["tags"]))
    return Asker(accessor, found["project_id"], scopes, found["member_id"], tags)


def _owner(connection: sqlite3.Connection, accessor: str, now: float) -> Asker:
    return Asker(accessor, home_project(connection, now), SCOPES)


def _by_token(connection: sqlite3.Connection, told: Json, now: float) -> Asker:
    accessor, project = told["sub"], told["project_id"]
    # A token is worth what the key is that asked for it, and no more.
    found = _alive(connection, accessor, now)
    if connection.execute("SELECT 1 FROM projects WHERE project_id = ?", (project,)).fetchone() is None:
        raise _unknown()
    scopes, member, tags = frozenset(told["scopes"]), "", ()
    if found is not None:
        member, tags = found["member_id"], tuple(json.loads(found["tags"]))
        scopes &= granted(json.loads(found["held"]))
    return Asker(accessor, project, scopes, member, tags, token=True)


def _alive(connection: sqlite3.Connection, accessor: str, now: float) -> sqlite3.Row | None:
    """The key of this id; None where none was made here. Raises `Refusal` for one that is no longer good."""
    found: sqlite3.Row | None = connection.execute(
        "SELECT keys.*, members.scopes AS held FROM keys LEFT JOIN members USING (project_id, member_id) "
        "WHERE api_key_id = ?",
        (accessor,),
    ).fetchone()
    if found is not None and (
        found["gone"] or found["held"] is None or (found["expires"] is not None and found["expires"] <= now)
    ):
        raise _unknown("The key was deleted, or has expired.")
    return found
