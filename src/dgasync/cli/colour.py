"""Whether there is colour: decided here, for click and for rich alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "is_coloured", "wanted"]


def wanted() -> bool:
    """Whether colour is of any use: not to who has said NO_COLOR (no-color.org), nor where TERM names a terminal that
    knows nothing.
    """
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")


def is_coloured(stream: TextIO) -> bool:
    """Whether what is written there is to be coloured."""
    return stream.isatty() and wanted()


def console(*, stderr: bool = False) -> Console:
    """What draws on the terminal, at standard output unless at standard error."""
    from rich.console import Console

    return Console(stderr=stderr, no_color=not wanted(), highlight=False)
