"""Python code, from reading it to writing it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from dgasync.migrate.advice import advise
from dgasync.migrate.edits import imported, path_of, text_of
from dgasync.migrate.imports import imports_of, rewrite_imports
from dgasync.migrate.live import rewrite_live
from dgasync.migrate.names import METHODS, NEW, NEWER, OLD, OPTIONS, V2_MODULES, V2_NAMES, is_newer
from dgasync.migrate.reading import Reading
from dgasync.migrate.report import Rewritten
from dgasync.migrate.texts import rewrite_texts
from dgasync.migrate.transcription import rewrite_calls
from dgasync.migrate.values import Values

__all__ = ["NotPython", "concerns", "rewrite"]


# What may stand between `import` and a name in the same statement: a line that goes on, also in the JSON of a notebook.
_SPACE = r"(?:\\\r?\n|\\\\(?:\\r)?\\n\",?\s*\"?|[^\n])*"
# An import of it, what v2 had and nobody else has, what names it in a text, and what stays wrong in code of dgasync.
_CONCERNS = re.compile(
    "|".join(
        (
            rf"\b(?:from|import)\b{_SPACE}\b{OLD}\b",
            r"\.(?:transcription|members|scopes|invitations|usage|billing|extra|keys|projects)\.",
            r"\b(?:de)?register_?[hH]andler\b",
            rf"[\"'](?:\w+\.)*(?:{OLD}(?=[\"'.\\])|(?:{'|'.join(sorted(V2_NAMES))})[\"'\\])",
            rf"(?:[\"']|\binstall\b[^\n]*){OLD}[-_]sdk\b",
            rf"\bimport {NEW}\b(?!\.)",
            rf"\b(?:{'|'.join(sorted(METHODS))}|asynclive|http_library_error|microphone_record)\b",
            rf"\.warnings\b|\b(?:{'|'.join(sorted(OPTIONS))})\(",
        )
    )
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
    imports = imports_of(reading, OLD)
    is_later = _is_newer(reading, imports)
    is_used = bool(imports or imports_of(reading, NEW))
    rewrite_texts(reading, is_v3=is_used, is_new=is_later)
    if is_later and imports:
        for node in imports:
            reading.left(node, text_of(node).strip(), NEWER)
        return Rewritten(text, [], reading.findings, uses_old=True)
    values = Values(reading)
    rewrite_calls(reading, values)
    rewrite_live(reading, values)
    rewrite_imports(reading)
    if is_used:
        advise(reading, is_v2=_is_v2(reading), is_old=bool(imports))
    changed = imported(reading.edits.made(reading.module), reading.needed)
    return Rewritten(changed.code, reading.rewritten, reading.findings, reading.uses_old)


def _is_newer(reading: Reading, imports: Sequence[cst.Import | cst.ImportFrom]) -> bool:
    """Whether a module was written for version 5 or later, whose clients have names of v3 and other methods."""
    for node in imports:
        if isinstance(node, cst.ImportFrom) and node.module is not None and not isinstance(node.names, cst.ImportStar):
            module = path_of(node.module)
            if any(is_newer(module, text_of(alias.name)) for alias in node.names):
                return True
    return any(
        node.attr.value in ("v1", "v2")
        and isinstance(node.value, cst.Attribute)
        and node.value.attr.value in ("agent", "auth", "listen", "manage", "read", "speak")
        and not text_of(node.value.value).endswith("clients")  # a module of v3
        for node in reading.each(cst.Attribute)
    )


def _is_v2(reading: Reading) -> bool:
    """Whether a module that uses deepgram-sdk was written for v2."""
    for node in reading.each(cst.ImportFrom):
        path = [""] if node.relative else path_of(node.module).split(".")
        names = [] if isinstance(node.names, cst.ImportStar) else [text_of(alias.name) for alias in node.names]
        if path[0] == OLD and not (V2_MODULES.isdisjoint(path[1:2]) and V2_NAMES.isdisjoint(names)):
            return True
    return any(text_of(node) == f"{OLD}.Deepgram" for node in reading.each(cst.Attribute))
