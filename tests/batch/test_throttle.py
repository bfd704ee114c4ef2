"""How many at once, learnt from the answers."""

from __future__ import annotations

import pytest

from dgasync.batch.throttle import Throttle, befalls_all
from dgasync.errors import BadRequest, ConnectFailed, DeepgramConnectionError, RateLimited, ServerError, Timeout
from dgasync.limits import BATCH_OUTAGE, BATCH_PATIENCE, BATCH_REFUSALS, BATCH_REST


def limited(after: float | None = None) -> RateLimited:
    error = RateLimited("no", 429)
    error.retry_after = after
    return error


def broken(status: int) -> ServerError:
    return ServerError("no", status)


def test_a_rate_limit_takes_a_third_away_once() -> None:
    """All who were on their way when the limit fell bring the same news; it falls once."""
    throttle = Throttle(30)

    for _ in range(5):
        assert not throttle.failed(limited(2.0), began=0.0, now=1.0, draw=0.0)

    assert throttle.limit == 20
    assert throttle.resume_at == 3.0
    assert (throttle.rested(1.0), throttle.rested(2.5), throttle.rested(9.0)) == (0.0, 1.5, 2.0)
    assert not throttle.failed(limited(2.0), began=3.0, now=3.5, draw=0.0)
    assert throttle.limit == 13


def test_good_answers_bring_it_back() -> None:
    """One more for each round of good answers, and never more than was asked for."""
    throttle = Throttle(12)
    throttle.failed(limited(1.0), began=0.0, now=0.0, draw=0.0)
    assert throttle.limit == 8

    for _ in range(8):
        throttle.succeeded(0.0)
    assert throttle.limit == 9
    for _ in range(100):
        throttle.succeeded(0.0)
    assert throttle.limit == 12


def test_a_rest_that_nobody_asked_for_doubles() -> None:
    """Without Retry-After the rests grow, drawn from the upper half, to a bound."""
    throttle, now, rests = Throttle(8), 0.0, []
    for _ in range(12):
        throttle.failed(limited(), began=now, now=now, draw=1.0)
        rests.append(throttle.resume_at - now)
        now = throttle.resume_at

    assert rests[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(rests) == rests[-1] == BATCH_REST
    assert throttle.limit == 1


@pytest.mark.parametrize("error", [ConnectFailed("no"), DeepgramConnectionError("no"), broken(503)])
def test_an_outage_is_not_the_recordings_fault(error: DeepgramConnectionError) -> None:
    """Some failures are counted; so many in a row that all in flight must have failed are not."""
    throttle = Throttle(4)

    counted = [throttle.failed(error, began=float(n), now=float(n), draw=0.0) for n in range(BATCH_OUTAGE + 3)]

    assert counted == [True] * (BATCH_OUTAGE - 1) + [False] * 4
    assert throttle.limit == 1
    assert throttle.resume_at > BATCH_OUTAGE


def test_failures_now_and_then_are_no_outage() -> None:
    """A success in between begins the row anew."""
    throttle = Throttle(4)
    for n in range(50):
        assert throttle.failed(broken(503), began=float(n), now=float(n), draw=0.5)
        throttle.succeeded(0.0)
    assert throttle.limit == 4


def test_patience() -> None:
    """It ends when nothing but failures came for long, and begins anew with a success."""
    throttle = Throttle(4)
    throttle.failed(broken(503), began=0.0, now=1.0, draw=0.0)
    assert not throttle.is_out_of_patience(BATCH_PATIENCE)
    assert throttle.is_out_of_patience(BATCH_PATIENCE + 1)
    throttle.succeeded(0.0)
    assert not throttle.is_out_of_patience(BATCH_PATIENCE + 1)


def test_what_befalls_all() -> None:
    """Network and service, not the recording; a slow answer may have been paid for."""
    assert all(befalls_all(each) for each in (limited(), broken(502), broken(503), broken(504), ConnectFailed("no")))
    assert befalls_all(Timeout("no", "connect"))
    assert not befalls_all(Timeout("no", "read"))
    assert not befalls_all(broken(500))
    assert not befalls_all(BadRequest("no", 400))


def test_a_guess_ends_with_an_answer() -> None:
    """A rest that nobody asked for is over when the service answers; one that it asked for is not."""
    throttle = Throttle(4)
    for n in range(BATCH_OUTAGE + 1):
        throttle.failed(broken(503), began=float(n), now=float(n), draw=1.0)
    assert throttle.resume_at == 10.0
    throttle.succeeded(8.5)
    assert throttle.resume_at == 8.5
    throttle.failed(limited(5.0), began=11.0, now=11.0, draw=0.0)
    throttle.succeeded(12.0)
    assert throttle.resume_at == 16.0


def test_rests_that_were_asked_for() -> None:
    """They do not use up patience, but for ever they are not taken either."""
    throttle, now = Throttle(4), 0.0
    for _ in range(3):
        throttle.failed(limited(700.0), began=now, now=now, draw=0.0)
        now = throttle.resume_at + 1.0
        assert not throttle.is_out_of_patience(now)
    for _ in range(BATCH_REFUSALS):
        throttle.failed(limited(1.0), began=now, now=now, draw=0.0)
        now = throttle.resume_at + 0.1
    assert throttle.is_out_of_patience(now)
