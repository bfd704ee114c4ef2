"""The command `dgasync read`."""

from __future__ import annotations

import os.path
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

import click

from dgasync.cli.call import CALLBACK, call_of, callback_flags, callback_of, promised, timeout_flag
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.flags import read_flags
from dgasync.cli.offers import a_file
from dgasync.cli.output import write
from dgasync.cli.progress import progress
from dgasync.cli.recording import (
    STANDARD_INPUT,
    address_or_path,
    check_address,
    filled,
    is_address,
    standard_input,
)
from dgasync.cli.service import Asking, check, client, service_flags

if TYPE_CHECKING:
    from dgasync.models.listen import Segment, Sentiments
    from dgasync.models.read import AnalyzeResponse, AsyncAnalyzeResponse

__all__ = ["read"]

_Row: TypeAlias = "tuple[str | None, float | None, str | None]"

_USUAL = {"summarize": True, "topics": True, "sentiment": True}
"""What is asked for where nothing is."""

_FOUND = ("summarize", "topics", "custom_topic", "intents", "custom_intent", "sentiment")
"""The options that ask for something."""


@click.command(cls=Asking, asks={*read_flags.names, *CALLBACK})
@click.argument("text", metavar="TEXT|PATH|URL|-", shell_complete=a_file)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as the server gave it, byte for byte.")
@timeout_flag
@service_flags
@callback_flags
@read_flags
def read(text: str, **given: Any) -> None:
    """Print what a text is about, and in which mood: a text that is given, a file, a web address, standard input (-).

    One word alone is the name of a file. Unless flags say what to find, that is a summary, topics and the mood. The
    service reads when there is a key in DEEPGRAM_API_KEY, this machine with --local.
    """
    from dgasync.models.read import AnalyzeResponse

    check(given)
    callback = callback_of(given)
    chosen = read_flags.chosen(given)
    options = chosen if any(chosen.get(name) for name in _FOUND) else {**_USUAL, **chosen}
    call: dict[str, Any] = {**options, **callback, **call_of(given)}
    source = _source(text)
    answer: AnalyzeResponse | AsyncAnalyzeResponse
    with progress() as shown, client(given, shown) as deepgram:
        shown.phase("fetching and reading" if isinstance(source, str) else "reading")
        answer = deepgram.analyze_to_callback(source, **call) if callback else deepgram.analyze(source, **call)
    if given["as_json"]:
        write(answer.raw, nl=sys.stdout.isatty())
    elif isinstance(answer, AnalyzeResponse):
        _print(answer)
    else:
        write(promised(answer, callback["callback"]).encode())


def _source(text: str) -> str | dict[str, str] | Path | BinaryIO:
    if text == STANDARD_INPUT:
        return filled(standard_input("read", "a text"))
    if is_address(text.strip()):
        return text.strip()
    if os.path.isfile(text):  # noqa: PTH113  # a text may be what no path can be, and this says no then
        return address_or_path(text)
    if len(text.split()) == 1:
        check_address(text)
        raise Failure(f"{text}: there is no such file, and one word is no text", Exit.RECORDING)
    return {"text": text}


def _print(answer: AnalyzeResponse) -> None:
    from dgasync.cli.layout import one_line
    from dgasync.models.read import AnalyzeResults

    results = answer.results or AnalyzeResults()
    if results == AnalyzeResults():
        click.echo("dgasync: nothing was found", err=True)
    if results.summary and results.summary.text:
        write(f"Summary: {one_line(results.summary.text)}".encode("utf-8", "replace"))
    if results.sentiments:
        write(f"Mood: {_mood(results.sentiments)}".encode())
    if results.topics:
        _table("Topics", _topics(results.topics.segments or ()))
    if results.intents:
        _table("Intents", _intents(results.intents.segments or ()))
    if results.sentiments:
        _table("Moods", _moods(results.sentiments.segments or ()))


def _table(title: str, rows: Iterable[_Row]) -> None:
    """A line for each: what was found, how sure that is, and where."""
    from dgasync.cli.tables import show

    write(f"\n{title}:".encode())
    show((title.removesuffix("s"), "#Score", "In"), rows, none=f"no {title.lower()} were found")


def _topics(segments: Iterable[Segment]) -> Iterator[_Row]:
    return ((each.topic, each.confidence_score, part.text) for part in segments for each in part.topics or ())


def _intents(segments: Iterable[Segment]) -> Iterator[_Row]:
    return ((each.intent, each.confidence_score, part.text) for part in segments for each in part.intents or ())


def _moods(segments: Iterable[Segment]) -> Iterator[_Row]:
    return ((part.sentiment, part.sentiment_score, part.text) for part in segments)


def _mood(sentiments: Sentiments) -> str:
    average = sentiments.average
    if average is None or average.sentiment is None:
        return "unknown"
    score = "" if average.sentiment_score is None else f" ({average.sentiment_score:+.2f})"
    return f"{average.sentiment}{score}"
