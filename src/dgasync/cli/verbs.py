"""Commands that do something."""

from __future__ import annotations

from itertools import pairwise
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
        self._check_values(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser knows of none where a value is missing
            raise

    def _check_values(self, ctx: click.Context, args: list[str]) -> None:
        """Refuse an option that stands for the value of another: click would take it for that, and ask elsewhere."""
        own = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        options = {name: each for each in own for name in (*each.opts, *each.secondary_opts)}
        for name, value in pairwise(args[: args.index("--")] if "--" in args else args):
            option = options.get(name)
            takes_one = option is not None and not (option.is_flag or option.count) and option.nargs == 1
            if takes_one and value.startswith("--") and value.partition("=")[0] in options:
                raise click.UsageError(f"Option {name!r} requires an argument, and {value!r} is an option.", ctx)
