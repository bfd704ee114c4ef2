"""The same program, as its user runs it, on Daft's own engine and on a Ray cluster of two nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("daft", reason="needs the extra `batch`")

import daft

from dgasync.testing import Ruler, local_server
from tests.dataframe.crowds import Crowd

AT_ONCE = 4
RULERS = [Ruler(0.5 + 0.5 * number) for number in range(24)]
KEY = "s3cret"


@pytest.mark.parametrize("runner", ["native", pytest.param("ray", marks=pytest.mark.soak)])
def test_program(runner: str, tmp_path: Path) -> None:
    """Parquet in, Parquet out: each row is asked for once and has its own text, failures are values, and no more
    requests are in flight than were allowed for all workers together. A refused key ends a query.
    """
    if runner == "ray":
        pytest.importorskip("ray", reason="needs a cluster")
    audio: list[str | None] = []
    for number, ruler in enumerate(RULERS):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(ruler.wav())
        audio.append(str(path) if number % 2 else path.as_uri())
    (tmp_path / "noise.wav").write_bytes(b"no audio")
    audio += [str(tmp_path / "noise.wav"), str(tmp_path / "missing.wav"), None]
    daft.from_pydict({"number": list(range(len(audio))), "audio": audio}).write_parquet(str(tmp_path / "calls"))

    crowd = Crowd(AT_ONCE)
    with local_server(engine=crowd, api_keys=[KEY]) as server:
        environment = {**os.environ, "DEEPGRAM_API_KEY": KEY, "DEEPGRAM_HOST": server.url, "DO_NOT_TRACK": "1"}
        arguments = [runner, str(tmp_path / "calls/*.parquet"), str(tmp_path / "heard"), str(AT_ONCE)]
        ended = subprocess.run(
            [sys.executable, "-m", "tests.dataframe.program", *arguments],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert ended.returncode == 0, ended.stderr[-5000:]
        answered = [request for request in server.requests if request.status != 401]

    table = daft.read_parquet(str(tmp_path / "heard/*.parquet")).sort("number").to_pydict()
    found: list[Any] = table["heard"]
    assert [row["text"] for row in found[: len(RULERS)]] == [ruler.text for ruler in RULERS]
    assert [row and row["error"]["kind"] for row in found[len(RULERS) :]] == ["BadRequest", "FileNotFoundError", None]
    assert len(answered) == len({request.sha256 for request in answered}) == len(RULERS) + 1
    assert crowd.most == AT_ONCE
    assert len(set(table["worker"])) == (2 if runner == "ray" else 1)
    assert ended.stdout.startswith("RayTaskError" if runner == "ray" else "Unauthorized")
    assert "Check the API key" in ended.stdout
    assert KEY not in ended.stdout + ended.stderr
