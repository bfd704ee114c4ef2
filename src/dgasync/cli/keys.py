"""The command `dgasync keys`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from dgasync.cli.account import account, account_flags, agreed, json_flag, project_flag, yes_flag
from dgasync.cli.nouns import Noun
from dgasync.cli.offers import offering
from dgasync.cli.output import write
from dgasync.cli.tables import show, show_facts, show_json

if TYPE_CHECKING:
    from dgasync.models.projects import KeyResponse

__all__ = ["keys"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.group(cls=Noun)
def keys() -> None:
    """The keys of a project.

    Without a command it lists them.
    """


@keys.command("list")
@click.option("--status", type=click.Choice(["active", "expired"]), help="Only these.")
@project_flag
@json_flag
@account_flags
def list_keys(status: str | None, as_json: bool, **given: Any) -> None:
    """All of them, without their secrets."""
    with account(given) as asked:
        narrowed: dict[str, Any] = {"status": status} if status else {}
        found = asked.project().keys.list(**narrowed, **asked.call).all()
    if as_json:
        show_json(found)
    else:
        facts = [_facts(each) for each in found]
        columns = ("Key", "Comment", "Scopes", "Tags", "Expires", "Made by")
        show(columns, [[each[column] for column in columns] for each in facts], none="there are no keys")


@keys.command("show")
@click.argument("key_id", metavar="KEY_ID")
@project_flag
@json_flag
@account_flags
def show_key(key_id: str, as_json: bool, **given: Any) -> None:
    """One of them, by its id, without its secret."""
    with account(given) as asked:
        found = asked.project().keys.get(key_id, **asked.call)
    if as_json:
        show_json(found)
    else:
        show_facts(_facts(found))


def _expiry(context: click.Context, parameter: click.Parameter, given: str | None) -> dict[str, Any]:
    """The option of the service that says when a key ends."""
    if given is None:
        return {}
    span = re.fullmatch(r"(\d{1,9})([smhdw])", given)
    if span:
        return {"time_to_live_in_seconds": int(span[1]) * _UNITS[span[2]]}
    try:
        datetime.fromisoformat(given.removesuffix("Z"))
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is neither a time such as 90m, 12h or 30d, nor a moment such as 2030-01-31T12:00:00Z",
            context,
            parameter,
        ) from None
    # A day alone begins the day: the service asks for a time, too.
    return {"expiration_date": given if "T" in given else f"{given}T00:00:00Z"}


@keys.command("create")
@click.option("--comment", required=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    metavar="SCOPE",
    multiple=True,
    required=True,
    shell_complete=offering("usage:write", "usage:read", "keys:read", "keys:write", "member", "admin", "owner"),
    help="What it may do, such as usage:write; repeatable.",
)
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="A label of all that is asked with it; repeatable.")
@click.option(
    "--expires",
    metavar="TIME|MOMENT",
    callback=_expiry,
    help="When it ends: after a time (90m, 12h, 30d), or at a moment (2030-01-31T12:00:00Z); else never.",
)
@project_flag
@json_flag
@account_flags
def create_key(
    comment: str,
    scopes: tuple[str, ...],
    tags: tuple[str, ...],
    expires: dict[str, Any],
    as_json: bool,
    **given: Any,
) -> None:
    """Make a key and print it, now and never again.

    Standard output has the key and nothing else: KEY=$(dgasync keys create ...).
    """
    labelled: dict[str, Any] = {"tags": tags} if tags else {}
    with account(given) as asked:
        made = asked.project().keys.create(comment=comment, scopes=scopes, **labelled, **expires, **asked.call)
    if as_json:
        show_json(made)
    else:
        write(made.key or "")
    click.echo(
        f"dgasync: this is the only time that the key {made.api_key_id} is shown: put it where it is safe now. "
        f"`dgasync keys delete {made.api_key_id}` ends it",
        err=True,
    )


@keys.command("delete")
@click.argument("key_ids", metavar="KEY_ID...", nargs=-1, required=True)
@yes_flag
@project_flag
@account_flags
def delete_keys(key_ids: tuple[str, ...], yes: bool, **given: Any) -> None:
    """Let keys, by their ids, open nothing any more."""
    agreed(f"Delete {' and '.join(key_ids)}? Who uses what is deleted is locked out at once.", yes=yes)
    gone: list[str] = []
    try:
        with account(given) as asked:
            project = asked.project()
            for key_id in key_ids:
                project.keys.delete(key_id, **asked.call)
                gone.append(key_id)
    finally:  # also where one of them could not be deleted
        for key_id in gone:
            write(f"The key {key_id} is deleted.")


def _facts(found: KeyResponse) -> dict[str, object]:
    key, member = found.api_key, found.member
    if key is None and member is not None:
        key = member.api_key  # where the official description has it
    return {
        "Key": key and key.api_key_id,
        "Comment": key and key.comment,
        "Scopes": key and key.scopes,
        "Tags": key and key.tags,
        "Created": key and key.created,
        "Expires": key and key.expiration_date,
        "Made by": member and (member.email or member.member_id),
    }
