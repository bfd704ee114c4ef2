"""The public names of `dgasync.testing` and `dgasync.server`."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = ["dgasync.testing", "dgasync.server"]


@pytest.mark.parametrize("name", MODULES)
def test_every_name_is_there(name: str) -> None:
    """Each public name can be had, and is the thing of that name where it is defined."""
    module = importlib.import_module(name)
    for public in module.__all__:
        thing = getattr(module, public)
        assert getattr(thing, "__name__", public) in (public, "Tell", "Callable")
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("name", MODULES)
def test_lists_agree(name: str) -> None:
    """What type checkers see is what there is at run time."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert set(seen) == set(module.__all__) == set(module._PLACES)
    for public, place in seen.items():
        assert getattr(importlib.import_module(str(place)), public) is getattr(module, public)


@pytest.mark.parametrize("name", MODULES)
def test_unknown_name(name: str) -> None:
    """A name that is not there is an AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = importlib.import_module(name).nothing


@pytest.mark.parametrize("name", MODULES)
def test_import_is_light(name: str) -> None:
    """Importing the package imports none of its modules."""
    code = f"import sys, {name}; print(*(m for m in sys.modules if m.startswith('{name}.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_server_knows_nothing_of_the_client() -> None:
    """The server shares no module with the client, so that a mistake cannot pass on both sides."""
    code = (
        "import sys, dgasync.server.local, dgasync.server.command, dgasync.server.whisper\n"
        "print(*(m for m in sys.modules if m.startswith('dgasync.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert {name for name in done.stdout.split() if not name.startswith("dgasync.server")} == set()
