"""`dgasync live` as a process of its own: pipes that stay open, Ctrl-C, a terminal, a real engine."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

import pytest

from dgasync.server import LocalServer
from dgasync.testing import Fault, Ruler, word_error_rate
from tests.cli.conftest import start
from tests.cli.terminal import Screen
from tests.cli.test_processes import JFK, POSIX, SAID

pytestmark = POSIX

RAW = ("--encoding", "linear16", "--sample-rate", "16000")
PATIENCE = 60  # seconds until something counts as hanging
ERASE = b"\x1b[2K"


def until(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for something that a living process brings about."""
    for _ in range(PATIENCE * 100):
        if happened():
            return
        assert process.poll() is None, process.communicate()
        sleep(0.01)
    process.kill()
    raise AssertionError(process.communicate())


@contextmanager
def listening(server: LocalServer, *arguments: str, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    """`dgasync live -`, with a pipe for standard input that stays open."""
    process = start(["live", "--url", server.url, "--retries", "0", *arguments, "-"], stdin=subprocess.PIPE, **settings)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def speak(process: subprocess.Popen[bytes], audio: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(audio)
    process.stdin.flush()


def test_as_it_comes(deepgram_server: LocalServer) -> None:
    """Audio is sent on and results are printed as they come, while the pipe stays open."""
    with listening(deepgram_server, *RAW, "--json") as process:
        speak(process, Ruler(1.2).audio())
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())

        assert first["channel"]["alternatives"][0]["transcript"] == "w0 w1"
        assert first["is_final"] is False


def test_lines_as_they_come(deepgram_server: LocalServer) -> None:
    """A line is written as soon as its utterance is over, so that another program can work on it."""
    with listening(deepgram_server, *RAW) as process:
        speak(process, Ruler(5.2).audio())
        assert process.stdout is not None

        assert process.stdout.readline().split() == [b"w%d" % number for number in range(10)]


def test_ctrl_c(deepgram_server: LocalServer) -> None:
    """Ctrl-C stops the audio, whose pipe stays open, prints the last words, and ends with 130."""
    audio = Ruler(2.0).audio()
    with listening(deepgram_server, *RAW) as process:
        speak(process, audio)
        until(lambda: bool(deepgram_server.requests) and deepgram_server.requests[0].size == len(audio), process)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()

        assert (process.wait(PATIENCE), out, err) == (130, b"w0 w1 w2 w3\n", b"")
    assert deepgram_server.requests[0].complete


def test_ctrl_c_twice(deepgram_server: LocalServer) -> None:
    """A second Ctrl-C does not wait for the last words."""
    deepgram_server.fail(Fault.late(600))
    with listening(deepgram_server, *RAW) as process:
        speak(process, Ruler(2.0).audio())
        until(lambda: bool(deepgram_server.requests) and deepgram_server.requests[0].size > 0, process)
        process.send_signal(signal.SIGINT)
        until(lambda: deepgram_server.requests[0].complete, process)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None

        assert (process.wait(PATIENCE), process.stdout.read()) == (130, b"")


def test_the_service_hangs_up(deepgram_server: LocalServer) -> None:
    """When the service ends it, the command ends too, though the pipe stays open."""
    deepgram_server.fail(Fault.close(1008, "NO", after_bytes=32_000))
    with listening(deepgram_server, *RAW) as process:
        speak(process, Ruler(2.0).audio())
        assert process.stderr is not None

        assert process.wait(PATIENCE) == 5
        assert b"NO" in process.stderr.read()


def test_nobody_reads(deepgram_server: LocalServer) -> None:
    """When the reader of the output is gone, the command ends quietly with 141, though the pipe stays open."""
    ours, theirs = os.pipe()
    with listening(deepgram_server, *RAW, stdout=theirs) as process:
        os.close(theirs)
        os.close(ours)
        speak(process, Ruler(5.2).audio())
        assert process.stderr is not None

        assert process.wait(PATIENCE) == 141
        assert process.stderr.read() == b""


class Watched:
    """A pseudo-terminal, and who looks at it."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        import fcntl
        import pty
        import termios

        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        self.screen = Screen(width)
        self.seen: list[list[str]] = []
        """What stood on it, one moment after another."""
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        left = b""
        while True:
            try:
                piece = os.read(self._ours, 65536)
            except OSError:  # Linux says so when the other side is closed
                piece = b""
            # What stands there is looked at each time before a line is erased.
            *frames, left = (left + piece).split(ERASE) if piece else (left, b"")
            for frame in frames:
                self.screen.write(frame.decode())
                self.seen.append(self.screen.marked)
                self.screen.write(ERASE.decode() if piece else "")
            if not piece:
                return

    def close(self) -> None:
        self._thread.join()
        os.close(self._ours)


ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("NO_COLOR", "TTY_COMPATIBLE", "COLUMNS", "LINES") and not name.startswith(("DEEPGRAM", "DGASYNC"))
}


def test_a_terminal(deepgram_server: LocalServer) -> None:
    """On a terminal words appear dim as they are heard, are replaced in place, and are plain lines in the end."""
    terminal = Watched()
    with listening(deepgram_server, *RAW, stdout=terminal.theirs, env={**ENVIRONMENT, "TERM": "xterm"}) as process:
        os.close(terminal.theirs)
        audio = Ruler(12.0).audio()
        speak(process, audio[:38_400])
        until(lambda: any("[w0 w1]" in screen for screen in terminal.seen), process)
        speak(process, audio[38_400:])
        process.communicate()
    terminal.close()

    assert process.returncode == 0
    lines = [" ".join(f"w{number}" for number in range(start, min(start + 10, 24))) for start in (0, 10, 20)]
    assert any(screen[-1:] == ["[w0 w1 w2 w3]"] for screen in terminal.seen)
    assert all(screen.count("[w0 w1]") <= 1 for screen in terminal.seen)
    assert terminal.screen.marked == lines


@pytest.mark.engine
def test_local() -> None:
    """Real speech is heard live on this machine, without a network."""
    pytest.importorskip("faster_whisper")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    process = start(["live", "--local", JFK], env={**ENVIRONMENT, **nowhere, "HF_HUB_OFFLINE": "1"})
    out, err = process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert word_error_rate(SAID, out.decode().replace("\n", " ")) <= 0.1
