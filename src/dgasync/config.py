"""How a client is set up: who asks, whom, how patiently, and how loudly.

The environment is read when one of these objects is made, never at import.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypedDict
from urllib.parse import urlsplit

from dgasync.errors import DeepgramApiKeyError, DeepgramTypeError
from dgasync.limits import CONNECT_TIMEOUT, MAX_RETRIES, READ_TIMEOUT, WRITE_IDLE

if TYPE_CHECKING:
    import ssl as _ssl

    from aiohttp import ClientSession

__all__ = [
    "DEFAULT_URL",
    "AccessToken",
    "ClientOptionsFromEnv",
    "ClientSettings",
    "DeepgramClientOptions",
    "Secret",
    "TimeoutLike",
    "Timeouts",
    "count",
    "is_on",
    "masked",
    "unless_off",
]

DEFAULT_URL = "https://api.deepgram.com"
"""Where the hosted service answers (docs, "API reference")."""


class Secret(str):
    """A text that no repr shows, however deep it sits in what is printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if self else "''"


_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "sec-websocket-protocol"})


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """A copy of `headers` whose credentials no repr shows."""
    return {
        name: Secret(value)
        if name.lower() in _SECRET_HEADERS or "key" in name.lower() or "token" in name.lower()
        else value
        for name, value in headers.items()
    }


class _Grant(Protocol):
    @property
    def access_token(self) -> str | None: ...

    @property
    def expires_in(self) -> float | None: ...


AccessToken = str | Callable[[], "str | tuple[str, float] | _Grant | Awaitable[str | tuple[str, float] | _Grant]"]
"""A short-lived token, or a function (plain or async) that mints one.

The function gives the token alone, or `(token, seconds it lives)`, or the answer of the service's grant call. It is
asked again before the token expires; a bare token's lifetime is read from its own claims, else taken as `TOKEN_TTL`."""


class _TimeoutAttributes(Protocol):
    @property
    def connect(self) -> float | None: ...

    @property
    def read(self) -> float | None: ...

    @property
    def write(self) -> float | None: ...


class Timeouts:
    """How long each part of a request may take, in seconds; None is for ever.

    Attributes:
        connect: to a ready connection: name, TCP and TLS together.
        write: in which the other side takes no byte of an upload.
        read: in which no byte of the answer comes, once the upload is done.
    """

    __slots__ = ("connect", "read", "write")

    def __init__(
        self,
        connect: float | None = CONNECT_TIMEOUT,
        write: float | None = WRITE_IDLE,
        read: float | None = READ_TIMEOUT,
    ) -> None:
        self.connect = _seconds("connect", connect)
        self.write = _seconds("write", write)
        self.read = _seconds("read", read)

    @classmethod
    def of(cls, value: TimeoutLike | None, default: Timeouts) -> Timeouts:
        """What the caller meant: one number for each part, `Timeouts`, or any object with such attributes."""
        if value is None:
            return default
        if isinstance(value, Timeouts):
            return value
        if isinstance(value, (int, float)):
            return cls(value, value, value)
        try:
            return cls(value.connect, value.write, value.read)
        except AttributeError:
            raise DeepgramTypeError(
                "`timeout` is seconds, Timeouts(connect, write, read), or an object with these attributes; "
                f"got {value!r}."
            ) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Timeouts):
            return NotImplemented
        return (self.connect, self.write, self.read) == (other.connect, other.write, other.read)

    def __hash__(self) -> int:
        return hash((self.connect, self.write, self.read))

    def __repr__(self) -> str:
        return f"Timeouts(connect={self.connect}, write={self.write}, read={self.read})"


TimeoutLike = float | Timeouts | _TimeoutAttributes
"""Seconds for each part of a request, `Timeouts`, or any object with connect, write and read attributes."""


def _seconds(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise DeepgramTypeError(
            f"The {name} timeout is a number of seconds above 0, or None for no limit; got {value!r}."
        )
    return float(value) if value != float("inf") else None


class ClientSettings(TypedDict, total=False):
    """What a client can be told beside its key, each also an attribute of `DeepgramClientOptions`."""

    url: str
    """Base URL; its scheme and path are kept. `https://` is put in front of a bare host."""
    verbose: int | str
    """Logging level, a number or a name such as "DEBUG": asks for one handler on standard error."""
    headers: Mapping[str, str] | None
    """Headers of every request."""
    options: Mapping[str, Any] | None
    """Behaviour switches by v3's names, such as `{"keepalive": "true"}`."""
    timeout: TimeoutLike | None
    """Seconds for each part of a request, or `Timeouts`."""
    max_retries: int
    """Tries after the first one; 0 for none."""
    max_in_flight: int | None
    """Requests at once for this key, over all clients and threads of the process; None for no bound."""
    proxy: str | None
    """URL of an HTTP proxy."""
    trust_env: bool
    """Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count, as they are when the client is made."""
    ssl: _ssl.SSLContext | bool
    """Your own TLS context; False turns the check of certificates off."""
    session: ClientSession | None
    """Your own aiohttp session: used on its loop, never closed."""
    keep_raw: bool
    """Whether answers keep the bytes they came from; without, unknown fields and nulls are lost."""
    strict: bool
    """Whether a misspelt option is an error; False sends any option."""
    allow_insecure_http: bool
    """Whether a key may travel over plain http beyond this machine."""


class DeepgramClientOptions:
    """Everything a client needs to know, in one object; it reads no environment.

    Raises:
        DeepgramTypeError: a URL, timeout or number that cannot be used.
    """

    def __init__(
        self,
        api_key: str = "",
        url: str = "",
        verbose: int | str | None = None,
        headers: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        access_token: AccessToken | None = None,
        timeout: TimeoutLike | None = None,
        max_retries: int = MAX_RETRIES,
        max_in_flight: int | None = None,
        proxy: str | None = None,
        trust_env: bool = False,
        ssl: _ssl.SSLContext | bool = True,
        session: ClientSession | None = None,
        keep_raw: bool = True,
        strict: bool = True,
        allow_insecure_http: bool = False,
    ) -> None:
        self.api_key = api_key
        self.access_token = access_token
        self.url = url
        self.verbose = verbose
        self.headers = headers
        self.options: dict[str, Any] = dict(options or {})
        self.timeouts = Timeouts.of(timeout, Timeouts())
        self.max_retries = count("max_retries", max_retries)
        self.max_in_flight = None if max_in_flight is None else count("max_in_flight", max_in_flight, least=1)
        self.proxy = _proxy(proxy)
        self.trust_env = trust_env
        self.ssl = ssl
        self.session = session
        self.keep_raw = keep_raw
        self.strict = strict
        self.allow_insecure_http = allow_insecure_http

    @property
    def api_key(self) -> str:
        """The key as given, without white space around it."""
        return self._api_key

    @api_key.setter
    def api_key(self, value: str | None) -> None:
        self._api_key = _credential(value, "API key")

    def set_apikey(self, api_key: str) -> None:
        """Give the clients that are made from now on another key: v3's way to set `api_key`."""
        self.api_key = api_key

    def set_access_token(self, access_token: str) -> None:
        """Give the clients that are made from now on another token: v3's way to set `access_token`."""
        self.access_token = access_token

    @property
    def access_token(self) -> AccessToken | None:
        """The token or the function that mints one; wins over the key."""
        return self._access_token

    @access_token.setter
    def access_token(self, value: AccessToken | None) -> None:
        self._access_token = _credential(value, "access token") if isinstance(value, str) else value

    @property
    def url(self) -> str:
        """The base URL, with a scheme and without slashes around it."""
        return self._url

    @url.setter
    def url(self, value: str | None) -> None:
        self._url = _base_url(value) if value else DEFAULT_URL

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request, without those of the client itself."""
        return self._headers

    @headers.setter
    def headers(self, value: Mapping[str, str] | None) -> None:
        self._headers = masked(value or {})

    def is_keep_alive_enabled(self) -> bool:
        """Whether live sessions keep themselves alive: unless `options` turn that off, as v3 had to be told to."""
        return unless_off(self.options, "keepalive", "keep_alive")

    def is_auto_flush_reply_enabled(self) -> bool:
        """Whether `options` have documented live clients ask for final words after a pause."""
        return self.options.get("auto_flush_reply_delta") is not None

    def is_auto_flush_speak_enabled(self) -> bool:
        """Whether `options` have documented voices speak what they have after a pause."""
        return self.options.get("auto_flush_speak_delta") is not None

    def is_inspecting_listen(self) -> bool:
        """Whether results are looked at for that."""
        return self.is_auto_flush_reply_enabled()

    def is_inspecting_speak(self) -> bool:
        """Whether what is to be spoken is looked at for that."""
        return self.is_auto_flush_speak_enabled()

    # Up to 3.5 of the official SDK there was one of each.
    is_auto_flush_enabled = is_auto_flush_reply_enabled
    is_inspecting_messages = is_inspecting_listen

    def copy(self, **settings: Any) -> DeepgramClientOptions:
        """The same set-up with some settings changed, by the names of `ClientSettings`."""
        taken: dict[str, Any] = {
            "api_key": self.api_key,
            "access_token": self.access_token,
            "url": self.url,
            "verbose": self.verbose,
            "headers": self.headers,
            "options": self.options,
            "timeout": self.timeouts,
            "max_retries": self.max_retries,
            "max_in_flight": self.max_in_flight,
            "proxy": self.proxy,
            "trust_env": self.trust_env,
            "ssl": self.ssl,
            "session": self.session,
            "keep_raw": self.keep_raw,
            "strict": self.strict,
            "allow_insecure_http": self.allow_insecure_http,
        }
        unknown = settings.keys() - taken.keys()
        if unknown:
            from difflib import get_close_matches

            name = sorted(unknown)[0]
            close = get_close_matches(name, taken, 1)
            hint = f" Did you mean `{close[0]}`?" if close else ""
            raise DeepgramTypeError(f"A client has no setting `{name}`.{hint}")
        return DeepgramClientOptions(**{**taken, **settings})

    def __repr__(self) -> str:
        how = "an access token" if self.access_token else "a key" if self.api_key else "no key"
        return f"<{type(self).__name__} {self.url} with {how}>"


class ClientOptionsFromEnv(DeepgramClientOptions):
    """The set-up that the environment describes; arguments win over it.

    Reads DEEPGRAM_ACCESS_TOKEN, DEEPGRAM_API_KEY, DEEPGRAM_HOST, DEEPGRAM_LOGGING, and the numbered pairs
    DEEPGRAM_HEADER_n / DEEPGRAM_HEADER_VALUE_n and DEEPGRAM_PARAM_n / DEEPGRAM_PARAM_VALUE_n (n from 0 to 19, up to the
    first gap).

    Raises:
        DeepgramApiKeyError: neither the arguments nor the environment have a key or a token.
    """

    def __init__(
        self,
        api_key: str = "",
        url: str = "",
        verbose: int | str | None = None,
        headers: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        *,
        access_token: AccessToken | None = None,
        **settings: Any,
    ) -> None:
        if not (api_key or access_token):
            access_token, api_key = credentials_from_env()
            if not (api_key or access_token):
                raise DeepgramApiKeyError(
                    "There is no API key: set DEEPGRAM_API_KEY (or DEEPGRAM_ACCESS_TOKEN), or pass `api_key`."
                )
        super().__init__(
            api_key,
            url or os.environ.get("DEEPGRAM_HOST", ""),
            verbose if verbose is not None else os.environ.get("DEEPGRAM_LOGGING") or None,
            headers if headers is not None else _numbered("DEEPGRAM_HEADER"),
            options if options is not None else _numbered("DEEPGRAM_PARAM"),
            access_token=access_token,
            **settings,
        )


def credentials_from_env() -> tuple[Secret | None, Secret]:
    """The access token and the key of the environment; the token wins, so then there is no key."""
    token = os.environ.get("DEEPGRAM_ACCESS_TOKEN", "").strip()
    if token:
        return Secret(token), Secret("")
    return None, Secret(os.environ.get("DEEPGRAM_API_KEY", "").strip())


def _numbered(stem: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for n in range(20):
        name = os.environ.get(f"{stem}_{n}")
        if name is None:
            break
        found[name] = os.environ.get(f"{stem}_VALUE_{n}", "")
    return found


def _credential(value: object, what: str) -> Secret:
    if value is None:
        return Secret("")
    if not isinstance(value, str):
        raise DeepgramTypeError(f"The {what} is a text; got a {type(value).__name__}.")
    text = value.strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise DeepgramApiKeyError(f"The {what} holds characters that no {what} has; was it copied whole and alone?")
    return Secret(text)


def _base_url(value: object) -> str:
    if not isinstance(value, str):
        raise DeepgramTypeError(f"`url` is a text such as {DEFAULT_URL!r}; got a {type(value).__name__}.")
    scheme, found, rest = value.strip().partition("://")
    if not found:
        scheme, rest = "https", scheme
    rest = rest.strip("/")
    # A websocket scheme names the same host: one base URL serves both.
    scheme = {"ws": "http", "wss": "https"}.get(scheme.lower(), scheme.lower())
    if scheme not in ("http", "https") or any(c in rest for c in "?#@ \\") or not _has_host(rest):
        raise DeepgramTypeError(
            "`url` is a scheme (http or https), a host and, if need be, a path, such as "
            f"{DEFAULT_URL!r}; without a user name, query or fragment."
        )
    return f"{scheme}://{rest}"


def _has_host(rest: str) -> bool:
    try:
        parts = urlsplit(f"//{rest}")
        return bool(parts.hostname and parts.hostname.encode("idna")) and parts.port != 0 and rest.isprintable()
    except ValueError:  # brackets that do not close, a port that is no number, a name that is none
        return False


def _proxy(value: object) -> Secret | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.lower().startswith(("http://", "https://")) or not value[8:].strip("/"):
        # Not shown: it may hold a password.
        raise DeepgramTypeError("`proxy` is the URL of an HTTP proxy, such as 'http://proxy.example.com:3128'.")
    return Secret(value)


def count(name: str, value: object, least: int = 0) -> int:
    """A whole number of at least `least`, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DeepgramTypeError(f"`{name}` is a whole number, {least} or more; got {value!r}.")
    return value


def expiring(minted: object) -> tuple[Secret, float | None]:
    """A minted token and the seconds it lives, as far as the function that minted it said."""
    if isinstance(minted, str):
        return _token(minted), None
    said: Any = minted
    if isinstance(minted, tuple) and len(said) == 2:
        return _token(said[0]), _seconds("token's", said[1])
    if getattr(said, "access_token", None) is not None:
        return _token(said.access_token), _seconds("token's", getattr(said, "expires_in", None))
    raise DeepgramTypeError(
        f"`access_token` gave a {type(said).__name__}; it should give the token, (token, seconds), or a grant answer."
    )


def _token(value: object) -> Secret:
    token = _credential(value, "access token")
    if not token:
        raise DeepgramApiKeyError("`access_token` gave an empty token.")
    return token


def is_on(settings: Mapping[str, Any], name: str) -> bool:
    """Whether an option of the client's set-up was turned on."""
    # v3 took the text alone at first, and the truth value later.
    return str(settings.get(name, "")).lower() == "true"


def unless_off(settings: Mapping[str, Any], *names: str) -> bool:
    """Whether an option of the client's set-up, by any of its names, was not turned off."""
    # In v3 KeepAlive was off unless turned on, and sessions died after ten seconds of silence.
    said = [settings[name] for name in names if name in settings]
    return not any(not each or str(each).lower() in ("false", "0") for each in said)
