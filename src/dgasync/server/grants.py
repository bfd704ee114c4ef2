"""Tokens: JSON Web Tokens signed with HMAC-SHA256 (RFC 7519, RFC 7515), and the route that grants them.

Written here and not taken from a library: one algorithm with one secret is a few lines of the standard library, and the
`alg` of a token, by which libraries have been fooled, is never looked at. What this secret did not sign is no token.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from aiohttp import web

from dgasync.server.checks import json_body, number
from dgasync.server.replies import json_response
from dgasync.server.routes import Call, Route

__all__ = ["ROUTES", "claims", "looks_like_token", "sign"]

Json = dict[str, Any]

TTL = 30.0
"""Seconds a token is good for, unless the request says otherwise (the spec's)."""
LONGEST = 3600
"""Seconds that a request may ask for (the service's limit)."""


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signature(secret: bytes, signed: str) -> bytes:
    return hmac.new(secret, signed.encode(), hashlib.sha256).digest()


def sign(secret: bytes, told: Json) -> str:
    """A token that tells this."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, told))
    signed = ".".join(map(_part, parts))
    return f"{signed}.{_part(_signature(secret, signed))}"


def claims(secret: bytes, token: str, now: float) -> Json | None:
    """What a token tells; None when it was not signed with this secret, or has expired."""
    signed, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(_bytes(signature), _signature(secret, signed)):
            return None
        told: Json = json.loads(_bytes(signed.partition(".")[2]))
    except (ValueError, binascii.Error):
        return None
    return told if now < told["exp"] else None


def looks_like_token(key: str) -> bool:
    """Whether this is a JSON Web Token, of anybody: three parts, of which the first names an algorithm."""
    parts = key.split(".")
    if len(parts) != 3:
        return False
    try:
        head: Any = json.loads(_bytes(parts[0]))
    except (ValueError, binascii.Error):
        return False
    return isinstance(head, dict) and "alg" in head


async def _grant(call: Call) -> web.StreamResponse:
    body = await json_body(call, needed=False)
    seconds = number(body, "ttl_seconds", 1, LONGEST) or TTL
    accounts = call.service.accounts
    now = accounts.now()
    told = {
        "iss": "dgasync",
        "sub": call.asker.accessor,
        "project_id": call.asker.project_id,
        "scopes": ["usage:write"],
        "iat": int(now),
        "exp": now + seconds,
        "jti": call.request_id,
    }
    return json_response({"access_token": sign(accounts.secret, told), "expires_in": seconds}, call.request_id)


ROUTES = [Route("POST", "/v1/auth/grant", _grant, "member")]
