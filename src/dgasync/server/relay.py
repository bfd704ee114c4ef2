"""One connection through a fault proxy: what is read on one side is written on the other, but for its troubles."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from dgasync.server.frames import BINARY, CLOSE, FIN, PONG, TEXT, frame
from dgasync.server.pump import END_OF_HEAD, MAX_HEAD, Outlet, Over, Pump, Side
from dgasync.server.replies import Refusal, error_response
from dgasync.server.trouble import Trouble, Way

__all__ = ["Connection", "Relay"]

CONNECT_TIMEOUT = 5.0
"""Seconds for the server to take a connection."""
LINGER = 2.0
"""Seconds a client has to answer a close frame, and to close once its other side has."""

_PLACELESS = ("status", "text", "slow", "drop", "reset", "stall")
"""What happens to a request when it has no place."""


@dataclass
class Connection:
    """What happened on one connection, and goes on happening until it has `ended`."""

    request: str = ""
    """How the request began: `GET /v1/listen?model=nova-3`."""
    troubles: tuple[Trouble, ...] = ()
    """What was to happen; places that the seed chose are numbers here."""
    status: int | None = None
    """What the request was answered, by the server or the proxy."""
    websocket: bool = False
    """Whether it became a websocket."""
    audio: int = 0
    """Bytes of audio that were passed on: payload of binary messages, or the body of the request."""
    sent: int = 0
    """Bytes behind the head of the request that were passed on to the server."""
    received: int = 0
    """Bytes behind the head of the answer that were passed on to the client."""
    ended: str | None = None
    """None while it is open, then `client` or `server` for who ended it, or what did: `drop`, `reset`, `close`,
    `refused`, `killed`, `unreachable` for a server that is not there, or `stopped` by the end of the proxy."""

    def __repr__(self) -> str:
        words = ", ".join((self.request or "no request", f"{self.sent} bytes sent", f"{self.received} received"))
        return f"<Connection {words}, {self.ended or 'open'}>"


class Relay:
    """One connection, from its first byte to the end of both its sockets."""

    def __init__(
        self, client: Side, server: tuple[str, int], seen: Connection, take: Callable[[], tuple[Trouble, ...]]
    ) -> None:
        self.seen = seen
        self._client = client
        self._address = server
        self._take = take
        self._server: Side | None = None
        self._outlet = Outlet(client)
        self._pumps: dict[Way, Pump] = {}
        self._opened = asyncio.Event()
        self._stuck = asyncio.Event()
        self._pings = False
        self.killed = False

    async def run(self) -> None:
        """Serve it to its end."""
        ended = "stopped"
        try:
            ended = await self._serve()
            await self._part(ended)
        except asyncio.CancelledError:
            ended = "killed" if self.killed else "stopped"
            raise
        finally:
            for side in (self._client, self._server):
                if side is not None:
                    side.reset() if ended in ("reset", "killed", "stopped") else side.close()
            for side in (self._client, self._server):
                if side is not None:
                    await side.closed.wait()
            self.seen.ended = ended

    async def _serve(self) -> str:
        client, seen = self._client, self.seen
        head = await client.head()
        if END_OF_HEAD not in head:
            if len(head) < MAX_HEAD:
                return "client"
            return await self._refuse(431)
        seen.request = head.split(b" HTTP/", 1)[0].decode("latin-1")
        seen.troubles = self._take()
        for one in seen.troubles:
            if one.placed or one.kind not in _PLACELESS:
                continue
            if one.kind in ("drop", "reset"):
                return one.kind
            if one.kind in ("status", "text"):
                return await self._refuse(one.code, one)
            wait = client.gone.wait() if one.kind == "stall" else asyncio.sleep(one.seconds or 0.0)
            try:
                if await asyncio.wait_for(wait, one.seconds if one.kind == "stall" else None):
                    return "client"
            except asyncio.TimeoutError:
                pass
        try:
            connecting = asyncio.get_running_loop().create_connection(Side, *self._address)
            _, server = await asyncio.wait_for(connecting, CONNECT_TIMEOUT)
        except (OSError, asyncio.TimeoutError):
            await self._refuse(502)
            return "unreachable"
        self._server = server
        try:
            return await self._flow(head, server)
        except Over as over:
            return str(over)

    async def _refuse(self, status: int, one: Trouble | None = None) -> str:
        """Answer in the place of the server."""
        request_id = str(uuid.uuid4())
        body, headers = (one.body, one.headers) if one is not None else (None, None)
        if body is None:
            refusal = Refusal(status, f"STATUS_{status}", f"Served on purpose: {status}.", headers)
            response = error_response(refusal, request_id)
            assert isinstance(response.body, bytes)
            headers, body = response.headers, response.body
        phrase = next((known.phrase for known in HTTPStatus if known == status), "On purpose")
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in (headers or {}).items())]
        lines += ["Connection: close", f"Content-Length: {len(body)}", "", ""]
        self.seen.status = status
        with suppress(ConnectionError):
            await self._client.write("\r\n".join(lines).encode("latin-1") + body)
        return "refused"

    async def _flow(self, head: bytes, server: Side) -> str:
        """Pass on both ways; how it ended. Raises `Over` when it was a trouble."""
        wants = b"\nupgrade: websocket" in head.lower()
        self._pumps["sent"] = Pump(self, "sent", self._client, self._to_server)
        self._pumps["received"] = Pump(self, "received", server, self._outlet.write)
        sending = asyncio.create_task(self._send(head if wants else _alone(head), wants))
        receiving = asyncio.create_task(self._receive(server, wants))
        leaving = asyncio.create_task(self._leave())
        tasks = (sending, receiving, leaving)
        said = "server"
        try:
            while True:
                done, _ = await asyncio.wait(
                    [task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED
                )
                if sending in done:
                    with suppress(ConnectionResetError):  # The server reads no more; what it says is still to come.
                        sending.result()
                        said = "client"
                        if not self._client.broken:
                            server.write_eof()
                if receiving in done:
                    try:
                        receiving.result()
                    except ConnectionResetError:
                        return "client"
                    return said
                if leaving in done or self._client.broken or (said == "client" and self._outlet.muted):
                    return "client"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, head: bytes, wants: bool) -> None:
        pump = self._pumps["sent"]
        await pump.head(head)
        if wants:
            await self._opened.wait()
        await pump.run(framed=self.seen.websocket)

    async def _receive(self, server: Side, wants: bool) -> None:
        pump, seen = self._pumps["received"], self.seen
        head = await server.head()
        status = head.split(b" ", 2)[1:2]
        seen.status = int(status[0]) if status and status[0].isdigit() else None
        await pump.head(head)
        seen.websocket = self._outlet.framed = wants and seen.status == 101
        self._opened.set()
        await pump.run(framed=seen.websocket)
        if self._outlet.muted:
            await asyncio.Event().wait()

    async def _leave(self) -> None:
        """Return when the client leaves a connection that is stuck for good: nobody else would notice."""
        await self._stuck.wait()
        await self._client.gone.wait()

    async def _to_server(self, data: bytes) -> None:
        assert self._server is not None
        try:
            await self._server.write(data)
        except ConnectionResetError:
            if not self._outlet.muted:
                raise

    async def _part(self, ended: str) -> None:
        """End both connections as the ending is, but for closing the sockets."""
        client, server = self._client, self._server
        if server is not None and (ended == "reset" or (ended == "client" and client.broken)):
            server.reset()
        elif server is not None and server.broken and ended == "server":
            client.reset()
        elif server is not None:
            server.close()
        if ended not in ("client", "reset"):
            if ended != "close":
                client.write_eof()
            # What has come and was not read would make a reset of the end.
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(client.rest(), LINGER)

    # What the pumps tell and ask.

    def note(self, way: Way, count: int, audio: int) -> None:
        """So much has been passed on."""
        if way == "sent":
            self.seen.sent, self.seen.audio = count, audio
        else:
            self.seen.received = count

    async def answer(self, pings: list[bytes]) -> None:
        """Answer these, when there is nobody else who does."""
        while pings:
            ping = pings.pop(0)
            if self._outlet.muted and self._pings:
                await self._outlet.put(frame(FIN | PONG, ping), control=True)

    async def happen(self, one: Trouble) -> None:
        """Let it happen; what is of websockets happens to nothing else."""
        ways: tuple[Way, ...] = ("sent", "received")
        pumps = [self._pumps[way] for way in ways if one.way in (way, "both")]
        if one.kind in ("drop", "reset"):
            raise Over(one.kind)
        if one.kind == "stall":
            for pump in pumps:
                pump.stall(one.seconds)
            if one.seconds is None:
                self._stuck.set()
        elif one.kind == "garbage":
            await self._client.write(one.body or b"")
        elif self.seen.websocket:
            await self._interfere(one, pumps)

    async def _interfere(self, one: Trouble, pumps: list[Pump]) -> None:
        if one.kind == "mute":
            self._outlet.muted, self._pings = True, one.whole
        elif one.kind == "close":
            payload = one.code.to_bytes(2, "big") + one.reason.encode()
            await self._outlet.put(frame(FIN | CLOSE, payload), control=True, last=True)
        elif one.kind == "text_frame":
            for said in one.frames:
                first, payload = (FIN | TEXT, said.encode()) if isinstance(said, str) else (FIN | BINARY, said)
                await self._outlet.put(frame(first, payload), control=False)
        else:
            for reframer in (pump.reframer for pump in pumps if pump.reframer is not None):
                if one.kind == "duplicate":
                    reframer.twice += 1
                else:
                    reframer.behind += 1


def _alone(head: bytes) -> bytes:
    """The head of a request that leaves the connection to itself, so that each has its own."""
    lines = [line for line in head[: -len(END_OF_HEAD)].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join((*lines, b"Connection: close")) + END_OF_HEAD
