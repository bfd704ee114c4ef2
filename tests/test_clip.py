"""How sound is written down, and sound in memory that knows it."""

from __future__ import annotations

import io
import pickle
import struct
import wave
from typing import Any

import pytest

from dgasync import DeepgramTypeError
from dgasync.clip import Clip, form_of
from dgasync.limits import SHOWN_SOUND
from dgasync.testing import Ruler


@pytest.mark.parametrize(
    ("content_type", "asked", "form"),
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
def test_forms(content_type: str | None, asked: dict[str, Any], form: tuple[Any, ...]) -> None:
    """The answer says what its audio is; where it does not, the request does, and then what the service takes."""
    assert form_of(content_type, asked) == form


def test_raw_audio_gets_a_header() -> None:
    """What raw audio becomes is a WAV file, which says of the samples what the clip does."""
    samples = Ruler(1.0).audio()
    clip = Clip(samples, encoding="linear16", sample_rate=16_000)
    with wave.open(io.BytesIO(clip.playable())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.readframes(file.getnframes()) == samples
    assert (clip.seconds, clip.kind, clip == samples) == (1.0, "audio/wav", True)


@pytest.mark.parametrize(("encoding", "tag"), [("mulaw", 7), ("alaw", 6)])
def test_telephone_audio(encoding: str, tag: int) -> None:
    """The header names the encoding, and eight bits for each sample of each channel."""
    clip = Clip(bytes(16_000), encoding=encoding, container="none", sample_rate=8_000, channels=2)

    assert struct.unpack("<HHIIHH", clip.playable()[20:36]) == (tag, 2, 8_000, 16_000, 2, 8)
    assert clip.seconds == 1.0


@pytest.mark.parametrize("claimed", [0, 0xFFFFFFFF, 2**31])
def test_a_file_that_was_sent_while_it_was_made(claimed: int) -> None:
    """A WAV file that does not know its length gets it; one that does stays as it is."""
    whole = Ruler(0.5).wav()
    open_ended = whole[:4] + struct.pack("<I", claimed) + whole[8:40] + struct.pack("<I", claimed) + whole[44:]

    assert Clip(open_ended, container="wav").playable() == whole
    assert Clip(whole).playable() == whole
    assert Clip(whole[:20]).playable() == whole[:20]


@pytest.mark.parametrize(
    ("sound", "facts", "kind"),
    [
        (b"RIFF", {}, "audio/wav"),
        (b"OggS", {"encoding": "mp3"}, "audio/ogg"),
        (b"fLaC", {}, "audio/flac"),
        (b"\x1a\x45\xdf\xa3", {}, "audio/webm"),
        (b"..", {"encoding": "opus", "container": "ogg"}, "audio/ogg"),
        (b"..", {"encoding": "aac"}, "audio/aac"),
        (b"..", {}, "audio/mpeg"),
    ],
)
def test_kinds(sound: bytes, facts: dict[str, Any], kind: str) -> None:
    """The first bytes say what it is, else what is known of it, else it is taken for the commonest."""
    clip = Clip(sound, **facts)
    assert (clip.kind, clip.seconds) == (kind, None)
    assert bytes(clip) == sound


def test_a_notebook_plays_it() -> None:
    """It shows itself as a player, up to a size, and says what can be done beyond; without a rate it is only named."""
    assert 'src="data:audio/mpeg;base64,SUQz"' in Clip(b"ID3", encoding="mp3")._repr_html_()
    assert "mp3, 3 bytes" in Clip(b"ID3", encoding="mp3")._repr_html_()
    assert "linear16, 0.5 s, 8,000 bytes" in Clip(bytes(8_000), encoding="linear16", sample_rate=8_000)._repr_html_()
    assert "<audio" not in Clip(b"..", encoding="linear16")._repr_html_()

    long = Clip(bytes(SHOWN_SOUND + 1))._repr_html_()
    assert "<audio" not in long
    assert "clip.playable()" in long


def test_raw_audio_of_unknown_rate() -> None:
    """Without its sample rate raw audio cannot be played."""
    with pytest.raises(DeepgramTypeError, match="sample_rate"):
        Clip(b"..", encoding="linear16").playable()


def test_it_is_bytes() -> None:
    """It is as bytes are, survives pickling, and is one line as text."""
    clip = Clip(b"1234", encoding="linear16", sample_rate=2)
    again = pickle.loads(pickle.dumps(clip))

    assert (again, again.encoding, again.sample_rate) == (b"1234", "linear16", 2)
    assert repr(clip) == str(clip) == "<Clip 4 bytes, 1.0 s, linear16>"
    assert type(clip[:2]) is bytes
