"""The command `dgasync batch`."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from dgasync.cli.archive import Archive, Folder, Lines, Table
from dgasync.cli.call import call_of, timeout_flag
from dgasync.cli.endings import by_name
from dgasync.cli.exits import Exit, Failure, explained
from dgasync.cli.files import is_folder
from dgasync.cli.flags import listen_flags
from dgasync.cli.layout import one_line
from dgasync.cli.live import Patience
from dgasync.cli.meter import Meter, figure, lasting
from dgasync.cli.output import write
from dgasync.cli.progress import progress
from dgasync.cli.recording import STANDARD_INPUT, check_address
from dgasync.cli.service import Asking, check, client, service_flags
from dgasync.limits import BATCH_CONCURRENCY

if TYPE_CHECKING:
    from dgasync.batch.items import Totals
    from dgasync.batch.journal import Journal
    from dgasync.cli.forms import Kind
    from dgasync.sync.batch import Batch

__all__ = ["batch"]

_FILES: dict[str, type[Archive]] = {".jsonl": Lines, ".ndjson": Lines, ".parquet": Table, ".pq": Table}
"""What files of such names hold; anything else is a folder, if it has no ending or is there."""
_LOCAL = 2
"""At once on this machine, unless it is said: the engine uses all of it for one."""
_TOLD = 20
"""Failures that are told of one by one; all are in the output."""
_ENDS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What tells a process to end: a container or machine that is taken away, a terminal that is closed."""

_EXAMPLE = """\b
An archive, and what became of it:
  dgasync batch calls/ -o transcripts.jsonl --smart-format
  dgasync batch -o transcripts.jsonl --report"""


@click.command(cls=Asking, asks=listen_flags.names, epilog=_EXAMPLE)
@click.argument("sources", metavar="PATH|URL|MANIFEST...", nargs=-1)
@click.option(
    "-o",
    "--output",
    metavar="DIR|FILE.jsonl|FILE.parquet",
    help="A folder, for the service's answers, a JSON file each; or one file for all.",
)
@click.option("--text", is_flag=True, help="In the folder, a text of each, too.")
@click.option("--captions", type=click.Choice(["srt", "vtt"]), help="In the folder, captions of each, too.")
@click.option("--journal", metavar="FILE", help="What remembers what is done; else OUTPUT.journal, beside the output.")
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help=f"How many are heard at once, at most; else {BATCH_CONCURRENCY}, with --local {_LOCAL}.",
)
@click.option("--ordered", is_flag=True, help="Write them in the order of the sources, not as they are done.")
@click.option("--retry-failed", is_flag=True, help="Try again what earlier runs gave up.")
@click.option("--report", is_flag=True, help="Print what all runs together did, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="With --report: as JSON.")
@timeout_flag
@service_flags
@listen_flags
def batch(sources: tuple[str, ...], **given: Any) -> None:
    """Transcribe many recordings, and remember which are done: run again, it goes on where it was.

    A source is a file, a folder with all audio files below it, a pattern such as 'calls/**/*.mp3', a web address, or a
    manifest: a .csv, .tsv or .jsonl file with a column `source` (or audio, path, file, url), and if you like `id`,
    options of the service by their names, and columns of your own.

    However it ends, nothing is done twice or left out, and each recording is in the output once; one that has changed
    since is done again. It goes as fast as the service likes. A recording that fails is in the output as an error.
    Ctrl-C finishes what is under way; a second one stops at once, and so does SIGTERM.
    """
    journal = _journal_of(given)
    if given["report"]:
        _report(journal, as_json=given["as_json"])
        return
    if given["as_json"]:
        raise click.UsageError("--json goes with --report; the answers are in the output")
    if not sources:
        raise click.UsageError("Missing argument 'PATH|URL|MANIFEST...'")
    check(given)
    for source in sources:
        check_address(source)
    archive = _archive_of(sources, given)
    archive.prepare(is_new=not journal.exists())
    _Run(sources, archive, journal, given).go()


class _Run(NamedTuple):
    """What one call of the command does."""

    sources: tuple[str, ...]
    archive: Archive
    path: Path
    """Of the journal."""
    given: Mapping[str, Any]

    def go(self) -> None:
        """All of it.

        Raises:
            Abort: Ctrl-C was pressed, and what was under way is done.
            KeyboardInterrupt: it was pressed once more, and what was under way is let go of.
            Failure: some recordings were given up; or the same for another signal.
        """
        try:
            totals, is_over = self._done()
        except _Terminated:
            raise Failure("", Exit.TERMINATED) from None
        if is_over:
            raise click.Abort
        if totals.failed or totals.failed_before:
            raise Failure(self._given_up(totals), Exit.SOME_FAILED)

    def _done(self) -> tuple[Totals, bool]:
        """What was done, and whether Ctrl-C was pressed."""
        from dgasync.batch.journal import Journal

        given = self.given
        options: dict[str, Any] = {**listen_flags.chosen(given), **call_of(given)}
        with (
            closing(self.archive),
            progress() as waiting,
            client(given, waiting) as deepgram,
            Journal(self.path, keep_answers=self.archive.from_journal) as journal,
        ):
            # Before the batch looks at anything: what is retried would no longer count as not told.
            journal.begin()
            self.archive.begin(journal)
            journal.end()
            batch = deepgram.transcribe_many(
                self.sources,
                journal=journal,
                concurrency=given["concurrency"] or (_LOCAL if given["local"] else BATCH_CONCURRENCY),
                ordered=given["ordered"],
                retry_failed=given["retry_failed"],
                **options,
            )
            with _terminable(), batch:
                waiting.over()
                is_over = self._all(batch, journal)
            return batch.totals, is_over

    def _given_up(self, totals: Totals) -> str:
        """How many there are among the sources of this run, and what helps."""
        before = totals.failed_before
        said = f"recordings that were given up: {totals.failed + before:,}"
        if before:
            said = f"{said}, by earlier runs {before:,}, which --retry-failed tries again"
        return f"{said}; {self.given['output']} says why"

    def _all(self, batch: Batch, journal: Journal) -> bool:
        """Take all results, and say what there is to say; whether Ctrl-C was pressed."""
        meter = Meter(batch, self.sources)
        failures = 0
        try:
            with meter, Patience(meter.finishing, batch.stop) as patience:
                for result in batch:
                    self.archive.take(result)
                    if result.error is not None:
                        failures += 1
                        if failures <= _TOLD:
                            key, message = one_line(result.key), explained(result.error)[0]
                            click.echo(f"dgasync: {'' if message.startswith(key) else f'{key}: '}{message}", err=True)
        except KeyboardInterrupt:
            left = f"let go of what was in flight ({batch.in_flight:,}): run it again to go on"
            with suppress(OSError):  # the terminal may be what is gone
                click.echo(f"dgasync: {meter.summary()}; {left}", err=True)
            raise
        except Exception:
            self._ended(meter, journal)
            raise
        self._ended(meter, journal)
        return patience.is_over

    def _ended(self, meter: Meter, journal: Journal) -> None:
        self.archive.end(journal)
        click.echo(f"dgasync: {meter.summary()}", err=True)


class _Terminated(KeyboardInterrupt):
    """A signal told the process to end. Whoever makes way for Ctrl-C makes way for it."""


@contextmanager
def _terminable() -> Generator[None, None, None]:
    """A block that is left when the process is told to end, as with Ctrl-C: else the next run would find recordings
    with which a process ended, and hold it against them.
    """
    before = {number: signal.getsignal(number) for number in _ENDS}

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # what is to be written then is written
        raise _Terminated

    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # nohup
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _journal_of(given: Mapping[str, Any]) -> Path:
    output: str | None = given["output"]
    if given["journal"]:
        return Path(given["journal"])
    if not output:
        raise click.UsageError("Missing option '--output'" + (", or '--journal'" if given["report"] else ""))
    return Path(f"{output.rstrip('/' + os.sep)}.journal")


def _archive_of(sources: tuple[str, ...], given: Mapping[str, Any]) -> Archive:
    if not given["output"]:
        raise click.UsageError("Missing option '--output'")
    if given["output"] == STANDARD_INPUT:
        raise click.UsageError("the output is a folder or a file, to which later runs can add")
    path = Path(given["output"])
    if path.is_file() and path.suffix.lower() not in _FILES:
        raise click.UsageError(f"{path} is a file: the output is a folder, or ends with .jsonl or .parquet")
    if not is_folder(given["output"]):
        in_folder: dict[str, tuple[type[Archive], ...]] = {
            f"--{flag}": () for flag in ("text", "captions") if given[flag]
        }
        kind = by_name(given["output"], _FILES, in_folder, f"use .jsonl or .parquet, or {path}/ for a folder")
        if kind is not None:
            return kind(path)
    more: list[Kind] = [kind for kind in (given["captions"], "text" if given["text"] else None) if kind]
    return Folder(path, sources, more)


def _report(path: Path, *, as_json: bool) -> None:
    """What the journal says of all runs; one may be under way."""
    from dgasync.batch.journal import Journal

    if not path.exists():
        raise Failure(f"there is no journal {path}: nothing was done", Exit.RECORDING)
    with Journal(path) as journal:
        totals = journal.report()
    if as_json:
        found = {**asdict(totals), "audio_hours": totals.audio_hours, "speed": totals.speed}
        write(json.dumps(found, indent=2).encode())
    else:
        from dgasync.cli.tables import show_facts

        show_facts(_facts(totals))


def _facts(totals: Totals) -> dict[str, object]:
    waiting = totals.items - totals.done - totals.failed - totals.submitted
    return {
        "Recordings": totals.items,
        "done": totals.done,
        "waiting for a callback": totals.submitted or None,
        "not finished": waiting or None,
        "given up": totals.failed,
        **{f"  {cause}": number for cause, number in totals.failures.items()},
        "Audio": f"{totals.audio_hours:.2f} hours",
        "Requests": totals.requests,
        "after a first one": totals.retries,
        "turned away": totals.turned_away,
        "Time of all runs": lasting(totals.elapsed_seconds),
        "in requests, added up": lasting(totals.request_seconds),
        "rested": lasting(totals.waited_seconds),
        "Hours of audio an hour": figure(totals.speed),
    }
