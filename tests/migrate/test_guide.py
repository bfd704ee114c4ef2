"""What docs/guides/migrating.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

from dgasync.migrate.account import BRANCHES
from tests.migrate.checked import checked, left

TEXT = (Path(__file__).parents[2] / "docs" / "guides" / "migrating.md").read_text("utf-8")


def test_the_diffs() -> None:
    """Each diff is what is made of the code before it."""
    blocks = re.findall(r"^```diff\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        lines = block.splitlines()
        before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        made = checked(before)

        assert made.text == after
        assert left(made) == []


def test_the_table() -> None:
    """Every call of v2 about the account stands in the table, beside what it became."""
    for branch, calls in BRANCHES.items():
        (row,) = re.findall(rf"^\| `{branch}\..*$", TEXT, re.MULTILINE)
        for method, call in calls.items():
            assert method in row
            assert call.name in row
