"""Words that stand beside a text, with its punctuation: OpenAI's words have none, and the text they are from has."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

__all__ = ["shared_out"]

_Word: TypeAlias = dict[str, Any]

NEAR = 100
"""Characters of text that may be skipped to find a word; our choice. What is farther away is another word like it."""


def shared_out(texts: Sequence[str], starts: Sequence[float], words: Sequence[Mapping[str, Any]]) -> list[list[_Word]]:
    """The words of each text, as they are written there; a word that is in none stays as it is.

    Words that the text writes as one, such as "twenty-first", become one.

    Args:
        texts: one after another.
        starts: when each begins, in seconds: where to put a word that is in none.
        words: with `word`, `start` and `end`, by the time they start.
    """
    whole = "\n".join(texts)
    ends = list(accumulate(len(text) + 1 for text in texts))
    is_spaced = any(" " in text.strip() for text in texts)
    shared: list[list[_Word]] = [[] for _ in texts]
    last: _Word | None = None
    begun = at = 0  # where the last word that was found begins and ends
    for word in words:
        made: _Word = {**word}
        found = _found(whole, str(word["word"]), at)
        if found is None:
            start = word.get("start")
            place = bisect_right(starts, start) - 1 if isinstance(start, (int, float)) else 0
            shared[max(place, bisect_right(ends, max(at - 1, 0)), 0)].append(made)
            continue
        end = found + len(str(word["word"]))
        behind, before = _parted(whole[at:found] if last is not None else f"\n{whole[:found]}")
        if last is not None and before is None and is_spaced:
            last.update(word=whole[begun:end], end=word.get("end"))
        else:
            if last is not None:
                last["word"] += behind
            begun = found - len(before or "")
            made["word"] = whole[begun:end]
            shared[bisect_right(ends, found)].append(made)
            last = made
        at = end
    if last is not None:
        last["word"] += _parted(whole[at:] + "\n")[0]
    return shared


def _found(whole: str, word: str, at: int) -> int | None:
    """Where a word comes next."""
    found = whole.find(word, at, at + NEAR + len(word)) if word else -1
    if found < 0:
        return None
    # Not amid another word.
    return found if not re.search(r"\w", whole[at:found]) or whole[found - 1].isspace() else None


def _parted(between: str) -> tuple[str, str | None]:
    """What of the text between two words belongs to the first, and what to the second; None where no blank parts them.

    A dash that stands by itself goes with the first. Words that were skipped go with neither.
    """
    if not any(map(str.isspace, between)):
        return between, None
    letter = re.search(r"\w", between)
    behind = between[: letter.start()] if letter else between
    return re.sub(r"\s+\S*$", "", behind), re.split(r"\s", between)[-1]
