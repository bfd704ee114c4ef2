"""FIELD_NOTES 8: the key is in no log, no repr, no traceback and no chain, whatever goes wrong.

Logging is at level 0 for every logger, asyncio runs in its debug mode, and tracebacks are written with the locals of
each frame.
"""

from __future__ import annotations

import base64
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

import dgasync
from dgasync import AsyncDeepgramClient, DeepgramClient, DeepgramClientOptions, Timeouts
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from tests.field.faces import FACES, Face, run_on
from tests.field.secrets import reachable, shown
from tests.field.sockets import head_of, refusing, serving, unreachable

KEY = "dg-key-3f8a61c0d94b7e25"
PASSWORD = "pr0xy-p4ss-77aa"
MINTED = "minted-token-5b1c9d"
HEADER = "header-secret-e0f4"
SECRETS = [KEY, PASSWORD, MINTED, HEADER, base64.b64encode(f"user:{PASSWORD}".encode()).decode()]
RULER = Ruler(1.0)
WAV = RULER.wav()
QUICK = Timeouts(connect=0.2, write=0.2, read=0.2)

# Made for these tests, for localhost, valid until 2126, trusted by nobody.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFax29G7kfptV3E63
et0CfXu6Kr0mvuDi4S7Sun/E55KhRANCAASRpq+I07qk15ESkienlBgF5oMA7YBU
VWngJdEwD6UjZ13w5Sw7tkoCJ8dQoePC3JhxB6UppE754TZkw+b2t0dw
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUJ/vc3P8a/SeBg860rTCPT2g5TZgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjEwNTUzOVoYDzIxMjYxMDI5
MTA1NTM5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASRpq+I07qk15ESkienlBgF5oMA7YBUVWngJdEwD6UjZ13w5Sw7tkoC
J8dQoePC3JhxB6UppE754TZkw+b2t0dwo28wbTAdBgNVHQ4EFgQU1HNcTqoq9ix7
jsWj0IM/UrmKAEEwHwYDVR0jBBgwFoAU1HNcTqoq9ix7jsWj0IM/UrmKAEEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgIKVENomw0+OkoO3BXRKVPGrRzoRWJrLNAE148gwlIfkCIGBw
rxDglKwgPpZK4fry92OdpLus8TEqdcIHcseoSScu
-----END CERTIFICATE-----
"""


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Face:
    return Face(request.param, debug=True)


def no_secret_in(texts: Any) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text, f"{secret} is shown by: {text[:2000]}"


class Scene:
    """What stands around a request that goes wrong."""

    def __init__(self, stack: ExitStack, server: LocalServer, tmp_path: Path) -> None:
        self.stack = stack
        self.server = server
        self.tmp_path = tmp_path
        self.url = server.url
        self.settings: dict[str, Any] = {"headers": {"X-Api-Key": HEADER}, "max_retries": 1}
        self.audio: Any = WAV
        self.options: dict[str, Any] = {}

    def port(self, serve: Callable[[Any], None]) -> int:
        return self.stack.enter_context(serving(serve))

    def proxied(self, port: int, scheme: str = "http") -> None:
        self.settings["proxy"] = f"http://user:{PASSWORD}@127.0.0.1:{port}"
        self.url = f"{scheme}://127.0.0.1:9"


def refused(scene: Scene) -> None:
    scene.url = f"http://127.0.0.1:{scene.stack.enter_context(refusing())}"


def never_connected(scene: Scene) -> None:
    scene.url = f"http://127.0.0.1:{scene.stack.enter_context(unreachable())}"
    scene.settings["timeout"] = QUICK


def untrusted_certificate(scene: Scene) -> None:
    path = scene.tmp_path / "certificate.pem"
    path.write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def serve(connection: Any) -> None:
        with context.wrap_socket(connection, server_side=True) as safe:
            head_of(safe)

    scene.url = f"https://127.0.0.1:{scene.port(serve)}"


def no_tls_there(scene: Scene) -> None:
    def serve(connection: Any) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    scene.url = f"https://127.0.0.1:{scene.port(serve)}"


def proxy_refused(scene: Scene) -> None:
    scene.proxied(scene.stack.enter_context(refusing()))


def proxy_says(answer: bytes) -> Callable[[Any], None]:
    def serve(connection: Any) -> None:
        head_of(connection)
        connection.sendall(answer)

    return serve


def proxy_asks_who(scene: Scene) -> None:
    scene.proxied(scene.port(proxy_says(b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")))


def proxy_refuses_a_tunnel(scene: Scene) -> None:
    scene.proxied(scene.port(proxy_says(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")), "https")


def proxy_hangs_up(scene: Scene) -> None:
    scene.proxied(scene.port(head_of), "https")


def proxy_babbles(scene: Scene) -> None:
    scene.proxied(scene.port(proxy_says(b"SSH-2.0-OpenSSH_9.6\r\n")))


def babble(scene: Scene) -> None:
    scene.url = f"http://127.0.0.1:{scene.port(proxy_says(b'220 mail.example ESMTP' + bytes(20)))}"


def proxy_is_no_url(scene: Scene) -> None:
    scene.settings["proxy"] = f"http://user:{PASSWORD}@[nowhere"


def redirected_elsewhere(scene: Scene) -> None:
    other = scene.stack.enter_context(local_server(api_keys=["of-the-other"]))
    scene.server.fail(Fault.redirect(f"{other.url}/v1/listen"), times=None)


def redirected_in_circles(scene: Scene) -> None:
    scene.server.fail(Fault.redirect("/v1/listen"), times=None)


def redirected_to_what_cannot_be_asked(scene: Scene) -> None:
    scene.server.fail(Fault.redirect("http://[nowhere/"), times=None)


def a_file_that_shrinks(scene: Scene) -> None:
    def chunks() -> Iterator[bytes]:
        yield WAV
        raise RuntimeError("the microphone is gone")

    scene.audio = chunks()


def no_answer_in_time(scene: Scene) -> None:
    # None of the test before can take it away.
    scene.server.fail(Fault.stall(), times=None)
    scene.settings["timeout"] = QUICK


def no_answer_in_time_to_a_stream(scene: Scene) -> None:
    no_answer_in_time(scene)
    scene.audio = [WAV]


def upload_stalls(scene: Scene) -> None:
    scene.server.fail(Fault.stall(after_bytes=1))
    scene.settings["timeout"] = QUICK
    scene.audio = (bytes(1 << 20) for _ in range(64))


def a_minted_token_refused(scene: Scene) -> None:
    scene.settings["access_token"] = lambda: (MINTED, 60)
    scene.server.fail(Fault.status(401), times=None)


def minting_fails(scene: Scene) -> None:
    def mint() -> str:
        minted = MINTED  # as a user's function may well hold it, and its frame then shows it
        del minted
        raise RuntimeError("the vault is closed")

    scene.settings["access_token"] = mint


def minting_gives_nonsense(scene: Scene) -> None:
    scene.settings["access_token"] = lambda: f"{MINTED} and more\n"


def a_secret_header_that_is_none(scene: Scene) -> None:
    scene.options["headers"] = {"X-Token": f"{HEADER}\r\nX-Evil: 1"}


def insecure(scene: Scene) -> None:
    scene.url = "http://192.0.2.1"


def misspelt(scene: Scene) -> None:
    scene.options["smart_formt"] = True


def fault(fault: Fault) -> Callable[[Scene], None]:
    def prepare(scene: Scene) -> None:
        scene.server.fail(fault, times=None)

    prepare.__name__ = f"{fault.kind} {fault.code}"
    return prepare


C, A = dgasync.DeepgramConnectionError, dgasync.DeepgramApiError
SCENES: list[tuple[Callable[[Scene], None], type[BaseException]]] = [
    (refused, dgasync.ConnectFailed),
    (never_connected, dgasync.Timeout),
    (untrusted_certificate, dgasync.ConnectFailed),
    (no_tls_there, C),
    (proxy_refused, dgasync.ConnectFailed),
    (proxy_asks_who, A),
    (proxy_refuses_a_tunnel, dgasync.ConnectFailed),
    (proxy_hangs_up, C),
    (proxy_babbles, C),
    (proxy_is_no_url, dgasync.DeepgramTypeError),
    (babble, C),
    (redirected_elsewhere, dgasync.Unauthorized),
    (redirected_in_circles, A),
    (redirected_to_what_cannot_be_asked, dgasync.DeepgramError),
    (a_file_that_shrinks, RuntimeError),
    (no_answer_in_time, dgasync.Timeout),
    (no_answer_in_time_to_a_stream, dgasync.Timeout),
    (upload_stalls, dgasync.Timeout),
    (a_minted_token_refused, dgasync.Unauthorized),
    (minting_fails, RuntimeError),
    (minting_gives_nonsense, dgasync.DeepgramApiKeyError),
    (a_secret_header_that_is_none, dgasync.DeepgramTypeError),
    (insecure, dgasync.DeepgramApiKeyError),
    (misspelt, dgasync.DeepgramTypeError),
    (fault(Fault.status(401)), dgasync.Unauthorized),
    (fault(Fault.status(429, retry_after_ms=1)), dgasync.RateLimited),
    (fault(Fault.status(503)), dgasync.ServerError),
    (fault(Fault.text(502, "<h1>Bad Gateway</h1>")), dgasync.ServerError),
    (fault(Fault.garbage()), dgasync.DecodeError),
    (fault(Fault.drop()), C),
    (fault(Fault.reset()), C),
]


AS_GIVEN = {minting_gives_nonsense, a_secret_header_that_is_none}
"""What is refused is still an ordinary text, as it was given, in the frames that looked at it."""


# Before Python 3.11 aiohttp takes every uvloop connection to a proxy for one with TLS, and warns of TLS in it.
@pytest.mark.filterwarnings("ignore:An HTTPS request is being sent through an HTTPS proxy:RuntimeWarning")
@pytest.mark.parametrize(("prepare", "kind"), SCENES, ids=[each.__name__ for each, _ in SCENES])
def test_no_failure_shows_a_secret(
    prepare: Callable[[Scene], None],
    kind: type[BaseException],
    face: Face,
    server: LocalServer,
    tmp_path: Path,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither the error, with its chain and the locals of its frames, nor the logs, nor what is printed."""
    with ExitStack() as stack:
        scene = Scene(stack, server, tmp_path)
        prepare(scene)
        error = failure(face, scene)

    assert isinstance(error, kind), repr(error)
    no_secret_in(shown(error, frames=prepare not in AS_GIVEN))
    no_secret_in(logged)
    no_secret_in(capfd.readouterr())


def failure(face: Face, scene: Scene) -> BaseException:
    """How the request ends."""
    try:
        face.transcribe(scene.url, scene.audio, key=KEY, settings=scene.settings, **scene.options)
    except Exception as error:
        return error
    raise AssertionError("nothing went wrong")


def test_no_success_shows_a_secret_or_a_word(
    face: Face, server: LocalServer, logged: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """When all goes well, after a retry, the logs have neither the secrets nor what was said."""
    server.fail(Fault.status(503))

    transcript = face.transcribe(
        server.url, WAV, key=KEY, settings={"headers": {"X-Api-Key": HEADER}, "verbose": 0}, keyterm=[RULER.text]
    )

    assert server.requests[-1].headers["Authorization"] == f"Token {KEY}"
    assert server.requests[-1].headers["X-Api-Key"] == HEADER
    out = capfd.readouterr()
    assert any("try 2 of 3" in line for line in logged)
    assert "request " in out.err
    no_secret_in([*logged, *out])
    for word in RULER.words:
        assert not any(f" {word}" in text or f"{word}+" in text for text in [*logged, *out])
    no_secret_in(repr(each) for each in reachable(transcript.response))


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
def test_no_object_shows_a_secret(name: str, settings: dict[str, Any], server: LocalServer) -> None:
    """Nothing that hangs on a client that has been used, however deep, has a repr that shows a secret."""
    found: list[str] = []

    def look(*things: object) -> None:
        found.extend(repr(each) for thing in things for each in reachable(thing))

    if name == "sync":
        with DeepgramClient(KEY, url=server.url, **settings) as plain:
            with contextlib.suppress(dgasync.ConnectFailed):
                plain.transcribe(WAV, max_retries=0)
            look(plain, plain.listen, plain.listen.rest, plain.listen.rest.v("1"), plain.config)
    else:

        async def main() -> None:
            async with AsyncDeepgramClient(KEY, url=server.url, **settings) as deepgram:
                with contextlib.suppress(dgasync.ConnectFailed):
                    await deepgram.transcribe(WAV, max_retries=0)
                look(deepgram, deepgram.listen, deepgram.listen.rest, deepgram.listen.asyncrest.v("1"), deepgram.config)

        run_on(name, main)

    assert len(found) > 50
    no_secret_in(found)


def test_no_wrong_setting_shows_a_secret(logged: list[str]) -> None:
    """Nor do the errors for settings that cannot be used."""
    for make in (
        lambda: DeepgramClientOptions(f"{KEY} {KEY}"),
        lambda: DeepgramClientOptions(f"{KEY}ö"),
        lambda: DeepgramClientOptions(url=f"https://user:{PASSWORD}@127.0.0.1"),
        lambda: DeepgramClientOptions(url=f"https://127.0.0.1/?key={KEY}"),
        lambda: DeepgramClient(KEY, headers={"X-Api-Key": f"{HEADER}\n"}),
    ):
        with pytest.raises(dgasync.DeepgramError) as caught:
            make()
        no_secret_in([str(caught.value), repr(caught.value)])
    no_secret_in(logged)


@pytest.mark.parametrize("name", ["asyncio", "uvloop", "trio"])
@pytest.mark.parametrize("form", ["bytes", "stream"])
def test_no_cancellation_shows_a_secret(name: str, form: str, server: LocalServer, logged: list[str]) -> None:
    """A cancellation, which goes through the frames of aiohttp, shows no secret as it is printed."""
    server.fail(Fault.stall())
    seen: list[BaseException] = []

    async def main() -> None:
        async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:

            async def ask() -> None:
                try:
                    await deepgram.transcribe(WAV if form == "bytes" else [WAV])
                except BaseException as error:
                    seen.append(error)
                    raise

            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                while not server.requests or not server.requests[-1].complete:
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()

    run_on(name, main, debug=True)

    (error,) = seen
    no_secret_in(shown(error, frames=False))
    no_secret_in(logged)


def test_threads_show_no_secret() -> None:
    """The names of our threads, which monitors print, have none either."""
    no_secret_in([thread.name for thread in threading.enumerate()])
