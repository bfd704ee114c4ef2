"""The account natively: what each verb sends, and what it makes of the answer."""

# generates: tests/sync/test_account.py

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from dgasync import AsyncDeepgramClient, AsyncListing, AsyncProjectHandle, Project
from dgasync.api.listing import Things
from dgasync.config import Timeouts
from dgasync.errors import DecodeError, DeepgramTypeError, NotFound
from tests.fakes import FakeTransport, reply

pytestmark = pytest.mark.anyio

P = "p/1 ?x=#%2Fé"
"""An id with all that must not go into a path as it is."""
I = "i&/.."  # noqa: E741
PROJECT = f"/v1/projects/{quote(P, safe='')}"
ID = quote(I, safe="")
CREDENTIALS = f"{PROJECT}/self-hosted/distribution/credentials"

Verb = Callable[[AsyncProjectHandle], Awaitable[Any]]

VERBS: dict[str, tuple[Verb, str, str, list[tuple[str, str]], Any]] = {
    "get": (lambda p: p.get(), "GET", PROJECT, [], None),
    "update": (lambda p: p.update(name="n"), "PATCH", PROJECT, [], {"name": "n"}),
    "delete": (lambda p: p.delete(), "DELETE", PROJECT, [], None),
    "leave": (lambda p: p.leave(), "DELETE", f"{PROJECT}/leave", [], None),
    "keys.list": (lambda p: p.keys.list(status="active").all(), "GET", f"{PROJECT}/keys", [("status", "active")], None),
    "keys.get": (lambda p: p.keys.get(I), "GET", f"{PROJECT}/keys/{ID}", [], None),
    "keys.create": (
        lambda p: p.keys.create(comment="c", scopes=["member"], time_to_live_in_seconds=60),
        "POST",
        f"{PROJECT}/keys",
        [],
        {"comment": "c", "scopes": ["member"], "time_to_live_in_seconds": 60},
    ),
    "keys.delete": (lambda p: p.keys.delete(I), "DELETE", f"{PROJECT}/keys/{ID}", [], None),
    "members.list": (lambda p: p.members.list().all(), "GET", f"{PROJECT}/members", [], None),
    "members.delete": (lambda p: p.members.delete(I), "DELETE", f"{PROJECT}/members/{ID}", [], None),
    "members.scopes": (lambda p: p.members.scopes(I), "GET", f"{PROJECT}/members/{ID}/scopes", [], None),
    "members.update_scope": (
        lambda p: p.members.update_scope(I, scope="admin"),
        "PUT",
        f"{PROJECT}/members/{ID}/scopes",
        [],
        {"scope": "admin"},
    ),
    "invites.list": (lambda p: p.invites.list().all(), "GET", f"{PROJECT}/invites", [], None),
    "invites.create": (
        lambda p: p.invites.create("a@b.c"),
        "POST",
        f"{PROJECT}/invites",
        [],
        {"email": "a@b.c", "scope": "member"},
    ),
    "invites.delete": (lambda p: p.invites.delete("a@b.c"), "DELETE", f"{PROJECT}/invites/a%40b.c", [], None),
    "requests.list": (
        lambda p: p.requests.list(status="failed", endpoint="listen", method="sync").all(),
        "GET",
        f"{PROJECT}/requests",
        [("limit", "100"), ("status", "failed"), ("endpoint", "listen"), ("method", "sync")],
        None,
    ),
    "requests.get": (lambda p: p.requests.get(I), "GET", f"{PROJECT}/requests/{ID}", [], None),
    "usage.get": (lambda p: p.usage.get(diarize=True), "GET", f"{PROJECT}/usage", [("diarize", "true")], None),
    "usage.breakdown": (
        lambda p: p.usage.breakdown(grouping="models", start="2025-01-01"),
        "GET",
        f"{PROJECT}/usage/breakdown",
        [("grouping", "models"), ("start", "2025-01-01")],
        None,
    ),
    "usage.fields": (
        lambda p: p.usage.fields(end="2025-02-01"),
        "GET",
        f"{PROJECT}/usage/fields",
        [("end", "2025-02-01")],
        None,
    ),
    "balances.list": (lambda p: p.balances.list().all(), "GET", f"{PROJECT}/balances", [], None),
    "balances.get": (lambda p: p.balances.get(I), "GET", f"{PROJECT}/balances/{ID}", [], None),
    "billing.breakdown": (
        lambda p: p.billing.breakdown(grouping=["tags", "line_item"]),
        "GET",
        f"{PROJECT}/billing/breakdown",
        [("grouping", "tags"), ("grouping", "line_item")],
        None,
    ),
    "billing.fields": (lambda p: p.billing.fields(), "GET", f"{PROJECT}/billing/fields", [], None),
    "purchases.list": (lambda p: p.purchases.list().all(), "GET", f"{PROJECT}/purchases", [("limit", "1000")], None),
    "models.list": (
        lambda p: p.models.list(include_outdated=True),
        "GET",
        f"{PROJECT}/models",
        [("include_outdated", "true")],
        None,
    ),
    "models.get": (lambda p: p.models.get(I), "GET", f"{PROJECT}/models/{ID}", [], None),
    "agents.list": (lambda p: p.agents.list().all(), "GET", f"{PROJECT}/agents", [], None),
    "agents.get": (lambda p: p.agents.get(I), "GET", f"{PROJECT}/agents/{ID}", [], None),
    "agents.create": (
        lambda p: p.agents.create({"greeting": "Hé"}, metadata={"team": "a"}, api_version=1),
        "POST",
        f"{PROJECT}/agents",
        [],
        {"config": '{"greeting":"Hé"}', "metadata": {"team": "a"}, "api_version": 1},
    ),
    "agents.create from text": (
        lambda p: p.agents.create('{"greeting": "Hé"}'),
        "POST",
        f"{PROJECT}/agents",
        [],
        {"config": '{"greeting": "Hé"}'},
    ),
    "agents.update": (
        lambda p: p.agents.update(I, metadata={"team": "b"}),
        "PUT",
        f"{PROJECT}/agents/{ID}",
        [],
        {"metadata": {"team": "b"}},
    ),
    "agents.delete": (lambda p: p.agents.delete(I), "DELETE", f"{PROJECT}/agents/{ID}", [], None),
    "agent_variables.list": (lambda p: p.agent_variables.list().all(), "GET", f"{PROJECT}/agent-variables", [], None),
    "agent_variables.get": (lambda p: p.agent_variables.get(I), "GET", f"{PROJECT}/agent-variables/{ID}", [], None),
    "agent_variables.create": (
        lambda p: p.agent_variables.create("DG_NAME", {"deep": [1, None]}),
        "POST",
        f"{PROJECT}/agent-variables",
        [],
        {"key": "DG_NAME", "value": {"deep": [1, None]}},
    ),
    "agent_variables.update": (
        lambda p: p.agent_variables.update(I, None),
        "PATCH",
        f"{PROJECT}/agent-variables/{ID}",
        [],
        {"value": None},
    ),
    "agent_variables.delete": (
        lambda p: p.agent_variables.delete(I),
        "DELETE",
        f"{PROJECT}/agent-variables/{ID}",
        [],
        None,
    ),
    "credentials.list": (lambda p: p.credentials.list().all(), "GET", CREDENTIALS, [], None),
    "credentials.get": (lambda p: p.credentials.get(I), "GET", f"{CREDENTIALS}/{ID}", [], None),
    "credentials.create": (
        lambda p: p.credentials.create(comment="c", scopes=["self-hosted:products"], provider="quay"),
        "POST",
        CREDENTIALS,
        [("scopes", "self-hosted:products"), ("provider", "quay")],
        {"comment": "c"},
    ),
    "credentials.delete": (lambda p: p.credentials.delete(I), "DELETE", f"{CREDENTIALS}/{ID}", [], None),
}
"""Each verb of a project, and the method, path, query and body that it makes."""


def client(*script: Any, **settings: Any) -> tuple[AsyncDeepgramClient, FakeTransport]:
    transport = FakeTransport(*script)
    return AsyncDeepgramClient("key", transport=transport, **settings), transport


def sent(transport: FakeTransport) -> tuple[str, str, list[tuple[str, str]], Any]:
    """Method, path, query and JSON body of the last request."""
    request, body = transport.requests[-1], transport.bodies[-1]
    parts = urlsplit(request.url)
    assert request.headers.get("Content-Type") == (None if body is None else "application/json")
    return request.method, parts.path, parse_qsl(parts.query, keep_blank_values=True), body and json.loads(body)


async def test_what_is_sent() -> None:
    """Each verb of a project sends what the official description asks for, ids escaped."""
    for name, (verb, *expected) in VERBS.items():
        deepgram, transport = client()

        await verb(deepgram.project(P))

        assert [*sent(transport)] == expected, name
        assert len(transport.requests) == 1, name


def test_every_verb_is_tried() -> None:
    """The table leaves no verb of a project out, and no part says nothing of itself."""
    deepgram, _ = client()
    project = deepgram.project("p")
    verbs = {name for name in vars(AsyncProjectHandle) if not name.startswith("_")}
    parts = {name for name in verbs if isinstance(vars(AsyncProjectHandle)[name], property)}
    of_parts = {
        f"{part}.{name}" for part in parts for name in vars(type(getattr(project, part))) if not name.startswith("_")
    }

    assert VERBS.keys() - {"agents.create from text"} == (verbs - parts) | of_parts
    assert repr(deepgram.projects) == "<AsyncProjects of the account>"
    assert repr(project) == "<AsyncProjectHandle of the account p>"
    for part in parts:
        assert repr(getattr(project, part)) == f"<{type(getattr(project, part)).__name__} of the account p>"


async def test_projects() -> None:
    """Projects are listed, and each is a way to what belongs to it."""
    deepgram, transport = client(
        reply(body='{"projects": [{"project_id": "p-1", "name": "One"}, {"project_id": "p-2"}]}'),
        reply(body='{"project_id": "p-2", "name": "Two"}'),
        reply(body='{"api_keys": [{"api_key": {"api_key_id": "k"}, "member": {"email": "a@b.c"}}]}'),
    )

    names = [project.name async for project in deepgram.projects.list()]
    second = await deepgram.projects.get("p-2")
    (key,) = await deepgram.project(second).keys.list().all()

    assert names == ["One", None]
    assert second.name == "Two"
    assert key.api_key is not None
    assert (key.api_key.api_key_id, key.member and key.member.email) == ("k", "a@b.c")
    assert [urlsplit(each.url).path for each in transport.requests] == [
        "/v1/projects",
        "/v1/projects/p-2",
        "/v1/projects/p-2/keys",
    ]


@pytest.mark.parametrize("bad", [None, "", 7, Project(name="without id")])
def test_a_project_without_id(bad: Any) -> None:
    """A project is meant by its id, or there is none."""
    deepgram, _ = client()

    with pytest.raises(DeepgramTypeError, match="by its id"):
        deepgram.project(bad)


async def test_models() -> None:
    """Public models are those of no project."""
    deepgram, transport = client(reply(body='{"stt": [{"canonical_name": "nova-3"}], "tts": []}'), reply())

    models = await deepgram.models.list(include_outdated=True)
    assert [model.canonical_name for model in models.stt or ()] == ["nova-3"]
    assert sent(transport) == ("GET", "/v1/models", [("include_outdated", "true")], None)

    await deepgram.models.get(I)
    assert sent(transport)[1] == f"/v1/models/{ID}"


@pytest.mark.parametrize(
    ("settings", "host"),
    [({}, "agent.deepgram.com"), ({"url": "https://api.eu.deepgram.com"}, "api.eu.deepgram.com")],
)
async def test_models_that_think(settings: dict[str, str], host: str) -> None:
    """They are asked for at the agents' own host unless a base URL is given, with the key as ever."""
    found = reply(body='{"models": [{"id": "gpt-5", "provider": "open_ai"}]}')
    deepgram, transport = client(found, found, **settings)

    first = [model.id async for model in deepgram.think_models()]
    second = await deepgram.think_models(headers={"X-One": "1"}).all()

    assert first == [model.id for model in second] == ["gpt-5"]
    for request in transport.requests:
        assert urlsplit(request.url)[1:3] == (host, "/v1/agent/settings/think/models")
        assert request.headers["Authorization"] == "Token key"


async def test_the_call_s_own_settings() -> None:
    """What concerns the call goes with any verb, beside its options."""
    deepgram, transport = client()
    keys = deepgram.project("p").keys

    await keys.list(status="expired", timeout=9, headers={"X-One": "1"}, addons={"newer": True}).all()
    await keys.create(comment="c", addons={"newer": True})
    first, second = transport.requests

    assert (first.timeouts, first.headers["X-One"]) == (Timeouts(9, 9, 9), "1")
    assert first.url.endswith("/keys?status=expired&newer=true")
    assert second.url.endswith("/keys?newer=true")
    assert transport.bodies == [None, b'{"comment":"c"}']


async def test_a_misspelt_option() -> None:
    """It is an error where it is written, not where the list is read; `strict=False` sends it."""
    deepgram, transport = client()
    project = deepgram.project("p")

    with pytest.raises(DeepgramTypeError, match="did you mean 'status'"):
        project.requests.list(statsu="failed")  # type: ignore[call-arg]  # callers are not all checked
    with pytest.raises(DeepgramTypeError, match="did you mean 'status'"):
        project.keys.list(statsu="active")  # type: ignore[call-arg]  # callers are not all checked
    with pytest.raises(DeepgramTypeError, match="did you mean 'comment'"):
        await project.keys.create(coment="c")  # type: ignore[call-arg]  # callers are not all checked
    with pytest.raises(DeepgramTypeError, match="no option 'status'"):
        await project.agents.update("a", metadata={}, status="x")  # type: ignore[call-arg]  # callers are not all checked
    assert transport.requests == []

    await project.keys.list(statsu="active", strict=False).all()  # type: ignore[call-arg]  # callers are not all checked
    assert sent(transport)[2] == [("statsu", "active")]


async def test_a_refusal() -> None:
    """A list is refused when it is read."""
    deepgram, _ = client(reply(404, b'{"err_msg": "Project not found.", "request_id": "r"}'))
    listing = deepgram.project("p").members.list()

    with pytest.raises(NotFound, match="Project not found") as caught:
        await listing.all()
    assert caught.value.request_id == "r"


async def test_an_agent_that_json_cannot_say() -> None:
    """A configuration must be JSON."""
    deepgram, transport = client()

    with pytest.raises(DeepgramTypeError, match="JSON"):
        await deepgram.project("p").agents.create({"greeting": object()})
    assert transport.requests == []


def page(number: Any, *ids: str, limit: Any = 2) -> Any:
    """A page of requests."""
    found: dict[str, Any] = {"page": number, "limit": limit, "requests": [{"request_id": each} for each in ids]}
    return reply(body=json.dumps({name: value for name, value in found.items() if value is not None}))


def asked(transport: FakeTransport) -> list[str | None]:
    """The page that each request asked for."""
    return [dict(parse_qsl(urlsplit(each.url).query)).get("page") for each in transport.requests]


async def ids(listing: AsyncListing[Any]) -> list[str]:
    return [each.request_id async for each in listing]


async def test_pages_are_fetched_as_they_are_needed() -> None:
    """Nothing is asked for before the first item, and the second page only behind the last of the first."""
    deepgram, transport = client(page(0, "a", "b"), page(1, "c"))
    listing = deepgram.project("p").requests.list(limit=2)
    seen: list[tuple[str, int]] = []
    assert transport.requests == []

    async for each in listing:
        seen.append((each.request_id or "", len(transport.requests)))

    assert seen == [("a", 1), ("b", 1), ("c", 2)]
    assert asked(transport) == [None, "1"]
    assert urlsplit(transport.requests[1].url).query == "limit=2&page=1"


@pytest.mark.parametrize(
    ("pages", "expected", "numbers"),
    [
        ([page(1, "a", "b"), page(2, "c", "d"), page(3)], "abcd", [None, "2", "3"]),
        ([page(0, "a", "b"), page(1, "b", "c"), page(2, "d")], "abcd", [None, "1", "2"]),
        ([page(0.0, "a", "b", limit=2.0), page(1.0)], "ab", [None, "1"]),
        ([page(None, "a", "b"), page(None, "c", "d"), page(None, "e")], "abcde", [None, "1", "2"]),
        ([page(0, "a", "b"), page(0, "a", "b")], "ab", [None, "1"]),
        ([page(None, "a", "b", limit=None), page(None, "a", "b", limit=None)], "ab", [None, "1"]),
        ([page(0, "a", limit=None), page(1, limit=None)], "a", [None, "1"]),
        ([page(0)], "", [None]),
        ([reply()], "", [None]),
    ],
    ids=["from 1", "moving on", "floats", "no numbers", "ignored", "no pages", "no limit", "empty", "nothing"],
)
async def test_where_a_list_ends(pages: list[Any], expected: str, numbers: list[str | None]) -> None:
    """Pages are counted as the service counts them; nothing comes twice, and the list ends where it ends."""
    deepgram, transport = client(*pages)

    assert "".join(await ids(deepgram.project("p").requests.list())) == expected
    assert asked(transport) == numbers


async def test_the_whole_of_a_list() -> None:
    """It is a list, which a notebook shows as a table."""
    deepgram, _ = client(page(0, "a", "b"), page(1, "c"))

    found = await deepgram.project("p").requests.list(limit=2).all()

    assert [each.request_id for each in found] == ["a", "b", "c"]
    assert isinstance(found, Things)
    assert str(found._repr_html_()).count("<tr>") == 4


async def test_a_list_from_its_middle() -> None:
    """`page` is where the list begins."""
    deepgram, transport = client(page(3, "a", "b"), page(4, "c"))

    assert await ids(deepgram.project("p").requests.list(page=3)) == ["a", "b", "c"]
    assert asked(transport) == ["3", "4"]


async def test_a_list_without_end() -> None:
    """A service that repeats itself on each page is not asked for ever."""
    deepgram, transport = client(*[page(number, "a", "b") for number in range(99)])

    with pytest.raises(DecodeError, match="same items on each page"):
        await deepgram.project("p").requests.list().all()
    assert len(transport.requests) == 12


async def test_a_list_is_read_as_often_as_one_likes() -> None:
    """Each loop begins anew, also two at once."""
    deepgram, transport = client(*[page(0, "a", "b"), page(1, "c")] * 2)
    listing = deepgram.project("p").requests.list()

    assert await ids(listing) == ["a", "b", "c"]
    assert await ids(listing) == ["a", "b", "c"]
    assert len(transport.requests) == 4


async def test_a_page_that_fails() -> None:
    """It raises where it was needed; asking again asks for it again, and nothing is lost."""
    deepgram, transport = client(page(0, "a", "b"), reply(404, b"gone"), page(1, "c"), max_retries=0)
    items = aiter(deepgram.project("p").requests.list())

    assert [(await anext(items)).request_id, (await anext(items)).request_id] == ["a", "b"]
    with pytest.raises(NotFound):
        await anext(items)
    assert (await anext(items)).request_id == "c"
    with pytest.raises(StopAsyncIteration):
        await anext(items)
    assert asked(transport) == [None, "1", "1"]


async def test_a_listing_says_where_it_is() -> None:
    """A repr of one line: how far it is read."""
    deepgram, _ = client(page(0, "a", "b"), page(1, "c"))
    items = aiter(deepgram.project("p").requests.list())

    assert repr(items) == "<AsyncListing, not begun>"
    await anext(items)
    assert repr(items) == "<AsyncListing, 1 waiting, then page 1>"
    await anext(items)
    await anext(items)
    assert repr(items) == "<AsyncListing, 0 waiting, then over>"
