"""The generated options of live speech, held against what they are made from."""

from __future__ import annotations

import inspect
import json
import sys
import typing
from dataclasses import fields
from pathlib import Path
from types import UnionType

import pytest

from dgasync.errors import DeepgramTypeError
from dgasync.models import live_options
from dgasync.models.live_options import LiveOptions
from dgasync.models.params import LiveParams

from .test_listen_options import docs


def test_every_option_once() -> None:
    """The class has the options of the websocket `/v1/listen`, all unset at first."""
    assert {field.name for field in fields(LiveOptions)} == LiveParams.__annotations__.keys()
    assert LiveOptions().to_dict() == {}


def test_types() -> None:
    """Each field has the type its option has, or None."""
    options, params = typing.get_type_hints(LiveOptions), typing.get_type_hints(LiveParams)

    for name, hint in params.items():
        parts = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else (hint,)
        assert typing.get_args(options[name]) == (*parts, type(None)), name


def test_docs() -> None:
    """Each field says what its option says."""
    source = inspect.getsource(sys.modules[LiveParams.__module__])

    assert docs(inspect.getsource(live_options), "LiveOptions") == docs(source, "SpeechParams") | docs(
        source, "LiveParams"
    )


def test_positions(shared: Path) -> None:
    """The fields of v3.2.7 come first and in its order, for arguments by position; newer ones follow."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    v3 = [each["name"] for each in surface["options"]["listen.websocket:LiveOptions"]["fields"] if each["in_3.2.7"]]

    assert [field.name for field in fields(LiveOptions)][: len(v3)] == v3


def test_misspelt() -> None:
    """An unknown name says what was meant."""
    with pytest.raises(
        DeepgramTypeError, match="LiveOptions has no option 'interim_result'; did you mean 'interim_results'"
    ):
        LiveOptions(interim_result=True)  # type: ignore[call-arg]
