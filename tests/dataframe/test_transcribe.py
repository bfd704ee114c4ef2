"""Columns are transcribed, by Daft's own engine in this process."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("daft", reason="needs the extra `batch`")

import daft
import pyarrow
from daft import col
from daft.functions import file
from pyarrow import parquet

from dgasync import DeepgramApiKeyError, DeepgramClientOptions, DeepgramTypeError, Transcript, Unauthorized
from dgasync.dataframe import job, transcribe
from dgasync.server import Fault, LocalServer
from dgasync.testing import Ruler, local_server
from tests.dataframe.crowds import Crowd
from tests.dataframe.stores import stored
from tests.hosting import hosted

HEARD = transcribe(col("audio"))
RULERS = [Ruler(0.5 + 0.5 * number) for number in range(8)]


def rows(audio: list[Any], heard: daft.Expression = HEARD) -> list[Any]:
    """What becomes of each, in their order."""
    column = daft.from_pydict({"number": list(range(len(audio))), "audio": audio}).with_column("heard", heard)
    found: list[Any] = column.sort("number").to_pydict()["heard"]
    return found


def kinds(found: list[Any]) -> list[str | None]:
    return [row["error"] and row["error"]["kind"] for row in found]


def test_bytes(service: LocalServer) -> None:
    """Each row is its own recording, asked for once; null stays null."""
    found = rows([*(ruler.wav() for ruler in RULERS), None])

    assert [row and row["text"] for row in found] == [*(ruler.text for ruler in RULERS), None]
    assert found[1]["words"][1] == {
        "word": "w1",
        "punctuated_word": "w1",
        "start": 0.5,
        "end": 1.0,
        "confidence": 1.0,
        "speaker": None,
        "channel": 0,
    }
    assert found[1]["duration"] == 1.0
    assert {row["request_id"] for row in found[:-1]} == {request.request_id for request in service.requests}
    assert {request.param("model")[0] for request in service.requests} == {"nova-3"}


def test_texts(service: LocalServer, tmp_path: Path) -> None:
    """A text is a URL for the service, a path, or an object in a store; what fails is a value."""
    path, empty = tmp_path / "talk.wav", tmp_path / "empty.wav"
    path.write_bytes(RULERS[1].wav())
    empty.touch()
    objects = {"calls/talk.wav": RULERS[2].wav(), "calls/noise.wav": b"no audio", "calls/empty.wav": b""}
    with hosted(RULERS[0].wav()) as url, stored(objects) as io_config:
        good = [url, str(path), "s3://calls/talk.wav", path.as_uri()]
        bad = [
            "s3://calls/noise.wav",
            "s3://calls/empty.wav",
            "s3://calls/missing.wav",
            "nowhere://at/all",
            str(empty),
            str(tmp_path / "missing.wav"),
            str(tmp_path),
            "zero\0",
            "",
            "://",
        ]
        found = rows(good + bad, transcribe(col("audio"), io_config=io_config, max_retries=0))

    assert [row["text"] for row in found[:4]] == [RULERS[n].text for n in (0, 1, 2, 1)]
    assert kinds(found[4:10]) == [
        "BadRequest",
        "DeepgramTypeError",
        "FileNotFoundError",
        "OSError",
        "DeepgramTypeError",
        "FileNotFoundError",
    ]
    assert found[4]["error"]["status"] == 400
    assert found[4]["request_id"] in {request.request_id for request in service.requests}
    assert "calls/empty.wav is empty" in found[5]["error"]["message"]
    assert all(row["error"] and row["text"] is None for row in found[4:])
    assert len(service.requests) == len(good) + 1


def test_a_table_in_a_store(service: LocalServer) -> None:
    """Parquet in an object store becomes Parquet in an object store."""
    table = pyarrow.table({"name": ["a", "b"], "audio": [ruler.wav() for ruler in RULERS[:2]]})
    parquet.write_table(table, written := io.BytesIO())
    objects = {"in/calls.parquet": written.getvalue()}
    with stored(objects) as io_config:
        calls = daft.read_parquet("s3://in/calls.parquet", io_config=io_config)
        heard = calls.select("name", transcribe(col("audio"))["text"].alias("text"))
        heard.write_parquet("s3://out/transcripts", io_config=io_config)

    (name,) = [name for name in objects if name.startswith("out/transcripts/")]
    found = parquet.read_table(io.BytesIO(objects[name])).to_pylist()
    assert sorted((row["name"], row["text"]) for row in found) == [("a", RULERS[0].text), ("b", RULERS[1].text)]


def test_files(service: LocalServer, tmp_path: Path) -> None:
    """Files of Daft's are uploaded, with their length; also those at a URL, which the service then never sees."""
    path = tmp_path / "talk.wav"
    path.write_bytes(RULERS[1].wav())
    with stored({"calls/talk.wav": RULERS[0].wav()}) as io_config:
        url = f"{io_config.s3.endpoint_url}/calls/talk.wav"
        found = rows([url, str(path), None, str(tmp_path / "missing.wav")], transcribe(file(col("audio"))))

    assert [row and row["text"] for row in found] == [RULERS[0].text, RULERS[1].text, None, None]
    assert kinds(found[3:]) == ["FileNotFoundError"]
    sizes = {int(request.headers["Content-Length"]) for request in service.requests}
    assert sizes == {len(ruler.wav()) for ruler in RULERS[:2]}


def test_tried_again(service: LocalServer, tmp_path: Path) -> None:
    """What fails for a moment is tried again from the beginning, also what is read from a store."""
    service.fail(Fault.status(503))
    with stored({"calls/talk.wav": RULERS[2].wav()}) as io_config:
        (row,) = rows(["s3://calls/talk.wav"], transcribe(col("audio"), io_config=io_config))

    assert row["text"] == RULERS[2].text
    assert [request.status for request in service.requests] == [503, 200]


def test_options(service: LocalServer) -> None:
    """Options are sent, a set-up of one's own is used, and the whole answer is kept on request."""
    service_only = DeepgramClientOptions("another", service.url, headers={"X-Team": "archive"})
    heard = transcribe(col("audio"), config=service_only, model="nova-2", tag=["calls"], response=True)
    (row,) = rows([RULERS[0].wav()], heard)
    (request,) = service.requests

    assert request.headers["Authorization"] == "Token another"
    assert (request.headers["X-Team"], request.param("model"), request.param("tag")) == (
        "archive",
        ["nova-2"],
        ["calls"],
    )
    assert Transcript.from_json(row["response"]).response["metadata"]["tags"] == ["calls"]


def test_asked_once(service: LocalServer) -> None:
    """One expression that is looked at in several ways asks once for each row, and a second query keeps its client."""
    heard = transcribe(col("audio"))
    table = daft.from_pydict({"audio": [ruler.wav() for ruler in RULERS]})
    before = set(job._workers)

    chosen = table.select(heard["text"].alias("text"), heard["duration"].alias("seconds")).where(col("seconds") > 0)
    assert len(chosen.to_pydict()["text"]) == len(RULERS)
    assert len(service.requests) == len(RULERS)

    rows([RULERS[0].wav()], heard)
    assert len(set(job._workers) - before) == 1


@pytest.mark.parametrize("concurrency", [1, 4])
def test_at_once(monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    """So many requests are in flight at once, and never more."""
    crowd = Crowd(concurrency)
    with local_server(engine=crowd) as server:
        config = DeepgramClientOptions(url=server.url)
        found = rows(
            [ruler.wav() for ruler in RULERS] * 2, transcribe(col("audio"), concurrency=concurrency, config=config)
        )

    assert [row["text"] for row in found] == [ruler.text for ruler in RULERS] * 2
    assert crowd.most == concurrency


def test_refused_key(service: LocalServer) -> None:
    """A refused key ends the query, before a million rows are refused."""
    service.fail(Fault.status(401), times=None)
    with pytest.raises(Unauthorized, match="Check the API key"):
        rows([RULERS[0].wav()] * 50, transcribe(col("audio"), concurrency=2))

    assert len(service.requests) < 10


def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """So does none."""
    for name in ("DEEPGRAM_API_KEY", "DEEPGRAM_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeepgramApiKeyError, match="DEEPGRAM_API_KEY"):
        rows(["talk.wav"], transcribe(col("audio")))


def test_balance_used_up(service: LocalServer) -> None:
    """What was paid for is kept when the balance runs out half-way, and the rest is not asked for."""
    service.fail(Fault.slow(0.0), times=3)
    service.fail(Fault.status(402), times=None)
    found = rows([RULERS[0].wav()] * 20, transcribe(col("audio"), concurrency=1))

    assert sorted(str(kind) for kind in kinds(found)) == ["None"] * 3 + ["PaymentRequired"] * 17
    assert len(service.requests) == 4


def test_no_audio(service: LocalServer) -> None:
    """A column of numbers is a mistake, not a column of failures."""
    with pytest.raises(DeepgramTypeError, match="column of int holds no audio"):
        rows([1, 2])
    assert not service.requests
