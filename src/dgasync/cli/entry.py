"""Where the command begins and how it ends: errors become one line on standard error and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from dgasync.cli.exits import Exit, told

__all__ = ["main", "run"]


def main() -> None:
    """The command `dgasync`: runs what the command line says and ends the process."""
    code = run(sys.argv[1:])
    if code != Exit.DONE:
        # What had to be closed is closed. The interpreter would now wait for threads that cannot be interrupted: those
        # of the speech engine inside a batch or a download, one that reads from standard input.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command with these arguments and give its exit code."""
    out: object = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        # Speech comes in all scripts; a pipe is read by a program, and those expect UTF-8 whatever the locale.
        out.reconfigure(encoding="utf-8", errors="replace")
    try:
        import click

        from dgasync.cli.colour import wanted
        from dgasync.cli.commands import dgasync

        try:
            # Not standalone: click would print usage errors in three lines, and end with 1 whatever happened.
            # Where colour is wanted, click sees for itself whether a stream is a terminal.
            color = None if wanted() else False
            dgasync.main(list(arguments), prog_name="dgasync", standalone_mode=False, color=color)
            return Exit.DONE
        except click.Abort:
            return Exit.INTERRUPTED
        except click.ClickException as error:
            where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "dgasync"
            message = error.format_message().rstrip(".")
            return _end(f"{message}{'' if message.endswith('?') else '.'} Try '{where} --help'.", Exit.USAGE)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("click", "keyring", "libcst", "rich"):
            raise
        return _end("the command needs an extra: pip install 'dgasync[cli]'", Exit.MISSING)
    except Exception as error:
        return _end("", told(error))


def _end(message: str, code: Exit) -> int:
    if message:
        print(f"dgasync: {message}", file=sys.stderr)
    if code == Exit.NO_READER:
        # What is still buffered has nowhere to go, and Python would complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code
