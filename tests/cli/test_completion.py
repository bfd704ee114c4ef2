"""Shell completion: what the shells are told, and what they run."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from dgasync.cli.commands import dgasync
from tests.cli.conftest import Run


def offered(*words: str) -> list[str]:
    """What may stand in the place of the last word; a file is an item of that kind."""
    complete = ShellComplete(dgasync, {}, "dgasync", "_DGASYNC_COMPLETE")
    found = complete.get_completions(list(words[:-1]), words[-1])
    return [each.value if each.type == "plain" else each.type for each in found]


def test_what_is_offered() -> None:
    """Commands, flags, the values of flags where they are known, and files."""
    assert offered("log") == ["login", "logout"]
    assert offered("keys", "") == ["create", "delete", "list", "show"]
    assert "--grouping" in offered("usage", "--g")
    assert offered("usage", "--grouping", "m") == ["models", "method"]
    assert offered("usage", "--used", "diar") == ["diarize"]
    assert offered("completion", "") == ["bash", "zsh", "fish"]
    assert "nova-3-medical" in offered("transcribe", "--model", "nova-3")
    assert offered("transcribe", "ta") == ["file"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script(command: Run, shell: str) -> None:
    """What is printed is a script for that shell, which begins by saying where it goes."""
    ended = command("completion", shell)

    assert (ended.code, ended.err) == (0, "")
    assert ended.text.startswith("# ")
    assert f"_DGASYNC_COMPLETE={shell}_complete" in ended.text


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="needs bash")
def test_in_bash(command: Run) -> None:
    """bash itself, told by the script, completes the name of a command."""
    script = command("completion", "bash").text
    typed = "COMP_WORDS=(dgasync comple); COMP_CWORD=1"
    # The script splits the name of the program at new lines, and at nothing else.
    run = f"_dgasync_completion $'{sys.executable}\\n-m\\ndgasync'; echo \"${{COMPREPLY[@]}}\""
    ended = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{typed}\n{run}"], capture_output=True, text=True, check=False
    )

    assert ended.stdout == "completion\n", ended.stderr
