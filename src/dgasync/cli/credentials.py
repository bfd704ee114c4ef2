"""Which key is used, and where it comes from: the command line, the environment, the system's keyring."""

from __future__ import annotations

from typing import NamedTuple

from dgasync.cli.keychain import recall
from dgasync.config import DeepgramClientOptions, Secret, credentials_from_env

__all__ = ["NO_KEY", "Credential", "credential", "ending"]

NO_KEY = "there is no API key: set DEEPGRAM_API_KEY, or have `dgasync login` keep one"
"""What is said where none is found."""


class Credential(NamedTuple):
    """A key or a token, and where it was found."""

    secret: Secret
    where: str
    is_token: bool = False

    @property
    def called(self) -> str:
        """What may be shown of it."""
        return f"the {'access token' if self.is_token else 'key'} {ending(self.secret)}"

    def give(self, config: DeepgramClientOptions) -> None:
        """Put it where a client looks for it."""
        if self.is_token:
            config.access_token = self.secret
        else:
            config.api_key = self.secret


def credential(api_key: str | None, url: str) -> Credential | None:
    """What lets in at `url`: `api_key` if given, else the environment's, else what the keyring keeps for that service.

    Raises:
        Failure: the keyring was asked, and does not answer, or is locked.
    """
    if api_key:
        return Credential(Secret(api_key.strip()), "--api-key")
    token, key = credentials_from_env()
    if token:
        return Credential(token, "DEEPGRAM_ACCESS_TOKEN", is_token=True)
    if key:
        return Credential(key, "DEEPGRAM_API_KEY")
    kept = recall(url)
    return Credential(kept, "the keyring") if kept else None


def ending(secret: str) -> str:
    """The last letters of a secret, if that leaves enough of it unsaid."""
    return f"...{secret[-4:]}" if len(secret) >= 16 else "..."
