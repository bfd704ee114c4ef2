"""Commands that only have commands below them: `dgasync` itself, `dgasync keys`."""

from __future__ import annotations

from typing import Any

import click

from dgasync.cli.exits import EPILOG

__all__ = ["Noun"]


class Noun(click.Group):
    """A group of commands on one thing. Its help is what comes without arguments."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{"epilog": EPILOG, **settings})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help where nothing is asked for."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)
