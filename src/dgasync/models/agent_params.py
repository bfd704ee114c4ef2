"""What `agent` takes beside the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from dgasync.config import TimeoutLike

__all__ = ["AgentParams"]


class AgentParams(TypedDict, total=False):
    """Everything `agent` takes beside the settings."""

    functions: Iterable[Callable[..., Any]]
    """What the agent may call: plain or coroutine functions. Their signatures and docstrings tell it how, and the
    settings need not say anything of them."""
    function_timeout: float | None
    """Seconds that one of them may take; `FUNCTION_TIMEOUT` unless given."""
    timeout: TimeoutLike | None
    """Seconds to an open connection (the `connect` of `Timeouts`)."""
    headers: Mapping[str, str] | None
    """Headers for this conversation alone."""
    addons: Mapping[str, Any] | None
    """Query parameters of the address."""
    endpoint: str | None
    """Another path than the product's own, `v1/agent/converse`."""
    max_retries: int | None
    """Tries to connect after the first one; the client's own number unless given."""
    strict: bool | None
    """False lets settings through that this package does not know, of a mapping or JSON text; else they are errors."""
    keep_raw: bool | None
    """False drops the bytes of the messages: less memory, but `[]` and `to_json` no longer see what is not modelled."""
