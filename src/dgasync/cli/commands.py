"""The command and its commands: `dgasync transcribe`, `dgasync live`, `dgasync serve`."""

from __future__ import annotations

import click

from dgasync.cli.exits import EPILOG
from dgasync.cli.live import live
from dgasync.cli.serve import serve
from dgasync.cli.transcribe import transcribe
from dgasync.version import __version__

__all__ = ["dgasync"]


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def dgasync(context: click.Context) -> None:
    """Speech becomes text: with the Deepgram service, or on this machine."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (transcribe, live, serve):
    dgasync.add_command(_command)
