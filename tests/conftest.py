"""What every test shares: the three kinds of loop, and the pages in ../shared that CI has."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

# A job in the background of a script starts with Ctrl-C ignored, and its children inherit that. With a handler of its
# own it passes the default on to them, so that the tests that press Ctrl-C mean something there too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.conformance.report"]

# A worker of pytest-xdist is measured for coverage; the programs that tests start would only be slowed down by it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

# Daft would tell its makers over the network that it was imported.
os.environ.setdefault("DO_NOT_TRACK", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared"

BACKENDS: list[Any] = [pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio")]
if sys.platform != "win32":
    BACKENDS.append(pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"))
BACKENDS.append(pytest.param(("trio", {}), id="trio"))


@pytest.fixture(params=BACKENDS)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Each asynchronous test runs on asyncio, on asyncio with uvloop, and on trio."""
    backend: tuple[str, dict[str, Any]] = request.param
    return backend


@pytest.fixture(scope="session")
def shared() -> Path:
    """The pages the project was built from; a clone of the project alone does not have them."""
    if not (SHARED / "DESIGN.md").is_file():
        pytest.skip("needs ../shared, which only the workplace has")
    return SHARED
