"""The command `dgasync speak`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from dgasync.cli.call import CALLBACK, call_of, callback_flags, callback_of, promised, timeout_flag
from dgasync.cli.devices import device_flags, device_number, list_devices
from dgasync.cli.endings import by_name
from dgasync.cli.files import file_for, opened, output_flags
from dgasync.cli.flags import speak_flags
from dgasync.cli.output import write
from dgasync.cli.progress import progress
from dgasync.cli.recording import STANDARD_INPUT, address_or_path, filled, is_address, standard_input
from dgasync.cli.service import Asking, check, client, service_flags

if TYPE_CHECKING:
    from dgasync.cli.progress import Progress
    from dgasync.sync.client import DeepgramClient

__all__ = ["speak"]

PLAYED_RATE = 24000
"""Samples a second of what is played, unless told otherwise: what voices make by themselves."""


class _Sound(NamedTuple):
    """What files of a name are expected to hold."""

    encodings: tuple[str, ...]
    """Any of these; the first is asked for."""
    container: str = "none"


_SOUNDS = {
    ".mp3": _Sound(("mp3",)),
    ".wav": _Sound(("linear16", "mulaw", "alaw"), "wav"),
    ".flac": _Sound(("flac",)),
    ".ogg": _Sound(("opus",), "ogg"),
    ".opus": _Sound(("opus",), "ogg"),
    ".aac": _Sound(("aac",)),
}


@click.command(cls=Asking, asks={*speak_flags.names, *CALLBACK})
@click.argument("text", metavar="TEXT|-", required=False)
@click.option("--file", "path", metavar="PATH", help="The file that has the text, in UTF-8.")
@output_flags(
    "FILE",
    "Write the sound there. The name's end says what it is: .mp3, .wav, .flac, .ogg, .aac; else --encoding does.",
)
@click.option("--play", is_flag=True, help="Play it here while it comes; needs the extra `mic`.")
@device_flags("output")
@timeout_flag
@service_flags
@callback_flags
@speak_flags
def speak(text: str | None, path: str | None, **given: Any) -> None:
    """Speak a text: one that is given, or what is on standard input (-) or in a file.

    The sound goes to a file, to the loudspeaker, or into a pipe: dgasync speak 'Hello.' | ffplay -. The service speaks
    when there is a key in DEEPGRAM_API_KEY, this machine with --local. The voice is aura-2-thalia-en unless --model
    says otherwise.
    """
    if given["list_devices"]:
        list_devices("output")
        return
    check(given)
    callback = callback_of(given, ("output", "play"))
    options = speak_flags.chosen(given)
    if "priority" in options and not callback:
        raise click.UsageError("--priority goes with --callback")
    source = _source(text, path)
    call = {**_sound(given, options), **call_of(given), **callback}
    if callback:
        with progress() as shown, client(given, shown) as deepgram:
            answer = deepgram.synthesize_to_callback(source, **call)
        write(promised(answer, callback["callback"]).encode())
        return
    if not (given["play"] or given["output"]) and sys.stdout.isatty():
        raise click.UsageError("sound is nothing for a terminal: give --output FILE, or --play, or send it into a pipe")
    file = file_for(given["output"], force=given["force"])
    with progress() as shown, client(given, shown) as deepgram, _taker(given, file, call) as take:
        _speak(deepgram, source, call, take, shown)


def _speak(
    deepgram: DeepgramClient,
    source: str | Path | BinaryIO,
    call: Mapping[str, Any],
    take: Callable[[bytes], object],
    shown: Progress,
) -> None:
    shown.phase("waiting for the voice")
    done = 0
    with deepgram.synthesize(source, **call) as speech:
        for chunk in speech:
            take(chunk)
            done += len(chunk)
            shown.received(done)
    shown.phase("playing")  # what is not played has nothing more to wait for


def _source(text: str | None, path: str | None) -> str | Path | BinaryIO:
    if (text is None) == (path is None):
        raise click.UsageError("give a text, or --file, not both" if text else "Missing argument 'TEXT|-', or --file")
    if text == STANDARD_INPUT:
        return filled(standard_input("speak", "a text"))
    if path is None:
        return text or ""
    if is_address(path):
        raise click.UsageError("--file is a file of this machine")
    return address_or_path(path)


def _sound(given: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with what the place that the sound goes to asks for."""
    if not given["play"]:
        if given["device"] is not None:
            raise click.UsageError("--device goes with --play")
        return {**_expected(given["output"], options), **options}
    if given["output"]:
        raise click.UsageError("--play and --output do not go together")
    played = {"encoding": "linear16", "container": "none"}
    for name, value in played.items():
        if options.get(name, value) != value:
            raise click.UsageError(f"what is played is raw linear16: leave --{name} out")
    return {"sample_rate": PLAYED_RATE, **options, **played}


def _expected(output: str | None, options: Mapping[str, Any]) -> dict[str, str]:
    """What a file of this name is expected to hold."""
    encoding, container = options.get("encoding"), options.get("container")
    flags: dict[str, list[_Sound]] = {}
    if encoding:
        flags[f"--encoding {encoding}"] = [sound for sound in _SOUNDS.values() if encoding in sound.encodings]
    if container:
        flags[f"--container {container}"] = [sound for sound in _SOUNDS.values() if container == sound.container]
    sound = by_name(output, _SOUNDS, flags, f"use {', '.join(_SOUNDS)}, or --encoding")
    if sound is None:
        return {}
    # The service takes no container where there can be none.
    return {"encoding": sound.encodings[0], **({"container": sound.container} if sound.container != "none" else {})}


@contextmanager
def _taker(
    given: Mapping[str, Any], file: Path | None, call: Mapping[str, Any]
) -> Generator[Callable[[bytes], object], None, None]:
    """What takes the sound; that it can is found out before anything is asked for."""
    if not given["play"]:
        with opened(file) as taker:
            yield taker.write
        return
    from dgasync.speaker import Speaker

    device = device_number(given["device"], "output")
    with Speaker(rate=call["sample_rate"], output_device_index=device) as speaker:
        yield speaker.add_audio_to_queue
