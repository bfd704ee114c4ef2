"""Which service speaks."""

from __future__ import annotations

import pytest

from dgasync.errors import DeepgramTypeError
from dgasync.protocol.speech import version_of


@pytest.mark.parametrize(
    ("version", "model", "found"),
    [(None, None, "1"), (None, "flux-alexis-en", "2"), ("1", "flux-x", "1"), ("2", "mine", "2"), (None, 7, "1")],
)
def test_versions(version: str | None, model: object, found: str) -> None:
    """The voice decides, unless the caller does."""
    assert version_of(version, model) == found


@pytest.mark.parametrize("version", ["3", 2, "2"])
def test_versions_that_are_none(version: object) -> None:
    """The second generation needs a voice, and there is no third."""
    with pytest.raises(DeepgramTypeError):
        version_of(version, None)
