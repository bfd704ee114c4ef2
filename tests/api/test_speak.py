"""Texts become speech, over a network that does what the test says."""

# generates: tests/sync/test_speak.py

from __future__ import annotations

import gc
import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import anyio
import pytest

from dgasync import AsyncDeepgramClient, AsyncSpeakClient, AsyncSpeech, SpeakOptions
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DecodeError,
    DeepgramConnectionError,
    DeepgramError,
    DeepgramTypeError,
    Timeout,
)
from dgasync.limits import MAX_TEXT
from tests.fakes import FakeDownload, FakeTransport, reply

pytestmark = pytest.mark.anyio

AURA_1 = {
    "dg-request-id": "r-1",
    "dg-model-name": "aura-asteria-en",
    "dg-model-uuid": "u-1",
    "dg-char-count": "6",
    "transfer-encoding": "chunked",
    "date": "Tue, 15 Apr 2025 18:20:01 GMT",
}
AURA_2 = {"x-dg-request-id": "r-2", "x-dg-model-name": "aura-2-thalia-en", "x-dg-characters": "6"}
BROKEN = DeepgramConnectionError("The connection to the service broke in the middle of its answer: it hung up.")


def sound(*chunks: bytes | BaseException, **headers: str) -> FakeDownload:
    """Audio as the service answers it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeDownload(*(chunks or (b"one", b"two", b"three")), content_type="audio/mpeg", headers=named or AURA_1)


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient("the-key", transport=transport, **settings), transport


def documented(*script: Any) -> tuple[AsyncSpeakClient, FakeTransport]:
    deepgram, transport = client(*script)
    return deepgram.speak.asyncrest.v("1"), transport


def sent(transport: FakeTransport) -> Any:
    """The JSON of the last request."""
    return json.loads(transport.bodies[-1] or b"")


# The native face.


async def test_what_is_sent() -> None:
    """A text goes as JSON, with the options in the query, and nothing before it is asked for."""
    deepgram, transport = client(sound(), sound())

    speech = deepgram.synthesize("Hello.")
    assert transport.requests == []
    clip = await speech.read()
    assert (clip, clip.encoding, clip.sample_rate) == (b"onetwothree", "mp3", 22_050)
    await deepgram.synthesize("Hello.", model="aura-2-luna-en", encoding="linear16", headers={"X-Mine": "1"}).read()

    first, second = transport.requests
    assert (first.method, first.url) == ("POST", "https://api.deepgram.com/v1/speak?model=aura-2-thalia-en")
    assert first.headers["Content-Type"] == "application/json"
    assert first.headers["Authorization"] == "Token the-key"
    assert second.url == "https://api.deepgram.com/v1/speak?model=aura-2-luna-en&encoding=linear16"
    assert second.headers["X-Mine"] == "1"
    assert sent(transport) == {"text": "Hello."}


async def test_in_chunks() -> None:
    """Audio is given as it comes, and let go of at the end of the block."""
    download = sound()
    deepgram, _ = client(download)

    async with deepgram.synthesize("Hello.") as speech:
        assert download.given == 1
        assert [chunk async for chunk in speech] == [b"one", b"two", b"three"]
        assert [chunk async for chunk in speech] == []
        assert repr(speech) == f"<{type(speech).__name__} open, 11 bytes taken>"

    assert download.closed
    assert repr(speech) == f"<{type(speech).__name__} closed, 11 bytes taken>"


async def test_no_more_is_taken_than_is_asked_for() -> None:
    """Whoever stops early leaves the rest with the service, and the connection closed."""
    download = sound(b"one", b"two", b"three")
    deepgram, _ = client(download)

    async with deepgram.synthesize("Hello.") as speech:
        async for _chunk in speech:
            break

    assert (download.given, download.closed) == (1, True)


async def test_what_is_known_of_it() -> None:
    """It knows whose voice it is, how much of the text is billed, and what the audio is."""
    deepgram, _ = client(sound())
    speech = deepgram.synthesize("Hello.")
    assert (speech.request_id, speech.encoding, speech.status_code, dict(speech.headers)) == (None, None, None, {})
    assert repr(speech) == f"<{type(speech).__name__} not asked for>"

    async with speech:
        assert (speech.request_id, speech.model_name, speech.characters) == ("r-1", "aura-asteria-en", 6)
        assert (speech.content_type, speech.status_code) == ("audio/mpeg", 200)
        assert (speech.encoding, speech.container, speech.sample_rate) == ("mp3", "none", 22_050)
        assert speech.headers["DG-Model-UUID"] == "u-1"
        assert speech.response.model_uuid == "u-1"


async def test_headers_of_newer_voices() -> None:
    """Voices of Aura 2 answer with other names, and fewer of them."""
    deepgram, _ = client(sound(**AURA_2))

    async with deepgram.synthesize("Hello.") as speech:
        assert (speech.request_id, speech.model_name, speech.characters) == ("r-2", "aura-2-thalia-en", 6)
        assert speech.response.model_uuid is None


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({"model": "flux-alexis-en", "expressivity": 0.5}, "v2/speak?model=flux-alexis-en&expressivity=0.5"),
        ({"model": "mine", "version": "2"}, "v2/speak?model=mine"),
        ({"model": "flux-alexis-en", "version": "1"}, "v1/speak?model=flux-alexis-en"),
        ({"endpoint": "v1/other"}, "v1/other?model=aura-2-thalia-en"),
        ({"addons": {"newer": True}}, "v1/speak?model=aura-2-thalia-en&newer=true"),
    ],
)
async def test_versions(options: Any, url: str) -> None:
    """The voice decides which generation of the service is asked, unless the caller does."""
    deepgram, transport = client(sound())

    await deepgram.synthesize("Hello.", **options).read()

    assert transport.requests[0].url == f"https://api.deepgram.com/{url}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "3"}, r'"1" or "2"'),
        ({"version": "2"}, "has no voice"),
        ({"callback": "https://example.com/"}, "synthesize_to_callback"),
        ({"addons": {"callback": "https://example.com/"}}, "synthesize_to_callback"),
    ],
)
async def test_options_that_do_not_fit(options: Any, message: str) -> None:
    """What cannot be is refused when it is said."""
    deepgram, _ = client()

    with pytest.raises(DeepgramTypeError, match=message):
        deepgram.synthesize("Hello.", **options)


async def test_a_misspelt_option() -> None:
    """An option that is none is an error with a guess; so is one of the other generation."""
    deepgram, transport = client()

    with pytest.raises(DeepgramTypeError, match="encoding"):
        await deepgram.synthesize("Hello.", encodnig="mp3").read()  # type: ignore[call-arg]  # the point
    with pytest.raises(DeepgramTypeError, match="expressivity"):
        await deepgram.synthesize("Hello.", expressivity=0.5).read()
    assert transport.requests == []


async def test_forms_of_a_text(tmp_path: Path) -> None:
    """A text may be given as itself, as bytes, or as a file; a text that looks like a URL or a path is a text."""
    path = tmp_path / "text.txt"
    path.write_bytes(b"\xef\xbb\xbfna\xc3\xafve")
    forms: list[Any] = [
        "naïve",
        "naïve".encode(),
        bytearray("naïve".encode()),
        path,
        path.open("rb"),
        path.open(encoding="utf-8-sig"),
        BytesIO("naïve".encode()),
        StringIO("naïve"),
        {"text": "naïve"},
        {"buffer": "naïve".encode()},
        {"stream": [b"na\xc3", b"\xafve"]},
    ]
    for form in forms:
        deepgram, transport = client(sound())
        await deepgram.synthesize(form).read()
        assert sent(transport) == {"text": "naïve"}, form
        if hasattr(form, "close"):
            form.close()
    deepgram, transport = client(sound())
    await deepgram.synthesize("https://example.com/").read()
    assert sent(transport) == {"text": "https://example.com/"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (b"\xff", "UTF-8"),
        (7, "int is no text"),
        ({"url": "https://example.com/"}, "'text', 'buffer', 'stream'"),
        ({"text": 7}, "int is no text"),
        ({"text": "Hello.", "more": object()}, "cannot be written as JSON"),
    ],
)
async def test_texts_that_are_none(text: Any, message: str) -> None:
    """What is no text is refused before anything is sent."""
    deepgram, transport = client()

    with pytest.raises(DeepgramTypeError, match=message):
        await deepgram.synthesize(text).read()
    assert transport.requests == []


async def test_texts_that_are_too_long() -> None:
    """A file is not read further than a text can be long."""
    for text in (StringIO("a" * (MAX_TEXT + 1)), BytesIO(b"a" * (MAX_TEXT + 1))):
        deepgram, transport = client()
        with pytest.raises(DeepgramTypeError, match="longer"):
            await deepgram.synthesize(text).read()
        assert transport.requests == []


async def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The text's own file may fail to be read."""
    deepgram, transport = client()

    with pytest.raises(FileNotFoundError):
        await deepgram.synthesize(tmp_path / "none.txt").read()
    assert transport.requests == []


async def test_what_is_used_in_the_wrong_order() -> None:
    """It is asked for once, and given while it is open."""
    deepgram, transport = client(sound())
    speech = deepgram.synthesize("Hello.")

    with pytest.raises(DeepgramError, match="not open"):
        async for _ in speech:
            pass
    async with speech:
        await speech.open()  # is open already
    for again in (speech.open, speech.read):
        with pytest.raises(DeepgramError, match=r"once|closed"):
            await again()
    await speech.aclose()
    assert len(transport.requests) == 1


# What goes wrong.


async def test_before_the_first_byte() -> None:
    """Until its first byte a speech is tried again: after a failed connection, a busy service, an answer cut short."""
    busy = reply(503, b'{"err_msg": "busy"}')
    cut = sound(BROKEN)
    deepgram, transport = client(ConnectFailed("no"), busy, cut, sound(), max_retries=3)

    assert await deepgram.synthesize("Hello.").read() == b"onetwothree"
    assert transport.bodies == [b'{"text":"Hello."}'] * 4
    assert cut.closed


async def test_time_to_the_first_byte() -> None:
    """It counts from the request on, with what was tried before, and is there as long as the speech is."""
    deepgram, transport = client(reply(503, b'{"err_msg": "busy"}'), sound())
    clock = transport.clock
    began = clock.now()
    speech = deepgram.synthesize("Hello.")
    assert speech.time_to_first_byte is None
    async with speech:
        first = clock.now() - began
        assert speech.time_to_first_byte == first > 0
        clock.time += 10.0
    assert speech.time_to_first_byte == first


async def test_after_the_first_byte() -> None:
    """What was given cannot be taken back: from then on a failure is the caller's, with the request id."""
    download = sound(b"one", BROKEN)
    deepgram, transport = client(download, sound(), max_retries=3)

    async with deepgram.synthesize("Hello.") as speech:
        chunks = aiter(speech)
        assert await anext(chunks) == b"one"
        with pytest.raises(DeepgramConnectionError, match="in the middle") as caught:
            await anext(chunks)

    assert caught.value.request_id == "r-1"
    assert len(transport.requests) == 1
    assert download.closed


async def test_a_service_that_says_nothing() -> None:
    """A read that times out is not tried again: the audio may be on its way, and is paid for."""
    deepgram, transport = client(sound(Timeout("silent", "read")), max_retries=3)

    with pytest.raises(Timeout):
        await deepgram.synthesize("Hello.").read()
    assert len(transport.requests) == 1


async def test_a_refusal() -> None:
    """The error of the service is typed, whatever it comes in, and its connection let go of."""
    no = FakeDownload(
        b'{"err_code": "INVALID_QUERY_PARAMETER", ',
        b'"err_msg": "no such voice"}',
        status=400,
        content_type="application/json",
        headers={"dg-request-id": "r-400"},
    )
    deepgram, _ = client(no)

    with pytest.raises(BadRequest, match="no such voice") as caught:
        await deepgram.synthesize("Hello.").open()

    assert (caught.value.err_code, caught.value.request_id) == ("INVALID_QUERY_PARAMETER", "r-400")
    assert no.closed


async def test_audio_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than fits into memory is not read to its end."""
    monkeypatch.setattr("dgasync.api.speech.MAX_ANSWER", 5)
    download = sound()
    deepgram, _ = client(download)

    with pytest.raises(DecodeError, match="longer than 5 bytes"):
        await deepgram.synthesize("Hello.").read()
    assert download.closed


async def test_progress() -> None:
    """The upload of the text is reported once it is answered."""
    told: list[Any] = []
    deepgram, _ = client(sound())

    await deepgram.synthesize("Hello.", progress=lambda *sizes: told.append(sizes)).read()

    assert told == [(17, 17)]


async def test_the_limiter() -> None:
    """A speech is in flight until its end, until it is closed, or until nobody holds it any more."""
    deepgram, _ = client(sound(), sound(), sound(), sound(), max_in_flight=1, url="https://limited.test")

    async with deepgram.synthesize("Hello.") as speech:
        await speech.read()
        await deepgram.synthesize("Hello.").read()
    raw = await deepgram.speak.asyncrest.v("1").stream_raw({"text": "Hello."})
    await raw.aclose()
    raw = await deepgram.speak.asyncrest.v("1").stream_raw({"text": "Hello."})
    del raw
    gc.collect()
    await deepgram.synthesize("Hello.").read()


# async only
async def test_a_cancelled_chunk() -> None:
    """Whoever gives up waiting for a chunk loses nothing of it."""
    download = sound(b"abc").stall()
    deepgram, _ = client(download)

    async with deepgram.synthesize("Hello.") as speech:
        chunks = speech.aiter_bytes(4)
        async with anyio.create_task_group() as group:
            group.start_soon(anext, chunks)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        download.feed(b"def")
        assert [chunk async for chunk in chunks] == [b"abcd", b"ef"]
        assert await speech.aread() == b""


# Files.


# stays async
async def refusing(function: Any, *given: Any) -> Any:
    """Runs what may block, but not what tidies up."""
    if function.__name__ == "discard":
        raise DeepgramError("The caller of this job has stopped waiting for it.")
    return function(*given)


async def test_save(tmp_path: Path) -> None:
    """A file has all of the audio, and nothing lies beside it."""
    deepgram, _ = client(sound())
    path = tmp_path / "hello.mp3"

    response = await deepgram.synthesize("Hello.").save(path)

    assert path.read_bytes() == b"onetwothree"
    assert (response.filename, response.request_id, response.stream) == (str(path), "r-1", None)
    assert list(tmp_path.iterdir()) == [path]


async def test_save_the_rest(tmp_path: Path) -> None:
    """Inside the block what is left is saved."""
    deepgram, _ = client(sound())

    async with deepgram.synthesize("Hello.") as speech:
        async for _chunk in speech:
            break
        await speech.save(str(tmp_path / "rest.mp3"))

    assert (tmp_path / "rest.mp3").read_bytes() == b"twothree"


@pytest.mark.parametrize("answer", [reply(400, b'{"err_msg": "no"}'), BROKEN, sound(b"one", BROKEN)])
async def test_no_file_of_a_failure(answer: Any, tmp_path: Path) -> None:
    """When anything fails there is no file, and one that was there is as it was."""
    old = tmp_path / "old.mp3"
    old.write_bytes(b"old")
    for path in (old, tmp_path / "new.mp3"):
        again = sound(b"one", BROKEN) if isinstance(answer, FakeDownload) else answer
        deepgram, _ = client(again, max_retries=0)
        with pytest.raises(DeepgramError):
            await deepgram.synthesize("Hello.").save(path)

    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == b"old"


async def test_nobody_left_to_tidy_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the thread that would do it waits no more, as after a second Ctrl-C, the file is gone all the same."""
    monkeypatch.setattr("dgasync.api.speech.pull", refusing)
    deepgram, _ = client(sound(b"one", BROKEN))

    with pytest.raises(DeepgramConnectionError):
        await deepgram.synthesize("Hello.").save(tmp_path / "hello.mp3")
    assert list(tmp_path.iterdir()) == []


async def test_a_place_where_no_file_can_be(tmp_path: Path) -> None:
    """That there can be no such file is found out before anything is asked for."""
    deepgram, transport = client()

    for path in (tmp_path / "none" / "hello.mp3", tmp_path):
        with pytest.raises(OSError):
            await deepgram.synthesize("Hello.").save(path)
    assert transport.requests == []


async def test_what_was_there(tmp_path: Path) -> None:
    """A file that is replaced keeps who may read it; a link stays a link; what is no file is written to."""
    path, link = tmp_path / "hello.mp3", tmp_path / "link.mp3"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    deepgram, _ = client(sound(), sound())

    await deepgram.synthesize("Hello.").save(link)
    await deepgram.synthesize("Hello.").save("/dev/null")

    assert link.is_symlink()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"onetwothree", 0o600)
    assert Path("/dev/null").is_char_device()


# async only
async def test_a_cancelled_save(tmp_path: Path) -> None:
    """A save that is given up leaves no file and no connection."""
    download = sound(b"one").stall()
    deepgram, _ = client(download)

    async with anyio.create_task_group() as group:
        group.start_soon(deepgram.synthesize("Hello.").save, tmp_path / "hello.mp3")
        await anyio.sleep(0)
        while download.given == 0 or not list(tmp_path.iterdir()):
            await anyio.sleep(0.001)
        group.cancel_scope.cancel()

    assert list(tmp_path.iterdir()) == []
    assert download.closed


# Callbacks.


async def test_to_a_callback() -> None:
    """Speech for a callback address gives its request id."""
    deepgram, transport = client(reply(200, b'{"request_id": "r-7"}'))

    accepted = await deepgram.synthesize_to_callback("Hello.", callback="https://example.com/a?b=c")

    assert accepted.request_id == "r-7"
    url = "v1/speak?model=aura-2-thalia-en&callback=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc"
    assert transport.requests[0].url == f"https://api.deepgram.com/{url}"
    assert sent(transport) == {"text": "Hello."}
    with pytest.raises(DeepgramTypeError, match="URL"):
        await deepgram.synthesize_to_callback("Hello.", callback="example.com")


# The documented face.


async def test_stream_memory() -> None:
    """The documented call has the audio in memory, and what the headers say; it sends only what was set."""
    for name in ("stream_memory", "stream"):
        speak, transport = documented(sound())

        response = await getattr(speak, name)({"text": "Hello.", "more": 1}, SpeakOptions(model="aura-luna-en"))

        assert response.stream_memory.read() == b"onetwothree"
        assert response.stream is response.stream_memory
        assert (response.content_type, response.request_id, response.model_uuid) == ("audio/mpeg", "r-1", "u-1")
        assert (response.model_name, response.characters) == ("aura-asteria-en", 6)
        assert (response.transfer_encoding, response.date) == ("chunked", "Tue, 15 Apr 2025 18:20:01 GMT")
        assert transport.requests[0].url == "https://api.deepgram.com/v1/speak?model=aura-luna-en"
        assert sent(transport) == {"text": "Hello.", "more": 1}


async def test_headers_that_are_missing() -> None:
    """What the service does not say is None, and no KeyError as in v3."""
    speak, transport = documented(FakeDownload(b"audio", content_type=None))

    response = await speak.stream_memory({"text": "Hello."})

    assert (response.content_type, response.request_id, response.characters) == (None, None, None)
    assert transport.requests[0].url == "https://api.deepgram.com/v1/speak"


async def test_where_the_arguments_stand() -> None:
    """All documented calls take options, addons, headers, timeout and endpoint in v3's order."""
    given = ({"model": "m"}, {"tag": "t"}, {"X-Mine": "1"}, 7, "v1/other")
    for name, before in (("stream", ()), ("stream_raw", ()), ("save", ("/dev/null",)), ("file", ("/dev/null",))):
        speak, transport = documented(sound())

        done = await getattr(speak, name)(*before, {"text": "Hello."}, *given)

        request = transport.requests[0]
        assert request.url == "https://api.deepgram.com/v1/other?model=m&tag=t"
        assert (request.headers["X-Mine"], request.timeouts.read) == ("1", 7)
        if isinstance(done, AsyncSpeech):
            await done.aclose()


@pytest.mark.parametrize(
    ("options", "endpoint", "url"),
    [
        ({"model": "flux-alexis-en"}, "v1/speak", "v2/speak?model=flux-alexis-en"),
        ({"model": "mine", "expressivity": 0.5}, "v2/speak", "v2/speak?model=mine&expressivity=0.5"),
    ],
)
async def test_documented_versions(options: Any, endpoint: str, url: str) -> None:
    """Voices of the second generation are asked for where they are."""
    speak, transport = documented(sound())

    await speak.stream({"text": "Hello."}, options, endpoint=endpoint)

    assert transport.requests[0].url == f"https://api.deepgram.com/{url}"


async def test_save_as_documented(tmp_path: Path) -> None:
    """`save`, which is `file` too, writes the file and says what it wrote."""
    for name in ("save", "file"):
        speak, _ = documented(sound())
        path = str(tmp_path / name)

        response = await getattr(speak, name)(path, {"stream": BytesIO(b"Hello.")})

        assert Path(path).read_bytes() == b"onetwothree"
        assert (response.filename, response.stream) == (path, None)


async def test_stream_raw() -> None:
    """An open answer is used as those of httpx are."""
    download = sound()
    speak, _ = documented(download, sound())

    response = await speak.stream_raw({"text": "Hello."})
    assert (response.status_code, response.headers["content-type"], download.given) == (200, "audio/mpeg", 1)
    assert [chunk async for chunk in response.aiter_bytes()] == [b"one", b"two", b"three"]
    await response.aclose()
    assert download.closed
    async with await speak.stream_raw({"text": "Hello."}) as response:
        assert [chunk async for chunk in response.aiter_bytes(4)] == [b"onet", b"woth", b"ree"]


async def test_errors_of_stream_raw() -> None:
    """Unlike in v3, an error of the service is raised."""
    speak, _ = documented(reply(400, b'{"err_msg": "no"}'))

    with pytest.raises(BadRequest, match="no"):
        await speak.stream_raw({"text": "Hello."})


@pytest.mark.parametrize("source", ["Hello.", None, {}, {"url": "https://example.com/"}])
async def test_sources_that_are_none(source: Any) -> None:
    """The documented calls take the documents' mapping, and say what takes other things."""
    speak, transport = documented()

    with pytest.raises(DeepgramTypeError, match="synthesize"):
        await speak.stream(source)
    assert transport.requests == []


async def test_a_documented_callback() -> None:
    """There is no audio to return where it goes elsewhere."""
    speak, _ = documented()

    with pytest.raises(DeepgramTypeError, match="synthesize_to_callback"):
        await speak.stream({"text": "Hello."}, {"callback": "https://example.com/"})


def test_repr() -> None:
    """A client says where it leads."""
    speak, _ = documented()
    assert repr(speak) == f"<{type(speak).__name__} https://api.deepgram.com>"
