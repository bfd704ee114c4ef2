"""What the server remembers of the requests it received, for tests to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["HEAD", "MESSAGES", "Received"]

HEAD = 64 * 1024
"""Bytes of a body that are remembered."""
MESSAGES = 1000
"""Text messages of a websocket that are remembered, the first ones."""


@dataclass
class Received:
    """One request, as far as it arrived. Of a websocket, the body is the audio that came over it.

    Its repr leaves out what may hold a key or somebody's words.
    """

    method: str
    path: str
    """Without the query."""
    query: list[tuple[str, str]] = field(repr=False)
    """Decoded, in the order of arrival."""
    raw_query: str = field(repr=False)
    """As it came, percent-encoded."""
    headers: Mapping[str, str] = field(repr=False)
    """Looked up without regard to case. What came twice is in `raw_headers` twice."""
    raw_headers: list[tuple[str, str]] = field(repr=False)
    request_id: str
    """What the answer called it."""
    size: int = 0
    """Bytes of the body that arrived, decompressed."""
    sha256: str = ""
    """Of those bytes."""
    head: bytes = field(default=b"", repr=False)
    """The first of those bytes, `HEAD` at most."""
    complete: bool = False
    """Whether the body arrived to its end; of a websocket, whether the client said that this is the end."""
    status: int | None = None
    """What was answered, None while (or where) nothing is."""
    fault: str | None = None
    """The fault that was served instead of an answer."""
    kind: str = "request"
    """`"websocket"` once one was opened."""
    frames: int = 0
    """Messages of audio that came over a websocket, empty ones included."""
    messages: list[str] = field(default_factory=list[str], repr=False)
    """Text messages that came over a websocket, `MESSAGES` at most, and `HEAD` characters of each."""
    sent: int = 0
    """Messages that were sent over a websocket."""
    close_code: int | None = None
    """How a websocket ended: the server's code or, where the client was first, the client's; 1006 without any. None
    while it is open."""

    def param(self, name: str) -> list[str]:
        """All values of one parameter."""
        return [value for key, value in self.query if key == name]

    def json(self) -> Any:
        """The body, which must be JSON and fit into `head`."""
        return json.loads(self.head)
