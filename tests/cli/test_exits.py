"""How errors end the command, as far as tests/cli/test_transcribe.py does not bring them about."""

from __future__ import annotations

import pytest

from dgasync.cli.exits import Exit, explained
from dgasync.errors import CannotResume, ConsumerTooSlow, SessionEnded, StreamClosed


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        *((1000, Exit.NO_ANSWER), (1002, Exit.NO_ANSWER), (1006, Exit.NO_ANSWER), (4000, Exit.NO_ANSWER)),
        *((1003, Exit.REFUSED), (1007, Exit.REFUSED), (1008, Exit.REFUSED), (1009, Exit.REFUSED)),
        *((1001, Exit.BUSY), (1011, Exit.BUSY), (1012, Exit.BUSY), (1013, Exit.BUSY)),
    ],
)
def test_a_closed_stream(code: int, exit_code: Exit) -> None:
    """What a close code means decides: this audio is of no use, try again later, or the connection broke."""
    assert explained(StreamClosed("It ended.", code)) == ("It ended.", exit_code)


def test_a_lost_connection() -> None:
    """Audio that cannot go on after the connection was lost is a lost connection."""
    assert explained(CannotResume("It cannot go on."))[1] == Exit.NO_ANSWER


def test_a_slow_reader() -> None:
    """Whoever does not read the output ends the command, and is told why."""
    assert explained(ConsumerTooSlow("Too slow.")) == ("Too slow.", Exit.NO_READER)


def test_an_ended_session() -> None:
    """Who sends after the end is told how it ended."""
    error = SessionEnded("It is over.")
    alone = explained(error)
    error.__cause__ = StreamClosed("The service restarts.", 1012)

    assert alone == ("It is over.", Exit.NO_ANSWER)
    assert explained(error) == ("The service restarts.", Exit.BUSY)
