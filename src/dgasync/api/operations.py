"""Every operation of the account, once for both faces: where it goes, what it takes, what comes back.

What a method sends stands here in one line; what it is called and what may be said to it, in the modules of the faces:
`manage`, `onprem` and `auth` in the documented style, `projects`, `usage`, `catalogue` and `agents` natively.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dgasync.api.call import Call
from dgasync.api.request import written
from dgasync.errors import DeepgramTypeError
from dgasync.models import account_params as params
from dgasync.models.agents import (
    AgentConfiguration,
    AgentConfigurationsResponse,
    AgentVariable,
    AgentVariablesResponse,
)
from dgasync.models.auth import GrantTokenResponse
from dgasync.models.base import Answer
from dgasync.models.catalogue import ModelResponse, ModelsResponse, ThinkModelsResponse
from dgasync.models.names import unknown
from dgasync.models.projects import (
    Credentials,
    CredentialsResponse,
    InvitesResponse,
    Key,
    KeyResponse,
    KeysResponse,
    MembersResponse,
    Message,
    Project,
    ProjectsResponse,
    ScopesResponse,
)
from dgasync.models.usage import (
    Balance,
    BalancesResponse,
    BillingBreakdownResponse,
    BillingFieldsResponse,
    PurchasesResponse,
    UsageBreakdownResponse,
    UsageFieldsResponse,
    UsageRequest,
    UsageRequestsResponse,
    UsageSummaryResponse,
)
from dgasync.protocol.codec import decoded
from dgasync.protocol.request import Safety, filled

if TYPE_CHECKING:
    from dgasync.api.road import Road
    from dgasync.models.account_calls import AccountCall

A = TypeVar("A", bound=Answer)

_WRITING = frozenset({"POST", "PUT", "PATCH"})


class Operation(Generic[A]):
    """One thing that can be asked of the account, or done to it.

    Args:
        method: such as "GET", which is safe to repeat; anything else changes something, unless `safety` says otherwise.
        path: with `{names}` for what it is about.
        kind: what comes back.
        what: what an error calls it.
        query: the options that go in the query: a TypedDict, or their names. Those of `body` are left out.
        body: the options that go in the JSON body.
        safety: what asking twice would do.
    """

    def __init__(
        self,
        method: str,
        path: str,
        kind: type[A],
        what: str,
        *,
        query: Any = (),
        body: Any = (),
        safety: Safety | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.kind = kind
        self.what = what
        self.body: frozenset[str] = frozenset(getattr(body, "__annotations__", body))
        self.query: frozenset[str] = frozenset(getattr(query, "__annotations__", query)) - self.body
        self.safety = safety or (Safety.READ if method == "GET" else Safety.CHANGE)

    def check(self, road: Road, options: Mapping[str, Any], strict: bool | None) -> None:
        """Raise DeepgramTypeError for an option that there is not, unless the call is not strict."""
        if road.is_strict(strict):
            for name in options:
                if name not in self.query and name not in self.body:
                    raise unknown(name, self.query | self.body, self.what)

    async def ask(self, road: Road, ids: Mapping[str, object], options: Mapping[str, Any], call: AccountCall, /) -> A:
        """What the service answers.

        Args:
            road: the way there.
            ids: what stands for the `{names}` of the path.
            options: query and body in one.
            call: what concerns this call alone.
        """
        self.check(road, options, call.get("strict"))
        for name, value in ids.items():
            if value is None:
                raise DeepgramTypeError(f"`{name}` cannot be None: it says which one is meant.")
        # What nobody knows goes where the known options go.
        writes = self.method in _WRITING
        query = {name: value for name, value in options.items() if name in self.query or not writes}
        content = None
        if writes:
            content = written(self.what, {name: value for name, value in options.items() if name not in query})
        asked = Call(
            self.method,
            filled(self.path, ids),
            what=self.what,
            safety=self.safety,
            options=query,
            content=content,
            content_type="application/json" if writes else None,
            addons=call.get("addons"),
            headers=call.get("headers"),
            timeout=call.get("timeout"),
            max_retries=call.get("max_retries"),
            keep_raw=call.get("keep_raw"),
        )
        if self.kind is not Message and self.method != "DELETE":
            return await road.answer(asked, self.kind)
        # A change that is done needs no words: what was deleted cannot be deleted again to read them.
        reply = await road.reply(asked)
        if not reply.body:
            return self.kind().adopt(None, reply.headers)
        keep_raw = road.keeps_raw if asked.keep_raw is None else asked.keep_raw
        return decoded(self.kind, reply.body, reply.headers, reply.status, keep_raw=keep_raw)


_PROJECTS = "v1/projects"
_PROJECT = "v1/projects/{project_id}"
_CREDENTIALS = "v1/projects/{project_id}/self-hosted/distribution/credentials"

LIST_PROJECTS = Operation("GET", _PROJECTS, ProjectsResponse, "The list of projects")
GET_PROJECT = Operation("GET", _PROJECT, Project, "A project")
UPDATE_PROJECT = Operation("PATCH", _PROJECT, Message, "A project", body=params.ProjectParams)
DELETE_PROJECT = Operation("DELETE", _PROJECT, Message, "To delete a project")
LEAVE_PROJECT = Operation("DELETE", _PROJECT + "/leave", Message, "To leave a project")

LIST_KEYS = Operation("GET", _PROJECT + "/keys", KeysResponse, "The list of keys", query=params.KeysParams)
GET_KEY = Operation("GET", _PROJECT + "/keys/{key_id}", KeyResponse, "A key")
CREATE_KEY = Operation("POST", _PROJECT + "/keys", Key, "A new key", body=params.KeyParams)
DELETE_KEY = Operation("DELETE", _PROJECT + "/keys/{key_id}", Message, "To delete a key")

LIST_MEMBERS = Operation("GET", _PROJECT + "/members", MembersResponse, "The list of members")
REMOVE_MEMBER = Operation("DELETE", _PROJECT + "/members/{member_id}", Message, "To remove a member")
GET_SCOPES = Operation("GET", _PROJECT + "/members/{member_id}/scopes", ScopesResponse, "The scopes of a member")
UPDATE_SCOPE = Operation(
    "PUT", _PROJECT + "/members/{member_id}/scopes", Message, "The scope of a member", body=params.ScopeParams
)

LIST_INVITES = Operation("GET", _PROJECT + "/invites", InvitesResponse, "The list of invites")
CREATE_INVITE = Operation("POST", _PROJECT + "/invites", Message, "An invite", body=params.InviteParams)
DELETE_INVITE = Operation("DELETE", _PROJECT + "/invites/{email}", Message, "To delete an invite")

LIST_REQUESTS = Operation(
    "GET", _PROJECT + "/requests", UsageRequestsResponse, "The list of requests", query=params.UsageRequestParams
)
GET_REQUEST = Operation("GET", _PROJECT + "/requests/{request_id}", UsageRequest, "A request")
GET_USAGE = Operation("GET", _PROJECT + "/usage", UsageSummaryResponse, "Usage", query=params.UsageSummaryParams)
USAGE_FIELDS = Operation(
    "GET", _PROJECT + "/usage/fields", UsageFieldsResponse, "The fields of usage", query=params.UsageFieldsParams
)
USAGE_BREAKDOWN = Operation(
    "GET", _PROJECT + "/usage/breakdown", UsageBreakdownResponse, "Usage", query=params.UsageBreakdownParams
)

LIST_BALANCES = Operation("GET", _PROJECT + "/balances", BalancesResponse, "The list of balances")
GET_BALANCE = Operation("GET", _PROJECT + "/balances/{balance_id}", Balance, "A balance")
BILLING_BREAKDOWN = Operation(
    "GET", _PROJECT + "/billing/breakdown", BillingBreakdownResponse, "Billing", query=params.BillingParams
)
BILLING_FIELDS = Operation(
    "GET",
    _PROJECT + "/billing/fields",
    BillingFieldsResponse,
    "The fields of billing",
    query=params.BillingFieldsParams,
)
LIST_PURCHASES = Operation(
    "GET", _PROJECT + "/purchases", PurchasesResponse, "The list of purchases", query=params.PurchasesParams
)

LIST_MODELS = Operation("GET", "v1/models", ModelsResponse, "The list of models", query=params.ModelParams)
GET_MODEL = Operation("GET", "v1/models/{model_id}", ModelResponse, "A model")
LIST_PROJECT_MODELS = Operation(
    "GET", _PROJECT + "/models", ModelsResponse, "The list of models", query=params.ModelParams
)
GET_PROJECT_MODEL = Operation("GET", _PROJECT + "/models/{model_id}", ModelResponse, "A model")
LIST_THINK_MODELS = Operation(
    "GET", "v1/agent/settings/think/models", ThinkModelsResponse, "The list of models that think"
)

LIST_AGENTS = Operation("GET", _PROJECT + "/agents", AgentConfigurationsResponse, "The list of agents")
GET_AGENT = Operation("GET", _PROJECT + "/agents/{agent_id}", AgentConfiguration, "An agent")
CREATE_AGENT = Operation(
    "POST", _PROJECT + "/agents", AgentConfiguration, "An agent", body=params.AgentConfigurationParams
)
UPDATE_AGENT = Operation("PUT", _PROJECT + "/agents/{agent_id}", AgentConfiguration, "An agent", body=("metadata",))
DELETE_AGENT = Operation("DELETE", _PROJECT + "/agents/{agent_id}", Message, "To delete an agent")

LIST_VARIABLES = Operation("GET", _PROJECT + "/agent-variables", AgentVariablesResponse, "The list of variables")
GET_VARIABLE = Operation("GET", _PROJECT + "/agent-variables/{variable_id}", AgentVariable, "A variable")
CREATE_VARIABLE = Operation(
    "POST", _PROJECT + "/agent-variables", AgentVariable, "A variable", body=params.AgentVariableParams
)
UPDATE_VARIABLE = Operation(
    "PATCH", _PROJECT + "/agent-variables/{variable_id}", AgentVariable, "A variable", body=("value",)
)
DELETE_VARIABLE = Operation("DELETE", _PROJECT + "/agent-variables/{variable_id}", Message, "To delete a variable")

LIST_CREDENTIALS = Operation("GET", _CREDENTIALS, CredentialsResponse, "The list of credentials")
GET_CREDENTIALS = Operation("GET", _CREDENTIALS + "/{distribution_credentials_id}", Credentials, "Credentials")
CREATE_CREDENTIALS = Operation(
    "POST", _CREDENTIALS, Credentials, "Credentials", query=params.CredentialsParams, body=("comment",)
)
DELETE_CREDENTIALS = Operation(
    "DELETE", _CREDENTIALS + "/{distribution_credentials_id}", Credentials, "To delete credentials"
)

# Each token is another one and expires by itself: to make two changes nothing.
GRANT_TOKEN = Operation(
    "POST", "v1/auth/grant", GrantTokenResponse, "A token", body=params.GrantParams, safety=Safety.READ
)
