"""Commands that only have commands below them: `dgasync` itself, `dgasync keys`."""

from __future__ import annotations

from typing import Any

import click

from dgasync.cli.exits import EXPLAINED
from dgasync.cli.verbs import Verb

__all__ = ["Noun"]


class Noun(click.Group):
    """A group of commands on one thing. Without one of them it lists those things, or else shows its help."""

    command_class = Verb

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **{"epilog": EXPLAINED, **settings})

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """List, where nothing else is asked for."""
        if ctx.resilient_parsing:  # it is being completed
            return super().parse_args(ctx, args)
        if "list" in self.commands and (not args or (args[0][:1] == "-" and args[0] not in ctx.help_option_names)):
            args = ["list", *args]
        if not args:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)
