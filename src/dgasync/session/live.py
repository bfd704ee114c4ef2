"""Speech becomes text while it is spoken: one session, entered with `async with`, iterated with `async for`.

```
send ─────────────────────────────► line ──► the service      audio and messages, in one order
post (any thread) ──► inbox ──► courier ─┘
start_sending ───────────────────► pump ─┘
```
`session.core` has its life, and what comes back; `protocol.timeline` has its clock.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anyio
import anyio.lowlevel

from dgasync.errors import DeepgramConnectionError, DeepgramWebsocketError
from dgasync.limits import FINALIZE_TIMEOUT
from dgasync.logs import log
from dgasync.models.live import Error, Event, Gap, LiveResultResponse, MetadataResponse, decode_message
from dgasync.models.metrics import LiveMetrics
from dgasync.protocol import sound
from dgasync.protocol.containers import FileTrack
from dgasync.protocol.live import Live, Phase
from dgasync.protocol.reconnect import Reconnect
from dgasync.protocol.tape import Tape
from dgasync.protocol.timeline import Timeline
from dgasync.protocol.track import RawTrack
from dgasync.session.core import Core
from dgasync.session.flush import Flush
from dgasync.session.line import Line
from dgasync.session.sources import check_source, chunks_of, framed, in_thread, octets, paced, pull
from dgasync.transcript import Transcript
from dgasync.transport.seam import Closed
from dgasync.utterances import Utterances, final_response, silence_for

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.audio import Audio, Chunk
    from dgasync.models.live import LiveEvent, LiveMessage
    from dgasync.protocol.tape import Replay
    from dgasync.session.telemetry import News, Telemetry
    from dgasync.transport.seam import Frame, Socket, Transport
    from dgasync.utterances import LiveUtterance

__all__ = ["AsyncLiveSession", "AsyncUtterances"]

_KEEP_ALIVE = '{"type":"KeepAlive"}'
_FINALIZE = '{"type":"Finalize"}'

# Python 3.11 looks for a member of an enum as long as for six attributes; these are asked for at each frame.
_OPEN = Phase.OPEN
_DRAINING = Phase.DRAINING


class AsyncLiveSession(Core["LiveEvent"]):
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
        machine.byte_rate = sound.byte_rate(options)
        tape = Tape(RawTrack.of(options) or FileTrack(options.get("encoding"))) if reconnect is not None else None
        super().__init__(transport, connect, reconnect, machine, Line(machine, tape))
        self._options = options
        self._keep_raw = keep_raw
        self._timeline = Timeline()
        # What makes the transcript: an hour of speech is about 3 MB.
        self._finals: list[Event | bytes | str] | None = [] if keep_words else None
        self._flushes: list[Flush] = []
        self._pumps: set[anyio.CancelScope] = set()
        self._is_begun = False  # whether the first audio was looked at
        self._head = b""  # the first bytes, until there are enough to look at
        self._is_warned = False  # of empty chunks
        self._begun_at: float | None = None
        # What `metrics` tells that nobody else needs.
        self._sent_then: int | None = None  # bytes that were sent when results reached further the last time
        self._first_result: float | None = None
        self._gaps = 0
        self._gap_seconds = 0.0
        self._is_noting = True  # whether each result is to be looked at more closely
        self._telemetry: Telemetry | None = None

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
            self._last_word(event)
        elif type(event) is Error and self._telemetry is not None:
            self._telemetry.told(event)
        if self._flushes or machine.phase is _DRAINING:
            self._hear()
        return event

    def _is_final(self, event: LiveResultResponse, said: bytes | str) -> None:
        if self._finals is not None:
            # The bytes alone take a quarter of the memory, and give the garbage collector nothing to look through. They
            # say when the first connection has heard it; of others the times are moved.
            self._finals.append(event if self._timeline.connection else said)
        self._machine.works()
        self._line.confirm(self._timeline.final_until)
        if self._telemetry is not None:
            self._telemetry.final(self.metrics)

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
                self._telemetry.first_result(self._first_result)
        if event.from_finalize:
            for flush in self._flushes:
                flush.answer(event)
        if self._machine.result(self._clock.now(), final=bool(event.is_final), spoken=bool(event.text)):
            self._rouse()

    def _last_word(self, event: MetadataResponse) -> None:
        machine = self._machine
        if self._finals is not None:
            self._finals.append(event)
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

    def _begin(self) -> None:
        # Who does not use it does not pay for importing it.
        if "opentelemetry.trace" in sys.modules or "opentelemetry.metrics" in sys.modules:
            from dgasync.session.telemetry import Telemetry

            model = self._options.get("model")
            self._telemetry = Telemetry(None if model is None else str(model))

    def _put(self, event: News) -> None:
        super()._put(event)
        if type(event) is Gap:
            self._gaps += 1
            self._gap_seconds += event.end - event.start
        if self._telemetry is not None:
            self._telemetry.told(event)

    def _let_go(self) -> None:
        for flush in self._flushes:
            flush.end()
        if self._telemetry is not None:
            self._telemetry.end(self._machine.outcome or "cancelled", self._machine.failure, self.metrics)

    # ── what is sent ──

    async def send(self, chunk: Chunk, /) -> None:
        """Return when the network has taken a chunk of audio, of any size; while it reconnects, when there is room.

        An empty one is dropped, with a warning in the log: to the service it would be the end of the stream.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: the chunk is not bytes.
        """
        if type(chunk) is not bytes:
            chunk = bytes(octets(chunk))  # its own copy: it is kept, and many producers fill one buffer again
        size = len(chunk)
        if not (size and self._is_begun):
            if not size:
                self._warn_of_empty()
                return
            self._look_at(chunk)
        machine, line, inbox = self._machine, self._line, self._inbox
        if inbox.items:
            # Not a lambda: for that, everything here would be looked up by way of a cell.
            if not await inbox.in_turn(partial(self._write, chunk)):
                raise self._refusal()
            return
        if machine.phase is not _OPEN or inbox.closed:
            if inbox.closed or not await self._write(chunk):
                raise self._refusal()
            return
        now = self._clock.now()
        tape, socket = line.tape, line.socket
        if socket is None or (tape is not None and not tape.take(chunk, now)):
            if not await self._write(chunk):
                raise self._refusal()
            return
        # What `machine.sent` does. Not by the line, either: calls and coroutines more cost up to a tenth each of what
        # sending does.
        machine.last_sent = now
        machine.sent_bytes += size
        if self._parked is not None and not (self._is_read and self._away_since is None):
            self._mind_the_socket(now)
        watch = machine.watch
        watch.begun += 1
        try:
            await socket.send(chunk)
            return
        except DeepgramConnectionError:
            if tape is not None:
                return  # it goes out again; or the next call tells of the end
        finally:
            watch.done += 1
        await self._broken()
        raise self._refusal()

    def try_send(self, chunk: Chunk, /) -> bool:
        """Whether there was room for a chunk of audio, which then is on its way; never waits. Any thread may call it.

        A source that cannot wait learns here that the network is slower, and may drop what it has.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: the chunk is not bytes.
        """
        data = bytes(octets(chunk))
        if not data:
            self._warn_of_empty()
            return True
        return self._inbox.offer(data, len(data))

    async def send_all(self, source: Audio, /, *, finish: bool = True, realtime: bool = False) -> None:
        """Send audio to its end, from wherever it comes.

        Args:
            source: bytes, a path, an http(s) URL, an open binary file, an iterator of bytes (plain or async), or the
                documents' form. What is at a URL is fetched from here, not by the service, and sent on as it comes.
            finish: whether that is all: then CloseStream follows the last byte, and the last words come.
            realtime: send it at the speed of its own time, as if it were spoken now: raw audio whose options say how it
                is encoded, or a WAV file.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: a source of no use, or one that cannot be played at its own speed.
            DeepgramConnectionError: the URL cannot be reached, or breaks off.
            OSError: the file cannot be read.
        """
        await self._send_chunks(await chunks_of(source, pull, self._transport), realtime, self.send)
        if finish:
            await self._close_stream()

    def start_sending(self, source: Audio, /, *, finish: bool = True, realtime: bool = False) -> None:
        """Send audio in the background, to its end; the arguments are those of `send_all`. May be called by any thread.

        An error of the source ends the session and comes out where its events are taken. Leaving the session, or
        `finish`, stops the source wherever it is.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: a source of no use.
        """
        check_source(source)
        self._inbox.put(_Order(source, finish, realtime), 0)

    def post(self, data: Chunk | str, /) -> None:
        """Hand over a chunk of audio, or a message as text, from a thread that is not the session's own.

        Returns at once, unless `SEND_BUFFER` bytes wait already: then when there is room. What is posted before the
        session is open waits for it, at most `BEFORE_OPEN` seconds of it or `BEFORE_OPEN_BYTES`.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: the chunk is not bytes.
            DeepgramWebsocketError: there is no room, and the thread is the one that has to make some.
        """
        if type(data) is not bytes and not isinstance(data, str):
            data = bytes(octets(data))  # its own copy, for many producers fill one buffer again
        if data:
            self._inbox.put(data, len(data))
        else:
            self._warn_of_empty()

    async def keep_alive(self) -> None:
        """Tell the service that somebody is there. It happens by itself when nothing is sent.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        await self._say(_KEEP_ALIVE)

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
            return self._write(_FINALIZE)

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

    # ── audio that comes by itself ──

    async def _carry_out(self, item: bytes | str | _Order) -> None:
        # Who posted something that cannot be sent is told by the events, by the next `post`, or when he leaves.
        if isinstance(item, _Order):
            if not self._inbox.closed:
                scope = anyio.CancelScope()
                self._pumps.add(scope)
                self._spawn(self._pump, item, scope)
        elif isinstance(item, bytes):
            if not self._is_begun:
                self._look_at(item)
            await self._write(item)
        elif "CloseStream" in item:
            self._inbox.close()
            self._stop_sources()
            await self._write_close(item)
        else:
            await self._write(item)

    async def _pump(self, order: _Order, scope: anyio.CancelScope) -> None:
        try:
            with scope:
                # By a worker thread, not by the one that entered the session: that has other things to do by now.
                chunks = await chunks_of(order.source, in_thread, self._transport)
                await self._send_chunks(chunks, order.realtime, self._forward)
        except Exception as error:
            if scope.cancel_called:
                log.warning("Audio that was stopped did not end well: %s: %s", type(error).__name__, error)
            else:
                await self._fail(error)
            return
        finally:
            self._pumps.discard(scope)
        if order.finish and not scope.cancel_called:
            await self._close_stream()

    async def _forward(self, frame: Chunk) -> None:
        """`send` for the pumps: where it cannot be sent any more, they are stopped, and nobody is told thereby."""
        chunk = bytes(frame)
        if not self._is_begun:
            self._look_at(chunk)
        if not await self._inbox.in_turn(lambda: self._write(chunk)):
            self._stop_sources()
            await (
                anyio.lowlevel.checkpoint()
            )  # where it stops, though neither the audio nor the network waits for anything

    async def _send_chunks(
        self, chunks: AsyncGenerator[Chunk, None], realtime: bool, send: Callable[[Chunk], Awaitable[None]]
    ) -> None:
        frames = paced(chunks, self._options, self._clock) if realtime else framed(chunks)
        async with aclosing(chunks), aclosing(frames):
            async for frame in frames:
                await send(frame)

    def _stop_sources(self) -> None:
        for scope in self._pumps:
            scope.cancel()

    # ── what is wrong with the audio ──

    def _look_at(self, chunk: bytes) -> None:
        if self._machine.phase is Phase.CONNECTING:
            return  # it is about to be refused
        if self._begun_at is None:
            self._begun_at = self._clock.now()
        head = self._head = self._head + chunk[:4096]
        if len(head) < sound.ENOUGH:
            return
        self._is_begun, self._head = True, b""
        if self._machine.byte_rate is None:
            self._machine.byte_rate = sound.wav_byte_rate(head)
        problem = sound.mismatch(self._options, head)
        if problem is not None:
            self._diagnose(problem)

    def _diagnose(self, problem: str) -> None:
        self._machine.diagnosis = problem
        log.warning("Live session %s: %s", self._name, problem)

    def _warn_of_empty(self) -> None:
        if not self._is_warned:
            self._is_warned = True
            log.warning(
                "An empty chunk of audio was dropped, as all later ones will be: to the service it would be the end."
            )

    # ── what the user gets ──

    def utterances(self, *, silence: float | None = None) -> AsyncUtterances:
        """Whole utterances instead of single events: `async for utterance in live.utterances()`.

        They are put together from final results; `speech_final`, UtteranceEnd and silence end them. Each event is taken
        once, so iterate over one or the other.

        Args:
            silence: seconds without a word that end an utterance, should the service not say so; unless given, a little
                more than the options have the service wait.
        """
        return AsyncUtterances(self, silence_for(self._options) if silence is None else silence)

    def result(self) -> Transcript:
        """The final transcript, after the end; of a session that has failed, what was final by then.

        Raises:
            DeepgramWebsocketError: the session is not over yet.
        """
        if not self._is_over or self._finals is None:
            raise DeepgramWebsocketError("The transcript is there when the session is over.")
        return Transcript(final_response(self._finals), self._timeline.begins)

    @property
    def sent_seconds(self) -> float | None:
        """Seconds of audio that were sent; None for compressed audio, of which only the service knows."""
        return self._machine.sent_seconds

    @property
    def metrics(self) -> LiveMetrics:
        """How it is doing, in numbers: what was sent and heard, how late, what was lost, what waits."""
        machine, timeline, sent = self._machine, self._timeline, self._sent_then
        heard = timeline.heard_until
        rate = machine.byte_rate
        return LiveMetrics(
            sent_seconds=machine.sent_seconds,
            sent_bytes=machine.sent_bytes,
            heard_seconds=heard,
            final_seconds=timeline.final_until,
            # Times are rounded by the service; it is never ahead of the audio.
            latency=max(0.0, sent / rate - heard) if sent is not None and rate else None,
            time_to_first_result=self._first_result,
            reconnects=timeline.connection,
            gaps=self._gaps,
            gap_seconds=self._gap_seconds,
            queued_bytes=0 if machine.outcome is not None else self._inbox.size + self._line.queued,
            waiting=len(self._backlog),
            dropped=self._backlog.dropped,
        )

    @property
    def diagnosis(self) -> str | None:
        """Why the service may hear nothing sensible in this audio; None when all seems well. It is also logged."""
        return self._machine.diagnosis

    def __repr__(self) -> str:
        seconds, waiting = self.sent_seconds, len(self._backlog)
        sent = f"{self._machine.sent_bytes} bytes" if seconds is None else f"{seconds:.1f} s"
        events = "1 event" if waiting == 1 else f"{waiting} events"
        return f"<{type(self).__name__} {self._machine.phase.value}, {sent} sent, {events} waiting>"


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


class _Order:
    """Audio that is to be sent in the background."""

    __slots__ = ("finish", "realtime", "source")

    def __init__(self, source: Audio, finish: bool, realtime: bool) -> None:
        self.source = source
        self.finish = finish
        self.realtime = realtime
