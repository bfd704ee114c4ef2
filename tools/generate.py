"""Write what is generated, or with --check compare it: `python tools/generate.py [--check]`.

    src/dgasync/client.py, api/*.py      -> src/dgasync/sync/*.py              the sync face (gen_sync)
    src/dgasync/models/*params.py        -> src/dgasync/models/*_options.py    the options classes (gen_options)
    src/dgasync/models/*params.py,
    captions/layout.py                   -> src/dgasync/cli/flags.py           the command's flags (gen_flags)
    tests/**/*.py with "# generates:"    -> tests/sync/*.py                    the sync tests (gen_tests)

The check rebuilds everything in memory and compares every file, and the set of files.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping
from pathlib import Path

from gen_flags import flag_files
from gen_options import option_files
from gen_sync import sync_files
from gen_tests import test_files
from source import PACKAGE, ROOT, SIGN, formatted


def built() -> dict[Path, str]:
    """Every generated file and its text."""
    raw = {**sync_files(), **option_files(), **flag_files(), **test_files()}
    return {path: formatted(text, path) for path, text in raw.items()}


def present() -> set[Path]:
    """The files that are there and say that they are generated, and all files where no others belong."""
    found = set((PACKAGE / "sync").rglob("*.py"))
    for folder in (PACKAGE, ROOT / "tests"):
        found |= {path for path in folder.rglob("*.py") if SIGN in path.read_text("utf-8")[:1000]}
    return found


def differences(files: Mapping[Path, str]) -> list[str]:
    """What is not as it should be, a line or a short diff for each file."""
    found: list[str] = []
    for path, text in sorted(files.items()):
        name = path.relative_to(ROOT).as_posix()
        if not path.exists():
            found.append(f"{name} is missing.")
        elif (old := path.read_text("utf-8")) != text:
            lines = list(
                difflib.unified_diff(old.splitlines(), text.splitlines(), name, f"{name} (rebuilt)", "", "", 1)
            )
            found.append("\n".join([f"{name} is not what its source makes:", *lines[:30]]))
    extra = sorted(path.relative_to(ROOT).as_posix() for path in present() - files.keys())
    return found + [f"{name} has no source (any more)." for name in extra]


def write(files: Mapping[Path, str]) -> None:
    """Bring the tree up to date."""
    for path in present() - files.keys():
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """0 when all is well, 1 when the check found something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not what it should be")
    check: bool = parser.parse_args(arguments).check
    files = built()
    found = differences(files)
    if check:
        for each in found:
            print(each)
        print(
            f"{len(files)} generated files, {len(found)} wrong."
            if found
            else f"{len(files)} generated files, all good."
        )
        return 1 if found else 0
    write(files)
    print(f"{len(files)} generated files, {len(found)} changed.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
