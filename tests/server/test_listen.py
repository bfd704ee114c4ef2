"""POST /v1/listen, over the network, with the ruler."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dgasync.server import Heard, Hints, LocalServer, key_identifier
from dgasync.server.ruler import RulerEngine, RulerListener
from dgasync.testing import Ruler, callback_receiver, local_server, ruler_wav, silence

from .conftest import Caller, alternative

pytestmark = pytest.mark.anyio

EVERYTHING = [
    ("smart_format", "true"),
    ("utterances", "true"),
    ("search", "w3"),
    ("search", "nothing"),
    ("replace", "w1:one"),
    ("tag", "a"),
    ("tag", "b"),
    ("extra", "key:value"),
    ("diarize", "true"),
]


async def test_wav(caller: Caller) -> None:
    """A WAV file is heard, and the answer says what was heard, when, and by which engine."""
    ruler = Ruler(5.25)
    answer = await caller.ok(ruler.wav())
    metadata = answer["metadata"]
    assert alternative(answer)["transcript"] == ruler.text == "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10-"
    assert alternative(answer)["words"][1] == {"word": "w1", "start": 0.5, "end": 1.0, "confidence": 1.0}
    assert metadata["sha256"] == hashlib.sha256(ruler.wav()).hexdigest()
    assert (metadata["duration"], metadata["channels"], metadata["transaction_key"]) == (5.25, 1, "deprecated")
    assert metadata["model_info"][metadata["models"][0]] == {"name": "ruler", "version": "1", "arch": "ruler"}
    assert set(answer["results"]) == {"channels"}


async def test_raw(caller: Caller) -> None:
    """Raw samples are heard when the query says what they are."""
    ruler = Ruler(3)
    assert alternative(await caller.ok(ruler.audio(), ruler.params))["transcript"] == ruler.text


async def test_raw_without_rate(caller: Caller) -> None:
    """Raw samples without a sample rate are refused."""
    assert await caller.refused(b"1234" * 9, {"encoding": "linear16"}) == (
        400,
        "INVALID_QUERY_PARAMETER",
        "`sample_rate` is required with raw audio.",
    )


async def test_container_beats_encoding(caller: Caller) -> None:
    """A WAV file that is announced as raw samples is read by its header all the same."""
    params = {"encoding": "mulaw", "sample_rate": "8000"}
    assert alternative(await caller.ok(ruler_wav(2), params))["transcript"] == "w0 w1 w2 w3"


async def test_streamed_body(caller: Caller) -> None:
    """A body of unknown length is heard while it arrives, to its last byte."""
    ruler = Ruler(300)

    async def pieces() -> AsyncIterator[bytes]:
        for piece in ruler.wav_chunks(333_333):
            yield piece

    assert alternative(await caller.ok(pieces()))["transcript"] == ruler.text


async def test_compressed_body(caller: Caller) -> None:
    """A body with a Content-Encoding is unpacked."""
    answer = await caller.ok(gzip.compress(ruler_wav(2)), headers={"Content-Encoding": "gzip"})
    assert alternative(answer)["transcript"] == "w0 w1 w2 w3"


async def test_compression_broken(caller: Caller) -> None:
    """A body that does not unpack is refused."""
    status, code, _ = await caller.refused(b"this is no gzip", headers={"Content-Encoding": "gzip"})
    assert (status, code) == (400, "PAYLOAD_ERROR")


async def test_other_formats(caller: Caller) -> None:
    """Compressed audio is decoded; without loss, the ruler is still the ruler."""
    pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    from .test_container import encoded

    ruler = Ruler(3)
    answer = await caller.ok(encoded("flac", "flac", ruler.audio()))
    assert alternative(answer)["transcript"] == ruler.text
    assert answer["metadata"]["duration"] == 3.0


async def test_long_compressed(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compressed audio beyond what is kept in memory goes through a temporary file."""
    pytest.importorskip("av", reason="needs PyAV, of the extra `local`")
    from .test_container import encoded

    monkeypatch.setattr("dgasync.server.intake.IN_MEMORY", 1000)
    ruler = Ruler(30)
    assert alternative(await caller.ok(encoded("flac", "flac", ruler.audio())))["transcript"] == ruler.text


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"this is no audio at all, in no format", ruler_wav(0), b"RIFF\0\0\0\0WAVEdata\0\0\0\0", b"RIFF"],
    ids=["empty", "byte", "text", "no samples", "no format", "cut"],
)
async def test_corrupt(caller: Caller, data: bytes) -> None:
    """What cannot be heard is refused as the service refuses it."""
    status, code, message = await caller.refused(data)
    assert (status, code) == (400, "Bad Request")
    assert message.startswith("Bad Request: failed to process audio: corrupt or unsupported data")


async def test_unknown_model(caller: Caller) -> None:
    """A model that does not exist is refused before the body is heard."""
    status, code, message = await caller.refused(ruler_wav(1), {"model": "nova-99"})
    assert (status, code) == (400, "Bad Request")
    assert message == "Bad Request: No such model/language/tier combination found."


async def test_bare_and_punctuated(caller: Caller) -> None:
    """Without punctuate there is none; with it there are two spellings of each word."""
    bare = alternative(await caller.ok(ruler_wav(5.5)))
    assert bare["transcript"] == "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10"
    full = alternative(await caller.ok(ruler_wav(5.5), {"punctuate": "true"}))
    assert full["transcript"] == "W0 w1 w2 w3 w4 w5 w6 w7 w8 w9. W10"
    assert (full["words"][0]["word"], full["words"][0]["punctuated_word"]) == ("w0", "W0")
    assert "paragraphs" not in full


async def test_everything(caller: Caller) -> None:
    """What was asked for is in the answer, and what is left out is said."""
    answer = await caller.ok(ruler_wav(40), EVERYTHING)
    channel, metadata = answer["results"]["channels"][0], answer["metadata"]
    assert alternative(answer)["transcript"].startswith("W0 one w2")
    assert [search["query"] for search in channel["search"]] == ["w3", "nothing"]
    assert channel["search"][0]["hits"][0] == {"confidence": 1.0, "start": 1.5, "end": 2.0, "snippet": "w3"}
    paragraphs = channel["alternatives"][0]["paragraphs"]
    assert [len(paragraph["sentences"]) for paragraph in paragraphs["paragraphs"]] == [5, 3]
    assert [utterance["transcript"] for utterance in answer["results"]["utterances"]] == [
        alternative(answer)["transcript"]
    ]
    assert metadata["tags"] == ["a", "b"]
    assert metadata["extra"] == {"key": "value"}
    assert [warning["parameter"] for warning in metadata["warnings"]] == ["diarize"]


async def test_utterances(caller: Caller) -> None:
    """Utterances end where there is silence for long enough."""
    audio = Ruler(1).audio() + silence(1) + Ruler(1, start=1).audio() + silence(0.5) + Ruler(1, start=2).audio()
    params = {**Ruler(0).params, "utterances": "true"}
    spoken = (await caller.ok(audio, params))["results"]["utterances"]
    assert [(one["transcript"], one["start"], one["end"]) for one in spoken] == [
        ("w0 w1", 0.0, 1.0),
        ("w2 w3 w4 w5", 2.0, 4.5),
    ]
    assert len((await caller.ok(audio, {**params, "utt_split": "0.4"}))["results"]["utterances"]) == 3


async def test_silence(caller: Caller) -> None:
    """Silence has no text, and still the form of an answer."""
    params = {**Ruler(0).params, "smart_format": "true", "utterances": "true"}
    answer = await caller.ok(silence(2), params)
    assert alternative(answer) == {"transcript": "", "confidence": 0.0, "words": []}
    assert answer["results"]["utterances"] == []


async def test_multichannel(caller: Caller) -> None:
    """Channels are heard apart where that is asked for, and mixed otherwise."""
    left, right = Ruler(2).audio(), Ruler(2, start=10.5).audio()
    frames = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, len(left), 2))
    params = {"encoding": "linear16", "sample_rate": "16000", "channels": "2"}
    apart = await caller.ok(frames, {**params, "multichannel": "true", "utterances": "true"})
    assert apart["metadata"]["channels"] == 2
    assert [alternative(apart, n)["transcript"] for n in (0, 1)] == ["w0 w1 w2 w3", "w21 w22 w23 w24"]
    assert [one["channel"] for one in apart["results"]["utterances"]] == [0, 1]
    mixed = await caller.ok(frames, params)
    assert mixed["metadata"]["channels"] == 1
    assert alternative(mixed)["transcript"] == "<broken>"


async def test_one_lost_byte(caller: Caller) -> None:
    """A byte that is lost on the way is seen in the transcript."""
    audio = Ruler(3).audio()
    answer = await caller.ok(audio[:40_000] + audio[40_001:], Ruler(0).params)
    assert alternative(answer)["transcript"] == "w0 w1 <broken> w3 w4 w5"


class Filler(RulerEngine):
    """Says `um` between words, and knows two languages."""

    detects_language = True

    def listen(self, rate: int, hints: Hints, /) -> RulerListener:
        listener = super().listen(rate, hints)

        class Um(RulerListener):
            def end(self) -> Heard:
                words = listener.end().words
                return Heard(
                    [words[0], words[1]._replace(text="um,"), *words[2:]], "nl", 0.75 if hints.language else None
                )

            def feed(self, samples: bytes, /) -> None:
                listener.feed(samples)

        return Um(rate)


async def test_filler_words(session: aiohttp.ClientSession) -> None:
    """Fillers are dropped unless they are asked for."""
    with local_server(engine=Filler()) as server:
        caller = Caller(session, server.url)
        assert alternative(await caller.ok(ruler_wav(2)))["transcript"] == "w0 w2 w3"
        kept = await caller.ok(ruler_wav(2), {"filler_words": "true"})
        assert alternative(kept)["transcript"] == "w0 um w2 w3"


async def test_detected_language(session: aiohttp.ClientSession) -> None:
    """A language that the engine made out is in the answer, when it was asked for."""
    with local_server(engine=Filler()) as server:
        caller = Caller(session, server.url)
        assert "detected_language" not in (await caller.ok(ruler_wav(2)))["results"]["channels"][0]
        asked = (await caller.ok(ruler_wav(2), {"detect_language": "true"}))["results"]["channels"][0]
        assert asked["detected_language"] == "nl"
        assert "language_confidence" not in asked
        sure = await caller.ok(ruler_wav(2), {"detect_language": "true", "language": "nl"})
        assert sure["results"]["channels"][0]["language_confidence"] == 0.75


class Failing(RulerEngine):
    def listen(self, rate: int, hints: Hints, /) -> RulerListener:
        listener = RulerListener(rate)

        def end() -> Heard:
            raise ZeroDivisionError("the engine is broken")

        listener.end = end  # type: ignore[method-assign]
        return listener


async def test_engine_fails(session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture) -> None:
    """An engine that raises is a 500, and the server lives."""
    with local_server(engine=Failing()) as server:
        caller = Caller(session, server.url)
        for _ in range(2):
            status, code, message = await caller.refused(ruler_wav(1))
            assert (status, code) == (500, "INTERNAL_SERVER_ERROR")
            assert message == "ZeroDivisionError: the engine is broken"
    assert "failed" in caplog.text


# URLs.


async def test_url(caller: Caller, recordings: str) -> None:
    """A recording behind a URL is fetched and heard."""
    answer = await caller.ok(json={"url": f"{recordings}/ruler.wav"})
    assert alternative(answer)["transcript"] == "w0 w1 w2 w3"
    assert answer["metadata"]["sha256"] == hashlib.sha256(ruler_wav(2)).hexdigest()


@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", "text/plain; charset=utf-8"])
async def test_url_by_content(caller: Caller, recordings: str, content_type: str) -> None:
    """A JSON object is known by its looks where the content type says nothing."""
    body = json.dumps({"url": f"{recordings}/ruler.wav"}).encode()
    answer = await caller.ok(b" \n" + body, headers={"Content-Type": content_type})
    assert alternative(answer)["transcript"] == "w0 w1 w2 w3"


async def test_audio_by_content(caller: Caller) -> None:
    """Audio is known by its looks, even when a client calls it JSON."""
    answer = await caller.ok(ruler_wav(2), headers={"Content-Type": "application/json"})
    assert alternative(answer)["transcript"] == "w0 w1 w2 w3"


async def test_brace_in_raw_audio(caller: Caller) -> None:
    """Raw samples that happen to begin like JSON are samples."""
    answer = await caller.ok(b"{ " + Ruler(1).audio(), Ruler(0).params)
    assert alternative(answer)["transcript"] == "<broken> w0 w1"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"{", "PAYLOAD_ERROR", 400),
        (b"[1, 2, 3, 4, 5, 6]", "PAYLOAD_ERROR", 400),
        (b'{"uri": "http://x"}', "PAYLOAD_ERROR", 400),
        (b'{"url": 7}', "PAYLOAD_ERROR", 400),
        (b'{"url": "ftp://example.com/x.wav"}', "PAYLOAD_ERROR", 400),
        (b'{"url": "http://\\ud800/"}', "PAYLOAD_ERROR", 400),
        (b'{"url": ' + b"[" * 60_000, "PAYLOAD_ERROR", 400),
        (b'{"url": "' + b"x" * 70_000 + b'"}', "PAYLOAD_TOO_LARGE", 413),
    ],
    ids=["broken", "list", "no url", "no string", "no http", "no characters", "nested", "long"],
)
async def test_wrong_json(caller: Caller, body: bytes, code: str, status: int) -> None:
    """JSON that names no URL is refused."""
    assert (await caller.refused(body, headers={"Content-Type": "application/json"}))[:2] == (status, code)


@pytest.mark.parametrize(("path", "told"), [("gone", "client error: 404"), ("fails", "server error: 500")])
async def test_url_fails(caller: Caller, recordings: str, path: str, told: str) -> None:
    """A URL that gives no recording is told as the service tells it."""
    status, code, message = await caller.refused(json={"url": f"{recordings}/{path}"})
    assert (status, code) == (400, "REMOTE_CONTENT_ERROR")
    assert told in message


async def test_url_with_bad_audio(caller: Caller, recordings: str) -> None:
    """A URL whose content is no audio, even if it is JSON, is bad audio."""
    for path in ("text", "json"):
        status, _, message = await caller.refused(json={"url": f"{recordings}/{path}"})
        assert status == 400
        assert "corrupt or unsupported data" in message


async def test_outgoing_off(session: aiohttp.ClientSession) -> None:
    """A server that others can reach fetches and delivers nothing unless that was allowed."""
    with local_server(host="0.0.0.0") as server:
        caller = Caller(session, f"http://127.0.0.1:{server.port}")
        status, _, message = await caller.refused(json={"url": "http://127.0.0.1/x.wav"})
        assert (status, "`url` is off" in message) == (400, True)
        status, _, message = await caller.refused(ruler_wav(1), {"callback": "http://127.0.0.1/"})
        assert (status, "`callback` is off" in message) == (400, True)


async def test_outgoing_public_only(session: aiohttp.ClientSession, recordings: str) -> None:
    """A server that others can reach, and may fetch, fetches nothing from inside."""
    with local_server(host="0.0.0.0", allow_fetch=True) as server:
        caller = Caller(session, f"http://127.0.0.1:{server.port}")
        for host in ("127.0.0.1", "localhost"):
            url = f"{recordings}/ruler.wav".replace("127.0.0.1", host)
            status, code, message = await caller.refused(json={"url": url})
            assert (status, code, "not on the public internet" in message) == (400, "REMOTE_CONTENT_ERROR", True)


@pytest.mark.parametrize(
    ("page", "status"), [("http://evil.example", 403), ("null", 403), ("http://localhost:3000", 200)]
)
async def test_web_pages(caller: Caller, recordings: str, page: str, status: int) -> None:
    """A web page of another host cannot make this machine fetch or deliver."""
    headers = {"Origin": page}
    assert (await caller.post(json={"url": f"{recordings}/ruler.wav"}, headers=headers))[0] == status
    with callback_receiver() as receiver:
        assert (await caller.post(ruler_wav(1), {"callback": receiver.url}, headers))[0] == status
        if status == 200:
            await asyncio.to_thread(receiver.wait)


async def test_large_media(session: aiohttp.ClientSession, recordings: str) -> None:
    """A recording beyond the limit is not fetched to its end."""
    with local_server(max_body=10_000) as server:
        caller = Caller(session, server.url)
        assert (await caller.refused(json={"url": f"{recordings}/ruler.wav"}))[:2] == (413, "PAYLOAD_TOO_LARGE")


@pytest.fixture
async def recordings() -> AsyncIterator[str]:
    """A web server with recordings."""
    from aiohttp import web

    async def fails(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async def ruler(request: web.Request) -> web.Response:
        return web.Response(body=ruler_wav(2))

    async def moved(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/ruler.wav"})

    async def ring(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/ring"})

    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "file:///etc/passwd"})

    async def text(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def some_json(request: web.Request) -> web.Response:
        return web.json_response({"url": "http://127.0.0.1/"})

    app = web.Application()
    for name, handler in {
        "fails": fails,
        "ruler.wav": ruler,
        "moved": moved,
        "ring": ring,
        "away": away,
        "text": text,
        "json": some_json,
    }.items():
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_redirects(caller: Caller, recordings: str) -> None:
    """Redirects are followed, but not for ever and not out of the web."""
    assert alternative(await caller.ok(json={"url": f"{recordings}/moved"}))["transcript"] == "w0 w1 w2 w3"
    for path, told in (("ring", "too often"), ("away", "not http")):
        _, code, message = await caller.refused(json={"url": f"{recordings}/{path}"})
        assert (code, told in message) == ("REMOTE_CONTENT_ERROR", True)


# Callbacks.


async def test_callback(caller: Caller) -> None:
    """With a callback the request is answered at once, and the answer delivered, again until it is taken."""
    with callback_receiver([500, 503]) as receiver:
        made = await caller.ok(ruler_wav(2), {"callback": receiver.url}, headers={"Authorization": "Token the-key"})
        assert set(made) == {"request_id"}
        deliveries = await asyncio.to_thread(receiver.wait, 3)
    assert [delivery.status for delivery in deliveries] == [500, 503, 200]
    last = deliveries[-1]
    assert last.method == "POST"
    assert alternative(last.json())["transcript"] == "w0 w1 w2 w3"
    assert last.json()["metadata"]["request_id"] == made["request_id"]
    assert last.headers["dg-token"] == key_identifier("the-key")
    assert "the-key" not in str(last.headers)


async def test_callback_put(caller: Caller, recordings: str) -> None:
    """A callback may be a PUT, and the recording behind a URL."""
    with callback_receiver() as receiver:
        params = {"callback": receiver.url, "callback_method": "put"}
        await caller.ok(json={"url": f"{recordings}/ruler.wav"}, params=params)
        (delivery,) = await asyncio.to_thread(receiver.wait)
    assert delivery.method == "PUT"
    assert alternative(delivery.json())["transcript"] == "w0 w1 w2 w3"


async def test_callback_error(caller: Caller, recordings: str) -> None:
    """What goes wrong after the answer is delivered as an error."""
    with callback_receiver() as receiver:
        await caller.ok(json={"url": f"{recordings}/gone"}, params={"callback": receiver.url})
        (delivery,) = await asyncio.to_thread(receiver.wait)
    assert delivery.json()["err_code"] == "REMOTE_CONTENT_ERROR"


async def test_callback_with_bad_body(caller: Caller) -> None:
    """An empty body is refused at once, callback or not."""
    assert (await caller.refused(b"", {"callback": "http://127.0.0.1:1/"}))[0] == 400


# The form of answers.


async def test_official_spec(caller: Caller, shared: Path) -> None:
    """Answers are valid against the official spec. What goes beyond it is listed here by name."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, to hold answers against the spec")
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    spec = yaml.safe_load((shared / "specs" / "openapi.yml").read_text())
    schemas = spec["components"]["schemas"]
    answers = [
        await caller.ok(ruler_wav(30), EVERYTHING),
        await caller.ok(
            Ruler(30).audio(), {**Ruler(0).params, "channels": "2", "multichannel": "true", "utterances": "true"}
        ),
        await caller.ok(silence(1), {**Ruler(0).params, "smart_format": "true", "utterances": "true"}),
    ]
    root = {"$ref": "#/components/schemas/ListenV1Response", "components": spec["components"]}
    checker = jsonschema.FormatChecker()
    beyond: set[str] = set()
    for answer in answers:
        jsonschema.Draft202012Validator(root, format_checker=checker).validate(answer)
        beyond |= set(_unknown(answer, schemas["ListenV1Response"], schemas, ""))
        assert str(uuid.UUID(answer["metadata"]["request_id"])) == answer["metadata"]["request_id"]
    assert beyond == {
        ".results.channels[].alternatives[].words[].punctuated_word",  # specs/NOTES.md, "Words"
        ".metadata.extra",  # specs/NOTES.md; in every recorded answer of the official SDK
        ".metadata.warnings",  # the service's own (documents, "Metadata"), not in the file
    }
    with callback_receiver() as receiver:
        accepted = await caller.ok(ruler_wav(1), {"callback": receiver.url})
        root["$ref"] = "#/components/schemas/ListenV1AcceptedResponse"
        jsonschema.Draft202012Validator(root, format_checker=checker).validate(accepted)
        await asyncio.to_thread(receiver.wait)


def _unknown(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str) -> list[str]:
    """The fields of an answer that the spec does not have."""
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    found: list[str] = []
    if isinstance(value, list):
        for item in value:
            found += _unknown(item, schema["items"], schemas, f"{path}[]")
    elif isinstance(value, dict) and path != ".metadata.model_info":
        for name, inner in value.items():
            if name not in schema["properties"]:
                found.append(f"{path}.{name}")
            else:
                found += _unknown(inner, schema["properties"][name], schemas, f"{path}.{name}")
    return found


async def test_requests_do_not_block(session: aiohttp.ClientSession) -> None:
    """A request that takes long does not keep others waiting."""
    import threading

    go_on = threading.Event()

    class Slow(RulerEngine):
        def listen(self, rate: int, hints: Hints, /) -> RulerListener:
            listener = RulerListener(rate)
            if hints.language == "slow":
                real = listener.end

                def end() -> Heard:
                    assert go_on.wait(30)
                    return real()

                listener.end = end  # type: ignore[method-assign]
            return listener

    with local_server(engine=Slow()) as server:
        caller = Caller(session, server.url)
        slow = [asyncio.create_task(caller.ok(ruler_wav(1), {"language": "slow"})) for _ in range(8)]
        for _ in range(20):
            assert alternative(await caller.ok(ruler_wav(2)))["transcript"] == "w0 w1 w2 w3"
        assert not any(task.done() for task in slow)
        go_on.set()
        await asyncio.gather(*slow)


async def test_client_leaves(session: aiohttp.ClientSession) -> None:
    """When a client hangs up, the engine is told to stop."""
    import threading

    heard, stopped = threading.Event(), threading.Event()

    class Patient(RulerEngine):
        def listen(self, rate: int, hints: Hints, /) -> RulerListener:
            listener = RulerListener(rate)

            def end() -> Heard:
                heard.set()
                assert stopped.wait(30)
                return Heard([])

            listener.end, listener.stop = end, stopped.set  # type: ignore[method-assign]
            return listener

    with local_server(engine=Patient()) as server:
        task = asyncio.create_task(Caller(session, server.url).ok(ruler_wav(1)))
        assert await asyncio.to_thread(heard.wait, 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await asyncio.to_thread(stopped.wait, 30)


async def test_client_leaves_while_sending(caller: Caller, deepgram_server: LocalServer) -> None:
    """A client that hangs up in the middle of its body leaves an incomplete record and nothing else."""
    _, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    writer.write(b"POST /v1/listen HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + ruler_wav(20))
    await _begun(deepgram_server)
    writer.close()
    await writer.wait_closed()
    assert alternative(await caller.ok(ruler_wav(1)))["transcript"] == "w0 w1"
    assert not deepgram_server.requests[0].complete


async def _begun(server: LocalServer) -> None:
    """Until the first bytes of a body have arrived."""
    while not server.requests or not server.requests[0].size:
        await asyncio.sleep(0.005)
