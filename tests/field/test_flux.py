"""Conversations in turns, over real sockets: the native verb and the documented client, on every kind of loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dgasync import Reconnected
from dgasync.models.flux import TurnInfo
from dgasync.server import LocalServer
from dgasync.testing import FaultProxy, Ruler, Trouble, silence
from tests.field.faces import Face
from tests.field.talks import RAW, Talker, limit, say, taken, talk

RULER = Ruler(12.0)
SENTENCES = ["W0 w1 w2 w3 w4 w5 w6 w7 w8 w9.", "W10 w11 w12 w13 w14 w15 w16 w17 w18 w19.", "W20 w21 w22 w23"]
TURNS = [(index, text, 5.0 * index, min(5.0 * index + 5.0, 12.0)) for index, text in enumerate(SENTENCES)]


@pytest.fixture
def proxy(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """It stands before the server. What is sent again is sent at once."""
    limit(monkeypatch, "CATCH_UP", 100.0)
    with FaultProxy(server.url) as made:
        yield made


def shown(turns: list[Any]) -> list[tuple[int, str, float, float]]:
    return [(turn.index, turn.text, turn.start, turn.end) for turn in turns]


def test_turns(face: Face, server: LocalServer) -> None:
    """Whole turns come as they are over, the last one at the end of the audio."""

    async def main(deepgram: Talker) -> None:
        async with deepgram.turns() as session:
            session.start_sending(RULER.chunks(6400))
            turns = await taken(session.turns(), [])
        assert shown(turns) == TURNS
        assert all(turn.is_over for turn in turns)

    talk(face, server.url, main)


def test_configured_and_ended(face: Face, server: LocalServer) -> None:
    """Settings change while it lasts, and a turn is over when the program says so."""

    async def main(deepgram: Talker) -> None:
        async with deepgram.turns(eot_threshold=0.9) as session:
            changed = await session.configure(eot_threshold=0.5, eager_eot_threshold=0.3)
            assert (changed.thresholds.eot_threshold, changed.thresholds.eot_timeout_ms) == (0.5, 5000)
            await session.send(Ruler(1.0).audio() + silence(0.8))
            await session.send(Ruler(1.0, start=1.0).audio())
            await session.end_turn()
            events: list[Any] = []
            await session.finish()
            await taken(session, events)
        said = [(each.event, each.text) for each in events if isinstance(each, TurnInfo) and each.event != "Update"]
        assert said == [
            ("StartOfTurn", "W0 w1"),
            ("EagerEndOfTurn", "W0 w1"),
            ("EndOfTurn", "W0 w1"),
            ("StartOfTurn", "w2 w3"),
            ("EndOfTurn", "w2 w3"),
        ]

    talk(face, server.url, main)


@pytest.mark.parametrize("at", [100_001, 160_000, 250_000])
def test_a_lost_connection(face: Face, proxy: FaultProxy, at: int) -> None:
    """A connection that is cut, in a turn or between two, costs no word, no turn, and no second."""
    proxy.fail(Trouble.drop(after_bytes=at))

    async def main(deepgram: Talker) -> None:
        events: list[Any] = []
        async with deepgram.turns() as session:
            session.start_sending(RULER.chunks(6400))
            await taken(session, events)
        ends = [each for each in events if isinstance(each, TurnInfo) and each.ends]
        assert [(each.turn_index, each.text, each.audio_window_start, each.audio_window_end) for each in ends] == TURNS
        starts = [each.turn_index for each in events if isinstance(each, TurnInfo) and each.begins]
        assert starts == [0, 1, 2]
        assert sum(isinstance(each, Reconnected) for each in events) == 1

    talk(face, proxy.url, main, options={})


def test_documented(face: Face, proxy: FaultProxy) -> None:
    """The documented client has the same turns, through a lost connection as well."""
    proxy.fail(Trouble.drop(after_bytes=250_000))

    async def main(deepgram: Talker) -> None:
        connection = deepgram.versioned("listen", "live", "2")
        turns: list[TurnInfo] = []
        if face.name == "sync":
            connection.on("TurnInfo", lambda client, turn, **more: turns.append(turn))
        else:

            async def heard(client: Any, turn: TurnInfo, **more: Any) -> None:
                turns.append(turn)

            connection.on("TurnInfo", heard)
        assert await connection.start({"model": "flux-general-en", **RAW})
        await say(connection, RULER)
        assert await connection.finish()
        ends = [each for each in turns if each.ends]
        assert [(each.turn_index, each.text, each.audio_window_start, each.audio_window_end) for each in ends] == TURNS

    talk(face, proxy.url, main, options={})
