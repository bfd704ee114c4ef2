"""Tokens that stand in for a key for a short while: `/v1/auth/grant`, in the documented style and natively."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dgasync.api import operations
from dgasync.api.road import Road
from dgasync.config import Secret
from dgasync.errors import DeepgramApiKeyError
from dgasync.protocol.request import by_name

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.config import DeepgramClientOptions
    from dgasync.models.account_calls import AccountCall
    from dgasync.models.auth import GrantTokenResponse

__all__ = ["AsyncAuthRESTClient", "granted"]


class AsyncAuthRESTClient:
    """Short-lived tokens, in the documented style: `deepgram.asyncauth.v("1")`.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._config = config
        self._road = Road.of(config)

    async def grant_token(self, ttl_seconds: float | None = None, **call: Unpack[AccountCall]) -> GrantTokenResponse:
        """A token for those who are not to have the key, such as a browser. It is made with the key, never a token.

        Args:
            ttl_seconds: how long it lasts, 1 to 3600; the service's default is 30.
            call: `timeout`, `headers`, `addons`, `max_retries` and `keep_raw` for this call.

        Raises:
            DeepgramApiKeyError: the client has no key.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came.
            DecodeError: the answer cannot be read.
        """
        return await granted(self._road, self._config, ttl_seconds, call)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"


async def granted(
    road: Road, config: DeepgramClientOptions, ttl_seconds: float | None, call: AccountCall
) -> GrantTokenResponse:
    """What either face gives."""
    options: dict[str, Any] = {} if ttl_seconds is None else {"ttl_seconds": ttl_seconds}
    headers = by_name("headers", call.get("headers"))
    given = {name.lower() for name in (*headers, *config.headers)}
    if "authorization" not in given:
        # Else the road takes the client's token, if it has one; and who minted that may wait for this very answer.
        if config.api_key:
            headers = {**headers, "Authorization": Secret(f"Token {config.api_key}")}
        elif config.access_token:
            raise DeepgramApiKeyError("A token is granted to a key, and this client has only a token: pass `api_key`.")
    return await operations.GRANT_TOKEN.ask(road, {}, options, {**call, "headers": headers})
