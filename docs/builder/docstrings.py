"""The docstrings' way of writing, as reStructuredText, and signatures as they are written.

A docstring is plain text: an indented block is an example, a drawn tree stands as it is; `Args:` and `Raises:` begin
lists. The sync twins say what their originals say, so only the first paragraph is shown.
"""

from __future__ import annotations

import inspect
import re
from enum import Enum
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

from builder.package import get

SECTION = re.compile(r"(Args|Raises|Returns|Yields|Attributes):")
INSIDE = ("dgasync.api.", "dgasync.batch.run", "dgasync.session.", "dgasync.sync.", "dgasync.server.local")
"""Where classes are whose objects are given to users."""
TREE = re.compile(r"[├└│]")


def written(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText: its examples, its trees and its sections marked as such."""
    made: list[str] = []
    for paragraph in _paragraphs(lines):
        first = paragraph[0]
        section = SECTION.fullmatch(first)
        if section:
            made += _section(section[1], [line.removeprefix("    ") for line in paragraph[1:]])
        elif any(TREE.search(line) for line in paragraph):
            made += ["::", "", *(f"    {line}" for line in paragraph)]
        elif first.startswith("    "):
            made += [".. code-block:: python", "", *paragraph]
        else:
            made += paragraph
        made.append("")
    return made


def _paragraphs(lines: list[str]) -> list[list[str]]:
    """The paragraphs; one that is indented belongs to the section or the example before it."""
    found: list[list[str]] = []
    fresh = True
    for line in lines:
        if not line.strip():
            fresh = True
            continue
        goes_on = (
            found and line.startswith("    ") and (found[-1][0].startswith("    ") or SECTION.fullmatch(found[-1][0]))
        )
        if fresh and not goes_on:
            found.append([])
        elif fresh:
            found[-1].append("")
        found[-1].append(line)
        fresh = False
    return found


def _section(kind: str, lines: list[str]) -> list[str]:
    """Arguments, errors or what comes back, as fields."""
    if kind in ("Returns", "Yields"):
        return [f":{kind.lower()}: {' '.join(line.strip() for line in lines)}"]
    field = "raises" if kind == "Raises" else "param"
    made: list[str] = []
    for line in lines:
        entry = re.match(r"[\w., *]+: ", line)
        if entry and not line.startswith(" "):
            made.append(f":{field} {entry[0][:-2]}: {line[entry.end() :]}")
        else:
            made.append(f"    {line.strip()}")
    return made


def is_twin(thing: object) -> bool:
    """Whether this is generated from what is written for asyncio and trio."""
    return str(getattr(_function(thing), "__module__", "")).startswith("dgasync.sync.")


def _function(thing: Any) -> Any:
    found = thing.fget if isinstance(thing, property) else thing
    return getattr(found, "__func__", found)


def on_docstring(_: Sphinx, what: str, name: str, thing: Any, options: object, lines: list[str]) -> None:
    """A docstring, before it is read."""
    made = written(lines)
    if is_twin(thing) and (what != "class" or _is_given(thing)):
        made = made[: made.index("")] if "" in made else made
        if what == "class":
            made += ["", f"It is `Async{thing.__name__}` without `await`.", ""]
    lines[:] = made


def on_signature(
    _: Sphinx, what: str, name: str, thing: Any, options: object, arguments: str | None, result: str | None
) -> tuple[str, str] | None:
    """The signature as it is written, its types by the names they have there; none of what users do not make."""
    if arguments is None:
        return None
    if what in ("class", "exception"):
        if issubclass(thing, (BaseException, Enum)) or _is_given(thing):
            return ("", "")
        thing = thing.__init__
        if not inspect.isfunction(thing):
            return ("", "")
    if what not in ("class", "exception", "method", "function"):
        return None
    try:
        signature = inspect.signature(_function(thing))
    except (TypeError, ValueError):
        return None
    # Bound: without `self`, `cls`.
    if what in ("class", "exception", "method") and not _is_static(name):
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    returns = "" if what == "class" else stringify_signature(signature).rpartition(" -> ")[2]
    return stringify_signature(signature, show_return_annotation=False), returns


def _is_given(kind: type) -> bool:
    """Whether its objects are given to users, who do not make them: those that they make explain their arguments."""
    return kind.__module__.startswith(INSIDE) and "Args:" not in (inspect.getdoc(kind) or "")


def _is_static(name: str) -> bool:
    owner, _, last = name.rpartition(".")
    kind = get(owner)
    return isinstance(kind, type) and isinstance(inspect.getattr_static(kind, last, None), staticmethod)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", on_docstring)
    app.connect("autodoc-process-signature", on_signature)
    return {"parallel_read_safe": True}
