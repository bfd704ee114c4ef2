"""Projects, their keys, members and invites, and the credentials of self-hosted ones.

ProjectsResponse       .projects: [Project]
KeysResponse           .api_keys: [KeyResponse]            .api_key: Key  .member: Member
MembersResponse        .members: [Member]
InvitesResponse        .invites: [Invite]
ScopesResponse         .scopes: [str]
CredentialsResponse    .distribution_credentials: [Credentials]
Message                what the service says when something was changed

The fields are those of the official description and of the official SDK's v3, whose names the classes bear. Dates are
ISO 8601 text.
"""

from __future__ import annotations

from typing import ClassVar

from dgasync.models.base import Answer, Model
from dgasync.models.items import Item, lift

__all__ = [
    "Credentials",
    "CredentialsMember",
    "CredentialsResponse",
    "Distribution",
    "Invite",
    "InvitesResponse",
    "Key",
    "KeyResponse",
    "KeysResponse",
    "Member",
    "MembersResponse",
    "Message",
    "Project",
    "ProjectsResponse",
    "ScopesResponse",
]


class Message(Answer, frozen=True, kw_only=True):
    """What the service says of a change that is done."""

    message: str | None = None

    def _facts(self) -> list[str]:
        return [self.message] if self.message else []


class Project(Item, frozen=True, kw_only=True):
    """A project: what keys, members, usage and bills belong to."""

    _shown: ClassVar[tuple[str, ...]] = ("project_id", "name")

    project_id: str | None = None
    name: str | None = None
    mip_opt_out: bool | None = None
    """Whether all its requests stay out of the Model Improvement Program."""


class ProjectsResponse(Answer, frozen=True, kw_only=True):
    """The projects that a key can see."""

    projects: list[Project] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.projects or ())} projects"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.projects, "Project")


class Key(Item, frozen=True, kw_only=True):
    """A key to the API."""

    _shown: ClassVar[tuple[str, ...]] = ("api_key_id", "comment")

    api_key_id: str | None = None
    key: str | None = None
    """The secret itself: told once, to who makes the key, and never in a repr."""
    comment: str | None = None
    created: str | None = None
    scopes: list[str] | None = None
    """What it may do."""
    expiration_date: str | None = None
    tags: list[str] | None = None


class Member(Model, frozen=True, kw_only=True):
    """Someone who has a part in a project."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    member_id: str | None = None
    scopes: list[str] | None = None
    """What they may do."""
    api_key: Key | None = None
    """Their key, where the official description puts it in the answer for one key; see `KeyResponse.api_key`."""


class KeyResponse(Item, frozen=True, kw_only=True):
    """A key, and whose it is."""

    api_key: Key | None = None
    member: Member | None = None
    item: KeyResponse | None = None
    """The same one level deeper, where the official description has it; its values are in the fields above as well."""

    def __post_init__(self) -> None:
        lift(self, self.item)
        lift(self, self.member)

    def _facts(self) -> list[str]:
        key = self.api_key
        return [key.api_key_id] if key and key.api_key_id else []


class KeysResponse(Answer, frozen=True, kw_only=True):
    """The keys of a project."""

    api_keys: list[KeyResponse] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.api_keys or ())} keys"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.api_keys, "KeyResponse")


class MembersResponse(Answer, frozen=True, kw_only=True):
    """The members of a project."""

    members: list[Member] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.members or ())} members"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.members, "Member")


class ScopesResponse(Answer, frozen=True, kw_only=True):
    """What a member may do in a project."""

    scopes: list[str] | None = None

    def _facts(self) -> list[str]:
        return self.scopes or []


class Invite(Model, frozen=True, kw_only=True):
    """Someone who was asked to join."""

    email: str | None = None
    scope: str | None = None
    """What they may do once they have."""


class InvitesResponse(Answer, frozen=True, kw_only=True):
    """The invites of a project that nobody has answered yet."""

    invites: list[Invite] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.invites or ())} invites"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.invites, "Invite")


class CredentialsMember(Model, frozen=True, kw_only=True):
    """Who made the credentials."""

    member_id: str | None = None
    email: str | None = None


class Distribution(Model, frozen=True, kw_only=True):
    """Credentials for the images of a self-hosted installation."""

    distribution_credentials_id: str | None = None
    provider: str | None = None
    """Where the images are, such as `quay`."""
    comment: str | None = None
    scopes: list[str] | None = None
    """What may be fetched."""
    created: str | None = None


class Credentials(Item, frozen=True, kw_only=True):
    """Credentials for a self-hosted installation, and whose they are."""

    member: CredentialsMember | None = None
    distribution_credentials: Distribution | None = None

    def _facts(self) -> list[str]:
        found = self.distribution_credentials
        return [found.distribution_credentials_id] if found and found.distribution_credentials_id else []


class CredentialsResponse(Answer, frozen=True, kw_only=True):
    """All credentials of a project for self-hosted installations."""

    distribution_credentials: list[Credentials] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.distribution_credentials or ())} credentials"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.distribution_credentials, "Credentials")
