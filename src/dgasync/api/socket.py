"""Any websocket: for what the service offers live and this package has no verb for yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from dgasync.api.call import Call
from dgasync.api.road import Road
from dgasync.errors import (
    DecodeError,
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
    StreamClosed,
)
from dgasync.protocol.request import Safety, filled
from dgasync.transport.seam import Binary, Closed, Socket

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.config import TimeoutLike

__all__ = ["AsyncSocket", "socket_at"]

# The other side has said all it had to say, or goes away (RFC 6455, 7.4.1).
_WELL = frozenset({1000, 1001})


def socket_at(
    road: Road,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    path_params: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    addons: Mapping[str, Any] | None = None,
    timeout: TimeoutLike | None = None,
) -> AsyncSocket:
    """A websocket at `path`, not open yet."""
    return AsyncSocket(
        road,
        Call(
            "GET",
            filled(path, path_params or {}),
            what="socket()",
            safety=Safety.READ,
            options=query,
            addons=addons,
            headers=headers,
            timeout=timeout,
        ),
    )


class AsyncSocket:
    """A websocket as it is: frames out, frames in, text as `str` and binary as `bytes`.

    `async with` opens and closes it. `async for` gives frames until the other side closes it well (1000 or 1001), and
    raises StreamClosed when it ends otherwise. One task receives; any number may send.
    """

    def __init__(self, road: Road, call: Call) -> None:
        self._road = road
        self._call = call
        self._socket: Socket | None = None
        self._opened = False
        self._left = False
        self._end: Closed | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer to the handshake; none before that."""
        return {} if self._socket is None else self._socket.headers

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for."""
        return self.headers.get("dg-request-id")

    @property
    def close_code(self) -> int | None:
        """The code it was closed with, 1006 where it broke without one; None while it is open."""
        return None if self._end is None else self._end.code

    @property
    def close_reason(self) -> str | None:
        """What was said with the code; None while it is open."""
        return None if self._end is None else self._end.reason

    async def open(self) -> None:
        """Open it, once; `async with` does.

        Raises:
            DeepgramTypeError: a query, header or timeout that cannot be sent.
            DeepgramApiKeyError: there is no key, or it would travel in the clear.
            DeepgramApiError: the service refused; its subclasses say why.
            DeepgramConnectionError: there was no connection.
        """
        if self._opened:
            raise DeepgramWebsocketError("A socket is opened once; ask the client for another.")
        self._opened = True
        self._socket = await self._road.connect(self._call)

    async def close(self, code: int = 1000) -> None:
        """Close it politely; `async with` does. It takes no longer than `CLOSE_TIMEOUT`, and may be done again."""
        self._opened = self._left = True
        socket = self._socket
        if socket is not None:
            await socket.close(code)
            await self._ended(socket)

    async def send(self, data: bytes | bytearray | memoryview | str) -> None:
        """Send a frame, text for a `str` and else binary; it returns when the network has taken it.

        Raises:
            DeepgramTypeError: it is neither bytes nor text.
            StreamClosed: the other side, or the network, has ended the socket.
            SessionEnded: it was closed here.
        """
        if not isinstance(data, (bytes, str, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeepgramTypeError(f"A frame is bytes or text; got a {type(data).__name__}.")
        socket = self._open()
        if self._left:
            raise SessionEnded("The socket was closed here; nothing can be sent any more.", request_id=self.request_id)
        try:
            await socket.send(data)
        except DeepgramConnectionError as error:
            end = self._end or Closed(1006, error.message)
        else:
            return
        raise self._closed(end)

    async def send_json(self, data: object) -> None:
        """Send `data` as JSON in a text frame; raises what `send` does."""
        try:
            text = msgspec.json.encode(data).decode()
        except (TypeError, ValueError) as error:
            raise DeepgramTypeError(f"This cannot be written as JSON: {error}.") from None
        await self.send(text)

    async def receive(self) -> str | bytes:
        """The next frame.

        Raises:
            StreamClosed: there is none any more, also when the socket was closed well.
            DecodeError: a text frame that is no text; the next one can be received all the same.
        """
        socket = self._open()
        frame = await socket.receive()
        if isinstance(frame, (str, Binary)):
            return frame
        if isinstance(frame, Closed):
            self._end = self._end or frame
            raise self._closed(self._end)
        try:
            return frame.decode()
        except UnicodeDecodeError:
            raise DecodeError(
                "The service sent a text frame that is not UTF-8.", frame, request_id=self.request_id
            ) from None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except StreamClosed as end:
            if self._left or end.code in _WELL:
                raise StopAsyncIteration from None
            raise

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        if self._end is not None:
            state = f"closed with {self._end.code}"
        else:
            state = "not open" if self._socket is None else "open"
        return f"<{type(self).__name__} {self._call.endpoint.partition('?')[0]}, {state}>"

    def _open(self) -> Socket:
        if self._socket is None:
            raise DeepgramWebsocketError("The socket is not open: use it inside its `with` block.")
        return self._socket

    async def _ended(self, socket: Socket) -> None:
        if self._end is None:
            frame = await socket.receive()
            self._end = frame if isinstance(frame, Closed) else None

    def _closed(self, end: Closed) -> StreamClosed:
        if end.code == 1006:
            message = f"The connection broke. {end.reason}".strip()
        else:
            message = f"The other side closed the socket: {end.code} {end.reason}".rstrip()
        return StreamClosed(message, end.code, end.reason, request_id=self.request_id)
