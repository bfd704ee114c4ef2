"""Lists and single things on standard output: a table on a terminal, tab-separated lines elsewhere, or JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from dgasync.cli.layout import one_line
from dgasync.cli.output import write
from dgasync.models.base import Answer, Manners

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["as_text", "show", "show_facts", "show_json"]


Bars = tuple[str, Sequence[float]]
"""The column that bars are of, and the number of each row. The largest is a whole bar."""

_GAP = 2
_NARROWEST, _WIDEST = 10, 40
"""Of a bar; where there is no room for it, there is none."""

_WORDS = re.compile(r"^\s*\S+|\S+")  # as rich takes them: what a line begins with is part of its first word


def show(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    bars: Bars | None = None,
    spare: Sequence[str] = (),
    none: str,
) -> None:
    """Rows of values below their names, with bars if there are any and the terminal has room for them.

    Elsewhere than on a terminal it is a line for each row, values between tabs, and neither names nor bars.

    Args:
        columns: the name of each; one that begins with "#" has numbers, and the sign is not shown. Where all are 0
            a terminal does without them.
        rows: the values.
        bars: what is drawn behind the numbers of one column.
        spare: the columns that a narrow terminal does without, the last one first.
        none: what is said on standard error where there are no rows.
    """
    texts = [[as_text(value) for value in row] for row in rows]
    if not texts:
        print(f"dgasync: {none}", file=sys.stderr)
    elif not sys.stdout.isatty():
        write("\n".join("\t".join(row) for row in texts))
    else:
        _draw(columns, texts, bars, spare)


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


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]], bars: Bars | None, spare: Sequence[str] = ()) -> None:
    """A table in which no word is broken: ids, dates and numbers are there to be copied.

    Where the terminal is too narrow for that, the columns that are spare go, and then each row becomes lines.
    """
    from dgasync.cli.colour import console

    screen = console()
    shown = [
        number
        for number, name in enumerate(columns)
        if not name.startswith("#") or any(row[number] not in ("", "0") for row in rows)
    ]
    for left in range(len(spare), -1, -1):
        kept = [number for number in shown if columns[number] not in spare[left:]]
        room = screen.width - _GAP * (len(kept) - 1)
        widths = _widths([[columns[each].lstrip("#"), *(row[each] for row in rows)] for each in kept], room)
        if widths is not None:
            screen.print(_table(columns, rows, dict(zip(kept, widths, strict=True)), bars, room - sum(widths) - _GAP))
            return
    if not any(columns):
        write("\n".join("  ".join(filter(None, row)) for row in rows))  # the terminal breaks them as it likes
        return
    for at, row in enumerate(rows):
        if at:
            write("")
        _draw(("", ""), [(columns[each].lstrip("#"), row[each]) for each in shown if row[each]], None)


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], widths: Mapping[int, int], bars: Bars | None, room: int
) -> Table:
    """The columns that have a width; where there is `room` for bars, they stand behind what they are of."""
    from rich.bar import Bar
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, show_header=any(columns), show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    cells: list[list[RenderableType]] = [[] for _ in rows]
    for number, width in widths.items():
        name = columns[number].lstrip("#")
        table.add_column(name, justify="right" if columns[number].startswith("#") else "left", width=width)
        for row, line in zip(rows, cells, strict=True):
            line.append(Text(row[number]))
        if bars and name == bars[0] and room >= _NARROWEST:
            table.add_column(width=min(room, _WIDEST))
            for value, line in zip(bars[1], cells, strict=True):
                line.append(Bar(max(bars[1]), 0, value))
    for line in cells:
        table.add_row(*line)
    return table


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """How wide each column is, which is no more than it needs; the widest is the first to break its lines.

    None if words would have to be broken.
    """
    from rich.cells import cell_len

    least = [max(cell_len(word) for text in column for word in _WORDS.findall(text) or [""]) for column in columns]
    widths = [max(map(cell_len, column)) for column in columns]
    widths = [min(width, max(room, narrowest)) for width, narrowest in zip(widths, least, strict=True)]
    if sum(least) > room:
        return None
    while sum(widths) > room:
        widest = max((each for each in range(len(widths)) if widths[each] > least[each]), key=lambda each: widths[each])
        widths[widest] -= 1
    return widths
