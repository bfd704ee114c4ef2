"""What a project keeps for its voice agents: configurations, and variables to be filled into them.

AgentConfigurationsResponse    .agents: [AgentConfiguration]
AgentVariablesResponse         .variables: [AgentVariable]

Dates are ISO 8601 text.
"""

from __future__ import annotations

from typing import Any, ClassVar

from dgasync.models.base import Answer
from dgasync.models.items import Item, Json

__all__ = ["AgentConfiguration", "AgentConfigurationsResponse", "AgentVariable", "AgentVariablesResponse"]


class AgentConfiguration(Item, frozen=True, kw_only=True):
    """The settings of an agent, kept under an id that a settings message can name."""

    _shown: ClassVar[tuple[str, ...]] = ("agent_id",)

    agent_id: str | None = None
    config: dict[str, Any] | None = None
    """The `agent` part of a settings message."""
    metadata: dict[str, str | None] | None = None
    """Your own notes on it."""
    created_at: str | None = None
    updated_at: str | None = None


class AgentConfigurationsResponse(Answer, frozen=True, kw_only=True):
    """The configurations of a project."""

    agents: list[AgentConfiguration] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.agents or ())} agents"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.agents, "AgentConfiguration")


class AgentVariable(Item, frozen=True, kw_only=True):
    """A value that configurations name by its key."""

    _shown: ClassVar[tuple[str, ...]] = ("variable_id", "key")

    variable_id: str | None = None
    key: str | None = None
    """Its name, in the form `DG_NAME`."""
    value: Json | None = None
    """What stands in its place: anything that is JSON."""
    created_at: str | None = None
    updated_at: str | None = None


class AgentVariablesResponse(Answer, frozen=True, kw_only=True):
    """The variables of a project."""

    variables: list[AgentVariable] | None = None

    def _facts(self) -> list[str]:
        return [f"{len(self.variables or ())} variables"]

    def _repr_html_(self) -> str:
        from dgasync.display.account import listed

        return listed(self.variables, "AgentVariable")
