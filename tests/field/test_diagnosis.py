"""FIELD_NOTES 16: what looks like "no results" is named, in words that its reader can act on."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from dgasync import StreamClosed
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.field.faces import Face
from tests.field.talks import RAW, Talker, say, taken, talk, words

RULER = Ruler(4.0)
NOT_RAW: dict[str, Any] = {"encoding": None, "sample_rate": None}


def with_empty_ones() -> Iterator[bytes]:
    """Audio as a source gives it that has nothing now and then."""
    for piece in RULER.chunks(6400):
        yield b""
        yield piece
        yield b""


async def with_empty_ones_in_time() -> AsyncIterator[bytes]:
    for piece in with_empty_ones():
        yield piece


async def by_hand(live: Any) -> None:
    for piece in with_empty_ones():
        await live.send(piece)


async def all_of_it(live: Any) -> None:
    await live.send_all(with_empty_ones(), finish=False)


async def in_the_background(live: Any) -> None:
    live.start_sending(with_empty_ones_in_time())
    await taken(live, [])


@pytest.mark.parametrize("send", [by_hand, all_of_it, in_the_background])
def test_empty_chunks(send: Any, face: Face, server: LocalServer) -> None:
    """A chunk of nothing, which the service takes for the end, never reaches it, however it is sent."""

    async def main(deepgram: Talker) -> str:
        async with deepgram.live() as live:
            await send(live)
        return live.result().text  # type: ignore[no-any-return]  # a session of either kind

    assert talk(face, server.url, main) == RULER.text
    assert server.requests[-1].frames == RULER.size // 6400
    assert server.requests[-1].messages == ['{"type":"CloseStream"}']


def test_empty_chunks_as_documented(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """There they are dropped too, `send` is True, and one warning tells of all of them."""
    told: list[Any] = []

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        connection.on("Results", lambda _, result: told.append(result))
        assert await connection.start(RAW)
        for piece in with_empty_ones():
            assert await connection.send(piece) is True
        assert await connection.finish()

    with caplog.at_level(logging.INFO, "dgasync"):
        talk(face, server.url, main)

    assert words(told) == RULER.text
    (line,) = [record.getMessage() for record in caplog.records]
    assert "empty chunk of audio was dropped" in line
    assert "the end" in line


def readable(text: Any, *says: str) -> bool:
    """Whether a text is one line, not too long, that says this."""
    assert all(each in text for each in says), text
    return "\n" not in text and len(text) < 600


MISTAKES: dict[str, tuple[bytes, dict[str, Any], tuple[str, ...]]] = {
    "raw audio without encoding": (RULER.audio(), NOT_RAW, ("encoding", "sample_rate=16000", "raw audio")),
    "a WAV file announced as raw": (RULER.wav(), {}, ("WAV file", "encoding='linear16'", "leave `encoding`")),
    "an Ogg file announced as raw": (b"OggS" + bytes(9000), {}, ("Ogg file", "encoding='linear16'")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake(mistake: str, face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """What does not fit is named with the first chunk: by the session, and as one warning in the log."""
    audio, options, says = MISTAKES[mistake]

    async def main(deepgram: Talker) -> None:
        async with deepgram.live(**options) as live:
            assert live.diagnosis is None
            await live.send(audio[:3200])
            await deepgram.until(lambda: live.diagnosis is not None)
            await live.send(audio[3200:])
            await live.finish()
        assert readable(live.diagnosis, *says)
        (line,) = [record.getMessage() for record in caplog.records]
        assert line == f"Live session {live.request_id}: {live.diagnosis}"

    with caplog.at_level(logging.INFO, "dgasync"):
        talk(face, server.url, main)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_as_documented(
    mistake: str, face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    """There the log has the same line."""
    audio, options, says = MISTAKES[mistake]

    async def main(deepgram: Talker) -> None:
        connection = deepgram.connection()
        assert await connection.start({name: each for name, each in {**RAW, **options}.items() if each is not None})
        await connection.send(audio)
        assert await connection.finish()

    with caplog.at_level(logging.INFO, "dgasync"):
        talk(face, server.url, main)

    (line,) = [record.getMessage() for record in caplog.records]
    assert readable(line, *says, server.requests[-1].request_id)


def test_nothing_was_heard(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing shows at first, and the service found no audio in all that was sent, the end says so."""

    async def main(deepgram: Talker) -> None:
        async with deepgram.live(**NOT_RAW) as live:
            await live.send(Ruler(0.0).wav())  # begins like a file, and that was all
        assert live.result().text == ""
        assert readable(live.diagnosis, "no audio at all", "44 bytes", "`encoding`")

    with caplog.at_level(logging.INFO, "dgasync"):
        talk(face, server.url, main)

    assert [record.levelno for record in caplog.records] == [logging.WARNING]


PROSE = b"This is what people read, and not what they hear. " * 200


@pytest.mark.parametrize("closes", [False, True], ids=["before CloseStream", "behind it"])
def test_what_the_service_could_not_use(closes: bool, face: Face, server: LocalServer) -> None:
    """Where it ends the session over it, the error has the service's words, and our diagnosis of them."""

    async def main(deepgram: Talker) -> None:
        async with deepgram.live(**NOT_RAW) as live:
            live.start_sending(PROSE, finish=closes)
            with pytest.raises(StreamClosed, match="DATA-0000: The payload cannot be decoded as audio") as caught:
                await taken(live, [])
        assert caught.value.code == 1008
        assert live.diagnosis in str(caught.value)
        assert readable(str(caught.value), "sample_rate=16000", live.request_id)

    talk(face, server.url, main)


def test_all_is_well(face: Face, server: LocalServer, caplog: pytest.LogCaptureFixture) -> None:
    """Audio that fits what was said of it is not suspected: raw audio, and a file."""

    async def main(deepgram: Talker) -> None:
        for options, audio in ((RAW, RULER.audio()), (NOT_RAW, RULER.wav())):
            async with deepgram.live(**options) as live:
                await live.send(audio)
            assert live.result().text == RULER.text
            assert live.diagnosis is None
        async with deepgram.live() as live:
            await say(live, RULER)

    with caplog.at_level(logging.INFO, "dgasync"):
        talk(face, server.url, main)

    assert caplog.records == []
