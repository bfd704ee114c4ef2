"""Live speech in a notebook: captions that change in place while it is spoken.

    from dgasync.notebook import show

    async with deepgram.live(interim_results=True) as live:
        live.start_sending("talk.wav", realtime=True)
        await show(live)  # without `await`, of a client without it

IPython (`pip install 'dgasync[notebook]'`) is imported by whoever uses it, and never by the rest of the package.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast, overload

from dgasync.display.page import MUTED, Html, box, clock, note, styled, text
from dgasync.errors import DeepgramError, DeepgramTypeError
from dgasync.limits import SHOWN_CAPTIONS
from dgasync.models.live import Close, LiveResultResponse, Reconnected, Reconnecting
from dgasync.protocol.live import Phase
from dgasync.session.live import AsyncLiveSession
from dgasync.transcript.names import name_of
from dgasync.utterances import Utterances

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from dgasync.models.live import LiveEvent
    from dgasync.sync.session import LiveSession
    from dgasync.transcript.names import Names
    from dgasync.utterances import LiveUtterance

__all__ = ["Screen", "show"]

LONGEST = 2000
"""Characters of an utterance that are shown while the session runs, the latest ones."""


@overload
def show(live: AsyncLiveSession, /, *, speakers: Names | None = None) -> Awaitable[None]: ...


@overload
def show(live: LiveSession, /, *, speakers: Names | None = None) -> None: ...


def show(live: AsyncLiveSession | LiveSession, /, *, speakers: Names | None = None) -> Awaitable[None] | None:
    """Show what is said while it is said, until the session is over; then its transcript stands there.

    It takes the session's events, each of which is taken once. Who wants them too gives them to a `Screen`.

    Args:
        live: a session that was entered; of `AsyncDeepgramClient` this is awaited.
        speakers: their names by number: `{0: "Ada", 1: "Bob"}`.

    Raises:
        DeepgramTypeError: this is no notebook, or no session.
        StreamClosed: the session has failed; what was said until then stays.
    """
    from dgasync.sync.session import LiveSession

    if isinstance(live, AsyncLiveSession):
        return _shown(live, Screen(live, speakers=speakers))
    if not isinstance(cast("object", live), LiveSession):
        raise DeepgramTypeError(f"What is shown is a session that client.live() gives, not {type(live).__name__}.")
    screen = Screen(live, speakers=speakers)
    with _to_the_end(live, screen):
        for event in live:
            screen.take(event)
    return None


async def _shown(live: AsyncLiveSession, screen: Screen) -> None:
    with _to_the_end(live, screen):
        async for event in live:
            screen.take(event)


@contextmanager
def _to_the_end(live: AsyncLiveSession | LiveSession, screen: Screen) -> Generator[None, None, None]:
    """Others may have taken the last event, before or meanwhile; who gets none would wait for it for ever."""
    try:
        yield
    finally:
        if live.phase is Phase.ENDED:
            screen.end()


class Screen:
    """Captions in an output of their own, which appears where this is made and changes as events are given to it.

        screen = Screen(live)
        async for event in live:
            screen.take(event)

    It serves handlers of the documented style too: `connection.on(each, lambda self, result, **_: screen.take(result))`
    for each event that is of interest.

    Args:
        live: the session, if there is one to ask how it is doing, and for its transcript.
        speakers: their names by number.

    Raises:
        DeepgramTypeError: this is no notebook.
    """

    def __init__(self, live: AsyncLiveSession | LiveSession | None = None, *, speakers: Names | None = None) -> None:
        self._live = live
        self._speakers = speakers
        self._utterances = Utterances()
        self._lines: deque[LiveUtterance] = deque(maxlen=SHOWN_CAPTIONS)
        self._over = 0  # utterances, of which the last are kept
        self._channels: set[int] = set()
        self._lost: Reconnecting | None = None
        self._closed = False
        self._handle = _displayed(self)

    def take(self, event: LiveEvent) -> None:
        """Show what there is to be shown of an event."""
        if isinstance(event, LiveResultResponse):
            self._channels.add(int(event.channel_index[0]) if event.channel_index else 0)
        elif isinstance(event, (Reconnecting, Reconnected)):
            self._lost = event if isinstance(event, Reconnecting) else None
        over = self._utterances.feed(event)
        self._lines.extend(over)
        self._over += len(over)
        self._closed = self._closed or isinstance(event, Close)
        # Who is behind with the events shows the latest: a notebook takes no more than some hundred changes a second.
        if self._closed or self._live is None or not self._live.waiting:
            self._handle.update(self)

    def end(self) -> None:
        """Show that it is over, as its last event does, where somebody else has taken that."""
        if not self._closed:
            self._closed = True
            self._handle.update(self)

    def to_html(self) -> Html:
        """What there is to be seen now."""
        if self._closed and (result := self._result()) is not None:
            return result
        earlier = self._over - len(self._lines)
        parts = [note(f"{earlier:,} utterances before")] if earlier else []
        parts += [self._line(line) for line in self._lines]
        for channel in sorted(self._channels):
            if pending := self._utterances.pending_on(channel):
                parts.append(_row("", self._name(channel, None), styled("opacity:.7;font-style:italic", _end(pending))))
        return Html(box(*parts, note(self._status())))

    def _result(self) -> Html | None:
        try:
            return None if self._live is None else self._live.result().to_html(speakers=self._speakers)
        except DeepgramError:  # its words were not kept
            return None

    def _line(self, said: LiveUtterance) -> str:
        channel = int(said.channel or 0)
        speaker = said.speakers[0] if len(said.speakers) == 1 else None
        return _row("" if said.start is None else clock(said.start), self._name(channel, speaker), _end(said.text))

    def _name(self, channel: int, speaker: int | float | None) -> str | None:
        return name_of(speaker, self._speakers, channel if len(self._channels) > 1 else None)

    def _status(self) -> str:
        if self._lost is not None:
            return f"connecting again, try {self._lost.attempt}: {text(self._lost.reason)}"
        if self._closed:
            return "over"
        sent = self._live.sent_seconds if self._live is not None else None
        return "listening" if not sent else f"listening, {clock(sent)} sent"

    def _repr_html_(self) -> str:
        return str(self.to_html())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'over' if self._closed else 'listening'}, {self._over} utterances>"


def _row(time: str, name: str | None, inner: str) -> str:
    who = f"<strong>{text(name)}</strong> " if name else ""
    when = styled(f"{MUTED};font-size:.85em", time) + " " if time else ""
    return styled("margin:.2em 0", f"{when}{who}{inner}", "div", ' dir="auto"')


def _end(said: str) -> str:
    return text(said if len(said) <= LONGEST else f"…{said[1 - LONGEST :]}", LONGEST)


def _displayed(screen: Screen) -> Any:
    """What changes the output in which the screen is."""
    try:
        ipython = import_module("IPython")
    except ImportError as error:
        raise DeepgramTypeError(
            "Captions in place need IPython, which is not installed: pip install 'dgasync[notebook]'. "
            "Elsewhere iterate over the session, or use the command `dgasync live`."
        ) from error
    # A terminal has an IPython too, but no output that changes; a kernel is what notebooks have.
    if getattr(ipython.get_ipython(), "kernel", None) is None:
        raise DeepgramTypeError(
            "Captions in place need a notebook, and this is none: iterate over the session, or use `dgasync live`."
        )
    return import_module("IPython.display").display(screen, display_id=True)
