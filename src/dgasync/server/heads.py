"""Two User-Agent headers in one request: what old official clients send on a websocket, and aiohttp refuses with 400.

aiohttp 3.12 and later count User-Agent among the headers that may come only once, and its compiled parser has no switch
for that. So the heads of requests are looked at before aiohttp sees them, while no request is at work (nobody who opens
websockets pipelines).
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["Heads", "heads_of", "one_user_agent"]

METHODS = (b"GET ", b"POST ")
"""How requests begin. Nothing else is held: who speaks TLS here is to learn at once that nobody else does."""
MAX_HEAD = 64 * 1024
"""Bytes after which a head is aiohttp's to refuse."""


class Heads(asyncio.Protocol):
    """Reads the heads of requests and hands everything on to the real protocol."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._transport: Any = None
        self._head = b""
        self.busy = False
        """Whether a request is at work: what comes now belongs to it."""

    def upgraded(self) -> None:
        """There are no more requests on this connection: the real protocol has it for itself."""
        if self._transport is not None:
            self._transport.set_protocol(self._protocol)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = transport
        self._protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came: the rest of a head, or what is none of our business."""
        head = self._head + data
        if (self._head or not self.busy) and any(method.startswith(head[: len(method)]) for method in METHODS):
            end = head.find(b"\r\n\r\n")
            if end < 0 and len(head) < MAX_HEAD:
                self._head = head
                return
            head = _without_repeats(head[:end]) + head[end:] if end >= 0 else head
        self._head = b""
        self._protocol.data_received(head)

    def eof_received(self) -> bool | None:
        """Nothing more comes."""
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """The peer is slow."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """The peer caught up."""
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


def one_user_agent(protocol: asyncio.Protocol) -> Heads:
    """The protocol, spared a second User-Agent in its requests."""
    return Heads(protocol)


def heads_of(transport: asyncio.Transport | None) -> Heads:
    """What reads the heads of this connection; of one that is gone already, something that reads nothing."""
    found = transport.get_protocol() if transport is not None else None
    return found if isinstance(found, Heads) else Heads(asyncio.Protocol())
