"""The ruler, live: what becomes final when, wherever a connection begins."""

from __future__ import annotations

import random

import pytest

from dgasync.server.engine import LiveEvent, LiveHints, Onset, Passage, Silence
from dgasync.server.ruler import BROKEN, RulerEngine
from dgasync.testing import Ruler, ruler_audio, silence


def listen(audio: bytes, size: int = 1600, *, final_words: int = 5, **wanted: float | bool | None) -> list[LiveEvent]:
    listener = RulerEngine(final_words=final_words).listen_live(16_000, LiveHints(**wanted))  # type: ignore[arg-type]
    events: list[LiveEvent] = []
    for at in range(0, len(audio), size):
        events += listener.feed(audio[at : at + size], behind=False)
    listener.stop()
    return events + listener.end()


def finals(events: list[LiveEvent]) -> list[tuple[str, bool]]:
    passages = [event for event in events if isinstance(event, Passage) and event.final and event.words]
    return [(" ".join(word.text for word in passage.words), passage.endpoint) for passage in passages]


def test_finals_by_number() -> None:
    """Words become final by their number, and a sentence ends speech."""
    assert finals(listen(ruler_audio(6), endpointing=0.01)) == [
        ("W0 w1 w2 w3 w4", False),
        ("w5 w6 w7 w8 w9.", True),
        ("W10 w11", True),
    ]


def test_finals_of_another_size() -> None:
    """How many words make a result can be chosen."""
    assert finals(listen(ruler_audio(3), final_words=2)) == [("W0 w1", False), ("w2 w3", False), ("w4 w5", False)]


def test_a_connection_may_begin_anywhere() -> None:
    """From any byte on, whole words are divided into the same results."""
    dice = random.Random(3)
    everything = [text for text, _ in finals(listen(ruler_audio(40)))]
    for _ in range(20):
        start = dice.randrange(0, 600_000)
        ruler = Ruler.of_bytes(1_280_000 - start, start=start)
        texts = [text for text, _ in finals(listen(ruler.audio(), dice.randrange(1, 9000)))]
        assert texts[1:] == everything[-len(texts) + 1 :]


def test_broken_words_end_nothing() -> None:
    """A damaged stretch is a word without a number."""
    assert finals(listen(b"\x05" * 2000 + ruler_audio(0.5))) == [(f"{BROKEN} W0", False)]


def test_silence_is_told() -> None:
    """How far nobody spoke is told before somebody does, and when it ends."""
    events = listen(silence(1) + ruler_audio(0.5), size=100_000)
    assert events[:2] == [Silence(1.0), Onset(1.0)]
    assert isinstance(events[2], Passage)


@pytest.mark.parametrize("size", [1600, 1_000_000])
def test_in_the_order_of_time(size: int) -> None:
    """Nothing is told of a later time first, whatever pieces the audio comes in."""
    audio = ruler_audio(1.0) + silence(2.5) + ruler_audio(1.0, start=1.0) + silence(0.5)
    events = listen(audio, size, interim=True, endpointing=0.1)
    times = [
        event.until if isinstance(event, Silence) else event.end
        for event in events
        if not isinstance(event, Onset)  # which is told when its first word is whole
    ]
    assert times == sorted(times)


def test_finalize_in_silence() -> None:
    """Finalize in silence reaches to where the silence is known to reach."""
    listener = RulerEngine().listen_live(16_000, LiveHints())
    listener.feed(silence(1), behind=False)
    assert listener.finalize() == [Passage([], 1.0, final=True)]


def test_finalize_in_a_word() -> None:
    """Finalize in a word reaches to its beginning."""
    listener = RulerEngine().listen_live(16_000, LiveHints())
    listener.feed(ruler_audio(0.7), behind=False)
    (passage,) = listener.finalize()
    assert isinstance(passage, Passage)
    assert (passage.words[0].text, passage.end) == ("W0", 0.5)
    assert listener.finalize() == [Passage([], 0.5, final=True)]


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_other_rates(rate: int) -> None:
    """Times follow from the rate the audio is said to have."""
    listener = RulerEngine().listen_live(rate, LiveHints())
    events = [*listener.feed(ruler_audio(1), behind=False), *listener.end()]
    last = events[-1]
    assert isinstance(last, Passage)
    assert last.end == 16_000 / rate
