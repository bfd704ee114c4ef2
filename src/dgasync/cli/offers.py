"""What a shell offers where a value is to be typed; anything else may be typed all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["Offer", "a_file", "offering"]

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]
"""Gives what may stand where somebody has begun to type: the `shell_complete` of a parameter."""


def offering(*values: str) -> Offer:
    """Offers these."""

    def offer(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(value) for value in values if value.startswith(begun)]

    return offer


def a_file(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Offers what the shell itself knows: files, for what may be an address as well."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="file")]
