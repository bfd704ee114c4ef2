"""FIELD_NOTES 10: whatever the answer is, it is read without loss, or it is a DecodeError with its bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync import DecodeError, DeepgramClient, PrerecordedResponse, Transcript
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from tests.dice import examples
from tests.field.faces import KEY, Face

RULER = Ruler(12.0)
WAV = RULER.wav()
EXAMPLES = examples(60)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def own() -> Iterator[LocalServer]:
    with local_server() as server:
        yield server


@pytest.fixture(scope="module")
def deepgram(own: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient(KEY, url=own.url) as deepgram:
        yield deepgram


@pytest.fixture(scope="module")
def real(deepgram: DeepgramClient) -> dict[str, Any]:
    """A true answer with all that the server can do."""
    transcript = deepgram.transcribe(WAV, smart_format=True, utterances=True, search="w3", tag="t", extra={"a": "b"})
    return transcript.response.to_dict()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in an answer where something stands, as its container and its key."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield value, key
        yield from places(each)


def looked_at(transcript: Transcript) -> None:
    """All that people look at first, none of which may stumble."""
    repr(transcript)
    str(transcript.response)
    _ = transcript.text, transcript.words, transcript.turns, transcript.channels, transcript.paragraphs
    for word in transcript.words:
        _ = word.word, word.start, word.end, word.punctuated_word


def answered(own: LocalServer, body: bytes, deepgram: DeepgramClient) -> Transcript | DecodeError:
    own.fail(Fault("text", body=body, headers={"Content-Type": "application/json"}))
    try:
        return deepgram.transcribe(WAV)
    except DecodeError as error:
        return error


@EXAMPLES
@given(data=st.data())
def test_what_is_new_is_no_error(data: st.DataObject, real: dict[str, Any], own: LocalServer, deepgram: Any) -> None:
    """Fields nobody knows, nulls, missing fields and whole numbers as floats are read, and nothing of them is lost."""
    answer = copy.deepcopy(real)
    for _ in range(data.draw(st.integers(1, 6))):
        found = list(places(answer))
        if not found:
            break
        container, key = found[data.draw(st.integers(0, len(found) - 1))]
        kind = data.draw(st.sampled_from(["new", "null", "gone", "float"]))
        by_name = (answer.get("metadata") or {}).get("model_info")  # whatever the keys, the values have a type
        if kind == "new" and isinstance(container, dict) and container is not by_name:
            name = data.draw(st.text(max_size=8))
            container.setdefault(f"new_{name}", data.draw(JSON))
        elif kind == "null":
            container[key] = None
        elif kind == "gone" and isinstance(container, dict):
            del container[key]
        elif kind == "float" and type(container[key]) is int:
            container[key] = float(container[key])
    body = json.dumps(answer).encode()

    transcript = answered(own, body, deepgram)

    assert isinstance(transcript, Transcript), transcript
    assert transcript.response.raw == body
    assert transcript.response.to_dict() == answer
    looked_at(transcript)


@EXAMPLES
@given(data=st.data())
def test_what_breaks_a_type(data: st.DataObject, real: dict[str, Any], own: LocalServer, deepgram: Any) -> None:
    """Anything anywhere: either it is read without loss, or the error has the whole answer."""
    answer = copy.deepcopy(real)
    found = list(places(answer))
    container, key = found[data.draw(st.integers(0, len(found) - 1))]
    container[key] = data.draw(JSON)
    body = json.dumps(answer).encode()

    outcome = answered(own, body, deepgram)

    if isinstance(outcome, DecodeError):
        assert outcome.payload == body
        assert outcome.request_id == own.requests[-1].request_id
        assert PrerecordedResponse.__name__ in str(outcome)
    else:
        assert outcome.response.to_dict() == answer
        looked_at(outcome)


@EXAMPLES
@given(data=st.data())
def test_what_is_no_json(data: st.DataObject, real: dict[str, Any], own: LocalServer, deepgram: Any) -> None:
    """Cut, changed or made-up bytes: read, where they happen to be JSON, else an error that has them."""
    whole = json.dumps(real).encode()
    at = data.draw(st.integers(0, len(whole)))
    noise = data.draw(st.binary(max_size=6))
    body = data.draw(st.sampled_from([whole[:at], whole[:at] + noise + whole[at + len(noise) :], noise]))

    outcome = answered(own, body, deepgram)

    if isinstance(outcome, DecodeError):
        assert outcome.payload == body
        assert outcome.status == 200
    else:
        assert outcome.response.raw == body
        looked_at(outcome)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'"text"', b"{" * 100_000, b"[" * 100_000, b'{"a":' * 50_000, b"\xef\xbb\xbf{}"],
    ids=["nothing", "null", "list", "empty", "text", "deep objects", "deep lists", "deep unknown", "byte order mark"],
)
def test_odd_answers(body: bytes, face: Face, own: LocalServer) -> None:
    """The corners of JSON do the same for every kind of caller."""
    own.fail(Fault("text", body=body, headers={"Content-Type": "application/json"}))

    if body == b"{}":
        assert face.transcribe(own.url, WAV).text == ""
    else:
        with pytest.raises(DecodeError) as caught:
            face.transcribe(own.url, WAV)
        assert caught.value.payload == body


@pytest.mark.parametrize("status", [400, 500])
@EXAMPLES
@given(body=st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_refusal(status: int, body: bytes, own: LocalServer, deepgram: DeepgramClient) -> None:
    """A refusal is one whatever stands in it, with its status, its request id and its text."""
    own.fail(Fault("text", code=status, body=body, headers={"Content-Type": "application/json"}))

    with pytest.raises(Exception) as caught:
        deepgram.transcribe(WAV, max_retries=0)

    error: Any = caught.value
    assert type(error).__name__ == {400: "BadRequest", 500: "ServerError"}[status]
    assert (error.status, error.original_error) == (status, body.decode("utf-8", "replace"))
    assert error.request_id
    assert str(error)
