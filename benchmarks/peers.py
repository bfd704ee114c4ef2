"""Where the official SDK's releases live: each in an environment of its own, outside this tree and away from ours."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

RELEASES = {"v3.2.7": ("v3", "3.2.7"), "v3.11.0": ("v3", "3.11.0"), "v7.17.0": ("v7", "7.17.0")}
"""Column, module of `variants`, and version of deepgram-sdk."""


def home() -> Path:
    """The folder of the environments; DGASYNC_BENCHMARKS names another."""
    given = os.environ.get("DGASYNC_BENCHMARKS")
    return Path(given) if given else Path.home() / ".cache" / "dgasync-benchmarks"


def python(version: str) -> Path:
    """The Python of one environment, of the same version as ours."""
    place = home() / f"deepgram-{version}-py{sys.version_info[0]}.{sys.version_info[1]}"
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install() -> None:
    """Make the environments that are not there, with pip; say so when that is not possible."""
    for _, version in RELEASES.values():
        found = python(version)
        if _works(found):
            continue
        print(f"installing deepgram-sdk {version} into {found.parent.parent} ...", flush=True)
        try:
            venv.create(found.parent.parent, with_pip=True, clear=True)
            subprocess.run([found, "-m", "pip", "install", "-q", f"deepgram-sdk=={version}"], check=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"deepgram-sdk {version} is not to be had: {error}", flush=True)


def available() -> dict[str, tuple[str, Path]]:
    """By column: the module of `variants` and the Python that runs it."""
    found = {column: (library, python(version)) for column, (library, version) in RELEASES.items()}
    return {column: (library, path) for column, (library, path) in found.items() if _works(path)}


def _works(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        return not subprocess.run([path, "-c", "import deepgram"], capture_output=True, timeout=120).returncode
    except (OSError, subprocess.SubprocessError):
        return False
