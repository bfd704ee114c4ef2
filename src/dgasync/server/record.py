"""What the server remembers of the requests it received, for tests to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["HEAD", "Received"]

HEAD = 64 * 1024
"""Bytes of a body that are remembered."""


@dataclass
class Received:
    """One request, as far as it arrived."""

    method: str
    path: str
    """Without the query."""
    query: list[tuple[str, str]]
    """Decoded, in the order of arrival."""
    raw_query: str
    """As it came, percent-encoded."""
    headers: Mapping[str, str]
    """Looked up without regard to case. What came twice is in `raw_headers` twice."""
    raw_headers: list[tuple[str, str]]
    request_id: str
    """What the answer called it."""
    size: int = 0
    """Bytes of the body that arrived, decompressed."""
    sha256: str = ""
    """Of those bytes."""
    head: bytes = b""
    """The first of those bytes, `HEAD` at most."""
    complete: bool = False
    """Whether the body arrived to its end."""
    status: int | None = None
    """What was answered, None while (or where) nothing is."""
    fault: str | None = None
    """The fault that was served instead of an answer."""

    def param(self, name: str) -> list[str]:
        """All values of one parameter."""
        return [value for key, value in self.query if key == name]

    def json(self) -> Any:
        """The body, which must be JSON and fit into `head`."""
        return json.loads(self.head)
