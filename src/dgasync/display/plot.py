"""Bars over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dgasync.display.page import COLOURS, note, number, styled, text
from dgasync.limits import SHOWN_BARS

__all__ = ["plot"]

MOST_GROUPS = len(COLOURS)
"""Groups that have a colour; the smallest of more are drawn as one."""

WIDTH, HEIGHT = 720, 140


def plot(stretches: Sequence[str], groups: Mapping[str, Sequence[float]], unit: str) -> str:
    """A bar for each stretch of time, made of the groups' values.

    Args:
        stretches: what the stretches are called.
        groups: a value for each stretch, by the name of the group; one group alone needs no name.
        unit: what is counted.
    """
    groups = _few({name: values[-SHOWN_BARS:] for name, values in groups.items()})
    shown = stretches[-SHOWN_BARS:]
    most = max((sum(values) for values in zip(*groups.values(), strict=True)), default=0.0)
    if most <= 0:
        return ""
    wide = WIDTH / len(shown)
    drawn: list[str] = []
    for index in range(len(shown)):
        below = 0.0
        for place, values in enumerate(groups.values()):
            high = HEIGHT * values[index] / most
            if high > 0:
                below += high
                drawn.append(
                    f'<rect x="{index * wide:.2f}" y="{HEIGHT - below:.2f}" width="{max(wide * 0.85, 0.5):.2f}" '
                    f'height="{high:.2f}" fill="{COLOURS[place % len(COLOURS)]}"/>'
                )
    # There is no text in the drawing: where it is taken out for safety, its text would be left behind.
    picture = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(unit)} over time" '
        f'style="display:block;width:100%;max-width:{WIDTH}px;border-bottom:1px solid currentColor">'
        f"{''.join(drawn)}</svg>"
    )
    ends = (
        f"<span>{text(shown[0])}</span> <span>{text(shown[-1])}</span>"
        if len(shown) > 1
        else f"<span>{text(shown[0])}</span>"
    )
    axis = styled(
        f"display:flex;justify-content:space-between;max-width:{WIDTH}px;font-size:.9em;opacity:.7", ends, "div"
    )
    left_out = f", the latest {SHOWN_BARS} stretches of {len(stretches):,}" if len(stretches) > SHOWN_BARS else ""
    title = note(f"{text(unit)}, {number(most)} at most{left_out}")
    legend = " ".join(
        styled(f"color:{COLOURS[place % len(COLOURS)]}", "■") + f" {text(name, 60)} "
        for place, name in enumerate(groups)
        if name
    )
    return title + picture + axis + (f"<div>{legend}</div>" if legend else "")


def _few(groups: Mapping[str, Sequence[float]]) -> Mapping[str, Sequence[float]]:
    if len(groups) <= MOST_GROUPS:
        return groups
    largest = sorted(groups, key=lambda name: sum(groups[name]), reverse=True)
    kept = {name: groups[name] for name in largest[: MOST_GROUPS - 1]}
    rest = [groups[name] for name in largest[MOST_GROUPS - 1 :]]
    return {**kept, f"{len(rest)} others": [sum(values) for values in zip(*rest, strict=True)]}
