"""examples/dataframe.py, run as it is against the local server."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

pytest.importorskip("daft", reason="needs the extra `batch`")

import daft

from dgasync.server import LocalServer
from dgasync.testing import Ruler

EXAMPLE = Path(__file__).parents[2] / "examples" / "dataframe.py"


def test_example(
    service: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It writes what was heard, and says what failed."""
    talk, calls, folder = tmp_path / "talk.wav", tmp_path / "calls", tmp_path / "transcripts"
    talk.write_bytes(Ruler(30.0).wav())
    daft.from_pydict({"audio": [str(talk), "missing.wav"]}).write_parquet(str(calls))
    monkeypatch.setattr(sys, "argv", ["dataframe.py", f"{calls}/*.parquet", str(folder)])

    runpy.run_path(str(EXAMPLE), run_name="__main__")

    first, second = capsys.readouterr().out.splitlines()
    assert first == "0.5 minutes heard, 1 recordings failed"
    assert second.startswith("missing.wav: FileNotFoundError: ")
    texts = daft.read_parquet(f"{folder}/*.parquet").to_pydict()["text"]
    assert sorted(bool(text) for text in texts) == [False, True]
    assert max(texts, key=bool).split()[:2] == ["W0", "w1"]
