"""Tables on terminals of all widths: no word is ever broken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout

import pytest

from dgasync.cli.tables import Bars, show, show_facts
from tests.cli.terminal import Terminal

KEY = "0b3c8a36-5f1e-4f0e-9a57-8a2f6c1d9e42"
COLUMNS = ("Day", "#Requests", "#Hours", "Key", "Comment")
ROWS = [("2026-11-26", 12_345, 1.25, KEY, "of the radio, for a test"), ("2026-11-27", 2, 0.5, KEY, None)]

Drawn = Callable[..., list[str]]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What stands on a terminal of some width."""
    monkeypatch.setenv("TERM", "xterm")

    def draw(width: int, *, bars: Bars | None = None, spare: Sequence[str] = ()) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = Terminal(10_000)  # it would break lines itself, wherever; here it takes them as they come
        with redirect_stdout(terminal):
            show(COLUMNS, ROWS, bars=bars, spare=spare, none="there is nothing")
        return terminal.screen.lines

    return draw


@pytest.mark.parametrize("width", range(1, 120, 7))
def test_words_are_whole(drawn: Drawn, width: int) -> None:
    """However narrow it is, each word of each row is there; only words that are longer than it go beyond it."""
    lines = drawn(width, bars=("Hours", [1.25, 0.5]))
    words = " ".join(lines).split()

    for word in ("2026-11-26", "2026-11-27", "12345", "1.25", "radio,", "test", "Requests", "Comment"):
        assert word in words
    assert words.count(KEY) == 2
    assert all(len(line) <= width or width < len(f"Requests  {KEY}") for line in lines)


def test_what_gives_way(drawn: Drawn) -> None:
    """Bars go first, then lines are broken, then spare columns go, and at last each row is told by itself."""
    bars: Bars = ("Hours", [1.25, 0.5])

    def drawing(width: int) -> list[str]:
        return drawn(width, bars=bars, spare=("Day",))

    names, _, *rows = drawing(140)
    assert names.split() == ["Day", "Requests", "Hours", "Key", "Comment"]
    assert [row.count("█") for row in rows] == [40, 16]
    assert rows[0].index("1.25") < rows[0].index("█") < rows[0].index(KEY)  # it stands behind what it is of
    assert drawing(110)[2].count("█") == 110 - len(drawing(99)[2]) - 2
    assert len(drawing(99)) == 4
    assert not any("█" in line for line in drawing(99))
    assert len(drawing(90)) == 5
    assert drawing(73)[0].split() == ["Requests", "Hours", "Key", "Comment"]
    assert drawing(60) == [
        "Day       2026-11-26",
        "Requests  12345",
        "Hours     1.25",
        f"Key       {KEY}",
        "Comment   of the radio, for a test",
        "",
        "Day       2026-11-27",
        "Requests  2",
        "Hours     0.5",
        f"Key       {KEY}",
    ]
    assert drawing(20)[0] == "Day  2026-11-26"


def test_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts stand below each other, and long ones are broken between words."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "24")
    terminal = Terminal(24)
    with redirect_stdout(terminal):
        show_facts({"Name": "a radio of the north", "  of it": 5, "Unknown": None})

    assert terminal.screen.lines == ["Name     a radio of the", "         north", "  of it  5"]


def test_elsewhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no terminal gets values between tabs, all of them, and needs nothing to draw with."""
    monkeypatch.setitem(sys.modules, "rich.console", None)
    show(COLUMNS, ROWS, bars=("Hours", [1, 2]), spare=("Day",), none="there is nothing")
    show(COLUMNS, [], none="there is nothing")
    out, err = capsys.readouterr()

    assert out == f"2026-11-26\t12345\t1.25\t{KEY}\tof the radio, for a test\n2026-11-27\t2\t0.5\t{KEY}\t\n"
    assert err == "dgasync: there is nothing\n"
