"""POST /v1/speak and /v2/speak, over the network."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dgasync.server import LocalServer, hibari
from dgasync.server import speak as speak_module
from dgasync.server.listen import model_uuid
from dgasync.server.ruler_voice import RulerVoice, spoken_text
from dgasync.server.text_body import MAX_BODY
from dgasync.testing import Fault, callback_receiver, local_server, word_error_rate
from tests.hosting import hosted

from .conftest import alternative
from .test_speak_options import spec_of
from .voices import Absent, Failing, Loud, Paced, Speaking

pytestmark = pytest.mark.anyio

RAW = {"encoding": "linear16", "container": "none"}
TEXT = "Hello there. How are you?"


class Speak:
    """A bare client for one server."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def post(self, version: int = 1, params: Any = RAW, **more: Any) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        if not {"json", "data"} & set(more):
            more["json"] = {"text": TEXT}
        async with self.session.post(f"{self.url}/v{version}/speak", params=params, **more) as answer:
            return answer.status, answer.headers, await answer.read()

    async def said(self, version: int = 1, params: Any = RAW, **more: Any) -> str:
        """What the ruler's voice said."""
        status, _, body = await self.post(version, params, **more)
        assert status == 200, body
        return spoken_text(body)

    async def refused(self, version: int = 1, params: Any = RAW, **more: Any) -> tuple[int, str, str]:
        """Status, code and message of an error."""
        async with self.session.post(f"{self.url}/v{version}/speak", params=params, **more) as answer:
            told = await answer.json()
            assert set(told) == {"err_code", "err_msg", "request_id"}
            assert answer.headers["dg-request-id"] == told["request_id"]
            return answer.status, told["err_code"], told["err_msg"]


@pytest.fixture
async def speak(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> Speak:
    return Speak(session, deepgram_server.url)


@pytest.fixture
def paced() -> Iterator[Paced]:
    voice = Paced()
    yield voice
    voice.let(100)


async def test_sound(speak: Speak) -> None:
    """A text becomes its sound, in chunks; the headers say what it is and who spoke."""
    for version, model in ((1, {}), (2, {"model": "flux-haley-en"})):
        status, headers, body = await speak.post(version, {**RAW, **model})
        assert (status, spoken_text(body)) == (200, TEXT)
        assert headers["Content-Type"] == "audio/l16;rate=24000;channels=1"
        assert headers["Transfer-Encoding"] == "chunked"
        assert (headers["dg-model-name"], headers["dg-char-count"]) == ("ruler", str(len(TEXT)))
        assert headers["dg-model-uuid"] == model_uuid(RulerVoice())
        assert headers["dg-request-id"]
        assert headers["Date"]


async def test_bodies(speak: Speak) -> None:
    """Text may come as JSON, as it is, or behind a URL; and without a content type, as old clients send it."""
    assert await speak.said(data=b"Plain.", headers={"Content-Type": "text/plain"}) == "Plain."
    braces = b'{"text": "as it is"}'
    assert await speak.said(data=braces, headers={"Content-Type": "text/plain; charset=utf-8"}) == braces.decode()
    for kind in ("application/octet-stream", "application/x-www-form-urlencoded"):
        assert await speak.said(data=b'{"text": "In JSON."}', headers={"Content-Type": kind}) == "In JSON."
        assert await speak.said(data=b"Plain.", headers={"Content-Type": kind}) == "Plain."
    with hosted(b"Hosted.", "text/plain") as url:
        assert await speak.said(json={"url": url}) == "Hosted."
    with hosted(b'{"text": "In JSON."}', "application/json") as url:
        assert await speak.said(json={"url": url}) == "In JSON."


EITHER = "Please specify exactly one of `text` or `url` in the JSON body."


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"json": {"text": ""}}, (400, "Bad Request", "Input text contains no characters.")),
        ({"json": {"text": " \n"}}, (400, "Bad Request", "Input text contains no characters.")),
        ({"json": {"text": "...?!"}}, (400, "Bad Request", "nothing in the text that the voice could say")),
        ({"json": {"text": "x" * 2001}}, (413, "Payload Too Large", "exceeds maximum character limit of 2000.")),
        ({"json": {}}, (400, "PAYLOAD_ERROR", EITHER)),
        ({"json": {"text": "a", "url": "http://127.0.0.1/"}}, (400, "PAYLOAD_ERROR", EITHER)),
        ({"json": {"text": 1}}, (400, "PAYLOAD_ERROR", EITHER)),
        ({"json": []}, (400, "PAYLOAD_ERROR", EITHER)),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, (400, "PAYLOAD_ERROR", EITHER)),
        ({"data": b"\xff\xfe", "headers": {"Content-Type": "text/plain"}}, (400, "PAYLOAD_ERROR", "as UTF-8.")),
        ({"json": {"url": "ftp://x"}}, (400, "PAYLOAD_ERROR", "Failed to parse URL in JSON body.")),
        ({"json": {"url": "http://127.0.0.1:9/"}}, (400, "REMOTE_CONTENT_ERROR", "could not be fetched")),
        ({"data": b"x", "headers": {"Content-Type": "audio/wav"}}, (415, "UNSUPPORTED_MEDIA_TYPE", "`Content-Type`")),
        (
            {"data": b"x" * (MAX_BODY + 1), "headers": {"Content-Type": "text/plain"}},
            (413, "PAYLOAD_TOO_LARGE", "Payload size exceeds limit of 2 MB."),
        ),
    ],
)
async def test_refused(speak: Speak, more: Any, error: tuple[int, str, str]) -> None:
    """What cannot be spoken is refused, in the service's words where they are known."""
    if isinstance(more.get("data"), bytes):
        more = {**more, "data": io.BytesIO(more["data"])}
    status, code, message = await speak.refused(**more)
    assert (status, code) == error[:2]
    assert error[2] in message


async def test_refused_by_its_parameters(speak: Speak) -> None:
    """So is what cannot be made."""
    status, code, _ = await speak.refused(params={"sample_rate": "24000"}, json={"text": TEXT})
    assert (status, code) == (400, "UNSUPPORTED_AUDIO_FORMAT")
    async with speak.session.get(f"{speak.url}/v1/speak") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_sent_while_it_is_made(session: aiohttp.ClientSession, paced: Paced) -> None:
    """The first sentence arrives while the second is still to be spoken."""
    with local_server(engine=Speaking(paced)) as server:
        paced.let()
        async with session.post(f"{server.url}/v1/speak", params=RAW, json={"text": TEXT}) as answer:
            first = await answer.content.readexactly(len("Hello there. ") * 240)
            assert spoken_text(first) == "Hello there. "
            paced.let()
            assert spoken_text(await answer.read()) == "How are you?"


async def test_old_http(deepgram_server: LocalServer) -> None:
    """HTTP/1.0 knows no chunks: the sound ends with the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", deepgram_server.port)
    writer.write(b"POST /v1/speak?encoding=linear16&container=none HTTP/1.0\r\nContent-Length: 6\r\n\r\nHello.")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert b" 200 OK" in head
    assert b"chunked" not in head
    assert spoken_text(body) == "Hello."


async def test_client_goes(session: aiohttp.ClientSession, paced: Paced) -> None:
    """What nobody waits for any more is not spoken."""
    with local_server(engine=Speaking(paced), grace=2) as server:
        paced.let()
        text = TEXT + " And you? And you?"
        async with session.post(f"{server.url}/v1/speak", params=RAW, json={"text": text}) as answer:
            await answer.content.readany()
            paced.wait(2)
        assert await counted(session, server.url, answer.headers["dg-request-id"])
        paced.let(10)
    assert len(paced.asked) == 2


async def counted(session: aiohttp.ClientSession, url: str, request_id: str) -> Any:
    """What the account says of a request, once it is over."""
    async with session.get(f"{url}/v1/projects") as answer:
        project = (await answer.json())["projects"][0]["project_id"]
    while True:
        async with session.get(f"{url}/v1/projects/{project}/requests/{request_id}") as answer:
            if answer.status == 200:
                return await answer.json()
        await asyncio.sleep(0.01)


async def test_client_that_does_not_read(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that makes no room is cut off."""
    monkeypatch.setattr(speak_module, "WRITE_DEADLINE", 0.1)
    with local_server(engine=Speaking(Loud())) as server:
        async with session.post(f"{server.url}/v1/speak", params=RAW, json={"text": TEXT}) as answer:
            transport: Any = answer.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()
            await asyncio.sleep(0.5)
            transport.resume_reading()
            with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
                await answer.read()


async def test_voice_fails(session: aiohttp.ClientSession) -> None:
    """A voice that fails at once is an error; one that fails later cuts the answer, for success was told already."""
    with local_server(engine=Speaking(Failing())) as server:
        speak = Speak(session, server.url)
        status, code, message = await speak.refused(json={"text": "It fails."})
        assert (status, code, message) == (500, "INTERNAL_SERVER_ERROR", "ZeroDivisionError: of the voice")
        status, _, message = await speak.refused(params={"encoding": "linear16"}, json={"text": "This is nothing."})
        assert (status, "nothing in the text" in message) == (400, True)
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await speak.post(json={"text": "It begins. It fails."})
        assert await speak.said(json={"text": TEXT}) == TEXT


async def test_no_voice(session: aiohttp.ClientSession) -> None:
    """A server without a voice says what it needs."""
    with local_server(engine=Speaking(Absent())) as server:
        status, _, message = await Speak(session, server.url).refused(json={"text": TEXT})
        assert (status, message) == (
            400,
            "Bad Request: this local server cannot speak: there is no voice here: install one.",
        )


async def test_no_codecs(speak: Speak, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV, what needs it is refused."""
    monkeypatch.setitem(sys.modules, "av", None)
    status, _, message = await speak.refused(params={}, json={"text": TEXT})
    assert (status, "`encoding=mp3` needs PyAV" in message) == (400, True)
    assert await speak.said() == TEXT


async def test_callback(speak: Speak) -> None:
    """With a callback the request is answered at once, and the sound, or the error, is delivered."""
    key = {"Authorization": "Token the-key"}
    with callback_receiver([500]) as receiver:
        status, _, body = await speak.post(params={**RAW, "callback": receiver.url}, headers=key)
        assert status == 200
        made = receiver.wait(2)[-1]
        assert (made.method, spoken_text(made.body)) == ("POST", TEXT)
        assert made.headers["dg-request-id"] in body.decode()
        assert made.headers["Content-Type"] == "audio/l16;rate=24000;channels=1"
        assert made.headers["dg-token"]
    with callback_receiver() as receiver:
        await speak.post(
            2, {**RAW, "model": "flux-kit-en", "callback": receiver.url, "callback_method": "put"}, json={"text": "?"}
        )
        made = receiver.wait(1)[-1]
        assert (made.method, made.json()["err_code"]) == ("PUT", "Bad Request")


async def test_callback_when_the_voice_fails(session: aiohttp.ClientSession) -> None:
    """A voice that fails half-way is an error, too: half a sound is not delivered."""
    with local_server(engine=Speaking(Failing())) as server, callback_receiver() as receiver:
        await Speak(session, server.url).post(
            params={**RAW, "callback": receiver.url}, json={"text": "It begins. It fails."}
        )
        assert receiver.wait(1)[-1].json()["err_msg"] == "ZeroDivisionError: of the voice"


async def test_faults(speak: Speak, deepgram_server: LocalServer) -> None:
    """The server can be told to fail here, too."""
    deepgram_server.fail(Fault.truncated())
    assert await speak.said() == "Hello there.\N{REPLACEMENT CHARACTER}"
    deepgram_server.fail(Fault.trickle(5000, 0))
    assert await speak.said() == TEXT
    deepgram_server.fail(Fault.reset(1000))
    with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
        await speak.post()
    deepgram_server.fail(Fault.status(429, retry_after=1))
    assert (await speak.post())[0] == 429


async def test_use_is_counted(speak: Speak) -> None:
    """What was spoken is written down."""
    _, headers, _ = await speak.post()
    told = await counted(speak.session, speak.url, headers["dg-request-id"])
    assert "/v1/speak" in str(told)
    assert str(len(TEXT)) in str(told)


async def test_official_spec(speak: Speak, shared: Path) -> None:
    """What is JSON here is valid against the official spec."""
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema, to hold answers against the spec")
    spec = spec_of(shared, "openapi.yml")
    with callback_receiver() as receiver:
        async with speak.session.post(
            f"{speak.url}/v2/speak",
            params={"model": "flux-kit-en", "callback": receiver.url, **RAW},
            json={"text": TEXT},
        ) as answer:
            accepted = await answer.json()
        receiver.wait(1)
    root = {"$ref": "#/components/schemas/SpeakV2AcceptedResponse", "components": spec["components"]}
    jsonschema.Draft202012Validator(root, format_checker=jsonschema.FormatChecker()).validate(accepted)


@pytest.mark.engine
async def test_heard_again(session: aiohttp.ClientSession) -> None:
    """What the installed voice says, in an encoding of the telephone, the speech engine hears."""
    pytest.importorskip("faster_whisper", reason="needs the speech engine, of the extra `local`")
    if hibari.hibari_voice() is None:
        pytest.skip("needs hibari-tts, of the extra `local`")
    text = "The weather was fine, and so we walked along the river. Nobody spoke a word before we came home."
    with local_server(engine="whisper") as server:
        params = {"encoding": "mulaw", "sample_rate": "8000", "speed": "0.9"}
        status, headers, wav = await Speak(session, server.url).post(params=params, json={"text": text})
        assert (status, headers["dg-model-name"], headers["Content-Type"]) == (200, "hibari", "audio/wav")
        async with session.post(f"{server.url}/v1/listen", data=io.BytesIO(wav)) as answer:
            heard = alternative(await answer.json())["transcript"]
    assert word_error_rate(text, heard) < 0.2, heard
