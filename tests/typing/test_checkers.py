"""What mypy and pyright, both strict, say about code as users write it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RIGHT, WRONG = HERE / "right.py", HERE / "wrong.py"

Found = dict[tuple[str, int], str]
"""What a checker complains about, by file and line."""


def by_mypy() -> Found:
    pytest.importorskip("mypy", reason="the extra `lint`")
    # Silent: of the package only its types matter here; that it is clean is checked elsewhere.
    command = ["mypy", "--strict", "--follow-imports=silent", "--no-error-summary", "--show-absolute-path"]
    done = run(*command, "--no-pretty", "--hide-error-context")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: Found = {}
    for line in done.stdout.splitlines():
        match = re.fullmatch(r"(.+):(\d+): error: (.*)", line)
        if match:
            found[Path(match[1]).name, int(match[2])] = match[3]
    return found


def by_pyright() -> Found:
    pytest.importorskip("pyright", reason="the extra `lint`")
    done = run("pyright", "--pythonpath", sys.executable, "--outputjson")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"]
        for each in json.loads(done.stdout)["generalDiagnostics"]
        if each["severity"] == "error"
    }


def run(*command: str) -> subprocess.CompletedProcess[str]:
    files = [str(RIGHT), str(WRONG)]
    return subprocess.run(
        [sys.executable, "-m", *command, *files], capture_output=True, text=True, cwd=ROOT, check=False
    )


@pytest.mark.parametrize("checker", [by_mypy, by_pyright])
def test_checkers(checker: Callable[[], Found]) -> None:
    """Each promise holds, each mistake is found, and nothing else is complained about."""
    lines = WRONG.read_text().splitlines()
    marked = {("wrong.py", number) for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    found = checker()

    assert {place: message for place, message in found.items() if place not in marked} == {}
    assert marked - found.keys() == set()
