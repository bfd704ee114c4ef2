"""The settings of an agent in whatever form they come: objects, mappings, JSON text, those of older official SDKs too.

What goes out is today's shape. Up to 3.11, and in 4.6 to 4.8.0, some of it was elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

from dgasync.errors import DeepgramTypeError
from dgasync.models.agent_settings import Listen, Settings, SettingsConfigurationOptions, Speak, Think, plain

__all__ = ["as_part", "as_settings"]


def as_settings(given: object, *, strict: bool = True) -> dict[str, Any]:
    """Settings as a new dict of today's shape: of an object, a mapping, or JSON text.

    Args:
        given: the settings.
        strict: whether names in it that this package does not know are errors.

    Raises:
        DeepgramTypeError: it is none of these, or has such a name.
    """
    if isinstance(given, (str, bytes)):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise DeepgramTypeError(f"The settings of an agent are a JSON object; this is not JSON: {error}") from error
    return _fixed(_modern, _checked("The settings of an agent are", given, SettingsConfigurationOptions, strict))


def as_part(name: Literal["listen", "think", "speak"], given: object, *, strict: bool = True) -> Any:
    """The same for a part of an agent, or a list of such parts."""
    if isinstance(given, (list, tuple)):
        parts: list[Any] = [as_part(name, each, strict=strict) for each in cast("Sequence[object]", given)]
        return parts
    kind, fix = _PARTS[name]
    return _fixed(fix, _checked(f"`{name}` is", given, kind, strict))


def _fixed(fix: Callable[[dict[str, Any]], dict[str, Any]], found: dict[str, Any]) -> dict[str, Any]:
    try:
        return fix(found)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DeepgramTypeError(
            "The settings of an agent have something else where an object, or a list of such, belongs."
        ) from error


def _checked(what: str, given: object, kind: type[Settings], strict: bool) -> dict[str, Any]:
    if isinstance(given, Settings):
        return given.to_dict()
    if not isinstance(given, Mapping):
        raise DeepgramTypeError(
            f"{what} an object such as {kind.__name__.replace('Configuration', '')}, or a mapping; "
            f"got {type(given).__name__}."
        )
    found: dict[str, Any] = plain(cast("Mapping[str, Any]", given))
    if strict:
        kind.from_dict(found)
    return found


def _modern(settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings in today's shape."""
    settings["type"] = "Settings"
    audio: Any = settings.get("audio") or {}
    settings["audio"] = {**audio, "input": dict(audio["input"])} if audio.get("input") else audio
    context: Any = settings.pop("context", None)
    given: Any = settings.setdefault("agent", {})
    if not isinstance(given, dict):
        return settings
    agent = cast("dict[str, Any]", given)
    for name in ("tags", "mip_opt_out"):
        if name in agent:
            settings.setdefault(name, agent.pop(name))
    if context:
        agent["context"] = {**context, **agent.get("context", {})}
    if "context" in agent:
        # What was said again is the greeting's business by now.
        agent["context"].pop("replay", None)
        agent["context"]["messages"] = [_message(each) for each in agent["context"].get("messages") or ()]
    for name, (_, fix) in _PARTS.items():
        part: Any = agent.get(name)
        if isinstance(part, list):
            agent[name] = [fix(each) for each in cast("list[dict[str, Any]]", part)]
        elif part is not None:
            agent[name] = fix(part)
    return settings


def _message(message: Any) -> Any:
    if isinstance(message, list) and len(cast("list[object]", message)) == 2:
        role, content = cast("list[object]", message)
        return {"type": "History", "role": role, "content": content}
    return cast("object", message)


def _listen(listen: dict[str, Any]) -> dict[str, Any]:
    provider = {name: listen.pop(name) for name in ("model", "keyterms") if name in listen}
    if provider:
        listen["provider"] = {"type": "deepgram", **provider, **listen.get("provider", {})}
    return listen


def _think(think: dict[str, Any]) -> dict[str, Any]:
    if "model" in think:
        think["provider"] = {"model": think.pop("model"), **think.get("provider", {})}
    if "instructions" in think:
        think.setdefault("prompt", think.pop("instructions"))
    for function in think.get("functions") or ():
        endpoint = {name: function.pop(name) for name in ("url", "method", "headers") if name in function}
        if endpoint:
            function["endpoint"] = {**endpoint, **function.get("endpoint", {})}
        _headers(function)
    _headers(think)
    return think


def _speak(speak: dict[str, Any]) -> dict[str, Any]:
    provider = speak.get("provider", {})
    old = {name: speak.pop(name) for name in ("model", "voice_id") if name in speak}
    if old or isinstance(provider, str):
        found: dict[str, Any] = {"type": provider if isinstance(provider, str) else "deepgram"}
        if "model" in old:
            found["model_id" if found["type"] in ("eleven_labs", "cartesia") else "model"] = old["model"]
        if "voice_id" in old:
            found["voice"] = old["voice_id"]
        speak["provider"] = found if isinstance(provider, str) else {**found, **provider}
    _headers(speak)
    return speak


def _headers(part: dict[str, Any]) -> None:
    """Lists of `Header`, as they were before 4.6, become what the service takes."""
    headers = part.get("endpoint", {}).get("headers")
    if isinstance(headers, list):
        part["endpoint"]["headers"] = {each["key"]: each["value"] for each in cast("list[dict[str, str]]", headers)}


_PARTS: Mapping[str, tuple[type[Settings], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "listen": (Listen, _listen),
    "think": (Think, _think),
    "speak": (Speak, _speak),
}
