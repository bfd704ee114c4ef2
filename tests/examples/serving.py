"""The web services of the examples as processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from dgasync.server import LocalServer

EXAMPLES = Path(__file__).parents[2] / "examples"


@contextmanager
def served(deepgram_server: LocalServer, port: int, *command: str, key: str = "key") -> Iterator[subprocess.Popen[str]]:
    """A service, between its first answer and its end; its standard output has all that it wrote."""
    environment = {**os.environ, "DEEPGRAM_API_KEY": key, "DEEPGRAM_HOST": deepgram_server.url}
    process = subprocess.Popen(
        # -X dev shows what is left unclosed.
        [sys.executable, "-X", "dev", *command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while not _listens(port):
            assert process.poll() is None, process.communicate()[0]
            sleep(0.02)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_clean(output: str) -> bool:
    """Whether a service ended without a complaint of what it left behind."""
    return not any(word in output for word in ("Unclosed", "ResourceWarning", "Traceback", "was never"))
