"""Which of our types hold each operation of `openapi.yml`, and how it is called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dgasync import AsyncDeepgramClient
from dgasync.models import account_params as account
from dgasync.models.agents import (
    AgentConfiguration,
    AgentConfigurationsResponse,
    AgentVariable,
    AgentVariablesResponse,
)
from dgasync.models.auth import GrantTokenResponse
from dgasync.models.catalogue import ModelsResponse, SpeechModel, ThinkModelsResponse
from dgasync.models.listen import AsyncPrerecordedResponse, PrerecordedResponse
from dgasync.models.params import ListenParams
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
from dgasync.models.read import AnalyzeResponse, AsyncAnalyzeResponse
from dgasync.models.read_params import ReadParams
from dgasync.models.speak import AsyncSpeakResponse, SpeakRESTResponse
from dgasync.models.speak_params import SpeakParams, SpeakV2Params
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

if TYPE_CHECKING:
    from dgasync.api.manage import AsyncManageClient
    from dgasync.api.onprem import AsyncOnPremClient
    from dgasync.api.projects import AsyncProjectHandle

IDS = {
    "project_id": "a project/of mine?",
    "key_id": "key#1",
    "member_id": "member&co=1",
    "email": "someone+else@example.com",
    "request_id": "../request",
    "balance_id": "balance;1",
    "model_id": "mod\u00e8le 100%",
    "agent_id": "agent%2Fone",
    "variable_id": "{variable}",
    "distribution_credentials_id": "credentials:1",
}
"""What stands for the names in paths: characters that mean something in an address, and stay one segment."""
PROJECT, KEY, MEMBER, EMAIL, REQUEST, BALANCE, MODEL, AGENT, VARIABLE, CREDENTIALS = IDS.values()

Options: TypeAlias = dict[str, Any]
Call: TypeAlias = Callable[[AsyncDeepgramClient, Options], Awaitable[object]]
"""How a client is asked; it is given every option of the query and the body."""


@dataclass(frozen=True)
class Operation:
    """One operation: what it answers, what can be asked, and how."""

    answers: tuple[type, ...]
    """What its answer is decoded to: one type, or one for each alternative of the schema."""
    calls: tuple[Call, ...]
    """Natively, and in the documented style where v3 had it; together they take every option."""
    query: Any = None
    """The TypedDict with its query parameters."""
    body: Any = None
    """The TypedDict with the properties of its body."""
    example: Options = field(default_factory=dict)
    """What to put into a body of which the description says nothing."""
    promises: tuple[type, ...] = ()
    """What comes back instead where the answer goes to a callback address."""


def operation(answers: type | tuple[type, ...], *calls: Call, **more: Any) -> Operation:
    """One of them."""
    return Operation(answers if isinstance(answers, tuple) else (answers,), calls, **more)


def mine(client: AsyncDeepgramClient) -> AsyncProjectHandle:
    """The native door to one project."""
    return client.project(PROJECT)


def manage(client: AsyncDeepgramClient) -> AsyncManageClient:
    """The documented door to the account."""
    return client.asyncmanage.v("1")


def hosted(client: AsyncDeepgramClient) -> AsyncOnPremClient:
    """The documented door to credentials."""
    return client.asyncselfhosted.v("1")


def _without(options: Options, *names: str) -> Options:
    return {name: value for name, value in options.items() if name not in names}


def _older(options: Options) -> Options:
    """For a model before Nova-3, which takes `keywords` for `keyterm`."""
    return {**_without(options, "keyterm"), "model": "nova-2"}


OPERATIONS: dict[str, Operation] = {
    "agent > v1 > settings > think > models.list": operation(
        ThinkModelsResponse, lambda client, options: client.think_models(**options).all()
    ),
    "voiceAgent > configurations.create": operation(
        AgentConfiguration,
        lambda client, options: mine(client).agents.create(options.pop("config"), **options),
        body=account.AgentConfigurationParams,
    ),
    "voiceAgent > configurations.list": operation(
        AgentConfigurationsResponse, lambda client, options: mine(client).agents.list(**options).all()
    ),
    "voiceAgent > configurations.get": operation(
        AgentConfiguration, lambda client, options: mine(client).agents.get(AGENT, **options)
    ),
    "voiceAgent > configurations.update": operation(
        AgentConfiguration,
        lambda client, options: mine(client).agents.update(AGENT, **options),
        body=account.AgentConfigurationParams,
    ),
    "voiceAgent > configurations.delete": operation(
        Message, lambda client, options: mine(client).agents.delete(AGENT, **options)
    ),
    "voiceAgent > variables.create": operation(
        AgentVariable,
        lambda client, options: mine(client).agent_variables.create(
            options.pop("key"), options.pop("value"), **options
        ),
        body=account.AgentVariableParams,
    ),
    "voiceAgent > variables.list": operation(
        AgentVariablesResponse, lambda client, options: mine(client).agent_variables.list(**options).all()
    ),
    "voiceAgent > variables.get": operation(
        AgentVariable, lambda client, options: mine(client).agent_variables.get(VARIABLE, **options)
    ),
    "voiceAgent > variables.update": operation(
        AgentVariable,
        lambda client, options: mine(client).agent_variables.update(VARIABLE, options.pop("value"), **options),
        body=account.AgentVariableParams,
    ),
    "voiceAgent > variables.delete": operation(
        Message, lambda client, options: mine(client).agent_variables.delete(VARIABLE, **options)
    ),
    "listen > v1 > media.transcribe": operation(
        (PrerecordedResponse, AsyncPrerecordedResponse),
        lambda client, options: client.transcribe(
            options.pop("url"), **_without(options, "callback", "callback_method", "keywords")
        ),
        lambda client, options: client.transcribe_to_callback(options.pop("url"), **_older(options)),
        lambda client, options: client.listen.asyncprerecorded.v("1").transcribe_url(
            {"url": options.pop("url")}, _older(options)
        ),
        query=ListenParams,
    ),
    "speak > v1 > audio.generate": operation(
        SpeakRESTResponse,
        lambda client, options: client.synthesize(
            options.pop("text"), **_without(options, "callback", "callback_method")
        ).read(),
        lambda client, options: client.synthesize_to_callback(options.pop("text"), **options),
        lambda client, options: client.asyncspeak.v("1").stream_memory(
            {"text": options.pop("text")}, _without(options, "callback", "callback_method")
        ),
        query=SpeakParams,
        promises=(AsyncSpeakResponse,),
    ),
    "speak > v2 > audio.generate": operation(
        AsyncSpeakResponse,
        lambda client, options: client.synthesize(
            options.pop("text"), version="2", **_without(options, "callback", "callback_method", "priority")
        ).read(),
        lambda client, options: client.synthesize_to_callback(options.pop("text"), version="2", **options),
        query=SpeakV2Params,
    ),
    "read > v1 > text.analyze": operation(
        AnalyzeResponse,
        lambda client, options: client.analyze(
            {"text": options.pop("text")}, **_without(options, "url", "callback", "callback_method")
        ),
        lambda client, options: client.analyze_to_callback(options.pop("url"), **_without(options, "text")),
        lambda client, options: client.read.asyncanalyze.v("1").analyze_url(
            {"url": options.pop("url")}, _without(options, "text")
        ),
        query=ReadParams,
        promises=(AsyncAnalyzeResponse,),
    ),
    "manage > v1 > projects.list": operation(
        ProjectsResponse,
        lambda client, options: client.projects.list(**options).all(),
        lambda client, options: manage(client).list_projects(**options),
    ),
    "manage > v1 > projects.get": operation(
        Project,
        lambda client, options: mine(client).get(addons=options),
        lambda client, options: manage(client).get_project(PROJECT, addons=options),
        query=account.PageParams,
    ),
    "manage > v1 > projects.update": operation(
        Message,
        lambda client, options: mine(client).update(**options),
        lambda client, options: manage(client).update_project_option(PROJECT, options),
        body=account.ProjectParams,
    ),
    "manage > v1 > projects.delete": operation(
        Message,
        lambda client, options: mine(client).delete(**options),
        lambda client, options: manage(client).delete_project(PROJECT, **options),
    ),
    "manage > v1 > projects.leave": operation(
        Message,
        lambda client, options: mine(client).leave(**options),
        lambda client, options: manage(client).leave_project(PROJECT, **options),
    ),
    "manage > v1 > projects > models.list": operation(
        ModelsResponse,
        lambda client, options: mine(client).models.list(**options),
        lambda client, options: manage(client).list_project_models(PROJECT, options),
        query=account.ModelParams,
    ),
    "manage > v1 > projects > models.get": operation(
        SpeechModel,
        lambda client, options: mine(client).models.get(MODEL, **options),
        lambda client, options: manage(client).get_project_model(PROJECT, MODEL, **options),
    ),
    "manage > v1 > models.list": operation(
        ModelsResponse,
        lambda client, options: client.models.list(**options),
        lambda client, options: manage(client).list_models(options),
        query=account.ModelParams,
    ),
    "manage > v1 > models.get": operation(
        SpeechModel,
        lambda client, options: client.models.get(MODEL, **options),
        lambda client, options: manage(client).get_model(MODEL, **options),
    ),
    "manage > v1 > projects > keys.list": operation(
        KeysResponse,
        lambda client, options: mine(client).keys.list(**options).all(),
        lambda client, options: manage(client).list_keys(PROJECT, addons=options),
        query=account.KeysParams,
    ),
    "manage > v1 > projects > keys.create": operation(
        Key,
        lambda client, options: mine(client).keys.create(**options),
        lambda client, options: manage(client).create_key(PROJECT, options),
        body=account.KeyParams,
        example={"comment": "a & b", "scopes": ["member"], "tags": ["a tag"], "expiration_date": "2027-01-31"},
    ),
    "manage > v1 > projects > keys.get": operation(
        KeyResponse,
        lambda client, options: mine(client).keys.get(KEY, **options),
        lambda client, options: manage(client).get_key(PROJECT, KEY, **options),
    ),
    "manage > v1 > projects > keys.delete": operation(
        Message,
        lambda client, options: mine(client).keys.delete(KEY, **options),
        lambda client, options: manage(client).delete_key(PROJECT, KEY, **options),
    ),
    "manage > v1 > projects > members.list": operation(
        MembersResponse,
        lambda client, options: mine(client).members.list(**options).all(),
        lambda client, options: manage(client).list_members(PROJECT, **options),
    ),
    "manage > v1 > projects > members.delete": operation(
        Message,
        lambda client, options: mine(client).members.delete(MEMBER, **options),
        lambda client, options: manage(client).remove_member(PROJECT, MEMBER, **options),
    ),
    "manage > v1 > projects > members > scopes.list": operation(
        ScopesResponse,
        lambda client, options: mine(client).members.scopes(MEMBER, **options),
        lambda client, options: manage(client).get_member_scopes(PROJECT, MEMBER, **options),
    ),
    "manage > v1 > projects > members > scopes.update": operation(
        Message,
        lambda client, options: mine(client).members.update_scope(MEMBER, **options),
        lambda client, options: manage(client).update_member_scope(PROJECT, MEMBER, options),
        body=account.ScopeParams,
    ),
    "manage > v1 > projects > members > invites.list": operation(
        InvitesResponse,
        lambda client, options: mine(client).invites.list(**options).all(),
        lambda client, options: manage(client).list_invites(PROJECT, **options),
    ),
    "manage > v1 > projects > members > invites.create": operation(
        Message,
        lambda client, options: mine(client).invites.create(options.pop("email"), **options),
        lambda client, options: manage(client).send_invite_options(PROJECT, options),
        body=account.InviteParams,
    ),
    "manage > v1 > projects > members > invites.delete": operation(
        Message,
        lambda client, options: mine(client).invites.delete(EMAIL, **options),
        lambda client, options: manage(client).delete_invite(PROJECT, EMAIL, **options),
    ),
    "manage > v1 > projects > requests.list": operation(
        UsageRequestsResponse,
        lambda client, options: mine(client).requests.list(**options).all(),
        lambda client, options: manage(client).get_usage_requests(PROJECT, options),
        query=account.UsageRequestParams,
    ),
    "manage > v1 > projects > requests.get": operation(
        UsageRequest,
        lambda client, options: mine(client).requests.get(REQUEST, **options),
        lambda client, options: manage(client).get_usage_request(PROJECT, REQUEST, **options),
    ),
    "manage > v1 > projects > usage.get": operation(
        UsageSummaryResponse,
        lambda client, options: mine(client).usage.get(**options),
        lambda client, options: manage(client).get_usage_summary(PROJECT, options),
        query=account.UsageSummaryParams,
    ),
    "manage > v1 > projects > usage > fields.list": operation(
        UsageFieldsResponse,
        lambda client, options: mine(client).usage.fields(**options),
        lambda client, options: manage(client).get_usage_fields(PROJECT, options),
        query=account.UsageFieldsParams,
    ),
    "manage > v1 > projects > usage > breakdown.get": operation(
        UsageBreakdownResponse,
        lambda client, options: mine(client).usage.breakdown(**options),
        query=account.UsageBreakdownParams,
    ),
    "manage > v1 > projects > billing > balances.list": operation(
        BalancesResponse,
        lambda client, options: mine(client).balances.list(**options).all(),
        lambda client, options: manage(client).list_balances(PROJECT, **options),
    ),
    "manage > v1 > projects > billing > balances.get": operation(
        Balance,
        lambda client, options: mine(client).balances.get(BALANCE, **options),
        lambda client, options: manage(client).get_balance(PROJECT, BALANCE, **options),
    ),
    "manage > v1 > projects > billing > breakdown.list": operation(
        BillingBreakdownResponse,
        lambda client, options: mine(client).billing.breakdown(**options),
        query=account.BillingParams,
    ),
    "manage > v1 > projects > billing > fields.list": operation(
        BillingFieldsResponse,
        lambda client, options: mine(client).billing.fields(**options),
        query=account.BillingFieldsParams,
    ),
    "manage > v1 > projects > billing > purchases.list": operation(
        PurchasesResponse,
        lambda client, options: mine(client).purchases.list(**options).all(),
        query=account.PurchasesParams,
    ),
    "selfHosted > v1 > distributionCredentials.list": operation(
        CredentialsResponse,
        lambda client, options: mine(client).credentials.list(**options).all(),
        lambda client, options: hosted(client).list_selfhosted_credentials(PROJECT, **options),
    ),
    "selfHosted > v1 > distributionCredentials.create": operation(
        Credentials,
        lambda client, options: mine(client).credentials.create(**options),
        lambda client, options: hosted(client).create_selfhosted_credentials(PROJECT, options),
        query=account.CredentialsParams,
        body=account.CredentialsParams,
    ),
    "selfHosted > v1 > distributionCredentials.get": operation(
        Credentials,
        lambda client, options: mine(client).credentials.get(CREDENTIALS, **options),
        lambda client, options: hosted(client).get_selfhosted_credentials(PROJECT, CREDENTIALS, **options),
    ),
    "selfHosted > v1 > distributionCredentials.delete": operation(
        Credentials,
        lambda client, options: mine(client).credentials.delete(CREDENTIALS, **options),
        lambda client, options: hosted(client).delete_selfhosted_credentials(PROJECT, CREDENTIALS, **options),
    ),
    "auth > v1 > tokens.grant": operation(
        GrantTokenResponse,
        lambda client, options: client.grant_token(**options),
        lambda client, options: client.asyncauth.v("1").grant_token(**options),
        body=account.GrantParams,
    ),
}
"""Each operation by its tag and operationId, which only together name one."""
