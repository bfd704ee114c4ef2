"""What names of files say."""

from __future__ import annotations

import click
import pytest

from dgasync.cli.endings import by_name

KNOWN = {".a": 1, ".b": 2}


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("x.a", {}, 1),
        ("dir.b/x.A", {}, 1),  # the last name counts, however it is written
        ("x.a", {"--flag": [1, 2]}, 1),
        ("x.c", {"--flag": [2]}, None),  # the flag says it
        *((name, {}, None) for name in (None, "-", "x", "dir.b/x", ".a", "x.")),
    ],
)
def test_what_they_say(name: str | None, given: dict[str, list[int]], found: int | None) -> None:
    """A known ending says it, and what has none says nothing."""
    assert by_name(name, KNOWN, given, "") == found


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("x.c", {}, r"x\.c: \.c does not say what is to be in it: do this"),
        ("x.a", {"--good": [1], "--bad": [2]}, r"--bad does not go with x\.a"),
        ("x.a", {"--bad": []}, "--bad"),
    ],
)
def test_what_they_do_not_say(name: str, given: dict[str, list[int]], says: str) -> None:
    """What nothing is known of is refused, and so is a flag that says something else."""
    with pytest.raises(click.UsageError, match=says):
        by_name(name, KNOWN, given, "do this")
