"""Print the lowest versions that pyproject.toml allows for the run-time dependencies, as pip takes them.

`python tools/lowest.py` is what the "lowest" job of .ci/run installs: a lower bound that no test proves is only a wish.
"""

from __future__ import annotations

import re
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def lowest(text: str) -> list[str]:
    """`name==version` for each run-time dependency of a pyproject.toml."""
    # Read by pattern: Python 3.10 has no tomllib, and the list is ours.
    block = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    return [
        f"{name}=={version}{marker}"
        for name, version, marker in re.findall(r'"([\w.-]+)>=([\w.]+)(;[^"]*)?"', block.group(1))
    ]


if __name__ == "__main__":
    print("\n".join(lowest(PYPROJECT.read_text())))
