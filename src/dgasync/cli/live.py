"""The command `dgasync live`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dgasync.cli.call import call_of
from dgasync.cli.cues import CueFile
from dgasync.cli.devices import device_flags, device_number, list_devices
from dgasync.cli.files import File, file_for, output_flags
from dgasync.cli.flags import live_flags
from dgasync.cli.forms import (
    ENDINGS,
    CaptionKind,
    Form,
    Kind,
    caption_options,
    captions_flag,
    captions_of,
    check_look,
    is_captions,
    kind_of,
    look_flags,
)
from dgasync.cli.offers import a_file
from dgasync.cli.progress import progress
from dgasync.cli.recording import STANDARD_INPUT, address_or_path, arriving, standard_input
from dgasync.cli.service import Asking, check, client, service_flags
from dgasync.cli.view import view
from dgasync.errors import DeepgramError, DeepgramWebsocketError
from dgasync.limits import PACE, RECONNECT_ATTEMPTS
from dgasync.microphone import CHANNELS, RATE, Microphone
from dgasync.utterances import silence_for

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.captions import CaptionOptions
    from dgasync.sync.session import LiveSession
    from dgasync.transcript import Transcript

__all__ = ["Patience", "live"]

_ARGUMENT = "PATH|URL|-"

_EXAMPLE = """\b
Sound that another program records:
  arecord -q -t raw -f S16_LE -r 16000 |
    dgasync live - --encoding linear16 --sample-rate 16000"""


@click.command(cls=Asking, asks=live_flags.names, epilog=_EXAMPLE)
@click.argument("audio", metavar=_ARGUMENT, required=False, shell_complete=a_file)
@click.option("--mic", is_flag=True, help="Listen to the microphone of this machine; needs the extra `mic`.")
@device_flags("input")
@click.option("--realtime", is_flag=True, help="Play it at its own speed: a WAV file, or raw audio.")
@click.option("--json", "as_json", is_flag=True, help="Print the service's messages as they come, byte for byte.")
@captions_flag
@output_flags("FILE", "Write the captions there while people speak; the terminal shows the words all the same.")
@click.option(
    "--transcript", metavar="FILE", help="At the end write all of it there; the name's end says what it is, as .md."
)
@look_flags
@click.option(
    "--reconnect/--no-reconnect",
    default=True,
    help=f"Replace a lost connection, in up to {RECONNECT_ATTEMPTS} tries, or end with it.  [default: reconnect]",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="How long connecting may take; else 10.",
)
@service_flags
@live_flags
def live(audio: str | None, **given: Any) -> None:
    """Print what is said while it is said: in a file, at a web address, or on standard input (-).

    Or, with --mic, what the microphone of this machine hears. The service listens when there is a key in
    DEEPGRAM_API_KEY, this machine with --local. A terminal shows the words as they are heard, and keeps each utterance
    as a line; anything else gets the lines alone. Words that may still change are asked for, unless
    --no-interim-results is given.

    Ctrl-C ends the audio and waits for the last words; a second one stops at once.
    """
    if given["list_devices"]:
        list_devices("input")
        return
    check(given)
    options: dict[str, Any] = {"interim_results": True, **live_flags.chosen(given)}
    plan = _plan(given, options)
    source = _source(audio, given, options)
    call = {**call_of(given), "reconnect": given["reconnect"]}
    with (
        progress() as waiting,
        client(given, waiting) as deepgram,
        # A microphone hears from here on: nothing is lost while the connection comes to be.
        source if isinstance(source, Microphone) else nullcontext(),
        _kept(deepgram.live(**options, **call), plan) as session,
    ):
        waiting.over()
        shown = view(
            session, options, as_json=given["as_json"], captions=plan.printed, look=plan.look, names=plan.names
        )
        file = CueFile(plan.cues, plan.kind, plan.look, silence_for(options)) if plan.cues and plan.kind else None
        patience = Patience(shown.finishing, session.close_stream)
        with shown, patience, file or nullcontext():
            session.start_sending(source, realtime=given["realtime"])
            if options.get("callback") and not given["as_json"]:
                shown.say(f"The results will be sent to {options['callback']}; request {session.request_id}.")
            for event in session:
                shown.take(event)
                if file is not None:
                    file.take(event)
        for note in (*_lost(source), session.diagnosis, *shown.notes()):
            if note:
                click.echo(f"dgasync: {note}", err=True)
        if patience.is_over:
            raise click.Abort


class _Plan(NamedTuple):
    """What becomes of what is heard."""

    kind: CaptionKind | None
    look: CaptionOptions
    names: Mapping[int, str]
    cues: Path | None
    """The file for captions."""
    transcript: Path | None
    """The file for all of it."""
    form: Kind
    """What that is to hold."""

    @property
    def printed(self) -> CaptionKind | None:
        """The captions on standard output."""
        return None if self.cues else self.kind


def _plan(given: Mapping[str, Any], options: Mapping[str, Any]) -> _Plan:
    output: str | None = given["output"]
    named = captions_of(output, given["captions"])
    kind = named if is_captions(named) else None
    if output and not kind:
        raise click.UsageError(
            "--output is for captions, .srt or .vtt, or as --captions says; all of it goes to --transcript FILE at the "
            "end"
        )
    form = kind_of(given["transcript"], {}, ENDINGS) or "text"
    if kind and given["as_json"]:
        raise click.UsageError("--json and --captions do not go together")
    if options.get("callback") and (kind or given["transcript"]):
        raise click.UsageError("--callback has the results sent elsewhere: nothing is written here")
    check_look(given, kind, form)
    force = given["force"]
    return _Plan(
        kind,
        caption_options(given),
        given["speakers"],
        file_for(output, force=force),
        file_for(given["transcript"], force=force),
        form,
    )


def _source(
    audio: str | None, given: Mapping[str, Any], options: dict[str, Any]
) -> str | Path | Iterator[bytes] | Microphone:
    if given["mic"] == (audio is not None):
        both = "--mic listens to the microphone: leave the other audio out"
        raise click.UsageError(both if audio else f"Missing argument '{_ARGUMENT}', or --mic")
    if audio is None:
        return _microphone(given, options)
    if given["device"] is not None:
        raise click.UsageError("--device goes with --mic")
    return arriving(standard_input("live")) if audio == STANDARD_INPUT else address_or_path(audio)


def _microphone(given: Mapping[str, Any], options: dict[str, Any]) -> Microphone:
    """The microphone; the options say what it gives."""
    if given["realtime"]:
        raise click.UsageError("a microphone has its own speed: leave --realtime out")
    if options.get("encoding", "linear16") != "linear16":
        raise click.UsageError("a microphone gives linear16: leave --encoding out")
    rate = options.get("sample_rate", RATE)
    microphone = Microphone(
        rate=rate,
        chunk=max(1, int(rate * PACE)),
        channels=options.get("channels", CHANNELS),
        input_device_index=device_number(given["device"], "input"),
    )
    options.update(microphone.options)
    return microphone


@contextmanager
def _kept(session: LiveSession, plan: _Plan) -> Generator[LiveSession, None, None]:
    """The session, entered; at its end the transcript is in its file, also when it has failed."""
    if plan.transcript is None:
        with session:
            yield session
        return
    file = File(plan.transcript)
    try:
        with session:
            yield session
    finally:
        transcript = _result(session)
        if transcript is None:
            file.discard()
        else:
            with file:
                file.write(Form(plan.form, None, plan.names, plan.look).written(transcript))


def _result(session: LiveSession) -> Transcript | None:
    """What was said; None where the session never was open, or was left before it was over."""
    if session.request_id is None:
        return None
    try:
        return session.result()
    except DeepgramWebsocketError:
        return None


def _lost(source: object) -> Iterator[str]:
    """What the microphone heard, and nobody took in time."""
    if isinstance(source, Microphone) and source.dropped:
        yield f"the microphone's audio was not taken as fast as it came; pieces that were dropped: {source.dropped}"


class Patience:
    """Ctrl-C has the session finish, once: the next one interrupts as ever.

    Args:
        tell: called first.
        finish: has the session finish.
    """

    def __init__(self, tell: Callable[[], None], finish: Callable[[], None]) -> None:
        self._tell = tell
        self._finish = finish
        self.is_over = False
        """Whether it was pressed."""

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before != signal.SIG_IGN:  # as it is for a job in the background of a script
            signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _press(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.is_over = True
        # Not here: the thread that was interrupted may hold a lock that somebody needs for finishing.
        Thread(target=self._end, name="dgasync finishing", daemon=True).start()

    def _end(self) -> None:
        self._tell()
        with suppress(DeepgramError):  # it is over already
            self._finish()
