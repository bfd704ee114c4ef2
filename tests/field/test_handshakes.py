"""FIELD_NOTES 7, live: a connection that is refused says why, in a class of its own, with its request id."""

from __future__ import annotations

from typing import Any

import pytest

import dgasync
from dgasync.server import Fault, LocalServer
from dgasync.testing import local_server
from tests.field.faces import KEY, Face
from tests.field.sockets import refusing
from tests.field.talks import RAW, Talker, talk

REFUSALS: dict[int, tuple[type[dgasync.DeepgramApiError], str]] = {
    400: (dgasync.BadRequest, "Bad Request: failed to process audio"),
    401: (dgasync.Unauthorized, "Invalid credentials."),
    402: (dgasync.PaymentRequired, "Project does not have enough credits"),
    403: (dgasync.Forbidden, "sufficient permissions"),
    404: (dgasync.NotFound, "Project not found."),
    429: (dgasync.RateLimited, "Too many requests."),
    500: (dgasync.ServerError, "Served on purpose: 500."),
    503: (dgasync.ServerError, "Please try again later"),
}
RETRIED = {429, 503}
"""What may pass. All else of 4xx stays as it is, and is never asked twice."""


def is_it(error: Any, status: int, server: LocalServer, tries: int) -> bool:
    """Whether the error is that of the last handshake, with all that the service says of it."""
    kind, message = REFUSALS[status]
    assert type(error) is kind
    assert message in error.message
    assert message in str(error)
    assert f"Status: {status}" in str(error)
    assert error.request_id == server.requests[-1].request_id
    assert error.request_id in str(error)
    assert error.retryable == (status == 429 or status >= 500)
    assert len(server.requests) == tries
    assert all(request.kind == "request" for request in server.requests)
    assert (error.__cause__, error.__context__) == (None, None)
    return bool(error.status == status)


@pytest.mark.parametrize("status", REFUSALS)
def test_each_refusal_is_a_class(status: int, face: Face, server: LocalServer) -> None:
    """Entering raises the class of the status, with the reason of `dg-error`; only what may pass is asked again."""
    server.fail(Fault.status(status), times=None)

    async def main(deepgram: Talker) -> None:
        live = deepgram.live()
        with pytest.raises(dgasync.DeepgramError) as caught:
            async with live:
                raise AssertionError("it was entered")
        assert is_it(caught.value, status, server, 3 if status in RETRIED else 1)
        with pytest.raises(dgasync.SessionEnded):
            await live.send(bytes(640))

    talk(face, server.url, main)


@pytest.mark.parametrize("status", REFUSALS)
def test_each_refusal_as_documented(status: int, face: Face, server: LocalServer) -> None:
    """There `start` is False, an Error event has been fired with the same error, and `error` holds it."""
    server.fail(Fault.status(status), times=None)
    told: list[Any] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Error", lambda _, error, **extra: told.append(error))
        assert await connection.start(RAW) is False
        assert [each.error for each in told] == [connection.error]
        assert told[0].description == REFUSALS[status][0].__name__
        assert is_it(connection.error, status, server, 3 if status in RETRIED else 1)
        assert await connection.send(bytes(640)) is False
        assert await connection.finish() is True
        assert await connection.is_connected() is False

    talk(face, server.url, main)


def test_nobody_handles_errors(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Without a handler for errors a failed start is one line in the log, which says why."""
    server.fail(Fault.status(402))

    async def main(deepgram: Talker) -> None:
        assert await deepgram.connection().start(RAW) is False

    talk(face, server.url, main)

    (line,) = [record.getMessage() for record in caplog.records]
    assert "Project does not have enough credits" in line
    assert server.requests[-1].request_id in line


def test_start_raises_where_that_was_asked_for(face: Face, server: LocalServer) -> None:
    """With v3's `termination_exception_connect` the same error is raised."""
    server.fail(Fault.status(401))

    async def main(deepgram: Talker) -> None:
        with pytest.raises(dgasync.Unauthorized) as caught:
            await deepgram.connection().start(RAW)
        assert is_it(caught.value, 401, server, 1)

    talk(face, server.url, main, options={"termination_exception_connect": "true"})


def test_after_a_refusal(face: Face, server: LocalServer) -> None:
    """The same connection can be started again when the reason is gone."""
    server.fail(Fault.status(402))

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        assert await connection.start(RAW) is False
        assert await connection.start(RAW) is True
        assert connection.error is None
        assert await connection.finish() is True

    talk(face, server.url, main)


def test_how_long_to_wait(face: Face, server: LocalServer) -> None:
    """A wait too long to sleep through stands in the error, and nothing is asked again."""
    server.fail(Fault.status(429, retry_after=3600), times=None)

    async def main(deepgram: Talker) -> None:
        with pytest.raises(dgasync.RateLimited) as caught:
            async with deepgram.live():
                raise AssertionError("it was entered")
        assert caught.value.retry_after == 3600

    talk(face, server.url, main, key="of-this-test")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("kind", "why", "what"),
    [
        (dgasync.Unauthorized, "Invalid credentials", {"key": "another"}),
        (dgasync.BadRequest, "No such model", {"model": "nova-99"}),
        (dgasync.BadRequest, "sample_rate", {"sample_rate": None}),
        (dgasync.NotFound, "404", {"endpoint": "v1/lisen"}),
    ],
    ids=["key", "model", "sample rate", "path"],
)
def test_true_refusals(kind: Any, why: str, what: dict[str, Any], face: Face) -> None:
    """What the server refuses by itself, not on purpose."""
    options = {name: value for name, value in what.items() if name != "key"}

    async def main(deepgram: Talker) -> None:
        with pytest.raises(kind, match=why) as caught:
            async with deepgram.live(**options):
                raise AssertionError("it was entered")
        assert caught.value.request_id == guarded.requests[-1].request_id

    with local_server(api_keys=[KEY]) as guarded:
        talk(face, guarded.url, main, key=what.get("key", KEY))


def test_nobody_there(face: Face) -> None:
    """A port that nobody listens on is ConnectFailed, with the system's own error as its cause."""

    async def main(deepgram: Talker) -> None:
        with pytest.raises(dgasync.ConnectFailed) as caught:
            async with deepgram.live():
                raise AssertionError("it was entered")
        assert isinstance(caught.value.__cause__, OSError)

    with refusing() as port:
        talk(face, f"http://127.0.0.1:{port}", main)


def test_no_answer(face: Face) -> None:
    """A handshake that is never answered is a Timeout of the phase `connect`."""

    async def main(deepgram: Talker) -> None:
        with pytest.raises(dgasync.Timeout) as caught:
            async with deepgram.live(timeout=0.1, max_retries=0):
                raise AssertionError("it was entered")
        assert caught.value.phase == "connect"

    with local_server() as server:  # its own: it holds the connection until it is closed
        server.fail(Fault.stall())
        talk(face, server.url, main)


def test_a_misspelt_option(face: Face, server: LocalServer) -> None:
    """An option that does not exist is refused before anything is sent, with the one that was meant."""

    async def main(deepgram: Talker) -> None:
        with pytest.raises(dgasync.DeepgramTypeError, match="did you mean 'interim_results'"):
            async with deepgram.live(interim_result=True):
                raise AssertionError("it was entered")
        connection = deepgram.connection()
        with pytest.raises(dgasync.DeepgramTypeError, match="did you mean 'interim_results'"):
            await connection.start({"interim_result": True})

    talk(face, server.url, main)

    assert server.requests == []
