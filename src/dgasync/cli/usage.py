"""The commands `dgasync usage` and `dgasync balance`: what was used, and what is left."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.account import account, account_flags, json_flag, project_flag
from dgasync.cli.offers import offering
from dgasync.cli.output import write
from dgasync.cli.tables import as_text, show, show_json
from dgasync.cli.verbs import Verb

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from dgasync.models.usage import UsageBreakdown, UsageGrouping

__all__ = ["balance", "usage"]

PERIOD = timedelta(days=30)
"""How far back one looks unless told otherwise."""

_SUMS = {
    "Requests": "requests",
    "Hours": "hours",
    "Agent hours": "agent_hours",
    "Characters": "tts_characters",
    "Tokens in": "tokens_in",
    "Tokens out": "tokens_out",
}
"""What is added up: what it is called here, and by the service."""

_PLOTTED = ("Hours", "Agent hours", "Characters", "Requests")
"""What the bars are of: the first of which there is any."""

_FILTERS = ("endpoint", "method", "model", "tag", "accessor", "deployment")


def _features(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from dgasync.models.account_params import UsageFilterParams

    names = [name for name, kind in UsageFilterParams.__annotations__.items() if "bool" in str(kind)]
    return offering(*names)(context, parameter, begun)


_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(cls=Verb)
@click.option("--start", metavar="YYYY-MM-DD", type=_DAY, help="The first day; else the first of 30.")
@click.option("--end", metavar="YYYY-MM-DD", type=_DAY, help="The last day; else today, in UTC.")
@click.option("--by", type=click.Choice(["day", "week", "month"]), help="How long each row is; else a day.")
@click.option(
    "--grouping",
    type=click.Choice(["accessor", "endpoint", "feature_set", "models", "method", "tags", "deployment"]),
    help="Divide it by this, over the whole time unless --by is given, too.",
)
@click.option(
    "--endpoint",
    metavar="[listen|read|speak|agent]",
    shell_complete=offering("listen", "read", "speak", "agent"),
    help="Only what this product answered.",
)
@click.option(
    "--method",
    metavar="[sync|async|streaming]",
    shell_complete=offering("sync", "async", "streaming"),
    help="Only what was answered so.",
)
@click.option("--model", metavar="UUID", help="Only what this model answered; `dgasync models --json` has their ids.")
@click.option("--tag", help="Only what has this label.")
@click.option("--accessor", metavar="KEY_ID", help="Only what was asked with this key.")
@click.option(
    "--deployment",
    metavar="[hosted|beta|self-hosted]",
    shell_complete=offering("hosted", "beta", "self-hosted"),
    help="Only what was answered there.",
)
@click.option(
    "--used",
    metavar="OPTION",
    multiple=True,
    shell_complete=_features,
    help="Only what was asked with this option, such as diarize; repeatable.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, with a line of names.")
@json_flag
@project_flag
@account_flags
def usage(
    start: datetime | None,
    end: datetime | None,
    by: str | None,
    grouping: str | None,
    used: tuple[str, ...],
    as_csv: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """How much a project used, day by day or divided by what it was used for.

    A terminal shows a bar for each row, if there is room. Anything else gets the rows alone, values between tabs, in
    the order of --csv; --json is the service's own answer.
    """
    if as_csv and as_json:
        raise click.UsageError("it is either --csv or --json")
    last = end or datetime.now(timezone.utc)
    if start and start.date() > last.date():
        raise click.UsageError(f"--start {start:%Y-%m-%d} is later than {'--end' if end else 'today,'} {last:%Y-%m-%d}")
    options: dict[str, Any] = {
        "start": f"{start or last - PERIOD + timedelta(days=1):%Y-%m-%d}",
        "end": f"{last:%Y-%m-%d}",
    }
    options |= {name: given[name] for name in _FILTERS if given[name]} | dict.fromkeys(used, True)
    if grouping:
        options["grouping"] = grouping
    names: dict[str, str] = {}
    with account(given) as asked:
        project_usage = asked.project().usage
        found = project_usage.breakdown(**options, **asked.call)
        if grouping == "models" and not as_json:  # they come as ids
            fields = project_usage.fields(start=options["start"], end=options["end"], **asked.call)
            names = {each.model_id: each.name for each in fields.models or () if each.model_id and each.name}
    if as_json:
        show_json(found)
        return
    by = by or (None if grouping else "day")
    labels = [*([by.capitalize()] if by else []), *([grouping.replace("_", " ").capitalize()] if grouping else [])]
    sums = _added_up(found.results or (), by, grouping, names)
    rows = [[*label, *each.values()] for label, each in sums.items()]
    if as_csv:
        _write_csv([*labels, *_SUMS], rows)
        return
    plotted = next((name for name in _PLOTTED if any(each[name] for each in sums.values())), "Requests")
    show(
        [*labels, *(f"#{name}" for name in _SUMS)],
        rows,
        bars=(plotted, [each[plotted] for each in sums.values()]),
        none=f"nothing was used from {options['start']} to {options['end']}",
    )


@click.command(cls=Verb)
@project_flag
@json_flag
@account_flags
def balance(as_json: bool, **given: Any) -> None:
    """What is left of what was bought for a project."""
    with account(given) as asked:
        found = asked.project().balances.list(**asked.call).all()
    if as_json:
        show_json(found)
    else:
        rows = [(each.balance_id, each.amount, (each.units or "").upper(), each.purchase_order_id) for each in found]
        show(("Balance", "#Left", "Of", "Purchase"), rows, none="there is no balance")


def _added_up(
    lines: Iterable[UsageBreakdown], by: str | None, grouping: str | None, names: Mapping[str, str]
) -> dict[tuple[str, ...], dict[str, float]]:
    """The sums of each row, by what stands before them."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for line in lines:
        label: list[str] = []
        if by:
            label.append(_stretch(line.grouping.start if line.grouping else None, by))
        if grouping:
            label.append(_group(line.grouping, grouping, names))
        sums = found.setdefault(tuple(label), dict.fromkeys(_SUMS, 0))
        for name, field in _SUMS.items():
            sums[name] += getattr(line, field) or 0
    return dict(sorted(found.items()))


def _stretch(start: str | None, by: str) -> str:
    """The day, week (ISO 8601) or month in which a line begins."""
    day = (start or "")[:10]
    try:
        year, week, _ = date.fromisoformat(day).isocalendar()
    except ValueError:
        return day
    return f"{year}-W{week:02}" if by == "week" else day[:7] if by == "month" else day


def _group(grouping: UsageGrouping | None, by: str, names: Mapping[str, str]) -> str:
    value = getattr(grouping, by, None)
    if by == "models":
        value = [names.get(each, each) for each in value or ()]
    return as_text(value) or "none"


def _write_csv(names: list[str], rows: list[list[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name.lower().replace(" ", "_") for name in names])
    writer.writerows([as_text(value) for value in row] for row in rows)
    write(text.getvalue(), nl=False)
