"""Captions on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, cast

import pytest

from dgasync.cli.view import View, view
from dgasync.models.live import Close, Open, Reconnected, Reconnecting
from dgasync.protocol.live import Phase
from tests.cli.events import result
from tests.cli.terminal import Terminal

WIDTH = 20


@dataclass
class Session:
    """What the captions want to know of a session."""

    phase: Phase = Phase.OPEN
    sent_seconds: float | None = None
    diagnosis: str | None = None


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("LINES", "5")
    return Terminal(WIDTH)


@contextmanager
def shown_on(terminal: Terminal, session: Session | None = None) -> Iterator[View]:
    """Captions, with the terminal for standard output and standard error."""
    given = cast("Any", session or Session())
    with redirect_stdout(terminal), redirect_stderr(terminal), view(given, {}, as_json=False) as shown:
        yield shown


def test_what_may_change(terminal: Terminal) -> None:
    """Words that may still change are dim, and are replaced where they stand."""
    with shown_on(terminal) as shown:
        shown.take(result("hullo", is_final=False))
        first = terminal.screen.marked
        shown.take(result("hello there", is_final=False))

        assert first == ["[hullo]"]
        assert terminal.screen.marked == ["[hello there]"]


def test_what_stands(terminal: Terminal) -> None:
    """Final words of an utterance that is not over are not dim, those behind them are."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there"))
        shown.take(result("you", 1.0, is_final=False))

        assert terminal.screen.marked == ["hello there[ you]"]


def test_what_was_said(terminal: Terminal) -> None:
    """An utterance that is over is a plain line above, and the next one is shown below it."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there", is_final=False))
        shown.take(result("hello there", speech_final=True))
        shown.take(result("good day", 2.0, is_final=False))

        assert terminal.screen.marked == ["hello there", "[good day]"]


def test_the_end(terminal: Terminal) -> None:
    """At the end only what is final is left, the last words included."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there", speech_final=True))
        shown.take(result("good", 2.0))
        shown.take(result("day", 2.5, is_final=False))
        shown.take(Close())

    assert terminal.screen.marked == ["hello there", "good"]
    assert terminal.getvalue().endswith("\x1b[2K")


def test_words_do_not_jump(terminal: Terminal) -> None:
    """A caption is broken into lines at words, and where it was broken it still is when it is final."""
    text = "and so my fellow americans ask not what"
    with shown_on(terminal) as shown:
        shown.take(result(text, is_final=False))
        before = terminal.screen.lines
        shown.take(result(text, speech_final=True))

    assert before == ["and so my fellow", "americans ask not", "what"]
    assert terminal.screen.lines == before


def test_wide_characters(terminal: Terminal) -> None:
    """Characters of two cells are counted as two."""
    text = "\u4f60\u597d\u4e16\u754c" * 6
    with shown_on(terminal) as shown:
        shown.take(result(text, is_final=False))

        assert [len(line) for line in terminal.screen.lines] == [10, 10, 4]
        assert "".join(terminal.screen.lines) == text


def test_more_than_the_screen(terminal: Terminal) -> None:
    """Of a caption that does not fit on the screen the newest lines are shown."""
    with shown_on(terminal) as shown:
        shown.take(result(" ".join(f"word-{number:03}" for number in range(20)), is_final=False))

        assert len(terminal.screen.lines) == 4
        assert terminal.screen.lines[-1] == "word-018 word-019"


def test_who(terminal: Terminal) -> None:
    """Each channel has its caption; who speaks is named as long as it is one alone."""
    with shown_on(terminal) as shown:
        shown.take(result("hello/0", channel=0, channels=2, is_final=False))
        shown.take(result("hi/1", channel=1, channels=2, is_final=False))
        both = terminal.screen.lines
        shown.take(result("a/1 b/0", channel=1, channels=2, is_final=False))

        assert " ".join(both) == "Channel 0, speaker 0: hello Channel 1, speaker 1: hi"
        assert terminal.screen.lines[-1] == "Channel 1: a b"


def test_nobody_speaks(terminal: Terminal) -> None:
    """While nothing is said one sees that it listens, for how long if that is known, and what it waits for; or why
    nothing will be heard.
    """
    session, seen = Session(), list[str]()
    with shown_on(terminal, session) as shown:
        for phase, seconds in ((Phase.OPEN, None), (Phase.OPEN, 12.4), (Phase.DRAINING, 12.4)):
            session.phase, session.sent_seconds = phase, seconds
            shown.take(Open())
            seen += terminal.screen.marked
        session.phase, session.diagnosis = Phase.OPEN, "It is no audio."
        shown.take(Open())
        assert terminal.screen.marked == ["[It is no audio.]"]

    assert seen == ["[listening]", "[listening, 12 s]", "[waiting for the last]", "[words]"]


def test_a_lost_connection(terminal: Terminal) -> None:
    """While it connects again the caption stays, and why and how often it has tried is said below."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there", is_final=False))
        shown.take(Reconnecting(reason="It broke.", attempt=2, delay=0.5))
        during = terminal.screen.lines
        shown.take(Reconnected(connection=1))

        assert " ".join(during) == "hello there connecting again, try 2. It broke."
        assert terminal.screen.marked == ["[hello there]"]


def test_finishing(terminal: Terminal) -> None:
    """After Ctrl-C the caption stays, and what a second one does is said below."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there", is_final=False))
        shown.finishing()
        shown.take(Open())

        assert terminal.screen.lines[0] == "hello there"
        assert " ".join(terminal.screen.lines[1:]) == "finishing; Ctrl-C again stops at once"


@pytest.mark.parametrize("more", [{"is_final": False}, {"speech_final": True}])
def test_commands_to_the_terminal(terminal: Terminal, more: dict[str, bool]) -> None:
    """What is said commands neither the terminal nor what draws on it."""
    with shown_on(terminal) as shown:
        shown.take(result("[red]a\x1b[2Jb\r:smile:", **more))

        assert terminal.screen.lines[0] == "[red]a [2Jb :smile:"


def test_what_is_logged(terminal: Terminal) -> None:
    """What is logged meanwhile appears above the caption."""
    with shown_on(terminal) as shown:
        shown.take(result("hello there", is_final=False))
        print("a warning", file=sys.stderr)

        assert terminal.screen.marked == ["a warning", "[hello there]"]
