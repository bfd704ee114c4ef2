"""The account in the documented style: what each call sends, and what it makes of the answer."""

# generates: tests/sync/test_manage.py

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

import dgasync
from dgasync import AsyncDeepgramClient, AsyncManageClient, AsyncOnPremClient
from dgasync.config import Timeouts
from dgasync.errors import (
    BadRequest,
    ConnectFailed,
    DecodeError,
    DeepgramConnectionError,
    DeepgramTypeError,
    NotFound,
    ServerError,
)
from tests.fakes import FakeTransport, reply

pytestmark = pytest.mark.anyio

P = "p/1 ?x=#%2Fé"
"""An id with all that must not go into a path as it is."""
M = "m&/.."
PROJECT = f"/v1/projects/{quote(P, safe='')}"
OTHER = quote(M, safe="")
EMAIL = "who+me@example.com"
CREDENTIALS = f"{PROJECT}/self-hosted/distribution/credentials"

CALLS: dict[str, tuple[list[Any], str, str, list[tuple[str, str]], Any, type]] = {
    "list_projects": ([], "GET", "/v1/projects", [], None, dgasync.ProjectsResponse),
    "get_projects": ([], "GET", "/v1/projects", [], None, dgasync.ProjectsResponse),
    "get_project": ([P], "GET", PROJECT, [], None, dgasync.Project),
    "update_project": ([P, "New"], "PATCH", PROJECT, [], {"name": "New"}, dgasync.Message),
    "update_project_option": ([P, {"name": "New"}], "PATCH", PROJECT, [], {"name": "New"}, dgasync.Message),
    "delete_project": ([P], "DELETE", PROJECT, [], None, dgasync.Message),
    "list_keys": ([P], "GET", f"{PROJECT}/keys", [], None, dgasync.KeysResponse),
    "get_keys": ([P], "GET", f"{PROJECT}/keys", [], None, dgasync.KeysResponse),
    "get_key": ([P, M], "GET", f"{PROJECT}/keys/{OTHER}", [], None, dgasync.KeyResponse),
    "create_key": (
        [P, dgasync.KeyOptions(comment="c", scopes=["member"])],
        "POST",
        f"{PROJECT}/keys",
        [],
        {"comment": "c", "scopes": ["member"]},
        dgasync.Key,
    ),
    "delete_key": ([P, M], "DELETE", f"{PROJECT}/keys/{OTHER}", [], None, dgasync.Message),
    "list_members": ([P], "GET", f"{PROJECT}/members", [], None, dgasync.MembersResponse),
    "get_members": ([P], "GET", f"{PROJECT}/members", [], None, dgasync.MembersResponse),
    "remove_member": ([P, M], "DELETE", f"{PROJECT}/members/{OTHER}", [], None, dgasync.Message),
    "get_member_scopes": ([P, M], "GET", f"{PROJECT}/members/{OTHER}/scopes", [], None, dgasync.ScopesResponse),
    "update_member_scope": (
        [P, M, dgasync.ScopeOptions(scope="admin")],
        "PUT",
        f"{PROJECT}/members/{OTHER}/scopes",
        [],
        {"scope": "admin"},
        dgasync.Message,
    ),
    "list_invites": ([P], "GET", f"{PROJECT}/invites", [], None, dgasync.InvitesResponse),
    "get_invites": ([P], "GET", f"{PROJECT}/invites", [], None, dgasync.InvitesResponse),
    "send_invite": (
        [P, EMAIL],
        "POST",
        f"{PROJECT}/invites",
        [],
        {"email": EMAIL, "scope": "member"},
        dgasync.Message,
    ),
    "send_invite_options": (
        [P, dgasync.InviteOptions(email=EMAIL, scope="owner")],
        "POST",
        f"{PROJECT}/invites",
        [],
        {"email": EMAIL, "scope": "owner"},
        dgasync.Message,
    ),
    "delete_invite": ([P, EMAIL], "DELETE", f"{PROJECT}/invites/{quote(EMAIL, safe='')}", [], None, dgasync.Message),
    "leave_project": ([P], "DELETE", f"{PROJECT}/leave", [], None, dgasync.Message),
    "get_usage_requests": (
        [P, dgasync.UsageRequestOptions(limit=5, status="failed")],
        "GET",
        f"{PROJECT}/requests",
        [("limit", "5"), ("status", "failed")],
        None,
        dgasync.UsageRequestsResponse,
    ),
    "get_usage_request": ([P, M], "GET", f"{PROJECT}/requests/{OTHER}", [], None, dgasync.UsageRequest),
    "get_usage_summary": (
        [P, dgasync.UsageSummaryOptions(model="m", punctuate=True, ner=False)],
        "GET",
        f"{PROJECT}/usage",
        [("model", "m"), ("punctuate", "true"), ("ner", "false")],
        None,
        dgasync.UsageSummaryResponse,
    ),
    "get_usage_fields": (
        [P, {"start": "2024-01-01"}],
        "GET",
        f"{PROJECT}/usage/fields",
        [("start", "2024-01-01")],
        None,
        dgasync.UsageFieldsResponse,
    ),
    "list_balances": ([P], "GET", f"{PROJECT}/balances", [], None, dgasync.BalancesResponse),
    "get_balances": ([P], "GET", f"{PROJECT}/balances", [], None, dgasync.BalancesResponse),
    "get_balance": ([P, M], "GET", f"{PROJECT}/balances/{OTHER}", [], None, dgasync.Balance),
    "list_models": (
        [dgasync.ModelOptions(include_outdated=True)],
        "GET",
        "/v1/models",
        [("include_outdated", "true")],
        None,
        dgasync.ModelsResponse,
    ),
    "get_models": ([], "GET", "/v1/models", [], None, dgasync.ModelsResponse),
    "get_model": ([M], "GET", f"/v1/models/{OTHER}", [], None, dgasync.ModelResponse),
    "list_project_models": ([P], "GET", f"{PROJECT}/models", [], None, dgasync.ModelsResponse),
    "get_project_models": (
        [P, {"include_outdated": False}],
        "GET",
        f"{PROJECT}/models",
        [("include_outdated", "false")],
        None,
        dgasync.ModelsResponse,
    ),
    "get_project_model": ([P, M], "GET", f"{PROJECT}/models/{OTHER}", [], None, dgasync.ModelResponse),
}
"""Each call: its arguments, and the verb, path, query and body that they make; what comes back."""

ON_PREM: dict[str, tuple[list[Any], str, str, list[tuple[str, str]], Any, type]] = {
    "list_{}_credentials": ([P], "GET", CREDENTIALS, [], None, dgasync.CredentialsResponse),
    "get_{}_credentials": ([P, M], "GET", f"{CREDENTIALS}/{OTHER}", [], None, dgasync.Credentials),
    "create_{}_credentials": (
        [P, {"comment": "c", "scopes": ["self-hosted:products"], "provider": "quay"}],
        "POST",
        CREDENTIALS,
        [("scopes", "self-hosted:products"), ("provider", "quay")],
        {"comment": "c"},
        dgasync.Credentials,
    ),
    "delete_{}_credentials": ([P, M], "DELETE", f"{CREDENTIALS}/{OTHER}", [], None, dgasync.Credentials),
}


def client(*script: Any, **settings: Any) -> tuple[AsyncManageClient, FakeTransport]:
    transport = FakeTransport(*script)
    deepgram = AsyncDeepgramClient("key", transport=transport, **settings)
    return deepgram.asyncmanage.v("1"), transport


def sent(transport: FakeTransport) -> tuple[str, str, list[tuple[str, str]], Any]:
    """Verb, path, query and JSON body of the last request."""
    request, body = transport.requests[-1], transport.bodies[-1]
    parts = urlsplit(request.url)
    assert request.headers.get("Content-Type") == (None if body is None else "application/json")
    return request.method, parts.path, parse_qsl(parts.query, keep_blank_values=True), body and json.loads(body)


def test_all_methods_are_tried() -> None:
    """The table leaves no public method out."""
    assert {name for name in vars(AsyncManageClient) if not name.startswith("_")} == CALLS.keys()


async def test_what_is_sent() -> None:
    """Each call sends v3's verb, path, query and body, ids escaped, no body with GET; and gives its own type."""
    for name, (arguments, *expected, kind) in CALLS.items():
        manage, transport = client(reply(dg_request_id="r"))

        answer = await getattr(manage, name)(*arguments)

        assert [*sent(transport)] == expected, name
        assert type(answer) is kind, name


@pytest.mark.parametrize("spelling", ["onprem", "selfhosted"])
async def test_credentials(spelling: str) -> None:
    """By either name the credentials are asked for at the address of the official description."""
    for name, (arguments, *expected, kind) in ON_PREM.items():
        transport = FakeTransport(reply(body='{"distribution_credentials": null, "newer": 1}'))
        deepgram = AsyncDeepgramClient("key", transport=transport)
        for credentials in (deepgram.asynconprem.v("1"), deepgram.asyncselfhosted.v("1")):
            assert type(credentials) is AsyncOnPremClient
            assert repr(credentials) == "<AsyncOnPremClient https://api.deepgram.com>"

            answer = await getattr(credentials, name.format(spelling))(*arguments)

            assert [*sent(transport)] == expected, name
            assert type(answer) is kind, name


async def test_credentials_read_as_text() -> None:
    """Where v3 gave the text of the answer, `str()` of what comes back is that text."""
    text = '{"distribution_credentials": [], "newer": 1}'
    deepgram = AsyncDeepgramClient("key", transport=FakeTransport(reply(body=text)))

    answer = await deepgram.asynconprem.v("1").list_onprem_credentials("p")

    assert json.loads(str(answer)) == json.loads(text)
    assert answer.to_json() == text


@pytest.mark.parametrize("bad", [None, "", ".."])
async def test_no_id(bad: Any) -> None:
    """What would point at something else is refused, and nothing is sent."""
    manage, transport = client()

    with pytest.raises(DeepgramTypeError, match="project_id"):
        await manage.delete_project(bad)
    with pytest.raises(DeepgramTypeError, match="key_id"):
        await manage.delete_key("p", bad)
    assert transport.requests == []


@pytest.mark.parametrize("form", [dgasync.UsageRequestOptions(limit=5), {"limit": 5}])
async def test_options(form: Any) -> None:
    """Options are an object or a dict; `addons` are laid over them, and stay out of the body."""
    manage, transport = client()

    await manage.get_usage_requests("p", form, None, {"limit": 7, "newer": ["a", "b"]})
    assert sent(transport)[2] == [("limit", "7"), ("newer", "a"), ("newer", "b")]

    await manage.create_key("p", {"comment": "c"}, addons={"newer": 1})
    assert sent(transport)[2:] == ([("newer", "1")], {"comment": "c"})


async def test_no_options() -> None:
    """None means none: no query, and an empty object as body."""
    manage, transport = client()

    await manage.get_usage_summary("p", None)
    assert sent(transport) == ("GET", "/v1/projects/p/usage", [], None)

    await manage.create_key("p", None)
    assert sent(transport) == ("POST", "/v1/projects/p/keys", [], {})


async def test_a_misspelt_option() -> None:
    """It is an error before anything is sent, in query and body; `strict=False` sends it."""
    manage, transport = client()

    with pytest.raises(DeepgramTypeError, match="did you mean 'status'"):
        await manage.get_usage_requests("p", {"statsu": "failed"})
    with pytest.raises(DeepgramTypeError, match="did you mean 'comment'"):
        await manage.create_key("p", {"coment": "c"})
    assert transport.requests == []

    await manage.get_usage_requests("p", {"statsu": "failed"}, strict=False)
    assert sent(transport)[2] == [("statsu", "failed")]
    await manage.create_key("p", {"coment": "c"}, strict=False)
    assert sent(transport)[3] == {"coment": "c"}


async def test_options_of_no_use() -> None:
    """Options that are none, and a body that JSON cannot say, are told apart from what the service refuses."""
    manage, transport = client()

    with pytest.raises(DeepgramTypeError, match="options object or a dict, not a list"):
        await manage.create_key("p", [])  # type: ignore[arg-type]  # callers are not all checked
    with pytest.raises(DeepgramTypeError, match="JSON"):
        await manage.create_key("p", {"comment": object()})
    assert transport.requests == []


async def test_positions() -> None:
    """Behind the options come timeout, addons and headers, as in v3; the headers stay with their call."""
    manage, transport = client()

    await manage.get_key("p", "k", 9, {"a": 1}, {"X-One": "1"})
    await manage.get_key("p", "k")
    first, second = transport.requests

    assert (first.timeouts, first.headers["X-One"]) == (Timeouts(9, 9, 9), "1")
    assert first.url.endswith("/keys/k?a=1")
    assert "X-One" not in second.headers


async def test_refusals_are_typed() -> None:
    """A refusal says what the service said, and which request it was."""
    manage, _ = client(
        reply(404, b'{"err_code": "NOT_FOUND", "err_msg": "Project not found.", "request_id": "r-1"}'),
        reply(400, b'{"category": "INVALID", "message": "No such scope.", "details": "Ask for another."}'),
    )

    with pytest.raises(NotFound, match="Project not found") as caught:
        await manage.get_project("p")
    assert (caught.value.request_id, caught.value.err_code) == ("r-1", "NOT_FOUND")
    with pytest.raises(BadRequest, match="Ask for another"):
        await manage.update_member_scope("p", "m", {"scope": "king"})


CHANGES: dict[str, list[Any]] = {
    "create_key": ["p", {}],
    "update_project": ["p", "name"],
    "update_member_scope": ["p", "m", {}],
    "delete_key": ["p", "k"],
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_is_not_made_twice(name: str) -> None:
    """It is tried again where nothing can have been changed, and nowhere else."""
    manage, transport = client(
        ConnectFailed("no one there"), reply(429), reply(503, retry_after="1"), reply(body='{"message": "done"}')
    )
    await getattr(manage, name)(*CHANGES[name], max_retries=3)
    assert len(transport.requests) == 4

    for failure, kind in [
        (reply(502), ServerError),
        (reply(503), ServerError),
        (DeepgramConnectionError("broken off"), DeepgramConnectionError),
    ]:
        manage, transport = client(failure)
        with pytest.raises(kind):
            await getattr(manage, name)(*CHANGES[name])
        assert len(transport.requests) == 1


async def test_a_question_may_be_asked_twice() -> None:
    """What only asks is tried again."""
    manage, transport = client(reply(502), DeepgramConnectionError("broken off"), reply(body='{"name": "n"}'))

    assert (await manage.get_project("p")).name == "n"
    assert len(transport.requests) == 3


async def test_a_change_without_words() -> None:
    """A deletion that is answered by nothing is done; a new key that is answered by nothing is lost, and told so."""
    manage, _ = client(reply(204, b"", dg_request_id="r"), reply(200, b""))

    message = await manage.delete_key("p", "k")
    assert (message.message, message.request_id) == (None, "r")
    with pytest.raises(DecodeError):
        await manage.create_key("p", {})


async def test_bytes_of_answers() -> None:
    """Answers keep what was said unless told otherwise, messages too."""
    manage, _ = client(*[reply(body='{"message": "done", "newer": 1}')] * 2)

    assert (await manage.delete_key("p", "k"))["newer"] == 1
    assert "newer" not in await manage.delete_key("p", "k", keep_raw=False)


async def test_it_says_where_it_leads() -> None:
    """A repr names the class and the host, and no key."""
    manage, _ = client()

    assert repr(manage) == "<AsyncManageClient https://api.deepgram.com>"
