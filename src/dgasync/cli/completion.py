"""The command `dgasync completion`."""

from __future__ import annotations

import click

from dgasync.cli.output import write
from dgasync.cli.verbs import Verb

__all__ = ["completion"]

PROGRAM = "dgasync"
VARIABLE = "_DGASYNC_COMPLETE"
"""What the scripts set when they ask this program how a line goes on; click looks for it."""

_INSTALL = {
    "bash": 'Put this into ~/.bashrc:  eval "$(dgasync completion bash)"\nIt needs bash 4.4 or newer; macOS has 3.2.',
    "zsh": 'Put this into ~/.zshrc, below compinit:  eval "$(dgasync completion zsh)"',
    "fish": "Run once:  dgasync completion fish > ~/.config/fish/completions/dgasync.fish",
}


@click.command(cls=Verb)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_INSTALL)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete this command: commands, flags, their values, and files.

    \b
    bash:  eval "$(dgasync completion bash)"     in ~/.bashrc
    zsh:   eval "$(dgasync completion zsh)"      in ~/.zshrc, below compinit
    fish:  dgasync completion fish > ~/.config/fish/completions/dgasync.fish
    """  # noqa: D301  # click's own sign, the character, not a backslash
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind, "click knows these three"
    complete = kind(context.find_root().command, {}, PROGRAM, VARIABLE)
    advice = "".join(f"# {line}\n" for line in _INSTALL[shell].splitlines())
    # Not the method of the class: that of bash first starts one to ask for its version.
    write(advice + ShellComplete.source(complete))
