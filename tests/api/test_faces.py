"""Every verb, once around: what a caller gives, what arrives at the service, and what comes back."""

# generates: tests/sync/test_faces.py

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync import AsyncDeepgramClient, AsyncPreRecordedClient, AsyncPrerecordedResponse, PrerecordedOptions
from dgasync.server import Fault, LocalServer, key_identifier
from dgasync.testing import Ruler, callback_receiver
from tests.hosting import hosted

pytestmark = pytest.mark.anyio

KEY = "a-key"
RULER = Ruler(2.0)
WAV = RULER.wav()


class Own(dgasync.Answer, frozen=True, kw_only=True):
    """What a user decodes an answer into."""

    metadata: dict[str, Any]


@pytest.fixture
async def deepgram(deepgram_server: LocalServer) -> AsyncIterator[AsyncDeepgramClient]:
    async with AsyncDeepgramClient(KEY, url=deepgram_server.url, max_retries=0) as deepgram:
        yield deepgram


@pytest.fixture
def prerecorded(deepgram: AsyncDeepgramClient) -> AsyncPreRecordedClient:
    return deepgram.listen.asyncprerecorded.v("1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ruler.wav"
    path.write_bytes(WAV)
    return path


def pieces() -> Iterator[bytes]:
    return (WAV[at : at + 10_000] for at in range(0, len(WAV), 10_000))


# stays async
async def pieces_in_time() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


FORMS: dict[str, Callable[[Path], Any]] = {
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(WAV),
    "memoryview": lambda path: memoryview(WAV),
    "path": lambda path: path,
    "path as text": str,
    "iterator": lambda path: pieces(),
    "list": lambda path: list(pieces()),
    "async iterator": lambda path: pieces_in_time(),
    "buffer": lambda path: {"buffer": WAV},
    "stream": lambda path: {"stream": pieces()},
    "async stream": lambda path: {"stream": pieces_in_time()},
}


def arrived(server: LocalServer) -> bool:
    """Whether the last request brought the recording, every byte of it once."""
    return server.requests[-1].sha256 == hashlib.sha256(WAV).hexdigest()


@pytest.mark.parametrize("form", FORMS)
async def test_transcribe(form: str, deepgram: AsyncDeepgramClient, deepgram_server: LocalServer, path: Path) -> None:
    """Audio in every form arrives whole, and its words come back."""
    transcript = await deepgram.transcribe(FORMS[form](path))

    assert transcript.text == RULER.text
    assert arrived(deepgram_server)


async def test_transcribe_open_file(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer, path: Path) -> None:
    """An open file is read from where it stands, and stays open."""
    with path.open("rb") as file:
        transcript = await deepgram.transcribe(file)
        assert not file.closed

    assert transcript.text == RULER.text
    assert arrived(deepgram_server)


@pytest.mark.parametrize("form", [str, lambda url: {"url": url}], ids=["text", "mapping"])
async def test_transcribe_url(form: Callable[[str], Any], deepgram: AsyncDeepgramClient) -> None:
    """A recording on the web is fetched by the service."""
    with hosted(WAV) as url:
        transcript = await deepgram.transcribe(form(url))

    assert transcript.text == RULER.text


async def test_options_travel(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """Options become the query, behind the default model."""
    await deepgram.transcribe(WAV, smart_format=True, keyterm=["Ypsilanti", "Oz"], utt_split=0.5)

    assert deepgram_server.requests[-1].query == [
        ("model", "nova-3"),
        ("smart_format", "true"),
        ("keyterm", "Ypsilanti"),
        ("keyterm", "Oz"),
        ("utt_split", "0.5"),
    ]


async def test_the_call_s_own_settings(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """Headers and addons go with their call only, and `progress` hears how it goes."""
    seen: list[tuple[int, int | None]] = []
    await deepgram.transcribe(
        WAV, headers={"X-Mine": "1"}, addons={"newer": 1}, timeout=30, progress=lambda *now: seen.append(now)
    )
    await deepgram.transcribe(WAV)
    first, second = deepgram_server.requests

    assert (first.headers["X-Mine"], first.param("newer")) == ("1", ["1"])
    assert ("X-Mine" in second.headers, second.param("newer")) == (False, [])
    assert seen[-1] == (len(WAV), len(WAV))


@pytest.mark.parametrize(
    "options", [PrerecordedOptions(utterances=True), {"utterances": True}, None], ids=["object", "dict", "none"]
)
async def test_transcribe_file(options: Any, prerecorded: AsyncPreRecordedClient, deepgram_server: LocalServer) -> None:
    """The documented call sends what was set, no more, and gives the answer as it came."""
    answer = await prerecorded.transcribe_file({"buffer": WAV}, options)

    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == RULER.text
    assert deepgram_server.requests[-1].query == ([("utterances", "true")] if options else [])
    assert arrived(deepgram_server)


async def test_transcribe_file_by_position(prerecorded: AsyncPreRecordedClient, deepgram_server: LocalServer) -> None:
    """The documented call takes its arguments in v3's order."""
    await prerecorded.transcribe_file(
        {"buffer": WAV}, {"model": "nova-2"}, {"newer": 1}, {"X-Mine": "1"}, 30, "v1/listen"
    )
    request = deepgram_server.requests[-1]

    assert (request.query, request.headers["X-Mine"]) == ([("model", "nova-2"), ("newer", "1")], "1")


async def test_transcribe_open_file_as_documented(prerecorded: AsyncPreRecordedClient, path: Path) -> None:
    """An open file may be the buffer, as in the documents."""
    with path.open("rb") as file:
        answer = await prerecorded.transcribe_file({"buffer": file})

    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == RULER.text


async def test_transcribe_url_as_documented(prerecorded: AsyncPreRecordedClient) -> None:
    """The documented call for a recording on the web."""
    with hosted(WAV) as url:
        answer = await prerecorded.transcribe_url({"url": url}, PrerecordedOptions(model="nova-3"))

    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == RULER.text


async def test_transcribe_to_callback(deepgram: AsyncDeepgramClient) -> None:
    """The transcript goes where it was asked to, and is read there."""
    with callback_receiver() as receiver:
        accepted = await deepgram.transcribe_to_callback(WAV, callback=receiver.url)
        (delivery,) = receiver.wait()
    transcript = deepgram.parse_callback(delivery.body, delivery.headers, dg_token=key_identifier(KEY))

    assert isinstance(accepted, AsyncPrerecordedResponse)
    assert accepted.request_id == transcript.request_id
    assert transcript.text == RULER.text


async def test_transcribe_file_callback(prerecorded: AsyncPreRecordedClient) -> None:
    """The documented call with a callback gives the request id."""
    with callback_receiver() as receiver:
        accepted = await prerecorded.transcribe_file_callback(
            {"buffer": WAV}, receiver.url, PrerecordedOptions(callback_method="PUT")
        )
        (delivery,) = receiver.wait()

    assert (delivery.method, delivery.json()["metadata"]["request_id"]) == ("PUT", accepted.request_id)


async def test_transcribe_url_callback(prerecorded: AsyncPreRecordedClient) -> None:
    """The documented call with a URL and a callback gives the request id."""
    with hosted(WAV) as url, callback_receiver() as receiver:
        accepted = await prerecorded.transcribe_url_callback({"url": url}, receiver.url)
        (delivery,) = receiver.wait()

    assert delivery.json()["metadata"]["request_id"] == accepted.request_id


async def test_callback_among_the_options(prerecorded: AsyncPreRecordedClient) -> None:
    """As in v3, a callback among the options makes the answer a request id."""
    with callback_receiver() as receiver:
        accepted = await prerecorded.transcribe_file({"buffer": WAV}, {"callback": receiver.url})
        receiver.wait()

    assert isinstance(accepted, AsyncPrerecordedResponse)


async def test_parse_callback_of_a_stranger(deepgram: AsyncDeepgramClient) -> None:
    """A post without the right token is refused."""
    with pytest.raises(dgasync.DeepgramApiKeyError, match="dg-token"):
        deepgram.parse_callback(b"{}", {"dg-token": "another"}, dg_token="mine")


async def test_request(deepgram: AsyncDeepgramClient) -> None:
    """A request without a verb of its own gives its answer by `[]`."""
    answer = await deepgram.request("POST", "v1/listen", query={"model": "nova-3"}, content=WAV)

    assert type(answer) is dgasync.Answer
    assert answer["metadata"]["channels"] == 1
    assert answer.request_id == answer["metadata"]["request_id"]


async def test_request_of_a_kind(deepgram: AsyncDeepgramClient) -> None:
    """Such an answer may have a type of the caller's."""
    answer = await deepgram.request("POST", "v1/listen", kind=Own, content=pieces())

    assert answer.metadata["duration"] == 2.0


async def test_refused(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """What the service says no to is an error with its status and request id."""
    deepgram_server.fail(Fault.status(402))
    with pytest.raises(dgasync.PaymentRequired) as caught:
        await deepgram.transcribe(WAV)

    assert (caught.value.status, caught.value.request_id) == (402, deepgram_server.requests[-1].request_id)


async def test_refused_as_documented(prerecorded: AsyncPreRecordedClient, deepgram_server: LocalServer) -> None:
    """The documented calls raise the same errors."""
    deepgram_server.fail(Fault.text(500, "proxy on fire"))
    with pytest.raises(dgasync.ServerError, match="proxy on fire"):
        await prerecorded.transcribe_file({"buffer": WAV})


async def test_unreadable(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """An answer that cannot be read is an error that has its bytes."""
    deepgram_server.fail(Fault.garbage())
    with pytest.raises(dgasync.DecodeError) as caught:
        await deepgram.transcribe(WAV)

    assert b"garbage" in caught.value.payload


async def test_no_answer(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A connection that ends before the answer is a connection error."""
    deepgram_server.fail(Fault.drop())
    with pytest.raises(dgasync.DeepgramConnectionError):
        await deepgram.transcribe(WAV)


async def test_timeout(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A call that waits too long says for what it waited."""
    deepgram_server.fail(Fault.stall())
    with pytest.raises(dgasync.Timeout) as caught:
        await deepgram.transcribe(WAV, timeout=0.2)

    assert caught.value.phase == "read"


async def test_misspelt_option(deepgram: AsyncDeepgramClient, deepgram_server: LocalServer) -> None:
    """A misspelt option is an error with a guess, and nothing is sent."""
    with pytest.raises(dgasync.DeepgramTypeError, match="did you mean 'diarize'"):
        await deepgram.transcribe(WAV, diarise=True)  # type: ignore[call-arg]

    assert deepgram_server.requests == []


async def test_misspelt_option_as_documented(prerecorded: AsyncPreRecordedClient) -> None:
    """A dict is checked too, unless told not to be."""
    with pytest.raises(dgasync.DeepgramTypeError, match="did you mean 'diarize'"):
        await prerecorded.transcribe_file({"buffer": WAV}, {"diarise": True})
    await prerecorded.transcribe_file({"buffer": WAV}, {"diarise": True}, strict=False)


async def test_wrong_source(prerecorded: AsyncPreRecordedClient) -> None:
    """A source of the wrong kind is an error before anything is sent."""
    with pytest.raises(dgasync.DeepgramTypeError, match="url"):
        await prerecorded.transcribe_url({"buffer": WAV})  # type: ignore[typeddict-item]


async def test_an_iterator_that_raises(deepgram: AsyncDeepgramClient) -> None:
    """An error of the caller's own iterator comes out as it is."""

    def torn() -> Iterator[bytes]:
        yield WAV[:1000]
        raise LookupError("the tape is torn")

    with pytest.raises(LookupError, match="the tape is torn"):
        await deepgram.transcribe(torn())


async def test_use_after_close(deepgram: AsyncDeepgramClient) -> None:
    """A closed client opens new connections when it is used again."""
    await deepgram.transcribe(WAV)
    await deepgram.aclose()

    assert (await deepgram.transcribe(WAV)).text == RULER.text


async def test_what_it_says_of_itself(
    deepgram: AsyncDeepgramClient, prerecorded: AsyncPreRecordedClient, deepgram_server: LocalServer
) -> None:
    """The client has its key and set-up as attributes, and a repr without the key."""
    assert (deepgram.api_key, deepgram.config.url) == (KEY, deepgram_server.url)
    assert repr(deepgram) == f"<AsyncDeepgramClient {deepgram_server.url}>"
    assert repr(prerecorded) == f"<AsyncPreRecordedClient {deepgram_server.url}>"


async def test_the_documented_tree(deepgram: AsyncDeepgramClient) -> None:
    """Each spelling in the tree leads to the same class."""
    for found in (deepgram.listen.asyncprerecorded.v("1"), deepgram.listen.asyncrest.v("1")):
        assert type(found) is AsyncPreRecordedClient
        await found.transcribe_file({"buffer": WAV})
