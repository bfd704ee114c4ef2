"""What users of the official SDK's v3 rely on in live speech (`compat/V3_BEHAVIOUR.md`, 7), over real sockets."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

import dgasync
from dgasync import (
    AsyncDeepgramClient,
    AsyncLiveClient,
    ClientOptionsFromEnv,
    DeepgramClient,
    DeepgramModuleError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    LiveClient,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
)
from dgasync.server import LocalServer
from dgasync.testing import Ruler, silence
from tests.field.faces import FACES, Face
from tests.field.talks import PIECE, Plain, Talker, say, settled, talk, words

RULER = Ruler(3.0)
RAW = LiveOptions(encoding="linear16", sample_rate=16000)
SPELLINGS = ["live", "websocket"]


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param)


@pytest.fixture
def server(deepgram_server: LocalServer) -> LocalServer:
    return deepgram_server


# Reaching it.


@pytest.mark.parametrize("client", [DeepgramClient, AsyncDeepgramClient])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_both_clients_have_it(client: type[Any], spelling: str) -> None:
    """Each spelling, without and with `async`, leads to the same classes from either client; `v` makes new objects."""
    listen = client("a-key").listen

    assert type(getattr(listen, spelling).v("1")) is LiveClient
    assert type(getattr(listen, f"async{spelling}").v("1")) is AsyncLiveClient
    assert getattr(listen, spelling).v("1") is not getattr(listen, spelling).v("1")
    with pytest.raises(DeepgramModuleError, match=r'\.v\("1"\)'):
        getattr(listen, spelling).v("3")


def test_a_class_made_directly(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LiveClient(ClientOptionsFromEnv())` works without a client, and may be subclassed, as shipped examples do."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "of-environment")
    monkeypatch.setenv("DEEPGRAM_HOST", server.url)

    class Mine(LiveClient):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.sentences: list[str] = []
            self.on(LiveTranscriptionEvents.Transcript, self.on_message)

        def on_message(self, parent: Any, result: Any, **kwargs: Any) -> None:
            assert parent is self
            self.sentences.append(result.channel.alternatives[0].transcript)

    mine = Mine(ClientOptionsFromEnv())
    assert mine.start(RAW)
    mine.send(RULER.audio())
    assert mine.finish()

    assert " ".join(filter(None, mine.sentences)) == RULER.text
    assert server.requests[-1].headers["Authorization"] == "Token of-environment"
    assert repr(mine).startswith("<Mine ")


# Calling it.


def test_what_calls_return(face: Face, server: LocalServer) -> None:
    """`on` gives nothing, all else v3's truth values: before `start`, while the connection stands, and afterwards."""

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        assert connection.on(LiveTranscriptionEvents.Close, lambda *_, **__: None) is None
        assert await connection.is_connected() is False
        assert await connection.send(b"too early") is False
        assert await connection.finish() is True
        assert await connection.start(RAW) is True
        assert await connection.is_connected() is True
        assert await connection.send(RULER.audio()) is True
        assert await connection.send(json.dumps({"type": "KeepAlive"})) is True
        assert await connection.keep_alive() is True
        assert await connection.finalize() is True
        assert await connection.write(RULER.audio()) is True
        assert await connection.finish() is True
        assert await connection.is_connected() is False
        for late in (connection.send(b"too late"), connection.keep_alive(), connection.finalize()):
            assert await late is False
        assert await connection.finish() is True

    talk(face, server.url, main)

    assert server.requests[-1].size == 2 * RULER.size
    kinds = [json.loads(message)["type"] for message in server.requests[-1].messages]
    assert kinds == ["KeepAlive", "KeepAlive", "Finalize", "CloseStream"]


OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "object": (LiveOptions(model="nova", smart_format=True, tag=["b c"]), None, "model=nova&smart_format=true&tag=b+c"),
    "dict": ({"model": "nova", "interim_results": False, "language": None}, None, "interim_results=false&model=nova"),
    "nothing": (None, None, ""),
    "addons": ({"model": "nova", "tag": ["x"]}, {"model": "nova-3", "tag": ["y"]}, "model=nova-3&tag=x&tag=y"),
}


@pytest.mark.parametrize("form", OPTIONS)
def test_the_query(form: str, face: Face, server: LocalServer) -> None:
    """Only what was set is sent, encoded as v3 did; addons are laid over it, and the caller's object stays as it is."""
    options, addons, query = OPTIONS[form]
    before = options.to_dict() if isinstance(options, LiveOptions) else dict(options or {})

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        assert await connection.start(options, addons, {"X-Once": "1"}) is True
        assert await connection.finish()
        assert await connection.start(options) is True
        assert await connection.finish()

    talk(face, server.url, main)

    first, second = server.requests
    assert "&".join(sorted(first.raw_query.split("&"))) == query
    assert ["X-Once" in request.headers for request in (first, second)] == [True, False]
    assert (options.to_dict() if isinstance(options, LiveOptions) else dict(options or {})) == before


def test_started_twice(face: Face, server: LocalServer) -> None:
    """A second `start` while it stands raises; after `finish` the object may be started again, with its handlers."""
    told: list[Any] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Results", lambda _, result, **__: told.append(result))
        assert await connection.start(RAW)
        with pytest.raises(DeepgramWebsocketError, match="started already"):
            await connection.start(RAW)
        await say(connection, RULER)
        assert await connection.finish()
        assert await connection.start(RAW)
        await say(connection, RULER)
        assert await connection.finish()

    talk(face, server.url, main)

    assert words(told) == f"{RULER.text} {RULER.text}"


def test_threads_that_send(server: LocalServer) -> None:
    """Several threads may send through one plain connection; no byte is lost."""
    with DeepgramClient("a-key", url=server.url) as deepgram:
        connection = deepgram.listen.live.v("1")
        assert connection.start(RAW)

        def send() -> None:
            for _ in range(50):
                assert connection.send(silence(0.02))

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert connection.finish()

    assert (server.requests[-1].frames, server.requests[-1].size) == (200, 200 * 640)


# Handlers.


def test_events_in_their_order(face: Face, server: LocalServer) -> None:
    """Open is first, Close last and once, behind every result; each comes under v3's keyword, with v3's fields."""
    told: list[tuple[str, dict[str, Any]]] = []
    keywords = {
        "Open": "open",
        "Results": "result",
        "Metadata": "metadata",
        "SpeechStarted": "speech_started",
        "UtteranceEnd": "utterance_end",
        "Close": "close",
    }

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        for name in keywords:
            connection.on(LiveTranscriptionEvents(name), lambda _, *, name=name, **what: told.append((name, what)))
        options = {"vad_events": True, "utterance_end_ms": 1000, "interim_results": True, "endpointing": 100}
        assert await connection.start({**RAW.to_dict(), **options})
        for audio in (RULER.audio(), silence(2), Ruler(2.0, start=3.0).audio()):
            await connection.send(audio)
        assert await connection.finish()

    talk(face, server.url, main)

    assert all(list(what) == [keywords[name]] for name, what in told)
    names = [name for name, _ in told]
    assert {*names} == {*keywords}
    assert (names[0], names[-2:]) == ("Open", ["Metadata", "Close"])
    assert names.count("Open") == names.count("Metadata") == names.count("Close") == 1
    by_name = {name: what[keywords[name]] for name, what in told}
    assert by_name["SpeechStarted"].channel == by_name["UtteranceEnd"].channel == [0, 1]
    assert by_name["UtteranceEnd"].last_word_end == 3.0
    assert by_name["SpeechStarted"].timestamp == 5.0
    assert (by_name["Metadata"].duration, by_name["Metadata"].channels) == (7.0, 1)
    assert by_name["Metadata"].request_id == server.requests[-1].request_id


def test_how_handlers_are_written(face: Face, server: LocalServer) -> None:
    """As v3's users write them: with `self` and `**kwargs`, as bound methods, by position, and as coroutines."""
    called: list[str] = []

    class Bot:
        def on_open(self, parent: Any, open: Any, **kwargs: Any) -> None:
            called.append(f"bound {open.type} {kwargs['user']}")

        async def on_close(self, parent: Any, close: Any, **kwargs: Any) -> None:
            called.append(f"bound coroutine {close.type} {kwargs['user']}")

    def by_position(connection: Any, what: Any, *args: Any, **kwargs: Any) -> None:
        called.append(f"by position {what.type} {kwargs['user']} {connection.project}")

    def on_message(self: Any, result: Any, **kwargs: Any) -> None:
        if result.is_final and result.channel.alternatives[0].transcript:
            called.append(f"plain {self.project}")

    async def main(deepgram: Talker) -> None:
        bot, connection = Bot(), deepgram.connection()
        connection.on(LiveTranscriptionEvents.Open, bot.on_open)
        connection.on(LiveTranscriptionEvents.Open, by_position)
        connection.on(LiveTranscriptionEvents.Results, on_message)
        connection.on(LiveTranscriptionEvents.Close, by_position)
        connection.on(LiveTranscriptionEvents.Close, bot.on_close)
        assert await connection.start(RAW, members={"project": "p"}, user="u")
        await connection.send(Ruler(1.0).audio())
        assert await connection.finish()
        assert connection.project == "p"

    talk(face, server.url, main)

    assert called == [
        "bound Open u",
        "by position Open u p",
        "plain p",
        "by position Close u p",
        "bound coroutine Close u",
    ]


def test_what_is_no_handler(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be called is ignored, as it was, but the log says so; an event that there is not is an error."""

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on(LiveTranscriptionEvents.Transcript, "not me")
        with pytest.raises(DeepgramTypeError, match="Transcribed"):
            connection.on("Transcribed", print)
        assert await connection.start(RAW)
        assert await connection.finish()

    with caplog.at_level(logging.WARNING, "dgasync"):
        talk(face, server.url, main)

    (line,) = [record.getMessage() for record in caplog.records]
    assert "cannot be called" in line


def test_a_handler_may_send_and_finish(face: Face, server: LocalServer) -> None:
    """Both work in a handler, where v3 failed: what is heard then still comes, and `finish` outside waits for it."""
    told: list[Any] = []

    async def on_open(connection: Any, **kwargs: Any) -> None:
        assert await settled(connection.send(RULER.audio())) is True
        assert await settled(connection.finish()) is True
        assert await settled(connection.send(b"more")) is False

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection(on_handler_error=lambda error, event: told.append(error))
        connection.on("Open", on_open)
        connection.on("Results", lambda _, result, **__: told.append(result))
        assert await connection.start(RAW)
        assert await connection.finish()

    talk(face, server.url, main)

    assert all(isinstance(event, LiveResultResponse) for event in told), told
    assert words(told) == RULER.text


# What they get.


def test_a_result(face: Face, server: LocalServer) -> None:
    """A result is read by attribute, by `[]` and as text, as v3's was, or better where that was broken."""
    told: list[Any] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Results", lambda _, result, **__: told.append(result))
        assert await connection.start({**RAW.to_dict(), "punctuate": True})
        for piece in RULER.chunks(PIECE):
            assert await connection.send(piece)
        assert await connection.finish()

    talk(face, server.url, main)

    result: Any = next(each for each in told if each.text)
    assert issubclass(type(result), dgasync.LiveResultResponse)
    best = result.channel.alternatives[0]
    assert best.transcript == result["channel"]["alternatives"][0]["transcript"] == best["transcript"]
    assert [word.punctuated_word for word in best.words] == best.transcript.split()
    assert (result.type, result.channel_index, result.is_final, result.from_finalize) == (
        "Results",
        [0, 1],
        True,
        False,
    )
    assert result.metadata.request_id == server.requests[-1].request_id
    assert result.metadata.model_info.name
    assert json.loads(result.to_json()) == result.to_dict() == json.loads(result.raw)
    assert str(result) == json.dumps(result.to_dict(), indent=4, ensure_ascii=False)
    assert result.eval("channel.alternatives.0.words.0.word") == "w0"
    assert LiveResultResponse.from_json(result.to_json()) == result
    with pytest.raises(KeyError):
        result["nothing"]


def test_the_plain_client_is_what_handlers_get(server: LocalServer) -> None:
    """The plain client's handlers get the object that the user made, not what is inside it."""
    seen: list[Any] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Open", lambda client, **_: seen.append(client))
        assert await connection.start(RAW)
        assert await connection.finish()
        assert isinstance(connection, Plain)
        assert seen == [connection.inner]

    talk(Face("sync"), server.url, main)
