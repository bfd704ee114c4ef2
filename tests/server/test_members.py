"""Members, their scopes, and who is invited."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from dgasync.server import LocalServer

from .accounting import Asking, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ask(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Asking:
    return await asking(session, deepgram_server)


async def joined(ask: Asking, email: str, scope: str) -> tuple[str, Asking]:
    """Somebody new: the id, and how they ask."""
    await ask("POST", "invites", {"email": email, "scope": scope})
    key = ask.server.accept_invite(ask.project, email)
    members = (await ask("GET", "members"))["members"]
    return next(each["member_id"] for each in members if each["email"] == email), ask.by(key)


async def test_invited(ask: Asking) -> None:
    """An invite is listed until it is taken back, or accepted; asking again changes what it is for."""
    path = f"invites/{quote('a/b?c@example.com', safe='')}"
    for scope in ("member", "admin"):
        await ask("POST", "invites", {"email": "a/b?c@example.com", "scope": scope})
    assert (await ask("GET", "invites"))["invites"] == [{"email": "a/b?c@example.com", "scope": "admin"}]
    await ask("DELETE", path)
    assert (await ask("GET", "invites"))["invites"] == []
    await ask.refused("DELETE", path, status=404)
    with pytest.raises(LookupError):
        ask.server.accept_invite(ask.project, "a/b?c@example.com")


async def test_accepted(ask: Asking) -> None:
    """Who accepts is a member, with a key of that role, and not invited any more."""
    member_id, member = await joined(ask, "m@example.com", "member")
    assert (await ask("GET", "invites"))["invites"] == []
    assert (await ask("GET", f"members/{member_id}/scopes")) == {"scopes": ["member"]}
    await member.listen()
    await member("GET", "members", status=403)
    assert "is in this project" in await ask.refused("POST", "invites", {"email": "m@example.com", "scope": "admin"})


async def test_removed(ask: Asking) -> None:
    """The keys of a member who was removed open nothing."""
    member_id, member = await joined(ask, "m@example.com", "member")
    await ask("DELETE", f"members/{member_id}")
    await member.listen(status=401)
    await ask.refused("DELETE", f"members/{member_id}", status=404)


async def test_changed(ask: Asking) -> None:
    """What is taken from a member is taken from the member's keys, at once."""
    member_id, admin = await joined(ask, "a@example.com", "admin")
    await admin("GET", "members")
    await ask("PUT", f"members/{member_id}/scopes", {"scope": "usage:read"})
    await admin("GET", "members", status=403)
    await admin("GET", "usage")
    await admin.listen(status=403)
    assert "no scope 'boss'" in await ask.refused("PUT", f"members/{member_id}/scopes", {"scope": "boss"})


async def test_ranks(ask: Asking) -> None:
    """An admin is over members and admins, and not over owners; nobody makes anybody more than oneself."""
    owner_id = (await ask("GET", "members"))["members"][0]["member_id"]
    member_id, _ = await joined(ask, "m@example.com", "member")
    _, admin = await joined(ask, "a@example.com", "admin")
    await admin("DELETE", f"members/{owner_id}", status=403)
    await admin("PUT", f"members/{owner_id}/scopes", {"scope": "member"}, status=403)
    await admin("PUT", f"members/{member_id}/scopes", {"scope": "owner"}, status=403)
    await admin("POST", "invites", {"email": "o@example.com", "scope": "owner"}, status=403)
    await admin("GET", f"members/{owner_id}/scopes")
    await ask("POST", "invites", {"email": "o@example.com", "scope": "owner"})
    await admin("DELETE", "invites/o@example.com", status=403)
    await admin("DELETE", f"members/{member_id}")


async def test_an_owner_stays(ask: Asking) -> None:
    """The last owner can be neither removed nor made less; one of two can."""
    owner_id = (await ask("GET", "members"))["members"][0]["member_id"]
    for method, path, body in (
        ("DELETE", f"members/{owner_id}", None),
        ("PUT", f"members/{owner_id}/scopes", {"scope": "member"}),
    ):
        assert "keeps an owner" in await ask.refused(method, path, body)
    await joined(ask, "o@example.com", "owner")
    await ask("PUT", f"members/{owner_id}/scopes", {"scope": "member"})
    await ask("DELETE", f"members/{owner_id}")
    await ask.key("member")  # Now the other one's.


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"scope": "member"}, "`email` is missing"),
        ({"email": "a@example.com"}, "`scope` is missing"),
        ({"email": "nobody", "scope": "member"}, "expected an address"),
        ({"email": "a b@example.com", "scope": "member"}, "expected an address"),
        ({"email": "a@example.com", "scope": "boss"}, "no scope 'boss'"),
    ],
)
async def test_bad_invite(ask: Asking, body: Any, words: str) -> None:
    """An invite for nobody, or for nothing, is refused."""
    assert words in await ask.refused("POST", "invites", body)
