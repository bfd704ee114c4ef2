"""What a project used and what it cost, natively: the parts of `deepgram.project(id)` about requests and money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dgasync.api import operations
from dgasync.api.listing import AsyncListing, Page

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.account import Account
    from dgasync.models.account_calls import (
        AccountCall,
        BillingCall,
        BillingFieldsCall,
        PurchasesCall,
        UsageBreakdownCall,
        UsageCall,
        UsageFieldsCall,
        UsageRequestsCall,
    )
    from dgasync.models.usage import (
        Balance,
        BillingBreakdownResponse,
        BillingFieldsResponse,
        Purchase,
        UsageBreakdownResponse,
        UsageFieldsResponse,
        UsageRequest,
        UsageSummaryResponse,
    )

__all__ = ["AsyncBalances", "AsyncBilling", "AsyncPurchases", "AsyncRequests", "AsyncUsage"]

REQUESTS_PER_PAGE = 100
"""The service's own 10 would make a long list ten times as slow; older pages of the documentation allow no more."""

MOST_PURCHASES = 1000
"""The most that can be asked for (official description): there is no second page."""


class AsyncRequests:
    """Every single request that was made for a project."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **options: Unpack[UsageRequestsCall]) -> AsyncListing[UsageRequest]:
        """The requests, the newest first, page after page as they are asked for.

        Args:
            options: which ones: `start`, `end`, `status`, `endpoint`, `method`, `accessor`, `deployment`,
                `request_id`. `limit` is how many a page has (100 unless given), not how many there are in all, and
                `page` the page to begin with. `end` keeps the list from moving on while it is read.
        """
        given: dict[str, Any] = {"limit": REQUESTS_PER_PAGE, **options}

        async def fetch(number: int | None) -> Page[UsageRequest]:
            asked = given if number is None else {**given, "page": number}
            answer = await self._account.ask(operations.LIST_REQUESTS, asked)
            return Page(answer.requests, answer.page, answer.limit)

        self._account.check(operations.LIST_REQUESTS, options)
        return AsyncListing(fetch, paged=True, start=options.get("page"))

    async def get(self, request_id: str, /, **call: Unpack[AccountCall]) -> UsageRequest:
        """One of them."""
        return await self._account.ask(operations.GET_REQUEST, call, request_id=request_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncUsage:
    """How much a project used, and of what."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def get(self, **options: Unpack[UsageCall]) -> UsageSummaryResponse:
        """The sum, stretch by stretch from `start` to `end`, of the requests that `options` choose."""
        return await self._account.ask(operations.GET_USAGE, options)

    async def breakdown(self, **options: Unpack[UsageBreakdownCall]) -> UsageBreakdownResponse:
        """The sum divided by `grouping`, such as `"models"` or `"tags"`."""
        return await self._account.ask(operations.USAGE_BREAKDOWN, options)

    async def fields(self, **options: Unpack[UsageFieldsCall]) -> UsageFieldsResponse:
        """What it can be filtered by: the models, tags and features used from `start` to `end`."""
        return await self._account.ask(operations.USAGE_FIELDS, options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncBalances:
    """What is left of what was bought for a project."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[Balance]:
        """All of them, one for each purchase."""
        return self._account.listing(operations.LIST_BALANCES, lambda answer: answer.balances, call)

    async def get(self, balance_id: str, /, **call: Unpack[AccountCall]) -> Balance:
        """One of them."""
        return await self._account.ask(operations.GET_BALANCE, call, balance_id=balance_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncBilling:
    """What a project cost, and what for."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def breakdown(self, **options: Unpack[BillingCall]) -> BillingBreakdownResponse:
        """The costs from `start` to `end`, divided by `grouping`, such as `"line_item"` or several in a list."""
        return await self._account.ask(operations.BILLING_BREAKDOWN, options)

    async def fields(self, **options: Unpack[BillingFieldsCall]) -> BillingFieldsResponse:
        """What it can be filtered by: the tags, keys and line items billed from `start` to `end`."""
        return await self._account.ask(operations.BILLING_FIELDS, options)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncPurchases:
    """What was bought for a project."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **options: Unpack[PurchasesCall]) -> AsyncListing[Purchase]:
        """The orders; `limit` of them, 1000 unless given, which is the most that the service tells."""
        asked: dict[str, Any] = {"limit": MOST_PURCHASES, **options}
        return self._account.listing(operations.LIST_PURCHASES, lambda answer: answer.orders, asked)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"
