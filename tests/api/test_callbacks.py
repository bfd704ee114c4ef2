"""What arrives at a callback address."""

from __future__ import annotations

import pytest

from dgasync.api.listen import parse_callback
from dgasync.client import AsyncDeepgramClient
from dgasync.errors import DecodeError, DeepgramApiError, DeepgramApiKeyError

BODY = b'{"metadata": {"request_id": "r"}, "results": {"channels": [{"alternatives": [{"transcript": "hello"}]}]}}'
HEADERS = {"DG-Token": "key-id", "dg-request-id": "r"}


@pytest.mark.parametrize("dg_token", [None, "key-id", ["other", "key-id"]])
def test_an_answer(dg_token: str | list[str] | None) -> None:
    """Bytes, text and what a framework made of them give the same transcript, with its bytes and headers."""
    import json

    for body in (BODY, BODY.decode(), json.loads(BODY)):
        answer = parse_callback(body, HEADERS, dg_token=dg_token)
        assert answer.request_id == "r"
        assert answer.headers["dg-token"] == "key-id"
        assert json.loads(answer.raw) == json.loads(BODY)
    assert AsyncDeepgramClient("k").parse_callback(BODY, HEADERS, dg_token=dg_token).text == "hello"


@pytest.mark.parametrize(
    ("headers", "dg_token"), [({}, None), ({"dg-token": ""}, None), (HEADERS, "other"), (HEADERS, []), (HEADERS, "ü")]
)
def test_a_post_of_somebody_else(headers: dict[str, str], dg_token: str | list[str] | None) -> None:
    """Without the right token the post is refused, and its token is not shown."""
    with pytest.raises(DeepgramApiKeyError) as caught:
        parse_callback(BODY, headers, dg_token=dg_token)
    assert "key-id" not in str(caught.value)


def test_a_failure_is_reported() -> None:
    """A post that says that the request failed raises what it says."""
    with pytest.raises(DeepgramApiError, match="no audio") as caught:
        parse_callback(b'{"err_code": "C", "err_msg": "no audio", "request_id": "r-1"}', HEADERS)
    assert (caught.value.err_code, caught.value.request_id) == ("C", "r-1")


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"{}", b'{"results": 1}'])
def test_a_post_that_cannot_be_read(body: bytes) -> None:
    """What holds no transcript is an error that has it."""
    with pytest.raises(DecodeError) as caught:
        parse_callback(body, HEADERS)
    assert caught.value.payload == body
