"""`dgasync speak`, run in this process against the local server, whose ruler engine says numbers."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from dgasync.server import LocalServer
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Fault, callback_receiver
from tests.cli.conftest import Run
from tests.loudspeakers import connected


@pytest.fixture
def speak(command: Run, deepgram_server: LocalServer) -> Run:
    """Runs `dgasync speak` in this process, with the test's server for a service, and without retries."""
    return lambda *arguments: command("speak", "--url", deepgram_server.url, "--retries", "0", *arguments)


def test_a_file(speak: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """The sound goes to a file, and is what its name says."""
    path = tmp_path / "hello.wav"

    assert speak("Hello there.", "-o", path) == (0, b"", "")
    assert path.read_bytes()[:4] == b"RIFF"
    (request,) = deepgram_server.requests
    assert request.query == [("model", "aura-2-thalia-en"), ("encoding", "linear16"), ("container", "wav")]
    assert b"Hello there." in request.head


def test_flags(speak: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """Flags become parameters, and say what is in a file whose name does not."""
    path = tmp_path / "x.sound"
    ended = speak(
        *("Hello.", "--model", "aura-2-zeus-en", "--encoding", "linear16", "--container", "wav", "--query", "future=1"),
        *("--output", path),
    )

    assert ended.code == 0
    assert deepgram_server.requests[0].query == [
        *(("model", "aura-2-zeus-en"), ("encoding", "linear16"), ("container", "wav"), ("future", "1"))
    ]


def test_names_and_flags(speak: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """A flag may say what a name leaves open, and the name what the flag leaves open."""
    assert speak("Hello.", "--encoding", "mulaw", "-o", tmp_path / "x.wav").code == 0
    assert (tmp_path / "x.wav").read_bytes()[:4] == b"RIFF"
    assert ("container", "wav") in deepgram_server.requests[0].query


def test_a_pipe(speak: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """Without a file the sound goes to standard output; the text may come from standard input, or a file."""
    raw = ("--encoding", "linear16", "--container", "none")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"Hello there."))))
    (tmp_path / "x.txt").write_bytes(b"\xef\xbb\xbfHello there.")
    typed, piped = speak("Hello there.", *raw), speak("-", *raw)
    filed = speak("--file", tmp_path / "x.txt", *raw)

    assert len(typed.out) > 1000
    assert typed == (0, piped.out, "")
    assert piped.out == filed.out
    assert len({request.head for request in deepgram_server.requests}) == 1


def test_a_terminal(speak: Run, monkeypatch: pytest.MonkeyPatch, deepgram_server: LocalServer) -> None:
    """No sound goes to a terminal, and none is asked for."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ended = speak("Hello.")

    assert (ended.code, ended.out) == (2, b"")
    assert "--output FILE" in ended.err
    assert deepgram_server.requests == []


def test_it_is_played(speak: Run, deepgram_server: LocalServer) -> None:
    """--play plays all of it, as raw sound, before the command ends."""
    said = speak("Hello there.", "--encoding", "linear16", "--container", "none", "--sample-rate", "24000").out
    with connected() as machine:
        ended = speak("Hello there.", "--play", "--device", "loud")

        assert ended[:2] == (0, b"")
        assert machine.asked == {"samplerate": 24000, "channels": 1, "device": 0}
        # It forgets silence, which may be part of what is said.
        assert machine.played.replace(b"\0", b"") == said.replace(b"\0", b"")


def test_a_failure(speak: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """What fails leaves no file, and what is there already is left alone."""
    deepgram_server.fail(Fault.status(402))
    assert speak("Hello.", "-o", tmp_path / "x.mp3").code == 3
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.mp3").write_bytes(b"mine")
    assert speak("Hello.", "-o", tmp_path / "x.mp3").code == 11
    assert (tmp_path / "x.mp3").read_bytes() == b"mine"
    assert len(deepgram_server.requests) == 1


def test_callback(speak: Run, deepgram_server: LocalServer) -> None:
    """With --callback the sound goes there."""
    with callback_receiver() as receiver:
        ended = speak("Hello.", "--callback", receiver.url, "--encoding", "linear16", "--container", "wav")
        (delivery,) = receiver.wait()

    request_id = deepgram_server.requests[0].request_id
    assert ended.text == f"The answer will be sent to {receiver.url}; request {request_id}.\n"
    assert delivery.body[:4] == b"RIFF"


def test_local(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """--local speaks on this machine."""
    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: RulerEngine())
    ended = command("speak", "--local", "Hello.", "--encoding", "linear16", "--container", "wav")

    assert (ended.code, ended.out[:4]) == (0, b"RIFF")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, "Missing argument"),
        (("Hello.", "--file", "x.txt"), 2, "not both"),
        (("", "-o", "x.mp3"), 2, "empty"),
        (("--file", "none.txt", "-o", "x.mp3"), 4, "none.txt: No such file"),
        (("--file", "https://example.com/x.txt", "-o", "x.mp3"), 2, "file of this machine"),
        (("Hello.", "--play", "-o", "x.mp3"), 2, "--play and --output"),
        (("Hello.", "--play", "--encoding", "mp3"), 2, "leave --encoding out"),
        (("Hello.", "--device", "1", "-o", "x.mp3"), 2, "--device goes with --play"),
        (("Hello.", "--priority", "low", "-o", "x.mp3"), 2, "--priority goes with --callback"),
        (("Hello.", "--callback", "http://127.0.0.1:9", "--play"), 2, "--play is for here"),
        (("Hello.", "-o", "none/x.mp3"), 11, "cannot be written"),
        (("Hello.", "-o", "x.xyz"), 2, "x.xyz: .xyz does not say"),
        (("Hello.", "-o", "x.wav", "--encoding", "mp3"), 2, "--encoding mp3 does not go with x.wav"),
        (("Hello.", "-o", "x.ogg", "--container", "wav"), 2, "--container wav does not go with x.ogg"),
    ],
)
def test_what_makes_no_sense(
    speak: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deepgram_server: LocalServer,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    """What makes no sense is refused in one line, before anything is asked for, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    ended = speak(*arguments)

    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert says in ended.err
    assert deepgram_server.requests == []
    assert list(tmp_path.iterdir()) == []
