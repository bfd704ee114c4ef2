"""Where a text goes to be spoken, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dgasync.errors import DeepgramTypeError

__all__ = ["Sound", "sound_of", "version_of"]


class Sound(NamedTuple):
    """How audio is written down; None is what neither the answer nor the request says."""

    encoding: str | None
    container: str | None
    """`none` for raw audio, and for formats that need none."""
    sample_rate: int | None
    """Samples per second."""


# The encoding and the container that a Content-Type tells of.
_TYPES: Mapping[str, tuple[str | None, str | None]] = {
    "audio/mpeg": ("mp3", "none"),
    "audio/mp3": ("mp3", "none"),
    "audio/wav": (None, "wav"),
    "audio/x-wav": (None, "wav"),
    "audio/wave": (None, "wav"),
    "audio/ogg": ("opus", "ogg"),
    "audio/opus": ("opus", "ogg"),
    "audio/flac": ("flac", "none"),
    "audio/x-flac": ("flac", "none"),
    "audio/aac": ("aac", "none"),
    "audio/l16": ("linear16", "none"),
    "audio/pcmu": ("mulaw", "none"),
    "audio/mulaw": ("mulaw", "none"),
    "audio/basic": ("mulaw", "none"),
    "audio/pcma": ("alaw", "none"),
    "audio/alaw": ("alaw", "none"),
}

# What the service takes where nothing is said (its description, `container` and `sample_rate` of /v1/speak).
_CONTAINERS = {"linear16": "wav", "mulaw": "wav", "alaw": "wav", "opus": "ogg"}
_RATES = {"linear16": 24_000, "mulaw": 8_000, "alaw": 8_000, "mp3": 22_050, "opus": 48_000}


def sound_of(content_type: str | None, asked: Mapping[str, Any]) -> Sound:
    """How the audio of an answer is written down.

    Args:
        content_type: what the answer says, with its `rate` if it has one.
        asked: the options of the request, which tell where the answer does not.
    """
    kind, *parameters = (content_type or "").lower().split(";")
    encoding, container = _TYPES.get(kind.strip(), (None, None))
    encoding = encoding or asked.get("encoding") or ("linear16" if container == "wav" else "mp3")
    container = container or asked.get("container") or _CONTAINERS.get(encoding, "none")
    rates = [value.strip() for name, _, value in (each.partition("=") for each in parameters) if name.strip() == "rate"]
    rate = rates[0] if rates else str(asked.get("sample_rate"))
    return Sound(encoding, container, int(rate) if rate.isdecimal() else _RATES.get(encoding))


def version_of(version: object, model: object) -> str:
    """Which generation of the service speaks: as asked for, or the one that has the voice.

    Raises:
        DeepgramTypeError: there is no such version, or the second has no voice to speak with.
    """
    if version not in (None, "1", "2"):
        raise DeepgramTypeError(f'`version` is "1" or "2"; got {version!r}.')
    if version is None:
        # The second takes only these, the first none of them (description of `model` of /v2/speak).
        return "2" if isinstance(model, str) and model.startswith("flux-") else "1"
    if version == "2" and not model:
        raise DeepgramTypeError('Version "2" has no voice unless asked for one: `model="flux-alexis-en"`, for example.')
    return str(version)
