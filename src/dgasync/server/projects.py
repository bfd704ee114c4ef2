"""Projects: what there is of them, their names, and their end."""

from __future__ import annotations

from dgasync.server.accounts import home_project
from dgasync.server.checks import text
from dgasync.server.errands import Errand, Json, handler
from dgasync.server.members import acting, keep_an_owner
from dgasync.server.routes import Route

__all__ = ["ROUTES"]


def _list(errand: Errand) -> Json:
    asker = errand.call.asker
    rows = errand.rows(
        "SELECT project_id, name FROM projects WHERE ? OR project_id = ? ORDER BY created, rowid",
        asker.everywhere,
        asker.project_id,
    )
    return {"projects": [dict(row) for row in rows]}


def _get(errand: Errand) -> Json:
    found = errand.row("SELECT project_id, name FROM projects WHERE project_id = ?", errand.project)
    assert found is not None
    # Nothing that is sent here trains anybody's models.
    return {**dict(found), "mip_opt_out": True}


def _update(errand: Errand) -> Json:
    errand.change("UPDATE projects SET name = ? WHERE project_id = ?", text(errand.body, "name"), errand.project)
    return {"message": "Successfully updated project info."}


def _delete(errand: Errand) -> Json:
    errand.change("UPDATE keys SET gone = 1 WHERE project_id = ?", errand.project)
    errand.change("DELETE FROM projects WHERE project_id = ?", errand.project)
    home_project(errand.connection, errand.now)  # A server without any could do nothing for anybody.
    return {"message": "Successfully deleted project."}


def _leave(errand: Errand) -> Json:
    member = acting(errand)
    keep_an_owner(errand, member)
    errand.change("DELETE FROM members WHERE project_id = ? AND member_id = ?", errand.project, member["member_id"])
    return {"message": "Successfully left project."}


ROUTES = [
    Route("GET", "/v1/projects", handler(_list), "project:read"),
    Route("GET", "/v1/projects/{project_id}", handler(_get), "project:read"),
    Route("PATCH", "/v1/projects/{project_id}", handler(_update, body=True), "project:write:settings"),
    Route("DELETE", "/v1/projects/{project_id}", handler(_delete), "project:write:destroy"),
    Route("DELETE", "/v1/projects/{project_id}/leave", handler(_leave), "project:write"),
]
