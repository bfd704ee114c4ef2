"""What a voice says: every message has a type, attributes for what is described, and the rest by `[]`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from dgasync.models.events import AudioData, Error, Undecodable, Unknown
from dgasync.models.speak_live import (
    ClearedResponse,
    FlushedResponse,
    SessionMetadata,
    SpeakConnected,
    SpeakWebSocketEvents,
    SpeakWebSocketMessage,
    SpeakWSMetadataResponse,
    SpeechInterrupted,
    SpeechMetadata,
    SpeechStarted,
    VoiceConfigured,
    VoiceNotConfigured,
    WarningResponse,
    decode_message,
)

# As the official description has them, and as the service was seen to say what that leaves out.
COUNTS = {"audio_duration_ms": 1200, "input_character_count": 9, "billable_character_count": 8}
CONTROLS = {"pronunciations_applied": 0, "pronunciation_warnings": 0}
TURN = {"speech_id": "dg_sp_1", **COUNTS, "controls_applied": CONTROLS}
WHO = {"request_id": "r", "model_name": "m", "model_version": "v"}
TOTALS = {"total_audio_duration_ms": 1, "total_input_character_count": 2, "total_billable_character_count": 3}
MESSAGES: list[tuple[type[Any], dict[str, Any]]] = [
    (SpeakWSMetadataResponse, {"type": "Metadata", **WHO, "model_uuid": "u", "additional_model_uuids": ["w"]}),
    (FlushedResponse, {"type": "Flushed", "sequence_id": 1}),
    (FlushedResponse, {"type": "Flushed", "speech_id": "dg_sp_1"}),
    (ClearedResponse, {"type": "Cleared", "sequence_id": 2}),
    (WarningResponse, {"type": "Warning", "description": "d", "code": "c"}),
    (SpeakConnected, {"type": "Connected", **WHO, "model_uuids": ["u"]}),
    (SpeechStarted, {"type": "SpeechStarted", "speech_id": "dg_sp_1"}),
    (SpeechMetadata, {"type": "SpeechMetadata", **TURN}),
    (SessionMetadata, {"type": "SessionMetadata", **TOTALS}),
    (SpeechInterrupted, {"type": "SpeechInterrupted", "audio_played_ms": 5, "text_spoken": "a", "text_remaining": "b"}),
    (VoiceConfigured, {"type": "ConfigureSuccess", "applied": {"speed": 1.1}}),
    (VoiceNotConfigured, {"type": "ConfigureFailure", "code": "C", "description": "d", "field": "speed", "value": 9}),
    (Error, {"type": "Error", "code": "NET-0000", "description": "d"}),
]


@pytest.mark.parametrize(("kind", "said"), MESSAGES)
def test_messages(kind: type[Any], said: dict[str, Any]) -> None:
    """Each becomes its own type, keeps what was said, and is written from its attributes as it was read."""
    event = decode_message(json.dumps({**said, "newer": 1}))

    assert type(event) is kind
    assert event.type == said["type"]
    assert event["newer"] == 1
    again = json.loads(msgspec.json.encode(event))
    if kind is VoiceNotConfigured:
        assert again == said
    else:
        assert again == said
        assert all(getattr(event, name) is not None for name in said)


def test_what_was_interrupted() -> None:
    """What is known of the turn is inside, without a type of its own."""
    event = decode_message(json.dumps({"type": "SpeechInterrupted", "metadata": TURN}))

    assert isinstance(event, SpeechInterrupted)
    assert event.metadata is not None
    assert (event.metadata.speech_id, event.metadata.audio_duration_ms) == ("dg_sp_1", 1200)


def test_warnings() -> None:
    """They have the service's names, and v3's."""
    event = decode_message(b'{"type":"Warning","code":"EXCESSIVE_FLUSH","description":"too many"}')

    assert isinstance(event, WarningResponse)
    assert (event.code, event.warn_code) == ("EXCESSIVE_FLUSH", "EXCESSIVE_FLUSH")
    assert (event.description, event.warn_msg) == ("too many", "too many")
    assert repr(event) == "<WarningResponse EXCESSIVE_FLUSH, too many>"


def test_what_is_not_as_expected() -> None:
    """A newer kind keeps its bytes, and what cannot be read is no error."""
    assert type(decode_message(b'{"type":"Sung"}')) is Unknown
    assert type(decode_message(b'{"type":"Flushed","sequence_id":"x"}')) is Undecodable
    assert type(decode_message(b"\xff")) is Undecodable


def test_sound() -> None:
    """A piece of sound is bytes, and its repr does not show them."""
    event = AudioData(data=b"abc")

    assert (event.type, event.data, event.raw) == ("AudioData", b"abc", b"abc")
    assert repr(event) == "<AudioData 3 bytes>"
    assert event.to_dict() == {"type": "AudioData", "data": "YWJj"}


def test_names() -> None:
    """The names of events and messages are their texts."""
    assert SpeakWebSocketEvents.AudioData == "AudioData"
    assert SpeakWebSocketMessage("Flush") is SpeakWebSocketMessage.Flush
