"""Text cut where a voice can begin to speak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.server.sentences import LONGEST, Sentences, sentences


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Hello there. How are you? Fine!", ["Hello there. ", "How are you? ", "Fine!"]),
        ('"Really?" she said.  Yes.', ['"Really?" she said.  ', "Yes."]),
        ("Dr. Smith met J. K. Rowling. It was I. Really", ["Dr. Smith met J. K. Rowling. ", "It was I. ", "Really"]),
        ("It costs 3.50 or so. e.g. this", ["It costs 3.50 or so. e.g. this"]),
        ("A line\nAnother, broken\nin two\n\nthe last", ["A line\n", "Another, broken\nin two\n\n", "the last"]),
        ("", []),
        ("  ", ["  "]),
    ],
)
def test_cuts(text: str, cut: list[str]) -> None:
    """Sentences end where people would say that they end."""
    assert sentences(text) == cut


@given(st.text(alphabet="ab, .!?\n", max_size=60), st.integers(1, 7))
def test_the_same_whatever_the_pieces(text: str, size: int) -> None:
    """Nothing is lost, and where it is cut follows from the text, not from the pieces in which it comes."""
    cutter = Sentences()
    found = [sentence for at in range(0, len(text), size) for sentence in cutter.feed(text[at : at + size])]
    found += cutter.flush()
    assert found == sentences(text)
    assert "".join(found) == text


def test_longest() -> None:
    """What goes on without end is cut, at a comma or a space while there is one."""
    for text in ("one, two and three " * 60, "x" * (3 * LONGEST)):
        cut = sentences(text)
        assert "".join(cut) == text
        assert max(map(len, cut)) <= LONGEST
    assert sentences("word " * 100 + "and, finally")[0].endswith(" ")


def test_clear() -> None:
    """What waits can be forgotten."""
    cutter = Sentences()
    assert cutter.feed("Begun. Not comp") == ["Begun. "]
    assert cutter.clear() == "Not comp"
    assert cutter.flush() == []
