"""What the files of a batch are called."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from dgasync.cli.filing import Filing


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for name in ("calls/2024/a.wav", "calls/b.wav", "talks/c.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "key", "name"),
    [
        (["calls"], "calls/2024/a.wav", "2024/a.wav"),
        (["calls/**/*.wav"], "calls/2024/a.wav", "2024/a.wav"),
        (["calls/b.wav"], "calls/b.wav", "b.wav"),
        (["calls", "talks/c.wav"], "talks/c.wav", "talks/c.wav"),
        (["calls/list.csv", "https://example.com/x.mp3"], "calls/2024/a.wav", "2024/a.wav"),
        (["calls"], "calls/Gespräch (1).WAV", "Gespräch (1).WAV"),
    ],
)
def test_files(archive: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], key: str, name: str) -> None:
    """Files below the folder that all sources share are called as they are there."""
    monkeypatch.chdir(archive)
    assert Filing(sources).name(str(archive / key)) == name


def test_ids(archive: Path) -> None:
    """An id is a name, unless another system would not have it, or tell it from others."""
    filing = Filing([str(archive)])
    assert filing.name("0815-b_2") == "0815-b_2"
    for key, begins in {"A1": "A1-", "con": "con-", "com1": "com1-", "a" * 101: "a" * 80 + "-", "-rf": "rf-"}.items():
        assert filing.name(key).startswith(begins)
        assert len(filing.name(key)) == len(begins) + 16


def test_nobody_leaves(archive: Path) -> None:
    """Whatever a key is, its file is in the folder, visible, of a length that file systems take, and its own."""
    root = str(archive / "calls")
    keys = [
        *(root, f"{root}/", f"{root}/..", f"{root}/../talks/c.wav", f"{root}/a/../b.wav", f"{root}/./b.wav"),
        *(f"{root}//b.wav", f"{root}/b.wav", f"{root}/.b.wav", f"{root}/.git/b.wav", f"{root}/b.wav.", f"{root}/b"),
        *(f"{root}/{'x' * 300}.wav", f"{root}/a\nb.wav", f"{root}/a:b.wav", f"{root}/\udc80.wav", f"{root}2/b.wav"),
        *("..", ".", "", "/", "/etc/passwd", "../../etc/passwd", "..\\..\\x", "C:\\x.wav", "a\0b", "b.wav", "B.wav"),
        *("https://example.com/../../x.mp3", "https://example.com/x.mp3?a=1", "https://example.com/x.mp3?a=2"),
        *("https://example.com/%2e%2e%2fx.mp3", "https://example.com/", "http://example.com/x.mp3", "x", "X"),
    ]
    filing = Filing([root])
    names = [filing.name(key) for key in keys]

    assert Counter(name.casefold() for name in names).most_common(1)[0][1] == 1
    for name in names:
        for part in name.split("/"):
            assert 0 < len(os.fsencode(part)) <= 200
            assert not part.startswith(".")
            assert part.isprintable()
    assert names == [Filing([root]).name(key) for key in keys]
