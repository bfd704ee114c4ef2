"""A voice speaks while its text comes in: the websockets `/v1/speak` and `/v2/speak`, in both styles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from dgasync.api.speak import VOICE
from dgasync.api.speaking import VoiceClient, session
from dgasync.config import unless_off
from dgasync.models.speak_live_options import SpeakWSOptions
from dgasync.models.speak_live_params import SpeakLiveParams, SpeakLiveV2Params

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.api.handlers import Report
    from dgasync.api.road import Road
    from dgasync.config import DeepgramClientOptions
    from dgasync.models.speak_live_params import VoiceSettings
    from dgasync.session.speak import AsyncVoice

__all__ = ["AsyncFluxSpeakClient", "AsyncSpeakWSClient", "voice"]


class AsyncSpeakWSClient(VoiceClient[SpeakWSOptions | SpeakLiveParams]):
    """A voice in the documented style: `deepgram.speak.asyncwebsocket.v("1")`.

    Handlers are registered with `on`, `start` connects, `send_text` takes the text, `flush` has it spoken, `finish`
    waits for the last sounds. Then it can be started again.

    Handlers run one after another, in the order of the events. One that raises is reported, and the stream goes on.

    Voices of the second generation (`flux-...`) are asked for at `/v2/speak`.

    Args:
        config: the client's set-up; everything made from one shares its connections. Of its `options` these are for
            here: `reconnect` (False: a lost connection is the end), `auto_flush_speak_delta` (milliseconds without
            further text until Flush), `speaker_playback` ("true": the sound is played, in linear16, with
            `speaker_playback_rate`, by default that of the session, `speaker_playback_channels`,
            `speaker_playback_device_index` and `speaker_playback_delta_in_ms`), `termination_exception_connect`,
            `termination_exception_send` and `termination_exception` (`start`, `send` and `finish` raise what went wrong
            instead of what they return otherwise).
        concurrent_handlers: whether handlers may overlap. Open still comes before all others, and Close behind them.
        on_handler_error: called with the error of a handler and the event it was given; may be a coroutine function.
            Unless given, the error is logged.
    """

    def __init__(
        self,
        config: DeepgramClientOptions,
        *,
        concurrent_handlers: bool = False,
        on_handler_error: Report | None = None,
    ) -> None:
        super().__init__(
            config,
            None,
            concurrent_handlers=concurrent_handlers,
            on_handler_error=on_handler_error,
        )


class AsyncFluxSpeakClient(VoiceClient[SpeakWSOptions | SpeakLiveV2Params]):
    """A voice of the second generation in the documented style: `deepgram.speak.asyncwebsocket.v("2")`.

    Handlers are registered with `on`, `start` connects, `send_text` takes the text, `flush` has it spoken, `finish`
    waits for the last sounds. Then it can be started again.

    Handlers run one after another, in the order of the events. One that raises is reported, and the stream goes on.

    Args:
        config: the client's set-up, as for `AsyncSpeakWSClient`.
        concurrent_handlers: whether handlers may overlap. Open still comes before all others, and Close behind them.
        on_handler_error: called with the error of a handler and the event it was given; may be a coroutine function.
            Unless given, the error is logged.
    """

    def __init__(
        self,
        config: DeepgramClientOptions,
        *,
        concurrent_handlers: bool = False,
        on_handler_error: Report | None = None,
    ) -> None:
        super().__init__(
            config,
            "2",
            concurrent_handlers=concurrent_handlers,
            on_handler_error=on_handler_error,
        )

    async def interrupt(self, *, played: float | None = None) -> bool:
        """Whether the voice has abandoned all text so far, and is silent; SpeechInterrupted is fired.

        Args:
            played: seconds of the session's sound that were played, if known.

        Raises:
            Timeout: the service said nothing of it for `VOICE_SILENCE`.
        """
        if self._speaker is not None:
            self._speaker.drop()
        return await self._do(lambda voice: voice.interrupt(played=played))

    async def configure(self, **settings: Unpack[VoiceSettings]) -> bool:
        """Whether the voice speaks in another way now; ConfigureSuccess or ConfigureFailure is fired.

        Raises:
            DeepgramTypeError: a setting that there is not, or none at all.
            DeepgramWebsocketError: the service refused it.
            Timeout: it did not answer for `CONFIGURE_TIMEOUT`.
        """
        return await self._do(lambda voice: voice.configure(**settings))


def voice(
    road: Road, settings: Mapping[str, Any], version: Literal["1", "2"] | None, asked: Mapping[str, Any]
) -> AsyncVoice:
    """What the native verb gives: a session that is still to be entered."""
    reconnect = asked.get("reconnect")
    options = {name: value for name, value in asked.items() if name != "reconnect"}
    return session(
        road,
        options if version == "2" else {"model": VOICE, **options},
        version,
        reconnects=unless_off(settings, "reconnect") if reconnect is None else reconnect,
    )
