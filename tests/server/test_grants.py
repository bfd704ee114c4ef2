"""Tokens: signed, short-lived, and good for the products only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from dgasync.server import key_identifier
from dgasync.server.grants import claims, looks_like_token, sign
from dgasync.testing import local_server

from .accounting import Asking, Clock, asking

pytestmark = pytest.mark.anyio


def part(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def test_is_a_jwt() -> None:
    """It is what RFC 7515 says: three parts, the last one the HMAC-SHA256 of the others."""
    token = sign(b"secret", {"exp": 10})
    head, body, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {"exp": 10}
    made = hmac.new(b"secret", f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "==") == made


def test_known_signature() -> None:
    """The example of RFC 7515, A.1, is signed as there."""
    key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    secret = base64.urlsafe_b64decode(key + "==")
    told = claims(secret, token, 1300819379.0)
    assert told == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert claims(secret, token, 1300819380.0) is None


@pytest.mark.parametrize(
    "token",
    [
        sign(b"other", {"exp": 99}),
        f"{part({'alg': 'none'})}.{part({'exp': 99})}.",
        sign(b"secret", {"exp": 99})[:-2] + "AA",
        sign(b"secret", {"exp": 1}),
        "a.b.é",
        "...",
        "",
    ],
)
def test_no_token(token: str) -> None:
    """What was signed with another secret, or with none, or has expired, tells nothing."""
    assert claims(b"secret", token, 2.0) is None


@pytest.mark.parametrize("key", ["a.b.c", "one", "v1.2.3", "....", f"{part([])}.x.y", "9cba.\udc80.x"])
def test_no_looks(key: str) -> None:
    """A key with dots in it is a key."""
    assert not looks_like_token(key)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ask(session: aiohttp.ClientSession, clock: Clock) -> AsyncIterator[Asking]:
    with local_server(now=clock) as server:
        yield await asking(session, server)


async def test_expires(ask: Asking, clock: Clock) -> None:
    """A token is good for 30 seconds, or for as long as was asked, and not a moment more."""
    short = await ask("POST", "/v1/auth/grant")
    long = await ask("POST", "/v1/auth/grant", {"ttl_seconds": 300})
    assert (short["expires_in"], long["expires_in"]) == (30, 300)
    clock.now += 29.9
    await ask.by(f"Bearer {short['access_token']}").listen()
    clock.now += 0.2
    await ask.by(f"Bearer {short['access_token']}").listen(status=401)
    await ask.by(f"Bearer {long['access_token']}").listen()


async def test_products_only(ask: Asking) -> None:
    """A token transcribes, under the id and the tags of its key, and does nothing else."""
    key = await ask.key("member", tags=["of the key"])
    token = ask.by(f"Bearer {(await ask.by(key)('POST', '/v1/auth/grant'))['access_token']}")
    await token.listen(1, "?tag=own")
    (told,) = (await ask("GET", "requests"))["requests"]
    assert told["api_key_id"] == key_identifier(key)
    assert told["response"]["details"]["tags"] == ["own", "of the key"]
    for method, path in (("GET", "/v1/projects"), ("GET", "keys"), ("GET", "/v1/models"), ("POST", "/v1/auth/grant")):
        await token(method, path, status=403)
    await token.by(token.told.replace("Bearer", "Token")).listen(status=401)


async def test_needs_a_role(ask: Asking) -> None:
    """Who may do less than a member gets no token."""
    await ask.by(await ask.key("usage:write"))("POST", "/v1/auth/grant", status=403)
    await ask.by(await ask.key("admin"))("POST", "/v1/auth/grant")


async def test_ends_with_its_key(ask: Asking) -> None:
    """A token of a deleted key, or of a deleted project, is no good."""
    key = await ask.key("member")
    granted = [(await each("POST", "/v1/auth/grant"))["access_token"] for each in (ask.by(key), ask)]
    await ask("DELETE", f"keys/{key_identifier(key)}")
    await ask.by(f"Bearer {granted[0]}").listen(status=401)
    await ask("DELETE", f"/v1/projects/{ask.project}")
    await ask.by(f"Bearer {granted[1]}").listen(status=401)


@pytest.mark.parametrize("seconds", [0, 3601, "30", True, -1])
async def test_bad_ttl(ask: Asking, seconds: Any) -> None:
    """A life of no length, or one too long, is refused."""
    assert "`ttl_seconds`: expected a number from 1 to 3600" in await ask.refused(
        "POST", "/v1/auth/grant", {"ttl_seconds": seconds}
    )
