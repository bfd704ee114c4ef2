"""What can be done with a transcript, recorded or live: search, redact, merge, tables, Markdown, word error rate."""

from __future__ import annotations

import re
import sys
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dgasync.errors import DeepgramError, DeepgramTypeError
from dgasync.transcript import Match, Transcript, word_error_rate
from dgasync.utterances import final_response

from .test_transcript import channel, said, transcript, word
from .test_utterances import results


def found(matches: tuple[Match, ...]) -> list[tuple[str, float | None, float | None]]:
    """Matches as text and times."""
    return [(match.text, match.start, match.end) for match in matches]


def dialogue(**more: Any) -> Transcript:
    """Two speakers on one channel."""
    return transcript(
        channel(
            *(word("My", 0, speaker=0), word("name", 1, speaker=0), word("is", 2, speaker=0)),
            *(word("Ada", 3, speaker=0), word("King.", 4, speaker=0), word("Hello,", 5, speaker=1)),
            *(word("Ada", 6, speaker=1), word("King!", 7, speaker=1)),
            **more,
        ),
        duration=8.0,
    )


class TestSearch:
    def test_words(self) -> None:
        """Words are found in a row, in any case, with any punctuation, and whole."""
        it = dialogue()

        assert found(it.search("ada king")) == [("Ada King.", 3, 5), ("Ada King!", 6, 8)]
        assert found(it.search("hello, ADA")) == [("Hello, Ada", 5, 7)]
        assert found(it.search("king: hello")) == [("King. Hello,", 4, 6)]
        assert it.search("kin") == it.search("King Ada") == ()

    def test_match(self) -> None:
        """A match has its words, and who says the first of them where."""
        match = dialogue().search("King hello")[0]

        assert [each.text for each in match.words] == ["King.", "Hello,"]
        assert (match.channel, match.speaker) == (0, 0)

    def test_pattern(self) -> None:
        """A regular expression is looked for in the text, and gives the words it touches."""
        it = dialogue()

        assert found(it.search(re.compile(r"ing\W"))) == [("King.", 4, 5), ("King!", 7, 8)]
        assert found(it.search(re.compile(r"e i"))) == [("name is", 1, 3)]
        assert it.search(re.compile("x*")) == ()

    def test_bare_words(self) -> None:
        """A word is also found by what it was before it was formatted."""
        five = {"word": "twenty five", "punctuated_word": "25", "start": 1.0, "end": 2.0}
        it = transcript(channel(word("About", 0), five, word("men.", 2)))

        assert found(it.search("twenty five men")) == found(it.search("25 men")) == [("25 men.", 1, 3)]

    def test_channels(self) -> None:
        """Those of all channels come by the time they start."""
        it = transcript(channel(word("No", 3)), channel(word("no", 1), word("yes", 2)))

        assert [(match.channel, match.start) for match in it.search("no")] == [(1, 1), (0, 3)]

    def test_language_without_spaces(self) -> None:
        """Without spaces there is no whole word to look for."""
        it = transcript(channel(word("今日", 0), word("は", 1), word("晴", 2), transcript="今日は晴"))

        assert found(it.search("日は")) == [("今日は", 0, 2)]

    def test_text_without_words(self) -> None:
        """In a text without words it is found without times; in silence nothing is."""
        it = transcript({"alternatives": [{"transcript": "So it is."}]})

        assert found(it.search("IT IS")) == [("it is", None, None)]
        assert found(it.search(re.compile("i?"))) == [("i", None, None), ("i", None, None)]
        assert found(transcript(channel(word(""), word("a", 1))).search("a")) == [("a", 1, 2)]
        assert transcript().search("it") == transcript(channel()).search("it") == ()

    def test_nothing_to_look_for(self) -> None:
        """What has no word in it is an error, and so is what is no text, wherever it is looked for."""
        with pytest.raises(DeepgramTypeError, match=r"no word in ' \?!'"):
            dialogue().search(" ?!")
        for what, kind in ((None, "NoneType"), (b"ada", "bytes"), (re.compile(b"ada"), "one of bytes")):
            with pytest.raises(DeepgramTypeError, match=rf"not {kind}\.$"):
                transcript().search(cast("Any", what))

    @pytest.mark.parametrize(
        ("text", "what", "shown"),
        [
            ("I am Jose\u0301.", "JOSÉ", "Jose\u0301"),
            ("I am José.", "jose\u0301", "José"),
            ("I am José.", "jose", None),
            ("Jose\u0301", "jose", None),
            ("I don’t.", "don't", "don’t"),
            ("I don't.", "don’t", "don't"),
            ("O’Brien's", "o brien", "O’Brien"),
            ("A follow-up.", "follow up", "follow-up"),
            ("A follow up.", "follow-up", "follow up"),
            ("At (555) 1234.", "555-1234", "555) 1234"),
            ("At 555-1234.", "555 1234", "555-1234"),
            ("At 5551234.", "1234", None),
            ("At (555) 12-34.", "5551234", "555) 12-34"),
            ("At 5551234.", "555-1234", "5551234"),
            ("At 1 5551234.", "551234", None),
            ("Chapters 2, 5.", "25", None),
            ("Die Straße.", "STRASSE", "Straße"),
            ("DIE STRASSE.", "straße", "STRASSE"),
            ("Straße", "stras", None),
            ("İstanbul", "istanbul", "İstanbul"),
            ("नमस्ते जी।", "नमस्ते", "नमस्ते"),
            ("नमस्तेजी", "नमस्ते", None),
            ("नमस्ते", "नमस्त", None),
            ("At ५५५ or ５５５.", "555", "५५५"),
            ("co\u00adworker", "coworker", "co\u00adworker"),
            ("私は田中太郎です", "田中 太郎", "田中太郎"),
            ("私は 田中 太郎 です", "田中太郎", "田中 太郎"),
            ("ABC 公司", "abc公司", "ABC 公司"),
            ("ก็ได้", "ได", None),
            ("한국", "하", None),
            ("10½", "101", None),
        ],
    )
    def test_writing(self, text: str, what: str, shown: str | None) -> None:
        """However it is written and encoded, what is said is found: its words, whole, and its own letters."""
        words = transcript(channel(*(word(each, at) for at, each in enumerate(text.split()))))
        bare = transcript({"alternatives": [{"transcript": text}]})
        first = [match.text for match in bare.search(what)][:1]

        assert first == ([] if shown is None else [shown])
        assert bool(words.search(what)) is (shown is not None)
        if shown is not None:
            assert shown in words.search(what)[0].text
            assert shown not in words.redacted(what).text
            assert bare.redacted(what).text.startswith(text.replace(shown, "[REDACTED]", 1)[: text.index(shown) + 10])


ENTITY = {"label": "NAME", "value": "Ada King", "start_word": 3, "end_word": 5}


class TestRedacted:
    def test_words(self) -> None:
        """One mask stands for all the words of a place; everything else stays."""
        it = dialogue().redacted("ada king")

        assert it.text == "My name is [REDACTED]. Hello, [REDACTED]!"
        assert [(each.text, each.start, each.end, each.speaker) for each in it.words[3:5]] == [
            ("[REDACTED].", 3, 5, 0),
            ("Hello,", 5, 6, 1),
        ]
        assert said(it.turns) == [(0, 0, "My name is [REDACTED]."), (0, 1, "Hello, [REDACTED]!")]
        assert it.duration == 8
        assert it.request_id == "abc"

    def test_several(self) -> None:
        """Of several texts and patterns each is hidden, also where they overlap."""
        it = dialogue().redacted(["name is", re.compile("is Ada"), "nobody"], mask="…")

        assert it.text == "My … King. Hello, Ada King!"

    def test_entities(self) -> None:
        """What the service detected is hidden by what kind of thing it is, or only some kinds are."""
        it = dialogue(entities=[ENTITY, {**ENTITY, "label": "PLACE", "start_word": 6, "end_word": 7}])

        assert it.redacted().text == "My name is [NAME]. Hello, [PLACE]!"
        assert it.redacted(entities={"PLACE"}).text == "My name is Ada King. Hello, [PLACE]!"
        assert it.redacted("hello", entities=False).text == "My name is Ada King. [REDACTED], Ada King!"

    def test_entity_without_place(self) -> None:
        """An entity whose place is not told is hidden wherever its words are said."""
        it = dialogue(entities=[{"label": "NAME", "value": "ada"}, {"value": "!"}])

        assert it.redacted().text == "My name is [NAME] King. Hello, [NAME] King!"

    def test_entity_that_is_nowhere(self) -> None:
        """A place behind the last word hides nothing."""
        assert dialogue(entities=[{**ENTITY, "start_word": 99}]).redacted().text == dialogue().text

    def test_text_without_words(self) -> None:
        """A text without words is redacted, too."""
        best = {"transcript": "I am Ada King, Ada.", "entities": [{"label": "NAME", "value": " Ada King"}, {}]}

        assert transcript({"alternatives": [best]}).redacted("ada").text == "I am [NAME], [REDACTED]."

    def test_letters_of_a_text_without_words(self) -> None:
        """Only whole words are hidden there, however they are written, and what stands around them stays."""
        best = {
            "transcript": "Adamant Jose\u0301, José and ADA paid $50; Ada.",
            "entities": [
                {"label": "MONEY", "value": "$50"},
                {"label": "MONEY", "value": "$"},
                {"label": "ANY", "value": "and"},
            ],
        }
        it = transcript({"alternatives": [best]}).redacted(["josé", "Ada", re.compile("and A")], entities={"MONEY"})

        assert it.text == "Adamant [REDACTED], [REDACTED] [REDACTED] paid [MONEY]; [REDACTED]."

    def test_nothing_else_tells(self) -> None:
        """No other part of the answer says what is hidden."""
        hidden = {"alternatives": [{"transcript": "Ada"}], "search": [{"query": "Ada"}]}
        response = dialogue(
            entities=[ENTITY],
            paragraphs={"transcript": "Ada", "paragraphs": [{"sentences": [{"text": "Ada"}]}]},
            summaries=[{"summary": "Ada"}],
        ).response.to_dict()
        response["results"]["channels"][0]["alternatives"] += hidden["alternatives"]
        response["results"]["channels"][0]["search"] = hidden["search"]
        response["results"].update(summary={"short": "Ada"}, topics={"segments": [{"text": "Ada"}]})
        response["results"]["utterances"] = [{"transcript": "Ada", "words": [{"word": "ada"}]}]
        it = Transcript.from_dict(response).redacted("ada king")

        everything = (
            it.response.to_json() + it.to_webvtt() + it.to_markdown() + str(it.to_dicts()) + repr(it.utterances)
        )
        assert not re.search(r"\bada\b", everything.lower())

    def test_nothing_to_hide(self) -> None:
        """A view that hides nothing because nobody said what to hide would be trusted in vain."""
        with pytest.raises(DeepgramTypeError, match="detect_entities"):
            dialogue().redacted()
        with pytest.raises(DeepgramTypeError, match="detect_entities"):
            dialogue(entities=[ENTITY]).redacted(entities=False)
        assert dialogue(entities=[]).redacted().text == dialogue().text
        for what, kind in ((None, "NoneType"), (7, "int"), (b"ada", "bytes"), (["ada", None], "NoneType")):
            with pytest.raises(DeepgramTypeError, match=rf"not {kind}\.$"):
                dialogue().redacted(cast("Any", what))


class TestMerged:
    def test_speakers(self) -> None:
        """Speakers of different channels are told apart, and everything else works with that."""
        it = transcript(channel(word("Ready?", 0), word("Go.", 2)), channel(word("Yes.", 1)), duration=9.0).merged()

        assert said(it.turns) == [(0, 0, "Ready?"), (0, 1, "Yes."), (0, 0, "Go.")]
        assert it.text == "Ready? Yes. Go."
        assert "[speaker 1]\nYes." in it.to_srt()
        assert it.response.metadata
        assert it.response.metadata.channels == 1
        assert it.duration == 9

    def test_what_is_known_of_the_whole(self) -> None:
        """The summary is kept."""
        assert transcript(channel(word("a", 0)), summary={"short": "Short."}).merged().summary == "Short."

    def test_nothing(self) -> None:
        """Nothing merges to nothing."""
        assert Transcript.from_dict({}).merged().text == ""

    def test_language_without_spaces(self) -> None:
        """Where no channel has spaces, the whole has none."""
        one = channel(word("今日", 0), word("は", 1), transcript="今日は")

        assert transcript(one, channel(word("晴", 3), transcript="晴")).merged().text == "今日は 晴"
        assert transcript(one).merged().text == "今日は"


class TestTable:
    def test_dicts(self) -> None:
        """A row for each word of all channels, by time, with the same keys each."""
        it = transcript(channel(word("Yes.", 1, speaker=2)), channel(word("Ready?", 0)))

        first, second = it.to_dicts()
        assert first["text"] == "Ready?"
        assert second == {
            "text": "Yes.",
            "word": "yes",
            "start": 1,
            "end": 2,
            "confidence": None,
            "speaker": 2,
            "speaker_confidence": None,
            "language": None,
            "channel": 0,
            "connection": 0,
            "turn": 1,
        }
        assert list(first) == list(second)
        assert transcript().to_dicts() == []

    @pytest.mark.parametrize("name", ["pandas", "polars"])
    def test_frames(self, name: str) -> None:
        """The same rows; columns have their types also where nothing was said."""
        pytest.importorskip(name, reason=f"needs {name}, of the extra `test`")
        it = transcript(channel(word("a", 0, speaker=1), word("b", 1)), channel(word("c", 0.5)))

        def frame(of: Transcript) -> Any:
            return of.to_pandas() if name == "pandas" else of.to_polars()

        full, empty = frame(it), frame(transcript())
        assert list(full["text"]) == ["a", "c", "b"]
        assert list(full["start"]) == [0.0, 0.5, 1.0]
        assert full["speaker"][0] == 1
        assert len(empty) == 0
        assert list(empty.columns) == list(full.columns) == list(it.to_dicts()[0])
        assert list(empty.dtypes) == list(full.dtypes)

    @pytest.mark.parametrize("name", ["pandas", "polars"])
    def test_not_installed(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where it is not installed, the error says what to install and what to do without."""
        monkeypatch.setitem(sys.modules, name, None)

        with pytest.raises(DeepgramError, match=rf"pip install {name}\. to_dicts\(\)"):
            getattr(dialogue(), f"to_{name}")()


class TestMarkdown:
    def test_speakers(self) -> None:
        """Who says it stands where that changes, the time before each paragraph."""
        assert dialogue().to_markdown() == (
            "**Speaker 0** `0:00:00`\nMy name is Ada King.\n\n**Speaker 1** `0:00:05`\nHello, Ada King!\n"
        )
        assert dialogue().to_markdown(title="One", speakers={1: "Bob"}, times=False) == (
            "# One\n\n**Speaker 0**\nMy name is Ada King.\n\n**Bob**\nHello, Ada King!\n"
        )

    def test_no_speakers(self) -> None:
        """Without speakers there are paragraphs alone; of several channels each has a name."""
        pause = transcript(channel(word("One.", 0), word("Two.", 3700)))
        assert pause.to_markdown() == "`0:00:00`\nOne.\n\n`1:01:40`\nTwo.\n"
        several = transcript(channel(word("A.", 0)), channel(word("B.", 1, speaker=0)))
        assert several.to_markdown(times=False) == "**Channel 0**\nA.\n\n**Channel 1, speaker 0**\nB.\n"

    def test_summary(self) -> None:
        """The summary comes last."""
        assert (
            transcript(channel(word("A.", 0)), summary={"short": "B."})
            .to_markdown(times=False)
            .endswith("A.\n\n## Summary\n\nB.\n")
        )

    def test_plain_text(self) -> None:
        """What was said is no Markdown, whatever it looks like."""
        for text, shown in [
            ("*a* <b> & `c`", r"\*a\* \<b\> &amp; \`c\`"),
            ("# a", r"\# a"),
            ("1. a", r"1\. a"),
            ("- a", r"\- a"),
        ]:
            assert transcript({"alternatives": [{"transcript": text}]}).to_markdown() == shown + "\n"

    def test_nothing(self) -> None:
        """Nothing said is an empty text."""
        assert transcript(channel()).to_markdown() == ""
        assert transcript({"alternatives": [{"paragraphs": {"paragraphs": [{"sentences": []}]}}]}).to_markdown() == ""


class TestWordErrorRate:
    @pytest.mark.parametrize(
        ("truth", "guess", "rate"),
        [
            ("my name is Ada King hello Ada King", None, 0),
            ("my name was Ada", "My name is Ada!", 1 / 4),
            ("one two three four", "one three four five", 2 / 4),
            ("one two", "", 1),
            ("", "one two", 2),
            ("", "", 0),
            ("Mr. Bell", "mister bell", 0),
            ("the ‘right’ one", "The 'right' one", 0),
            ("don’t", "don't", 0),
            ("café", "cafe\u0301", 0),
            ("die Straße", "DIE STRASSE", 0),
            ("किताबें", "किताब", 1),
            ("नमस्ते जी", "नमस्ते जी।", 0),
            ("今日は晴れ。", "今日 は雨れ", 1 / 5),
            ("ขอบคุณครับ", "ขอบคุนครับ", 1 / 8),
            ("안녕 하세요", "안녕 하새요", 1 / 2),
            ("go 東京", "go 東京都", 1 / 3),
        ],
    )
    def test_rate(self, truth: str, guess: str | None, rate: float) -> None:
        """Words changed, dropped and inserted, of those that were said; case and punctuation do not count."""
        it = dialogue() if guess is None else transcript({"alternatives": [{"transcript": guess}]})

        assert it.word_error_rate(truth) == it.word_error_rate(transcript(channel(word(truth, 0)))) == rate

    @settings(max_examples=200, deadline=None, database=None)
    @given(truth=st.lists(st.sampled_from("abc"), max_size=80), guess=st.lists(st.sampled_from("abcd"), max_size=80))
    def test_by_the_book(self, truth: list[str], guess: list[str]) -> None:
        """It is the edit distance as the textbook has it."""
        row = list(range(len(guess) + 1))
        for number, one in enumerate(truth, 1):
            before, row[0] = row[0], number
            for place, other in enumerate(guess, 1):
                before, row[place] = row[place], min(before + (one != other), row[place] + 1, row[place - 1] + 1)

        assert word_error_rate(" ".join(truth), " ".join(guess)) == row[-1] / max(len(truth), 1)


def test_live() -> None:
    """All of it works on what a live session heard, over two connections."""
    log = [results("My name is Ada.", 0, speakers=[0] * 4), results("Hello, Ada!", 9, speakers=[0] * 2)]
    it = Transcript(final_response(log), (0.0, 8.0))

    assert found(it.search("ada")) == [("Ada.", 1.5, 2.0), ("Ada!", 9.5, 10.0)]
    assert it.redacted("ada").text == "My name is [REDACTED]. Hello, [REDACTED]!"
    assert [turn.speaker for turn in it.merged().turns] == [0, 1]
    assert [row["connection"] for row in it.to_dicts()] == [0, 0, 0, 0, 1, 1]
    assert it.to_webvtt(note=False).count("<v Speaker 0>") == 2
    assert it.to_markdown(times=False) == "**Speaker 0**\nMy name is Ada.\n\nHello, Ada!\n"
    assert it.word_error_rate("my name is ada hello ada") == 0
