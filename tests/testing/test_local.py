"""`local_server`, from programs of every kind."""

from __future__ import annotations

import urllib.request
from functools import partial

import anyio.to_thread
import pytest

from dgasync.testing import LocalServer, Ruler, local_server


def ask(server: LocalServer) -> bytes:
    request = urllib.request.Request(f"{server.url}/v1/listen", data=Ruler(1).wav(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def test_in_a_script() -> None:
    """A plain program uses it."""
    with local_server() as server:
        assert b'"transcript":"w0 w1"' in ask(server)


@pytest.mark.anyio
async def test_in_any_loop() -> None:
    """A program on asyncio, uvloop or trio uses it in the same way."""
    with local_server() as server:
        assert b'"transcript":"w0 w1"' in await anyio.to_thread.run_sync(partial(ask, server))
