"""The first head of a connection."""

from __future__ import annotations

import asyncio
from typing import Any

from dgasync.server.heads import one_user_agent


class Protocol(asyncio.Protocol):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        self.protocol: Any = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


def test_head_is_held_until_complete() -> None:
    """The head comes at once and with one User-Agent, then the protocol is alone with the transport."""
    real, transport = Protocol(), Transport()
    first: Any = one_user_agent(real)
    first.connection_made(transport)
    first.data_received(b"GET / HTTP/1.1\r\nUser-Agent: a\r\nX: User-Agent: x\r\nUSER-AGENT: b")
    assert transport.protocol is None
    first.data_received(b"\r\n\r\nUser-Agent: body")
    assert real.told == ["made", b"GET / HTTP/1.1\r\nUser-Agent: a\r\nX: User-Agent: x\r\n\r\nUser-Agent: body"]
    assert transport.protocol is real


def test_everything_else_is_handed_on() -> None:
    """Whatever else happens before the head is complete reaches the protocol."""
    real, first = Protocol(), None
    first = one_user_agent(real)
    first.pause_writing()
    first.resume_writing()
    assert first.eof_received()
    first.connection_lost(None)
    assert real.told == ["pause", "resume", "eof", "lost"]
