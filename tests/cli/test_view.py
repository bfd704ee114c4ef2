"""What one sees of live speech where there is no terminal."""

from __future__ import annotations

import io
import sys
from typing import Any, cast

import pytest

from dgasync.cli.view import View
from dgasync.cli.view import view as view_for
from dgasync.models.live import Close, Gap, Open, Reconnecting, decode_message
from tests.cli.events import message, result

Output = pytest.CaptureFixture[str]


@pytest.fixture
def view() -> View:
    return View({})


def test_utterances(view: View, capsys: Output) -> None:
    """A line is an utterance, written when it is over, and the last one when all is."""
    view.take(Open())
    view.take(result("hello", is_final=False))
    view.take(result("hello there"))
    before = capsys.readouterr().out
    view.take(result("you", 1.0, speech_final=True))
    then = capsys.readouterr().out
    view.take(result("good day", 2.0))
    view.take(Close())

    assert (before, then, capsys.readouterr().out) == ("", "hello there you\n", "good day\n")
    assert list(view.notes()) == []


def test_speakers(view: View, capsys: Output) -> None:
    """Where speakers are told apart each turn is a line with a name."""
    view.take(result("hello/0 there/0", speech_final=True))
    view.take(result("hi/1 so/0", 2.0, speech_final=True))

    assert capsys.readouterr().out == "Speaker 0: hello there\nSpeaker 1: hi\nSpeaker 0: so\n"


def test_names(capsys: Output) -> None:
    """Speakers have the names that they are given."""
    View({}, {1: "Ada"}).take(result("hi/1 so/0", speech_final=True))

    assert capsys.readouterr().out == "Ada: hi\nSpeaker 0: so\n"


def test_captions(capsys: Output) -> None:
    """Captions are written cue by cue, and nothing else is; silence is told of all the same."""
    shown = view_for(cast("Any", None), {}, captions="srt", look={"words_per_line": 2})
    shown.take(result("one two three", is_final=True))
    first = capsys.readouterr().out
    shown.take(result("four", 1.5, speech_final=True))

    assert first == "1\n00:00:00,000 --> 00:00:01,000\none two\n"
    assert capsys.readouterr().out == "\n2\n00:00:01,000 --> 00:00:02,000\nthree four\n"
    assert list(shown.notes()) == []


def test_channels(view: View, capsys: Output) -> None:
    """Where there are several channels each line says which."""
    view.take(result("hello", channel=0, channels=2, speech_final=True))
    view.take(result("hi/1", channel=1, channels=2, speech_final=True))

    assert capsys.readouterr().out == "Channel 0: hello\nChannel 1, speaker 1: hi\n"


def test_one_line(view: View, capsys: Output) -> None:
    """What would break the line, or command a terminal, is a space; scripts that join letters are left alone."""
    view.take(result("a\nb\x1b[31mc\u2028d \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", speech_final=True))

    assert capsys.readouterr().out == "a b [31mc d \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n"


def test_silence(view: View) -> None:
    """Where nothing is said, that is said."""
    view.take(result("", speech_final=True))
    view.take(Close())

    assert list(view.notes()) == ["no speech was heard"]


def test_heard_elsewhere() -> None:
    """With a callback nothing is to be heard here."""
    assert list(View({"callback": "https://example.com"}).notes()) == []


def test_warnings(view: View) -> None:
    """What the local server left out is said."""
    view.take(result("hello", speech_final=True))
    view.take(message(type="Metadata", warnings=[{"parameter": "diarize", "message": "No speakers here."}]))

    assert list(view.notes()) == ["the service says: No speakers here."]


def test_what_is_missing(view: View) -> None:
    """Frames that cannot be read are mentioned, each kind once, and so is audio that was lost."""
    view.take(result("hello", speech_final=True))
    view.take(decode_message(b"\xff"))
    view.take(decode_message(b"\xff"))
    view.take(Gap(start=1.0, end=2.5))
    unread, lost = view.notes()

    assert "cannot be read" in unread
    assert lost == "the audio from 1.0 to 2.5 s was lost with the connection"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_lost_connection(monkeypatch: pytest.MonkeyPatch, terminal: bool, as_json: bool) -> None:
    """That the connection is lost is one line on standard error, if that is a terminal, however often it is tried."""
    error = io.StringIO()
    monkeypatch.setattr(error, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", error)
    shown = view_for(cast("Any", None), {}, as_json=as_json)
    for attempt in (1, 2, 3):
        shown.take(Reconnecting(reason="It broke.", attempt=attempt, delay=0.1))

    assert error.getvalue() == ("dgasync: the connection is lost; connecting again\n" if terminal else "")


@pytest.mark.parametrize("terminal", [True, False])
def test_finishing(view: View, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    """Who has pressed Ctrl-C is told on standard error, if that is a terminal, what a second one does."""
    error = io.StringIO()
    monkeypatch.setattr(error, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", error)
    view.finishing()

    assert error.getvalue() == ("dgasync: finishing; Ctrl-C again stops at once\n" if terminal else "")


def test_a_terminal_without_commands(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot replace anything gets the lines alone."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with view_for(cast("Any", None), {}, as_json=False) as shown:
        shown.take(result("hello", is_final=False))
        shown.take(result("hello there", speech_final=True))

    assert capsys.readouterr().out == "hello there\n"
