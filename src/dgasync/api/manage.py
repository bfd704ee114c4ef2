"""The account behind the API, in the documented style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dgasync.api import operations
from dgasync.api.account import documented
from dgasync.api.road import Road

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.config import DeepgramClientOptions, TimeoutLike
    from dgasync.models.account_calls import AccountExtras
    from dgasync.models.account_options import (
        InviteOptions,
        KeyOptions,
        ModelOptions,
        ProjectOptions,
        ScopeOptions,
        UsageFieldsOptions,
        UsageRequestOptions,
        UsageSummaryOptions,
    )
    from dgasync.models.catalogue import ModelResponse, ModelsResponse
    from dgasync.models.projects import (
        InvitesResponse,
        Key,
        KeyResponse,
        KeysResponse,
        MembersResponse,
        Message,
        Project,
        ProjectsResponse,
        ScopesResponse,
    )
    from dgasync.models.usage import (
        Balance,
        BalancesResponse,
        UsageFieldsResponse,
        UsageRequest,
        UsageRequestsResponse,
        UsageSummaryResponse,
    )

__all__ = ["AsyncManageClient"]


class AsyncManageClient:
    """Projects, keys, members, usage, balances and models, in the documented style: `deepgram.asyncmanage.v("1")`.

    `options` are an options object, a dict of the same names, or None. Each method also takes `timeout` (seconds for
    each part of the call, or `Timeouts`), `addons` (query parameters by name, laid over the options), `headers` (for
    this call only), and by keyword `max_retries`, `strict` and `keep_raw`.

    Each raises DeepgramTypeError for an option of no use (then nothing was sent), DeepgramApiError where the service
    answers no (its subclasses say why), DeepgramConnectionError where none answers, and DecodeError for an answer that
    cannot be read. What changes the account is tried again only where nothing can have been changed.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._road = Road.of(config)

    async def list_projects(
        self,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ProjectsResponse:
        """All projects that the key can see."""
        return await documented(self._road, operations.LIST_PROJECTS, {}, None, timeout, addons, headers, extras)

    get_projects = list_projects

    async def get_project(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Project:
        """A project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.GET_PROJECT, ids, None, timeout, addons, headers, extras)

    async def update_project_option(
        self,
        project_id: str,
        options: ProjectOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Change what `options` say of a project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.UPDATE_PROJECT, ids, options, timeout, addons, headers, extras)

    async def update_project(
        self,
        project_id: str,
        name: str = "",
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Give a project another name."""
        ids = {"project_id": project_id}
        return await documented(
            self._road, operations.UPDATE_PROJECT, ids, {"name": name}, timeout, addons, headers, extras
        )

    async def delete_project(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Delete a project, and everything that belongs to it, for ever."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.DELETE_PROJECT, ids, None, timeout, addons, headers, extras)

    async def list_keys(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> KeysResponse:
        """The keys of a project, without their secrets."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_KEYS, ids, None, timeout, addons, headers, extras)

    get_keys = list_keys

    async def get_key(
        self,
        project_id: str,
        key_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> KeyResponse:
        """A key, without its secret."""
        ids = {"project_id": project_id, "key_id": key_id}
        return await documented(self._road, operations.GET_KEY, ids, None, timeout, addons, headers, extras)

    async def create_key(
        self,
        project_id: str,
        options: KeyOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Key:
        """A new key. Its secret is in `.key`, now and never again."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.CREATE_KEY, ids, options, timeout, addons, headers, extras)

    async def delete_key(
        self,
        project_id: str,
        key_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Let a key open nothing any more."""
        ids = {"project_id": project_id, "key_id": key_id}
        return await documented(self._road, operations.DELETE_KEY, ids, None, timeout, addons, headers, extras)

    async def list_members(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> MembersResponse:
        """The members of a project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_MEMBERS, ids, None, timeout, addons, headers, extras)

    get_members = list_members

    async def remove_member(
        self,
        project_id: str,
        member_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Let a member have no part in a project any more."""
        ids = {"project_id": project_id, "member_id": member_id}
        return await documented(self._road, operations.REMOVE_MEMBER, ids, None, timeout, addons, headers, extras)

    async def get_member_scopes(
        self,
        project_id: str,
        member_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ScopesResponse:
        """What a member may do."""
        ids = {"project_id": project_id, "member_id": member_id}
        return await documented(self._road, operations.GET_SCOPES, ids, None, timeout, addons, headers, extras)

    async def update_member_scope(
        self,
        project_id: str,
        member_id: str,
        options: ScopeOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Let a member do what `options` say from now on."""
        ids = {"project_id": project_id, "member_id": member_id}
        return await documented(self._road, operations.UPDATE_SCOPE, ids, options, timeout, addons, headers, extras)

    async def list_invites(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> InvitesResponse:
        """Who was asked to join a project, and has not answered yet."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_INVITES, ids, None, timeout, addons, headers, extras)

    get_invites = list_invites

    async def send_invite_options(
        self,
        project_id: str,
        options: InviteOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Ask someone to join a project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.CREATE_INVITE, ids, options, timeout, addons, headers, extras)

    async def send_invite(
        self,
        project_id: str,
        email: str,
        scope: str = "member",
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Ask someone to join a project."""
        ids = {"project_id": project_id}
        return await documented(
            self._road,
            operations.CREATE_INVITE,
            ids,
            {"email": email, "scope": scope},
            timeout,
            addons,
            headers,
            extras,
        )

    async def delete_invite(
        self,
        project_id: str,
        email: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Take an invite back."""
        ids = {"project_id": project_id, "email": email}
        return await documented(self._road, operations.DELETE_INVITE, ids, None, timeout, addons, headers, extras)

    async def leave_project(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Message:
        """Have no part in a project any more: the member whose key is used leaves."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LEAVE_PROJECT, ids, None, timeout, addons, headers, extras)

    async def get_usage_requests(
        self,
        project_id: str,
        options: UsageRequestOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> UsageRequestsResponse:
        """A page of the requests that were made, the newest first."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_REQUESTS, ids, options, timeout, addons, headers, extras)

    async def get_usage_request(
        self,
        project_id: str,
        request_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> UsageRequest:
        """A request that was made."""
        ids = {"project_id": project_id, "request_id": request_id}
        return await documented(self._road, operations.GET_REQUEST, ids, None, timeout, addons, headers, extras)

    async def get_usage_summary(
        self,
        project_id: str,
        options: UsageSummaryOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> UsageSummaryResponse:
        """How much was used, by the requests that `options` choose."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.GET_USAGE, ids, options, timeout, addons, headers, extras)

    async def get_usage_fields(
        self,
        project_id: str,
        options: UsageFieldsOptions | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> UsageFieldsResponse:
        """What usage can be filtered by: the models, tags and features that were used."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.USAGE_FIELDS, ids, options, timeout, addons, headers, extras)

    async def list_balances(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> BalancesResponse:
        """What is left of what was bought for a project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_BALANCES, ids, None, timeout, addons, headers, extras)

    get_balances = list_balances

    async def get_balance(
        self,
        project_id: str,
        balance_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Balance:
        """What is left of one purchase."""
        ids = {"project_id": project_id, "balance_id": balance_id}
        return await documented(self._road, operations.GET_BALANCE, ids, None, timeout, addons, headers, extras)

    async def list_project_models(
        self,
        project_id: str,
        options: ModelOptions | Mapping[str, Any] | None = None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ModelsResponse:
        """The models that a project may use, its own among them."""
        ids = {"project_id": project_id}
        return await documented(
            self._road, operations.LIST_PROJECT_MODELS, ids, options, timeout, addons, headers, extras
        )

    get_project_models = list_project_models

    async def get_project_model(
        self,
        project_id: str,
        model_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ModelResponse:
        """A model that a project may use."""
        ids = {"project_id": project_id, "model_id": model_id}
        return await documented(self._road, operations.GET_PROJECT_MODEL, ids, None, timeout, addons, headers, extras)

    async def list_models(
        self,
        options: ModelOptions | Mapping[str, Any] | None = None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ModelsResponse:
        """The public models: those that hear in `.stt`, those that speak in `.tts`."""
        return await documented(self._road, operations.LIST_MODELS, {}, options, timeout, addons, headers, extras)

    get_models = list_models

    async def get_model(
        self,
        model_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> ModelResponse:
        """A public model."""
        ids = {"model_id": model_id}
        return await documented(self._road, operations.GET_MODEL, ids, None, timeout, addons, headers, extras)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"
