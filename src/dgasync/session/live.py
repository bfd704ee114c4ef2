"""Speech becomes text while it is spoken: one session, entered with `async with`, iterated with `async for`.

`session.core` has its life, and what comes back; `session.audio` the ways in; `protocol.timeline` its clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from dgasync.captions.live import LiveCaptions
from dgasync.errors import DeepgramWebsocketError
from dgasync.limits import FINALIZE_TIMEOUT
from dgasync.models.live import Error, Event, LiveResultResponse, MetadataResponse, decode_message
from dgasync.models.metrics import LiveMetrics
from dgasync.protocol.containers import FileTrack
from dgasync.protocol.live import Live, Phase
from dgasync.protocol.reconnect import Reconnect
from dgasync.protocol.tape import Tape
from dgasync.protocol.timeline import Timeline
from dgasync.protocol.track import RawTrack
from dgasync.session.audio import AudioCore
from dgasync.session.core import KEEP_ALIVE_MESSAGE
from dgasync.session.flush import Flush
from dgasync.session.line import Line
from dgasync.transcript import Transcript
from dgasync.transport.seam import Closed
from dgasync.utterances import Utterances, final_response, silence_for

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from dgasync.captions.layout import CaptionOptions, Cue
    from dgasync.display.page import Html
    from dgasync.models.live import LiveEvent, LiveMessage
    from dgasync.protocol.tape import Replay
    from dgasync.transport.seam import Frame, Socket, Transport
    from dgasync.utterances import LiveUtterance

__all__ = ["FINALIZE", "AsyncCaptions", "AsyncLiveSession", "AsyncUtterances"]

FINALIZE = '{"type":"Finalize"}'

# Python 3.11 looks for a member of an enum as long as for six attributes; these are asked for at each frame.
_OPEN = Phase.OPEN
_DRAINING = Phase.DRAINING


class AsyncLiveSession(AudioCore["LiveEvent"]):
    """Live speech on its way to text: audio in, events out.

    Nothing happens before it is entered, and once it is left everything is closed. It is entered once. Events may be
    taken from it in one task while another one sends.

    A connection that is lost is replaced by another one, and what was not heard for good is sent again: no word is lost
    or comes twice, and times go on. `Reconnecting`, `Reconnected` and `Gap` tell of it.

    Leaving it waits for the last words of what was sent, and stops what `start_sending` still reads; an error of the
    body closes it at once and comes out as it is. A session that has failed raises what it failed with, once: where its
    events are taken, from `finish`, or on leaving.

    Made by `AsyncDeepgramClient.live`, which explains the options.
    """

    _kind = "live"

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        options: Mapping[str, Any],
        *,
        reconnect: Callable[[], Awaitable[Socket]] | None = None,
        keeps_alive: bool = True,
        auto_flush: float | None = None,
        keep_raw: bool = True,
        keep_words: bool = True,
    ) -> None:
        machine = Live(
            keeps_alive=keeps_alive,
            auto_flush=auto_flush,
            reconnect=Reconnect() if reconnect is not None else None,
        )
        tape = Tape(RawTrack.of(options) or FileTrack(options.get("encoding"))) if reconnect is not None else None
        super().__init__(transport, connect, reconnect, machine, Line(machine, tape), options)
        self._keep_raw = keep_raw
        self._timeline = Timeline()
        # What makes the transcript: an hour of speech is about 3 MB.
        self._finals: list[Event | bytes | str] | None = [] if keep_words else None
        self._flushes: list[Flush] = []
        self._first_result: float | None = None
        self._is_noting = True  # whether each result is to be looked at more closely

    # ── what the service says ──

    def _understood(self, frame: Frame) -> LiveEvent | None:
        machine = self._machine
        if type(frame) is Closed:
            self._lost(frame.code, frame.reason)
            return None
        if machine.outcome is not None:
            return None  # it was given up, and this is too late
        machine.watch.heard += 1
        timeline = self._timeline
        connection = timeline.connection
        said: Any = frame  # bytes or a text; to call `cast` costs a hundredth of what an event does
        heard = decode_message(said, connection, self._keep_raw)
        event: LiveMessage | None = timeline.placed(heard) if connection else heard
        if type(event) is LiveResultResponse:
            if timeline.saw(event):
                self._sent_then = machine.sent_bytes
            if event.is_final:
                self._is_final(event, said)
            if self._is_noting or self._flushes:
                self._note(event)
        elif type(event) is MetadataResponse:
            self._last_word(event, said)
        elif type(event) is Error and self._telemetry is not None:
            self._telemetry.told(event)
        if self._flushes or machine.phase is _DRAINING:
            self._hear()
        return event

    def _is_final(self, event: LiveResultResponse, said: bytes | str) -> None:
        if self._finals is not None:
            self._finals.append(self._kept(event, said))
        self._machine.works()
        self._line.confirm(self._timeline.final_until)
        if self._telemetry is not None:
            self._telemetry.heard(self.metrics)

    def _kept(self, event: LiveResultResponse | MetadataResponse, said: bytes | str) -> Event | bytes | str:
        """What is kept of a message for the transcript."""
        # The bytes alone take a quarter of the memory, and give the garbage collector nothing to look through. They say
        # when the first connection has heard it; of others the times are moved.
        return event if self._timeline.connection else said

    def _hear(self) -> None:
        now = self._clock.now()
        self._machine.heard(now)
        for flush in self._flushes:
            flush.heard = now

    def _note(self, event: LiveResultResponse) -> None:
        if self._first_result is None and self._begun_at is not None and event.text:
            self._first_result = self._clock.now() - self._begun_at
            self._is_noting = self._machine.watches_results
            if self._telemetry is not None:
                self._telemetry.took("time_to_first_result", self._first_result)
        if event.from_finalize:
            for flush in self._flushes:
                flush.answer(event)
        if self._machine.result(self._clock.now(), final=bool(event.is_final), spoken=bool(event.text)):
            self._rouse()

    def _last_word(self, event: MetadataResponse, said: bytes | str) -> None:
        machine = self._machine
        if self._finals is not None:
            self._finals.append(self._kept(event, said))
        machine.heard(self._clock.now(), last=True)
        self._rouse()
        if machine.sent_bytes and not event.duration and machine.diagnosis is None:
            self._diagnose(
                f"The service found no audio at all in the {machine.sent_bytes} bytes that were sent: do `encoding` "
                "and `sample_rate` fit them?"
            )

    def _weighed(self, event: LiveEvent) -> tuple[object, bool]:
        if type(event) is not LiveResultResponse:
            return None, False
        index = event.channel_index
        return index[0] if index else 0, not event.is_final

    def _resumed(self, socket: Socket) -> tuple[int, Replay]:
        timeline = self._timeline
        replay = self._line.resume(socket, timeline.final_until)
        timeline.begin(replay.start)
        return timeline.connection, replay

    def _let_go(self) -> None:
        for flush in self._flushes:
            flush.end()

    # ── what is said ──

    async def keep_alive(self) -> None:
        """Tell the service that somebody is there. It happens by itself when nothing is sent.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        await self._say(KEEP_ALIVE_MESSAGE)

    async def finalize(self, timeout: float = FINALIZE_TIMEOUT) -> Literal["flushed", "quiet", "timed_out"]:
        """Have the service turn into final words what it has heard so far, and wait for them.

        Returns:
            "flushed": the words are there. "quiet": the service has said nothing for `FINALIZE_QUIET`, most likely
            because there was nothing to flush. "timed_out": it said things for `timeout` seconds, but not that.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        flush = Flush()

        def begin() -> Awaitable[bool]:
            # An answer that comes earlier is one to somebody else's Finalize.
            self._flushes.append(flush)
            return self._write(FINALIZE)

        try:
            with self._reading():
                if not await self._inbox.in_turn(begin):
                    raise self._refusal()
                outcome = await flush.wait(self._clock, timeout)
        finally:
            with suppress(ValueError):  # it never went out
                self._flushes.remove(flush)
        self._tell()
        return outcome

    # ── what the user gets ──

    def utterances(self, *, silence: float | None = None) -> AsyncUtterances:
        """Whole utterances instead of single events: `async for utterance in live.utterances()`.

        They are put together from final results; `speech_final`, UtteranceEnd and silence end them. Each event is taken
        once, so iterate over one or the other.

        Args:
            silence: seconds without a word that end an utterance, should the service not say so; unless given, a little
                more than the options have the service wait.
        """
        return AsyncUtterances(self, self._silence(silence))

    def captions(self, *, silence: float | None = None, **options: Unpack[CaptionOptions]) -> AsyncCaptions:
        """Captions instead of single events: `async for cue in live.captions(chars_per_line=42)`.

        A cue comes as soon as it is full or its utterance over; each word is in one of them. Each event is taken once,
        so iterate over one or the other. `dgasync.captions` makes SRT and WebVTT of a list of cues.

        Args:
            silence: as for `utterances`.

        Raises:
            DeepgramTypeError: an option is of no use, or there is no such one.
        """
        return AsyncCaptions(self, LiveCaptions(silence=self._silence(silence), **options))

    def _silence(self, given: float | None) -> float:
        return silence_for(self._options) if given is None else given

    def result(self) -> Transcript:
        """The final transcript, after the end; of a session that has failed, what was final by then.

        Raises:
            DeepgramWebsocketError: the session is not over yet.
        """
        if not self._is_over or self._finals is None:
            raise DeepgramWebsocketError("The transcript is there when the session is over.")
        return Transcript(final_response(self._finals), self._connections)

    def to_html(self) -> Html:
        """What a notebook shows of it: how it is doing, and what was said for good so far, as of a transcript.

        `dgasync.notebook.show` shows captions that change while it runs.
        """
        from dgasync.transcript.html import said_so_far

        sent = "" if self.sent_seconds is None else f", {self.sent_seconds:.1f} s sent"
        said = None if self._finals is None else Transcript(final_response(list(self._finals)), self._connections)
        return said_so_far(f"{self.phase.value}{sent}", said)

    def _repr_html_(self) -> str:
        return str(self.to_html())

    @property
    def _connections(self) -> list[float]:
        """Seconds at which the connections begin."""
        return self._timeline.begins

    @property
    def metrics(self) -> LiveMetrics:
        """How it is doing, in numbers: what was sent and heard, how late, what was lost, what waits."""
        timeline = self._timeline
        return LiveMetrics(
            **self._heard_metrics(timeline.heard_until, timeline.connection),
            final_seconds=timeline.final_until,
            time_to_first_result=self._first_result,
        )


class AsyncUtterances:
    """The utterances of a live session, each as soon as it is over, the last ones when the session is.

    A session that fails gives what was said before it raises.
    """

    def __init__(self, session: AsyncLiveSession, silence: float) -> None:
        self._session = session
        self._utterances = Utterances(silence=silence)
        self._ready: deque[LiveUtterance] = deque()

    @property
    def pending(self) -> str:
        """What is being said and not over yet, with what may still change."""
        return self._utterances.pending

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveUtterance:
        while not self._ready:
            # The session's last event is Close, behind which nothing is left here.
            self._ready.extend(self._utterances.feed(await self._session.__anext__()))
        return self._ready.popleft()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._session!r}>"


class AsyncCaptions:
    """The captions of a live session, each cue as soon as it is over, the last ones when the session is.

    A session that fails gives what was said before it raises.
    """

    def __init__(self, session: AsyncLiveSession, captions: LiveCaptions) -> None:
        self._session = session
        self._captions = captions
        self._ready: deque[Cue] = deque()

    @property
    def pending(self) -> str:
        """What is being said in the utterance that is not over yet, with what may still change."""
        return self._captions.pending

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Cue:
        while not self._ready:
            # The session's last event is Close, behind which nothing is left here.
            self._ready.extend(self._captions.feed(await self._session.__anext__()))
        return self._ready.popleft()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._session!r}>"
