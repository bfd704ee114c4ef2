"""The server as a command runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import urllib.request

import pytest

from dgasync.server import Settings, Tell, make_engine, serve
from dgasync.server.ruler import RulerEngine
from dgasync.testing import ruler_wav

PROGRAM = """
from dgasync.server import Settings, serve
serve(Settings(port=0, grace=0.1), engine="ruler", ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_until_a_signal() -> None:
    """It serves until Ctrl-C, and then ends in peace."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        request = urllib.request.Request(f"{url}/v1/listen", data=ruler_wav(1), method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopped\n"
        assert process.wait(30) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop(number: signal.Signals) -> None:
    """Either signal ends it in the process that called, too, and leaves no thread and no handler."""
    before, handler = set(threading.enumerate()), signal.getsignal(number)
    told: list[str] = []

    def ready(url: str) -> None:
        told.append(url)
        signal.raise_signal(number)

    serve(Settings(port=0), engine="ruler", ready=ready)
    assert len(told) == 1
    assert set(threading.enumerate()) <= before
    assert signal.getsignal(number) == handler


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_told_to_stop_early() -> None:
    """A signal while the engine is loaded, or downloaded, is not kept waiting."""

    class Interrupted(RulerEngine):
        def load(self, tell: Tell, /) -> None:
            tell("loading")
            signal.raise_signal(signal.SIGINT)
            assert go_on.wait(30)
            loaded.set()

    told: list[str] = []
    go_on, loaded = threading.Event(), threading.Event()
    serve(Settings(port=0), engine=Interrupted(), tell=told.append, ready=told.append)
    assert told == ["loading"]
    go_on.set()
    assert loaded.wait(30)


def test_problem_is_raised() -> None:
    """What keeps it from serving is raised, in any thread."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            serve(Settings(host="256.0.0.1", port=0), engine=RulerEngine())
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert isinstance(problems[0], OSError)


def test_ready_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An IPv6 address is told in brackets."""
    told: list[str] = []

    class Enough(Exception):
        pass

    def ready(url: str) -> None:
        told.append(url)
        raise Enough

    for host in ("127.0.0.1", "::1"):
        try:
            serve(Settings(host=host, port=0), engine=RulerEngine(), ready=ready)
        except Enough:
            continue
        except OSError:
            assert host == "::1"  # a machine without IPv6
            told.append("http://[::1]:0")
    assert told[0].startswith("http://127.0.0.1:")
    assert told[1].startswith("http://[::1]:")


def test_engines() -> None:
    """Engines have names."""
    assert make_engine("ruler").name == "ruler"
    assert make_engine("whisper").name == "whisper-tiny.en"
    with pytest.raises(ValueError, match="no engine 'other'"):
        make_engine("other")
