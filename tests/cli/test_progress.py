"""What one sees while waiting."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr

import pytest

from dgasync.cli.progress import progress
from tests.cli.terminal import Screen


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


def test_what_comes(terminal: Terminal) -> None:
    """Sound that comes is counted."""
    with redirect_stderr(terminal), progress() as shown:
        shown.received(12_300)

    assert "receiving, 12 kB so far" in terminal.getvalue()


def test_several(terminal: Terminal) -> None:
    """Of several, those in flight have a line each, with the ends of a long name, and one says how many are done."""
    screen = Screen(100)
    terminal.write = screen.write  # type: ignore[method-assign,assignment]  # it need not remember
    with redirect_stderr(terminal), progress(3) as shown:
        shown.phase("loading")
        with shown.part("one.wav") as one, shown.part(f"{'x' * 50}.wav") as two:
            one.sent(1_000_000, 4_000_000)
            two.phase("listening")
            with shown.aside():
                assert screen.lines == []
                screen.write("a result\r\n")
            during = screen.lines
        with shown.part("three.wav"):
            with shown.aside():
                pass
            after = screen.lines

    assert [line.split("  ")[0].split(" \u2501")[0] for line in during] == [
        *("a result", "0 of 3", "one.wav: sending 1.0 of 4.0 MB", f"{'x' * 15}..{'x' * 11}.wav: listening")
    ]
    assert after[:1] == ["a result"]
    assert after[1].startswith("2 of 3 ")
    assert screen.lines == ["a result"]


def test_one_alone(terminal: Terminal) -> None:
    """The only one of its kind has the line for itself."""
    with redirect_stderr(terminal), progress() as shown, shown.part("one.wav") as part:
        part.phase("listening")

        assert part is shown


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
        with shown.part("one") as part, shown.aside():
            part.received(1)

    assert pipe.getvalue() == ""
