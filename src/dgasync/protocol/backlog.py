"""Events that wait for the user: bounded, without losing a word."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from dgasync.errors import ConsumerTooSlow
from dgasync.limits import MAX_EVENT_BYTES, MAX_EVENTS

__all__ = ["Backlog"]

E = TypeVar("E")


class Backlog(Generic[E]):
    """First in, first out. When too many wait, preliminary ones that a later one has replaced go; nothing else does."""

    __slots__ = ("_bytes", "_patience", "dropped", "items")

    def __init__(self) -> None:
        self.items: deque[tuple[E, int, object, bool]] = deque()
        """What waits; look, and do not touch."""
        self._bytes = 0
        self._patience = 0  # events that may come before it is worth while to look through all again
        self.dropped = 0
        """Preliminary events that nobody will see, because later ones say the same, and better."""

    def put(self, event: E, size: int, about: object = None, preliminary: bool = False) -> None:
        """Add an event of `size` bytes.

        Args:
            event: what is to be delivered.
            size: its bytes on the wire.
            about: what it is a result of, such as a channel; None for all that is no result.
            preliminary: whether the next event about the same replaces it.

        Raises:
            ConsumerTooSlow: more than `MAX_EVENT_BYTES` wait that must not be dropped, this event among them.
        """
        self.items.append((event, size, about, preliminary))
        self._bytes += size
        if len(self.items) > MAX_EVENTS or self._bytes > MAX_EVENT_BYTES:
            self._shed()

    def get(self) -> E | None:
        """The oldest event, None when there is none."""
        if not self.items:
            return None
        event, size, _, _ = self.items.popleft()
        self._bytes -= size
        return event

    def discard(self, unwanted: Callable[[E], bool]) -> int:
        """Drop what nobody wants any more; how many events that were."""
        kept = deque(item for item in self.items if not unwanted(item[0]))
        gone = len(self.items) - len(kept)
        self.items = kept
        self._bytes = sum(size for _, size, _, _ in kept)
        return gone

    @property
    def is_full(self) -> bool:
        """Whether half of what may wait does; whoever can leave the rest with the service should."""
        return self._bytes > MAX_EVENT_BYTES // 2

    def __len__(self) -> int:
        return len(self.items)

    def _shed(self) -> None:
        if self._patience and self._bytes <= MAX_EVENT_BYTES:
            self._patience -= 1
            return
        kept: deque[tuple[E, int, object, bool]] = deque()
        replaced: set[object] = set()
        for item in reversed(self.items):
            _, size, about, preliminary = item
            if preliminary and about in replaced:
                self.dropped += 1
                self._bytes -= size
            else:
                kept.appendleft(item)
            if about is not None:
                replaced.add(about)
        self.items = kept
        self._patience = MAX_EVENTS // 10
        if self._bytes > MAX_EVENT_BYTES:
            raise ConsumerTooSlow(
                f"{len(kept)} events wait and nobody takes them, so the session was ended: take them faster, for "
                "instance in a task of their own."
            )
