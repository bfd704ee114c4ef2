"""The benchmarks in one run: `python benchmarks/run.py [--quick] [--peers] [--only NAME] [--rounds N] [--json FILE]`.

Each figure comes from a process of its own, pinned to one core, while the server has another; the libraries take turns
in each round, and what is printed is the median of the rounds' ratios over bare aiohttp and msgspec.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import peers
from works import WORKS, Work

HERE = Path(__file__).resolve().parent
SCALE = {"ms": 1e3, "us": 1e6, "MB": 1.0, "bytes": 2**-20}
TIMEOUT = 600  # seconds for one process


def main() -> int:
    given = _arguments()
    works = [work for work in WORKS if _wanted(work, given.only) and not (given.quick and work.only_full)]
    if given.smoke:
        works = [work.smoke() for work in works]
    if not works:
        print("There is no such row; the names are: " + " ".join(work.name for work in WORKS))
        return 2
    if find_spec("uvloop") is None:
        works = [work for work in works if "uvloop" not in work.name]
    if given.peers:
        peers.install()
    others = {} if given.no_peers else peers.available()
    missing = [column for column in peers.RELEASES if column not in others]
    print(_about())
    if missing:
        print(f"Without {', '.join(missing)} (`--peers` installs them).")
    if find_spec("uvloop") is None:
        print("Without the rows of uvloop, which is not installed.")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    server_core, client_core = (str(cores[0]), str(cores[-1])) if len(cores) > 1 else ("", "")
    with _server(server_core) as url, tempfile.TemporaryDirectory() as scratch:
        bench = Bench(
            url,
            Path(scratch),
            client_core,
            others,
            also=given.also,
            quick=given.quick,
            smoke=given.smoke,
            rounds=given.rounds,
        )
        rows = [row for work in works if (row := bench.row(work)) is not None]
    table = _table(rows, ["tuned", *(["also"] if given.also else []), *others])
    print(f"\n{table}")
    if given.readme:
        _into_readme(table, quick=given.quick)
    foreign = bench.foreign
    if foreign is not None:
        print(f"\n`import dgasync` brings in {foreign or 'no third-party package'}: {'MISSED' if foreign else 'ok'}")
    missed = [row["name"] for row in rows if row["verdict"] == "MISSED"]
    print("\nAll targets are met." if not missed else f"\nMissed: {', '.join(missed)}")
    if given.json:
        about = {"about": _about(), "quick": given.quick, "foreign": foreign, "rows": rows}
        Path(given.json).write_text(json.dumps(about, indent=1) + "\n")
    if bench.failed:
        print(f"\nFailed: {', '.join(bench.failed)}")
    return 1 if bench.failed else 0


class Failed(Exception):
    """A process did not do its work."""


class Bench:
    """The processes that measure."""

    def __init__(
        self,
        url: str,
        scratch: Path,
        core: str,
        others: dict[str, tuple[str, Path]],
        *,
        also: str | None,
        quick: bool,
        smoke: bool,
        rounds: int | None,
    ) -> None:
        self._url = url
        self._scratch = scratch
        self._core = core
        self._others = others
        self._also = also
        self._quick = quick
        self._rounds = rounds
        self._smoke = smoke
        self._warm: set[tuple[str, str]] = set()
        self._done: dict[tuple[str, ...], dict[str, str]] = {}
        self._shared: dict[tuple[str, str, int], dict[str, str]] = {}
        self.foreign: str | None = None
        self.failed: list[str] = []
        """Rows that are missing."""

    def row(self, work: Work) -> dict[str, object] | None:
        """One line of the table, with every figure that went into it; None where somebody could not do the work."""
        print(f"{work.name} ", end="", flush=True)
        try:
            row = self._row(work)
        except Failed as error:
            print(f"\n{error}", flush=True)
            self.failed.append(work.name)
            return None
        middle = row["median"]
        assert isinstance(middle, dict)
        print(f" {middle['dgasync']:.3g} {row['verdict']}", flush=True)
        return row

    def _row(self, work: Work) -> dict[str, object]:
        rounds = self._rounds or (min(3, work.rounds) if self._quick else work.rounds)
        # The official ones take up to a hundred times as long, and their distance does not hang on a per cent.
        peer_rounds = 1 if self._quick else work.peer_rounds
        columns = ["bare", "dgasync"]
        columns += ["tuned"] if work.tuned else []
        columns += ["also"] if self._also else []
        columns += [column for column in work.peers if column in self._others]
        figures: dict[str, list[float]] = {column: [] for column in columns}
        shares: dict[str, list[float]] = {column: [] for column in columns}
        for n in range(rounds):
            # There and back: nobody is always the one who runs behind the slowest.
            for column in columns if n % 2 == 0 else reversed(columns):
                if column in self._others and n >= peer_rounds:
                    continue
                found = self._one(work, column, n)
                figures[column].append(
                    float(found[work.metric]) * SCALE["bytes" if work.metric == "bytes" else work.unit]
                )
                shares[column].append(float(found.get("share", 1.0)))
            print(".", end="", flush=True)
        bare = figures["bare"]
        ratios = {
            column: [one / by for one, by in zip(found, bare, strict=False)]
            for column, found in figures.items()
            if not work.absolute
        }
        shown = figures if work.absolute else ratios
        middle = {column: statistics.median(found) for column, found in shown.items()}
        verdict = "" if work.target is None else "ok" if middle["dgasync"] <= work.target else "MISSED"
        return {
            "name": work.name,
            "title": work.title,
            "unit": work.unit,
            "absolute": work.absolute,
            "bare": statistics.median(bare),
            "median": middle,
            "spread": _spread(shown["dgasync"]),
            "target": work.target,
            "verdict": verdict,
            "figures": figures,
            "shares": {column: statistics.median(found) for column, found in shares.items()},
        }

    def _one(self, work: Work, column: str, n: int) -> dict[str, str]:
        """What a process reports; once for all rows that are measured the same."""
        shared = (work.same, column, n)
        if work.same and shared in self._shared:
            return self._shared[shared]
        library, python, function = self._who(work, column)
        options = dict((self._quick and work.quick) or work.given)
        if column in self._others:
            options = dict(work.slow.get(library, options))
        if function.startswith(("batch", "ready", "requests", "sync_requests", "upload", "live")):
            options["url"] = self._url
        if function.startswith("live"):
            library = f"live_{library}"
        if column == "bare" and work.base:
            options.setdefault("work", "send")
        if work.file:
            options["path"] = str(self._file(work.file))
        tree = self._also if column == "also" else None
        if (str(python), function) not in self._warm and function in ("imports", "ready") and not self._smoke:
            # Bytecode and files of the first time are not the library's.
            self._run(python, library, function, options, tree)
        self._warm.add((str(python), function))
        found = self._run(python, library, function, options, tree)
        if column == "dgasync" and "foreign" in found:
            self.foreign = found["foreign"]
        self._shared[shared] = found
        return found

    def _who(self, work: Work, column: str) -> tuple[str, Path, str]:
        if column in self._others:
            library, python = self._others[column]
            return library, python, work.function
        if column == "bare" and not work.base:
            return "bare", Path(sys.executable), work.function
        if column == "tuned":
            return "bare", Path(sys.executable), work.tuned
        return "ours", Path(sys.executable), work.base if column == "bare" else work.ours or work.function

    def _run(
        self, python: Path, library: str, function: str, options: dict[str, str], tree: str | None
    ) -> dict[str, str]:
        command = [str(python), str(HERE / "variant.py"), library, function, f"core={self._core}"]
        command += [f"{name}={value}" for name, value in options.items()]
        clean = {
            name: value for name, value in os.environ.items() if not name.upper().startswith(("DEEPGRAM", "PYTHON"))
        }
        if tree is not None:
            clean["PYTHONPATH"] = tree
        if self._smoke and (*command, tree or "") in self._done:
            return self._done[(*command, tree or "")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, env=clean, check=False)
        if done.returncode:
            raise Failed(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        found = dict(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
        self._done[(*command, tree or "")] = found
        return found

    def _file(self, megabytes: int) -> Path:
        """A recording of that size: a file of zeros that takes no room on the disk."""
        path = self._scratch / f"{megabytes}"
        if not path.exists():
            with path.open("wb") as file:
                file.truncate(megabytes * 2**20)
        return path


@contextmanager
def _server(core: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), core], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def _spread(found: list[float]) -> list[float]:
    """Between which half of the rounds lie."""
    if len(found) < 4:
        return [min(found), max(found)]
    quarters = statistics.quantiles(found, n=4)
    return [quarters[0], quarters[2]]


def _table(rows: list[dict[str, object]], others: list[str]) -> str:
    """Markdown, as it stands in the README; `others` are the columns behind the target."""
    named = ["bare tuned" if column == "tuned" else column for column in others]
    heads = ["work", "bare", "dgasync", "half of the rounds", "target", "", *named]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for row in rows:
        middle, shares = row["median"], row["shares"]
        assert isinstance(middle, dict)
        assert isinstance(shares, dict)
        unit = str(row["unit"])
        of = (lambda value: f"{value:.1f} MB") if row["absolute"] else _ratio
        spread = row["spread"]
        assert isinstance(spread, list)
        cells = [
            str(row["title"]),
            _scale(float(str(row["bare"])), unit),
            f"**{of(middle['dgasync'])}**",
            " – ".join(of(each) for each in spread),
            "" if row["target"] is None else f"{row['target']:g}{' MB' if row['absolute'] else ''}",
            str(row["verdict"]),
            *(_cell(of(middle[column]), shares[column]) if column in middle else "" for column in others),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(text: str, share: float) -> str:
    """A figure, and how much of its work was done, where that is not all."""
    return text if share > 0.99 else f"{text} ({share:.0%} answered)"


def _into_readme(table: str, *, quick: bool) -> None:
    readme = HERE / "README.md"
    before, heading, _ = readme.read_text().partition("## Last measured\n")
    how = "With `--quick`: " if quick else ""
    readme.write_text(f"{before}{heading}\n{how}{_about()}\n\n{table}\n")


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _scale(value: float, unit: str) -> str:
    if unit == "MB" and value < 0.1:
        return f"{value * 1024:.1f} KB"
    return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"


def _about() -> str:
    def of(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"{name} not installed"

    packages = ", ".join(of(name) for name in ("dgasync", "aiohttp", "msgspec", "anyio", "trio", "uvloop"))
    now = datetime.now(timezone.utc).date().isoformat()
    return f"{now}, {platform.python_implementation()} {platform.python_version()}, {_processor()}, {packages}."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores of {name}"


def _wanted(work: Work, only: list[str] | None) -> bool:
    return not only or any(work.name == name or work.name.startswith(f"{name}-") for name in only)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, and no 2 GB upload")
    parser.add_argument("--only", action="append", metavar="NAME", help="this row, and those whose names begin with it")
    parser.add_argument("--also", metavar="DIR", help="a folder with another `dgasync` in it: one column more")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md, as the last measured one")
    parser.add_argument("--smoke", action="store_true", help="each row once and next to nothing of it: the tests' way")
    parser.add_argument("--rounds", type=int, metavar="N", help="for every row, instead of the row's own number")
    parser.add_argument("--json", metavar="FILE", help="write every figure there too")
    parser.add_argument(
        "--peers", action="store_true", help="install what is missing of the official SDK's releases first"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave the official SDK's releases out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
