"""The command `dgasync live`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.exits import EPILOG
from dgasync.cli.flags import live_flags
from dgasync.cli.progress import progress
from dgasync.cli.recording import STANDARD_INPUT, address_or_path, arriving, standard_input
from dgasync.cli.service import Asking, check, client, service_flags
from dgasync.errors import DeepgramError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["Patience", "live"]

_EXAMPLE = """\b
A microphone, on Linux:
  arecord -q -t raw -f S16_LE -r 16000 |
    dgasync live - --encoding linear16 --sample-rate 16000"""


@click.command(cls=Asking, asks=live_flags.names, epilog=f"{_EXAMPLE}\n\n{EPILOG}")
@click.argument("audio", metavar="PATH|URL|-")
@click.option("--realtime", is_flag=True, help="Play it at its own speed: a WAV file, or raw audio.")
@click.option("--json", "as_json", is_flag=True, help="Print the service's messages as they come, byte for byte.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="How long connecting may take; else 10.",
)
@service_flags
@live_flags
def live(audio: str, **given: Any) -> None:
    """Print what is said while it is said: in a file, at a web address, or on standard input (-).

    The service listens when there is a key in DEEPGRAM_API_KEY, this machine with --local. A terminal shows the words
    as they are heard, and keeps each utterance as a line; anything else gets the lines alone. Words that may still
    change are asked for, unless --no-interim-results is given.

    Ctrl-C ends the audio and waits for the last words; a second one stops at once.
    """
    from dgasync.cli.captions import captions

    check(given)
    options: dict[str, Any] = {"interim_results": True, **live_flags.chosen(given)}
    call: dict[str, Any] = {"timeout": given["timeout"], "addons": given["query"], "max_retries": given["retries"]}
    source = _source(audio)
    with progress() as waiting, client(given, waiting) as deepgram, deepgram.live(**options, **call) as session:
        waiting.over()
        shown = captions(session, options, as_json=given["as_json"])
        patience = Patience(shown.finishing, session.close_stream)
        with shown, patience:
            session.start_sending(source, realtime=given["realtime"])
            if options.get("callback") and not given["as_json"]:
                shown.say(f"The results will be sent to {options['callback']}; request {session.request_id}.")
            for event in session:
                shown.take(event)
        for note in shown.notes():
            click.echo(f"dgasync: {note}", err=True)
        if patience.is_over:
            raise click.Abort


def _source(audio: str) -> str | Path | Iterator[bytes]:
    return arriving(standard_input("live")) if audio == STANDARD_INPUT else address_or_path(audio)


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
