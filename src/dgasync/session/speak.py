"""A text is spoken while it comes in: one session of the websocket `/v1/speak` or `/v2/speak`.

```
text ── words ── script ──► the service ── sound ──► who takes it
                                         ✂ interrupt: what comes up to its answer is dropped, and so is what waits
```
`session.core` has its life; `protocol.saying` knows what is still to be spoken; `session.script` says it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Literal

import anyio
import msgspec

from dgasync.clip import Clip, Form
from dgasync.errors import (
    DecodeError,
    DeepgramConnectionError,
    DeepgramTypeError,
    DeepgramWebsocketError,
    SessionEnded,
    Timeout,
)
from dgasync.limits import MAX_ANSWER, READ_AHEAD, SPEAK_TEXT, VOICE_SILENCE
from dgasync.models.events import AudioData
from dgasync.models.metrics import VoiceMetrics
from dgasync.models.names import unknown
from dgasync.models.speak_live import (
    ClearedResponse,
    FlushedResponse,
    SessionMetadata,
    SpeechInterrupted,
    SpeechMetadata,
    VoiceConfigured,
    VoiceNotConfigured,
    WarningResponse,
    decode_message,
)
from dgasync.models.speak_live_params import VoiceSettings
from dgasync.protocol.live import Live, Phase
from dgasync.protocol.saying import Retell, Saying, Words, kind_of, pieces
from dgasync.protocol.sound import byte_rate
from dgasync.protocol.tape import Replay
from dgasync.session.core import Core
from dgasync.session.question import Question, refusal
from dgasync.session.recital import Era, Recital, Tokens, tokens
from dgasync.session.script import Script
from dgasync.session.sources import in_thread, pull
from dgasync.transport.seam import Binary, Closed

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from dgasync.audio import Pull
    from dgasync.models.speak_live import SpeakEvent
    from dgasync.transport.seam import Frame, Socket, Transport

__all__ = ["AsyncSound", "AsyncVoice", "Tokens"]

FORM = Form("linear16", "none", 24_000)
"""How the sound is written down unless it is asked for in another way."""

_FLUSH = '{"type":"Flush"}'
_CLEAR = '{"type":"Clear"}'
_INTERRUPT = '{"type":"Interrupt"}'
_SETTINGS = frozenset(VoiceSettings.__annotations__)
_ADVICE = (
    f"A voice of /v1/speak takes {SPEAK_TEXT:,} characters in a message, and 2,400 in a minute (docs, limits of the "
    "websocket); the text may be too long or come too fast."
)


class AsyncVoice(Core["SpeakEvent"]):
    """A voice that speaks while its text comes in: text in, sound out.

    Nothing happens before it is entered, and once it is left everything is closed. It is entered once.

        async with deepgram.voice(model="aura-2-thalia-en") as voice:
            async for chunk in voice.say("Hello."): ...

    `say` is all that most need. Beneath it, `send` and `send_all` give text, `flush` has it spoken to the end, and
    `audio()` gives the sound; or iterate over the voice itself, which gives everything that happens.

    `interrupt` abandons what is being spoken, for instance because the user speaks: nothing of it is given any more,
    be it on its way or waiting here.

    A connection that is lost is replaced by another one while nothing is spoken, or before the first sound of a text:
    then the text is said again. Behind that the session fails, for half of it would be heard twice. The service ends
    any session after an hour.

    Who takes the sound may be slow: when much waits, no more is read until he comes, and the service waits too.
    Leaving the voice waits for the sound of all that was said; an error of the body closes it at once and comes out as
    it is. A session that has failed raises what it failed with, once: where its events are taken, or on leaving.

    Made by `AsyncDeepgramClient.voice`, which explains the options.
    """

    _kind = "voice"

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        *,
        version: Literal["1", "2"] = "1",
        reconnect: Callable[[], Awaitable[Socket]] | None = None,
        remember: Callable[[VoiceSettings], object] = bool,
        keep_raw: bool = True,
        auto_flush: float | None = None,
        form: Form = FORM,
        model: str | None = None,
    ) -> None:
        saying = self._saying = Saying()
        machine = Live(
            keeps_alive=False,
            reconnect=Retell(saying) if reconnect is not None else None,
            farewell="Close",
            rest="the last sounds",
            advice=_ADVICE,
        )
        script = Script(machine, saying, is_renewed=reconnect is not None)
        super().__init__(transport, connect, reconnect, machine, script)
        self._script = script
        self._is_second = version == "2"
        self._remember = remember  # takes what another connection is to be asked for
        self._keep_raw = keep_raw
        self._auto_flush = auto_flush
        self._form = form
        self._asked_for = model
        self._said_at: float | None = None  # when there was text the last time, if that is to be flushed
        self._connection = 0
        self._era = Era()
        self._reciting: anyio.Event | None = None  # until a text is sent to its end
        self._heard_at = 0.0
        self._news: anyio.Event | None = None  # for those who wait for an answer
        self._asked = 0  # interruptions that are not answered
        self._hushing: anyio.Event | None = None  # until the last of them is on its way
        self._insists = False  # there was no sound to be interrupted; as soon as there is, it is
        self._cut: SpeechInterrupted | None = None
        self._untaken: int | None = None  # events that waited the last time, if none of them was taken
        self._question: Question[VoiceConfigured | VoiceNotConfigured] = Question()
        # What only `metrics` tell.
        self._begun_at: dict[int, float] = {}  # turns that are not over, and when their text began
        self._sounding = 0  # the last one that has begun to sound
        self._first_byte: float | None = None
        self._characters = self._sounded = self._interruptions = 0

    # ── what the service says ──

    def _understood(self, frame: Frame) -> SpeakEvent | None:
        machine = self._machine
        if type(frame) is Closed:
            self._gone(frame)
            return None
        if machine.outcome is not None:
            return None  # it was given up, and this is too late
        machine.watch.heard += 1
        now = self._heard_at = self._clock.now()
        event: SpeakEvent
        if type(frame) is Binary:
            turn = self._saying.sound()
            event = AudioData(data=bytes(frame))
            if turn:
                self._sounds(turn, len(event.data))
            else:
                self._still_speaks()
        else:
            said: Any = frame  # bytes or a text
            event = decode_message(said, self._connection, self._keep_raw)
            turn = self._turn_over(event)
        if turn:
            vars(event)["_turn"] = turn
        if machine.phase is Phase.DRAINING:
            machine.heard(now, last=type(event) is SessionMetadata)
        if type(event) is AudioData:
            return event if turn else None
        self._tell_news()
        if self._telemetry is not None:
            self._telemetry.told(event)
        return event

    def _sounds(self, turn: int, size: int) -> None:
        self._sounded += size
        if turn <= self._sounding:
            return
        self._sounding = turn
        begun_at = self._begun_at.get(turn)
        if begun_at is not None:
            self._first_byte = self._heard_at - begun_at
            if self._telemetry is not None:
                self._telemetry.took("time_to_first_byte", self._first_byte)
                self._telemetry.count(self.metrics)

    def _turn_over(self, event: object) -> int:
        """Which turn an event ends, 0 for none."""
        saying, kind = self._saying, type(event)
        if kind is SpeechMetadata or (kind is FlushedResponse and not self._is_second):
            if self._insists and not self._asked:
                return self._silenced()  # it was over before there was anything to be interrupted
            if not saying.stale:
                self._machine.works()
            self._begun_at.pop(saying.over + 1, None)
            return saying.turn_over()
        if kind is ClearedResponse or kind is SpeechInterrupted:
            self._cut = event if isinstance(event, SpeechInterrupted) else None
            return self._silenced()
        if isinstance(event, WarningResponse):
            return self._warned(event.code)
        self._question.hear(event)
        return 0

    def _warned(self, code: str | None) -> int:
        saying = self._saying
        if code == "EXCESSIVE_FLUSH":
            saying.not_flushed()
        elif code == "NO_ACTIVE_SPEECH":
            return self._silenced() if saying.stale else saying.turn_over()
        elif saying.stale and code == "NO_AUDIO_GENERATED":
            self._asked, self._insists = 0, True
            if saying.was_open:
                # Else it would begin to speak whenever it likes.
                self._assist(self._mutter, _FLUSH)
        elif saying.stale and code == "INVALID_INTERRUPT_OFFSET":
            self._asked = 1
            self._assist(self._mutter, _INTERRUPT)
        return 0

    def _still_speaks(self) -> None:
        """There is sound of what was abandoned."""
        if self._insists and not self._asked:
            self._asked = 1
            self._assist(self._mutter, _INTERRUPT)

    async def _mutter(self, message: str) -> None:
        """Say something that is no part of any turn."""
        with suppress(DeepgramConnectionError):  # whoever reads learns of it
            await self._line.out(message, 0)

    def _silenced(self) -> int:
        self._asked, self._insists = 0, False
        return self._saying.silenced()

    def _gone(self, end: Closed) -> None:
        saying, machine = self._saying, self._machine
        self._asked, self._insists = 0, False
        if machine.phase is Phase.DRAINING and saying.is_idle:
            machine.heard(self._clock.now(), last=True)  # nothing is missing, however it ends
        self._lost(end.code, end.reason)
        self._question.drop()
        saying.lost()
        self._tell_news()

    def _resumed(self, socket: Socket) -> tuple[int, Replay]:
        self._connection += 1
        self._script.renew(socket)
        return self._connection, Replay(0.0, 0.0)

    def _begin(self) -> None:
        self._heard_at = self._clock.now()

    def _let_go(self) -> None:
        self._question.drop()
        self._tell_news()

    def _tell_news(self) -> None:
        if self._news is not None:
            self._news.set()
            self._news = None

    async def _read_one(self, receive: Callable[[], Awaitable[Frame]]) -> None:
        backlog = self._backlog
        if not backlog.is_full or (self._needed and len(backlog) == self._untaken):
            await super()._read_one(receive)
            if self._untaken is not None:
                self._untaken = len(backlog)
            return
        # The service is to wait, as it does for a slow network.
        waiting = len(backlog)
        await self._clock.sleep(READ_AHEAD)
        # Who waits for what is behind would wait for ever where nobody takes what is before it.
        self._untaken = waiting if len(backlog) >= waiting else None
        self._machine.watch.heard += 1  # it is this side that is silent
        self._heard_at = self._clock.now()
        if self._machine.phase is Phase.DRAINING:
            self._machine.heard(self._heard_at)

    # ── what is said ──

    async def send(self, text: str, /) -> None:
        """Return when the network has taken a part of the text; the voice begins when it has a sentence, or a `flush`.

        A long text goes in pieces of whole sentences, or of whole words. What `interrupt` abandons meanwhile is not
        sent any more; behind it the next text waits until the voice is silent. An empty text is dropped.

        Raises:
            DeepgramTypeError: it is no text.
            SessionEnded: the session is over, or `finish` was called.
            Timeout: the service did not become silent.
        """
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
            raise DeepgramTypeError(f"A voice is given text; got {type(text).__name__}.")
        await self._speak(text, await self._silent())

    async def send_all(self, source: Tokens, /, *, flush: bool = True) -> None:
        """Send a text as it comes, to its end.

        Its parts may begin and end anywhere, such as the tokens of a language model: they go out as whole words. When
        `interrupt` abandons the text, the rest of it is not sent.

        Args:
            source: the text, or an iterator of its parts, plain or asynchronous; a plain one may block.
            flush: whether that is all for now: then it is spoken to its end, for which `flush()` would wait.

        Raises:
            DeepgramTypeError: a source of no use.
            SessionEnded: the session is over, or `finish` was called.
            Timeout: the service did not become silent.
        """
        await self._recite(source, await self._silent(), pull, flush=flush)

    async def flush(self) -> Literal["spoken", "interrupted", "nothing"]:
        """Return when all text so far is spoken: its sound has come, though it may not have been taken yet.

        Raises:
            Timeout: the service said nothing for `VOICE_SILENCE`.
            DeepgramWebsocketError: it does not take more Flush messages at the moment.
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        if not self.is_open:
            raise self._refusal()
        saying, era = self._saying, await self._silent()
        if saying.is_open:
            await self._say(_FLUSH)
        turn = saying.asked
        if saying.over >= turn:
            return "nothing"
        await self._answered(lambda: saying.over >= turn or saying.asked < turn, "what was to be spoken")
        if saying.asked < turn:
            raise _too_often(self.request_id)
        return "interrupted" if era.is_over else "spoken"

    async def interrupt(self, *, played: float | None = None) -> SpeechInterrupted | None:
        """Abandon all text so far, and return when the voice is silent: what it said of that, if it says such things.

        From the call on, nothing of it is given any more: what waits here is dropped, and what still comes.

        Args:
            played: seconds of the session's sound that were played, if known; voices of the second generation then
                tell the part of the text that was heard.

        Raises:
            Timeout: the service said nothing for `VOICE_SILENCE`.
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        self._clear(played)
        await self._silent()
        return self._cut

    async def clear(self) -> None:
        """What `interrupt` does, without waiting until the voice is silent; the next text waits for that.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        self._clear(None)

    async def configure(self, **settings: Unpack[VoiceSettings]) -> VoiceConfigured:
        """Change how the voice speaks from now on, and return what holds then; only those of the second generation.

        Args:
            settings: `speed`.

        Raises:
            DeepgramTypeError: a setting that there is not, none at all, or a voice that cannot be changed.
            DeepgramWebsocketError: the service refused it.
            Timeout: it did not answer for `CONFIGURE_TIMEOUT`.
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        for name in settings:
            if name not in _SETTINGS:
                raise unknown(name, _SETTINGS, "configure()")
        if not self._is_second or settings.get("speed") is None:
            raise DeepgramTypeError("configure() takes `speed`, of a voice of the second generation (`flux-...`).")
        with self._reading():
            answer = await self._question.ask(
                lambda: self._say(_encoded(type="Configure", **settings)),
                (VoiceConfigured, VoiceNotConfigured),
                self._clock,
                "a Configure",
            )
        if isinstance(answer, VoiceNotConfigured):
            raise refusal(answer.code, answer.description, self.request_id)
        if answer is None and self._is_over:
            self._tell()
            raise self._refusal()
        if answer is None:
            raise DeepgramWebsocketError(
                "The connection was lost before the service answered a Configure: try again.",
                request_id=self.request_id,
            )
        self._remember(settings)
        return answer

    async def finish(self) -> None:
        """Return when everything is spoken: what is left goes out, Close behind it, and the service says the rest.

        Raises:
            StreamClosed: the connection was lost, before or meanwhile, or the service does not end; sound is missing.
            SessionEnded: the session is not open yet.
        """
        await super().finish()

    async def close_stream(self) -> None:
        """Say that no more text comes, and do not wait for the last sounds.

        Raises:
            SessionEnded: the session is not open yet.
        """
        await super().close_stream()

    async def message(self, text: str, /) -> None:
        """Send a message of the service's own protocol, in its turn.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            Timeout: the service did not become silent.
        """
        kind = kind_of(text)
        if kind in ("Clear", "Interrupt"):
            if not self.is_open:
                raise self._refusal()
            self._abandon(text)
            return
        if kind != "Close":
            await self._silent()  # else an interruption before it could abandon it, or one behind it could not
        await super().message(text)

    def _is_farewell(self, message: str) -> bool:
        return kind_of(message) == "Close"

    async def _recite(
        self, source: Tokens, era: Era, pull: Pull, *, flush: bool, recital: Recital | None = None
    ) -> None:
        """Send a text to its end; those before it go first, unless they are abandoned."""
        while self._reciting is not None:
            await self._reciting.wait()
        if era.is_over:
            return
        over = self._reciting = anyio.Event()
        if recital is not None:
            recital.turn = self._saying.asked + 1
        words = Words()
        try:
            async with aclosing(tokens(source, pull)) as parts:
                async for token in parts:
                    if era.is_over:
                        return
                    self._text_begins(token)
                    await self._speak(words.feed(token), era)
            await self._speak(words.end(), era)
            # Where its sound is waited for, also if there was no text: then the answer is the end.
            if not era.is_over and (recital is not None or (flush and self._saying.is_open)):
                await self._say(_FLUSH)
        finally:
            if self._reciting is over:
                self._reciting = None
            over.set()

    def _text_begins(self, text: str) -> None:
        if text and self._is_live:
            self._begun_at.setdefault(self._saying.asked + 1, self._clock.now())

    async def _speak(self, text: str, era: Era) -> None:
        for piece in pieces(text):
            if era.is_over:
                return
            self._text_begins(piece)
            await self._say(_encoded(type="Speak", text=piece))
            self._characters += len(piece)
        if text and self._auto_flush is not None:
            waits, self._said_at = self._said_at is not None, self._clock.now()
            if not waits:
                self._assist(self._flush_later, self._auto_flush)

    async def _flush_later(self, delay: float) -> None:
        """Say that it was all when no text has come for a while."""
        while self._said_at is not None and (rest := self._said_at + delay - self._clock.now()) > 0:
            await self._clock.sleep(rest)
        self._said_at = None
        if self._saying.is_open and not self._saying.stale:
            with suppress(SessionEnded):
                await self._say(_FLUSH)

    async def _write_close(self, message: str | None) -> bool:
        if self._hushing is not None:
            await self._hushing.wait()
        if self._saying.is_open:
            with suppress(DeepgramConnectionError):  # the socket has the reason for who reads
                await self._line.say(_FLUSH)
        return await super()._write_close(message)

    def _clear(self, played: float | None) -> None:
        if not self.is_open:
            raise self._refusal()
        message = _CLEAR
        if self._is_second:
            offset = None if played is None else {"type": "time_ms", "value": round(played * 1000)}
            message = _encoded(type="Interrupt", playback_offset=offset)
        self._abandon(message)

    def _abandon(self, message: str) -> None:
        """Drop what was said up to now, and have the service do so, whoever waits for that."""
        self._era.is_over = True
        self._era = Era()
        if self._reciting is not None:  # whatever it waits for, the next text need not
            self._reciting.set()
            self._reciting = None
        self._backlog.discard(lambda event: type(event) is AudioData)
        if self._saying.stale:
            return
        self._interruptions += 1
        self._begun_at.clear()
        self._cut = None
        self._saying.hush()
        if self._line.socket is None:
            self._saying.lost()  # the next connection need not know
        else:
            self._asked = 1
            self._hushing = anyio.Event()
            self._assist(self._hush, message, self._hushing)

    async def _hush(self, message: str, is_out: anyio.Event) -> None:
        try:
            await self._write(message)
        finally:
            is_out.set()

    async def _silent(self) -> Era:
        """Return when nothing of what was abandoned can come any more."""
        if self._saying.stale:
            await self._answered(lambda: not self._saying.stale, "the interruption")
        return self._era

    async def _answered(self, is_it: Callable[[], bool], what: str) -> None:
        """Return when it is so."""
        clock, since = self._clock, self._clock.now()
        with self._reading():
            while not is_it():
                if self._is_over:
                    self._tell()
                    raise self._refusal()
                rest = max(since, self._heard_at) + VOICE_SILENCE - clock.now()
                if self._machine.phase is Phase.RECONNECTING:
                    rest = VOICE_SILENCE
                elif rest <= 0:
                    raise Timeout(
                        f"The service said nothing of {what} for {VOICE_SILENCE:g} s.", request_id=self.request_id
                    )
                if self._news is None:
                    self._news = anyio.Event()
                news = self._news
                with clock.move_on_after(rest):
                    await news.wait()

    # ── what the user gets ──

    def say(self, text: Tokens, /) -> AsyncSound:
        """The sound of a text, while it is made: `async for chunk in voice.say("Hello.")`.

        Args:
            text: the text, or an iterator of its parts, as `send_all` takes it; it is sent in the background, from
                where the sound is first asked for.

        Returns:
            Chunks of raw audio. They end with the sound of the text, or when `interrupt` abandons it. An error of the
            iterator comes out here, and what was spoken until then is abandoned.

        Raises:
            DeepgramTypeError: a source of no use.
        """
        if not isinstance(text, (str, Iterable, AsyncIterable)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeepgramTypeError(f"A voice is given text, or an iterator of texts; got {type(text).__name__}.")
        return AsyncSound(self, self._form, Recital(text, self._begin_to_recite))

    def audio(self) -> AsyncSound:
        """All sound and nothing else: `async for chunk in voice.audio()`, up to the end of the session. Each event is
        taken once, so iterate over one or the other.
        """
        return AsyncSound(self, self._form)

    @property
    def metrics(self) -> VoiceMetrics:
        """How it is doing, in numbers: how soon it speaks, what it was given and gave, what waits."""
        rate = byte_rate(self._form._asdict()) if self._form.container == "none" else None
        return VoiceMetrics(
            waiting=len(self._backlog),
            time_to_first_byte=self._first_byte,
            sent_characters=self._characters,
            sound_bytes=self._sounded,
            sound_seconds=self._sounded / rate if rate else None,
            spoken=self._saying.over,
            interruptions=self._interruptions,
            reconnects=self._connection,
        )

    def _model(self) -> str | None:
        return self._asked_for

    @property
    def reconnects(self) -> int:
        """How often a lost connection was replaced."""
        return self._connection

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._machine.phase.value}, {len(self._backlog)} events waiting>"

    async def _begin_to_recite(self, recital: Recital) -> None:
        """Have a text sent, for somebody who waits for its sound."""
        era = recital.era = await self._silent()
        if not self.is_open:
            raise self._refusal()
        self._assist(self._pump, recital, era)

    async def _pump(self, recital: Recital, era: Era) -> None:
        try:
            await self._recite(recital.text, era, in_thread, flush=True, recital=recital)
        except SessionEnded:
            pass  # the events say how
        except Exception as error:  # of the user's own
            recital.failure = error
            with suppress(SessionEnded):
                self._clear(None)


class AsyncSound:
    """The sound of a text, or of a whole session, in chunks as they come: raw audio, encoded as the voice was asked to.

    A session that fails gives what came before it raises.
    """

    def __init__(self, voice: AsyncVoice, form: Form, recital: Recital | None = None) -> None:
        self._voice = voice
        self._form = form
        self._recital = recital
        self._is_over = recital is not None and recital.text == ""

    async def read(self) -> Clip:
        """What is left of the sound at once, when all of it has come: bytes, which a notebook plays.

        Raises:
            DecodeError: it is longer than `MAX_ANSWER`.
        """
        parts = bytearray()
        async for chunk in self:
            parts += chunk
            if len(parts) > MAX_ANSWER:
                raise DecodeError(
                    f"The sound is longer than {MAX_ANSWER} bytes; take it in chunks.",
                    request_id=self._voice.request_id,
                )
        return Clip(parts, **self._form._asdict())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        recital = self._recital
        if recital is not None and recital.era is None and not self._is_over:
            await recital.begin(recital)
        while not (self._is_over or (recital is not None and recital.is_cut)):
            try:
                event = await self._voice.__anext__()
            except StopAsyncIteration:
                break
            if recital is None or recital.has_come_to(event):
                if type(event) is AudioData:
                    return event.data
                self._is_over = recital is not None
            elif isinstance(event, WarningResponse) and event.code == "EXCESSIVE_FLUSH" and recital.turn is not None:
                self._is_over = True
                raise _too_often(self._voice.request_id)
        self._is_over = True
        if recital is not None and recital.failure is not None:
            failure, recital.failure = recital.failure, None
            raise failure
        raise StopAsyncIteration

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._voice!r}>"


def _encoded(**message: object) -> str:
    return msgspec.json.encode({name: value for name, value in message.items() if value is not None}).decode()


def _too_often(request_id: str | None) -> DeepgramWebsocketError:
    return DeepgramWebsocketError(
        "The service took no notice of a Flush, for there were too many in a minute: have longer texts spoken at once.",
        request_id=request_id,
    )
