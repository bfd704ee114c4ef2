"""Letters as they are compared: what is said the same is the same, however it is written, and however it is encoded.

`Folded` is a text without the differences that nobody hears, in which each place still knows where it is in the text:

```
case                     STRASSE    straße
the way of encoding      é          e with an accent behind it; also full-width forms, ligatures, other digits
apostrophes              don't      don’t
punctuation and blanks   follow-up  follow up; ' stands for an apostrophe, a blank for anything else
what is not seen         a soft hyphen, a joiner
```

A letter keeps the marks that are written above, below and around it: they are vowels in the scripts of India.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["BETWEEN", "Folded", "stands_alone"]

BETWEEN = " '"
"""What stands in a folded text for all that is no letter."""

_APOSTROPHES = "'’‘‛＇`´ʹʻʼʽ"
"""Marks that are written for an apostrophe, some of which Unicode counts as letters."""

_ASCII = {
    code: chr(code).lower() if chr(code).isalnum() or chr(code) == "_" else "'" if chr(code) in "'`" else " "
    for code in range(128)
}

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR")
"""How Unicode's names begin for letters of scripts that are written without a blank between words."""


class Folded:
    """A text as it is compared."""

    text: str
    """Its letters, folded, each with its marks behind it: one of the original may have become several characters."""
    starts: Sequence[int]
    """For each character of it where its letter begins in the original, and at last how long the original is."""

    def __init__(self, text: str) -> None:
        if text.isascii():
            self.text, self.starts = text.translate(_ASCII), range(len(text) + 1)
            return
        pieces: list[str] = []
        starts: list[int] = []
        begin = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or not _goes_on(text[end]):
                piece = _folded(text[begin:end])
                pieces.append(piece)
                starts.extend([begin] * len(piece))
                begin = end
        self.text, self.starts = "".join(pieces), [*starts, len(text)]

    def letters(self) -> Iterator[str]:
        """Its letters, each with its marks, and what stands between them."""
        begin = 0
        for end in range(1, len(self.text) + 1):
            if self.starts[end] != self.starts[begin]:
                yield self.text[begin:end]
                begin = end

    def is_apart(self, place: int) -> bool:
        """Whether a letter ends and another one begins at a place."""
        return place == 0 or self.starts[place - 1] != self.starts[place]

    def is_edge(self, place: int) -> bool:
        """Whether a word may begin or end at a place."""
        if place in (0, len(self.text)):
            return True
        if not self.is_apart(place):
            return False
        before = place - 1
        while not self.is_apart(before):
            before -= 1
        one, other = self.text[before], self.text[place]
        return one in BETWEEN or other in BETWEEN or stands_alone(one) or stands_alone(other)


@lru_cache(maxsize=8192)
def stands_alone(letter: str) -> bool:
    """Whether this, of a script that has no blanks between words, may be a word or a part of one: nothing tells."""
    return letter[0] > "\u0dff" and unicodedata.name(letter[0], "").startswith(_UNSPACED)


@lru_cache(maxsize=8192)
def _goes_on(character: str) -> bool:
    """Whether a character belongs to the letter before it: a mark, what is not seen, the rest of a Korean syllable."""
    if character < "\u00ad":
        return False
    return unicodedata.category(character) in _MARKS or unicodedata.name(character, "").startswith(_REST)


_MARKS = frozenset({"Mn", "Mc", "Me", "Cf"})
_REST = ("HANGUL JUNGSEONG", "HANGUL JONGSEONG")


@lru_cache(maxsize=8192)
def _folded(letter: str) -> str:
    """A letter with its marks as it is compared. What is none is ' or a blank."""
    first = letter[0]
    if first in _APOSTROPHES:
        return "'"
    if not (first.isalnum() or first == "_" or unicodedata.category(first) in _MARKS - {"Cf"}):
        return " "
    seen = "".join(each for each in letter if not _is_unseen(each))
    # Folded between two decompositions, after Unicode's compatibility caseless match (chapter 3.13, D146).
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", seen).casefold())
    # Turkish has an i with a dot and one without, whose capitals are İ and I: which of them I is, nothing tells.
    folded = folded.replace("i\u0307", "i").replace("ı", "i")
    return "".join(str(unicodedata.decimal(each, each)) for each in folded) or " "


def _is_unseen(character: str) -> bool:
    """Whether nobody sees it: it joins or divides, or chooses between two looks of the same letter."""
    return unicodedata.category(character) == "Cf" or "VARIATION SELECTOR" in unicodedata.name(character, "")
