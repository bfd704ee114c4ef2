"""Word error rate: how far a transcript is from what was said."""

from __future__ import annotations

import re

from dgasync.transcript.letters import BETWEEN, Folded, stands_alone

__all__ = ["word_error_rate"]


def word_error_rate(said: str, heard: str) -> float:
    """Words to change, insert and drop, as a share of the words that were said; case and punctuation do not count.

    0 is perfect. What heard much that nobody said is above 1. In scripts that are written without a blank between words
    (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each letter counts as a word, so that it is the character error rate,
    as is usual for them.
    """
    truth, guess = _normal(said), _normal(heard)
    return _distance(truth, guess) / max(len(truth), 1)


def _normal(text: str) -> list[str]:
    folded = Folded(text)
    spaced = folded.text
    if not spaced.isascii():
        # With their marks: without them Hindi would be compared by its consonants ("Breaking Brahmic", deepgram.com).
        spaced = "".join(f" {letter} " if stands_alone(letter) else letter for letter in folded.letters())
    words = (word.strip(BETWEEN) for word in re.sub(r"\bmr\b", "mister", spaced).split())
    return [word for word in words if word]


def _distance(truth: list[str], guess: list[str]) -> int:
    """The edit distance of two lists of words.

    A column of the usual table is kept as the bits of two numbers: where a step down costs one more, and where one less
    (Hyyrö, "A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances", 2003). An hour of speech is
    some 10,000 words, and a hundred million cells of that table.
    """
    if not truth:
        return len(guess)
    places: dict[str, int] = {}
    for index, word in enumerate(truth):
        places[word] = places.get(word, 0) | 1 << index
    last = 1 << (len(truth) - 1)
    every = (last << 1) - 1
    more, less, distance = every, 0, len(truth)
    for word in guess:
        same = places.get(word, 0)
        diagonal = (((same & more) + more) ^ more) | same | less
        right_more = less | (every & ~(diagonal | more))
        right_less = more & diagonal
        distance += bool(right_more & last) - bool(right_less & last)
        right_more = (right_more << 1 | 1) & every
        right_less = (right_less << 1) & every
        more = right_less | (every & ~(diagonal | right_more))
        less = right_more & diagonal
    return distance
