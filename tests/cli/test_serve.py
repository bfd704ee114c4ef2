"""`dgasync serve`, as far as it can be told without running it; tests/cli/test_processes.py runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dgasync.server import EngineError, Settings
from tests.cli.conftest import Run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What `serve` was asked for; it is ready at once, and told to stop."""
    asked: list[Settings] = []

    def serve(settings: Settings, *, tell: Callable[[str], None], ready: Callable[[str], None], **more: Any) -> None:
        asked.append(settings)
        tell("loading")
        ready(f"http://{settings.host}:{settings.port}")

    monkeypatch.setattr("dgasync.server.serve", serve)
    return asked


def test_by_default(command: Run, served: list[Settings]) -> None:
    """It listens on this machine alone, for anyone on it, and says how to use it."""
    code, out, err = command("serve")

    assert (code, err) == (0, "dgasync: loading\n")
    assert served == [Settings()]
    first, second = out.decode().splitlines()
    assert first == "whisper-tiny.en listens at http://127.0.0.1:8080; Ctrl-C stops it. Any key, or none, will do."
    assert "dgasync transcribe --url http://127.0.0.1:8080 talk.wav" in second
    assert 'DeepgramClient(url="http://127.0.0.1:8080")' in second


def test_keys(command: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from the command line or the environment, and are never printed."""
    given = command("serve", "--api-key", "alpha", "--api-key", "beta")
    monkeypatch.setenv("DGASYNC_SERVE_KEYS", "gamma delta")
    found = command("serve")

    assert [settings.api_keys for settings in served] == [("alpha", "beta"), ("gamma", "delta")]
    for ended in (given, found):
        assert "It knows 2 keys." in ended.text
        assert "--api-key KEY" in ended.text
        assert not any(key in ended.text for key in ("alpha", "beta", "gamma", "delta"))


def test_beyond_this_machine(command: Run, served: list[Settings]) -> None:
    """Other machines are served only where a key is asked for, or with a flag that says what it does."""
    refused = command("serve", "--host", "0.0.0.0")
    with_key = command("serve", "--host", "0.0.0.0", "--api-key", "k")
    for_all = command("serve", "--host", "0.0.0.0", "--allow-anyone")

    assert refused.code == 2
    assert "--allow-anyone" in refused.err
    assert "--api-key" in refused.err
    assert len(served) == 2
    assert "in the clear" in with_key.err
    assert "in the clear" in for_all.err


def test_an_empty_key(command: Run, served: list[Settings]) -> None:
    """An empty key, such as a variable that is not set gives, would let everybody in: it is refused."""
    ended = command("serve", "--api-key", "")

    assert ended.code == 2
    assert served == []


def test_a_taken_port(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that cannot be had is named."""

    def serve(*arguments: Any, **settings: Any) -> None:
        raise OSError(98, "error while attempting to bind on address ('127.0.0.1', 8080): address already in use")

    monkeypatch.setattr("dgasync.server.serve", serve)
    code, _, err = command("serve")

    assert code == 10
    assert err.startswith("dgasync: cannot listen on 127.0.0.1, port 8080: ")
    assert err.count("\n") == 1


def test_no_engine(command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the engine from working is said, with its own exit code."""

    def serve(*arguments: Any, **settings: Any) -> None:
        raise EngineError("it lacks model.bin")

    monkeypatch.setattr("dgasync.server.serve", serve)

    assert command("serve", "--engine-model", tmp_path) == (9, b"", "dgasync: it lacks model.bin\n")


def test_a_database(command: Run, served: list[Settings], tmp_path: Path) -> None:
    """The file of the account is handed on."""
    command("serve", "--database", tmp_path / "account.db")

    assert [settings.database for settings in served] == [str(tmp_path / "account.db")]


def test_no_database(command: Run, tmp_path: Path) -> None:
    """A file that is something else is named, and left alone."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database, and longer than one hundred bytes " * 9)
    code, _, err = command("serve", "--port", "0", "--engine", "ruler", "--database", file)

    assert code == 2
    assert err == f"dgasync: the database {file} cannot be used: file is not a database\n"
    assert file.read_text().startswith("not a database")
