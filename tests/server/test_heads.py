"""The heads of requests."""

from __future__ import annotations

import asyncio
from typing import Any

from dgasync.server.heads import MAX_HEAD, Heads, heads_of, one_user_agent


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

    def get_protocol(self) -> asyncio.BaseProtocol:
        found: asyncio.BaseProtocol = self.protocol
        return found


def head(extra: bytes = b"") -> bytes:
    return b"GET / HTTP/1.1\r\nUser-Agent: a\r\n" + extra + b"\r\n"


TWICE = head(b"USER-AGENT: b\r\n")


def connected() -> tuple[Heads, Protocol, Transport]:
    real, transport = Protocol(), Transport()
    first = one_user_agent(real)
    first.connection_made(transport)
    return first, real, transport


def test_head_is_held_until_complete() -> None:
    """The head comes at once and with one User-Agent; what follows it is handed on as it is."""
    first, real, _ = connected()
    first.data_received(b"GET / HTTP/1.1\r\nUser-Agent: a\r\nX: User-Agent: x\r\nUSER-AGENT: b")
    assert real.told == ["made"]
    first.data_received(b"\r\n\r\nUser-Agent: body")
    assert real.told == ["made", b"GET / HTTP/1.1\r\nUser-Agent: a\r\nX: User-Agent: x\r\n\r\nUser-Agent: body"]
    first.data_received(b"more")
    assert real.told[2:] == [b"more"]


def test_later_requests() -> None:
    """A later request of the same connection is spared its second User-Agent as well."""
    first, real, _ = connected()
    first.data_received(b"POST / HTTP/1.1\r\n\r\n")
    first.data_received(TWICE[:20])
    first.data_received(TWICE[20:])
    assert real.told[2:] == [head()]


def test_bodies_are_no_heads() -> None:
    """While a request is at work, what comes is its body, whatever it looks like."""
    first, real, _ = connected()
    first.data_received(b"POST / HTTP/1.1\r\n\r\n")
    first.busy = True
    first.data_received(TWICE)
    assert real.told[2:] == [TWICE]


def test_upgraded() -> None:
    """On a websocket the real protocol is alone with the transport."""
    first, real, transport = connected()
    first.data_received(TWICE)
    assert transport.protocol is None
    first.upgraded()
    assert transport.protocol is real


def test_endless_head() -> None:
    """A head that does not end is aiohttp's to refuse."""
    first, real, _ = connected()
    endless = b"GET /" + b"x" * MAX_HEAD
    first.data_received(endless[:-1])
    first.data_received(endless[-1:])
    assert b"".join(real.told[1:]) == endless


def test_no_head() -> None:
    """What begins like no request, such as TLS, is not held: aiohttp refuses it at once."""
    for begin in (b"\x16\x03\x01\x02", b"GE\x00"):
        first, real, _ = connected()
        first.data_received(begin[:2])
        first.data_received(begin[2:])
        assert b"".join(real.told[1:]) == begin


def test_everything_else_is_handed_on() -> None:
    """Whatever else happens before the head is complete reaches the protocol."""
    real, first = Protocol(), None
    first = one_user_agent(real)
    first.pause_writing()
    first.resume_writing()
    assert first.eof_received()
    first.connection_lost(None)
    assert real.told == ["pause", "resume", "eof", "lost"]


def test_whose_heads() -> None:
    """The heads of a connection are found by its transport, while there is one."""
    first, _, transport = connected()
    transport.protocol = first
    assert heads_of(transport) is first
    heads_of(None).upgraded()
