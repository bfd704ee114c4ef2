"""`.. commands::`: each command and its options, from what `--help` is made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
from sphinx.application import Sphinx

from builder.rst import Written, plain

LEVELS = 2
"""Words that a command of its own has; what has more is below one."""


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it, each with the words that call it."""
    here = (*path, command.name or "")
    yield here, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=here[-1])
        for name in command.list_commands(context):  # which imports those that are imported when they are called
            each = command.get_command(context, name)
            if each is not None and not each.hidden:
                yield from commands(each, *here)


def described(path: tuple[str, ...], command: click.Command) -> list[str]:
    """A command as reStructuredText."""
    name = " ".join(path)
    context = click.Context(command, info_name=name)
    lines = [name, ("-" if len(path) <= LEVELS else "~") * len(name), "", ".. code-block:: text", ""]
    lines += [f"   {line}" for line in command.get_usage(context).removeprefix("Usage: ").splitlines()]
    lines += ["", *_help(command), ""]
    if isinstance(command, click.Group):
        return lines
    lines += [f".. program:: {name}", ""]
    for param in command.params:
        record = param.get_help_record(context)
        if isinstance(param, click.Option) and record is not None and not param.hidden:
            lines += [f".. option:: {_flags(param, record[0])}", "", f"   {plain(record[1])}", ""]
    return lines


def _help(command: click.Command) -> list[str]:
    r"""What it says of itself; click keeps the lines of a paragraph that begins with \b."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        body = paragraph.splitlines()
        if body and body[0].strip() == "\b":
            lines += [".. code-block:: text", "", *(f"   {line}" for line in body[1:]), ""]
        else:
            lines += [plain(" ".join(body)), ""]
    return lines


def _flags(param: click.Option, shown: str) -> str:
    """The spellings of an option, and what it takes."""
    takes = shown.rpartition(" ")[2] if " " in shown and not shown.rpartition(" ")[2].startswith("-") else ""
    return ", ".join(f"{each} {takes}".strip() for each in [*param.opts, *param.secondary_opts])


class Commands(Written):
    """All commands."""

    has_headings = True

    def text(self) -> list[str]:
        """The lines."""
        from dgasync.cli.commands import dgasync

        return [line for path, command in commands(dgasync) for line in described(path, command)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
