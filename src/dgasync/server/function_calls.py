"""Functions that an agent calls: at an endpoint of theirs, or by way of the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from dgasync.server.agent_settings import Function
from dgasync.server.outgoing import Outgoing
from dgasync.server.thinking import FunctionCall, ThoughtFailed, ask_function

__all__ = ["FunctionCalls"]

Json = dict[str, Any]

TIMEOUT = 60.0
"""Seconds a client has to answer a call."""


class FunctionCalls:
    """The calls of a session that are not answered yet."""

    def __init__(self, send: Callable[[Json], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: dict[str, asyncio.Future[str]] = {}

    def answer(self, message: Json) -> None:
        """The client says what came of one. Where it has been given up, that is of no use any more."""
        which, content = message.get("id"), message.get("content")
        waiting = self._waiting.get(which) if isinstance(which, str) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(content if isinstance(content, str) else json.dumps(content))

    async def call(
        self, calls: Sequence[FunctionCall], functions: Mapping[str, Function], outgoing: Outgoing
    ) -> list[Json]:
        """Call them; what is remembered of that, each with its response."""
        told = [
            {
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments,
                "client_side": call.name not in functions or functions[call.name].endpoint is None,
            }
            for call in calls
        ]
        waiting = {call.id: asyncio.get_running_loop().create_future() for call in calls}
        self._waiting.update(waiting)
        try:
            await self._send({"type": "FunctionCallRequest", "functions": told})
            return [
                {**each, "response": await self._response(call, functions.get(call.name), waiting[call.id], outgoing)}
                for each, call in zip(told, calls, strict=True)
            ]
        finally:
            for call in calls:
                self._waiting.pop(call.id, None)

    async def _response(
        self, call: FunctionCall, function: Function | None, waiting: asyncio.Future[str], outgoing: Outgoing
    ) -> str:
        """What came of a call; what went wrong is told to whatever thinks, too, which may know what to do."""
        try:
            if function is None or function.endpoint is None:
                return await asyncio.wait_for(waiting, TIMEOUT)
            response = await ask_function(function, call.arguments, outgoing)
        except asyncio.TimeoutError:
            why = f"{call.name} was not answered within {TIMEOUT:g} seconds"
        except ThoughtFailed as problem:
            why = f"{call.name}: {problem}"
        else:
            told = {"type": "FunctionCallResponse", "id": call.id, "name": call.name, "content": response}
            await self._send(told)
            return response
        await self._send({"type": "Warning", "code": "FUNCTION_CALL_FAILED", "description": f"{why}."})
        return json.dumps({"error": why})
