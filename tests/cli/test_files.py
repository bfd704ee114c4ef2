"""Where results go."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from dgasync.cli.exits import Exit, Failure
from dgasync.cli.files import File, file_for, files_for, is_folder


def names(folder: Path, *sources: str) -> list[str]:
    found = files_for(f"{folder}/", sources, ".srt", force=False)
    return [path.name for path in found if path is not None and path.parent == folder]


def test_in_a_folder(tmp_path: Path) -> None:
    """Files have the names of what they are made of, be that a file, an address or standard input."""
    sources = ("talks/one.wav", "https://example.com/a/two%20b.mp3?x=1.y", "-", "https://example.com/", "C:three.wav")

    assert names(tmp_path / "new", *sources) == ["one.srt", "two b.srt", "stdin.srt", "recording.srt", "C_three.srt"]
    assert (tmp_path / "new").is_dir()


def test_an_address_leads_nowhere_else(tmp_path: Path) -> None:
    """What an address is called is no way out of the folder."""
    assert names(tmp_path, "https://example.com/a%2F..%2F..%2Fetc%5Cpasswd.txt") == ["a_.._.._etc_passwd.srt"]


def test_the_same_name_twice(tmp_path: Path) -> None:
    """Several of the same name are numbered, whatever others are called, and however they are written."""
    assert names(tmp_path, "a/x.wav", "b/x.mp3", "x-2.wav", "c/X.wav") == ["x.srt", "x-2.srt", "x-2-2.srt", "X-3.srt"]


def test_one_file(tmp_path: Path) -> None:
    """One goes where it is told to, without a name to standard output, and so it does with -."""
    assert files_for(str(tmp_path / "x.txt"), ["a.wav"], ".srt", force=False) == [tmp_path / "x.txt"]
    assert files_for(None, ["a.wav", "b.wav"], ".srt", force=False) == [None, None]
    assert files_for("-", ["a.wav"], ".srt", force=False) == [None]
    assert file_for("/dev/null", force=False) == Path("/dev/null")
    assert not is_folder(str(tmp_path / "x.txt"))


def test_what_is_there_already(tmp_path: Path) -> None:
    """A file that is there is not lost, unless that is wanted."""
    (tmp_path / "a.srt").write_text("mine")
    with pytest.raises(Failure, match="--force") as failure:
        files_for(str(tmp_path), ["a.wav"], ".srt", force=False)

    assert failure.value.code == Exit.OUTPUT
    assert files_for(str(tmp_path), ["a.wav"], ".srt", force=True) == [tmp_path / "a.srt"]


def test_several_in_a_file(tmp_path: Path) -> None:
    """Several do not go into one file, and no folder can have the name of one."""
    (tmp_path / "x").touch()
    with pytest.raises(click.UsageError, match="folder"):
        files_for(str(tmp_path / "x"), ["a.wav", "b.wav"], ".srt", force=False)
    with pytest.raises(Failure, match="cannot be written"):
        files_for(str(tmp_path / "x" / "y"), ["a.wav", "b.wav"], ".srt", force=False)


def test_it_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody may write, that is found out before anything is asked for."""
    asked = list[Path]()

    def access(path: Path, mode: int) -> bool:
        asked.append(path)
        return False

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(Failure, match="you may not"):
        file_for(str(tmp_path / "x.txt"), force=False)

    assert asked == [tmp_path]


def test_whole_or_not_at_all(tmp_path: Path) -> None:
    """A file has its name when it is whole; else what was there is as it was, and nothing else is left."""
    path = tmp_path / "x.txt"
    path.write_text("old")

    def fail() -> None:
        with File(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    before = path.read_text()
    with File(path) as file:
        file.write(b"new")

    assert (before, path.read_text(), list(tmp_path.iterdir())) == ("old", "new", [path])


def test_it_cannot_be_written(tmp_path: Path) -> None:
    """That a file cannot be made is found out at once, and later that it cannot have its name."""
    with pytest.raises(Failure, match="no folder"):
        file_for(str(tmp_path / "none" / "x.txt"), force=False)
    with pytest.raises(Failure, match=r"none.x\.txt cannot be written: No such file"):
        File(tmp_path / "none" / "x.txt")
    late = File(tmp_path / "x")
    (tmp_path / "x" / "y").mkdir(parents=True)
    with pytest.raises(Failure, match="cannot be written"), late:
        late.write(b"x")

    assert [path.name for path in tmp_path.iterdir()] == ["x"]
