"""The README says what is true: its first command runs, and its tables are the program's own."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dgasync.cli.exits import MEANINGS
from dgasync.testing import word_error_rate
from tests.docs.pages import README, ROOT

TEXT = README.read_text("utf-8")


def command(name: str) -> str:
    """The shell line that stands below a marker."""
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*)\n```", TEXT)
    assert found
    return found[1]


@pytest.mark.engine
def test_the_first_command(tmp_path: Path) -> None:
    """What the first command runs once all is installed prints what is said in the recording."""
    pytest.importorskip("faster_whisper")
    program, *arguments = shlex.split(command("transcribe").rpartition("&&")[2])
    assert program == ".venv/bin/dgasync"
    ended = subprocess.run(
        [sys.executable, "-m", "dgasync", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )

    said = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
    assert word_error_rate(said, ended.stdout) <= 0.1


@pytest.mark.parametrize("name", ["transcribe", "test"])
def test_commands_set_up_what_they_need(name: str) -> None:
    """Each command is one line that makes its environment, installs extras that exist, and runs."""
    make, install, _ = command(name).split(" && ")

    assert make == "python3 -m venv .venv"
    extras = re.search(r"'\.\[(.+)\]'", install)
    assert extras
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(re.search(rf"^{extra} = \[", project, re.MULTILINE) for extra in extras[1].split(","))


def test_exit_codes() -> None:
    """The table of exit codes is the command's own."""
    assert re.findall(r"^\| (\d+) \| (.+) \|$", TEXT, re.MULTILINE) == [
        (f"{code:d}", said) for code, said in MEANINGS.items()
    ]


def test_doors() -> None:
    """What is told to be run is there."""
    named = re.findall(r"`(?:\.venv/bin/python )?((?:tools|benchmarks)/\w+\.py|\.ci/run)", TEXT)

    assert named
    for path in named:
        assert (ROOT / path).exists(), path
