"""FIELD_NOTES 19: an import decides nothing: no package is loaded, no variable is read, nothing is started."""

from __future__ import annotations

import subprocess
import sys

BEFORE = """
import os, sys, threading

class Watched(type(os.environ)):
    read = []
    def __getitem__(self, name):
        self.read.append(name)
        return super().__getitem__(name)

os.environ.__class__ = Watched
before = set(sys.modules)
"""
AFTER = """
read = [name for name in Watched.read if name.startswith(("DEEPGRAM", "HTTP", "http", "DGASYNC"))]
loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))
print(read, loaded, threading.active_count())
"""


def ran(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", BEFORE + code + AFTER], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_import_of_the_package() -> None:
    """Nothing but itself."""
    assert ran("import dgasync") == "[] ['dgasync'] 1"


def test_the_import_of_the_testing_tools() -> None:
    """Nor with the fixtures that pytest loads in every project where the package is installed."""
    assert ran("import dgasync.testing") == "[] ['dgasync'] 1"


def test_the_use_of_every_name() -> None:
    """Each name of the package in hand, still no variable was read and no thread started, and trio is not loaded."""
    found = ran("import dgasync\nfor name in dgasync.__all__: getattr(dgasync, name)")

    assert found.startswith("[] [")
    assert found.endswith("] 1")
    assert "'trio'" not in found


def test_making_a_client() -> None:
    """A client is when the environment is read, and the thread is started by the first call, not before."""
    found = ran("import dgasync\nos.environ['DEEPGRAM_API_KEY'] = 'k'\nassert dgasync.DeepgramClient().api_key == 'k'")

    assert found.startswith("['DEEPGRAM")
    assert found.endswith("] 1")
