"""The command `dgasync transcribe`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from dgasync.cli.exits import EPILOG, Exit, Failure
from dgasync.cli.flags import listen_flags
from dgasync.cli.output import write
from dgasync.cli.progress import progress
from dgasync.cli.recording import NOTHING, STANDARD_INPUT, address_or_path, standard_input
from dgasync.cli.service import Asking, check, client, service_flags

if TYPE_CHECKING:
    from dgasync.models.listen import AsyncPrerecordedResponse, PrerecordedResponse

    AnyAnswer = PrerecordedResponse | AsyncPrerecordedResponse

__all__ = ["transcribe"]


@click.command(cls=Asking, asks={*listen_flags.names, "callback", "callback_method"}, epilog=EPILOG)
@click.argument("recording", metavar="PATH|URL|-")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as the server gave it, byte for byte.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="For each part of it: connecting (else 10), sending on (30), and being answered (600); no limit with --local.",
)
@service_flags
@click.option("--callback", metavar="URL", help="Have the answer sent there; the request id is printed.")
@click.option("--callback-method", metavar="[POST|PUT]", help="How it is sent there.")
@listen_flags
def transcribe(recording: str, **given: Any) -> None:
    """Print what is said in a recording: a file, a web address, or standard input (-).

    The service listens when there is a key in DEEPGRAM_API_KEY, this machine with --local. How far it is shows on
    standard error, if that is a terminal.
    """
    if given["callback_method"] and not given["callback"]:
        raise click.UsageError("--callback-method goes with --callback")
    check(given)
    options = listen_flags.chosen(given)
    call: dict[str, Any] = {"timeout": given["timeout"], "addons": given["query"], "max_retries": given["retries"]}
    audio = _audio(recording)
    with progress() as shown, client(given, shown) as deepgram:
        if isinstance(audio, str):
            shown.phase("fetching and listening")
        else:
            call["progress"] = shown.sent
        if given["callback"]:
            if given["callback_method"]:
                options["callback_method"] = given["callback_method"]
            answer: AnyAnswer = deepgram.transcribe_to_callback(audio, callback=given["callback"], **options, **call)
        else:
            answer = deepgram.transcribe(audio, **options, **call).response
    if given["as_json"]:
        # On a terminal the prompt should not stick to the last line; anywhere else the bytes are the server's.
        write(answer.raw, nl=sys.stdout.isatty())
    else:
        _print(answer, options, given["callback"])


def _audio(recording: str) -> str | Path | BinaryIO:
    if recording != STANDARD_INPUT:
        return address_or_path(recording)
    audio = standard_input("transcribe")
    if not audio.peek(1):
        raise Failure(NOTHING, Exit.RECORDING)
    return audio


def _print(answer: AnyAnswer, options: Mapping[str, Any], callback: str | None) -> None:
    from dgasync.cli.layout import notes, readable
    from dgasync.models.listen import PrerecordedResponse
    from dgasync.transcript import Transcript

    if not isinstance(answer, PrerecordedResponse):
        write(f"The answer will be sent to {callback}; request {answer.request_id}.".encode())
        return
    transcript = Transcript(answer)
    write(readable(transcript).encode("utf-8", "replace"))
    for note in notes(transcript, options):
        click.echo(f"dgasync: {note}", err=True)
