"""What the account keeps and offers for voice agents, natively: configurations, variables, models that think."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from dgasync.api import operations
from dgasync.api.account import Account
from dgasync.api.request import written
from dgasync.api.road import Road

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.listing import AsyncListing
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.account_calls import AccountCall
    from dgasync.models.agents import AgentConfiguration, AgentVariable
    from dgasync.models.catalogue import ThinkModel
    from dgasync.models.projects import Message

__all__ = ["AsyncAgentVariables", "AsyncAgents", "agent_road", "think_models"]

API_URL = "https://api.deepgram.com"
AGENT_URL = "https://agent.deepgram.com"
"""Where the hosted service answers what concerns agents (official description, `servers`)."""


class AsyncAgents:
    """The configurations that a project keeps for voice agents."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[AgentConfiguration]:
        """All of them."""
        return self._account.listing(operations.LIST_AGENTS, lambda answer: answer.agents, call)

    async def get(self, agent_id: str, /, **call: Unpack[AccountCall]) -> AgentConfiguration:
        """One of them."""
        return await self._account.ask(operations.GET_AGENT, call, agent_id=agent_id)

    async def create(
        self,
        config: Mapping[str, Any] | str,
        /,
        *,
        metadata: Mapping[str, str] | None = None,
        api_version: int | None = None,
        **call: Unpack[AccountCall],
    ) -> AgentConfiguration:
        """A new one, whose `agent_id` a settings message can name instead of the whole.

        Args:
            config: the `agent` part of a settings message, as a mapping or as JSON text.
            metadata: your own notes on it.
            api_version: of the agent API it is meant for; the service's default is 1.
            call: what concerns this call alone.
        """
        # The service takes the text of it (official description).
        text = config if isinstance(config, str) else written("An agent", config).decode()
        asked: dict[str, Any] = {"config": text, **_given(metadata=metadata, api_version=api_version), **call}
        return await self._account.ask(operations.CREATE_AGENT, asked)

    async def update(
        self, agent_id: str, /, *, metadata: Mapping[str, str], **call: Unpack[AccountCall]
    ) -> AgentConfiguration:
        """Other notes on it; the configuration itself stays as it was made."""
        return await self._account.ask(operations.UPDATE_AGENT, {"metadata": metadata, **call}, agent_id=agent_id)

    async def delete(self, agent_id: str, /, **call: Unpack[AccountCall]) -> Message:
        """Let there be none of this id any more."""
        return await self._account.ask(operations.DELETE_AGENT, call, agent_id=agent_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


class AsyncAgentVariables:
    """The variables that a project keeps for its configurations."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, **call: Unpack[AccountCall]) -> AsyncListing[AgentVariable]:
        """All of them."""
        return self._account.listing(operations.LIST_VARIABLES, lambda answer: answer.variables, call)

    async def get(self, variable_id: str, /, **call: Unpack[AccountCall]) -> AgentVariable:
        """One of them."""
        return await self._account.ask(operations.GET_VARIABLE, call, variable_id=variable_id)

    async def create(
        self, key: str, value: object, /, *, api_version: int | None = None, **call: Unpack[AccountCall]
    ) -> AgentVariable:
        """A new one.

        Args:
            key: its name, in the form `DG_NAME`.
            value: what stands in its place, anything that JSON can say.
            api_version: of the agent API it is meant for; the service's default is 1.
            call: what concerns this call alone.
        """
        asked: dict[str, Any] = {"key": key, "value": value, **_given(api_version=api_version), **call}
        return await self._account.ask(operations.CREATE_VARIABLE, asked)

    async def update(self, variable_id: str, value: object, /, **call: Unpack[AccountCall]) -> AgentVariable:
        """Another value for it."""
        return await self._account.ask(operations.UPDATE_VARIABLE, {"value": value, **call}, variable_id=variable_id)

    async def delete(self, variable_id: str, /, **call: Unpack[AccountCall]) -> Message:
        """Let there be none of this id any more."""
        return await self._account.ask(operations.DELETE_VARIABLE, call, variable_id=variable_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._account}>"


def think_models(road: Road, config: DeepgramClientOptions, call: AccountCall) -> AsyncListing[ThinkModel]:
    """What `deepgram.think_models(...)` gives: from the agents' own host, unless a base URL is given."""
    return Account(agent_road(road, config)).listing(operations.LIST_THINK_MODELS, lambda answer: answer.models, call)


def agent_road(road: Road, config: DeepgramClientOptions) -> Road:
    """The way to what concerns agents, over the same connections and with the same credentials."""
    if road.base != API_URL:
        return road
    found = _agent_roads.get(road)
    if found is None:
        found = _agent_roads[road] = Road(config.copy(url=AGENT_URL), road.transport)
    return found


_agent_roads: WeakKeyDictionary[Road, Road] = WeakKeyDictionary()


def _given(**options: object) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}
