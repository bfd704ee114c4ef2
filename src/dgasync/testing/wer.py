"""Word error rate: how far a transcript is from what was said."""

from __future__ import annotations

import re

__all__ = ["word_error_rate"]


def word_error_rate(said: str, heard: str) -> float:
    """Words to change, insert and drop, as a share of the words that were said; case and punctuation do not count."""
    truth, guess = _normal(said), _normal(heard)
    distances = list(range(len(guess) + 1))
    for row, word in enumerate(truth, 1):
        before, distances[0] = distances[0], row
        for column, other in enumerate(guess, 1):
            cost = min(before + (word != other), distances[column] + 1, distances[column - 1] + 1)
            before, distances[column] = distances[column], cost
    return distances[-1] / max(len(truth), 1)


def _normal(text: str) -> list[str]:
    text = re.sub(r"\bmr\b\.?", "mister", text.lower().replace("’", "'"))
    return re.sub(r"[^\w' ]+", " ", text).split()
