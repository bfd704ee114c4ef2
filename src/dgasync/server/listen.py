"""POST /v1/listen: a recording becomes an answer."""

from __future__ import annotations

import logging
import uuid
from contextlib import aclosing
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aiohttp import web

from dgasync.server import words
from dgasync.server.engine import Engine, Heard, Named
from dgasync.server.intake import Intake, Outcome
from dgasync.server.options import Options, read_options
from dgasync.server.replies import Refusal, encode, error, json_response
from dgasync.server.routes import Call, Route

if TYPE_CHECKING:
    from dgasync.server.app import Service
    from dgasync.server.ledger import Use

__all__ = ["ROUTES", "answer", "channel_answer", "key_identifier", "listen", "model_uuid"]

_log = logging.getLogger(__name__)
_NAMESPACE = uuid.UUID("5f0c9a3e-8d8c-5f0e-9f7b-8f6d1f0a7c11")


def model_uuid(engine: Named) -> str:
    """The id of an engine in answers: the same for the same name and version, everywhere."""
    return str(uuid.uuid5(_NAMESPACE, f"model {engine.name} {engine.version}"))


def key_identifier(key: str) -> str:
    """What `dg-token` says of requests with this API key: an id that does not give the key away."""
    return str(uuid.uuid5(_NAMESPACE, f"key {key}"))


async def listen(call: Call) -> web.Response:
    """Hear the recording in the body, or behind the URL in it."""
    service, upload, request_id, use = call.service, call.upload, call.request_id, call.use
    assert use is not None
    engine = service.engine
    use.models = {model_uuid(engine): engine.name}
    options = read_options(upload.received.query, engine, model_uuid(engine))
    if options.callback is not None:
        service.check_outgoing("callback", upload)
    intake = Intake(engine, options, upload.content_type, digest=upload.digest)
    try:
        async for chunk in upload.chunks():
            await service.run(intake.feed, chunk)
        upload.complete()
        url = await service.run(intake.complete)
        if url is not None:
            service.check_outgoing("url", upload)
        if options.callback is None:
            made = await _hear(service, intake, url, options, use)
            headers = {"dg-model-name": engine.name, "dg-model-uuid": model_uuid(engine)}
            return await service.run(json_response, made, request_id, headers)
    except BaseException:
        intake.stop()
        raise
    use.unfinished, use.method, use.callback = True, "async", options.callback
    service.spawn(_hear_and_deliver(service, intake, url, options, use))
    return json_response({"request_id": request_id}, request_id)


async def _hear(service: Service, intake: Intake, url: str | None, options: Options, use: Use) -> dict[str, Any]:
    request_id = use.request_id
    try:
        if url is not None:
            intake = Intake(service.engine, options, allow_json=False)
            async with aclosing(service.outgoing.fetch(url, service.settings.max_body)) as chunks:
                async for chunk in chunks:
                    await service.run(intake.feed, chunk)
            await service.run(intake.complete)
        outcome = await service.run(intake.finish)
    except Refusal:
        raise
    except Exception as problem:  # An engine may be anybody's, and raise anything.
        _log.exception("request %s failed", request_id)
        raise Refusal(500, "INTERNAL_SERVER_ERROR", f"{type(problem).__name__}: {problem}") from None
    finally:
        intake.stop()
    use.seconds, use.channels = outcome.seconds, len(outcome.channels)
    return await service.run(answer, service.engine, options, outcome, request_id)


async def _hear_and_deliver(service: Service, intake: Intake, url: str | None, options: Options, use: Use) -> None:
    """The other half of a request with a callback; an error is delivered like an answer."""
    assert options.callback is not None
    made: dict[str, Any]
    try:
        made = await _hear(service, intake, url, options, use)
    except Refusal as refusal:
        use.code, use.message = refusal.status, refusal.message
        made = dict(error(refusal, use.request_id))
    finally:
        service.record(use)
    headers = {"Content-Type": "application/json", "dg-request-id": use.request_id, "dg-token": use.accessor}
    await service.outgoing.deliver(options.callback_method, options.callback, encode(made), headers)


def answer(engine: Engine, options: Options, outcome: Outcome, request_id: str) -> dict[str, Any]:
    """The JSON of the answer."""
    channels = [channel_answer(heard, options) for heard in outcome.channels]
    model = model_uuid(engine)
    metadata: dict[str, Any] = {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": outcome.sha256,
        "created": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "duration": round(outcome.seconds, 6),
        "channels": len(channels),
        "models": [model],
        "model_info": {model: {"name": engine.name, "version": engine.version, "arch": engine.arch}},
    }
    if options.warnings:
        metadata["warnings"] = options.warnings
    if options.tags:
        metadata["tags"] = options.tags
    if options.extra:
        metadata["extra"] = options.extra
    results: dict[str, Any] = {"channels": channels}
    if options.utterances:
        spoken = [channel["alternatives"][0]["words"] for channel in channels]
        results["utterances"] = words.utterances(spoken, options.utt_split)
    return {"metadata": metadata, "results": results}


def channel_answer(heard: Heard, options: Options) -> dict[str, Any]:
    """What was heard in one channel, or in a piece of it, as the request wants it told."""
    kept = heard.words if options.filler_words else words.without_fillers(heard.words)
    written = words.heard_words(words.replaced(kept, options.replace), punctuate=options.punctuate)
    alternative: dict[str, Any] = {
        "transcript": words.transcript(written),
        "confidence": words.confidence(written),
        "words": written,
    }
    if options.paragraphs and written:
        alternative["paragraphs"] = words.paragraphs(written)
    channel: dict[str, Any] = {}
    if options.search:
        said = words.heard_words(kept, punctuate=False)
        channel["search"] = [words.search(said, term) for term in options.search]
    channel["alternatives"] = [alternative]
    if heard.language is not None and options.hints.detect_language:
        channel["detected_language"] = heard.language
        if heard.language_confidence is not None:
            channel["language_confidence"] = heard.language_confidence
    return channel


ROUTES = [Route("POST", "/v1/listen", listen, "usage:write", "listen")]
