"""Work on words: punctuation, utterances, paragraphs, search, replacement. Plain text, no engine."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from dgasync.server.engine import Word

__all__ = ["bare", "heard_words", "paragraphs", "replaced", "search", "transcript", "utterances", "without_fillers"]

Json = dict[str, Any]

_PUNCTUATION = '.,!?;:…"“”„«»()[]{}¿¡'
_SENTENCE_ENDS = (".", "!", "?", "…")
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "gen", "sen", "rev"})
"""Words whose full stop ends no sentence: a name follows them."""
FILLERS = frozenset({"uh", "um", "uhm", "mhm", "mm-mm", "uh-uh", "uh-huh", "nuh-uh", "hmm", "mmm"})
"""What `filler_words=true` keeps (docs, "Filler Words") and every other request loses."""
SENTENCES = 5
"""A paragraph ends with the sentence that has this number in it, or at a longer pause."""
PARAGRAPH_PAUSE = 2.0
"""Seconds."""
HITS = 10
"""Hits a search returns for one term at most."""
SIMILAR = 0.6
"""Share of agreement from which on a stretch of words counts as a hit."""
SHARED = 3
"""A stretch has one of so many words of a term of three or more: to compare each with a sentence takes for ever."""


def bare(text: str) -> str:
    """A word as it stands in `word`: lower case, no punctuation around it."""
    return text.strip(_PUNCTUATION).lower() or text


def without_fillers(words: Sequence[Word]) -> list[Word]:
    """The words without `um` and its like."""
    return [word for word in words if bare(word.text) not in FILLERS]


def heard_words(words: Sequence[Word], *, punctuate: bool) -> list[Json]:
    """The words as the service writes them."""
    written: list[Json] = []
    for word in words:
        entry: Json = {
            "word": bare(word.text),
            "start": round(word.start, 6),
            "end": round(word.end, 6),
            "confidence": round(word.confidence, 7),
        }
        if punctuate:
            entry["punctuated_word"] = word.text
        written.append(entry)
    return written


def transcript(words: Sequence[Json]) -> str:
    """The text of words."""
    return " ".join(_shown(word) for word in words)


def confidence(words: Sequence[Json]) -> float:
    """How sure the engine is of all the words together: the mean; 0 for none, as the service has it."""
    return round(sum(word["confidence"] for word in words) / len(words), 7) if words else 0.0


def _shown(word: Json) -> str:
    return str(word.get("punctuated_word", word["word"]))


def _pieces(words: Sequence[Json], pause: float) -> Iterator[list[Json]]:
    """The words, cut where nobody speaks for `pause` seconds."""
    piece: list[Json] = []
    for word in words:
        if piece and word["start"] - piece[-1]["end"] >= pause:
            yield piece
            piece = []
        piece.append(word)
    if piece:
        yield piece


def utterances(channels: Sequence[Sequence[Json]], pause: float) -> list[Json]:
    """What was said in one go, of all channels, in the order of time."""
    spoken = [
        {
            "start": piece[0]["start"],
            "end": piece[-1]["end"],
            "confidence": confidence(piece),
            "channel": channel,
            "transcript": transcript(piece),
            "words": piece,
            "id": str(uuid.uuid4()),
        }
        for channel, words in enumerate(channels)
        for piece in _pieces(words, pause)
    ]
    return sorted(spoken, key=lambda utterance: (utterance["start"], utterance["channel"]))


def _sentences(words: Sequence[Json]) -> Iterator[list[Json]]:
    sentence: list[Json] = []
    for word in words:
        sentence.append(word)
        if _shown(word).rstrip("\"”»)]'").endswith(_SENTENCE_ENDS) and word["word"] not in _TITLES:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def paragraphs(words: Sequence[Json]) -> Json:
    """The sentences in paragraphs, and their text with an empty line between paragraphs."""
    grouped: list[list[list[Json]]] = []
    for sentence in _sentences(words):
        last = grouped[-1] if grouped else None
        if last is None or len(last) >= SENTENCES or sentence[0]["start"] - last[-1][-1]["end"] >= PARAGRAPH_PAUSE:
            grouped.append([sentence])
        else:
            last.append(sentence)
    made: list[Json] = [
        {
            "sentences": [{"text": transcript(s), "start": s[0]["start"], "end": s[-1]["end"]} for s in paragraph],
            "start": paragraph[0][0]["start"],
            "end": paragraph[-1][-1]["end"],
            "num_words": sum(map(len, paragraph)),
        }
        for paragraph in grouped
    ]
    texts = (" ".join(sentence["text"] for sentence in paragraph["sentences"]) for paragraph in made)
    # The service begins the text of paragraphs with a line break (every recorded answer).
    return {"transcript": "\n" + "\n\n".join(texts) if made else "", "paragraphs": made}


def search(words: Sequence[Json], query: str) -> Json:
    """Where in the words something like `query` was said, the likeliest first."""
    term = " ".join(bare(part) for part in query.split())
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(term)
    found: list[tuple[float, int, int]] = []
    wanted = frozenset(term.split())
    length = len(term.split())
    for count, start in itertools.product(range(max(1, length - 1), length + 2), range(len(words))):
        piece = words[start : start + count]
        if len(piece) < count or not term:
            continue
        if length > 2 and SHARED * len(wanted.intersection(word["word"] for word in piece)) < len(wanted):
            continue
        matcher.set_seq1(" ".join(word["word"] for word in piece))
        # The two cheap bounds come first: most stretches of a long recording fail them.
        if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR:
            ratio = matcher.ratio()
            if ratio >= SIMILAR:
                found.append((ratio, start, start + count))
    hits: list[Json] = []
    taken: set[int] = set()
    for ratio, start, end in sorted(found, key=lambda hit: (-hit[0], hit[2] - hit[1], hit[1])):
        if len(hits) < HITS and taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            hits.append(
                {
                    "confidence": round(ratio, 7),
                    "start": words[start]["start"],
                    "end": words[end - 1]["end"],
                    "snippet": " ".join(word["word"] for word in words[start:end]),
                }
            )
    return {"query": query, "hits": hits}


def replaced(words: Sequence[Word], rules: Sequence[tuple[str, str]]) -> list[Word]:
    """The words with each `find` of the rules become its `replacement`, or gone where that is empty."""
    result = list(words)
    for find, replacement in rules:
        terms = [bare(part) for part in find.split()]
        at = 0
        while terms and at + len(terms) <= len(result):
            piece = result[at : at + len(terms)]
            if [bare(word.text) for word in piece] != terms:
                at += 1
                continue
            made = _instead(piece, replacement)
            result[at : at + len(terms)] = made
            at += len(made)
    return result


def _instead(piece: Sequence[Word], replacement: str) -> list[Word]:
    """`replacement` in the place, the time and the punctuation of these words."""
    texts = replacement.split()
    if not texts:
        return []
    first, last = piece[0], piece[-1]
    if first.text[:1].isupper():
        texts[0] = texts[0][:1].upper() + texts[0][1:]
    texts[-1] += last.text[len(last.text.rstrip(_PUNCTUATION)) :]
    step = (last.end - first.start) / len(texts)
    sure = min(word.confidence for word in piece)
    edges = [*(first.start + step * number for number in range(len(texts))), last.end]
    return [Word(text, start, end, sure) for text, start, end in zip(texts, edges, edges[1:], strict=False)]
