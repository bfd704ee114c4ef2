"""What documented websocket clients have in common whose session is given audio: `send`."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from dgasync.api.events import EventClient
from dgasync.session.audio import AudioCore

__all__ = ["AudioClient"]

E = TypeVar("E")
N = TypeVar("N")
A = TypeVar("A", bound=AudioCore[Any])


class AudioClient(EventClient[E, N, A], Generic[E, N, A]):
    """`E` is what happens, `N` the names of it, `A` the session in which it does."""

    async def send(self, data: bytes | bytearray | memoryview | str) -> bool:
        """Whether the network has taken a chunk of audio, or a text as a message of the service's protocol.

        False before `start` and after the end. If the session failed, Error and Close have been fired by then; only a
        handler that takes longer than `CLOSE_TIMEOUT` is not waited for.
        """
        return await self._do(lambda session: session.message(data) if isinstance(data, str) else session.send(data))

    def post(self, data: bytes | bytearray | memoryview | str) -> bool:
        """What `send` is, for other threads: it returns at once, unless much waits already."""
        return self._post(lambda session: session.post(data))
