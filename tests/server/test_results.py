"""The messages of a live session: their shape, by the official spec and by what the service was seen to send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dgasync.server.engine import Onset, Passage, Silence, Word
from dgasync.server.options import LiveOptions
from dgasync.server.results import Results
from dgasync.server.ruler import RulerEngine
from dgasync.testing import ruler_audio, silence

from .conftest import RAW, Live

EVERYTHING = {
    **RAW,
    "interim_results": "true",
    "vad_events": "true",
    "utterance_end_ms": "1000",
    "smart_format": "true",
    "tag": "a",
    "search": "w1",
    "replace": "w2:two",
    "filler_words": "true",
    "extra": "k:v",
}
# Where the service itself departs from its spec (specs/NOTES.md), and this server with it: names that the spec lacks.
DEPARTURES = {
    "Metadata": {"models", "model_info", "tags", "extra"},
    "Results": {"channel.search"},
}


async def told(live: Live) -> list[Any]:
    audio = (ruler_audio(6), silence(2), ruler_audio(1), "Finalize", ruler_audio(1, start=1))
    return (await live.talk(*audio, params=EVERYTHING)).told


@pytest.mark.anyio
async def test_spec(live: Live, shared: Path) -> None:
    """Every message is as the official spec describes it, with no name that it does not know."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    schemas = yaml.safe_load((shared / "specs" / "asyncapi.yml").read_text())["components"]["schemas"]
    messages = await told(live)
    kinds = {message["type"] for message in messages}
    assert kinds == {"Results", "Metadata", "UtteranceEnd", "SpeechStarted"}
    for message in messages:
        schema = {
            "$ref": f"#/components/schemas/ListenV1_ListenV1{message['type']}",
            "components": {"schemas": schemas},
        }
        jsonschema.Draft202012Validator(schema).validate(message)
    for kind in kinds:
        known = set(schemas[f"ListenV1_ListenV1{kind}"]["properties"])
        used = {name for message in messages if message["type"] == kind for name in message}
        assert used - known == {name for name in DEPARTURES.get(kind, ()) if "." not in name}
    known = set(schemas["ChannelsListenV1MessagesListenV1ResultsChannel"]["properties"])
    used = {name for message in messages if message["type"] == "Results" for name in message["channel"]}
    assert {f"channel.{name}" for name in used - known} == DEPARTURES["Results"]


def shape(value: Any) -> Any:
    """The names and types in it, ids that are names aside."""
    if isinstance(value, dict):
        return {"id" if name.count("-") == 4 else name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    return "number" if type(value) in (int, float) else type(value).__name__


@pytest.mark.anyio
async def test_corpus(live: Live, shared: Path) -> None:
    """The service was seen to send messages of the same names and types."""
    seen: dict[str, list[Any]] = {}
    for file in sorted((shared / "corpus").glob("listen.v1.ws.*.json")):
        message = json.loads(file.read_text())
        # Speakers are what this server does not tell.
        if message["type"] == "Results":
            message["metadata"].pop("diarize_info", None)
            for word in message["channel"]["alternatives"][0]["words"]:
                word.pop("speaker", None)
        seen.setdefault(message["type"], []).append(shape(message))
    for message in await told(live):
        for name in ("tags", "extra"):
            message.pop(name, None)
        if message["type"] == "Results":
            message["channel"].pop("search", None)
        assert shape(message) in seen[message["type"]]


def results(channels: int = 1, **options: Any) -> Results:
    return Results(RulerEngine(), LiveOptions(**options), "the-id", channel=0, channels=channels)


def test_times_never_run_back() -> None:
    """An engine that says less than it did before does not make results of negative length."""
    made = results(interim=True)
    made.of([Passage([Word("a", 0, 1, 1)], 2.0, final=True)])
    (message,) = made.of([Passage([Word("b", 1, 2, 1)], 1.5)])
    assert (message["start"], message["duration"]) == (2.0, 0.0)


def test_utterance_ends_between_two() -> None:
    """An utterance that ended is told before the next begins, also when both come at once."""
    made = results(utterance_end=1.0, vad_events=True)
    messages = made.of(
        [Passage([Word("a", 0, 1, 1)], 1.3, final=True), Silence(3.0), Onset(3.0), Silence(9.0)],
    )
    assert [message["type"] for message in messages] == ["Results", "UtteranceEnd", "SpeechStarted", "Results"]


def test_rest() -> None:
    """What is left is told once."""
    made = results()
    assert [message["duration"] for message in made.rest(1.0)] == [1.0]
    assert made.rest(1.0) == []


def test_interims_nobody_wants() -> None:
    """An engine that tells more than it was asked for is not passed on."""
    assert results().of([Passage([Word("a", 0, 1, 1)], 1.0)]) == []
