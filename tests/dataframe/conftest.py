"""The situation of a worker: a key and a service, which here is the local server, in its environment."""

from __future__ import annotations

import os

import pytest

from dgasync.server import LocalServer

os.environ["DO_NOT_TRACK"] = "1"  # Daft would report that it is imported, and by whom


@pytest.fixture
def service(deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)
    return deepgram_server
