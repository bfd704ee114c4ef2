"""Microphones and loudspeakers, as one names them on a command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import click

from dgasync.cli.service import flagged
from dgasync.errors import DeepgramMicrophoneError, DeepgramSpeakerError
from dgasync.portaudio import load, shown

if TYPE_CHECKING:
    from dgasync.errors import DeepgramError

__all__ = ["Direction", "device_flags", "device_number", "list_devices"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")

Direction: TypeAlias = Literal["input", "output"]

_KINDS: dict[Direction, tuple[str, type[DeepgramError]]] = {
    "input": ("microphone", DeepgramMicrophoneError),
    "output": ("loudspeaker", DeepgramSpeakerError),
}


def device_flags(kind: Direction) -> Callable[[F], F]:
    """What adds the flags that choose a device to a command."""
    what = _KINDS[kind][0]

    def add(command: F) -> F:
        return flagged(
            command,
            click.option("--device", metavar="N|NAME", help=f"Which {what}: its number, or part of its name."),
            click.option("--list-devices", is_flag=True, help=f"Print the {what}s of this machine, and stop."),
        )

    return add


def list_devices(kind: Direction) -> None:
    """Print the devices of a kind.

    Raises:
        DeepgramMicrophoneError, DeepgramSpeakerError: the extra `mic` is not installed.
    """
    from dgasync.cli.tables import show

    what, failure = _KINDS[kind]
    library = load(f"A {what}", failure)
    default = _default(library, kind)
    show(
        ("Number", "Name", "#Channels", "#Samples a second", ""),
        [
            (
                *(device["index"], device["name"], device[f"max_{kind}_channels"], device["default_samplerate"]),
                "default" if device["index"] == default else None,
            )
            for device in _devices(library, kind)
        ],
        none=f"there is no {what}: this machine shows none",
    )


def device_number(given: str | None, kind: Direction) -> int | None:
    """The number of the device that is meant; None for the system's default.

    Raises:
        DeepgramMicrophoneError, DeepgramSpeakerError: there is no such device, or the extra `mic` is not installed.
        UsageError: several have such a name.
    """
    if given is None or given.isdecimal():
        return None if given is None else int(given)
    what, failure = _KINDS[kind]
    devices = _devices(load(f"A {what}", failure), kind)
    found = [device for device in devices if given.casefold() in device["name"].casefold()]
    exact = [device for device in found if given.casefold() == device["name"].casefold()]
    chosen = exact or found
    if len(chosen) > 1:
        raise click.UsageError(f"several {what}s are called {given!r}: {', '.join(map(shown, chosen))}")
    if not chosen:
        there = f"There are: {', '.join(map(shown, devices))}." if devices else "There is none."
        raise failure(f"No {what} is called {given!r}. {there}")
    return int(chosen[0]["index"])


def _devices(library: Any, kind: Direction) -> list[Any]:
    return [device for device in library.query_devices() if device[f"max_{kind}_channels"] > 0]


def _default(library: Any, kind: Direction) -> int | None:
    try:
        return int(library.query_devices(kind=kind)["index"])
    except (library.PortAudioError, ValueError):  # there is none
        return None
