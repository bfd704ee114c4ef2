"""The arguments of v2's calls: what each is, and how options are passed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from dgasync.migrate.edits import named, text_of
from dgasync.migrate.names import OPTIONS
from dgasync.migrate.reading import Reading
from dgasync.migrate.values import Values

__all__ = ["Given", "Options", "options_of"]


@dataclass
class Given:
    """The arguments of a call."""

    before: Sequence[cst.Arg]
    named: dict[str, cst.Arg] = field(default_factory=dict[str, cst.Arg])
    """Those that the method names."""
    others: list[cst.Arg] = field(default_factory=list[cst.Arg])
    """Options that were passed by keyword, and `**mappings` of them."""

    def now(self, arg: cst.Arg, updated: cst.Call) -> cst.Arg:
        """An argument as it is after the changes in it."""
        return updated.args[list(self.before).index(arg)]


def options_of(args: Sequence[cst.Arg], names: Sequence[str]) -> Given | None:
    """The arguments of a call, told apart; None where `*args` hides them."""
    given = Given(args)
    for index, arg in enumerate(args):
        if arg.star == "*":
            return None
        if arg.star:
            given.others.append(arg)
        elif arg.keyword is None:
            if index >= len(names):
                return None
            given.named[names[index]] = arg
        elif arg.keyword.value in names:
            given.named[arg.keyword.value] = arg
        else:
            given.others.append(arg)
    return given


class Options:
    """The options of one call of v2, which sent whatever it was given.

    dgasync knows its options and refuses others, so that a misspelt one does not go unseen; those that it does not know
    are passed as `addons`, which are sent as they are.
    """

    def __init__(self, reading: Reading, values: Values, node: cst.Call, given: Given, kind: str) -> None:
        self._reading = reading
        self._given = given
        self._kind = kind
        self._known = OPTIONS[kind]
        self._mapping = given.named.get("options")
        self.has_endpoint = "endpoint" in given.named
        self.are_known = True
        """Whether all of the call can be told here."""
        self._endpoint = self._path(given.named.get("endpoint"))
        if self._mapping is not None and text_of(self._mapping.value) == "None":
            self._mapping = None
        mixed = self._mapping is not None and bool(given.others)
        self._class = reading.need(kind) if given.others and not mixed else ""
        self._note(node, values)

    def made(self, updated: cst.Call) -> list[cst.Arg]:
        """The arguments as they are to be passed here."""
        args: list[cst.Arg] = []
        mapping = None if self._mapping is None else self._given.now(self._mapping, updated)
        others = [self._given.now(arg, updated) for arg in self._given.others]
        foreign: list[Any] = []
        if mapping is not None and others:
            elements = [cst.StarredDictElement(mapping.value), *map(_element, others)]
            mapping = mapping.with_changes(value=cst.Dict(elements))
        elif others:
            foreign = [_element(arg) for arg in others if arg.keyword and arg.keyword.value not in self._known]
            own = [arg for arg in others if not arg.keyword or arg.keyword.value in self._known]
            if own:
                own = [*own[:-1], own[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
                mapping = cst.Arg(cst.Call(cst.Name(self._class), own))
        elif mapping is not None and isinstance(mapping.value, cst.Dict):
            foreign = [element for element in mapping.value.elements if _is_foreign(element, self._known)]
            if foreign:
                last = mapping.value.elements[-1].comma
                own_elements = [element for element in mapping.value.elements if element not in foreign]
                mapping = mapping.with_changes(
                    value=mapping.value.with_changes(elements=_closed(own_elements, last if own_elements else None))
                )
                foreign = _closed(foreign)
        if mapping is not None:
            source = self._given.named.get("source")
            is_named = mapping.keyword is not None or source is None or source.keyword is None
            args.append(mapping if is_named else named("options", mapping.value))
        if foreign:
            args.append(named("addons", cst.Dict(foreign)))
        timeout = self._given.named.get("timeout")
        if timeout is not None:
            now = self._given.now(timeout, updated)
            args.append(now if now.keyword else named("timeout", now.value))
        if self._endpoint is not None:
            args.append(named("endpoint", self._endpoint))
        return args

    def _path(self, endpoint: cst.Arg | None) -> cst.BaseExpression | None:
        if endpoint is None:
            return None
        path = endpoint.value
        if not isinstance(path, cst.SimpleString) or not isinstance(path.evaluated_value, str):
            self.are_known = False
            return None
        # v2's path stood below `.../v1`, dgasync's stands below the host.
        plain = f"v1/{path.evaluated_value.lstrip('/')}"
        return None if plain == "v1/listen" else cst.SimpleString(f'"{plain}"')

    def _note(self, node: cst.Call, values: Values) -> None:
        """Tell of options that the service does not document any more."""
        foreign = [
            arg.keyword.value for arg in self._given.others if arg.keyword and arg.keyword.value not in self._known
        ]
        literals = values.literals(self._mapping.value) if self._mapping is not None else None
        inline = self._mapping is not None and isinstance(self._mapping.value, cst.Dict)
        hidden = [name for literal in literals or () for name in _foreign_names(literal, self._known)]
        if inline:
            foreign, hidden = [*foreign, *hidden], []
        for name in dict.fromkeys(foreign):
            self._reading.look(
                node, name, f"{self._kind} does not know it: it goes as `addons`. See whether it is used."
            )
        for name in dict.fromkeys(hidden):
            self._reading.look(
                node, name, f"{self._kind} does not know it and refuses it: pass it as `addons={{{name!r}: ...}}`."
            )


def _element(arg: cst.Arg) -> cst.BaseDictElement:
    if arg.keyword is None:
        return cst.StarredDictElement(arg.value)
    return cst.DictElement(cst.SimpleString(f'"{arg.keyword.value}"'), arg.value)


def _name_of(element: cst.BaseDictElement) -> str | None:
    if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
        return str(element.key.evaluated_value)
    return None


def _is_foreign(element: cst.BaseDictElement, known: frozenset[str]) -> bool:
    name = _name_of(element)
    return name is not None and name not in known


def _foreign_names(literal: cst.Dict, known: frozenset[str]) -> list[str]:
    return [str(_name_of(element)) for element in literal.elements if _is_foreign(element, known)]


def _closed(elements: Sequence[Any], comma: Any = None) -> list[Any]:
    """The elements, with this comma behind the last, or none."""
    comma = cst.MaybeSentinel.DEFAULT if comma is None else comma
    return [*elements[:-1], elements[-1].with_changes(comma=comma)] if elements else []
