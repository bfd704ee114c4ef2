"""One clock over several connections."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dgasync.models.live import (
    Event,
    LiveResultResponse,
    MetadataResponse,
    SpeechStartedResponse,
    Unknown,
    UtteranceEndResponse,
    decode_message,
)
from dgasync.protocol.timeline import Timeline


def message(kind: str, connection: int = 0, **fields: Any) -> Any:
    return decode_message(json.dumps({"type": kind, **fields}).encode(), connection)


def result(
    start: float, until: float, text: str = "", *, final: bool = True, channel: tuple[int, int] = (0, 1), **more: Any
) -> LiveResultResponse:
    """A result whose words fill its time, as the second connection says it."""
    names = text.split()
    each = (until - start) / max(len(names), 1)
    words = [
        {"word": name.lower(), "punctuated_word": name, "start": start + i * each, "end": start + (i + 1) * each}
        for i, name in enumerate(names)
    ]
    found = message(
        "Results",
        1,
        channel_index=list(channel),
        start=start,
        duration=until - start,
        is_final=final,
        channel={"alternatives": [{"transcript": text, "words": words}], **more.pop("in_channel", {})},
        **more,
    )
    assert isinstance(found, LiveResultResponse)
    return found


def timeline(*finals: float, offset: float = 0.0) -> Timeline:
    """A session whose first connection has brought finals up to here, one a channel; the second one stands."""
    time = Timeline()
    for number, until in enumerate(finals):
        time.saw(result(0.0, until, "w", channel=(number, len(finals))))
    time.begin(offset)
    return time


def said(event: Event | None) -> tuple[str, float, float] | None:
    if event is None:
        return None
    assert isinstance(event, LiveResultResponse)
    start = event.start or 0.0
    return event.text, round(start, 6), round(start + (event.duration or 0.0), 6)


def test_what_is_final() -> None:
    """Final is what every channel has heard for good; interim results change nothing."""
    time = Timeline()
    assert time.final_until == 0.0
    time.saw(result(0.0, 4.0, "a", channel=(0, 2)))
    assert (time.final_until, time.channels) == (0.0, 2)
    time.saw(result(0.0, 3.0, "b", channel=(1, 2)))
    time.saw(result(3.0, 9.0, "c", channel=(1, 2), final=False))

    assert time.final_until == 3.0


def test_what_is_heard() -> None:
    """Heard is what every channel has results for, interim ones too; those tell that reach further than all before."""
    time = Timeline()
    assert time.saw(result(0.0, 4.0, "a", channel=(0, 2), final=False))
    assert time.heard_until == 0.0
    assert time.saw(result(0.0, 3.0, "b", channel=(1, 2)))
    assert time.heard_until == 3.0
    assert not time.saw(result(0.0, 3.5, "a", channel=(0, 2)))

    assert (time.heard_until, time.final_until) == (3.0, 3.0)


def test_times_are_shifted() -> None:
    """Results, words, hits and every other message with a time move to where the connection begins."""
    time = timeline(10.0, offset=10.0)
    hit = {"search": [{"query": "q", "hits": [{"start": 0.5, "end": 1.0, "snippet": "one"}, {}]}, {"query": "none"}]}
    event = time.placed(result(0.0, 2.0, "one two", in_channel=hit))

    assert isinstance(event, LiveResultResponse)
    assert said(event) == ("one two", 10.0, 12.0)
    assert [(word.start, word.end) for word in event.words] == [(10.0, 11.0), (11.0, 12.0)]
    assert event.channel
    assert event.channel.search
    assert event.channel.search[0].hits
    assert [(hit.start, hit.end) for hit in event.channel.search[0].hits] == [(10.5, 11.0), (None, None)]
    started = time.placed(message("SpeechStarted", timestamp=1.5, channel=[0]))
    ended = time.placed(message("UtteranceEnd", last_word_end=2.5, channel=[0]))
    about = time.placed(message("Metadata", duration=3.5))
    assert isinstance(started, SpeechStartedResponse)
    assert started.timestamp == 11.5
    assert isinstance(ended, UtteranceEndResponse)
    assert ended.last_word_end == 12.5
    assert isinstance(about, MetadataResponse)
    assert about.duration == 13.5


@pytest.mark.parametrize(
    "event",
    [
        message("SpeechStarted"),
        message("UtteranceEnd", last_word_end=-1),
        message("UtteranceEnd"),
        message("Metadata"),
        message("Something"),
    ],
)
def test_what_has_no_time(event: Any) -> None:
    """A message without a time stays as it is."""
    assert timeline(offset=5.0).placed(event) is event


def test_bytes_and_connection_stay() -> None:
    """A message that was moved still has the service's own bytes, and the number of its connection."""
    event = result(0.0, 1.0, "one")
    moved = timeline(3.0, offset=3.0).placed(event)

    assert moved is not None
    assert moved.raw == event.raw
    assert moved["start"] == 0.0
    assert (moved.connection, event.start) == (1, 0.0)


def test_final_words_come_once() -> None:
    """Words that are final already are not said again, and the rest begins where they end."""
    time = timeline(10.0, offset=8.0)

    assert said(time.placed(result(0.0, 4.0, "a b c d"))) == ("c d", 10.0, 12.0)


def test_nothing_new() -> None:
    """A result all of which is final is dropped, unless somebody has asked for it."""
    time = timeline(10.0, offset=8.0)

    assert time.placed(result(0.0, 2.0, "a b")) is None
    assert time.placed(result(0.0, 2.0, "a b", final=False)) is None
    assert said(time.placed(result(0.0, 2.0, "a b", from_finalize=True))) == ("", 10.0, 10.0)


def test_interim_results_do_not_move_back() -> None:
    """Interim results of audio that is sent again appear when they know more than before."""
    time = Timeline()
    time.saw(result(0.0, 2.0, "a b", final=False))
    time.begin(0.0)

    assert time.placed(result(0.0, 1.0, "a", final=False)) is None
    assert said(time.placed(result(0.0, 2.0, "a b", final=False))) == ("a b", 0.0, 2.0)
    assert said(time.placed(result(0.0, 1.0, "a"))) == ("a", 0.0, 1.0)


def test_channels_are_apart() -> None:
    """Each channel keeps what is final on it; results of the one that was behind pass."""
    time = timeline(10.0, 8.0, offset=8.0)

    assert time.placed(result(0.0, 2.0, "a b", channel=(0, 2))) is None
    assert said(time.placed(result(0.0, 2.0, "a b", channel=(1, 2)))) == ("a b", 8.0, 10.0)


def test_languages_without_spaces() -> None:
    """What was written without spaces is put together without them again."""
    event = result(0.0, 4.0, "a b c d")
    assert event.channel
    assert event.channel.alternatives
    raw = json.loads(event.raw)
    raw["channel"]["alternatives"][0]["transcript"] = "abcd"
    moved = timeline(10.0, offset=8.0).placed(decode_message(json.dumps(raw).encode(), 1))

    assert said(moved) == ("cd", 10.0, 12.0)


def test_entities_follow_their_words() -> None:
    """Entities of dropped words go with them, the others count their words anew."""
    entities = [{"label": "A", "start_word": 1, "end_word": 2}, {"label": "B", "start_word": 3, "end_word": 4}, {}]
    moved = timeline(10.0, offset=8.0).placed(result(0.0, 4.0, "a b c d", entities=entities))

    assert isinstance(moved, LiveResultResponse)
    assert moved.entities
    assert [(each.label, each.start_word, each.end_word) for each in moved.entities] == [("B", 1, 2)]


def test_results_without_much() -> None:
    """A result without channel, times or words is no reason to fail."""
    time = timeline(offset=5.0)
    bare = time.placed(message("Results", 1, is_final=True, from_finalize=True))
    assert said(bare) == ("", 5.0, 5.0)

    timeless = {"alternatives": [{"transcript": "a", "words": [{"word": "a"}]}, {"transcript": "b"}]}
    found = time.placed(message("Results", 1, is_final=True, start=0.0, duration=1.0, channel=timeless))
    assert isinstance(found, LiveResultResponse)
    assert [word.start for word in found.words] == [None]
    assert isinstance(time.placed(Unknown(type="x")), Unknown)
