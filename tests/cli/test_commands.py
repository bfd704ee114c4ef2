"""The commands as a whole: each in a module of its own, known by a table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dgasync.cli.commands import SECTIONS, dgasync
from tests.cli.conftest import Run

NAMES = [name for section in SECTIONS.values() for name in section]


@pytest.mark.parametrize("name", NAMES)
def test_the_table(name: str) -> None:
    """Each command is where the table says, and its help begins with what the table says of it."""
    said = next(section[name][1] for section in SECTIONS.values() if name in section)
    command = dgasync.get_command(click.Context(dgasync), name)

    assert command is not None
    assert command.name == name
    assert said.endswith(".")
    assert " ".join((command.help or "").split()).startswith(said[:-1])


def test_help_imports_no_command() -> None:
    """The help of all commands, and the completion of their names, import none of them, nor anything they need."""
    code = (
        "import json, sys\n"
        "from dgasync.cli.entry import run\n"
        "run(['--help'])\n"
        "from dgasync.cli.commands import dgasync\n"
        "from click.shell_completion import ShellComplete\n"
        "ShellComplete(dgasync, {}, 'dgasync', '_X').get_completions([], 'ser')\n"
        "heavy = ('dgasync.', 'rich', 'msgspec', 'aiohttp', 'keyring')\n"
        "print(json.dumps([name for name in sys.modules if name.startswith(heavy)]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, last = ended.stdout.splitlines()

    assert set(json.loads(last)) == {
        *("dgasync.cli", "dgasync.cli.colour", "dgasync.cli.commands", "dgasync.cli.entry", "dgasync.cli.exits"),
        *("dgasync.cli.nouns", "dgasync.cli.verbs", "dgasync.errors", "dgasync.logs", "dgasync.version"),
    }


def test_a_noun(command: Run) -> None:
    """A group has help, and a command of it has its own; alone the group lists, for which a key is needed."""
    assert "create" in command("keys", "--help").text
    assert "Without a command it lists them" in command("keys", "--help").text
    assert "--expires" in command("keys", "create", "--help").text
    assert "there is no API key" in command("keys").err


def test_did_you_mean(command: Run) -> None:
    """A misspelt command is told what it may have been meant to be."""
    assert command("modles") == (
        2,
        b"",
        "dgasync: No such command 'modles'. Did you mean 'models'? Try 'dgasync --help'.\n",
    )


def test_without_the_extra_keyring(command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What keeps keys is part of the extra, too."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert command("login") == (9, b"", "dgasync: the command needs an extra: pip install 'dgasync[cli]'\n")
