"""What the arguments of a call mean, in whatever form they came: options, addons, callbacks, the documents' sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from dgasync.errors import DeepgramTypeError
from dgasync.models.options import Options
from dgasync.models.params import CallParams
from dgasync.protocol.request import by_name

if TYPE_CHECKING:
    from dgasync.config import TimeoutLike
    from dgasync.models.params import CallExtras

__all__ = ["address_of", "as_mapping", "asks_for_callback", "call_of", "must_have", "split"]

_CALL = frozenset(CallParams.__annotations__)


def as_mapping(options: object) -> Mapping[str, Any]:
    """Options in whatever form they came, by name."""
    if options is None:
        return {}
    if isinstance(options, Options):
        return options.to_dict()
    if isinstance(options, Mapping):
        return cast("Mapping[str, Any]", options)
    raise DeepgramTypeError(f"Options are an options object or a dict, not a {type(options).__name__}.")


def call_of(
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    timeout: TimeoutLike | None,
    endpoint: str,
    extras: CallExtras,
) -> CallParams:
    """What a documented call takes beside source and options."""
    return {"addons": addons, "headers": headers, "timeout": timeout, "endpoint": endpoint, **extras}


def split(asked: Mapping[str, Any]) -> tuple[dict[str, Any], CallParams]:
    """The options of the service, and what concerns the call itself."""
    if _CALL.isdisjoint(asked):
        return dict(asked), {}
    options = {name: value for name, value in asked.items() if name not in _CALL}
    call = {name: value for name, value in asked.items() if name in _CALL}
    return options, cast("CallParams", call)


def asks_for_callback(options: Mapping[str, Any], addons: Mapping[str, Any] | None) -> bool:
    """Whether the answer is to go elsewhere."""
    return bool(options.get("callback") or by_name("addons", addons).get("callback"))


def address_of(callback: object) -> str:
    """The address of a callback, if it is one."""
    if not isinstance(callback, str) or not callback.lower().startswith(("http://", "https://")):
        raise DeepgramTypeError(f"`callback` is the http(s) URL to which the answer is sent; got {callback!r}.")
    return callback


def must_have(source: object, *keys: str, instead: str) -> None:
    """Refuse a source that is not the documents' mapping with one of `keys`; `instead` says what takes other things."""
    if not isinstance(source, Mapping) or not any(key in source for key in keys):
        named = " or ".join(f'"{key}"' for key in keys)
        raise DeepgramTypeError(f"This call takes a mapping with {named}. {instead}")
