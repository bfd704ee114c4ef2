"""What can be asked of the account, as TypedDicts: the queries and bodies of projects, keys, usage, bills and agents.

The keys are those of the official description, and those the official SDK's v3 had beside them ("v3" in their text).
Each class says whether it becomes the query of a request or its JSON body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

__all__ = [
    "AgentConfigurationParams",
    "AgentVariableParams",
    "BillingFieldsParams",
    "BillingParams",
    "CredentialsParams",
    "CredentialsScope",
    "Deployment",
    "GrantParams",
    "InviteParams",
    "KeyParams",
    "KeysParams",
    "ModelParams",
    "PageParams",
    "PeriodParams",
    "ProjectParams",
    "PurchasesParams",
    "ScopeParams",
    "SourceParams",
    "UsageBreakdownParams",
    "UsageEndpoint",
    "UsageFieldsParams",
    "UsageFilterParams",
    "UsageMethod",
    "UsageRequestParams",
    "UsageSummaryParams",
]

Deployment: TypeAlias = Literal["hosted", "beta", "self-hosted"] | str
"""Where requests were answered."""

UsageEndpoint: TypeAlias = Literal["listen", "read", "speak", "agent"] | str
"""Which product answered."""

UsageMethod: TypeAlias = Literal["sync", "async", "streaming"] | str
"""How requests were answered: at once, to a callback address, or live."""

CredentialsScope: TypeAlias = (
    Literal[
        "self-hosted:products",
        "self-hosted:product:api",
        "self-hosted:product:engine",
        "self-hosted:product:license-proxy",
        "self-hosted:product:dgtools",
        "self-hosted:product:billing",
        "self-hosted:product:hotpepper",
        "self-hosted:product:metrics-server",
    ]
    | str
)
"""What credentials let one fetch; `self-hosted:products` is everything."""


# ── projects, keys, members ──


class ProjectParams(TypedDict, total=False):
    """What of a project can be changed (body)."""

    name: str
    """What it is to be called."""


class KeyParams(TypedDict, total=False):
    """A key to be made (body). It ends at a date or after a time, not both; without either it never does."""

    comment: str
    """What it is for."""
    time_to_live_in_seconds: int
    """Seconds until it ends."""
    expiration_date: str
    """When it ends, as `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`."""
    scopes: Sequence[str]
    """What it may do, such as `usage:write` or `member`."""
    tags: Sequence[str]
    """Labels that the usage of the key is reported with."""


class KeysParams(TypedDict, total=False):
    """Which keys to list (query)."""

    status: Literal["active", "expired"] | str
    """Only those that are `active`, or `expired`; all unless given."""


class ScopeParams(TypedDict, total=False):
    """What a member may do (body)."""

    scope: Literal["owner", "admin", "member"] | str
    """The scope they are to have."""


class InviteParams(TypedDict, total=False):
    """Someone to be asked to join (body)."""

    email: str
    """Their address."""
    scope: Literal["owner", "admin", "member"] | str
    """What they may do once they have joined."""


class CredentialsParams(TypedDict, total=False):
    """Credentials to be made for a self-hosted installation (`comment` is the body, the others the query)."""

    comment: str
    """What they are for."""
    scopes: CredentialsScope | Sequence[CredentialsScope]
    """What may be fetched with them; `self-hosted:products` unless given."""
    provider: Literal["quay"] | str
    """Where the images are: `quay` unless given."""


class GrantParams(TypedDict, total=False):
    """A token to be made (body)."""

    ttl_seconds: int | float
    """Seconds that it lasts, 3600 at most; the service's default is 30."""


# ── models ──


class ModelParams(TypedDict, total=False):
    """Which models to list (query)."""

    include_outdated: bool
    """Older versions of models too."""


# ── usage ──


class PageParams(TypedDict, total=False):
    """Which part of a long list (query)."""

    limit: int
    """How many a page has, 1 to 1000; the service's default is 10."""
    page: int
    """Which page, counted from 0."""


class PeriodParams(TypedDict, total=False):
    """Which time (query)."""

    start: str
    """The first day, as `YYYY-MM-DD`."""
    end: str
    """The last day, as `YYYY-MM-DD`."""


class SourceParams(TypedDict, total=False):
    """Whose requests, answered where (query)."""

    accessor: str
    """Only those made with this key, by its id."""
    deployment: Deployment
    """Only those answered there: `hosted`, `beta` or `self-hosted`."""


class UsageRequestParams(SourceParams, PageParams, total=False):
    """Which requests to list (query)."""

    start: str
    """The first moment, as `YYYY-MM-DD`, `YYYY-MM-DDTHH:MM:SS`, or the latter with an offset such as `+01:00`."""
    end: str
    """The last moment, in the same form."""
    request_id: str
    """Only the one with this id."""
    endpoint: UsageEndpoint
    """Only those to this product."""
    method: UsageMethod
    """Only those that were answered so."""
    status: Literal["succeeded", "failed"] | str
    """Only those that went well, or wrong."""


class UsageFilterParams(PeriodParams, SourceParams, total=False):
    """Which requests to count (query): who made them, where they were answered, and which options they used."""

    endpoint: UsageEndpoint
    """Only those to this product."""
    method: UsageMethod
    """Only those that were answered so."""
    model: str
    """Only those answered by this model, by its uuid."""
    tag: str
    """Only those with this label."""
    alternatives: bool
    """Only those that used `alternatives`."""
    callback: bool
    """Only those that used `callback`."""
    callback_method: bool
    """Only those that used `callback_method`."""
    channels: bool
    """Only those that used `channels`."""
    custom_intent: bool
    """Only those that used `custom_intent`."""
    custom_intent_mode: bool
    """Only those that used `custom_intent_mode`."""
    custom_topic: bool
    """Only those that used `custom_topic`."""
    custom_topic_mode: bool
    """Only those that used `custom_topic_mode`."""
    detect_entities: bool
    """Only those that used `detect_entities`."""
    detect_language: bool
    """Only those that used `detect_language`."""
    diarize: bool
    """Only those that used `diarize`."""
    dictation: bool
    """Only those that used `dictation`."""
    encoding: bool
    """Only those that used `encoding`."""
    extra: bool
    """Only those that used `extra`."""
    filler_words: bool
    """Only those that used `filler_words`."""
    intents: bool
    """Only those that used `intents`."""
    keyterm: bool
    """Only those that used `keyterm`."""
    keywords: bool
    """Only those that used `keywords`."""
    language: bool
    """Only those that used `language`."""
    measurements: bool
    """Only those that used `measurements`."""
    multichannel: bool
    """Only those that used `multichannel`."""
    numerals: bool
    """Only those that used `numerals`."""
    paragraphs: bool
    """Only those that used `paragraphs`."""
    profanity_filter: bool
    """Only those that used `profanity_filter`."""
    punctuate: bool
    """Only those that used `punctuate`."""
    redact: bool
    """Only those that used `redact`."""
    replace: bool
    """Only those that used `replace`."""
    sample_rate: bool
    """Only those that used `sample_rate`."""
    search: bool
    """Only those that used `search`."""
    sentiment: bool
    """Only those that used `sentiment`."""
    smart_format: bool
    """Only those that used `smart_format`."""
    summarize: bool
    """Only those that used `summarize`."""
    topics: bool
    """Only those that used `topics`."""
    utt_split: bool
    """Only those that used `utt_split`."""
    utterances: bool
    """Only those that used `utterances`."""
    version: bool
    """Only those that used `version`."""


class UsageSummaryParams(UsageFilterParams, total=False):
    """Which requests to sum up (query)."""

    interim_results: bool
    """Only those that used `interim_results` (v3)."""
    ner: bool
    """Only those that looked for entities (v3); see `detect_entities`."""
    detect_topics: bool
    """Only those that used `detect_topics` (v3); see `topics`."""


class UsageBreakdownParams(UsageFilterParams, total=False):
    """Which requests to sum up, and how to divide the sum (query)."""

    grouping: Literal["accessor", "endpoint", "feature_set", "models", "method", "tags", "deployment"] | str
    """What the lines are to be divided by."""


class UsageFieldsParams(PeriodParams, total=False):
    """The time whose usage is to be filtered (query)."""


# ── money ──


class BillingParams(PeriodParams, SourceParams, total=False):
    """Which costs to sum up, and how to divide the sum (query)."""

    tag: str
    """Only those of requests with this label."""
    line_item: str
    """Only those billed as this, such as `streaming::nova-3`."""
    grouping: (
        Literal["accessor", "deployment", "line_item", "tags"]
        | str
        | Sequence[Literal["accessor", "deployment", "line_item", "tags"] | str]
    )
    """What the lines are to be divided by, one thing or several."""


class BillingFieldsParams(PeriodParams, total=False):
    """The time whose costs are to be filtered (query)."""


class PurchasesParams(TypedDict, total=False):
    """How many purchases to list (query)."""

    limit: int
    """How many, 1 to 1000; the service's default is 10."""


# ── agents ──


class AgentConfigurationParams(TypedDict, total=False):
    """A configuration to be kept for an agent (body)."""

    config: str | Mapping[str, Any]
    """The `agent` part of a settings message: a mapping, or its JSON text, which is what the service takes."""
    metadata: Mapping[str, str]
    """Your own notes on it."""
    api_version: int
    """The version of the agent API it is meant for; the service's default is 1."""


class AgentVariableParams(TypedDict, total=False):
    """A variable to be kept for configurations (body)."""

    key: str
    """Its name, in the form `DG_NAME`."""
    value: str | int | float | bool | Sequence[Any] | Mapping[str, Any] | None
    """What stands in its place: anything that is JSON."""
    api_version: int
    """The version of the agent API it is meant for; the service's default is 1."""
