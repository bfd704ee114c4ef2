"""The database of the account: what it keeps, forgets and withstands."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from dgasync.server import DatabaseError, LocalServer
from dgasync.server.accounts import Accounts, home_project
from dgasync.server.ledger import Use
from dgasync.server.replies import Refusal
from dgasync.testing import local_server

from .accounting import Clock, asking

pytestmark = pytest.mark.anyio


async def test_file_keeps_it(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """A server with a database takes up where the one before it stopped: project, keys, use and tokens."""
    with local_server(database=tmp_path / "account.db") as server:
        ask = await asking(session, server)
        key = await ask.key("member")
        await ask.by(key).listen(2, "?tag=kept")
        token = (await ask.by(key)("POST", "/v1/auth/grant", {}))["access_token"]
    with local_server(database=tmp_path / "account.db", api_keys=["right"]) as server:
        ask.server = server
        requests = await ask.by(key)("GET", "requests")
        assert [each["path"] for each in requests["requests"]] == ["/v1/listen?tag=kept"]
        assert requests["requests"][0]["response"]["details"]["duration"] == 2
        await ask.by(f"Bearer {token}").listen()
        await ask("GET", "/v1/projects", status=401)


async def test_memory_does_not(session: aiohttp.ClientSession) -> None:
    """Without a file, each server has an account of its own."""
    with local_server() as one, local_server() as other:
        ask = await asking(session, one)
        key = await ask.key("usage:read")
        assert await ask.refused("GET", f"/v1/projects/{(await asking(session, other)).project}", status=404)
        ask.server = other
        await ask.by(key)("GET", "/v1/projects")  # Any key is the owner's there, also this one.


@pytest.mark.parametrize("content", [b"this is no database, but a text of some length" * 99, None])
def test_no_database(tmp_path: Path, content: bytes | None) -> None:
    """A file that is something else is left alone, and the server does not start."""
    file = tmp_path / "other.db"
    if content is None:
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE mine (value)")
        connection.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(DatabaseError, match=r"other\.db"):
        local_server(database=file).start()
    assert file.read_bytes() == before


def test_no_place(tmp_path: Path) -> None:
    """A file that cannot be is told before anything else happens."""
    with pytest.raises(DatabaseError, match="cannot be opened"):
        local_server(database=tmp_path / "nowhere" / "account.db").start()


async def test_two_servers(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Two servers may share a file; a key that one of them deletes is dead for the other at once."""
    file = tmp_path / "account.db"
    with local_server(database=file) as one, local_server(database=file) as other:
        ask = await asking(session, one)
        key = await ask.key("member")
        ask.server = other
        await ask.by(key)("GET", "/v1/projects")
        (listed,) = (await ask("GET", "keys"))["api_keys"]
        await ask("DELETE", f"keys/{listed['api_key']['api_key_id']}")
        ask.server = one
        await ask.by(key)("GET", "/v1/projects", status=401)


async def test_at_once(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """Many changes and uses at once are all there afterwards, each once."""
    ask = await asking(session, deepgram_server)
    await asyncio.gather(
        *(ask.key("member") for _ in range(40)),
        *(ask.listen(0.5) for _ in range(40)),
        *(ask("GET", "usage") for _ in range(20)),
    )
    assert len({each["api_key"]["api_key_id"] for each in (await ask("GET", "keys"))["api_keys"]}) == 40
    assert (await ask("GET", "usage"))["results"][0]["requests"] == 40


async def test_oldest_uses_go(session: aiohttp.ClientSession) -> None:
    """Only the newest requests are kept; what they cost stays paid."""
    with local_server(keep_uses=3) as server:
        ask = await asking(session, server)
        for number in range(5):
            await ask.listen(36, f"?tag={number}")
        told = (await ask("GET", "requests"))["requests"]
        assert [each["path"][-1] for each in told] == ["4", "3", "2"]
        (balance,) = (await ask("GET", "balances"))["balances"]
        assert balance["amount"] == pytest.approx(200 - 5 * 36 / 3600 * 0.24)


async def test_reset(session: aiohttp.ClientSession, deepgram_server: LocalServer) -> None:
    """After a reset everything is as new, and old keys and tokens are worth nothing."""
    ask = await asking(session, deepgram_server)
    token = (await ask("POST", "/v1/auth/grant"))["access_token"]
    await ask.listen()
    deepgram_server.reset()
    again = await asking(session, deepgram_server)
    assert again.project != ask.project
    assert (await again("GET", "requests"))["requests"] == []
    await again.by(f"Bearer {token}").listen(status=401)


async def test_reset_spares_files(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """What a file keeps, a reset of the server's memory does not touch."""
    with local_server(database=tmp_path / "account.db") as server:
        before = await asking(session, server)
        server.reset()
        assert (await asking(session, server)).project == before.project


async def test_disk_fails(caplog: pytest.LogCaptureFixture) -> None:
    """A database that fails is a 500 for whoever asks, and a line in the log for what cannot be written."""
    accounts = Accounts(None, Clock(), 10)
    await accounts.open()

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO projects VALUES ('x', 'x', 0)")
        raise sqlite3.OperationalError("disk full")

    with pytest.raises(Refusal, match="database") as caught:
        await accounts.run(fail)
    assert caught.value.status == 500
    count = await accounts.run(lambda connection: connection.execute("SELECT COUNT(*) FROM projects").fetchone()[0])
    project = await accounts.run(lambda connection: home_project(connection, 0.0))
    assert count == 1
    await accounts.run(lambda connection: connection.execute("DROP TABLE requests"))
    accounts.record(Use("r", project, "k", "listen", "/v1/listen", 0.0))
    accounts.close()
    accounts.record(Use("late", project, "k", "listen", "/v1/listen", 0.0))  # by a handler that took its time
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.ERROR, "the database of the account failed"),
        (logging.ERROR, "the use of 1 requests could not be written down"),
    ]
