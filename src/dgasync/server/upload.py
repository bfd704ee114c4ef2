"""The body of a request, counted, bounded and remembered while it arrives."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from aiohttp import web

from dgasync.server.record import HEAD, Received
from dgasync.server.replies import Refusal

__all__ = ["Upload"]

PIECE = 256 * 1024
"""Bytes that go to a worker thread at once: one hop costs about as much as hearing a few kilobytes of ruler."""


class Upload:
    """A request's body."""

    def __init__(self, request: web.BaseRequest, received: Received, max_body: int) -> None:
        self._request = request
        self._max_body = max_body
        self.received = received
        self.digest = hashlib.sha256()
        """Updated by whoever works on the pieces, once: it is the dearest part of a large upload."""

    @property
    def content_type(self) -> str:
        """As the client named it, without parameters; empty when it did not."""
        told = self._request.headers.get("Content-Type", "")
        return told.partition(";")[0].strip().lower()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces of a good size; raises `Refusal` when it is too large."""
        if (self._request.content_length or 0) > self._max_body:
            raise self._too_large()
        self._ask_for_it()
        waiting = bytearray()
        received = self.received
        async for chunk in self._request.content.iter_any():
            received.size += len(chunk)
            if len(received.head) < HEAD:
                received.head += chunk[: HEAD - len(received.head)]
            if received.size > self._max_body:
                raise self._too_large()
            waiting += chunk
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)

    def _ask_for_it(self) -> None:
        """Say that the body may come, where the client waits to hear it, as curl does for a second."""
        transport = self._request.transport
        if transport is not None and self._request.headers.get("Expect", "").lower() == "100-continue":
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def complete(self) -> None:
        """The body arrived to its end, and all of it was hashed."""
        self.received.sha256 = self.digest.hexdigest()
        self.received.complete = True

    async def discard(self, count: int | None = None) -> None:
        """Read on without use: to the end, or at least so many bytes."""
        if count == 0 or self.received.complete:
            return
        async for chunk in self.chunks():
            self.digest.update(chunk)
            if count is not None and self.received.size >= count:
                return
        self.complete()

    def _too_large(self) -> Refusal:
        return Refusal(413, "PAYLOAD_TOO_LARGE", f"Payload size exceeds limit of {self._max_body} bytes.")
