"""The front of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dgasync

SOURCE = Path(dgasync.__file__).read_text()
THIRD_PARTY = ("aiohttp", "anyio", "msgspec", "trio", "sniffio", "yarl", "multidict")


def checked_names() -> set[str]:
    """The names that type checkers see."""
    block = next(node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_lists_agree() -> None:
    """What type checkers see, what `__all__` promises and what can be had are the same names, each once."""
    assert len(dgasync.__all__) == len(set(dgasync.__all__))
    assert set(dgasync.__all__) == checked_names()
    assert set(dgasync.__all__) == set(dgasync._PLACES) | {"verboselogs"}
    assert set(dgasync.__all__) <= set(dir(dgasync))


@pytest.mark.parametrize("name", dgasync.__all__)
def test_each_name_is_there(name: str) -> None:
    """Each public name can be had."""
    assert getattr(dgasync, name) is not None


def test_a_name_that_is_not_there() -> None:
    """A wrong name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'Deepgarm'"):
        dgasync.Deepgarm  # noqa: B018


def test_import_costs_no_third_party_package() -> None:
    """`import dgasync` loads nothing but itself, and reads no environment."""
    code = (
        "import os, sys, dgasync\n"
        f"print([name for name in {THIRD_PARTY!r} if name in sys.modules])\n"
        "os.environ['DEEPGRAM_API_KEY'] = 'set-after-import'\n"
        "print(dgasync.AsyncDeepgramClient().api_key)\n"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.split("\n")[:2] == ["[]", "set-after-import"]


def test_v2_says_where_to_go() -> None:
    """The v2 client cannot be made, and its first attribute is gone; both say what took their place."""
    with pytest.raises(dgasync.DeepgramError, match="DeepgramClient"):
        dgasync.Deepgram("key")
    with pytest.raises(dgasync.DeepgramError, match="transcribe"):
        dgasync.AsyncDeepgramClient("key").transcription  # noqa: B018
    assert not hasattr(dgasync.AsyncDeepgramClient("key"), "transcription")
