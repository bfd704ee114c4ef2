"""The JSON of answers."""

from __future__ import annotations

from dgasync.server.replies import encode


def test_json() -> None:
    """It is compact and UTF-8, and what is no character, such as a status line may hold, becomes a question mark."""
    assert encode({"é": ["a\udcff", 1.0]}) == '{"é":["a?",1.0]}'.encode()
