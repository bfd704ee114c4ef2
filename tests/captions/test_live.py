"""Captions of live speech: each word in one cue, as soon as it stands, however the service cuts and repeats."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.captions import Cue, LiveCaptions, cues_of, srt
from dgasync.errors import DeepgramTypeError
from dgasync.models.live import Close
from dgasync.utterances import utterances_of

from ..transcript.test_utterances import CORPUS, NO_CORPUS, event, results, said, utterance_end
from .parser import read_srt


def run(*messages: dict[str, Any], **options: Any) -> list[list[str]]:
    """What comes of each message, and last of the end."""
    captions = LiveCaptions(**options)
    return [texts(captions.feed(event(message))) for message in messages] + [texts(captions.end())]


def texts(found: list[Cue]) -> list[str]:
    """What cues say."""
    return [cue.text for cue in found]


def test_as_soon_as_full() -> None:
    """A long utterance is not waited for: a cue comes when it is full and the word behind it stands."""
    assert run(
        results("one two", 0),
        results("three", 1),
        results("four five six seven", 1.5),
        results("eight", 3.5, ends=True),
        words_per_line=3,
    ) == [[], [], ["one two three", "four five six"], ["seven eight"], []]


def test_at_the_end() -> None:
    """What is not full comes with the end of the utterance, or of the session."""
    assert run(results("Hello there", 0, 2), utterance_end(1.0), results("bye", 5)) == [
        [],
        ["Hello there"],
        [],
        ["bye"],
    ]


def test_interim_words() -> None:
    """Words that may still change are in no cue; they can be seen meanwhile."""
    captions = LiveCaptions(words_per_line=1)
    captions.feed(event(results("hello", 0)))
    assert captions.feed(event(results("word", 0.5, final=False))) == []
    assert captions.pending == "hello word"
    assert texts(captions.feed(event(results("world", 0.5)))) == ["hello"]
    assert texts(captions.feed(Close(code=1000, reason=""))) == ["world"]
    assert captions.end() == []
    assert repr(captions) == "<LiveCaptions of <Utterances, 0 words pending>>"


def test_repeated_words() -> None:
    """A word that is final twice is shown once, also where the first is in a cue already."""
    came = run(
        results("one two three", 0),
        results("two three four", 0.5),
        results("four five", 1.5, ends=True),
        words_per_line=2,
    )

    assert came == [["one two"], [], ["three four", "five"], []]


def test_a_late_word() -> None:
    """A word that turns up behind a cue that is out is not lost, and comes at no earlier time."""
    captions = LiveCaptions(words_per_line=1)
    first = captions.feed(event(results([("one", 0.0, 0.4), ("three", 1.0, 1.4), ("four", 1.5, 1.9)], 0)))
    late = captions.feed(event(results([("two", 0.5, 0.9)], 0.5, 0.9)))
    rest = captions.end()

    assert (texts(first), texts(late), texts(rest)) == (["one", "three"], ["two"], ["four"])
    assert [(cue.start, cue.end) for cue in [*late, *rest]] == [(1.0, 1.0), (1.5, 1.9)]


def test_speakers_and_channels() -> None:
    """A cue has the words of one speaker on one channel."""
    found = list(
        cues_of(
            [
                results("Ready Yes Go", 0, speakers=[0, 1, 1], channel=[0, 2]),
                results("Hm", 0.2, channel=[1, 2], ends=True),
                results("", 9, 12, channel=[0, 2]),
            ]
        )
    )

    assert [(cue.channel, cue.speaker, cue.text) for cue in found] == [
        (0, 0, "Ready"),
        (1, None, "Hm"),
        (0, 1, "Yes Go"),
    ]
    assert [read.lines for read in read_srt(srt(found))] == [["Ready"], ["Hm"], ["Yes Go"]]


def test_results_without_words() -> None:
    """A result that has only its text is shown."""
    alone = results([], 1.0, 3.0, transcript="Hello there.", ends=True)
    (cue,) = cues_of([alone])
    assert (cue.text, cue.start, cue.end) == ("Hello there.", 1.0, 3.0)

    later = {**alone, "start": 1.5, "duration": 1.0, "speech_final": False}
    came = run(results("one two three", 0, 1.5), later, words_per_line=2)
    assert came == [["one two"], [], ["three Hello", "there."]]


def test_two_sessions_in_a_log() -> None:
    """The times of a second session begin anew."""
    log = [results("late", 50, request="a", ends=True), results("early", 1, request="b", ends=True)]

    assert [cue.start for cue in cues_of(log)] == [50.0, 1.0]


def test_options_of_no_use() -> None:
    """A misspelt option is an error at once."""
    with pytest.raises(DeepgramTypeError, match="chars_per_lines"):
        LiveCaptions(chars_per_lines=42)  # type: ignore[call-arg]


@pytest.mark.parametrize("path", CORPUS or [NO_CORPUS], ids=lambda path: path.stem)
def test_recorded(path: Path) -> None:
    """Each message that the service sent gives the words of its utterances."""
    log = path.read_bytes().replace(b"\n", b" ")

    assert " ".join(texts(list(cues_of(log)))) == " ".join(each.text for each in utterances_of(log))


WORDS = said("a b c d e f g h i j k l m n o p q r s t", 0)


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    cuts=st.lists(st.integers(0, len(WORDS)), max_size=8),
    overlap=st.integers(0, 3),
    ends=st.lists(st.booleans(), min_size=12, max_size=12),
    marks=st.dictionaries(st.integers(0, 16), st.sampled_from([None, -1.0, 1.5, 4.0, 20.0]), max_size=4),
    words=st.integers(1, 6),
    lines=st.integers(1, 3),
)
def test_any_cut(
    cuts: list[int], overlap: int, ends: list[bool], marks: dict[int, float | None], words: int, lines: int
) -> None:
    """However results are cut and overlap, and whenever ends are told: every word is in one cue, and times go on."""
    places = sorted({0, len(WORDS), *cuts})
    log: list[dict[str, Any]] = []
    for number, (first, end) in enumerate(pairwise(places)):
        piece = WORDS[max(0, first - overlap) : end]
        log.append(results(piece, piece[0][1], final=False))
        log.append(results(piece, piece[0][1], ends=ends[number]))
    for place, end in marks.items():
        log.insert(place, utterance_end(end))
    captions = LiveCaptions(words_per_line=words, lines_per_cue=lines)
    found = [cue for message in log for cue in captions.feed(event(json.loads(json.dumps(message))))] + captions.end()

    assert " ".join(texts(found)).split() == [word for word, _, _ in WORDS]
    assert all(before.end <= after.start for before, after in pairwise(found))
