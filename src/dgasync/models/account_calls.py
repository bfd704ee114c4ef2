"""What the verbs of the account take by keyword: the options of `account_params`, and what concerns the call itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from dgasync.models.account_params import (
    BillingFieldsParams,
    BillingParams,
    CredentialsParams,
    KeyParams,
    KeysParams,
    ModelParams,
    PurchasesParams,
    UsageBreakdownParams,
    UsageFieldsParams,
    UsageRequestParams,
    UsageSummaryParams,
)

if TYPE_CHECKING:
    from dgasync.config import TimeoutLike

__all__ = [
    "AccountCall",
    "AccountExtras",
    "BillingCall",
    "BillingFieldsCall",
    "CredentialsCall",
    "KeyCall",
    "KeysCall",
    "ModelsCall",
    "PurchasesCall",
    "UsageBreakdownCall",
    "UsageCall",
    "UsageFieldsCall",
    "UsageRequestsCall",
]


class AccountExtras(TypedDict, total=False):
    """What a documented call takes by keyword, beside the arguments that v3 had."""

    max_retries: int | None
    """Tries after the first; the client's own number unless given. A change is tried again only where none was made."""
    strict: bool | None
    """False lets options through that this package does not know; else they are errors."""
    keep_raw: bool | None
    """False drops the bytes of the answer: less memory, but `[]` and `to_json` no longer see what was not modelled."""


class AccountCall(AccountExtras, total=False):
    """What any call takes."""

    timeout: TimeoutLike | None
    """Seconds for each part of the call, or `Timeouts(connect, write, read)`, or an object with these attributes."""
    headers: Mapping[str, str] | None
    """Headers for this call alone."""
    addons: Mapping[str, Any] | None
    """Query parameters this package does not know. They replace options of the same name; a list is added to one."""


class KeysCall(KeysParams, AccountCall, total=False):
    """Everything `keys.list` takes."""


class KeyCall(KeyParams, AccountCall, total=False):
    """Everything `keys.create` takes."""


class CredentialsCall(CredentialsParams, AccountCall, total=False):
    """Everything `credentials.create` takes."""


class ModelsCall(ModelParams, AccountCall, total=False):
    """Everything `models.list` takes."""


class UsageRequestsCall(UsageRequestParams, AccountCall, total=False):
    """Everything `requests.list` takes."""


class UsageCall(UsageSummaryParams, AccountCall, total=False):
    """Everything `usage.get` takes."""


class UsageBreakdownCall(UsageBreakdownParams, AccountCall, total=False):
    """Everything `usage.breakdown` takes."""


class UsageFieldsCall(UsageFieldsParams, AccountCall, total=False):
    """Everything `usage.fields` takes."""


class BillingCall(BillingParams, AccountCall, total=False):
    """Everything `billing.breakdown` takes."""


class BillingFieldsCall(BillingFieldsParams, AccountCall, total=False):
    """Everything `billing.fields` takes."""


class PurchasesCall(PurchasesParams, AccountCall, total=False):
    """Everything `purchases.list` takes."""
