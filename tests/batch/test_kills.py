"""Five thousand recordings, a service that fails at random, and a process that is killed at random moments."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from dgasync.batch import Journal
from dgasync.testing import Fault, Ruler, local_server

MANY = 5_000
KINDS = 50
KILLS = 8
AT_ONCE = 24
PATIENCE = 300.0  # seconds for one run that is not killed

RULERS = [Ruler(0.5, start=n) for n in range(KINDS)]


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_five_thousand(tmp_path: Path) -> None:
    """Every recording is in the output exactly once, with its own words, and next to none was paid for twice."""
    archive, output = tmp_path / "archive", tmp_path / "out.jsonl"
    archive.mkdir()
    for n, ruler in enumerate(RULERS):
        (tmp_path / f"{n}.wav").write_bytes(ruler.wav())
    for n in range(MANY):
        os.link(tmp_path / f"{n % KINDS}.wav", archive / f"{n:04}.wav")
    dice = random.Random(7)
    heard = Counter[int]()

    with local_server(keep_requests=MANY * 2) as server:
        trouble = [Fault.status(429, retry_after=0.01), Fault.status(503), Fault.status(503), Fault("drop")]
        server.fail_at_random(7, 0.03, trouble)
        for _ in range(KILLS):
            with _begun(archive, output, server.url) as process:
                _wait_for_more(output, process, dice)
                process.send_signal(signal.SIGKILL)
        with _begun(archive, output, server.url) as process:
            said, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, said
        heard.update(request.status for request in server.requests)

    lines = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert sorted(Path(line["key"]).name for line in lines) == [f"{n:04}.wav" for n in range(MANY)]
    for line in lines:
        assert line["text"] == RULERS[int(Path(line["key"]).stem) % KINDS].text
    with Journal(f"{output}.journal") as journal:
        report = journal.report()
        assert (report.items, report.done, report.failed, journal.untold()) == (MANY, MANY, 0, 0)
    # An answer that was under way when the process was killed is the only one that was asked for in vain.
    assert MANY <= heard[200] <= MANY + KILLS * AT_ONCE
    assert heard[429] > 5
    assert heard[503] > 5


def _begun(archive: Path, output: Path, url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "dgasync", "batch", str(archive), "-o", str(output), "--url", url]
    more = ["--api-key", "key", "--concurrency", str(AT_ONCE), "--retries", "6"]
    return subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _wait_for_more(output: Path, process: subprocess.Popen[str], dice: random.Random) -> None:
    """Return a moment after something was added to the output."""
    before, until = _size(output), time.monotonic() + PATIENCE
    while _size(output) == before:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(dice.uniform(0.0, 0.6))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
