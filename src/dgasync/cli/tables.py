"""Lists and single things on standard output: a table on a terminal, tab-separated lines elsewhere, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from dgasync.cli.layout import one_line
from dgasync.cli.output import write
from dgasync.models.base import Answer, Manners

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["as_text", "show", "show_facts", "show_json"]


Bars = tuple[str, Sequence[float]]
"""What bars are of, and the number of each row. The largest is a whole bar."""


def show(columns: Sequence[str], rows: Iterable[Sequence[object]], *, bars: Bars | None = None, none: str) -> None:
    """Rows of values below their names, each with its bar behind it if there are any.

    Elsewhere than on a terminal it is a line for each row, values between tabs, and neither names nor bars.

    Args:
        columns: the name of each; one that begins with "#" has numbers, and the sign is not shown. Where all are 0
            a terminal does without them.
        rows: the values.
        bars: what is drawn behind each.
        none: what is said on standard error where there are no rows.
    """
    texts = [[as_text(value) for value in row] for row in rows]
    if not texts:
        print(f"dgasync: {none}", file=sys.stderr)
    elif not sys.stdout.isatty():
        write("\n".join("\t".join(row) for row in texts))
    else:
        _draw(columns, texts, bars)


def show_facts(facts: Mapping[str, object]) -> None:
    """One thing, a fact a line; those that nobody knows are left out."""
    show(("", ""), [(name, value) for name, value in facts.items() if value is not None], none="nothing is known of it")


def show_json(found: Answer | Iterable[Manners]) -> None:
    """One thing as the service gave it, or several as a JSON array."""
    if isinstance(found, Answer):
        write(found.to_json(indent=2))
    else:
        text = json.dumps([each.to_dict() for each in found], ensure_ascii=False, indent=2)
        write(text)


def as_text(value: object) -> str:
    """A value as one reads it, in one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(each) for each in cast("Sequence[object]", value))
    return one_line(str(value))


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]], bars: Bars | None) -> None:
    from rich.bar import Bar
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, show_header=any(columns), pad_edge=False)
    shown = [
        number
        for number, name in enumerate(columns)
        if not name.startswith("#") or any(row[number] not in ("", "0") for row in rows)
    ]
    for number in shown:
        name = columns[number]
        # Folded where the terminal is narrow: ids are there to be copied.
        table.add_column(name.lstrip("#"), justify="right" if name.startswith("#") else "left", overflow="fold")
    if bars:
        table.add_column(bars[0], min_width=10, max_width=40)
    whole = max(bars[1]) if bars else 0
    for number, row in enumerate(rows):
        cells: list[RenderableType] = [Text(row[each]) for each in shown]
        if bars:
            cells.append(Bar(whole or 1, 0, bars[1][number]))
        table.add_row(*cells)
    Console(highlight=False).print(table)
