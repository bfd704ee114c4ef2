"""A voice: turns, interruptions, and connections that are lost before and behind the first sound."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from random import Random
from typing import Any

import anyio
import pytest

from dgasync.errors import (
    ConsumerTooSlow,
    DecodeError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
    StreamClosed,
    Timeout,
)
from dgasync.limits import PING_EVERY, READ_AHEAD, VOICE_SILENCE
from dgasync.models.events import AudioData
from dgasync.models.metrics import VoiceMetrics
from dgasync.session.speak import AsyncVoice
from dgasync.transport.seam import Binary, Closed
from tests.fakes import FakeSocket
from tests.session.props import OwnError, kinds, left, rest
from tests.session.stage import Stage, settle

pytestmark = pytest.mark.anyio

FLUSH, CLOSE = '{"type":"Flush"}', '{"type":"Close"}'


class Speaker(FakeSocket):
    """The other end: the sound of a text is the text, in capitals; behind Close it ends."""

    def __init__(self, version: str = "1") -> None:
        super().__init__()
        self.on_send = self._reply_to
        self.is_second = version == "2"
        self.text = ""
        self.speaks = self.answers = self.closes = True
        self.cuts: list[dict[str, Any]] = []
        self.refuses: dict[str, dict[str, Any]] = {}
        """What it says to messages of some kinds instead."""

    def _reply_to(self, frame: bytes | str) -> None:
        message = json.loads(frame)
        kind = message["type"]
        if kind in self.refuses:
            self.say(self.refuses[kind])
        elif kind == "Speak":
            if self.is_second and not self.text:
                self.say({"type": "SpeechStarted", "speech_id": "s"})
            self.text += message["text"]
        elif kind == "Flush" and self.speaks:
            self.speak()
        elif kind == "Clear" and self.answers:
            self.text = ""
            self.say({"type": "Cleared", "sequence_id": 0})
        elif kind == "Interrupt":
            self.cuts.append(message)
            if self.answers:
                self.text = ""
                self.say({"type": "SpeechInterrupted", "audio_played_ms": 100, "text_spoken": "half"})
        elif kind == "Configure" and self.answers:
            self.say({"type": "ConfigureSuccess", "applied": {"speed": message["speed"]}})
        elif kind == "Close" and self.closes:
            if self.is_second:
                self.say({"type": "SessionMetadata", "total_audio_duration_ms": 1})
            self.feed(Closed(1000))

    def speak(self) -> None:
        text, self.text = self.text, ""
        sound = [Binary(part.encode()) for part in text.upper()]
        if self.is_second:
            self.say({"type": "Flushed", "speech_id": "s"})
            self.feed(*sound)
            self.say({"type": "SpeechMetadata", "speech_id": "s", "audio_duration_ms": 1})
        else:
            self.feed(*sound)
            self.say({"type": "Flushed", "sequence_id": 0})

    def say(self, *messages: dict[str, Any]) -> None:
        self.feed(*(json.dumps(each).encode() for each in messages))

    @property
    def said(self) -> str:
        """The text that was sent, `|` for Flush, and the first letters of other messages."""
        parts = [json.loads(frame) for frame in self.sent]
        return "".join(each.get("text") or {"Flush": "|"}.get(each["type"], f"<{each['type'][:2]}>") for each in parts)


class VoiceStage(Stage):
    def __init__(self, version: str = "1") -> None:
        super().__init__()
        self.version: Any = version
        self.make: Any = lambda: Speaker(version)
        self.remembered: dict[str, Any] = {}

    @property
    def socket(self) -> Any:
        return self.sockets[-1]

    def voice(self, *, reconnect: bool = False, **settings: Any) -> AsyncVoice:
        return AsyncVoice(
            self,
            lambda: self.connect(None),
            version=self.version,
            reconnect=(lambda: self.connect(None)) if reconnect else None,
            remember=self.remembered.update,
            **settings,
        )


@pytest.fixture(params=["1", "2"])
def stage(request: pytest.FixtureRequest) -> VoiceStage:
    return VoiceStage(request.param)


@pytest.fixture
def second() -> VoiceStage:
    return VoiceStage("2")


def sound(events: list[Any]) -> str:
    return b"".join(event.data for event in events if type(event) is AudioData).decode()


async def heard(chunks: AsyncIterator[bytes]) -> str:
    return b"".join([chunk async for chunk in chunks]).decode()


async def tokens(*parts: str) -> AsyncIterator[str]:
    for part in parts:
        await anyio.sleep(0)
        yield part


# ── turns ──


async def test_say(stage: VoiceStage) -> None:
    """The sound of a text comes to its end, and the next one can be said; nobody has to flush."""
    async with stage.voice() as voice:
        assert await heard(voice.say("Hello.")) == "HELLO."
        assert await heard(voice.say(tokens("Go", "od b", "ye", "."))) == "GOOD BYE."
        assert await heard(voice.say(iter(["a ", "b"]))) == "A B"
        assert await heard(voice.say("")) == ""
    assert stage.socket.said == "Hello.|Good bye.|a b|<Cl>"


async def test_metrics(stage: VoiceStage) -> None:
    """How soon each text sounds, and what was given and came, without what was abandoned."""
    async with stage.voice() as voice:
        assert voice.metrics == VoiceMetrics(waiting=1, sound_seconds=0.0)  # it is open
        await voice.send("Hello.")
        await stage.time.advance(0.25)
        assert await heard(voice.say(" You.")) == "HELLO. YOU."
        metrics = voice.metrics
        assert (metrics.time_to_first_byte, metrics.sent_characters, metrics.spoken) == (0.25, 11, 1)
        assert (metrics.sound_bytes, metrics.sound_seconds) == (11, 11 / 48_000)

        stage.socket.speaks = False
        await voice.send("Not this.")
        await voice.interrupt()
        stage.socket.speaks = True
        assert (voice.metrics.interruptions, voice.metrics.spoken, voice.metrics.sound_bytes) == (1, 2, 11)
        await stage.time.advance(1.0)
        assert await heard(voice.say("Bye.")) == "BYE."
        assert (voice.metrics.time_to_first_byte, voice.metrics.spoken) == (0.0, 3)


async def test_how_soon_a_text_sounds_that_still_comes(stage: VoiceStage) -> None:
    """It counts from the first word that came, and once for each text, however many sentences that has."""

    async def answer() -> AsyncIterator[str]:
        for token in ("All", " good.", " Things", " come."):
            yield token
            await stage.time.advance(0.25)
            if token.endswith("."):
                stage.socket.feed(Binary(b"sound"))
                await settle()

    async with stage.voice() as voice:
        async for _ in voice.say(answer()):
            assert voice.metrics.time_to_first_byte == 0.5
        assert voice.metrics.spoken == 1


async def test_how_soon_it_sounds_again(stage: VoiceStage) -> None:
    """Text that is said again on another connection counts once, and from where it was said first."""
    async with stage.voice(reconnect=True) as voice:
        stage.socket.speaks = False
        await voice.send("Hello.")
        stage.socket.feed(Closed(1006))
        await stage.time.advance(10.0)
        await voice.flush()
        metrics = voice.metrics
    assert (metrics.time_to_first_byte, metrics.sent_characters, metrics.reconnects) == (10.0, 6, 1)


async def test_read(stage: VoiceStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sound of a text can be had whole, and says how it is written down, up to a length."""
    async with stage.voice() as voice:
        clip = await voice.say("Hello.").read()
        assert (clip, clip.encoding, clip.sample_rate, clip.is_raw) == (b"HELLO.", "linear16", 24_000, True)
        monkeypatch.setattr("dgasync.session.speak.MAX_ANSWER", 3)
        with pytest.raises(DecodeError, match="longer than 3 bytes"):
            await voice.say("Hello.").read()


async def test_all_that_happens(stage: VoiceStage) -> None:
    """Leaving flushes what is left and waits for its sound; everything that happened is there, Close last."""
    async with stage.voice() as voice:
        await voice.send("Hi")
        await voice.send("")
    events = await rest(voice)
    said = {
        "1": ["Open", *["AudioData"] * 2, "Flushed", "Close"],
        "2": ["Open", "SpeechStarted", "Flushed", *["AudioData"] * 2, "SpeechMetadata", "SessionMetadata", "Close"],
    }
    assert kinds(events) == said[stage.version]
    assert sound(events) == "HI"
    assert stage.socket.sent[-2:] == [FLUSH, CLOSE]


async def test_flush(stage: VoiceStage) -> None:
    """It waits for the sound of what was said, also where that is none, and does nothing where there is no text."""
    async with stage.voice() as voice:
        assert await voice.flush() == "nothing"
        stage.socket.speaks = False
        await voice.send("   ")
        async with anyio.create_task_group() as group:
            over: list[str] = []

            async def wait() -> None:
                over.append(await voice.flush())

            group.start_soon(wait)
            await settle()
            stage.socket.feed(b'{"type":"Flushed","sequence_id":0}' if stage.version == "1" else b'{"type":"Flushed"}')
            await settle()
            if stage.version == "2":
                assert over == []
                stage.socket.feed(b'{"type":"SpeechMetadata","audio_duration_ms":0}')
        assert over == ["spoken"]
        assert stage.socket.said == "   |"


async def test_a_flush_that_nobody_answers(stage: VoiceStage) -> None:
    """The wait for it has an end, counted from the last sound."""
    errors: list[Exception] = []

    async def wait() -> None:
        with pytest.raises(Timeout) as caught:
            await voice.flush()
        errors.append(caught.value)

    async with stage.voice() as voice:
        stage.socket.speaks = False
        await voice.send("Hi")
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await stage.time.advance(VOICE_SILENCE - 1)
            stage.socket.feed(Binary(b"H"))
            await stage.time.advance(VOICE_SILENCE - 1)
            assert errors == []
            await stage.time.advance(2)
    assert len(errors) == 1


async def test_too_many_flushes() -> None:
    """A Flush that is not heeded is an error for who waits for it, and its text is spoken with the next one."""
    stage = VoiceStage()
    async with stage.voice() as voice:
        warning = {"type": "Warning", "code": "EXCESSIVE_FLUSH", "description": "too many"}
        stage.socket.refuses["Flush"] = warning
        await voice.send("Hi ")
        with pytest.raises(DeepgramWebsocketError, match="too many"):
            await voice.flush()
        with pytest.raises(DeepgramWebsocketError, match="too many"):
            await heard(voice.say("ho "))
        stage.socket.refuses.clear()
        assert await heard(voice.say("hey")) == "HI HO HEY"


async def test_words_stay_whole(stage: VoiceStage) -> None:
    """However a text comes, its messages end where words do, and none is longer than the service takes."""
    text = "one two three, four! " * 300 + "x" * 4500
    draw = Random(5)
    parts, at = [], 0
    while at < len(text):
        size = draw.randint(1, 9)
        parts.append(text[at : at + size])
        at += size
    async with stage.voice() as voice:
        stage.socket.speaks = False
        await voice.send_all(tokens(*parts), flush=False)
        await voice.send(text)
        messages = [json.loads(frame)["text"] for frame in stage.socket.sent]
        stage.socket.speaks = True
    assert "".join(messages) == 2 * text
    assert max(map(len, messages)) == 2000
    assert all(each.endswith(" ") for each in messages if "x" not in each)


async def test_what_is_no_text(stage: VoiceStage) -> None:
    """It is refused, and nothing is sent."""
    bad: Any = b"bytes"
    async with stage.voice() as voice:
        for refused in (voice.send(bad), voice.send_all([bad]), voice.send_all(7)):  # type: ignore[arg-type]
            with pytest.raises(DeepgramTypeError):
                await refused
        with pytest.raises(DeepgramTypeError):
            voice.say(7)  # type: ignore[arg-type]
        assert stage.socket.sent == []


async def test_no_keep_alive(stage: VoiceStage) -> None:
    """While nothing is said pings go out, and no KeepAlive, which a voice does not know."""
    async with stage.voice():
        await stage.time.advance(3 * PING_EVERY + 1)
        assert (stage.socket.pings, stage.socket.sent) == (3, [])


async def test_flush_after_a_while() -> None:
    """What is said is flushed by itself when no more comes, if that was asked for."""
    stage = VoiceStage()
    async with stage.voice(auto_flush=0.5) as voice:
        await voice.send("a ")
        await stage.time.advance(0.4)
        await voice.send("b ")
        await stage.time.advance(0.4)
        assert stage.socket.said == "a b "
        await stage.time.advance(0.2)
        assert stage.socket.said == "a b |"


# ── interruptions ──


async def test_interrupt(stage: VoiceStage) -> None:
    """What waits here is dropped, and what still comes, up to the service's answer; the next text is heard whole."""
    async with stage.voice() as voice:
        stage.socket.answers = False
        await voice.send_all("first")
        taken = [await voice.__anext__() for _ in range(4)]
        await stage.time.advance(READ_AHEAD + 0.1)
        await settle()
        results: list[Any] = []
        async with anyio.create_task_group() as group:

            async def cut() -> None:
                results.append(await voice.interrupt(played=1.5))

            group.start_soon(cut)
            await settle()
            stage.socket.feed(Binary(b"stale"))
            group.start_soon(voice.send_all, "second")
            await settle()
            assert "second" not in stage.socket.said, "it waits for silence"
            answer = {"1": b'{"type":"Cleared"}', "2": b'{"type":"SpeechInterrupted","text_spoken":"fi"}'}
            stage.socket.feed(Binary(b"stale too"), answer[stage.version])
        await voice.flush()
        await voice.finish()
        events = taken + await rest(voice)

    assert sound(events) in {f"{'FIRST'[:n]}SECOND" for n in range(5)}
    if stage.version == "2":
        assert results[0].text_spoken == "fi"
        assert stage.socket.cuts == [{"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 1500}}]
    else:
        assert results == [None]


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_stale_is_heard(stage: VoiceStage, seed: int) -> None:
    """Whenever a text is interrupted, the sound of the next one is its own, whole and once."""
    draw = Random(seed)
    async with stage.voice() as voice:
        for number in range(6):
            stage.socket.speaks = draw.random() < 0.6
            said = voice.say(tokens(*(f"t{number} " for _ in range(draw.randint(1, 4)))))
            got = b""
            async with anyio.create_task_group() as group:

                async def cut(steps: int = draw.randint(0, 25)) -> None:
                    for _ in range(steps):
                        await anyio.sleep(0)
                    stage.socket.speaks = True
                    await voice.interrupt()

                group.start_soon(cut)
                async for chunk in said:
                    got += chunk
            assert not got.replace(f"T{number} ".encode(), b"").strip(f"T{number} ".encode()), got
            assert await heard(voice.say(f"whole {number}")) == f"WHOLE {number}"


async def test_what_is_left_of_a_text(stage: VoiceStage) -> None:
    """Sound of a text that nobody has listened to the end of is not part of the next one."""
    async with stage.voice() as voice:
        async for _ in voice.say("first"):
            break
        assert await heard(voice.say("second")) == "SECOND"


async def test_there_is_nothing_to_interrupt(second: VoiceStage) -> None:
    """The service says so, and that is all."""
    async with second.voice() as voice:
        second.socket.answers = False
        second.socket.feed(b'{"type":"Warning","code":"NO_ACTIVE_SPEECH","description":"no"}')
        assert await voice.interrupt() is None
        second.socket.answers = True
        assert await heard(voice.say("next")) == "NEXT"


@pytest.mark.parametrize("is_spoken", [False, True])
async def test_too_early_to_interrupt(second: VoiceStage, is_spoken: bool) -> None:
    """Where there is no sound yet the service ignores an Interrupt: it is asked again, and nothing is heard of it."""
    async with second.voice() as voice:
        socket = second.socket
        socket.answers = socket.speaks = False
        await voice.send("first ")
        async with anyio.create_task_group() as group:
            group.start_soon(voice.interrupt)
            await settle()
            socket.feed(b'{"type":"Warning","code":"NO_AUDIO_GENERATED","description":"no"}')
            await settle()
            assert socket.said == "first <In>|", "the turn gets an end"
            if is_spoken:
                socket.feed(Binary(b"STALE"))
                await settle()
                assert socket.said == "first <In>|<In>"
                socket.feed(Binary(b"STALE"), b'{"type":"SpeechInterrupted"}')
            else:
                socket.feed(b'{"type":"SpeechMetadata","audio_duration_ms":0}')
        socket.answers = socket.speaks = True
        socket.text = ""
        assert await heard(voice.say("next")) == "NEXT"


async def test_an_offset_of_no_use(second: VoiceStage) -> None:
    """An interruption that the service cannot place is one without a place."""
    async with second.voice() as voice:
        second.socket.answers = False
        second.socket.feed(b'{"type":"Warning","code":"INVALID_INTERRUPT_OFFSET","description":"no"}')
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: voice.interrupt(played=0.1))
            await settle()
            second.socket.feed(b'{"type":"SpeechInterrupted"}')
        assert [cut.get("playback_offset") is None for cut in second.socket.cuts] == [False, True]


async def test_who_interrupts_is_cancelled(stage: VoiceStage) -> None:
    """The interruption goes on without him."""
    async with stage.voice() as voice:
        stage.socket.answers = False
        await voice.send("first")
        with anyio.CancelScope() as scope:
            scope.cancel()
            await voice.interrupt()
        stage.socket.answers = True
        assert await heard(voice.say("next")) == "NEXT"


async def test_nothing_overtakes_an_interruption(stage: VoiceStage) -> None:
    """Messages of the user's own and the end follow it, though it waits for nobody."""
    async with stage.voice() as voice:
        await voice.send_all("first")
        await voice.clear()
        await voice.message('{"type":"Speak","text":"second"}')
        await voice.clear()
    kind = {"1": "<Cl>", "2": "<In>"}[stage.version]
    assert stage.socket.said == f"first|{kind}second{kind}<Cl>"


async def test_a_text_that_breaks(stage: VoiceStage) -> None:
    """The error of a text's iterator comes out where its sound is taken, and the voice goes on."""

    def broken() -> Iterator[str]:
        yield "half a "
        raise OwnError

    async with stage.voice() as voice:
        with pytest.raises(OwnError):
            await heard(voice.say(broken()))
        assert await heard(voice.say("next")) == "NEXT"


# ── settings ──


async def test_configure(second: VoiceStage) -> None:
    """A voice of the second generation is changed, and another connection is asked for the same."""
    async with second.voice() as voice:
        assert (await voice.configure(speed=1.2)).applied == {"speed": 1.2}
        assert second.remembered == {"speed": 1.2}
        failure = {"type": "ConfigureFailure", "code": "SPEED", "description": "too fast", "field": "speed"}
        second.socket.refuses["Configure"] = failure
        with pytest.raises(DeepgramWebsocketError, match="SPEED too fast"):
            await voice.configure(speed=9)
        for settings in ({}, {"sped": 1}):
            with pytest.raises(DeepgramTypeError, match="speed"):
                await voice.configure(**settings)
    async with VoiceStage("1").voice() as voice:
        with pytest.raises(DeepgramTypeError, match="second generation"):
            await voice.configure(speed=1.2)


# ── connections that are lost ──


async def test_lost_before_the_first_sound(stage: VoiceStage) -> None:
    """The text is said again on another connection, whole and in order, and heard once."""
    async with stage.voice(reconnect=True) as voice:
        assert await heard(voice.say("before")) == "BEFORE"
        first = stage.socket
        first.speaks = False
        got: list[str] = []
        async with anyio.create_task_group() as group:

            async def take() -> None:
                got.append(await heard(voice.say("again and ")))

            group.start_soon(take)
            await settle()
            first.feed(Closed(1006))
            await settle()
            group.start_soon(voice.send_all, "more")
            await stage.time.advance(1)
        await voice.finish()
        events = await rest(voice)

    assert got == ["AGAIN AND "]
    assert stage.socket is not first
    assert stage.socket.said == "again and |more|<Cl>"
    assert sound(events) == "MORE"
    assert voice.reconnects == 1


async def test_lost_behind_the_first_sound(stage: VoiceStage) -> None:
    """Nothing is said twice: the session fails, typed, and says why."""
    got = b""

    async def lose() -> None:
        await settle()
        stage.socket.feed(Binary(b"TE"), Closed(1006))

    async def listen() -> None:
        nonlocal got
        async with stage.voice(reconnect=True) as voice:
            stage.socket.speaks = False
            group.start_soon(lose)
            async for chunk in voice.say("text"):
                got += chunk

    async with anyio.create_task_group() as group:
        with pytest.raises(StreamClosed, match="spoken already") as caught:
            await listen()
    assert got == b"TE"
    assert caught.value.code == 1006
    assert len(stage.sockets) == 1


async def test_lost_in_an_interruption(stage: VoiceStage) -> None:
    """With the connection the abandoned text is gone: it is not said again, and the next one is."""
    async with stage.voice(reconnect=True) as voice:
        first = stage.socket
        first.answers = first.speaks = False
        await voice.send_all("first")
        first.feed(Binary(b"FI"))
        async with anyio.create_task_group() as group:
            group.start_soon(voice.interrupt)
            await settle()
            first.feed(Closed(1011))
            await stage.time.advance(1)
            await voice.interrupt()
        assert await heard(voice.say("next")) == "NEXT"
        assert "first" not in stage.socket.said


async def test_interrupted_without_a_connection(stage: VoiceStage) -> None:
    """What waits for another connection is not said any more."""
    async with stage.voice(reconnect=True) as voice:
        first = stage.socket
        first.speaks = False
        await voice.send_all("first")
        first.feed(Closed(1006))
        await stage.time.advance(0)
        await voice.interrupt()
        async with anyio.create_task_group() as group:
            group.start_soon(stage.time.advance, 1)
            assert await heard(voice.say("next")) == "NEXT"
        assert stage.socket.said == "next|"


async def test_lost_for_good(stage: VoiceStage) -> None:
    """Without another connection whoever waits is told, and so is who leaves; behind that nothing can be said."""
    told: list[Exception] = []

    async def wait(voice: AsyncVoice) -> None:
        try:
            await voice.flush()
        except (StreamClosed, SessionEnded) as error:
            told.append(error)

    async def speak() -> None:
        async with stage.voice() as voice:
            stage.socket.speaks = False
            await voice.send("Hi")
            async with anyio.create_task_group() as group:
                group.start_soon(wait, voice)
                await settle()
                stage.socket.feed(Closed(1008, "DATA-0001"))
            with pytest.raises(SessionEnded, match="2,400"):
                await voice.send("more")
            assert [event.type for event in left(voice)][-2:] == ["Error", "Close"]

    with suppress(StreamClosed):  # who waited may have been told already
        await speak()
    assert len(told) == 1


async def test_lost_while_it_ends(stage: VoiceStage) -> None:
    """When all was spoken it makes no difference how the connection ends."""
    async with stage.voice(reconnect=True) as voice:
        await voice.send_all("Hi")
        await voice.flush()
        stage.socket.closes = False
        await voice.close_stream()
        stage.socket.feed(Closed(1006))
        assert sound(await rest(voice)) == "HI"
    assert len(stage.sockets) == 1


async def test_what_cannot_be_kept(stage: VoiceStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """More text than is kept cannot be said again; when it is spoken all is as before."""
    monkeypatch.setattr("dgasync.protocol.saying.VOICE_TEXT", 100)
    async with stage.voice(reconnect=True) as voice:
        assert await heard(voice.say("a" * 200)) == "A" * 200
        stage.socket.feed(Closed(1006))
        await stage.time.advance(10)
        assert await heard(voice.say("b")) == "B"

    async def speak() -> None:
        async with stage.voice(reconnect=True) as voice:
            stage.socket.speaks = False
            await voice.send("a" * 200)
            stage.socket.feed(Closed(1006))
            await voice.flush()

    with pytest.raises((StreamClosed, SessionEnded), match="than is kept"):
        await speak()


# ── who takes the sound ──


async def test_a_slow_listener(stage: VoiceStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When much waits no more is read until somebody comes; nothing is lost, and nobody takes it for a dead line."""
    monkeypatch.setattr("dgasync.protocol.backlog.MAX_EVENT_BYTES", 2000)
    async with stage.voice() as voice:
        socket = stage.socket
        socket.answers_pings = False
        socket.feed(*(Binary(b"x" * 100) for _ in range(100)))
        await stage.time.advance(60)
        assert 8 <= voice.waiting <= 12
        got = 0
        async with anyio.create_task_group() as group:

            async def take() -> None:
                nonlocal got
                async for chunk in voice.audio():
                    got += len(chunk)

            group.start_soon(take)
            await settle()
            await voice.finish()
    assert got == 10_000


async def test_nobody_takes_the_sound(stage: VoiceStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for what comes behind it is told, and does not wait for ever."""
    monkeypatch.setattr("dgasync.protocol.backlog.MAX_EVENT_BYTES", 2000)

    async def pass_time() -> None:
        while True:
            await stage.time.advance(1)

    async def leave() -> None:
        async with stage.voice() as voice:
            await voice.send("Hi")
            stage.socket.feed(*(Binary(b"x" * 100) for _ in range(100)))

    async with anyio.create_task_group() as group:
        group.start_soon(pass_time)
        with pytest.raises(ConsumerTooSlow):
            await leave()
        group.cancel_scope.cancel()


# ── its end ──


async def test_an_error_of_the_body(stage: VoiceStage) -> None:
    """It closes the session at once, and comes out as it is."""

    async def fail() -> None:
        async with stage.voice() as voice:
            await voice.send("Hi")
            raise OwnError

    with pytest.raises(OwnError):
        await fail()
    assert stage.socket.closed_with == 1000
    assert CLOSE not in stage.socket.sent


async def test_cancelled(stage: VoiceStage) -> None:
    """A cancelled voice closes its socket, whatever it was about to say."""
    with anyio.CancelScope() as scope:
        async with stage.voice() as voice:
            stage.socket.on_send = lambda frame: stage.socket.feed(Binary(b"H"))
            async for _ in voice.say("Hi"):
                scope.cancel()
    assert stage.socket.closed_with == 1000


async def test_the_word_close(stage: VoiceStage) -> None:
    """To say it ends nothing; the message does."""
    async with stage.voice() as voice:
        await voice.message('{"type":"Speak","text":"Close"}')
        await voice.message('{"type":"Speak","text":"Clear"}')
        await voice.message(FLUSH)
        assert await voice.flush() == "spoken"
        await voice.message(CLOSE)
        with pytest.raises(SessionEnded):
            await voice.send("more")


async def test_before_it_is_open(stage: VoiceStage) -> None:
    """Nothing can be said before it is entered."""
    voice = stage.voice()
    for act in (voice.send("Hi"), voice.flush(), voice.interrupt(), heard(voice.say("Hi"))):
        with pytest.raises(SessionEnded):
            await act
    assert repr(voice) == "<AsyncVoice connecting, 0 events waiting>"
