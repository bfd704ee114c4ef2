"""FIELD_NOTES 10, live: whatever the service says, the stream lives, and neither a word nor a frame is lost."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync import DecodeError, DeepgramClient, LiveResultResponse, Open, Undecodable, Unknown
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from tests.dice import examples
from tests.field.faces import KEY, Face
from tests.field.talks import RAW, Talker, say, taken, talk, words
from tests.field.test_fuzz import JSON, places

EXAMPLES = examples(60)
RULER = Ruler(6.0)
AUDIO = RULER.audio()
RESULT = {
    "type": "Results",
    "channel_index": [0, 1],
    "duration": 1.0,
    "start": 0.5,
    "is_final": False,
    "speech_final": False,
    "channel": {
        "alternatives": [
            {
                "transcript": "another voice",
                "confidence": 0.99,
                "words": [
                    {"word": "another", "start": 0.5, "end": 0.9, "confidence": 0.98, "punctuated_word": "Another"},
                    {"word": "voice", "start": 0.9, "end": 1.3, "confidence": 1, "speaker": 0},
                ],
            }
        ]
    },
    "metadata": {"request_id": "of-the-fuzz", "model_info": {"name": "m", "version": "v", "arch": "a"}},
    "from_finalize": False,
}
OTHERS: list[dict[str, Any]] = [
    {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 1.5},
    {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 2.25},
    {"type": "Error", "description": "a word", "message": "of the service", "variant": "of its own"},
]


@pytest.fixture(scope="module")
def own() -> Iterator[LocalServer]:
    with local_server() as server:
        yield server


@pytest.fixture(scope="module")
def deepgram(own: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient(KEY, url=own.url) as client:
        yield client


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A message as a newer service may send it: with new fields, nulls, fewer fields, and floats for integers."""
    message = copy.deepcopy(draw(st.sampled_from([RESULT, *OTHERS])))
    for _ in range(draw(st.integers(0, 4))):
        found = [(container, key) for container, key in places(message) if key != "type"]
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        kind = draw(st.sampled_from(["new", "null", "gone", "float", "anything"]))
        if kind == "new" and isinstance(container, dict):
            container[f"new_{draw(st.text(max_size=5))}"] = draw(JSON)
        elif kind == "null":
            container[key] = None
        elif kind == "gone" and isinstance(container, dict):
            del container[key]
        elif kind == "float" and type(container[key]) is int:
            container[key] = float(container[key])
        elif kind == "anything":
            container[key] = draw(JSON)
    message["is_final"] = False  # what is final counts as said
    return json.dumps(message)


KINDS = st.text(max_size=8).filter(lambda name: name not in ("Results", "Metadata"))
NEW_KINDS = st.dictionaries(st.text(max_size=5), JSON, max_size=3).flatmap(
    lambda fields: KINDS.map(lambda kind: json.dumps({**fields, "type": kind}))
)
BROKEN = st.tuples(changed(), st.integers(0, 200)).map(lambda drawn: drawn[0][: drawn[1]])
FRAMES = changed() | NEW_KINDS | BROKEN | JSON.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=20)


def as_bytes(frames: Any) -> list[bytes]:
    return [frame.encode() if isinstance(frame, str) else frame for frame in frames]


def between(events: list[Any], frames: list[bytes]) -> list[Any]:
    """The events that are these frames, byte for byte, in one row among the others, which are taken out of the list."""
    raw = [bytes(event.raw) if not isinstance(event, Open) and event.type != "Close" else None for event in events]
    at = next(at for at in range(len(raw)) if raw[at : at + len(frames)] == frames)
    found = events[at : at + len(frames)]
    del events[at : at + len(frames)]
    return found


@EXAMPLES
@given(frames=st.lists(FRAMES, min_size=1, max_size=6), at=st.integers(0, len(AUDIO)))
def test_whatever_it_says(frames: list[str | bytes], at: int, own: LocalServer, deepgram: DeepgramClient) -> None:
    """Each frame is an event with its bytes, between the others, and every word of the audio is heard."""
    own.fail(Fault.text_frame(*frames, after_bytes=at))

    with deepgram.live(**RAW) as live:
        live.send(AUDIO)
        live.finish()
        events = list(live)

    for event in between(events, as_bytes(frames)):
        repr(event), str(event), hash(event)
    assert words(events) == RULER.text
    assert live.error is None


@EXAMPLES
@given(frames=st.lists(FRAMES, min_size=1, max_size=6), at=st.integers(0, len(AUDIO)))
def test_utterances_of_whatever_it_says(
    frames: list[str | bytes], at: int, own: LocalServer, deepgram: DeepgramClient
) -> None:
    """So do utterances have every word, whatever stands between the results."""
    own.fail(Fault.text_frame(*frames, after_bytes=at))

    with deepgram.live(**RAW, endpointing=False) as live:
        live.send(AUDIO)
        live.finish()
        said = " ".join(utterance.text for utterance in live.utterances())

    assert [word for word in said.split() if word in RULER.words] == RULER.words
    assert live.error is None


ODD: dict[str, tuple[str | bytes, type[Any]]] = {
    "new field": ('{"type":"Results","is_final":false,"brand_new":{"a":[1,null]}}', LiveResultResponse),
    "nulls": ('{"type":"Results","channel":null,"start":null,"is_final":null,"metadata":null}', LiveResultResponse),
    "floats": ('{"type":"Results","channel_index":[0.0,1.0],"start":1,"is_final":false}', LiveResultResponse),
    "new kind": ('{"type":"Applause","loudness":3}', Unknown),
    "no kind": ('{"loudness":3}', Unknown),
    "a text for a number": ('{"type":"Results","start":"soon"}', Undecodable),
    "cut": ('{"type":"Results","channel_in', Undecodable),
    "nothing": ("", Undecodable),
    "a list": ("[1,2]", Undecodable),
    "deep": ("[" * 100_000, Undecodable),
    "binary": (b"\x00\x01\xff", Undecodable),
    "binary that is none": (b'{"type":"Applause"}', Unknown),
}


def test_odd_frames(face: Face, server: LocalServer) -> None:
    """New fields, nulls, floats, new kinds and what is no message: each is what it is, to every kind of caller."""
    frames = [frame for frame, _ in ODD.values()]
    server.fail(Fault.text_frame(*frames, after_bytes=64_000))

    async def main(deepgram: Talker) -> None:
        async with deepgram.live() as live:
            await say(live, RULER)
            await live.finish()
            events = await taken(live, [])
        odd = dict(zip(ODD, between(events, as_bytes(frames)), strict=True))
        assert {name: type(event) for name, event in odd.items()} == {name: kind for name, (_, kind) in ODD.items()}
        assert odd["new field"]["brand_new"] == {"a": [1, None]}
        assert odd["new kind"]["loudness"] == 3
        assert "start" in odd["a text for a number"].reason
        assert words(events) == live.result().text == RULER.text

    talk(face, server.url, main)


def test_odd_frames_as_documented(face: Face, server: LocalServer) -> None:
    """There new kinds are Unhandled, frames that cannot be read are Error, and the stream goes on after them."""
    frames = [frame for frame, _ in ODD.values()]
    server.fail(Fault.text_frame(*frames, after_bytes=64_000))
    told: dict[str, list[Any]] = {"Results": [], "Unhandled": [], "Error": []}

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        for name, into in told.items():
            connection.on(name, lambda _, *, into=into, **happened: into.extend(happened.values()))
        assert await connection.start(RAW)
        await say(connection, RULER)
        assert await connection.finish()
        assert connection.error is None

    talk(face, server.url, main)

    assert words(told["Results"]) == RULER.text
    assert [bytes(event.raw) for event in told["Unhandled"]] == as_bytes(
        frame for frame, kind in ODD.values() if kind is Unknown
    )
    assert all(isinstance(event.error, DecodeError) for event in told["Error"])
    assert [bytes(event.error.payload) for event in told["Error"]] == as_bytes(
        frame for frame, kind in ODD.values() if kind is Undecodable
    )
