"""One call of the service: how long it may take, and where its answer goes if it does not come back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dgasync.cli.service import flagged

if TYPE_CHECKING:
    from dgasync.models.listen import AsyncPrerecordedResponse

__all__ = ["CALLBACK", "call_of", "callback_flags", "callback_of", "promised", "timeout_flag"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")

CALLBACK = frozenset({"callback", "callback_method"})
"""The names of the parameters of `callback_flags`."""


def timeout_flag(command: F) -> F:
    """The command with the flag that says how long a call may take."""
    return flagged(
        command,
        click.option(
            "--timeout",
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            help="For each part of it: connecting (else 10), sending on (30), and being answered (600); no limit with "
            "--local.",
        ),
    )


def callback_flags(command: F) -> F:
    """The command with the flags for an answer that goes elsewhere."""
    return flagged(
        command,
        click.option("--callback", metavar="URL", help="Have the answer sent there; the request id is printed."),
        click.option("--callback-method", metavar="[POST|PUT]", help="How it is sent there."),
    )


def call_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What every call takes beside its options."""
    return {"timeout": given["timeout"], "addons": given["query"], "max_retries": given["retries"]}


def callback_of(given: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, Any]:
    """What a call whose answer goes elsewhere takes for that; nothing if it comes back.

    Args:
        given: all that the command was given.
        without: parameters that say what becomes of the answer here.

    Raises:
        UsageError: these do not go together.
    """
    chosen = {name: given[name] for name in sorted(CALLBACK) if given[name]}
    if chosen and "callback" not in chosen:
        raise click.UsageError("--callback-method goes with --callback")
    here = [name for name in without if given[name]]
    if chosen and here:
        raise click.UsageError(f"--callback has the answer sent elsewhere: --{here[0].replace('_', '-')} is for here")
    return chosen


def promised(answer: AsyncPrerecordedResponse, callback: str) -> str:
    """Where the answer will be."""
    return f"The answer will be sent to {callback}; request {answer.request_id}."
