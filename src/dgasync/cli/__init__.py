"""The command `dgasync`, with the extra `cli`. Importing this imports neither click nor the client."""

from dgasync.cli.entry import main

__all__ = ["main"]
