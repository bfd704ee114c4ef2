"""Microphones and loudspeakers on a command line."""

from __future__ import annotations

import sys

import click
import pytest

from dgasync.cli.devices import device_number
from dgasync.cli.exits import Exit, explained
from dgasync.errors import DeepgramMicrophoneError, DeepgramSpeakerError
from tests.cli.conftest import Run
from tests.loudspeakers import connected
from tests.microphones import MICROPHONE, plugged_in


def test_by_number() -> None:
    """A number is one, whatever there is; nothing is the default."""
    assert device_number("3", "input") == 3
    assert device_number(None, "input") is None


def test_by_name() -> None:
    """Part of a name is enough, in any case, if there is one such device that can do it."""
    with plugged_in() as machine:
        machine.devices = [*machine.devices, {**MICROPHONE, "name": "USB microphone", "index": 2}]

        assert device_number("usb", "input") == 2
        assert device_number("A Microphone", "input") == 1  # the whole name of one, and no part of the other
        with pytest.raises(click.UsageError, match=r"1 \(a microphone\), 2 \(USB microphone\)"):
            device_number("microphone", "input")
        with pytest.raises(DeepgramMicrophoneError, match=r"There are: 1 \(a microphone\), 2"):
            device_number("loudspeaker", "input")
        machine.devices = []
        with pytest.raises(DeepgramSpeakerError, match="There is none"):
            device_number("x", "output")


def test_the_list(command: Run) -> None:
    """--list-devices prints those that can do it, and marks the default."""
    with plugged_in():
        assert command("live", "--list-devices") == (0, b"1\ta microphone\t2\t44100\tdefault\n", "")
    with connected() as machine:
        assert command("speak", "--list-devices") == (0, b"0\ta loudspeaker\t2\t44100\tdefault\n", "")
        machine.devices = []
        assert command("speak", "--list-devices") == (
            0,
            b"",
            "dgasync: there is no loudspeaker: this machine shows none\n",
        )


def test_without_the_extra(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not installed is said with how to get it, and has another exit code than what is not plugged in."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    ended = command("live", "--mic", "--url", "http://127.0.0.1:9")

    assert ended.code == Exit.MISSING
    assert "dgasync[mic]" in ended.err
    assert explained(DeepgramSpeakerError("None.")) == ("None.", Exit.NO_DEVICE)
