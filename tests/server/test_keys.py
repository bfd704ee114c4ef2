"""Keys: made, listed, limited, expired, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from dgasync.server import accounts, key_identifier
from dgasync.server.keys import make_key
from dgasync.testing import local_server

from .accounting import Asking, Clock, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ask(session: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[Asking]:
    with local_server(now=clock) as server:
        yield await asking(session, server)


async def test_made(ask: Asking) -> None:
    """A key is told once, when it is made; afterwards all else of it is, in a list and alone."""
    asked = {"comment": "of ours", "scopes": ["usage:write", "usage:read"], "tags": ["a", "b"]}
    made = await ask("POST", "keys", {**asked, "time_to_live_in_seconds": 60})
    key = made.pop("key")
    assert made == {
        **asked,
        "api_key_id": key_identifier(key),
        "created": "2026-07-01T10:00:00.250Z",
        "expiration_date": "2026-07-01T10:01:00.250Z",
    }
    (listed,) = (await ask("GET", "keys"))["api_keys"]
    assert listed["api_key"] == made
    assert listed["member"]["email"] == "owner@localhost"
    alone = await ask("GET", f"keys/{made['api_key_id']}")
    assert alone["item"]["member"] == {**listed["member"], "api_key": made}
    assert (alone["member"], alone["api_key"]) == (listed["member"], made)  # Where old official clients look.
    assert key not in str([listed, alone])


async def test_expires(ask: Asking, clock: Clock) -> None:
    """A key is refused from the moment on that it was made for, and the list can be had by that."""
    short = await ask.key("usage:write", time_to_live_in_seconds=60)
    long = await ask.key("usage:write", expiration_date="2026-07-02T00:00:00+02:00")
    clock.now += 59.9
    await ask.by(short).listen()
    clock.now += 0.2
    await ask.by(short).listen(status=401)
    await ask.by(long).listen()
    for status, expected in (("expired", [short]), ("active", [long]), ("", [short, long])):
        listed = (await ask("GET", f"keys?status={status}"))["api_keys"]
        assert [each["api_key"]["api_key_id"] for each in listed] == [key_identifier(key) for key in expected]
    assert "active, expired" in await ask.refused("GET", "keys?status=dead")


async def test_deleted(ask: Asking) -> None:
    """A deleted key is gone from the list and opens nothing, although any key that was never made here does."""
    key = await ask.key("member")
    await ask.by(key).listen()
    await ask("DELETE", f"keys/{key_identifier(key)}")
    assert (await ask("GET", "keys"))["api_keys"] == []
    await ask.by(key).listen(status=401)
    await ask.refused("DELETE", f"keys/{key_identifier(key)}", status=404)
    await ask.by("anything").listen()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"comment": "x"}, "`scopes` is missing"),
        ({"scopes": []}, "`scopes` is missing"),
        ({"scopes": "member"}, "`scopes`: expected a list"),
        ({"scopes": [7]}, "`scopes`: expected strings"),
        ({"scopes": ["usage:red"]}, "there is no scope 'usage:red'"),
        ({"scopes": ["member"], "comment": 7}, "`comment`: expected a string"),
        ({"scopes": ["member"], "comment": "x" * 2001}, "`comment`: 2000 characters"),
        ({"scopes": ["member"], "tags": [""]}, "`tags`: expected strings"),
        ({"scopes": ["member"], "expiration_date": "2030-01-01"}, "expected a date and time"),
        ({"scopes": ["member"], "expiration_date": "soon enough"}, "expected a date and time"),
        ({"scopes": ["member"], "expiration_date": "2020-01-01T00:00:00Z"}, "in the past"),
        ({"scopes": ["member"], "expiration_date": "9999-12-31T23:59:59+00:00"}, "too far away"),
        ({"scopes": ["member"], "time_to_live_in_seconds": 0}, "`time_to_live_in_seconds`: expected a number from 1"),
        ({"scopes": ["member"], "time_to_live_in_seconds": True}, "expected a number"),
        (
            {"scopes": ["member"], "time_to_live_in_seconds": 5, "expiration_date": "2030-01-01T00:00:00Z"},
            "not both",
        ),
        ([], "Expected an object"),
    ],
)
async def test_bad_body(ask: Asking, body: Any, words: str) -> None:
    """A body that says something else is refused with what is wrong."""
    assert words in await ask.refused("POST", "keys", body)


async def test_what_official_clients_send(ask: Asking) -> None:
    """What was not set comes as -1 and as an empty text from official clients, and means just that."""
    made = await ask(
        "POST", "keys", {"comment": "", "time_to_live_in_seconds": -1, "expiration_date": "", "scopes": ["member"]}
    )
    assert "expiration_date" not in made


async def test_no_more_than_oneself(ask: Asking) -> None:
    """Nobody gives what they have not got."""
    maker = ask.by(await ask.key("keys:write", "usage:read"))
    await maker.key("usage:read")
    assert "usage:write" in await maker.refused("POST", "keys", {"scopes": ["usage:write"]}, status=403)
    assert "owner" in await maker.refused("POST", "keys", {"scopes": ["owner"]}, status=403)


async def test_sees_its_own(ask: Asking) -> None:
    """Who may not see members sees their own keys only."""
    await ask("POST", "invites", {"email": "m@example.com", "scope": "member"})
    member = ask.by(ask.server.accept_invite(ask.project, "m@example.com"))
    owners = await ask.key("member")
    assert len((await ask("GET", "keys"))["api_keys"]) == 2
    assert [each["member"]["email"] for each in (await member("GET", "keys"))["api_keys"]] == ["m@example.com"]
    await member.refused("GET", f"keys/{key_identifier(owners)}", status=404)
    await member.refused("DELETE", f"keys/{key_identifier(owners)}", status=404)


async def test_most(ask: Asking, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """There is room for so many keys; those that are over take none, and the oldest of them are forgotten."""
    monkeypatch.setattr("dgasync.server.errands.MOST_ROWS", 2)
    monkeypatch.setattr("dgasync.server.keys.MOST_ROWS", 2)
    first = [await ask.key("member") for _ in range(2)]
    assert "2 keys are the most" in await ask.refused("POST", "keys", {"scopes": ["member"]})
    for key in first:
        await ask("DELETE", f"keys/{key_identifier(key)}")
        clock.now += 1
    short = await ask.key("member", time_to_live_in_seconds=1)
    clock.now += 2
    await ask.key("member")
    await ask.by(short).listen(status=401)
    await ask.by(first[0]).listen()  # Nothing is known of it any more, as of any other key.


async def test_maker_of_keys() -> None:
    """What is kept of a key is not the key."""
    opened = accounts.Accounts(None, Clock(), 1)
    await opened.open()
    key = await opened.run(lambda connection: make_key(connection, "p", "m", ["member"], 0.0))
    dump = await opened.run(lambda connection: "\n".join(connection.iterdump()))
    opened.close()
    assert len(key) == 40
    assert key not in dump
