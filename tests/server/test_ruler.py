"""The ruler: what arrives is what is read."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dgasync.server.engine import Hints
from dgasync.server.ruler import (
    BROKEN,
    TICK_BYTES,
    WORD_BYTES,
    RulerEngine,
    RulerReader,
    ruler_bytes,
    ruler_chunks,
    ruler_words,
)

WHOLE = ruler_bytes(WORD_BYTES * 6)
WORDS = ["w0", "w1", "w2", "w3", "w4", "w5"]


def read(data: bytes, piece: int | None = None) -> list[str]:
    reader = RulerReader()
    piece = piece or len(data) or 1
    for at in range(0, len(data), piece):
        reader.feed(data[at : at + piece])
    return [span.name for span in reader.end()]


def test_whole_words() -> None:
    """Words that arrive whole are read by their numbers."""
    assert read(WHOLE) == WORDS == ruler_words(len(WHOLE))


@pytest.mark.parametrize("piece", [1, 7, 499, 500, 501, 16_000, 65_536])
def test_pieces_do_not_matter(piece: int) -> None:
    """The words are the same however the bytes are divided."""
    assert read(WHOLE[:50_000], piece) == ["w0", "w1", "w2", "w3-"]


@settings(max_examples=150, deadline=None)
@given(start=st.integers(0, 12 * WORD_BYTES), size=st.integers(0, 5 * WORD_BYTES), piece=st.integers(1, 40_000))
@example(start=5, size=2000, piece=3)
@example(start=5, size=1, piece=1)
@example(start=WORD_BYTES - 1, size=WORD_BYTES + 1, piece=9999)
@example(start=WORD_BYTES - 1, size=WORD_BYTES, piece=9999)
@example(start=500, size=300, piece=300)
@example(start=500, size=10, piece=300)
@example(start=501, size=300, piece=300)
@example(start=0, size=13, piece=300)
@example(start=0, size=14, piece=300)
@example(start=WORD_BYTES - 600, size=700, piece=300)
def test_any_stretch(start: int, size: int, piece: int) -> None:
    """A stretch may begin and end at any byte: its words are the expected ones, cut ones marked."""
    assert read(ruler_bytes(size, start=start), piece) == ruler_words(size, start=start)


def test_damage_shows() -> None:
    """A byte that is lost, repeated, changed or moved, anywhere, changes what is read."""
    dice = random.Random(7)
    for _ in range(1500):
        at, count = dice.randrange(len(WHOLE)), dice.choice([1, 1, 2, 499, 500, 501, 16_000, dice.randrange(1, 3000)])
        other = dice.randrange(len(WHOLE))
        damaged = dice.choice(
            [
                WHOLE[:at] + WHOLE[at + count :],
                WHOLE[: at + count] + WHOLE[at:],
                WHOLE[:at] + bytes([WHOLE[at] ^ 1 << dice.randrange(8)]) + WHOLE[at + 1 :],
                WHOLE[:at] + WHOLE[other : other + count] + WHOLE[at + count :],
            ]
        )
        if damaged != WHOLE:
            assert read(damaged, dice.choice([None, 900])) != WORDS, (at, count, other)


def test_repeated_last_byte() -> None:
    """Even the last byte before another word cannot be said twice unnoticed."""
    assert read(WHOLE[:WORD_BYTES] + WHOLE[WORD_BYTES - 1 :]) != WORDS


def test_broken_word() -> None:
    """A damaged word is read as broken, and its neighbours are not."""
    assert read(WHOLE[:20_000] + WHOLE[20_001:]) == ["w0", BROKEN, "w2", "w3", "w4", "w5"]


def test_damage_twice_in_a_word() -> None:
    """A word that is damaged again while its rest is skipped stays one broken word."""
    damaged = bytearray(WHOLE)
    damaged[WORD_BYTES + 700] ^= 1
    damaged[WORD_BYTES + 2700] ^= 1
    assert read(bytes(damaged)) == ["w0", BROKEN, "w2", "w3", "w4", "w5"]


def test_damaged_end() -> None:
    """Damage in the last, incomplete word is no cut."""
    cut = bytearray(WHOLE[: WORD_BYTES + 1700])
    cut[-5] ^= 1
    assert read(bytes(cut)) == ["w0", BROKEN]


def test_lost_words() -> None:
    """Whole words that are missing leave a gap in the numbers."""
    assert read(WHOLE[:WORD_BYTES] + WHOLE[3 * WORD_BYTES :]) == ["w0", "w3", "w4", "w5"]


def test_cut_start() -> None:
    """A connection may begin inside a word: the word is known and marked."""
    assert read(WHOLE[4321:]) == ["-w0", "w1", "w2", "w3", "w4", "w5"]


def test_start_inside_is_only_for_the_start() -> None:
    """Behind silence, or behind another word, half a word is broken."""
    assert read(bytes(100) + WHOLE[TICK_BYTES * 3 :]) == [BROKEN, "w1", "w2", "w3", "w4", "w5"]
    assert read(WHOLE[:WORD_BYTES] + WHOLE[WORD_BYTES + TICK_BYTES :])[:2] == ["w0", BROKEN]


def test_silence() -> None:
    """Zeros between words are no words."""
    assert read(bytes(9000) + WHOLE[: 2 * WORD_BYTES] + bytes(5000) + WHOLE[2 * WORD_BYTES :] + bytes(77)) == WORDS
    assert read(bytes(5000)) == []


def test_noise() -> None:
    """Anything that is no ruler is one broken stretch, found again behind it."""
    noise = random.Random(3).randbytes(30_000)
    assert read(noise) == [BROKEN]
    assert read(noise[:40]) == [BROKEN]
    assert read(noise + WHOLE[: 2 * WORD_BYTES], 1000) == [BROKEN, "w0", "w1"]
    assert read(WHOLE[:WORD_BYTES] + noise[:30]) == ["w0", BROKEN]


def test_positions() -> None:
    """Each word comes with the bytes it was read from."""
    reader = RulerReader()
    reader.feed(WHOLE[: WORD_BYTES + 100])
    assert [(span.start, span.end) for span in reader.take()] == [(0, WORD_BYTES)]
    reader.feed(WHOLE[WORD_BYTES + 101 : 3 * WORD_BYTES])
    assert [(span.name, span.start, span.end) for span in reader.end()] == [
        (BROKEN, WORD_BYTES, 2 * WORD_BYTES - 1),
        ("w2", 2 * WORD_BYTES - 1, 3 * WORD_BYTES - 1),
    ]


def test_chunks() -> None:
    """The ruler comes in pieces of the wanted size, from any byte on."""
    pieces = list(ruler_chunks(50_000, start=777, chunk=4096))
    assert {len(piece) for piece in pieces[:-1]} == {4096}
    assert b"".join(pieces) == ruler_bytes(50_777)[777:]


def test_engine() -> None:
    """The engine gives times, sentences of ten words, and no confidence in what is broken."""
    engine = RulerEngine()
    engine.load(print)
    listener = engine.listen(16_000, Hints())
    data = ruler_bytes(11 * WORD_BYTES)
    listener.feed(data[:100_000])
    listener.feed(data[100_000:-1000] + b"??")
    listener.stop()
    words = listener.end().words
    assert [word.text for word in words] == ["W0", *(f"w{n}" for n in range(1, 9)), "w9.", BROKEN]
    assert (words[3].start, words[3].end, words[3].confidence) == (1.5, 2.0, 1.0)
    assert words[-1].confidence == 0.0
    assert repr(engine) == "<RulerEngine>"
