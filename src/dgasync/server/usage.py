"""Usage: what the requests add up to, by day and by whatever else is asked for."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from dgasync.server.catalogue import models
from dgasync.server.checks import choice
from dgasync.server.errands import Errand, Json, handler
from dgasync.server.ledger import HOUR
from dgasync.server.requests import DEPLOYMENT, period, select
from dgasync.server.routes import Route

__all__ = ["ROUTES"]

DAILY = {"units": "day", "amount": 1}

_SUMS = (
    "COUNT(*) AS requests, TOTAL(seconds) AS heard, TOTAL(seconds * channels) AS total_heard, "
    "TOTAL(agent_seconds) AS agent_seconds, SUM(tokens_in) AS tokens_in, SUM(tokens_out) AS tokens_out, "
    "SUM(characters) AS characters, SUM(endpoint = 'speak') AS spoken"
)
_GROUPS = {
    "accessor": "accessor",
    "endpoint": "endpoint",
    "feature_set": "features",
    "models": "models",
    "method": "method",
    "tags": "tags",
    "deployment": "''",
}


def _summary(errand: Errand) -> Json:
    days = period(errand)
    rows = _sums(errand, "day")
    return {
        "start": days.start.isoformat(),
        "end": days.end.isoformat(),
        "resolution": DAILY,
        # The spec leaves them out; the service does not, for old clients at least (specs/NOTES.md).
        "results": [
            {
                "start": row["day"],
                "end": row["day"],
                "hours": _hours(row["heard"]),
                "total_hours": _hours(row["total_heard"]),
                "requests": row["requests"],
                "tokens": {"in": row["tokens_in"], "out": row["tokens_out"]},
                "tts": {"characters": row["characters"], "requests": row["spoken"]},
            }
            for row in rows
        ],
    }


def _breakdown(errand: Errand) -> Json:
    days = period(errand)
    grouping = choice(errand.call, "grouping", tuple(_GROUPS))
    by = f"day, {_GROUPS[grouping]}" if grouping is not None else "day"
    return {
        "start": days.start.isoformat(),
        "end": days.end.isoformat(),
        "resolution": DAILY,
        "results": [
            {
                "hours": _hours(row["heard"]),
                "total_hours": _hours(row["total_heard"]),
                "agent_hours": _hours(row["agent_seconds"]),
                "tokens_in": row["tokens_in"],
                "tokens_out": row["tokens_out"],
                "tts_characters": row["characters"],
                "requests": row["requests"],
                "grouping": {"start": row["day"], "end": row["day"], **_group(grouping, row)},
            }
            for row in _sums(errand, by)
        ],
    }


def _sums(errand: Errand, by: str) -> list[sqlite3.Row]:
    condition, values = select(errand, days=period(errand), features=True)
    columns = f"day, accessor, endpoint, features, models, method, tags, {_SUMS}"
    return errand.rows(f"SELECT {columns} FROM requests WHERE {condition} GROUP BY {by} ORDER BY {by}", *values)


def _hours(seconds: float) -> float:
    return round(seconds / HOUR, 9)


def _group(grouping: str | None, row: sqlite3.Row) -> Json:
    """What the rows of a group have in common; null where they were not grouped by it."""
    told: dict[str, Any] = dict.fromkeys(("accessor", "endpoint", "feature_set", "method", "tags", "deployment"))
    told["models"] = []
    if grouping == "deployment":
        told["deployment"] = DEPLOYMENT
    elif grouping == "models":
        told["models"] = list(json.loads(row["models"]))
    elif grouping == "tags":
        told["tags"] = json.loads(row["tags"])
    elif grouping == "feature_set":
        told["feature_set"] = ",".join(json.loads(row["features"]))
    elif grouping is not None:
        told[grouping] = row[grouping]
    return told


def _fields(errand: Errand) -> Json:
    condition, values = select(errand, days=period(errand))

    def distinct(column: str) -> list[str]:
        query = f"SELECT DISTINCT value FROM requests, json_each({column}) WHERE {condition} ORDER BY value"
        return [row["value"] for row in errand.rows(query, *values)]

    methods = errand.rows(f"SELECT DISTINCT method FROM requests WHERE {condition} ORDER BY method", *values)
    used = errand.rows(
        f"SELECT DISTINCT json_each.key AS model_id, value AS name FROM requests, json_each(models) WHERE {condition} "
        "ORDER BY name",
        *values,
    )
    # Of a model that is not here any more, a file remembers the name.
    here = models(errand.call.service.engine)
    about = {
        model["uuid"]: {"version": model["version"], "language": _language(model["languages"])}
        for model in (*here["stt"], *here["tts"])
    }
    return {
        "tags": distinct("tags"),
        "models": [{**dict(row), **about.get(row["model_id"], {})} for row in used],
        "processing_methods": [row["method"] for row in methods],
        "features": distinct("features"),
    }


def _language(languages: list[str]) -> str:
    return languages[0] if len(languages) == 1 else "multi"


ROUTES = [
    Route("GET", "/v1/projects/{project_id}/usage", handler(_summary), "usage:read"),
    Route("GET", "/v1/projects/{project_id}/usage/fields", handler(_fields), "usage:read"),
    Route("GET", "/v1/projects/{project_id}/usage/breakdown", handler(_breakdown), "usage:read"),
]
