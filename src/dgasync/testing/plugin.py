"""The pytest plugin: the fixtures `deepgram_server` and `deepgram_proxy`. Nothing is imported before a test asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dgasync.server.local import LocalServer
    from dgasync.server.proxy import FaultProxy

__all__ = ["deepgram_proxy", "deepgram_server"]


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


@pytest.fixture
def deepgram_proxy(deepgram_server: LocalServer) -> Iterator[FaultProxy]:
    """A proxy before `deepgram_server` that gets in the way of whoever connects to its `url`, as it is told."""
    from dgasync.testing import FaultProxy

    with FaultProxy(deepgram_server.url) as proxy:
        yield proxy
