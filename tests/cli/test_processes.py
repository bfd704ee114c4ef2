"""The command as a process of its own: signals, pipes, terminals, and what is imported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler, word_error_rate
from tests.cli.conftest import start

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and terminals")
JFK = Path(__file__).parents[2] / "examples" / "audio" / "jfk.wav"
SAID = "and so my fellow americans ask not what your country can do for you ask what you can do for your country"


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def test_imports() -> None:
    """Importing the command loads none of what it needs to run."""
    ended = python(
        "import sys, dgasync.cli, dgasync.__main__\n"
        "print({'click', 'rich', 'aiohttp', 'msgspec', 'anyio', 'asyncio'} & set(sys.modules))"
    )

    assert ended.stdout == "set()\n"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra(missing: str) -> None:
    """Without the extra, one line says how to get it."""
    # Standard error claims to be a terminal, for only there rich is needed.
    ended = python(
        "import sys\n"
        "sys.modules[sys.argv[1]] = None; sys.stderr.isatty = lambda: True\n"
        "from dgasync.cli import main\n"
        "sys.argv[1:] = ['transcribe', sys.executable, '--api-key', 'k']; main()",
        missing,
    )

    assert (ended.returncode, ended.stderr) == (
        9,
        "dgasync: the command needs an extra: pip install 'dgasync[cli]'\n",
    )


@POSIX
def test_serve_and_transcribe(wav: Path, ruler: Ruler) -> None:
    """`serve` says where it listens and `transcribe` reads there from a pipe; SIGTERM ends the server cleanly."""
    server = start(["serve", "--port", "0", "--engine", "ruler", "--api-key", "sesame"])
    try:
        assert server.stdout is not None
        first, second = server.stdout.readline().decode(), server.stdout.readline().decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert found
        assert found[0] in second
        client = start(
            ["transcribe", "--url", found[0], "-"],
            stdin=subprocess.PIPE,
            env={**os.environ, "DEEPGRAM_API_KEY": "sesame", "PYTHONIOENCODING": "ascii"},
        )
        out, err = client.communicate(wav.read_bytes())
        assert (client.returncode, out, err) == (0, f"{ruler.text}\n".encode(), b"")
    finally:
        server.send_signal(signal.SIGTERM)
        rest = server.communicate()
    assert (server.returncode, *rest) == (0, b"", b"")


@POSIX
def test_interrupted(wav: Path, deepgram_server: LocalServer) -> None:
    """Ctrl-C ends a transcription with 130, without a traceback."""
    deepgram_server.fail(Fault("stall"))
    process = start(["transcribe", "--url", deepgram_server.url, wav])
    while not (deepgram_server.requests and deepgram_server.requests[0].complete):
        assert process.poll() is None, process.communicate()
        sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert (process.returncode, out, err.strip()) == (130, b"", b"")


@POSIX
def test_several_interrupted(wav: Path, deepgram_server: LocalServer, tmp_path: Path) -> None:
    """Ctrl-C ends several transcriptions at once with 130, without a traceback, and no file is left half done."""
    deepgram_server.fail(Fault("stall"), times=None)
    process = start(["transcribe", "--url", deepgram_server.url, wav, wav, wav, "--jobs", "2", "-o", tmp_path / "made"])
    while sum(request.complete for request in deepgram_server.requests) < 2:
        assert process.poll() is None, process.communicate()
        sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()

    assert (process.returncode, out, err.strip()) == (130, b"", b"")
    assert len(deepgram_server.requests) == 2
    assert list((tmp_path / "made").iterdir()) == []


@POSIX
def test_a_terminal(wav: Path, ruler: Ruler, deepgram_server: LocalServer) -> None:
    """On a terminal progress shows on standard error, and is erased; standard output has the transcript alone."""
    import pty

    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TTY_COMPATIBLE")}
    process = start(
        ["transcribe", "--url", deepgram_server.url, wav], stderr=theirs, env={**environment, "TERM": "xterm"}
    )
    os.close(theirs)
    out, _ = process.communicate()
    seen = _drained(ours)

    assert (process.returncode, out) == (0, f"{ruler.text}\n".encode())
    assert b"connecting" in seen
    assert b"listening" in seen
    assert seen.endswith(b"\x1b[2K")


def _drained(terminal: int) -> bytes:
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other side is closed
            piece = b""
        if not piece:
            os.close(terminal)
            return seen
        seen += piece


@POSIX
def test_nobody_reads(wav: Path, deepgram_server: LocalServer) -> None:
    """When the reader of the output is gone, the command ends quietly with 141."""
    ours, theirs = os.pipe()
    process = start(["transcribe", "--url", deepgram_server.url, wav], stdout=theirs)
    os.close(ours)
    os.close(theirs)
    _, err = process.communicate()

    assert (process.returncode, err) == (141, b"")


@pytest.mark.engine
def test_spoken_and_heard() -> None:
    """What one command speaks on this machine another one hears from a pipe, as captions."""
    pytest.importorskip("faster_whisper")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    voice = start(["speak", "--local", SAID, "--encoding", "linear16", "--container", "wav"], env=environment)
    ear = start(["transcribe", "--local", "--captions", "srt", "-"], stdin=voice.stdout, env=environment)
    out, err = ear.communicate()
    _, said = voice.communicate()

    assert (voice.returncode, ear.returncode, said, err) == (0, 0, b"", b"")
    lines = out.decode().split("\n")
    assert lines[0] == "1"
    assert word_error_rate(SAID, " ".join(lines[2::4])) <= 0.2


@pytest.mark.engine
def test_local(tmp_path: Path) -> None:
    """A real recording is transcribed on this machine, without a network, and leaves nothing behind at home."""
    pytest.importorskip("faster_whisper")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    environment = {**os.environ, **nowhere, "HF_HUB_OFFLINE": "1", "HOME": str(tmp_path), "HF_HOME": str(tmp_path)}
    process = start(["transcribe", "--local", "--smart-format", JFK], env=environment)
    out, err = process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert word_error_rate(SAID, out.decode()) <= 0.1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
