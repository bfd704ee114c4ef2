"""Calls that may hang, and know no deadline of their own: keyrings, name servers, audio devices."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

__all__ = ["TooLong", "within"]

T = TypeVar("T")


class TooLong(Exception):
    """It did not end in time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises.

    It runs on a thread of its own. One that hangs is left there, which keeps no process from ending.

    Raises:
        TooLong: it has done neither after so many seconds.
    """
    call = _Call(work)
    thread = Thread(target=call.run, name="dgasync deadline", daemon=True)
    thread.start()
    thread.join(seconds)
    return call.result()


class _Call(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._values: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._values.append(self._work())
        except BaseException as error:
            self._error = error

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        if not self._values:
            raise TooLong
        return self._values[0]
