"""What a live session hears: recorded messages, the official description, and what a server may do to them."""

from __future__ import annotations

import copy
import json
import pickle
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.errors import DeepgramError, DeepgramTypeError, Unauthorized
from dgasync.models import events, live
from dgasync.models.base import Model
from dgasync.models.listen import Alternative, Channel, Word
from dgasync.models.live import (
    Close,
    Error,
    Event,
    LiveMessage,
    LiveResultResponse,
    LiveTranscriptionEvents,
    MetadataResponse,
    Open,
    SpeechStartedResponse,
    Undecodable,
    Unknown,
    UtteranceEndResponse,
    decode_message,
)

from .answers import JSON, NO_CORPUS, TEXT, values
from .test_listen import differences, unknown

SHARED = Path(__file__).resolve().parents[3] / "shared"
CORPUS = sorted(
    [*(SHARED / "corpus").glob("listen.v1.ws.*.json"), *(SHARED / "corpus").glob("ws.Error.*.json")],
    key=lambda page: page.name,
)
KINDS: dict[str, type[Any]] = {
    "Results": LiveResultResponse,
    "Metadata": MetadataResponse,
    "SpeechStarted": SpeechStartedResponse,
    "UtteranceEnd": UtteranceEndResponse,
    "Error": Error,
}
RESULT = (
    b'{"type":"Results","channel_index":[1,2],"duration":1.5,"start":2,"is_final":true,"later":[null],"channel":'
    b'{"alternatives":[{"transcript":"T\xc3\xbcr","confidence":1,"words":[{"word":"t\xc3\xbcr","start":2.25}]}]},'
    b'"metadata":{"request_id":"abc"}}'
)
FUZZ = settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def works(message: LiveMessage, raw: bytes) -> bool:
    """Whether all that one does with a message can be done."""
    assert isinstance(message, typing.get_args(LiveMessage))
    assert message.raw == raw
    assert isinstance(message.type, str)
    assert repr(message).startswith(f"<{type(message).__name__}")
    assert json.loads(str(message)) == dict(message)
    assert json.loads(message.to_json()) == message.to_dict()
    assert pickle.loads(pickle.dumps(message)) == message
    hash(message)
    return True


# ── recorded messages, and the names of others ──


@pytest.mark.parametrize("page", CORPUS or [NO_CORPUS], ids=lambda page: page.stem)
def test_recorded_messages(page: Path) -> None:
    """A recorded message has its own type, is typed attribute by attribute, and gives its bytes back."""
    raw = page.read_bytes()
    data = json.loads(raw)
    message = decode_message(raw)

    assert type(message) is KINDS[data["type"]]
    assert message.type == data["type"] == message["type"]
    assert differences(message, data) == []
    assert unknown(message, data) == ["$.type"]
    assert (message.raw, message.to_json(), message.to_dict()) == (raw, raw.decode(), data)
    assert works(message, raw)


@pytest.mark.parametrize("page", CORPUS or [NO_CORPUS], ids=lambda page: page.stem)
def test_recorded_messages_without_bytes(page: Path) -> None:
    """From the types alone a recorded message is the same, its type too; it is also made from its dict."""
    raw = page.read_bytes()
    message = decode_message(raw, keep_raw=False)

    assert message.to_dict() == json.loads(raw)
    assert type(message).from_dict(json.loads(raw)) == message
    with pytest.raises(DeepgramError, match="has no bytes"):
        message.raw  # noqa: B018  # the look at it raises


def test_messages_of_the_official_description(shared: Path) -> None:
    """Every message of the official description is known, down to its last field."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "asyncapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    schemas = spec["components"]["schemas"]

    def sample(schema: dict[str, Any]) -> Any:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "enum" in schema:
            return schema["enum"][0]
        if schema["type"] == "object":
            return {name: sample(inner) for name, inner in schema["properties"].items()}
        if schema["type"] == "array":
            return [sample(schema["items"])]
        return {"string": "a", "number": 1.5, "integer": 1, "boolean": True}[schema["type"]]

    listed = spec["channels"]["/v1/listen"]["publish"]["message"]["oneOf"]
    assert len(listed) == 4
    for each in listed:
        payload = spec["components"]["messages"][each["$ref"].partition("messages/")[2]]["payload"]
        data = sample(payload)
        message = decode_message(json.dumps(data))
        assert type(message) is KINDS[data["type"]]
        assert differences(message, data) == []
        assert unknown(message, data) == ["$.type"]


def test_names_and_fields_of_v3(shared: Path) -> None:
    """Every class of v3's live messages is there under each of its names, with every field any version had."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))["responses"]
    # What has another name here, since the answers to recordings have it too.
    ours = {"Metadata": "LiveMetadata"}
    common = {f"common:{name}Response" for name in ("Open", "Close", "Error", "Unhandled")}
    checked = 0
    for key, page in surface.items():
        area, _, name = key.partition(":")
        if (area == "listen.websocket" or key in common) and name != "ModelInfo":
            cls = getattr(live, ours.get(name, name))
            checked += 1
            assert [field["name"] for field in page["fields"] if not hasattr(cls, field["name"])] == [], name
            assert [other for other in page["exported_at_top_level_as"] if not hasattr(live, other)] == []
    assert checked == 16


def test_events_of_v3(shared: Path) -> None:
    """The enumeration has v3's members and the session's own, equal to their texts; Results means Transcript."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    members = {each["name"]: each["value"] for each in surface["enums"]["LiveTranscriptionEvents"]["members"]}

    ours = {name: name for name in ("Reconnecting", "Reconnected", "Gap")}
    assert {member.name: member.value for member in LiveTranscriptionEvents} == members | ours
    assert LiveTranscriptionEvents.Results is LiveTranscriptionEvents.Transcript
    assert LiveTranscriptionEvents("Results") is LiveTranscriptionEvents.Transcript
    assert LiveTranscriptionEvents.Transcript == "Results" == str(LiveTranscriptionEvents.Transcript)
    assert f"{LiveTranscriptionEvents.Transcript}" == "Results"


def test_names_are_listed() -> None:
    """The module lists its public names, and those of every session."""
    own = {
        name
        for name, value in vars(live).items()
        if getattr(value, "__module__", "") in (live.__name__, events.__name__)
        and not name.startswith("_")
        and not isinstance(value, typing.TypeVar)
    }
    aliases = {name for name in live.__all__ if name.startswith("ListenWS")} | {"LiveEvent", "LiveMessage"}

    assert set(live.__all__) == (own | aliases) - {"decoder"}


# ── what a message offers ──


def test_result() -> None:
    """A result is read by attribute and by key: its text and words, and what this package does not know yet."""
    message = decode_message(RESULT)
    assert isinstance(message, LiveResultResponse)

    assert (message.text, message.words) == ("Tür", [Word(word="tür", start=2.25)])
    assert (message.is_final, message.speech_final, message.request_id) == (True, None, "abc")
    assert message["channel"]["alternatives"][0]["transcript"] == "Tür"
    assert (message["later"], message.get("speech_final"), "later" in message) == ([None], None, True)
    assert message.eval("channel.alternatives.0.words.0.start") == 2.25
    assert repr(message) == "<LiveResultResponse 2.00 to 3.50 s, final, 1 word>"
    with pytest.raises(DeepgramTypeError, match="cannot be changed"):
        message["start"] = 0


@pytest.mark.parametrize(
    "channel",
    [
        None,
        Channel(),
        Channel(alternatives=[]),
        Channel(alternatives=[Alternative()]),
        Channel(alternatives=[Alternative(transcript="", words=[])]),
    ],
)
def test_nothing_heard(channel: Channel | None) -> None:
    """A result in which nothing was heard has no text and no words."""
    message = LiveResultResponse(channel=channel)

    assert (message.text, message.words, message.request_id) == ("", [], None)
    assert repr(message) == "<LiveResultResponse 0.00 to 0.00 s, interim, 0 words>"


def test_text_frames() -> None:
    """A frame that comes as text is the same message as its bytes."""
    assert decode_message(RESULT.decode()) == decode_message(bytearray(RESULT)) == decode_message(RESULT)
    assert decode_message(RESULT.decode()).raw == decode_message(bytearray(RESULT)).raw == RESULT


def test_type_comes_last() -> None:
    """The place of `type` among the keys does not matter."""
    assert decode_message('{"last_word_end": -1, "type": "UtteranceEnd"}') == UtteranceEndResponse(last_word_end=-1)


def test_connection() -> None:
    """A message is of the first connection unless another is named; that is none of the service's keys."""
    first, second = decode_message(RESULT), decode_message(RESULT, 2)

    assert (first.connection, second.connection, Open().connection) == (0, 2, 0)
    assert second == first
    assert "connection" not in second
    assert pickle.loads(pickle.dumps(second)).connection == copy.copy(second).connection == 2
    assert copy.deepcopy(second).raw == copy.copy(second).raw == RESULT


def test_set_of_messages() -> None:
    """Equal messages are one in a set, others of the same stream are not."""
    later = RESULT.replace(b'"start":2,', b'"start":3,')

    assert len({decode_message(RESULT), decode_message(RESULT + b" "), decode_message(later)}) == 2
    assert len({hash(decode_message(RESULT)), hash(decode_message(later))}) == 2


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (MetadataResponse(request_id="a", duration=44.26), "<MetadataResponse a, 44.3 s>"),
        (MetadataResponse(), "<MetadataResponse without id, 0.0 s>"),
        (SpeechStartedResponse(timestamp=9.54), "<SpeechStartedResponse 9.54 s>"),
        (UtteranceEndResponse(last_word_end=-1), "<UtteranceEndResponse -1.00 s>"),
        (Error(code="X", message="No."), "<Error X, No.>"),
        (Error(), "<Error>"),
        (Unknown(type="New"), "<Unknown 'New'>"),
        (Undecodable(reason="Broken."), "<Undecodable Broken.>"),
        (Open(), "<Open>"),
        (Close(code=1011, reason="NET-0001"), "<Close 1011, NET-0001>"),
        (Close(code=1000, reason=""), "<Close 1000>"),
        (Close(), "<Close>"),
    ],
)
def test_repr(event: Event, shown: str) -> None:
    """Every event shows in a line what it is about, and no words that were spoken."""
    assert repr(event) == shown


# ── what the session says itself ──


def test_own_events() -> None:
    """The session's own events have the manners of the service's messages."""
    close = Close(code=1000, reason="bye")

    assert (Open().type, close.type, Error().type) == ("Open", "Close", "Error")
    assert Open().to_dict() == {"type": "Open"}
    assert json.loads(str(close)) == {"type": "Close", "code": 1000, "reason": "bye"}
    assert (close["code"], close.get("unheard_of"), close.connection) == (1000, None, 0)


def test_headers_of_open() -> None:
    """Open has the headers of the handshake, also in a copy, and the request id among them."""
    event = Open().adopt(None, {"dg-request-id": "abc"})

    assert event.request_id == "abc"
    assert pickle.loads(pickle.dumps(event)).headers["DG-Request-Id"] == "abc"


def test_error_of_this_side() -> None:
    """What goes wrong on this side is told with v3's fields, and with the exception itself."""
    error = Unauthorized("No such key.", 401, err_code="INVALID_AUTH", request_id="abc")
    event = Error.of(error)

    assert event.error is error
    assert event.to_dict() == {
        "type": "Error",
        "message": "No such key.",
        "description": "Unauthorized",
        "code": "INVALID_AUTH",
    }
    assert (event.request_id, Error().request_id, Error().error) == ("abc", None, None)
    assert isinstance(pickle.loads(pickle.dumps(event)).error, Unauthorized)


# ── whatever the server does to a message ──


@pytest.mark.parametrize("frame", ['{"type":"New","a":[null,1]}', b'{"a":[null,1],"type":"New","b":"\xff"}'])
def test_unknown_kind(frame: str | bytes) -> None:
    """A kind that nobody knows yet keeps its bytes, and `[]` reads them; broken text in one field hides no other."""
    message = decode_message(frame)
    assert isinstance(message, Unknown)

    assert (message.type, message["type"], message["a"]) == ("New", "New", [None, 1])
    assert message.raw == (frame.encode() if isinstance(frame, str) else frame)
    assert decode_message(frame, keep_raw=False).raw == message.raw


@pytest.mark.parametrize("frame", ["{}", '{"type":null}', '{"type":7}', '{"type":["Results"]}', '{"err_msg":"No."}'])
def test_no_kind(frame: str) -> None:
    """A message that does not say its kind is unknown too, as it was in v3."""
    message = decode_message(frame, 1)
    assert isinstance(message, Unknown)

    assert (message.type, message.connection, message.to_dict()) == ("", 1, json.loads(frame))


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "no JSON object"),
        (b"\x00\x01", "no JSON object"),
        ("Hello", "no JSON object"),
        ("[1]", "Expected `object`, got `array`"),
        ('{"type":"Results",', "no JSON object"),
        (b'{"type":"\xff"}', "no JSON object"),
        ("\ud800", "no JSON object"),
        ("[" * 200_000, "no JSON object"),
        ('{"type":"Results","start":"2"}', "got `str` - at `$.start`"),
        ('{"type":"UtteranceEnd","channel":{}}', "got `object` - at `$.channel`"),
        (b'{"type":"Error","message":"\xff"}', "not JSON"),
    ],
    ids=range(11),
)
def test_undecodable(frame: str | bytes, reason: str) -> None:
    """A frame that is no message says why, and keeps its bytes; it can be printed like any other."""
    message = decode_message(frame, 3, keep_raw=False)
    assert isinstance(message, Undecodable)

    assert reason in message.reason
    assert (message.type, message.connection) == ("Undecodable", 3)
    assert message.raw == (frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame)
    assert message["reason"] == message.reason
    assert json.loads(str(message)) == message.to_dict() == json.loads(message.to_json())


def test_undecodable_by_hand() -> None:
    """One made by hand has no frame to show."""
    assert Undecodable(reason="x").to_dict() == {"type": "Undecodable", "reason": "x", "raw": ""}


def test_null_among_items() -> None:
    """A null among the words is passed over, and seen by `[]`."""
    message = decode_message('{"type":"Results","channel":{"alternatives":[null,{"words":[null,{"word":"a"}]}]}}', 1)
    assert isinstance(message, LiveResultResponse)

    assert (message.words, message.connection) == ([Word(word="a")], 1)
    assert message["channel"]["alternatives"][0] is None


STRUCTS = [cls for cls in vars(live).values() if isinstance(cls, type) and issubclass(cls, Model)]
OURS = (Event, live.Reconnecting, live.Reconnected, live.Gap)  # the service does not say these
STRUCTS = [cls for cls in dict.fromkeys(STRUCTS) if cls.__module__ == live.__name__ and cls not in OURS]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (live.Reconnecting(reason="it broke", attempt=2, delay=0.25), "<Reconnecting try 2 in 0.25 s, it broke>"),
        (live.Reconnected(connection=1), "<Reconnected 1>"),
        (live.Gap(start=1.0, end=2.5), "<Gap 1.00 to 2.50 s>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_news_of_the_connection(event: Event, text: str) -> None:
    """What happens to the connection is told whole, and shown in a line."""
    assert repr(event) == text
    assert type(event).from_dict(event.to_dict()) == event
    assert copy.copy(event) == pickle.loads(pickle.dumps(event)) == event


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_every_field_may_be_absent(kind: type[Model]) -> None:
    """Each field of each part may be left out, and those of the service's messages may be null."""
    assert kind.from_dict({}) == kind()
    assert kind.__doc__
    if kind not in (Unknown, Undecodable):
        assert kind.from_dict(dict.fromkeys(kind.__struct_fields__)) == kind()


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of a known kind as a server may send it; `type` stands anywhere."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    pairs = list(draw(values(KINDS[kind])).items())
    pairs.insert(draw(st.integers(0, len(pairs))), ("type", kind))
    return dict(pairs)


@given(data=messages())
@FUZZ
def test_whatever_the_server_sends(data: dict[str, Any]) -> None:
    """Unknown fields, nulls, omissions, ints for floats and floats for ints: it is read, and `[]` sees all of it."""
    raw = json.dumps(data).encode()
    message = decode_message(raw)

    assert type(message) is KINDS[data["type"]]
    assert differences(message, data) == []
    assert message.to_dict() == data
    assert works(message, raw)


@given(
    data=st.dictionaries(TEXT | st.sampled_from(["type", "channel", "start"]), JSON | st.sampled_from([*KINDS, "New"]))
)
@FUZZ
def test_whatever_is_json(data: dict[str, Any]) -> None:
    """Whatever object comes is a message of some kind, and nothing of it is lost."""
    raw = json.dumps(data).encode()
    message = decode_message(raw)

    assert works(message, raw)
    if not isinstance(message, Undecodable):
        assert message.to_dict() == data


@given(frame=st.binary(max_size=20) | st.text(st.characters(), max_size=20))
@FUZZ
def test_whatever_is_sent(frame: str | bytes) -> None:
    """No frame raises, be it bytes or text."""
    raw = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame

    assert works(decode_message(frame), raw)


@given(data=st.data())
@FUZZ
def test_damaged_on_the_way(data: st.DataObject) -> None:
    """A good frame that is cut, or has some bytes replaced, never raises."""
    start = data.draw(st.integers(0, len(RESULT)))
    end = data.draw(st.integers(start, min(start + 9, len(RESULT))))
    frame = (
        RESULT[:start] + data.draw(st.binary(max_size=4)) + RESULT[end : data.draw(st.sampled_from([None, -1, -40]))]
    )

    assert works(decode_message(frame), frame)
