"""What the field tests share: every kind of caller, and retries that do not keep a test waiting."""

from __future__ import annotations

import pytest

from dgasync.server import LocalServer
from tests.field.faces import FACES, Face


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    """Each test runs on asyncio, on asyncio with uvloop, on trio, and through the sync client."""
    return Face(request.param)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgasync.protocol.retry.RETRY_BASE", 0.01)


@pytest.fixture
def server(deepgram_server: LocalServer) -> LocalServer:
    return deepgram_server
