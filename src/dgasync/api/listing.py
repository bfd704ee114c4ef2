"""Lists that fetch their own pages."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from dgasync.errors import DecodeError

if TYPE_CHECKING:
    from dgasync.models.base import Number

__all__ = ["AsyncListing", "Page", "Things"]

T = TypeVar("T")

STALE_PAGES = 10
"""How many pages in a row may bring nothing new, before the service is taken to repeat itself for ever.

A list whose newest items come first moves on while it is read, a busy one by whole pages."""


class Page(Generic[T]):
    """A part of a list, and what the service says of it."""

    __slots__ = ("items", "limit", "number")

    def __init__(self, items: Iterable[T] | None, number: Number | None = None, limit: Number | None = None) -> None:
        self.items = list(items or ())
        self.number = None if number is None else int(number)
        self.limit = None if limit is None else int(limit)
        """How many items a full page has."""


class Things(list[T]):
    """A list, of which a notebook shows a table."""

    __slots__ = ()

    def _repr_html_(self) -> str | None:
        from dgasync.display.account import every

        return every(self)


class AsyncListing(Generic[T]):
    """What there is of something, one after the other: `async for key in project.keys.list()`, or `all()` at once.

    Nothing is asked for until the first one is. Where the service gives its list in pages, the next is fetched when the
    one before is used up, so that two at most are held. Each `async for` begins anew.

    A page that fails raises as any call does; asking for the next item again asks for that page again. A service that
    repeats itself on page after page is a DecodeError.
    """

    def __init__(
        self, fetch: Callable[[int | None], Awaitable[Page[T]]], *, paged: bool = False, start: int | None = None
    ) -> None:
        """`fetch` gives the page of a number; None is the first, whose number the service knows."""
        self._fetch = fetch
        self._paged = paged
        self._start = start
        self._number = start
        self._over = False
        self._stale = 0
        self._page: list[T] = []
        self._waiting: deque[T] = deque()

    async def all(self) -> list[T]:
        """All of them, which may be many: every page is fetched. A notebook shows them as a table."""
        return Things([item async for item in self])

    def __aiter__(self) -> AsyncListing[T]:
        return AsyncListing(self._fetch, paged=self._paged, start=self._start)

    async def __anext__(self) -> T:
        while not self._waiting:
            if self._over:
                raise StopAsyncIteration
            self._turn(await self._fetch(self._number))
        return self._waiting.popleft()

    def _turn(self, page: Page[T]) -> None:
        # While it is read, items may move from one page to the next: those are not given twice.
        fresh = [item for item in page.items if item not in self._page]
        self._waiting.extend(fresh)
        asked, at = self._number, page.number
        # Without a number in the answer, pages count from 0 (docs, "Usage": "Page of requests to return").
        self._number = (at if at is not None else asked or 0) + 1
        self._page = page.items
        self._stale = 0 if fresh else self._stale + 1
        self._over = (
            not self._paged
            or not page.items
            or (page.limit is not None and len(page.items) < page.limit)
            # What does not know of pages gives all it has, whichever is asked for.
            or (at != asked if asked is not None and at is not None else at is None and not fresh)
        )
        if not self._over and self._stale > STALE_PAGES:
            raise DecodeError(f"The service gives the same items on each page; stopped at page {self._number - 1}.")

    def __repr__(self) -> str:
        if self._number == self._start and not self._over:
            return "<AsyncListing, not begun>"
        return f"<AsyncListing, {len(self._waiting)} waiting, then {'over' if self._over else f'page {self._number}'}>"
