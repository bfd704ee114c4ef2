"""What websocket clients in the documented style have in common: handlers, `start` and `finish`.

```
start ──► root task: a session ──► handlers, in order: on the user's loop, or on the plain twin's own thread
send, ..., finish ──► the session
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dgasync.api.handlers import Firing, Handlers
from dgasync.api.road import Road
from dgasync.api.run import Run
from dgasync.config import is_on
from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError, SessionEnded
from dgasync.logs import log
from dgasync.protocol.live import Phase
from dgasync.session.core import Core

if TYPE_CHECKING:
    from dgasync.api.handlers import Dispatcher, Handler, Report
    from dgasync.config import DeepgramClientOptions

__all__ = ["EventClient", "delay_of"]

E = TypeVar("E")
N = TypeVar("N")
S = TypeVar("S", bound=Core[Any])


class EventClient(Generic[E, N, S]):
    """`E` is what happens, `N` the names of it, `S` the session in which it does."""

    def __init__(
        self,
        config: DeepgramClientOptions,
        keywords: Mapping[str, str],
        show: Callable[[E], tuple[str, object]],
        *,
        concurrent_handlers: bool,
        on_handler_error: Report | None,
    ) -> None:
        self._road = Road.of(config)
        self._settings = config.options
        self._handlers: Handlers[E] = Handlers(keywords, show, on_handler_error)
        self._concurrent = concurrent_handlers
        self._run: Run[E, S] | None = None
        self._face: object = self
        self._dispatcher: Callable[[], Dispatcher] | None = None

    def serve(self, face: object, dispatcher: Callable[[], Dispatcher]) -> None:
        """Be the core of a plain twin.

        Args:
            face: what handlers get as the connection, and what has the `members`.
            dispatcher: makes the place where the handlers of one session run.
        """
        self._face = face
        self._dispatcher = dispatcher

    @property
    def error(self) -> Exception | None:
        """What the last session failed with, at `start` or later; None while all is well."""
        return None if self._run is None else self._run.error

    def off(self, event: N | str, handler: Handler | None = None) -> None:
        """Call `handler` no more at such events; without one, nobody. One that is not registered is no error."""
        self._handlers.off(event, handler)

    async def finish(self) -> bool:
        """True, after the last words: when all handlers have run, Close last.

        In a handler it is True when everything was sent, the farewell behind it.
        """
        run = self._run
        if run is not None:
            await run.finish()
            if run.session.error is not None and is_on(self._settings, "termination_exception"):
                raise run.session.error
        return True

    async def is_connected(self) -> bool:
        """Whether the connection stands."""
        return self._run is not None and self._run.session.phase in (Phase.OPEN, Phase.DRAINING)

    async def _start(self, make: Callable[[], S], members: Mapping[str, Any] | None, extra: Mapping[str, Any]) -> bool:
        """Whether the session that `make` makes stands, once the handlers of Open have run."""
        if self._run is not None:
            await self._run.told()
        if self._run is not None and self._run.session.phase is not Phase.ENDED:
            raise DeepgramWebsocketError("This connection is started already: `finish` it first, or make another one.")
        for name, value in (members or {}).items():
            setattr(self._face, name, value)
        session = make()
        dispatcher = self._dispatcher() if self._dispatcher is not None else None
        firing = Firing(self._handlers, self._face, extra)
        run = self._run = Run(
            session,
            firing,
            self._road.transport,
            dispatcher,
            concurrent=self._concurrent,
            failed=self._failed,
        )
        if await run.start():
            return True
        error = run.error
        if isinstance(error, DeepgramTypeError) or (error and is_on(self._settings, "termination_exception_connect")):
            raise error
        return False

    async def _do(self, act: Callable[[S], Awaitable[object]]) -> bool:
        """Whether the session took it: False before `start` and after the end, of which the handlers know by then."""
        run = self._run
        if run is None:
            return False
        if not run.is_answered:
            await run.answered.wait()
        try:
            await act(run.session)
        except SessionEnded:
            if is_on(self._settings, "termination_exception_send"):
                raise
            await run.told()
            return False
        return True

    def _post(self, act: Callable[[S], object]) -> bool:
        """The same for other threads."""
        run = self._run
        if run is None:
            return False
        try:
            act(run.session)
        except SessionEnded:
            if is_on(self._settings, "termination_exception_send"):
                raise
            run.told_to_thread()
            return False
        return True

    def _failed(self, error: Exception) -> None:
        if not self._handlers.of("Error"):
            log.error("The live session failed, and nobody handles its errors: %s", error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}, {self._run.session if self._run else 'not started'}>"


def delay_of(settings: Mapping[str, Any], name: str) -> float | None:
    """The seconds that an option of the client's set-up says in milliseconds; None where it says nothing."""
    milliseconds = settings.get(name)
    if milliseconds is None:
        return None
    try:
        seconds = float(milliseconds) / 1000
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise DeepgramTypeError(f"`{name}` is a number of milliseconds; got {milliseconds!r}.")
    return seconds
