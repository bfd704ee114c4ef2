"""What an agent answers: an OpenAI-compatible endpoint is asked, or the echo answers by itself."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from dgasync.server.agent_settings import Endpoint, Function, Thinking
from dgasync.server.checks import is_list, is_object
from dgasync.server.conversation import Conversation
from dgasync.server.outgoing import FAILURES, Outgoing
from dgasync.server.replies import encode

if TYPE_CHECKING:
    import aiohttp

__all__ = ["FunctionCall", "Said", "Thought", "ThoughtFailed", "ask_function", "think"]

Json = dict[str, Any]

MOST_ANSWER = 1024 * 1024
"""Bytes of an answer, streamed or not."""
MOST_TOLD = 200
"""Characters of an endpoint's own words that are handed on."""
_DONE = "[DONE]"


class ThoughtFailed(Exception):
    """Nothing came of it; the message says why, without any secret."""


class Said(NamedTuple):
    """A piece of the answer."""

    text: str


class Thought(NamedTuple):
    """A piece of what is thought on the way to it."""

    text: str


class FunctionCall(NamedTuple):
    """A function that is to be called before there is an answer."""

    id: str
    name: str
    arguments: str
    """JSON."""


async def think(
    thinking: Thinking, prompt: str, conversation: Conversation, outgoing: Outgoing
) -> AsyncGenerator[Said | Thought | FunctionCall, None]:
    """What comes to mind, piece by piece, calls last. Raises `ThoughtFailed`."""
    if thinking.endpoint is None:
        for piece in _echo(thinking.functions, conversation.last):
            yield piece
        return
    body: Json = {
        "model": thinking.model,
        "messages": conversation.messages(prompt, thinking.context_length),
        "stream": True,
    }
    if thinking.temperature is not None:
        body["temperature"] = thinking.temperature
    if thinking.reasoning is not None:
        body["reasoning_effort"] = thinking.reasoning
    if thinking.functions:
        body["tools"] = [{"type": "function", "function": _described(each)} for each in thinking.functions]
    endpoint = thinking.endpoint
    try:
        headers = {"Content-Type": "application/json", **endpoint.headers}
        async with outgoing.ask(endpoint.method, endpoint.url, encode(body), headers) as response:
            await _check(response, endpoint)
            async with aclosing(_pieces(response)) as pieces:
                async for piece in pieces:
                    yield piece
    except FAILURES as problem:
        raise ThoughtFailed(_hidden(f"{type(problem).__name__}: {problem}", endpoint)) from None


def _described(function: Function) -> Json:
    told: Json = {"name": function.name, "parameters": function.parameters or {"type": "object", "properties": {}}}
    return {**told, "description": function.description} if function.description else told


async def ask_function(function: Function, arguments: str, outgoing: Outgoing) -> str:
    """The response of a function that has an endpoint; raises `ThoughtFailed`."""
    endpoint = function.endpoint
    assert endpoint is not None
    url, body = endpoint.url, arguments.encode(errors="replace")
    if endpoint.method == "GET":
        told: Any = _json(arguments)
        if is_object(told) and told:
            url += ("&" if urlsplit(url).query else "?") + urlencode(told)
        body = b""
    try:
        headers = {"Content-Type": "application/json", **endpoint.headers}
        async with outgoing.ask(endpoint.method, url, body, headers) as response:
            await _check(response, endpoint)
            return (await _whole(response)).decode(errors="replace")
    except FAILURES as problem:
        raise ThoughtFailed(_hidden(f"{type(problem).__name__}: {problem}", endpoint)) from None


async def _check(response: aiohttp.ClientResponse, endpoint: Endpoint) -> None:
    if 200 <= response.status < 300:
        return
    told = (await response.content.read(64 * 1024)).decode(errors="replace")
    answer = _json(told)
    error: Any = answer.get("error") if is_object(answer) else None
    words = error.get("message") if is_object(error) else error
    why = f": {' '.join(words.split())[:MOST_TOLD]}" if isinstance(words, str) else ""
    raise ThoughtFailed(_hidden(f"the endpoint answered {response.status} {response.reason}{why}", endpoint))


def _hidden(told: str, endpoint: Endpoint) -> str:
    """The same, without what only the endpoint and the client should know."""
    for value in endpoint.headers.values():
        for secret in (value, value.rpartition(" ")[2]):
            told = told.replace(secret, "***") if len(secret) > 3 else told
    return told.replace(endpoint.url, f"the endpoint at {urlsplit(endpoint.url).hostname}")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    collected = bytearray()
    async for chunk in response.content.iter_any():
        collected += chunk
        if len(collected) > MOST_ANSWER:
            raise ThoughtFailed(f"the answer is longer than {MOST_ANSWER} bytes")
    return bytes(collected)


async def _pieces(response: aiohttp.ClientResponse) -> AsyncGenerator[Said | Thought | FunctionCall, None]:
    calls = _Calls()
    if response.content_type == "text/event-stream":
        async for event in _events(response):
            for piece in _parts(event, "delta", calls):
                yield piece
    else:
        for piece in _parts(_json((await _whole(response)).decode(errors="replace")), "message", calls):
            yield piece
    for call in calls.made():
        yield call


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    """The JSON of server-sent events; one that has several lines is none of this API."""
    size = 0
    async for line in response.content:
        size += len(line)
        if size > MOST_ANSWER:
            raise ThoughtFailed(f"the answer is longer than {MOST_ANSWER} bytes")
        name, _, value = line.decode(errors="replace").strip().partition(":")
        if name == "data" and value.strip():
            if value.strip() == _DONE:
                return
            yield _json(value)


def _parts(answer: Any, name: str, calls: _Calls) -> list[Said | Thought]:
    """The pieces in one event, or in a whole answer."""
    if is_object(answer) and answer.get("error"):
        error: Any = answer["error"]
        words: Any = error.get("message") if is_object(error) else error
        raise ThoughtFailed(f"the endpoint failed: {str(words)[:MOST_TOLD]}")
    choices: Any = answer.get("choices") if is_object(answer) else None
    if not is_list(choices):
        raise ThoughtFailed("the endpoint answered what is no chat completion")
    found: list[Said | Thought] = []
    choice = choices[0] if choices else None
    told = choice.get(name) if is_object(choice) else None
    if not is_object(told):
        return []  # The last event of some has no choices, but the count of tokens.
    # Not in OpenAI's own API; models that think aloud have the one or the other.
    for kind, key in ((Thought, "reasoning_content"), (Thought, "reasoning"), (Said, "content")):
        if isinstance(text := told.get(key), str) and text:
            found.append(kind(text))
    parts = told.get("tool_calls")
    for at, part in enumerate(parts if is_list(parts) else []):
        calls.add(at, part)
    return found


class _Calls:
    """Calls on their way in: of each comes a piece at a time."""

    def __init__(self) -> None:
        self._found: dict[int, list[str]] = {}

    def add(self, at: int, part: Any) -> None:
        if not is_object(part):
            return
        index: Any = part.get("index")
        call = self._found.setdefault(index if isinstance(index, int) else at, ["", "", ""])
        function: Any = part.get("function")
        told: Mapping[str, Any] = function if is_object(function) else {}
        for place, value in enumerate((part.get("id"), told.get("name"), told.get("arguments"))):
            if isinstance(value, str):
                call[place] = call[place] + value if place == 2 else value or call[place]

    def made(self) -> list[FunctionCall]:
        return [
            FunctionCall(call_id or _new_id(), name, arguments or "{}")
            for _, (call_id, name, arguments) in sorted(self._found.items())
            if name
        ]


def _new_id() -> str:
    return f"call_{secrets.token_hex(8)}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# The echo.


def _echo(functions: tuple[Function, ...], last: Json | None) -> list[Said | Thought | FunctionCall]:
    """Repeat what the user said. Where that names functions, they are called instead, each once and in the order of the
    settings, and then their responses are repeated.

    A name counts as a whole word, in upper or lower case, with a space, or anything else that is no letter and no
    digit, for each `_`, `-` and `.` in it. The arguments are the required parameters: a text is all that the user said,
    a number the first one in it or 0, a boolean true; of an `enum` it is the first member that was said, or the first.
    """
    if last is None:
        return []
    if "function_calls" in last:
        return [Said(" ".join(call["response"] for call in last["function_calls"]))]
    text: str = last["content"]
    named = [function for function in functions if _names(text, function.name)]
    if not named:
        return [Said(text)]
    return [FunctionCall(_new_id(), each.name, encode(_arguments(each.parameters, text)).decode()) for each in named]


def _names(text: str, name: str) -> bool:
    words = [re.escape(word) for word in re.split(r"[_.\-]+", name) if word]
    spoken = r"[\W_]+".join(words)
    return bool(words) and re.search(rf"(?<!\w){spoken}(?!\w)", text, re.IGNORECASE) is not None


def _arguments(parameters: Json, text: str) -> Json:
    properties, required = parameters.get("properties"), parameters.get("required")
    if not is_object(properties) or not is_list(required):
        return {}
    return {name: _argument(schema, text) for name, schema in properties.items() if name in required}


def _argument(schema: Any, text: str) -> Any:
    told: Json = schema if is_object(schema) else {}
    members = told.get("enum")
    if is_list(members) and members:
        return next((member for member in members if _names(text, str(member))), members[0])
    kind = told.get("type")
    if kind in ("number", "integer"):
        found = re.search(r"-?\d+(?:\.\d+)?", text)
        number = float(found.group()) if found else 0.0
        return int(number) if kind == "integer" or number == int(number) else number
    others: Json = {"boolean": True, "array": [], "object": {}, "null": None}
    return others.get(str(kind), text)
