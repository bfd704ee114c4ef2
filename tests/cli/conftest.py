"""The command, run inside the test and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from dgasync import logs
from dgasync.cli.entry import run
from dgasync.server import LocalServer
from dgasync.testing import Ruler


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key, also none in a keyring of this machine, and no handler of an earlier run."""
    for name in [name for name in os.environ if name.startswith(("DEEPGRAM_", "DGASYNC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    handlers, level = list(logs.log.handlers), logs.log.level
    yield
    logs.log.handlers[:] = handlers
    logs.log.setLevel(level)


class Ended(NamedTuple):
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


Run = Callable[..., Ended]


@pytest.fixture
def command(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs the command in this process."""

    def runs(*arguments: str | Path) -> Ended:
        capsysbinary.readouterr()
        code = run([str(each) for each in arguments])
        captured = capsysbinary.readouterr()
        return Ended(code, captured.out, captured.err.decode())

    return runs


@pytest.fixture
def asked(command: Run, deepgram_server: LocalServer) -> Run:
    """Runs `dgasync transcribe` in this process, with the test's server for a service, and without retries."""

    def runs(*arguments: str | Path) -> Ended:
        return command("transcribe", "--url", deepgram_server.url, "--retries", "0", *arguments)

    return runs


@pytest.fixture
def ruler() -> Ruler:
    return Ruler(2.0)


@pytest.fixture
def wav(tmp_path: Path, ruler: Ruler) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(ruler.wav())
    return path


def start(arguments: Sequence[str | Path], **settings: object) -> subprocess.Popen[bytes]:
    """The command as a process."""
    made = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen([sys.executable, "-m", "dgasync", *map(str, arguments)], **made)  # type: ignore[call-overload,no-any-return]
