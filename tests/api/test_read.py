"""What texts say, over a network that does what the test says."""

# generates: tests/sync/test_read.py

from __future__ import annotations

import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from dgasync import (
    AnalyzeOptions,
    AnalyzeResponse,
    AsyncAnalyzeClient,
    AsyncAnalyzeResponse,
    AsyncDeepgramClient,
    parse_callback,
)
from dgasync.errors import BadRequest, DecodeError, DeepgramTypeError
from tests.fakes import FakeTransport, reply

pytestmark = pytest.mark.anyio

READ = reply(
    200,
    b'{"metadata": {"request_id": "r-1", "language": "en"}, "results": {"summary": {"text": "All is well."}}}',
    dg_request_id="r-1",
)
ACCEPTED = reply(200, b'{"request_id": "r-7"}')
ADDRESS = "https://example.com/a?b=c"
QUOTED = "callback=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc"


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient("the-key", transport=transport, **settings), transport


def documented(*script: Any) -> tuple[AsyncAnalyzeClient, FakeTransport]:
    deepgram, transport = client(*script)
    return deepgram.read.asyncanalyze.v("1"), transport


def sent(transport: FakeTransport) -> Any:
    """The JSON of the last request."""
    return json.loads(transport.bodies[-1] or b"")


# The native face.


async def test_what_is_sent() -> None:
    """A text goes as JSON, with the options in the query; what comes back is typed."""
    deepgram, transport = client(READ)

    found = await deepgram.analyze("All is well.", summarize=True, custom_topic=["a", "b"], headers={"X-Mine": "1"})

    assert isinstance(found, AnalyzeResponse)
    assert found.results is not None
    assert found.results.summary is not None
    assert (found.results.summary.text, found.request_id) == ("All is well.", "r-1")
    request = transport.requests[0]
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/json")
    assert request.url == "https://api.deepgram.com/v1/read?summarize=true&custom_topic=a&custom_topic=b"
    assert request.headers["X-Mine"] == "1"
    assert sent(transport) == {"text": "All is well."}


async def test_forms_of_a_text(tmp_path: Path) -> None:
    """A text may be given as itself, as bytes, or as a file."""
    path = tmp_path / "text.txt"
    path.write_text("Good.")
    for form in ("Good.", b"Good.", path, BytesIO(b"Good."), StringIO("Good."), {"stream": BytesIO(b"Good.")}):
        deepgram, transport = client(READ)
        await deepgram.analyze(form)
        assert sent(transport) == {"text": "Good."}, form


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("https://example.com/text", {"url": "https://example.com/text"}),
        (" HTTP://example.com/text\n", {"url": "HTTP://example.com/text"}),
        ({"url": "https://example.com/text", "more": 1}, {"url": "https://example.com/text", "more": 1}),
        ("https://example.com is good.", {"text": "https://example.com is good."}),
        ({"text": "https://example.com/"}, {"text": "https://example.com/"}),
        (b"https://example.com/", {"text": "https://example.com/"}),
    ],
)
async def test_urls(text: Any, body: Any) -> None:
    """A `str` that is a URL and nothing else is one, and the service fetches it."""
    deepgram, transport = client(READ)

    await deepgram.analyze(text)

    assert sent(transport) == body


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "empty"),
        (7, {}, "int is no text"),
        ({"url": 7}, {}, "address of a text"),
        ("Good.", {"summarise": True}, "summarize"),
        ("Good.", {"callback": ADDRESS}, "analyze_to_callback"),
        ("Good.", {"addons": {"callback": ADDRESS}}, "analyze_to_callback"),
    ],
)
async def test_what_cannot_be(text: Any, options: Any, message: str) -> None:
    """A text or an option of no use is refused before anything is sent."""
    deepgram, transport = client()

    with pytest.raises(DeepgramTypeError, match=message):
        await deepgram.analyze(text, **options)
    assert transport.requests == []


async def test_it_is_tried_again() -> None:
    """A busy service is asked again."""
    deepgram, transport = client(reply(503, b"busy"), READ)

    await deepgram.analyze("Good.")

    assert len(transport.requests) == 2


async def test_a_refusal() -> None:
    """The error of the service is typed."""
    deepgram, _ = client(reply(400, b'{"category": "INVALID", "message": "no", "details": "way"}'))

    with pytest.raises(BadRequest, match="no way"):
        await deepgram.analyze("Good.")


async def test_to_a_callback() -> None:
    """An analysis for a callback address gives its request id."""
    deepgram, transport = client(ACCEPTED)

    accepted = await deepgram.analyze_to_callback("Good.", callback=ADDRESS, topics=True, callback_method="PUT")

    assert isinstance(accepted, AsyncAnalyzeResponse)
    assert accepted.request_id == "r-7"
    url = f"https://api.deepgram.com/v1/read?topics=true&callback_method=PUT&{QUOTED}"
    assert transport.requests[0].url == url


def test_what_arrives_there() -> None:
    """What the service posts is read as an analysis."""
    headers = {"dg-token": "id"}

    found = parse_callback(READ.body, headers, dg_token="id", kind=AnalyzeResponse)

    assert isinstance(found, AnalyzeResponse)
    assert found.request_id == "r-1"
    with pytest.raises(DecodeError, match="AnalyzeResponse"):
        parse_callback(b"{}", headers, kind=AnalyzeResponse)


# The documented face.

URL = {"url": "https://example.com/text"}
TEXT = {"text": "Good."}
CALLS = [
    ("analyze_url", "analyze_url_callback", URL),
    ("analyze_text", "analyze_text_callback", TEXT),
    ("analyze_file", "analyze_file_callback", {"buffer": b"Good."}),
]


@pytest.mark.parametrize(("name", "_", "source"), CALLS)
async def test_documented_calls(name: str, _: str, source: Any) -> None:
    """All take options, addons, headers, timeout and endpoint in v3's order."""
    read, transport = documented(READ)

    found = await getattr(read, name)(source, AnalyzeOptions(topics=True), {"tag": "t"}, {"X-Mine": "1"}, 7, "v1/other")

    assert isinstance(found, AnalyzeResponse)
    request = transport.requests[0]
    assert request.url == "https://api.deepgram.com/v1/other?topics=true&tag=t"
    assert (request.headers["X-Mine"], request.timeouts.read) == ("1", 7)
    assert sent(transport) == (URL if source is URL else TEXT)


@pytest.mark.parametrize(("_", "name", "source"), CALLS)
async def test_documented_callbacks(_: str, name: str, source: Any) -> None:
    """Each call has one that answers elsewhere, and leaves the caller's options as they are."""
    read, transport = documented(ACCEPTED)
    options = AnalyzeOptions(topics=True)

    accepted = await getattr(read, name)(source, ADDRESS, options, {"tag": "t"}, {"X-Mine": "1"}, 7, "v1/other")

    assert accepted.request_id == "r-7"
    assert transport.requests[0].url == f"https://api.deepgram.com/v1/other?topics=true&{QUOTED}&tag=t"
    assert options.callback is None
    assert sent(transport) == (URL if source is URL else TEXT)


@pytest.mark.parametrize("options", [AnalyzeOptions(callback=ADDRESS), {"callback": ADDRESS}])
async def test_a_callback_among_the_options(options: Any) -> None:
    """With a callback in its options, of either form, a call gives the request id."""
    for name, _, source in CALLS:
        read, _transport = documented(ACCEPTED)
        accepted = await getattr(read, name)(source, options)
        assert isinstance(accepted, AsyncAnalyzeResponse)
        assert accepted.request_id == "r-7"


@pytest.mark.parametrize(("name", "source"), [("analyze_url", TEXT), ("analyze_text", URL), ("analyze_text", "Good.")])
async def test_sources_of_the_other_call(name: str, source: Any) -> None:
    """Each call takes its own kind of source, and says what takes others."""
    read, transport = documented()

    with pytest.raises(DeepgramTypeError, match="analyze"):
        await getattr(read, name)(source)
    assert transport.requests == []


def test_repr() -> None:
    """A client says where it leads."""
    read, _ = documented()
    assert repr(read) == f"<{type(read).__name__} https://api.deepgram.com>"
