"""What all requests and sockets with one key share: a bound on how many are in flight, and one cool-down."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from dgasync.transport.seam import Transport, Wake

__all__ = ["Pace"]


class Pace:
    """The gate before the service, for one key, over all clients, loops and threads of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bound: int | None = None
        self._in_flight = 0
        self._waiting: deque[_Place] = deque()
        self._dropped: deque[None] = deque()
        self._quiet_until = 0.0

    @classmethod
    def of(cls, origin: str, credential: str, bound: int | None) -> Pace:
        """The gate of this key at this service; of several bounds asked for, the smallest counts."""
        name = (origin, blake2b(credential.encode(), digest_size=16).digest())
        with _registry_lock:
            pace = _registry.get(name)
            if pace is None:
                pace = _registry[name] = cls()
            if bound is not None:
                pace._bound = bound if pace._bound is None else min(bound, pace._bound)
            return pace

    def cool_down(self, until: float) -> None:
        """Let no request through before `until`, in seconds of the transport's clock."""
        with self._locked():
            self._quiet_until = max(self._quiet_until, until)

    async def enter(self, transport: Transport) -> bool:
        """Return when a request may go out; True for a place that one `leave` has to give back."""
        if self._quiet_until:
            clock = transport.clock
            while (rest := self._quiet_until - clock.now()) > 0:
                await clock.sleep(rest)
        if self._bound is None:
            return False
        with self._locked():
            if self._in_flight < self._bound:
                self._in_flight += 1
                return True
            place = _Place(transport.wake())
            self._waiting.append(place)
        try:
            await place.wake.wait()
        except BaseException:
            with self._locked():
                if place.given:
                    self._pass_on()  # the place came together with the cancellation
                else:
                    self._waiting.remove(place)
            raise
        return True

    def leave(self) -> None:
        """Let the next one in."""
        with self._locked():
            self._pass_on()

    def drop(self) -> None:
        """The same, for finalizers: they may run while this very thread is in here."""
        self._dropped.append(None)
        self._sweep()

    @contextmanager
    def _locked(self) -> Generator[None, None, None]:
        with self._lock:
            yield
        # Nothing that was dropped meanwhile is missed.
        self._sweep()

    def _sweep(self) -> None:
        while self._dropped and self._lock.acquire(blocking=False):
            try:
                while self._dropped:
                    self._dropped.popleft()
                    self._pass_on()
            finally:
                self._lock.release()

    def _pass_on(self) -> None:
        if self._waiting:
            place = self._waiting.popleft()
            place.given = True
            place.wake.set()
        else:
            self._in_flight = max(0, self._in_flight - 1)


class _Place:
    """One who waits."""

    __slots__ = ("given", "wake")

    def __init__(self, wake: Wake) -> None:
        self.wake = wake
        self.given = False


_registry: WeakValueDictionary[tuple[str, bytes], Pace] = WeakValueDictionary()
_registry_lock = Lock()
