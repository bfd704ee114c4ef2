"""Turns, made of what an engine hears."""

from __future__ import annotations

from typing import Any

import pytest

from dgasync.server.engine import LiveEvent, Onset, Passage, Silence, Word
from dgasync.server.turns import PAUSE, Moment, Thresholds, TurnTaker


def passage(text: str, end: float, *, start: float | None = None, **more: Any) -> Passage:
    """One that ends with its last word; each word takes half a second."""
    said = text.split()
    begins = end - len(said) / 2 if start is None else start
    words = [Word(word, begins + n / 2, begins + n / 2 + 0.5, 1.0) for n, word in enumerate(said)]
    return Passage(words, end, **more)


def final(text: str, last: float) -> Passage:
    """What an engine says as soon as it knows that nobody speaks behind the last word."""
    return passage(text, last + PAUSE, start=last - len(text.split()) / 2, final=True, endpoint=True)


def shown(moments: list[Moment | Onset], *, updates: bool = False) -> list[tuple[Any, ...]]:
    return [
        (each.event, each.turn, round(each.end, 3), each.text)
        for each in moments
        if isinstance(each, Moment) and (updates or each.event != "Update")
    ]


def fed(taker: TurnTaker, *events: LiveEvent, position: float = 0.0) -> list[tuple[Any, ...]]:
    return shown(taker.feed(events, position))


def test_a_turn() -> None:
    """It begins with its first words, is looked at four times a second, and ends when there was enough silence."""
    taker = TurnTaker(Thresholds())
    moments = taker.feed([Onset(0.5), passage("How are", 1.5), final("How are you?", 2.0), Silence(2.6)], 2.6)
    assert moments[0] == Onset(0.5)
    assert shown(moments, updates=True) == [
        ("StartOfTurn", 0, 1.5, "How are"),
        ("Update", 0, 1.75, "How are"),
        ("Update", 0, 2.0, "How are"),
        ("Update", 0, 2.25, "How are you?"),
        ("Update", 0, 2.5, "How are you?"),
        ("EndOfTurn", 0, 2.521, "How are you?"),
    ]
    end = moments[-1]
    assert isinstance(end, Moment)
    assert (end.start, round(end.confidence, 6), end.trigger) == (0.5, 0.7, "model")
    confidences = [each.confidence for each in moments if isinstance(each, Moment)]
    assert confidences == sorted(confidences)
    assert fed(taker, Onset(4.0), passage("Well", 4.5)) == [("StartOfTurn", 1, 4.5, "Well")]


@pytest.mark.parametrize(
    ("thresholds", "text", "ends", "trigger"),
    [
        (Thresholds(), "you?", 2.521, "model"),
        (Thresholds(), "you", 3.042, "model"),  # a sentence that has no end may go on
        (Thresholds(eot=0.9), "you?", 2.997, "model"),
        (Thresholds(eot=0.9, timeout=0.6), "you?", 2.6, "timeout"),
        (Thresholds(eot=1.0), "you?", 7.0, "timeout"),
    ],
)
def test_thresholds(thresholds: Thresholds, text: str, ends: float, trigger: str) -> None:
    """How sure it must be, and how long it waits at most, decide when a turn ends."""
    taker = TurnTaker(thresholds)
    moments = taker.feed([Onset(1.5), final(text, 2.0), Silence(9.0)], 9.0)
    assert shown(moments)[-1] == ("EndOfTurn", 0, ends, text)
    assert isinstance(moments[-1], Moment)
    assert moments[-1].trigger == trigger


def test_eager() -> None:
    """A turn may seem to be over, and go on; what it ends with is what it has last seemed to end with."""
    taker = TurnTaker(Thresholds(eager=0.4))
    assert fed(taker, Onset(0.0), final("Yes.", 0.5), Silence(0.8)) == [
        ("StartOfTurn", 0, 0.6, "Yes."),
        ("EagerEndOfTurn", 0, 0.721, "Yes."),
    ]
    assert fed(taker, Silence(0.9), Onset(0.9), passage("But", 1.4), position=1.4) == [("TurnResumed", 0, 0.9, "Yes.")]
    assert fed(taker, final("But no.", 1.9), Silence(3.0), position=3.0) == [
        ("EagerEndOfTurn", 0, 2.121, "Yes. But no."),
        ("EndOfTurn", 0, 2.421, "Yes. But no."),
    ]


def test_eager_words_change() -> None:
    """Words that come without anybody having begun to speak make a turn go on as well."""
    taker = TurnTaker(Thresholds(eager=0.4))
    fed(taker, Onset(0.0), final("Yes.", 0.5), Silence(0.8))
    assert fed(taker, final("No.", 0.9)) == [("TurnResumed", 0, 1.0, "Yes. No.")]


def test_the_engine_knows() -> None:
    """An endpoint without silence ends a turn at once, and the next one may follow it immediately."""
    taker = TurnTaker(Thresholds())
    events: list[LiveEvent] = [Onset(0.0), passage("One.", 0.5, final=True, endpoint=True), passage("Two.", 1.0)]
    assert fed(taker, *events, position=1.1) == [
        ("StartOfTurn", 0, 0.5, "One."),
        ("EndOfTurn", 0, 0.5, "One."),
        ("StartOfTurn", 1, 1.0, "Two."),
    ]


def test_noise_is_no_turn() -> None:
    """Sound without words begins nothing, and whoever made it is silent again."""
    taker = TurnTaker(Thresholds())
    assert taker.feed([Onset(1.0)], 1.2) == [Onset(1.0)]
    assert taker.speaking
    assert taker.feed([Passage([], 1.5, final=True), Silence(9.0)], 9.0) == []
    assert not taker.speaking
    assert taker.end() == []


def test_words_that_vanish() -> None:
    """A turn whose words turn out to be none ends without seeming to."""
    taker = TurnTaker(Thresholds(eager=0.4))
    events: list[LiveEvent] = [Onset(0.0), passage("You", 1.0), Passage([], 1.5, final=True), Silence(4.0)]
    assert fed(taker, *events) == [("StartOfTurn", 0, 1.0, "You"), ("EndOfTurn", 0, 1.5, "")]


@pytest.mark.parametrize(("trigger", "confidence"), [("manual", 0.0), ("", 1.0)])
def test_end(trigger: str, confidence: float) -> None:
    """A turn can be ended, where it was understood to; behind that everything is still to come."""
    taker = TurnTaker(Thresholds())
    fed(taker, Onset(0.0), passage("One", 0.5), position=0.9)
    fed(taker, passage("One two", 1.0, final=True), position=1.3)
    moments = taker.end(trigger)
    assert shown(moments) == [("EndOfTurn", 0, 1.0, "One two")]
    assert isinstance(moments[0], Moment)
    assert (moments[0].trigger, moments[0].confidence) == (trigger, confidence)


def test_a_change_is_not_late() -> None:
    """Thresholds that have been lowered below what there is already end a turn now, not in the past."""
    taker = TurnTaker(Thresholds(eot=1.0))
    fed(taker, Onset(0.0), final("Yes.", 0.5), Silence(3.0))
    taker.thresholds = Thresholds()
    assert fed(taker, Silence(3.1)) == [("EndOfTurn", 0, 3.0, "Yes.")]
