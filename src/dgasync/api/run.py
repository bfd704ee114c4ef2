"""One session of a documented websocket client, from `start` to Close, and the root task that lives through it.

The documented `start` and `finish` may be called from different tasks, which no task group allows. So the session lives
in a task without a parent, which enters and leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import anyio

from dgasync.api.handlers import Firing
from dgasync.errors import DeepgramTypeError, SessionEnded
from dgasync.limits import CLOSE_TIMEOUT
from dgasync.models.events import Close, Error
from dgasync.protocol.live import Phase
from dgasync.session.core import Core

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.api.handlers import Dispatcher
    from dgasync.transport.seam import RootTask, Transport

__all__ = ["Run"]

E = TypeVar("E")
S = TypeVar("S", bound=Core[Any])


class Run(Generic[E, S]):
    """One session from `start` to Close, and the root task that lives through it."""

    def __init__(
        self,
        session: S,
        firing: Firing[E],
        transport: Transport,
        dispatcher: Dispatcher | None,
        *,
        concurrent: bool,
        failed: Callable[[Exception], None],
    ) -> None:
        self.session = session
        self.is_answered = False
        """Whether the handshake is over, well or not."""
        self.answered = anyio.Event()
        self._firing = firing
        self._transport = transport
        self._dispatcher = dispatcher
        self._concurrent = concurrent
        self._failed = failed
        self._error: Exception | None = None
        self._has_stood = False
        self._opened = anyio.Event()  # when the handlers of Open, or of a failed start, have run
        self._over = anyio.Event()  # when all have
        self._over_for_threads = threading.Event()
        self._root: RootTask

    @property
    def error(self) -> Exception | None:
        """What it failed with, from before the handlers of Error are called."""
        return self._error or self.session.error

    async def start(self) -> bool:
        """Whether it connected, once the handlers of Open, or those of what went wrong, have run."""
        self._root = self._transport.spawn_root(self._main, name="dgasync live session")
        try:
            await self._opened.wait()
        except BaseException:
            await self._abandon()
            raise
        return self._has_stood

    async def finish(self) -> None:
        """Return when all handlers have run, or in a handler, when CloseStream is sent."""
        if self._firing.is_inside():
            await self.session.close_stream()
            return
        try:
            await self.answered.wait()
            await self.session.close_stream()
            await self._over.wait()
        except BaseException:
            await self._abandon()
            raise

    async def told(self) -> None:
        """Return when the user knows of the end, if this is the end: Error and Close have been fired.

        A handler may wait for whoever waits here. So one that takes longer than `CLOSE_TIMEOUT` is not waited for.
        """
        fired = -1
        while self._is_to_be_told() and fired != self._firing.fired:
            fired = self._firing.fired
            with self._transport.clock.move_on_after(CLOSE_TIMEOUT):
                await self._over.wait()

    def told_to_thread(self) -> None:
        """The same for another thread than the loop's."""
        fired = -1
        while self._is_to_be_told() and fired != self._firing.fired:
            fired = self._firing.fired
            self._over_for_threads.wait(CLOSE_TIMEOUT)

    def _is_to_be_told(self) -> bool:
        return (
            self.session.phase is Phase.ENDED and not self._over_for_threads.is_set() and not self._firing.is_inside()
        )

    async def _abandon(self) -> None:
        self._root.cancel()
        # The session may take one for its socket, the handlers' thread another.
        with self._transport.clock.move_on_after(2 * CLOSE_TIMEOUT, shield=True):
            await self._root.wait()

    async def _main(self) -> None:
        self._firing.enter(self._root.is_cancelled)
        try:
            async with self.session:
                self._has_stood = True
                self._answer()
                await self._serve()
        except Exception as error:
            self._error = error
            self._answer()
            if not isinstance(error, DeepgramTypeError):  # a mistake in the call: that goes to the caller alone
                self._failed(error)
                if not self._has_stood:
                    await self._fire(cast("E", Error.of(error)))  # one of the events of every product
        except BaseException:
            if not self._has_stood:
                self._error = SessionEnded("The session was given up before it was open.")
            raise
        finally:
            self._answer()
            if self._dispatcher is not None:
                with self._transport.clock.move_on_after(CLOSE_TIMEOUT, shield=True):
                    await self._dispatcher.close()
            self._opened.set()
            self._over.set()
            self._over_for_threads.set()

    def _answer(self) -> None:
        self.is_answered = True
        self.answered.set()

    async def _serve(self) -> None:
        if self._dispatcher is not None:
            while events := await self.session.take():
                await self._dispatcher.call(self._firing.fire, events, self._dispatcher.wait)
                self._opened.set()
        elif self._concurrent:
            await self._serve_concurrently()
        else:
            await self._firing.fire_here(self.session, self._opened.set)

    async def _serve_concurrently(self) -> None:
        events: list[E] = await self.session.take()
        await self._firing.fire_here(_Only(events.pop(0)), self._opened.set)
        async with anyio.create_task_group() as group:
            while not (events and type(events[-1]) is Close):
                self._firing.fire_apart(events, group.start_soon)
                events = await self.session.take()
            self._firing.fire_apart(events[:-1], group.start_soon)
        await self._firing.fire_here(_Only(events[-1]))
        await self.session.take()  # nothing more, or what the session failed with

    async def _fire(self, event: E) -> None:
        if self._dispatcher is not None:
            await self._dispatcher.call(self._firing.fire, [event], self._dispatcher.wait)
        else:
            await self._firing.fire_here(_Only(event))


class _Only(Generic[E]):
    """One event, taken as those of a session are."""

    def __init__(self, event: E) -> None:
        self._event: E | None = event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        event, self._event = self._event, None
        if event is None:
            raise StopAsyncIteration
        return event
