"""Summaries, topics and moods."""

from __future__ import annotations

import sys

import pytest

from dgasync.server.engine import EngineError
from dgasync.server.gist import Extractor, Lexicon, Text

pytestmark = pytest.mark.engine
pytest.importorskip("snowballstemmer", reason="needs what reads texts, of the extra `local`")
pytest.importorskip("vaderSentiment", reason="needs what reads texts, of the extra `local`")

TEXT = """
Deepgram makes voice technology for developers. Our voice technology turns speech into text, and text into speech.
Many call centers use it every day, and they love it. Last week, however, the billing page was broken and customers were
very angry. The support team fixed the billing page within an hour. Customers were happy again! Speech recognition needs
good microphones. Bad microphones make speech recognition worse. We will build more voice technology next year.
Thank you for listening.
"""


def test_text() -> None:
    """Sentences know their words, counted through the text."""
    text = Text("  Hello there.\n\nHow are   you? ")
    assert text.sentences == [("Hello there.", 0, 1), ("How are you?", 2, 4)]
    assert text.words == 5
    assert Text(" \n ").sentences == []


def test_summary() -> None:
    """A summary is made of the weightiest sentences, in their order, and repeats nothing."""
    text = Text(TEXT)
    summary = Extractor(text).summary()
    chosen = Text(summary).sentences
    assert len(chosen) == 2
    places = [[sentence.text for sentence in text.sentences].index(each.text) for each in chosen]
    assert places == sorted(set(places))
    assert "voice technology" in summary
    assert "billing page" in summary
    assert Extractor(Text("Short and sweet.")).summary() == "Short and sweet."
    assert len(Text(Extractor(Text(TEXT * 20)).summary()).sentences) == 5


def test_topics() -> None:
    """Topics are what is said again and again; a part of a topic is none of its own."""
    topics = dict(Extractor(Text(TEXT)).topics().values())
    assert {"Billing page", "Voice technology", "Customers"} <= set(topics)
    assert "Voice" not in topics
    assert max(topics.values()) == 1.0
    assert min(topics.values()) > 0
    assert [name for name, _ in Extractor(Text("Hello wonderful world.")).topics().values()] == [
        "Hello wonderful world"
    ]
    assert Extractor(Text("It was what it was.")).topics() == {}


def test_found_topics() -> None:
    """Each sentence has the topics that are in it; one that was asked for is found in other forms of its words."""
    extractor = Extractor(Text(TEXT))
    own = extractor.found_topics([], strict=False)
    assert all("billing page" in sentence.text for sentence, topics in own if "Billing page" in dict(topics))
    asked = extractor.found_topics(["invoice", "bills", "angry customer"], strict=True)
    assert [(sentence.start, topics) for sentence, topics in asked] == [
        (28, [("bills", 1.0), ("angry customer", 1.0)]),
        (41, [("bills", 1.0)]),
        (51, [("angry customer", 0.5)]),
    ]
    both = extractor.found_topics(["bills"], strict=False)
    assert len(both) >= len(own)


def test_sentiment() -> None:
    """Moods have a score and a name."""
    lexicon = Lexicon()
    scores = [
        lexicon.score(text) for text in ("I love it, it is wonderful.", "It is awful, I hate it.", "It is a chair.")
    ]
    assert [lexicon.called(score) for score in scores] == ["positive", "negative", "neutral"]
    assert -1 <= scores[1] < 0 == scores[2] < scores[0] <= 1


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not installed is named."""
    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    with pytest.raises(EngineError, match=r"snowballstemmer is not installed: install dgasync\[local\]"):
        Extractor(Text(TEXT))
