"""What was used, and what it costs by the price list of this server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

__all__ = ["LINE_ITEMS", "PRICES", "Use", "line_item", "write"]

HOUR = 3600.0

PRICES = {
    "batch": 0.24,
    "streaming": 0.36,
    "speak": 0.015,
    "read": 0.0004,
    "agent": 3.60,
}
"""Dollars: for an hour of each channel of a recording (`batch`) or of live audio, for 1,000 characters spoken, for
1,000 tokens read or written, for an hour of an agent. They are this server's own: nobody pays them."""

LINE_ITEMS = {
    "batch": "Recordings",
    "streaming": "Live audio",
    "speak": "Speech",
    "read": "Text",
    "agent": "Voice agent",
}
"""The kinds of `PRICES`, as a person calls them."""


@dataclass
class Use:
    """One request to a product, as it counts. The server makes it, and records it when its handler is done.

    What a handler says of it is `seconds` and `channels` of audio heard, `characters` spoken, `tokens_in` and
    `tokens_out`, `agent_seconds` of a conversation, and the models at work. One that goes on after its answer, as with
    a callback, sets `unfinished`, and calls `service.record(use)` itself when that is over.
    """

    request_id: str
    project_id: str
    accessor: str
    endpoint: str
    """`"listen"`, `"speak"`, `"read"` or `"agent"`."""
    path: str
    """With its query."""
    created: float
    """Seconds since 1970."""
    method: str = "sync"
    """`"sync"`, `"async"` (with a callback) or `"streaming"` (on a websocket)."""
    tags: Sequence[str] = ()
    features: Sequence[str] = ()
    """Parameters that were set, and not to false."""
    code: int = 499
    """The status of the answer; 499: whoever asked did not wait for one."""
    completed: float = 0.0
    callback: str | None = None
    models: dict[str, str] = field(default_factory=dict[str, str])
    """Names of the models at work, by their ids."""
    seconds: float = 0.0
    channels: int = 1
    """Channels that were heard one by one: each costs what a recording of its own costs."""
    characters: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    agent_seconds: float = 0.0
    message: str = ""
    """What went wrong."""
    unfinished: bool = False

    @property
    def dollars(self) -> float:
        """What it costs."""
        heard = self.seconds * self.channels / HOUR * PRICES[_hearing(self)]
        spoken = self.characters / 1000 * PRICES["speak"]
        read = (self.tokens_in + self.tokens_out) / 1000 * PRICES["read"]
        return heard + spoken + read + self.agent_seconds / HOUR * PRICES["agent"]


def _hearing(use: Use) -> str:
    return "streaming" if use.method == "streaming" else "batch"


def line_item(use: Use) -> str:
    """What it is called on a bill: `streaming::ruler`."""
    kind = _hearing(use) if use.endpoint == "listen" else use.endpoint
    return "::".join([kind, *sorted(set(use.models.values()))])


def _plain(told: str | None) -> str | None:
    """What a database takes: bytes of a request that are no UTF-8 come as halves of surrogate pairs."""
    return told if told is None else told.encode(errors="replace").decode()


_COLUMNS = (
    *("request_id", "project_id", "accessor", "endpoint", "path", "created", "day", "method", "tags", "features"),
    *("code", "completed", "callback", "models", "seconds", "channels", "characters", "tokens_in", "tokens_out"),
    *("agent_seconds", "message", "line_item", "dollars"),
)
_INSERT = f"INSERT OR REPLACE INTO requests ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def write(connection: sqlite3.Connection, uses: Iterable[Use], keep: int) -> None:
    """Write it down, take it off the balances, and forget the oldest beyond `keep` of all."""
    for use in uses:
        if connection.execute("SELECT 1 FROM projects WHERE project_id = ?", (use.project_id,)).fetchone() is None:
            continue  # It was deleted in the meantime.
        row = {
            **vars(use),
            **{name: _plain(getattr(use, name)) for name in ("path", "callback", "message")},
            "day": datetime.fromtimestamp(use.created, timezone.utc).date().isoformat(),
            "tags": json.dumps(list(use.tags)),
            "features": json.dumps(list(use.features)),
            "models": json.dumps(use.models),
            "line_item": line_item(use),
            "dollars": use.dollars,
        }
        connection.execute(_INSERT, [row[name] for name in _COLUMNS])
        connection.execute(
            "UPDATE balances SET amount = amount - ? WHERE rowid = "
            "(SELECT rowid FROM balances WHERE project_id = ? ORDER BY created LIMIT 1)",
            (use.dollars, use.project_id),
        )
    connection.execute("DELETE FROM requests WHERE number <= (SELECT MAX(number) FROM requests) - ?", (keep,))
