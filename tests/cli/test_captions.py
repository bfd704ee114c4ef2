"""What one sees of live speech where there is no terminal."""

from __future__ import annotations

import io
import sys
from typing import Any, cast

import pytest

from dgasync.cli.captions import Captions
from dgasync.cli.captions import captions as captions_for
from dgasync.models.live import Close, Gap, Open, decode_message
from tests.cli.events import message, result

Output = pytest.CaptureFixture[str]


@pytest.fixture
def captions() -> Captions:
    return Captions({})


def test_utterances(captions: Captions, capsys: Output) -> None:
    """A line is an utterance, written when it is over, and the last one when all is."""
    captions.take(Open())
    captions.take(result("hello", is_final=False))
    captions.take(result("hello there"))
    before = capsys.readouterr().out
    captions.take(result("you", 1.0, speech_final=True))
    then = capsys.readouterr().out
    captions.take(result("good day", 2.0))
    captions.take(Close())

    assert (before, then, capsys.readouterr().out) == ("", "hello there you\n", "good day\n")
    assert list(captions.notes()) == []


def test_speakers(captions: Captions, capsys: Output) -> None:
    """Where speakers are told apart each turn is a line with a name."""
    captions.take(result("hello/0 there/0", speech_final=True))
    captions.take(result("hi/1 so/0", 2.0, speech_final=True))

    assert capsys.readouterr().out == "Speaker 0: hello there\nSpeaker 1: hi\nSpeaker 0: so\n"


def test_channels(captions: Captions, capsys: Output) -> None:
    """Where there are several channels each line says which."""
    captions.take(result("hello", channel=0, channels=2, speech_final=True))
    captions.take(result("hi/1", channel=1, channels=2, speech_final=True))

    assert capsys.readouterr().out == "Channel 0: hello\nChannel 1, speaker 1: hi\n"


def test_one_line(captions: Captions, capsys: Output) -> None:
    """What would break the line, or command a terminal, is a space; scripts that join letters are left alone."""
    captions.take(
        result("a\nb\x1b[31mc\u2028d \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", speech_final=True)
    )

    assert capsys.readouterr().out == "a b [31mc d \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645\n"


def test_silence(captions: Captions) -> None:
    """Where nothing is said, that is said."""
    captions.take(result("", speech_final=True))
    captions.take(Close())

    assert list(captions.notes()) == ["no speech was heard"]


def test_heard_elsewhere() -> None:
    """With a callback nothing is to be heard here."""
    assert list(Captions({"callback": "https://example.com"}).notes()) == []


def test_warnings(captions: Captions) -> None:
    """What the local server left out is said."""
    captions.take(result("hello", speech_final=True))
    captions.take(message(type="Metadata", warnings=[{"parameter": "diarize", "message": "No speakers here."}]))

    assert list(captions.notes()) == ["the service says: No speakers here."]


def test_what_is_missing(captions: Captions) -> None:
    """Frames that cannot be read are mentioned, each kind once, and so is audio that was lost."""
    captions.take(result("hello", speech_final=True))
    captions.take(decode_message(b"\xff"))
    captions.take(decode_message(b"\xff"))
    captions.take(Gap(start=1.0, end=2.5))
    unread, lost = captions.notes()

    assert "cannot be read" in unread
    assert lost == "the audio from 1.0 to 2.5 s was lost with the connection"


@pytest.mark.parametrize("terminal", [True, False])
def test_finishing(captions: Captions, monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    """Who has pressed Ctrl-C is told on standard error, if that is a terminal, what a second one does."""
    error = io.StringIO()
    monkeypatch.setattr(error, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", error)
    captions.finishing()

    assert error.getvalue() == ("dgasync: finishing; Ctrl-C again stops at once\n" if terminal else "")


def test_a_terminal_without_commands(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot replace anything gets the lines alone."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with captions_for(cast("Any", None), {}, as_json=False) as shown:
        shown.take(result("hello", is_final=False))
        shown.take(result("hello there", speech_final=True))

    assert capsys.readouterr().out == "hello there\n"
