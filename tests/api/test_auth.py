"""Tokens that stand in for a key: what is sent, and with whose authority."""

# generates: tests/sync/test_auth.py

from __future__ import annotations

from typing import Any

import pytest

from dgasync import AsyncDeepgramClient, GrantTokenResponse
from dgasync.errors import DeepgramApiKeyError, ServerError
from tests.fakes import FakeTransport, reply

pytestmark = pytest.mark.anyio

GRANTED = reply(body='{"access_token": "jwt-secret", "expires_in": 30}')


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPGRAM_API_KEY", "DEEPGRAM_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient(transport=transport, **settings), transport


async def test_both_faces() -> None:
    """Either face asks the same, and gives the token, which no repr shows."""
    deepgram, transport = client(*[GRANTED] * 4, api_key="key")
    documented = deepgram.asyncauth.v("1")

    grants = [
        await documented.grant_token(),
        await documented.grant_token(60),
        await deepgram.grant_token(),
        await deepgram.grant_token(ttl_seconds=60),
    ]

    assert transport.bodies == [b"{}", b'{"ttl_seconds":60}'] * 2
    for request, grant in zip(transport.requests, grants, strict=True):
        assert (request.method, request.url) == ("POST", "https://api.deepgram.com/v1/auth/grant")
        assert request.headers["Authorization"] == "Token key"
        assert request.headers["Content-Type"] == "application/json"
        assert (type(grant), grant.access_token, grant.expires_in) == (GrantTokenResponse, "jwt-secret", 30)
        assert "secret" not in repr(grant)
    assert repr(documented) == "<AsyncAuthRESTClient https://api.deepgram.com>"


async def test_the_key_goes_before_the_token() -> None:
    """A client that has both asks with its key, also where its token is minted."""

    def mint() -> str:
        raise AssertionError("no token is needed to get one")

    for token in ("token", mint):
        deepgram, transport = client(GRANTED, api_key="key", access_token=token)
        await deepgram.grant_token(headers={"X-One": "1"})

        assert transport.requests[0].headers["Authorization"] == "Token key"
        assert transport.requests[0].headers["X-One"] == "1"


async def test_a_token_alone() -> None:
    """With a token nobody gets another one."""
    deepgram, transport = client(access_token="token")

    with pytest.raises(DeepgramApiKeyError, match="pass `api_key`"):
        await deepgram.asyncauth.v("1").grant_token()
    assert transport.requests == []


async def test_nothing_at_all() -> None:
    """Without a key nothing is sent, unless to this machine."""
    deepgram, transport = client()
    with pytest.raises(DeepgramApiKeyError, match="no API key"):
        await deepgram.grant_token()
    assert transport.requests == []

    deepgram, transport = client(GRANTED, url="http://localhost:8080")
    await deepgram.grant_token()
    assert "Authorization" not in transport.requests[0].headers


@pytest.mark.parametrize("where", ["client", "call"])
async def test_an_authorization_of_your_own(where: str) -> None:
    """A custom Authorization is sent instead of the key."""
    own = {"authorization": "Custom own"}
    deepgram, transport = client(GRANTED, api_key="key", headers=own if where == "client" else None)

    await deepgram.grant_token(headers=own if where == "call" else None)

    headers = {name.lower(): value for name, value in transport.requests[0].headers.items()}
    assert headers["authorization"] == "Custom own"


async def test_it_is_tried_again() -> None:
    """To make two tokens changes nothing, so that a server in trouble is asked again."""
    deepgram, transport = client(reply(502), reply(502), GRANTED, api_key="key")

    await deepgram.grant_token()
    assert len(transport.requests) == 3

    transport.script = [reply(502)]
    with pytest.raises(ServerError):
        await deepgram.grant_token(max_retries=0)
