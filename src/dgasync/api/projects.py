"""Projects and who may use them, natively: `deepgram.projects`, and `deepgram.project(id)` with what belongs to one.

AsyncProjectHandle        of one project: get, update, delete, leave
├── .keys                 AsyncKeys
├── .members, .invites    AsyncMembers, AsyncInvites
├── .credentials          AsyncProjectCredentials, for self-hosted installations
├── .requests, .usage     AsyncRequests, AsyncUsage                           (module `usage`)
├── .balances, .billing, .purchases   AsyncBalances, AsyncBilling, AsyncPurchases   (module `usage`)
├── .models               AsyncModels                                         (module `catalogue`)
└── .agents, .agent_variables         AsyncAgents, AsyncAgentVariables        (module `agents`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dgasync.api import operations
from dgasync.api.account import Account
from dgasync.api.agents import AsyncAgents, AsyncAgentVariables
from dgasync.api.catalogue import AsyncModels
from dgasync.api.usage import AsyncBalances, AsyncBilling, AsyncPurchases, AsyncRequests, AsyncUsage
from dgasync.errors import DeepgramTypeError
from dgasync.models.projects import Project

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.listing import AsyncListing
    from dgasync.api.road import Road
    from dgasync.models.account_calls import AccountCall, CredentialsCall, KeyCall, KeysCall
    from dgasync.models.projects import Credentials, Invite, Key, KeyResponse, Member, Message, ScopesResponse

__all__ = [
    "AsyncInvites",
    "AsyncKeys",
    "AsyncMembers",
    "AsyncProjectCredentials",
    "AsyncProjectHandle",
    "AsyncProjects",
    "project_at",
]


class AsyncProjects:
    """The projects that the key can see: `deepgram.projects`.

    Each call takes `timeout`, `headers`, `addons`, `max_retries`, `strict` and `keep_raw` by keyword, here and in what
    belongs to a project, and raises what `AsyncDeepgramClient.transcribe` does for options of no use, for a service
    that answers no, and for none that answers.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[Project]:
        """All of them."""
        return self._account.listing(operations.LIST_PROJECTS, lambda answer: answer.projects, call)

    async def get(self, project_id: str, /, **call: Unpack[AccountCall]) -> Project:
        """One of them, with its name."""
        return await self._account.ask(operations.GET_PROJECT, call, project_id=project_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncProjectHandle:
    """One project, and everything that belongs to it: `deepgram.project(project_id)`.

    To have it asks for nothing: only its methods do, and those of its parts.
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def keys(self) -> AsyncKeys:
        """Its keys."""
        return AsyncKeys(self._account)

    @property
    def members(self) -> AsyncMembers:
        """Who has a part in it."""
        return AsyncMembers(self._account)

    @property
    def invites(self) -> AsyncInvites:
        """Who was asked to join."""
        return AsyncInvites(self._account)

    @property
    def credentials(self) -> AsyncProjectCredentials:
        """Its credentials for self-hosted installations."""
        return AsyncProjectCredentials(self._account)

    @property
    def requests(self) -> AsyncRequests:
        """Every single request that was made."""
        return AsyncRequests(self._account)

    @property
    def usage(self) -> AsyncUsage:
        """How much was used."""
        return AsyncUsage(self._account)

    @property
    def balances(self) -> AsyncBalances:
        """What is left of what was bought."""
        return AsyncBalances(self._account)

    @property
    def billing(self) -> AsyncBilling:
        """What it cost."""
        return AsyncBilling(self._account)

    @property
    def purchases(self) -> AsyncPurchases:
        """What was bought."""
        return AsyncPurchases(self._account)

    @property
    def models(self) -> AsyncModels:
        """The models that it may use, its own among them."""
        return AsyncModels(self._account, operations.LIST_PROJECT_MODELS, operations.GET_PROJECT_MODEL)

    @property
    def agents(self) -> AsyncAgents:
        """The configurations it keeps for voice agents."""
        return AsyncAgents(self._account)

    @property
    def agent_variables(self) -> AsyncAgentVariables:
        """The variables it keeps for these."""
        return AsyncAgentVariables(self._account)

    async def get(self, **call: Unpack[AccountCall]) -> Project:
        """The project, with its name."""
        return await self._account.ask(operations.GET_PROJECT, call)

    async def update(self, *, name: str, **call: Unpack[AccountCall]) -> Message:
        """Give it another name."""
        return await self._account.ask(operations.UPDATE_PROJECT, {"name": name, **call})

    async def delete(self, **call: Unpack[AccountCall]) -> Message:
        """Delete it, and everything that belongs to it, for ever."""
        return await self._account.ask(operations.DELETE_PROJECT, call)

    async def leave(self, **call: Unpack[AccountCall]) -> Message:
        """Have no part in it any more: the member whose key is used leaves."""
        return await self._account.ask(operations.LEAVE_PROJECT, call)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


def project_at(road: Road, project: str | Project) -> AsyncProjectHandle:
    """What `deepgram.project(...)` gives."""
    found = project.project_id if isinstance(project, Project) else project
    if not isinstance(found, str) or not found:
        raise DeepgramTypeError(f"A project is meant by its id, a text, or by a Project that has one; got {project!r}.")
    return AsyncProjectHandle(Account(road, project_id=found))


class AsyncKeys:
    """The keys of a project."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **options: Unpack[KeysCall]) -> AsyncListing[KeyResponse]:
        """Each with whose it is; `status="active"` or `"expired"` narrows the choice. None shows its secret."""
        return self._account.listing(operations.LIST_KEYS, lambda answer: answer.api_keys, options)

    async def get(self, key_id: str, /, **call: Unpack[AccountCall]) -> KeyResponse:
        """One of them, without its secret."""
        return await self._account.ask(operations.GET_KEY, call, key_id=key_id)

    async def create(self, **options: Unpack[KeyCall]) -> Key:
        """A new key. Its secret is in `.key`, now and never again.

        Args:
            options: `comment` and `scopes`, which the service asks for, `tags`, and when it ends:
                `time_to_live_in_seconds` or `expiration_date`, never unless given.
        """
        return await self._account.ask(operations.CREATE_KEY, options)

    async def delete(self, key_id: str, /, **call: Unpack[AccountCall]) -> Message:
        """Let it open nothing any more."""
        return await self._account.ask(operations.DELETE_KEY, call, key_id=key_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncMembers:
    """Who has a part in a project."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[Member]:
        """All of them."""
        return self._account.listing(operations.LIST_MEMBERS, lambda answer: answer.members, call)

    async def delete(self, member_id: str, /, **call: Unpack[AccountCall]) -> Message:
        """Let them have no part in it any more."""
        return await self._account.ask(operations.REMOVE_MEMBER, call, member_id=member_id)

    async def scopes(self, member_id: str, /, **call: Unpack[AccountCall]) -> ScopesResponse:
        """What a member may do."""
        return await self._account.ask(operations.GET_SCOPES, call, member_id=member_id)

    async def update_scope(self, member_id: str, /, *, scope: str, **call: Unpack[AccountCall]) -> Message:
        """Let a member do this from now on: `owner`, `admin` or `member`."""
        return await self._account.ask(operations.UPDATE_SCOPE, {"scope": scope, **call}, member_id=member_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncInvites:
    """Who was asked to join a project, and has not answered yet."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[Invite]:
        """All of them."""
        return self._account.listing(operations.LIST_INVITES, lambda answer: answer.invites, call)

    async def create(self, email: str, /, *, scope: str = "member", **call: Unpack[AccountCall]) -> Message:
        """Ask someone to join, as `owner`, `admin` or `member`."""
        return await self._account.ask(operations.CREATE_INVITE, {"email": email, "scope": scope, **call})

    async def delete(self, email: str, /, **call: Unpack[AccountCall]) -> Message:
        """Take an invite back."""
        return await self._account.ask(operations.DELETE_INVITE, call, email=email)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncProjectCredentials:
    """What a project has for fetching the images of self-hosted installations."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[Credentials]:
        """All of them, each with whose they are."""
        return self._account.listing(operations.LIST_CREDENTIALS, lambda answer: answer.distribution_credentials, call)

    async def get(self, distribution_credentials_id: str, /, **call: Unpack[AccountCall]) -> Credentials:
        """One of them."""
        return await self._account.ask(
            operations.GET_CREDENTIALS, call, distribution_credentials_id=distribution_credentials_id
        )

    async def create(self, **options: Unpack[CredentialsCall]) -> Credentials:
        """New ones; `comment`, `scopes` and `provider` say what for."""
        return await self._account.ask(operations.CREATE_CREDENTIALS, options)

    async def delete(self, distribution_credentials_id: str, /, **call: Unpack[AccountCall]) -> Credentials:
        """Let them fetch nothing any more. Gives what they were."""
        return await self._account.ask(
            operations.DELETE_CREDENTIALS, call, distribution_credentials_id=distribution_credentials_id
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"
