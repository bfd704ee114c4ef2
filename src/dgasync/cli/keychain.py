"""The keyring of this system, where `dgasync login` keeps keys: one for each service, by its URL.

Only this command knows of it; the library never looks there. It may be locked, and then asks on its own, or wait for
somebody who is not there: so each call has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from dgasync.cli.deadline import TooLong, within
from dgasync.cli.exits import Exit, Failure
from dgasync.config import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

__all__ = ["PATIENCE", "forget", "keep", "keyring_name", "recall"]

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds that the keyring may take: somebody may have to type its password."""

SERVICE = "dgasync"
"""The name that the keyring shows, beside the URL."""

# The two of `keyring` that stand for none, and those of keyrings.alt: files, readable by whoever reads the disk, or
# with a password that they ask for themselves, on the terminal.
_REFUSED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")

_ADVICE = (
    "this system has no keyring that protects a key. On Linux one comes with GNOME or KDE, and needs a session of "
    "theirs (`dbus-run-session`, `gnome-keyring-daemon --unlock`); without one set DEEPGRAM_API_KEY instead"
)


def keyring_name() -> str:
    """What the keyring is called.

    Raises:
        Failure: there is none that protects what is in it, or it does not answer; the message says what to do.
    """
    return _asked(lambda backend: str(backend.name))


def recall(url: str) -> Secret | None:
    """The key that is kept for the service at `url`, if there is a keyring, and a key in it.

    Raises:
        Failure: the keyring does not answer, or is locked.
    """
    if find_spec("keyring") is None:
        return None

    def work(backend: KeyringBackend | None) -> str | None:
        return backend.get_password(SERVICE, url) if backend else None

    found = _bounded(lambda: work(_usable()))
    return Secret(found) if found else None


def keep(url: str, key: str) -> str:
    """Keep the key for the service at `url`; gives the name of the keyring. Raises what `keyring_name` does."""

    def work(backend: KeyringBackend) -> str:
        backend.set_password(SERVICE, url, key)  # pyright: ignore[reportUnknownMemberType]  # its wrapper is untyped
        return str(backend.name)

    return _asked(work, key)


def forget(url: str) -> bool:
    """Remove what is kept for the service at `url`: whether there was anything. Raises what `keyring_name` does."""

    def work(backend: KeyringBackend) -> bool:
        if backend.get_password(SERVICE, url) is None:
            return False
        backend.delete_password(SERVICE, url)
        return True

    return _asked(work)


def _asked(work: Callable[[KeyringBackend], T], key: str = "") -> T:
    def whole() -> T:
        backend = _usable()
        if backend is None:
            raise Failure(_ADVICE, Exit.MISSING)
        return work(backend)

    return _bounded(whole, key)


def _bounded(work: Callable[[], T], key: str = "") -> T:
    """What `work` gives, in time; what it raises in words, without the key."""
    try:
        return within(PATIENCE, work)
    except (Failure, ModuleNotFoundError):
        raise
    except TooLong:
        reason = f"did not answer within {PATIENCE:.0f} s"
    except Exception as error:  # each has its own
        said = str(error).replace(key, "***") if key else str(error)
        reason = f"cannot be used: {type(error).__name__}: {said}"
    # Out here, so that an error with the key in it is not the context of this one.
    raise Failure(f"the keyring {reason}. Unlock it, or set DEEPGRAM_API_KEY instead", Exit.KEY)


def _usable() -> KeyringBackend | None:
    """The first keyring that protects what is in it, in the order of the package and of its own settings."""
    import keyring

    chosen = keyring.get_keyring()
    # Where there are several the package gives one that asks them all, plain files too.
    several: list[KeyringBackend] = getattr(chosen, "backends", [chosen])
    return next((each for each in several if _protects(each)), None)


def _protects(backend: KeyringBackend) -> bool:
    return not any(kind.__module__.startswith(_REFUSED) for kind in type(backend).__mro__)
