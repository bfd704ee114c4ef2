"""Sessions that say everything there is to be said on each websocket, to the small services of the session tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from dgasync.models.agent import FunctionCall
from tests.session.stage import SECOND, Stage
from tests.session.test_agent import AgentStage
from tests.session.test_flux import FluxStage
from tests.session.test_speak import VoiceStage

__all__ = ["SAYS"]

SETTINGS: dict[str, Any] = {
    "tags": ["a tag"],
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": 16000},
        "output": {"encoding": "linear16", "sample_rate": 24000, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3", "smart_format": True}},
        "think": {
            "provider": {"type": "open_ai", "model": "gpt-4o-mini", "temperature": 0.5},
            "prompt": "Be brief.",
            "functions": [
                {"name": "weather", "description": "Tell it.", "parameters": {"type": "object", "properties": {}}}
            ],
        },
        "speak": {"provider": {"type": "deepgram", "version": "v1", "model": "aura-2-thalia-en"}},
        "greeting": "Hello.",
    },
}


async def _listen() -> list[Any]:
    stage = Stage()
    async with stage.session() as live:
        await live.send(SECOND)
        await live.keep_alive()
        await live.close_stream()
    finalizing = Stage()
    async with finalizing.session() as live:
        await live.message('{"type":"Finalize"}')
    return [*stage.socket.sent, *finalizing.socket.sent]


async def _turns() -> list[Any]:
    stage = FluxStage()
    async with stage.turns() as session:
        await session.send(SECOND)
        await session.configure(
            eot_threshold=0.8, eager_eot_threshold=0.4, eot_timeout_ms=3000, keyterm=["a", "b"], language_hint="en"
        )
    return list(stage.socket.sent)


async def _voice(version: str) -> list[Any]:
    stage = VoiceStage(version)
    async with stage.voice() as voice:
        await voice.send("Hello there.")
        await voice.flush()
        if version == "1":
            await voice.send("No, wait.")
            await voice.interrupt()
    return list(stage.socket.sent)


async def _agent() -> list[Any]:
    stage = AgentStage()
    async with stage.agent(settings=SETTINGS) as session:
        await session.send(SECOND)
        await session.message('{"type":"KeepAlive"}')
        await session.update_prompt("Be kind.")
        await session.update_speak({"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}})
        await session.update_think({"provider": {"type": "open_ai", "model": "gpt-4o-mini"}})
        await session.update_listen({"provider": {"type": "deepgram", "version": "v2", "model": "flux-general-en"}})
        await session.inject_user_message("Hello?")
        await session.inject_agent_message("One moment.")
        await session.respond(FunctionCall(id="1", name="weather", arguments="{}", client_side=True), {"sky": "blue"})
    return list(stage.socket.sent)


SAYS: dict[str, Callable[[], Awaitable[list[Any]]]] = {
    "/v1/agent/converse": _agent,
    "/v1/listen": _listen,
    "/v2/listen": _turns,
    "/v1/speak": lambda: _voice("1"),
    "/v2/speak": lambda: _voice("2"),
}
"""What is sent on each websocket."""
