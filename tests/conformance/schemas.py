"""The official descriptions as JSON schemas: resolved, closed, and held against our types.

`openapi.yml` and `asyncapi.yml` use few words of JSON Schema, and so does what is here. Another one is an error, not a
silent pass.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import strategies as st

yaml = pytest.importorskip("yaml")
jsonschema = pytest.importorskip("jsonschema")

Schema: TypeAlias = Mapping[str, Any]

_KNOWN = frozenset({"type", "properties", "required", "items", "enum", "oneOf", "additionalProperties", "format"})
_IGNORED = frozenset({"description", "title", "default"})


class Description:
    """One of the two files."""

    def __init__(self, path: Path) -> None:
        # The loader in C, where there is one, takes a tenth of the time.
        self.whole: dict[str, Any] = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def follow(self, node: Any) -> Any:
        """What a `$ref` points to; anything else itself."""
        while isinstance(node, Mapping) and "$ref" in node:
            found: Any = self.whole
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def schema(self, node: Any) -> dict[str, Any]:
        """A schema without references, closed: an object with named properties has no others.

        `oneOf` becomes `anyOf`: where all properties are optional, the alternatives of a description overlap.
        """
        node = self.follow(node)
        unknown = node.keys() - _KNOWN - _IGNORED
        assert not unknown, f"schemas.py knows nothing of {sorted(unknown)}"
        made: dict[str, Any] = {key: node[key] for key in ("type", "enum", "format", "required") if key in node}
        if "items" in node:
            made["items"] = self.schema(node["items"])
        if "oneOf" in node:
            made["anyOf"] = [self.schema(each) for each in node["oneOf"]]
        if node.get("properties"):
            made["properties"] = {name: self.schema(each) for name, each in node["properties"].items()}
            made["additionalProperties"] = False
        elif isinstance(node.get("additionalProperties"), Mapping):
            made["additionalProperties"] = self.schema(node["additionalProperties"])
        return made


# ── instances ──


@dataclass(frozen=True)
class Instances:
    """Everything that a closed schema allows, numbers and texts being of a size that servers send."""

    empty: frozenset[str] = frozenset()
    """Properties that stay empty where the schema says no more than that they are objects."""
    loose: bool = False
    """With what servers do beside the schema: anything may be left out, null, or new, and 1.0 is an integer."""

    def of(self, schema: Schema) -> st.SearchStrategy[Any]:
        """The strategy for one schema."""
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "anyOf" in schema:
            return st.one_of(*(self.of(each) for each in schema["anyOf"]))
        kind = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kind, list):
            return st.one_of(*(self.of({**schema, "type": each}) for each in kind))
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            item = self.of(schema.get("items", {}))
            return st.lists(item | st.none() if self.loose else item, max_size=3)
        if kind == "integer" and self.loose:
            return _WHOLE | _WHOLE.map(float)
        if kind == "string":
            return _TEXTS.get(schema.get("format", ""), st.text(max_size=20))
        assert kind is None or kind in _PLAIN, kind
        return _PLAIN[kind] if kind else VALUES

    def _object(self, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
        properties: Schema = schema.get("properties", {})
        if not properties:
            extra = schema.get("additionalProperties")
            values = self.of(extra) if isinstance(extra, Mapping) else VALUES
            return st.dictionaries(st.text("abc_", min_size=1, max_size=8), values, max_size=3)
        parts = {
            name: st.just({}) if name in self.empty and each == {"type": "object"} else self.of(each)
            for name, each in properties.items()
        }
        if self.loose:
            wide = {name: each | st.none() for name, each in parts.items()}
            return st.fixed_dictionaries({}, optional={**wide, "newer than the description": VALUES})
        required = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: each for name, each in parts.items() if name in required},
            optional={name: each for name, each in parts.items() if name not in required},
        )


_WHOLE = st.integers(-(2**53), 2**53)
_PLAIN = {
    "integer": _WHOLE,
    "number": _WHOLE | st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "null": st.none(),
}
_TEXTS = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(str),
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
}
VALUES: st.SearchStrategy[Any] = st.recursive(
    _PLAIN["number"] | st.booleans() | st.text(max_size=20),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=8), each, max_size=2),
    max_leaves=4,
)
"""Any small JSON value but null, which says as much as nothing."""


def faults(value: object, schema: Schema) -> list[str]:
    """What is wrong with a JSON value by a closed schema."""
    return [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(schema).iter_errors(value)
    ]


def sample(schema: Schema) -> Any:
    """One instance of a closed schema, with everything that it may have."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    kind = schema.get("type")
    if isinstance(kind, list):
        return sample({**schema, "type": kind[0]})
    if kind == "array":
        return [sample(schema.get("items", {}))]
    if "properties" in schema:
        return {name: sample(each) for name, each in schema["properties"].items()}
    extra = schema.get("additionalProperties")
    if kind == "object":
        return {"a name": sample(extra)} if isinstance(extra, Mapping) else {}
    text = {"date": "2026-01-31", "date-time": "2026-01-31T12:00:00Z"}.get(schema.get("format", ""), "a value & more")
    return {"integer": 7, "number": 7.5, "boolean": True, "string": text}.get(str(kind), text)


def misfits(query: Mapping[str, list[str]], known: Mapping[str, Schema]) -> list[str]:
    """What is wrong with a query, of which all values are texts, by the schemas of its parameters."""
    return [
        f"{name}: {values}"
        for name, values in query.items()
        if name not in known or all(faults(each, known[name]) for each in _readings(values))
    ]


def _readings(values: list[str]) -> Iterator[Any]:
    """What a parameter may mean."""
    yield values
    if len(values) == 1:
        yield values[0]
        with suppress(ValueError):
            yield json.loads(values[0])


# ── our types ──


@dataclass
class Walk:
    """What was found on a walk through a schema and the type that is to hold its instances, side by side."""

    missing: set[str] = field(default_factory=set)
    """`Struct.name` of properties that are no attributes."""
    wrong: set[str] = field(default_factory=set)
    """Places where the type cannot hold what the schema says."""
    narrow: set[str] = field(default_factory=set)
    """`Struct.name` of properties that the schema leaves open and the type does not."""
    named: dict[type, set[str]] = field(default_factory=dict)
    """The properties that schemas give each struct."""

    def beside(self, schema: Schema, hint: Any, place: str) -> None:
        """Go on from here; `place` is the struct and the field that are to hold it."""
        members = [each for each in _members(hint) if each is not type(None)]
        if Any in members:
            return
        if "anyOf" in schema:
            for each in schema["anyOf"]:
                self.beside(each, hint, place)
        elif schema.get("properties"):
            self._object(schema, [each for each in members if _is_struct(each)], place)
        elif "items" in schema:
            lists = [each for each in members if typing.get_origin(each) is list]
            if lists:
                self.beside(schema["items"], typing.get_args(lists[0])[0], place)
            else:
                self.wrong.add(f"{place}: a list, and no list is expected")
        else:
            self._plain(schema, members, place)

    def _object(self, schema: Schema, structs: list[Any], place: str) -> None:
        if not structs:
            self.wrong.add(f"{place}: an object with names, and no struct is expected")
        for struct in structs:
            self.named.setdefault(struct, set()).update(schema["properties"])
            hints = typing.get_type_hints(struct)
            for name, each in schema["properties"].items():
                if name in struct.__struct_fields__:
                    self.beside(each, hints[name], f"{struct.__name__}.{name}")
                elif not isinstance(getattr(struct, name, None), property):
                    self.missing.add(f"{struct.__name__}.{name}")

    def _plain(self, schema: Schema, members: list[Any], place: str) -> None:
        held = {typing.get_origin(each) or each for each in members}
        if any(_is_struct(each) for each in held) and schema.get("type") == "object":
            self.narrow.add(place)
            return
        if schema.keys().isdisjoint({"type", "enum"}):
            if not held >= {str, int, float, bool, dict, list}:
                self.narrow.add(place)
            return
        if schema.get("type") == "object":
            values = next((typing.get_args(each)[1] for each in members if typing.get_origin(each) is dict), None)
            if values is not None and isinstance(schema.get("additionalProperties"), Mapping):
                self.beside(schema["additionalProperties"], values, f"{place}[]")
            elif values is not None and values is not Any:
                self.narrow.add(place)
        kinds = schema.get("type") or [_KINDS[type(each)] for each in schema["enum"]]
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            # Servers send 1.0 for an integer, and a strict decoder takes an int for a float, not the other way round.
            wanted = {"string": str, "boolean": bool, "number": float, "integer": float, "object": dict, "array": list}
            if kind != "null" and wanted[kind] not in held:
                self.wrong.add(f"{place}: {kind}, and {members} is expected")


_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _members(hint: Any) -> list[Any]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [each for member in typing.get_args(hint) for each in _members(member)]
    return [hint]


def structs_of(kind: type) -> set[type]:
    """A struct, and all those in its fields."""
    found: set[type] = set()
    waiting: list[Any] = [kind]
    while waiting:
        each = waiting.pop()
        if _is_struct(each):
            if each not in found:
                found.add(each)
                waiting += typing.get_type_hints(each).values()
        else:
            waiting += typing.get_args(each)
    return found


# ── instances in our types ──


def differences(said: object, held: object, place: str = "$") -> Iterator[str]:
    """Where an attribute is not what the instance says, one line each; attributes beyond it are not looked at."""
    if isinstance(said, dict) and isinstance(held, msgspec.Struct):
        for name, value in said.items():
            if not hasattr(held, name):
                yield f"{place}.{name} is no attribute"
            else:
                yield from differences(value, getattr(held, name), f"{place}.{name}")
    elif isinstance(said, list) and isinstance(held, list) and len(said) == len(held):
        for index, (one, other) in enumerate(zip(said, held, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif said != held or (type(said) is bool) != (type(held) is bool):
        yield f"{place} is {held!r} instead of {said!r}"


def from_fields(held: msgspec.Struct) -> Any:
    """What the fields of a struct encode to, read again."""
    return json.loads(msgspec.json.encode(held))


def without_nulls(value: Any) -> Any:
    """An instance without the properties that are null."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def lost(said: object, encoded: object, place: str = "$") -> Iterator[str]:
    """What an instance says and its encoding does not, one line each."""
    if isinstance(said, dict) and isinstance(encoded, dict):
        for name, value in said.items():
            yield from lost(value, encoded[name], f"{place}.{name}") if name in encoded else [f"{place}.{name} is lost"]
    elif isinstance(said, list) and isinstance(encoded, list) and len(said) == len(encoded):
        for index, (one, other) in enumerate(zip(said, encoded, strict=True)):
            yield from lost(one, other, f"{place}[{index}]")
    elif said != encoded:
        yield f"{place} is {encoded!r} instead of {said!r}"


def own(struct: type) -> set[str]:
    """The names of the fields of a struct."""
    fields: tuple[str, ...] = struct.__struct_fields__  # type: ignore[attr-defined]  # a struct has them
    return set(fields)
