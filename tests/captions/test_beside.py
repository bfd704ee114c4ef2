"""Words get the punctuation of the text that they stand beside."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgasync.captions.beside import shared_out


def shared(texts: list[str], said: str | list[str], starts: list[float] | None = None) -> list[list[str]]:
    """The words of each text; they are said a second apart, and so, as far as they are not told, do the texts begin."""
    words = [
        {"word": word, "start": at, "end": at + 1}
        for at, word in enumerate(said.split() if isinstance(said, str) else said)
    ]
    found = shared_out(texts, starts or [float(at) for at in range(len(texts))], words)
    return [[word["word"] for word in each] for each in found]


@pytest.mark.parametrize(
    ("text", "said", "shown"),
    [
        ("Hello, world.", "Hello world", ["Hello,", "world."]),
        (" “Well”, (he) said… ", "Well he said", ["“Well”,", "(he)", "said…"]),
        ("¿Qué? – ¡Sí!", "Qué Sí", ["¿Qué? –", "¡Sí!"]),
        ("A twenty-first, e.g.", "A twenty first e g", ["A", "twenty-first,", "e.g."]),
        ("It's $5.", "It's 5", ["It's", "$5."]),
        ("नमस्ते, जी।", "नमस्ते जी", ["नमस्ते,", "जी।"]),
        ("今日は、晴れ。", "今日 は 晴れ", ["今日", "は、", "晴れ。"]),
        ("So, it is.", "So um it is", ["So,", "um", "it", "is."]),
        ("So, they say, it is.", "So it is", ["So,", "it", "is."]),
        ("So, Adam.", "So a dam", ["So,", "a", "dam"]),
        ("", "So it", ["So", "it"]),
        ("So.", "", []),
    ],
)
def test_punctuation(text: str, said: str, shown: list[str]) -> None:
    """Words are shown as the text writes them; those that it does not have stay as they are."""
    assert shared([text], said) == [shown]


def test_texts() -> None:
    """Each word goes to the text that has it, whatever the times say; one that is in none by its time."""
    assert shared([" So it is.", " It is so."], "So it is It is so", [0.0, 1.0]) == [
        ["So", "it", "is."],
        ["It", "is", "so."],
    ]
    assert shared(["One.", "Two."], "uh um", [0.0, 0.5]) == [["uh"], ["um"]]
    assert shared(["One.", "Two.", "Three."], "One Two uh", [9.0, 9.0, 9.0]) == [["One."], ["Two.", "uh"], []]


def test_far_away() -> None:
    """A word far behind is another one, so that one word that is not there does not cost the punctuation of all."""
    text = "It was so, " + "and so it went, " * 20 + "zebra."

    assert shared([text], "It zebra was so")[0] == ["It", "zebra", "was", "so,"]


def test_times() -> None:
    """Words that are written as one last as long as they do together, and keep what else is known of the first."""
    words: list[dict[str, Any]] = [
        {"word": "twenty", "start": 1, "end": 2, "p": 1},
        {"word": "first", "start": 2, "end": 4},
    ]

    assert shared_out(["The twenty-first."], [0.0], words) == [
        [{"word": "twenty-first.", "start": 1, "end": 4, "p": 1}],
    ]


@settings(max_examples=60, deadline=None, database=None)
@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["so", "it", "is", "é", "今"]), st.sampled_from([" ", ", ", ". ", "! "]))
    ),
    cut=st.integers(0, 20),
)
def test_nothing_is_lost(pieces: list[tuple[str, str]], cut: int) -> None:
    """Of words that come from the text, and no others, the text comes back."""
    texts = ["".join(map("".join, pieces[:cut])), "".join(map("".join, pieces[cut:]))]

    assert shared(texts, [word for word, _ in pieces]) == [text.split() for text in texts]
