"""What texts name of deepgram-sdk: modules imported while a program runs, targets of patches, loggers, the package.

What is named in a text breaks as an import does, and nothing but the text says so. It is rewritten only where it is
certain what it means; else it is pointed at, before the rewriting as after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import libcst as cst
from libcst import matchers as m

import dgasync
from dgasync.migrate.edits import text_of, walk
from dgasync.migrate.names import DIFFERENT, NEW, NEWER, OLD, V2_NAMES, is_newer, place
from dgasync.migrate.reading import Reading

__all__ = ["rewrite_texts"]

_GIVING = ("import_module", "__import__", "importorskip")
"""Functions that take the name of a module and give the module."""
_IMPORTING = (*_GIVING, "find_spec", "import_from_string", "import_string", "lazy_import", "resolve_name", "run_module")
_PACKAGES = ("distribution", "files", "get_distribution", "metadata", "requires", "version")

_NAMED = re.compile(rf"{OLD}(\.\w+)*")
_NO_NAME = (".com", ".org", ".io", ".ai", ".py", ".json", ".yml", ".yaml", ".txt", ".log", ".db")
_INSIDE = re.compile(rf"(\w+\.)+{OLD}(\.\w+)*|(\w+\.)+({'|'.join(sorted(V2_NAMES))})")
"""Something of a module of the user's own, which may have it from deepgram-sdk."""
_REQUIREMENT = re.compile(rf"{OLD}[-_]sdk\s*([\[=!<>~@;].*)?", re.IGNORECASE)

_IMPORT = "This imports deepgram-sdk, by its name in a text: import `dgasync`, at whose top are all names of v3."
_LOADED = "What is imported now is `dgasync`, and that is what `sys.modules` has."
_LOGGER = 'The logger is called "dgasync".'
_NEEDED = "The package is called dgasync."
_PATCHED = "This patches what nothing uses any more: patch a name of dgasync, or the name in the module that uses it."
_PERHAPS = "If the module imports deepgram-sdk, it has this under its new name: dgasync, DeepgramClient and so on."
_TOLD = "The module is named in a text: see whether it is to name dgasync's."
_VARIABLE = "Modules are imported here by names in variables: see whether this is such a name. dgasync is `dgasync`."


def rewrite_texts(reading: Reading, *, is_v3: bool, is_new: bool) -> None:
    """Rewrite what is certain of the names in texts, and note the rest.

    Args:
        reading: the module.
        is_v3: whether it imports names of v3: those may be of version 5 and later, too.
        is_new: whether it was written for version 5 or later.
    """
    by_variable = any(_imports_by_variable(reading, call) for call in reading.each(cst.Call))
    for each in reading.each(cst.Call):
        _built(reading, each)
    for text in reading.each(cst.SimpleString):
        value = text.evaluated_value
        if not isinstance(value, str) or reading.declares(text):
            continue
        call = _taking(reading, text)
        name = _called(reading, call) if call is not None else ""
        if _NAMED.fullmatch(value) and not value.endswith(_NO_NAME):
            if name.endswith(".getLogger") or _is_logger(reading, text):
                reading.left(text, text_of(text), _LOGGER)
            elif call is not None and name.rpartition(".")[2] in _IMPORTING:
                _import(reading, call, text, is_new=is_new)
            elif call is not None and _is_patch(name, call, text):
                _patch(reading, text, value, is_certain=is_v3, is_new=is_new)
            elif _is_loaded(reading, text):
                _needs(reading, text, _LOADED)
            elif _is_path(value):
                _needs(reading, text, NEWER if is_new else _TOLD)
            elif value == OLD and by_variable and _is_held(reading, text):
                reading.look(text, text_of(text), _VARIABLE)
                reading.uses_old = True
        elif _REQUIREMENT.fullmatch(value) and call is not None:
            reading.left(text, text_of(text), _NEEDED)
            reading.uses_old |= name.rpartition(".")[2] in _PACKAGES
        elif call is not None and _is_patch(name, call, text) and _INSIDE.fullmatch(value):
            reading.look(text, text_of(text), _PERHAPS)


def _needs(reading: Reading, node: cst.CSTNode, advice: str) -> None:
    """Note what fails without deepgram-sdk."""
    reading.left(node, text_of(node), advice)
    reading.uses_old = True


# ── where a text stands ──


def _taking(reading: Reading, text: cst.CSTNode) -> cst.Call | None:
    """The call that takes a text as one of its arguments."""
    arg = reading.parent(text)
    call = reading.parent(arg) if isinstance(arg, cst.Arg) else None
    return call if isinstance(call, cst.Call) else None


def _called(reading: Reading, call: cst.Call) -> str:
    """The name of what is called, with that of the module it is from, as far as they are known."""
    return f".{reading.qualified(call.func) or text_of(call.func)}"


def _is_first(call: cst.Call, node: cst.CSTNode) -> bool:
    """Whether a node is the first argument of a call, or the one called `target`."""
    named = (arg.keyword and arg.keyword.value for arg in call.args if arg.value is node)
    return call.args[0].value is node or "target" in named


def _is_patch(name: str, call: cst.Call, node: cst.CSTNode) -> bool:
    """Whether a call replaces what its argument names: of unittest.mock, pytest-mock or pytest."""
    *owners, last = name.split(".")
    is_patching = last == "patch" or (last == "multiple" and "patch" in owners)
    # Without an owner it is Python's own `setattr`, which takes a thing.
    is_setting = last in ("setattr", "delattr") and any(owners)
    return (is_patching or is_setting) and _is_first(call, node)


def _is_logger(reading: Reading, text: cst.CSTNode) -> bool:
    """Whether a text is a key below "loggers", as `logging.config` has it."""
    part = reading.parent(text)
    loggers = reading.parent(part) if isinstance(part, cst.DictElement) and part.key is text else None
    around = reading.parent(loggers) if isinstance(loggers, cst.Dict) else None
    return isinstance(around, cst.DictElement) and m.matches(
        around.key, m.SimpleString(m.MatchIfTrue(lambda value: value.strip("'\"") == "loggers"))
    )


def _is_loaded(reading: Reading, text: cst.CSTNode) -> bool:
    """Whether a text is a key of `sys.modules`."""
    around = next(
        (part for part in reading.above(text) if isinstance(part, (cst.Call, cst.Comparison, cst.Subscript))), None
    )
    return around is not None and any(
        isinstance(part, (cst.Attribute, cst.SimpleString)) and text_of(part).strip("'\"") == "sys.modules"
        for part in walk(around)
    )


def _is_held(reading: Reading, text: cst.CSTNode) -> bool:
    """Whether a text is bound to a name, or one of several."""
    return isinstance(reading.parent(text), (cst.Assign, cst.DictElement, cst.Element))


def _imports_by_variable(reading: Reading, call: cst.Call) -> bool:
    is_importing = _called(reading, call).rpartition(".")[2] in _IMPORTING
    return is_importing and bool(call.args) and isinstance(call.args[0].value, cst.Name)


def _is_path(value: str) -> bool:
    """Whether a text can only be a name of deepgram-sdk, wherever it stands; "deepgram.requests" may be any."""
    path = value.split(".")
    is_class = any(part[0].isupper() for part in path)
    return is_class or path[1:2] == ["clients"] or (len(path) > 2 and place(".".join(path[:-1]), path[-1]) is not None)


# ── what is done about it ──


def _import(reading: Reading, call: cst.Call, text: cst.SimpleString, *, is_new: bool) -> None:
    names = set(_names_used(reading, call))
    is_giving = _called(reading, call).rpartition(".")[2] in _GIVING and call.args[0].value is text
    if text.evaluated_value == OLD and is_giving and not is_new and names and all(map(_is_same, names)):
        reading.edits.change(text, lambda updated: updated.with_changes(value=text.value.replace(OLD, NEW)))
        reading.done(call, text_of(call))
    else:
        _needs(reading, call, NEWER if is_new else _IMPORT)


def _names_used(reading: Reading, call: cst.Call) -> Iterator[str]:
    """What is taken from the module that a call gives; with `""` among it where that is not certain."""
    parent = reading.parent(call)
    if isinstance(parent, cst.Attribute):
        yield parent.attr.value
    elif isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        bindings = reading.assignments(target) if isinstance(target, cst.Name) else []
        if len(bindings) != 1:
            yield ""
        for use in (use for binding in bindings for use in reading.uses(binding)):
            around = use if isinstance(use, cst.Attribute) else reading.parent(use)
            yield around.attr.value if isinstance(around, cst.Attribute) else ""


def _is_same(name: str) -> bool:
    """Whether a name of v3 is one of dgasync, and means the same."""
    is_module = name in ("errors", "utils")  # there only for who imports it
    return not is_module and not is_newer(OLD, name) and name not in V2_NAMES and place(OLD, name) == (NEW, name)


def _patch(reading: Reading, text: cst.SimpleString, value: str, *, is_certain: bool, is_new: bool) -> None:
    new = _target(value.split("."))
    if new is None or is_new:
        _needs(reading, text, NEWER if is_new else _PATCHED)
    elif not is_certain:
        _needs(reading, text, f'{_PATCHED} It may be "{new}".')
    else:
        reading.edits.change(text, lambda updated: updated.with_changes(value=text.value.replace(value, new)))
        reading.done(text, text_of(text))


def _target(path: list[str]) -> str | None:
    """What a patch of deepgram-sdk patches here: a name at its top, or something of a class."""
    for index in range(1, len(path)):
        module, name, inside = ".".join(path[:index]), path[index], path[index + 1 :]
        found = place(module, name)
        if found is None or not name[0].isupper():
            continue
        if is_newer(module, name) or name in V2_NAMES or name in DIFFERENT:
            return None
        if not inside and (index > 1 or found[1] != name):
            return None  # only the name in that module was another thing
        return ".".join((NEW, found[1], *inside)) if _is_there(found[1], inside) else None
    return None


def _is_there(name: str, inside: Iterable[str]) -> bool:
    thing = getattr(dgasync, name)
    for part in inside:
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


def _built(reading: Reading, call: cst.Call) -> None:
    """Names that are put together from a text and something else."""
    name = _called(reading, call)
    given = call.args[0].value if call.args else None
    if given is None or isinstance(given, cst.SimpleString):
        return
    is_importing = name.rpartition(".")[2] in _IMPORTING
    if (is_importing or _is_patch(name, call, given)) and any(_begins(part) for part in walk(given)):
        _needs(reading, call, _IMPORT if is_importing else _PATCHED)


def _begins(part: cst.CSTNode) -> bool:
    """Whether a piece of a text begins with the name of the module."""
    said = part.value if isinstance(part, cst.FormattedStringText) else None
    if isinstance(part, cst.SimpleString):
        said = part.evaluated_value if isinstance(part.evaluated_value, str) else None
    return said is not None and re.match(rf"{OLD}(\.|$)", said) is not None
