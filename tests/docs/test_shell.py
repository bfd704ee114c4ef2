"""The command lines of README.md and of the guides can be read by the command: their commands and options exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from dgasync.cli.commands import dgasync
from tests.docs.pages import PAGES, blocks

ENDS = frozenset({"|", "||", "&&", ";", ">", ">>", "<", "&"})


def _lines() -> Iterator[object]:
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block.code.replace("\\\n", " ").splitlines():
                if "dgasync " in line.partition("#")[0]:
                    yield pytest.param(line, id=f"{page.stem}: {line[:60]}")


def commands(line: str) -> list[list[str]]:
    """The arguments of each call of the command in a line of shell."""
    found: list[list[str]] = []
    current: list[str] | None = None
    lexer = shlex.shlex(re.sub(r'"?\$\(|\)"?', " ; ", line), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    for word in lexer:
        if word in ENDS:
            current = None
        elif word.rpartition("/")[2] == "dgasync" and current is None:
            current = []
            found.append(current)
        elif current is not None:
            current.append(word)
    return found


def parsed(command: click.Command, arguments: list[str], context: click.Context) -> None:
    """Raises what the command would say of arguments that make no sense."""
    _, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if isinstance(command, click.Group) and rest:
        name, found, below = command.resolve_command(context, rest)
        assert found is not None
        parsed(found, below, click.Context(found, info_name=name, parent=context))


@pytest.mark.parametrize("line", list(_lines()))
def test_command_lines(line: str) -> None:
    """Each call of the command names a command and options that exist."""
    found = [arguments for arguments in commands(line) if arguments]
    assert found or "pip install" in line
    for arguments in found:
        parsed(dgasync, arguments, click.Context(dgasync, info_name="dgasync"))


def test_what_is_refused() -> None:
    """An option that does not exist is found, also behind a pipe."""
    (arguments,) = commands("curl -s https://example.com | dgasync transcribe --no-such-option - | grep x")
    with pytest.raises(click.NoSuchOption):
        parsed(dgasync, arguments, click.Context(dgasync, info_name="dgasync"))
