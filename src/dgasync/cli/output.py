"""Standard output, whose reader may be gone."""

from __future__ import annotations

import click

from dgasync.cli.exits import Exit, Failure

__all__ = ["write"]


def write(text: bytes | str, *, nl: bool = True) -> None:
    """Write it, and a new line, at once; where nobody reads any more the command ends."""
    try:
        click.echo(text, nl=nl)
    except BrokenPipeError:
        raise Failure("", Exit.NO_READER) from None
