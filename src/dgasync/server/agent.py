"""The websocket of /v1/agent/converse: a user is heard, something thinks of an answer, and a voice speaks it.

    audio -> turns (`turn_hearing`) -> thoughts (`thinking`) -> sentences -> sound (`talking`) -> audio

The session's worker hears, and does what messages ask; the talker beside it thinks and speaks, and is stopped when the
user speaks.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from aiohttp import WSMessage, WSMsgType, web

from dgasync.server import agent_settings
from dgasync.server.agent_configs import kept_config
from dgasync.server.agent_settings import AgentSettings, Thinking, wrong
from dgasync.server.checks import is_object
from dgasync.server.conversation import Conversation
from dgasync.server.decode import BadAudio
from dgasync.server.encode import Encoder, MissingCodecs
from dgasync.server.engine import Engine, LiveEngine, Onset, hears_live
from dgasync.server.function_calls import FunctionCalls
from dgasync.server.listen import model_uuid
from dgasync.server.listening import MAX_MESSAGE, ListeningSession
from dgasync.server.replies import Refusal
from dgasync.server.routes import WEBSOCKET, Call, Route
from dgasync.server.sockets import GONE, End, Ended, open_socket, reason
from dgasync.server.speak import ready_voice
from dgasync.server.talking import Answer, Talker
from dgasync.server.thinking import FunctionCall, Thought, ThoughtFailed, think
from dgasync.server.turn_hearing import TurnHearing
from dgasync.server.turns import Moment
from dgasync.server.voice import Voice

if TYPE_CHECKING:
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "AgentSession"]

_log = logging.getLogger(__name__)

Json = dict[str, Any]

ROUNDS = 10
"""How often functions may be called before there is an answer."""


async def agent(call: Call) -> web.StreamResponse:
    """Open the websocket and serve it to its end; raises `Refusal` instead of opening it."""
    service, use = call.service, call.use
    assert use is not None
    engine: Engine = service.engine
    if not hears_live(engine):
        message = f"Bad Request: the engine `{engine.name}` hears recordings only; it cannot hold a conversation."
        raise Refusal(400, "Bad Request", message)
    voice = await ready_voice(service)
    socket = await open_socket(call, max_message=MAX_MESSAGE)
    if socket is None:
        return web.Response(status=500)  # Nobody reads it.
    use.code, use.models = 101, {model_uuid(each): each.name for each in (engine, voice)}
    await AgentSession(call, use, socket, engine, voice).run()
    return socket


class AgentSession(ListeningSession[Json, "Moment | Onset"]):
    """One open websocket."""

    def __init__(self, call: Call, use: Use, socket: web.WebSocketResponse, engine: LiveEngine, voice: Voice) -> None:
        super().__init__(call, use, socket)
        self.idle_limit = self._service.settings.idle_limit
        self._engine = engine
        self._voice = voice
        self._began: float | None = None  # when there were settings
        self._settings: AgentSettings
        self._hearing: TurnHearing
        self._prompt = ""
        self._conversation = Conversation(())
        self._talker = Talker()
        self._functions = FunctionCalls(self._send)
        self._in_turn = False
        self._announced = False  # that the user speaks
        self._deeds: dict[str, Callable[[Json], Awaitable[None]]] = {
            "Settings": self._settle,
            "UpdateListen": self._update_listen,
            "UpdateThink": self._update_think,
            "UpdateSpeak": self._update_speak,
            "UpdatePrompt": self._update_prompt,
            "InjectUserMessage": self._inject_user,
            "InjectAgentMessage": self._inject_agent,
            "ForceEndTurn": self._force_end,
        }

    def _let_go(self) -> None:
        super()._let_go()
        if self._began is not None:
            self._use.agent_seconds = self._loop.time() - self._began

    def _idle(self) -> End:
        why = f"No message came for {self.idle_limit:g} seconds: send audio, or KeepAlive."
        return self._failure(1011, "CLIENT_MESSAGE_TIMEOUT", why)

    @staticmethod
    def _failure(code: int, name: str, why: str) -> End:
        return End(code, reason(f"{name}: {why}"), {"type": "Error", "code": name, "description": why})

    async def _warn(self, name: str, why: str) -> None:
        await self._send({"type": "Warning", "code": name, "description": why})

    # What comes.

    async def _take(self, message: WSMessage) -> None:
        if message.type is WSMsgType.BINARY:
            await self._take_audio(message.data)
        elif message.type is WSMsgType.TEXT:
            self._note(message.data)
            if not self._ending:
                await self._take_text(message.data)

    async def _take_text(self, text: str) -> None:
        try:
            message: Any = json.loads(text)
        except (ValueError, RecursionError):  # The last for what is nested without end.
            message = None
        kind = message.get("type") if is_object(message) else None
        if kind == "KeepAlive":
            return  # That it came is all that it says.
        if is_object(message) and kind == "FunctionCallResponse":
            self._functions.answer(message)  # The talker waits for it; nobody else does.
        elif is_object(message) and isinstance(kind, str) and kind in self._deeds:
            await self._take_ask(message, text)
        else:
            why = "The text message is no JSON object of a type that is known here."
            self._end(self._failure(1008, "UNPARSABLE_CLIENT_MESSAGE", why))

    # What becomes of it.

    async def _serve(self) -> End:
        await self._send({"type": "Welcome", "request_id": self._call.request_id})
        try:
            await self._befall()
            while True:
                item = await self._next()
                if isinstance(item, End):
                    return item
                if isinstance(item, bytes):
                    self._check_begun()
                    for heard in await self._hear(item):
                        await self._heard(heard)
                    await self._befall()
                else:
                    await self._do_as(item)
        except BadAudio as problem:
            return self._failure(1008, "USER_AUDIO_FORMAT", f"The audio cannot be decoded: {problem}.")
        finally:
            await self._talker.drop()

    def _check_begun(self) -> None:
        if self._began is None:
            why = "Settings must be the first message."
            raise Ended(self._failure(1008, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS", why))

    async def _do_as(self, message: Json) -> None:
        kind = message["type"]
        if kind != "Settings":
            self._check_begun()
        try:
            await self._deeds[kind](message)
        except Refusal as refusal:
            why = refusal.details or refusal.message
            if kind == "Settings":
                raise Ended(self._failure(1008, "INVALID_SETTINGS", why)) from None
            await self._warn("INVALID_MESSAGE", f"{kind} changed nothing: {why}")

    async def _settle(self, message: Json) -> None:
        if self._began is not None:
            why = "There are settings already: to have others, use the Update messages, or another connection."
            raise Ended(self._failure(1008, "SETTINGS_ALREADY_APPLIED", why))
        told: Any = message.get("agent")
        if isinstance(told, str):
            project = self._call.asker.project_id
            told = await self._service.accounts.run(lambda connection: kept_config(connection, project, told))
        if not is_object(told):
            raise wrong("`agent`: expected an object, or the id of a configuration that is kept here.")
        settings = agent_settings.read_settings(message, told, self._engine, self._voice)
        self._check_endpoints(settings.thinking)
        form = settings.speaking.form
        try:
            Encoder(form, self._voice.rate or form.rate)
        except MissingCodecs as problem:
            raise wrong(f"audio.output: {problem}.") from None
        self._settings, self._prompt = settings, settings.thinking[0].prompt
        self._hearing = TurnHearing(self._engine, settings.audio, settings.listening.thresholds)
        self._listen(self._hearing, settings.audio)
        self._conversation = Conversation(settings.messages)
        self._use.tags = list(dict.fromkeys([*self._use.tags, *settings.tags]))
        self._began = self._loop.time()
        await self._send({"type": "SettingsApplied"})
        if settings.greeting:
            self._say(settings.greeting)

    def _check_endpoints(self, thinking: tuple[Thinking, ...]) -> None:
        functions = [function for each in thinking for function in each.functions]
        if any(each.endpoint for each in thinking) or any(function.endpoint for function in functions):
            self._service.check_outgoing("endpoint", self._call.upload)

    # What the user says.

    async def _heard(self, heard: Moment | Onset) -> None:
        if isinstance(heard, Onset):
            if not self._in_turn:
                await self._user_speaks()
        elif heard.event == "StartOfTurn":
            self._in_turn = True
            if not self._announced:
                await self._user_speaks()
        elif heard.event == "EndOfTurn":
            self._in_turn = self._announced = False
            if heard.text:
                await self._user_said(heard.text)

    async def _user_speaks(self) -> None:
        """Whatever the agent was at is of no use any more."""
        self._announced = True
        await self._talker.drop()
        await self._send({"type": "UserStartedSpeaking"})

    async def _user_said(self, text: str) -> None:
        ended = self._loop.time()
        told: Json = {"type": "ConversationText", "role": "user", "content": text}
        if self._settings.listening.hints:
            told["languages_hinted"] = list(self._settings.listening.hints)
        await self._send(told)
        await self._report(self._conversation.say("user", text))
        self._talker.add(lambda: self._try(lambda: self._answer(ended)))

    async def _report(self, entry: Json) -> None:
        if self._settings.history:
            await self._send(entry)

    # What the agent says: all of it in the talker.

    async def _try(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do it, unless this is the end; what goes wrong in it is one."""
        try:
            if not self._ending:
                await job()
        except ThoughtFailed as problem:
            self._end(self._failure(1011, "FAILED_TO_THINK", f"No think provider had an answer: {problem}."))
        except ConnectionError:
            self._end(GONE)
        except Exception as problem:  # A voice may be anybody's, and raise anything.
            _log.exception("request %s failed", self._received.request_id)
            self._end(self._failure(1011, "FAILED_TO_SPEAK", f"The agent failed: {type(problem).__name__}."))

    def _begin(self, asked: float) -> Answer:
        async def remember(text: str) -> None:
            await self._send({"type": "ConversationText", "role": "assistant", "content": text})
            await self._report(self._conversation.say("assistant", text))

        return Answer(self._voice, self._settings.speaking, self._service.run, self._send, remember, asked)

    def _say(self, text: str) -> None:
        """Say just this, when it is its turn."""

        async def say() -> None:
            answer = self._begin(self._loop.time())
            await answer.say(text)
            await answer.end()

        self._talker.add(lambda: self._try(say))

    async def _answer(self, ended: float) -> None:
        """Answer what was said last; it was said at this time of the loop's."""
        answer = self._begin(ended)
        for _ in range(ROUNDS):
            calls = await self._think(answer)
            if not calls:
                break
            thinking = self._settings.thinking
            functions = {function.name: function for each in thinking for function in each.functions}
            entries = await self._functions.call(calls, functions, self._service.outgoing)
            await self._report(self._conversation.call(entries))
        else:
            await self._warn("TOO_MANY_FUNCTION_CALLS", f"There was no answer after {ROUNDS} rounds of calls.")
        await answer.end()

    async def _think(self, answer: Answer) -> list[FunctionCall]:
        """Say what comes to mind; the functions that are to be called before there is more."""
        *others, last = self._settings.thinking
        for thinking in others:
            try:
                return await self._think_with(thinking, answer)
            except ThoughtFailed as problem:
                if answer.begun:
                    raise
                await self._warn("THINK_REQUEST_FAILED", f"The next think provider is asked: {problem}.")
        return await self._think_with(last, answer)

    async def _think_with(self, thinking: Thinking, answer: Answer) -> list[FunctionCall]:
        calls: list[FunctionCall] = []
        outgoing = self._service.outgoing
        async with aclosing(think(thinking, self._prompt, self._conversation, outgoing)) as pieces:
            async for piece in pieces:
                if isinstance(piece, FunctionCall):
                    answer.thinks("tool")
                    calls.append(piece)
                elif isinstance(piece, Thought):
                    answer.thinks("thinking")
                    await self._send({"type": "AgentThinking", "content": piece.text})
                else:
                    answer.thinks("text")
                    await answer.say(piece.text)
        return calls

    # What else a client asks for.

    @property
    def _user_is_speaking(self) -> bool:
        return self._in_turn or self._hearing.speaking

    async def _inject_user(self, message: Json) -> None:
        content = _needed(message, "content")
        if self._talker.busy:
            await self._user_speaks()
            self._announced = False
        await self._user_said(content)

    async def _inject_agent(self, message: Json) -> None:
        text, behavior = _needed(message, "message"), message.get("behavior") or "default"
        if behavior not in ("default", "queue", "interrupt"):
            raise wrong("`behavior`: expected default, queue or interrupt.")
        why = ""
        if behavior == "default" and (self._user_is_speaking or self._talker.busy):
            why = f"The {'user' if self._user_is_speaking else 'agent'} is speaking."
        elif behavior == "queue" and self._talker.full:
            why = "Too much waits to be said."
        if why:
            await self._send({"type": "InjectionRefused", "message": why})
            return
        if behavior == "interrupt":
            await self._talker.drop()
        self._say(text)

    async def _update_prompt(self, message: Json) -> None:
        self._prompt = _needed(message, "prompt")
        await self._send({"type": "PromptUpdated"})

    async def _update_think(self, message: Json) -> None:
        thinking = agent_settings.read_think(message.get("think"))
        self._check_endpoints(thinking)
        self._change(thinking=thinking)
        self._prompt = thinking[0].prompt or self._prompt
        await self._send({"type": "ThinkUpdated"})

    async def _update_speak(self, message: Json) -> None:
        speaking = agent_settings.read_speak(message.get("speak"), self._voice, self._settings.output)
        self._change(speaking=speaking)
        await self._send({"type": "SpeakUpdated"})

    async def _update_listen(self, message: Json) -> None:
        told: Any = message.get("listen")
        held = self._settings.listening
        made = agent_settings.read_listen(told if is_object(told) else {}, self._engine)
        if made.identity != held.identity or not held.flux:
            raise wrong("listen.provider: type, version (v2 only) and model must be those of the Settings.")
        self._change(listening=made)
        await self._do(lambda: self._hearing.change(made.thresholds, made.terms))
        await self._send({"type": "ListenUpdated"})

    async def _force_end(self, message: Json) -> None:
        if not self._settings.listening.flux:
            await self._warn("FORCE_END_TURN_UNSUPPORTED", "Only a listen provider of version v2 can be told.")
            return
        for heard in await self._do(self._hearing.finalize):
            await self._heard(heard)

    def _change(self, **more: Any) -> None:
        self._settings = dataclasses.replace(self._settings, **more)


def _needed(message: Json, name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"`{name}`: expected a text that is not empty.")
    return value


ROUTES = [Route(WEBSOCKET, "/v1/agent/converse", agent, "usage:write", "agent")]
