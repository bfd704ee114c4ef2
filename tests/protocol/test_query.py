"""Options on their way into a query."""

from __future__ import annotations

from enum import Enum
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync.errors import DeepgramTypeError
from dgasync.protocol.query import encode

SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
)


def said(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.one_of(SCALARS, st.lists(SCALARS, max_size=4)))
)
def test_every_value_arrives(options: dict[str, object]) -> None:
    """Whatever the values hold, the other side reads them as they were, lists as repeated keys."""
    expected = [
        (name, said(each))
        for name, value in options.items()
        for each in (value if isinstance(value, list) else [value])
    ]

    assert parse_qsl(encode(options), keep_blank_values=True) == expected


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({"smart_format": True, "diarize": False}, "smart_format=true&diarize=false"),
        ({"utt_split": 0.8, "alternatives": 2}, "utt_split=0.8&alternatives=2"),
        ({"search": ["a b", "c&d"]}, "search=a+b&search=c%26d"),
        ({"search": ("a", True)}, "search=a&search=true"),
        ({"extra": ["key:value"]}, "extra=key%3Avalue"),
        ({"extra": {"key": "value", "n": 1}}, "extra=key%3Avalue&extra=n%3A1"),
        ({"tag": "", "search": []}, "tag="),
        ({"model": None}, ""),
        ({"model": Enum("M", {"NOVA": "nova-3"})["NOVA"]}, "model=nova-3"),
        (None, ""),
    ],
)
def test_form(options: dict[str, object] | None, query: str) -> None:
    """The forms that the service knows, each as users write it."""
    assert encode(options) == query


def test_addons_are_laid_over() -> None:
    """An addon replaces a scalar and adds to a list, and None changes nothing."""
    query = encode({"model": "a", "search": ["x"]}, {"model": "b", "search": ["y"], "new": 1, "tier": None})

    assert query == "model=b&search=x&search=y&new=1"


def test_a_query_in_the_endpoint_stays() -> None:
    """What the endpoint already asked is kept, unless an option says otherwise."""
    assert encode({"model": "b"}, inherited="model=a&beta=1&beta=2&empty=") == "beta=1&beta=2&empty=&model=b"


def test_a_misspelt_option_is_an_error() -> None:
    """A wrong name is refused with a guess, and not at all where everything is let through."""
    with pytest.raises(DeepgramTypeError, match="did you mean 'keyterm'"):
        encode({"keyterms": "x"}, known={"keyterm", "model"}, what="A transcription")

    assert encode({"keyterms": "x"}) == "keyterms=x"


@pytest.mark.parametrize("value", [b"bytes", float("nan"), float("inf"), object(), {"a": 1}, [None], [["a"]]])
def test_a_value_without_a_form_is_an_error(value: object) -> None:
    """What the official SDK would send as its Python repr is refused."""
    with pytest.raises(DeepgramTypeError, match="model"):
        encode({"model": value})
