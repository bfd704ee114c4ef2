"""The receiver: what the service posts is in the journal once, whatever is posted, how often, and how early."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from dgasync import AsyncDeepgramClient
from dgasync.batch import Item, Journal, Result
from dgasync.batch.items import Totals, Work
from dgasync.batch.journal import Changes
from dgasync.callbacks import Receiver
from dgasync.server import LocalServer
from dgasync.server.listen import key_identifier
from dgasync.testing import Ruler

pytestmark = pytest.mark.anyio

TOKEN = {"dg-token": "key-id"}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


def submit(journal: Journal, name: str) -> None:
    """Write down that the service took a recording, as request `id-<name>`."""
    changes = Changes()
    work = Work(Item(f"https://example.com/{name}", key=name), {}, request_id=f"id-{name}")
    changes.started.append(work)
    changes.submitted.append(work)
    journal.write(changes, Totals())


def answer(name: str) -> bytes:
    """What the service posts of a recording."""
    heard = {"channels": [{"alternatives": [{"transcript": name}]}]}
    return json.dumps({"metadata": {"request_id": f"id-{name}", "duration": 3.0}, "results": heard}).encode()


def refusal(name: str) -> bytes:
    return json.dumps({"err_code": "NO_AUDIO", "err_msg": "no audio", "request_id": f"id-{name}"}).encode()


def told(journal: Journal) -> dict[str, str]:
    """What is new in the journal, and is not afterwards."""
    return {
        each.key: each.transcript.text if each.transcript else str(each.error) for each in journal.results(new=True)
    }


async def test_answers_arrive(journal: Journal) -> None:
    """An answer is in the journal, a report of failure is one too, and the same once more is nothing."""
    receiver = Receiver(journal, dg_token=["other", "key-id"])
    submit(journal, "a")
    submit(journal, "b")

    assert [await receiver.receive(answer("a"), TOKEN) for _ in range(3)] == [200] * 3
    assert [await receiver.receive(refusal("b"), TOKEN), await receiver.receive(refusal("b"), TOKEN)] == [200] * 2
    assert journal.untold() == 2
    assert told(journal) == {"a": "a", "b": "It was given up: no audio"}
    assert await receiver.receive(answer("a"), TOKEN) == 200
    assert told(journal) == {}
    report = journal.report()
    assert (report.done, report.failed, report.audio_seconds) == (1, 1, 3.0)
    assert report.failures == {"DeepgramApiError": 1}


async def test_an_answer_before_its_submission(journal: Journal) -> None:
    """What comes before the submission is written is kept for it."""
    receiver = Receiver(journal, dg_token="key-id")
    assert [await receiver.receive(answer("a"), TOKEN) for _ in range(2)] == [200] * 2
    assert await receiver.receive(refusal("b"), TOKEN) == 200
    assert told(journal) == {}
    submit(journal, "a")
    submit(journal, "b")

    assert told(journal) == {"a": "a", "b": "It was given up: no audio"}


async def test_what_is_refused(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """Posts of strangers, garbage and floods are refused, and change nothing."""
    submit(journal, "a")
    receiver = Receiver(journal, dg_token="key-id", max_body=1999)
    posts: list[tuple[bytes, dict[str, str], int]] = [
        (answer("a"), {}, 403),
        (answer("a"), {"DG-Token": "another"}, 403),
        (b"", TOKEN, 400),
        (b"no", TOKEN, 400),
        (b"[]", TOKEN, 400),
        (b"\xff\xfe", TOKEN, 400),
        (b'{"results": {"channels": 1}, "metadata": {"request_id": "id-a"}}', TOKEN, 400),
        (b'{"results": {"channels": []}}', TOKEN, 400),  # of no request
        (b" " * 2000, TOKEN, 413),
    ]
    with caplog.at_level(logging.WARNING, "dgasync"):
        for body, headers, status in posts:
            assert await receiver.receive(body, headers) == status, body
    assert (journal.report().submitted, journal.untold()) == (1, 0)
    assert "key-id" not in caplog.text


async def test_a_journal_that_cannot_be_written(journal: Journal) -> None:
    """The service is asked to post again, and then it is there."""
    submit(journal, "a")
    receiver = Receiver(journal, dg_token=None)
    journal._db.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await receiver.receive(answer("a"), TOKEN) == 503
    other.close()

    assert await receiver.receive(answer("a"), TOKEN) == 200
    assert told(journal) == {"a": "a"}


async def test_on_result(journal: Journal, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each result is told once; where telling fails it is asked for again, and so is what comes too early."""
    came: list[Result] = []

    async def take(result: Result) -> None:
        came.append(result)
        if len(came) == 1:
            assert await receiver.receive(answer("a"), TOKEN) == 503  # while it is just being told
            raise ValueError("the database is away")

    receiver = Receiver(journal, dg_token="key-id", on_result=take)
    monkeypatch.setattr("dgasync.callbacks.CALLBACK_LOOKS", 1)
    assert await receiver.receive(answer("a"), TOKEN) == 503  # early
    submit(journal, "a")
    with caplog.at_level(logging.ERROR, "dgasync"):
        assert await receiver.receive(answer("a"), TOKEN) == 503
    assert "the database is away" in caplog.text
    assert [await receiver.receive(answer("a"), TOKEN) for _ in range(2)] == [200] * 2

    assert [(each.key, each.transcript and each.transcript.text) for each in came] == [("a", "a")] * 2
    assert told(journal) == {}
    assert repr(receiver) == f"<Receiver {journal.path}>"


# The whole way.

KEY = "the-key"
RULERS = {f"{number}.wav": Ruler(0.5 + number / 2) for number in range(12)}


async def submitted(server: LocalServer, folder: Path, callback: str, journal: Journal) -> None:
    """Submit the rulers and something that is no audio, and wait for all answers."""
    for name, ruler in RULERS.items():
        (folder / name).write_bytes(ruler.wav())
    (folder / "broken.wav").write_bytes(b"no audio")
    async with AsyncDeepgramClient(KEY, url=server.url) as deepgram:
        totals = await deepgram.transcribe_many_to_callback(
            folder, callback=callback, journal=journal, concurrency=4
        ).run()
    assert totals.submitted + totals.failed == len(RULERS) + 1
    while journal.report().submitted:
        await asyncio.sleep(0.02)


def check(came: list[Result], folder: Path) -> None:
    heard = {Path(each.key).name: each.transcript.text for each in came if each.transcript}
    assert heard == {name: ruler.text for name, ruler in RULERS.items()}
    assert sorted(Path(each.key).name for each in came) == sorted([*RULERS, "broken.wav"])


def test_aiohttp(deepgram_server: LocalServer, tmp_path: Path) -> None:
    """Every answer ends in the journal once, in an app whose own bound on bodies is smaller than they are."""

    async def run() -> None:
        came: list[Result] = []
        folder = tmp_path / "talks"
        folder.mkdir()
        with Journal(tmp_path / "journal.db") as journal:
            receiver = Receiver(journal, dg_token=key_identifier(KEY), on_result=came.append, max_body=100_000)
            app = web.Application(client_max_size=10)
            app.add_routes(receiver.aiohttp_routes("/here"))
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/here"
            try:
                await submitted(deepgram_server, folder, url, journal)
                while journal.untold():  # one that came early comes again
                    await asyncio.sleep(0.02)
                token = {"dg-token": key_identifier(KEY)}
                async with aiohttp.ClientSession() as session:
                    for body, headers, method, status in [
                        (answer("x"), {}, "POST", 403),
                        (bytes(200_000), token, "POST", 413),
                        (b"garbage", token, "PUT", 400),
                    ]:
                        async with session.request(method, url, data=body, headers=headers) as response:
                            assert response.status == status
            finally:
                await runner.cleanup()
        check(came, folder)

    asyncio.run(run())


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The URL of an app under uvicorn."""
    uvicorn = pytest.importorskip("uvicorn")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_fastapi(deepgram_server: LocalServer, tmp_path: Path) -> None:
    """The same in an app of FastAPI, which has a journal of its own; what nobody is told of is asked for later."""
    fastapi = pytest.importorskip("fastapi")
    folder = tmp_path / "talks"
    folder.mkdir()
    path = tmp_path / "journal.db"
    with Journal(path) as there, Journal(path) as journal:
        app = fastapi.FastAPI()
        app.include_router(Receiver(there, dg_token=key_identifier(KEY)).fastapi_router("/here"))
        with served(app) as url:
            asyncio.run(submitted(deepgram_server, folder, f"{url}/here", journal))
        check(list(journal.results(new=True)), folder)
        assert journal.untold() == 0


async def test_who_goes_away_in_the_middle(journal: Journal) -> None:
    """A post that is not finished is nothing, and no error of the app."""
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()
    app.include_router(Receiver(journal, dg_token=None).fastapi_router("/here"))
    scope = {"type": "http", "method": "PUT", "path": "/here", "query_string": b"", "headers": [(b"dg-token", b"k")]}
    coming = [{"type": "http.request", "body": answer("a")[:9], "more_body": True}, {"type": "http.disconnect"}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 400
