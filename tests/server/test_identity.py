"""Who asks: keys of the server, keys of the account, scopes, schemes, browsers."""

from __future__ import annotations

import sqlite3
from typing import Any

import aiohttp
import pytest

from dgasync.server import LocalServer, key_identifier
from dgasync.testing import Ruler, local_server

from .accounting import Asking, asking

pytestmark = pytest.mark.anyio


async def test_strict(session: aiohttp.ClientSession) -> None:
    """A server with keys of its own knows those, what was made with them, and nothing else."""
    with local_server(api_keys=["first", "second"]) as server:
        owner = (await asking_by(session, server, "first")).by("second")
        made = owner.by(await owner.key("usage:write"))
        await made.listen()
        await made("GET", "/v1/projects", status=403)
        for told in ("other", "Token ", "Basic first", ""):
            ask = owner.by(told) if told else Asking(session, server)
            await ask.listen(status=401)
            assert await ask.refused("GET", "/v1/projects", status=401) == "Invalid credentials."


async def asking_by(session: aiohttp.ClientSession, server: LocalServer, key: str) -> Asking:
    ask = Asking(session, server).by(key)
    ask.project = (await ask("GET", "/v1/projects"))["projects"][0]["project_id"]
    return ask


@pytest.mark.parametrize(
    ("scopes", "can", "cannot"),
    [
        (["usage:write"], ["listen"], ["usage", "keys", "members", "balances", "POST keys", "PATCH"]),
        (["usage:read"], ["usage", "requests"], ["listen", "keys", "balances"]),
        (["keys:write"], ["POST keys"], ["keys", "listen", "usage", "members"]),
        (["billing:read"], ["balances", "purchases"], ["usage", "listen"]),
        (["member"], ["listen", "usage", "keys", "agents", ""], ["members", "balances", "PATCH", "DELETE"]),
        (["admin"], ["listen", "members", "invites", "balances"], ["PATCH", "DELETE"]),
        (["owner"], ["listen", "members", "balances", "PATCH", "DELETE"], []),
    ],
)
async def test_scopes(ask: Asking, scopes: list[str], can: list[str], cannot: list[str]) -> None:
    """A key does what its scopes allow, and is refused the rest with the scope that it lacks."""
    key = ask.by(await ask.key(*scopes))
    for what in (*cannot, *can):
        status = 200 if what in can else 403
        if what == "listen":
            answer = await key.listen(status=status)
        elif what == "PATCH":
            answer = await key("PATCH", f"/v1/projects/{ask.project}", {"name": "new"}, status=status)
        elif what == "DELETE":
            answer = await key("DELETE", f"/v1/projects/{ask.project}", status=status)
        elif what == "POST keys":
            answer = await key("POST", "keys", {"scopes": scopes}, status=status)
        else:
            answer = await key("GET", what, status=status)
        if status == 403:
            assert answer["category"] == "INSUFFICIENT_PERMISSIONS"
            assert "The key lacks the scope" in answer["details"]


@pytest.fixture
async def ask(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Asking:
    return await asking(session, deepgram_server)


async def test_in_the_subprotocol(ask: Asking) -> None:
    """Browsers tell their key, or token, as a subprotocol; scopes hold for websockets as well."""
    good, bad = await ask.key("member"), await ask.key("usage:read")
    token = (await ask.by(good)("POST", "/v1/auth/grant"))["access_token"]
    await hears(ask, protocols=("token", good))
    await hears(ask, protocols=("bearer", token))
    await hears(ask, headers={"Authorization": f"Bearer {token}"})
    for status, more in (
        (403, {"protocols": ("token", bad)}),
        (401, {"protocols": ("token", token)}),
        (401, {"protocols": ("bearer", token[:-4])}),
        (401, {"headers": {"Authorization": f"Bearer {token}x"}}),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await hears(ask, **more)
        assert caught.value.status == status


async def hears(ask: Asking, **more: Any) -> None:
    """A live session, from its handshake to its Metadata."""
    params = {name: str(value) for name, value in Ruler(0).params.items()}
    async with ask.session.ws_connect(f"{ask.server.url}/v1/listen", params=params, **more) as socket:
        await socket.send_bytes(Ruler(1).audio())
        await socket.send_str('{"type":"CloseStream"}')
        assert [message async for message in socket]


async def test_pages_of_others(ask: Asking) -> None:
    """Where no key is asked for, a page of another host cannot ask either; one with a key of the account can."""
    key = await ask.key("owner")
    for origin, status in (("https://example.com", 403), ("http://localhost:3000", 200)):
        await ask("GET", "/v1/projects", headers={"Origin": origin}, status=status)
        await ask.by(key)("GET", "/v1/projects", headers={"Origin": origin})


async def test_whose_project(ask: Asking) -> None:
    """A key belongs to one project; any other is not there for it, whether it exists or not."""
    other = ask.server.add_project("Other")
    key = ask.by(await ask.key("owner"))
    assert [each["project_id"] for each in (await key("GET", "/v1/projects"))["projects"]] == [ask.project]
    assert [each["name"] for each in (await ask("GET", "/v1/projects"))["projects"]] == ["Default", "Other"]
    for project in (other, "none"):
        answer = await key("GET", f"/v1/projects/{project}/keys", status=404)
        assert (answer["err_code"], answer["err_msg"]) == ("PROJECT_NOT_FOUND", "Project not found.")


async def test_same_id(ask: Asking) -> None:
    """Who finds another text with the id of a key has not found the key."""
    key = await ask.key("member")
    which = key_identifier(key)

    def other_digest(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE keys SET digest = 'other' WHERE api_key_id = ?", (which,))

    accounts = ask.server._running().accounts
    accounts.submit(other_digest).result()
    await ask.by(key).listen(status=401)


async def test_callbacks_name_the_key(ask: Asking) -> None:
    """`dg-token` of a callback is the id of the key as the list has it."""
    from dgasync.testing import callback_receiver

    key = await ask.key("usage:write")
    with callback_receiver() as receiver:
        await ask.by(key).listen(1, f"?callback={receiver.url}")
        (delivery,) = receiver.wait()
    (listed,) = (await ask("GET", "keys"))["api_keys"]
    assert delivery.headers["dg-token"] == listed["api_key"]["api_key_id"]
    (told,) = (await ask("GET", "requests?method=async"))["requests"]
    assert (told["callback"], told["code"]) == (receiver.url, 200)
    assert told["api_key_id"] == listed["api_key"]["api_key_id"]
