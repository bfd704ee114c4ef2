"""Rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TypeAlias, cast

from dgasync.display.page import COLOURS, note, number, styled, text
from dgasync.limits import SHOWN_ROWS

__all__ = ["Row", "table"]

Row: TypeAlias = Mapping[str, object]
"""The cells of a row by their column; None, or no such cell, is nothing."""

_CELL = "padding:.15em .9em .15em 0;vertical-align:top"
_NARROW = 20  # characters that are not worth a second line


def table(rows: Sequence[Row], *, summed: Sequence[str] = (), bar: str | None = None) -> str:
    """The rows under the names of their columns; a column in which nothing stands is left out.

    Args:
        rows: their keys in order make the columns.
        summed: columns of numbers whose sum stands below.
        bar: a column of numbers that are drawn as well.
    """
    if not rows:
        return note("nothing")
    columns = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if any(_is_there(row, name) for row in rows)
    ]
    numeric = {name for name in columns if all(isinstance(row.get(name), (int, float, type(None))) for row in rows)}
    most = max((abs(_value(row, bar)) for row in rows), default=0.0) if bar is not None else 0.0
    lines = [_line([text(name.replace("_", " ")) for name in columns], columns, numeric, "th")]
    for row in rows[:SHOWN_ROWS]:
        cells = [_cell(row.get(name), _value(row, bar) / most if name == bar and most else 0.0) for name in columns]
        lines.append(_line(cells, columns, numeric, "td"))
    if len(rows) > 1 and any(name in columns for name in summed):
        sums = [number(sum(_value(row, name) for row in rows)) if name in summed else "" for name in columns]
        sums[0] = sums[0] or "in all"
        lines.append(_line([f"<strong>{each}</strong>" for each in sums], columns, numeric, "td"))
    more = note(f"and {len(rows) - SHOWN_ROWS:,} more rows") if len(rows) > SHOWN_ROWS else ""
    return f'<table style="border-collapse:collapse">{"".join(lines)}</table>{more}'


def _line(cells: Sequence[str], columns: Sequence[str], numeric: set[str], tag: str) -> str:
    line: list[str] = []
    for name, cell in zip(columns, cells, strict=True):
        whole = ";white-space:nowrap" if tag == "td" and (name in numeric or len(cell) <= _NARROW) else ""
        line.append(styled(f"{_CELL};text-align:{'right' if name in numeric else 'left'}{whole}", cell, tag))
    return f"<tr>{''.join(line)}</tr>"


def _cell(value: object, share: float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        shown = number(value)
        if share > 0:
            drawn = f"display:inline-block;width:{5 * share:.2f}em;height:.7em;background-color:{COLOURS[0]}"
            return styled(drawn, "") + " " + shown
        return shown
    if isinstance(value, (list, tuple)):
        return text(", ".join(map(str, cast("Sequence[object]", value))))
    return "" if value is None else text(value)


def _is_there(row: Row, name: str) -> bool:
    value = row.get(name)
    return value is not None and value != [] and value != ""


def _value(row: Row, name: str | None) -> float:
    value = row.get(name) if name is not None else None
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else 0.0
