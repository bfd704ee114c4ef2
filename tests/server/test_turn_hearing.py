"""A live stream, heard as turns; how turns are made is `test_turns`'s."""

from __future__ import annotations

from typing import Any

from dgasync.server.engine import Hints, LiveHints, Onset
from dgasync.server.options import LiveOptions
from dgasync.server.ruler import RulerEngine
from dgasync.server.ruler_live import RulerLiveListener
from dgasync.server.turn_hearing import TurnHearing
from dgasync.server.turns import PAUSE, Moment, Thresholds
from dgasync.testing import ruler_audio, silence


class Expecting(RulerLiveListener):
    """It remembers what it is told to expect."""

    def __init__(self, rate: int, wanted: LiveHints, told: list[Any]) -> None:
        super().__init__(rate, wanted, 5)
        self._told_of = told
        told.append(wanted.hints.terms)

    def expect(self, terms: tuple[str, ...], /) -> None:
        self._told_of.append(terms)


class Engine(RulerEngine):
    takes_terms = True

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def listen_live(self, rate: int, wanted: LiveHints, /) -> RulerLiveListener:
        return Expecting(rate, wanted, self.told)


def hearing(engine: RulerEngine) -> TurnHearing:
    options = LiveOptions(Hints(terms=("Ulm",)), "linear16", 16_000, interim=True, endpointing=PAUSE)
    return TurnHearing(engine, options, Thresholds())


def ends(told: list[Moment | Onset]) -> list[tuple[str, str]]:
    return [(each.text, each.trigger) for each in told if isinstance(each, Moment) and each.event == "EndOfTurn"]


def test_to_the_end() -> None:
    """Turns end by themselves, when they are told to, and with the audio."""
    made = hearing(RulerEngine())
    assert made.finalize() == made.end() == []
    assert ends(made.feed([ruler_audio(1.0) + silence(1.5)], behind=False)) == [("W0 w1", "model")]
    assert not made.speaking
    assert ends(made.feed([ruler_audio(1.2, start=1.0)], behind=False)) == []
    assert made.speaking
    assert ends(made.finalize()) == [("w2 w3", "manual")]
    assert ends(made.end()) == [("w4-", "")]
    assert (made.seconds, made.count, made.blocks) == (3.7, 1, False)


def test_a_change() -> None:
    """What is expected is told to who listens, once it has changed, and to who will."""
    engine = Engine()
    made = hearing(engine)
    made.change(Thresholds(), ["Ulm"])
    made.change(Thresholds(), ["Aalen"])
    made.feed([silence(0.1)], behind=False)
    made.change(Thresholds(), ["Aalen"])
    made.change(Thresholds(), ["Ulm", "Aalen"])
    assert engine.told == [("Aalen",), ("Ulm", "Aalen")]


def test_stopped() -> None:
    """Nothing is heard for nobody."""
    made = hearing(RulerEngine())
    made.stop()
    made.join()
    assert made.feed([ruler_audio(9.0)], behind=False) == []
