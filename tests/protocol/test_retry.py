"""Whether and when something is tried again."""

from __future__ import annotations

import pytest

from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DecodeError,
    DeepgramConnectionError,
    DeepgramError,
    PaymentRequired,
    RateLimited,
    ServerError,
    Timeout,
)
from dgasync.limits import COOL_DOWN_LIMIT, RETRY_BASE, RETRY_CAP
from dgasync.protocol.request import Safety
from dgasync.protocol.retry import delay, retry_after

READ, BILLED, CHANGE = Safety.READ, Safety.BILLED, Safety.CHANGE


def failed(status: int, after: float | None = None) -> DeepgramError:
    error = (RateLimited if status == 429 else ServerError)("", status)
    error.retry_after = after
    return error


def again(failure: DeepgramError, safety: Safety, **changes: object) -> bool:
    asked = {"tried": 1, "max_retries": 2, "repeatable": True, "draw": 0.5, **changes}
    return delay(failure, safety=safety, **asked) is not None  # type: ignore[arg-type]  # a mapping of mixed values


@pytest.mark.parametrize(
    ("failure", "read", "billed", "change"),
    [
        (ConnectFailed(), True, True, True),
        (Timeout("", "connect"), True, True, True),
        (Timeout("", "read"), False, False, False),
        (Timeout("", "write"), False, False, False),
        (DeepgramConnectionError(), True, True, False),
        (failed(429), True, True, True),
        (failed(429, 1), True, True, True),
        (failed(502), True, True, False),
        (failed(503), True, True, False),
        (failed(503, 1), True, True, True),
        (failed(504), True, True, False),
        (failed(504, 1), True, True, False),
        (failed(500), False, False, False),
        (BadRequest("", 400), False, False, False),
        (PaymentRequired("", 402), False, False, False),
        (DecodeError(), False, False, False),
    ],
)
def test_what_is_tried_again(failure: DeepgramError, read: bool, billed: bool, change: bool) -> None:
    """Only what may help is tried again, and only where nothing is done twice."""
    assert [again(failure, safety) for safety in (READ, BILLED, CHANGE)] == [read, billed, change]


def test_it_ends() -> None:
    """After `max_retries` it is over, and a body that is gone is never sent again."""
    assert again(failed(503), READ, tried=2)
    assert not again(failed(503), READ, tried=3)
    assert not again(failed(503), READ, max_retries=0)
    assert not again(failed(503), READ, repeatable=False)


def test_full_jitter() -> None:
    """The delay is drawn from nothing up to a bound that doubles, and stops growing."""
    bounds = [
        delay(failed(503), tried=n, max_retries=99, safety=READ, repeatable=True, draw=1.0) for n in (1, 2, 3, 20)
    ]

    assert bounds == [RETRY_BASE, RETRY_BASE * 2, RETRY_BASE * 4, RETRY_CAP]
    assert delay(failed(503), tried=1, max_retries=2, safety=READ, repeatable=True, draw=0.0) == 0


def test_what_the_server_asks_for_comes_first() -> None:
    """A Retry-After is waited for, with jitter on top; one that is too long is the caller's to decide."""
    assert delay(failed(429, 5.0), tried=1, max_retries=2, safety=READ, repeatable=True, draw=1.0) == 5.0 + RETRY_BASE
    assert not again(failed(429, COOL_DOWN_LIMIT + 1), READ)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:10 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 10.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:10 GMT"}, None),
        ({"retry-after": "tomorrow", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds, seconds and dates are understood, and nonsense is nothing."""
    assert retry_after(headers) == seconds
