"""v2's calls about the account: what each is called here, and what becomes of its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import libcst as cst

from dgasync.migrate.edits import arranged, named

__all__ = ["BRANCHES", "AccountCall", "account_args"]


class AccountCall(NamedTuple):
    """A call of v2.

    Attributes:
        name: the method of `manage` that does it.
        takes: v2's names of the arguments that stay, in their order.
        packs: v2's names of those that go into one mapping behind them, in their order.
        asks: whether the last argument, the options, may be left out in v2 and not here.
    """

    name: str
    takes: tuple[str, ...]
    packs: tuple[str, ...] = ()
    asks: bool = False


_RENAMED = {"key": "key_id", "option": "options"}

BRANCHES: dict[str, dict[str, AccountCall]] = {
    "projects": {
        "list": AccountCall("get_projects", ()),
        "get": AccountCall("get_project", ("project_id",)),
        "update": AccountCall("update_project", ("project_id", "name")),
        "delete": AccountCall("delete_project", ("project_id",)),
    },
    "keys": {
        "list": AccountCall("get_keys", ("project_id",)),
        "get": AccountCall("get_key", ("project_id", "key")),
        "create": AccountCall(
            "create_key",
            ("project_id",),
            ("comment", "scopes", "tags", "expiration_date", "time_to_live_in_seconds"),
        ),
        "delete": AccountCall("delete_key", ("project_id", "key")),
    },
    "members": {
        "list_members": AccountCall("get_members", ("project_id",)),
        "remove_member": AccountCall("remove_member", ("project_id", "member_id")),
    },
    "scopes": {
        "get_scope": AccountCall("get_member_scopes", ("project_id", "member_id")),
        "update_scope": AccountCall("update_member_scope", ("project_id", "member_id"), ("scope",)),
    },
    "invitations": {
        "list_invitations": AccountCall("get_invites", ("project_id",)),
        "send_invitation": AccountCall("send_invite_options", ("project_id", "option")),
        "remove_invitation": AccountCall("delete_invite", ("project_id", "email")),
        "leave_project": AccountCall("leave_project", ("project_id",)),
    },
    "usage": {
        "list_requests": AccountCall("get_usage_requests", ("project_id", "options"), asks=True),
        "get_request": AccountCall("get_usage_request", ("project_id", "request_id")),
        "get_usage": AccountCall("get_usage_summary", ("project_id", "options"), asks=True),
        "get_fields": AccountCall("get_usage_fields", ("project_id", "options"), asks=True),
    },
    "billing": {
        "list_balance": AccountCall("get_balances", ("project_id",)),
        "get_balance": AccountCall("get_balance", ("project_id", "balance_id")),
    },
}
"""v2's branches of a client, and the methods of each."""

# v2 moved what comes behind the scopes from one release to the next.
_SURE = {"keys.create": 3}


def account_args(call: AccountCall, method: str, args: Sequence[cst.Arg]) -> list[cst.Arg] | None:
    """The arguments of a call as they are to be passed here; None where they cannot be told apart.

    Args:
        call: what v2's call is here.
        method: v2's name for it, as `keys.create`.
        args: the arguments as they stand.
    """
    names = (*call.takes, *call.packs)
    plain = [arg for arg in args if arg.keyword is None]
    if any(arg.star for arg in args) or len(plain) > _SURE.get(method, len(names)):
        return None
    kept: list[cst.Arg] = []
    packed: list[tuple[str, cst.BaseExpression]] = []
    for index, arg in enumerate(args):
        name = names[index] if arg.keyword is None else arg.keyword.value
        if name in call.takes:
            new = _RENAMED.get(name, name)
            kept.append(arg if arg.keyword is None else arg.with_changes(keyword=cst.Name(new)))
        elif name in call.packs:
            packed.append((name, arg.value))
        else:
            return None
    if packed or (call.asks and len(args) < len(call.takes)):
        options = _mapping(packed)
        # Behind a keyword there can only be keywords.
        kept.append(named("options", options) if any(arg.keyword for arg in kept) else cst.Arg(options))
    return arranged(kept, args)


def _mapping(pairs: Sequence[tuple[str, cst.BaseExpression]]) -> cst.Dict:
    return cst.Dict([cst.DictElement(cst.SimpleString(f'"{name}"'), value) for name, value in pairs])
