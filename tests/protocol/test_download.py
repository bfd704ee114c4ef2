"""Addresses of audio: how they are written, where they lead, and what they answer."""

from __future__ import annotations

import traceback

import pytest

from dgasync.errors import DeepgramConnectionError, DeepgramTypeError
from dgasync.protocol.download import redirect, refusal, shown, web_address


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("http://host/a.mp3", "http://host/a.mp3"),
        (" HTTPS://Host ", "https://host/"),
        ("http://host:8000/;stream#now", "http://host:8000/;stream"),
        ("http://host/two words/ä?q=ü&r=1 2", "http://host/two%20words/%C3%A4?q=%C3%BC&r=1%202"),
        ("http://host/a%2Fb?X-Sign=a%2Fb%3D+c", "http://host/a%2Fb?X-Sign=a%2Fb%3D+c"),
        ("http://münchen.test/", "http://xn--mnchen-3ya.test/"),
        ("http://us%40er:pä ss@host/", "http://us%40er:p%C3%A4%20ss@host/"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_an_address_as_people_type_it(typed: str, sent: str) -> None:
    """What is not encoded becomes so, what is encoded stays as it is."""
    assert web_address(typed) == sent
    assert web_address(sent) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://host/x",
        "file:///etc/passwd",
        "host/x",
        "",
        "http://",
        "http:///path",
        "http://user:secret@/x",
        "http://host:secret/",
        "http://host:99999/",
        "http://[::1/",
        "http://a..b/",
        "http://" + "a" * 70 + "/",
        "http://two words/",
        "http://a\\b/",
        "http://a\x00b/",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    """Other schemes and hosts that cannot be are refused, and nothing secret is repeated."""
    with pytest.raises(DeepgramTypeError) as caught:
        web_address(typed)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://user:secret@host:1/p/a?secret#secret", "https://host:1/p/a"),
        ("https://host?secret", "https://host"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_what_is_shown(url: str, seen: str) -> None:
    """Of an address errors show the scheme, the host and the path."""
    assert shown(url) == seen


@pytest.mark.parametrize(
    ("status", "location", "target"),
    [
        (302, "/b c?d", "http://u:p@host/b%20c?d"),
        (301, "b", "http://u:p@host/a/b"),
        (307, "http://host:80/x", "http://u:p@host:80/x"),
        (308, "http://v:q@host/x", "http://v:q@host/x"),
        (303, "https://host/x", "https://host/x"),
        (302, "http://other/x", "http://other/x"),
        (302, "//other/x", "http://other/x"),
        (302, None, None),
        (302, "", None),
        (302, "ftp://host/x", None),
        (302, "http://[/", None),
        (300, "/b", None),
        (304, "/b", None),
        (200, "/b", None),
    ],
)
def test_where_an_answer_leads(status: int, location: str | None, target: str | None) -> None:
    """A redirect is followed to the web only, and a password only to where it was meant for."""
    assert redirect("http://u:p@host/a/?q", status, location) == target


def test_from_https_to_http() -> None:
    """A redirect may leave TLS, without the password."""
    assert redirect("https://u:p@host/", 302, "http://host/") == "http://host/"


@pytest.mark.parametrize("status", [200, 206])
@pytest.mark.parametrize(
    "kind",
    ["audio/mpeg", "application/ogg", "video/mp4", "application/octet-stream", "text/plain", "binary; a=b", "", None],
)
def test_what_can_be_audio(status: int, kind: str | None) -> None:
    """What may be audio is taken for it."""
    assert refusal("http://host/", status, kind) is None


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("text/html; charset=utf-8", "web page"),
        ("Application/XHTML+XML", "web page"),
        ("application/json", "data"),
        ("application/problem+json", "data"),
        ("text/xml", "data"),
        ("application/rss+xml", "data"),
        ("audio/x-mpegurl", "playlist"),
        ("application/vnd.apple.mpegurl", "playlist"),
        ("audio/x-scpls", "playlist"),
        ("application/dash+xml", "playlist"),
    ],
)
def test_what_cannot_be_audio(kind: str, match: str) -> None:
    """Pages, data and playlists are told from audio, and named."""
    error = refusal("http://u:secret@host/a?secret", 200, kind)

    assert isinstance(error, DeepgramTypeError)
    assert str(error).startswith(f"http://host/a gives {'a ' if match != 'data' else ''}{match} (")


@pytest.mark.parametrize(
    ("status", "match"),
    [(404, "no audio at .*404"), (410, "410"), (401, "password"), (403, "password"), (204, "204"), (302, "nowhere")],
)
def test_an_address_of_no_use(status: int, match: str) -> None:
    """An answer that no waiting changes is a mistake in the address."""
    error = refusal("http://u:secret@host/a?secret", status, "audio/mpeg")

    assert isinstance(error, DeepgramTypeError)
    assert (error.status, error.retryable) == (status, False)
    with pytest.raises(DeepgramTypeError, match=match):
        raise error
    assert "http://host/a" in str(error)
    assert "secret" not in str(error)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_an_address_that_has_trouble(status: int) -> None:
    """An answer that may be another one later can be tried again."""
    error = refusal("http://u:secret@host/a?secret", status, "text/html")

    assert isinstance(error, DeepgramConnectionError)
    assert (error.status, error.retryable) == (status, True)
    assert str(error) == f"http://host/a does not give its audio now: it answers {status}."
