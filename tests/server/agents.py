"""A bare client of an agent, and a small endpoint that thinks as it is told to."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from dgasync.server.ruler_voice import spoken_text

RULER = {"encoding": "linear16", "sample_rate": 16_000}
ECHO = {"provider": {"type": "echo"}}
V2 = {"provider": {"type": "deepgram", "version": "v2", "model": "flux-general-en"}}


def settings(think: Any = ECHO, *, audio: Any = None, **agent: Any) -> dict[str, Any]:
    """A Settings message for ruler audio."""
    return {"type": "Settings", "audio": {"input": RULER, **(audio or {})}, "agent": {"think": think, **agent}}


class Talk:
    """A bare session that remembers what it was told; sound stands among the messages as what was said in it."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.told: list[Any] = []
        self.audio = b""
        """All of it."""
        self._fresh = b""
        self.code: int | None = None

    async def send(self, *things: bytes | str | dict[str, Any]) -> None:
        """Audio, the types of messages, and messages."""
        for thing in things:
            if isinstance(thing, bytes):
                await self.socket.send_bytes(thing)
            else:
                await self.socket.send_str(json.dumps({"type": thing} if isinstance(thing, str) else thing))

    async def next(self) -> Any:
        """The next message; None at the end."""
        while True:
            message = await self.socket.receive(timeout=30)
            if message.type is WSMsgType.BINARY:
                self.audio += message.data
                self._fresh += message.data
                continue
            if self._fresh:
                self.told.append(spoken_text(self._fresh))
                self._fresh = b""
            if message.type is not WSMsgType.TEXT:
                self.code = self.socket.close_code
                return None
            self.told.append(json.loads(message.data))
            return self.told[-1]

    async def until(self, kind: str) -> Any:
        """The next message of this type."""
        while (message := await self.next()) is not None:
            if message["type"] == kind:
                return message
        raise AssertionError(f"no {kind} in {self.told}, closed with {self.code}")

    async def rest(self) -> Any:
        """Read to the end; the last message."""
        while await self.next() is not None:
            pass
        return self.told[-1]

    @property
    def flow(self) -> list[str]:
        """What came, in order: types, texts of the conversation, and sound."""
        return [_shown(each) for each in self.told if isinstance(each, str) or each["type"] not in _ASIDE]


_ASIDE = frozenset({"History", "LatencyReport"})


def _shown(told: Any) -> str:
    if isinstance(told, str):
        return f"({told})"
    return f"{told['role']}: {told['content']}" if told["type"] == "ConversationText" else str(told["type"])


class Agents:
    """Opens sessions with one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def open(self, told: Any = None, **more: Any) -> Talk:
        """A session; with `told`, its settings, until they are applied."""
        talk = Talk(await self.session.ws_connect(f"{self.url}/v1/agent/converse", **more))
        if told is not None:
            await talk.send(told)
            await talk.until("SettingsApplied")
            talk.told.clear()
        return talk


class Thinker:
    """An endpoint like OpenAI's, which answers with what it is given, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.headers: list[Any] = []
        self.answers: list[Any] = []
        """Each is a status and a text, a whole message, or a list of deltas that are streamed."""
        self.url = ""

    def think(self, **more: Any) -> dict[str, Any]:
        """A think block that names it."""
        endpoint = {"url": f"{self.url}/chat/completions", "headers": {"Authorization": "Bearer sk-secret-of-mine"}}
        return {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "endpoint": endpoint, **more}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers)
        self.asked.append(await request.json() if request.can_read_body else dict(request.query))
        answer: Any = self.answers.pop(0)
        if isinstance(answer, tuple):
            return web.Response(status=answer[0], text=answer[1], content_type="application/json")
        if isinstance(answer, dict):
            return web.json_response({"choices": [{"message": answer}]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for delta in answer:
            told = delta if isinstance(delta, str) else json.dumps({"choices": [{"delta": delta}]})
            await response.write(f": a comment\n\ndata: {told}\n\n".encode())
        await response.write(b'data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n')
        return response


@asynccontextmanager
async def thinking() -> AsyncGenerator[Thinker, None]:
    """One, listening."""
    thinker = Thinker()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", thinker.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    thinker.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield thinker
    finally:
        await runner.cleanup()
