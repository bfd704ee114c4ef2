"""Utterances of live speech, however the service cuts, repeats, races and ends them."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.errors import DeepgramTypeError
from dgasync.models.live import Close, Event, MetadataResponse, Open, decode_message
from dgasync.transcript import Transcript
from dgasync.utterances import (
    LEAST_PAUSE,
    MAX_CHANNELS,
    REMEMBERED,
    SILENCE,
    SILENCE_MARGIN,
    LiveTranscript,
    LiveUtterance,
    Utterances,
    final_response,
    silence_for,
    utterances_of,
)

CORPUS = sorted((Path(__file__).resolve().parents[3] / "shared" / "corpus").glob("listen.v1.ws.*.json"))
NO_CORPUS: Any = pytest.param(
    None, marks=pytest.mark.skip(reason="needs ../shared, which only the workplace has"), id="none"
)

EXAMPLES = settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
Spoken = tuple[str, float, float]


def said(text: str, start: float, step: float = 0.5) -> list[Spoken]:
    """Words from `start` on, one each `step` seconds, without a pause."""
    return [
        (word, round(start + step * place, 3), round(start + step * (place + 1), 3))
        for place, word in enumerate(text.split())
    ]


def results(
    words: str | list[Spoken],
    start: float | None = 0.0,
    until: float | None = None,
    *,
    final: bool | None = True,
    ends: bool = False,
    flushed: bool = False,
    channel: list[int] | None = None,
    speakers: list[int] | None = None,
    transcript: str | None = None,
    request: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A Results message; words as text begin at its start and last half a second each."""
    spoken = said(words, start or 0.0) if isinstance(words, str) else words
    if until is None and start is not None:
        until = spoken[-1][2] if spoken else start
    listed: list[dict[str, Any]] = [
        {"word": word.lower().strip(".,?"), "punctuated_word": word, "start": begin, "end": end, "confidence": 0.5}
        for word, begin, end in spoken
    ]
    for word, speaker in zip(listed, speakers or [], strict=False):
        word["speaker"] = speaker
    text = " ".join(word for word, _, _ in spoken) if transcript is None else transcript
    best = {"transcript": text, "confidence": 0.5, "words": listed}
    return {
        "type": "Results",
        "channel_index": [0, 1] if channel is None else channel,
        "start": start,
        "duration": None if until is None or start is None else until - start,
        "is_final": final,
        "speech_final": ends,
        "from_finalize": flushed,
        "channel": {"alternatives": [best]},
        "metadata": {"request_id": request} if request else None,
        **more,
    }


def utterance_end(last: float | None, channel: int = 0) -> dict[str, Any]:
    """An UtteranceEnd message."""
    return {"type": "UtteranceEnd", "channel": [channel, 1], "last_word_end": last}


def event(message: dict[str, Any]) -> Event:
    """A message as the session hands it on."""
    return decode_message(json.dumps(message))


def texts(found: Any) -> list[str]:
    """What utterances say."""
    return [utterance.text for utterance in found]


def run(*messages: dict[str, Any], **options: Any) -> list[list[str]]:
    """What comes of each message, and last of the end."""
    utterances = Utterances(**options)
    return [texts(utterances.feed(event(message))) for message in messages] + [texts(utterances.end())]


class TestEnds:
    def test_one_sentence_as_three(self) -> None:
        """A sentence that arrives as three final results is one utterance, at `speech_final` (livekit PR 5505)."""
        came = run(
            results("I walk into", 0),
            results("the tavern", 1.5),
            results("and look around", 2.5, ends=True),
        )

        assert came == [[], [], ["I walk into the tavern and look around"], []]

    def test_utterance_end(self) -> None:
        """Without `speech_final` an UtteranceEnd ends it (deepgram-js-sdk#343)."""
        assert run(results("Hello there", 0, 2), utterance_end(1.0)) == [[], ["Hello there"], []]

    def test_both(self) -> None:
        """An UtteranceEnd after `speech_final`, even twice, says nothing new (bolna PR 284)."""
        came = run(
            results("Hello there", 0, ends=True),
            utterance_end(1.0),
            utterance_end(1.0),
            results("next", 1.6, ends=True),
        )

        assert came == [["Hello there"], [], [], ["next"], []]

    def test_utterance_end_before_the_words(self) -> None:
        """An UtteranceEnd that overtakes the final result ends the utterance once that is there."""
        came = run(
            results("Hello there", 0, final=False),
            utterance_end(1.0),
            utterance_end(1.0),
            results("Hello", 0),
            results("there", 0.5),
        )

        assert came == [[], [], [], [], ["Hello there"], []]

    def test_utterance_end_of_words_that_never_come(self) -> None:
        """Where the words before an UtteranceEnd were taken back, the next final result still ends the utterance."""
        came = run(results("Hello", 0), utterance_end(1.0), results([], 0.5, 1.5))

        assert came == [[], [], ["Hello"], []]

    def test_late_utterance_end(self) -> None:
        """Words behind the pause that an UtteranceEnd tells of belong to the next utterance."""
        came = run(results("one two", 0), results("three", 2.2), utterance_end(1.0), results([], 2.7, ends=True))

        assert came == [[], [], ["one two"], ["three"], []]

    def test_stale_utterance_end(self) -> None:
        """An UtteranceEnd without a pause behind it was sent before the next words were known (jambonz#1088)."""
        came = run(
            results("one two", 0),
            results("three", 1.0 + LEAST_PAUSE - 0.1),
            utterance_end(1.0),
            results([], 2.0, ends=True),
        )

        assert came == [[], [], [], ["one two three"], []]

    def test_utterance_end_overtaken(self) -> None:
        """An UtteranceEnd that waits for its words does not cut what `speech_final` has ended since."""
        came = run(
            results("one", 0), utterance_end(2.0), results("two three", 0.5, 2.2, ends=True), results("four", 2.2)
        )

        assert came == [[], [], ["one two three"], [], ["four"]]

    @pytest.mark.parametrize("last", [-1, None])
    def test_utterance_end_without_a_time(self, last: float | None) -> None:
        """An UtteranceEnd that does not know where (-1) ends what was said so far, or nothing."""
        assert run(utterance_end(last), results("one", 0), utterance_end(last)) == [[], [], ["one"], []]

    def test_utterance_end_without_a_time_of_interim_words(self) -> None:
        """An UtteranceEnd that does not know where also means words that are not final yet."""
        came = run(
            results("one", 0), results("two three", 0.5, final=False), utterance_end(-1), results("two three", 0.5, 2)
        )

        assert came == [[], [], [], ["one two three"], []]

    def test_finalize(self) -> None:
        """What `finalize` brings ends the utterance, even in the middle of a word; the rest is the next one."""
        came = run(results("Dying, come at once, s", 57.52, flushed=True), results("send help", 60.02, ends=True))

        assert came == [["Dying, come at once, s"], ["send help"], []]

    def test_empty_finals(self) -> None:
        """An empty result ends what is pending if it says so, and is no utterance (jambonz PR 618)."""
        came = run(
            results([], 0, 1),
            results([], 1, 2, ends=True),
            results("one", 2),
            results([], 2.5, 3, flushed=True),
            results([], 3, 4, flushed=True),
        )

        assert came == [[], [], [], ["one"], [], []]

    def test_empty_end_without_a_time(self) -> None:
        """An empty `speech_final` without any time ends what is pending."""
        assert run(results("one", 1), results([], None, ends=True)) == [[], ["one"], []]

    def test_without_is_final(self) -> None:
        """A result with `speech_final` is final, whatever else it leaves out."""
        assert run(results("one", 0, final=None, ends=True)) == [["one"], []]

    def test_end(self) -> None:
        """What is left at the end comes out then."""
        assert run(results("one two", 0)) == [[], ["one two"]]


class TestSilence:
    def test_between_results(self) -> None:
        """Without any word of the service, silence between the words of two results ends an utterance."""
        assert run(results("one", 0), results("two", 0.5 + SILENCE)) == [[], ["one"], ["two"]]

    def test_within_a_result(self) -> None:
        """Silence inside one result divides it, so that cuts between results do not matter."""
        assert run(results([*said("one", 0), *said("two", 0.5 + SILENCE)])) == [["one"], ["two"]]

    def test_heard(self) -> None:
        """Silence that was heard ends an utterance without waiting for the next word."""
        assert run(results("one", 0), results([], 0.5, 0.4 + SILENCE), results([], 0.4 + SILENCE, 4)) == [
            [],
            [],
            ["one"],
            [],
        ]

    def test_chosen(self) -> None:
        """How long silence must be is the caller's choice; None waits for the service for ever."""
        messages = [results("one", 0), results("two", 1.5), results("three", 30)]

        assert run(*messages, silence=1.0) == [[], ["one"], ["two"], ["three"]]
        assert run(*messages, silence=None) == [[], [], [], ["one two three"]]

    def test_suits_the_options(self) -> None:
        """The silence for a session is longer than what its options make the service wait for."""
        assert silence_for({}) == silence_for({"endpointing": 300, "utterance_end_ms": "1000"}) == SILENCE
        assert silence_for({"endpointing": False}) == silence_for({"endpointing": "true"}) == SILENCE
        assert silence_for({"endpointing": [1]}) == SILENCE
        assert silence_for({"utterance_end_ms": "3000", "endpointing": True}) == 3 + SILENCE_MARGIN
        assert silence_for({"endpointing": 5000}) == 5 + SILENCE_MARGIN


class TestRepeats:
    def test_the_same_result_again(self) -> None:
        """A final result that comes twice counts once, pending or given out."""
        first = results("one two", 0)

        assert run(first, first, results([], 1, ends=True), first, results("three", 1.5, ends=True)) == [
            [],
            [],
            ["one two"],
            [],
            ["three"],
            [],
        ]

    def test_overlap(self) -> None:
        """Of a result that reaches back, only what is new is taken, also where it hears other words there."""
        came = run(results("look in to", 0), results([("into", 0.55, 1.45), *said("it now", 1.5)], 0.5), results([], 9))

        assert came[-2] == ["look in to it now"]

    def test_moved(self) -> None:
        """A repeated word is known by its text even where it moved by half its length."""
        assert run(results([("one", 0, 0.4)]), results([("one.", 0.3, 0.9), ("two", 0.9, 1.2)]))[-1] == ["one two"]

    def test_the_same_word_said_twice(self) -> None:
        """A word that follows itself is said twice, whatever rounding does to the times (recorded: 0.39999998)."""
        assert run(results([("no", 0, 0.4)]), results([("no", 0.39999998, 0.8)]))[-1] == ["no no"]

    def test_the_same_answer_twice(self) -> None:
        """The same words at another time are another utterance (openclaw#117663)."""
        assert run(results("yes", 0, ends=True), results("yes", 1, ends=True)) == [["yes"], ["yes"], []]

    def test_words_of_one_result(self) -> None:
        """Words of one result are never held against each other, even at the same time."""
        assert run(results([("one", 0, 1), ("two", 0, 1), ("one", 0.5, 1)])) == [[], ["one two one"]]

    def test_a_gap_filled_late(self) -> None:
        """A word that comes late and fits a gap takes its place in the utterance."""
        assert run(results([*said("one", 0), *said("three", 1)]), results("two", 0.5))[-1] == ["one two three"]

    def test_behind_the_last_utterance(self) -> None:
        """A new word from before the end of what was given out is not lost, and not mixed with what follows."""
        came = run(results([*said("one", 0), *said("three", 1.5)], ends=True), results("two", 0.7), results("four", 2))

        assert came == [["one three"], ["two"], [], ["four"]]

    def test_long_ago(self) -> None:
        """What was said long ago is forgotten, and what repeats it is dropped."""
        utterances = Utterances()
        kept: list[str] = []
        for start in range(0, 1000, 5):
            kept += texts(utterances.feed(event(results(f"at{start}", start, start + 5, ends=True))))

        assert kept == [f"at{start}" for start in range(0, 1000, 5)]
        assert utterances.feed(event(results("at10", 10, ends=True))) == []
        assert utterances.feed(event(results("at990", 990, ends=True))) == []
        (speech,) = utterances._channels.values()  # pyright: ignore[reportPrivateUsage]
        assert len(speech._line.said) <= 2 * REMEMBERED / 5 + 1  # pyright: ignore[reportPrivateUsage]


class TestShapes:
    def test_channels(self) -> None:
        """Channels do not disturb each other, in whatever order their results come."""
        one, two = [0, 2], [1, 2]
        came = run(
            results("left", 5, channel=one),
            results("right", 0, channel=two),
            utterance_end(0.5, channel=1),
            results("side", 0.6, channel=two),
            results([], 5.5, ends=True, channel=one),
            results("back", 6, channel=one),
        )

        assert came == [[], [], ["right"], [], ["left"], [], ["side", "back"]]

    @pytest.mark.parametrize("channel", [None, [], [-1, 1], [MAX_CHANNELS, 1], [0.0, 1.0]])
    def test_strange_channels(self, channel: Any) -> None:
        """A channel that cannot be counts as the first."""
        (utterance,) = utterances_of([{**results("one", 0), "channel_index": channel}])

        assert utterance.channel == 0

    def test_fields(self) -> None:
        """An utterance knows its words, its times, its channel and how sure the service is."""
        (utterance,) = utterances_of([results("One two.", 1.5, channel=[1, 2])])

        assert (utterance.start, utterance.end, utterance.channel, utterance.confidence) == (1.5, 2.5, 1, 0.5)
        assert [word.text for word in utterance.words or ()] == ["One", "two."]
        assert utterance.transcript == utterance.text == "One two."
        assert (utterance.speaker, utterance.speakers) == (None, ())
        assert utterance.to_dict()["transcript"] == "One two."

    def test_one_speaker(self) -> None:
        """Where one speaker alone speaks, the utterance names them."""
        (utterance,) = utterances_of([results("one two", 0, speakers=[3]), results("three", 1, speakers=[3])])

        assert (utterance.speaker, utterance.speakers) == (3, (3,))

    def test_several_speakers(self) -> None:
        """An utterance of several speakers is one stretch of speech, with their turns inside."""
        (utterance,) = utterances_of([results("do you yes", 0, speakers=[1, 1, 0]), results("good", 1.5, speakers=[1])])

        assert (utterance.text, utterance.speaker, utterance.speakers) == ("do you yes good", None, (1, 0))
        assert [(turn.speaker, turn.text) for turn in utterance.turns] == [(1, "do you"), (0, "yes"), (1, "good")]

    def test_speakers_of_two_connections(self) -> None:
        """Where speakers are told apart, an utterance ends with its connection: the next one numbers them anew."""
        log = [
            decode_message(json.dumps(results("one two", 0, speakers=[0, 0]))),
            decode_message(json.dumps(results("three", 1, speakers=[0])), 1),
        ]
        before, behind = utterances_of(log)
        assert [(each.connection, each.speaker, each.text) for each in (before, behind)] == [
            (0, 0, "one two"),
            (1, 0, "three"),
        ]

        (whole,) = utterances_of(
            [decode_message(json.dumps(results("one", 0))), decode_message(json.dumps(results("two", 0.5)), 1)]
        )
        assert (whole.text, whole.connection) == ("one two", 1)

    def test_empty_utterance(self) -> None:
        """An utterance made by hand of nothing has no text, no turns and no speakers."""
        assert (LiveUtterance().text, LiveUtterance().turns, LiveUtterance().speakers) == ("", (), ())

    def test_without_spaces(self) -> None:
        """A language without spaces between words stays without, also around a single word."""
        (utterance,) = utterances_of(
            [
                results([("今日", 0, 0.5), ("は", 0.5, 0.7)], transcript="今日は"),
                results([("良", 0.7, 1)], 0.7, transcript="良"),
                results([("い", 1, 1.2), ("日", 1.2, 1.4)], 1, transcript="い日"),
            ]
        )

        assert utterance.text == "今日は良い日"

    def test_without_words(self) -> None:
        """A result with a transcript alone gives its text, once."""
        plain = results([], 0, 2, transcript=" Hello there. ")
        utterances = list(utterances_of([plain, plain, results("Bye", 2), results("not", 0.5)]))

        assert [(found.text, found.start, found.end, found.confidence) for found in utterances] == [
            ("Hello there. Bye", 0, 2.5, 0.5)
        ]
        assert [word.text for word in utterances[0].words or ()] == ["Bye"]

    def test_without_words_over_words(self) -> None:
        """A transcript alone over words that were taken says nothing new."""
        assert run(results("one two", 0.5), results([], 0, 2, transcript="one two")) == [[], [], ["one two"]]

    def test_without_times(self) -> None:
        """Words without times are placed by their result, and last as long as it does."""
        message = results("one two three", 4, 9)
        for word in message["channel"]["alternatives"][0]["words"]:
            del word["start"], word["end"]
        (utterance,) = utterances_of([message, message])

        assert (utterance.text, utterance.start, utterance.end) == ("one two three", 4, 9)

    def test_without_anything(self) -> None:
        """A result that lacks everything is silence."""
        assert run({"type": "Results", "is_final": True}, {"type": "Results"}) == [[], [], []]

    def test_words_without_text(self) -> None:
        """Words without text are passed over."""
        message = results("one", 0)
        message["channel"]["alternatives"][0]["words"].append({"start": 0.5, "end": 0.6})

        assert run(message) == [[], ["one"]]


class TestPending:
    def test_captions(self) -> None:
        """`pending` is what is held, with what is not final yet, and grows and changes like captions."""
        utterances = Utterances()

        def shown(message: dict[str, Any]) -> str:
            utterances.feed(event(message))
            return utterances.pending

        assert utterances.pending == ""
        assert shown(results("I won", 0, final=False)) == "I won"
        assert shown(results("I want two", 0, final=False)) == "I want two"
        assert shown(results("I want", 0)) == "I want"
        assert shown(results("two", 1, final=False)) == "I want two"
        assert shown(results("want to go", 0.5, final=False)) == "I want to go"
        assert repr(utterances) == "<Utterances, 2 words pending>"
        assert shown(results("I won", 0, final=False)) == "I want to go"
        assert shown(results("to go", 1, ends=True)) == ""

    def test_interim_of_what_follows(self) -> None:
        """What is not final yet outlives a final result of what was before."""
        utterances = Utterances()
        utterances.feed(event(results("two", 1, final=False)))
        utterances.feed(event(results("one", 0)))

        assert utterances.pending == "one two"

    def test_interim_without_times(self) -> None:
        """What is not final yet shows even where it has no times."""
        utterances = Utterances()
        message = results([("one", 0, 0.5)], None, final=False)
        utterances.feed(event(message))

        assert utterances.pending == "one"

    def test_channels(self) -> None:
        """Several channels are a line each, in their order, and can be asked for one by one."""
        utterances = Utterances()
        utterances.feed(event(results("right", 0, channel=[1, 3])))
        utterances.feed(event(results([], 0, channel=[2, 3])))
        utterances.feed(event(results("left", 0, final=False, channel=[0, 3])))

        assert utterances.pending == "left\nright"
        assert (utterances.pending_on(1), utterances.pending_on(2), utterances.pending_on(7)) == ("right", "", "")
        assert repr(utterances) == "<Utterances, 1 word pending>"


class TestLogs:
    MESSAGES = (
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0},
        results("one two", 0, ends=True),
        {"type": "Newer"},
        results("three", 2),
        {"type": "Metadata", "duration": 3},
    )

    def test_every_form(self, tmp_path: Path) -> None:
        """A log may hold events, dicts and JSON, be a text with a message on each line, or a file of it."""
        lines = [json.dumps(message) for message in self.MESSAGES]
        text = "\n".join(["", *lines, "broken", ""])
        path = tmp_path / "log"
        path.write_text(text, encoding="utf-8")
        mixed = [event(self.MESSAGES[0]), self.MESSAGES[1], lines[2], lines[3].encode()]
        logs: list[Any] = [self.MESSAGES, lines, mixed, text, text.encode()]
        with path.open("rb") as binary, path.open(encoding="utf-8") as file:
            found = [texts(utterances_of(log)) for log in (*logs, binary, file)]

        assert found == [["one two", "three"]] * 7

    @pytest.mark.parametrize(
        "log",
        [
            pytest.param([7], id="number"),
            pytest.param([None], id="none"),
            pytest.param([{"type": object()}], id="object"),
        ],
    )
    def test_no_log(self, log: Any) -> None:
        """What can be no log is refused with a word on what one holds."""
        with pytest.raises(DeepgramTypeError, match=r"log"):
            list(utterances_of(log))

    def test_sessions_in_one_log(self) -> None:
        """After a Close times start anew: the next session's words are no repetitions."""
        close = Close(code=1000)
        session = [Open(), event(results("one", 0)), close]

        assert texts(utterances_of([*session, *session])) == ["one", "one"]
        assert texts(utterances_of([results("one", 0), close.to_dict(), results("one", 0)])) == ["one", "one"]

    def test_streams_in_one_log(self) -> None:
        """Another request id means another stream, even with nothing between."""
        first, second = results("one", 0, request="a"), results("two", 0, request="b")

        assert run(first, second, results("and", 0.5), second) == [[], ["one"], [], [], ["two and"]]

    def test_another_connection(self) -> None:
        """A session that connected again goes on: its times do, and its words may be repeated."""
        utterances = Utterances()
        utterances.feed(event(results("one two", 0, request="a")))
        again = decode_message(json.dumps(results("two three", 0.5, request="b")), connection=1)

        assert utterances.feed(again) == []
        assert texts(utterances.end()) == ["one two three"]

    def test_silence_is_handed_on(self) -> None:
        """A log is divided by the silence that is asked for."""
        assert texts(utterances_of([results("one", 0), results("two", 1)], silence=0.5)) == ["one", "two"]

    @pytest.mark.parametrize("path", CORPUS or [NO_CORPUS], ids=lambda path: path and path.name)
    def test_recorded(self, path: Path) -> None:
        """Recorded messages of the service are understood, each by itself."""
        message = json.loads(path.read_bytes())
        final = message["type"] == "Results" and message["is_final"]
        transcript = message["channel"]["alternatives"][0]["transcript"] if final else ""

        assert texts(utterances_of([path.read_bytes()])) == ([transcript] if transcript else [])
        assert Transcript(final_response(path.read_bytes().replace(b"\n", b" "))).text == transcript

    def test_all_recorded(self) -> None:
        """All of them in a row are a log of many streams, of which every final text comes out."""
        messages = [json.loads(path.read_bytes()) for path in CORPUS]
        finals = [message for message in messages if message["type"] == "Results" and message["is_final"]]
        expected = {message["channel"]["alternatives"][0]["transcript"] for message in finals}

        assert set(texts(utterances_of(messages))) == expected - {""}


class TestTranscript:
    def test_whole(self) -> None:
        """The final transcript has the words of each channel once and in time, and the stream's metadata."""
        log = [
            results("one", 0, channel=[1, 2]),
            results("four", 3, final=False, channel=[0, 2]),
            results("three", 2, channel=[0, 2], metadata={"diarize_info": {"arch": "v1"}}),
            results("two", 1, channel=[0, 2]),
            results("two", 1, channel=[0, 2]),
            utterance_end(1.5),
            {"type": "Metadata", "request_id": "r", "duration": 7.5, "channels": 2, "models": ["m"], "sha256": "s"},
        ]
        response = final_response(log)
        transcript = Transcript(response)

        assert transcript.text == "two three\none"
        assert [word.text for word in transcript.words] == ["one", "two", "three"]
        assert (transcript.duration, transcript.request_id, transcript.confidence) == (7.5, "r", 0.5)
        assert response.metadata is not None
        assert (response.metadata.models, response.metadata.sha256, response.metadata.channels) == (["m"], "s", 2)
        assert response.metadata.diarize_info is not None
        assert response.metadata.diarize_info.arch == "v1"

    def test_metadata_given(self) -> None:
        """Metadata that are given count instead of those of the log."""
        given = MetadataResponse(request_id="given", channels=2)
        response = final_response([{"type": "Metadata", "request_id": "log"}], given)

        assert response.request_id == "given"
        assert [channel.text for channel in Transcript(response).channels] == ["", ""]

    def test_without_metadata(self) -> None:
        """Where a session ended without Metadata, what the results say of it is kept."""
        meta = {"request_id": "r", "model_uuid": "m", "model_info": {"name": "general"}}
        response = final_response([results("one", 0, 2.5, metadata=meta), results([], 2.5, 3)])

        assert response.metadata is not None
        assert response.metadata.model_info is not None
        info = response.metadata.model_info["m"]
        assert (response.request_id, response.metadata.duration, response.metadata.channels) == ("r", 3, 1)
        assert (info and info.name, response.metadata.models) == ("general", ["m"])

    def test_nothing(self) -> None:
        """A session in which nothing came has an empty transcript."""
        transcript = Transcript(LiveTranscript().response())

        assert (transcript.text, transcript.words, transcript.duration, transcript.channels) == ("", (), 0, ())

    def test_silence(self) -> None:
        """A channel on which nothing was said has its place."""
        transcript = Transcript(final_response([results("one", 0, channel=[1, 3])]))

        assert [channel.text for channel in transcript.channels] == ["", "one", ""]

    def test_without_words(self) -> None:
        """A result with a transcript alone is in the text."""
        log = [results("one", 0), results([], 1, 2, transcript="and more.")]

        assert Transcript(final_response(log)).text == "one and more."

    def test_what_was_found(self) -> None:
        """Languages, search hits and entities of the results are kept; entities count the words of the whole."""
        entity = {"label": "PERSON", "value": "Ann", "start_word": 1, "end_word": 2}
        second = results("see Ann", 1, entities=[entity, {"label": "x", "start_word": 7}, {"label": "whole"}])
        best = second["channel"]["alternatives"][0]
        best["languages"] = ["en", "de"]
        second["channel"].update(detected_language="en", search=[{"query": "ann", "hits": [{"start": 1.5}]}])
        log = [results("hello you", 0), second, second, results("see Ann go", 1, entities=[entity])]
        response = final_response(log)
        assert response.results is not None
        channel = Transcript(response).channels[0]

        assert channel.text == "hello you see Ann go"
        assert [(found.label, found.start_word, found.end_word) for found in channel.best.entities or ()] == [
            ("PERSON", 3, 4),
            ("whole", 2, None),
        ]
        assert channel.best.languages == ["en", "de"]
        assert channel.language == "en"
        assert [(search.query, len(search.hits or ())) for search in channel.channel.search or ()] == [("ann", 1)]

    def test_grows(self) -> None:
        """It can be asked for while the session goes on."""
        transcript = LiveTranscript()
        seen: list[str] = []
        for message in (results("one", 0), results("two", 0.5)):
            transcript.feed(event(message))
            seen.append(Transcript(transcript.response()).text)

        assert seen == ["one", "one two"]
        assert repr(transcript) == "<LiveTranscript, 1.0 s heard>"

    def test_keeps_little(self) -> None:
        """Of a final result it keeps the words as they are likeliest, not the bytes."""
        message = results("one", 0)
        message["channel"]["alternatives"].append({"transcript": "won"})
        transcript = LiveTranscript()
        final = event(message)
        transcript.feed(final)
        (heard,) = transcript._channels.values()  # pyright: ignore[reportPrivateUsage]
        (kept,) = heard.waiting
        (best,) = kept.channel.alternatives if kept.channel and kept.channel.alternatives else ()

        assert best.transcript == "one"
        assert "_raw" in vars(final)
        assert "_raw" not in vars(kept)
        assert repr(LiveTranscript()) == "<LiveTranscript, 0.0 s heard>"


# ── whatever the service does ──


class Plan(NamedTuple):
    """What was really said on one channel, as utterances, and the messages that tell of it."""

    truth: list[list[Spoken]]
    messages: list[dict[str, Any]]


@st.composite
def speech(draw: st.DrawFn, pauses: st.SearchStrategy[int]) -> list[list[Spoken]]:
    """Utterances of short words, with `pauses` (hundredths of a second) between them, and shorter ones inside."""
    at, count, said = draw(st.integers(0, 300)), 0, []
    for _ in range(draw(st.integers(1, 4))):
        words: list[Spoken] = []
        for _ in range(draw(st.integers(1, 5))):
            length = draw(st.integers(8, 60))
            # A small vocabulary: words repeat, so that nothing can go by the text alone.
            words.append((f"{'abc'[count % 3]}", at / 100, (at + length) / 100))
            at += length + draw(st.sampled_from([0, 0, 10, 40]))
            count += 1
        said.append(words)
        at = round(words[-1][2] * 100) + draw(pauses)
    return said


def interim(draw: st.DrawFn, start: float) -> dict[str, Any]:
    """A result that is not final, with whatever words."""
    return results("perhaps other words", start, final=False)


@st.composite
def finals(draw: st.DrawFn, words: list[Spoken], signals: st.SearchStrategy[bool]) -> list[dict[str, Any]]:
    """True words as final results: cut anywhere, reaching back, repeated, with interim results between."""
    messages: list[dict[str, Any]] = []
    begin, start = 0, 0.0
    while begin < len(words):
        end = draw(st.integers(begin + 1, len(words)))
        first = max(0, begin - draw(st.sampled_from([0, 0, 0, 1, 3])))
        until = words[end - 1][2]
        if draw(st.booleans()):
            messages.append(interim(draw, start))
        messages.append(
            results(words[first:end], min(start, words[first][1]), until, ends=draw(signals), flushed=draw(signals))
        )
        if draw(st.integers(0, 3)) == 0:
            messages.append({**draw(st.sampled_from([m for m in messages if m["is_final"]])), "speech_final": False})
            messages[-1]["from_finalize"] = False
        begin, start = end, until
    return messages


def words_of(found: list[LiveUtterance]) -> list[list[Spoken]]:
    """Utterances as their words and times."""
    return [[(word.text, word.start or 0.0, word.end or 0.0) for word in utterance.words or ()] for utterance in found]


@st.composite
def chaos(draw: st.DrawFn) -> Plan:
    """Signals that lie anywhere and mean anything."""
    truth = draw(speech(st.integers(1, 400)))
    words = [word for utterance in truth for word in utterance]
    messages = draw(finals(words, st.booleans()))
    for _ in range(draw(st.integers(0, 4))):
        last = draw(st.sampled_from([-1.0, None, 0.0, 1e6, *(word[2] for word in words)]))
        messages.insert(draw(st.integers(0, len(messages))), utterance_end(last))
    return Plan(truth, messages)


@st.composite
def faithful(draw: st.DrawFn) -> Plan:
    """Every utterance's end told in time, one way or another, or several, or by silence alone."""
    truth = draw(speech(st.sampled_from([100, 150, 199, 200, 350])))
    silent = {before[-1][2] for before, after in itertools.pairwise(truth) if after[0][1] - before[-1][2] >= SILENCE}
    untold = [utterance[-1][2] for utterance in truth]
    messages: list[dict[str, Any]] = []
    for message in draw(finals([word for utterance in truth for word in utterance], st.just(False))):
        spoken = message["channel"]["alternatives"][0]["words"] if message["is_final"] else []
        told = [end for end in untold if any(word["end"] == end for word in spoken)]
        late: list[dict[str, Any]] = []
        for end in told:
            untold.remove(end)
            last = end == spoken[-1]["end"]
            ways = ["UtteranceEnd", *(["flag", "both"] if last else []), *(["silence"] if end in silent else [])]
            way = draw(st.sampled_from(ways))
            if way in ("flag", "both"):
                message[draw(st.sampled_from(["speech_final", "from_finalize"]))] = True
            if way in ("UtteranceEnd", "both"):
                # Behind the result it can come too late: when a later end in the same result has ended more.
                early = end != told[-1] or (end in silent and not last) or draw(st.booleans())
                (messages if early else late).extend([utterance_end(end)] * draw(st.integers(1, 2)))
        messages += [message, *late]
    return Plan(truth, messages)


class TestProperties:
    @EXAMPLES
    @given(chaos())
    def test_every_word_once(self, plan: Plan) -> None:
        """Whatever the service does, each true word comes out once and in order."""
        found = words_of(list(utterances_of(plan.messages)))

        assert [word for utterance in found for word in utterance] == [
            word for utterance in plan.truth for word in utterance
        ]

    @EXAMPLES
    @given(faithful())
    def test_every_end_where_it_is(self, plan: Plan) -> None:
        """However results are cut and ends are told, utterances are those that were spoken."""
        assert words_of(list(utterances_of(plan.messages))) == plan.truth

    @EXAMPLES
    @given(faithful(), faithful(), st.randoms(use_true_random=False))
    def test_channels_apart(self, left: Plan, right: Plan, random: Any) -> None:
        """Two channels, their messages mixed, give what each gives alone."""
        queues = [[(0, m) for m in left.messages], [(1, m) for m in right.messages]]
        mixed: list[dict[str, Any]] = []
        while any(queues):
            number, message = random.choice([queue for queue in queues if queue]).pop(0)
            key = "channel_index" if message["type"] == "Results" else "channel"
            mixed.append({**message, key: [number, 2]})
        found = list(utterances_of(mixed))

        assert words_of([utterance for utterance in found if utterance.channel == 0]) == left.truth
        assert words_of([utterance for utterance in found if utterance.channel == 1]) == right.truth

    @EXAMPLES
    @given(chaos())
    def test_pending_is_what_is_not_out(self, plan: Plan) -> None:
        """What has come out and what the end brings are, together, what a transcript of the whole has."""
        utterances = Utterances()
        out = [utterance for message in plan.messages for utterance in utterances.feed(event(message))]
        last = utterances.end()
        whole = Transcript(final_response(plan.messages))

        assert " ".join(texts(out + last)) == whole.text
        assert utterances.pending == ""

    @EXAMPLES
    @given(chaos(), st.randoms(use_true_random=False))
    def test_heard_again(self, plan: Plan, random: Any) -> None:
        """A result that repeats another, its words moved a little or written otherwise, brings nothing new."""
        utterances = Utterances()
        out: list[LiveUtterance] = []
        for message in plan.messages:
            out += utterances.feed(event(message))
            if message["type"] == "Results" and message["is_final"]:
                again = json.loads(json.dumps({**message, "speech_final": False, "from_finalize": False}))
                for word in again["channel"]["alternatives"][0]["words"]:
                    moved = random.uniform(-0.03, 0.03)
                    word.update(start=word["start"] + moved, end=word["end"] + moved, word=random.choice("abcd"))
                out += utterances.feed(event(again))
        out += utterances.end()

        assert [word for utterance in words_of(out) for word in utterance] == [
            word for utterance in plan.truth for word in utterance
        ]

    @EXAMPLES
    @given(chaos(), st.randoms(use_true_random=False))
    def test_transcript_in_any_order(self, plan: Plan, random: Any) -> None:
        """The final transcript has each word once, in order of time, in whatever order the results came."""
        messages = list(plan.messages)
        random.shuffle(messages)
        words = Transcript(final_response(messages)).words

        assert [(word.text, word.start, word.end) for word in words] == [
            word for utterance in plan.truth for word in utterance
        ]

    @EXAMPLES
    @given(
        st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["Results", "UtteranceEnd", "Close", "Metadata"])},
                optional={
                    "start": st.none() | st.floats(-10, 10),
                    "duration": st.none() | st.floats(-10, 10),
                    "is_final": st.none() | st.booleans(),
                    "speech_final": st.booleans(),
                    "last_word_end": st.none() | st.floats(-10, 10),
                    "channel": st.fixed_dictionaries(
                        {
                            "alternatives": st.lists(
                                st.fixed_dictionaries(
                                    {},
                                    optional={
                                        "transcript": st.none() | st.text(max_size=5),
                                        "words": st.lists(
                                            st.fixed_dictionaries(
                                                {"word": st.none() | st.text(max_size=2)},
                                                optional={
                                                    "start": st.none() | st.floats(-10, 10),
                                                    "end": st.none() | st.floats(-10, 10),
                                                },
                                            ),
                                            max_size=3,
                                        ),
                                    },
                                ),
                                max_size=2,
                            )
                        }
                    ),
                },
            ),
            max_size=6,
        )
    )
    def test_anything(self, messages: list[dict[str, Any]]) -> None:
        """Messages that lack things or contradict themselves give utterances with text and times, never an error."""
        for utterance in utterances_of(messages):
            assert utterance.text
            assert utterance.start is not None
            assert utterance.end is not None
            assert utterance.start <= utterance.end
        assert msgspec.json.encode(final_response(messages))
