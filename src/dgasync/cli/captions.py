"""The command `dgasync captions`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.exits import Exit, Failure, told
from dgasync.cli.files import files_for, is_folder, opened, output_flags
from dgasync.cli.forms import CaptionKind, caption_options, captions_of, is_captions, look_flags
from dgasync.cli.offers import a_file
from dgasync.cli.output import write
from dgasync.cli.recording import STANDARD_INPUT, address_or_path, expanded, filled, is_address, standard_input
from dgasync.cli.verbs import Verb

if TYPE_CHECKING:
    from dgasync.captions import CaptionOptions

__all__ = ["captions"]


@click.command(cls=Verb)
@click.argument("answers", metavar="FILE|-...", nargs=-1, required=True, shell_complete=a_file)
@click.option(
    "--captions",
    "wanted",
    type=click.Choice(["srt", "vtt"]),
    help="SRT or WebVTT; else as the output's name ends, or srt.",
)
@output_flags("FILE|DIR", "Write them there; a folder for those of several answers.")
@look_flags
def captions(answers: tuple[str, ...], wanted: CaptionKind | None, output: str | None, **given: Any) -> None:
    """Make captions of the answers of a speech service: JSON files, or standard input (-).

    They may be of this service (as `dgasync transcribe --json` and `dgasync live --json` print them), of Whisper or of
    AssemblyAI: it shows in the JSON. Nothing is asked of any service.
    """
    sources = list(expanded(answers))
    if len(sources) > 1 and output in (None, "-"):
        raise click.UsageError("captions of several answers are a file each: give --output DIR")
    if sources.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be read once")
    kind = captions_of(None if is_folder(output) or len(sources) > 1 else output, wanted) or "srt"
    if not is_captions(kind):
        raise click.UsageError(f"{output} is no name for captions: it ends with .srt or .vtt")
    look = caption_options(given)
    files = files_for(output, sources, f".{kind}", force=given["force"])
    ended = Exit.DONE
    for source, file in zip(sources, files, strict=True):
        try:
            with opened(file) as taker:
                taker.write(_captions(source, kind, look))
        except Exception as error:
            if len(sources) == 1:
                raise
            code = told(error, source)
            ended = ended or code
        else:
            if file and (len(sources) > 1 or is_folder(output)):
                write(f"{source}: {file}".encode())
    if ended:
        raise Failure("", ended)


def _captions(source: str, kind: CaptionKind, look: CaptionOptions) -> bytes:
    from dgasync.captions import ConverterException, converter_for, cues, srt, webvtt
    from dgasync.cli.layout import NO_SPEECH

    try:
        converter = converter_for(_answer(source))
        if not cues(converter, **look):
            click.echo(f"dgasync: {source}: {NO_SPEECH}", err=True)
        text = srt(converter, **look) if kind == "srt" else webvtt(converter, **look)
    except ConverterException as error:
        raise Failure(f"{source}: {error}", Exit.UNREADABLE) from error
    return text.encode("utf-8", "replace")


def _answer(source: str) -> bytes:
    if source == STANDARD_INPUT:
        return filled(standard_input("captions", "an answer")).read()
    if is_address(source):
        raise Failure(f"{source}: captions are made of files; dgasync transcribe --captions asks a service", Exit.USAGE)
    return Path(address_or_path(source)).read_bytes()
