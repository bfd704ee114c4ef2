"""A fault proxy on a thread of its own: gets in the way of any client and any server, by script and by seed."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from urllib.parse import urlsplit

from dgasync.server.faults import Fault, Faults
from dgasync.server.pump import Side
from dgasync.server.relay import Connection, Relay
from dgasync.server.trouble import Trouble, Troubles

__all__ = ["FaultProxy"]

PATIENCE = 10.0
"""Seconds for its own thread to do what it is told."""


class FaultProxy:
    """Stands before a server between `with` and the end of the block, and passes on what is said, in both directions.

    `fail` says what happens to the next connections. Each request has a connection of its own.
    """

    def __init__(self, upstream_url: str, *, port: int = 0, keep_connections: int = 1000) -> None:
        """`upstream_url`: `http://` or `ws://`, host and port. `keep_connections`: how many are remembered."""
        asked = urlsplit(upstream_url)
        if asked.scheme not in ("http", "ws") or not asked.hostname or asked.path.strip("/") or asked.query:
            raise ValueError(f"a proxy stands before http://HOST:PORT or ws://HOST:PORT, not {upstream_url!r}")
        self._upstream = asked.hostname, asked.port or 80
        self._port = port
        self._faults = Faults()
        self._dice = random.Random(0)
        self._connections: deque[Connection] = deque(maxlen=keep_connections)
        self._changed = threading.Condition()
        self._relays: dict[Relay, asyncio.Task[None]] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def __enter__(self) -> FaultProxy:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> FaultProxy:
        """Start; it listens when this returns."""
        if self._thread is not None:
            raise RuntimeError("this proxy was started already")
        listener = socket.create_server(("127.0.0.1", self._port), backlog=512)
        self._port = listener.getsockname()[1]
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, listener, self._stop), name="dgasync-fault-proxy", daemon=True
        )
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop; returns when its port, its thread and all connections are gone. Closing twice is harmless."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, as a client wants it: `http://127.0.0.1:40213`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections(self) -> list[Connection]:
        """What happened on each connection, the oldest first."""
        with self._changed:
            return list(self._connections)

    def fail(self, *faults: Fault, times: int | None = 1) -> None:
        """Do all of this to the next connection; several calls queue up. `times=None`: to all that follow.

        What needs no more than a connection may be a `Fault`, too.
        """
        self._faults.add(Troubles("troubles", troubles=tuple(map(Trouble.of, faults))), times)

    def fail_at_random(self, seed: int, share: float, faults: Sequence[Fault]) -> None:
        """Behind the script: one of these happens to a connection with this probability.

        The same seed gives the same connections the same troubles, at the same places where these are a `range`.
        """
        self._dice = random.Random(f"places of {seed}")
        self._faults.at_random(seed, share, [Trouble.of(fault) for fault in faults])

    def reset(self) -> None:
        """Forget the connections, open ones as well, and the troubles to come."""
        self._faults.clear()
        with self._changed:
            self._connections.clear()

    def kill(self) -> int:
        """Reset all connections now, on both sides; how many there were."""
        if self._thread is None or self._loop is None or not self._thread.is_alive():
            raise RuntimeError("the proxy does not run: use `with`")
        return asyncio.run_coroutine_threadsafe(self._kill(), self._loop).result(PATIENCE)

    def wait(self, count: int = 1, timeout: float = 30.0) -> list[Connection]:
        """The first `count` connections, once they have ended; raises `TimeoutError`."""

        def ended() -> list[Connection]:
            return [one for one in list(self._connections)[:count] if one.ended is not None]

        with self._changed:
            if not self._changed.wait_for(lambda: len(ended()) == count, timeout):
                raise TimeoutError(f"{len(ended())} of {count} connections ended in {timeout:g} s")
            return ended()

    def __repr__(self) -> str:
        running = self._thread is not None and self._thread.is_alive()
        host, port = self._upstream
        return f"<FaultProxy {self.url if running else 'not running'}, before {host}:{port}>"

    # On its own thread.

    def _run(self, loop: asyncio.AbstractEventLoop, listener: socket.socket, stop: asyncio.Event) -> None:
        try:
            loop.run_until_complete(self._serve(listener, stop))
        finally:
            loop.close()

    async def _serve(self, listener: socket.socket, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Side(self._accept), sock=listener)
        await stop.wait()
        server.close()
        for _ in range(3):  # What is being accepted at this moment becomes a connection like others.
            await asyncio.sleep(0)
        tasks = list(self._relays.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        await server.wait_closed()

    def _accept(self, client: Side) -> None:
        seen = Connection()
        with self._changed:
            self._connections.append(seen)
        relay = Relay(client, self._upstream, seen, self._take)
        task = self._relays[relay] = asyncio.create_task(relay.run())
        task.add_done_callback(lambda task: self._ended(relay, client, seen))

    def _ended(self, relay: Relay, client: Side, seen: Connection) -> None:
        del self._relays[relay]
        if seen.ended is None:  # It was cancelled before it began.
            client.reset()
            seen.ended = "stopped"
        with self._changed:
            self._changed.notify_all()

    def _take(self) -> tuple[Trouble, ...]:
        fault = self._faults.take()
        taken = fault.troubles if isinstance(fault, Troubles) else [fault] if isinstance(fault, Trouble) else []
        return tuple(trouble.settled(self._dice) for trouble in taken)

    async def _kill(self) -> int:
        relays = dict(self._relays)
        for relay, task in relays.items():
            relay.killed = True
            task.cancel()
        await asyncio.gather(*relays.values(), return_exceptions=True)
        return len(relays)
