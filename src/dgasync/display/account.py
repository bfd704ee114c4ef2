"""What is shown of a project: its usage and bills, and the lists of what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from dgasync.display.page import MUTED, box, note, styled, text
from dgasync.display.plot import plot
from dgasync.display.table import Row, table

if TYPE_CHECKING:
    from dgasync.models.catalogue import ModelsResponse
    from dgasync.models.usage import (
        BillingBreakdownResponse,
        BillingGrouping,
        UsageBreakdownResponse,
        UsageGrouping,
        UsageSummaryResponse,
        UsageSummaryResults,
    )

__all__ = ["LISTS", "billing", "breakdown", "every", "listed", "models", "usage"]

_UNITS = {
    "hours": "hours of audio",
    "agent_hours": "hours of conversation",
    "tts_characters": "characters spoken",
    "tokens_out": "tokens out",
    "requests": "requests",
    "dollars": "dollars",
}
"""What is drawn: the first of these of which there is anything."""

LISTS = {
    "AgentConfiguration": ("Agents", "agent_id metadata created_at updated_at"),
    "AgentVariable": ("Variables", "variable_id key created_at updated_at"),
    "Balance": ("Balances", "balance_id amount units purchase_order_id"),
    "Credentials": (
        "Credentials",
        "distribution_credentials.distribution_credentials_id distribution_credentials.comment "
        "distribution_credentials.provider distribution_credentials.scopes distribution_credentials.created "
        "member.email",
    ),
    "Invite": ("Invites", "email scope"),
    "KeyResponse": (
        "Keys",
        "api_key.api_key_id api_key.comment api_key.scopes api_key.created api_key.expiration_date api_key.tags "
        "member.email",
    ),
    "Member": ("Members", "email first_name last_name member_id scopes"),
    "Project": ("Projects", "project_id name mip_opt_out"),
    "Purchase": ("Purchases", "order_id created expiration amount units order_type"),
    "SpeechModel": (
        "Models",
        "canonical_name languages version batch streaming metadata.accent metadata.age metadata.tags uuid",
    ),
    "ThinkModel": ("Models that think", "id name provider"),
    "UsageRequest": ("Requests", "created request_id path code deployment"),
}
"""What is shown of things that come in lists: a title, and fields; by the names of their classes. Nothing that is, or
may be, a secret is among them."""

_USED = ("hours", "total_hours", "agent_hours", "tokens_in", "tokens_out", "tts_characters", "requests")


class _Sum(NamedTuple):
    """What was counted in a stretch of time, of one group of requests."""

    start: str | None
    end: str | None
    group: Mapping[str, object]
    counted: Mapping[str, float | None]


def listed(items: Sequence[object] | None, kind: str, title: str = "") -> str:
    """Things of one kind, a row for each.

    Args:
        items: the things.
        kind: what their class is called.
        title: what stands above, where it is not what things of the kind are called.
    """
    called, columns = LISTS[kind]
    rows = [{path.rpartition(".")[2]: _at(item, path) for path in columns.split()} for item in items or ()]
    return _titled(title or called, None, rows)


def every(items: Sequence[object]) -> str | None:
    """Whatever a list of the account is of; None where it is of nothing that is known here."""
    kinds = {type(item).__name__ for item in items}
    if not kinds:
        return box(note("nothing"))
    return listed(items, kinds.pop()) if len(kinds) == 1 and kinds <= LISTS.keys() else None


def models(answer: ModelsResponse) -> str:
    """The models on offer: those that hear, and those that speak."""
    return listed(answer.stt, "SpeechModel", "Models that hear") + listed(answer.tts, "SpeechModel", "Voices")


def _at(item: object, path: str) -> object:
    for name in path.split("."):
        item = getattr(item, name, None)
    return item


def usage(answer: UsageSummaryResponse) -> str:
    """What was used, stretch by stretch."""
    sums = [_Sum(each.start, each.end, {}, _counted(each)) for each in answer.results or ()]
    return _drawn("Usage", answer, sums)


def breakdown(answer: UsageBreakdownResponse) -> str:
    """What was used, divided into groups."""
    sums = [_sum(each.grouping, {name: getattr(each, name) for name in _USED}) for each in answer.results or ()]
    return _drawn("Usage", answer, sums)


def billing(answer: BillingBreakdownResponse) -> str:
    """What it cost, divided into groups."""
    return _drawn("Costs", answer, [_sum(each.grouping, {"dollars": each.dollars}) for each in answer.results or ()])


def _counted(stretch: UsageSummaryResults) -> Mapping[str, float | None]:
    tokens, speech = stretch.tokens, stretch.tts
    return {
        "hours": stretch.hours,
        "total_hours": stretch.total_hours,
        "tokens_in": tokens.tokens_in if tokens else None,
        "tokens_out": tokens.out if tokens else None,
        "tts_characters": speech.characters if speech else None,
        "requests": stretch.requests,
    }


def _sum(grouping: UsageGrouping | BillingGrouping | None, counted: Mapping[str, float | None]) -> _Sum:
    group: dict[str, Any] = {} if grouping is None else grouping.to_dict()
    return _Sum(group.pop("start", None), group.pop("end", None), group, counted)


def _drawn(
    title: str, answer: UsageSummaryResponse | UsageBreakdownResponse | BillingBreakdownResponse, sums: Sequence[_Sum]
) -> str:
    """The sums as bars over time, or in their rows where they are all of one stretch."""
    measure = next((name for name in _UNITS if any(each.counted.get(name) for each in sums)), None)
    starts = sorted({each.start for each in sums if each.start})
    bars = _bars(starts, sums, measure) if measure is not None and len(starts) > 1 else ""
    # Columns of nothing but zeros say nothing.
    used = [name for name in sums[0].counted if any(each.counted[name] for each in sums)] if sums else []
    rows: list[Row] = []
    for each in sums:
        stretch = {"start": each.start, "end": None if each.end == each.start else each.end}
        rows.append({**stretch, **each.group, **{name: each.counted[name] for name in used}})
    period = " to ".join(day for day in (answer.start, answer.end) if day)
    return _titled(title, period, rows, bars, bar=None if bars else measure)


def _bars(starts: Sequence[str], sums: Iterable[_Sum], measure: str) -> str:
    places = {start: place for place, start in enumerate(starts)}
    groups: dict[str, list[float]] = {}
    for each in sums:
        if each.start:
            values = groups.setdefault(_called(each.group), [0.0] * len(starts))
            values[places[each.start]] += each.counted.get(measure) or 0.0
    return plot(starts, groups, _UNITS[measure])


def _called(group: Mapping[str, object]) -> str:
    parts = (
        ", ".join(map(str, cast("list[object]", part))) if isinstance(part, list) else str(part)
        for part in group.values()
    )
    return " · ".join(part for part in parts if part)


def _titled(title: str, period: str | None, rows: Sequence[Row], bars: str = "", bar: str | None = None) -> str:
    beside = styled(MUTED, text(period)) if period else ""
    return box(
        f"<div><strong>{text(title)}</strong> {beside}</div>",
        bars,
        table(rows, summed=tuple({*_USED, "dollars"}), bar=bar),
    )
