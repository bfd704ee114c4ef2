"""A bare client of the account, and a clock that tests turn."""

from __future__ import annotations

import io
from typing import Any

import aiohttp

from dgasync.server import LocalServer
from dgasync.testing import ruler_wav


class Clock:
    """Seconds since 1970, when a test says so."""

    def __init__(self, now: float = 1_782_900_000.25) -> None:  # 2026-07-01T10:00:00.250Z
        self.now = now

    def __call__(self) -> float:
        return self.now


class Asking:
    """Asks a server for JSON, with one key or none."""

    def __init__(self, session: aiohttp.ClientSession, server: LocalServer, told: str = "", project: str = "") -> None:
        self.session = session
        self.server = server
        self.told = told
        self.project = project

    def by(self, told: str) -> Asking:
        """The same, with another key; `told` is all that Authorization says."""
        told = told if " " in told else f"Token {told}"
        return Asking(self.session, self.server, told, self.project)

    async def __call__(self, method: str, path: str, json: Any = None, *, status: int = 200, **more: Any) -> Any:
        """The answer, of this status. A path without a leading slash is below the project."""
        url = self.server.url + (path if path.startswith("/") else f"/v1/projects/{self.project}/{path}")
        headers = {**({"Authorization": self.told} if self.told else {}), **more.pop("headers", {})}
        async with self.session.request(method, url, json=json, headers=headers, **more) as answer:
            told = await answer.json()
            assert answer.status == status, (answer.status, told)
            assert answer.headers["dg-request-id"]
            if status >= 400:
                assert told["request_id"] == answer.headers["dg-request-id"]
                assert answer.headers["dg-error"].startswith(told.get("err_msg") or told.get("message"))
            return told

    async def refused(self, method: str, path: str, json: Any = None, *, status: int = 400, **more: Any) -> str:
        """What exactly is wrong, in words."""
        told = await self(method, path, json, status=status, **more)
        assert set(told) in ({"err_code", "err_msg", "request_id"}, {"category", "message", "details", "request_id"})
        words: str = told.get("details") or told["err_msg"]
        return words

    async def key(self, *scopes: str, **more: Any) -> str:
        """A new key with these scopes."""
        made = await self("POST", "keys", {"comment": "made by a test", "scopes": scopes, **more})
        key: str = made["key"]
        return key

    async def listen(self, seconds: float = 1.0, query: str = "", *, status: int = 200) -> Any:
        """The answer to a recording."""
        headers = {"Authorization": self.told} if self.told else {}
        url = f"{self.server.url}/v1/listen{query}"
        async with self.session.post(url, data=io.BytesIO(ruler_wav(seconds)), headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()


async def asking(session: aiohttp.ClientSession, server: LocalServer) -> Asking:
    """The owner of the server's only project."""
    found = Asking(session, server)
    found.project = (await found("GET", "/v1/projects"))["projects"][0]["project_id"]
    return found
