"""What a voice was told to say: what is kept, which turn is over, and where a text may be cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.errors import StreamClosed
from dgasync.protocol import saying as module
from dgasync.protocol.saying import Retell, Saying, Words, kind_of, pieces

FLUSH, CLEAR, CLOSE = '{"type":"Flush"}', '{"type":"Clear"}', '{"type":"Close"}'


def speak(text: str) -> str:
    return json.dumps({"type": "Speak", "text": text})


def test_turns() -> None:
    """A turn is kept until it is over; the next one goes on being kept."""
    saying = Saying()
    assert saying.is_idle
    for message in (speak("a"), FLUSH, speak("b"), CLOSE):
        saying.said(message)
    assert (saying.asked, saying.is_open, saying.sound()) == (1, True, 1)
    assert saying.turn_over() == 1
    assert list(saying.kept) == [speak("b"), CLOSE]
    assert (saying.turn_over(), saying.is_idle) == (0, False)


def test_an_interruption() -> None:
    """What was said before it is gone, with the turn that was open; what comes before its answer belongs to nobody."""
    saying = Saying()
    for message in (speak("a"), FLUSH, speak("b")):
        saying.said(message)
    saying.hush()
    assert (saying.sound(), saying.turn_over()) == (0, 0)
    saying.said(CLEAR)
    assert (list(saying.kept), saying.was_open) == ([], True)
    assert saying.silenced() == 2
    assert saying.is_idle
    saying.said(speak("c"))
    assert saying.sound() == 3


def test_a_flush_that_was_not_heeded() -> None:
    """Its text is still to be flushed."""
    saying = Saying()
    saying.said(speak("a"))
    saying.said(FLUSH)
    saying.not_flushed()
    assert (saying.asked, saying.is_open) == (0, True)


def test_another_connection() -> None:
    """It is tried before the first sound of a text, and not behind it, with the reason."""
    saying = Saying()
    decide = Retell(saying)
    lost = StreamClosed("gone", 1006)
    decide.opened(0.0)
    saying.said(speak("a"))
    assert decide.after_loss(100.0, lost, 0.5) is not None
    saying.sound()
    assert decide.after_loss(200.0, lost, 0.5) is None
    assert "spoken already" in decide.why
    saying.hush()
    assert decide.after_loss(300.0, lost, 0.5) is not None
    saying.lost()
    assert saying.is_idle


def test_more_than_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing can be said again, until all of it is over."""
    monkeypatch.setattr(module, "VOICE_TEXT", 50)
    saying = Saying()
    saying.said(speak("a" * 60))
    saying.said(FLUSH)
    assert (list(saying.kept), saying.obstacle is None) == ([], False)
    saying.turn_over()
    assert saying.obstacle is None


@pytest.mark.parametrize(("message", "kind"), [(FLUSH, "Flush"), ("{", ""), ("[]", ""), ('{"type":7}', ""), ("{}", "")])
def test_kinds(message: str, kind: str) -> None:
    """What is no message has none."""
    assert kind_of(message) == kind


def test_sentences_first() -> None:
    """A long text is cut behind a sentence, else behind a word, else anywhere."""
    assert list(pieces("One two. Three four five.", 14)) == ["One two. ", "Three four ", "five."]
    assert list(pieces("abcdefgh", 3)) == ["abc", "def", "gh"]
    assert list(pieces("これは。あれは、それ", 6)) == ["これは。", "あれは、それ"]
    assert list(pieces("")) == []


@given(st.text("ab .。\n", max_size=60), st.integers(1, 12))
def test_nothing_is_lost(text: str, limit: int) -> None:
    """The pieces are the text, and none is too long or empty."""
    found = list(pieces(text, limit))
    assert "".join(found) == text
    assert all(0 < len(each) <= limit for each in found)


@given(st.lists(st.text("ab ", max_size=4)))
def test_tokens_become_words(tokens: list[str]) -> None:
    """Whatever is given ends behind a space, until the end; nothing is lost."""
    words = Words()
    found = [words.feed(token) for token in tokens]
    assert all(not each or each.endswith(" ") for each in found)
    assert "".join(found) + words.end() == "".join(tokens)
