"""`dgasync live`, run in this process against the local server; tests/cli/test_live_processes.py does the rest."""

from __future__ import annotations

import io
import json
import signal
import sys
from array import array
from pathlib import Path
from threading import Event, Thread, get_ident
from time import sleep
from typing import Any

import pytest

from dgasync.cli.live import Patience
from dgasync.errors import DeepgramWebsocketError, SessionEnded
from dgasync.models.params import LiveParams
from dgasync.server import LocalServer
from dgasync.server.options import LIVE_TREATMENT, Treatment
from dgasync.server.ruler import RulerEngine
from dgasync.testing import Fault, Ruler, silence
from dgasync.testing.ruler import wav_header
from dgasync.transcript import Transcript
from tests.cli.conftest import Run
from tests.cli.test_processes import POSIX
from tests.hosting import hosted
from tests.microphones import plugged_in

RAW = ("--encoding", "linear16", "--sample-rate", "16000")


@pytest.fixture
def ruler() -> Ruler:
    """Long enough for several utterances: every tenth word ends one."""
    return Ruler(12.0)


@pytest.fixture
def live(command: Run, deepgram_server: LocalServer) -> Run:
    """Runs `dgasync live` in this process, with the test's server for a service, and without retries."""

    def runs(*arguments: str | Path) -> Any:
        return command("live", "--url", deepgram_server.url, "--retries", "0", *arguments)

    return runs


def typed(monkeypatch: pytest.MonkeyPatch, audio: bytes) -> None:
    """Have this on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(audio))))


def test_lines(live: Run, wav: Path, ruler: Ruler) -> None:
    """Each utterance is a line, and nothing else is printed."""
    code, out, err = live(wav)

    lines = out.decode().splitlines()
    assert (code, err) == (0, "")
    assert [len(line.split()) for line in lines] == [10, 10, 4]
    assert " ".join(lines) == ruler.text


def test_json(live: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """--json prints the service's messages a line each, byte for byte, and nothing of the session's own."""
    odd = '{ "type":"Odd",\t"x": 1.0}', '{"type": "Results", "start": "no number"}'
    deepgram_server.fail(Fault.text_frame(*odd))
    code, out, err = live("--json", wav)

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[:2] == [each.encode() for each in odd]
    assert {json.loads(line)["type"] for line in lines[2:]} == {"Results", "Metadata"}
    assert json.loads(lines[-1])["request_id"] == deepgram_server.requests[0].request_id


def test_json_stays_json(live: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """A frame that is no JSON object is mentioned on standard error, where it breaks no line of the output."""
    deepgram_server.fail(Fault.text_frame(b"\xff\n{", "[1]"))
    code, out, err = live("--json", wav)

    assert code == 0
    assert all(isinstance(json.loads(line), dict) for line in out.splitlines())
    assert err.count("cannot be read") == 2


def test_what_is_asked_for(live: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """Without flags the native verb's own question is asked, and results that are not final are asked for."""
    live(wav)
    live("--no-interim-results", wav)

    first, second = deepgram_server.requests
    assert dict(first.query) == {"model": "nova-3", "interim_results": "true"}
    assert second.param("interim_results") == ["false"]


def test_flags(live: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """Flags become parameters, and so do those that have no flag."""
    ended = live("--punctuate", "--endpointing", "300", "--tag", "a", "--tag", "b", "--query", "future=1", wav)

    query = deepgram_server.requests[0].query
    assert ended.code == 0
    for pair in (("punctuate", "true"), ("endpointing", "300"), ("tag", "a"), ("tag", "b"), ("future", "1")):
        assert pair in query


def test_every_option_has_a_flag(command: Run) -> None:
    """The help shows each option of live speech as a flag, apart from the command's own."""
    own, _, asked_for = command("live", "--help").text.partition("What to ask for:")

    for name in LiveParams.__annotations__:
        flag = f"--{name.replace('_', '-')}"
        assert f"  {flag} " in asked_for, flag
        assert f"  {flag} " not in own, flag
    for flag in ("--realtime", "--json", "--local", "--timeout", "--query"):
        assert f"  {flag} " in own


def test_a_url(live: Run, ruler: Ruler, deepgram_server: LocalServer) -> None:
    """What is at an address is fetched and sent on."""
    with hosted(ruler.wav()) as url:
        ended = live(url)

    assert (ended.code, ended.text.split()) == (0, ruler.words)
    assert deepgram_server.requests[0].size == len(ruler.wav())


@pytest.mark.parametrize("raw", [False, True])
def test_standard_input(live: Run, ruler: Ruler, monkeypatch: pytest.MonkeyPatch, raw: bool) -> None:
    """With - the audio comes from standard input: a container, or raw audio as the flags say."""
    typed(monkeypatch, ruler.audio() if raw else ruler.wav())
    ended = live("-", *(RAW if raw else ()))

    assert (ended.code, ended.text.split(), ended.err) == (0, ruler.words, "")


def test_standard_input_without_anything(live: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty standard input is no audio."""
    typed(monkeypatch, b"")

    assert live("-") == (4, b"", "dgasync: nothing came in on standard input\n")


def test_standard_input_from_a_keyboard(live: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types audio."""

    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Keyboard()))
    code, _, err = live("-")

    assert code == 2
    assert "| dgasync live -" in err


def test_realtime(live: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """With --realtime a file is played in the small pieces of a microphone, without it is sent in large ones."""
    path = tmp_path / "short.wav"
    path.write_bytes(Ruler(0.5).wav())
    played, sent = live("--realtime", path), live(path)

    assert played.text == sent.text == "w0\n"
    assert [request.frames > 3 for request in deepgram_server.requests] == [True, False]


def test_channels(live: Run, tmp_path: Path) -> None:
    """With --multichannel each line says on which channel it was said."""
    ruler = Ruler(2.0)
    left, right = array("h", ruler.audio()), array("h", Ruler(2.0, start=2.0).audio())
    both = array("h", [sample for pair in zip(left, right, strict=True) for sample in pair]).tobytes()
    path = tmp_path / "two.wav"
    path.write_bytes(wav_header(len(both), channels=2) + both)
    ended = live("--multichannel", path)

    assert sorted(ended.text.splitlines()) == ["Channel 0: w0 w1 w2 w3", "Channel 1: w4 w5 w6 w7"]


def test_what_is_left_out(live: Run, wav: Path) -> None:
    """What the server cannot do is said beside the lines."""
    ended = live("--diarize", wav)

    assert ended.code == 0
    assert "`diarize`" in ended.err
    assert ended.err.count("\n") == 1


def test_silence(live: Run, tmp_path: Path) -> None:
    """Where nothing is said, that is said."""
    path = tmp_path / "silent.wav"
    path.write_bytes(wav_header(32_000) + silence(1.0))

    assert live(path) == (0, b"", "dgasync: no speech was heard\n")


def test_audio_that_cannot_be_heard(live: Run, ruler: Ruler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw audio without a word about it is diagnosed when it comes, and at the end nothing was heard."""
    typed(monkeypatch, ruler.audio())
    code, out, err = live("-")

    assert (code, out) == (0, b"")
    why, what = err.splitlines()
    assert "`encoding`" in why
    assert what == "dgasync: no speech was heard"


def test_a_diagnosis(live: Run, ruler: Ruler, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the service ends it, the likely reason is part of the error."""
    typed(monkeypatch, ruler.audio())
    deepgram_server.fail(Fault.close(1008, "DATA-0000"))
    code, _, err = live("-")

    assert code == 5
    assert "DATA-0000" in err.splitlines()[-1]
    assert "`encoding`" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.status(400), 5),
        (Fault.status(401), 3),
        (Fault.status(429), 7),
        (Fault.status(503), 7),
        (Fault.drop(), 6),
        (Fault.reset(), 6),
        (Fault.close(1008, "this\nis \x1b[31mred"), 5),
        (Fault.close(1009), 5),
    ],
    ids=lambda value: f"{value.kind}-{value.code}" if isinstance(value, Fault) else None,
)
def test_exit_codes(live: Run, wav: Path, deepgram_server: LocalServer, fault: Fault, code: int) -> None:
    """Each kind of failure has its own code and one line on standard error, free of what a terminal would obey."""
    deepgram_server.fail(fault, times=None)
    ended = live(wav)

    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith("dgasync: ")
    assert ended.err.count("\n") == 1
    assert "\x1b" not in ended.err


def test_no_reconnect(live: Run, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """A lost connection is replaced, and nothing logged of it; with --no-reconnect it is the end."""
    path, ruler = tmp_path / "short.wav", Ruler(1.0)
    path.write_bytes(ruler.wav())
    deepgram_server.fail(Fault.drop(after_bytes=20_000))
    ended = live("--no-reconnect", path)
    deepgram_server.fail(Fault.drop(after_bytes=20_000))
    replaced = live(path)

    assert (ended.code, ended.err.count("\n")) == (6, 1)
    assert (replaced.code, replaced.text, replaced.err) == (0, f"{ruler.text}\n", "")


def test_what_was_said_before(live: Run, wav: Path, deepgram_server: LocalServer) -> None:
    """What was final before a failure is printed."""
    deepgram_server.fail(Fault.close(1008, after_bytes=len(Ruler(6.0).wav())))
    ended = live(wav)

    assert ended.code == 5
    assert ended.text.splitlines()[0].split() == Ruler(5.0).words


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument"),
        (("--interim-result", "talk.wav"), "--interim-results"),
        (("--engine-model", ".", "talk.wav"), "--local"),
        (("--local", "--callback", "http://127.0.0.1:9", "talk.wav"), "--callback"),
        (("--local", "--url", "http://127.0.0.1:9", "talk.wav"), "--url"),
        (("--mic", "talk.wav"), "leave the other audio out"),
        (("--mic", "--encoding", "mulaw"), "leave --encoding out"),
        (("--mic", "--realtime"), "leave --realtime out"),
        (("--device", "1", "talk.wav"), "--device goes with --mic"),
        (("--json", "--captions", "srt", "talk.wav"), "--json and --captions"),
        (("--output", "x.txt", "talk.wav"), "--transcript FILE"),
        (("--output", "x", "talk.wav"), "--transcript FILE"),
        (("--output", "x.ass", "talk.wav"), "use .srt or .vtt"),
        (("--captions", "srt", "--output", "x.vtt", "talk.wav"), "--captions srt does not go with x.vtt"),
        (("--transcript", "t.docx", "talk.wav"), "t.docx: .docx does not say"),
        (("--words-per-line", "3", "talk.wav"), "--words-per-line goes with --captions"),
        (("--callback", "https://example.com", "--transcript", "x.txt", "talk.wav"), "nothing is written here"),
    ],
)
def test_usage(command: Run, wav: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str) -> None:
    """A command line that makes no sense is refused in one line that names what is wrong."""
    monkeypatch.chdir(wav.parent)
    ended = command("live", *arguments)

    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1


def test_audio_without_a_speed(live: Run, tmp_path: Path) -> None:
    """Audio whose speed is not known cannot be played, and that is a matter of the command line."""
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3" + bytes(100))
    code, _, err = live("--realtime", path)

    assert code == 2
    assert "their own speed" in err


@pytest.mark.parametrize("name", ["nothing.wav", "empty.wav", "."])
def test_unreadable_recordings(live: Run, tmp_path: Path, name: str, deepgram_server: LocalServer) -> None:
    """A file that is missing, empty or a folder is no recording."""
    (tmp_path / "empty.wav").touch()
    ended = live(tmp_path / name)

    assert ended.code == 4
    assert str(tmp_path / name) in ended.err
    assert deepgram_server.requests == []


def test_no_key(command: Run, wav: Path) -> None:
    """Without a key both ways out are named."""
    code, _, err = command("live", wav)

    assert code == 3
    assert "--local" in err


def test_captions(live: Run, wav: Path, ruler: Ruler, tmp_path: Path) -> None:
    """--captions prints captions, or with --output writes them beside what is printed; --transcript has all of it."""
    printed = live("--captions", "srt", wav)
    made, whole = tmp_path / "x.srt", tmp_path / "x.json"
    written = live("--output", made, "--transcript", whole, wav)

    assert printed.text.startswith("1\n00:00:00,000 --> 00:00:04,000\nw0 w1 w2 w3 w4 w5 w6 w7\n")
    assert made.read_text() == printed.text
    assert [len(line.split()) for line in written.text.splitlines()] == [10, 10, 4]
    assert Transcript.from_json(whole.read_bytes()).text.split() == ruler.words


def test_what_is_there_is_not_lost(live: Run, wav: Path, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """Files that are there already are left alone, before anything is asked for."""
    (tmp_path / "x.srt").write_text("mine")
    for flag in ("--output", "--transcript"):
        assert live(flag, tmp_path / "x.srt", wav).code == 11
    assert deepgram_server.requests == []
    assert (tmp_path / "x.srt").read_text() == "mine"


def test_files_of_a_failure(live: Run, wav: Path, ruler: Ruler, tmp_path: Path, deepgram_server: LocalServer) -> None:
    """What was final before a failure is in the files too; where there never was a session there is no transcript."""
    deepgram_server.fail(Fault.close(1008, after_bytes=len(Ruler(6.0).wav())))
    made, whole = tmp_path / "x.vtt", tmp_path / "x.txt"

    assert live("--output", made, "--transcript", whole, wav).code == 5
    said = whole.read_text().split()
    assert len(said) >= 10
    assert said == ruler.words[: len(said)]
    assert made.read_text().split("\n")[3] == " ".join(ruler.words[:8])
    deepgram_server.fail(Fault.status(400))
    assert live("--transcript", tmp_path / "none.txt", wav).code == 5
    assert not (tmp_path / "none.txt").exists()


def test_no_file_of_what_is_not_over(live: Run, wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that was left before it was over has no transcript, and what was there already is left alone."""

    def unfinished(session: object) -> None:
        raise DeepgramWebsocketError("It is not over.")

    monkeypatch.setattr("dgasync.sync.session.LiveSession.result", unfinished)
    (tmp_path / "x.txt").write_text("mine")
    live("--transcript", tmp_path / "x.txt", "--force", wav)

    assert (tmp_path / "x.txt").read_text() == "mine"


class Heard(Patience):
    """Presses Ctrl-C when the server has all that the microphone heard."""

    audio = Ruler(6.0).audio()
    server: LocalServer

    def __enter__(self) -> Any:
        waiting = get_ident()

        def press() -> None:
            while not (self.server.requests and self.server.requests[0].size == len(self.audio)):
                sleep(0.01)
            signal.pthread_kill(waiting, signal.SIGINT)

        entered = super().__enter__()
        Thread(target=press, daemon=True).start()
        return entered


@POSIX
def test_the_microphone(live: Run, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """--mic hears the microphone, as raw audio of which the service is told, until Ctrl-C; what is lost is told."""
    Heard.server = deepgram_server
    monkeypatch.setattr("dgasync.microphone.Microphone.dropped", 3)
    monkeypatch.setattr("dgasync.cli.live.Patience", Heard)
    with plugged_in() as machine:
        machine.said = Heard.audio
        ended = live("--mic", "--device", "microphone")

    assert (ended.code, ended.text.split()) == (130, Ruler(6.0).words)
    assert ended.err.endswith("pieces that were dropped: 3\n")
    assert machine.asked == {"samplerate": 16000, "channels": 1, "device": 1}
    assert {("encoding", "linear16"), ("sample_rate", "16000")} <= set(deepgram_server.requests[0].query)


def test_callback(live: Run, wav: Path, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --callback it is said where the results go."""
    monkeypatch.setitem(LIVE_TREATMENT, "callback", Treatment.WITHOUT_EFFECT)
    ended = live("--callback", "https://example.com/heard", wav)

    request_id = deepgram_server.requests[0].request_id
    assert ended.text.splitlines()[0] == f"The results will be sent to https://example.com/heard; request {request_id}."


def test_local(command: Run, wav: Path, ruler: Ruler, monkeypatch: pytest.MonkeyPatch) -> None:
    """--local starts a server of its own and talks to that."""
    monkeypatch.setattr("dgasync.server.make_engine", lambda name, model: RulerEngine())
    ended = command("live", "--local", wav)

    assert (ended.code, ended.text.split()) == (0, ruler.words)


class Finishing:
    """A session that is told to finish, and whom that is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.said: list[str] = []
        self.over = Event()
        self._error = error

    def tell(self) -> None:
        self.said.append("told")

    def finish(self) -> None:
        self.said.append("finished")
        self.over.set()
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("error", [None, SessionEnded("It is over.")])
def test_ctrl_c(error: Exception | None) -> None:
    """The first Ctrl-C has the session finish, even if it is over; the second one interrupts."""
    finishing, before = Finishing(error), signal.getsignal(signal.SIGINT)
    with Patience(finishing.tell, finishing.finish) as patience:
        assert not patience.is_over
        signal.raise_signal(signal.SIGINT)
        finishing.over.wait()
        assert patience.is_over
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    assert finishing.said == ["told", "finished"]
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_that_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job in the background of a script does not hear Ctrl-C."""
    finishing, before = Finishing(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Patience(finishing.tell, finishing.finish) as patience:
            signal.raise_signal(signal.SIGINT)
            assert not patience.is_over
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_with_its_code(live: Run, wav: Path, ruler: Ruler, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C the last words are printed, and the exit code says that it was pressed."""

    class Pressed(Patience):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.is_over = True

    monkeypatch.setattr("dgasync.cli.live.Patience", Pressed)
    ended = live(wav)

    assert (ended.code, ended.text.split()) == (130, ruler.words)
