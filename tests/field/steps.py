"""Counting the awaits of a request, and doing something at one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Steps:
    """Counts each time that a coroutine watched by it goes to sleep; at the `at`-th it calls `act`, once."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.taken = 0
        self._at = at
        self._act = act

    @property
    def acted(self) -> bool:
        return self.taken >= self._at

    def take(self) -> None:
        self.taken += 1
        if self.taken == self._at:
            self._act()

    def factory(self, loop: asyncio.AbstractEventLoop, work: Any, **kwargs: Any) -> asyncio.Task[Any]:
        """A task factory: all tasks that begin from now on are watched together."""
        return asyncio.Task(Watched(work, self), loop=loop, **kwargs)


class Watched(Coroutine[Any, Any, Any]):
    """A coroutine that tells `steps` whenever it goes to sleep; else it is what it was, down to its inside."""

    def __init__(self, work: Any, steps: Steps) -> None:
        self._work = work
        self._steps = steps

    def send(self, value: Any, /) -> Any:
        asked = self._work.send(value)
        self._steps.take()
        return asked

    def throw(self, *error: Any) -> Any:
        asked = self._work.throw(*error)
        self._steps.take()
        return asked

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return _Awaited(self)  # type: ignore[return-value]  # it is one as far as `await` goes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


class _Awaited:
    """A watched coroutine as an iterator: that is what `await` asks for."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self.send, self.throw, self.close = watched.send, watched.throw, watched.close

    def __iter__(self) -> _Awaited:
        return self

    def __next__(self) -> Any:
        return self._watched.send(None)
