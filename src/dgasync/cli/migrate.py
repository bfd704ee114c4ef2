"""The command `dgasync migrate`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dgasync.cli.colour import is_coloured
from dgasync.cli.exits import Exit, Failure
from dgasync.cli.output import write
from dgasync.cli.recording import STANDARD_INPUT, standard_input
from dgasync.cli.verbs import Verb

if TYPE_CHECKING:
    from dgasync.migrate.files import Document, Skipped
    from dgasync.migrate.report import Rewritten

__all__ = ["migrate"]

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command(cls=Verb)
@click.argument("paths", metavar="PATH|-...", nargs=-1, required=True)
@click.option("--write", "is_write", is_flag=True, help="Change the files.")
@click.option(
    "--check", is_flag=True, help="Show and change nothing; the exit code says whether there is something to do."
)
def migrate(paths: tuple[str, ...], is_write: bool, check: bool) -> None:
    """Rewrite code of deepgram-sdk v2 and v3 to dgasync: files, notebooks, and all of those in folders.

    Shows what would change, as a diff, and changes nothing without --write. Then it lists, on standard error, what was
    rewritten and what was not, with the line and what to do. Requirements are rewritten too, once nothing imports
    deepgram-sdk any more. With - it reads code from standard input and writes it to standard output, for editors.
    Hidden folders, virtual environments and node_modules are left alone.
    """
    if is_write and check:
        raise click.UsageError("--check changes nothing: it does not go with --write")
    if STANDARD_INPUT in paths:
        if len(paths) > 1 or is_write:
            raise click.UsageError("- stands alone: what it reads is written to standard output")
        _pipe(check=check)
    else:
        _files([Path(path) for path in paths], is_write=is_write, check=check)


def _pipe(*, check: bool) -> None:
    from dgasync.migrate.code import NotPython
    from dgasync.migrate.files import rewritten_text

    try:
        before = standard_input("migrate").read().decode()
        made = rewritten_text(before)
    except UnicodeDecodeError as error:
        raise Failure(f"standard input is not UTF-8: {error}", Exit.UNREADABLE) from error
    except NotPython as error:
        raise Failure(f"standard input does not parse: {error}", Exit.UNREADABLE) from error
    if not check:
        write(made.text.encode(), nl=False)
    _tell(STANDARD_INPUT, made)
    if check and (made.text != before or made.left):
        raise Failure("", Exit.TO_MIGRATE)


def _files(paths: list[Path], *, is_write: bool, check: bool) -> None:
    from dgasync.cli.files import File
    from dgasync.migrate.files import Document, migrated

    found: list[Document | Skipped] = []
    for each in migrated(paths):
        found.append(each)
        if not isinstance(each, Document) or not each.is_changed:
            continue
        if is_write:
            with File(each.path) as file:
                file.write(each.data)
        elif not check:
            _show(each)
    changed = 0
    for each in found:
        if isinstance(each, Document):
            changed += each.is_changed
            _tell(str(each.path), each.made)
        else:
            _say(f"{each.path}: skipped: {each.why}", "yellow")
    findings = [finding for each in found if isinstance(each, Document) for finding in each.made.findings]
    left = sum(finding.left for finding in findings)
    skipped = sum(not isinstance(each, Document) for each in found)
    done = "rewritten" if is_write else "to rewrite"
    _say(
        f"{_count(changed, 'file')} {done}, {_count(left, 'place')} left to you, {len(findings) - left} to look at, "
        f"{skipped} skipped{'' if is_write or not changed else '; --write changes the files'}"
    )
    if check and (changed or left or skipped):
        raise Failure("", Exit.TO_MIGRATE)


def _show(document: Document) -> None:
    """Show what would change."""
    in_colour = is_coloured(sys.stdout)
    path = document.path.as_posix().lstrip("/")
    lines = unified_diff(_lines(document.before), _lines(document.made.text), f"a/{path}", f"b/{path}")
    for line in _ended(lines):
        colour = _COLOURS.get(line[:1])
        bold = line.startswith(("---", "+++"))
        text = (
            click.style(line, fg=None if bold else colour, bold=bold or None)
            if in_colour and (colour or bold)
            else line
        )
        write(text.encode("utf-8", "replace"), nl=False)


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]] + [last for last in text.split("\n")[-1:] if last]


def _ended(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _tell(name: str, made: Rewritten) -> None:
    """Say what was done with a file, and what is to be seen in it."""
    if made.done:
        _say(f"{name}: rewritten: {', '.join(made.done)}", "green")
    for finding in made.findings:
        where = f"{name}:{f'cell {finding.cell}:' if finding.cell else ''}{finding.line}"
        mark, colour = ("left", "red") if finding.left else ("look", "yellow")
        _say(f"{where}: {mark}: {' '.join(finding.what.split())}", colour)
        _say(f"    {finding.advice}")


def _say(text: str, colour: str | None = None) -> None:
    click.echo(click.style(text, fg=colour) if colour else text, err=True)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
