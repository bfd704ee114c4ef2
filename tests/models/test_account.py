"""What the service says of the account: recorded answers, v3's ways, and shapes that differ from page to page."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from pathlib import Path

import pytest

from dgasync.errors import DecodeError, DeepgramTypeError
from dgasync.models import agents, auth, catalogue, projects, usage
from dgasync.models.auth import GrantTokenResponse
from dgasync.models.base import Answer, Headers
from dgasync.models.projects import Credentials, Key, KeyResponse, KeysResponse, Member, Message, Project
from dgasync.models.usage import UsageRequest, UsageRequestsResponse, UsageSummaryResponse

KEY = {"api_key_id": "k-1", "key": "the-secret-itself", "comment": "for tests", "scopes": ["member"]}
MEMBER = {"member_id": "m-1", "email": "someone@example.com"}


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("auth.grant", GrantTokenResponse),
        ("manage.requests.list", UsageRequestsResponse),
        ("manage.usage.legacy", UsageSummaryResponse),
    ],
)
def test_recorded_answers(page: str, kind: type[Answer], shared: Path) -> None:
    """What the service printed or sent is read, with nothing lost, also on the way back."""
    files = sorted((shared / "corpus").glob(f"{page}.*.json"))
    assert files

    for file in files:
        said = json.loads(file.read_text("utf-8"))
        found = kind.from_json(file.read_bytes())
        assert found.to_dict() == said
        assert json.loads(str(found)) == said
        assert kind.from_dict(found.to_dict()) == found


def test_recorded_values(shared: Path) -> None:
    """The values of recorded answers are where v3 had them."""
    corpus = shared / "corpus"
    summary = UsageSummaryResponse.from_json((corpus / "manage.usage.legacy.01.docs.json").read_bytes())
    assert summary.resolution
    assert summary.resolution.units == "day"
    assert summary.results
    assert summary.results[0].hours == 865.7331186111111
    assert summary.eval("results.4.requests") == 196209
    listed = UsageRequestsResponse.from_json((corpus / "manage.requests.list.01.docs.json").read_bytes())
    assert listed.requests
    assert (listed.requests[0].path, listed.requests[0].response) == ("/v1/listen?-xxx", None)


def test_manners() -> None:
    """A part of a list is read as in v3: by attribute, by `[]`, as JSON; and it cannot be changed."""
    found = KeysResponse.from_json(json.dumps({"api_keys": [{"api_key": KEY, "member": MEMBER}]}))
    assert found.api_keys
    entry = found.api_keys[0]

    assert entry.api_key is not None
    assert entry.member is not None
    assert entry["member"]["email"] == entry.member.email == "someone@example.com"
    assert entry.api_key.to_dict() == json.loads(entry.api_key.to_json()) == KEY
    assert entry.eval("api_key.scopes.0") == "member"
    assert "created" not in entry.api_key
    with pytest.raises(KeyError):
        entry.api_key["created"]
    with pytest.raises(DeepgramTypeError, match="cannot be changed"):
        entry["member"] = None


@pytest.mark.parametrize(
    "said",
    [
        {"api_key": KEY, "member": MEMBER},
        {"item": {"api_key": KEY, "member": MEMBER}},
        {"item": {"member": {**MEMBER, "api_key": KEY}}},
    ],
    ids=["as v3", "as items", "as described"],
)
def test_a_key_wherever_it_is(said: dict[str, object]) -> None:
    """The answer for one key has key and member where v3 had them, however deep they came."""
    found = KeyResponse.from_json(json.dumps(said))

    assert found.api_key == Key(**KEY)  # type: ignore[arg-type]  # of several types
    assert found.member is not None
    assert found.member.email == "someone@example.com"
    assert found.to_dict() == said
    assert repr(found) == "<KeyResponse k-1>"


def test_a_request_wherever_it_is() -> None:
    """The answer for one request has it where v3 had it, also where it came one deeper."""
    request = {"request_id": "r-1", "path": "/v1/listen", "code": 200, "response": {"details": {"channels": 1.0}}}
    flat, nested = (UsageRequest.from_json(json.dumps(said)) for said in (request, {"request": request}))

    assert nested.request == flat
    for name in ("request_id", "path", "code", "response"):
        assert getattr(nested, name) == getattr(flat, name) is not None
    assert nested.adopt(None, {"dg-request-id": "this one's"}).request_id == "r-1"


def test_what_is_flat_wins() -> None:
    """A value that comes at both depths is taken from where v3 had it."""
    found = UsageRequest.from_json('{"code": 200, "request": {"code": 500, "path": "/v1/read"}}')

    assert (found.code, found.path) == (200, "/v1/read")


def test_secrets() -> None:
    """No repr shows a key or a token, be it of the answer or of what it is part of."""
    key = KeyResponse.from_json(json.dumps({"api_key": KEY, "member": {**MEMBER, "api_key": KEY}}))
    token = GrantTokenResponse(access_token="a-secret-token", expires_in=30)
    for found in (key, key.api_key, key.member, KeysResponse(api_keys=[key]), token):
        assert "secret" not in repr(found)
    record = logging.LogRecord("name", logging.INFO, "file", 1, "%r", (token,), None)
    assert record.getMessage() == "<GrantTokenResponse without id, expires in 30 s>"


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (Project(project_id="p-1", name="Mine"), "<Project p-1, Mine>"),
        (Project(), "<Project without id>"),
        (KeyResponse(), "<KeyResponse without id>"),
        (Key(api_key_id="k-1"), "<Key k-1>"),
        (Credentials(), "<Credentials without id>"),
        (
            Credentials(distribution_credentials=projects.Distribution(distribution_credentials_id="c-1")),
            "<Credentials c-1>",
        ),
        (usage.Balance(balance_id="b-1", amount=1.5, units="usd"), "<Balance b-1, 1.5, usd>"),
        (catalogue.SpeechModel(canonical_name="nova-3"), "<SpeechModel nova-3>"),
        (agents.AgentVariable(variable_id="v-1", key="DG_NAME", value="x"), "<AgentVariable v-1, DG_NAME>"),
        (Message(message="Done."), "<Message without id, Done.>"),
        (projects.ProjectsResponse(projects=[Project()]), "<ProjectsResponse without id, 1 projects>"),
        (projects.MembersResponse(members=[Member()]), "<MembersResponse without id, 1 members>"),
        (projects.ScopesResponse(scopes=["owner"]), "<ScopesResponse without id, owner>"),
        (projects.InvitesResponse(), "<InvitesResponse without id, 0 invites>"),
        (projects.CredentialsResponse(), "<CredentialsResponse without id, 0 credentials>"),
        (KeysResponse(), "<KeysResponse without id, 0 keys>"),
        (UsageRequestsResponse(), "<UsageRequestsResponse without id, 0 requests>"),
        (UsageSummaryResponse(start="a", end="b"), "<UsageSummaryResponse without id, a to b>"),
        (usage.UsageBreakdownResponse(start="a", end="b"), "<UsageBreakdownResponse without id, a to b>"),
        (usage.BillingBreakdownResponse(start="a", end="b"), "<BillingBreakdownResponse without id, a to b>"),
        (usage.BalancesResponse(), "<BalancesResponse without id, 0 balances>"),
        (usage.PurchasesResponse(), "<PurchasesResponse without id, 0 orders>"),
        (catalogue.ModelsResponse(stt=[]), "<ModelsResponse without id, 0 that hear, 0 that speak>"),
        (catalogue.ThinkModelsResponse(), "<ThinkModelsResponse without id, 0 models>"),
        (agents.AgentConfigurationsResponse(), "<AgentConfigurationsResponse without id, 0 agents>"),
        (agents.AgentVariablesResponse(), "<AgentVariablesResponse without id, 0 variables>"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_reprs(found: Answer, shown: str) -> None:
    """A repr says what it is and which, in one line."""
    assert repr(found) == shown


def test_answers_have_headers() -> None:
    """What is part of a list elsewhere is a whole answer here, with bytes and headers that stay with it."""
    body = b'{"project_id": "p-1", "newer": null}'
    found = Project.from_json(body).adopt(body, Headers({"dg-request-id": "r-1"}))

    for each in (found, copy.copy(found), pickle.loads(pickle.dumps(found))):
        assert each.raw == body
        assert each.request_id == each.headers["DG-Request-Id"] == "r-1"
        assert each["newer"] is None


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, [1, None], {"a": {"b": None}}, None])
def test_a_variable_is_any_json(value: object) -> None:
    """The value of a variable comes as what it is."""
    assert agents.AgentVariable.from_json(json.dumps({"value": value})).value == value


def test_what_breaks_its_type() -> None:
    """An answer that cannot be read is an error and not an empty object."""
    with pytest.raises(DecodeError, match="KeysResponse"):
        KeysResponse.from_json('{"api_keys": {}}')


@pytest.mark.parametrize("module", [agents, auth, catalogue, projects, usage])
def test_names_are_listed(module: object) -> None:
    """Each module lists what it defines, in order."""
    names = module.__all__  # type: ignore[attr-defined]  # a module of ours has it
    defined = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__  # type: ignore[attr-defined]
    }

    assert set(names) == defined
    assert names == sorted(names)
