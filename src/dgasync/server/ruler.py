"""The ruler: audio that carries its own count, and the engine that reads it.

Tests of delivery need words that follow from the bytes that arrived. So the audio is a row of *ticks*, each of which
says which one it is, and a word is `TICKS` of them:

    word 0                      word 1
    tick 0.0 · 0.1 · ... 0.31 | tick 1.0 · 1.1 · ... 1.31 | ...

    a tick, 500 bytes:  mark (4) · word (4) · word inverted (4) · tick (1) · tick inverted (1) · filling (486)

All 500 bytes are compared, whatever the alignment, so that one lost, repeated, changed or reordered byte shows:

- words `n` that arrived whole are read as `w0 w1 w2 ...` (every tenth ends a sentence),
- a word whose beginning was not sent, at the very start of the audio, is read as `-w7`, one whose end was not sent, at
  the very end, as `w7-`: a connection may begin and end anywhere and its words are still known,
- anything else between two words is read as `<broken>`, but for silence: zeros are no words, and how many of them
  arrived shows only in the times of the words behind them.

Read as mono linear16 of 16 kHz a word lasts half a second, exactly.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dgasync.server.engine import Heard, Hints, LiveHints, Tell, Word

if TYPE_CHECKING:
    from dgasync.server.ruler_live import RulerLiveListener
    from dgasync.server.ruler_voice import RulerVoice

__all__ = [
    "BROKEN",
    "TICK_BYTES",
    "TICKS",
    "FINAL_WORDS",
    "WORD_BYTES",
    "WORD_SAMPLES",
    "RulerEngine",
    "RulerListener",
    "RulerReader",
    "Span",
    "ruler_bytes",
    "ruler_chunks",
    "ruler_words",
    "span_word",
]

TICK_BYTES = 500
"""Bytes of a tick: 250 samples."""
TICKS = 32
"""Ticks of a word."""
WORD_BYTES = TICK_BYTES * TICKS
"""Bytes of a word."""
WORD_SAMPLES = WORD_BYTES // 2
"""Samples of a word: half a second at 16 kHz."""
BROKEN = "<broken>"
"""The word for a stretch that is neither silence nor whole."""
SENTENCE = 10
"""Words of a sentence."""
FINAL_WORDS = 5
"""Words of a final result of live ruler audio: two results make a sentence."""

# Full scale up and down in neighbouring samples: in no filling, and in no number (its second half is inverted).
_MARK = b"\xff\x7f\x00\x80"
_HEAD = 14


def _filling() -> bytes:
    """Quiet noise, the same in every tick, without a period that a shift could hide in."""
    digest = hashlib.shake_256(b"dgasync ruler").digest(TICK_BYTES)
    samples = [(value % 1200 - 600) | 1 for (value,) in struct.iter_unpack("<H", digest[: TICK_BYTES - _HEAD])]
    samples[-1] = -77  # The last byte must not be zero: said twice, it would pass for silence before the next word.
    return struct.pack(f"<{len(samples)}h", *samples)


class Span(NamedTuple):
    """A word and where it was read."""

    name: str
    start: int
    """Its first byte."""
    end: int
    """The byte behind it."""


_FILLING = _filling()
_BLANK = b"".join(_MARK + bytes(8) + bytes((tick, tick ^ 0xFF)) + _FILLING for tick in range(TICKS))


def _word(number: int) -> bytes:
    """The bytes of word `number`."""
    block = bytearray(_BLANK)
    count = number & 0xFFFFFFFF
    for at, value in enumerate(struct.pack("<II", count, count ^ 0xFFFFFFFF), len(_MARK)):
        block[at::TICK_BYTES] = bytes((value,)) * TICKS
    return bytes(block)


def ruler_chunks(size: int, *, start: int = 0, chunk: int = 1 << 20) -> Iterator[bytes]:
    """`size` bytes of the ruler from byte `start` on, in pieces of `chunk` bytes; memory does not grow with `size`."""
    waiting = bytearray()
    number, skip = divmod(start, WORD_BYTES)
    while size > 0:
        wanted = min(chunk, size)
        while len(waiting) < wanted:
            waiting += _word(number)[skip:]
            number, skip = number + 1, 0
        yield bytes(waiting[:wanted])
        del waiting[:wanted]
        size -= wanted


def ruler_bytes(size: int, *, start: int = 0) -> bytes:
    """`size` bytes of the ruler from byte `start` on."""
    return b"".join(ruler_chunks(size, start=start))


def ruler_words(size: int, *, start: int = 0) -> list[str]:
    """The words the engine reads from `ruler_bytes(size, start=start)`, in lower case and without punctuation."""
    end = start + size
    first, last = -(-start // WORD_BYTES), end // WORD_BYTES
    whole_tick = -(-start // TICK_BYTES) * TICK_BYTES + TICK_BYTES
    if start % TICK_BYTES and whole_tick > end:
        # Too little to see where it belongs; and the zeros in a number, alone, are silence.
        return [BROKEN] if any(ruler_bytes(size, start=start)) else []
    if first > last:  # It begins and ends inside the same word.
        return [f"-w{last}-" if end - start >= _HEAD else BROKEN] if size > 0 else []
    words = [f"w{number}" for number in range(first, last)]
    if start % WORD_BYTES:
        words.insert(0, f"-w{first - 1}")
    if end % WORD_BYTES:
        # Of a cut word the number must have arrived; a few bytes of it are only broken.
        words.append(f"w{last}-" if end % WORD_BYTES >= _HEAD else BROKEN)
    return words


class _Tick(NamedTuple):
    word: int
    tick: int

    def next(self) -> _Tick:
        return _Tick(self.word, self.tick + 1) if self.tick + 1 < TICKS else _Tick((self.word + 1) & 0xFFFFFFFF, 0)

    def before(self) -> _Tick:
        return _Tick(self.word, self.tick - 1) if self.tick else _Tick((self.word - 1) & 0xFFFFFFFF, TICKS - 1)

    def data(self) -> bytes:
        head = struct.pack("<4sIIBB", _MARK, self.word, self.word ^ 0xFFFFFFFF, self.tick, self.tick ^ 0xFF)
        return head + _FILLING


_SOUND = re.compile(rb"[^\0]")


class RulerReader:
    """Reads the ruler from bytes in pieces of any size; positions are bytes since the beginning.

    It is always in one of three places: between words, inside a word (`_expected` is the tick that must follow), or in
    a damaged stretch (`_broken` alone) that lasts to the next whole word; the rest of a damaged word has both.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._base = 0  # position of the first waiting byte
        self._at = 0  # how many waiting bytes are read
        self._expected: _Tick | None = None
        self._broken = False
        self._cut = False  # the word began before the audio did
        self._entered = False
        self._ended = False
        self._word_from = 0  # position where the word or the damage began
        self._spans: list[Span] = []

    def feed(self, data: bytes) -> None:
        """Read more."""
        self._waiting += data
        self._read()

    def take(self) -> list[Span]:
        """The words that became complete since the last call."""
        spans, self._spans = self._spans, []
        return spans

    @property
    def position(self) -> int:
        """How far it has read: every word that ends before is told, or can be taken."""
        return self._base

    @property
    def between(self) -> bool:
        """Whether there was nothing but silence between the last word and `position`."""
        return self._entered and self._expected is None and not self._broken

    @property
    def quiet_until(self) -> int:
        """Up to where there was nothing but silence behind the last word."""
        return self._base if self.between else self._word_from

    def end(self) -> list[Span]:
        """Read to the end, where a word may be cut, and take what is left."""
        self._ended = True
        self._read()
        rest = bytes(self._waiting)
        self._at = len(rest)
        if self._expected is not None:
            word = self._expected.word
            self._broken = self._broken or not self._expected.data().startswith(rest)
            # A word of which nothing arrived behind its last whole tick is cut as well.
            self._emit(f"{self._dash()}w{word}-")
        elif self._broken or _SOUND.search(rest):
            if not self._broken:
                self._word_from = self._base
            self._emit(self._rest_name(rest))
        return self.take()

    def _read(self) -> None:
        more = self._entered or self._enter()
        while more:
            if self._expected is not None:
                more = self._inside(self._expected)
            elif self._broken:
                more = self._damaged()
            else:
                more = self._between()
        del self._waiting[: self._at]
        self._base += self._at
        self._at = 0

    # Each of these reads on from `_at` and says whether there may be more to read.

    def _enter(self) -> bool:
        """The very first bytes, which may be the rest of a tick."""
        if len(self._waiting) < 2 * TICK_BYTES and not self._ended:
            return False
        self._entered = True
        found = self._find(0)
        if found is not None and (place := found[0]) < TICK_BYTES:
            tick = found[1]
            if tick.before().data().endswith(self._waiting[:place]):
                self._cut = bool(place or tick.tick)
                if place and not tick.tick:  # All that came of the word before is the end of its last tick.
                    self._at = place
                    self._emit(f"-w{tick.before().word}")
                else:
                    self._at, self._expected = place, tick
        return True

    def _inside(self, expected: _Tick) -> bool:
        if len(self._waiting) - self._at < TICK_BYTES:
            return False
        if not self._waiting.startswith(expected.data(), self._at):
            self._expected, self._broken = None, True
            return True
        self._at += TICK_BYTES
        if expected.tick + 1 < TICKS:
            self._expected = expected.next()
        else:
            self._emit(f"{self._dash()}w{expected.word}")
        return True

    def _between(self) -> bool:
        sound = _SOUND.search(self._waiting, self._at)
        self._at = sound.start() if sound else len(self._waiting)
        self._word_from = self._base + self._at
        if len(self._waiting) - self._at < TICK_BYTES:
            return False
        number = int.from_bytes(self._waiting[self._at + 4 : self._at + 8], "little")
        if self._waiting.startswith(_word(number), self._at):  # Sixteen kilobytes at once, for speed.
            self._at += WORD_BYTES
            self._emit(f"w{number}")
        else:
            self._expected = self._tick(self._at)
            self._broken = self._expected is None or self._expected.tick != 0
        return True

    def _damaged(self) -> bool:
        found = self._find(self._at)
        if found is None:
            # A tick may have begun in the last bytes.
            self._at = max(self._at, len(self._waiting) - TICK_BYTES + 1)
            return False
        self._at, tick = found
        if tick.tick == 0:
            self._emit("")
        else:
            self._expected = tick
        return True

    def _emit(self, name: str) -> None:
        end = self._base + self._at
        self._spans.append(Span(BROKEN if self._broken else name, self._word_from, end))
        self._expected, self._broken, self._cut, self._word_from = None, False, False, end

    def _dash(self) -> str:
        return "-" if self._cut else ""

    def _rest_name(self, rest: bytes) -> str:
        """The name of a last piece that is less than a tick."""
        if len(rest) >= _HEAD:
            tick = _Tick(int.from_bytes(rest[4:8], "little"), rest[12])
            # Only the very first word may begin in its middle.
            if tick.tick < TICKS and (tick.tick == 0 or self._base == 0) and tick.data().startswith(rest):
                return f"{'-' if tick.tick else ''}w{tick.word}-"
        return BROKEN

    def _find(self, at: int) -> tuple[int, _Tick] | None:
        while (at := self._waiting.find(_MARK, at)) >= 0:
            tick = self._tick(at)
            if tick is not None:
                return at, tick
            at += 1
        return None

    def _tick(self, at: int) -> _Tick | None:
        """The whole tick at this place, if there is one."""
        if len(self._waiting) - at < TICK_BYTES:
            return None
        tick = _Tick(int.from_bytes(self._waiting[at + 4 : at + 8], "little"), self._waiting[at + 12])
        return tick if tick.tick < TICKS and self._waiting.startswith(tick.data(), at) else None


class RulerEngine:
    """The engine that reads the ruler; it needs nothing but Python."""

    name = "ruler"
    version = "1"
    arch = "ruler"
    rate = None
    languages = None
    detects_language = False
    takes_terms = False
    hears_at_once = True

    def __init__(self, *, final_words: int = FINAL_WORDS) -> None:
        """`final_words`: live words become final when the number of one more is a multiple of it, and at sentences."""
        self._final_words = final_words

    def load(self, tell: Tell, /) -> None:
        """There is nothing to load."""

    def voice(self) -> RulerVoice:
        """What speaks beside it."""
        from dgasync.server.ruler_voice import RulerVoice

        return RulerVoice()

    def listen(self, rate: int, hints: Hints, /) -> RulerListener:
        """Begin to read one channel."""
        return RulerListener(rate)

    def listen_live(self, rate: int, wanted: LiveHints, /) -> RulerLiveListener:
        """Begin to read one channel of live audio."""
        from dgasync.server.ruler_live import RulerLiveListener

        return RulerLiveListener(rate, wanted, self._final_words)

    def __repr__(self) -> str:
        return "<RulerEngine>"


class RulerListener:
    """One channel of the ruler being read."""

    def __init__(self, rate: int) -> None:
        self._reader = RulerReader()
        self._rate = rate
        self._words: list[Word] = []

    def feed(self, samples: bytes, /) -> None:
        """Read more."""
        self._reader.feed(samples)
        self._take(self._reader.take())

    def end(self) -> Heard:
        """All that was read."""
        self._take(self._reader.end())
        return Heard(self._words)

    def stop(self) -> None:
        """Reading is quick enough to need no stopping."""

    def _take(self, spans: list[Span]) -> None:
        self._words += [span_word(span, self._rate) for span in spans]


def span_word(span: Span, rate: int) -> Word:
    """The word that was read, in samples of this rate."""
    start, end = span.start / (2 * rate), span.end / (2 * rate)
    if span.name == BROKEN:
        return Word(BROKEN, start, end, 0.0)
    number = int(span.name.strip("-w"))
    text = span.name.replace("w", "W") if number % SENTENCE == 0 else span.name
    return Word(f"{text}." if number % SENTENCE == SENTENCE - 1 else text, start, end, 1.0)
