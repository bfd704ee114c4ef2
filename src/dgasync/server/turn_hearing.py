"""One live stream being heard as turns of a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from dgasync.server.engine import Hints, LiveEngine, LiveEvent, Onset, Passage
from dgasync.server.live_hearing import LiveEar
from dgasync.server.options import LiveOptions
from dgasync.server.turns import Moment, Thresholds, TurnTaker

__all__ = ["TurnHearing"]


class TurnHearing(LiveEar[Moment | Onset]):
    """Makes the turns of a session. Of several channels it hears the mix."""

    def __init__(self, engine: LiveEngine, options: LiveOptions, thresholds: Thresholds) -> None:
        super().__init__(engine, options)
        self._turns = TurnTaker(thresholds)

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now, as far as the audio was heard."""
        return self._turns.speaking

    def change(self, thresholds: Thresholds, terms: Sequence[str]) -> None:
        """From here on these hold, and these words are likely to occur."""
        with self._lock:
            self._turns.thresholds = thresholds
            hints = self._options.hints
            if self._engine.takes_terms and tuple(terms) != hints.terms:
                self._options.hints = Hints(hints.language, hints.detect_language, tuple(terms))
                for listener in self._listeners:
                    listener.expect(tuple(terms))

    def _told(self, told: list[list[LiveEvent]], *, from_finalize: bool = False) -> list[Moment | Onset]:
        events = told[0] if told else []
        if not from_finalize:
            return self._turns.feed(events, self.seconds)
        # Words are final because somebody said so, which says nothing of who speaks.
        events = [event._replace(endpoint=False) if isinstance(event, Passage) else event for event in events]
        return self._turns.feed(events, self.seconds) + self._turns.end("manual")

    def _rest(self) -> list[Moment | Onset]:
        return self._turns.end()
