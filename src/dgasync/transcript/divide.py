"""Where sentences, paragraphs and utterances end, by words, punctuation and pauses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from dgasync.models.listen import Word

__all__ = [
    "PARAGRAPH_PAUSE",
    "PARAGRAPH_SENTENCES",
    "UTTERANCE_PAUSE",
    "interrupted",
    "paragraphs_of",
    "pause",
    "sentences_of",
    "span",
    "split",
    "timed",
]

UTTERANCE_PAUSE = 0.8
"""Seconds of silence that end an utterance: the service's own default of `utt_split` (official description)."""

PARAGRAPH_PAUSE = 2.0
"""Seconds of silence that end a sentence and a paragraph, whatever the punctuation says; our choice."""

PARAGRAPH_SENTENCES = 5
"""Sentences of a paragraph at most, that a long speech stays readable; our choice."""

_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSERS = "\"'”’»)]」』"
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "vs."})


def timed(words: Iterable[Word]) -> Iterator[tuple[float, Word]]:
    """Each word with the time it starts; one without a time follows the one before it."""
    time = 0.0
    for word in words:
        if word.start is not None:
            time = word.start
        yield time, word


def span(words: Sequence[Word]) -> tuple[float | None, float | None]:
    """From when to when they were said, in seconds; None where no word tells."""
    start = next((word.start for word in words if word.start is not None), None)
    end = next((word.end for word in reversed(words) if word.end is not None), None)
    return start, end


def pause(word: Word, following: Word) -> float:
    """Seconds of silence between two words; 0 where it is not known."""
    return 0.0 if word.end is None or following.start is None else following.start - word.end


def interrupted(word: Word, following: Word, interjections: Sequence[tuple[float, float]]) -> bool:
    """Whether one of the `interjections`, sorted starts and ends, fits between two words."""
    if not interjections or word.end is None or following.start is None:
        return False
    for index in range(bisect_left(interjections, (word.end, word.end)), len(interjections)):
        start, end = interjections[index]
        if start >= following.start:
            return False
        if end <= following.start:
            return True
    return False


def split(words: Sequence[Word], ends: Callable[[Word, Word], bool]) -> Iterator[list[Word]]:
    """One or more `words` in pieces, divided wherever `ends(word, following word)`."""
    piece: list[Word] = []
    for word in words:
        if piece and ends(piece[-1], word):
            yield piece
            piece = []
        piece.append(word)
    yield piece


def sentences_of(words: Sequence[Word]) -> Iterator[list[Word]]:
    """One or more words by sentence."""
    # Without punctuation only pauses are left to tell sentences apart, so shorter ones count.
    longest = PARAGRAPH_PAUSE if any(_ends_sentence(word) for word in words) else UTTERANCE_PAUSE
    return split(words, lambda word, following: _ends_sentence(word) or pause(word, following) >= longest)


def paragraphs_of(words: Sequence[Word]) -> Iterator[list[list[Word]]]:
    """One or more words of one speaker by paragraph, and each paragraph by sentence."""
    sentences: list[list[Word]] = []
    for sentence in sentences_of(words):
        if sentences and (
            len(sentences) == PARAGRAPH_SENTENCES or pause(sentences[-1][-1], sentence[0]) >= PARAGRAPH_PAUSE
        ):
            yield sentences
            sentences = []
        sentences.append(sentence)
    yield sentences


def _ends_sentence(word: Word) -> bool:
    text = word.text.rstrip(_CLOSERS)
    if not text.endswith(_ENDS) or text.lower() in _TITLES:
        return False
    # "J. S. Bach" goes on, "So do I." does not.
    return not (len(text) == 2 and text[0].isalpha() and text[1] == "." and text != "I.")
