"""Who asks: a key, a token, or a function that mints tokens and is asked again before they expire."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from inspect import isawaitable, iscoroutinefunction
from threading import Lock
from typing import TYPE_CHECKING, Any

from dgasync.config import Secret, expiring
from dgasync.limits import TOKEN_MARGIN, TOKEN_TTL

if TYPE_CHECKING:
    from dgasync.audio import Pull
    from dgasync.config import DeepgramClientOptions
    from dgasync.transport.seam import Transport, Wake

__all__ = ["Credentials"]


class Credentials:
    """The value of the Authorization header, fresh for each request.

    A custom Authorization among the client's headers comes first, then an access token, then the key.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        given = next((value for name, value in config.headers.items() if name.lower() == "authorization"), None)
        token = config.access_token
        self._mint = token if callable(token) else None
        self._fixed: Secret | None = None
        if given is not None:
            self._fixed, self._mint = Secret(given), None
        elif token and not callable(token):
            self._fixed = Secret(f"Bearer {token}")
        elif self._mint is None and config.api_key:
            self._fixed = Secret(f"Token {config.api_key}")
        self._lock = Lock()
        self._minted: tuple[Secret, float] | None = None
        self._minting = False
        self._waiting: list[Wake] = []

    @property
    def fixed(self) -> Secret | None:
        """The header's value where it is always the same, so that nobody has to wait for it."""
        return self._fixed if self._mint is None else None

    @property
    def present(self) -> bool:
        """Whether there is anything to authorize with."""
        return self._fixed is not None or self._mint is not None

    @property
    def identity(self) -> str:
        """What tells one asker from another; never shown."""
        return self._fixed or f"minted by {id(self._mint)}"

    async def authorization(self, transport: Transport, pull: Pull) -> Secret | None:
        """The header's value, or None where there are no credentials."""
        if self._mint is None:
            return self._fixed
        clock = transport.clock
        while True:
            with self._lock:
                if self._minted is not None and clock.now() < self._minted[1]:
                    return self._minted[0]
                if self._minting:
                    wake = transport.wake()
                    self._waiting.append(wake)
                else:
                    self._minting = True
                    break
            await wake.wait()
        try:
            asked_at = clock.now()
            # A plain function may ask another service and block; the loop must not wait for it.
            found: Any = self._mint() if iscoroutinefunction(self._mint) else await pull(self._mint)
            token, lives = expiring(await found if isawaitable(found) else found)
            lifetime = lives or _lifetime(token) or TOKEN_TTL
            header = Secret(f"Bearer {token}")
            self._minted = (header, asked_at + lifetime * (1 - TOKEN_MARGIN))
            return header
        finally:
            # After a failure, or a cancellation, one of those who wait tries for itself.
            with self._lock:
                self._minting = False
                waiting, self._waiting = self._waiting, []
            for each in waiting:
                each.set()

    def forget(self, refused: str | None) -> bool:
        """Drop a minted token that the service refused; whether another can be asked for."""
        if self._mint is None:
            return False
        with self._lock:
            if self._minted is not None and self._minted[0] == refused:
                self._minted = None
        return True

    def __repr__(self) -> str:
        return f"<Credentials, {'minted' if self._mint else 'fixed' if self._fixed else 'none'}>"


def _lifetime(token: str) -> float | None:
    """Seconds between issue and expiry by a JWT's own claims, so that this machine's clock does not matter."""
    try:
        claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        lives = float(claims["exp"]) - float(claims["iat"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return lives if lives > 0 else None
