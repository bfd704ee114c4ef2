"""The command `dgasync migrate`."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pytest

from dgasync.cli.entry import run
from dgasync.cli.exits import Exit

BEFORE = "from deepgram import Deepgram\n\ndg = Deepgram(KEY)\ndg.transcription.sync_prerecorded(make())"
AFTER = "from dgasync import DeepgramClient\n\ndg = DeepgramClient(KEY)\ndg.transcription.sync_prerecorded(make())"
DIFF = """\
--- a/app.py
+++ b/app.py
@@ -1,4 +1,4 @@
-from deepgram import Deepgram
+from dgasync import DeepgramClient
\x20
-dg = Deepgram(KEY)
+dg = DeepgramClient(KEY)
 dg.transcription.sync_prerecorded(make())
\\ No newline at end of file
"""
SUMMARY = "1 file to rewrite, 1 place left to you, 0 to look at, 0 skipped; --write changes the files"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Migrate = Callable[..., Ended]


@pytest.fixture
def migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Migrate:
    """Runs the command in a folder with one file of v2."""
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text(BEFORE)

    def runs(*arguments: str) -> Ended:
        code = run(["migrate", *arguments])
        return Ended(code, *capsys.readouterr())

    return runs


def test_shows(migrate: Migrate) -> None:
    """Without --write it shows a diff and tells what is left, and changes nothing."""
    ended = migrate("app.py")

    assert (ended.code, ended.out) == (Exit.DONE, DIFF)
    assert ended.err.splitlines()[:2] == [
        "app.py: rewritten: from deepgram import Deepgram, Deepgram(...)",
        "app.py:4: left: transcription.sync_prerecorded(...)",
    ]
    assert ended.err.splitlines()[-1] == SUMMARY
    assert Path("app.py").read_text() == BEFORE


@pytest.mark.skipif(which("git") is None, reason="needs git")
def test_the_diff_is_a_patch(migrate: Migrate, tmp_path: Path) -> None:
    """What is shown makes the same of the files when `git apply` takes it."""
    Path("requirements.txt").write_bytes(b"x\r\ndeepgram-sdk==3.*\r\n")
    patch = migrate(".").out
    done = subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    assert Path("app.py").read_text() == AFTER
    assert Path("requirements.txt").read_bytes() == b"x\r\ndgasync\r\n"


def test_writes(migrate: Migrate) -> None:
    """With --write the file is replaced, and keeps its mode; a second time there is nothing to do."""
    path = Path("app.py")
    path.chmod(0o754)
    Path("link.py").symlink_to(path)
    ended = migrate("--write", "link.py")

    assert (ended.code, ended.out) == (Exit.DONE, "")
    assert ended.err.splitlines()[-1] == "1 file rewritten, 1 place left to you, 0 to look at, 0 skipped"
    assert path.read_text() == AFTER
    assert path.stat().st_mode & 0o777 == 0o754
    assert Path("link.py").is_symlink()
    assert sorted(each.name for each in Path().iterdir()) == ["app.py", "link.py"]
    assert migrate("--write", ".").err.splitlines()[-1].startswith("0 files rewritten, 1 place left")


@pytest.mark.parametrize(
    ("text", "code"),
    [(BEFORE, Exit.TO_MIGRATE), (AFTER, Exit.TO_MIGRATE), ("import deepgram (", Exit.TO_MIGRATE), ("", Exit.DONE)],
)
def test_checks(text: str, code: Exit, migrate: Migrate) -> None:
    """With --check it shows no diff; the code says whether there is anything to rewrite, or left."""
    Path("app.py").write_text(text)
    ended = migrate("--check", ".")

    assert (ended.code, ended.out) == (code, "")
    assert Path("app.py").read_text() == text


@pytest.mark.parametrize(("flags", "code", "out"), [((), Exit.DONE, AFTER), (("--check",), Exit.TO_MIGRATE, "")])
def test_standard_input(
    flags: tuple[str, ...], code: Exit, out: str, migrate: Migrate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor hands code over and gets it back, byte for byte but for what changed."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    ended = migrate(*flags, "-")

    assert (ended.code, ended.out) == (code, out)
    assert "-:4: left: transcription" in ended.err


@pytest.mark.parametrize("data", [b"import deepgram (", b"\xff"])
def test_standard_input_of_no_use(data: bytes, migrate: Migrate, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be read is an error, and nothing is written that an editor would take for code."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    ended = migrate("-")

    assert (ended.code, ended.out) == (Exit.UNREADABLE, "")


@pytest.mark.parametrize("arguments", [(), ("--write", "--check", "."), ("-", "app.py"), ("--write", "-")])
def test_command_lines_that_make_no_sense(arguments: tuple[str, ...], migrate: Migrate) -> None:
    """Flags and paths that do not go together are said so."""
    assert migrate(*arguments).code == Exit.USAGE


def test_files_that_cannot_be_read_or_written(migrate: Migrate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there ends it, and so does one that cannot be replaced, which stays as it was."""
    assert migrate("none.py").code == Exit.RECORDING

    def fail(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", fail)
    ended = migrate("--write", "app.py")
    assert ended.code == Exit.OUTPUT
    assert [each.name for each in Path().iterdir()] == ["app.py"]
    assert Path("app.py").read_text() == BEFORE


def test_without_libcst(migrate: Migrate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, that is said."""
    monkeypatch.setitem(sys.modules, "libcst", None)
    for name in [name for name in sys.modules if name.startswith("dgasync.migrate")]:
        monkeypatch.delitem(sys.modules, name)

    ended = migrate("app.py")
    assert ended.code == Exit.MISSING
    assert "dgasync[cli]" in ended.err


def test_colours(migrate: Migrate, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal what goes is red and what comes is green, unless NO_COLOR is set."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b[31m-dg = Deepgram(KEY)\n\x1b[0m" in migrate("app.py").out

    monkeypatch.setenv("NO_COLOR", "1")
    assert migrate("app.py").out == DIFF
