"""The server is an asyncio program, so its tests run on asyncio; that others can use it is tests/testing's to show."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from dgasync.server import LocalServer
from tests.quiet import quiet_old_aiohttp


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Caller:
    """A bare HTTP client for one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def post(
        self, data: Any = None, params: Any = None, headers: dict[str, str] | None = None, json: Any = None
    ) -> tuple[int, Any, Any]:
        """Status, headers and JSON of the answer to a recording."""
        data = io.BytesIO(data) if isinstance(data, bytes) and data else data
        async with self.session.post(
            f"{self.url}/v1/listen", data=data, params=params, headers=headers, json=json
        ) as answer:
            return answer.status, answer.headers, await answer.json()

    async def ok(self, data: Any = None, params: Any = None, **more: Any) -> Any:
        status, _, answer = await self.post(data, params, **more)
        assert status == 200, answer
        return answer

    async def refused(self, data: Any = None, params: Any = None, **more: Any) -> tuple[int, str, str]:
        """Status, code and message of an error, which must have its proper form."""
        status, headers, answer = await self.post(data, params, **more)
        assert set(answer) == {"err_code", "err_msg", "request_id"}
        assert headers["dg-request-id"] == answer["request_id"]
        assert headers["dg-error"] == answer["err_msg"]
        return status, answer["err_code"], answer["err_msg"]


def alternative(answer: Any, channel: int = 0) -> Any:
    return answer["results"]["channels"][channel]["alternatives"][0]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    quiet_old_aiohttp()
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
async def caller(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Caller:
    return Caller(session, deepgram_server.url)
