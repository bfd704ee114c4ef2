"""What pyproject.toml must not forget."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
DISTRIBUTIONS = {
    "hibari": "hibari-tts",
    "nbformat": "nbclient",
    "opentelemetry": "opentelemetry-sdk",
    "webvtt": "webvtt-py",
    "yaml": "pyyaml",
}
"""Where a module comes from, if its name does not say."""


def test_nothing_is_skipped_for_want_of_a_package() -> None:
    """Whatever a test skips without is in one of the extras: else it would never run, and nobody would see."""
    asked = {
        found.partition(".")[0]
        for path in (ROOT / "tests").rglob("*.py")
        for found in re.findall(r'importorskip\(\s*"([\w.]+)"', path.read_text("utf-8"))
    }
    extras = set(re.findall(r'"([a-z][\w-]*)(?:\[\w+\])?[>=<]', TEXT))

    assert {DISTRIBUTIONS.get(module, module.replace("_", "-")) for module in asked} - extras == set()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs tomllib")
def test_no_module_escapes_the_contracts_of_the_server() -> None:
    """Every module of the client is one that the local server may not import; only two others may import the server."""
    import tomllib

    project: Any = tomllib.loads(TEXT)
    contracts = {each["name"]: each for each in project["tool"]["importlinter"]["contracts"]}
    package = ROOT / "src" / "dgasync"
    client = {f"dgasync.{path.stem}" for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    client -= {"dgasync.__init__", "dgasync.__main__", "dgasync.__pycache__", "dgasync.server", "dgasync.version"}

    beside = contracts["The local server stands beside the client and shares nothing with it"]
    assert client - set(beside["forbidden_modules"]) == set()
    knows = contracts["Only the command and the testing tools know the local server"]
    assert client - set(knows["source_modules"]) == {"dgasync.cli", "dgasync.testing"}
