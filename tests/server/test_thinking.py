"""The echo; endpoints are `test_agent`'s."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dgasync.server.agent_settings import Endpoint, Function, Thinking
from dgasync.server.conversation import Conversation
from dgasync.server.thinking import FunctionCall, Said, think

pytestmark = pytest.mark.anyio

PARAMETERS = {
    "type": "object",
    "properties": {
        **{kind: {"type": kind} for kind in ("string", "number", "integer", "boolean", "array", "object", "null")},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "anything": True,
        "optional": {"type": "string"},
    },
    "required": ["string", "number", "integer", "boolean", "array", "object", "null", "unit", "anything", "unknown"],
}


def function(name: str, parameters: Any = None) -> Function:
    return Function(name, "", parameters or {}, None)


async def echoed(text: str, *functions: Function) -> list[Any]:
    conversation = Conversation(())
    conversation.say("user", text)
    told: Any = None  # nobody is asked
    return [each async for each in think(Thinking("echo", "", None, functions=functions), "", conversation, told)]


async def test_repeats() -> None:
    """It says what the user has said."""
    assert await echoed("How are you?", function("are_you_well")) == [Said("How are you?")]


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("Please get the weather.", ["get_the_weather"]),
        ("GET-THE-WEATHER", ["get_the_weather"]),
        ("forget the weather", []),
        ("w7, and get, the. weather", ["get_the_weather", "w7"]),
        ("w77", []),
    ],
)
async def test_names(text: str, called: list[str]) -> None:
    """Functions whose names are said as whole words are called, in their own order."""
    found = await echoed(text, function("get_the_weather"), function("w7"))
    assert [each.name for each in found if isinstance(each, FunctionCall)] == called


async def test_arguments() -> None:
    """What a function needs is taken from what was said."""
    (call,) = await echoed("it: -2.5 degrees fahrenheit", function("it", PARAMETERS))
    assert json.loads(call.arguments) == {
        "string": "it: -2.5 degrees fahrenheit",
        "number": -2.5,
        "integer": -2,
        "boolean": True,
        "array": [],
        "object": {},
        "null": None,
        "unit": "fahrenheit",
        "anything": "it: -2.5 degrees fahrenheit",
    }
    (call,) = await echoed("it", function("it", PARAMETERS))
    told = json.loads(call.arguments)
    assert (told["number"], told["unit"]) == (0, "celsius")


async def test_responses() -> None:
    """What the functions have said is repeated then."""
    conversation = Conversation(())
    conversation.call([{"id": "1", "name": "f", "arguments": "{}", "response": each} for each in ("One.", "Two.")])
    told: Any = None
    assert [each async for each in think(Thinking("echo", "", None), "", conversation, told)] == [Said("One. Two.")]
    assert [each async for each in think(Thinking("echo", "", None), "", Conversation(()), told)] == []


def test_no_secrets() -> None:
    """An endpoint shows nothing of itself."""
    assert repr(Endpoint("https://example.com/?key=secret", {"Authorization": "secret"})) == "<Endpoint POST>"
