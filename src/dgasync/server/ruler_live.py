"""The ruler, live: finals, endpoints and silence that follow from the bytes alone, whatever pieces they come in."""

from __future__ import annotations

from dgasync.server.engine import LiveEvent, LiveHints, Onset, Passage, Silence, Word
from dgasync.server.ruler import BROKEN, RulerReader, Span, span_word

__all__ = ["LONGEST_PAUSE", "RulerLiveListener"]

INTERIM = 1.0
"""Seconds of audio between interim results."""
LONGEST_PAUSE = 1.0
"""Seconds of silence after which words are final, whatever `endpointing` says: UtteranceEnd (from 1 s) follows them."""


class RulerLiveListener:
    """One channel of live ruler audio being read.

    Words become final by their own number (every `final_words`, and at the end of each sentence, which counts as an
    endpoint), so that a connection that begins anywhere divides the words as any other does; and at silence.
    """

    def __init__(self, rate: int, wanted: LiveHints, final_words: int) -> None:
        self._reader = RulerReader()
        self._rate = rate
        self._wanted = wanted
        self._final_words = final_words
        endpointing = wanted.endpointing
        self._pause = LONGEST_PAUSE if endpointing is None else min(endpointing, LONGEST_PAUSE)
        self._pending: list[Word] = []
        self._last_end = 0.0
        self._speaking = False
        self._owed = False  # an endpoint is still to come
        self._interims = 0  # how many were due
        self._events: list[LiveEvent] = []

    def feed(self, samples: bytes, /, *, behind: bool) -> list[LiveEvent]:
        """Read more; it is so quick that interim results are never out of date."""
        self._reader.feed(samples)
        for span in self._reader.take():
            self._read(span)
        position = self._reader.position / (2 * self._rate)
        self._silence(self._reader.quiet_until / (2 * self._rate))
        self._show(position)
        return self._told()

    def finalize(self) -> list[LiveEvent]:
        """The words that are whole become final. One that is still being said is not, and follows later."""
        end = self._reader.position / (2 * self._rate) if self._reader.between else self._last_end
        # The one recorded answer of the service to Finalize is an endpoint as well.
        self._final(end, endpoint=bool(self._pending) and self._wanted.endpointing is not None)
        return self._told()

    def end(self) -> list[LiveEvent]:
        """The last of it, where a word may be cut."""
        for span in self._reader.end():
            self._read(span)
        return [*self._told(), *self.finalize()]

    def expect(self, terms: tuple[str, ...], /) -> None:
        """It reads what is there, whatever is expected."""

    def stop(self) -> None:
        """Reading is quick enough to need no stopping."""

    def _read(self, span: Span) -> None:
        word = span_word(span, self._rate)
        self._silence(word.start)
        if not self._speaking:
            self._speaking = True
            self._events.append(Onset(word.start))
        self._show(word.end, inside=True)
        self._pending.append(word)
        self._last_end = word.end
        self._owed = self._wanted.endpointing is not None
        sentence = word.text.endswith(".")
        if sentence or (word.text != BROKEN and (int(word.text.strip("-wW")) + 1) % self._final_words == 0):
            self._final(word.end, endpoint=sentence and self._owed)

    def _silence(self, until: float) -> None:
        """Nobody spoke from the last word to here."""
        end, endpointing = self._last_end, self._wanted.endpointing
        if self._speaking and until - end >= self._pause:
            self._show(end + self._pause, inside=True)
            self._speaking = False
            if self._pending:
                self._final(end + self._pause, endpoint=self._owed and endpointing == self._pause)
        if self._owed and endpointing is not None and until - end >= endpointing:
            self._final(end + endpointing, endpoint=True)
        self._show(until)
        if not self._speaking:
            self._events.append(Silence(until))

    def _show(self, until: float, *, inside: bool = False) -> None:
        """The interim results that were due up to here; `inside` a word its end belongs to the word."""
        while (due := (self._interims + 1) * INTERIM) < until or (due == until and not inside):
            self._interims += 1
            if self._pending and self._wanted.interim:
                self._events.append(Passage(list(self._pending), due))

    def _final(self, end: float, *, endpoint: bool) -> None:
        self._events.append(Passage(self._pending, end, final=True, endpoint=endpoint))
        self._pending = []
        self._owed = self._owed and not endpoint

    def _told(self) -> list[LiveEvent]:
        events, self._events = self._events, []
        return events
