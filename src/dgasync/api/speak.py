"""Texts become speech: `/v1/speak` and `/v2/speak`, in the documented style and as the native verbs use them.

Both styles end in an `AsyncSpeech`, which is where the audio flows.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from dgasync.api.arguments import address_of, as_mapping, asks_for_callback, call_of, must_have, split
from dgasync.api.call import Call
from dgasync.api.request import written
from dgasync.api.road import Road, pull
from dgasync.api.speech import AsyncSpeech
from dgasync.api.text import payload_of
from dgasync.errors import DeepgramTypeError
from dgasync.models.speak import AsyncSpeakResponse, SpeakRESTResponse
from dgasync.models.speak_params import SpeakParams, SpeakV2Params
from dgasync.protocol.speech import version_of

if TYPE_CHECKING:
    from os import PathLike

    from typing_extensions import Unpack

    from dgasync.config import DeepgramClientOptions, TimeoutLike
    from dgasync.models.params import CallExtras, CallParams
    from dgasync.models.sources import SpeakSource
    from dgasync.models.speak_options import SpeakOptions

__all__ = ["AsyncSpeakClient", "spoken", "spoken_to_callback"]

ENDPOINT = "v1/speak"
VOICE = "aura-2-thalia-en"
"""Who speaks where nobody is asked for; the service's own default is an older voice."""

_VERSIONS = {
    "1": (ENDPOINT, frozenset(SpeakParams.__annotations__)),
    "2": ("v2/speak", frozenset(SpeakV2Params.__annotations__)),
}


class AsyncSpeakClient:
    """Texts as speech, in the documented style: `deepgram.asyncspeak.v("1")`.

    Voices of the second generation (`flux-...`) are asked for at `/v2/speak`.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._road = Road.of(config)

    async def stream_memory(
        self,
        source: SpeakSource,
        options: SpeakOptions | SpeakParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> SpeakRESTResponse:
        """A text as audio in memory, once all of it is there: `.stream_memory`, which is `.stream` too.

        Args:
            source: `{"text": ...}`; `{"buffer": ...}` or `{"stream": ...}` for the bytes of a text, or an open file.
            options: what to ask for; only what is set is sent.
            addons: query parameters by name, laid over the options; a list adds to what is there.
            headers: for this call only.
            timeout: seconds for each part of the request, or `Timeouts`; that to read counts between two chunks.
            endpoint: the path below the base URL.
            extras: `max_retries`, `progress` and `strict` for this call.

        Raises:
            DeepgramTypeError: a source or an option of no use; nothing was sent.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came, or it broke off.
        """
        speech = _documented(self._road, source, options, addons, headers, timeout, endpoint, extras)
        audio = await speech.read()
        return SpeakRESTResponse.of(speech.headers, sound=BytesIO(audio))

    stream = stream_memory

    async def stream_raw(
        self,
        source: SpeakSource,
        options: SpeakOptions | SpeakParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AsyncSpeech:
        """A text as audio that is handed on while it comes: an open answer, for the caller to read and to close.

        Takes what `stream_memory` takes and raises what it raises. It can be used as httpx's responses are:
        `.headers`, `.status_code`, `.aiter_bytes()`, `.aclose()`, `async with`.
        """
        speech = _documented(self._road, source, options, addons, headers, timeout, endpoint, extras)
        await speech.open()
        return speech

    async def save(
        self,
        filename: str | PathLike[str],
        source: SpeakSource,
        options: SpeakOptions | SpeakParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> SpeakRESTResponse:
        """A text as audio in a file, written while it comes; when anything fails there is no file.

        Takes what `stream_memory` takes and raises what it raises, and OSError when the file cannot be written.
        """
        return await _documented(self._road, source, options, addons, headers, timeout, endpoint, extras).save(filename)

    file = save

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"


def _documented(
    road: Road,
    source: object,
    options: object,
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    timeout: TimeoutLike | None,
    endpoint: str,
    extras: CallExtras,
) -> AsyncSpeech:
    """What a documented call makes of its arguments."""
    must_have(source, "text", "buffer", "stream", instead="`synthesize(...)` takes the text itself, and files.")
    call = call_of(addons, headers, timeout, endpoint, extras)
    version = "2" if endpoint.lstrip("/").startswith("v2/") else None
    if endpoint == ENDPOINT:
        call["endpoint"] = None  # so that the voice decides
    return _speech(road, source, as_mapping(options), call, version)


def spoken(road: Road, text: object, version: str | None, asked: Mapping[str, Any]) -> AsyncSpeech:
    """What the native verb gives, from its options and call parameters in one mapping."""
    options, call = split(asked)
    return _speech(road, text, _voiced(version, options), call, version)


async def spoken_to_callback(
    road: Road, text: object, callback: str, version: str | None, asked: Mapping[str, Any]
) -> AsyncSpeakResponse:
    """What the native verb with a callback gives."""
    options, call = split(asked)
    options = {**_voiced(version, options), "callback": address_of(callback)}
    content = written("The source", await payload_of(text, pull))
    return await road.answer(_call(options, call, version, content), AsyncSpeakResponse)


def _speech(road: Road, text: object, options: Mapping[str, Any], call: CallParams, version: str | None) -> AsyncSpeech:
    if asks_for_callback(options, call.get("addons")):
        raise DeepgramTypeError(
            "With `callback` the audio goes elsewhere and there is none to return: use `synthesize_to_callback`."
        )
    # Asked for first without a text, so that what cannot be is refused here and not where the audio is awaited.
    version = version_of(version, options.get("model"))
    return AsyncSpeech(road, text, lambda content: _call(options, call, version, content))


def _call(options: Mapping[str, Any], call: CallParams, version: str | None, content: bytes) -> Call:
    endpoint, known = _VERSIONS[version_of(version, options.get("model"))]
    return Call.of(call, endpoint, what="A speech", options=options, known=known, content=content)


def _voiced(version: str | None, options: Mapping[str, Any]) -> Mapping[str, Any]:
    return options if version == "2" else {"model": VOICE, **options}
