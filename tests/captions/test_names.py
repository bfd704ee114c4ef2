"""The front of the two packages that stand on the words: captions and transcript."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

import dgasync.captions
import dgasync.transcript


@pytest.mark.parametrize("package", [dgasync.captions, dgasync.transcript], ids=lambda package: package.__name__)
def test_names(package: ModuleType) -> None:
    """What type checkers see, what `__all__` promises and what can be had are the same names."""
    block = next(node for node in ast.parse(Path(str(package.__file__)).read_text()).body if isinstance(node, ast.If))
    checked = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert set(package.__all__) == checked == set(package._PLACES) == set(dir(package))
    assert all(getattr(package, name) is not None for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # noqa: B018
