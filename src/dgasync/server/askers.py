"""Who asks, and what they may: roles and scopes, as the service's page "Working With Roles & API Scopes" has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dgasync.server.replies import Refusal

__all__ = ["SCOPES", "Asker", "granted", "rank"]

_PEOPLE = ("", ":invites", ":scopes")


def _over(group: str, *, write: bool) -> set[str]:
    """The scopes over the people of one role: seeing them, and inviting, changing and removing them."""
    read = {f"{group}:read{part}" for part in _PEOPLE}
    return read | {f"{group}:write{part}" for part in (*_PEOPLE, ":kick")} if write else read


_MEMBER = {"member", "project:read", "project:write", "keys:read", "keys:write", "usage:read", "usage:write"}
_ADMIN = (
    {*_MEMBER, "admin", "billing:read", "self-hosted:products"}
    | _over("members", write=True)
    | _over("admins", write=True)
    | _over("owners", write=False)
)
_OWNER = {*_ADMIN, "owner", "project:write:settings", "project:write:destroy", "billing:write"} | _over(
    "owners", write=True
)
_PRODUCTS = {
    f"self-hosted:product:{name}"
    for name in ("api", "engine", "license-proxy", "dgtools", "billing", "hotpepper", "metrics-server")
}
_IMPLIED = {
    "member": _MEMBER,
    "admin": _ADMIN | _PRODUCTS,
    "owner": _OWNER | _PRODUCTS,
    "self-hosted:products": _PRODUCTS,
    "project:write": {"project:read"},
}

SCOPES = frozenset(_OWNER | _PRODUCTS)
"""Every scope there is, roles included: a role is the scope that implies what it may."""


def granted(scopes: Collection[str]) -> frozenset[str]:
    """These scopes, and all that they imply."""
    return frozenset(scopes).union(*(_IMPLIED.get(scope, ()) for scope in scopes))


def rank(scopes: Iterable[str]) -> str:
    """Which group a person of these scopes belongs to: `owners`, `admins` or `members`."""
    held = set(scopes)
    return "owners" if "owner" in held else "admins" if "admin" in held else "members"


@dataclass(frozen=True)
class Asker:
    """Whom a request comes from."""

    accessor: str
    """The id of the key, which does not give the key away; `dg-token` of callbacks."""
    project_id: str
    """Whose use it is."""
    scopes: frozenset[str]
    """What it may, implied scopes included."""
    member_id: str = ""
    """Who made the key; empty for the owner of the server, who owns each project."""
    tags: tuple[str, ...] = ()
    """Go with each request of the key."""
    token: bool = False
    """It came with a token of `/v1/auth/grant`, which is good for the products and for nothing else."""

    @property
    def everywhere(self) -> bool:
        """Whether it owns the server, and so every project in it."""
        return not self.member_id

    def check(self, scope: str) -> None:
        """Raise `Refusal` when it may not do what needs this scope. An empty one is everybody's who has a key."""
        if scope and scope not in self.scopes:
            raise lacking(scope)
        if self.token and scope != "usage:write":
            raise Refusal(403, "INSUFFICIENT_PERMISSIONS", "Tokens do not work here.", details="A key is needed.")

    def check_gift(self, scopes: Sequence[str]) -> None:
        """Raise `Refusal` when it would give a scope that it has not itself."""
        for scope in scopes:
            if scope not in self.scopes:
                raise lacking(scope)


def lacking(scope: str) -> Refusal:
    """The answer to a key without this scope."""
    message = "User does not have sufficient permissions."
    return Refusal(403, "INSUFFICIENT_PERMISSIONS", message, details=f"The key lacks the scope {scope}.")
