"""The generators are scripts, not a package: their folder is what Python looks into."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from source import Module

TOOLS = str(Path(__file__).resolve().parents[2] / "tools")
if TOOLS not in sys.path:
    sys.path.append(TOOLS)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Module]:
    """Makes a source file in a package, and a project, of its own."""
    import source

    monkeypatch.setattr(source, "PACKAGE", tmp_path)
    monkeypatch.setattr("gen_tests.ROOT", tmp_path)

    def write(text: str, name: str = "api/thing.py") -> Module:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return source.Module(path)

    return write
