"""The generated options classes, held against what they are made from."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
import typing
from dataclasses import fields
from pathlib import Path
from types import UnionType

import pytest

from dgasync.errors import DeepgramTypeError
from dgasync.models import listen_options
from dgasync.models.listen_options import PrerecordedOptions
from dgasync.models.params import ListenParams


def docs(source: str, name: str) -> dict[str, str]:
    """The docstring under each key of a class, without its bases."""
    node = next(each for each in ast.parse(source).body if isinstance(each, ast.ClassDef) and each.name == name)
    return {
        ast.unparse(key.target): ast.literal_eval(text.value)
        for key, text in zip(node.body, node.body[1:])  # noqa: B905  # each with its neighbour
        if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def test_every_option_once() -> None:
    """The class has the options of `/v1/listen`, all unset at first."""
    assert {field.name for field in fields(PrerecordedOptions)} == ListenParams.__annotations__.keys()
    assert PrerecordedOptions().to_dict() == {}


def test_types() -> None:
    """Each field has the type its option has, or None."""
    options, params = typing.get_type_hints(PrerecordedOptions), typing.get_type_hints(ListenParams)

    for name, hint in params.items():
        parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
        assert typing.get_args(options[name]) == (*parts, type(None)), name


def test_docs() -> None:
    """Each field says what its option says."""
    source = inspect.getsource(sys.modules[ListenParams.__module__])
    given = docs(source, "SpeechParams") | docs(source, "RecordingParams") | docs(source, "CallbackParams")

    assert docs(inspect.getsource(listen_options), "PrerecordedOptions") == given


def test_positions(shared: Path) -> None:
    """The fields of v3.2.7 come first and in its order, for arguments by position; newer ones follow."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    v3 = [each["name"] for each in surface["options"]["listen.rest:PrerecordedOptions"]["fields"] if each["in_3.2.7"]]

    assert [field.name for field in fields(PrerecordedOptions)][: len(v3)] == v3


def test_misspelt() -> None:
    """An unknown name says what was meant."""
    with pytest.raises(DeepgramTypeError, match="PrerecordedOptions has no option 'modle'; did you mean 'model'"):
        PrerecordedOptions(modle="nova-3")  # type: ignore[call-arg]


def test_import_is_cheap() -> None:
    """The options alone need neither network nor event loop."""
    code = "import sys, dgasync.models.listen_options\nprint({'aiohttp', 'anyio', 'asyncio'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
