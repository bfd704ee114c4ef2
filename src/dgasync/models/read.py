"""What the service read in a text: the answer of `/v1/read`.

AnalyzeResponse
├── metadata: AnalyzeMetadata      which models answered
└── results: AnalyzeResults        .summary: AnalyzeSummary  .sentiments, .topics, .intents as in `listen`

Real answers are as above. The official description puts most of it one level deeper (`metadata.metadata`,
`results.summary.results.summary`); such an answer is read too, and has the attributes above all the same.
"""

from __future__ import annotations

from dgasync.models.base import Answer, Model
from dgasync.models.items import lift
from dgasync.models.listen import AsyncPrerecordedResponse, Intents, ModelUse, Sentiments, Topics

__all__ = [
    "AnalyzeMetadata",
    "AnalyzeResponse",
    "AnalyzeResults",
    "AnalyzeSummary",
    "AsyncAnalyzeResponse",
    "NestedSummary",
    "SyncAnalyzeResponse",
]


class AnalyzeMetadata(Model, frozen=True, kw_only=True):
    """About the request: its id, the language, and the models that answered."""

    request_id: str | None = None
    created: str | None = None
    """When the text was received, as ISO 8601 text in UTC."""
    language: str | None = None
    intents_info: ModelUse | None = None
    sentiment_info: ModelUse | None = None
    summary_info: ModelUse | None = None
    topics_info: ModelUse | None = None
    metadata: AnalyzeMetadata | None = None
    """The same one level deeper, as the official description nests it; its values are in the fields above as well."""

    def __post_init__(self) -> None:
        lift(self, self.metadata)


class AnalyzeSummary(Model, frozen=True, kw_only=True):
    """What the text says, in short."""

    text: str | None = None
    results: NestedSummary | None = None
    """The same one level deeper, as the official description nests it; its text is in the field above as well."""

    def __post_init__(self) -> None:
        lift(self, self.results.summary if self.results else None)


class NestedSummary(Model, frozen=True, kw_only=True):
    """A summary where the official description puts it."""

    summary: AnalyzeSummary | None = None


class AnalyzeResults(Model, frozen=True, kw_only=True):
    """Everything that was read in the text."""

    summary: AnalyzeSummary | None = None
    sentiments: Sentiments | None = None
    topics: Topics | None = None
    intents: Intents | None = None


class AnalyzeResponse(Answer, frozen=True, kw_only=True):
    """A text as the service read it."""

    metadata: AnalyzeMetadata | None = None
    results: AnalyzeResults | None = None

    def _own_id(self) -> str | None:
        return self.metadata.request_id if self.metadata else None


class AsyncAnalyzeResponse(AsyncPrerecordedResponse, frozen=True, kw_only=True):
    """The promise of an analysis that goes to a callback address."""


# The other name under which v3 knows it.
SyncAnalyzeResponse = AnalyzeResponse
