"""Functions that an agent calls, while the conversation goes on.

```
call ──► arguments, by the signature ──► plain: a worker thread; coroutine function: here ──► text
```
Whatever goes wrong is an answer, too: the agent is to know, and can say so.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread

from dgasync.errors import DeepgramError, DeepgramTypeError, Timeout
from dgasync.limits import FUNCTION_TIMEOUT, MAX_CALLS
from dgasync.logs import log
from dgasync.protocol.functions import written
from dgasync.transport.seam import CALLER

if TYPE_CHECKING:
    from dgasync.models.agent import FunctionCall
    from dgasync.protocol.functions import Callee
    from dgasync.transport.seam import Clock

__all__ = ["Calls"]


class Calls:
    """The functions of one session.

    Args:
        functions: by their names.
        by_hand: names of functions that the user answers himself; None: all that are not in `functions`.
        timeout: seconds that one may take; None is `FUNCTION_TIMEOUT`.
    """

    def __init__(self, functions: Mapping[str, Callee], by_hand: frozenset[str] | None, timeout: float | None) -> None:
        self._functions = functions
        self._by_hand = None if by_hand is None else set(by_hand)
        self._timeout = FUNCTION_TIMEOUT if timeout is None else timeout
        self._running = 0
        self._is_apart = False
        self._clock: Clock
        self._threads: anyio.CapacityLimiter

    def begin(self, clock: Clock) -> None:
        """The session is entered."""
        self._clock = clock
        # Its own: a function that hangs is not to keep threads from the rest of the program.
        self._threads = anyio.CapacityLimiter(MAX_CALLS)
        # Entered by plain code, it runs on a loop that is not the user's, and must not be kept waiting.
        self._is_apart = CALLER.get() is not None

    def takes(self, call: FunctionCall) -> bool:
        """Whether a call is answered here: those that the service makes itself are not, nor those by hand."""
        if not (self._functions and call.client_side):
            return False
        return call.name in self._functions or (self._by_hand is not None and call.name not in self._by_hand)

    def leave(self, names: Iterable[str]) -> None:
        """The user answers these himself, too, unless there is a function of that name."""
        if self._by_hand is not None:
            self._by_hand.update(names)

    async def answer(self, call: FunctionCall) -> tuple[object, Exception | None]:
        """What to tell the agent, and what went wrong, if anything."""
        CALLER.set(None)  # whoever waited for the event goes on
        callee = self._functions.get(call.name or "")
        if callee is None:
            error: Exception = DeepgramTypeError(
                f"There is no function {call.name!r}. These there are: {', '.join(self._functions)}."
            )
        elif self._running >= MAX_CALLS:
            error = DeepgramError(f"{MAX_CALLS} functions are running already.")
        else:
            self._running += 1
            try:
                return await self._called(callee, call.arguments or "{}"), None
            except Exception as raised:
                error = raised
            finally:
                self._running -= 1
        # Not its text: that may hold what was said, or a key.
        log.error("The function %s failed with %s; the agent was told.", call.name, type(error).__name__)
        said = error.message if isinstance(error, DeepgramError) else f"{type(error).__name__}: {error}"
        return {"error": said}, error

    async def _called(self, callee: Callee, text: str) -> str:
        given, named = callee.arguments(text)
        run = partial(callee.function, *given, **named)
        with self._clock.move_on_after(self._timeout):
            result: Any
            if self._is_apart:
                result = await self._in_thread(lambda: _to_its_end(run))
            else:
                result = run() if callee.is_async else await self._in_thread(run)
                if inspect.isawaitable(result):
                    result = await result
            return written(result)
        raise Timeout(f"The function {callee.name} took longer than {self._timeout:g} s.")

    async def _in_thread(self, run: Callable[[], Any]) -> Any:
        # In a tuple, for trio takes a coroutine that comes out of a thread for a mistake.
        (result,) = await to_thread.run_sync(lambda: (run(),), abandon_on_cancel=True, limiter=self._threads)
        return result


def _to_its_end(run: Callable[[], Any]) -> Any:
    """What a function of either kind returns, on this thread."""
    result = run()
    return anyio.run(_awaited, result) if inspect.isawaitable(result) else result


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
