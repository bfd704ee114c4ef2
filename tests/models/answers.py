"""Answers to test with: the recorded ones, and whatever else a server may send."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

CORPUS = sorted((Path(__file__).resolve().parents[3] / "shared" / "corpus").glob("listen.rest.*.json"))
NO_CORPUS: Any = pytest.param(
    None, marks=pytest.mark.skip(reason="needs ../shared, which only the workplace has"), id="none"
)

TEXT = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
NUMBERS = (
    st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99).map(float)
)


@st.composite
def values(draw: st.DrawFn, hint: Any, depth: int = 0) -> Any:
    """JSON a server may send where a type of ours stands: ints for floats and the reverse, nulls, unknown fields."""
    kind, args = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        kinds = [arg for arg in args if arg is not types.NoneType]
        if len(kinds) < len(args) and draw(st.integers(0, 5)) == 0:
            return None
        return draw(values(draw(st.sampled_from(kinds)), depth))
    if kind is list:
        return [draw(values(args[0], depth)) for _ in range(draw(st.integers(0, 2)))]
    if kind is dict:
        return {draw(TEXT): draw(values(args[1], depth)) for _ in range(draw(st.integers(0, 2)))}
    if hint is str:
        return draw(TEXT)
    if hint is bool:
        return draw(st.booleans())
    if hint in (int, float):
        return draw(NUMBERS)
    if hint is Any:
        return draw(JSON)
    hints = typing.get_type_hints(hint)
    fields = {name: hints[name] for name in hint.__struct_fields__}
    # Only a few of the fields, so that answers stay small; every one has its turn.
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True)) if depth < 9 else []
    data = {name: draw(values(fields[name], depth + 1)) for name in chosen}
    if draw(st.booleans()):
        data["unheard_of"] = draw(JSON)
    return data
