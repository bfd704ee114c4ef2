"""Distribution credentials of self-hosted deployments: kept and listed. There is no registry that they would open."""

from __future__ import annotations

import json
import sqlite3
import uuid

from dgasync.server.accounts import stamp
from dgasync.server.askers import granted
from dgasync.server.checks import bad_body, choice, text, texts
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.members import acting
from dgasync.server.query import bad_value
from dgasync.server.routes import Route

__all__ = ["ROUTES"]

_ALL = "self-hosted:products"
_PRODUCTS = granted([_ALL])


def _list(errand: Errand) -> Json:
    rows = errand.rows("SELECT * FROM credentials WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {"distribution_credentials": [_told(row) for row in rows]}


def _create(errand: Errand) -> Json:
    call, body = errand.call, errand.body
    provider = choice(call, "provider", ("quay",)) or text(body, "provider", needed=False) or "quay"
    if provider != "quay":
        raise bad_body("`provider`: expected quay.")
    # Old official clients send in the body what belongs into the query.
    scopes = call.received.param("scopes") or texts(body, "scopes") or [_ALL]
    for scope in scopes:
        if scope not in _PRODUCTS:
            raise bad_value("scopes", f"expected {_ALL} or one of its products")
    errand.check_room("credentials")
    member, which = acting(errand), str(uuid.uuid4())
    errand.change(
        "INSERT INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(which, errand.project, member["member_id"], member["email"], provider),
        *(json.dumps(list(dict.fromkeys(scopes))), text(body, "comment", needed=False), errand.now),
    )
    return _told(_find(errand, which))


def _get(errand: Errand) -> Json:
    return _told(_find(errand, errand.id("credentials_id")))


def _delete(errand: Errand) -> Json:
    row = _find(errand, errand.id("credentials_id"))
    errand.change("DELETE FROM credentials WHERE credentials_id = ?", row["credentials_id"])
    return _told(row)


def _find(errand: Errand, which: str) -> sqlite3.Row:
    row = errand.row("SELECT * FROM credentials WHERE project_id = ? AND credentials_id = ?", errand.project, which)
    if row is None:
        raise not_found("Distribution credentials", which)
    return row


def _told(row: sqlite3.Row) -> Json:
    told: Json = {
        "distribution_credentials_id": row["credentials_id"],
        "provider": row["provider"],
        "scopes": json.loads(row["scopes"]),
        "created": stamp(row["created"]),
    }
    if row["comment"] is not None:
        told["comment"] = row["comment"]
    return {
        "member": {"member_id": row["member_id"], "email": row["email"]},
        "distribution_credentials": told,
    }


def _routes(word: str) -> list[Route]:
    path = f"/v1/projects/{{project_id}}/{word}/distribution/credentials"
    return [
        Route("GET", path, handler(_list), _ALL),
        Route("POST", path, handler(_create, body=False), _ALL),
        Route("GET", f"{path}/{{credentials_id}}", handler(_get), _ALL),
        Route("DELETE", f"{path}/{{credentials_id}}", handler(_delete), _ALL),
    ]


# The spec's word, and those of old official clients (compat/V3_BEHAVIOUR.md, 12).
ROUTES = [route for word in ("self-hosted", "selfhosted", "onprem") for route in _routes(word)]
