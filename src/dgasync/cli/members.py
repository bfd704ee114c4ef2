"""The commands `dgasync members` and `dgasync invites`: who has a part in a project, and who was asked to."""

from __future__ import annotations

from typing import Any

import click

from dgasync.cli.account import account, account_flags, agreed, json_flag, project_flag, yes_flag
from dgasync.cli.nouns import Noun
from dgasync.cli.output import write
from dgasync.cli.tables import show, show_json

__all__ = ["invites", "members"]

_ROLES = click.Choice(["member", "admin", "owner"])


@click.group(cls=Noun)
def members() -> None:
    """Who has a part in a project.

    Without a command it lists them.
    """


@members.command("list")
@project_flag
@json_flag
@account_flags
def list_members(as_json: bool, **given: Any) -> None:
    """All of them."""
    with account(given) as asked:
        found = asked.project().members.list(**asked.call).all()
    if as_json:
        show_json(found)
    else:
        rows = [
            (each.member_id, each.email, " ".join(filter(None, (each.first_name, each.last_name))), each.scopes)
            for each in found
        ]
        show(("Member", "Address", "Name", "Scopes"), rows, none="there are no members")


@members.command("role")
@click.argument("member_id", metavar="MEMBER_ID")
@click.argument("scope", metavar="member|admin|owner", type=_ROLES)
@project_flag
@account_flags
def change_role(member_id: str, scope: str, **given: Any) -> None:
    """Let a member do more, or less."""
    with account(given) as asked:
        asked.project().members.update_scope(member_id, scope=scope, **asked.call)
    write(f"The member {member_id} is {scope} now.")


@members.command("remove")
@click.argument("member_id", metavar="MEMBER_ID")
@yes_flag
@project_flag
@account_flags
def remove_member(member_id: str, yes: bool, **given: Any) -> None:
    """Let a member have no part in it any more."""
    agreed(f"Remove the member {member_id}? Their keys open nothing any more.", yes=yes)
    with account(given) as asked:
        asked.project().members.delete(member_id, **asked.call)
    write(f"The member {member_id} is removed.")


@click.group(cls=Noun)
def invites() -> None:
    """Who was asked to join a project and has not answered yet.

    Without a command it lists them.
    """


@invites.command("list")
@project_flag
@json_flag
@account_flags
def list_invites(as_json: bool, **given: Any) -> None:
    """All of them."""
    with account(given) as asked:
        found = asked.project().invites.list(**asked.call).all()
    if as_json:
        show_json(found)
    else:
        show(("Address", "Scope"), [(each.email, each.scope) for each in found], none="there are no invites")


@invites.command("send")
@click.argument("email", metavar="ADDRESS")
@click.option(
    "--scope", type=_ROLES, default="member", show_default=True, help="What they may do once they have joined."
)
@project_flag
@account_flags
def send_invite(email: str, scope: str, **given: Any) -> None:
    """Ask someone to join, by mail."""
    with account(given) as asked:
        asked.project().invites.create(email, scope=scope, **asked.call)
    write(f"{email} is invited.")


@invites.command("withdraw")
@click.argument("email", metavar="ADDRESS")
@project_flag
@account_flags
def withdraw_invite(email: str, **given: Any) -> None:
    """Take an invite back."""
    with account(given) as asked:
        asked.project().invites.delete(email, **asked.call)
    write(f"The invite of {email} is withdrawn.")
