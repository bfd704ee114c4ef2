"""A conversation over a websocket: entered with `async with`, listened to with `async for`, and over once.

```
caller ── line ──► socket ──► the service
caller ◄── backlog ◄── reader ◄── socket
          timer: KeepAlive, watchdogs, the end of patience
          lost ──► restore ──► the next socket, before the same line and backlog
```
What is to be done when, and how it ends, is decided by `protocol.live`; here it is carried out. What is said, and what
the answers mean, is the business of each kind of conversation.

Whoever waits for the next event reads it from the socket himself: to be woken by another task would cost as much as all
else that is done for an event. When he stays away for long, the reader's task takes over.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from random import random
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

import anyio

from dgasync.errors import (
    ConsumerTooSlow,
    DeepgramConnectionError,
    DeepgramError,
    DeepgramWebsocketError,
    SessionEnded,
    lone,
)
from dgasync.limits import BEFORE_OPEN, BEFORE_OPEN_BYTES, CLOSE_TIMEOUT, READ_AHEAD
from dgasync.logs import log
from dgasync.models.events import Close, Error, Gap, Open, Reconnected, Reconnecting
from dgasync.protocol.backlog import Backlog
from dgasync.protocol.live import Due, Live, Phase
from dgasync.session.inbox import Inbox
from dgasync.transport.seam import Closed

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.models.metrics import SessionMetrics
    from dgasync.protocol.tape import Replay
    from dgasync.session.line import Line
    from dgasync.session.telemetry import Telemetry
    from dgasync.transport.seam import Clock, Frame, Socket, Transport, Wake

__all__ = ["KEEP_ALIVE_MESSAGE", "Core"]

E = TypeVar("E")

KEEP_ALIVE_MESSAGE = '{"type":"KeepAlive"}'
_FINALIZE = '{"type":"Finalize"}'

_OPEN = Phase.OPEN  # Python 3.11 looks for a member of an enum as long as for six attributes


class Core(Generic[E]):
    """What conversations have in common; `E` is what happens in them.

    Args:
        transport: the way to the network.
        connect: opens the connection.
        reconnect: opens another one, in one try; None: there is none.
        machine: decides.
        line: the way out.
    """

    _kind: ClassVar[str]
    """What it is called where it is measured."""

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        reconnect: Callable[[], Awaitable[Socket]] | None,
        machine: Live,
        line: Line,
    ) -> None:
        self._transport = transport
        self._connect = connect
        self._reconnect = reconnect
        self._machine = machine
        self._line = line
        self._backlog: Backlog[Any] = Backlog()
        self._inbox: Inbox[Any] = Inbox(self._refusal, _before_open(machine.byte_rate))
        self._helpers: set[anyio.CancelScope] = set()
        self._is_told = False  # whether the user has met the failure, as an error of some call
        # Who reads. One task at a time may; the reader's own is parked while who takes events does it himself. While
        # there is no connection nobody can.
        self._receive: Callable[[], Awaitable[Frame]] | None = None
        self._is_read = False
        self._needed = 0  # how many wait for more than the next event
        self._arrived: anyio.Event | None = None  # for those who wait for an event while another task reads
        self._parked: anyio.Event | None = None
        self._away_since: float | None = None
        self._body: AbstractAsyncContextManager[None] | None = None
        self._is_over = False
        self._telemetry: Telemetry | None = None
        # These are made on the loop that enters.
        self._clock: Clock
        self._over: anyio.Event
        self._wake: Wake
        self._spawn: Callable[..., object]

    # ── what each kind has of its own ──

    def _understood(self, frame: Frame) -> E | None:
        """The event that a frame is, None if it is none to be taken; `_lost` is told of the end."""
        raise AssertionError("each kind has its own")  # pragma: no cover

    def _weighed(self, event: E) -> tuple[object, bool]:
        """What an event is a result of, and whether the next one of that replaces it."""
        return None, False

    async def _carry_out(self, item: Any) -> None:
        """Do what was handed over by another thread."""
        raise AssertionError("each kind has its own")  # pragma: no cover

    def _model(self) -> str | None:
        """The model that it asks for."""
        return None

    def _begin(self) -> None:
        """It is about to connect; `_let_go` follows, whatever happens."""

    def _stop_sources(self) -> None:
        """Nothing more is to be sent."""

    def _let_go(self) -> None:
        """It is over: nobody has to wait for anything any more."""

    def _resumed(self, socket: Socket) -> tuple[int, Replay]:
        """Go on with another connection: its number, and from where."""
        raise AssertionError("a kind that reconnects has its own")  # pragma: no cover

    @property
    def metrics(self) -> SessionMetrics:
        """How it is doing, in numbers."""
        raise AssertionError("each kind has its own")  # pragma: no cover

    # ── its life ──

    async def __aenter__(self) -> Self:
        if self._body is not None:
            raise DeepgramWebsocketError("A live session is entered once; ask the client for another one.")
        self._body = self._life()
        await self._body.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._body is not None
        try:
            await self._body.__aexit__(kind, error, traceback)
            return
        except BaseException as raised:
            failure = raised
        if error is not None and not _leaves(error).isdisjoint(_leaves(failure)):
            # The statement itself raises it again, as it was: it was not alone in its group, or itself a group, which
            # trio copies.
            error.__traceback__ = traceback
            return
        # Out here, so that a group is not its context.
        raise lone(failure)

    @asynccontextmanager
    async def _life(self) -> AsyncGenerator[None, None]:
        self._clock = self._transport.clock
        self._over = anyio.Event()
        self._inbox.enter()
        self._begin()
        # Who does not use it does not pay for importing it.
        if "opentelemetry.trace" in sys.modules or "opentelemetry.metrics" in sys.modules:
            from dgasync.session.telemetry import Telemetry

            self._telemetry = Telemetry(self._kind, self._model())
        try:
            socket = await self._connect()
        except BaseException as error:
            self._never_open(error)
            raise
        async with anyio.create_task_group() as group:
            self._spawn = group.start_soon
            try:
                self._open(socket)
                self._assist(self._tick)
                yield
                await self._finish()
            finally:
                await self._shut()
                for scope in list(self._helpers):
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
        self._is_gone()

    def _open(self, socket: Socket) -> None:
        self._wake = self._transport.wake()
        self._line.attach(socket, self._clock)
        self._machine.opened(self._clock.now(), socket.headers.get("dg-request-id"))
        self._put(Open().adopt(None, socket.headers))
        self._listen(socket)
        self._inbox.open(self._rouse)

    def _assist(self, run: Callable[..., Awaitable[object]], *args: object) -> None:
        """Have a task of the session's own do something, no longer than the session lasts."""
        scope = anyio.CancelScope()
        self._helpers.add(scope)
        self._spawn(self._within, scope, run, *args)

    async def _within(self, scope: anyio.CancelScope, run: Callable[..., Awaitable[object]], *args: object) -> None:
        try:
            with scope:
                await run(*args)
        finally:
            self._helpers.discard(scope)

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
        self._stop_sources()
        await self._end_here()

    async def _end_here(self) -> None:
        """Close the connection from this side, and tell everybody how that went."""
        end: Closed | None = None
        try:
            if self._line.socket is not None:
                end = await self._hang_up(self._line.socket)
        finally:
            self._conclude(1006 if end is None else end.code, "" if end is None else end.reason)

    async def _hang_up(self, socket: Socket) -> Closed | None:
        """How the connection ended, if it did in time."""
        with self._clock.move_on_after(CLOSE_TIMEOUT, shield=True):
            await socket.close()
            with suppress(Exception):  # where reading fails, whoever reads learns of it
                while not self._is_over:
                    # What comes before the end is too late.
                    if isinstance(frame := await socket.receive(), Closed):
                        return frame
        return None

    def _conclude(self, code: int | None, reason: str) -> None:
        """Tell everybody that it is over, once."""
        if self._is_over:
            return
        failure = self._machine.failure
        if failure is not None:
            self._put(Error.of(failure))
        self._is_over = True
        self._over.set()
        self._put(Close(code=code, reason=reason))
        self._unpark()
        self._stop_sources()
        self._line.move()
        self._inbox.drop()
        self._is_gone()
        log.debug("Live session %s: closed with %s.", self._name, code)

    def _is_gone(self) -> None:
        self._let_go()
        if self._telemetry is not None:
            self._telemetry.end(self._machine.outcome or "cancelled", self._machine.failure, self.metrics)

    async def _fail(self, error: Exception) -> None:
        self._machine.failed(error)
        await self._end_here()

    @property
    def _name(self) -> str:
        return self._machine.request_id or "without id"

    # ── connections that are lost ──

    def _lost(self, code: int, reason: str = "") -> None:
        """The connection is gone, or as good as gone."""
        line, machine = self._line, self._machine
        socket, tape = line.socket, line.tape
        obstacle = tape.track.obstacle if tape is not None and tape.first else None
        delay = machine.closed(code, reason, now=self._clock.now(), draw=random(), obstacle=obstacle)
        self._receive, self._is_read = None, False
        self._unpark()
        if delay is None:
            self._conclude(code, reason)
            return
        line.detach()
        self._announce(delay)
        self._assist(self._restore, delay)
        if socket is not None:
            self._assist(self._hang_up, socket)

    def _announce(self, delay: float) -> None:
        trouble = self._machine.trouble
        said = "" if trouble is None else trouble.message
        log.warning("Live session %s: %s Connecting again in %.2f s.", self._name, said, delay)
        self._put(Reconnecting(reason=said, attempt=self._machine.attempt, delay=delay))

    async def _restore(self, delay: float) -> None:
        """Find another connection, and go on with it."""
        machine = self._machine
        assert self._reconnect is not None
        while True:
            await self._clock.sleep(delay)
            try:
                socket = await self._reconnect()
                break
            except DeepgramError as error:
                found = machine.refused(error, draw=random())
            except Exception as error:  # of the user's own, who mints the tokens
                machine.failed(error)
                found = None
            if found is None:
                self._conclude(None, "")
                return
            delay = found
            self._announce(delay)
        if machine.outcome is not None:
            await self._hang_up(socket)
            return
        connection, replay = self._resumed(socket)
        machine.opened(self._clock.now(), socket.headers.get("dg-request-id"))
        log.info("Live session %s: connected again.", self._name)
        self._put(Reconnected(connection=connection).adopt(None, socket.headers))
        if replay.lost:
            self._put(Gap(start=replay.start - replay.lost, end=replay.start))
        self._listen(socket)
        self._rouse()
        await self._line.catch_up()
        self._rouse()

    # ── what the service says ──

    def _listen(self, socket: Socket) -> None:
        self._receive, self._is_read = socket.receive, False
        self._assist(self._read, self._receive)
        if self._arrived is not None:
            self._tell_arrived()

    async def _read(self, receive: Callable[[], Awaitable[Frame]]) -> None:
        """Read from a connection while nobody else does."""
        while self._receive is receive and not self._is_over:
            if not self._is_read:
                await self._read_one(receive)
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

    async def _read_one(self, receive: Callable[[], Awaitable[Frame]]) -> None:
        """Put the next event into the backlog; nobody else may be reading."""
        self._is_read = True
        try:
            frame = await receive()
        finally:
            if self._receive is receive:
                self._is_read = False
        if self._receive is not receive:
            return  # of a connection that was given up
        event = self._understood(frame)
        if event is None:
            return
        about, preliminary = self._weighed(event)
        try:
            self._backlog.put(event, len(cast("bytes", frame)), about, preliminary)
        except ConsumerTooSlow as error:
            await self._fail(error)

    def _put(self, event: Any) -> None:
        """Add an event of the session's own."""
        with suppress(ConsumerTooSlow):  # these few are wanted whatever else waits
            self._backlog.put(event, 0)
        self._tell_arrived()
        if self._telemetry is not None:
            self._telemetry.told(event)

    def _tell_arrived(self) -> bool:
        """Whether somebody waits for what has come without reading himself; he is told."""
        if self._arrived is None:
            return False
        self._arrived.set()
        self._arrived = None
        return True

    # ── what is due ──

    async def _tick(self) -> None:
        machine, clock, inbox = self._machine, self._clock, self._inbox
        while machine.outcome is None:
            now = clock.now()
            due, rest = machine.due(now)
            if due is not Due.NOTHING:
                await self._do(due, now)
                continue
            self._mind_the_socket(now)
            wake = self._wake
            with clock.move_on_after(rest if self._away_since is None else min(rest, READ_AHEAD)):
                await wake.wait()
                self._wake = self._transport.wake()
            if inbox.begin():
                self._assist(inbox.carry, self._carry_out)

    async def _do(self, due: Due, now: float) -> None:
        machine, socket = self._machine, self._line.socket
        if due is Due.KEEP_ALIVE or due is Due.FINALIZE:
            machine.sent(now)
            # Not here: the network may be stuck, and this task has other things to watch.
            self._assist(self._remind, due)
        elif due is Due.PING and socket is not None:
            machine.watch.pinged(now)
            self._assist(self._ping, socket)
        elif socket is not None:
            if due is Due.LOST:
                self._lost(1006)
            else:
                machine.gave_up()
            if machine.outcome is not None:
                await self._end_here()

    async def _remind(self, due: Due) -> None:
        with suppress(DeepgramConnectionError):  # whoever reads learns of it
            await (self._line.out(KEEP_ALIVE_MESSAGE, 0) if due is Due.KEEP_ALIVE else self._line.say(_FINALIZE))

    async def _ping(self, socket: Socket) -> None:
        with suppress(DeepgramConnectionError):  # whoever reads learns of it
            await socket.ping()
            if socket is self._line.socket:
                self._machine.watch.answered()

    def _rouse(self) -> None:
        """Have the timer look again; any thread."""
        self._wake.set()

    # ── what is said ──

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
        await (self._close_stream(text) if self._is_farewell(text) else self._say(text))

    async def close_stream(self) -> None:
        """Say that no more audio comes, and do not wait for the last words.

        Raises:
            SessionEnded: the session is not open yet.
        """
        await self._close_stream()

    async def _say(self, message: str) -> None:
        if not await self._inbox.in_turn(lambda: self._write(message)):
            raise self._refusal()

    async def _write(self, item: bytes | str) -> bool:
        """Whether the network has taken it, or the tape; if not, the session is over."""
        if not self._is_live:
            return False
        if self._parked is not None:
            self._mind_the_socket(self._clock.now())
        try:
            await self._line.say(item)
        except DeepgramConnectionError:
            await self._broken()
        return self._machine.outcome is None

    @property
    def _is_live(self) -> bool:
        """Whether something can be said, now or on the next connection."""
        return self._machine.phase is _OPEN or self._machine.phase is Phase.RECONNECTING

    async def _broken(self) -> None:
        """Return when it is over, for sending has failed: the socket has the reason for who reads."""
        with self._clock.move_on_after(CLOSE_TIMEOUT):
            await self._end()
        if not self._is_over:
            self._machine.closed(1006)
            await self._end_here()

    def _is_farewell(self, message: str) -> bool:
        farewell = self._machine.farewell
        return farewell is not None and f'"{farewell}"' in message

    async def _close_stream(self, message: str | None = None) -> None:
        if self._machine.phase is Phase.CONNECTING:
            raise self._refusal()
        self._stop_sources()
        # If it cannot be sent, the session is over anyway, and its end says how.
        await self._inbox.at_last(lambda: self._write_close(message))

    async def _write_close(self, message: str | None) -> bool:
        machine, socket = self._machine, self._line.socket
        # Behind what waits on the tape it goes out later; `_restore` sees to the rest then.
        with suppress(DeepgramConnectionError):  # the socket has the reason for who reads
            if self._line.is_direct:
                machine.finishing(self._clock.now())
            machine.finished = True
            if machine.farewell is not None:
                await self._line.say(message or f'{{"type":"{machine.farewell}"}}')
            elif socket is not None:
                self._assist(self._hang_up, socket)
        return True

    def _refusal(self) -> SessionEnded:
        machine = self._machine
        failure = machine.failure
        if machine.phase is Phase.CONNECTING:
            text = "The session is not open: send inside its `with` block."
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

    # ── what the user takes ──

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        event = self._backlog.get() if self._backlog.items else None
        while event is None:
            receive = self._receive
            if self._is_read or receive is None or self._is_over:
                await self._more()
            else:
                # All in one: calls, and a turn in the backlog, would add a tenth to what an event costs.
                self._is_read = True
                try:
                    frame = await receive()
                finally:
                    if self._receive is receive:
                        self._is_read = False
                    # Others wait for it, too: one of them reads on, also when this task is cancelled.
                    if self._arrived is not None:
                        self._tell_arrived()
                    if self._needed:
                        self._unpark()
                if self._receive is receive:
                    event = self._understood(frame)
                    if event is not None:
                        return event
            event = self._backlog.get()
        return cast("E", event)

    async def take(self) -> list[E]:
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
            raise DeepgramWebsocketError("The session is not open: take events inside its `with` block.")
        if self._arrived is None:
            self._arrived = anyio.Event()
        await self._arrived.wait()

    def _tell(self, *, again: bool = True) -> None:
        """Raise what the session has failed with."""
        if self._machine.failure is not None and (again or not self._is_told):
            self._is_told = True
            raise self._machine.failure

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for, that of the last connection; None before the session is open."""
        return self._machine.request_id

    @property
    def phase(self) -> Phase:
        """Whether it is connecting, open, reconnecting, draining (the last words are still to come), or ended."""
        return self._machine.phase

    @property
    def is_open(self) -> bool:
        """Whether something can be sent; while it reconnects, it waits for the next connection."""
        return self._is_live and not self._inbox.closed

    @property
    def waiting(self) -> int:
        """Events that nobody has taken yet."""
        return len(self._backlog)

    @property
    def dropped(self) -> int:
        """Interim results that nobody will see, because later ones had replaced them before they were taken."""
        return self._backlog.dropped

    @property
    def error(self) -> Exception | None:
        """What the session has failed with."""
        return self._machine.failure


def _before_open(byte_rate: float | None) -> int:
    """Bytes of audio that may wait for a session to open."""
    return BEFORE_OPEN_BYTES if byte_rate is None else min(BEFORE_OPEN_BYTES, int(BEFORE_OPEN * byte_rate))


def _leaves(error: BaseException) -> set[int]:
    """The identities of the errors in a group, or of the error itself."""
    inside: Any = getattr(error, "exceptions", None)  # Python 3.10 has no name for groups
    return {id(error)} if inside is None else {leaf for each in inside for leaf in _leaves(each)}
