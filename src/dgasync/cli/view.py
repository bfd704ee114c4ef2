"""What one sees of live speech: lines, the service's messages, or cues. On a terminal `screen.py` shows the lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.layout import NO_SPEECH, left_out, spoken
from dgasync.cli.output import write
from dgasync.errors import DeepgramError
from dgasync.models.live import Gap, LiveResultResponse, MetadataResponse, Reconnecting, Undecodable
from dgasync.utterances import Utterances, silence_for

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.captions import CaptionOptions
    from dgasync.cli.forms import CaptionKind
    from dgasync.models.live import LiveEvent
    from dgasync.sync.session import LiveSession
    from dgasync.transcript.names import Names
    from dgasync.utterances import LiveUtterance

__all__ = ["FINISHING", "View", "view"]

FINISHING = "finishing; Ctrl-C again stops at once"
"""What is said to who has pressed Ctrl-C once."""


class View:
    """A line for each utterance as soon as it is over, written at once: a program may wait for it."""

    def __init__(self, options: Mapping[str, Any], names: Names | None = None) -> None:
        self._names = names
        self._utterances = Utterances(silence=silence_for(options))
        self._channels = 1
        self._notes: dict[str, None] = {}  # each once
        self._silent = not options.get("callback")  # else it is heard elsewhere

    def take(self, event: LiveEvent) -> None:
        """Show what there is to be shown of an event."""
        if isinstance(event, LiveResultResponse):
            index = event.channel_index or ()
            self._channels = max(self._channels, int(index[1]) if len(index) > 1 else 1)
        elif isinstance(event, MetadataResponse):
            self._notes |= dict.fromkeys(_warnings(event))
        elif isinstance(event, Undecodable):
            self._notes[_unread(event)] = None
        elif isinstance(event, Reconnecting):
            self._disconnected(event)
        elif isinstance(event, Gap):
            self._notes[f"the audio from {event.start:.1f} to {event.end:.1f} s was lost with the connection"] = None
        over = self._utterances.feed(event)
        self._follow(event, over)
        for utterance in over:
            self._silent = False
            self._show(utterance)

    def say(self, line: str) -> None:
        """Write a line that stays."""
        write(line.encode("utf-8", "replace"))

    def finishing(self) -> None:
        """Tell that Ctrl-C was heard; any thread."""
        _mention(FINISHING)

    def notes(self) -> Iterator[str]:
        """What is to be said when it is over."""
        if self._silent:
            yield NO_SPEECH
        yield from self._notes

    def _disconnected(self, event: Reconnecting) -> None:
        """Tell that the connection is lost, once for each."""
        if event.attempt == 1:
            _mention("the connection is lost; connecting again")

    def _show(self, utterance: LiveUtterance) -> None:
        """Show an utterance that is over."""
        for line in spoken(utterance, several=self._channels > 1, names=self._names):
            self.say(line)

    def _follow(self, event: LiveEvent, over: list[LiveUtterance]) -> None:
        """Note what is being said, before the utterances that are over are shown."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind but lines."""


class _Messages(View):
    """The service's messages as they came, a JSON object a line."""

    def take(self, event: LiveEvent) -> None:
        if isinstance(event, Reconnecting):
            self._disconnected(event)
        try:
            raw = event.raw
        except DeepgramError:
            return  # the session's own news: nothing that was said
        if isinstance(event, Undecodable) and not _is_object(raw):
            click.echo(f"dgasync: {_unread(event)}", err=True)
        else:
            write(raw)

    def notes(self) -> Iterator[str]:
        yield from ()


class _Captions(View):
    """SRT or WebVTT, each cue as soon as it is over."""

    def __init__(self, options: Mapping[str, Any], kind: CaptionKind, look: CaptionOptions) -> None:
        from dgasync.cli.cues import Cues

        super().__init__(options)
        self._cues = Cues(self._piece, kind, look, silence_for(options))

    def take(self, event: LiveEvent) -> None:
        super().take(event)
        self._cues.take(event)

    def _show(self, utterance: LiveUtterance) -> None:
        """Its cues do."""

    def _piece(self, piece: str) -> None:
        write(piece.encode("utf-8", "replace"), nl=False)


def view(
    session: LiveSession,
    options: Mapping[str, Any],
    *,
    as_json: bool = False,
    captions: CaptionKind | None = None,
    look: CaptionOptions | None = None,
    names: Names | None = None,
) -> View:
    """What suits the options, and standard output.

    Args:
        session: what is heard.
        options: its options.
        as_json: whether the service's messages are wanted as they are.
        captions: the captions that are wanted.
        look: what these look like.
        names: of speakers, by number; captions have them in their look.
    """
    if as_json:
        return _Messages(options)
    if captions is not None:
        return _Captions(options, captions, look or {})
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":  # where nothing can be replaced
        return View(options, names)
    from dgasync.cli.screen import Screen

    return Screen(session, options, names)


def _mention(news: str) -> None:
    """Say what is of use to who watches, and to nobody else."""
    if sys.stderr.isatty():
        click.echo(f"dgasync: {news}", err=True)


def _warnings(metadata: MetadataResponse) -> Iterator[str]:
    """What the local server says of options that it left out; the service has no such field."""
    for warning in metadata.to_dict().get("warnings") or ():
        yield left_out(warning.get("message"))


def _unread(frame: Undecodable) -> str:
    return f"the service sent something that cannot be read. {frame.reason}"


def _is_object(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except ValueError:
        return False
