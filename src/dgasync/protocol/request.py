"""Where a request goes and what stands in its head."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from dgasync.errors import DeepgramApiError, DeepgramApiKeyError, DeepgramTypeError

__all__ = [
    "Safety",
    "address",
    "by_name",
    "checked_headers",
    "filled",
    "is_loopback",
    "may_travel",
    "redirected",
    "same_origin",
]


class Safety(Enum):
    """What sending a request twice would do."""

    READ = "read"
    """Nothing: it only asks, or removes what is then gone."""
    BILLED = "billed"
    """It may be charged twice."""
    CHANGE = "change"
    """It may create or change something twice."""


def address(base: str, endpoint: str) -> tuple[str, str]:
    """The URL of `endpoint` below `base`, and the query that the endpoint had."""
    if "://" in endpoint.partition("?")[0]:
        raise DeepgramTypeError(
            f"An endpoint is a path such as 'v1/listen', not {endpoint!r}; another host is another client's `url`."
        )
    path, _, query = endpoint.partition("#")[0].partition("?")
    return f"{base}/{_quoted_path(path)}", query


@lru_cache(maxsize=64)
def _quoted_path(path: str) -> str:
    return quote(path.lstrip("/"), safe=_PATH_SAFE)


# What RFC 3986 allows in a path as it is, and "%": an endpoint may come encoded.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"


def filled(template: str, values: Mapping[str, object]) -> str:
    """`template` with each `{name}` replaced by its value, percent-encoded so that it stays one segment."""
    for name, value in values.items():
        mark = "{" + name + "}"
        if mark not in template:
            raise DeepgramTypeError(f"The path {template!r} has no place for `{name}`.")
        text = quote(str(value), safe="")
        if not text.strip("."):
            # "." and ".." survive encoding and would walk up the path; an empty segment names another resource.
            raise DeepgramTypeError(f"`{name}` cannot be {value!r}: it would point at another resource.")
        template = template.replace(mark, text)
    if "{" in template:
        raise DeepgramTypeError(f"The path {template!r} still has a place to fill; pass it in `path_params`.")
    return template


def by_name(what: str, given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What was given for the argument `what`, if it is a mapping, or nothing."""
    if not given:
        return {}
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
        # Not shown: it may be a header with the key in it.
        raise DeepgramTypeError(f"`{what}` is a dict of names and values; got a {type(given).__name__}.")
    return given


def checked_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if each is one line of text."""
    for name, value in headers.items():
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
            raise DeepgramTypeError(f"The header `{name}` is a text; got a {type(value).__name__}.")
        if not name or any(c in name for c in "\r\n: ") or "\r" in value or "\n" in value or "\0" in value:
            raise DeepgramTypeError(f"The header {name!r} is not one line of name and value.")
    return headers


@lru_cache(maxsize=64)
def is_loopback(url: str) -> bool:
    """Whether `url` stays on this machine."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_travel(url: str, *, authorized: bool, allow_insecure_http: bool) -> None:
    """Raise DeepgramApiKeyError unless a request to `url` has a key, and the key is not sent in the clear."""
    if is_loopback(url):
        return
    if not authorized:
        raise DeepgramApiKeyError(
            "There is no API key: set DEEPGRAM_API_KEY before the client is made, or pass `api_key`."
        )
    if url.startswith("http://") and not allow_insecure_http:
        raise DeepgramApiKeyError(
            "The base URL is plain http, which would show the key to everyone on the way: use https://, or pass "
            "allow_insecure_http=True if the network is your own."
        )


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def redirected(method: str, url: str, status: int, location: str | None) -> str | None:
    """Where a redirect leads, or None when it is none that can be followed without changing the request.

    Raises:
        DeepgramApiError: it leads from https to plain http, or off the web.
    """
    if status not in (301, 302, 303, 307, 308) or not location:
        return None
    if status not in (307, 308) and method not in ("GET", "HEAD"):
        return None  # clients would turn it into a GET, and the audio would be lost
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
        _origin(target)
    except ValueError:
        return None  # no address at all
    if scheme not in ("http", "https") or (scheme == "http" and url.startswith("https://")):
        raise DeepgramApiError(
            "The service redirects to an address that is not protected by TLS; nothing was sent there.", status
        )
    return target
