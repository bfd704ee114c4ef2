"""FIELD_NOTES 8, live: the key is in no log, no repr, no traceback and no chain, however a session goes wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import dgasync
from dgasync import AsyncDeepgramClient, DeepgramClient
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler
from tests.field import test_secrets as recordings
from tests.field.faces import FACES, Face, run_on
from tests.field.secrets import reachable, shown
from tests.field.talks import RAW, Talker, say, settled, taken, talk
from tests.field.test_secrets import HEADER, KEY, MINTED, PASSWORD, QUICK, Scene, no_secret_in

RULER = Ruler(4.0)
AUDIO = RULER.audio()


def never_connected(scene: Scene) -> None:
    recordings.never_connected(scene)
    scene.settings["max_retries"] = 0


def handshake_unanswered(scene: Scene) -> None:
    scene.server.fail(Fault.stall())
    scene.settings.update(timeout=QUICK, max_retries=0)


def the_source_fails(scene: Scene) -> None:
    def chunks() -> Iterator[bytes]:
        yield AUDIO
        raise RuntimeError("the microphone is gone")

    scene.audio = chunks()


def no_audio_at_all(scene: Scene) -> None:
    scene.audio = 3


def fault(fault: Fault) -> Callable[[Scene], None]:
    return recordings.fault(fault)


HANDSHAKES = [
    recordings.refused,
    never_connected,
    recordings.untrusted_certificate,
    recordings.no_tls_there,
    recordings.proxy_refused,
    recordings.proxy_asks_who,
    recordings.proxy_refuses_a_tunnel,
    recordings.proxy_hangs_up,
    recordings.proxy_babbles,
    recordings.proxy_is_no_url,
    recordings.babble,
    recordings.redirected_elsewhere,
    recordings.redirected_in_circles,
    recordings.redirected_to_what_cannot_be_asked,
    recordings.a_minted_token_refused,
    recordings.minting_fails,
    recordings.minting_gives_nonsense,
    recordings.a_secret_header_that_is_none,
    recordings.insecure,
    recordings.misspelt,
    handshake_unanswered,
    *(fault(Fault.status(status, retry_after_ms=1)) for status in (400, 401, 402, 403, 429, 503)),
    fault(Fault.text(502, "<h1>Bad Gateway</h1>")),
    fault(Fault.garbage()),
    fault(Fault.drop()),
]
"""What keeps a session from being opened."""

STREAMS: list[tuple[Callable[[Scene], None], type[BaseException]]] = [
    (fault(Fault.close(1001, "going away", len(AUDIO) // 2)), dgasync.StreamClosed),
    (fault(Fault.close(1008, "DATA-0000", len(AUDIO) // 2)), dgasync.StreamClosed),
    (fault(Fault.close(1011, "NET-0001", len(AUDIO) // 2)), dgasync.StreamClosed),
    (fault(Fault.drop(len(AUDIO) // 2)), dgasync.StreamClosed),
    (fault(Fault.reset(len(AUDIO) // 2)), dgasync.StreamClosed),
    (the_source_fails, RuntimeError),
    (no_audio_at_all, dgasync.DeepgramTypeError),
]
"""What ends one that is open."""


def named(scenes: list[Any]) -> list[str]:
    return [each.__name__ for each in scenes]


def spoken(scene: Scene) -> Any:
    return RULER.chunks(6400) if scene.audio is recordings.WAV else scene.audio


async def natively(deepgram: Talker, scene: Scene, seen: list[Any]) -> BaseException | None:
    """How a session ends."""
    live = None
    try:
        live = deepgram.live(**scene.options)
        seen.append(live)
        async with live:
            live.start_sending(spoken(scene))
            await taken(live, seen)
    except Exception as error:
        return error
    finally:
        with contextlib.suppress(dgasync.SessionEnded):
            if live is not None:
                await live.send(b"more")
    return None


async def as_documented(deepgram: Talker, scene: Scene, seen: list[Any]) -> BaseException | None:
    """The same; what handlers get, and what they raise, is seen too."""
    connection = deepgram.connection(on_handler_error=lambda error, event: seen.append(error))
    seen.append(connection)

    def happened(connection: Any, **told: Any) -> None:
        seen.extend(told.values())
        raise LookupError("of a handler")

    for name in ("Open", "Results", "Metadata", "Error", "Close"):
        connection.on(name, happened)
    try:
        options = {name: each for name, each in scene.options.items() if name != "headers"}
        if await settled(connection.start({**RAW, **options}, headers=scene.options.get("headers"))):
            try:
                for piece in spoken(scene) if scene.audio != 3 else [scene.audio]:
                    await connection.send(piece)
            finally:
                await connection.finish()
    except Exception as error:
        return error
    return connection.error  # type: ignore[no-any-return]  # a connection of either kind


WAYS = [
    pytest.param(Face(name, debug=True), style, id=f"{name}, {style.__name__}")
    for name, style in (
        ("asyncio", natively),
        ("trio", natively),
        ("sync", natively),
        ("uvloop" if "uvloop" in FACES else "asyncio", as_documented),
        ("sync", as_documented),
    )
]
"""Callers and styles: the way to the service is that of requests, which `test_secrets` walks with all callers."""


def went_wrong(prepare: Any, style: Any, face: Face, server: LocalServer, tmp_path: Path, seen: list[Any]) -> Any:
    with ExitStack() as stack:
        scene = Scene(stack, server, tmp_path)
        prepare(scene)

        async def main(deepgram: Talker) -> Any:
            error = await style(deepgram, scene, seen)
            for each in seen:  # while it is all there
                no_secret_in(repr(thing) for thing in reachable(each))
                if isinstance(each, BaseException):
                    no_secret_in(shown(each, frames=prepare not in recordings.AS_GIVEN))
            return error

        try:
            return talk(face, scene.url, main, key=KEY, **scene.settings)
        except dgasync.DeepgramTypeError as error:
            return error  # a setting that the client refuses


# Before Python 3.11 aiohttp takes every uvloop connection to a proxy for one with TLS, and warns of TLS in it.
@pytest.mark.filterwarnings("ignore:An HTTPS request is being sent through an HTTPS proxy:RuntimeWarning")
@pytest.mark.parametrize(("face", "style"), WAYS)
@pytest.mark.parametrize("prepare", HANDSHAKES, ids=named(HANDSHAKES))
def test_no_failed_handshake_shows_a_secret(
    prepare: Callable[[Scene], None],
    style: Any,
    face: Face,
    server: LocalServer,
    tmp_path: Path,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither the error, with its chain and the locals of its frames, nor events, objects, logs, what is printed."""
    seen: list[Any] = []
    error = went_wrong(prepare, style, face, server, tmp_path, seen)

    assert isinstance(error, (dgasync.DeepgramError, RuntimeError)), repr(error)
    assert isinstance(error, dgasync.DeepgramError) or "vault" in str(error)
    no_secret_in(shown(error, frames=prepare not in recordings.AS_GIVEN))
    no_secret_in(logged)
    no_secret_in(capfd.readouterr())


@pytest.mark.parametrize(("face", "style"), WAYS)
@pytest.mark.parametrize(("prepare", "kind"), STREAMS, ids=named([each for each, _ in STREAMS]))
def test_no_stream_that_breaks_shows_a_secret(
    prepare: Callable[[Scene], None],
    kind: type[BaseException],
    style: Any,
    face: Face,
    server: LocalServer,
    tmp_path: Path,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """So with an open stream that ends badly, and with handlers that raise at all of it; nor is a word of it logged."""
    error = went_wrong(prepare, style, face, server, tmp_path, [])

    assert isinstance(error, kind), repr(error)
    no_secret_in(shown(error))
    out = capfd.readouterr()
    no_secret_in([*logged, *out])
    for word in RULER.words:
        assert not any(f" {word}" in text for text in [*logged, *out])


@pytest.mark.parametrize(("face", "style"), WAYS)
def test_no_success_shows_a_secret_or_a_word(
    style: Any, face: Face, server: LocalServer, tmp_path: Path, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """When all goes well, after a retry and with frames that cannot be read, logs show neither secrets nor words."""
    server.fail(Fault.status(503))
    server.fail(Fault.text_frame("{", '{"type":"Applause"}', '{"type":"Results","start":"w1"}'))

    def prepare(scene: Scene) -> None:
        scene.settings["verbose"] = 0
        scene.options["keyterm"] = [RULER.text]

    assert went_wrong(prepare, style, face, server, tmp_path, []) is None

    assert server.requests[-1].headers["Authorization"] == f"Token {KEY}"
    assert server.requests[-1].headers["X-Api-Key"] == HEADER
    out = capfd.readouterr()
    assert any("try 2 of 2" in line for line in logged)
    assert "101 in" in out.err
    no_secret_in([*logged, *out])
    for word in RULER.words:
        assert not any(f" {word}" in text or f"{word}+" in text for text in [*logged, *out])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"access_token": MINTED},
        {"headers": {"Authorization": f"Custom {HEADER}", "X-Api-Key": HEADER, "Cookie": HEADER}},
        {"proxy": f"http://user:{PASSWORD}@127.0.0.1:1"},
    ],
    ids=["key", "token", "headers", "proxy"],
)
@pytest.mark.parametrize("name", FACES)
def test_no_open_session_shows_a_secret(name: str, settings: dict[str, Any], server: LocalServer) -> None:
    """Nothing that hangs on an open session, or on a client with one, has a repr that shows a secret."""
    found: list[str] = []

    def look(*things: object) -> None:
        found.extend(repr(each) for thing in things for each in reachable(thing))

    if name == "sync":
        with DeepgramClient(KEY, url=server.url, max_retries=0, **settings) as plain:
            connection = plain.listen.live.v("1")
            connection.on("Open", lambda client, open, **_: look(client, open))
            connection.start(RAW)
            with contextlib.suppress(dgasync.ConnectFailed), plain.live(**RAW) as live:
                live.send(AUDIO)
                look(live, live.utterances())
            connection.finish()
            look(plain, connection, connection.error)
    else:

        async def main() -> None:
            async with AsyncDeepgramClient(KEY, url=server.url, max_retries=0, **settings) as deepgram:
                connection = deepgram.listen.asynclive.v("1")
                connection.on("Open", lambda client, open, **_: look(client, open))
                await connection.start(RAW)
                with contextlib.suppress(dgasync.ConnectFailed):
                    async with deepgram.live(**RAW) as live:
                        await say(live, RULER)
                        look(live, live.utterances())
                await connection.finish()
                look(deepgram, connection, connection.error)

        run_on(name, main, debug=True)

    assert len(found) > 50
    no_secret_in(found)
