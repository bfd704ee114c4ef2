"""The command's flags: from each option that a TypedDict has one `click.option`."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gen_options import Key, keys
from source import PACKAGE, Module, header


@dataclass(frozen=True)
class Table:
    """A table of flags to be made, by the name of its option."""

    name: str
    doc: str
    source: str
    """The module that has the TypedDicts, below the package."""
    params: tuple[str, ...]
    """The TypedDicts that have the options."""
    beyond: str = ""
    """One of the TypedDicts there whose options are in another table."""
    without: Collection[str] = ()
    """Options for which the command has flags of its own."""


SPEECH = "models/params.py"
SHARED = "SpeechParams"
"""The keys that recordings and live speech have in common; their flags are written once."""
TABLES = (
    Table("_SPEECH", "What recordings and live speech have in common", SPEECH, (SHARED,)),
    Table("_RECORDING", "What only recordings have", SPEECH, ("RecordingParams",), SHARED),
    Table("_LIVE", "What only live speech has", SPEECH, ("LiveParams",), SHARED),
    Table(
        *("_SPEAK", "How texts are spoken", "models/speak_params.py"),
        ("VoiceParams", "ExpressiveParams", "PriorityParams"),
    ),
    Table("_READ", "What is found in texts", "models/read_params.py", ("TextParams",)),
    Table("_CAPTIONS", "How captions look", "captions/layout.py", ("CaptionOptions",), without=("speakers",)),
)
OFFERED = 60
"""How many letters of choices the help shows before it says "..."."""
LINE = 100
"""Letters of a help text that fit into a line of code."""

PREAMBLE = """
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from dgasync.cli.offers import offering

__all__ = ["Flags", "caption_flags", "listen_flags", "live_flags", "read_flags", "speak_flags"]

F = TypeVar("F", bound="Callable[..., Any] | click.Command")
"""

FLAGS = '''
class Flags:
    """A flag for each option: decorates a command, below `@click.command()`."""

    def __init__(self, *tables: Mapping[str, Callable[[Any], Any]]) -> None:
        self._flags = {name: flag for table in tables for name, flag in table.items()}

    def __call__(self, command: F) -> F:
        """The command with the flags."""
        for flag in reversed(self._flags.values()):  # click shows those on top first
            command = flag(command)
        return command

    @property
    def names(self) -> frozenset[str]:
        """The names of the options."""
        return frozenset(self._flags)

    def chosen(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The options that were set on the command line, out of all the arguments that the command was `given`."""
        found: dict[str, Any] = {name: given.get(name) for name in self._flags}
        return {name: value for name, value in found.items() if value is not None and value != ()}


listen_flags = Flags(_SPEECH, _RECORDING)
live_flags = Flags(_SPEECH, _LIVE)
speak_flags = Flags(_SPEAK)
read_flags = Flags(_READ)
caption_flags = Flags(_CAPTIONS)
'''

PAIRS = '''
def _pairs(context: click.Context, flag: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """KEY=VALUE in the words of the service, which are KEY:VALUE."""
    for pair in given:
        if "=" not in pair and ":" not in pair:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE.", context, flag)
    # The mark that comes first is the one: a value may be an address.
    return tuple(pair.replace("=", ":", 1) if "=" in pair.partition(":")[0] else pair for pair in given)
'''


def flag_files() -> dict[Path, str]:
    """The text of the module of flags, not laid out yet."""
    modules = {source: Module(PACKAGE / source) for source in dict.fromkeys(table.source for table in TABLES)}
    tables = "\n".join(_table(modules[table.source], table) for table in TABLES)
    text = (
        f'"""Options as flags of a command.\n\n{header("models/*params.py and captions/layout.py")}"""\n'
        f"{PREAMBLE}\n{PAIRS}\n{tables}\n{FLAGS}"
    )
    return {PACKAGE / "cli" / "flags.py": text}


def _table(module: Module, table: Table) -> str:
    """The flags of a table."""
    found = {key.name: key for params in table.params for key in keys(module, params)}
    others = {key.name for key in keys(module, table.beyond)} if table.beyond else set[str]()
    own = {name: key for name, key in found.items() if name not in others and name not in table.without}
    flags = "\n".join(f"    {name!r}: {_option(key, found)}," for name, key in own.items())
    of = " and ".join(f"`{params}`" for params in table.params)
    return f'{table.name}: dict[str, Callable[[Any], Any]] = {{\n{flags}\n}}\n"""{table.doc}: {of}."""\n'


def _option(key: Key, flags: Collection[str]) -> str:
    """The `click.option` of one key."""
    kinds = _alternatives(key.annotation, _aliases(key.module))
    names = {each.id for each in kinds if isinstance(each, ast.Name)}
    flag = _flag(key.name)
    settings: dict[str, str] = {}
    numbers = names & {"int", "float"}
    if names == {"bool"}:
        # The off-switch of "no_delay" is called "delay".
        flag = f"{flag}/--{flag[5:]}" if flag.startswith("--no-") else f"{flag}/--no-{flag[2:]}"
        settings["default"] = "None"
    elif numbers and "bool" not in names:
        # A `str` beside it is the same number as text.
        settings["type"] = "float" if "float" in names else "int"
    elif numbers:
        settings["metavar"] = "'[NUMBER|true|false]'"
    elif "str" in names:
        # Literal sets are open: they are offered, and any other text is taken too. A flag that may be without its value
        # would swallow the file name behind it, so for `bool | str` one writes "true".
        offered = ["true"] * ("bool" in names) + [text for each in kinds for text in _literals(each)]
        if any(_origin(each) == "Mapping" for each in kinds):
            settings["metavar"] = "'KEY=VALUE'"
            settings["callback"] = "_pairs"
        elif offered:
            settings["metavar"] = repr(_metavar(offered))
            settings["shell_complete"] = f"offering({', '.join(map(repr, offered))})"
        if any(_origin(each) == "Sequence" for each in kinds):
            settings["multiple"] = "True"
    else:
        raise SystemExit(f"{key.module.place}: {key.name}: there is no rule for a flag of type {key.type}.")
    text = _help(key, flags, multiple="multiple" in settings)
    rest = "".join(f", {name}={value}" for name, value in settings.items())
    return f'click.option("{flag}"{rest}, help={text})'


def _aliases(module: Module) -> dict[str, ast.expr]:
    """The types that a module has given a name to."""
    return {
        node.target.id: node.value
        for node in module.tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }


def _alternatives(annotation: ast.expr, aliases: Mapping[str, ast.expr]) -> list[ast.expr]:
    """The members of a union, aliases resolved."""
    if isinstance(annotation, ast.BinOp):
        return _alternatives(annotation.left, aliases) + _alternatives(annotation.right, aliases)
    if isinstance(annotation, ast.Name) and annotation.id in aliases:
        return _alternatives(aliases[annotation.id], aliases)
    return [annotation]


def _origin(annotation: ast.expr) -> str:
    return (
        annotation.value.id if isinstance(annotation, ast.Subscript) and isinstance(annotation.value, ast.Name) else ""
    )


def _literals(annotation: ast.expr) -> list[str]:
    if _origin(annotation) != "Literal":
        return []
    assert isinstance(annotation, ast.Subscript)
    found: str | tuple[str, ...] = ast.literal_eval(annotation.slice)
    return [found] if isinstance(found, str) else list(found)


def _metavar(offered: list[str]) -> str:
    text = ""
    for each in offered:
        if len(text) + len(each) > OFFERED:
            break
        text += f"{each}|"
    return f"[{text}...]"


def _help(key: Key, flags: Collection[str], *, multiple: bool) -> str:
    """The first sentence of the key's docstring; other options are named as their flags."""
    sentence = re.split(r"(?<=\.) ", " ".join(key.doc.split()), maxsplit=1)[0]
    named = re.sub(r"`(\w+)`", lambda code: _flag(code[1]) if code[1] in flags else code[0], sentence)
    named = re.sub(r"\b(True|False)\b", lambda value: value[0].lower(), named)
    text = named + (" May be given several times." if multiple else "")
    if len(text) <= LINE:
        return repr(text)
    return "(" + "\n".join(repr(line) for line in textwrap.wrap(text, LINE, drop_whitespace=False)) + ")"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
