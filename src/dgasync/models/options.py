"""The base of the options classes, such as PrerecordedOptions, which `tools/` makes from `params.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Manners
from dgasync.models.names import unknown

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Options"]


@dataclass(eq=False, repr=False)
class Options(Manners):
    """Options by name: read and set as attributes or by `[]`; None is unset and never sent.

    A subclass is a dataclass (`@dataclass(eq=False, repr=False)`) whose fields all default to None. A name that is none
    of its fields is an error wherever it turns up, with a guess what was meant.
    """

    def __new__(cls, *args: object, **options: object) -> Self:
        """Refuses unknown names before the dataclass's own `__init__`, which has precise types, would."""
        for name in options:
            if name not in cls.__dataclass_fields__:
                raise unknown(name, cls.__dataclass_fields__, cls.__name__)
        return super().__new__(cls)

    if not TYPE_CHECKING:  # for a type checker only the fields can be set, each to its own type

        def __setattr__(self, name, value):
            if name not in self.__dataclass_fields__:
                raise unknown(name, self.__dataclass_fields__, type(self).__name__)
            object.__setattr__(self, name, value)

    def __setitem__(self, key: str, value: object) -> None:
        if key not in self.__dataclass_fields__:
            raise unknown(key, self.__dataclass_fields__, type(self).__name__)
        setattr(self, key, value)

    def __getitem__(self, key: str) -> Any:
        value = getattr(self, key) if key in self.__dataclass_fields__ else None
        if value is None:
            raise KeyError(key)
        return value

    def __delitem__(self, key: str) -> None:
        self[key]
        setattr(self, key, None)

    def keys(self) -> list[str]:
        """The names of the options that are set."""
        return [name for name, value in vars(self).items() if value is not None]

    def to_dict(self) -> dict[str, Any]:
        """A new dict of the options that are set."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Options made from a mapping of their names."""
        made = cls()
        for name, value in data.items():
            made[name] = value
        return made

    @classmethod
    def from_json(cls, data: str | bytes) -> Self:
        """Options made from the text of a JSON object."""
        try:
            found: object = json.loads(data)
        except ValueError as error:
            raise DeepgramTypeError(f"{cls.__name__} cannot be made from this, which is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise DeepgramTypeError(f"{cls.__name__} is made from a JSON object, not from {type(found).__name__}.")
        return cls.from_dict(cast("dict[str, Any]", found))

    def check(self) -> bool:
        """True: names are checked as they are set, values by the service."""
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Options):
            return NotImplemented
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # options can be changed

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"
