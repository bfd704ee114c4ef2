"""Credentials for self-hosted installations, in the documented style."""

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
    from dgasync.models.account_params import CredentialsParams
    from dgasync.models.projects import Credentials, CredentialsResponse

__all__ = ["AsyncOnPremClient"]


class AsyncOnPremClient:
    """Credentials for self-hosted installations, in the documented style: `deepgram.asynconprem.v("1")`.

    Whatever its name, each method asks at the address that the official description has: `self-hosted`. Where v3 gave
    the text of the answer there is an object here; `str()` of it is that text.

    Each takes `max_retries`, `strict` and `keep_raw` by keyword, too, and raises DeepgramTypeError for an option of no
    use, DeepgramApiError where the service answers no, DeepgramConnectionError where none answers, and DecodeError for
    an answer that cannot be read.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._road = Road.of(config)

    async def list_selfhosted_credentials(
        self,
        project_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> CredentialsResponse:
        """All credentials of a project."""
        ids = {"project_id": project_id}
        return await documented(self._road, operations.LIST_CREDENTIALS, ids, None, timeout, addons, headers, extras)

    async def get_selfhosted_credentials(
        self,
        project_id: str,
        distribution_credentials_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Credentials:
        """Some credentials, by their id."""
        ids = {"project_id": project_id, "distribution_credentials_id": distribution_credentials_id}
        return await documented(self._road, operations.GET_CREDENTIALS, ids, None, timeout, addons, headers, extras)

    async def create_selfhosted_credentials(
        self,
        project_id: str,
        options: CredentialsParams | Mapping[str, Any] | None,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Credentials:
        """New credentials; `comment`, `scopes` and `provider` say what for."""
        ids = {"project_id": project_id}
        return await documented(
            self._road, operations.CREATE_CREDENTIALS, ids, options, timeout, addons, headers, extras
        )

    async def delete_selfhosted_credentials(
        self,
        project_id: str,
        distribution_credentials_id: str,
        timeout: TimeoutLike | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **extras: Unpack[AccountExtras],
    ) -> Credentials:
        """Let credentials fetch nothing any more. Gives what they were."""
        ids = {"project_id": project_id, "distribution_credentials_id": distribution_credentials_id}
        return await documented(self._road, operations.DELETE_CREDENTIALS, ids, None, timeout, addons, headers, extras)

    list_onprem_credentials = list_selfhosted_credentials
    get_onprem_credentials = get_selfhosted_credentials
    create_onprem_credentials = create_selfhosted_credentials
    delete_onprem_credentials = delete_selfhosted_credentials

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"
