"""Misspelt names."""

from __future__ import annotations

import pytest

from dgasync.errors import DeepgramError, DeepgramTypeError
from dgasync.models.names import unknown

KNOWN = ["keyterm", "diarize", "smart_format", "utt_split", "model"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("keyterms", "keyterm"),
        ("diarise", "diarize"),
        ("smartformat", "smart_format"),
        ("smart-format", "smart_format"),
        ("Model", "model"),
        ("uttSplit", "utt_split"),
    ],
)
def test_near_miss(typed: str, meant: str) -> None:
    """A misspelt option is answered with the one that was meant."""
    error = unknown(typed, KNOWN, "transcribe")

    assert str(error) == f"transcribe has no option {typed!r}; did you mean {meant!r}?"


def test_far_miss() -> None:
    """Where nothing is near, the way to pass new parameters is named."""
    assert str(unknown("interim_results", KNOWN, "transcribe")).endswith("that is one of `live`.")
    assert str(unknown("loudness", KNOWN, "transcribe")).endswith("goes in `addons`.")


def test_no_name() -> None:
    """A key that is no text is told apart from a misspelling."""
    assert "3 is not a name" in str(unknown(3, KNOWN, "transcribe"))


def test_kind_of_error() -> None:
    """It is caught as what Python itself raises for an unknown argument, and as ours."""
    error = unknown("x", KNOWN, "transcribe")

    assert isinstance(error, DeepgramTypeError)
    assert isinstance(error, TypeError)
    assert isinstance(error, DeepgramError)
