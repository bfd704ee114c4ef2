"""Text that comes piece by piece, cut where a voice can begin to speak. Not a character is lost or added."""

from __future__ import annotations

import re

__all__ = ["LONGEST", "Sentences", "sentences"]

LONGEST = 400
"""Characters that are said at once, at most: what a voice is at work on cannot be interrupted."""

# Behind the end of a sentence and the space after it; what follows is not part of the match.
_END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]]*\s+(?=\S)|\n+(?=\S)")
_CLAUSE = re.compile(r"[,;:\u2014]\s+|\s+")
_NO_END = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "e.g", "i.e", "no", "approx", "capt", "gen"}
)


class Sentences:
    """A text on its way in."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """The sentences that are complete by now; the last one may go on."""
        self._rest += text
        found, at = list[str](), 0
        for match in _END.finditer(self._rest):
            if self._ends(match):
                found.append(self._rest[at : match.end()])
                at = match.end()
        self._rest = self._rest[at:]
        found = [part for sentence in found for part in _parts(sentence)]
        *begun, self._rest = _parts(self._rest) or [""]
        return found + begun

    def flush(self) -> list[str]:
        """The rest, whether or not it is a sentence."""
        rest, self._rest = self._rest, ""
        return [rest] if rest else []

    def clear(self) -> str:
        """Forget the rest; it is returned."""
        rest, self._rest = self._rest, ""
        return rest

    def _ends(self, match: re.Match[str]) -> bool:
        if "\n\n" in match.group():
            return True
        if self._rest[match.end()].islower():
            return False  # A line may be broken anywhere.
        if "\n" in match.group():
            return True
        # A full stop behind a title or an initial ends nothing.
        word = self._rest[: match.start()].rsplit(None, 1)[-1:]
        last = word[0].lstrip("(\"'\u201c\u2018") if word else ""
        initial = len(last) == 1 and last.isupper() and last != "I"
        return not (match.group().startswith(". ") and (initial or last.lower() in _NO_END))


def _parts(sentence: str) -> list[str]:
    """A sentence that is too long, cut at a clause, a space or, at the worst, anywhere."""
    parts: list[str] = []
    while len(sentence) > LONGEST:
        ends = [match.end() for match in _CLAUSE.finditer(sentence, LONGEST // 2, LONGEST)]
        clauses = [end for end in ends if sentence[:end].rstrip()[-1:] in ",;:\u2014"]
        cut = (clauses or ends or [LONGEST])[-1]
        parts.append(sentence[:cut])
        sentence = sentence[cut:]
    return [*parts, sentence] if sentence else parts


def sentences(text: str) -> list[str]:
    """A whole text, cut."""
    cutter = Sentences()
    return cutter.feed(text) + cutter.flush()
