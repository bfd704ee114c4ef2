"""What users of the official SDK's v3 rely on (`compat/V3_BEHAVIOUR.md`), over real sockets."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync import (
    AsyncDeepgramClient,
    AsyncPreRecordedClient,
    AsyncPrerecordedResponse,
    ClientOptionsFromEnv,
    DeepgramApiError,
    DeepgramApiKeyError,
    DeepgramClient,
    DeepgramClientOptions,
    DeepgramModuleError,
    DeepgramTypeError,
    DeepgramUnknownApiError,
    PreRecordedClient,
    PrerecordedOptions,
    PrerecordedResponse,
    parse_callback,
)
from dgasync.server import Fault, LocalServer, Received, key_identifier
from dgasync.testing import Ruler, callback_receiver
from tests.hosting import hosted

KEY = "a-key"
RULER = Ruler(1.0)
WAV = RULER.wav()
CREDENTIALS = ("DEEPGRAM_API_KEY", "DEEPGRAM_ACCESS_TOKEN", "DEEPGRAM_HOST", "DEEPGRAM_LOGGING")
SPELLINGS = ["prerecorded", "rest"]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(deepgram_server: LocalServer) -> LocalServer:
    return deepgram_server


@pytest.fixture
def deepgram(server: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient("", DeepgramClientOptions(KEY, server.url)) as deepgram:
        yield deepgram


@pytest.fixture
def prerecorded(deepgram: DeepgramClient) -> PreRecordedClient:
    return deepgram.listen.prerecorded.v("1")


def last(server: LocalServer) -> Received:
    return server.requests[-1]


# 1. Client, key, configuration.


@pytest.mark.parametrize(
    ("client", "sent"),
    [
        (lambda url: DeepgramClient("", DeepgramClientOptions("of-config", url)), "Token of-config"),
        (lambda url: DeepgramClient("own", DeepgramClientOptions("of-config", url)), "Token own"),
        (lambda url: DeepgramClient("", DeepgramClientOptions(url=url)), "Token of-environment"),
        (lambda url: DeepgramClient(config=DeepgramClientOptions(url=url)), "Token of-environment"),
        (lambda url: DeepgramClient("own", DeepgramClientOptions(url=url), "a-token"), "Bearer a-token"),
        (lambda url: DeepgramClient("", ClientOptionsFromEnv(url=url)), "Token of-environment"),
    ],
)
def test_the_order_of_credentials(client: Any, sent: str, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`api_key, config, access_token` by position; an argument goes before the config, and that before the variable."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "of-environment")

    with client(server.url) as deepgram:
        deepgram.listen.prerecorded.v("1").transcribe_file({"buffer": WAV})

    assert last(server).headers["Authorization"] == sent


def test_no_key_anywhere(server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Without a key the client is made, one warning is logged, and requests have no Authorization."""
    with DeepgramClient("", DeepgramClientOptions(url=server.url)) as deepgram:
        prerecorded = deepgram.listen.prerecorded.v("1")
        for _ in range(2):
            prerecorded.transcribe_file({"buffer": WAV})

    assert "Authorization" not in last(server).headers
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "DEEPGRAM_API_KEY" in caplog.text


def test_options_from_an_environment_without_a_key() -> None:
    """Asked for the environment's key, a missing one is an error at once; plain options read no environment."""
    with pytest.raises(DeepgramApiKeyError, match="DEEPGRAM_API_KEY"):
        ClientOptionsFromEnv()
    assert DeepgramClientOptions().api_key == ""


def test_options_from_the_environment(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host, headers and the numbered pairs are read, and used."""
    environment = {
        "DEEPGRAM_API_KEY": KEY,
        "DEEPGRAM_HOST": server.url,
        "DEEPGRAM_HEADER_0": "X-Team",
        "DEEPGRAM_HEADER_VALUE_0": "blue",
        "DEEPGRAM_HEADER_2": "X-After-A-Gap",
        "DEEPGRAM_HEADER_VALUE_2": "no",
        "DEEPGRAM_PARAM_0": "keepalive",
        "DEEPGRAM_PARAM_VALUE_0": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    config = ClientOptionsFromEnv()
    with DeepgramClient("", config) as deepgram:
        deepgram.listen.prerecorded.v("1").transcribe_file({"buffer": WAV})

    assert last(server).headers["X-Team"] == "blue"
    assert "X-After-A-Gap" not in last(server).headers
    assert config.options == {"keepalive": "true"}


def test_a_key_set_later(server: LocalServer) -> None:
    """`set_apikey` on the options counts for the client made of them."""
    config = DeepgramClientOptions(url=server.url)
    config.set_apikey("set-later")

    with DeepgramClient("", config) as deepgram:
        deepgram.listen.prerecorded.v("1").transcribe_file({"buffer": WAV})

    assert last(server).headers["Authorization"] == "Token set-later"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", "https://api.deepgram.com"),
        ("api.eu.deepgram.com", "https://api.eu.deepgram.com"),
        ("https://gate/deepgram/", "https://gate/deepgram"),
        ("http://localhost:8080/", "http://localhost:8080"),
    ],
)
def test_base_url(given: str, used: str) -> None:
    """A scheme is put in front, slashes around are dropped, and a path is kept."""
    assert DeepgramClientOptions(KEY, given).url == used


def test_a_path_in_the_base_url(server: LocalServer) -> None:
    """Requests go below the path of the base URL."""
    with DeepgramClient(KEY, url=f"{server.url}/gate/") as deepgram, pytest.raises(dgasync.NotFound):
        deepgram.listen.prerecorded.v("1").transcribe_file({"buffer": WAV})

    assert last(server).path == "/gate/v1/listen"


def test_the_head_of_a_request(server: LocalServer) -> None:
    """Accept and User-Agent are sent, headers of the config are laid over them, and an Authorization of it is kept."""
    headers = {"accept": "application/json; x=1", "Authorization": "Own thing", "X-Team": "blue"}
    with DeepgramClient("", DeepgramClientOptions(KEY, server.url, headers=headers)) as deepgram:
        deepgram.listen.prerecorded.v("1").transcribe_file({"buffer": WAV})

    sent = {name.lower(): value for name, value in last(server).raw_headers}
    assert sent["accept"] == "application/json; x=1"
    assert sent["authorization"] == "Own thing"
    assert sent["x-team"] == "blue"
    assert sent["user-agent"].startswith("dgasync/")


# 2. Reaching a service.


@pytest.mark.parametrize("client", [DeepgramClient, AsyncDeepgramClient])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_clients_have_the_whole_tree(client: type[Any], spelling: str) -> None:
    """Each spelling, without and with `async`, leads to the same classes from either client; `v` makes new objects."""
    listen = client(KEY).listen

    assert type(getattr(listen, spelling).v("1")) is PreRecordedClient
    assert type(getattr(listen, f"async{spelling}").v("1")) is AsyncPreRecordedClient
    assert getattr(listen, spelling).v("1") is not getattr(listen, spelling).v("1")


@pytest.mark.parametrize("spelling", [*SPELLINGS, *(f"async{name}" for name in SPELLINGS)])
@pytest.mark.parametrize("version", [(), ("",), ("2",), ("latest",)])
def test_a_version_that_does_not_exist(spelling: str, version: tuple[str, ...]) -> None:
    """No version, or an unknown one, is a DeepgramModuleError that names those there are."""
    with pytest.raises(DeepgramModuleError, match=r'\.v\("1"\)'):
        getattr(DeepgramClient(KEY).listen, spelling).v(*version)


def test_a_version_that_is_no_text() -> None:
    """A number for a version is a TypeError, as it always was."""
    with pytest.raises(TypeError, match='"1"'):
        DeepgramClient(KEY).listen.prerecorded.v(1)  # type: ignore[arg-type]  # this is the mistake


def test_no_spelling_warns() -> None:
    """Older and newer names alike are silent, in a process of their own where nothing has been imported before."""
    code = (
        "import warnings; warnings.simplefilter('error')\n"
        "import dgasync\n"
        "for name in dgasync.__all__: getattr(dgasync, name)\n"
        "for kind in (dgasync.DeepgramClient, dgasync.AsyncDeepgramClient):\n"
        "    listen = kind('key').listen\n"
        "    for name in ('prerecorded', 'asyncprerecorded', 'rest', 'asyncrest'): getattr(listen, name).v('1')\n"
    )
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_class_made_directly(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`PreRecordedClient(ClientOptionsFromEnv())` works without a client."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", KEY)
    monkeypatch.setenv("DEEPGRAM_HOST", server.url)

    response = PreRecordedClient(ClientOptionsFromEnv()).transcribe_file({"buffer": WAV})

    assert response.results.channels[0].alternatives[0].words


def test_a_subclass(server: LocalServer) -> None:
    """Users put their own ways into a subclass and call what it inherits."""

    class Ours(PreRecordedClient):
        def __init__(self, config: DeepgramClientOptions) -> None:
            super().__init__(config)
            self.asked = 0

        def transcribe_file(self, source: Any, *args: Any, **kwargs: Any) -> Any:
            self.asked += 1
            return super().transcribe_file(source, *args, **kwargs)

    ours = Ours(DeepgramClientOptions(KEY, server.url))

    assert isinstance(ours.transcribe_file({"buffer": WAV}, {"punctuate": True}), PrerecordedResponse)
    assert ours.asked == 1
    assert last(server).query == [("punctuate", "true")]
    assert repr(ours).startswith("<Ours ")


@pytest.mark.anyio
async def test_an_async_subclass(server: LocalServer) -> None:
    """So with `await`."""

    class Ours(AsyncPreRecordedClient):
        async def transcribe_file(self, source: Any, *args: Any, **kwargs: Any) -> Any:
            return await super().transcribe_file(source, {"model": "nova-2"}, *args, **kwargs)

    ours = Ours(DeepgramClientOptions(KEY, server.url))

    assert isinstance(await ours.transcribe_file({"buffer": WAV}), PrerecordedResponse)
    assert last(server).query == [("model", "nova-2")]


# 3. Options.


def test_options_by_key() -> None:
    """`[]` reads and sets; what is unset is a KeyError, and text is JSON with an indent of four."""
    options = PrerecordedOptions(model="nova-2", smart_format=True)
    options["punctuate"] = False

    assert options["model"] == "nova-2"
    assert options.punctuate is False
    with pytest.raises(KeyError, match="utterances"):
        options["utterances"]
    assert options.to_dict() == {"model": "nova-2", "smart_format": True, "punctuate": False}
    assert str(options) == json.dumps(options.to_dict(), indent=4) != options.to_json()
    assert json.loads(options.to_json()) == options.to_dict()
    assert PrerecordedOptions.from_json(options.to_json()) == PrerecordedOptions.from_dict(options.to_dict()) == options
    assert options.check() is True


@pytest.mark.parametrize("make", [PrerecordedOptions.from_dict, dict], ids=["object", "dict"])
def test_how_options_travel(make: Any, prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """Booleans in small letters, lists by repeating the key, None not at all, whether object or dict."""
    given = {"smart_format": True, "punctuate": False, "keywords": ["Oz:2", "a b"], "utt_split": 0.5, "model": None}

    prerecorded.transcribe_file({"buffer": WAV}, make(given))

    assert sorted(last(server).query) == sorted(
        [
            ("smart_format", "true"),
            ("punctuate", "false"),
            ("keywords", "Oz:2"),
            ("keywords", "a b"),
            ("utt_split", "0.5"),
        ]
    )
    assert "keywords=a+b" in last(server).raw_query


def test_no_options(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """Without options there is no query, and so no model."""
    prerecorded.transcribe_file({"buffer": WAV})

    assert last(server).raw_query == ""


def test_addons(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """A scalar of addons replaces, a list appends, and what nobody knows goes along."""
    options = PrerecordedOptions(model="nova-2", tag=["one"])

    prerecorded.transcribe_file(
        {"buffer": WAV}, options, {"model": "nova-3", "tag": ["two"], "brand_new": 1, "no": None}
    )

    assert last(server).query == [("model", "nova-3"), ("tag", "one"), ("tag", "two"), ("brand_new", "1")]
    assert options.to_dict() == {"model": "nova-2", "tag": ["one"]}


def test_all_arguments_by_position(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """options, addons, headers, timeout, endpoint; a query that the endpoint has stays unless an option replaces it."""
    headers = {"X-Trace": "1", "Content-Type": "audio/wav"}

    prerecorded.transcribe_file(
        {"buffer": WAV}, {"punctuate": True}, {"tag": "t"}, headers, 30, "v1/listen?punctuate=false&version=latest"
    )

    assert sorted(last(server).query) == [("punctuate", "true"), ("tag", "t"), ("version", "latest")]
    assert last(server).headers["X-Trace"] == "1"
    assert last(server).headers["Content-Type"] == "audio/wav"


def test_a_timeout_of_another_library(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """An object with connect, read and write serves as a timeout, as httpx's does, and counts."""

    class HttpxTimeout:
        connect, read, write, pool = 10.0, 0.2, 10.0, 10.0

    server.fail(Fault.stall())

    with pytest.raises(dgasync.Timeout) as caught:
        prerecorded.transcribe_file({"buffer": WAV}, None, None, None, HttpxTimeout())
    assert caught.value.phase == "read"


# 4. Sources and bodies.


@pytest.mark.parametrize(
    "source",
    [
        {"buffer": WAV},
        {"buffer": bytearray(WAV)},
        {"buffer": memoryview(WAV)},
        {"buffer": io.BytesIO(WAV)},
        {"stream": io.BytesIO(WAV)},
        {"stream": iter([WAV[:1000], WAV[1000:]])},
        {"buffer": WAV, "stream": io.BytesIO(b"not this")},
    ],
    ids=["bytes", "bytearray", "memoryview", "file as buffer", "file as stream", "iterator", "buffer goes first"],
)
def test_files(source: dict[str, Any], prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """The body is the audio and nothing else, without a Content-Type; a known length is sent, else it is chunked."""
    prerecorded.transcribe_file(source)  # type: ignore[arg-type]  # what v3's users have is wider than its types

    request = last(server)
    assert request.sha256 == hashlib.sha256(WAV).hexdigest()
    assert "Content-Type" not in request.headers
    chunked = not hasattr(source.get("stream"), "read") and "stream" in source and "buffer" not in source
    assert request.headers.get("Content-Length") == (None if chunked else str(len(WAV)))


def test_an_open_file(prerecorded: PreRecordedClient, server: LocalServer, tmp_path: Path) -> None:
    """A file that is open as a buffer is sent and stays open, and its mimetype becomes the Content-Type."""
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)

    with path.open("rb") as file:
        prerecorded.transcribe_file({"buffer": file, "mimetype": "audio/wav"})
        assert not file.closed

    assert last(server).sha256 == hashlib.sha256(WAV).hexdigest()
    assert last(server).headers["Content-Type"] == "audio/wav"


def test_urls(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """The JSON is the source mapping itself; other keys go along."""
    with hosted(WAV) as url:
        prerecorded.transcribe_url({"url": url, "note": "mine"})  # type: ignore[typeddict-unknown-key]  # as v3 let it

        assert last(server).json() == {"url": url, "note": "mine"}


@pytest.mark.parametrize("source", [None, "url", "a buffer", {}, {"text": "x"}, 3, [b"x"]])
@pytest.mark.parametrize("verb", ["transcribe_url", "transcribe_file"])
def test_what_is_no_source(source: Any, verb: str, prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """Anything else is a DeepgramTypeError, a text that happens to hold the word too, and nothing is sent."""
    with pytest.raises(DeepgramTypeError):
        getattr(prerecorded, verb)(source)
    assert server.requests == []


# 5. Callbacks.


@pytest.mark.parametrize(
    "ask",
    [
        lambda client, url: client.transcribe_file_callback({"buffer": WAV}, url, {"model": "nova-2"}),
        lambda client, url: client.transcribe_file_callback({"buffer": WAV}, url, PrerecordedOptions(model="nova-2")),
        lambda client, url: client.transcribe_file({"buffer": WAV}, {"model": "nova-2", "callback": url}),
        lambda client, url: client.transcribe_file({"buffer": WAV}, PrerecordedOptions(model="nova-2", callback=url)),
        lambda client, url: client.transcribe_file({"buffer": WAV}, {"model": "nova-2"}, {"callback": url}),
    ],
    ids=["own method, dict", "own method, object", "dict", "object", "addons"],
)
def test_callbacks(ask: Any, prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """However it is asked for, the answer is the request id, and the transcript comes to the callback under that id."""
    with callback_receiver() as receiver:
        accepted = ask(prerecorded, receiver.url)
        (delivery,) = receiver.wait()

    assert type(accepted) is AsyncPrerecordedResponse
    assert sorted(last(server).query) == [("callback", receiver.url), ("model", "nova-2")]
    arrived = parse_callback(delivery.body, delivery.headers, dg_token=key_identifier(KEY))
    assert arrived.request_id == accepted.request_id == last(server).request_id
    assert arrived.results.channels[0].alternatives[0].words


def test_a_callback_for_a_url(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """So for a recording on the web, with the options left as they were."""
    options = PrerecordedOptions(model="nova-2")
    with hosted(WAV) as url, callback_receiver() as receiver:
        accepted = prerecorded.transcribe_url_callback({"url": url}, receiver.url, options)
        (delivery,) = receiver.wait()

    assert options.callback is None
    assert delivery.json()["metadata"]["request_id"] == accepted.request_id


# 6. Errors.


def test_a_refusal(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """Message, status as an int, the body as text and the name are where v3 had them."""
    with pytest.raises(DeepgramApiError) as caught:
        prerecorded.transcribe_file({"buffer": b"no audio at all"})

    error = caught.value
    original = json.loads(error.original_error or "")
    assert error.message == original["err_msg"]
    assert error.status == 400
    assert type(error.status) is int
    assert original["request_id"] == error.request_id == last(server).request_id
    assert error.name == "BadRequest"
    assert f"{error.message} (Status: 400, " in str(error)


def test_a_refusal_that_is_not_json(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """A page of a proxy is a DeepgramUnknownApiError with the page as its message, and caught as a refusal too."""
    server.fail(Fault.text(418, "a teapot"))

    with pytest.raises(DeepgramUnknownApiError) as caught:
        prerecorded.transcribe_file({"buffer": WAV})
    assert (caught.value.message, caught.value.status) == ("a teapot", 418)
    assert isinstance(caught.value, DeepgramApiError)


@pytest.mark.parametrize("body", ["[1]", '"a text"', "null", "3"])
def test_a_refusal_of_another_shape(body: str, prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """JSON that is no object broke v3; here it is the refusal that it is."""
    server.fail(Fault.json(400, body))

    with pytest.raises(dgasync.BadRequest) as caught:
        prerecorded.transcribe_file({"buffer": WAV})
    assert caught.value.original_error == body


def test_headers_of_one_call(prerecorded: PreRecordedClient, server: LocalServer) -> None:
    """The headers of a call go with that call only, which v3 got wrong."""
    prerecorded.transcribe_file({"buffer": WAV}, headers={"X-One": "1"})
    prerecorded.transcribe_file({"buffer": WAV})

    assert ["X-One" in request.headers for request in server.requests] == [True, False]


# 8. Responses.


@pytest.fixture
def response(prerecorded: PreRecordedClient) -> PrerecordedResponse:
    answer = prerecorded.transcribe_file({"buffer": WAV}, PrerecordedOptions(smart_format=True, utterances=True))
    assert isinstance(answer, PrerecordedResponse)
    return answer


def test_a_response_by_attribute_and_by_key(response: PrerecordedResponse) -> None:
    """Attributes and `[]` reach the same, down to the words; the classes are those at the top of the package."""
    assert response.results is not None
    assert response.results.channels is not None
    alternative = response.results.channels[0].alternatives[0]  # type: ignore[index]  # there is one
    by_key = response["results"]["channels"][0]["alternatives"][0]

    assert alternative["transcript"] == alternative.transcript == by_key["transcript"]
    assert [word.word for word in alternative.words or []] == [word["word"] for word in by_key["words"]] == RULER.words
    assert isinstance(alternative, dgasync.Alternative)
    assert response.eval("results.channels.0.alternatives.0.transcript") == alternative.transcript
    assert response.eval("results.nothing.here") == ""


def test_a_response_as_text(response: PrerecordedResponse) -> None:
    """`str` is JSON with an indent of four, `to_json` JSON, `to_dict` a dict, and all three can be read again."""
    whole = json.loads(response.raw)

    assert str(response) == json.dumps(whole, indent=4, ensure_ascii=False)
    assert json.loads(response.to_json()) == response.to_dict() == whole
    assert response.to_json(indent=2) == json.dumps(whole, indent=2, ensure_ascii=False)
    assert PrerecordedResponse.from_json(response.to_json()) == PrerecordedResponse.from_dict(whole) == response


def test_what_the_service_left_out(response: PrerecordedResponse) -> None:
    """What is not in the answer is None as an attribute, and a KeyError by `[]`."""
    assert response.results is not None

    assert response.results.summary is None
    with pytest.raises(KeyError):
        response.results["summary"]
    with pytest.raises(KeyError):
        response["results"]["summary"]


def test_a_response_cannot_be_changed(response: PrerecordedResponse) -> None:
    """Setting a key says what to do instead."""
    with pytest.raises(DeepgramTypeError, match="to_dict"):
        response["metadata"] = {}


# 14. Logging.


def test_nothing_is_said_unasked(server: LocalServer) -> None:
    """A program that asks for nothing sees nothing; asked for, each line comes once, however many clients there are."""
    code = (
        "import sys, dgasync\n"
        "url, audio = sys.argv[1], bytes.fromhex(sys.stdin.read())\n"
        "def ask(**settings):\n"
        "    with dgasync.DeepgramClient('a-key', url=url, **settings) as deepgram:\n"
        "        deepgram.listen.prerecorded.v('1').transcribe_file({'buffer': audio})\n"
        "ask(); print('--', file=sys.stderr, flush=True)\n"
        "for _ in range(3): ask(verbose=dgasync.verboselogs.DEBUG)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, server.url], input=WAV.hex(), capture_output=True, text=True, check=True
    )

    before, _, after = done.stderr.partition("--\n")
    assert before == ""
    assert len([line for line in after.splitlines() if "POST v1/listen: 200" in line]) == 3
    assert KEY not in after


def test_warnings_are_errors_here() -> None:
    """What this file proves about silence holds: a warning would fail its test."""
    with pytest.raises(UserWarning):
        warnings.warn("as any spelling of v3 does today", stacklevel=1)
