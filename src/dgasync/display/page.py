"""Html, and what all HTML here is made with."""

from __future__ import annotations

from html import escape
from math import isfinite

__all__ = ["COLOURS", "MUTED", "Html", "box", "clock", "note", "number", "page", "styled", "text"]

COLOURS = ("#3b82f6", "#ea580c", "#16a34a", "#a855f7", "#db2777", "#0891b2", "#b45309", "#64748b")
"""One for each speaker or group, anew from the first where there are more; each can be seen on white and on black."""

MUTED = "opacity:.7"
"""What is said beside."""


class Html(str):
    """HTML as text; a notebook shows what it looks like."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self)} characters>"


def text(value: object, most: int = 200) -> str:
    """Any text as HTML that shows it and nothing else, cut where it is longer than `most` characters."""
    said = str(value)
    return escape(said if len(said) <= most else f"{said[: most - 1]}…")


def styled(style: str, inner: str, tag: str = "span", more: str = "") -> str:
    """HTML in an element of a style; `more` are further attributes."""
    return f'<{tag}{more} style="{style}">{inner}</{tag}>'


def box(*parts: str, more: str = "") -> str:
    """Parts under each other, as an output of its own."""
    return styled("max-width:60em;line-height:1.5", "".join(parts), "div", more)


def note(inner: str) -> str:
    """A line that is said beside."""
    return styled(f"{MUTED};font-size:.9em", inner, "div")


def page(title: str, inner: str) -> str:
    """A whole page, for a file of its own."""
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{text(title)}</title><style>:root{{color-scheme:light dark}}</style>"
    )
    body = styled(
        "font-family:system-ui,sans-serif;margin:2em auto;padding:0 1em;max-width:60em",
        f"<h1>{text(title)}</h1>{inner}",
        "body",
    )
    return f"<!doctype html><html><head>{head}</head>{body}</html>"


def clock(seconds: float) -> str:
    """A time in a recording: minutes and seconds, hours before them where there are any."""
    whole = int(seconds) if isfinite(seconds) and seconds > 0 else 0
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def number(value: float) -> str:
    """A number as people read it: with separators, and with no more digits than matter."""
    if not isfinite(value):
        return str(value)
    if value and abs(value) < 0.001:
        return f"{value:.2g}"
    whole = f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return "0" if whole == "-0" else whole
