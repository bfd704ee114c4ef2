"""A service that answers each recording with its own words, and does what a test says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from dgasync import AsyncDeepgramClient
from dgasync.transport.seam import Reply, Request
from tests.fakes import FakeTransport, drained, reply

Answering = Callable[[str, int], Any]
"""Given what is said and how often it was asked before: a reply, an error, or None for the words."""


def said(text: str, duration: float = 2.0) -> Reply:
    """The service's answer to a recording of which nothing is known but its bytes."""
    answer = {
        "metadata": {"request_id": f"id-{text}", "duration": duration, "channels": 1},
        "results": {"channels": [{"alternatives": [{"transcript": text, "confidence": 1.0, "words": []}]}]},
    }
    return reply(200, json.dumps(answer), dg_request_id=f"id-{text}")


def refused(status: int, **headers: str) -> Reply:
    return reply(status, json.dumps({"err_code": "NO", "err_msg": "no", "request_id": "r"}), **headers)


class Service(FakeTransport):
    """The words of a recording are its bytes, or the end of its URL."""

    def __init__(self, answering: Answering | None = None, *, turns: int = 1) -> None:
        super().__init__()
        self.answering = answering
        self.turns = turns
        """For how many turns of the loop an answer takes."""
        self.asked: Counter[str] = Counter()
        self.in_flight = 0
        self.most = 0
        self.queries: list[str] = []

    async def request(self, request: Request, /) -> Reply:
        body = await drained(request.body) or b""
        if request.headers.get("Content-Type") == "application/json":
            body = str(json.loads(body)["url"]).rpartition("/")[2].encode()
        text = body.decode()
        self.queries.append(request.url.partition("?")[2])
        asked = self.asked[text]
        self.asked[text] += 1
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            for _ in range(self.turns):
                await anyio.sleep(0)
            answer = self.answering(text, asked) if self.answering else None
            if isinstance(answer, Awaitable):
                answer = await answer
        finally:
            self.in_flight -= 1
        if isinstance(answer, BaseException):
            raise answer
        return said(text) if answer is None else answer

    def client(self, **settings: Any) -> AsyncDeepgramClient:
        return AsyncDeepgramClient("key", transport=self, **settings)
