"""What `kills.py` and `soak.py` share: the proof that every word came once, in order, at its time.

The audio is ruler audio, of which the local server reads `w0 w1 w2 ...`, so that each word says where it belongs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from dgasync import Close, Error, Gap, LiveResultResponse, Reconnected, Undecodable
from dgasync.limits import REPLAY_AUDIO
from dgasync.server.ruler import WORD_SAMPLES

NEAR = 0.001
"""Seconds by which a time may be off: the service rounds, and so do 32-bit floats."""
KEPT_WRONG = 5
"""Mistakes that are kept of one session; the first ones say it."""


class Delivery:
    """What one session has delivered. It looks at the events as they come and keeps none, however long that lasts."""

    def __init__(self, name: str, rate: int, chunk: float) -> None:
        """`name` is for people; `rate` is that of the linear16 audio, in samples a second; `chunk` is how many seconds
        of it are sent at once.
        """
        self.name = name
        # A chunk that begins within the bound is kept whole.
        self._bound = REPLAY_AUDIO + chunk
        self.words = 0
        """Words that are final."""
        self.reconnects = 0
        self.kept = 0.0
        """Seconds of audio that the session kept at most, to send it again."""
        self.wrong: list[str] = []
        self._word = WORD_SAMPLES / rate
        self._reach = 0.0
        self._seen: Counter[str] = Counter()

    def take(self, event: object) -> None:
        """The next event."""
        self._seen[type(event).__name__] += 1
        if self._seen["Close"] and not isinstance(event, Close):
            self.mistake(f"{event!r} after Close")
        if isinstance(event, LiveResultResponse):
            self._result(event)
        elif isinstance(event, Reconnected):
            self.reconnects += 1
            if event.connection != self.reconnects:
                self.mistake(f"connection {event.connection} comes as number {self.reconnects}")
        elif isinstance(event, Gap | Error | Undecodable):
            self.mistake(repr(event))

    def look(self, live: Any) -> None:
        """See how much audio the session keeps."""
        self.kept = max(self.kept, kept(live))

    def end(self, size: int, text: str | None = None) -> None:
        """It is over, after `size` bytes of audio; `text` is the transcript, where there is one."""
        words = size // (2 * WORD_SAMPLES)
        if self.words != words:
            self.mistake(f"{self.words} words instead of {words}")
        said = " ".join(f"w{n}" for n in range(words))
        if text is not None and text.lower().replace(".", "") != said:
            self.mistake("the transcript is not what was heard")
        if (self._seen["Open"], self._seen["Close"]) != (1, 1):
            self.mistake(f"{self._seen['Open']} Open and {self._seen['Close']} Close")
        if self._seen["Reconnecting"] < self.reconnects:
            self.mistake(f"{self.reconnects} reconnects, announced {self._seen['Reconnecting']} times")
        if self.kept > self._bound + NEAR:
            self.mistake(f"{self.kept:.1f} s of audio were kept, more than {self._bound:g}")

    def mistake(self, what: str) -> None:
        """Something went wrong."""
        if len(self.wrong) < KEPT_WRONG:
            self.wrong.append(f"{self.name}: {what:.300}")

    def _result(self, event: LiveResultResponse) -> None:
        expected = self.words
        for word in event.words:
            start, end = expected * self._word, (expected + 1) * self._word
            text = word.text.lower().strip(".")
            if text != f"w{expected}":
                self.mistake(f"{text} where w{expected} was to come, in connection {event.connection}: {event!r}")
                return
            if abs((word.start or 0.0) - start) > NEAR or abs((word.end or 0.0) - end) > NEAR:
                self.mistake(f"{text} is at {word.start} to {word.end}, not at {start:g} to {end:g}")
            expected += 1
        until = (event.start or 0.0) + (event.duration or 0.0)
        if event.is_final:
            self.words = expected
        elif until < self._reach - NEAR:
            self.mistake(f"interim results move back from {self._reach:g} to {until:g} s")
        self._reach = max(self._reach, until)


def kept(live: Any) -> float:
    """Seconds of audio that a session keeps, which has no public name: what is promised is its bound."""
    tape = getattr(live, "_core", live)._line.tape
    return float(tape.seconds)


def be_quiet() -> None:
    """Thousands of lost connections are what is wanted, and no news."""
    logging.getLogger("dgasync").setLevel(logging.CRITICAL)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown, as it stands in the README."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
