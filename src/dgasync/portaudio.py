"""The library behind the microphone and the loudspeaker, and what its errors mean."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dgasync.errors import DeepgramError

__all__ = ["INVALID_CHANNELS", "INVALID_RATE", "UNAVAILABLE", "code_of", "load", "shown"]

# What PortAudio calls them (portaudio.h, PaErrorCode).
INVALID_RATE, INVALID_CHANNELS, UNAVAILABLE = -9997, -9998, -9985


def load(what: str, failure: type[DeepgramError]) -> Any:
    """The package `sounddevice`, or a `failure` that says what to install; `what` is it that needs it."""
    try:
        return import_module("sounddevice")
    except ImportError as error:
        raise failure(
            f"{what} needs the package `sounddevice`, which is not installed: pip install 'dgasync[mic]'"
        ) from error
    except OSError as error:
        raise failure(
            f"{what} needs the library PortAudio, and `sounddevice` could not load it ({error}): "
            "apt install libportaudio2 (Debian, Ubuntu), dnf install portaudio (Fedora), brew install portaudio (macOS)"
        ) from error


def code_of(error: Exception) -> int | None:
    """The number of one of PortAudio's errors."""
    code: int | None = error.args[1] if len(error.args) > 1 else None
    return code


def shown(device: Any) -> str:
    """A device in an error."""
    return f"{device['index']} ({device['name']})"
