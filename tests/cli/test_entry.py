"""Where the command begins and how it ends."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
import pytest

import dgasync
from dgasync.cli import entry, main
from dgasync.cli.exits import MEANINGS, Exit, Failure
from tests.cli.conftest import Run


def test_version(command: Run) -> None:
    """--version is the package's."""
    assert command("--version") == (0, f"dgasync {dgasync.__version__}\n".encode(), "")


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help(command: Run, arguments: tuple[str, ...]) -> None:
    """The help ends with every exit code; it is also what comes without arguments."""
    ended = command(*arguments)
    words = " ".join(ended.text.split())

    assert (ended.code, ended.err) == (0, "")
    for code, meaning in MEANINGS.items():
        assert f"{code:d} {meaning}" in words


@pytest.mark.parametrize("arguments", [("transcribe",), ("live",), ("serve",), ("keys",), ("keys", "list")])
def test_help_of_a_command(command: Run, arguments: tuple[str, ...]) -> None:
    """The help of a command ends with where exit codes are explained."""
    ended = command(*arguments, "--help")

    assert ended.text.rstrip().splitlines()[-1] == "  `dgasync --help` says what each exit code means."
    assert ended.text.count("exit code means") == 1


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (("transcribe", "--model"), "dgasync transcribe"),
        (("keys", "create", "--comment"), "dgasync keys create"),
        (("keys", "--status"), "dgasync keys list"),
        (("--versoin",), "dgasync"),
    ],
)
def test_where_to_look(command: Run, arguments: tuple[str, ...], where: str) -> None:
    """What is wrong with an option is told with the help of its own command."""
    assert command(*arguments).err.endswith(f" Try '{where} --help'.\n")


def test_every_code_has_a_meaning() -> None:
    """No exit code is left unexplained."""
    assert set(MEANINGS) == set(Exit)


def test_unknown_command(command: Run) -> None:
    """A misspelt command is refused in one line."""
    code, _, err = command("transcrbe")

    assert code == 2
    assert "transcrbe" in err
    assert err.count("\n") == 1
    assert ".." not in err
    assert "?." not in err


def test_main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The entry point reads the command line and ends the process with the code."""
    monkeypatch.setattr(sys, "argv", ["dgasync", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"dgasync {dgasync.__version__}\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (click.Abort(), 130), (Failure("It is broken.", Exit.NO_ANSWER), 6)],
    ids=["Ctrl-C", "Ctrl-C where click saw it", "a failure"],
)
def test_threads_are_not_waited_for(monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    """What ends early ends at once, without waiting for threads that cannot be interrupted."""

    class Gone(BaseException):
        pass

    def fail(*arguments: Any, **settings: Any) -> None:
        raise error

    def end(code: int) -> None:
        raise Gone(code)

    monkeypatch.setattr(click.Group, "main", fail)
    monkeypatch.setattr(os, "_exit", end)
    with pytest.raises(Gone) as gone:
        main()

    assert gone.value.args == (code,)


def test_a_broken_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is missing for another reason is not blamed on the extra."""

    def broken(*arguments: Any, **settings: Any) -> None:
        raise ModuleNotFoundError("No module named 'zlib'", name="zlib")

    monkeypatch.setattr(click.Group, "main", broken)
    with pytest.raises(ModuleNotFoundError):
        entry.run([])


def test_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reader of the output is gone, nothing is said, and nothing is left to be flushed."""
    moved: list[int] = []

    def gone(*arguments: Any, **settings: Any) -> None:
        raise Failure("", Exit.NO_READER)

    def dup2(old: int, new: int) -> None:
        os.close(old)
        moved.append(new)

    monkeypatch.setattr(click.Group, "main", gone)
    with monkeypatch.context() as patch:  # pytest's own capturing needs it again
        patch.setattr(os, "dup2", dup2)
        code = entry.run([])

    assert code == 141
    assert moved == [1]
