"""Where the official SDK's releases live: each in an environment of its own, outside this tree and away from ours."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

RELEASES = {"v3.2.7": ("v3", "3.2.7"), "v3.11.0": ("v3", "3.11.0"), "v7.17.0": ("v7", "7.17.0")}
"""Column, module of `variants`, and version of deepgram-sdk."""

# Its live client calls websockets as that was until 13 (deepgram-python-sdk#483), and does not say so to pip.
NEEDS = {"3.2.7": "websockets<14"}
CHECKS = {"3.2.7": "from websockets.version import version; assert int(version.partition('.')[0]) < 14"}


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
        if _works(found, version):
            continue
        print(f"installing deepgram-sdk {version} into {found.parent.parent} ...", flush=True)
        try:
            venv.create(found.parent.parent, with_pip=True, clear=True)
            wanted = [f"deepgram-sdk=={version}", *([NEEDS[version]] if version in NEEDS else [])]
            subprocess.run([found, "-m", "pip", "install", "-q", *wanted], check=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"deepgram-sdk {version} is not to be had: {error}", flush=True)


def available() -> dict[str, tuple[str, Path]]:
    """By column: the module of `variants` and the Python that runs it."""
    return {
        column: (library, python(version))
        for column, (library, version) in RELEASES.items()
        if _works(python(version), version)
    }


def _works(path: Path, version: str) -> bool:
    if not path.exists():
        return False
    check = f"import deepgram; {CHECKS.get(version, '')}"
    try:
        return not subprocess.run([path, "-c", check], capture_output=True, timeout=120).returncode
    except (OSError, subprocess.SubprocessError):
        return False
