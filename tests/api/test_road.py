"""The road that every request takes, over a network that does what the test says."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from dgasync.api.listen import AsyncPreRecordedClient
from dgasync.api.road import USER_AGENT, Road
from dgasync.client import AsyncDeepgramClient
from dgasync.config import DeepgramClientOptions, Timeouts
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DeepgramApiError,
    DeepgramApiKeyError,
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramUnknownApiError,
    NotFound,
    RateLimited,
    ServerError,
    Timeout,
    Unauthorized,
)
from dgasync.limits import MAX_REDIRECTS
from dgasync.transport.seam import Request
from tests.fakes import FakeTransport, reply

pytestmark = pytest.mark.anyio

KEY = "0123456789abcdef-secret"
HEARD = reply(200, b'{"metadata": {"request_id": "r"}, "results": {"channels": []}}', dg_request_id="r")
BUSY = reply(503, b'{"err_msg": "busy"}', dg_request_id="r-503")


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient(KEY, transport=transport, **settings), transport


async def test_what_is_sent() -> None:
    """The head of a request has the key, who we are and what we take, and no content type for audio."""
    deepgram, transport = client(HEARD, headers={"X-Team": "a"})

    await deepgram.transcribe(b"audio", smart_format=True, headers={"x-team": "b"})

    request = transport.requests[0]
    assert request.method == "POST"
    assert request.url == "https://api.deepgram.com/v1/listen?model=nova-3&smart_format=true"
    assert dict(request.headers) == {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "x-team": "b",
        "Authorization": f"Token {KEY}",
    }
    assert transport.bodies == [b"audio"]


async def test_headers_of_one_call_stay_with_it() -> None:
    """Unlike in v3, the headers of a call are not sent with later ones."""
    deepgram, transport = client(HEARD, HEARD)

    await deepgram.transcribe(b"audio", headers={"X-One": "1"})
    await deepgram.transcribe(b"audio")

    assert "X-One" in transport.requests[0].headers
    assert "X-One" not in transport.requests[1].headers


@pytest.mark.parametrize("where", ["client", "call"])
async def test_an_authorization_of_your_own(where: str) -> None:
    """A custom Authorization is sent instead of the key."""
    own = {"authorization": "Custom own"}
    deepgram, transport = client(HEARD, headers=own if where == "client" else None)

    await deepgram.transcribe(b"audio", headers=own if where == "call" else None)

    headers = {name.lower(): value for name, value in transport.requests[0].headers.items()}
    assert headers["authorization"] == "Custom own"
    assert len(headers) == 3


async def test_timeouts_of_a_call() -> None:
    """A call's own timeout goes before the client's."""
    deepgram, transport = client(HEARD, HEARD, timeout=Timeouts(1, 2, 3))

    await deepgram.transcribe(b"audio")
    await deepgram.transcribe(b"audio", timeout=9)

    assert [each.timeouts for each in transport.requests] == [Timeouts(1, 2, 3), Timeouts(9, 9, 9)]


@pytest.mark.parametrize("url", ["https://api.deepgram.com", "http://10.0.0.1"])
async def test_no_key_no_request(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing goes beyond this machine, and nothing at all is sent."""
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    transport = FakeTransport()
    deepgram = AsyncDeepgramClient(transport=transport, url=url)

    with pytest.raises(DeepgramApiKeyError, match="DEEPGRAM_API_KEY"):
        await deepgram.transcribe(b"audio")
    assert transport.requests == []


async def test_loopback_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine can be asked without a key, and over plain http."""
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    transport = FakeTransport(HEARD)

    await AsyncDeepgramClient(transport=transport, url="http://localhost:8080/base").transcribe(b"audio")

    assert transport.requests[0].url.startswith("http://localhost:8080/base/v1/listen?")
    assert "Authorization" not in transport.requests[0].headers


async def test_a_key_never_goes_in_the_clear() -> None:
    """Plain http with a key is refused, unless the user says that the network is their own."""
    deepgram, transport = client(HEARD, url="http://10.0.0.1")
    allowed, open_transport = client(HEARD, url="http://10.0.0.1", allow_insecure_http=True)

    with pytest.raises(DeepgramApiKeyError, match="plain http"):
        await deepgram.transcribe(b"audio")
    await allowed.transcribe(b"audio")

    assert transport.requests == []
    assert len(open_transport.requests) == 1


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(bytes(range(256)) * 20)
    return path


def sources(path: Path) -> dict[str, Any]:
    data = path.read_bytes()

    class Again:
        def __iter__(self) -> Iterator[bytes]:
            return iter([data[:100], b"", data[100:]])

    opened = BytesIO(b"skipped" + data)
    opened.seek(7)
    return {
        "bytes": data,
        "bytearray": bytearray(data),
        "memoryview": memoryview(data),
        "path": path,
        "text": str(path),
        "file": opened,
        "list": [data[:100], data[100:]],
        "iterable": Again(),
        "buffer": {"buffer": data},
        "stream": {"stream": BytesIO(data)},
    }


@pytest.mark.parametrize("kind", ["bytes", "path", "text", "file", "list", "iterable", "buffer", "stream"])
async def test_a_retry_sends_the_same_body(kind: str, spoken: Path) -> None:
    """Whatever can be sent again is sent again whole: files are rewound or opened anew."""
    deepgram, transport = client(BUSY, ConnectFailed("x"), HEARD)

    await deepgram.transcribe(sources(spoken)[kind])

    assert transport.bodies == [spoken.read_bytes()] * 3


@pytest.mark.parametrize("kind", ["generator", "async generator", "pipe"])
async def test_a_body_that_is_gone_is_never_sent_again(kind: str, spoken: Path) -> None:
    """A one-shot source is sent once; its failure is the failure, not an upload of nothing."""

    def generator() -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    async def async_generator() -> AsyncIterator[bytes]:
        for chunk in generator():
            yield chunk

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    deepgram, transport = client(BUSY, HEARD)
    audio = {"generator": generator, "async generator": async_generator, "pipe": lambda: Pipe(b"onetwo")}[kind]()

    with pytest.raises(ServerError, match="busy"):
        await deepgram.transcribe(audio)
    assert transport.bodies == [b"onetwo"]


@pytest.mark.parametrize(
    "failure", [reply(400), reply(401), reply(402), reply(404), reply(500), Timeout("", "read"), Timeout("", "write")]
)
async def test_what_cannot_help_is_not_tried_again(failure: Any) -> None:
    """Answers that would come again, and waits that may have been paid for, end the call at once."""
    deepgram, transport = client(failure, HEARD)

    with pytest.raises((DeepgramApiError, DeepgramConnectionError)):
        await deepgram.transcribe(b"audio")
    assert len(transport.requests) == 1


async def test_the_last_failure_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    """After the retries the last error comes out, alone; each retry stood in the log, with its price, if it has one."""
    turned_away = reply(429, b"{}")
    tries = (ConnectFailed("first"), Timeout("", "connect"), turned_away, BUSY, reply(503, b'{"err_msg": "last"}'))
    deepgram, transport = client(*tries, max_retries=4)

    with pytest.raises(ServerError, match="last") as caught:
        await deepgram.transcribe(b"audio")

    assert len(transport.requests) == 5
    assert caught.value.__context__ is None
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 4
    assert "try 2 of 5" in warnings[0]
    assert "r-503" in warnings[3]
    assert ["bill for both" in each for each in warnings] == [False, False, False, True]


@pytest.mark.parametrize("where", ["client", "call"])
async def test_retries_can_be_turned_off(where: str) -> None:
    """`max_retries=0` means one try."""
    deepgram, transport = client(BUSY, HEARD, **({"max_retries": 0} if where == "client" else {}))

    with pytest.raises(ServerError):
        await deepgram.transcribe(b"audio", **({"max_retries": 0} if where == "call" else {}))
    assert len(transport.requests) == 1


async def test_progress_that_cannot_be_told() -> None:
    """It is refused before anything is sent."""
    deepgram, transport = client()
    with pytest.raises(DeepgramTypeError, match="`progress` is a function of"):
        await deepgram.transcribe(b"audio", progress=cast("Any", 5))
    assert transport.requests == []


@pytest.mark.parametrize(
    ("extras", "says"),
    [
        ({"max_retries": "x"}, "`max_retries` is a whole number, 0 or more; got 'x'"),
        ({"max_retries": -1}, "`max_retries` is a whole number, 0 or more; got -1"),
        ({"headers": 5}, "`headers` is a dict of names and values; got a int"),
        ({"addons": 5}, "`addons` is a dict of names and values; got a int"),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["native", "documented", "request", "live"])
async def test_arguments_of_no_use(how: str, extras: Any, says: str) -> None:
    """What concerns the call alone is checked before anything is sent, whichever call it is."""
    deepgram, transport = client()

    with pytest.raises(DeepgramTypeError, match=re.escape(says)):  # noqa: PT012
        if how == "native":
            await deepgram.transcribe(b"audio", **extras)
        elif how == "documented":
            await deepgram.listen.asyncprerecorded.v("1").transcribe_file({"buffer": b"audio"}, **extras)
        elif how == "request":
            await deepgram.request("GET", "v1/projects", **extras)
        else:
            async with deepgram.live(**extras):
                raise AssertionError("it must not be entered")  # pragma: no cover
    assert (transport.requests, transport.dials) == ([], [])


async def test_retry_after_cools_every_request_of_the_key() -> None:
    """A 429 holds up the requests of all clients with this key; those of another key go on."""
    limited = reply(429, b"{}", retry_after="5")
    deepgram, transport = client(limited, HEARD, HEARD)
    same_key = AsyncDeepgramClient(KEY, transport=transport)
    other_key = AsyncDeepgramClient("other", transport=(elsewhere := FakeTransport(HEARD)))

    await deepgram.transcribe(b"audio")
    slept = sum(transport.clock.slept)
    await same_key.transcribe(b"audio")
    await other_key.transcribe(b"audio")

    assert 5 <= slept < 6
    assert elsewhere.clock.slept == []


async def test_others_wait_out_the_cool_down() -> None:
    """Who did not see the 429 waits as well."""
    deepgram, transport = client(reply(429, b"{}", retry_after="5"), HEARD, max_retries=0)

    with pytest.raises(RateLimited) as caught:
        await deepgram.transcribe(b"audio")
    assert caught.value.retry_after == 5
    await deepgram.transcribe(b"audio")

    assert sum(transport.clock.slept) >= 5


async def test_a_wait_that_is_too_long_is_yours() -> None:
    """A Retry-After of an hour is not slept through: the error has it."""
    deepgram, transport = client(reply(429, b"{}", retry_after="3600"))

    with pytest.raises(RateLimited) as caught:
        await deepgram.transcribe(b"audio")

    assert caught.value.retry_after == 3600
    assert transport.clock.slept == []


@pytest.mark.parametrize(
    ("method", "answer", "tries"),
    [
        ("GET", BUSY, 3),
        ("DELETE", BUSY, 3),
        ("POST", BUSY, 1),
        ("PATCH", BUSY, 1),
        ("PUT", reply(503, b"{}", retry_after="0"), 3),
        ("POST", reply(429, b"{}"), 3),
        ("POST", reply(502, b"{}"), 1),
        ("POST", ConnectFailed(""), 3),
        ("POST", DeepgramConnectionError(""), 1),
        ("GET", DeepgramConnectionError(""), 3),
    ],
)
async def test_an_account_is_never_changed_twice(method: str, answer: Any, tries: int) -> None:
    """What may have acted is tried again only where it certainly did not."""
    deepgram, transport = client(*[answer] * 3)

    with pytest.raises((DeepgramApiError, DeepgramConnectionError)):
        await deepgram.request(method, "v1/projects")
    assert len(transport.requests) == tries


async def test_redirects() -> None:
    """A redirect within the service is followed with the key, the body and the rest of the head."""
    deepgram, transport = client(reply(307, location="/v1/elsewhere?a=b"), HEARD)

    await deepgram.transcribe(b"audio")

    assert transport.requests[1].url == "https://api.deepgram.com/v1/elsewhere?a=b"
    assert transport.requests[1].headers["Authorization"] == f"Token {KEY}"
    assert transport.bodies == [b"audio", b"audio"]


async def test_no_key_goes_to_another_origin() -> None:
    """The key, and other secrets among the headers, stay with the origin they were meant for."""
    deepgram, transport = client(reply(307, location="https://cdn.example.com/x"), HEARD, headers={"X-Api-Key": "k"})

    await deepgram.transcribe(b"audio")

    assert set(transport.requests[1].headers) == {"User-Agent", "Accept"}


async def test_redirects_end() -> None:
    """A circle of redirects ends, and a redirect that would lose the audio is an error."""
    deepgram, transport = client(*[reply(307, location="/again")] * 9)
    with pytest.raises(DeepgramUnknownApiError, match="redirects"):
        await deepgram.transcribe(b"audio")
    assert len(transport.requests) == MAX_REDIRECTS + 1

    deepgram, transport = client(reply(302, location="/x"), reply(307, location="/x"))
    with pytest.raises(DeepgramUnknownApiError, match="redirects"):
        await deepgram.transcribe(b"audio")
    with pytest.raises(DeepgramUnknownApiError, match="redirects"):
        await deepgram.transcribe(iter([b"audio"]))
    assert len(transport.requests) == 2


async def test_progress() -> None:
    """Progress tells the bytes taken so far and their total, or None where only the end can tell."""
    told: list[tuple[int, int | None]] = []
    deepgram, _ = client(HEARD, HEARD)

    await deepgram.transcribe(b"x" * 3_000_000, progress=lambda *each: told.append(each))
    await deepgram.transcribe(iter([b"ab", b"c"]), progress=lambda *each: told.append(each))

    size = 3_000_000
    assert told == [(1048576, size), (2097152, size), (size, size), (2, None), (3, None)]


async def test_options_are_checked_before_anything_is_sent() -> None:
    """A misspelt option is an error with a guess; `strict=False` lets it through, per call or per client."""
    deepgram, transport = client(HEARD, HEARD)
    lenient, lenient_transport = client(HEARD, strict=False)

    with pytest.raises(DeepgramTypeError, match="did you mean 'smart_format'"):
        await deepgram.transcribe(b"audio", smart_fromat=True)  # type: ignore[call-arg]  # misspelt on purpose
    assert transport.requests == []
    await deepgram.transcribe(b"audio", strict=False, brand_new=True)  # type: ignore[call-arg]  # not known yet
    await deepgram.transcribe(b"audio", addons={"brand_new": True})
    await lenient.transcribe(b"audio", brand_new=True)  # type: ignore[call-arg]  # not known yet

    for request in (*transport.requests, *lenient_transport.requests):
        assert request.url.endswith("brand_new=true")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"keyterm": "Deepgram", "model": "nova-2-general"}, "takes `keywords`"),
        ({"keywords": "Deepgram"}, "takes `keyterm`"),
        ({"keyterm": "Deepgram"}, None),
        ({"keyterm": "Deepgram", "model": "my-own-model"}, None),
        ({"keywords": "Deepgram", "model": "base"}, None),
        ({"keywords": "Deepgram", "strict": False}, None),
    ],
)
async def test_an_option_that_the_model_does_not_take(options: Any, match: str | None) -> None:
    """An option that the chosen model would refuse or ignore is an error that names the one to use."""
    deepgram, transport = client(HEARD)

    if match is None:
        await deepgram.transcribe(b"audio", **options)
    else:
        with pytest.raises(DeepgramTypeError, match=match):
            await deepgram.transcribe(b"audio", **options)
    assert len(transport.requests) == (match is None)


async def test_the_documented_face_sends_only_what_was_set() -> None:
    """No model is put into a documented call."""
    deepgram, transport = client(HEARD, HEARD)
    prerecorded = deepgram.listen.asyncprerecorded.v("1")

    await prerecorded.transcribe_url({"url": "https://x/y.wav"})
    await prerecorded.transcribe_file({"buffer": b"audio", "mimetype": "audio/wav"}, {"punctuate": True})

    assert transport.requests[0].url.endswith("/v1/listen")
    assert transport.requests[0].headers["Content-Type"] == "application/json"
    assert transport.bodies[0] == b'{"url":"https://x/y.wav"}'
    assert transport.requests[1].url.endswith("/v1/listen?punctuate=true")
    assert transport.requests[1].headers["Content-Type"] == "audio/wav"


async def test_the_documented_order_of_arguments() -> None:
    """options, addons, headers, timeout, endpoint: by position, as in v3."""
    deepgram, transport = client(HEARD)

    await deepgram.listen.asyncrest.v("1").transcribe_file(
        {"stream": BytesIO(b"audio")}, {"model": "a"}, {"tag": ["t"]}, {"X-A": "b"}, 7, "v9/listen?kept=1"
    )

    request = transport.requests[0]
    assert request.url == "https://api.deepgram.com/v9/listen?kept=1&model=a&tag=t"
    assert request.headers["X-A"] == "b"
    assert request.timeouts == Timeouts(7, 7, 7)


@pytest.mark.parametrize("form", ["options", "addons"])
async def test_a_documented_call_with_a_callback(form: str) -> None:
    """With a callback set a documented call gives the request id, and leaves the caller's options as they were."""
    deepgram, transport = client(reply(200, b'{"request_id": "r"}'), reply(200, b'{"request_id": "r2"}'))
    prerecorded = deepgram.listen.asyncprerecorded.v("1")
    options: dict[str, Any] = {"callback": "https://me/here"} if form == "options" else {}
    addons = {"callback": "https://me/here"} if form == "addons" else None

    answer = await prerecorded.transcribe_url({"url": "https://x/y"}, options, addons)
    again = await prerecorded.transcribe_file_callback({"buffer": b"a"}, "https://me/there", before := {"model": "m"})

    assert type(answer).__name__ == "AsyncPrerecordedResponse"
    assert (answer.request_id, again.request_id) == ("r", "r2")
    assert "callback=https%3A%2F%2Fme%2Fhere" in transport.requests[0].url
    assert before == {"model": "m"}


async def test_transcribe_refuses_a_callback() -> None:
    """`transcribe` returns a transcript, so a callback is another verb's."""
    deepgram, transport = client(reply(200, b'{"request_id": "r"}'))

    with pytest.raises(DeepgramTypeError, match="transcribe_to_callback"):
        await deepgram.transcribe(b"audio", callback="https://me")  # type: ignore[call-arg]  # refused by types too
    with pytest.raises(DeepgramTypeError, match="http"):
        await deepgram.transcribe_to_callback(b"audio", callback="ftp://me")
    answer = await deepgram.transcribe_to_callback(b"audio", callback="https://me", callback_method="PUT")

    assert answer.request_id == "r"
    assert transport.requests[0].url.endswith("?model=nova-3&callback_method=PUT&callback=https%3A%2F%2Fme")


@pytest.mark.parametrize("source", [{}, {"text": "x"}, "url", b"url", None, ["url"]])
async def test_a_documented_source_is_a_mapping(source: Any) -> None:
    """A source without its key is refused before anything is sent, a text that happens to hold it too."""
    deepgram, transport = client()
    prerecorded = deepgram.listen.asyncprerecorded.v("1")

    for call in (prerecorded.transcribe_url, prerecorded.transcribe_file):
        with pytest.raises(DeepgramTypeError, match="mapping"):
            await call(source)
    with pytest.raises(DeepgramTypeError, match="options"):
        await prerecorded.transcribe_file({"buffer": b"a"}, 7)  # type: ignore[arg-type]  # wrong on purpose
    assert transport.requests == []


async def test_any_request() -> None:
    """`request` fills the path, writes JSON or sends content, and reads what comes by `[]` and `.raw`."""
    deepgram, transport = client(
        reply(200, b'{"a": [1]}'), reply(200, b"\x00audio"), reply(200, b""), reply(200, b"[1, 2]")
    )

    answer = await deepgram.request(
        "post", "v1/x/{id}?kept=1", path_params={"id": "a/b"}, query={"q": [1, 2]}, json={"name": "n"}, addons={"z": 1}
    )
    audio = await deepgram.request("POST", "v1/speak", content="text", content_type="text/plain")
    empty = await deepgram.request("DELETE", "v1/x")
    array = await deepgram.request("GET", "v1/x")

    assert answer["a"] == [1]
    assert transport.requests[0].url == "https://api.deepgram.com/v1/x/a%2Fb?kept=1&q=1&q=2&z=1"
    assert transport.requests[0].headers["Content-Type"] == "application/json"
    assert transport.bodies[:2] == [b'{"name":"n"}', b"text"]
    assert audio.raw == b"\x00audio"
    assert empty.raw == b""
    assert array.to_dict() == [1, 2]


async def test_any_request_that_makes_no_sense() -> None:
    """What cannot be sent is an error that says why."""
    deepgram, transport = client()

    for params, match in (
        ({"json": 1, "content": b""}, "not both"),
        ({"json": object()}, "JSON"),
        ({"content": {"a": 1}}, "json"),
        ({"jsn": 1}, "did you mean 'json'"),
    ):
        with pytest.raises(DeepgramTypeError, match=match):
            await deepgram.request("POST", "v1/x", **params)
    assert transport.requests == []


async def test_a_refusal_is_typed_and_carries_its_request_id() -> None:
    """What the service says no with is all there."""
    deepgram, _ = client(reply(404, b'{"err_code": "C", "err_msg": "no such project", "request_id": "r"}'))

    with pytest.raises(NotFound, match="no such project") as caught:
        await deepgram.request("GET", "v1/projects/x")
    assert (caught.value.err_code, caught.value.request_id, caught.value.status) == ("C", "r", 404)


async def test_the_key_is_nowhere_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    """No log, repr, traceback or chain shows the key, not even with the locals of each frame."""
    caplog.set_level(0)
    script = [reply(429, b"{}", retry_after="0"), ConnectFailed("x"), reply(400, b"{}")]
    deepgram, transport = client(*script, proxy=f"http://user:{KEY}@proxy:1")

    with pytest.raises(BadRequest) as caught:
        await deepgram.transcribe(b"audio")

    error = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [
        *error.format(),
        caplog.text,
        *(repr(each) for each in (deepgram, deepgram.config, vars(deepgram), vars(vars(deepgram)["_road"]))),
        *(
            repr(each)
            for each in (transport.requests[0].headers, transport.requests[0], caught.value, vars(caught.value))
        ),
        repr(Road.of(deepgram.config)._credentials),
    ]
    assert not [each for each in shown if KEY in each]


async def test_what_is_made_from_one_config_shares_connections() -> None:
    """Documented classes made directly, or subclassed, use the connections of the client whose config they got."""

    class Mine(AsyncPreRecordedClient):
        pass

    deepgram, transport = client(HEARD)

    await Mine(deepgram.config).transcribe_url({"url": "https://x/y"})
    assert len(transport.requests) == 1

    config = DeepgramClientOptions("k")
    assert Road.of(config) is Road.of(config)
    assert Road.of(config) is not Road.of(config.copy())


async def test_a_client_closes_its_transport() -> None:
    """`async with` and `aclose` close the connections, and the client can be used again."""
    deepgram, transport = client(HEARD)
    async with deepgram as same:
        assert same is deepgram
    assert transport.closed == 1
    await deepgram.transcribe(b"audio")
    await deepgram.aclose()
    assert transport.closed == 2
    assert repr(deepgram) == "<AsyncDeepgramClient https://api.deepgram.com>"


async def test_a_bound_on_requests_in_flight() -> None:
    """Of ten requests at once never more than three are under way, and all are answered."""
    under_way, most = 0, 0

    async def slow(_: Request) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await anyio.sleep(0.002)
        under_way -= 1
        return HEARD

    deepgram, transport = client(*[slow] * 10, max_in_flight=3)
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(deepgram.transcribe, b"audio")

    assert most == 3
    assert len(transport.requests) == 10


async def test_a_cancelled_request_gives_its_place_back() -> None:
    """Whoever is cancelled, waiting or under way, takes no place away from others."""
    release = anyio.Event()

    async def held(_: Request) -> Any:
        await release.wait()
        return HEARD

    deepgram, transport = client(held, HEARD, HEARD, max_in_flight=1)
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as waiting:
            tasks.start_soon(deepgram.transcribe, b"first")
            await anyio.wait_all_tasks_blocked()
            with anyio.move_on_after(0.01):
                await deepgram.transcribe(b"waits in vain")
        release.set()
        waiting.cancel()

    with anyio.fail_after(5):
        await deepgram.transcribe(b"last")
    assert transport.bodies == [b"first", b"last"]


async def test_a_token_that_is_minted() -> None:
    """A minting function is asked once for many requests, and again before the token expires."""
    minted: list[str] = []

    async def mint() -> tuple[str, float]:
        minted.append(f"token-{len(minted)}")
        await anyio.sleep(0.001)
        return minted[-1], 100.0

    transport = FakeTransport(*[HEARD] * 20)
    deepgram = AsyncDeepgramClient(access_token=mint, transport=transport)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(deepgram.transcribe, b"audio")
    transport.clock.time += 79
    await deepgram.transcribe(b"audio")
    transport.clock.time += 2
    await deepgram.transcribe(b"audio")

    sent = [each.headers["Authorization"] for each in transport.requests]
    assert sent == ["Bearer token-0"] * 6 + ["Bearer token-1"]


async def test_a_token_that_was_refused_is_asked_for_again() -> None:
    """A 401 for a minted token is tried once with a new one; a second 401 is the answer."""
    tokens = iter("abcd")
    transport = FakeTransport(reply(401, b"{}"), HEARD, reply(401, b"{}"), reply(401, b"{}"))
    deepgram = AsyncDeepgramClient(access_token=lambda: next(tokens), transport=transport)

    await deepgram.transcribe(b"audio")
    with pytest.raises(Unauthorized):
        await deepgram.transcribe(b"audio")

    assert [each.headers["Authorization"][-1] for each in transport.requests] == ["a", "b", "b", "c"]
    assert "minted" in repr(Road.of(deepgram.config)._credentials)


async def test_the_lifetime_in_the_token_itself() -> None:
    """A JWT says how long it lives; a token that says nothing is taken to live as long as the service's default."""
    # {"iat": 1000, "exp": 1060} and {"iat": "x"}, in the middle part of a JWT
    dated, odd = "x.eyJpYXQiOiAxMDAwLCAiZXhwIjogMTA2MH0.x", "x.eyJpYXQiOiAieCJ9.x"
    asked = 0

    def mint() -> str:
        nonlocal asked
        asked += 1
        return [dated, odd][asked - 1] if asked < 3 else "opaque"

    transport = FakeTransport(*[HEARD] * 5)
    deepgram = AsyncDeepgramClient(access_token=mint, transport=transport)
    for later, count in ((0, 1), (47, 1), (2, 2), (23, 2), (2, 3)):
        transport.clock.time += later
        await deepgram.transcribe(b"audio")
        assert asked == count


async def test_a_minting_function_that_fails() -> None:
    """Its own error comes out, and the next request asks again."""

    def mint() -> str:
        raise LookupError("no vault")

    deepgram = AsyncDeepgramClient(access_token=mint, transport=FakeTransport())
    for _ in range(2):
        with pytest.raises(LookupError, match="no vault"):
            await deepgram.transcribe(b"audio")


async def test_a_request_that_waits_for_a_token_is_cancelled() -> None:
    """Who is cancelled while another mints takes nothing from those who still wait."""
    release = anyio.Event()

    async def mint() -> str:
        await release.wait()
        return "tok"

    transport = FakeTransport(HEARD, HEARD)
    deepgram = AsyncDeepgramClient(access_token=mint, transport=transport)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(deepgram.transcribe, b"first")
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0.01):
            await deepgram.transcribe(b"in vain")
        tasks.start_soon(deepgram.transcribe, b"second")
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert transport.bodies == [b"first", b"second"]


async def test_a_fixed_token() -> None:
    """An access token is sent as Bearer and wins over the key."""
    transport = FakeTransport(HEARD)

    await AsyncDeepgramClient(KEY, access_token="tok", transport=transport).transcribe(b"audio")

    assert transport.requests[0].headers["Authorization"] == "Bearer tok"


async def test_debugging_shows_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG each request has a line with its status and id, without its query."""
    caplog.set_level(logging.DEBUG, "dgasync")
    deepgram, _ = client(HEARD)

    await deepgram.transcribe(b"audio", callback_method="x")  # type: ignore[call-arg]  # the service's own business

    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.DEBUG]
    assert line.startswith("POST v1/listen: 200 in ")
    assert line.endswith("request r")
