"""The command `dgasync transcribe`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click
from anyio import to_thread

from dgasync.cli.call import CALLBACK, call_of, callback_flags, callback_of, promised, timeout_flag
from dgasync.cli.exits import Exit, Failure, explained, told
from dgasync.cli.files import File, files_for, is_folder, output_flags
from dgasync.cli.flags import listen_flags
from dgasync.cli.forms import Form, form_flags, form_of
from dgasync.cli.offers import a_file
from dgasync.cli.output import write
from dgasync.cli.progress import Progress, progress
from dgasync.cli.recording import STANDARD_INPUT, address_or_path, expanded, filled, standard_input
from dgasync.cli.service import Asking, check, client, service_flags
from dgasync.cli.several import in_order
from dgasync.transport.loop import run

if TYPE_CHECKING:
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.listen import AsyncPrerecordedResponse, PrerecordedResponse
    from dgasync.transcript import Transcript

    AnyAnswer = PrerecordedResponse | AsyncPrerecordedResponse

__all__ = ["transcribe"]

_HERE = ("output", "markdown", "captions", "layout", "speakers")
"""Parameters that say what becomes of the answer here."""


@click.command(cls=Asking, asks={*listen_flags.names, *CALLBACK})
@click.argument("recordings", metavar="PATH|URL|-...", nargs=-1, required=True, shell_complete=a_file)
@form_flags
@output_flags("FILE|DIR", "Write it there; a folder for several. The name's end says what it is, if no flag does.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="Of several recordings, how many are heard at once.",
)
@timeout_flag
@service_flags
@callback_flags
@listen_flags
def transcribe(recordings: tuple[str, ...], **given: Any) -> None:
    """Print what is said in a recording: a file, a web address, or standard input (-).

    The service listens when there is a key in DEEPGRAM_API_KEY, this machine with --local. How far it is shows on
    standard error, if that is a terminal.

    Of several recordings the transcripts come in the order given, each with its name. Patterns such as 'talks/*.wav'
    may be quoted. One that fails is told of on standard error, the others go on, and the exit code is that of the first
    failure. --json gives a line for each: {"recording": ..., "answer": ...}, or its "error" instead of an answer.
    """
    check(given)
    callback = callback_of(given, _HERE)
    sources = list(expanded(recordings))
    if sources.count(STANDARD_INPUT) > 1:
        raise click.UsageError("standard input can be heard once")
    output: str | None = given["output"]
    several = len(sources) > 1
    form = form_of(given, None if several or is_folder(output) else output)
    if several and form.is_captions and output in (None, "-"):
        raise click.UsageError("captions of several recordings are a file each: give --output DIR")
    files = files_for(output, sources, form.suffix, force=given["force"])
    tasks = [_Task(*each) for each in zip(sources, files, strict=True)]
    options = listen_flags.chosen(given)
    report = _Report(form, options, callback.get("callback", ""), several, named=not several and not is_folder(output))
    with progress(len(tasks)) as shown, client(given, shown) as deepgram:
        calls = _Calls(deepgram.config, shown, form, {**options, **call_of(given)}, callback)
        if several:
            with in_order(calls.ask, tasks, given["jobs"]) as answers:
                report.all(tasks, answers, shown)
        else:
            answer = run(calls.ask(tasks[0]))
            shown.over()
            report.one(tasks[0], answer)


class _Task(NamedTuple):
    """A recording, and the file for its transcript; None is standard output."""

    source: str
    file: Path | None

    @property
    def name(self) -> str:
        """What it is called while it is under way."""
        return "standard input" if self.source == STANDARD_INPUT else Path(self.source).name or self.source


class _Calls(NamedTuple):
    """Who is asked, and for what."""

    config: DeepgramClientOptions
    shown: Progress
    form: Form
    call: Mapping[str, Any]
    callback: Mapping[str, Any]

    async def ask(self, task: _Task) -> AnyAnswer:
        """What is said in a recording, which is in its file by then, if it has one."""
        from dgasync.api.listen import accepted, transcribed
        from dgasync.api.road import Road
        from dgasync.transcript import Transcript

        # Standard input may have nothing to say for as long as it likes.
        audio = await to_thread.run_sync(_audio, task.source, abandon_on_cancel=True)
        road = Road.of(self.config)  # the client's own
        with self.shown.part(task.name) as part:
            call: dict[str, Any] = dict(self.call)
            if isinstance(audio, str):
                part.phase("fetching and listening")
            else:
                call["progress"] = part.sent
            if self.callback:
                rest = {name: value for name, value in self.callback.items() if name != "callback"}
                return await accepted(road, audio, self.callback["callback"], {**call, **rest})
            answer = await transcribed(road, audio, call)
        if task.file is not None:
            await to_thread.run_sync(self._keep, task.file, Transcript(answer))
        return answer

    def _keep(self, path: Path, transcript: Transcript) -> None:
        with File(path) as file:
            file.write(self.form.written(transcript))


def _audio(source: str) -> str | Path | BinaryIO:
    return filled(standard_input("transcribe")) if source == STANDARD_INPUT else address_or_path(source)


class _Report(NamedTuple):
    """What is printed."""

    form: Form
    options: Mapping[str, Any]
    callback: str
    several: bool
    """Whether each is to be told from the others."""
    named: bool
    """Whether the file has the name that the user gave it."""

    def all(self, tasks: Sequence[_Task], answers: Iterator[AnyAnswer | Exception], shown: Progress) -> None:
        """Print each in its turn.

        Raises:
            Failure: as the first of them did, of which was told by then.
        """
        ended = Exit.DONE
        for task, answer in zip(tasks, answers, strict=True):
            with shown.aside():
                if not isinstance(answer, Exception):
                    self.one(task, answer)
                    continue
                code = told(answer, task.source)
                ended = ended or code
                if self._is_json(task):
                    write(_line(task, "error", json.dumps(explained(answer)[0]).encode()))
        if ended:
            raise Failure("", ended)

    def one(self, task: _Task, answer: AnyAnswer) -> None:
        """Print one, and say on standard error what there is to know about it."""
        from dgasync.cli.layout import notes
        from dgasync.models.listen import PrerecordedResponse
        from dgasync.transcript import Transcript

        about = f"{task.source}: " if self.several else ""
        if self._is_json(task):
            # On a terminal the prompt should not stick to the last line; anywhere else the bytes are the server's.
            raw = _line(task, "answer", answer.raw) if self.several else answer.raw
            write(raw, nl=self.several or sys.stdout.isatty())
            return
        if not isinstance(answer, PrerecordedResponse):
            write(f"{about}{promised(answer, self.callback)}".encode())
            return
        transcript = Transcript(answer)
        if task.file is None:
            title = task.source if self.several else None
            heading = f"==> {title} <==\n" if title and self.form.kind == "text" else ""
            write(heading.encode() + self.form.written(transcript, title), nl=self.several)
        elif not self.named:
            write(f"{task.source}: {task.file}".encode())
        if self.form.kind != "json":
            for note in notes(transcript, self.options):
                click.echo(f"dgasync: {about}{note}", err=True)

    def _is_json(self, task: _Task) -> bool:
        return self.form.kind == "json" and task.file is None


def _line(task: _Task, key: str, value: bytes) -> bytes:
    """One of several as a line of JSON; between values, JSON may be broken anywhere."""
    return b'{"recording": %b, "%b": %b}' % (
        json.dumps(task.source).encode(),
        key.encode(),
        value.replace(b"\r", b" ").replace(b"\n", b" "),
    )
