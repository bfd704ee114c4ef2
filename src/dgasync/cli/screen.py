"""Live speech on a terminal: what is being said is shown in place, and what was said scrolls up as plain text."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.text import Text

from dgasync.cli.colour import console
from dgasync.cli.layout import labelled, one_line
from dgasync.cli.view import FINISHING, View
from dgasync.models.base import Number
from dgasync.models.live import LiveResultResponse, Reconnected, Reconnecting
from dgasync.protocol.live import Phase

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.models.live import LiveEvent
    from dgasync.sync.session import LiveSession
    from dgasync.transcript.names import Names
    from dgasync.utterances import LiveUtterance

__all__ = ["Screen"]


class Screen(View):
    """Lines that stay, and below them what is being said, dim where it may still change."""

    def __init__(self, session: LiveSession, options: Mapping[str, Any], names: Names | None = None) -> None:
        super().__init__(options, names)
        self._session = session
        self._voices: dict[int, _Voice] = {}
        self._caption: tuple[tuple[str, str], ...] = ()  # replaced, never changed: another thread shows it
        self._interrupted = False
        self._lost: Reconnecting | None = None
        self._console = console()
        self._live = Live(
            console=self._console,
            get_renderable=self._picture,
            transient=True,
            redirect_stdout=False,
            # What is logged meanwhile appears above, unless it goes elsewhere.
            redirect_stderr=sys.stderr.isatty(),
        )

    def take(self, event: LiveEvent) -> None:
        """Show what there is to be shown of an event, and how things are now."""
        super().take(event)
        self._live.refresh()

    def say(self, line: str) -> None:
        """Write a line that stays, above what is being said."""
        self._console.print(Text(line))

    def finishing(self) -> None:
        """Have it shown soon that Ctrl-C was heard; any thread."""
        self._interrupted = True

    def _disconnected(self, event: Reconnecting) -> None:
        """The status says it, for as long as that lasts."""

    def _follow(self, event: LiveEvent, over: list[LiveUtterance]) -> None:
        if isinstance(event, (Reconnecting, Reconnected)):
            self._lost = event if isinstance(event, Reconnecting) else None
        for utterance in over:
            self._voices.pop(int(utterance.channel or 0), None)
        if isinstance(event, LiveResultResponse):
            number = int(event.channel_index[0]) if event.channel_index else 0
            voice = self._voices.setdefault(number, _Voice())
            speakers = {word.speaker for word in event.words if word.speaker is not None}
            if event.is_final or event.speech_final:
                voice.settled = one_line(self._utterances.pending_on(number))
                voice.speakers, voice.guessed = voice.speakers | speakers, set()
            else:
                voice.guessed = speakers
        self._caption = tuple(self._lines())

    def _lines(self) -> Iterator[tuple[str, str]]:
        """What is being said on each channel: words that stand, and words that may still change."""
        for number, voice in sorted(self._voices.items()):
            text = one_line(self._utterances.pending_on(number))
            if text:
                settled = voice.settled if text.startswith(voice.settled) else ""
                channel = number if self._channels > 1 else None
                yield labelled(settled, channel, voice.speaker, self._names), text[len(settled) :]

    def _picture(self) -> Group:
        width, height = self._console.size
        texts = [Text(settled).append(guess, "dim") for settled, guess in self._caption]
        if self._interrupted or self._lost or not texts:
            texts.append(Text(self._status(), "dim"))
        # Broken as lines that stay are, so that words are still where they were read. The newest is always shown.
        lines = [line for text in texts for line in text.wrap(self._console, width)]
        return Group(*lines[-max(1, height - 1) :])

    def _status(self) -> str:
        if self._interrupted:
            return FINISHING
        if self._lost is not None:
            return f"connecting again, try {self._lost.attempt}. {one_line(self._lost.reason)}"
        if self._session.phase is not Phase.OPEN:
            return "waiting for the last words"
        if self._session.diagnosis:  # why nothing may be heard
            return one_line(self._session.diagnosis)
        sent = self._session.sent_seconds
        return f"listening, {sent:.0f} s" if sent else "listening"

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


class _Voice:
    """What is being said on one channel."""

    def __init__(self) -> None:
        self.settled = ""  # the words that stand
        self.speakers: set[Number] = set()  # who said them
        self.guessed: set[Number] = set()  # who says the rest

    @property
    def speaker(self) -> Number | None:
        """Who speaks, if it is one alone."""
        speakers = self.speakers | self.guessed
        return next(iter(speakers)) if len(speakers) == 1 else None
