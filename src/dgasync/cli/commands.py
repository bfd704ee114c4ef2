"""The command and its commands. Each is a module of its own, imported when it is called, and by nothing else."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

import click

from dgasync.cli.exits import EPILOG
from dgasync.cli.nouns import Noun
from dgasync.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["SECTIONS", "dgasync"]

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Speech and text": {
        "transcribe": (
            "transcribe",
            "Print what is said in a recording: a file, a web address, or standard input (-).",
        ),
        "batch": ("batch", "Transcribe many recordings, and remember which are done: run again, it goes on."),
        "live": ("live", "Print what is said while it is said: in a file, at a web address, or on standard input (-)."),
        "captions": (
            "captions",
            "Make captions of the answers of a speech service: JSON files, or standard input (-).",
        ),
        "speak": ("speak", "Speak a text: one that is given, or what is on standard input (-) or in a file."),
        "read": (
            "read",
            "Print what a text is about, and in which mood: a text that is given, a file, a web address, standard "
            "input (-).",
        ),
    },
    "The account": {
        "projects": ("projects", "The projects that the key can see."),
        "keys": ("keys", "The keys of a project."),
        "members": ("members", "Who has a part in a project."),
        "invites": ("members", "Who was asked to join a project and has not answered yet."),
        "usage": ("usage", "How much a project used, day by day or divided by what it was used for."),
        "balance": ("usage", "What is left of what was bought for a project."),
        "models": ("models", "The models on offer: those that hear, and the voices."),
    },
    "This machine": {
        "login": ("login", "Keep the API key in the keyring of this system."),
        "logout": ("login", "Remove the API key from the keyring of this system."),
        "doctor": ("doctor", "Find out what is in the way, and how to mend it."),
        "migrate": ("migrate", "Rewrite code of deepgram-sdk v2 and v3 to dgasync."),
        "completion": ("completion", "Print what makes a shell complete this command."),
        "serve": ("serve", "Run a server that speaks Deepgram's protocol, with the speech engine of this machine."),
    },
}
"""Every command by its name: the module of this package that has it, and what its help begins with."""

_COMMANDS = {name: found for section in SECTIONS.values() for name, found in section.items()}


class _Commands(Noun):
    """A group that knows its commands by the table above, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"dgasync.cli.{_COMMANDS[cmd_name][0]}"), cmd_name)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        close = get_close_matches(args[0], _COMMANDS, 1)
        if close and args[0] not in _COMMANDS and not ctx.resilient_parsing:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, _COMMANDS))
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), said) for name, (_, said) in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [
            CompletionItem(name, help=said) for name, (_, said) in _COMMANDS.items() if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def dgasync() -> None:
    """Speech becomes text: with the Deepgram service, or on this machine."""
