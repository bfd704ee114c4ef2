"""Where requests go."""

from __future__ import annotations

import pytest

from dgasync.errors import DeepgramApiError, DeepgramApiKeyError, DeepgramTypeError
from dgasync.protocol.request import (
    address,
    checked_headers,
    filled,
    is_loopback,
    may_travel,
    redirected,
    same_origin,
)

BASE = "https://api.deepgram.com"


@pytest.mark.parametrize(
    ("endpoint", "url", "query"),
    [
        ("v1/listen", f"{BASE}/v1/listen", ""),
        ("/v1/listen?model=a", f"{BASE}/v1/listen", "model=a"),
        ("v1/a b#fragment", f"{BASE}/v1/a%20b", ""),
        ("v1/a%2Fb", f"{BASE}/v1/a%2Fb", ""),
        ("v1/listen?callback=https://x/y", f"{BASE}/v1/listen", "callback=https://x/y"),
    ],
)
def test_address(endpoint: str, url: str, query: str) -> None:
    """An endpoint is put below the base URL, its query kept apart."""
    assert address(BASE, endpoint) == (url, query)


def test_another_host_is_no_endpoint() -> None:
    """A key never goes to a host that only the endpoint names."""
    with pytest.raises(DeepgramTypeError, match="another host"):
        address(BASE, "https://elsewhere.example/v1/listen")


@pytest.mark.parametrize("value", ["a/b", "a b", "a?b", "a#b", "ä", "a%2Fb", "user+tag@example.com"])
def test_a_path_parameter_stays_one_segment(value: str) -> None:
    """Whatever an id holds, it adds no segment, query or fragment."""
    path = filled("v1/projects/{project_id}/keys", {"project_id": value})

    assert path.count("/") == 3
    assert not {"?", "#", " "} & set(path)


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_path_parameter_never_walks(value: str) -> None:
    """An id that would point at another resource is refused."""
    with pytest.raises(DeepgramTypeError, match="another resource"):
        filled("v1/projects/{project_id}", {"project_id": value})


def test_path_parameters_and_places_match() -> None:
    """A value without a place and a place without a value are errors."""
    with pytest.raises(DeepgramTypeError, match="no place"):
        filled("v1/projects", {"project_id": "x"})
    with pytest.raises(DeepgramTypeError, match="path_params"):
        filled("v1/projects/{project_id}", {})


@pytest.mark.parametrize("headers", [{"A": "b\r\nC: d"}, {"A\n": "b"}, {"": "b"}, {"A:": "b"}, {"A": 1}, {"A": "\0"}])
def test_a_header_is_one_line(headers: dict[str, str]) -> None:
    """Nobody smuggles a header in a header."""
    with pytest.raises(DeepgramTypeError, match="header"):
        checked_headers(headers)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.8.9.1", True),
        ("http://localhost:1", True),
        ("http://deepgram.localhost./x", True),
        ("http://[::1]:80", True),
        ("https://api.deepgram.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("http://0.0.0.0", False),
    ],
)
def test_loopback(url: str, local: bool) -> None:
    """Only this machine counts as this machine."""
    assert is_loopback(url) is local


def test_what_may_travel() -> None:
    """Beyond this machine there must be a key, and it must not go in the clear unless that is wanted."""
    may_travel("http://localhost", authorized=False, allow_insecure_http=False)
    may_travel(BASE, authorized=True, allow_insecure_http=False)
    may_travel("http://10.0.0.1", authorized=True, allow_insecure_http=True)
    with pytest.raises(DeepgramApiKeyError, match="DEEPGRAM_API_KEY"):
        may_travel(BASE, authorized=False, allow_insecure_http=False)
    with pytest.raises(DeepgramApiKeyError, match="plain http"):
        may_travel("http://10.0.0.1", authorized=True, allow_insecure_http=False)


def test_origins() -> None:
    """A default port is the same as none; another scheme, host or port is another origin."""
    assert same_origin("https://a/x", "https://a:443/y")
    for other in ("http://a", "https://b", "https://a:8443"):
        assert not same_origin("https://a", other)


@pytest.mark.parametrize(
    ("method", "status", "location", "target"),
    [
        ("GET", 302, "/other", "https://a/other"),
        ("GET", 301, "http2", "https://a/http2"),
        ("POST", 307, "https://b/x", "https://b/x"),
        ("POST", 308, "//b/x", "https://b/x"),
        ("POST", 302, "/other", None),
        ("GET", 304, "/other", None),
        ("GET", 302, None, None),
        ("GET", 302, "http://[", None),
        ("GET", 302, "https://a:99999/", None),
        ("GET", 200, "/other", None),
    ],
)
def test_redirects(method: str, status: int, location: str | None, target: str | None) -> None:
    """A redirect is followed where the same request is made again."""
    assert redirected(method, "https://a/b", status, location) == target


@pytest.mark.parametrize("location", ["http://a/b", "ftp://a/b", "file:///etc/passwd"])
def test_a_redirect_never_leaves_tls(location: str) -> None:
    """What was to be protected does not go on in the clear."""
    with pytest.raises(DeepgramApiError, match="TLS"):
        redirected("GET", "https://a/b", 302, location)
