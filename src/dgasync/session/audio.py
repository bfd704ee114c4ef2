"""What conversations that are given audio have in common: the ways in, and a look at what comes in.

```
send ─────────────────────────────► line ──► the service      audio and messages, in one order
post (any thread) ──► inbox ──► courier ─┘
start_sending ───────────────────► pump ─┘
```
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import anyio.lowlevel

from dgasync.errors import DeepgramConnectionError
from dgasync.logs import cry, log
from dgasync.models.events import Gap
from dgasync.protocol import sound
from dgasync.protocol.live import Live, Phase
from dgasync.session.core import Core
from dgasync.session.sources import check_source, chunks_of, framed, in_thread, octets, paced, pull

if TYPE_CHECKING:
    from dgasync.audio import Audio, Chunk
    from dgasync.session.line import Line
    from dgasync.transport.seam import Socket, Transport

__all__ = ["AudioCore"]

E = TypeVar("E")

_OPEN = Phase.OPEN  # Python 3.11 looks for a member of an enum as long as for six attributes


class AudioCore(Core[E], Generic[E]):
    """A conversation that is given audio.

    Args:
        transport: the way to the network.
        connect: opens the connection.
        reconnect: opens another one, in one try; None: there is none.
        machine: decides.
        line: the way out.
        options: how the audio is encoded, among others.
    """

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        reconnect: Callable[[], Awaitable[Socket]] | None,
        machine: Live,
        line: Line,
        options: Mapping[str, Any],
    ) -> None:
        machine.byte_rate = sound.byte_rate(options)
        super().__init__(transport, connect, reconnect, machine, line)
        self._options = options
        self._pumps: set[anyio.CancelScope] = set()
        self._is_begun = False  # whether the first audio was looked at
        self._head = b""  # the first bytes, until there are enough to look at
        self._is_warned = False  # of empty chunks
        self._begun_at: float | None = None
        self._is_sending = False  # something, in the background
        # What only `metrics` tell.
        self._sent_then: int | None = None  # bytes that were sent when what is heard reached further the last time
        self._gaps = 0
        self._gap_seconds = 0.0

    def _put(self, event: Any) -> None:
        super()._put(event)
        if type(event) is Gap:
            self._gaps += 1
            self._gap_seconds += event.end - event.start

    def _model(self) -> str | None:
        model = self._options.get("model")
        return None if model is None else str(model)

    def _audio_metrics(self) -> dict[str, Any]:
        machine = self._machine
        return {
            "waiting": len(self._backlog),
            "sent_seconds": machine.sent_seconds,
            "sent_bytes": machine.sent_bytes,
            "queued_bytes": 0 if machine.outcome is not None else self._inbox.size + self._line.queued,
        }

    def _heard_metrics(self, heard: float, reconnects: int) -> dict[str, Any]:
        sent = None if self._sent_then is None else self._machine.seconds(self._sent_then)
        return {
            **self._audio_metrics(),
            "heard_seconds": heard,
            # Times are rounded by the service; it is never ahead of the audio.
            "latency": None if sent is None else max(0.0, sent - heard),
            "reconnects": reconnects,
            "gaps": self._gaps,
            "gap_seconds": self._gap_seconds,
            "dropped": self._backlog.dropped,
        }

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
        `finish`, stops the source wherever it is: for all of a file, take the events to their end, or use `send_all`.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: a source of no use.
        """
        check_source(source)
        self._inbox.put(_Order(source, finish, realtime), 0)
        self._is_sending = True

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
        elif self._is_farewell(item):
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
            self._is_sending = bool(self._pumps)
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

    async def _close_stream(self, message: str | None = None) -> None:
        if self._is_sending and self._begun_at is None:
            cry(
                "A live session was left, or finished, before anything of its audio was sent: take its events to their "
                "end, or await `send_all`."
            )
        await super()._close_stream(message)

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
            self._machine.byte_rate, self._machine.begin = sound.wav_byte_rate(head), sound.wav_begin(head)
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

    @property
    def sent_seconds(self) -> float | None:
        """Seconds of audio that were sent; None for compressed audio, of which only the service knows."""
        return self._machine.sent_seconds

    @property
    def diagnosis(self) -> str | None:
        """Why the service may hear nothing sensible in this audio; None when all seems well. It is also logged."""
        return self._machine.diagnosis

    def __repr__(self) -> str:
        seconds, waiting = self.sent_seconds, len(self._backlog)
        sent = f"{self._machine.sent_bytes} bytes" if seconds is None else f"{seconds:.1f} s"
        events = "1 event" if waiting == 1 else f"{waiting} events"
        return f"<{type(self).__name__} {self._machine.phase.value}, {sent} sent, {events} waiting>"


class _Order:
    """Audio that is to be sent in the background."""

    __slots__ = ("finish", "realtime", "source")

    def __init__(self, source: Audio, finish: bool, realtime: bool) -> None:
        self.source = source
        self.finish = finish
        self.realtime = realtime
