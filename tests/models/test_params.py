"""The one list of options."""

from __future__ import annotations

import ast
import inspect
import json
import typing
from pathlib import Path

import pytest

from dgasync.models import params, sources


def test_covers_the_official_description(shared: Path) -> None:
    """Every query parameter of the official description is there, and every field v3 had; nothing else."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "openapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    listed = {param["name"] for param in spec["paths"]["/v1/listen"]["post"]["parameters"] if param["in"] == "query"}
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    v3 = {field["name"] for field in surface["options"]["listen.rest:PrerecordedOptions"]["fields"]}

    assert params.ListenParams.__annotations__.keys() == listed | v3


def test_live_covers_the_official_description(shared: Path) -> None:
    """The same holds for live speech."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "asyncapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    listed = spec["channels"]["/v1/listen"]["bindings"]["ws"]["query"]["properties"].keys()
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))
    v3 = {field["name"] for field in surface["options"]["listen.websocket:LiveOptions"]["fields"]}

    assert params.LiveParams.__annotations__.keys() == listed | v3


def test_encodings_of_the_official_description(shared: Path) -> None:
    """Editors offer the encodings of the official description."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "asyncapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    literal, _ = typing.get_args(typing.get_type_hints(params.LiveParams)["encoding"])

    assert list(typing.get_args(literal)) == spec["components"]["schemas"]["ListenV1Encoding"]["enum"]


def test_models_of_the_official_description(shared: Path) -> None:
    """Editors offer the public models of the official description."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "openapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    public = spec["components"]["schemas"]["V1ListenPostParametersModel0"]["enum"]
    literal, _ = typing.get_args(params.ListenModel)

    assert list(typing.get_args(literal)) == public


@pytest.mark.parametrize("module", [params, sources])
def test_every_key_is_explained(module: object) -> None:
    """Each key of each TypedDict has a sentence under it, which the generator and editors show."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for index, node in enumerate(cls.body):
            if isinstance(node, ast.AnnAssign):
                text = cls.body[index + 1] if index + 1 < len(cls.body) else None
                assert isinstance(text, ast.Expr), (cls.name, ast.unparse(node))
                assert isinstance(text.value, ast.Constant)
                assert str(text.value.value).endswith("."), ast.unparse(node)


def test_types_resolve_at_run_time() -> None:
    """Frameworks that read annotations can resolve those of the options."""
    hints = typing.get_type_hints(params.ListenParams)

    assert hints["smart_format"] is bool
    assert typing.get_type_hints(params.LiveParams)["interim_results"] is bool


def test_written_once() -> None:
    """What recordings and live speech have in common is written in one place; the rest differs in type or meaning."""
    both = params.ListenParams.__annotations__.keys() & params.LiveParams.__annotations__.keys()

    assert both - params.SpeechParams.__annotations__.keys() == {"encoding", "callback", "callback_method"}


def test_sources_have_their_keys() -> None:
    """The documents' source mappings have the key they are named for, and may have a mimetype."""
    assert sources.UrlSource.__required_keys__ == {"url"}
    assert (sources.BufferSource.__required_keys__, sources.BufferSource.__optional_keys__) == (
        {"buffer"},
        {"mimetype"},
    )
    assert sources.ReadStreamSource.__required_keys__ == {"stream"}


def test_transcribe_takes_both() -> None:
    """`transcribe` takes the product's options, but for the callback's, and those of any call."""
    options, call = params.RecordingParams.__optional_keys__, params.CallParams.__optional_keys__

    assert params.TranscribeParams.__optional_keys__ == options | call
    assert not options & call
    assert params.ListenParams.__optional_keys__ - options == {"callback", "callback_method"}
