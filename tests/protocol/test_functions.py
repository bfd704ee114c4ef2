"""Plain Python functions as an agent sees them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pytest

from dgasync.errors import DecodeError, DeepgramTypeError
from dgasync.protocol.functions import Callee, callees, written


@dataclass
class Place:
    city: str
    country: str = "DE"


@dataclass
class Node:
    below: Node | None = None


class Extra(TypedDict, total=False):
    detail: int


def weather(
    place: Place,
    /,
    unit: Literal["c", "f"] = "c",
    days: int = 3,
    tags: list[str] = None,  # type: ignore[assignment]  # noqa: RUF013  # as many write it
    extra: Extra = {},  # noqa: B006  # it is not changed
    anything=[1, 2],  # type: ignore[no-untyped-def]  # noqa: B006
    *rest: str,
    loud: bool = False,
    **more: str,
) -> str:
    """The weather
    of a place.

    It may be wrong.

    Args:
        place: where it is,
            exactly
        unit (str): Celsius or Fahrenheit
        nobody: is not there

    Returns:
        a text
    """
    return f"{place}{unit}{days}{tags}{extra}{anything}{rest}{loud}{more}"


def test_a_definition() -> None:
    """It has the names, types and defaults of the signature, and the words of the docstring, without references."""
    text = {"type": "string"}
    assert Callee(weather).definition() == {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {
                    "title": "Place",
                    "type": "object",
                    "properties": {"city": text, "country": {**text, "default": "DE"}},
                    "required": ["city"],
                    "description": "where it is, exactly",
                },
                "unit": {"enum": ["c", "f"], "default": "c", "description": "Celsius or Fahrenheit"},
                "days": {"type": "integer", "default": 3},
                "tags": {"anyOf": [{"type": "array", "items": text}, {"type": "null"}], "default": None},
                "extra": {
                    "title": "Extra",
                    "type": "object",
                    "properties": {"detail": {"type": "integer"}},
                    "required": [],
                },
                "anything": {},
                "loud": {"type": "boolean", "default": False},
            },
            "required": ["place"],
        },
    }


def test_arguments() -> None:
    """They become what the signature says, by position where it must be; what is missing, defaults."""
    given, named = Callee(weather).arguments('{"place": {"city": "Bonn"}, "days": "4", "unheard": 1}')
    assert (given, named["days"], named["anything"], named["tags"]) == ([Place("Bonn")], 4, [1, 2], None)
    assert weather(*given, **named).startswith("Place(city='Bonn', country='DE')c4")


@pytest.mark.parametrize("text", ['{"place": {}}', "[]", "{", '{"place": {"city": "x"}, "unit": "kelvin"}'])
def test_arguments_that_do_not_fit(text: str) -> None:
    """It is said which function they are for, and what is wrong."""
    with pytest.raises(DecodeError, match="no arguments of `weather`"):
        Callee(weather).arguments(text)


class Booker:
    """Books."""

    def book(self, when: str) -> None:
        """Book a table.

        :param str when: the day
        """

    async def __call__(self, tree: Node) -> None:
        """Plant."""


def test_other_callables() -> None:
    """Methods, partial functions and objects that can be called serve, too, and types that hold themselves."""
    book = Callee(Booker().book)
    assert (book.name, book.description, book.is_async) == ("book", "Book a table.", False)
    assert book.parameters["properties"] == {"when": {"type": "string", "description": "the day"}}
    plant = Callee(Booker())
    assert (plant.name, plant.is_async) == ("Booker", True)
    assert plant.parameters["$defs"].keys() == {"Node"}
    part = Callee(functools.partial(weather, days=9))
    assert part.name == "weather"
    assert part.arguments('{"place": {"city": "x"}}')[1]["days"] == 9
    assert Callee(undescribed).definition() == {
        "name": "undescribed",
        "description": "undescribed",
        "parameters": {"type": "object", "properties": {}, "required": []},
    }


async def undescribed() -> None:
    pass


def strange(value: Booker) -> None:
    """Takes what JSON has no word for."""


@pytest.mark.parametrize(
    ("functions", "text"),
    [([lambda: 1], "needs a name"), ([5], "got int"), ([strange], "`strange` cannot"), ([undescribed] * 2, "Two")],
)
def test_functions_of_no_use(functions: Any, text: str) -> None:
    """They are errors before anything is sent."""
    with pytest.raises(DeepgramTypeError, match=text):
        callees(functions)


def test_answers() -> None:
    """A text is answered as it is, all else as JSON."""
    assert written("as it is") == "as it is"
    assert written(Place("Bonn")) == '{"city":"Bonn","country":"DE"}'
    assert written(None) == "null"
    with pytest.raises(TypeError):
        written(object())
