"""Speech becomes text while it is spoken: one session, entered with `async with`, iterated with `async for`.

```
send ─────────────────────────────► socket ──► the service     audio and messages, in one order
post (any thread) ──► inbox ──► courier ─┘
start_sending ───────────────────► pump ─┘
iterator ◄── backlog ◄── reader ◄── socket                      it waits for nobody
                          timer: KeepAlive, and the end of patience
```
What is to be done when, and how the session ends, is decided by `protocol.live`; here it is carried out.

Whoever waits for the next event reads it from the socket himself: to be woken by another task would cost as much as all
else that is done for an event. When he stays away for long, the reader's task takes over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import anyio

from dgasync.errors import (
    ConsumerTooSlow,
    DeepgramConnectionError,
    DeepgramError,
    DeepgramWebsocketError,
    SessionEnded,
)
from dgasync.limits import CLOSE_TIMEOUT, FINALIZE_TIMEOUT, KEEP_ALIVE, READ_AHEAD
from dgasync.logs import log
from dgasync.models.live import Close, Error, Event, LiveResultResponse, MetadataResponse, Open, decode_message
from dgasync.protocol import sound
from dgasync.protocol.backlog import Backlog
from dgasync.protocol.live import Due, Live, Phase
from dgasync.session.flush import Flush
from dgasync.session.inbox import Inbox
from dgasync.session.sources import check_source, chunks_of, framed, in_thread, octets, paced, pull
from dgasync.transcript import Transcript
from dgasync.transport.seam import Closed
from dgasync.utterances import Utterances, final_response, silence_for

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.audio import Audio, Chunk
    from dgasync.models.live import LiveEvent
    from dgasync.transport.seam import Clock, Frame, Socket, Transport, Wake
    from dgasync.utterances import LiveUtterance

__all__ = ["AsyncLiveSession", "AsyncUtterances"]

_KEEP_ALIVE = '{"type":"KeepAlive"}'
_FINALIZE = '{"type":"Finalize"}'
_CLOSE_STREAM = '{"type":"CloseStream"}'


class AsyncLiveSession:
    """Live speech on its way to text: audio in, events out.

    Nothing happens before it is entered, and once it is left everything is closed. It is entered once. Events may be
    taken from it in one task while another one sends.

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
        keeps_alive: bool = True,
        auto_flush: float | None = None,
        keep_raw: bool = True,
        keep_words: bool = True,
    ) -> None:
        self._transport = transport
        self._connect = connect
        self._options = options
        self._keep_raw = keep_raw
        self._machine = Live(keeps_alive=keeps_alive, auto_flush=auto_flush)
        self._machine.byte_rate = sound.byte_rate(options)
        self._backlog: Backlog[LiveEvent] = Backlog()
        # What makes the transcript: an hour of speech is about 3 MB.
        self._finals: list[Event] | None = [] if keep_words else None
        self._inbox: Inbox[bytes | str | _Order] = Inbox(self._refusal)
        self._flushes: list[Flush] = []
        self._pumps: set[anyio.CancelScope] = set()
        self._is_told = False  # whether the user has met the failure, as an error of some call
        self._is_begun = False  # whether the first audio was looked at
        self._is_warned = False  # of empty chunks
        # Who reads. One task at a time may; the reader's own is parked while who takes events does it himself.
        self._is_read = True
        self._needed = 0  # how many wait for more than the next event
        self._arrived: anyio.Event | None = None  # for those who wait for an event while another task reads
        self._parked: anyio.Event | None = None
        self._away_since: float | None = None
        self._body: AbstractAsyncContextManager[None] | None = None
        # These are made on the loop that enters.
        self._clock: Clock
        self._socket: Socket
        self._receive: Callable[[], Awaitable[Frame]]
        self._over: anyio.Event
        self._is_over = False
        self._wake: Wake

    # ── its life ──

    async def __aenter__(self) -> Self:
        if self._body is not None:
            raise DeepgramWebsocketError("A live session is entered once; ask the client for another one.")
        self._body = self._life()
        await self._body.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        assert self._body is not None
        try:
            return bool(await self._body.__aexit__(kind, error, traceback))
        except BaseException as raised:
            failure = raised
        if error is not None and not _leaves(error).isdisjoint(_leaves(failure)):
            # The statement itself raises it again, as it was: it was not alone in its group, or itself a group, which
            # trio copies.
            error.__traceback__ = traceback
            return False
        # Out here, so that a group is not its context.
        raise _lone(failure)

    @asynccontextmanager
    async def _life(self) -> AsyncGenerator[None, None]:
        self._clock = self._transport.clock
        self._over = anyio.Event()
        try:
            self._socket = await self._connect()
        except BaseException as error:
            self._never_open(error)
            raise
        helpers = [anyio.CancelScope(), anyio.CancelScope()]
        async with anyio.create_task_group() as group:
            try:
                self._open()
                group.start_soon(_within, helpers[0], self._read)
                group.start_soon(_within, helpers[1], self._tick, group.start_soon)
                yield
                await self._finish()
            finally:
                await self._shut()
                for scope in helpers:
                    scope.cancel()
        self._tell(again=False)

    def _never_open(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self._machine.failed(error)
            self._is_told = True
        else:
            self._machine.cancelled()
        self._is_over = True
        self._over.set()
        self._inbox.drop()

    def _open(self) -> None:
        headers = self._socket.headers
        self._receive = self._socket.receive
        self._is_read = False
        self._machine.opened(self._clock.now(), headers.get("dg-request-id"))
        self._put(Open().adopt(None, headers))
        self._wake = self._transport.wake()
        self._inbox.open(self._rouse)

    async def _finish(self) -> None:
        await self._close_stream()
        await self._end()

    async def _end(self) -> None:
        """Return when it is over."""
        if not self._is_over:
            with self._reading():
                await self._over.wait()

    async def _shut(self) -> None:
        """Nobody wants to know the rest, if there is one."""
        self._machine.cancelled()
        self._stop_pumps()
        try:
            await self._hang_up()
        finally:
            self._conclude(1006, "")

    async def _hang_up(self) -> None:
        with self._clock.move_on_after(CLOSE_TIMEOUT, shield=True):
            await self._socket.close()

    def _conclude(self, code: int, reason: str) -> None:
        """Tell everybody that it is over, once."""
        if self._is_over:
            return
        failure = self._machine.failure
        if isinstance(failure, DeepgramError):
            self._put(Error.of(failure))
        elif failure is not None:
            self._put(Error(message=str(failure), description=type(failure).__name__))
        self._is_over = True
        self._over.set()
        self._put(Close(code=code, reason=reason))
        self._unpark()
        self._stop_pumps()
        self._inbox.drop()
        for flush in self._flushes:
            flush.end()
        log.debug("Live session %s: closed with %d.", self._machine.request_id or "without id", code)

    # ── what the service says ──

    async def _read(self) -> None:
        """Read while nobody else does."""
        while not self._is_over:
            if not self._is_read:
                await self._read_one()
            if self._is_read or (self._tell_arrived() and not self._needed):
                # Somebody reads; or takes what has come, and will read the next event himself.
                self._parked = anyio.Event()
                await self._parked.wait()

    def _unpark(self) -> None:
        if self._parked is not None:
            self._parked.set()
            self._parked = None
        self._away_since = None

    def _mind_the_socket(self, now: float) -> None:
        """Have the reader read when nobody has for `READ_AHEAD`."""
        if self._parked is None or self._is_read:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now >= self._away_since + READ_AHEAD:
            self._unpark()

    @contextmanager
    def _reading(self) -> Generator[None, None, None]:
        """A block that waits for more than the next event."""
        self._needed += 1
        self._unpark()
        try:
            yield
        finally:
            self._needed -= 1

    async def _read_one(self) -> None:
        """Put the next event into the backlog; nobody else may be reading."""
        self._is_read = True
        try:
            frame = await self._receive()
        finally:
            self._is_read = False
        event = self._understood(frame)
        if event is None:
            return
        size = len(cast("bytes", frame))
        try:
            if type(event) is LiveResultResponse:
                index = event.channel_index
                self._backlog.put(event, size, index[0] if index else 0, not event.is_final)
            else:
                self._backlog.put(event, size)
        except ConsumerTooSlow as error:
            await self._fail(error)

    def _understood(self, frame: Frame) -> LiveEvent | None:
        """The event that a frame is, None if it is none to be taken: the end comes by the backlog."""
        machine = self._machine
        if type(frame) is Closed:
            machine.closed(frame.code, frame.reason)
            self._conclude(frame.code, frame.reason)
            return None
        if machine.outcome is not None:
            return None  # it was given up, and this is too late
        event = decode_message(cast("bytes | str", frame), keep_raw=self._keep_raw)
        if type(event) is LiveResultResponse:
            if event.is_final and self._finals is not None:
                self._finals.append(event)
            if self._flushes or machine.watches_results:
                self._note(event)
        elif type(event) is MetadataResponse:
            self._last_word(event)
        if self._flushes or machine.phase is Phase.DRAINING:
            self._hear()
        return event

    def _hear(self) -> None:
        now = self._clock.now()
        self._machine.heard(now)
        for flush in self._flushes:
            flush.heard = now

    def _note(self, event: LiveResultResponse) -> None:
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

    async def _fail(self, error: Exception) -> None:
        self._machine.failed(error)
        await self._hang_up()
        self._conclude(1006, "")

    def _put(self, event: LiveEvent) -> None:
        with suppress(ConsumerTooSlow):  # these few are wanted whatever else waits
            self._backlog.put(event, 0)
        self._tell_arrived()

    def _tell_arrived(self) -> bool:
        """Whether somebody waits for what has come without reading himself; he is told."""
        if self._arrived is None:
            return False
        self._arrived.set()
        self._arrived = None
        return True

    # ── what is due ──

    async def _tick(self, spawn: Callable[..., object]) -> None:
        machine, clock = self._machine, self._clock
        while machine.outcome is None:
            now = clock.now()
            due, rest = machine.due(now)
            if due is Due.GIVE_UP:
                machine.gave_up()
                await self._hang_up()
                self._conclude(1006, "")
                return
            if due is not Due.NOTHING:
                await self._remind(_KEEP_ALIVE if due is Due.KEEP_ALIVE else _FINALIZE)
                continue
            self._mind_the_socket(now)
            wake = self._wake
            with clock.move_on_after(rest if self._away_since is None else min(rest, READ_AHEAD)):
                await wake.wait()
                self._wake = self._transport.wake()
            if self._inbox.begin():
                spawn(self._inbox.carry, partial(self._carry_out, spawn))

    async def _remind(self, message: str) -> None:
        self._machine.sent(self._clock.now())
        # The network may be stuck. What is in line goes out when it moves again; this task has other things to watch.
        with self._clock.move_on_after(KEEP_ALIVE), suppress(DeepgramConnectionError):
            await self._socket.send(message)

    def _rouse(self) -> None:
        """Have the timer look again; any thread."""
        self._wake.set()

    # ── what is sent ──

    async def send(self, chunk: Chunk, /) -> None:
        """Return when the network has taken a chunk of audio, of any size.

        An empty one is dropped, with a warning in the log: to the service it would be the end of the stream.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: the chunk is not bytes.
        """
        if type(chunk) is not bytes:
            chunk = octets(chunk)
        size = len(chunk)
        if not (size and self._is_begun):
            if not size:
                self._warn_of_empty()
                return
            self._look_at(chunk)
        machine = self._machine
        if self._inbox.items:
            if not await self._inbox.in_turn(lambda: self._write(chunk, size)):
                raise self._refusal()
            return
        if machine.phase is not Phase.OPEN or self._inbox.closed:
            raise self._refusal()
        now = self._clock.now()
        machine.sent(now, size)
        if self._parked is not None:
            self._mind_the_socket(now)
        # Not by `_write`: a coroutine more costs a tenth of what sending does.
        try:
            await self._socket.send(chunk)
            return
        except DeepgramConnectionError:
            await self._broken()
        raise self._refusal()

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
        session is open waits for it.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: the chunk is not bytes.
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
            return self._write(_FINALIZE, 0)

        try:
            with self._reading():
                if not await self._inbox.in_turn(begin):
                    raise self._refusal()
                outcome = await flush.wait(self._clock, timeout)
        finally:
            if flush in self._flushes:
                self._flushes.remove(flush)
        self._tell()
        return outcome

    async def finish(self) -> None:
        """Return after the last words: CloseStream goes out behind all audio, and the service says the rest.

        Raises:
            StreamClosed: the connection was lost, before or meanwhile, or the service does not end; words are missing.
            SessionEnded: the session is not open yet.
        """
        await self._finish()
        self._tell()

    async def message(self, text: str, /) -> None:
        """Send a message of the service's own protocol, in its turn.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        await (self._close_stream(text) if "CloseStream" in text else self._say(text))

    async def close_stream(self) -> None:
        """Say that no more audio comes, and do not wait for the last words.

        Raises:
            SessionEnded: the session is not open yet.
        """
        await self._close_stream()

    async def _say(self, message: str) -> None:
        if not await self._inbox.in_turn(lambda: self._write(message, 0)):
            raise self._refusal()

    async def _write(self, data: Chunk | str, size: int) -> bool:
        """Whether the network has taken it; if not, the session is over."""
        if self._machine.phase is not Phase.OPEN:
            return False
        now = self._clock.now()
        self._machine.sent(now, size)
        if self._parked is not None:
            self._mind_the_socket(now)
        try:
            await self._socket.send(data)
            return True
        except DeepgramConnectionError:
            await self._broken()
        return False

    async def _broken(self) -> None:
        """Return when it is over, for sending has failed: the socket has the reason for who reads."""
        with self._clock.move_on_after(CLOSE_TIMEOUT):
            await self._end()
        if not self._is_over:
            self._machine.closed(1006)
            await self._hang_up()
            self._conclude(1006, "")

    async def _close_stream(self, message: str = _CLOSE_STREAM) -> None:
        if self._machine.phase is Phase.CONNECTING:
            raise self._refusal()
        self._stop_pumps()
        # If it cannot be sent, the session is over anyway, and its end says how.
        await self._inbox.at_last(lambda: self._write_close(message))

    async def _write_close(self, message: str) -> bool:
        self._machine.finishing(self._clock.now())
        with suppress(DeepgramConnectionError):  # the socket has the reason for who reads
            await self._socket.send(message)
        return True

    def _refusal(self) -> SessionEnded:
        machine = self._machine
        failure = machine.failure
        if machine.phase is Phase.CONNECTING:
            text = "The session is not open: send inside its `async with`."
        elif failure is not None:
            text = f"The session is over: {failure}"
        elif machine.outcome is not None:
            text = "The session is over."
        else:
            text = "The session was finished: nothing can follow CloseStream."
        error = SessionEnded(text, request_id=machine.request_id)
        if failure is not None:
            self._is_told = True
            error.__cause__ = failure
        return error

    # ── audio that comes by itself ──

    async def _carry_out(self, spawn: Callable[..., object], item: bytes | str | _Order) -> None:
        # Who posted something that cannot be sent is told by the events, by the next `post`, or when he leaves.
        if isinstance(item, _Order):
            if not self._inbox.closed:
                scope = anyio.CancelScope()
                self._pumps.add(scope)
                spawn(self._pump, item, scope)
        elif isinstance(item, bytes):
            if not self._is_begun:
                self._look_at(item)
            await self._write(item, len(item))
        elif "CloseStream" in item:
            self._inbox.close()
            self._stop_pumps()
            await self._write_close(item)
        else:
            await self._write(item, 0)

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
        if not self._is_begun:
            self._look_at(frame)
        if not await self._inbox.in_turn(lambda: self._write(frame, len(frame))):
            self._stop_pumps()
            await anyio.sleep(0)  # where it stops, though neither the audio nor the network waits for anything

    async def _send_chunks(
        self, chunks: AsyncGenerator[Chunk, None], realtime: bool, send: Callable[[Chunk], Awaitable[None]]
    ) -> None:
        frames = paced(chunks, self._options, self._clock) if realtime else framed(chunks)
        async with aclosing(chunks), aclosing(frames):
            async for frame in frames:
                await send(frame)

    def _stop_pumps(self) -> None:
        for scope in self._pumps:
            scope.cancel()

    # ── what is wrong with the audio ──

    def _look_at(self, chunk: Chunk) -> None:
        self._is_begun = True
        head = bytes(chunk[:4096])
        if self._machine.byte_rate is None:
            self._machine.byte_rate = sound.wav_byte_rate(head)
        problem = sound.mismatch(self._options, head)
        if problem is not None:
            self._diagnose(problem)

    def _diagnose(self, problem: str) -> None:
        self._machine.diagnosis = problem
        log.warning("Live session %s: %s", self._machine.request_id or "without id", problem)

    def _warn_of_empty(self) -> None:
        if not self._is_warned:
            self._is_warned = True
            log.warning(
                "An empty chunk of audio was dropped, as all later ones will be: to the service it would be the end."
            )

    # ── what the user takes ──

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveEvent:
        event = self._backlog.get()
        while event is None:
            if self._is_read or self._is_over:
                await self._more()
            else:
                # All in one: calls, and a turn in the backlog, would add a tenth to what an event costs.
                self._is_read = True
                try:
                    frame = await self._receive()
                finally:
                    self._is_read = False
                    # Others wait for it, too: one of them reads on, also when this task is cancelled.
                    if self._arrived is not None:
                        self._tell_arrived()
                    if self._needed:
                        self._unpark()
                event = self._understood(frame)
                if event is not None:
                    return event
            event = self._backlog.get()
        return event

    async def take(self) -> list[LiveEvent]:
        """All events that wait, or the next one when there is none yet; empty after the end.

        Raises:
            StreamClosed: the session has failed, and all events were taken.
        """
        try:
            event = await self.__anext__()
        except StopAsyncIteration:
            return []
        events = [event]
        while (more := self._backlog.get()) is not None:
            events.append(more)
        return events

    async def _more(self) -> None:
        """Return when something has come by the reader's task, or by another one."""
        if self._is_over:
            self._tell()
            raise StopAsyncIteration
        if self._machine.phase is Phase.CONNECTING:
            raise DeepgramWebsocketError("The session is not open: take events inside its `async with`.")
        if self._arrived is None:
            self._arrived = anyio.Event()
        await self._arrived.wait()

    def _tell(self, *, again: bool = True) -> None:
        """Raise what the session has failed with."""
        if self._machine.failure is not None and (again or not self._is_told):
            self._is_told = True
            raise self._machine.failure

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
        return Transcript(final_response(self._finals))

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for; None before the session is open."""
        return self._machine.request_id

    @property
    def phase(self) -> Phase:
        """Whether it is connecting, open, draining (the last words are still to come), or ended."""
        return self._machine.phase

    @property
    def is_open(self) -> bool:
        """Whether audio can be sent."""
        return self._machine.phase is Phase.OPEN and not self._inbox.closed

    @property
    def sent_seconds(self) -> float | None:
        """Seconds of audio that were sent; None for compressed audio, of which only the service knows."""
        return self._machine.sent_seconds

    @property
    def waiting(self) -> int:
        """Events that nobody has taken yet."""
        return len(self._backlog)

    @property
    def dropped(self) -> int:
        """Interim results that nobody will see, because later ones had replaced them before they were taken."""
        return self._backlog.dropped

    @property
    def diagnosis(self) -> str | None:
        """Why the service may hear nothing sensible in this audio; None when all seems well. It is also logged."""
        return self._machine.diagnosis

    @property
    def error(self) -> Exception | None:
        """What the session has failed with."""
        return self._machine.failure

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


async def _within(scope: anyio.CancelScope, run: Callable[..., Awaitable[None]], *args: object) -> None:
    with scope:
        await run(*args)


def _leaves(error: BaseException) -> set[int]:
    """The identities of the errors in a group, or of the error itself."""
    inside: Any = getattr(error, "exceptions", None)  # Python 3.10 has no name for groups
    return {id(error)} if inside is None else {leaf for each in inside for leaf in _leaves(each)}


def _lone(error: BaseException) -> BaseException:
    """The one error in a group, or the group when there are more."""
    inside: Any = getattr(error, "exceptions", None)
    while inside and len(inside) == 1:
        error = inside[0]
        inside = getattr(error, "exceptions", None)
    return error
