"""What both documented clients of a voice have in common: its events, its messages, and the loudspeaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from dgasync.api.arguments import as_mapping, split
from dgasync.api.dial import dialler
from dgasync.api.events import EventClient, delay_of
from dgasync.api.road import Road
from dgasync.clip import form_of
from dgasync.config import is_on, unless_off
from dgasync.errors import DeepgramTypeError
from dgasync.logs import log
from dgasync.models.events import AudioData, Close, Error, Open, Reconnected, Reconnecting, Undecodable, Unknown
from dgasync.models.speak_live import (
    ClearedResponse,
    FlushedResponse,
    SessionMetadata,
    SpeakConnected,
    SpeakWebSocketEvents,
    SpeakWebSocketMessage,
    SpeakWSMetadataResponse,
    SpeechInterrupted,
    SpeechMetadata,
    SpeechStarted,
    VoiceConfigured,
    VoiceNotConfigured,
    WarningResponse,
)
from dgasync.models.speak_live_params import SpeakLiveParams, SpeakLiveV2Params
from dgasync.protocol.request import by_name
from dgasync.protocol.speech import version_of
from dgasync.session.sources import in_thread
from dgasync.session.speak import AsyncVoice
from dgasync.speaker import PLAYBACK_DELTA, Speaker

if TYPE_CHECKING:
    from dgasync.api.handlers import Handler, Report
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.metrics import VoiceMetrics
    from dgasync.models.speak_live import SpeakEvent

__all__ = ["VoiceClient", "session"]

P = TypeVar("P")

_VERSIONS = {
    "1": ("v1/speak", frozenset(SpeakLiveParams.__annotations__)),
    "2": ("v2/speak", frozenset(SpeakLiveV2Params.__annotations__)),
}
_RATE = 24_000  # the service's default (its description, `sample_rate` of the websocket)

# The events, and the keyword by which handlers get what happened: v3's, and for what it did not know our own.
_EVENTS: Mapping[type[Any], tuple[str, str]] = {
    Open: ("Open", "open"),
    AudioData: ("AudioData", "data"),
    SpeakWSMetadataResponse: ("Metadata", "metadata"),
    FlushedResponse: ("Flushed", "flushed"),
    ClearedResponse: ("Cleared", "cleared"),
    WarningResponse: ("Warning", "warning"),
    Error: ("Error", "error"),
    Unknown: ("Unhandled", "unhandled"),
    Close: ("Close", "close"),
    Reconnecting: ("Reconnecting", "reconnecting"),
    Reconnected: ("Reconnected", "reconnected"),
    SpeakConnected: ("Connected", "connected"),
    SpeechStarted: ("SpeechStarted", "speech_started"),
    SpeechMetadata: ("SpeechMetadata", "speech"),
    SpeechInterrupted: ("SpeechInterrupted", "interrupted"),
    SessionMetadata: ("SessionMetadata", "session"),
    VoiceConfigured: ("ConfigureSuccess", "configured"),
    VoiceNotConfigured: ("ConfigureFailure", "configured"),
}


class VoiceClient(EventClient["SpeakEvent", SpeakWebSocketEvents, AsyncVoice], Generic[P]):
    """A voice in the documented style; `P` are its options."""

    def __init__(
        self,
        config: DeepgramClientOptions,
        version: Literal["2"] | None,
        *,
        concurrent_handlers: bool,
        on_handler_error: Report | None,
    ) -> None:
        super().__init__(
            config,
            {**dict(_EVENTS.values()), "Flush": "flush"},
            _shown,
            concurrent_handlers=concurrent_handlers,
            on_handler_error=on_handler_error,
        )
        self._version: Literal["2"] | None = version
        self._speaker: Speaker | None = None

    @property
    def metrics(self) -> VoiceMetrics | None:
        """How the last session is doing, in numbers; None before the first one."""
        return None if self._run is None else self._run.session.metrics

    def on(self, event: SpeakWebSocketEvents | str, handler: Handler) -> None:
        """Have `handler(connection, ...)` called at each such event; several at one event are called in their order.

        What happened comes by keyword, beside the keyword arguments of `start`: sound as `data`, which is bytes, and
        all else as `metadata`, `flushed`, `cleared`, `warning`, `open`, `close`, `error`, `unhandled`, `reconnecting`,
        `reconnected`; of voices of the second generation `connected`, `speech_started`, `speech`, `interrupted`,
        `session`, `configured`. What cannot be called is ignored.

        Raises:
            DeepgramTypeError: there is no such event.
        """
        self._handlers.on(event, handler)

    async def start(
        self,
        options: P | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> bool:
        """Whether the connection stands, once the handlers of Open have run. If not, `error` says why, and the Error
        event was fired with it.

        Args:
            options: what to ask for; only what is set is sent.
            addons: query parameters by name, laid over the options; a list adds to what is there.
            headers: for this session only.
            members: become attributes of this object.
            kwargs: are given to every handler.

        Raises:
            DeepgramTypeError: an option of no use; nothing was sent.
            DeepgramSpeakerError: the sound is to be played, and there is no loudspeaker for it.
            DeepgramWebsocketError: it is started already, and not finished.
        """
        asked = {**as_mapping(options), "addons": addons, "headers": headers}

        def make() -> AsyncVoice:
            settings, version = self._settings, self._version
            made = session(
                self._road,
                asked,
                version,
                reconnects=unless_off(settings, "reconnect"),
                auto_flush=delay_of(settings, "auto_flush_speak_delta"),
            )
            if is_on(settings, "speaker_playback"):
                self._speaker = _speaker(settings, asked)
                self._speaker.start()
                self._handlers.off("AudioData", self._play)
                self._handlers.on("AudioData", self._play)
            return made

        before, started = self._speaker, False
        try:
            started = await self._start(make, members, kwargs)
        finally:
            if not started and self._speaker is not before:
                self._put_away()
        return started

    async def send_text(self, text_input: str) -> bool:
        """Whether the network has taken a part of the text; the voice begins when it has a sentence, or a `flush`.

        False before `start` and after the end, of which the handlers know by then.
        """
        return await self._do(lambda voice: voice.send(text_input))

    async def send(self, data: str | bytes) -> bool:
        """The same; False for bytes, which are no text."""
        if not isinstance(data, str):
            log.error("A voice is given text; %s was refused.", type(data).__name__)
            return False
        return await self.send_text(data)

    async def send_raw(self, msg: str) -> bool:
        """Whether a message of the service's own protocol was sent, as it is."""
        return await self._do(lambda voice: voice.message(msg))

    async def send_control(self, msg_type: SpeakWebSocketMessage | str, data: str | None = "") -> bool:
        """Whether a message of this type was sent; `data` is the text of a Speak. False where there is no such type."""
        kind = next((each for each in SpeakWebSocketMessage if each == msg_type), None)
        if kind is None:
            log.error("There is no message %r to a voice.", msg_type)
            return False
        if kind is SpeakWebSocketMessage.Speak:
            return await self.send_text(data or "")
        if kind in (SpeakWebSocketMessage.Clear, SpeakWebSocketMessage.Interrupt):
            return await self.clear()
        return await self.send_raw(f'{{"type":"{kind.value}"}}')

    async def flush(self) -> bool:
        """Whether the service was asked to speak all text so far; it answers with Flushed."""
        return await self.send_raw('{"type":"Flush"}')

    async def clear(self) -> bool:
        """Whether the service was asked to abandon all text so far: no sound of it is fired or played any more."""
        if self._speaker is not None:
            self._speaker.drop()
        return await self._do(lambda voice: voice.clear())

    async def wait_for_complete(self) -> bool:
        """Whether all text so far was spoken, and played if this client plays; False before `start` and after the end.

        Raises:
            Timeout: the service said nothing of it for `VOICE_SILENCE`.
        """
        done = await self._do(lambda voice: voice.flush())
        if self._speaker is not None:
            await in_thread(self._speaker.drain)
        return done

    async def finish(self) -> bool:
        """True, when all text is spoken, all handlers have run, Close last, and all sound is played that is to be.

        In a handler it is True when everything was sent, Close behind it.
        """
        done = await super().finish()
        speaker = self._speaker
        if speaker is not None and not await self.is_connected():
            await in_thread(speaker.drain)
            await in_thread(self._put_away)
        return done

    def _put_away(self) -> None:
        """Close the loudspeaker."""
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.finish()

    def _play(self, connection: object, data: bytes, **kwargs: object) -> None:
        if self._speaker is not None:
            self._speaker.add_audio_to_queue(data)


def session(
    road: Road,
    asked: Mapping[str, Any],
    version: Literal["1", "2"] | None,
    *,
    reconnects: bool,
    auto_flush: float | None = None,
) -> AsyncVoice:
    """A session that is still to be entered."""
    options, call = split(asked)
    wanted = {**options, **by_name("addons", call.get("addons"))}
    found: Literal["1", "2"] = "2" if version_of(version, wanted.get("model")) == "2" else "1"
    endpoint, known = _VERSIONS[found]
    dial = dialler(road, endpoint, options, call, known=known, what="A voice")
    keep_raw = call.get("keep_raw")
    return AsyncVoice(
        road.transport,
        lambda: dial(call.get("max_retries")),
        version=found,
        reconnect=(lambda: dial(0)) if reconnects else None,
        remember=options.update,
        keep_raw=road.keeps_raw if keep_raw is None else keep_raw,
        auto_flush=auto_flush,
        model=wanted.get("model"),
        form=form_of(None, {"encoding": "linear16", "container": "none", **wanted}),
    )


def _shown(event: SpeakEvent) -> tuple[str, object]:
    if type(event) is Undecodable:
        return "Error", event.as_error
    return _EVENTS[type(event)][0], event.data if type(event) is AudioData else event


def _speaker(settings: Mapping[str, Any], asked: Mapping[str, Any]) -> Speaker:
    """What plays the sound of a session."""
    if asked.get("encoding") not in (None, "linear16"):
        raise DeepgramTypeError(f'`speaker_playback` plays encoding="linear16"; got {asked.get("encoding")!r}.')
    rate = settings.get("speaker_playback_rate") or asked.get("sample_rate") or _RATE
    return Speaker(
        rate=int(rate),
        channels=int(settings.get("speaker_playback_channels") or 1),
        last_play_delta_in_ms=int(settings.get("speaker_playback_delta_in_ms") or PLAYBACK_DELTA),
        output_device_index=settings.get("speaker_playback_device_index"),
    )
