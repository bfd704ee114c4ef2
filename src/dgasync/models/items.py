"""What several kinds of answer share: things that come alone and in lists, and values of any shape.

A project comes as the answer to `GET /v1/projects/{project_id}` and as one of the list of all. It is the same class
either way; only the one that is a whole answer has bytes and headers.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import msgspec

from dgasync.models.base import Answer, Model

__all__ = ["Item", "Json", "lift"]

Json: TypeAlias = str | int | float | bool | dict[str, Any] | list[Any]
"""A value whose shape nobody promises."""


class Item(Answer, frozen=True, kw_only=True):
    """An answer that is found in lists too, and is known by its own id."""

    _shown: ClassVar[tuple[str, ...]] = ()
    """The fields that the repr shows: what tells one from another, and no secret."""

    def _facts(self) -> list[str]:
        return [str(value) for name in self._shown if (value := getattr(self, name)) is not None]

    def __repr__(self) -> str:
        return f"<{' '.join([type(self).__name__, ', '.join(self._facts() or ['without id'])])}>"


def lift(outer: Model, inner: Model | None) -> None:
    """Gives `outer` the values of `inner` for those fields of the same name that it lacks.

    The official description puts some answers one level deeper than the service (or its v3 client) has them. Both are
    read, and the flat attributes hold in either case.
    """
    if inner is None:
        return
    for name in inner.__struct_fields__:
        value = getattr(inner, name)
        if value is not None and name in outer.__struct_fields__ and getattr(outer, name) is None:
            msgspec.structs.force_setattr(outer, name, value)
