"""The models there are: the engines of this server. Names of the service's models are accepted too, and mean these."""

from __future__ import annotations

from aiohttp import web

from dgasync.server.engine import Engine, EngineError, Named, hears_live
from dgasync.server.errands import Errand, Json, handler, not_found
from dgasync.server.listen import model_uuid
from dgasync.server.replies import json_response
from dgasync.server.routes import Call, Route
from dgasync.server.voice import find_voice

__all__ = ["ROUTES", "models"]


def models(engine: Engine) -> Json:
    """What listens and what speaks here, as answers tell it."""
    heard = {
        **_named(engine, engine.languages),
        "batch": True,
        "streaming": hears_live(engine),
        "formatted_output": True,
    }
    try:
        voice = find_voice(engine)
    except EngineError:
        return {"stt": [heard], "tts": []}
    return {"stt": [heard], "tts": [_named(voice, voice.languages)]}


def _named(named: Named, languages: frozenset[str] | None) -> Json:
    return {
        "name": named.name,
        "canonical_name": named.name,
        "architecture": named.arch,
        # An engine that does not care has no list of them.
        "languages": sorted(languages or ()),
        "version": named.version,
        "uuid": model_uuid(named),
    }


def _list(errand: Errand) -> Json:
    return models(errand.call.service.engine)


def _get(errand: Errand) -> Json:
    which = errand.id("model_id")
    told = models(errand.call.service.engine)
    for model in (*told["stt"], *told["tts"]):
        if which in (model["uuid"], model["canonical_name"]):
            found: Json = model
            return found
    raise not_found("Model", which)


async def _think_models(call: Call) -> web.Response:
    """What can think without anything that a user brings along: the echo, which `provider.type` calls so too."""
    echo = {"id": "echo", "name": "Echo: repeats what it heard", "provider": "echo"}
    return json_response({"models": [echo]}, call.request_id)


ROUTES = [
    # The public ones need no scope of the project's, but a key; official clients ask with options in the body of a GET.
    Route("GET", "/v1/models", handler(_list, body=False)),
    Route("GET", "/v1/models/{model_id}", handler(_get)),
    Route("GET", "/v1/projects/{project_id}/models", handler(_list, body=False), "project:read"),
    Route("GET", "/v1/projects/{project_id}/models/{model_id}", handler(_get), "project:read"),
    Route("GET", "/v1/agent/settings/think/models", _think_models),
]
