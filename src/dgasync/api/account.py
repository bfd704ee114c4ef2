"""What the doors to the account have in common: whom to ask, about what, and how the answer becomes a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dgasync.api.arguments import as_mapping
from dgasync.api.listing import AsyncListing, Page
from dgasync.models.account_calls import AccountCall
from dgasync.models.base import Answer

if TYPE_CHECKING:
    from dgasync.api.operations import Operation
    from dgasync.api.road import Road
    from dgasync.config import TimeoutLike
    from dgasync.models.account_calls import AccountExtras

__all__ = ["Account", "documented"]

A = TypeVar("A", bound=Answer)
T = TypeVar("T")

_CALL = frozenset(AccountCall.__annotations__)


class Account:
    """The account, or a part of it that `ids` name, and the way there."""

    def __init__(self, road: Road, **ids: str) -> None:
        self._road = road
        self._ids = ids

    async def ask(self, operation: Operation[A], asked: Mapping[str, Any], /, **ids: str) -> A:
        """The answer to a native verb: `asked` are its options, and what concerns the call."""
        options, call = _split(asked)
        return await operation.ask(self._road, {**self._ids, **ids}, options, call)

    def listing(
        self, operation: Operation[A], items: Callable[[A], Iterable[T] | None], asked: Mapping[str, Any]
    ) -> AsyncListing[T]:
        """The `items` of an answer that is not in pages."""

        async def fetch(_: int | None) -> Page[T]:
            return Page(items(await self.ask(operation, asked)))

        self.check(operation, asked)
        return AsyncListing(fetch)

    def check(self, operation: Operation[Any], asked: Mapping[str, Any]) -> None:
        """Raise DeepgramTypeError for an option that there is not, before anything is asked."""
        options, call = _split(asked)
        operation.check(self._road, options, call.get("strict"))

    def __repr__(self) -> str:
        return " ".join(["the account", *self._ids.values()])


async def documented(
    road: Road,
    operation: Operation[A],
    ids: Mapping[str, object],
    options: object,
    timeout: TimeoutLike | None,
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    extras: AccountExtras,
) -> A:
    """The answer to a call in the documented style, whose options may be an object, a dict or None."""
    call: AccountCall = {"timeout": timeout, "addons": addons, "headers": headers, **extras}
    return await operation.ask(road, ids, as_mapping(options), call)


def _split(asked: Mapping[str, Any]) -> tuple[dict[str, Any], AccountCall]:
    options = {name: value for name, value in asked.items() if name not in _CALL}
    return options, cast("AccountCall", {name: value for name, value in asked.items() if name in _CALL})
