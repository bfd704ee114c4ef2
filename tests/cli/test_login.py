"""`dgasync login` and `logout`, and where each command takes its key from: a keyring that is a dict stands for the
system's.
"""

from __future__ import annotations

import getpass
import io
import sys
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from dgasync import DeepgramClient
from dgasync.cli import keychain
from dgasync.cli.deadline import TooLong, within
from dgasync.server import LocalServer
from dgasync.testing import Fault, local_server
from tests.cli.conftest import Run

SECRET = "0123456789abcdef0123456789abcdef01234567"


class Vault(KeyringBackend):
    """Keeps what it is given, unless it is told to fail or to hang."""

    priority: ClassVar[float] = 1
    name = "Test Vault"  # type: ignore[assignment]  # a property of the class there

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.trouble: Callable[[], object] = lambda: None

    def get_password(self, service: str, username: str) -> str | None:
        self.trouble()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.trouble()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Plaintext(Vault):
    """As the files of keyrings.alt, which is not installed here."""


Plaintext.__module__ = "keyrings.alt.file"


def use(backend: Any) -> None:
    keyring.set_keyring(backend)


@pytest.fixture
def vault() -> Iterator[Vault]:
    before = keyring.get_keyring()
    found = Vault()
    use(found)
    yield found
    use(before)


@pytest.fixture
def strict() -> Iterator[LocalServer]:
    """A server that knows one key."""
    with local_server(api_keys=[SECRET]) as server:
        yield server


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has somebody at a terminal type this where letters are not shown."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    def types(key: str) -> None:
        monkeypatch.setattr(sys, "stdin", Keyboard())
        monkeypatch.setattr(getpass, "getpass", lambda prompt: key)

    return types


def test_from_login_to_logout(command: Run, vault: Vault, strict: LocalServer, typed: Callable[[str], None]) -> None:
    """A key that is typed is kept for its service and used there until it is removed; it is never shown."""
    service = ("--url", strict.url)
    before = command("projects", "list", *service)
    typed(f" {SECRET}\n")
    kept = command("login", *service)
    status, used, other = (
        command("login", "--status", *service),
        command("projects", "list", *service),
        command("balance"),
    )

    assert before.code == 3
    assert (kept.code, vault.kept) == (0, {("dgasync", strict.url): SECRET})
    assert kept.text.startswith(f"The key ...4567 for {strict.url} is in the keyring now (Test Vault). It sees ")
    assert status == (0, f"{strict.url}: the key ...4567, from the keyring\n".encode(), "")
    assert used.code == 0
    assert other.code == 3  # the key of another service stays at home
    assert SECRET not in f"{kept}{status}{used}"
    assert command("logout", *service) == (0, f"The key for {strict.url} is gone from the keyring.\n".encode(), "")
    assert vault.kept == {}
    assert command("logout", *service).text == f"No key for {strict.url} was kept.\n"
    assert command("projects", "list", *service).code == 3
    assert command("login", "--status", *service).code == 3


def test_which_key_goes_first(
    command: Run, vault: Vault, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line, the environment, the keyring; and the library itself never looks into that."""
    url = deepgram_server.url
    vault.kept["dgasync", url] = "from-the-keyring-1111"

    def used(*arguments: str) -> str:
        return command("login", "--status", "--url", url, *arguments).text.partition(": the ")[2].strip()

    assert used() == "key ...1111, from the keyring"
    with DeepgramClient(url=url) as deepgram:
        assert not deepgram.api_key
    monkeypatch.setenv("DEEPGRAM_API_KEY", "from-the-environment-2222")
    assert used() == "key ...2222, from DEEPGRAM_API_KEY"
    monkeypatch.setenv("DEEPGRAM_ACCESS_TOKEN", "a-token-from-there-3333")
    assert used() == "access token ...3333, from DEEPGRAM_ACCESS_TOKEN"
    assert used("--api-key", "from-the-command-line-4444") == "key ...4444, from --api-key"
    assert used("--api-key", "short") == "key ..., from --api-key"


def test_from_standard_input(
    command: Run, vault: Vault, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--api-key - reads the key; a key of the environment, which would go first, is mentioned."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    unsaid = command("login", "--url", deepgram_server.url)
    monkeypatch.setenv("DEEPGRAM_API_KEY", "another")
    said = command("login", "--url", deepgram_server.url, "--api-key", "-")
    again = command("login", "--url", deepgram_server.url, "--api-key", "-")

    assert (unsaid.code, "--api-key -" in unsaid.err) == (2, True)
    assert (said.code, vault.kept) == (0, {("dgasync", deepgram_server.url): SECRET})
    assert "DEEPGRAM_API_KEY is set" in said.err
    assert (again.code, "no key" in again.err) == (3, True)  # nothing came


def test_a_key_that_is_refused(command: Run, vault: Vault, strict: LocalServer) -> None:
    """What the service does not know is not kept; what may only not list projects is."""
    refused = command("login", "--url", strict.url, "--api-key", "wrong-key-wrong-key")
    strict.fail(Fault.status(403))
    limited = command("login", "--url", strict.url, "--api-key", "speech-only-speech-only")

    assert refused == (3, b"", f"dgasync: {strict.url} does not know this key: nothing was kept\n")
    assert (limited.code, limited.text.endswith("It may not list projects.\n")) == (0, True)
    assert vault.kept == {("dgasync", strict.url): "speech-only-speech-only"}


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, Plaintext])
def test_no_keyring_that_protects(
    command: Run, vault: Vault, deepgram_server: LocalServer, backend: Callable[[], Any]
) -> None:
    """A key is kept nowhere rather than in a file that anybody may read, and it is said what to do."""
    poor = backend()
    use(poor)
    code, out, err = command("login", "--url", deepgram_server.url, "--api-key", SECRET)

    assert (code, out) == (9, b"")
    assert "DEEPGRAM_API_KEY" in err
    assert not getattr(poor, "kept", None)


def test_the_best_of_several(command: Run, vault: Vault, deepgram_server: LocalServer) -> None:
    """Of several keyrings it is one that protects what is in it, though another comes first."""

    class Several(Vault):
        backends: ClassVar[list[KeyringBackend]] = [Plaintext(), vault]

    use(Several())
    assert command("login", "--url", deepgram_server.url, "--api-key", SECRET).code == 0
    assert list(vault.kept.values()) == [SECRET]


def test_a_keyring_that_hangs(command: Run, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for ever for a keyring that somebody would have to unlock."""
    released = Event()
    vault.trouble = released.wait
    monkeypatch.setattr(keychain, "PATIENCE", 0.05)
    ended = command("balance")
    released.set()

    assert ended.code == 3
    assert "did not answer within" in ended.err
    assert "DEEPGRAM_API_KEY" in ended.err


def test_a_keyring_that_fails(command: Run, vault: Vault, deepgram_server: LocalServer) -> None:
    """What it says is told without the key; a server on this machine, which may need none, is asked all the same."""

    def locked() -> None:
        raise KeyringLocked(f"the collection is locked, {SECRET}")

    vault.trouble = locked
    kept = command("login", "--url", deepgram_server.url, "--api-key", SECRET)

    assert kept.code == 3
    assert "KeyringLocked: the collection is locked, ***" in kept.err
    assert "Unlock it" in kept.err
    assert command("balance").code == 3
    assert command("projects", "list", "--url", deepgram_server.url).code == 0


def test_within() -> None:
    """A call with a deadline gives what it gives and raises what it raises; one that hangs is left behind."""
    released = Event()

    def fails() -> None:
        raise KeyError("one")

    assert within(60, lambda: 7) == 7
    assert within(60, lambda: None) is None
    with pytest.raises(KeyError, match="one"):
        within(60, fails)
    with pytest.raises(TooLong):
        within(0.01, released.wait)
    released.set()
