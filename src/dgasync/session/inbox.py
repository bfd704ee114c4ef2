"""What is handed to a session from other threads, and waits its turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from threading import Condition, RLock, get_ident
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

from dgasync.errors import DeepgramWebsocketError, SessionEnded
from dgasync.limits import AT_A_STRETCH, BEFORE_OPEN_BYTES, SEND_BUFFER

__all__ = ["Inbox", "Turn"]

T = TypeVar("T")

Act = Callable[[], Awaitable[bool]]
"""Does something on the loop; whether it could be done."""


class Inbox(Generic[T]):
    """First in, first out, from any thread to the session's loop; bounded by `SEND_BUFFER`.

    Args:
        refusal: what `put` raises for who comes after the end.
        before_open: bytes that may wait before it is open.
    """

    def __init__(self, refusal: Callable[[], SessionEnded], before_open: int = BEFORE_OPEN_BYTES) -> None:
        self._refusal = refusal
        self._limit = before_open
        self._lock = RLock()  # of everything here; a condition's own way to it is three times as long
        self._room = Condition(self._lock)
        self._is_awaited = False  # whether a thread waits for room
        self.items: deque[tuple[T | Turn, int]] = deque()
        """What waits for its turn, or is being carried out; look, and do not touch."""
        self._bytes = 0
        self._rouse: Callable[[], object] | None = None
        self._is_roused = False
        self._is_carried = False
        # Who must not wait for room, for he is the one to make it. Until somebody enters, that is whoever made it.
        self._loop_thread = get_ident()
        self.closed = False
        """Whether nothing is taken any more."""

    @property
    def size(self) -> int:
        """Bytes of what is here."""
        return self._bytes

    def enter(self) -> None:
        """It will be opened on the loop of this thread."""
        self._loop_thread = get_ident()

    def open(self, rouse: Callable[[], object]) -> None:
        """Have `rouse` called, from any thread, when there is something to carry; on the loop that carries it."""
        with self._lock:
            self._loop_thread = get_ident()
            self._rouse = rouse
            self._limit = SEND_BUFFER
            self._room.notify_all()  # that may be more than before
            self._is_roused = bool(self.items)
            if self._is_roused:
                rouse()

    def put(self, item: T, size: int) -> None:
        """Take an item of `size` bytes; while there is no room, the calling thread waits.

        Raises:
            SessionEnded: it is closed.
        """
        with self._lock:
            while size and self._bytes >= self._limit and not self.closed:
                if get_ident() == self._loop_thread:
                    raise DeepgramWebsocketError(_OWN_LOOP if self._rouse is not None else _NOT_OPEN)
                self._is_awaited = True
                self._room.wait(1.0)  # it is woken; the limit lets Ctrl-C through on Windows
            self._append(item, size)

    def offer(self, item: T, size: int) -> bool:
        """Take an item of `size` bytes if there is room; whether there was.

        Raises:
            SessionEnded: it is closed.
        """
        with self._lock:
            if self._bytes >= self._limit and not self.closed:
                return False
            self._append(item, size)
            return True

    async def in_turn(self, act: Act) -> bool:
        """Do something behind all that is here, at once if that is nothing; whether it was done."""
        with self._lock:
            if self.closed or self._rouse is None:
                return False
            turn = Turn(act) if self.items else None
            if turn is not None:
                self._append(turn, 0)
        return await (act() if turn is None else turn.wait())

    async def at_last(self, act: Act) -> bool:
        """Do something behind all that is here, and take nothing any more; whether it was done.

        It is done even if who asked for it is cancelled: nobody could ask again.
        """
        turn = Turn(act, always=True)
        with self._lock:
            if self.closed:
                return False
            self._append(turn, 0)
            self.close()
        return await turn.wait()

    def close(self) -> None:
        """Take nothing any more; what is here is still carried."""
        with self._lock:
            self.closed = True
            self._room.notify_all()

    def begin(self) -> bool:
        """Whether there is something to carry, and nobody does: who asks is to call `carry`."""
        with self._lock:
            begin = bool(self.items) and not self._is_carried
            self._is_carried = self._is_carried or begin
            return begin

    async def carry(self, carry_out: Callable[[T], Awaitable[None]]) -> None:
        """Carry out everything in its order, until nothing is left."""
        items = self.items
        carried = 0
        try:
            while True:
                with self._lock:
                    if carried:
                        self._drop_first()
                    if not items:
                        self._is_roused = self._is_carried = False
                        return
                    item = items[0][0]
                await (item.take() if isinstance(item, Turn) else carry_out(item))
                carried += 1
                if not carried % AT_A_STRETCH:
                    # A socket that has room lets nobody else run, and a thread may fill this as fast as it is emptied.
                    await anyio.lowlevel.checkpoint()
        finally:
            if self._is_carried:  # cancelled
                self._is_carried = False
                self.drop()

    def _drop_first(self) -> None:
        self._bytes -= self.items.popleft()[1]
        # Not for each item: two threads that take turns cost three times as much.
        if self._is_awaited and self._bytes <= self._limit // 2:
            self._is_awaited = False
            self._room.notify_all()

    def drop(self) -> None:
        """Drop what nobody will carry any more."""
        self.close()
        with self._lock:
            left = [] if self._is_carried else list(self.items)
            if left:
                self.items.clear()
                self._bytes = 0
        for item, _ in left:
            if isinstance(item, Turn):
                item.drop()

    def _append(self, item: T | Turn, size: int) -> None:
        if self.closed:
            raise self._refusal()
        self.items.append((item, size))
        self._bytes += size
        if self._rouse is not None and not self._is_roused:
            # Once for all that come until it has carried everything.
            self._is_roused = True
            self._rouse()


_OWN_LOOP = "`post` is for other threads, and would wait here for its own loop: use `send`."
_NOT_OPEN = (
    "All that may wait for the session to be open was posted, and this thread is the one that is to open it: enter the "
    "session first."
)


class Turn:
    """Something to be done on the loop, behind what was handed over before."""

    __slots__ = ("_act", "_always", "_is_done", "_is_wanted", "_over")

    def __init__(self, act: Act, *, always: bool = False) -> None:
        self._act = act
        self._always = always
        self._over = anyio.Event()
        self._is_wanted = True
        self._is_done = False

    async def take(self) -> None:
        """Do it, if it is still wanted."""
        try:
            if self._is_wanted or self._always:
                self._is_done = await self._act()
        finally:
            self._over.set()

    def drop(self) -> None:
        """Let go who waits: it will not be done."""
        self._over.set()

    async def wait(self) -> bool:
        """Whether it was done; who waits no longer does not want it any more."""
        try:
            await self._over.wait()
        finally:
            self._is_wanted = False
        return self._is_done
