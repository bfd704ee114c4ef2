"""FIELD_NOTES 17: what the real service was recorded to say, said again to whole sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dgasync import (
    Close,
    Error,
    LiveResultResponse,
    MetadataResponse,
    Open,
    SpeechStartedResponse,
    UtteranceEndResponse,
)
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from dgasync.utterances import utterances_of
from tests.field.faces import Face
from tests.field.talks import RAW, Talker, say, taken, talk

RULER = Ruler(2.0)
KINDS: dict[str, type[Any]] = {
    "SpeechStarted": SpeechStartedResponse,
    "Results": LiveResultResponse,
    "UtteranceEnd": UtteranceEndResponse,
    "Error": Error,
    "Metadata": MetadataResponse,
}
KEYWORDS = {
    "Results": "result",
    "Metadata": "metadata",
    "SpeechStarted": "speech_started",
    "UtteranceEnd": "utterance_end",
    "Error": "error",
}


@pytest.fixture(scope="session")
def recorded(shared: Path) -> list[str]:
    """Every message of a live stream that there is a recording of, by kind in the order of a stream."""
    pages = [*(shared / "corpus").glob("listen.v1.ws.*.json"), *(shared / "corpus").glob("ws.Error.*.json")]
    if not pages:
        pytest.skip("needs ../shared/corpus")
    found = [page.read_text("utf-8") for page in sorted(pages, key=lambda page: page.name)]
    return sorted(found, key=lambda text: list(KINDS).index(json.loads(text)["type"]))


def service_said(events: list[Any]) -> list[Any]:
    """Without what the session itself says."""
    return [event for event in events if not isinstance(event, (Open, Close))]


def test_every_message(recorded: list[str], face: Face, server: LocalServer) -> None:
    """Each comes out of a session as its own type, in its order, with all of its bytes."""
    server.fail(Fault.text_frame(*recorded))

    async def main(deepgram: Talker) -> list[Any]:
        async with deepgram.live() as live:
            await live.finish()
            return await taken(live, [])

    events = service_said(talk(face, server.url, main))[: len(recorded)]

    assert [type(event) for event in events] == [KINDS[json.loads(text)["type"]] for text in recorded]
    assert [event.raw.decode() for event in events] == recorded
    assert [event.to_dict() for event in events] == [json.loads(text) for text in recorded]


def test_every_message_as_documented(recorded: list[str], face: Face, server: LocalServer) -> None:
    """Each is fired under v3's event and keyword, and `to_json` gives it back."""
    server.fail(Fault.text_frame(*recorded))
    told: list[tuple[str, str]] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        for name, keyword in KEYWORDS.items():
            connection.on(name, lambda _, *, k=keyword, name=name, **told_: told.append((name, told_[k].to_json())))
        assert await connection.start(RAW)
        assert await connection.finish()
        assert connection.error is None  # an Error of the service's own ends nothing by itself

    talk(face, server.url, main)

    assert told[: len(recorded)] == [(json.loads(text)["type"], text) for text in recorded]


def test_utterances_of_recorded_messages(recorded: list[str], face: Face, server: LocalServer) -> None:
    """A session that hears them gives the utterances that a log of them gives, and then those of its own audio."""
    server.fail(Fault.text_frame(*recorded))
    expected = [(each.text, each.start, each.end) for each in utterances_of([*recorded])]

    async def main(deepgram: Talker) -> list[Any]:
        async with deepgram.live() as live:
            await say(live, RULER)
            await live.finish()
            return await taken(live.utterances(), [])

    said = talk(face, server.url, main)

    assert len(expected) > 5
    assert [(each.text, each.start, each.end) for each in said[: len(expected)]] == expected
    assert " ".join(each.text for each in said[len(expected) :]) == RULER.text
