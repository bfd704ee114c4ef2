"""The voice whose samples say what they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.server.ruler_voice import BROKEN, MARK_BYTES, RulerVoice, spoken_bytes, spoken_text

SAID = spoken_bytes("Hello ") + spoken_bytes("again \N{GRINNING FACE}")


def test_read_back() -> None:
    """What was said can be read back, at any rate, and silence says nothing."""
    voice = RulerVoice()
    voice.load(lambda line: None)
    assert voice.say("Hello ", 8000, 1.0) + voice.say("again \N{GRINNING FACE}", 48000, 1.5) == SAID
    assert spoken_text(SAID) == "Hello again \N{GRINNING FACE}"
    assert spoken_text(bytes(1000) + SAID + bytes(3)) == "Hello again \N{GRINNING FACE}"
    assert spoken_text(b"") == ""


@given(st.integers(0, len(SAID) - 1), st.integers(1, 3 * MARK_BYTES))
def test_what_is_lost_shows(at: int, count: int) -> None:
    """Lost bytes show, wherever they are, but for whole words at an end."""
    text = spoken_text(SAID[:at] + SAID[at + count :])
    edge = at + count >= len(SAID) and at % MARK_BYTES == 0
    second = len("Hello ") * MARK_BYTES  # Where the second text begins, nobody knows how the first one went on.
    between = at % MARK_BYTES == 0 and at < second == at + count
    assert (BROKEN in text) is not (edge or between)


@pytest.mark.parametrize("at", [0, 3, MARK_BYTES, 5 * MARK_BYTES + 7])
def test_what_is_repeated_or_changed_shows(at: int) -> None:
    """So do bytes that came twice, and changed ones; a first character that came twice is in the text twice."""
    assert BROKEN in spoken_text(SAID[: at + 1] + SAID[at:])
    assert spoken_text(SAID[: at + MARK_BYTES] + SAID[at:]) != spoken_text(SAID)
    assert BROKEN in spoken_text(SAID[:at] + bytes((SAID[at] ^ 1,)) + SAID[at + 1 :])
