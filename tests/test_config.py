"""How clients are set up."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from dgasync.client import AsyncDeepgramClient
from dgasync.config import (
    DEFAULT_URL,
    ClientOptionsFromEnv,
    DeepgramClientOptions,
    Secret,
    Timeouts,
    expiring,
    masked,
)
from dgasync.errors import DeepgramApiKeyError, DeepgramTypeError
from dgasync.limits import CONNECT_TIMEOUT, READ_TIMEOUT, WRITE_IDLE


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ACCESS_TOKEN", "HOST", "LOGGING"):
        monkeypatch.delenv(f"DEEPGRAM_{name}", raising=False)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", DEFAULT_URL),
        ("api.eu.deepgram.com", "https://api.eu.deepgram.com"),
        ("http://localhost:8080/", "http://localhost:8080"),
        (" https://host/proxy/deepgram/ ", "https://host/proxy/deepgram"),
        ("ws://host:1", "http://host:1"),
        ("WSS://host", "https://host"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_base_url(given: str, url: str) -> None:
    """Scheme and path are kept, a bare host gets TLS, and a websocket address names the same host."""
    assert DeepgramClientOptions("k", given).url == url


@pytest.mark.parametrize(
    "url", ["ftp://host", "https://", "https://u:p@host", "https://host?a=b", "host name", "a..b", "h:x", 7]
)
def test_a_base_url_of_no_use(url: Any) -> None:
    """An address that cannot be one is refused when the client is made."""
    with pytest.raises(DeepgramTypeError, match="url"):
        DeepgramClientOptions("k", url)


def test_the_key_is_cleaned_and_hidden() -> None:
    """White space around a key goes, and no repr shows the key, wherever it is."""
    config = DeepgramClientOptions(" key-123\n", headers={"Authorization": "Token key-123", "X-Api-Key": "key-123"})

    assert config.api_key == "key-123"
    for shown in (repr(config), repr(vars(config)), repr(config.headers), repr([config.api_key])):
        assert "key-123" not in shown
    assert repr(Secret("")) == "''"
    assert masked({"Accept": "a"}) == {"Accept": "a"}


@pytest.mark.parametrize("key", ["two words", "schlüssel", "a\nb", "a\x00b"])
def test_a_key_that_is_none(key: str) -> None:
    """A key with impossible characters is refused without being shown."""
    with pytest.raises(DeepgramApiKeyError) as caught:
        DeepgramClientOptions(key)
    assert key not in str(caught.value)


def test_none_is_no_key() -> None:
    """`os.environ.get(...)` that found nothing is the same as no key; another type is an error."""
    assert DeepgramClientOptions(None).api_key == ""  # type: ignore[arg-type]  # what os.environ.get gives
    with pytest.raises(DeepgramTypeError):
        DeepgramClientOptions(7)  # type: ignore[arg-type]  # not a key


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything the environment describes is taken, and arguments win over it."""
    for name, value in {
        "API_KEY": "env-key",
        "HOST": "env-host",
        "LOGGING": "DEBUG",
        "HEADER_0": "X-A",
        "HEADER_VALUE_0": "a",
        "HEADER_1": "X-B",
        "HEADER_3": "X-D",
        "PARAM_0": "keepalive",
        "PARAM_VALUE_0": "true",
    }.items():
        monkeypatch.setenv(f"DEEPGRAM_{name}", value)

    config = ClientOptionsFromEnv()
    given = ClientOptionsFromEnv("arg-key", "arg-host", logging.ERROR, {"X-C": "c"}, {})

    assert (config.api_key, config.url, config.verbose) == ("env-key", "https://env-host", "DEBUG")
    assert config.headers == {"X-A": "a", "X-B": ""}
    assert config.options == {"keepalive": "true"}
    assert (given.api_key, given.url, given.verbose) == ("arg-key", "https://arg-host", logging.ERROR)
    assert (given.headers, given.options) == ({"X-C": "c"}, {})


def test_a_token_in_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """DEEPGRAM_ACCESS_TOKEN comes before DEEPGRAM_API_KEY."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key")
    monkeypatch.setenv("DEEPGRAM_ACCESS_TOKEN", "token")

    config = ClientOptionsFromEnv()

    assert (config.access_token, config.api_key) == ("token", "")
    assert AsyncDeepgramClient().config.access_token == "token"
    assert AsyncDeepgramClient("mine").config.access_token == ""


def test_no_key_from_the_environment() -> None:
    """Asked for a key from an environment without one, it says which variable to set."""
    with pytest.raises(DeepgramApiKeyError, match="DEEPGRAM_API_KEY"):
        ClientOptionsFromEnv()


def test_a_client_without_a_key_is_made(caplog: pytest.LogCaptureFixture) -> None:
    """As in v3 a client without a key is made, with one warning."""
    client = AsyncDeepgramClient()

    assert client.api_key == ""
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_where_the_key_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument, then the config, then the environment as it is when the client is made."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "env")

    assert AsyncDeepgramClient("arg", DeepgramClientOptions("config")).api_key == "arg"
    assert AsyncDeepgramClient("", DeepgramClientOptions("config")).api_key == "config"
    assert AsyncDeepgramClient().api_key == "env"
    assert AsyncDeepgramClient("", DeepgramClientOptions(headers={"authorization": "Token own"})).api_key == ""


def test_settings_win_over_the_config() -> None:
    """A keyword of the client replaces what its config says, and leaves the config as it was."""
    config = DeepgramClientOptions("k", "host", max_retries=5)

    client = AsyncDeepgramClient(config=config, max_retries=0, url="other")

    assert (client.config.max_retries, client.config.url) == (0, "https://other")
    assert (config.max_retries, config.url) == (5, "https://host")
    with pytest.raises(DeepgramTypeError, match="`max_retries`"):
        AsyncDeepgramClient(max_retrys=1)  # type: ignore[call-arg]  # misspelt on purpose


def test_a_proxy_is_an_address() -> None:
    """A proxy is a URL whose password no repr shows; no proxy is no proxy."""
    assert DeepgramClientOptions("k", proxy="").proxy is None
    assert "pass-word" not in repr(vars(DeepgramClientOptions("k", proxy="http://u:pass-word@proxy:1")))
    for wrong in ("proxy:3128", "socks5://u:pass-word@proxy", "http://", 7):
        with pytest.raises(DeepgramTypeError, match="HTTP proxy") as caught:
            DeepgramClientOptions("k", proxy=wrong)  # type: ignore[arg-type]  # wrong on purpose
        assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"max_retries": -1}, {"max_retries": True}, {"max_in_flight": 0}, {"timeout": 0}, {"timeout": "soon"}]
)
def test_numbers_of_no_use(wrong: dict[str, Any]) -> None:
    """A number that makes no sense is refused when the client is made."""
    with pytest.raises(DeepgramTypeError):
        DeepgramClientOptions("k", **wrong)


def test_timeouts() -> None:
    """One number, our own class and any object of the shape are understood; nothing means the defaults."""
    usual = Timeouts()

    assert usual == Timeouts(CONNECT_TIMEOUT, WRITE_IDLE, READ_TIMEOUT)
    assert Timeouts.of(None, usual) is usual
    assert Timeouts.of(5, usual) == Timeouts(5.0, 5.0, 5.0)
    assert Timeouts.of(usual, Timeouts(1, 1, 1)) is usual
    assert Timeouts.of(SimpleNamespace(connect=1, read=2, write=None, pool=3), usual) == Timeouts(1.0, None, 2.0)
    assert Timeouts(float("inf")).connect is None
    assert hash(Timeouts()) == hash(usual)
    assert usual != 5
    assert repr(Timeouts(1, 2, 3)) == "Timeouts(connect=1.0, write=2.0, read=3.0)"
    for wrong in (object(), True, -1, Timeouts):
        with pytest.raises(DeepgramTypeError):
            Timeouts.of(wrong, usual)  # type: ignore[arg-type]  # wrong on purpose


def test_what_a_minting_function_may_give() -> None:
    """A token, a token with its seconds, or an answer that has both."""
    assert expiring("t") == ("t", None)
    assert expiring(("t", 30)) == ("t", 30.0)
    assert expiring(SimpleNamespace(access_token="t", expires_in=30)) == ("t", 30.0)
    assert expiring(SimpleNamespace(access_token="t")) == ("t", None)
    for wrong in (None, 7, ("t",), SimpleNamespace(access_token=None)):
        with pytest.raises(DeepgramTypeError):
            expiring(wrong)
    with pytest.raises(DeepgramApiKeyError, match="empty"):
        expiring("")


def test_questions_of_v3() -> None:
    """What v3's options answered about themselves, by what the settings mean here."""
    plain = DeepgramClientOptions()
    assert (plain.is_keep_alive_enabled(), plain.is_auto_flush_enabled(), plain.is_inspecting_messages()) == (
        True,
        False,
        False,
    )
    told = DeepgramClientOptions(
        options={"keepalive": "false", "auto_flush_reply_delta": 500, "auto_flush_speak_delta": "500"}
    )
    assert not told.is_keep_alive_enabled()
    assert told.is_auto_flush_reply_enabled()
    assert told.is_inspecting_listen()
    assert told.is_auto_flush_speak_enabled()
    assert told.is_inspecting_speak()
    told.set_access_token(" token ")
    assert told.access_token == "token"
