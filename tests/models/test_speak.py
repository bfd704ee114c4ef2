"""What comes with the sound of a text."""

from __future__ import annotations

import copy
import json
import pickle
from io import BytesIO
from pathlib import Path

import pytest

from dgasync.errors import DeepgramError
from dgasync.models.speak import AsyncSpeakResponse, SpeakRESTResponse

NAMES = {
    "content_type": "Content-Type",
    "request_id": "dg-request-id",
    "model_uuid": "dg-model-uuid",
    "model_name": "dg-model-name",
    "characters": "dg-char-count",
    "transfer_encoding": "Transfer-Encoding",
    "date": "Date",
}
"""The header that each field comes from."""
HEADERS = [("Content-Type", "audio/mpeg"), ("dg-request-id", "r-1"), ("dg-char-count", "13")]


def test_recorded_headers(shared: Path) -> None:
    """The headers that the service sent become the fields that v3 had."""
    files = sorted((shared / "corpus").glob("speak.rest.headers.*.json"))
    assert files

    for file in files:
        said = json.loads(file.read_text("utf-8"))
        found = SpeakRESTResponse.of([(NAMES[name], str(value)) for name, value in said.items()])
        assert found.to_dict() == json.loads(found.to_json()) == said
        assert SpeakRESTResponse.from_json(found.to_json()) == found


def test_the_sound() -> None:
    """The sound is there by v3's three names, and in no JSON."""
    found = SpeakRESTResponse.of(HEADERS, sound=BytesIO(b"audio"))

    sound = found.stream_memory
    assert sound is not None
    assert sound is found.stream is found["stream"]
    assert sound.read() == found.raw == b"audio"
    assert found.keys() == ["content_type", "request_id", "characters", "stream", "stream_memory"]
    assert json.loads(str(found)) == {"content_type": "audio/mpeg", "request_id": "r-1", "characters": 13}
    for each in (copy.copy(found), pickle.loads(pickle.dumps(found))):
        assert each.raw == b"audio"
        assert each.headers["content-type"] == "audio/mpeg"


def test_a_file() -> None:
    """What was saved names its file, and holds no sound."""
    found = SpeakRESTResponse.of(HEADERS, filename="hello.mp3")

    assert repr(found) == "<SpeakRESTResponse r-1, audio/mpeg, hello.mp3>"
    assert found.request_id == "r-1"
    assert "stream" not in found
    with pytest.raises(KeyError):
        found["stream_memory"]
    with pytest.raises(DeepgramError, match=r"it went to hello\.mp3"):
        found.raw  # noqa: B018
    with pytest.raises(DeepgramError, match="`stream_memory`"):
        SpeakRESTResponse().raw  # noqa: B018


@pytest.mark.parametrize("count", ["", "many", "-1", "1e3", "²", "9" * 5000])
def test_a_count_that_is_none(count: str) -> None:
    """A header that cannot be read is left out, not an error: the sound is what counts."""
    found = SpeakRESTResponse.of([("dg-char-count", count)])

    assert found.characters is None
    assert found.headers["dg-char-count"] == count


@pytest.mark.parametrize("prefix", ["dg-", "x-dg-", ""])
def test_prefixes(prefix: str) -> None:
    """Voices differ in how they call the same header."""
    found = SpeakRESTResponse.of([(f"{prefix}request-id", "r-1"), (f"{prefix}model-name", "aura-2-thalia-en")])

    assert (found.request_id, found.model_name) == ("r-1", "aura-2-thalia-en")


def test_a_promise() -> None:
    """What comes for a callback has the id, and says what it is."""
    assert repr(AsyncSpeakResponse.from_json('{"request_id": "r-1"}')) == "<AsyncSpeakResponse r-1>"
