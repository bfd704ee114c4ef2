"""Letters as they are compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgasync.transcript.letters import Folded

# But for the one mark that is a letter in capitals.
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\u0345"),
        st.sampled_from("aßİıé\u0301\u0308'’ -\u00ad\u200dहिंดี้が한ᄒ½ﬁ"),
    )
)


@pytest.mark.parametrize(
    ("text", "folded", "starts"),
    [
        ("Don't!", "don't ", [0, 1, 2, 3, 4, 5, 6]),
        ("Straße", "strasse", [0, 1, 2, 3, 4, 4, 5, 6]),
        ("é\u0301", "e\u0301\u0301", [0, 0, 0, 2]),
        ("ʼn-ｎ½", "'n n1⁄2", [0, 1, 2, 3, 4, 4, 4, 5]),
        ("\u200eco\u00adop\ufe0f", " coop", [0, 1, 2, 4, 5, 7]),
        ("❤\ufe0f İI", "  ii", [0, 2, 3, 4, 5]),
        ("", "", [0]),
    ],
)
def test_folded(text: str, folded: str, starts: list[int]) -> None:
    """What nobody hears is gone, and each letter knows where it was."""
    it = Folded(text)

    assert (it.text, list(it.starts)) == (folded, starts)


@settings(max_examples=150, deadline=None, database=None)
@given(text=TEXTS)
def test_whatever_is_written(text: str) -> None:
    """Encoding and case change nothing; letters put together are the whole, and end where others begin."""
    it = Folded(text)
    letters = list(it.letters())

    assert it.text == Folded(unicodedata.normalize("NFD", text)).text == Folded(unicodedata.normalize("NFC", text)).text
    assert it.text == Folded(text.casefold()).text
    assert "".join(letters) == it.text
    assert len(it.starts) == len(it.text) + 1
    assert sorted(it.starts) == list(it.starts)
    assert sum(map(it.is_apart, range(len(it.text)))) == len(letters)
    assert it.is_edge(0)
    assert it.is_edge(len(it.text))
