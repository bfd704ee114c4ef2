"""Projects: named, left, deleted."""

from __future__ import annotations

import aiohttp
import pytest

from dgasync.server import LocalServer

from .accounting import Asking, asking

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ask(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Asking:
    return await asking(session, deepgram_server)


async def test_renamed(ask: Asking) -> None:
    """A project has the name that it was given last."""
    path = f"/v1/projects/{ask.project}"
    await ask("PATCH", path, {"name": "Zürich & Söhne"})
    assert await ask("GET", path) == {"project_id": ask.project, "name": "Zürich & Söhne", "mip_opt_out": True}
    assert await ask.refused("PATCH", path, {"name": ""}) == "`name` is missing, or empty."


async def test_deleted(ask: Asking) -> None:
    """With a project its keys and all else of it go; where it was the last, a new one takes its place."""
    key = await ask.key("owner")
    await ask.by(key).listen()
    await ask.by(key)("DELETE", f"/v1/projects/{ask.project}")
    await ask.by(key)("GET", "/v1/projects", status=401)
    await ask.refused("GET", "requests", status=404)
    (left,) = (await ask("GET", "/v1/projects"))["projects"]
    assert left["project_id"] != ask.project
    await ask.listen()


async def test_one_of_two(ask: Asking) -> None:
    """What is used without a key counts for the oldest project that is left."""
    other = ask.server.add_project("Other")
    await ask("DELETE", f"/v1/projects/{ask.project}")
    await ask.listen()
    assert len((await ask("GET", f"/v1/projects/{other}/requests"))["requests"]) == 1


async def test_left(ask: Asking) -> None:
    """Who leaves takes their keys along; the last owner stays."""
    assert "keeps an owner" in await ask.refused("DELETE", "leave")
    await ask("POST", "invites", {"email": "m@example.com", "scope": "member"})
    member = ask.by(ask.server.accept_invite(ask.project, "m@example.com"))
    await member("DELETE", "leave")
    await member("GET", "/v1/projects", status=401)
    assert len((await ask("GET", "members"))["members"]) == 1
