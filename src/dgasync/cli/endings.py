"""What the end of a file's name says about what is in it: one rule for all commands.

A known ending says it. A flag may say so too, and has to agree. Of an ending that is unknown only a flag can say it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

import click

__all__ = ["by_name"]

K = TypeVar("K")


def by_name(name: str | None, known: Mapping[str, K], given: Mapping[str, Collection[K]], advice: str) -> K | None:
    """What a file is to hold, as its name ends; None where that says nothing: there is no ending, or no file.

    Args:
        name: of the file; None or "-" for standard output.
        known: endings, such as ".srt", and what they say.
        given: the flags that were given and say what is in it, each with all of what endings say that agrees with it.
        advice: what to do about an ending that is unknown.

    Raises:
        UsageError: a flag says something else; or the ending is unknown, and no flag says anything.
    """
    ending = Path(name or "").suffix.lower()
    if ending in known:
        kind = known[ending]
        for flag, agreeing in given.items():
            if kind not in agreeing:
                raise click.UsageError(f"{flag} does not go with {name}, whose name says something else")
        return kind
    if ending and not given:
        raise click.UsageError(f"{name}: {ending} does not say what is to be in it: {advice}")
    return None
