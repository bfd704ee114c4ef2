"""Bodies and moments, read with suspicion."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import pytest

from dgasync.server import LocalServer
from dgasync.server.checks import MAX_BODY, parsed

from .accounting import Asking, asking

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "JSONDecodeError"),
        (b"{", 400, "JSONDecodeError"),
        (b"\xff", 400, "UnicodeDecodeError"),
        (b'"name"', 400, "Expected an object"),
        (b'{"name": NaN}', 400, "NaN is no JSON"),
        (b"[" * 100_000, 400, "nested"),
        (b'{"name": "' + b"x" * MAX_BODY + b'"}', 413, "limit"),
    ],
)
async def test_bodies(
    session: aiohttp.ClientSession, deepgram_server: LocalServer, body: bytes, status: int, words: str
) -> None:
    """What is no JSON object, or too much of it, is refused with the reason, and the server lives on."""
    ask = await asking(session, deepgram_server)
    path = f"/v1/projects/{ask.project}"
    assert words in await ask.refused("PATCH", path, status=status, data=io.BytesIO(body))
    await ask("PATCH", path, {"name": "after that"})


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1970-01-02", 86400.0),
        ("1970-01-01T00:01", 60.0),
        ("1970-01-01 00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5z", 1.5),
        ("1970-01-01T00:00:00.123456789Z", 0.123456),
        ("1970-01-01T01:00:00+01:00", 0.0),
        ("1970-01-01T01:00:00 01:00", 0.0),
        ("1969-12-31T19:00:00-05:00", 0.0),
        ("1970-02-30", None),
        ("1970-01-01T25:00:00", None),
        ("1970", None),
        ("now", None),
        ("1970-01-01T00:00:00+99:99", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("", None),
    ],
)
def test_moments(told: str, seconds: float | None) -> None:
    """A moment is told as ISO 8601, in UTC where it names no zone, or is none."""
    found = parsed(told)
    assert (found if found is None else found.timestamp()) == seconds


async def test_a_key_of_odd_characters(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """Whatever characters a key is made of, it is a key."""
    ask = Asking(session, deepgram_server, "Token schlüssel")
    await ask("GET", "/v1/projects")


async def test_no_characters(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """Bytes that are no text are refused where a text is wanted, and do no harm in the log."""
    ask = await asking(session, deepgram_server)
    half = io.BytesIO(b'{"name": "\\ud800"}')
    assert "surrogate" in await ask.refused("PATCH", f"/v1/projects/{ask.project}", data=half)
    reader, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    writer.write(b"GET /v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Token \xff\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await ask.listen(0.5, "?tag=%FF")
    await ask.refused("GET", "keys/%FF", status=404)
    (request,) = (await ask("GET", "requests"))["requests"]
    assert request["response"]["details"]["tags"] == ["\ufffd"]
