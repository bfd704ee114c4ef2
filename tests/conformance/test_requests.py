"""Every operation of `openapi.yml` has a method, and what that sends is what the description asks for."""

from __future__ import annotations

import json
import typing
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from dgasync import AsyncDeepgramClient, Transcript
from dgasync.transport.seam import Dial, Request
from tests.conformance import departures
from tests.conformance.described import Described
from tests.conformance.operations import IDS, OPERATIONS
from tests.conformance.schemas import Schema, faults, misfits, sample
from tests.conformance.tables import REST
from tests.fakes import FakeDownload, FakeTransport, reply

pytestmark = pytest.mark.anyio

ADDRESSES = {"callback": "https://example.com/hook?a=1&b=2", "url": "https://example.com/talk?a=1"}
"""Options that must be addresses; the description calls some of them texts."""
AGENT_HOST = "agent.deepgram.com"


class Service(FakeTransport):
    """Gives the same answer to everybody, and audio to who asks for a download."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = json.dumps(answer)

    async def _step(self, asked: Request | Dial, default: Any) -> Any:
        return FakeDownload(b"audio") if default is None else reply(200, self.answer, content_type="application/json")


def options_of(each: Described) -> dict[str, Any]:
    """A value for each parameter of the query and each property of the body."""
    asked = {name: sample(schema) for name, schema in (each.query | each.properties_of_body()).items()}
    addresses = {name: address for name, address in ADDRESSES.items() if isinstance(asked.get(name), str)}
    return asked | addresses | OPERATIONS[each.key].example


@pytest.mark.parametrize("key", OPERATIONS)
async def test_request(key: str, openapi: dict[str, Described]) -> None:
    """The requests go to the right place, are valid, and together bring every option of the description."""
    each, operation = openapi[key], OPERATIONS[key]
    place = [IDS[part[1:-1]] if part.startswith("{") else part for part in each.path.split("/")]
    options = options_of(each)
    asked: set[str] = set()
    written: set[str] = set()

    for call in operation.calls:
        service = Service(sample(each.answer))
        async with AsyncDeepgramClient("key", transport=service) as client:
            found = await call(client, dict(options))

        request = (service.requests + service.fetched)[0]
        parts = urlsplit(request.url)
        assert request.method == each.method.upper()
        assert [unquote(part) for part in parts.path.split("/")] == place
        assert (parts.hostname == AGENT_HOST) == each.path.startswith("/v1/agent/")
        query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        assert not misfits(query, each.query)
        assert each.needed <= query.keys()
        asked |= query.keys()
        body = request.body
        if each.body is None:
            assert body is None
        else:
            assert isinstance(body, bytes)
            assert request.headers["Content-Type"] == "application/json"
            said = json.loads(body)
            assert not faults(said, each.body)
            written |= said.keys()
        assert isinstance(found, (*operation.answers, *operation.promises, list, bytes, Transcript))

    assert asked == each.query.keys()
    assert written == each.properties_of_body().keys() | operation.example.keys()
    REST.show(key, "request")


def test_options_are_those_of_the_description(openapi: dict[str, Described]) -> None:
    """The TypedDicts have each option of the description, and beyond these only what is listed."""
    described: dict[Any, set[str]] = {}
    for key, each in openapi.items():
        operation = OPERATIONS[key]
        assert (operation.query is not None) == bool(each.query), key
        for params, names in ((operation.query, each.query), (operation.body, each.properties_of_body())):
            if params is not None:
                assert names.keys() <= params.__annotations__.keys(), key
                described.setdefault(params, set()).update(names)

    more = {
        f"{params.__name__}.{name}"
        for params, names in described.items()
        for name in params.__annotations__.keys() - names
    }
    assert more == departures.PARAMETERS.keys()


def offered(hint: Any) -> Iterator[str]:
    """The texts that a type offers."""
    for each in typing.get_args(hint):
        if isinstance(each, str):
            yield each
        else:
            yield from offered(each)


def listed(schema: Schema) -> Iterator[str]:
    """The texts that a schema lists; numbers are numbers, although a query has texts only."""
    yield from (each for each in schema.get("enum", ()) if isinstance(each, str) and not each.isdecimal())
    for each in (*schema.get("anyOf", ()), schema.get("items", {})):
        yield from listed(each) if each else ()


def test_editors_offer_what_is_described(openapi: dict[str, Described]) -> None:
    """Each value that the description lists for an option is one that its type names."""
    checked = 0
    for key, each in openapi.items():
        if each.query:
            hints = typing.get_type_hints(OPERATIONS[key].query)
            for name, schema in each.query.items():
                values = set(listed(schema))
                assert values <= set(offered(hints[name])), (key, name)
                checked += bool(values)
    assert checked > 30


def test_a_wrong_request_is_noticed(openapi: dict[str, Described]) -> None:
    """What is not in the description, or not of its type, is a fault."""
    keys = openapi["manage > v1 > projects > keys.list"]
    assert not misfits({"status": ["active"]}, keys.query)
    assert misfits({"status": ["asleep"]}, keys.query)
    assert misfits({"state": ["active"]}, keys.query)
    invite = openapi["manage > v1 > projects > members > invites.create"]
    assert invite.body
    assert not faults({"email": "a@b.c", "scope": "member"}, invite.body)
    assert faults({"email": "a@b.c"}, invite.body)
    assert faults({"email": "a@b.c", "scope": "member", "mail": ""}, invite.body)
