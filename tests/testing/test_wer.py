"""Word error rate."""

from __future__ import annotations

import pytest

from dgasync.testing import word_error_rate


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [
        ("one two three four", "One, two: three FOUR.", 0.0),
        ("one two three four", "one too three four", 0.25),
        ("one two three four", "one three four", 0.25),
        ("one two three four", "one two two three four", 0.25),
        ("one two three four", "", 1.0),
        ("one", "one two three", 2.0),
        ("", "", 0.0),
        ("mister dashwood’s ill-disposed", "Mr. Dashwood's ill disposed", 0.0),
    ],
)
def test_rates(said: str, heard: str, rate: float) -> None:
    """Changes, insertions and omissions count; case and punctuation do not."""
    assert word_error_rate(said, heard) == rate
