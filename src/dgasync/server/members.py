"""Members of a project, what each may, and who is invited."""

from __future__ import annotations

import json
import sqlite3

from dgasync.server.askers import SCOPES, rank
from dgasync.server.checks import bad_body, email, text
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.replies import Refusal
from dgasync.server.routes import Route

__all__ = ["ROUTES", "acting", "keep_an_owner"]


def acting(errand: Errand) -> sqlite3.Row:
    """The member who asks; where the owner of the server does, the project's first owner."""
    rows = errand.rows("SELECT * FROM members WHERE project_id = ? ORDER BY created, rowid", errand.project)
    mine = errand.call.asker.member_id
    return next(row for row in rows if (row["member_id"] == mine if mine else "owner" in json.loads(row["scopes"])))


def keep_an_owner(errand: Errand, member: sqlite3.Row) -> None:
    """Raise `Refusal` when the project would lose its last owner with this member."""
    rows = errand.rows("SELECT member_id, scopes FROM members WHERE project_id = ?", errand.project)
    owners = [row["member_id"] for row in rows if "owner" in json.loads(row["scopes"])]
    if owners == [member["member_id"]]:
        details = "A project keeps an owner; it can be deleted instead."
        raise Refusal(400, "BAD_REQUEST", "The last owner must stay.", details=details)


def _list(errand: Errand) -> Json:
    rows = errand.rows("SELECT * FROM members WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {
        "members": [
            {"member_id": row["member_id"], "email": row["email"], "scopes": json.loads(row["scopes"])} for row in rows
        ]
    }


def _remove(errand: Errand) -> Json:
    member = _member(errand)
    errand.call.asker.check(f"{rank(json.loads(member['scopes']))}:write:kick")
    keep_an_owner(errand, member)
    errand.change("DELETE FROM members WHERE project_id = ? AND member_id = ?", errand.project, member["member_id"])
    return {"message": "Successfully removed member."}


def _scopes(errand: Errand) -> Json:
    member = _member(errand)
    scopes: list[str] = json.loads(member["scopes"])
    errand.call.asker.check(f"{rank(scopes)}:read:scopes")
    return {"scopes": scopes}


def _set_scope(errand: Errand) -> Json:
    member, scope = _member(errand), _scope(errand)
    for scopes in (json.loads(member["scopes"]), [scope]):  # Neither take from, nor make, who stands too high.
        errand.call.asker.check(f"{rank(scopes)}:write:scopes")
    if scope != "owner":
        keep_an_owner(errand, member)
    errand.change(
        "UPDATE members SET scopes = ? WHERE project_id = ? AND member_id = ?",
        json.dumps([scope]),
        errand.project,
        member["member_id"],
    )
    return {"message": "Successfully updated member scopes."}


def _member(errand: Errand) -> sqlite3.Row:
    which = errand.id("member_id")
    found = errand.row("SELECT * FROM members WHERE project_id = ? AND member_id = ?", errand.project, which)
    if found is None:
        raise not_found("Member", which)
    return found


def _scope(errand: Errand) -> str:
    scope = text(errand.body, "scope")
    assert scope is not None
    if scope not in SCOPES:
        raise bad_body(f"`scope`: there is no scope {scope!r}.")
    return scope


def _list_invites(errand: Errand) -> Json:
    rows = errand.rows("SELECT email, scope FROM invites WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {"invites": [dict(row) for row in rows]}


def _invite(errand: Errand) -> Json:
    told, scope = text(errand.body, "email"), _scope(errand)
    assert told is not None
    address = email(told)
    errand.call.asker.check(f"{rank([scope])}:write:invites")
    errand.call.asker.check_gift([scope])
    if errand.row("SELECT 1 FROM members WHERE project_id = ? AND email = ?", errand.project, address):
        raise Refusal(400, "BAD_REQUEST", "Already a member.", details=f"{address} is in this project.")
    errand.check_room("invites")
    errand.change("REPLACE INTO invites VALUES (?, ?, ?, ?)", errand.project, address, scope, errand.now)
    return {"message": "Successfully sent project invite."}


def _uninvite(errand: Errand) -> Json:
    address = errand.id("email")
    found = errand.row("SELECT scope FROM invites WHERE project_id = ? AND email = ?", errand.project, address)
    if found is None:
        raise not_found("Invite", address)
    errand.call.asker.check(f"{rank([found['scope']])}:write:invites")
    errand.change("DELETE FROM invites WHERE project_id = ? AND email = ?", errand.project, address)
    return {"message": "Successfully deleted project invite."}


ROUTES = [
    Route("GET", "/v1/projects/{project_id}/members", handler(_list), "members:read"),
    Route("DELETE", "/v1/projects/{project_id}/members/{member_id}", handler(_remove), "members:write:kick"),
    Route("GET", "/v1/projects/{project_id}/members/{member_id}/scopes", handler(_scopes), "members:read:scopes"),
    Route(
        "PUT",
        "/v1/projects/{project_id}/members/{member_id}/scopes",
        handler(_set_scope, body=True),
        "members:write:scopes",
    ),
    Route("GET", "/v1/projects/{project_id}/invites", handler(_list_invites), "members:read:invites"),
    Route("POST", "/v1/projects/{project_id}/invites", handler(_invite, body=True), "members:write:invites"),
    Route("DELETE", "/v1/projects/{project_id}/invites/{email}", handler(_uninvite), "members:write:invites"),
]
