"""The short examples, run as they are against the local server."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.hosting import hosted
from tests.microphones import plugged_in

EXAMPLES = Path(__file__).parents[2] / "examples"
RULER = Ruler(2.0)


@pytest.fixture
def wav(tmp_path: Path) -> str:
    path = tmp_path / "talk.wav"
    path.write_bytes(RULER.wav())
    return str(path)


@pytest.fixture
def script(
    deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Runs an example and gives what it prints."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_HOST", deepgram_server.url)

    def runs(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out.lower()  # smart formatting begins a sentence with a capital

    return runs


@pytest.mark.parametrize("name", ["file_async.py", "file_trio.py", "custom.py", "callback.py"])
def test_text(script: Callable[..., str], wav: str, name: str) -> None:
    """The example prints the transcript of a file."""
    assert script(name, wav) == f"{RULER.text}\n"


def test_turns(script: Callable[..., str], wav: str) -> None:
    """The sync example prints who says what; the ruler cannot tell speakers apart."""
    assert script("file_sync.py", wav) == f"   0.00  speaker none: {RULER.text}\n"


def test_documented(script: Callable[..., str], wav: str) -> None:
    """The documented example prints the whole answer as JSON."""
    assert f'"transcript": "{RULER.text}"' in script("documented.py", wav)


def test_url(script: Callable[..., str], deepgram_server: LocalServer) -> None:
    """The example hands the address to the service."""
    with hosted(RULER.wav()) as url:
        assert script("url.py", url) == f"{RULER.text}\n"
    assert deepgram_server.requests[0].size < 200


def test_custom(script: Callable[..., str], wav: str, deepgram_server: LocalServer) -> None:
    """Headers and parameters of one's own reach the service."""
    script("custom.py", wav)
    (request,) = deepgram_server.requests

    assert (request.headers["X-Team"], request.headers["X-Recording"]) == ("archive", "talk.wav")
    assert ("some_new_option", "yes") in request.query


def test_microphone(script: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented example prints what is said until Enter is pressed."""
    with plugged_in() as sounddevice:
        sounddevice.said = RULER.audio()
        monkeypatch.setattr("builtins.input", lambda text: sounddevice.stream.wait_until_silent())
        printed = script("microphone.py")

    assert printed.split() == RULER.words


def test_microphone_async(script: Callable[..., str]) -> None:
    """The native example prints what is said until the last word."""
    ruler = Ruler(9.0)
    with plugged_in() as sounddevice:
        sounddevice.said = ruler.audio()
        printed = script("microphone_async.py", "w1")

    assert printed.splitlines()[0] == "speak; 'w1' ends it."
    assert printed.replace(".", "").split()[-len(ruler.words) :] == ruler.words


def test_all_are_run() -> None:
    """No example is without a test."""
    tests = Path(__file__).parents[1]
    paths = [*tests.glob("examples/test_*.py"), *tests.glob("*/test_example.py")]  # some are beside what they show
    here = "".join(path.read_text("utf-8") for path in paths)

    for path in EXAMPLES.iterdir():
        assert path.is_dir() or path.name.startswith(".") or path.stem in here, path.name


@pytest.mark.parametrize("name", ["live.py", "live_async.py"])
def test_live(script: Callable[..., str], wav: str, name: str, deepgram_server: LocalServer) -> None:
    """The live examples print the final words as they come, to the last one."""
    assert script(name, wav).split() == RULER.words
    assert deepgram_server.requests[-1].complete


def test_live_http(script: Callable[..., str], deepgram_server: LocalServer) -> None:
    """A stream of the web is fetched from here, and its utterances are printed, with their time."""
    with hosted(RULER.wav()) as url:
        assert script("live_http.py", url) == f"   0.00  {RULER.text}\n"
    assert deepgram_server.requests[-1].kind == "websocket"
