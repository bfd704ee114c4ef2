"""Texts are analysed: `/v1/read`, in the documented style and as the native verbs use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from dgasync.api.arguments import address_of, as_mapping, asks_for_callback, call_of, must_have, split
from dgasync.api.call import Call
from dgasync.api.request import written
from dgasync.api.road import Road, pull
from dgasync.api.text import payload_of
from dgasync.errors import DeepgramTypeError
from dgasync.models.base import Answer
from dgasync.models.read import AnalyzeResponse, AsyncAnalyzeResponse
from dgasync.models.read_params import ReadParams

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.config import DeepgramClientOptions, TimeoutLike
    from dgasync.models.params import CallExtras, CallParams
    from dgasync.models.read_options import AnalyzeOptions
    from dgasync.models.sources import SpeakSource, UrlSource

__all__ = ["AsyncAnalyzeClient", "analysed", "analysed_to_callback"]

A = TypeVar("A", bound=Answer)

ENDPOINT = "v1/read"
OPTIONS = frozenset(ReadParams.__annotations__)
_INSTEAD = "`analyze(...)` takes the text itself, files and URLs."


class AsyncAnalyzeClient:
    """What texts say, in the documented style: `deepgram.read.asyncanalyze.v("1")`.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._road = Road.of(config)

    async def analyze_url(
        self,
        source: UrlSource,
        options: AnalyzeOptions | ReadParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AnalyzeResponse | AsyncAnalyzeResponse:
        """What the service reads in a text that it fetches by its URL.

        Args:
            source: `{"url": ...}`; other keys go along in the JSON.
            options: what to look for; only what is set is sent. With `callback` set the answer goes there, and this
                returns its request id, as `analyze_url_callback` does.
            addons: query parameters by name, laid over the options; a list adds to what is there.
            headers: for this call only.
            timeout: seconds for each part of the request, or `Timeouts`.
            endpoint: the path below the base URL.
            extras: `max_retries`, `progress`, `strict` and `keep_raw` for this call.

        Raises:
            DeepgramTypeError: a source or an option of no use; nothing was sent.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came.
            DecodeError: the answer cannot be read.
        """
        must_have(source, "url", instead=_INSTEAD)
        return await _documented(self._road, source, options, addons, headers, timeout, endpoint, extras)

    async def analyze_text(
        self,
        source: SpeakSource,
        options: AnalyzeOptions | ReadParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AnalyzeResponse | AsyncAnalyzeResponse:
        """What the service reads in a text that is sent.

        Args:
            source: `{"text": ...}`; `{"buffer": ...}` or `{"stream": ...}` for its bytes (UTF-8), or an open file.
            options: what to look for; only what is set is sent. With `callback` set the answer goes there, and this
                returns its request id, as `analyze_text_callback` does.
            addons: query parameters by name, laid over the options; a list adds to what is there.
            headers: for this call only.
            timeout: seconds for each part of the request, or `Timeouts`.
            endpoint: the path below the base URL.
            extras: `max_retries`, `progress`, `strict` and `keep_raw` for this call.

        Raises:
            DeepgramTypeError: a source or an option of no use; nothing was sent.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came.
            DecodeError: the answer cannot be read.
        """
        must_have(source, "text", "buffer", "stream", instead=_INSTEAD)
        return await _documented(self._road, source, options, addons, headers, timeout, endpoint, extras)

    analyze_file = analyze_text

    async def analyze_url_callback(
        self,
        source: UrlSource,
        callback: str,
        options: AnalyzeOptions | ReadParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AsyncAnalyzeResponse:
        """The request id of an analysis that the service will send to `callback`.

        Takes what `analyze_url` takes and raises what it raises; `parse_callback` reads what arrives.
        """
        must_have(source, "url", instead=_INSTEAD)
        call = call_of(addons, headers, timeout, endpoint, extras)
        return await _to_callback(self._road, source, callback, as_mapping(options), call)

    async def analyze_text_callback(
        self,
        source: SpeakSource,
        callback: str,
        options: AnalyzeOptions | ReadParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AsyncAnalyzeResponse:
        """The request id of an analysis that the service will send to `callback`.

        Takes what `analyze_text` takes and raises what it raises; `parse_callback` reads what arrives.
        """
        must_have(source, "text", "buffer", "stream", instead=_INSTEAD)
        call = call_of(addons, headers, timeout, endpoint, extras)
        return await _to_callback(self._road, source, callback, as_mapping(options), call)

    analyze_file_callback = analyze_text_callback

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"


async def analysed(road: Road, text: object, asked: Mapping[str, Any]) -> AnalyzeResponse:
    """What the native verb gives, from its options and call parameters in one mapping."""
    options, call = split(asked)
    if asks_for_callback(options, call.get("addons")):
        raise DeepgramTypeError(
            "With `callback` the answer goes elsewhere and there is none to return: use `analyze_to_callback`, and "
            "`parse_callback` for what arrives."
        )
    return await _read(road, text, options, call, AnalyzeResponse)


async def analysed_to_callback(
    road: Road, text: object, callback: str, asked: Mapping[str, Any]
) -> AsyncAnalyzeResponse:
    """What the native verb with a callback gives."""
    options, call = split(asked)
    return await _to_callback(road, text, callback, options, call)


async def _documented(
    road: Road,
    source: object,
    options: object,
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    timeout: TimeoutLike | None,
    endpoint: str,
    extras: CallExtras,
) -> AnalyzeResponse | AsyncAnalyzeResponse:
    """What a documented call gives: the answer, or where a callback is asked for, its request id."""
    asked = as_mapping(options)
    kind = AsyncAnalyzeResponse if asks_for_callback(asked, addons) else AnalyzeResponse
    return await _read(road, source, asked, call_of(addons, headers, timeout, endpoint, extras), kind)


async def _to_callback(
    road: Road, text: object, callback: str, options: Mapping[str, Any], call: CallParams
) -> AsyncAnalyzeResponse:
    return await _read(road, text, {**options, "callback": address_of(callback)}, call, AsyncAnalyzeResponse)


async def _read(road: Road, text: object, options: Mapping[str, Any], call: CallParams, kind: type[A]) -> A:
    """One request to `/v1/read`."""
    content = written("The source", await payload_of(text, pull, url=True))
    return await road.answer(
        Call.of(call, ENDPOINT, what="An analysis", options=options, known=OPTIONS, content=content), kind
    )
