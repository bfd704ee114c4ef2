"""What holds our types against a description notices when they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dgasync.models.base import Number
from tests.conformance.schemas import Description, Walk, differences, faults, from_fields, lost, sample

PAGE = """
components:
  schemas:
    Whole:
      type: object
      required: [name]
      properties:
        name: {type: string, description: "What it is called"}
        count: {type: integer}
        parts: {type: array, items: {$ref: '#/components/schemas/Part'}}
        free: {type: object}
        labels: {type: object, additionalProperties: {type: string}}
    Part:
      oneOf:
        - {type: object, properties: {a: {type: [boolean, 'null']}}}
        - {type: object, properties: {b: {enum: [one, two]}}}
"""


class Part(msgspec.Struct, omit_defaults=True):
    a: bool | None = None
    b: str | None = None


class Whole(msgspec.Struct, omit_defaults=True):
    name: str | None = None
    count: Number | None = None
    parts: list[Part] | None = None
    free: dict[str, Any] | None = None
    labels: dict[str, str] | None = None


class Narrower(msgspec.Struct, omit_defaults=True):
    count: int | None = None
    parts: Part | None = None
    free: dict[str, int] | None = None
    labels: dict[str, bool] | None = None


@pytest.fixture
def schema(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "page.yml").write_text(PAGE)
    return Description(tmp_path / "page.yml").schema({"$ref": "#/components/schemas/Whole"})


def walked(schema: dict[str, Any], kind: type) -> Walk:
    found = Walk()
    found.beside(schema, kind, "root")
    return found


def test_a_type_that_fits(schema: dict[str, Any]) -> None:
    """A struct with everything passes, and what it holds comes back."""
    found, said = walked(schema, Whole), sample(schema)
    held = msgspec.convert(said, Whole)

    assert (found.missing, found.wrong, found.narrow) == (set(), set(), set())
    assert found.named == {Whole: {"name", "count", "parts", "free", "labels"}, Part: {"a", "b"}}
    assert said == {
        "name": "a value & more",
        "count": 7,
        "parts": [{"a": True}],
        "free": {},
        "labels": {"a name": "a value & more"},
    }
    assert not faults(said, schema)
    assert not list(differences(said, held))
    assert not list(lost(said, from_fields(held)))


def test_a_type_that_does_not(schema: dict[str, Any]) -> None:
    """A lacking field, an int that cannot be 1.0, a list that is none, and narrower values are noticed."""
    found = walked(schema, Narrower)

    assert found.missing == {"Narrower.name"}
    assert {each.partition(":")[0] for each in found.wrong} == {"Narrower.count", "Narrower.parts", "Narrower.labels[]"}
    assert found.narrow == {"Narrower.free"}


@pytest.mark.parametrize(
    "wrong",
    [{}, {"name": 1}, {"name": "x", "newer": 1}, {"name": "x", "parts": [{"a": 1}]}, {"name": "x", "labels": {"a": 1}}],
)
def test_instances_that_are_none(wrong: dict[str, Any], schema: dict[str, Any]) -> None:
    """What lacks, breaks or exceeds a closed schema is a fault."""
    assert faults(wrong, schema)


def test_what_is_not_held() -> None:
    """A value that is lost, changed or of another type is a difference."""
    said = {"name": "x", "count": 1, "parts": [{"a": True}, {"b": "one"}]}

    for held in (
        Whole(name="y", count=1, parts=[Part(a=True), Part(b="one")]),
        Whole(name="x", parts=[Part(a=True), Part(b="one")]),
        Whole(name="x", count=True, parts=[Part(a=True), Part(b="one")]),
        Whole(name="x", count=1, parts=[Part(a=True)]),
        Whole(name="x", count=1, parts=[Part(a=True), Part(a=True)]),
    ):
        assert list(differences(said, held))
        assert list(lost(said, json.loads(msgspec.json.encode(held)))) or held.count is True


def test_an_unknown_word(tmp_path: Path) -> None:
    """A description that says more than is understood here is not passed over."""
    (tmp_path / "page.yml").write_text("{}")

    with pytest.raises(AssertionError, match="minLength"):
        Description(tmp_path / "page.yml").schema({"type": "string", "minLength": 1})
