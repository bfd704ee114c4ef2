"""Two User-Agent headers in one request: what old official clients send on a websocket, and aiohttp refuses with 400.

aiohttp 3.12 and later count User-Agent among the headers that may come only once, and its compiled parser has no switch
for that. So the first head of each connection is looked at before aiohttp sees it. Only the first: the clients in
question open a connection for each websocket.
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["one_user_agent"]

MAX_HEAD = 64 * 1024
"""Bytes after which a head is aiohttp's to refuse."""


class _FirstHead(asyncio.Protocol):
    """Reads the first head of a connection, then hands over to the real protocol for good."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._transport: Any = None
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0 and len(self._head) < MAX_HEAD:
            return
        head, self._head = self._head, b""
        self._transport.set_protocol(self._protocol)
        self._protocol.data_received(_without_repeats(head[:end]) + head[end:] if end >= 0 else head)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


def _without_repeats(head: bytes) -> bytes:
    lines = head.split(b"\r\n")
    kept: list[bytes] = []
    seen = False
    for line in lines:
        is_agent = line[:11].lower() == b"user-agent:"
        if not (is_agent and seen):
            kept.append(line)
        seen = seen or is_agent
    return b"\r\n".join(kept)


def one_user_agent(protocol: asyncio.Protocol) -> asyncio.Protocol:
    """The protocol, spared a second User-Agent in the first request of its connection."""
    return _FirstHead(protocol)
