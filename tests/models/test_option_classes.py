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
from typing import Any

import pytest

import dgasync
from dgasync.errors import DeepgramTypeError
from dgasync.models import account_params, params, read_params, speak_params
from dgasync.models.account_options import (
    InviteOptions,
    KeyOptions,
    ModelOptions,
    ProjectOptions,
    ScopeOptions,
    UsageFieldsOptions,
    UsageRequestOptions,
    UsageSummaryOptions,
)
from dgasync.models.listen_options import PrerecordedOptions
from dgasync.models.live_options import LiveOptions
from dgasync.models.options import Options
from dgasync.models.read_options import AnalyzeOptions
from dgasync.models.speak_options import SpeakOptions

CLASSES: dict[str, tuple[type[Options], Any]] = {
    "listen.rest:PrerecordedOptions": (PrerecordedOptions, params.ListenParams),
    "listen.websocket:LiveOptions": (LiveOptions, params.LiveParams),
    "speak.rest:SpeakRESTOptions": (SpeakOptions, speak_params.SpeakParams),
    "read.analyze:AnalyzeOptions": (AnalyzeOptions, read_params.ReadParams),
    "manage:ProjectOptions": (ProjectOptions, account_params.ProjectParams),
    "manage:KeyOptions": (KeyOptions, account_params.KeyParams),
    "manage:ScopeOptions": (ScopeOptions, account_params.ScopeParams),
    "manage:InviteOptions": (InviteOptions, account_params.InviteParams),
    "manage:ModelOptions": (ModelOptions, account_params.ModelParams),
    "manage:UsageRequestOptions": (UsageRequestOptions, account_params.UsageRequestParams),
    "manage:UsageSummaryOptions": (UsageSummaryOptions, account_params.UsageSummaryParams),
    "manage:UsageFieldsOptions": (UsageFieldsOptions, account_params.UsageFieldsParams),
}
"""The options classes by their names in the surface of v3, and the TypedDict of each."""

each_class = pytest.mark.parametrize(("kind", "asked"), CLASSES.values(), ids=lambda each: each.__name__)


def docs(kind: Any) -> dict[str, str]:
    """The docstring under each key of a class, those of its bases too."""
    module = sys.modules[kind.__module__]
    tree = ast.parse(inspect.getsource(module))
    node = next(each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == kind.__name__)
    own = {
        ast.unparse(key.target): ast.literal_eval(text.value)
        for key, text in zip(node.body, node.body[1:])  # noqa: B905  # each with its neighbour
        if isinstance(key, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
    # TypedDicts do not know their bases before Python 3.12.
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id not in ("TypedDict", "Options"):
            own = docs(getattr(module, base.id)) | own
    return own


@each_class
def test_every_option_once(kind: type[Options], asked: Any) -> None:
    """A class has the options of its TypedDict, all unset at first."""
    assert {field.name for field in fields(kind)} == asked.__annotations__.keys()
    assert kind().to_dict() == {}


@each_class
def test_types(kind: type[Options], asked: Any) -> None:
    """Each field has the type its option has, or None."""
    options, given = typing.get_type_hints(kind), typing.get_type_hints(asked)

    for name, hint in given.items():
        parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
        assert typing.get_args(options[name]) == (*parts, type(None)), name


@each_class
def test_docs(kind: type[Options], asked: Any) -> None:
    """Each field says what its option says."""
    assert docs(kind) == docs(asked)


@pytest.mark.parametrize("name", CLASSES)
def test_positions(name: str, shared: Path) -> None:
    """The fields of v3 come first and in its order, for arguments by position; newer ones follow."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    ours = [field.name for field in fields(CLASSES[name][0])]
    entry = surface["options"][name]
    v3 = [each["name"] for each in entry["fields"] if each["in_3.2.7"] or not entry["in_3.2.7"]]

    assert v3
    assert ours[: len(v3)] == v3
    assert {each["name"] for each in entry["fields"]} <= set(ours)


@pytest.mark.parametrize(
    ("name", "misspelt", "meant"),
    [
        ("PrerecordedOptions", "modle", "model"),
        ("LiveOptions", "interim_result", "interim_results"),
        ("KeyOptions", "scope", "scopes"),
        ("SpeakOptions", "samplerate", "sample_rate"),
    ],
)
def test_misspelt(name: str, misspelt: str, meant: str) -> None:
    """An unknown name says what was meant."""
    with pytest.raises(DeepgramTypeError, match=f"{name} has no option '{misspelt}'; did you mean '{meant}'"):
        getattr(dgasync, name)(**{misspelt: 1})


def test_import_is_cheap() -> None:
    """The options alone need neither network nor event loop."""
    modules = sorted({kind.__module__ for kind, _ in CLASSES.values()})
    code = f"import sys, {', '.join(modules)}\nprint({{'aiohttp', 'anyio', 'asyncio'}} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
