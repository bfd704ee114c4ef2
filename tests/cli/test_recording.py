"""What somebody typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.recording import expanded


def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern is the files of such names, in order; a file of that very name is that file, and the rest is left."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.wav", "a.wav", "c.mp3", "odd[1].wav"):
        (tmp_path / name).touch()
    (tmp_path / "deep" / "d.wav").mkdir(parents=True)
    (tmp_path / "deep" / "e.wav").touch()

    assert list(expanded(["[ab].wav", "c.mp3", "-", "none.wav"])) == ["a.wav", "b.wav", "c.mp3", "-", "none.wav"]
    assert list(expanded(["odd[1].wav", "https://example.com/*?x=[1]"])) == [
        "odd[1].wav",
        "https://example.com/*?x=[1]",
    ]
    assert sorted(expanded(["**/*.wav"])) == ["a.wav", "b.wav", str(Path("deep/e.wav")), "odd[1].wav"]
    assert list(expanded([f"{tmp_path}/*.mp3"])) == [str(tmp_path / "c.mp3")]


def test_a_pattern_of_nothing(tmp_path: Path) -> None:
    """A pattern that no file has is no recording."""
    with pytest.raises(Failure, match="no file of such a name") as failure:
        list(expanded([f"{tmp_path}/*.wav"]))

    assert failure.value.code == Exit.RECORDING
