"""Recordings become text: `/v1/listen`, in the documented style and as the native verbs use it.

Both styles end in `transcribed` and `accepted`, so that one implementation serves them.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

import msgspec

from dgasync.api.arguments import address_of, as_mapping, asks_for_callback, call_of, must_have, split
from dgasync.api.call import Call
from dgasync.api.road import Road, Way, pull
from dgasync.audio import Upload, Url, source
from dgasync.config import Timeouts, count
from dgasync.errors import DecodeError, DeepgramApiError, DeepgramApiKeyError, DeepgramTypeError
from dgasync.models.base import Answer, Headers
from dgasync.models.listen import AsyncPrerecordedResponse, PrerecordedResponse
from dgasync.models.params import ListenParams
from dgasync.protocol import query
from dgasync.protocol.request import by_name, checked_headers

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.config import DeepgramClientOptions, TimeoutLike
    from dgasync.models.listen_options import PrerecordedOptions
    from dgasync.models.params import CallExtras, CallParams
    from dgasync.models.read import AnalyzeResponse
    from dgasync.models.sources import FileSource, UrlSource
    from dgasync.transport.seam import Reply

__all__ = ["Alike", "AsyncPreRecordedClient", "accepted", "native", "parse_callback", "refuse_early", "transcribed"]

A = TypeVar("A", bound=Answer)
C = TypeVar("C", PrerecordedResponse, "AnalyzeResponse")

ENDPOINT = "v1/listen"
OPTIONS = frozenset(ListenParams.__annotations__)
_INSTEAD = "`transcribe(...)` takes paths, URLs, bytes, files and iterators."
_BEFORE_NOVA_3 = ("nova-2", "nova-general", "nova-phonecall", "nova-medical", "enhanced", "base")


class AsyncPreRecordedClient:
    """Transcripts of recordings, in the documented style: `deepgram.listen.asyncprerecorded.v("1")`.

    Args:
        config: the client's set-up; everything made from one shares its connections.
    """

    def __init__(self, config: DeepgramClientOptions) -> None:
        self._road = Road.of(config)

    async def transcribe_url(
        self,
        source: UrlSource,
        options: PrerecordedOptions | ListenParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> PrerecordedResponse | AsyncPrerecordedResponse:
        """The transcript of a recording that the service fetches by its URL.

        Args:
            source: `{"url": ...}`; other keys go along in the JSON.
            options: what to ask for; only what is set is sent. With `callback` set the answer goes there, and this
                returns its request id, as `transcribe_url_callback` does.
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
        return await documented(self._road, source, options, addons, headers, timeout, endpoint, extras)

    async def transcribe_file(
        self,
        source: FileSource,
        options: PrerecordedOptions | ListenParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> PrerecordedResponse | AsyncPrerecordedResponse:
        """The transcript of a recording that is sent.

        Args:
            source: `{"buffer": bytes or an open binary file}` or `{"stream": an open file or an iterator of bytes}`;
                with `mimetype`, that is the Content-Type, else there is none and the service finds out.
            options: what to ask for; only what is set is sent. With `callback` set the answer goes there, and this
                returns its request id, as `transcribe_file_callback` does.
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
        must_have(source, "buffer", "stream", instead=_INSTEAD)
        return await documented(self._road, source, options, addons, headers, timeout, endpoint, extras)

    async def transcribe_url_callback(
        self,
        source: UrlSource,
        callback: str,
        options: PrerecordedOptions | ListenParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AsyncPrerecordedResponse:
        """The request id of a transcript that the service will send to `callback`.

        Takes what `transcribe_url` takes and raises what it raises; `parse_callback` reads what arrives.
        """
        must_have(source, "url", instead=_INSTEAD)
        return await to_callback(self._road, source, callback, options, addons, headers, timeout, endpoint, extras)

    async def transcribe_file_callback(
        self,
        source: FileSource,
        callback: str,
        options: PrerecordedOptions | ListenParams | Mapping[str, Any] | None = None,
        addons: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: TimeoutLike | None = None,
        endpoint: str = ENDPOINT,
        **extras: Unpack[CallExtras],
    ) -> AsyncPrerecordedResponse:
        """The request id of a transcript that the service will send to `callback`.

        Takes what `transcribe_file` takes and raises what it raises; `parse_callback` reads what arrives.
        """
        must_have(source, "buffer", "stream", instead=_INSTEAD)
        return await to_callback(self._road, source, callback, options, addons, headers, timeout, endpoint, extras)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._road.base}>"


async def documented(
    road: Road,
    audio: object,
    options: object,
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    timeout: TimeoutLike | None,
    endpoint: str,
    extras: CallExtras,
) -> PrerecordedResponse | AsyncPrerecordedResponse:
    """What a documented call gives: the answer, or where a callback is asked for, its request id."""
    asked = as_mapping(options)
    kind = AsyncPrerecordedResponse if asks_for_callback(asked, addons) else PrerecordedResponse
    return await listen(road, audio, asked, call_of(addons, headers, timeout, endpoint, extras), kind)


async def to_callback(
    road: Road,
    audio: object,
    callback: str,
    options: object,
    addons: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    timeout: TimeoutLike | None,
    endpoint: str,
    extras: CallExtras,
) -> AsyncPrerecordedResponse:
    """What a documented call with a callback gives."""
    asked = {**as_mapping(options), "callback": address_of(callback)}
    call = call_of(addons, headers, timeout, endpoint, extras)
    return await listen(road, audio, asked, call, AsyncPrerecordedResponse)


async def transcribed(road: Road, audio: object, asked: Mapping[str, Any]) -> PrerecordedResponse:
    """What the native verb gives, from its options and call parameters in one mapping."""
    options, call = native(asked)
    _must_come_back(options)
    return await listen(road, audio, options, call, PrerecordedResponse)


def _must_come_back(options: Mapping[str, Any]) -> None:
    if options.get("callback"):
        raise DeepgramTypeError(
            "With `callback` the answer goes elsewhere and there is no transcript to return: "
            "use `transcribe_to_callback`, and `parse_callback` for what arrives."
        )


async def accepted(road: Road, audio: object, callback: str, asked: Mapping[str, Any]) -> AsyncPrerecordedResponse:
    """What the native verb with a callback gives."""
    options, call = native(asked)
    options["callback"] = address_of(callback)
    return await listen(road, audio, options, call, AsyncPrerecordedResponse)


def native(asked: Mapping[str, Any]) -> tuple[dict[str, Any], CallParams]:
    """The options and the call parameters of a native verb, whose model is "nova-3" unless another is asked for."""
    options, call = split(asked)
    return {"model": "nova-3", **options}, call


async def listen(road: Road, audio: object, options: Mapping[str, Any], call: CallParams, kind: type[A]) -> A:
    """One request to `/v1/listen`."""
    if road.is_strict(call.get("strict")):
        must_fit(options)
    return await road.answer(_call(audio, options, call), kind)


def _call(audio: object, options: Mapping[str, Any], call: CallParams) -> Call:
    sent = source(audio, pull)
    if isinstance(sent, Url):
        sent = Upload(msgspec.json.encode(sent.payload), mimetype="application/json")
    return Call.of(
        call,
        ENDPOINT,
        what="A transcription",
        options=options,
        known=OPTIONS,
        content=sent.content,
        content_type=sent.mimetype,
        repeatable=sent.repeatable,
    )


class Alike:
    """What is asked of many recordings alike: options and call parameters of a native verb, taken apart once.

    Args:
        road: the client's.
        asked: all of them.
        callback: where the answers go; None for one that comes back.

    Raises:
        DeepgramTypeError: an option of no use.
    """

    def __init__(self, road: Road, asked: Mapping[str, Any], callback: str | None = None) -> None:
        self._road = road
        self._options, self._call = native(asked)
        if callback is None:
            _must_come_back(self._options)
        else:
            self._options["callback"] = address_of(callback)
        if road.is_strict(self._call.get("strict")):
            must_fit(self._options)
        keep_raw = self._call.get("keep_raw")
        self.keeps_raw = road.keeps_raw if keep_raw is None else keep_raw
        """Whether answers keep their bytes."""
        self._ways: dict[str | None, Way] = {}

    async def reply(self, audio: object) -> Reply:
        """The answer to one of them, as it came. Raises what `transcribe` raises, but for a DecodeError."""
        call = _call(audio, self._options, self._call)
        way = self._ways.get(call.content_type)
        if way is None:
            way = self._road.way(call)
            if call.content_type in (None, "application/json"):  # others may be as many as there are recordings
                self._ways[call.content_type] = way
        return await self._road.reply(call, way)


@overload
def parse_callback(
    body: bytes | str | Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    dg_token: str | Collection[str] | None = None,
) -> PrerecordedResponse: ...


@overload
def parse_callback(
    body: bytes | str | Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    dg_token: str | Collection[str] | None = None,
    kind: type[C],
) -> C: ...


def parse_callback(
    body: bytes | str | Mapping[str, Any],
    headers: Mapping[str, str],
    *,
    dg_token: str | Collection[str] | None = None,
    kind: type[Any] = PrerecordedResponse,
) -> Any:
    """The answer that the service sent to a callback address.

    Args:
        body: what was posted, as bytes, text, or the mapping that a web framework made of it.
        headers: those of the post.
        dg_token: the identifier (not the secret) of the key that asked, or several; the service sends it as `dg-token`
            with each callback (docs, "Callback"). Without it, it is only checked that there is one.
        kind: `AnalyzeResponse` for the answer to an `analyze`.

    Raises:
        DeepgramApiKeyError: the `dg-token` is missing or another: the post may not come from the service.
        DeepgramApiError: the service reports that the request failed.
        DecodeError: the body cannot be read.
    """
    found = Headers(headers)
    token = found.get("dg-token") or ""
    known = [dg_token] if isinstance(dg_token, str) else dg_token
    if not token or (known is not None and not any(hmac.compare_digest(token.encode(), k.encode()) for k in known)):
        raise DeepgramApiKeyError(
            "The post has no `dg-token` of yours, so it may not come from the service: answer it with 403."
        )
    raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer = kind.from_json(raw).adopt(raw, found)
    if answer.results is None and answer.metadata is None:
        if "err_code" in answer or "err_msg" in answer:
            raise DeepgramApiError(
                answer.get("err_msg"),
                original_error=raw.decode("utf-8", "replace"),
                err_code=answer.get("err_code"),
                request_id=answer.get("request_id") or answer.request_id,
                headers=found,
            )
        what = "transcript" if kind is PrerecordedResponse else kind.__name__
        raise DecodeError(f"The post holds no {what}.", raw, request_id=answer.request_id)
    return answer


def refuse_early(asked: Mapping[str, Any], *, strict: bool, instead: str) -> None:
    """Refuse what each of many recordings would be refused for, before the first of them is asked for.

    Args:
        asked: options and call parameters, as `transcribe` takes them.
        strict: whether options are checked, unless `asked` says so itself.
        instead: what to do where a callback is asked for.
    """
    options, call = native(asked)
    if "callback" in options:
        raise DeepgramTypeError(f"With `callback` the answers go elsewhere: {instead}.")
    given = call.get("strict")
    if strict if given is None else given:
        must_fit(options)
        known: Collection[str] | None = OPTIONS
    else:
        known = None
    query.encode(options, by_name("addons", call.get("addons")), known=known, what="A transcription")
    checked_headers(by_name("headers", call.get("headers")))
    Timeouts.of(call.get("timeout"), Timeouts())
    retries = call.get("max_retries")
    if retries is not None:
        count("max_retries", retries)


def must_fit(options: Mapping[str, Any]) -> None:
    """Refuse the options that the service knows and the model asked for does not (docs, "Keyterm Prompting")."""
    model = options.get("model")
    if not isinstance(model, str):
        return
    if options.get("keyterm") and model.startswith(_BEFORE_NOVA_3):
        raise DeepgramTypeError(f"`keyterm` needs a Nova-3 model; {model!r} takes `keywords`. `strict=False` sends it.")
    if options.get("keywords") and model.startswith("nova-3"):
        raise DeepgramTypeError(
            f"`keywords` is of models before Nova-3; {model!r} takes `keyterm`. `strict=False` sends it."
        )
