"""The example of an archive whose answers come to a server of one's own, run as it is against the local server."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.examples.serving import EXAMPLES


def test_callback_archive_async(
    deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Every answer is printed once, and what cannot be heard is said; a second run has nothing to do."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)
    said = []
    for number in range(3):
        ruler = Ruler(1.0 + number)
        path = tmp_path / "archive" / f"{number}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(ruler.wav())
        said.append(f"{path}: {ruler.text}")
    broken = tmp_path / "archive" / "broken.wav"
    broken.write_bytes(b"no audio")
    monkeypatch.setattr(sys, "argv", ["", str(broken.parent), str(tmp_path / "journal")])

    runpy.run_path(str(EXAMPLES / "callback_archive_async.py"), run_name="__main__")
    *lines, last = sorted(capsys.readouterr().out.splitlines())
    assert lines == said
    assert last.startswith(f"{broken}: ")
    runpy.run_path(str(EXAMPLES / "callback_archive_async.py"), run_name="__main__")
    assert capsys.readouterr().out == ""
    assert len(deepgram_server.requests) == 4
