"""The log of requests to the products, and what selects some of them: usage and bills are made from the same rows."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from dgasync.server.accounts import stamp
from dgasync.server.checks import choice, day, last, limit_and_page, moment
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.routes import Route

__all__ = ["DEPLOYMENT", "Period", "Selection", "period", "select"]

DEPLOYMENT = "self-hosted"
"""What the service calls a server that is not its own."""
_DEPLOYMENTS = ("hosted", "beta", "self-hosted", "dedicated")
_ENDPOINTS = ("listen", "read", "speak", "agent")
_METHODS = ("sync", "async", "streaming")
_STATUSES = {"succeeded": "code < 300", "failed": "code >= 400"}
_OTHERS = frozenset(
    {
        *("start", "end", "limit", "page", "accessor", "request_id", "deployment", "endpoint", "method", "status"),
        *("grouping", "tag", "model", "line_item"),
    }
)
"""Parameters that are not features. Any other is one (docs, "Usage": what is not known counts as a feature)."""
# How the options of a request are told in its `config`: as values, which is how official clients type them (the 3.x
# series for Python, the 1.x one for .NET). What is in none of these is a flag or a text, as it reads.
_FLAGS = frozenset(
    {
        *("detect_entities", "detect_topics", "diarize", "dictation", "filler_words", "intents", "interim_results"),
        *("measurements", "mip_opt_out", "multichannel", "no_delay", "numerals", "paragraphs", "profanity_filter"),
        *("punctuate", "sentiment", "smart_format", "topics", "translate", "utterances", "vad_events"),
    }
)
_LISTS = frozenset(
    {
        *("custom_intent", "custom_topic", "extra", "keyterm", "keywords", "language_hint", "redact", "replace"),
        "search",
    }
)
_NUMBERS = frozenset(
    {
        *("alternatives", "bit_rate", "channels", "eager_eot_threshold", "endpointing", "eot_threshold"),
        *("eot_timeout_ms", "sample_rate", "speed", "utt_split", "utterance_end_ms"),
    }
)
_TEXTS = frozenset({"callback", "diarize_version", "language", "model", "tier", "version"})
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_TAGGED = "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)"
_MODELLED = "EXISTS (SELECT 1 FROM json_each(models) WHERE key = ? OR value = ?)"
_FEATURED = "EXISTS (SELECT 1 FROM json_each(features) WHERE value = ?)"


class Selection(NamedTuple):
    """A condition in SQL, without anything in it that a client sent, and the values for it."""

    condition: str
    values: list[Any]


class Period(NamedTuple):
    """Days, both included."""

    start: date
    end: date


def period(errand: Errand) -> Period:
    """The days that are asked for: from the first request to today, unless it says otherwise (docs, "Usage")."""
    today = datetime.fromtimestamp(errand.now, timezone.utc).date()
    found = errand.row("SELECT MIN(day) AS first FROM requests WHERE project_id = ?", errand.project)
    first = date.fromisoformat(found["first"]) if found is not None and found["first"] else today
    end = day(errand.call, "end") or max(today, first)
    return Period(day(errand.call, "start") or min(first, end), end)


def select(errand: Errand, *, days: Period | None = None, features: bool = False) -> Selection:
    """The requests of the project that the parameters ask for, by moment or by day; raises `Refusal`."""
    call = errand.call
    terms: list[tuple[str, Sequence[Any]]] = [("project_id = ?", [errand.project])]
    if days is not None:
        terms.append(("day BETWEEN ? AND ?", [days.start.isoformat(), days.end.isoformat()]))
    else:
        since, until = moment(call, "start"), moment(call, "end", until=True)
        terms += [("created >= ?", [since])] if since is not None else []
        terms += [("created <= ?", [until])] if until is not None else []
    for name in ("accessor", "request_id", "line_item"):
        value = last(call, name)
        terms += [(f"{name} = ?", [value])] if value is not None else []
    for name, allowed in (("endpoint", _ENDPOINTS), ("method", _METHODS)):
        value = choice(call, name, allowed)
        terms += [(f"{name} = ?", [value])] if value is not None else []
    status = choice(call, "status", tuple(_STATUSES))
    terms += [(_STATUSES[status], [])] if status is not None else []
    if (choice(call, "deployment", _DEPLOYMENTS) or DEPLOYMENT) != DEPLOYMENT:
        terms.append(("0", []))
    terms += [(_TAGGED, [tag])] if (tag := last(call, "tag")) is not None else []
    terms += [(_MODELLED, [model, model])] if (model := last(call, "model")) is not None else []
    if features:
        terms += _featured(errand)
    condition = " AND ".join(term for term, _ in terms)
    return Selection(condition, [value for _, values in terms for value in values])


def _featured(errand: Errand) -> list[tuple[str, Sequence[Any]]]:
    """Any of the features that are true, and none of those that are false (the spec, "usage/breakdown")."""
    told = {name: value.lower() for name, value in errand.call.received.query if name not in _OTHERS and value}
    wanted = [name for name, value in told.items() if value != "false"]
    unwanted = [name for name, value in told.items() if value == "false"]
    terms: list[tuple[str, Sequence[Any]]] = [(f"NOT {_FEATURED}", [name]) for name in unwanted]
    if wanted:
        terms.append((f"({' OR '.join([_FEATURED] * len(wanted))})", wanted))
    return terms


def _list(errand: Errand) -> Json:
    limit, page = limit_and_page(errand.call)
    condition, values = select(errand)
    rows = errand.rows(
        f"SELECT * FROM requests WHERE {condition} ORDER BY created DESC, number DESC LIMIT ? OFFSET ?",
        *(*values, limit, limit * page),
    )
    return {"page": page, "limit": limit, "requests": [_told(row) for row in rows]}


def _get(errand: Errand) -> Json:
    which = errand.id("request_id")
    row = errand.row("SELECT * FROM requests WHERE project_id = ? AND request_id = ?", errand.project, which)
    if row is None:
        raise not_found("Request", which)
    # The spec puts it into `request`; official clients of the 3.x series look for its fields outside.
    return {"request": _told(row), **_told(row)}


def _told(row: sqlite3.Row) -> Json:
    told: Json = {
        "request_id": row["request_id"],
        "project_uuid": row["project_id"],
        "created": stamp(row["created"]),
        "path": row["path"],
        "api_key_id": row["accessor"],
        "response": _response(row),
        "code": row["code"],
        "deployment": DEPLOYMENT,
    }
    if row["callback"] is not None:
        told["callback"] = row["callback"]
    return told


def _response(row: sqlite3.Row) -> Json:
    """How it went; the names are those that official clients of the 3.x series read."""
    told: Json = {"code": row["code"], "completed": stamp(row["completed"])}
    if row["message"]:
        return {**told, "message": row["message"]}
    models: dict[str, str] = json.loads(row["models"])
    told["details"] = {
        "usd": round(row["dollars"], 8),
        "duration": round(row["seconds"], 3),
        "total_audio": round(row["seconds"] * row["channels"], 3),
        "channels": row["channels"],
        "streams": 1,
        "method": row["method"],
        "models": list(models),
        "tags": json.loads(row["tags"]),
        "features": json.loads(row["features"]),
        "config": _config(row["path"]),
    }
    if row["characters"]:
        spoken = {"characters": row["characters"], "model": next(iter(models), ""), "tier": ""}
        told["tts_details"] = {"duration": 0.0, "speech_segments": [spoken]}
    if row["tokens_in"] or row["tokens_out"]:
        tokens = {"input": row["tokens_in"], "output": row["tokens_out"]}
        told["token_details"] = [{"feature": row["endpoint"], "model": next(iter(models), ""), **tokens}]
    return told


def _config(path: str) -> Json:
    """The options that a request was sent with, apart from its tags."""
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(path).query, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    return {name: _option(name, values) for name, values in given.items() if name != "tag"}


def _option(name: str, values: list[str]) -> bool | float | str | list[str]:
    value = values[-1]
    if name in _LISTS:
        return values
    if name in _TEXTS:
        return value
    if name in _FLAGS or value.lower() in ("true", "false"):
        return value.lower() not in ("", "false")
    if name in _NUMBERS and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value


ROUTES = [
    Route("GET", "/v1/projects/{project_id}/requests", handler(_list), "usage:read"),
    Route("GET", "/v1/projects/{project_id}/requests/{request_id}", handler(_get), "usage:read"),
]
