"""The watchdogs of a connection."""

from __future__ import annotations

import pytest

from dgasync.limits import HEARD_NOTHING, PING_EVERY, PING_TIMEOUT, WRITE_STALL
from dgasync.protocol.watch import Alarm, Watch

NOW = 1000.0
RATE = 32000.0


def opened() -> Watch:
    watch = Watch()
    watch.opened(NOW)
    return watch


# ── pings ──


def test_pings() -> None:
    """A ping is due every `PING_EVERY`, and not while one is on its way."""
    watch = opened()
    assert not watch.ping_due(NOW + PING_EVERY - 1)
    assert watch.look(NOW + PING_EVERY - 1, NOW, 0, RATE) == (None, 1.0)
    assert watch.ping_due(NOW + PING_EVERY)

    watch.pinged(NOW + PING_EVERY)
    assert watch.unanswered
    assert not watch.ping_due(NOW + 3 * PING_EVERY)
    watch.answered()

    assert not watch.unanswered
    assert not watch.ping_due(NOW + 2 * PING_EVERY - 1)
    assert watch.ping_due(NOW + 2 * PING_EVERY)


def test_an_unanswered_ping() -> None:
    """A ping that is not answered in time says that nobody is there."""
    watch = opened()
    watch.pinged(NOW)

    assert watch.look(NOW + PING_TIMEOUT - 1, NOW, 0, RATE) == (None, 1.0)
    assert watch.look(NOW + PING_TIMEOUT, NOW, 0, RATE) == (Alarm.UNANSWERED, 0.0)


def test_who_speaks_is_there() -> None:
    """A message is an answer, too."""
    watch = opened()
    watch.pinged(NOW)
    watch.heard += 1

    assert watch.look(NOW + PING_TIMEOUT, NOW, 0, RATE)[0] is None
    assert not watch.unanswered


def test_a_ping_at_once() -> None:
    """When it matters, a ping is due at once."""
    watch = opened()
    watch.ping_soon(NOW + 1)

    assert watch.ping_due(NOW + 1)


# ── the network ──


def test_a_stall() -> None:
    """A frame that the network does not take says so after a while; one that it takes late does not."""
    watch = opened()
    watch.begun += 1
    assert watch.look(NOW + 2, NOW + 1, 0, RATE) == (None, WRITE_STALL - 1)
    watch.done += 1
    assert watch.look(NOW + 3, NOW + 1, 0, RATE)[0] is None
    watch.begun += 1
    assert watch.look(NOW + 6, NOW + 5, 0, RATE)[0] is None

    assert watch.look(NOW + 5 + WRITE_STALL, NOW + 5, 0, RATE) == (Alarm.STALLED, 0.0)


def test_a_slow_network() -> None:
    """While frames are taken, however slowly, nothing stalls."""
    watch = opened()
    watch.begun += 10
    for second in range(0, 40, 4):
        assert watch.look(NOW + second, NOW + second, 0, RATE)[0] is None
        watch.done += 1
        watch.pinged(NOW + second)
        watch.answered()


# ── the service ──


@pytest.mark.parametrize("rate", [RATE, None])
def test_unheard(rate: float | None) -> None:
    """Audio to which the service says nothing at all for long says that it does not hear."""
    watch, sent = opened(), 0
    for second in range(15):
        assert watch.look(NOW + second, NOW + second, sent, rate)[0] is None, second
        watch.pinged(NOW + second)
        watch.answered()
        sent += int(RATE)

    assert watch.look(NOW + HEARD_NOTHING, NOW + 14, sent, rate) == (Alarm.UNHEARD, 0.0)


def test_a_service_that_may_be_silent() -> None:
    """Where the service has nothing to say while nobody speaks, its silence shows nothing; dead ones still show."""
    watch = Watch(may_be_silent=True)
    watch.opened(NOW)
    assert watch.look(NOW + 99, NOW + 99, int(99 * RATE), RATE)[0] is None
    watch.pinged(NOW + 99)
    assert watch.look(NOW + 99 + PING_TIMEOUT, NOW + 99, int(99 * RATE), RATE)[0] is Alarm.UNANSWERED


@pytest.mark.parametrize("rate", [RATE, None])
def test_a_file_at_once(rate: float | None) -> None:
    """An hour that is sent in a second is not expected to be heard in one."""
    watch = opened()

    assert watch.look(NOW + 1, NOW + 1, int(3600 * RATE), rate)[0] is None


@pytest.mark.parametrize("rate", [RATE, None])
def test_nothing_to_hear(rate: float | None) -> None:
    """Who sends nothing, or only a little, hears nothing."""
    watch = opened()
    assert watch.look(NOW + 1, NOW, 640, rate)[0] is None
    watch.pinged(NOW + 5)
    watch.answered()

    assert watch.look(NOW + 14, NOW, 640, rate)[0] is None
    watch.pinged(NOW + 90)
    watch.answered()
    assert watch.look(NOW + 99, NOW, 640, rate)[0] is None


def test_heard_again() -> None:
    """Any message starts the count anew, and so does another connection."""
    watch = opened()
    watch.look(NOW + 10, NOW + 10, int(10 * RATE), RATE)
    watch.heard += 1
    watch.pinged(NOW + 11)
    watch.answered()
    assert watch.look(NOW + 16, NOW + 16, int(16 * RATE), RATE)[0] is None

    watch.opened(NOW + 40, int(40 * RATE))
    assert watch.look(NOW + 41, NOW + 41, int(41 * RATE), RATE)[0] is None
