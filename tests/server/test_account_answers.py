"""Every answer of the account, held against the official description: closed, with each departure by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dgasync.testing import local_server
from tests.conformance.schemas import Description, faults

from .accounting import Asking, Clock, asking

pytestmark = pytest.mark.anyio

NOTES = "old answers have it, and official clients read it (specs/NOTES.md)"
DOCS = "the service's pages have it (docs, Keys)"

MORE = {
    "GET /v1/projects/{project_id}/usage": {"results": NOTES},
    "GET /v1/projects/{project_id}/keys/{key_id}": {"member": NOTES, "api_key": NOTES},
    "GET /v1/projects/{project_id}/requests/{request_id}": dict.fromkeys(
        ("request_id", "project_uuid", "created", "path", "api_key_id", "response", "code", "deployment"), NOTES
    ),
    "POST /v1/projects/{project_id}/keys": {"created": DOCS},
    "GET /v1/projects/{project_id}/keys": {"api_keys.api_key.tags": DOCS, "api_keys.api_key.expiration_date": DOCS},
}
"""What answers have beside what the description says."""

PRODUCTS = ("/v1/listen", "/v1/speak", "/v2/speak", "/v1/read")


@pytest.fixture
async def ask(session: aiohttp.ClientSession) -> AsyncIterator[Asking]:
    with local_server(now=Clock()) as server:
        yield await asking(session, server)


def removed(value: Any, path: list[str]) -> Any:
    """The value without what is at this place, which must be there, and in each item of a list."""
    if isinstance(value, list):
        assert value
        return [removed(each, path) for each in value]
    name, *rest = path
    assert name in value, f"{name} is no departure any more"
    return {**value, name: removed(value[name], rest)} if rest else {k: v for k, v in value.items() if k != name}


class Checked:
    """Asks, and holds each answer against its schema."""

    def __init__(self, ask: Asking, description: Description) -> None:
        self.ask = ask
        self.description = description
        self.seen: set[str] = set()

    async def __call__(self, method: str, path: str, json: Any = None, *, query: str = "", **ids: str) -> Any:
        ids["project_id"] = self.ask.project
        answer = await self.ask(method, path.format(**ids) + query, json)
        name = f"{method} {path}"
        self.seen.add(name)
        content = self.description.whole["paths"][path][method.lower()]["responses"]["200"]["content"]
        schema = self.description.schema(content["application/json"]["schema"])
        told = answer
        for place in MORE.get(name, {}):
            told = removed(told, place.split("."))
        assert faults(told, schema) == [], name
        return answer


async def test_answers(ask: Asking, shared: Path) -> None:
    """Each operation of the account answers as the description says, and none is left out."""
    description = Description(shared / "specs" / "openapi.yml")
    check, project = Checked(ask, description), "/v1/projects/{project_id}"
    key = await ask.key("member", tags=["t"])
    await ask.by(key).listen(5, "?tag=a&punctuate=true")
    await check("GET", "/v1/projects")
    await check("GET", project)
    await check("PATCH", project, {"name": "New"})
    request = (await check("GET", f"{project}/requests"))["requests"][0]["request_id"]
    await check("GET", f"{project}/requests/{{request_id}}", request_id=request)
    await check("GET", f"{project}/usage")
    await check("GET", f"{project}/usage/fields")
    for grouping in ("accessor", "endpoint", "feature_set", "models", "method", "tags", "deployment"):
        await check("GET", f"{project}/usage/breakdown", query=f"?grouping={grouping}")
    balance = (await check("GET", f"{project}/balances"))["balances"][0]["balance_id"]
    await check("GET", f"{project}/balances/{{balance_id}}", balance_id=balance)
    await check("GET", f"{project}/billing/breakdown", query="?grouping=line_item&grouping=tags&grouping=accessor")
    await check("GET", f"{project}/billing/fields")
    await check("GET", f"{project}/purchases")

    body = {"comment": "c", "scopes": ["member"], "tags": ["t"], "expiration_date": "2030-01-01T00:00:00Z"}
    made = (await check("POST", f"{project}/keys", body))["api_key_id"]
    await ask("DELETE", f"keys/{(await ask('GET', 'keys'))['api_keys'][0]['api_key']['api_key_id']}")
    await check("GET", f"{project}/keys")
    await check("GET", f"{project}/keys/{{key_id}}", key_id=made)
    await check("DELETE", f"{project}/keys/{{key_id}}", key_id=made)

    await check("POST", f"{project}/invites", {"email": "a@b.c", "scope": "member"})
    await check("GET", f"{project}/invites")
    await check("DELETE", f"{project}/invites/{{email}}", email="a@b.c")
    for address in ("m@example.com", "n@example.com"):
        await ask("POST", "invites", {"email": address, "scope": "member"})
    first = ask.server.accept_invite(ask.project, "n@example.com")
    ask.server.accept_invite(ask.project, "m@example.com")
    member = (await check("GET", f"{project}/members"))["members"][2]["member_id"]
    await check("GET", f"{project}/members/{{member_id}}/scopes", member_id=member)
    await check("PUT", f"{project}/members/{{member_id}}/scopes", {"scope": "admin"}, member_id=member)
    await check("DELETE", f"{project}/members/{{member_id}}", member_id=member)

    await check("GET", "/v1/models")
    model = (await check("GET", f"{project}/models"))["stt"][0]["uuid"]
    await check("GET", "/v1/models/{model_id}", model_id=model)
    await check("GET", f"{project}/models/{{model_id}}", model_id=model)
    await check("GET", "/v1/agent/settings/think/models")

    credentials = f"{project}/self-hosted/distribution/credentials"
    made = (await check("POST", credentials, {"comment": "c"}))["distribution_credentials"]
    which = {"distribution_credentials_id": made["distribution_credentials_id"]}
    await check("GET", credentials)
    await check("GET", f"{credentials}/{{distribution_credentials_id}}", **which)
    await check("DELETE", f"{credentials}/{{distribution_credentials_id}}", **which)

    made = (await check("POST", f"{project}/agents", {"config": '{"a":1}', "metadata": {"a": "b"}}))["agent_id"]
    await check("GET", f"{project}/agents")
    await check("GET", f"{project}/agents/{{agent_id}}", agent_id=made)
    await check("PUT", f"{project}/agents/{{agent_id}}", {"metadata": {}}, agent_id=made)
    await check("DELETE", f"{project}/agents/{{agent_id}}", agent_id=made)
    variables = f"{project}/agent-variables"
    made = (await check("POST", variables, {"key": "DG_A", "value": [1]}))["variable_id"]
    await check("GET", variables)
    await check("GET", f"{variables}/{{variable_id}}", variable_id=made)
    await check("PATCH", f"{variables}/{{variable_id}}", {"value": "b"}, variable_id=made)
    await check("DELETE", f"{variables}/{{variable_id}}", variable_id=made)

    await check("POST", "/v1/auth/grant", {"ttl_seconds": 60})
    check.ask = ask.by(first)
    await check("DELETE", f"{project}/leave")
    check.ask = ask
    await check("DELETE", project)

    operations = {
        f"{method.upper()} {path}"
        for path, methods in description.whole["paths"].items()
        for method in methods
        if path not in PRODUCTS
    }
    assert check.seen == operations


async def test_errors(ask: Asking, shared: Path) -> None:
    """Errors have one of the shapes that the description knows."""
    description = Description(shared / "specs" / "openapi.yml")
    shapes = description.schema({"$ref": "#/components/schemas/ErrorResponse"})
    low = ask.by(await ask.key("usage:read"))
    for told in (
        await ask("GET", "/v1/projects/none", status=404),
        await ask("GET", "keys/none", status=404),
        await ask("PUT", "/v1/projects", status=405),
        await ask("POST", "keys", {}, status=400),
        await ask("GET", "usage?method=x", status=400),
        await low("GET", "keys", status=403),
        await ask("GET", "/v1/nothing", status=404),
    ):
        assert faults(told, shapes) == []
