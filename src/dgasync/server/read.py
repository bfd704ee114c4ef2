"""POST /v1/read: what a text is about, and in which mood."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from dgasync.server.engine import EngineError, Named
from dgasync.server.gist import Extractor, Lexicon, Sentence, Text
from dgasync.server.listen import model_uuid
from dgasync.server.query import Query, bad_value
from dgasync.server.replies import Refusal, encode, error, json_response
from dgasync.server.routes import Call, Route
from dgasync.server.text_body import Body, fetch_text, read_body

if TYPE_CHECKING:
    from dgasync.server.app import Service
    from dgasync.server.ledger import Use

__all__ = ["PARAMETERS", "REFUSED", "ROUTES", "ReadOptions", "read_read_options"]

_log = logging.getLogger(__name__)

Json = dict[str, Any]

MAX_TOKENS = 150_000
"""Tokens of a text; the service's limit, in words."""
MOST_CUSTOM = 100
"""Topics that may be asked for (the spec's limit)."""

PARAMETERS = frozenset(
    {"summarize", "topics", "sentiment", "custom_topic", "custom_topic_mode", "language", "tag"}
    | {"callback", "callback_method", "custom_intent_mode"}
)
"""What is done. `custom_intent_mode` alone says nothing; any other parameter is ignored, as the service does."""
REFUSED = frozenset({"intents", "custom_intent"})
"""What nothing here can do; an answer without it would look as if there were none."""


class ReadOptions(NamedTuple):
    """A request's parameters, checked."""

    summarize: bool
    topics: bool
    sentiment: bool
    custom_topics: list[str]
    strict: bool
    language: str
    callback: str | None
    callback_method: str


def read_read_options(pairs: Sequence[tuple[str, str]]) -> ReadOptions:
    """The parameters of a request to /v1/read; raises `Refusal`."""
    query = Query(pairs)
    for name in sorted(REFUSED):
        if query.asked(name):
            message = f"Bad Request: this local server cannot do `{name}`, and an answer without it would mislead."
            raise Refusal(400, "Bad Request", message)
    language = query.last("language") or "en"
    if language.replace("_", "-").split("-")[0].lower() != "en":
        message = f"Request specified unsupported language: {language}. Only English is supported."
        raise Refusal(400, "INVALID_QUERY_PARAMETER", message)
    custom = [topic for topic in query.all("custom_topic") if topic.strip()]
    if len(custom) > MOST_CUSTOM:
        raise bad_value("custom_topic", f"expected no more than {MOST_CUSTOM}")
    summarize = (query.last("summarize") or "false").lower()
    if summarize not in ("true", "false", "v2"):
        raise bad_value("summarize", "expected `true`, `false` or `v2`")
    return ReadOptions(
        summarize != "false",
        query.flag("topics") or bool(custom),
        query.flag("sentiment"),
        custom,
        query.one_of("custom_topic_mode", ("extended", "strict"), "extended") == "strict" and bool(custom),
        language,
        *query.callback(),
    )


async def read(call: Call) -> web.Response:
    """Analyse the text in the body, or behind the URL in it."""
    service, use = call.service, call.use
    assert use is not None
    options = read_read_options(call.received.query)
    if options.callback is not None:
        service.check_outgoing("callback", call.upload)
    body = await read_body(service, call.upload)
    if options.callback is None:
        return json_response(await _analyse(service, body, options, use), call.request_id)
    use.unfinished, use.method, use.callback = True, "async", options.callback
    service.spawn(_analyse_and_deliver(service, body, options, use))
    return json_response({"request_id": call.request_id}, call.request_id)


async def _analyse(service: Service, body: Body, options: ReadOptions, use: Use) -> Json:
    text = body.text if body.url is None else await fetch_text(service, body.url)
    assert text is not None
    if not text.strip():
        raise Refusal(400, "Bad Request", "Input text contains no characters.")
    try:
        return await service.run(_answer, text, options, use)
    except Refusal:
        raise
    except EngineError as problem:
        raise Refusal(400, "Bad Request", f"Bad Request: this local server cannot do that: {problem}.") from None


async def _analyse_and_deliver(service: Service, body: Body, options: ReadOptions, use: Use) -> None:
    """The other half of a request with a callback; an error is delivered like an answer."""
    assert options.callback is not None
    made: Json
    try:
        made = await _analyse(service, body, options, use)
    except Refusal as refusal:
        use.code, use.message = refusal.status, refusal.message
        made = dict(error(refusal, use.request_id))
    finally:
        service.record(use)
    headers = {"Content-Type": "application/json", "dg-request-id": use.request_id, "dg-token": use.accessor}
    await service.outgoing.deliver(options.callback_method, options.callback, encode(made), headers)


def _answer(given: str, options: ReadOptions, use: Use) -> Json:
    """The JSON of the answer: flat, as the service gives it (its spec nests one deeper)."""
    text = Text(given)
    if text.words > MAX_TOKENS:
        message = (
            f"Text input currently supports up to {MAX_TOKENS // 1000}K tokens. Please revise your text input to fit "
            "within the defined token limit."
        )
        raise Refusal(400, "TOKEN_LIMIT_EXCEEDED", message)
    metadata: Json = {
        "request_id": use.request_id,
        "created": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "language": options.language,
    }
    results: Json = {}
    models: dict[str, Named] = {}

    def at_work(info: str, model: Named, made: int) -> None:
        models[model_uuid(model)] = model
        metadata[info] = {"model_uuid": model_uuid(model), "input_tokens": text.words, "output_tokens": made}
        use.tokens_in += text.words
        use.tokens_out += made

    extractor = Extractor(text) if options.summarize or options.topics else None
    if extractor is not None and options.summarize:
        summary = extractor.summary()
        results["summary"] = {"text": summary}
        at_work("summary_info", extractor, len(summary.split()))
    if extractor is not None and options.topics:
        found = extractor.found_topics(options.custom_topics, strict=options.strict)
        segments = [
            {
                **_place(sentence),
                "topics": [{"topic": topic, "confidence_score": confidence} for topic, confidence in topics],
            }
            for sentence, topics in found
        ]
        results["topics"] = {"segments": segments}
        at_work("topics_info", extractor, sum(len(topics) for _, topics in found))
    if options.sentiment:
        lexicon = _lexicon()
        results["sentiments"] = _sentiments(text, lexicon)
        at_work("sentiment_info", lexicon, len(text.sentences))
    use.models = {uuid: model.name for uuid, model in models.items()}
    # As in the answers of /v1/listen; the service has no such field here.
    metadata["model_info"] = {
        uuid: {"name": model.name, "version": model.version, "arch": model.arch} for uuid, model in models.items()
    }
    return {"metadata": metadata, "results": results}


def _place(sentence: Sentence) -> Json:
    return {"text": sentence.text, "start_word": sentence.start, "end_word": sentence.end}


@cache
def _lexicon() -> Lexicon:
    return Lexicon()


def _sentiments(text: Text, lexicon: Lexicon) -> Json:
    scores = [lexicon.score(sentence.text) for sentence in text.sentences]
    # Each sentence counts for as many words as it has.
    weights = [sentence.end - sentence.start + 1 for sentence in text.sentences]
    average = sum(score * weight for score, weight in zip(scores, weights, strict=True)) / sum(weights)
    segments = [
        {**_place(sentence), "sentiment": lexicon.called(score), "sentiment_score": round(score, 6)}
        for sentence, score in zip(text.sentences, scores, strict=True)
    ]
    return {
        "segments": segments,
        "average": {"sentiment": lexicon.called(average), "sentiment_score": round(average, 6)},
    }


ROUTES = [Route("POST", "/v1/read", read, "usage:write", "read")]
