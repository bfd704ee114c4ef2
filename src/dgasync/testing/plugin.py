"""The pytest plugin: the fixture `deepgram_server`. Nothing is imported before a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dgasync.server.local import LocalServer

__all__ = ["deepgram_server"]


@pytest.fixture(scope="session")
def _deepgram_server() -> Iterator[LocalServer]:
    """One server for the session: starting it is most of what a test of it costs."""
    from dgasync.testing import local_server

    with local_server() as server:
        yield server


@pytest.fixture
def deepgram_server(_deepgram_server: LocalServer) -> LocalServer:
    """A server that speaks the Deepgram protocol, with the ruler engine, without memory of earlier tests."""
    _deepgram_server.reset()
    return _deepgram_server
