"""What one sees of live speech: captions, or the service's messages. On a terminal `screen.py` shows them."""

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
from dgasync.models.live import Gap, LiveResultResponse, MetadataResponse, Undecodable
from dgasync.utterances import Utterances, silence_for

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.models.live import LiveEvent
    from dgasync.sync.session import LiveSession
    from dgasync.utterances import LiveUtterance

__all__ = ["FINISHING", "Captions", "captions"]

FINISHING = "finishing; Ctrl-C again stops at once"
"""What is said to who has pressed Ctrl-C once."""


class Captions:
    """A line for each utterance as soon as it is over, written at once: a program may wait for it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
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
        elif isinstance(event, Gap):
            self._notes[f"the audio from {event.start:.1f} to {event.end:.1f} s was lost with the connection"] = None
        over = self._utterances.feed(event)
        self._follow(event, over)
        for utterance in over:
            self._silent = False
            for line in spoken(utterance, several=self._channels > 1):
                self.say(line)

    def say(self, line: str) -> None:
        """Write a line that stays."""
        write(line.encode("utf-8", "replace"))

    def finishing(self) -> None:
        """Tell that Ctrl-C was heard; any thread."""
        if sys.stderr.isatty():
            click.echo(f"dgasync: {FINISHING}", err=True)

    def notes(self) -> Iterator[str]:
        """What is to be said when it is over. Why nothing was heard, the session has logged as soon as it knew."""
        if self._silent:
            yield NO_SPEECH
        yield from self._notes

    def _follow(self, event: LiveEvent, over: list[LiveUtterance]) -> None:
        """Note what is being said, before the utterances that are over are shown."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing behind but lines."""


class _Messages(Captions):
    """The service's messages as they came, a JSON object a line."""

    def take(self, event: LiveEvent) -> None:
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


def captions(session: LiveSession, options: Mapping[str, Any], *, as_json: bool) -> Captions:
    """What suits the options, and standard output."""
    if as_json:
        return _Messages(options)
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":  # where nothing can be replaced
        return Captions(options)
    from dgasync.cli.screen import Screen

    return Screen(session, options)


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
