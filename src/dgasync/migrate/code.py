"""Python code, from reading it to writing it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from dgasync.migrate.advice import advise
from dgasync.migrate.edits import imported, text_of
from dgasync.migrate.imports import old_imports, rewrite_imports
from dgasync.migrate.live import rewrite_live
from dgasync.migrate.names import NEWER, OLD, V2_MODULES, V2_NAMES, is_newer
from dgasync.migrate.reading import Reading
from dgasync.migrate.report import Rewritten
from dgasync.migrate.transcription import rewrite_calls
from dgasync.migrate.values import Values

__all__ = ["NotPython", "concerns", "rewrite"]


# An import of it, or what v2 had and nobody else has.
_CONCERNS = re.compile(
    r"\b(?:from|import)\b[^\n]*\bdeepgram\b|\.(?:transcription|members|scopes|invitations|usage|billing)\.|"
    r"\bregister_?[hH]andler\b|\bdeepgram[-_]sdk\b"
)


class NotPython(Exception):
    """A text that does not parse; the message says where."""


def concerns(text: str) -> bool:
    """Whether there may be anything to do in a text; to read it with care takes a thousand times as long."""
    return _CONCERNS.search(text) is not None


def rewrite(text: str) -> Rewritten:
    """The code with dgasync in the place of deepgram-sdk. What was rewritten already stays as it is.

    Raises:
        NotPython: it does not parse.
    """
    if not concerns(text):
        return Rewritten(text)
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise NotPython(f"line {error.raw_line}: {error.message}") from None
    except RecursionError:
        raise NotPython("it is nested too deeply") from None
    reading = Reading(module)
    imports = old_imports(reading)
    if _is_newer(reading, imports):
        for node in imports:
            reading.left(node, text_of(node).strip(), NEWER)
        return Rewritten(text, [], reading.findings, uses_old=True)
    values = Values(reading)
    rewrite_calls(reading, values)
    rewrite_live(reading, values)
    rewrite_imports(reading)
    if imports:
        advise(reading, is_v2=_is_v2(reading))
    changed = imported(reading.edits.made(reading.module), reading.needed)
    return Rewritten(changed.code, reading.rewritten, reading.findings, reading.uses_old)


def _is_newer(reading: Reading, imports: Sequence[cst.Import | cst.ImportFrom]) -> bool:
    """Whether a module was written for version 5 or later, whose clients have names of v3 and other methods."""
    for node in imports:
        if isinstance(node, cst.ImportFrom) and node.module is not None and not isinstance(node.names, cst.ImportStar):
            module = text_of(node.module)
            if any(is_newer(module, text_of(alias.name)) for alias in node.names):
                return True
    return bool(imports) and any(
        node.attr.value in ("v1", "v2")
        and isinstance(node.value, cst.Attribute)
        and node.value.attr.value in ("agent", "auth", "listen", "manage", "read", "speak")
        and not text_of(node.value.value).endswith("clients")  # a module of v3
        for node in reading.each(cst.Attribute)
    )


def _is_v2(reading: Reading) -> bool:
    """Whether a module that uses deepgram-sdk was written for v2."""
    for node in reading.each(cst.ImportFrom):
        path = text_of(node.module).split(".") if node.module is not None and not node.relative else [""]
        names = [] if isinstance(node.names, cst.ImportStar) else [text_of(alias.name) for alias in node.names]
        if path[0] == OLD and not (V2_MODULES.isdisjoint(path[1:2]) and V2_NAMES.isdisjoint(names)):
            return True
    return any(text_of(node) == f"{OLD}.Deepgram" for node in reading.each(cst.Attribute))
