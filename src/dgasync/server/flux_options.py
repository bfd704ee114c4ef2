"""What a request to the websocket of /v2/listen asks for, and what a Configure may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, NamedTuple

from dgasync.server.decode import RAW_ENCODINGS
from dgasync.server.engine import Engine, Hints, LiveEngine, hears_live
from dgasync.server.options import LiveOptions
from dgasync.server.query import Query, bad_value
from dgasync.server.replies import Refusal
from dgasync.server.turns import PAUSE, Thresholds

__all__ = [
    "MODELS",
    "MULTI",
    "PARAMETERS",
    "FluxOptions",
    "changed",
    "checked_hints",
    "checked_terms",
    "no_such_model",
    "read_flux_options",
]

MULTI = "flux-general-multi"
MODELS = frozenset({"flux-general-en", MULTI})
"""Model names (the service's spec). Both mean the one engine."""
PARAMETERS = frozenset(
    {
        *("model", "encoding", "sample_rate", "eager_eot_threshold", "eot_threshold", "eot_timeout_ms", "keyterm"),
        *("language_hint", "profanity_filter", "numerals", "redact", "mip_opt_out", "tag"),
    }
)
"""What is known; all else is refused, as on /v2/speak. `keyterm` and `language_hint` change nothing with an engine that
takes no hints, and `mip_opt_out` never does."""
_REFUSED = ("profanity_filter", "numerals", "redact")
"""What this server cannot do, and has no message to say so in."""
_ENCODINGS = ("linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus")
LONGEST_TERM = 100
"""Characters of a keyterm (deepgram-python-sdk#616)."""
MOST_TERMS = 100
_BAD = "INVALID_QUERY_PARAMETER"


class _Range(NamedTuple):
    low: float
    high: float


RANGES = {
    "eot_threshold": _Range(0.5, 1.0),
    "eager_eot_threshold": _Range(0.3, 0.9),
    "eot_timeout_ms": _Range(500, 60_000),
}
"""The service's page "End-of-Turn Detection Parameters"."""


@dataclass
class FluxOptions:
    """A request's parameters, checked."""

    audio: LiveOptions
    thresholds: Thresholds = field(default_factory=Thresholds)
    multi: bool = False
    """Whether the model is the one for several languages."""
    language_hints: list[str] = field(default_factory=list[str])
    keyterms: list[str] = field(default_factory=list[str])


def read_flux_options(pairs: Sequence[tuple[str, str]], engine: Engine, uuid: str) -> tuple[FluxOptions, LiveEngine]:
    """The parameters, and the engine, if it can hear live audio; raises `Refusal`."""
    if not hears_live(engine):
        message = f"Bad Request: the engine `{engine.name}` hears recordings only; it cannot hear live audio."
        raise Refusal(400, "Bad Request", message)
    query = Query(pairs)
    for name in query.names:
        if name not in PARAMETERS:
            raise Refusal(400, _BAD, f"Failed to deserialize query parameters: unknown field `{name}`")
    for name in _REFUSED:
        if query.asked(name):
            message = f"Bad Request: this local server cannot do `{name}`, and turns without it would mislead."
            raise Refusal(400, "Bad Request", message)
    model = query.last("model")
    if not model:
        raise Refusal(400, _BAD, "Failed to deserialize query parameters: missing field `model`")
    if model not in MODELS and model not in (engine.name, uuid):
        raise no_such_model()
    thresholds = changed(Thresholds(), {name: value for name in RANGES if (value := query.last(name)) is not None})
    hints = checked_hints(query.all("language_hint"), model, engine)
    terms = checked_terms(query.all("keyterm"))
    audio = LiveOptions(interim=True, endpointing=PAUSE, hints=Hints(terms=tuple(terms) if engine.takes_terms else ()))
    audio.encoding = query.one_of("encoding", _ENCODINGS, "") or None
    audio.sample_rate = query.whole("sample_rate", 1, 768_000)
    if audio.encoding in RAW_ENCODINGS and audio.sample_rate is None:
        raise Refusal(400, _BAD, "`sample_rate` is required with raw audio.")
    return FluxOptions(audio, thresholds, model == MULTI, hints, terms), engine


def no_such_model() -> Refusal:
    """The answer to a model that there is not."""
    return Refusal(400, "Bad Request", "Bad Request: No such model/language/tier combination found.")


def changed(held: Thresholds, told: Mapping[str, Any]) -> Thresholds:
    """The thresholds with those that are told by their names in the API; raises `Refusal`."""
    given = {name: _number(name, told[name]) for name in RANGES if told.get(name) is not None}
    made = replace(
        held,
        eot=given.get("eot_threshold", held.eot),
        eager=given.get("eager_eot_threshold", held.eager),
        timeout=given["eot_timeout_ms"] / 1000 if "eot_timeout_ms" in given else held.timeout,
    )
    if made.eager is not None and made.eager > made.eot:
        raise bad_value("eager_eot_threshold", f"must not be above eot_threshold, which is {made.eot:g}")
    return made


def _number(name: str, value: Any) -> float:
    low, high = RANGES[name]
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not isfinite(number) or not low <= number <= high:
        raise bad_value(name, f"expected a number from {low:g} to {high:g}")
    return number


def checked_terms(terms: Sequence[Any]) -> list[str]:
    """Keyterms, if they are such; raises `Refusal`."""
    for term in terms:
        if not isinstance(term, str) or not term.strip():
            raise bad_value("keyterm", "expected a text that is not empty")
        if len(term) > LONGEST_TERM:
            raise bad_value("keyterm", f"{LONGEST_TERM} characters are the most, and this one has {len(term)}")
    if len(terms) > MOST_TERMS:
        raise bad_value("keyterm", f"{MOST_TERMS} of them are the most")
    return list(terms)


def checked_hints(hints: Sequence[Any], model: str, engine: Engine) -> list[str]:
    """Language hints, if they are such and of use here; raises `Refusal`."""
    if not hints:
        return []
    if model != MULTI:
        raise bad_value("language_hint", f"only valid with model {MULTI}")
    for hint in hints:
        if not isinstance(hint, str) or not hint.strip():
            raise bad_value("language_hint", "expected a language tag")
    known = engine.languages
    if known is not None and not any(hint.replace("_", "-").split("-")[0].lower() in known for hint in hints):
        raise no_such_model()
    return list(hints)
