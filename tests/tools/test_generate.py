"""The command that writes and checks what is generated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import generate
from source import ROOT, SIGN


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate.py"), *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one generated file."""
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "PACKAGE", tmp_path / "src")
    for folder in ("src/sync", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src" / "sync" / "a.py").write_text("a = 1\n")
    monkeypatch.setattr(generate, "built", lambda: {tmp_path / "src" / "sync" / "a.py": "a = 1\n"})
    return tmp_path


def test_the_tree_is_up_to_date() -> None:
    """What is committed is what the sources make."""
    pytest.importorskip("ruff", reason="the generated files are laid out by ruff (the extra `lint`)")
    result = run("--check")

    assert result.returncode == 0, result.stdout + result.stderr


def test_all_good(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tree that is up to date passes."""
    assert generate.main(["--check"]) == 0
    assert "1 generated files, all good." in capsys.readouterr().out


def test_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A generated file changed by hand fails, and the difference is shown."""
    (root / "src" / "sync" / "a.py").write_text("a = 2\n")

    assert generate.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "src/sync/a.py is not what its source makes:" in said
    assert "-a = 2" in said
    assert "+a = 1" in said


def test_missing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A generated file that is not there fails."""
    (root / "src" / "sync" / "a.py").unlink()

    assert generate.main(["--check"]) == 1
    assert "src/sync/a.py is missing." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("place", "text"),
    [("src/sync/b.py", ""), ("src/b.py", f'"""{SIGN}."""\n'), ("tests/test_b.py", f'"""{SIGN}."""\n')],
    ids=["in the folder of the sync face", "in the package", "among the tests"],
)
def test_left_over(place: str, text: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose source is gone fails, and is removed when all is written anew."""
    (root / place).write_text(text)

    assert generate.main(["--check"]) == 1
    assert f"{place} has no source" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert not (root / place).exists()
    assert generate.main(["--check"]) == 0


def test_write(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --check the files are written."""
    place = root / "src" / "sync" / "a.py"
    place.unlink()

    assert generate.main([]) == 0
    assert place.read_text() == "a = 1\n"
    assert "1 changed" in capsys.readouterr().out
