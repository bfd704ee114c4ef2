"""A server on a thread of its own: what tests, and `--local`, talk to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from dgasync.server.accounts import new_project
from dgasync.server.app import Service, Settings, origin
from dgasync.server.engine import Engine, Tell
from dgasync.server.faults import Fault, Faults
from dgasync.server.keys import admit
from dgasync.server.record import Received

__all__ = ["LocalServer"]


class LocalServer:
    """Runs between `with` and the end of its block, from code of any kind: it has its own thread and loop."""

    def __init__(self, engine: Engine, settings: Settings, tell: Tell | None = None) -> None:
        self._engine = engine
        self._settings = settings
        self._tell: Tell = tell or (lambda line: None)
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._service: Service | None = None
        self._port = settings.port

    def __enter__(self) -> LocalServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> LocalServer:
        """Start; returns when it listens, and raises what kept it from that."""
        if self._thread is not None:
            raise RuntimeError("this server was started already")
        self._thread = threading.Thread(target=self._run, name="dgasync-local-server", daemon=True)
        self._thread.start()
        try:
            self._ready.wait()
        except BaseException:  # Ctrl-C, while an engine is downloaded.
            self.close()
            raise
        if self._problem is not None:
            self._thread.join()
            raise self._problem
        return self

    def close(self) -> None:
        """Stop; returns when its port and its threads are gone. Closing twice is harmless."""
        if self._thread is None or self._loop is None or self._stop is None:
            return
        with suppress(RuntimeError):  # Its loop is closed already.
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, as a client wants it: `http://127.0.0.1:40213`."""
        return origin(self._settings.host, self._port)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def engine(self) -> Engine:
        """What listens."""
        return self._engine

    @property
    def requests(self) -> list[Received]:
        """The requests that came, the oldest first."""
        return list(self._running().requests)

    @property
    def faults(self) -> Faults:
        """The faults to come."""
        return self._running().faults

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        """Fail the next requests like this; several calls queue up. `times=None`: all that follow."""
        self.faults.add(fault, times)

    def fail_at_random(self, seed: int, share: float, faults: Sequence[Fault]) -> None:
        """Fail each request with this probability, in one of these ways; the same seed fails the same requests."""
        self.faults.at_random(seed, share, faults)

    def reset(self) -> None:
        """Forget the requests, the faults and, unless a file keeps it, the account; connections that stall are cut."""
        service = self._running()
        if self._settings.database is None:
            service.accounts.reset().result()
        self.faults.clear()
        service.requests.clear()
        assert self._loop is not None
        with suppress(RuntimeError):  # Its loop is closed already.
            self._loop.call_soon_threadsafe(service.relent)

    def add_project(self, name: str) -> str:
        """Make another project, which the API cannot; its id."""
        accounts = self._running().accounts
        return accounts.submit(lambda connection: new_project(connection, name, accounts.now())).result()

    def accept_invite(self, project_id: str, email: str) -> str:
        """Have somebody accept an invite, as a person would by mail; the first API key of the new member.

        Raises `LookupError` where nobody of this address is invited.
        """
        accounts = self._running().accounts
        return accounts.submit(lambda connection: admit(connection, project_id, email, accounts.now())).result()

    def __repr__(self) -> str:
        running = self._thread is not None and self._thread.is_alive()
        return f"<LocalServer {self.url if running else 'not running'}, {self._engine.name}>"

    def _running(self) -> Service:
        if self._service is None:
            raise RuntimeError("the server was not started: use `with`")
        return self._service

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # It is raised again where the server was started.
            self._problem = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._service = service = Service(self._engine, self._settings)

        def started() -> None:
            self._port = service.port
            self._ready.set()

        await service.serve(self._stop, self._tell, started)
