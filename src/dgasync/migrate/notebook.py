"""The code cells of a notebook, rewritten as the one program that they are; all else keeps its bytes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, cast

import libcst as cst

from dgasync.migrate.code import NotPython, concerns, rewrite
from dgasync.migrate.report import Finding, Rewritten
from dgasync.migrate.requirements import rewrite_requirement

__all__ = ["rewrite_notebook"]

_MARK = "# dgasync migrate: here begins cell "
_HIDDEN = "#\u2063dgasync:"
"""Stands before a line that is IPython's and not Python's; the invisible sign is in nobody's comment."""

_MAGIC = re.compile(r"\s*(?:!(?!=)|\?|%{1,2}[A-Za-z])|\s*[\w.]+\?{1,2}\s*$|\s*\w[\w, ]*=\s*(?:!|%[A-Za-z])")
_INSTALL = re.compile(r"\s*[%!](?:\w+ )*pip3? +install\b")


@dataclass
class _Cell:
    number: int
    """From 1, as a reader counts the code cells and all others."""
    start: int
    end: int
    lines: list[tuple[str, int, int]]
    """Each text of the source, and where it stands in the file."""
    is_list: bool

    @property
    def code(self) -> str:
        return "".join(text for text, _, _ in self.lines)


def rewrite_notebook(text: str) -> Rewritten:
    """The notebook with dgasync in the place of deepgram-sdk.

    Raises:
        NotPython: it is no notebook.
    """
    if not concerns(text):
        return Rewritten(text)
    cells = [cell for cell in _cells(text) if not cell.code.lstrip().startswith("%%")]
    read: list[tuple[_Cell, str]] = []
    findings: list[Finding] = []
    for cell in cells:
        hidden = _hide(cell.code)
        try:
            cst.parse_module(hidden)
        except cst.ParserSyntaxError as error:
            if "deepgram" in cell.code:
                findings.append(
                    Finding(error.raw_line, "a cell that does not parse", "Change it by hand.", cell=cell.number)
                )
        else:
            read.append((cell, hidden))
    program = "".join(f"{_MARK}{index}\n{code}\n" for index, (_, code) in enumerate(read))
    made = rewrite(program)
    lines = _lines(made.text)
    starts = [index for index, line in enumerate(lines) if line.startswith(_MARK)]
    changed = text
    done = list(made.done)
    for (cell, _), start, end in reversed(list(zip(read, starts, [*starts[1:], len(lines)], strict=True))):
        code, installed = _show("".join(lines[start + 1 : end]).removesuffix("\n"))
        done += installed
        if code != cell.code:
            changed = changed[: cell.start] + _source(text, cell, code) + changed[cell.end :]
    marks = [index for index, line in enumerate(program.split("\n"), 1) if line.startswith(_MARK)]
    findings += [_placed(finding, marks, [cell for cell, _ in read]) for finding in made.findings]
    findings.sort(key=lambda each: (each.cell or 0, each.line))
    return Rewritten(changed, list(dict.fromkeys(done)), findings, made.uses_old)


def _placed(finding: Finding, marks: list[int], cells: list[_Cell]) -> Finding:
    index = max(place for place, line in enumerate(marks) if line <= finding.line)
    return replace(finding, line=finding.line - marks[index], cell=cells[index].number)


def _lines(text: str) -> list[str]:
    """Lines as notebooks have them, which `splitlines` would divide further."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


# ── lines that are not Python's ──


def _hide(code: str) -> str:
    """The code with IPython's own lines as comments."""
    shown: list[str] = []
    continued = False
    for line in code.split("\n"):
        if continued or _MAGIC.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            shown.append(f"{indent}pass  {_HIDDEN}{line}" if indent else f"{_HIDDEN}{line}")
            continued = line.endswith("\\")
        else:
            shown.append(line)
    return "\n".join(shown)


def _show(code: str) -> tuple[str, list[str]]:
    shown: list[str] = []
    done: list[str] = []
    for line in code.split("\n"):
        _, mark, magic = line.partition(_HIDDEN)
        if mark and _INSTALL.match(magic):
            installed = re.sub(r"(?<=\s)(['\"]?)(deepgram[-_]sdk[^\s'\"]*)\1(?=\s|$)", _installed, magic)
            if installed != magic:
                done.append("pip install")
            magic = installed
        shown.append(magic if mark else line)
    return "\n".join(shown), done


def _installed(found: re.Match[str]) -> str:
    quote, requirement = found.groups()
    return f"{quote}{rewrite_requirement(requirement) or requirement}{quote}"


# ── where the code stands in the JSON ──


def _cells(text: str) -> list[_Cell]:
    try:
        notebook = _Place(text).value()
        cells = cast("dict[str, Any]", notebook)["cells"]
        found: list[_Cell] = []
        for number, cell in enumerate(cells, 1):
            if cell["cell_type"][0] == "code":
                source = cell["source"]
                lines = list(source) if isinstance(source, _List) else [source]
                start, end = (source.start, source.end) if isinstance(source, _List) else source[1:]
                found.append(_Cell(number, start, end, lines, isinstance(source, _List)))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise NotPython("it is not a notebook of format 4") from None
    return found


class _List(list[Any]):
    """A list in JSON, and where it stands."""

    start = end = 0


class _Place:
    """A reader of JSON that tells where texts stand: each is `(text, start, end)`."""

    _SPACE = re.compile(r"[ \t\r\n]*")
    _DECODER = json.JSONDecoder(strict=False)
    _OTHER = re.compile(r"[^\s,\]}]+")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> Any:
        """The next value."""
        mark, start = self._peek(), self._at
        if mark == '"':
            text, self._at = self._DECODER.raw_decode(self._text, start)
            return (text, start, self._at)
        if mark == "[":
            found = _List(self._items("]"))
            found.start, found.end = start, self._at
            return found
        if mark == "{":
            return dict(self._items("}"))
        other = self._OTHER.match(self._text, start)
        if other is None:
            raise ValueError(start)
        self._at = other.end()
        return json.loads(other.group())

    def _items(self, end: str) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        while self._peek() != end:
            if found:
                self._take(",")
            if end == "}":
                key = self.value()[0]
                self._take(":")
                found.append((key, self.value()))
            else:
                found.append(self.value())
        self._at += 1
        return found

    def _take(self, mark: str) -> None:
        if self._peek() != mark:
            raise ValueError(self._at)
        self._at += 1

    def _peek(self) -> str:
        space = self._SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at]


def _source(text: str, cell: _Cell, code: str) -> str:
    """The source of a cell as JSON; lines that are the same keep their bytes."""
    ascii_only = text.isascii()
    if not cell.is_list:
        return json.dumps(code, ensure_ascii=ascii_only)
    old = [line for line, _, _ in cell.lines]
    new = _lines(code)
    items: list[tuple[int | None, str]] = []  # which of the old ones each takes the place of, and its JSON
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            items += [(place, text[slice(*cell.lines[place][1:])]) for place in range(first, last)]
        else:
            places = [*range(first, last), *[None] * (end - start)]
            items += zip(places, [json.dumps(line, ensure_ascii=ascii_only) for line in new[start:end]], strict=False)
    before = text[cell.start : cell.lines[0][1]]
    made = before
    for number, (place, item) in enumerate(items):
        if number:
            between = text[cell.lines[place - 1][2] : cell.lines[place][1]] if place else f",{before[1:]}"
            made += between
        made += item
    return made + text[cell.lines[-1][2] : cell.end]
