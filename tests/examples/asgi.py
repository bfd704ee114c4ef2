"""A browser's side of a websocket, in the process of the service: nothing waits between the two, either way."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio

__all__ = ["Visitor", "visiting"]


class Visitor:
    """A page that talks to a service. What it sends waits for the service, what it is told waits for it."""

    def __init__(self) -> None:
        self._to_service, self._from_page = anyio.create_memory_object_stream[dict[str, Any]](0)
        self._to_page, self._from_service = anyio.create_memory_object_stream[dict[str, Any]](0)
        self.has_ended = anyio.Event()
        """Set when the service has done with this page."""
        self._has_asked = False

    async def run(self, app: Any, scope: dict[str, Any]) -> None:
        """Have the service serve the page."""
        with self._from_page, self._to_page:
            await app(scope, self._receive, self._send)
            self.has_ended.set()

    async def _receive(self) -> dict[str, Any]:
        if not self._has_asked:
            self._has_asked = True
            return {"type": "websocket.connect"}
        return await self._from_page.receive()

    async def _send(self, event: dict[str, Any]) -> None:
        try:
            await self._to_page.send(event)
        except anyio.BrokenResourceError:
            raise OSError("The tab was closed.") from None  # as ASGI has it

    async def send(self, data: bytes | str) -> None:
        """Return when the service has taken a message."""
        kind = "text" if isinstance(data, str) else "bytes"
        await self._to_service.send({"type": "websocket.receive", kind: data})

    def try_send(self, data: bytes) -> bool:
        """Whether the service takes a message at once."""
        try:
            self._to_service.send_nowait({"type": "websocket.receive", "bytes": data})
        except anyio.WouldBlock:
            return False
        return True

    async def send_all(self, messages: Iterable[bytes | str]) -> None:
        """Send messages one after another."""
        for message in messages:
            await self.send(message)

    async def close(self) -> None:
        """Close the tab."""
        self._from_service.close()
        await self._to_service.send({"type": "websocket.disconnect", "code": 1001})

    async def event(self) -> dict[str, Any]:
        """What the service does next, as ASGI has it."""
        return await self._from_service.receive()

    async def told(self) -> dict[str, Any]:
        """The next message of the service."""
        told: dict[str, Any] = json.loads((await self.event())["text"])
        return told

    async def rest(self) -> tuple[list[dict[str, Any]], int]:
        """All messages to the end, and the code of the end."""
        messages: list[dict[str, Any]] = []
        while (event := await self.event())["type"] == "websocket.send":
            messages.append(json.loads(event["text"]))
        return messages, event["code"]


@asynccontextmanager
async def visiting(
    app: Any, state: dict[str, Any], path: str, query: str, *, host: str = "127.0.0.1:8000", **headers: str
) -> AsyncGenerator[Visitor, None]:
    """A page that asks `app` for a websocket; it was not answered yet."""
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in {"host": host, **headers}.items()],
        "subprotocols": [],
        "state": state,
    }
    visitor = Visitor()
    with visitor._to_service, visitor._from_service:
        async with anyio.create_task_group() as group:
            group.start_soon(visitor.run, app, scope)
            yield visitor
            group.cancel_scope.cancel()
