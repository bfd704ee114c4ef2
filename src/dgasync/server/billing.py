"""Balances, bills and purchases, by the price list in `ledger`."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from dgasync.server.accounts import stamp
from dgasync.server.checks import limit_and_page
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.ledger import LINE_ITEMS
from dgasync.server.query import bad_value
from dgasync.server.requests import DEPLOYMENT, period, select
from dgasync.server.routes import Route
from dgasync.server.usage import DAILY

__all__ = ["ROUTES"]

_GROUPS = {"accessor": "accessor", "deployment": "''", "line_item": "line_item", "tags": "tags"}


def _balances(errand: Errand) -> Json:
    rows = errand.rows("SELECT * FROM balances WHERE project_id = ? ORDER BY created, rowid", errand.project)
    return {"balances": [_balance(row) for row in rows]}


def _one_balance(errand: Errand) -> Json:
    which = errand.id("balance_id")
    row = errand.row("SELECT * FROM balances WHERE project_id = ? AND balance_id = ?", errand.project, which)
    if row is None:
        raise not_found("Balance", which)
    return _balance(row)


def _balance(row: sqlite3.Row) -> Json:
    # It may go below zero, and stops nobody: the speech engine is the user's own.
    return {
        "balance_id": row["balance_id"],
        "amount": round(row["amount"], 8),
        "units": "usd",
        "purchase_order_id": row["order_id"],
    }


def _breakdown(errand: Errand) -> Json:
    days = period(errand)
    grouping = [part for value in errand.call.received.param("grouping") for part in value.split(",") if part]
    for part in grouping:
        if part not in _GROUPS:
            raise bad_value("grouping", f"expected one of {', '.join(_GROUPS)}")
    condition, values = select(errand, days=days)
    by = ", ".join(["day", *(_GROUPS[part] for part in grouping)])
    rows = errand.rows(
        f"SELECT day, accessor, line_item, tags, TOTAL(dollars) AS dollars FROM requests WHERE {condition} "
        f"GROUP BY {by} ORDER BY {by}",
        *values,
    )
    return {
        "start": days.start.isoformat(),
        "end": days.end.isoformat(),
        "resolution": DAILY,
        "results": [{"dollars": round(row["dollars"], 8), "grouping": _group(grouping, row)} for row in rows],
    }


def _group(grouping: list[str], row: sqlite3.Row) -> Json:
    told: dict[str, Any] = {"start": row["day"], "end": row["day"], **dict.fromkeys(_GROUPS)}
    for part in grouping:
        told[part] = DEPLOYMENT if part == "deployment" else json.loads(row[part]) if part == "tags" else row[part]
    return told


def _fields(errand: Errand) -> Json:
    condition, values = select(errand, days=period(errand))

    def distinct(column: str, source: str = "requests") -> list[str]:
        query = f"SELECT DISTINCT {column} AS value FROM {source} WHERE {condition} ORDER BY value"
        return [row["value"] for row in errand.rows(query, *values)]

    accessors = distinct("accessor")
    return {
        "accessors": accessors,
        "deployments": [DEPLOYMENT] if accessors else [],
        "tags": distinct("json_each.value", "requests, json_each(tags)"),
        "line_items": {item: _in_words(item) for item in distinct("line_item")},
    }


def _in_words(item: str) -> str:
    kind, *models = item.split("::")
    return f"{LINE_ITEMS[kind]}: {', '.join(models)}" if models else LINE_ITEMS[kind]


def _purchases(errand: Errand) -> Json:
    limit, page = limit_and_page(errand.call)
    rows = errand.rows(
        "SELECT * FROM orders WHERE project_id = ? ORDER BY created DESC, rowid DESC LIMIT ? OFFSET ?",
        *(errand.project, limit, limit * page),
    )
    return {
        "orders": [
            {
                "order_id": row["order_id"],
                "expiration": stamp(row["expires"]),
                "created": stamp(row["created"]),
                "amount": row["amount"],
                "units": "usd",
                "order_type": "promotional",
            }
            for row in rows
        ]
    }


ROUTES = [
    Route("GET", "/v1/projects/{project_id}/balances", handler(_balances), "billing:read"),
    Route("GET", "/v1/projects/{project_id}/balances/{balance_id}", handler(_one_balance), "billing:read"),
    Route("GET", "/v1/projects/{project_id}/billing/breakdown", handler(_breakdown), "billing:read"),
    Route("GET", "/v1/projects/{project_id}/billing/fields", handler(_fields), "billing:read"),
    Route("GET", "/v1/projects/{project_id}/purchases", handler(_purchases), "billing:read"),
]
