"""A `finalize` that waits: for each channel's answer, for a sign of life, and no longer than it was told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from dgasync.limits import FINALIZE_QUIET, FINALIZE_TIMEOUT
from dgasync.models.live import LiveResultResponse, decode_message
from dgasync.session.flush import Flush
from tests.session.stage import ManualClock, results

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def answer(channel: tuple[int, int] | None = (0, 1)) -> LiveResultResponse:
    message = decode_message(results(channel=channel or (0, 1), from_finalize=True))
    assert isinstance(message, LiveResultResponse)
    return message if channel else LiveResultResponse(from_finalize=True)


async def outcome(
    flush: Flush, clock: ManualClock, *steps: float | Callable[[], object], timeout: float = FINALIZE_TIMEOUT
) -> tuple[str, float]:
    """How it goes, and after how many seconds, while time passes and things happen."""
    ended: list[Any] = []
    began = clock.now()

    async def wait() -> None:
        ended.append(await flush.wait(clock, timeout))
        ended.append(clock.now() - began)

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        for step in steps:
            if callable(step):
                step()
            else:
                await clock.advance(step)
    return ended[0], ended[1]


async def test_flushed(clock: ManualClock) -> None:
    """The answer ends it."""
    flush = Flush()

    assert await outcome(flush, clock, 1.0, lambda: flush.answer(answer())) == ("flushed", 1.0)


async def test_answered_at_once(clock: ManualClock) -> None:
    """An answer that comes before anybody waits counts."""
    flush = Flush()
    flush.answer(answer())

    assert await flush.wait(clock, 0.0) == "flushed"


async def test_every_channel_answers(clock: ManualClock) -> None:
    """All channels are waited for, in whatever order they answer."""
    flush = Flush()

    def say(channel: int) -> Callable[[], object]:
        return lambda: flush.answer(answer((channel, 3)))

    assert await outcome(flush, clock, 0.5, say(2), 0.5, say(0), 0.5, say(1)) == ("flushed", 1.5)


@pytest.mark.parametrize("channel", [None, (0, 0)])
async def test_channels_that_are_not_told(channel: tuple[int, int] | None, clock: ManualClock) -> None:
    """An answer that does not say how many channels there are is all."""
    flush = Flush()

    assert await outcome(flush, clock, lambda: flush.answer(answer(channel))) == ("flushed", 0.0)


async def test_a_channel_without_words(clock: ManualClock) -> None:
    """A channel that has nothing to flush may not answer: the others' words are there."""
    flush = Flush()

    assert await outcome(flush, clock, 0.5, lambda: flush.answer(answer((0, 2))), 2.0) == ("flushed", FINALIZE_QUIET)


async def test_a_channel_that_answers_too_late(clock: ManualClock) -> None:
    """When time is over, some words are better than none."""
    flush = Flush()
    steps = [lambda: flush.answer(answer((0, 2))), *[1.0, lambda: hear(flush, clock)] * 4, 1.0]

    assert await outcome(flush, clock, *steps) == ("flushed", FINALIZE_TIMEOUT)


async def test_quiet(clock: ManualClock) -> None:
    """Where nothing is said at all, there was nothing to flush."""
    assert await outcome(Flush(), clock, FINALIZE_QUIET) == ("quiet", FINALIZE_QUIET)


async def test_quiet_counts_from_the_beginning_of_the_wait(clock: ManualClock) -> None:
    """However long it took to send the Finalize."""
    flush = Flush()
    await clock.advance(10 * FINALIZE_QUIET)

    assert await outcome(flush, clock, FINALIZE_QUIET) == ("quiet", FINALIZE_QUIET)


async def test_quiet_after_other_words(clock: ManualClock) -> None:
    """Anything that is said puts that off."""
    flush = Flush()

    assert await outcome(flush, clock, 1.5, lambda: hear(flush, clock), 2.0) == ("quiet", 1.5 + FINALIZE_QUIET)


async def test_timed_out(clock: ManualClock) -> None:
    """A service that says this and that, and not what it was asked for, is not waited for any longer."""
    flush = Flush()

    assert await outcome(flush, clock, *[1.0, lambda: hear(flush, clock)] * 5) == ("timed_out", FINALIZE_TIMEOUT)


async def test_no_time_at_all(clock: ManualClock) -> None:
    """Without any time it does not wait."""
    assert await Flush().wait(clock, 0.0) == "timed_out"


async def test_the_end(clock: ManualClock) -> None:
    """When the session is over, all its words are there."""
    flush = Flush()

    assert await outcome(flush, clock, 0.5, flush.end) == ("flushed", 0.5)


def hear(flush: Flush, clock: ManualClock) -> None:
    flush.heard = clock.now()
