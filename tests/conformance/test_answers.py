"""Every answer that `openapi.yml` describes is held by a type of ours, attribute by attribute."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dgasync.errors import BadRequest
from dgasync.models.base import Answer, decode
from dgasync.models.projects import Message
from dgasync.protocol.codec import refusal
from tests.conformance import departures
from tests.conformance.described import Described
from tests.conformance.operations import OPERATIONS
from tests.conformance.schemas import (
    Instances,
    Walk,
    differences,
    faults,
    from_fields,
    lost,
    own,
    structs_of,
    without_nulls,
)
from tests.conformance.tables import REST

EXAMPLES = settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
EMPTY = frozenset(place.rpartition(".")[2] for place in departures.OPEN)
"""Properties that only v3 says anything about."""


def pairs(each: Described) -> list[tuple[type[Answer], dict[str, Any]]]:
    """The types that hold the answer of an operation, each with its schema."""
    kinds = OPERATIONS[each.key].answers
    return list(zip(kinds, each.answer["anyOf"] if len(kinds) > 1 else [each.answer], strict=True))


def walk(each: Described) -> Walk:
    """Through what an operation answers, and the types that hold it."""
    found = Walk()
    for kind, schema in pairs(each):
        found.beside(schema, kind, each.key)
    return found


def answers(each: Described, *, loose: bool = False) -> st.SearchStrategy[tuple[type[Answer], Any]]:
    """Answers that the description allows an operation, each with the type that is to hold it."""
    parts = Instances(EMPTY, loose)
    return st.one_of(
        *(
            st.tuples(st.just(kind), st.just({}) if each.key in departures.OPEN else parts.of(schema))
            for kind, schema in pairs(each)
        )
    )


def test_every_operation_is_here(openapi: dict[str, Described]) -> None:
    """The registry has each operation of the description, and no other."""
    assert openapi.keys() == OPERATIONS.keys()
    assert len(openapi) == 50


@pytest.mark.parametrize("key", OPERATIONS)
def test_properties_are_attributes(key: str, openapi: dict[str, Described]) -> None:
    """Each property of an answer is an attribute, and its type takes what the schema allows."""
    found = walk(openapi[key])

    assert not found.missing
    assert not found.wrong
    assert found.narrow <= departures.OPEN.keys()
    REST.show(key, "answer")


def test_departures(openapi: dict[str, Described]) -> None:
    """What our types have beyond the description, and where they are narrower, is listed; and nothing else is."""
    named: dict[type, set[str]] = {}
    narrow: set[str] = set()
    structs: set[type] = set()
    for each in openapi.values():
        found = walk(each)
        narrow |= found.narrow
        for struct, names in found.named.items():
            named.setdefault(struct, set()).update(names)
        structs |= {struct for kind, _ in pairs(each) for struct in structs_of(kind)}

    whole = {struct.__name__ for struct in structs - named.keys() if own(struct) and struct is not Message}
    fields = {f"{struct.__name__}.{name}" for struct, names in named.items() for name in own(struct) - names}
    assert whole | fields == departures.FIELDS.keys()
    assert narrow == departures.OPEN.keys()


@pytest.mark.parametrize("key", OPERATIONS)
def test_instances_survive(key: str, openapi: dict[str, Described]) -> None:
    """Random answers come back from our types attribute by attribute, and encoded anew from these, not from bytes."""
    each = openapi[key]

    @EXAMPLES
    @given(answers(each))
    def survives(answer: tuple[type[Answer], Any]) -> None:
        kind, said = answer
        assert not faults(said, each.answer)
        held = decode(kind, json.dumps(said).encode())
        assert not list(differences(said, held))
        encoded = from_fields(held)
        assert decode(kind, json.dumps(encoded).encode()) == held
        if departures.LIFTED.keys().isdisjoint(struct.__name__ for struct in structs_of(kind)):
            assert encoded == without_nulls(said)
        else:
            assert not list(lost(without_nulls(said), encoded))

    survives()
    REST.show(key, "instances")


@pytest.mark.parametrize("key", OPERATIONS)
def test_what_servers_do(key: str, openapi: dict[str, Described]) -> None:
    """Whatever is left out, null, new, or 1.0 for an integer: an answer is read, and nothing of it is out of reach."""

    @EXAMPLES
    @given(answers(openapi[key], loose=True))
    def is_read(answer: tuple[type[Answer], Any]) -> None:
        kind, said = answer
        assert kind.from_json(json.dumps(said)).to_dict() == said

    is_read()


def test_refusals(openapi: dict[str, Described]) -> None:
    """Whatever an operation refuses with becomes the one error, with what was said in its attributes."""
    schema = openapi["manage > v1 > projects.list"].refusal
    assert {key for key, each in openapi.items() if each.refusal != schema} == departures.REFUSALS.keys()

    @EXAMPLES
    @given(Instances().of(schema))
    def is_told(said: Any) -> None:
        body = json.dumps(said)
        error = refusal(400, body.encode(), {"dg-request-id": "of the header"})
        assert type(error) is BadRequest
        assert error.original_error == body
        told = said if isinstance(said, dict) else {"message": said}
        assert error.request_id == (told.get("request_id") or "of the header")
        assert error.err_code == (told.get("err_code") or told.get("category") or None)
        for name in ("err_msg", "message", "details"):
            assert (told.get(name) or "") in error.message

    is_told()
