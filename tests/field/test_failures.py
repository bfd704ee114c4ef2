"""FIELD_NOTES 7: a failure says what it is. Each way of saying no is a class of its own, with its request id."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

import dgasync
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from tests.field.faces import KEY, Face
from tests.field.sockets import refusing, unreachable

WAV = Ruler(1.0).wav()

REFUSALS: dict[int, tuple[type[dgasync.DeepgramApiError], str]] = {
    400: (dgasync.BadRequest, "Bad Request"),
    401: (dgasync.Unauthorized, "INVALID_AUTH"),
    402: (dgasync.PaymentRequired, "ASR_PAYMENT_REQUIRED"),
    403: (dgasync.Forbidden, "INSUFFICIENT_PERMISSIONS"),
    404: (dgasync.NotFound, "PROJECT_NOT_FOUND"),
    409: (dgasync.Conflict, "STATUS_409"),
    413: (dgasync.TooLarge, "PAYLOAD_TOO_LARGE"),
    429: (dgasync.RateLimited, "TOO_MANY_REQUESTS"),
    500: (dgasync.ServerError, "STATUS_500"),
    503: (dgasync.ServerError, "Service Unavailable"),
    418: (dgasync.DeepgramUnknownApiError, "STATUS_418"),
}
RETRIED = {429, 503}


@pytest.mark.parametrize("status", REFUSALS)
def test_each_refusal_is_a_class(status: int, face: Face, server: LocalServer) -> None:
    """The class, code, status and the request id of the last try; only what may pass is tried again."""
    kind, code = REFUSALS[status]
    server.fail(Fault.status(status), times=None)

    with pytest.raises(dgasync.DeepgramError) as caught:
        face.transcribe(server.url, WAV)

    error = caught.value
    assert type(error) is kind
    assert (error.status, error.err_code) == (status, code)
    assert error.request_id == server.requests[-1].request_id
    assert error.retryable == (status in RETRIED or status >= 500)
    assert len(server.requests) == (3 if status in RETRIED else 1)
    assert error.__context__ is None
    assert not isinstance(error, dgasync.DeepgramConnectionError)


@pytest.mark.parametrize("status", [502, 504])
def test_a_page_of_a_proxy(status: int, face: Face, server: LocalServer) -> None:
    """What a proxy says in HTML is tried again, and then both its status and not the service's own word."""
    server.fail(Fault.text(status, "<h1>Bad Gateway</h1>", "text/html"), times=None)

    with pytest.raises(dgasync.ServerError, match="Bad Gateway") as caught:
        face.transcribe(server.url, WAV)

    assert isinstance(caught.value, dgasync.DeepgramUnknownApiError)
    assert len(server.requests) == 3


def test_how_long_to_wait(face: Face, server: LocalServer) -> None:
    """A wait too long to sleep through stands in the error, and nothing is tried again."""
    server.fail(Fault.status(429, retry_after=3600), times=None)

    with pytest.raises(dgasync.RateLimited) as caught:
        face.transcribe(server.url, WAV, key="of-this-test")

    assert caught.value.retry_after == 3600
    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def guarded() -> Iterator[LocalServer]:
    with local_server(api_keys=[KEY]) as server:
        yield server


@pytest.mark.parametrize(
    ("kind", "code", "what"),
    [
        (dgasync.Unauthorized, "INVALID_AUTH", {"key": "another"}),
        (dgasync.BadRequest, "Bad Request", {"model": "nova-99"}),
        (dgasync.BadRequest, "Bad Request", {"audio": b"no audio at all"}),
        (dgasync.BadRequest, "Bad Request", {"redact": "pci"}),
        (dgasync.NotFound, "NOT_FOUND", {"endpoint": "v1/lisen"}),
        (dgasync.BadRequest, "REMOTE_CONTENT_ERROR", {"audio": "http://127.0.0.1:9/nothing.wav"}),
    ],
    ids=["key", "model", "audio", "option", "path", "url"],
)
def test_true_refusals(kind: Any, code: str, what: dict[str, Any], face: Face, guarded: LocalServer) -> None:
    """What the server refuses by itself, not on purpose."""
    with pytest.raises(kind) as caught:
        face.transcribe(guarded.url, **{"audio": WAV, **what})

    assert caught.value.err_code == code
    assert caught.value.request_id == guarded.requests[-1].request_id


@pytest.mark.parametrize(
    "fault", [Fault.garbage(), Fault.truncated(), Fault.json(200, "[1]"), Fault.json(200, '{"metadata": 3}')], ids=repr
)
def test_an_answer_that_cannot_be_read(fault: Fault, face: Face, server: LocalServer) -> None:
    """It is a DecodeError with its payload and request id, never None, and is not paid for twice."""
    server.fail(fault, times=None)

    with pytest.raises(dgasync.DecodeError) as caught:
        face.transcribe(server.url, WAV)

    assert caught.value.payload
    assert caught.value.status == 200
    assert caught.value.request_id == server.requests[-1].request_id
    assert len(server.requests) == 1


@pytest.mark.parametrize("audio", [WAV, [WAV[:50], WAV[50:]]], ids=["bytes", "stream"])
def test_nobody_there(audio: Any, face: Face) -> None:
    """A refused connection is ConnectFailed, with the system's own error as its cause, after all tries."""
    with refusing() as port, pytest.raises(dgasync.ConnectFailed, match=str(port)) as caught:
        face.transcribe(f"http://127.0.0.1:{port}", audio)

    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.retryable


@pytest.mark.parametrize("audio", [WAV, [WAV[:50], WAV[50:]]], ids=["bytes", "stream"])
def test_nobody_answers_the_door(audio: Any, face: Face) -> None:
    """A connection that is never made is a Timeout of its own phase; nothing was sent, so it is tried again."""
    settings = {"timeout": dgasync.Timeouts(connect=0.1), "max_retries": 1}

    with unreachable() as port, pytest.raises(dgasync.Timeout) as caught:
        face.transcribe(f"http://127.0.0.1:{port}", audio, settings=settings)

    assert caught.value.phase == "connect"
    assert caught.value.retryable


@pytest.mark.parametrize("name", ["asyncio", "trio", "sync"])  # uvloop looks names up without Python
def test_no_such_host(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads nowhere is ConnectFailed."""

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    with pytest.raises(dgasync.ConnectFailed, match=r"nowhere\.invalid.*not known") as caught:
        Face(name).transcribe("https://nowhere.invalid", WAV, settings={"max_retries": 0})
    assert isinstance(caught.value.__cause__, socket.gaierror)


@pytest.mark.parametrize("audio", [WAV, [WAV[:50], WAV[50:]]], ids=["bytes", "stream"])
@pytest.mark.parametrize("fault", [Fault.drop(), Fault.reset(20)], ids=["no answer", "half an answer"])
def test_a_connection_that_breaks(fault: Fault, audio: Any, face: Face, server: LocalServer) -> None:
    """Without an answer, or with half of one, it is a DeepgramConnectionError that is neither of its subclasses."""
    server.fail(fault, times=None)

    with pytest.raises(dgasync.DeepgramConnectionError) as caught:
        face.transcribe(server.url, audio, max_retries=1)

    assert type(caught.value) is dgasync.DeepgramConnectionError
    assert len(server.requests) == 2
