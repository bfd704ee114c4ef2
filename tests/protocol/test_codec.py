"""What answers mean."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from dgasync.errors import (
    BadRequest,
    Conflict,
    DecodeError,
    DeepgramApiError,
    DeepgramUnknownApiError,
    Forbidden,
    NotFound,
    PaymentRequired,
    RateLimited,
    ServerError,
    TooLarge,
    Unauthorized,
)
from dgasync.models.base import Headers
from dgasync.models.listen import PrerecordedResponse
from dgasync.protocol.codec import decoded, refusal

NONE = Headers()


@pytest.mark.parametrize(
    ("body", "message", "code", "request_id"),
    [
        ({"err_code": "C", "err_msg": "m", "request_id": "r"}, "m", "C", "r"),
        ({"category": "C", "message": "m", "details": "d", "request_id": "r"}, "m d", "C", "r"),
        ({"category": "C", "message": "m.", "details": "m."}, "m.", "C", "header"),
        ({"error_code": "C", "reason": "m"}, "m", "C", "header"),
        ({"details": "d"}, "d", None, "header"),
        ("just words", "just words", None, "header"),
        ({}, "said by header", None, "header"),
        ([1], "[1]", None, "header"),
        ({"err_msg": None, "err_code": 7}, "said by header", None, "header"),
    ],
)
def test_four_shapes(body: object, message: str, code: str | None, request_id: str) -> None:
    """Whichever shape an error has, its message, code and request id are found, in the body or the headers."""
    headers = Headers({"dg-request-id": "header", "dg-error": "said by header"})

    error = refusal(400, json.dumps(body).encode(), headers)

    assert (error.message, error.err_code, error.request_id) == (message, code, request_id)
    assert type(error) is BadRequest
    assert json.loads(error.original_error or "") == body
    assert error.headers["DG-Request-Id"] == "header"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, PaymentRequired),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, TooLarge),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
        (418, DeepgramUnknownApiError),
        (302, DeepgramUnknownApiError),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[DeepgramApiError]) -> None:
    """A class for each thing a user would do differently; plain text is caught by it and as unknown."""
    error = refusal(status, b'{"err_msg": "m"}', NONE)
    plain = refusal(status, b"<html>no</html>", NONE)

    assert type(error) is kind
    assert error.status == status
    assert isinstance(plain, kind)
    assert isinstance(plain, DeepgramUnknownApiError)
    assert plain.message == "<html>no</html>"
    assert error.retryable is (kind in (RateLimited, ServerError))


def test_retry_after_is_on_the_error() -> None:
    """Who is sent away learns for how long."""
    error = refusal(429, b"{}", Headers({"Retry-After": "3"}))

    assert isinstance(error, RateLimited)
    assert error.retry_after == 3.0


def test_an_error_says_what_happened_and_what_to_do() -> None:
    """The text has the message, status, code, request id and an advice."""
    error = refusal(401, b'{"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": "r-1"}', NONE)

    assert str(error) == (
        "Invalid credentials. (Status: 401, INVALID_AUTH, request r-1) "
        "Check the API key: DEEPGRAM_API_KEY, or the `api_key` given to the client."
    )
    assert error.name == "Unauthorized"
    assert str(refusal(400, b"", NONE)) == "The service gave no reason. (Status: 400)"


def test_a_redirect_that_cannot_be_followed_says_so() -> None:
    """A redirect of an upload is an error with a reason."""
    assert "redirects" in refusal(302, b"", Headers({"Location": "/x"})).message


@pytest.mark.parametrize("body", [b"gone", b'{"err_msg": "gone"}'])
def test_errors_can_be_pickled(body: bytes) -> None:
    """An error crosses to another process and back as what it was."""
    error = refusal(404, body, CIMultiDictProxy(CIMultiDict({"dg-request-id": "r"})))

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert (again.message, again.status, again.request_id) == ("gone", 404, "r")
    assert str(again) == str(error)
    assert again.headers == error.headers == Headers({"DG-Request-Id": "r"})


def test_an_answer_keeps_its_bytes_and_headers() -> None:
    """The answer has what came, unless that is not wanted."""
    body = b'{"metadata": {"request_id": "r"}, "new": null}'

    answer = decoded(PrerecordedResponse, body, Headers({"X-A": "b"}), 200)
    bare = decoded(PrerecordedResponse, body, NONE, 200, keep_raw=False)

    assert answer.raw == body
    assert answer["new"] is None
    assert answer.headers["x-a"] == "b"
    assert "new" not in bare


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"metadata": 1}', b"[]", b'{"metadata": {"duration": "long"}}'])
def test_an_answer_that_cannot_be_read(body: bytes) -> None:
    """Nothing becomes None because it could not be read: it is an error that has it."""
    with pytest.raises(DecodeError) as caught:
        decoded(PrerecordedResponse, body, Headers({"dg-request-id": "r"}), 200)

    assert caught.value.payload == body
    assert caught.value.status == 200
    assert caught.value.request_id == "r"


def test_the_errors_of_the_real_service(shared: Path) -> None:
    """Each recorded error gives its message, and its text is kept whole."""
    files = sorted((shared / "corpus").glob("error.*.json"))
    assert files
    for file in files:
        body = file.read_bytes()
        error = refusal(400, body, NONE)
        said = json.loads(body)
        if isinstance(said, dict):
            assert error.message.startswith(said.get("err_msg") or said.get("message") or said.get("reason") or "")
            assert error.request_id == said.get("request_id")
            assert error.err_code == (said.get("err_code") or said.get("category") or said.get("error_code"))
        else:
            assert error.message == said
        assert error.original_error == body.decode()
