"""What was used, and what it cost: requests, usage, balances, bills.

UsageRequestsResponse     .requests: [UsageRequest]    .response: UsageResponse  .callback: Callback
UsageSummaryResponse      .resolution: Resolution      .results: [UsageSummaryResults]
UsageFieldsResponse       .models: [UsageModel]        what there is to filter by
UsageBreakdownResponse    .results: [UsageBreakdown]   .grouping: UsageGrouping
BalancesResponse          .balances: [Balance]
BillingBreakdownResponse  .results: [BillingBreakdown] .grouping: BillingGrouping
BillingFieldsResponse     what there is to filter by
PurchasesResponse         .orders: [Purchase]

The fields are those of the official description and of the official SDK's v3, whose names the classes bear. Dates are
ISO 8601 text; hours are fractions of an hour of audio.
"""

from __future__ import annotations

from typing import ClassVar

from dgasync.models.base import Answer, Model, Number
from dgasync.models.items import Item, lift

__all__ = [
    "Balance",
    "BalancesResponse",
    "BillingBreakdown",
    "BillingBreakdownResponse",
    "BillingFieldsResponse",
    "BillingGrouping",
    "Callback",
    "Config",
    "Purchase",
    "PurchasesResponse",
    "Resolution",
    "STTTokens",
    "STTUsageDetails",
    "SpeechSegment",
    "TTSTokens",
    "TTSUsageDetails",
    "TokenDetail",
    "UsageBreakdown",
    "UsageBreakdownResponse",
    "UsageFieldsResponse",
    "UsageGrouping",
    "UsageModel",
    "UsageRequest",
    "UsageRequestsResponse",
    "UsageResponse",
    "UsageSummaryResponse",
    "UsageSummaryResults",
]


# ── single requests ──


class Config(Model, frozen=True, kw_only=True):
    """The options that a request was sent with."""

    language: str | None = None
    model: str | None = None
    punctuate: bool | None = None
    utterances: bool | None = None
    diarize: bool | None = None
    smart_format: bool | None = None
    interim_results: bool | None = None
    topics: bool | None = None
    intents: bool | None = None
    sentiment: bool | None = None
    summarize: bool | str | None = None


class STTUsageDetails(Model, frozen=True, kw_only=True):
    """What a request for a transcript took."""

    usd: float | None = None
    """Dollars."""
    duration: float | None = None
    """Seconds of audio."""
    total_audio: float | None = None
    """Seconds of audio in all."""
    channels: Number | None = None
    streams: Number | None = None
    method: str | None = None
    """`sync`, `async` or `streaming`."""
    models: list[str] | None = None
    tags: list[str] | None = None
    features: list[str] | None = None
    config: Config | None = None
    tier: str | None = None


class SpeechSegment(Model, frozen=True, kw_only=True):
    """A stretch of text that was spoken."""

    characters: Number | None = None
    model: str | None = None
    tier: str | None = None


class TTSUsageDetails(Model, frozen=True, kw_only=True):
    """What a request for speech took."""

    duration: float | None = None
    """Seconds of audio."""
    speech_segments: list[SpeechSegment] | None = None


class TokenDetail(Model, frozen=True, kw_only=True):
    """How many tokens a feature of a request took."""

    feature: str | None = None
    input: Number | None = None
    model: str | None = None
    output: Number | None = None


class Callback(Model, frozen=True, kw_only=True):
    """How it went to send an answer to its callback address."""

    attempts: Number | None = None
    code: Number | None = None
    """The last HTTP status."""
    completed: str | None = None


class UsageResponse(Model, frozen=True, kw_only=True):
    """How a request was answered, and what it took."""

    code: Number | None = None
    """The HTTP status."""
    completed: str | None = None
    details: STTUsageDetails | None = None
    tts_details: TTSUsageDetails | None = None
    token_details: list[TokenDetail] | None = None
    message: str | None = None


class UsageRequest(Item, frozen=True, kw_only=True):
    """A request that was made to the API, long ago or just now."""

    _shown: ClassVar[tuple[str, ...]] = ("request_id", "path")

    project_uuid: str | None = None
    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # the id of that request, not of this one
    created: str | None = None
    path: str | None = None
    """The path of its address, with the query."""
    api_key_id: str | None = None
    response: UsageResponse | None = None
    callback: Callback | str | None = None
    """How its callback went (v3), or the address of that (official description)."""
    accessor: str | None = None
    code: Number | None = None
    """The HTTP status of its answer."""
    deployment: str | None = None
    """`hosted`, `beta` or `self-hosted`."""
    request: UsageRequest | None = None
    """The same one level deeper, where the official description has it; its values are in the fields above as well."""

    def __post_init__(self) -> None:
        lift(self, self.request)


class UsageRequestsResponse(Answer, frozen=True, kw_only=True):
    """A page of the requests of a project."""

    page: Number | None = None
    limit: Number | None = None
    """How many requests a page has at most."""
    requests: list[UsageRequest] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.requests or ())} requests"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.requests, "UsageRequest")


# ── sums of them ──


class Resolution(Model, frozen=True, kw_only=True):
    """How long each stretch of a sum is, such as 1 `day`."""

    units: str | None = None
    amount: Number | None = None


class STTTokens(Model, frozen=True, kw_only=True):
    """Tokens that went in and came out."""

    tokens_in: Number | None = None
    out: Number | None = None


class TTSTokens(Model, frozen=True, kw_only=True):
    """Text that was spoken."""

    characters: Number | None = None
    requests: Number | None = None


class UsageSummaryResults(Model, frozen=True, kw_only=True):
    """The usage of one stretch of time."""

    start: str | None = None
    end: str | None = None
    hours: Number | None = None
    """Hours of audio."""
    total_hours: Number | None = None
    """Hours of all that was done with it."""
    requests: Number | None = None
    tokens: STTTokens | None = None
    tts: TTSTokens | None = None


class UsageSummaryResponse(Answer, frozen=True, kw_only=True):
    """The usage of a project, stretch by stretch (the official description names no `results`; servers send them)."""

    start: str | None = None
    end: str | None = None
    resolution: Resolution | None = None
    results: list[UsageSummaryResults] | None = None

    def _facts(self) -> list[str]:
        return [f"{self.start} to {self.end}"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import usage

        return usage(self)


class UsageModel(Model, frozen=True, kw_only=True):
    """A model that was used."""

    name: str | None = None
    language: str | None = None
    version: str | None = None
    model_id: str | None = None


class UsageFieldsResponse(Answer, frozen=True, kw_only=True):
    """What the usage of a project can be filtered by."""

    tags: list[str] | None = None
    models: list[UsageModel] | None = None
    processing_methods: list[str] | None = None
    features: list[str] | None = None
    languages: list[str] | None = None


class UsageGrouping(Model, frozen=True, kw_only=True):
    """What the requests of one line of a breakdown have in common."""

    start: str | None = None
    end: str | None = None
    accessor: str | None = None
    endpoint: str | None = None
    feature_set: str | None = None
    models: list[str] | None = None
    method: str | None = None
    tags: list[str] | None = None
    deployment: str | None = None


class UsageBreakdown(Model, frozen=True, kw_only=True):
    """One line of a breakdown of usage."""

    hours: Number | None = None
    """Hours of audio."""
    total_hours: Number | None = None
    """Hours of all that was done with it."""
    agent_hours: Number | None = None
    """Hours of conversation with voice agents."""
    tokens_in: Number | None = None
    tokens_out: Number | None = None
    tts_characters: Number | None = None
    requests: Number | None = None
    grouping: UsageGrouping | None = None


class UsageBreakdownResponse(Answer, frozen=True, kw_only=True):
    """The usage of a project, divided as `grouping` asks."""

    start: str | None = None
    end: str | None = None
    resolution: Resolution | None = None
    results: list[UsageBreakdown] | None = None

    def _facts(self) -> list[str]:
        return [f"{self.start} to {self.end}"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import breakdown

        return breakdown(self)


# ── money ──


class Balance(Item, frozen=True, kw_only=True):
    """What is left of a purchase."""

    _shown: ClassVar[tuple[str, ...]] = ("balance_id", "amount", "units")

    balance_id: str | None = None
    amount: Number | None = None
    units: str | None = None
    """What the amount counts, such as `USD`."""
    purchase_order_id: str | None = None
    """The purchase, or a word on it."""


class BalancesResponse(Answer, frozen=True, kw_only=True):
    """The balances of a project."""

    balances: list[Balance] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.balances or ())} balances"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.balances, "Balance")


class BillingGrouping(Model, frozen=True, kw_only=True):
    """What the costs of one line of a breakdown have in common."""

    start: str | None = None
    end: str | None = None
    accessor: str | None = None
    deployment: str | None = None
    line_item: str | None = None
    tags: list[str] | None = None


class BillingBreakdown(Model, frozen=True, kw_only=True):
    """One line of a breakdown of costs."""

    dollars: Number | None = None
    grouping: BillingGrouping | None = None


class BillingBreakdownResponse(Answer, frozen=True, kw_only=True):
    """The costs of a project, divided as `grouping` asks."""

    start: str | None = None
    end: str | None = None
    resolution: Resolution | None = None
    results: list[BillingBreakdown] | None = None

    def _facts(self) -> list[str]:
        return [f"{self.start} to {self.end}"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import billing

        return billing(self)


class BillingFieldsResponse(Answer, frozen=True, kw_only=True):
    """What the costs of a project can be filtered by."""

    accessors: list[str] | None = None
    deployments: list[str] | None = None
    tags: list[str] | None = None
    line_items: dict[str, str | None] | None = None
    """What is billed, such as `streaming::nova-3`, and what that is in plain words."""


class Purchase(Model, frozen=True, kw_only=True):
    """An order of credit."""

    order_id: str | None = None
    expiration: str | None = None
    created: str | None = None
    amount: Number | None = None
    units: str | None = None
    """What the amount counts, such as `USD`."""
    order_type: str | None = None


class PurchasesResponse(Answer, frozen=True, kw_only=True):
    """The orders of a project."""

    orders: list[Purchase] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.orders or ())} orders"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.orders, "Purchase")
