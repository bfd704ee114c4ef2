"""The benchmarks run; what they measure is for `benchmarks/README.md`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

if not BENCHMARKS.is_dir():
    pytest.skip("needs the folder `benchmarks`", allow_module_level=True)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_every_row_is_measured(tmp_path: Path) -> None:
    """Each row gives a figure for the bare way and for dgasync, and stands in the printed table."""
    found = tmp_path / "found.json"

    done = _run("--smoke", "--no-peers", "--json", str(found))

    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(found.read_text())["rows"]
    assert len(rows) > 20
    for row in rows:
        assert row["figures"]["bare"]
        assert row["figures"]["dgasync"]
        assert f"| {row['title']} |" in done.stdout
        assert row["verdict"] in (("ok", "MISSED") if row["target"] else ("",))


def test_import_brings_in_nothing_foreign(tmp_path: Path) -> None:
    """`import dgasync` alone loads no third-party package."""
    found = tmp_path / "found.json"

    done = _run("--smoke", "--no-peers", "--only", "import", "--json", str(found))

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(found.read_text())["foreign"] == ""


def test_without_peers_it_says_so() -> None:
    """Where the official SDK is not installed, the run names what is missing and goes on."""
    done = _run("--smoke", "--no-peers", "--only", "import-wall")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Without v3.2.7, v3.11.0, v7.17.0" in done.stdout


def test_unknown_row() -> None:
    """A row that does not exist is an error that lists those that do."""
    done = _run("--only", "nothing")

    assert done.returncode == 2
    assert "decode-hour" in done.stdout


@pytest.fixture
def port() -> Iterator[int]:
    """Where the benchmarks' own server listens."""
    command = [sys.executable, str(BENCHMARKS / "server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.stdin.close()


def test_server_takes_bodies_of_both_kinds(port: int) -> None:
    """A body by length and one in chunks are each taken to their end, on one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    bodies = (bytes(1_000_000), iter([b"a" * 70_000, b"b", b"\r\n" * 5]), b"", b"x")
    for body in bodies:
        connection.request("POST", "/v1/listen?a=b", body=body)
        answer = connection.getresponse()
        assert len(json.loads(answer.read())["results"]["channels"][0]["alternatives"][0]["words"]) == 60
    connection.request("GET", "/hour/v1/listen")
    assert len(connection.getresponse().read()) > 3_000_000
    connection.close()
