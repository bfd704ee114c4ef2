"""Functions that users register for events: who is called, how, and what becomes of their errors.

```
Handlers      the table, as long as the client lives
└── Firing    the same for one session: with its connection and extra arguments; knows whether one runs just now
```
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import ContextVar
from math import inf
from typing import Any, Generic, Protocol, TypeVar

import anyio

from dgasync.errors import DeepgramTypeError
from dgasync.logs import cry, log

__all__ = ["Dispatcher", "Firing", "Handler", "Handlers", "Report"]

E = TypeVar("E")

Handler = Callable[..., object]
"""A plain or a coroutine function."""

Report = Callable[[BaseException, Any], object]
"""Called with what a handler raised, and the event it was given; a plain or a coroutine function."""


class Dispatcher(Protocol):
    """Where handlers run that are not to run on the loop: a thread of their own."""

    async def call(self, function: Callable[..., object], /, *args: object) -> None:
        """Return when `function(*args)` has run there, one at a time; what it raises comes out."""
        ...

    def wait(self, awaitable: Awaitable[object], /) -> object:
        """What `awaitable` gives; called there."""
        ...

    async def close(self) -> None:
        """Return when nothing runs there any more."""
        ...


class Handlers(Generic[E]):
    """Who is called at which event.

    Args:
        keywords: the names of the events, each with the keyword by which its handlers get it.
        show: the name of the event that something is, and what handlers get to see of it.
        report: takes the errors of handlers.
    """

    def __init__(
        self, keywords: Mapping[str, str], show: Callable[[E], tuple[str, object]], report: Report | None = None
    ) -> None:
        self.keywords = keywords
        self.show = show
        self._report = report or _log
        # Each entry is replaced whole, so that any thread may look while another registers.
        self._table: dict[str, tuple[Handler, ...]] = {}
        self._registering = threading.Lock()

    def on(self, event: object, handler: Handler) -> None:
        """Have `handler` called at `event`, behind those that already are."""
        name = self._name(event)
        if not callable(handler):
            log.warning("A handler of %s is a %s and cannot be called; it is ignored.", name, type(handler).__name__)
            return
        with self._registering:
            self._table[name] = (*self.of(name), handler)

    def off(self, event: object, handler: Handler | None = None) -> None:
        """Call `handler` no more at `event`; without one, nobody."""
        name = self._name(event)
        with self._registering:
            self._table[name] = tuple(h for h in self.of(name) if handler is not None and h != handler)

    def of(self, name: str) -> tuple[Handler, ...]:
        """Who is called at the event of this name, in order."""
        return self._table.get(name, ())

    def report(self, error: BaseException, event: E) -> Awaitable[object] | None:
        """Report what a handler raised; what is left of that to be awaited, if anything."""
        result = self._report(error, event)
        return result if inspect.isawaitable(result) else None

    def _name(self, event: object) -> str:
        for name in self.keywords:
            if event == name:
                return name
        raise DeepgramTypeError(f"There is no event {event!r}. These there are: {', '.join(self.keywords)}.")


class Firing(Generic[E]):
    """The handlers of one session.

    Args:
        handlers: the table.
        connection: what they get first.
        extra: what they get beside the event, by name.
    """

    def __init__(self, handlers: Handlers[E], connection: object, extra: Mapping[str, Any]) -> None:
        self._handlers = handlers
        self._connection = connection
        self._extra = extra
        self._show = handlers.show
        self._calls: dict[str, tuple[tuple[Handler, ...], list[Callable[[object], object]]]] = {}
        self._running = 0
        self._is_cancelled: Callable[[], bool] = bool
        # Not itself: an idle connection keeps the context it was opened in, and with it would keep the whole session.
        self._mark = object()
        self.fired = 0
        """Events whose handlers were called, or are just now."""

    def is_inside(self) -> bool:
        """Whether the code that asks was called by one of these handlers."""
        return self._running > 0 and _INSIDE.get() is self._mark

    def enter(self, is_cancelled: Callable[[], bool] | None = None) -> None:
        """What this task calls from now on counts as inside, while a handler runs.

        Args:
            is_cancelled: whether this task was asked to stop; unless it was, a cancellation that a handler lets out is
                the handler's own error.
        """
        _INSIDE.set(self._mark)
        if is_cancelled is not None:
            self._is_cancelled = is_cancelled

    def fire(self, events: Iterable[E], wait: Callable[[Awaitable[object]], object]) -> None:
        """Call the handlers on this thread; `wait` sees to what coroutine functions leave to be awaited."""
        self.enter()
        self._running += 1
        try:
            for event in events:
                self.fired += 1
                name, shown = self._show(event)
                for call in self.calls(name):
                    # What a handler raises here ends nothing, whatever it is: there is nobody to whom it could go.
                    try:
                        result = call(shown)
                        if result is not None and inspect.isawaitable(result):
                            wait(result)
                    except BaseException as error:
                        try:
                            told = self._handlers.report(error, event)
                            if told is not None:
                                wait(told)
                        except BaseException:
                            log.exception(_UNREPORTED)
        finally:
            self._running -= 1

    async def fire_here(self, events: AsyncIterator[E], fired: Callable[[], object] | None = None) -> None:
        """Call the handlers in this task, one after another; `fired` after the first event's."""
        async for event in events:
            self.fired += 1
            name, shown = self._show(event)
            self._running += 1
            try:
                for call in self.calls(name):
                    try:
                        result = call(shown)
                        if result is not None and inspect.isawaitable(result):
                            await result
                    except BaseException as error:
                        if not self._is_handlers(error):
                            raise
                        await self._report(error, event)
            finally:
                self._running -= 1
            if fired is not None:
                fired()
                fired = None

    def fire_apart(self, events: Iterable[E], spawn: Callable[..., object]) -> None:
        """Call the handlers; what coroutine functions leave to be awaited goes on in tasks of their own."""
        self._running += 1
        try:
            for event in events:
                self.fired += 1
                name, shown = self._show(event)
                for call in self.calls(name):
                    try:
                        result = call(shown)
                    except BaseException as error:
                        if not self._is_handlers(error):
                            raise
                        spawn(self._apart, self._report(error, event), event)
                    else:
                        if result is not None and inspect.isawaitable(result):
                            spawn(self._apart, result, event)
        finally:
            self._running -= 1

    async def _apart(self, awaitable: Awaitable[object], event: E) -> None:
        self._running += 1
        try:
            await awaitable
        except BaseException as error:
            if not self._is_handlers(error):
                raise
            await self._report(error, event)
        finally:
            self._running -= 1

    async def _report(self, error: BaseException, event: E) -> None:
        try:
            told = self._handlers.report(error, event)
            if told is not None:
                await told
        except BaseException as failed:
            if not self._is_handlers(failed):
                raise
            log.exception(_UNREPORTED)

    def _is_handlers(self, error: BaseException) -> bool:
        """Whether what came out of a handler is its own: any error, and the cancellation of something it waited for."""
        if isinstance(error, Exception):
            return True
        return (
            isinstance(error, anyio.get_cancelled_exc_class())
            and anyio.current_effective_deadline() != -inf
            and not self._is_cancelled()
        )

    def calls(self, name: str) -> list[Callable[[object], object]]:
        """The handlers of an event as functions of what they get to see; those of this moment."""
        handlers = self._handlers.of(name)
        known = self._calls.get(name)
        if known is None or known[0] is not handlers:
            keywords = self._handlers.keywords
            known = (handlers, [_call(handler, self._connection, keywords[name], self._extra) for handler in handlers])
            self._calls[name] = known
        return known[1]


_UNREPORTED = "What was to report the error of a handler failed itself."

_INSIDE: ContextVar[object] = ContextVar("dgasync_handler_of", default=None)


def _call(handler: Handler, connection: object, keyword: str, extra: Mapping[str, Any]) -> Callable[[object], object]:
    by_keyword, given = _manner(handler, keyword, extra)
    if by_keyword:
        if not given:  # to lay one mapping over another takes a fifth of the time
            return lambda shown: handler(connection, **{keyword: shown})
        return lambda shown: handler(connection, **{keyword: shown}, **given)
    return lambda shown: handler(connection, shown, **given)


def _manner(handler: Handler, keyword: str, extra: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
    """Whether the event goes by keyword, and the extra arguments that this handler takes.

    v3 gave some events by position at one time and by keyword at another, with and without what `start` was given, and
    handlers were written for each.
    """
    try:
        signature = inspect.signature(handler, **_LENIENT)
    except Exception:  # builtins may have none, and one that is given by hand may be anything
        return not inspect.isbuiltin(handler), {} if inspect.isbuiltin(handler) else extra
    nothing: Mapping[str, Any] = {}
    # Python 3.13.0 binds a keyword to what can be given by position only.
    asked = [each for each in signature.parameters.values() if each.kind is each.POSITIONAL_ONLY]
    manners = ((True, extra), (False, extra), (True, nothing), (False, nothing))
    for by_keyword, given in manners if len(asked) < 2 else manners[1::2]:
        try:
            if by_keyword:
                signature.bind(None, **{keyword: None}, **given)
            else:
                signature.bind(None, None, **given)
        except TypeError:
            continue
        return by_keyword, given
    return True, extra


_LENIENT: Mapping[str, Any] = {}
if sys.version_info >= (3, 14):  # pragma: no cover
    # There a look at a signature evaluates its annotations, and what is imported for type checkers only has no value.
    from annotationlib import Format

    _LENIENT = {"annotation_format": Format.FORWARDREF}


def _log(error: BaseException, event: object) -> None:
    name = getattr(event, "type", type(event).__name__)
    cry("A handler of %s raised; the stream goes on.", name, error=error)
