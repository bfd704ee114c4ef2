"""A conversation with a voice agent, the websocket `/v1/agent/converse`.

```
the user's voice ──► the service ──► what the agent says, as text and as audio
                        │  ▲
                        ▼  │ a call, and its answer, while everything else goes on
                     functions (session.calls)
```
`session.core` has its life, and what comes back; `session.audio` the ways in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from dgasync.errors import DeepgramTypeError, DeepgramWebsocketError, StreamClosed, Timeout
from dgasync.limits import (
    AGENT_KEEP_ALIVE,
    CLOSE_TIMEOUT,
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    SETTINGS_TIMEOUT,
)
from dgasync.models.agent import (
    AgentStartedSpeakingResponse,
    AudioData,
    ConversationTextResponse,
    FunctionCall,
    FunctionCallRequest,
    History,
    HistoryCall,
    ListenUpdated,
    PromptUpdated,
    SettingsAppliedResponse,
    SpeakUpdated,
    ThinkUpdated,
    UserStartedSpeakingResponse,
    WelcomeResponse,
    decode_message,
)
from dgasync.models.agent_forms import as_part
from dgasync.models.events import Error
from dgasync.models.metrics import AgentMetrics
from dgasync.protocol.functions import announced, on_this_side, written
from dgasync.protocol.live import Live
from dgasync.session.audio import AudioCore
from dgasync.session.calls import Calls
from dgasync.session.line import Line
from dgasync.session.question import Question
from dgasync.transport.seam import Binary, Closed

if TYPE_CHECKING:
    from typing_extensions import Self

    from dgasync.audio import Audio
    from dgasync.models.agent import AgentEvent, AgentMessage
    from dgasync.models.agent_settings import Listen, Speak, Think
    from dgasync.protocol.functions import Callee
    from dgasync.transport.seam import Frame, Socket, Transport

__all__ = ["AsyncAgentAudio", "AsyncAgentSession"]


class AsyncAgentSession(AudioCore["AgentEvent"]):
    """A conversation with a voice agent: audio both ways, and events.

    Nothing happens before it is entered, and once it is left everything is closed. It is entered once; by then the
    service has applied the settings. Events may be taken from it in one task while another one sends. `AudioData` is
    what the agent says: when the user begins to speak, what of it is still waiting here is dropped, and what was handed
    to a loudspeaker is for you to drop (`UserStartedSpeakingResponse` tells when). `audio()` gives the audio alone.

    The agent hears the end of a turn by the silence behind it, so go on sending while nobody speaks. Where nothing is
    sent, KeepAlive messages keep the connection. The service ends each conversation after two hours (docs, "Agent Keep
    Alive").

    Functions that were given are called when the agent wants it, in tasks of the session's own (plain ones in worker
    threads), and what they return is its answer, a `str` as it is, all else as JSON. What they raise is told to the
    agent, and is an `Error` event here. `FunctionCallRequest` events come all the same.

    A connection that is lost is the end, for the agent forgets the conversation: `StreamClosed`. To go on with another
    one, tell it the history: `settings.agent.context.messages = session.history`.

    Leaving it hangs up, once what waits was sent; an error of the body closes it at once and comes out as it is. A
    session that has failed raises what it failed with, once: where its events are taken, from `finish`, or on leaving.

    Made by `AsyncDeepgramClient.agent`, which explains the options.
    """

    _kind = "agent"

    def __init__(
        self,
        transport: Transport,
        connect: Callable[[], Awaitable[Socket]],
        settings: Mapping[str, Any],
        *,
        functions: Mapping[str, Callee] | None = None,
        by_hand: frozenset[str] | None = frozenset(),
        function_timeout: float | None = None,
        keeps_alive: bool = True,
        strict: bool = True,
        keep_raw: bool = True,
    ) -> None:
        machine = Live(
            keeps_alive=keeps_alive,
            keep_alive=AGENT_KEEP_ALIVE,
            farewell=None,
            advice="Are the settings such as the service takes, and does `audio.input` fit the audio?",
            may_be_silent=True,
        )
        # What the service takes the audio for when it is not told (official description).
        sound: dict[str, Any] = {"encoding": "linear16", "sample_rate": 24000, **(settings["audio"].get("input") or {})}
        super().__init__(transport, partial(self._greeted, connect), None, machine, Line(machine, None), sound)
        self._settings = _text(settings)
        self._functions = functions or {}
        self._calls = Calls(self._functions, by_hand, function_timeout)
        self._strict = strict
        self._keep_raw = keep_raw
        self._early: list[Frame] = []  # what came before the settings were applied
        self._told: deque[History] = deque(maxlen=MAX_EVENTS)
        self._said: deque[History] = deque(maxlen=MAX_EVENTS)
        self._interruptions = 0
        self._question: Question[_Updated | Error] = Question()
        # What only `metrics` tell.
        self._asked_at: float | None = None  # when the user had spoken, if there was no sound since
        self._first_byte: float | None = None
        self._last_answer = AgentStartedSpeakingResponse()
        self._answers = self._sounded = 0

    # ── how it begins ──

    def _begin(self) -> None:
        self._calls.begin(self._clock)

    async def _greeted(self, connect: Callable[[], Awaitable[Socket]]) -> Socket:
        """A connection on which the agent is what the settings say: only then is it open, and audio goes out."""
        socket = await connect()
        try:
            with self._clock.move_on_after(SETTINGS_TIMEOUT):
                await socket.send(self._settings)
                await self._applied(socket)
                return socket
            raise Timeout(
                f"The service did not apply the settings for {SETTINGS_TIMEOUT:g} s.",
                request_id=socket.headers.get("dg-request-id"),
            )
        except BaseException:
            with self._clock.move_on_after(CLOSE_TIMEOUT, shield=True):
                await socket.close()
            raise

    async def _applied(self, socket: Socket) -> None:
        request_id = socket.headers.get("dg-request-id")
        size = 0
        while size <= MAX_EVENT_BYTES:
            frame = await socket.receive()
            if isinstance(frame, Closed):
                said = f"{frame.code}: {frame.reason}" if frame.reason else str(frame.code)
                raise StreamClosed(
                    f"The service ended the session ({said}) before it had applied the settings.",
                    frame.code,
                    frame.reason,
                    request_id=request_id,
                )
            self._early.append(frame)
            size += len(frame)
            if isinstance(frame, Binary):
                continue
            event = decode_message(frame)
            request_id = request_id or event.request_id
            if isinstance(event, SettingsAppliedResponse):
                return
            if isinstance(event, Error):
                said = _reason(event)
                raise DeepgramWebsocketError(f"The service did not apply the settings: {said}.", request_id=request_id)
        raise DeepgramWebsocketError(
            "The service did not apply the settings, and says too much.", request_id=request_id
        )

    def _listen(self, socket: Socket) -> None:
        for frame in self._early:
            event = self._understood(frame)
            if event is not None:
                self._put(event)
        self._early.clear()
        super()._listen(socket)

    # ── what the service says ──

    def _understood(self, frame: Frame) -> AgentEvent | None:
        machine = self._machine
        if isinstance(frame, Closed):
            self._lost(frame.code, frame.reason)
            return None
        if machine.outcome is not None:
            return None  # it was given up, and this is too late
        machine.watch.heard += 1
        if isinstance(frame, Binary):
            self._sounds(len(frame))
            return AudioData(data=bytes(frame))
        event = decode_message(frame, 0, self._keep_raw)
        self._heed(event)
        return event

    def _sounds(self, size: int) -> None:
        self._sounded += size
        if self._asked_at is not None:
            self._first_byte, self._asked_at = self._clock.now() - self._asked_at, None
            self._answers += 1
            if self._telemetry is not None:
                self._telemetry.took("time_to_first_byte", self._first_byte)
                self._telemetry.count(self.metrics)

    def _heed(self, event: AgentMessage) -> None:
        if isinstance(event, UserStartedSpeakingResponse):
            self._interruptions += 1
            self._drop_audio()
        elif isinstance(event, ConversationTextResponse):
            self._said.append(History(role=event.role, content=event.content))
            if event.role == "user":
                self._asked_at = self._clock.now()
        elif isinstance(event, History):
            self._told.append(event)
        elif isinstance(event, FunctionCallRequest):
            for call in event.calls:
                if self._calls.takes(call):
                    self._assist(self._call, call)
        elif isinstance(event, AgentStartedSpeakingResponse):
            self._last_answer = event
            if self._telemetry is not None:
                self._telemetry.took("latency", event.total_latency)
        elif isinstance(event, WelcomeResponse):
            self._machine.request_id = self._machine.request_id or event.request_id
        else:
            self._question.hear(event)
            if self._telemetry is not None:
                self._telemetry.told(event)

    def _drop_audio(self) -> None:
        """What the agent was saying is not wanted any more."""
        self._backlog.discard(_is_audio)

    def _let_go(self) -> None:
        self._question.drop()

    async def _call(self, call: FunctionCall) -> None:
        content, error = await self._calls.answer(call)
        if error is not None:
            self._put(Error.of(error))
        # Not by `respond`: where it cannot be sent any more, nobody here is told thereby.
        message, answer = _answer(call, written(content))
        self._said.append(answer)  # before what the agent says to it
        await self._inbox.in_turn(lambda: self._write(message))

    # ── what is said ──

    async def send_all(self, source: Audio, /, *, finish: bool = False, realtime: bool = False) -> None:
        """Send audio to its end, from wherever it comes.

        Args:
            source: bytes, a path, an http(s) URL, an open binary file, an iterator of bytes (plain or async), or the
                documents' form. What is at a URL is fetched from here, not by the service, and sent on as it comes.
            finish: whether to hang up behind the last byte; else the conversation goes on.
            realtime: send it at the speed of its own time, as if it were spoken now: raw audio whose settings say how
                it is encoded, or a WAV file.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: a source of no use, or one that cannot be played at its own speed.
            DeepgramConnectionError: the URL cannot be reached, or breaks off.
            OSError: the file cannot be read.
        """
        await super().send_all(source, finish=finish, realtime=realtime)

    def start_sending(self, source: Audio, /, *, finish: bool = False, realtime: bool = False) -> None:
        """Send audio in the background, to its end; the arguments are those of `send_all`. May be called by any thread.

        An error of the source ends the session and comes out where its events are taken. Leaving the session, or
        `finish`, stops the source wherever it is.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
            DeepgramTypeError: a source of no use.
        """
        super().start_sending(source, finish=finish, realtime=realtime)

    async def finish(self) -> None:
        """Hang up, once what waits was sent, and return when the connection is closed.

        Raises:
            StreamClosed: the connection was lost before.
            SessionEnded: the session is not open yet.
        """
        await super().finish()

    async def close_stream(self) -> None:
        """Hang up, once what waits was sent, and do not wait until the connection is closed.

        Raises:
            SessionEnded: the session is not open yet.
        """
        await super().close_stream()

    async def update_prompt(self, prompt: str, /) -> PromptUpdated:
        """Give the agent another prompt, and return when it has it.

        Raises:
            DeepgramWebsocketError: the service refused it; any Error that it reports before it answers counts as that.
            Timeout: it did not answer for `CONFIGURE_TIMEOUT`.
            SessionEnded: the session is over, or `finish` was called.
            StreamClosed: it has failed meanwhile.
        """
        return await self._changed(PromptUpdated, {"type": "UpdatePrompt", "prompt": prompt})

    async def update_speak(self, speak: Speak | Mapping[str, Any] | list[Speak], /) -> SpeakUpdated:
        """Give the agent another voice, and return when it has it; of several, a later one is for when others fail.

        Raises:
            DeepgramTypeError: settings that there are not.
            DeepgramWebsocketError, Timeout, SessionEnded, StreamClosed: as `update_prompt` does.
        """
        part = as_part("speak", speak, strict=self._strict)
        return await self._changed(SpeakUpdated, {"type": "UpdateSpeak", "speak": part})

    async def update_think(self, think: Think | Mapping[str, Any] | list[Think], /) -> ThinkUpdated:
        """Give the agent another model to think with, and return when it has it. Functions that were given to this
        session stay; others, and the prompt, are to be named again.

        Raises:
            DeepgramTypeError: settings that there are not.
            DeepgramWebsocketError, Timeout, SessionEnded, StreamClosed: as `update_prompt` does.
        """
        part = as_part("think", think, strict=self._strict)
        self._calls.leave(on_this_side(part))
        return await self._changed(ThinkUpdated, {"type": "UpdateThink", "think": announced(part, self._functions)})

    async def update_listen(self, listen: Listen | Mapping[str, Any], /) -> ListenUpdated:
        """Have the agent listen in another way, and return when it does. Only Flux can, and its model stays the same.

        Raises:
            DeepgramTypeError: settings that there are not.
            DeepgramWebsocketError, Timeout, SessionEnded, StreamClosed: as `update_prompt` does.
        """
        part = as_part("listen", listen, strict=self._strict)
        return await self._changed(ListenUpdated, {"type": "UpdateListen", "listen": part})

    async def inject_user_message(self, content: str, /) -> None:
        """Have the agent answer a text as if the user had said it.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        await self._tell_agent({"type": "InjectUserMessage", "content": content})

    async def inject_agent_message(
        self, message: str, /, *, behavior: Literal["default", "queue", "interrupt"] | str | None = None
    ) -> None:
        """Have the agent say something. If it does not, `InjectionRefusedResponse` comes.

        Args:
            message: what it is to say.
            behavior: when somebody is speaking: "default" refuses it, "queue" waits, "interrupt" speaks at once, and
                drops what waits here of what the agent was saying.

        Raises:
            SessionEnded: the session is over, or `finish` was called.
        """
        more = {} if behavior is None else {"behavior": behavior}
        await self._tell_agent({"type": "InjectAgentMessage", "message": message, **more})
        if behavior == "interrupt":
            self._drop_audio()

    async def respond(self, call: FunctionCall, result: object, /) -> None:
        """Answer the call of a function that was not given to the session.

        Args:
            call: one of those of a `FunctionCallRequest`.
            result: a text, or anything that JSON can say.

        Raises:
            DeepgramTypeError: the result is of no use.
            SessionEnded: the session is over, or `finish` was called.
        """
        try:
            content = written(result)
        except (TypeError, ValueError) as error:
            raise DeepgramTypeError(f"What a function answers is a text, or what JSON can say: {error}") from error
        message, answer = _answer(call, content)
        self._said.append(answer)
        await self._say(message)

    async def _tell_agent(self, message: Mapping[str, Any]) -> None:
        await self._say(_text(message))

    async def _changed(self, kind: type[_U], message: Mapping[str, Any]) -> _U:
        """The answer to a change; one at a time, for an answer says no more than its kind."""
        with self._reading():
            said = await self._question.ask(
                lambda: self._tell_agent(message), (kind, Error), self._clock, str(message["type"])
            )
        if isinstance(said, kind):
            return said
        if isinstance(said, Error):
            raise DeepgramWebsocketError(
                f"The service refused {message['type']}: {_reason(said)}.", request_id=self.request_id
            )
        self._tell()
        raise self._refusal()

    # ── what the user gets ──

    def audio(self) -> AsyncAgentAudio:
        """What the agent says, as audio and nothing else: `async for chunk in session.audio()`. Each event is taken
        once, so iterate over one or the other.
        """
        return AsyncAgentAudio(self)

    @property
    def metrics(self) -> AgentMetrics:
        """How it is doing, in numbers: how soon the agent answers, what it was sent and said, what waits."""
        answer = self._last_answer
        return AgentMetrics(
            **self._audio_metrics(),
            time_to_first_byte=self._first_byte,
            latency=answer.total_latency,
            thinking_latency=answer.ttt_latency,
            speaking_latency=answer.tts_latency,
            answers=self._answers,
            interruptions=self._interruptions,
            sound_bytes=self._sounded,
        )

    @property
    def history(self) -> list[History]:
        """The conversation so far: words, and calls of functions, the last `MAX_EVENTS` of each. The service's own
        account, where it gives one.
        """
        return list(self._told or self._said)

    @property
    def interruptions(self) -> int:
        """How often the user has begun to speak."""
        return self._interruptions


class AsyncAgentAudio:
    """What the agent of a session says, as audio: chunks of bytes, to the end of the session.

    What still waits when the user begins to speak is dropped; `interruptions` of the session counts that.
    """

    def __init__(self, session: AsyncAgentSession) -> None:
        self._session = session

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while True:
            event = await self._session.__anext__()
            if isinstance(event, AudioData):
                return event.data

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._session!r}>"


_Updated = PromptUpdated | SpeakUpdated | ThinkUpdated | ListenUpdated
_U = TypeVar("_U", PromptUpdated, SpeakUpdated, ThinkUpdated, ListenUpdated)


def _text(message: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(message).decode()
    except (TypeError, ValueError) as error:
        raise DeepgramTypeError(f"What an agent is told must be such as JSON can say: {error}") from error


def _answer(call: FunctionCall, content: str) -> tuple[str, History]:
    """What a function has answered, as the service is told, and as it is remembered."""
    message = {"type": "FunctionCallResponse", "id": call.id, "name": call.name, "content": content}
    kept = HistoryCall(
        id=call.id,
        name=call.name,
        client_side=True,
        arguments=call.arguments,
        response=content,
        thought_signature=call.thought_signature,
    )
    return _text(message), History(function_calls=[kept])


def _is_audio(event: object) -> bool:
    return isinstance(event, AudioData)


def _reason(error: Error) -> str:
    said = " ".join(str(each) for each in (error.code, error.description or error.message) if each)
    return said.rstrip(".") or "it does not say why"
