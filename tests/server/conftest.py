"""The server is an asyncio program, so its tests run on asyncio; that others can use it is tests/testing's to show."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from yarl import URL

from dgasync.server import LocalServer
from dgasync.testing import Ruler
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


RAW = Ruler(0).params


def asked(url: str, params: Mapping[str, Any] | None = None) -> str:
    """The address of a live session, of ruler audio unless the parameters say otherwise."""
    pairs = [
        (name, one)
        for name, value in (RAW if params is None else params).items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return str(URL(f"{url}/v1/listen").with_query(pairs))


class Talk:
    """A bare live session that remembers what it was told."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: list[Any] = []
        self.code: int | None = None
        self.reason = ""

    async def send(self, *things: bytes | str) -> None:
        """Audio, and the types of messages."""
        for thing in things:
            if isinstance(thing, bytes):
                await self.socket.send_bytes(thing)
            else:
                await self.socket.send_str(json.dumps({"type": thing}))

    async def next(self) -> Any:
        """The next message; None when the socket closed instead."""
        message = await self.socket.receive(timeout=60)
        if message.type is aiohttp.WSMsgType.TEXT:
            self.told.append(json.loads(message.data))
            return self.told[-1]
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR), message
        self.code, self.reason = self.socket.close_code, message.extra or ""
        return None

    async def until(self, kind: str) -> Any:
        """The next message of this type."""
        while (message := await self.next()) is not None:
            if message["type"] == kind:
                return message
        raise AssertionError(f"no {kind} in {self.told}")

    async def rest(self) -> Any:
        """Read to the end; the last message."""
        while await self.next() is not None:
            pass
        return self.told[-1] if self.told else None

    def results(self, channel: int = 0) -> list[Any]:
        """The results of one channel."""
        return [
            message for message in self.told if message["type"] == "Results" and message["channel_index"][0] == channel
        ]

    def finals(self, channel: int = 0) -> list[Any]:
        """The final ones that say something."""
        return [result for result in self.results(channel) if result["is_final"] and said(result)]

    def text(self, channel: int = 0) -> str:
        """All that was said for good."""
        return " ".join(said(result) for result in self.finals(channel))


def said(result: Any) -> str:
    """The transcript of a result."""
    text = result["channel"]["alternatives"][0]["transcript"]
    assert isinstance(text, str)
    return text


class Live:
    """Opens live sessions with one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def open(self, params: Mapping[str, Any] | None = None, **more: Any) -> Talk:
        """A session, open."""
        return Talk(await self.session.ws_connect(asked(self.url, params), **more))

    async def talk(self, *things: bytes | str, params: Mapping[str, Any] | None = None, **more: Any) -> Talk:
        """A whole session: this is sent, then CloseStream, and all that is answered is read."""
        talk = await self.open(params, **more)
        await talk.send(*things, "CloseStream")
        await talk.rest()
        return talk

    async def refused(self, params: Mapping[str, Any] | None = None, **more: Any) -> tuple[int, str]:
        """Status and `dg-error` of a handshake that is refused."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await self.open(params, **more)
        assert caught.value.headers is not None
        assert caught.value.headers["dg-request-id"]
        return caught.value.status, caught.value.headers["dg-error"]


@pytest.fixture
async def live(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Live:
    return Live(session, deepgram_server.url)


async def settled(server: LocalServer, number: int = -1) -> Any:
    """What the server remembers of a websocket, once it has noticed its end."""
    while server.requests[number].close_code is None:
        await asyncio.sleep(0.005)
    return server.requests[number]
