"""Which service speaks, and what its audio is."""

from __future__ import annotations

from typing import Any

import pytest

from dgasync.errors import DeepgramTypeError
from dgasync.protocol.speech import sound_of, version_of


@pytest.mark.parametrize(
    ("content_type", "asked", "sound"),
    [
        ("audio/mpeg", {}, ("mp3", "none", 22_050)),
        ("audio/wav", {}, ("linear16", "wav", 24_000)),
        ("audio/wav", {"encoding": "mulaw"}, ("mulaw", "wav", 8_000)),
        ("audio/x-wav", {"sample_rate": "16000"}, ("linear16", "wav", 16_000)),
        ("audio/l16; channels=1; rate=48000", {"sample_rate": 8_000}, ("linear16", "none", 48_000)),
        ("audio/ogg;codecs=opus", {"encoding": "opus"}, ("opus", "ogg", 48_000)),
        ("Audio/FLAC", {"sample_rate": 22_050}, ("flac", "none", 22_050)),
        ("audio/aac", {}, ("aac", "none", None)),
        (None, {"encoding": "alaw", "container": "none"}, ("alaw", "none", 8_000)),
        (None, {"encoding": "linear16"}, ("linear16", "wav", 24_000)),
        (None, {}, ("mp3", "none", 22_050)),
        ("application/octet-stream", {"encoding": "new", "sample_rate": "fast"}, ("new", "none", None)),
    ],
)
def test_sounds(content_type: str | None, asked: dict[str, Any], sound: tuple[Any, ...]) -> None:
    """The answer says what its audio is; where it does not, the request does, and then what the service takes."""
    assert sound_of(content_type, asked) == sound


@pytest.mark.parametrize(
    ("version", "model", "found"),
    [(None, None, "1"), (None, "flux-alexis-en", "2"), ("1", "flux-x", "1"), ("2", "mine", "2"), (None, 7, "1")],
)
def test_versions(version: str | None, model: object, found: str) -> None:
    """The voice decides, unless the caller does."""
    assert version_of(version, model) == found


@pytest.mark.parametrize("version", ["3", 2, "2"])
def test_versions_that_are_none(version: object) -> None:
    """The second generation needs a voice, and there is no third."""
    with pytest.raises(DeepgramTypeError):
        version_of(version, None)
