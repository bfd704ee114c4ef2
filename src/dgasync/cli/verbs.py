"""Commands that do something."""

from __future__ import annotations

from typing import Any

import click

from dgasync.cli.exits import EXPLAINED

__all__ = ["Verb"]


class Verb(click.Command):
    """A command whose help says where exit codes are explained; what is wrong with its options is told as its own."""

    def __init__(self, name: str | None, *, epilog: str = "", **settings: Any) -> None:
        super().__init__(name, epilog=f"{epilog}\n\n{EXPLAINED}".lstrip(), **settings)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser knows of none where a value is missing
            raise
