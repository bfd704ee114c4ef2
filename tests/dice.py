"""How tests draw examples: anew each time, the same ones in CI, and any run again by what a failure prints."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings


def examples(count: int, *, shrink: bool = True, **more: Any) -> settings:
    """So many examples of a test, without a deadline or a memory.

    `shrink`: whether a failure is looked for in smaller examples, which takes hundreds of them.

    A failure prints a `@reproduce_failure` that brings it back, and the seed for `pytest --hypothesis-seed`. In CI the
    seed is that of the test itself, so that a run says of a change only what the change did.
    """
    return settings(
        max_examples=count,
        derandomize="CI" in os.environ,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, *([Phase.shrink] if shrink else [])),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )
