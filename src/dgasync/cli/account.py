"""What the commands of the account share: their flags, which project they mean, and how a change is agreed to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dgasync.cli.call import call_of
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.layout import one_line
from dgasync.cli.progress import progress
from dgasync.cli.service import flagged, hosted, hosted_flags

if TYPE_CHECKING:
    from dgasync.sync.client import DeepgramClient
    from dgasync.sync.projects import ProjectHandle

__all__ = ["Account", "account", "account_flags", "agreed", "json_flag", "project_flag", "yes_flag"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")

_TIMEOUT = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=30,
    show_default=True,
    help="For each part of a request: connecting, and being answered.",
)

json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

project_flag = click.option(
    "--project",
    metavar="ID",
    envvar="DEEPGRAM_PROJECT_ID",
    show_envvar=True,
    help="Which project; not needed where the key can see only one.",
)

yes_flag = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def account_flags(command: F) -> F:
    """The command with the flags that say whom to ask, and how patiently; put it below `@click.command()`."""
    return flagged(hosted_flags(command), _TIMEOUT)


class Account:
    """A client, and what each call of this command takes by keyword."""

    def __init__(self, deepgram: DeepgramClient, given: Mapping[str, Any]) -> None:
        self.deepgram = deepgram
        self.call = call_of(given)
        self._named: str | None = given.get("project")

    def project(self) -> ProjectHandle:
        """The project that was named, else the only one, which is asked for.

        Raises:
            Failure: there are several, or none.
        """
        if self._named:
            return self.deepgram.project(self._named)
        found = self.deepgram.projects.list(**self.call).all()
        if len(found) == 1:
            return self.deepgram.project(found[0])
        if not found:
            raise Failure("the key can see no project", Exit.KEY)
        names = "; ".join(f"{each.project_id} ({one_line(each.name or 'without a name')})" for each in found)
        raise Failure(f"the key can see {len(found)} projects, say which with --project: {names}", Exit.USAGE)


@contextmanager
def account(given: Mapping[str, Any]) -> Generator[Account, None, None]:
    """Whom to ask, until the end of the block; that it takes time shows, so nothing is to be printed in it."""
    with progress() as shown, hosted(given) as deepgram:
        shown.phase("asking")
        yield Account(deepgram, given)


def agreed(question: str, *, yes: bool) -> None:
    """Return if the user wants it.

    Raises:
        Failure: they do not.
        UsageError: there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked whether this is meant: say so with --yes")
    if not click.confirm(question, err=True):
        raise Failure("nothing was changed", Exit.INTERRUPTED)
