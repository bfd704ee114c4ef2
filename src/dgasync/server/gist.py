"""What an English text is about, and in which mood: extracts and a lexicon, not a language model.

- The **summary** is made of the text's own sentences, those whose words are frequent in it; a word that has been
  covered counts less from then on (SumBasic: Nenkova and Vanderwende, 2005).
- **Topics** are phrases of the text, words that stand together between function words, weighed by how often they are
  said other than as part of a longer phrase (C-value: Frantzi, Ananiadou and Mima, 2000). A confidence is a phrase's
  weight as a share of the heaviest one's. A topic that was asked for is found where half of its words are, in whatever
  form; its confidence is their share.
- The **sentiment** of a sentence is what VADER's lexicon and rules make of it (Hutto and Gilbert, 2014).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import version
from math import log2
from statistics import fmean
from typing import Any, NamedTuple

from dgasync.server.engine import EngineError
from dgasync.server.sentences import sentences

__all__ = ["Extractor", "Lexicon", "Sentence", "Text"]

LONGEST_SUMMARY = 5
"""Sentences."""
SHARE = 5
"""One of so many sentences makes the summary."""
MOST_TOPICS = 10
LONGEST_TOPIC = 3
"""Words."""
ENOUGH = 0.5
"""The share of a topic's words that must be there."""
POSITIVE = 1 / 3
"""The score from which a sentiment is called positive; its opposite is negative (the service's page on sentiment)."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
# Function words of English, and what is said without meaning much.
_STOP = frozenset(
    """
    a about above after again against all almost alone along already also although always am among an and another
    any anyone anything are around as at away back be became because been before began behind being below between
    both but by came can cannot come could did do does doing done down during each either else enough even ever
    every everyone everything few first for from further gave get give given go goes going gone good got had has
    have having he her here hers herself him himself his how however i if in into is it its itself just keep kind
    know last later least less let like little long look made make many may maybe me mean might mine more most much
    must my myself near need neither never new next no nobody none nor not nothing now of off often oh ok okay on
    once one only onto or other others ought our ours ourselves out over own people perhaps please put quite rather
    really right said same saw say see seem seems shall she should since so some someone something sometimes soon
    still such take tell than thank thanks that the their theirs them themselves then there these they thing things
    think this those though three through thus till to today together told too took toward try two under until up
    upon us use used very want was way we well went were what whatever when where whether which while who whole whom
    whose why will with within without would yeah yes yet you your yours yourself yourselves aren't can't couldn't
    didn't doesn't don't hadn't hasn't haven't he'd he'll he's i'd i'll i'm i've isn't it's let's she'd she'll she's
    shouldn't that's there's they'd they'll they're they've wasn't we'd we'll we're we've weren't what's who's won't
    wouldn't you'd you'll you're you've
    """.split()  # noqa: SIM905 - a list of them would be a page of quotes
)


class Sentence(NamedTuple):
    """One sentence of a text."""

    text: str
    start: int
    """Its first word, counted from 0 through the whole text."""
    end: int
    """Its last word."""


class Text:
    """A text, cut into its sentences."""

    def __init__(self, text: str) -> None:
        self.sentences: list[Sentence] = []
        self.words = 0
        for piece in sentences(text):
            words = piece.split()
            if words:
                self.sentences.append(Sentence(" ".join(words), self.words, self.words + len(words) - 1))
                self.words += len(words)


def _installed(package: str, module: str) -> Any:
    try:
        return import_module(module), version(package)
    except ImportError:
        raise EngineError(f"{package} is not installed: install dgasync[local]") from None


class Lexicon:
    """Sentiment."""

    name = "vader"
    arch = "lexicon"

    def __init__(self) -> None:
        module, self.version = _installed("vaderSentiment", "vaderSentiment.vaderSentiment")
        self._analyzer: Any = module.SentimentIntensityAnalyzer()

    def score(self, sentence: str) -> float:
        """From -1, all bad, to 1, all good."""
        return float(self._analyzer.polarity_scores(sentence)["compound"])

    @staticmethod
    def called(score: float) -> str:
        """The word for it."""
        return "positive" if score >= POSITIVE else "negative" if score <= -POSITIVE else "neutral"


class Extractor:
    """Summary and topics of one text."""

    name = "extract"
    version = "1"
    arch = "extractive"

    def __init__(self, text: Text) -> None:
        module, _ = _installed("snowballstemmer", "snowballstemmer")
        self._stem: Any = cache(module.stemmer("english").stemWord)
        self._sentences = text.sentences
        self._stems = [self._stems_of(sentence.text) for sentence in text.sentences]

    def _stems_of(self, text: str) -> list[str]:
        return [self._stem(word) for word in map(_plain, _WORD.findall(text)) if word not in _STOP]

    def summary(self) -> str:
        """Some of its sentences, in their order."""
        count = max(1, min(LONGEST_SUMMARY, len(self._sentences) // SHARE))
        total = Counter(stem for stems in self._stems for stem in stems)
        count_all = sum(total.values())
        weights = {"": 0.0, **{stem: times / count_all for stem, times in total.items()}}
        chosen: list[int] = []
        # A sentence of a few words says little, however frequent they are.
        open_ones = {at for at, stems in enumerate(self._stems) if len(stems) >= 3} or set(range(len(self._sentences)))
        while open_ones and len(chosen) < count:
            best = max(open_ones, key=lambda at: (fmean(weights[stem] for stem in self._stems[at] or [""]), -at))
            open_ones.discard(best)
            chosen.append(best)
            for stem in set(self._stems[best]):
                weights[stem] **= 2
        return " ".join(self._sentences[at].text for at in sorted(chosen))

    def topics(self) -> dict[tuple[str, ...], tuple[str, float]]:
        """Its phrases by their stems: how they are written, and their confidence; the weightiest first."""
        times: Counter[tuple[str, ...]] = Counter()
        forms: dict[tuple[str, ...], Counter[str]] = {}
        # How often a phrase is only part of a longer one, and of how many.
        inside: Counter[tuple[str, ...]] = Counter()
        longer: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
        for sentence in self._sentences:
            for key, words in self._phrases(sentence):
                times[key] += 1
                forms.setdefault(key, Counter())[" ".join(words)] += 1
                for part in {part for part, _ in _stretches(key, words)} - {key}:
                    inside[part] += 1
                    longer.setdefault(part, set()).add(key)
        weights = {
            key: log2(len(key) + 1) * (count - inside[key] / max(1, len(longer.get(key, ()))))
            for key, count in times.items()
        }
        # What is said once may be anything; it counts where nothing is said twice.
        most = 2 if any(times[key] > 1 and weight > 0 for key, weight in weights.items()) else 1
        kept = [
            key
            for key, weight in weights.items()
            if weight > 0 and times[key] >= most and all(times[other] < times[key] for other in longer.get(key, ()))
        ]
        best = sorted(kept, key=lambda key: (-weights[key], key))[:MOST_TOPICS]
        written = {key: forms[key].most_common(1)[0][0] for key in best}
        return {
            key: (form[0].upper() + form[1:], round(weights[key] / weights[best[0]], 4))
            for key, form in written.items()
        }

    def _phrases(self, sentence: Sentence) -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
        """What in it could be a topic: its stems, and its words."""
        for run in _runs(sentence.text):
            yield from _stretches([self._stem(_plain(word)) for word in run], run)

    def found_topics(self, custom: Sequence[str], *, strict: bool) -> list[tuple[Sentence, list[tuple[str, float]]]]:
        """The sentences with topics, and those with their confidence; `custom` ones are looked for beside its own."""
        own = {} if strict else self.topics()
        asked = {topic: set(self._stems_of(topic)) or {self._stem(_plain(topic))} for topic in custom}
        told: list[tuple[Sentence, list[tuple[str, float]]]] = []
        for sentence, stems in zip(self._sentences, self._stems, strict=True):
            there = set(stems)
            shares = {topic: len(wanted & there) / len(wanted) for topic, wanted in asked.items()}
            topics = [(topic, round(share, 4)) for topic, share in shares.items() if share >= ENOUGH]
            phrases = {key for key, _ in self._phrases(sentence)} if own else set[tuple[str, ...]]()
            topics += [named for key, named in own.items() if key in phrases and named[0] not in asked]
            if topics:
                told.append((sentence, topics))
        return told


def _plain(word: str) -> str:
    return word.lower().replace("\u2019", "'")


def _runs(sentence: str) -> list[list[str]]:
    """Words that stand together between function words, punctuation and numbers."""
    runs: list[list[str]] = [[]]
    at = 0
    for match in _WORD.finditer(sentence):
        word = match.group()
        if sentence[at : match.start()].strip():
            runs.append([])
        at = match.end()
        if _plain(word) in _STOP or len(word) < 3 or not word[0].isalpha():
            runs.append([])
        else:
            runs[-1].append(word)
    return [run for run in runs if run]


def _stretches(stems: Sequence[str], words: Sequence[str]) -> list[tuple[tuple[str, ...], Sequence[str]]]:
    """Every stretch of words that could be a topic, and their stems."""
    return [
        (tuple(stems[at : at + size]), words[at : at + size])
        for size in range(1, LONGEST_TOPIC + 1)
        for at in range(len(stems) - size + 1)
    ]
