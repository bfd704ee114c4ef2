"""Work on words."""

from __future__ import annotations

from typing import Any

import pytest

from dgasync.server import words
from dgasync.server.engine import Word


def said(text: str, *, step: float = 0.5, gaps: dict[int, float] | None = None) -> list[Word]:
    """Words of half a second, with pauses before those of `gaps`."""
    made, at = [], 0.0
    for number, word in enumerate(text.split()):
        at += (gaps or {}).get(number, 0.0)
        made.append(Word(word, at, at + step, 0.9))
        at += step
    return made


def written(text: str, **more: Any) -> list[dict[str, Any]]:
    return words.heard_words(said(text, **more), punctuate=True)


def test_bare_words() -> None:
    """A word is written in lower case without punctuation, and as it was heard where that was asked for."""
    bare = words.heard_words(said("Hello, “World”! It's ..."), punctuate=False)
    assert [word["word"] for word in bare] == ["hello", "world", "it's", "..."]
    assert "punctuated_word" not in bare[0]
    assert words.transcript(bare) == "hello world it's ..."
    assert words.transcript(written("Hello, World!")) == "Hello, World!"


def test_confidence() -> None:
    """The whole is as sure as its words are on average, and 0 without words."""
    assert words.confidence(written("a b")) == 0.9
    assert words.confidence([]) == 0.0


def test_fillers() -> None:
    """Fillers go, other words stay."""
    assert [word.text for word in words.without_fillers(said("Um, so uh it's, humming"))] == ["so", "it's,", "humming"]


def test_utterances() -> None:
    """Speech is divided at pauses, channels are told apart, and the order is that of time."""
    left, right = written("one two three four", gaps={2: 2.0}), written("five", gaps={0: 1.5})
    made = words.utterances([left, right], 0.8)
    assert [(one["channel"], one["transcript"], one["start"], one["end"]) for one in made] == [
        (0, "one two", 0.0, 1.0),
        (1, "five", 1.5, 2.0),
        (0, "three four", 3.0, 4.0),
    ]
    assert made[0]["words"] == left[:2]
    assert len({one["id"] for one in made}) == 3
    assert words.utterances([left], 2.5)[0]["transcript"] == "one two three four"
    assert words.utterances([[]], 0.8) == []


def test_paragraphs() -> None:
    """Sentences come in paragraphs of five, or up to a long pause."""
    made = words.paragraphs(written("A b. C? D! “E.” F. G h. I.", gaps={8: 3.0}))
    assert [[s["text"] for s in p["sentences"]] for p in made["paragraphs"]] == [
        ["A b.", "C?", "D!", "“E.”", "F."],
        ["G h."],
        ["I."],
    ]
    assert made["transcript"] == "\nA b. C? D! “E.” F.\n\nG h.\n\nI."
    assert [p["num_words"] for p in made["paragraphs"]] == [6, 2, 1]
    assert made["paragraphs"][1]["start"] == 3.0
    assert made["paragraphs"][1]["sentences"][0]["end"] == 4.0


def test_titles_end_no_sentence() -> None:
    """The full stop of a title is none between sentences."""
    made = words.paragraphs(written("And Mr. John Dashwood spoke. Dr. No did not."))
    assert [s["text"] for s in made["paragraphs"][0]["sentences"]] == [
        "And Mr. John Dashwood spoke.",
        "Dr. No did not.",
    ]


def test_paragraphs_without_an_end() -> None:
    """Words behind the last full stop are a sentence too; no words are no paragraphs."""
    assert [s["text"] for s in words.paragraphs(written("A b. C d"))["paragraphs"][0]["sentences"]] == ["A b.", "C d"]
    assert words.paragraphs([]) == {"transcript": "", "paragraphs": []}


def test_search() -> None:
    """A search finds what was said like it, the best first, without overlaps."""
    found = words.search(written("the quick brown fox and the quick brawn box"), "Quick brown")
    assert found["query"] == "Quick brown"
    assert [(hit["snippet"], hit["start"], hit["end"]) for hit in found["hits"]] == [
        ("quick brown", 0.5, 1.5),
        ("quick brawn", 3.0, 4.0),
    ]
    assert found["hits"][0]["confidence"] == 1.0 > found["hits"][1]["confidence"]


def test_search_for_a_sentence() -> None:
    """A term of many words is found where a good part of them was said; letters alone are no likeness."""
    said = written("ask not what your country can do for you")
    (hit,) = words.search(said, "what our country can do")["hits"]
    assert hit["snippet"] == "what your country can do"
    assert words.search(said, "task nod chat four counties")["hits"] == []


def test_search_for_nothing() -> None:
    """What was not said has no hits, and neither has a term without words."""
    assert words.search(written("one two"), "elephant")["hits"] == []
    assert words.search(written("one two"), " ")["hits"] == []


def test_search_is_bounded() -> None:
    """The most hits for one term are ten."""
    assert len(words.search(written("yes " * 30), "yes")["hits"]) == words.HITS


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([("aaron", "erin")], "Erin called, erin!"),
        ([("called", "")], "Aaron aaron!"),
        ([("aaron called", "Bob")], "Bob, aaron!"),
        ([("aaron", "new name")], "New name called, new name!"),
        ([("AARON", "bert"), ("bert", "carl")], "Carl called, carl!"),
        ([("nobody", "x"), ("", "y")], "Aaron called, aaron!"),
    ],
)
def test_replaced(rules: list[tuple[str, str]], expected: str) -> None:
    """Terms are replaced in place, with the case and the punctuation of what they replace."""
    assert " ".join(word.text for word in words.replaced(said("Aaron called, aaron!"), rules)) == expected


def test_replaced_times() -> None:
    """New words share the time of the old ones."""
    made = words.replaced(said("one two"), [("one two", "a b c d")])
    assert [(word.start, word.end) for word in made] == [(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)]
