"""What lets in: short-lived tokens."""

from __future__ import annotations

from dgasync.models.base import Answer, Number

__all__ = ["GrantTokenResponse"]


class GrantTokenResponse(Answer, frozen=True, kw_only=True):
    """A token that stands in for a key for a short while. It is a secret, and its repr does not show it."""

    access_token: str | None = None
    """The token, a JWT."""
    expires_in: Number | None = None
    """Seconds until it is of no more use for new requests."""

    def _facts(self) -> list[str]:
        return [f"expires in {self.expires_in} s"]
