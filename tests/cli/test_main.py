"""`python -m dgasync`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import dgasync


def test_it_is_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m dgasync` does what `dgasync` does."""
    monkeypatch.setattr(sys, "argv", ["python -m dgasync", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(Path(dgasync.__file__).with_name("__main__.py")), run_name="__main__")

    assert capsys.readouterr().out == f"dgasync {dgasync.__version__}\n"
