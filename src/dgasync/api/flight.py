"""What lasts after it was asked for, and holds a place among all that is in flight as long as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.api.pace import Pace
    from dgasync.transport.seam import Download, Frame, Socket

__all__ = ["Answering", "Connected"]


class Answering:
    """An answer on its way, which holds a place among those in flight until its end, or until it is closed."""

    def __init__(self, download: Download, first: bytes, pace: Pace | None) -> None:
        self._download = download
        self._first: bytes | None = first
        self._pace = pace
        self.status = download.status
        self.headers = download.headers

    def __repr__(self) -> str:
        return repr(self._download)

    async def read(self) -> bytes:
        """What has come since; empty at the end."""
        first, self._first = self._first, None
        data = await self._download.read() if first is None else first
        if not data:
            self._leave()
        return data

    async def aclose(self) -> None:
        """Let go of the connection at once."""
        try:
            await self._download.aclose()
        finally:
            self._leave()

    def _leave(self) -> None:
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.leave()

    def __del__(self) -> None:
        if self._pace is not None:
            self._pace.drop()


class Connected:
    """A websocket that holds a place among those in flight until it is closed."""

    def __init__(self, socket: Socket, pace: Pace) -> None:
        self._socket = socket
        self._pace: Pace | None = pace
        self.headers = socket.headers

    def __repr__(self) -> str:
        return repr(self._socket)

    async def send(self, data: bytes | bytearray | memoryview | str, /) -> None:
        """Return when the network has taken the frame."""
        await self._socket.send(data)

    async def receive(self) -> Frame:
        """The next frame; `Closed`, from then on always, when there is none any more."""
        return await self._socket.receive()

    async def ping(self) -> None:
        """Return when the other side has answered a ping."""
        await self._socket.ping()

    async def close(self, code: int = 1000, /) -> None:
        """Close it politely."""
        try:
            await self._socket.close(code)
        finally:
            pace, self._pace = self._pace, None
            if pace is not None:
                pace.leave()
