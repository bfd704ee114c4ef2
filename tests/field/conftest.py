"""What the field tests share: every kind of caller, and retries that do not keep a test waiting."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.field.faces import FACES, Face
from tests.field.secrets import Everything
from tests.field.tidiness import DESCRIPTORS, belongings, connections, settle


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    """Each test runs on asyncio, on asyncio with uvloop, on trio, and through the sync client."""
    return Face(request.param)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dgasync.protocol.retry.RETRY_BASE", 0.01)
    monkeypatch.setattr("dgasync.protocol.reconnect.RECONNECT_BASE", 0.01)


@pytest.fixture(autouse=True)
def _own_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    # A bound on what is in flight holds for its key as long as a client that asked for it is not collected.
    monkeypatch.setattr("dgasync.api.pace._registry", WeakValueDictionary())


@pytest.fixture
def server(deepgram_server: LocalServer) -> LocalServer:
    return deepgram_server


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that any logger says."""
    everything = Everything()
    root = logging.getLogger()
    loggers = [root, *(each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger))]
    before = [(each, each.level, each.disabled) for each in loggers]
    for each in loggers:
        each.level, each.disabled = 0, False
    root.addHandler(everything)
    root.manager._clear_cache()
    try:
        yield everything.lines
    finally:
        root.removeHandler(everything)
        for each, level, disabled in before:
            each.level, each.disabled = level, disabled
        root.manager._clear_cache()


@pytest.fixture
def tidy(tmp_path: Path, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is open, runs or lies about after the test that did not before it."""
    if not DESCRIPTORS.is_dir():
        pytest.skip("needs /proc")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    # Idle workers of trio's pool live for ten seconds, which is none of our business.
    monkeypatch.setattr("trio._core._thread_cache.IDLE_TIMEOUT", 0.01)
    for name in FACES:  # so that what each loop makes once is there already
        Face(name).transcribe(server.url, Ruler(1.0).wav())
    server.reset()
    # Nobody else has a part in this server now. What there is of others is counted before, and is known by its inode.
    settle(lambda: not connections(server), lambda: f"left behind by an earlier test: {connections(server)}")
    before = belongings()
    yield
    settle(lambda: not belongings() - before, lambda: f"left behind: {belongings() - before}")
    assert list(temporary.iterdir()) == []
