"""What one sees while waiting."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr

import pytest

from dgasync.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ((), "connecting"),
        (((1_000_000, 4_000_000),), "sending 1.0 of 4.0 MB"),
        (((4_000_000, 4_000_000),), "listening"),
        (((2_500_000, None),), "sending, 2.5 MB so far"),
        (((4_000_000, 4_000_000), (1_000_000, 4_000_000)), "sending 1.0 of 4.0 MB"),
    ],
)
def test_on_a_terminal(terminal: Terminal, sent: tuple[tuple[int, int | None], ...], says: str) -> None:
    """One line says what is going on, and is gone at the end."""
    with redirect_stderr(terminal), progress() as shown:
        for done, total in sent:
            shown.sent(done, total)

    *_, last_frame, rest = terminal.getvalue().split("\x1b[2K")
    assert says in last_frame
    assert rest == ""


def test_over(terminal: Terminal) -> None:
    """It can be over before the end of the block, once."""
    with redirect_stderr(terminal), progress() as shown:
        shown.over()
        gone = terminal.getvalue()
        assert gone.endswith("\x1b[2K")

    assert terminal.getvalue() == gone


def test_texts_are_shown_as_they_are(terminal: Terminal) -> None:
    """What an engine says is no mark-up."""
    with redirect_stderr(terminal), progress() as shown:
        shown.phase("loading [bold]x[/nothing]")

    assert "loading [bold]x[/nothing]" in terminal.getvalue()


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody watches nothing is written, and rich is not needed."""
    pipe = io.StringIO()
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with redirect_stderr(pipe), progress() as shown:
        shown.phase("listening")
        shown.sent(1, 2)

    assert pipe.getvalue() == ""
