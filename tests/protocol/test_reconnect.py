"""Whether a lost session is connected again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.errors import (
    ConnectFailed,
    DeepgramApiKeyError,
    DeepgramError,
    DeepgramTypeError,
    RateLimited,
    ServerError,
    StreamClosed,
    Timeout,
    api_error,
)
from dgasync.limits import (
    COOL_DOWN_LIMIT,
    QUICK_FAILURE,
    QUICK_FAILURES,
    RECONNECT_ATTEMPTS,
    RECONNECT_BASE,
    RECONNECT_CAP,
)
from dgasync.protocol.reconnect import Reconnect

LOST = StreamClosed("", 1006)


def opened(now: float = 0.0) -> Reconnect:
    reconnect = Reconnect()
    reconnect.opened(now)
    return reconnect


@pytest.mark.parametrize("code", [1006, 1011, 1012, 1013])
def test_passing_codes(code: int) -> None:
    """What may be over in a moment is tried again."""
    assert opened().after_loss(100.0, StreamClosed("", code), 1.0) == RECONNECT_BASE


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 1014, 1015, 3000, 4000])
def test_other_codes(code: int) -> None:
    """What will not change, and what nobody has listed, ends the session."""
    assert opened().after_loss(100.0, StreamClosed("", code), 1.0) is None


def refusal(status: int) -> DeepgramError:
    return api_error(status)("no", status)


@pytest.mark.parametrize(
    "failure", [refusal(408), refusal(429), refusal(500), refusal(502), refusal(503), ConnectFailed(), Timeout()]
)
def test_refusals_that_pass(failure: DeepgramError) -> None:
    """A handshake that was too slow, one too many, or failed on the way is tried again."""
    assert Reconnect().after_refusal(failure, 0.5) == RECONNECT_BASE / 2


@pytest.mark.parametrize(
    "failure", [*map(refusal, (400, 401, 402, 403, 404, 409, 413, 422)), DeepgramApiKeyError(), DeepgramTypeError()]
)
def test_refusals_that_stay(failure: DeepgramError) -> None:
    """A handshake that will be refused again ends the session."""
    assert Reconnect().after_refusal(failure, 0.5) is None


@pytest.mark.parametrize("kind", [RateLimited, ServerError])
def test_retry_after(kind: type[RateLimited | ServerError]) -> None:
    """A time to come back is kept, the jitter behind it; one that is too far away ends the session."""
    failure = kind("later", 429)
    failure.retry_after = 7.0
    assert Reconnect().after_refusal(failure, 1.0) == 7.0 + RECONNECT_BASE

    failure.retry_after = COOL_DOWN_LIMIT + 1
    assert Reconnect().after_refusal(failure, 1.0) is None


def test_delays_grow() -> None:
    """Each delay is drawn from a range that doubles up to its cap, and there is an end to them."""
    reconnect = Reconnect()
    delays = [reconnect.after_refusal(ConnectFailed(), 1.0) for _ in range(RECONNECT_ATTEMPTS + 1)]

    assert delays[:5] == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert delays[5:] == [RECONNECT_CAP, RECONNECT_CAP, RECONNECT_CAP, None]
    assert reconnect.attempt == RECONNECT_ATTEMPTS
    assert reconnect.why == f"{RECONNECT_ATTEMPTS} tries to connect again were in vain."


def test_quick_failures() -> None:
    """Connections that break at once, one after another, end the session."""
    reconnect = opened()
    for _ in range(QUICK_FAILURES - 1):
        assert reconnect.after_loss(1.0, LOST, 0.0) is not None
        reconnect.opened(0.0)

    assert reconnect.after_loss(1.0, LOST, 0.0) is None
    assert "3 connections in a row broke within 5 s" in reconnect.why


@pytest.mark.parametrize("how", ["works", "lasts"])
def test_a_good_connection_clears_the_count(how: str) -> None:
    """A connection that brings a final result, or lasts, makes the tries before it forgotten."""
    reconnect = opened()
    for _ in range(5 * RECONNECT_ATTEMPTS):
        if how == "works":
            reconnect.works()
            reconnect.works()
        assert reconnect.after_loss(1.0 if how == "works" else QUICK_FAILURE, LOST, 1.0) == RECONNECT_BASE
        reconnect.opened(0.0)


def test_a_mute_service() -> None:
    """Connections on which the service says nothing are no good ones, however long they last."""
    reconnect = opened()
    for _ in range(RECONNECT_ATTEMPTS):
        assert reconnect.after_loss(100.0, LOST, 0.0, alive=False) is not None
        reconnect.opened(0.0)
    assert reconnect.after_loss(100.0, LOST, 0.0, alive=False) is None


@given(st.lists(st.sampled_from(["lost", "refused", "works", "slow"]), max_size=60), st.floats(0, 1))
def test_it_ends(steps: list[str], draw: float) -> None:
    """However it goes, no more tries in a row than allowed, no delay beyond the cap."""
    reconnect, now, row = opened(), 0.0, 0
    for step in steps:
        if step == "works":
            reconnect.works()
            row = 0
            continue
        if step == "slow":
            now += QUICK_FAILURE
        delay = (
            reconnect.after_refusal(ConnectFailed(), draw)
            if step == "refused"
            else reconnect.after_loss(now, LOST, draw)
        )
        if step == "slow":
            row = 0
        if delay is None:
            assert reconnect.why
            return
        row += 1
        assert 0 <= delay <= RECONNECT_CAP
        assert reconnect.attempt <= RECONNECT_ATTEMPTS
        if step != "refused":
            reconnect.opened(now)
