"""What a session says: over the connection that stands, and on the tape until another one does.

```
say ──► tape ─┬─► socket               while nothing waits
              └─► waits ─► catch_up    after a loss: behind what is sent again, no faster than CATCH_UP
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from dgasync.errors import DeepgramConnectionError
from dgasync.limits import CATCH_UP, FRAME, KEEP_ALIVE, PACE

if TYPE_CHECKING:
    from dgasync.protocol.live import Live
    from dgasync.protocol.tape import Replay, Tape
    from dgasync.transport.seam import Clock, Socket

__all__ = ["Line"]


class Line:
    """The way out of a session.

    Args:
        machine: is told what goes out.
        tape: keeps what may have to be sent again; None where there is one connection only.
    """

    def __init__(self, machine: Live, tape: Tape | None) -> None:
        self.tape = tape
        self.socket: Socket | None = None
        """The connection that stands."""
        self._machine = machine
        self._moved: anyio.Event | None = None  # for those who wait for room
        self._clock: Clock
        self._furthest = 0  # position of the tape up to which audio was given to some network
        self._lost_at = 0.0  # when there was no connection any more

    @property
    def is_direct(self) -> bool:
        """Whether what is said goes out at once."""
        return self.socket is not None and (self.tape is None or not self.tape.is_behind)

    @property
    def queued(self) -> int:
        """Bytes of audio that wait for another connection, or for their turn on it."""
        return 0 if self.tape is None else self.tape.end - self.tape.cursor

    def attach(self, socket: Socket, clock: Clock) -> None:
        """The first connection stands."""
        self.socket = socket
        self._clock = clock

    def resume(self, socket: Socket, seconds: float) -> Replay:
        """Another connection stands, and is to be told everything from a moment on; `catch_up` does that."""
        assert self.tape is not None
        replay = self.tape.rewind(seconds)
        self.socket = socket
        return replay

    def detach(self) -> None:
        """The connection is lost."""
        if self.tape is not None:
            self._furthest = max(self._furthest, self.tape.cursor)
        if self.socket is not None:
            self._lost_at = self._clock.now()
        self.socket = None
        self.move()

    async def say(self, item: bytes | str) -> None:
        """Return when the network has taken it, or the tape, for the next connection.

        Raises:
            DeepgramConnectionError: it cannot be sent, and no tape keeps it.
        """
        tape, size = self.tape, len(item) if isinstance(item, bytes) else 0
        # Most of what is said is audio for which there is room.
        if tape is not None and not (
            isinstance(item, bytes) and self.socket is not None and tape.take(item, self._clock.now())
        ):
            if size and tape.is_full():
                await self._wait_for_room(tape)
            if not self.is_direct:
                tape.put(item)
                return
            tape.record(item, self._clock.now())
        await self.out(item, size)

    async def out(self, item: bytes | str, size: int) -> None:
        """Return when the network has taken it."""
        socket, watch = self.socket, self._machine.watch
        if socket is None:
            return
        self._machine.sent(self._clock.now(), size)
        watch.begun += 1
        try:
            await socket.send(item)
        except DeepgramConnectionError:
            if self.tape is None:
                raise
            # It is on the tape; whoever reads learns how the connection has ended.
        finally:
            watch.done += 1

    async def catch_up(self) -> None:
        """Return when nothing waits any more, or the connection is lost again."""
        tape, socket, clock, machine = self.tape, self.socket, self._clock, self._machine
        assert tape is not None
        began, track = clock.now(), tape.track
        start, sent = track.seconds(tape.cursor), track.seconds(self._furthest)
        rate = machine.byte_rate
        size = max(4, int(rate * PACE) // 4 * 4) if rate else FRAME // 16
        while self.socket is socket and (item := tape.next(clock.now(), size)) is not None:
            length = len(item) if isinstance(item, bytes) else 0
            fresh = min(length, max(0, tape.cursor - self._furthest))
            self._furthest = max(self._furthest, tape.cursor)
            machine.replayed += length - fresh
            if machine.finished and not tape.is_behind:
                machine.finishing(clock.now())  # this is CloseStream, and its answer may come at once
            await self.out(item, fresh)
            self.move()
            at, now = track.seconds(tape.cursor), clock.now()
            ahead = began + (at - start) / CATCH_UP - now
            if ahead > 0 and at <= sent + self._spoken(track.seconds(tape.end) - sent, now):
                await clock.sleep(ahead)

    def _spoken(self, more: float, now: float) -> float:
        """How much of what was handed over since the connection was lost has a pace of its own, in seconds of audio.

        All of it does that comes as it is spoken; what comes much faster is from a file, which may go out as fast as
        the network takes it, once what was sent before is sent again.
        """
        passed = now - self._lost_at
        return 0.0 if more > 2 * passed + 1 else passed

    def confirm(self, seconds: float) -> None:
        """Everything up to here is heard for good."""
        if self.tape is not None:
            self.tape.confirm(seconds)
            self.move()

    def move(self) -> None:
        """Have those who wait for room look again."""
        if self._moved is not None:
            self._moved.set()
            self._moved = None

    async def _wait_for_room(self, tape: Tape) -> None:
        while tape.is_full() and self._machine.outcome is None:
            patience = tape.patience(self._clock.now())
            if self.socket is not None and patience <= 0:
                tape.make_room()
                if tape.is_full():
                    patience = KEEP_ALIVE  # all of it still waits to be sent
                else:
                    return
            if self._moved is None:
                self._moved = anyio.Event()
            moved = self._moved
            with self._clock.move_on_after(KEEP_ALIVE if self.socket is None else patience):
                await moved.wait()
