"""What the files of a batch are called."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from dgasync.cli import filing
from dgasync.cli.exits import Failure
from dgasync.cli.filing import NOTE, Filing


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
    """Files below the folder that all sources of the first run share are called as they are there, in each run."""
    monkeypatch.chdir(archive)
    Filing.of(archive, ["https://example.com/x.mp3"])  # has no files, and settles nothing
    for given in (sources, ["talks"], ["."], ["https://example.com/x.mp3"]):
        assert Filing.of(archive, given).name(str(archive / key)) == name


def test_files_from_elsewhere(archive: Path) -> None:
    """A file that is not below that folder is in one that is called like its own, whatever a run looks at."""
    key = str(archive / "talks" / "c.wav")
    names = {Filing.of(archive, [str(archive / each)]).name(key) for each in ("calls", "talks", "talks/c.wav", ".")}
    other = Filing.of(archive, []).name(str(archive / "more" / "talks" / "c.wav"))

    (name,) = names
    assert re.fullmatch(r"talks-[0-9a-f]{16}/c\.wav", name)
    assert re.fullmatch(r"talks-[0-9a-f]{16}/c\.wav", other)
    assert name != other


def test_letters_whose_case_is_lost(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the output does not tell names by their case, and the sources may, capitals have a digest."""
    calls = archive / "calls"
    is_apart = filing._is_apart

    def is_apart_but_in_the_output(path: str) -> bool:
        return is_apart(path) and not Path(path).parent.samefile(archive)

    monkeypatch.setattr(filing, "_is_apart", is_apart_but_in_the_output)
    Filing.of(archive, [str(archive / "none" / "x.wav")])
    assert json.loads((archive / NOTE).read_bytes())["blind"]
    (archive / NOTE).unlink()
    for _ in range(2):
        made = Filing.of(archive, [str(calls)])
        names = [made.name(str(calls / each)) for each in ("a/x.wav", "a/X.wav", "A/x.wav", "A/ß.wav", "straße.wav")]
        assert names[0] == "a/x.wav"
        assert all(re.search("-[0-9a-f]{16}$", name) for name in names[1:])

    # A disk on which a name is found, whatever its case: no two can differ in that.
    (archive / NOTE).unlink()
    (calls / "B.WAV").symlink_to(calls / "b.wav")
    (calls / "2024" / "a.wav").rename(archive / "a.wav")
    (calls / "2024").rmdir()
    assert Filing.of(archive, [str(calls)]).name(str(calls / "A.wav")) == "A.wav"


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"root": "/"}'])
def test_another_note(tmp_path: Path, text: str) -> None:
    """A file of that name that says something else is nothing to guess from."""
    (tmp_path / NOTE).write_text(text)
    with pytest.raises(Failure, match="name another folder"):
        Filing.of(tmp_path, ["."])


def test_ids(archive: Path) -> None:
    """An id is a name, unless another system would not have it, or tell it from others."""
    ids = Filing(str(archive))
    assert ids.name("0815-b_2") == "0815-b_2"
    for key, begins in {"A1": "A1-", "con": "con-", "com1": "com1-", "a" * 101: "a" * 80 + "-", "-rf": "rf-"}.items():
        assert ids.name(key).startswith(begins)
        assert len(ids.name(key)) == len(begins) + 16


def test_nobody_leaves(archive: Path) -> None:
    """Whatever a key is, its file is in the folder, visible, of a length that file systems take, and its own."""
    root = str(archive / "calls")
    keys = [
        *(root, f"{root}/", f"{root}/..", f"{root}/../talks/c.wav", f"{root}/a/../b.wav", f"{root}/./b.wav"),
        *(f"{root}//b.wav", f"{root}/b.wav", f"{root}/.b.wav", f"{root}/.git/b.wav", f"{root}/b.wav.", f"{root}/b"),
        *(f"{root}/{'x' * 300}.wav", f"{root}/a\nb.wav", f"{root}/a:b.wav", f"{root}/\udc80.wav", f"{root}2/b.wav"),
        *(f"{archive}/x/../b.wav", f"{archive}//b.wav", f"{archive}/.git/b.wav", f"{archive}/{'y' * 300}/b.wav"),
        *(
            "..",
            ".",
            "",
            "/",
            "/b.wav",
            "//b.wav",
            "/..",
            "/etc/passwd",
            "../../etc/passwd",
            "..\\..\\x",
            "C:\\x.wav",
            "a\0b",
            "b.wav",
            "B.wav",
        ),
        *("https://example.com/../../x.mp3", "https://example.com/x.mp3?a=1", "https://example.com/x.mp3?a=2"),
        *("https://example.com/%2e%2e%2fx.mp3", "https://example.com/", "http://example.com/x.mp3", "x", "X"),
    ]
    files = Filing(root)
    names = [files.name(key) for key in keys]

    assert Counter(name.casefold() for name in names).most_common(1)[0][1] == 1
    for name in names:
        for part in name.split("/"):
            assert 0 < len(os.fsencode(part)) <= 200
            assert not part.startswith(".")
            assert part.isprintable()
    assert names == [Filing(root).name(key) for key in keys]
