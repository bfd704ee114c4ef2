"""Transcripts: text, words, turns, paragraphs and utterances, of plain, strange and empty answers."""

from __future__ import annotations

import copy
import json
import pickle
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dgasync.models.base import Model
from dgasync.models.listen import PrerecordedResponse
from dgasync.transcript import ChannelTranscript, Transcript, Turn

from ..models.answers import CORPUS, NO_CORPUS, values


def word(text: str, start: float | None = None, end: float | None = None, speaker: int | None = None) -> dict[str, Any]:
    """A word as the service sends it; a second long unless told otherwise."""
    if start is not None and end is None:
        end = start + 1
    return {"word": text.strip(".,?!").lower(), "punctuated_word": text, "start": start, "end": end, "speaker": speaker}


def channel(*words: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A channel as the service sends it."""
    transcript = " ".join(word["punctuated_word"] for word in words)
    return {"alternatives": [{"transcript": transcript, "confidence": 0.5, "words": list(words), **more}]}


def transcript(*channels: dict[str, Any], duration: float | None = None, **results: Any) -> Transcript:
    """The transcript of an answer with these channels."""
    metadata = {"request_id": "abc", "duration": duration}
    return Transcript.from_dict({"metadata": metadata, "results": {"channels": list(channels), **results}})


def said(turns: tuple[Turn, ...]) -> list[tuple[int, float | None, str]]:
    """Turns as channel, speaker and text."""
    return [(turn.channel, turn.speaker, turn.text) for turn in turns]


def times(count: int, start: float = 0.0) -> list[float]:
    """`count` starts, a second apart."""
    return [start + index for index in range(count)]


class TestText:
    def test_one_channel(self) -> None:
        """The text of one channel is the service's transcript; so is `str`."""
        it = transcript(channel(word("Hello.", 0), transcript="Hello, as the service wrote it."))

        assert it.text == str(it) == it.channels[0].text == str(it.channels[0]) == "Hello, as the service wrote it."

    def test_several_channels(self) -> None:
        """The text of several channels is one line each, in their order; silent ones have none."""
        assert transcript(channel(word("B", 5)), channel(), channel(word("A", 0))).text == "B\nA"

    def test_words_only(self) -> None:
        """Where the service sent words and no transcript, the text is the words."""
        it = transcript({"alternatives": [{"words": [word("One", 0), {"word": "two"}, {}]}]})

        assert it.text == "One two"

    def test_language_without_spaces(self) -> None:
        """Where the service wrote words without spaces between, turns have none either."""
        it = transcript(channel(word("今日", 0, speaker=0), word("は", 1, speaker=0), transcript="今日は"))

        assert it.turns[0].text == "今日は"


class TestWords:
    def test_time_order(self) -> None:
        """The words of all channels come by the time they start; of one time, by channel."""
        it = transcript(channel(word("a", 0), word("c", 2)), channel(word("b", 1), word("d", 2)))

        assert [word.text for word in it.words] == ["a", "b", "c", "d"]

    def test_missing_times(self) -> None:
        """A word without a time stays behind the one before it."""
        it = transcript(channel(word("a"), word("b", 3), word("c"), word("d", 5)), channel(word("x", 4)))

        assert [word.text for word in it.words] == ["a", "b", "c", "x", "d"]

    def test_words_of_a_channel(self) -> None:
        """The words of a channel are the service's, in its order."""
        it = transcript(channel(word("b", 1), word("a", 0)))

        assert [word.text for word in it.channels[0].words] == ["b", "a"]


class TestTurns:
    def test_speakers(self) -> None:
        """With diarize a turn ends where the speaker changes."""
        it = transcript(channel(word("Ready?", 0, speaker=0), word("Yes.", 1, speaker=1), word("Go.", 2, speaker=0)))

        assert said(it.turns) == [(0, 0, "Ready?"), (0, 1, "Yes."), (0, 0, "Go.")]
        assert it.turns == it.channels[0].turns
        assert (it.turns[1].start, it.turns[1].end, it.turns[1].words) == (1, 2, it.words[1:2])

    def test_no_speakers(self) -> None:
        """Without diarize the words of a channel are one turn."""
        assert said(transcript(channel(word("a", 0), word("b", 9))).turns) == [(0, None, "a b")]

    def test_word_without_speaker(self) -> None:
        """A word whose speaker is not told belongs to the turn it stands in."""
        words = word("a", 0), word("b", 1, speaker=1), word("c", 2), word("d", 3, speaker=1), word("e", 4, speaker=0)

        assert said(transcript(channel(*words)).turns) == [(0, 1, "a b c d"), (0, 0, "e")]

    def test_channels_in_dialogue(self) -> None:
        """On channels that take turns, a turn ends where the other says a word in its silence."""
        it = transcript(channel(word("Ready?", 0), word("Go.", 2)), channel(word("Yes.", 1), word("Gone.", 3)))

        assert said(it.turns) == [(0, None, "Ready?"), (1, None, "Yes."), (0, None, "Go."), (1, None, "Gone.")]

    def test_talking_over(self) -> None:
        """Who talks over another gets a turn, and does not tear the other's apart."""
        it = transcript(channel(word("I", 0), word("went", 1.2), word("home", 2.4)), channel(word("mhm", 0.9, 1.5)))

        assert said(it.turns) == [(0, None, "I went home"), (1, None, "mhm")]

    def test_long_interjection(self) -> None:
        """Of several words in a silence the one that fits counts."""
        others = channel(word("long", 1, 9), word("yes", 1.5, 2)), channel(word("nothing"))

        assert len(transcript(channel(word("a", 0), word("b", 3)), *others).turns) == 4
        assert len(transcript(channel(word("a", 0), word("b", 3)), channel(word("x", 1, 9))).turns) == 2

    def test_later_interjection(self) -> None:
        """What others say later does not divide what was said before."""
        it = transcript(channel(word("a", 0), word("b", 2)), channel(word("x", 5)))

        assert said(it.turns) == [(0, None, "a b"), (1, None, "x")]

    def test_untimed_words(self) -> None:
        """Words without times are no reason to divide a turn."""
        it = transcript(channel(word("a"), word("b")), channel(word("x", 0), word("y", 5)))

        assert said(it.turns) == [(0, None, "a b"), (1, None, "x y")]
        assert (it.turns[0].start, it.turns[0].end) == (None, None)

    def test_transcript_without_words(self) -> None:
        """Text without words is a turn without words."""
        it = transcript({"alternatives": [{"transcript": "Hello."}]})

        assert it.turns == (Turn(channel=0, text="Hello."),)
        assert [(it.text, it.words) for it in (it.turns[0],)] == [("Hello.", ())]
        assert [paragraph.text for paragraph in it.paragraphs] == ["Hello."]
        assert [utterance.transcript for utterance in it.utterances] == ["Hello."]

    def test_manners(self) -> None:
        """A turn can be kept as JSON like everything else."""
        turn = transcript(channel(word("Hi.", 0, speaker=1))).turns[0]

        assert (turn["text"], turn["speaker"], json.loads(turn.to_json())["words"][0]["word"]) == ("Hi.", 1, "hi")


class TestParagraphs:
    def test_given(self) -> None:
        """The service's paragraphs are handed on."""
        given = {"paragraphs": [{"sentences": [{"text": "A."}, {"text": "B."}], "speaker": 0, "start": 0}]}
        it = transcript(channel(word("A.", 0), word("B.", 1), paragraphs=given))

        assert [(paragraph.text, paragraph.speaker) for paragraph in it.paragraphs] == [("A. B.", 0)]
        assert [sentence.text for sentence in it.sentences] == ["A.", "B."]
        assert it.channels[0].sentences == it.sentences

    def test_given_by_several_channels(self) -> None:
        """Those of several channels come by the time they start."""
        late, early = (
            {"paragraphs": [{"sentences": [{"text": text}], "start": at}]} for text, at in (("L", 5), ("E", 1))
        )
        it = transcript(channel(paragraphs=late), channel(paragraphs=early))

        assert [paragraph.text for paragraph in it.paragraphs] == ["E", "L"]

    def test_made_of_sentences(self) -> None:
        """Where the service gave none, sentences end at punctuation, and five make a paragraph."""
        it = transcript(channel(*(word(f"Word {n}.", n) for n in range(6))))

        assert [len(paragraph.sentences or ()) for paragraph in it.paragraphs] == [5, 1]
        assert [sentence.text for sentence in it.sentences][:2] == ["Word 0.", "Word 1."]
        assert [(paragraph.start, paragraph.end, paragraph.num_words) for paragraph in it.paragraphs] == [
            (0, 5, 5),
            (5, 6, 1),
        ]

    def test_made_at_pauses_and_speakers(self) -> None:
        """A long pause ends a paragraph, and so does another speaker."""
        words = word("A.", 0, speaker=0), word("B.", 1, speaker=0), word("C.", 4, speaker=0), word("D.", 5, speaker=1)
        it = transcript(channel(*words))

        assert [(paragraph.text, paragraph.speaker) for paragraph in it.paragraphs] == [
            ("A. B.", 0),
            ("C.", 0),
            ("D.", 1),
        ]

    @pytest.mark.parametrize(
        ("words", "sentences"),
        [
            ("Dr. Who came. He left.", ["Dr. Who came.", "He left."]),
            ("J. S. Bach wrote it.", ["J. S. Bach wrote it."]),
            ("So do I. You too?", ["So do I.", "You too?"]),
            ('He said "no." Then "why?" she asked.', ['He said "no."', 'Then "why?"', "she asked."]),
            ("Wait… what", ["Wait…", "what"]),
        ],
    )
    def test_ends_of_sentences(self, words: str, sentences: list[str]) -> None:
        """Titles and initials end no sentence; a closing quote may follow its end."""
        it = transcript(channel(*(word(text, at) for at, text in enumerate(words.split()))))

        assert [sentence.text for sentence in it.sentences] == sentences

    def test_without_punctuation(self) -> None:
        """Without any punctuation the pauses of speech tell sentences apart."""
        it = transcript(channel(word("hello", 0), word("there", 1.2), word("good", 3.1), word("morning", 4.1)))

        assert [sentence.text for sentence in it.sentences] == ["hello there", "good morning"]
        assert len(it.paragraphs) == 1


class TestUtterances:
    def test_given(self) -> None:
        """The service's utterances are handed on."""
        it = transcript(channel(word("A", 0)), utterances=[{"transcript": "A", "id": "x"}])

        assert [utterance.id for utterance in it.utterances] == ["x"]

    def test_made(self) -> None:
        """Where the service gave none, turns are divided where nothing is said for a while."""
        words = word("a", 0, speaker=0) | {"confidence": 0.5}, word("b", 1, speaker=0) | {"confidence": 1}
        it = transcript(channel(*words, word("c", 3, speaker=0)), channel(word("x", 0.5)))

        assert [(u.channel, u.speaker, u.transcript, u.start, u.end, u.confidence) for u in it.utterances] == [
            (0, 0, "a b", 0, 2, 0.75),
            (1, None, "x", 0.5, 1.5, None),
            (0, 0, "c", 3, 4, None),
        ]
        assert it.utterances[0].words == list(it.channels[0].words[:2])


class TestFacts:
    def test_duration(self) -> None:
        """The duration is the service's, or else where the last word ends."""
        assert transcript(channel(word("a", 0)), duration=11).duration == 11
        assert transcript(channel(word("a", 2, 9), word("b", 3), word("c"))).duration == 9
        assert transcript().duration == 0

    def test_confidence(self) -> None:
        """The confidence is the channel's; of several, their mean by words."""
        one, three = channel(word("a", 0)), channel(*(word("b", at) for at in times(3)), confidence=0.9)

        assert transcript(one).confidence == 0.5
        assert transcript(one, three, channel(confidence=0.0)).confidence == pytest.approx(0.8)
        assert transcript(channel(confidence=None)).confidence is None

    def test_language(self) -> None:
        """The language is what was detected, or the first that was spoken."""
        assert transcript(channel(), channel() | {"detected_language": "de"}).language == "de"
        assert transcript(channel(languages=["es", "en"])).language == "es"
        assert transcript(channel(languages=[])).language is None

    def test_summary(self) -> None:
        """The summary is the short one, or those of older models in one."""
        parts = channel(summaries=[{"summary": "One."}, {"summary": None}, {"summary": "Two."}])

        assert transcript(parts, summary={"result": "success", "short": "Short."}).summary == "Short."
        assert transcript(parts, summary={"result": "failure"}).summary == "One. Two."
        assert transcript(channel()).summary is None

    def test_request_id(self) -> None:
        """The request id is the answer's."""
        assert transcript().request_id == "abc"


class TestObject:
    def test_repr(self) -> None:
        """The repr is one line without a word of what was said."""
        it = transcript(channel(word("secret", 0), word("words", 1)), duration=11.04)

        assert repr(it) == "<Transcript 11.0 s, 2 words, 1 channel>"
        assert repr(it.channels[0]) == "<ChannelTranscript 0, 2 words>"

    def test_lazy(self) -> None:
        """A transcript costs nothing until it is used, and then once."""
        response = PrerecordedResponse.from_dict({"results": {"channels": [channel(word("a", 0))]}})
        it = Transcript(response)

        assert vars(it) == {"response": response, "connections": (0.0,)}
        assert it.words is it.words

    def test_immutable(self) -> None:
        """Neither a transcript nor a channel of it can be changed."""
        it = transcript(channel(word("a", 0)))

        for owner in (it, it.channels[0]):
            with pytest.raises(AttributeError, match="cannot be changed"):
                owner.text = "b"  # type: ignore[union-attr]
            with pytest.raises(AttributeError, match="cannot be changed"):
                del owner.text  # type: ignore[union-attr]

    def test_copies(self) -> None:
        """A transcript is equal to its copies, and to another of the same answer."""
        it = transcript(channel(word("a", 0)))
        _ = it.words

        for twin in (copy.copy(it), copy.deepcopy(it), pickle.loads(pickle.dumps(it)), Transcript(it.response)):
            assert twin == it
            assert hash(twin) == hash(it)
            assert twin.text == it.text
        assert it != transcript()
        assert it != "a"

    def test_from_json(self) -> None:
        """A stored answer is a transcript again."""
        it = transcript(channel(word("a", 0)))

        assert Transcript.from_json(it.response.to_json()) == it


def read_everything(it: Transcript) -> None:
    """Uses every attribute of the transcript and its channels, and checks what must hold for any."""
    for owner in (it, *it.channels):
        for name in dir(owner):
            if not name.startswith("_"):
                getattr(owner, name)
        assert repr(owner)
        assert str(owner) == owner.text
    assert len(it.words) == sum(len(channel.words) for channel in it.channels)
    assert sorted(map(id, it.words)) == sorted(id(word) for turn in it.turns for word in turn.words)
    for own in it.channels:
        assert [word for turn in own.turns for word in turn.words] == list(own.words)
    for part in typing.cast("list[Model]", [*it.turns, *it.paragraphs, *it.sentences, *it.utterances]):
        json.loads(part.to_json())


class TestAnyAnswer:
    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"metadata": None, "results": None},
            {"results": {"channels": None}},
            {"results": {"channels": []}},
            {"results": {"channels": [{}]}},
            {"results": {"channels": [{"alternatives": None}]}},
            {"results": {"channels": [{"alternatives": []}]}},
            {"results": {"channels": [None, {"alternatives": [None]}]}},
            {"results": {"channels": [{"alternatives": [{"transcript": "", "confidence": 0.0, "words": []}]}]}},
            {"results": {"channels": [{"alternatives": [{"transcript": None, "words": None, "paragraphs": None}]}]}},
            {"results": {"utterances": [], "channels": [{"alternatives": [{"paragraphs": {"paragraphs": []}}]}]}},
        ],
        ids=repr,
    )
    def test_silence(self, answer: dict[str, Any]) -> None:
        """An answer without words is an empty transcript."""
        it = Transcript.from_dict(answer)

        read_everything(it)
        assert (it.text, it.words, it.turns, it.paragraphs, it.sentences, it.utterances) == ("", (), (), (), (), ())

    def test_one_word(self) -> None:
        """One word is one of everything."""
        it = transcript(channel(word("Yes.", 0)))

        read_everything(it)
        assert [len(parts) for parts in (it.words, it.turns, it.paragraphs, it.sentences, it.utterances)] == [1] * 5

    def test_words_of_nulls(self) -> None:
        """Words with nothing in them are carried along."""
        it = transcript({"alternatives": [{"transcript": None, "words": [{}, {"word": None}, word("a", 1)]}]})

        read_everything(it)
        assert (it.text, len(it.words), said(it.turns)) == ("a", 3, [(0, None, "a")])

    @pytest.mark.parametrize("page", CORPUS or [NO_CORPUS], ids=lambda page: page.stem)
    def test_recorded(self, page: Path) -> None:
        """A recorded answer is read whole, and turns say what the transcript says."""
        it = Transcript.from_json(page.read_bytes())

        read_everything(it)
        if it.words and len(it.channels) == 1:
            assert " ".join(turn.text for turn in it.turns) == it.text

    @given(data=values(PrerecordedResponse))
    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def test_whatever_the_server_sends(self, data: dict[str, Any]) -> None:
        """No answer that can be read breaks the transcript, and no word of it is lost or doubled."""
        read_everything(Transcript(PrerecordedResponse.from_json(json.dumps(data))))


def test_channel_by_hand() -> None:
    """A channel of an answer is read by itself too."""
    it = transcript(channel(word("a", 0)))

    assert ChannelTranscript(3, it.channels[0].channel).turns[0].channel == 3


def test_connections() -> None:
    """Speaker 0 of another connection may be somebody else, and gets a turn of his own; without speakers none ends."""
    words = [
        {"word": "a", "start": 0.0, "end": 1.0, "speaker": 0},
        {"word": "b", "start": 1.0, "end": 2.0, "speaker": 0},
        {"word": "c", "start": 2.0, "end": 3.0, "speaker": 0},
        {"word": "d", "start": 3.0, "end": 4.0, "speaker": 1},
    ]
    response = PrerecordedResponse.from_dict({"results": {"channels": [{"alternatives": [{"words": words}]}]}})
    it = Transcript(response, connections=[0.0, 2.0])

    assert [(turn.connection, turn.speaker, turn.text) for turn in it.turns] == [
        (0, 0, "a b"),
        (1, 0, "c"),
        (1, 1, "d"),
    ]
    assert pickle.loads(pickle.dumps(it)) == it != Transcript(response)
    for word in words:
        del word["speaker"]
    plain = PrerecordedResponse.from_dict({"results": {"channels": [{"alternatives": [{"words": words}]}]}})
    assert [turn.text for turn in Transcript(plain, connections=[0.0, 2.0]).turns] == ["a b c d"]
