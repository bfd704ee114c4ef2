"""What a request to /v1/speak or /v2/speak asks for, and whether the voice here can do it: the tables are below."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import NamedTuple

from dgasync.server.encode import Form
from dgasync.server.listen import model_uuid
from dgasync.server.query import Query, bad_value
from dgasync.server.replies import Refusal
from dgasync.server.voice import Voice

__all__ = [
    "MAX_CHARACTERS",
    "MODELS",
    "PARAMETERS",
    "SPEEDS",
    "SpeakOptions",
    "live_form",
    "read_speak_options",
    "wrong_speed",
]

_AURA = "angus arcas asteria athena helios hera luna orion orpheus perseus stella zeus"
_AURA_2 = {
    "en": "amalthea andromeda apollo arcas aries asteria athena atlas aurora callista cora cordelia delia draco "
    "electra harmonia helena hera hermes hyperion iris janus juno jupiter luna mars minerva neptune odysseus ophelia "
    "orion orpheus pandora phoebe pluto saturn selene thalia theia vesta zeus",
    "es": "agustina alvaro antonia aquila carina celeste diana estrella gloria javier luciano nestor olivia selena "
    "silvia sirio valerio",
    "de": "aurelia elara fabian julius kara lara viktoria",
    "nl": "beatrix cornelia daphne hestia lars leda rhea roman sander",
    "fr": "agathe hector",
    "it": "cesare cinzia demetra dionisio elio flavio livia maia melia perseo",
    "ja": "ama ebisu fujin izanami uzume",
}
MODELS: dict[str, str] = {
    **{f"aura-{name}-en": "en" for name in _AURA.split()},
    **{f"aura-2-{name}-{language}": language for language, names in _AURA_2.items() for name in names.split()},
}
"""Voices of /v1/speak (the service's spec) and their languages. All of them are the one voice that is here."""
DEFAULT_MODEL = "aura-asteria-en"
_FLUX = re.compile(r"flux-[a-z]+-([a-z]{2})")
"""Voices of /v2/speak: the spec names no list."""

_COMMON = frozenset({"model", "encoding", "sample_rate", "speed", "mip_opt_out", "tag"})
_BATCH = frozenset({"container", "bit_rate", "callback", "callback_method"})
PARAMETERS: dict[tuple[int, bool], frozenset[str]] = {
    (1, False): _COMMON | _BATCH,
    (1, True): _COMMON,
    (2, False): _COMMON | _BATCH | {"priority", "expressivity"},
    (2, True): _COMMON | {"expressivity"},
}
"""What is known, by version and whether it is a websocket. /v1 ignores all else and /v2 refuses it, as the service
does. `mip_opt_out`, `priority` and `expressivity` change nothing here."""


class _Kind(NamedTuple):
    """One encoding: what may be asked for with it, defaults first. What is empty is not to be asked for."""

    rates: tuple[int, ...]
    containers: tuple[str, ...] = ("none",)
    bit_rates: Container[int] = ()
    bit_rate: int | None = None
    bit_rates_told: str = ""


def _kinds(rates: tuple[int, ...], mp3: tuple[int, ...]) -> dict[str, _Kind]:
    wav, law = ("wav", "none"), (8000, 16000)
    told = ", ".join(map(str, mp3[:-1])) + f" or {mp3[-1]}"
    return {
        "linear16": _Kind(rates, wav),
        "mulaw": _Kind(law, wav),
        "alaw": _Kind(law, wav),
        "mp3": _Kind((22050,), bit_rates=mp3, bit_rate=48000, bit_rates_told=told),
        "opus": _Kind((48000,), ("ogg",), range(4000, 650_001), 12000, "from 4000 to 650000"),
        "flac": _Kind((48000, 32000, 22050, 16000, 8000)),
        "aac": _Kind((22050,), bit_rates=range(4000, 192_001), bit_rate=48000, bit_rates_told="from 4000 to 192000"),
    }


_KINDS = {
    1: _kinds((24000, 8000, 16000, 32000, 48000), (32000, 48000)),
    2: _kinds((24000, 8000, 16000, 32000, 44100, 48000), (8000, 16000, 24000, 32000, 40000, 48000)),
}
"""The service's spec, and its page on media output settings for the bit rates of opus and aac. Which rate is the
default for flac they do not say; it is the highest here."""
_STREAMED = ("linear16", "mulaw", "alaw")

MAX_CHARACTERS = 2000
"""Characters of a text that is posted, and of a message on the websocket of /v1 (the service's limit)."""
SPEEDS = {1: (0.7, 1.5), 2: (0.5, 1.5)}
"""What `speed` may be (the service's page on voice controls); in /v2 in steps of 0.05."""


class SpeakOptions(NamedTuple):
    """A request's parameters, checked."""

    form: Form
    speed: float = 1.0
    callback: str | None = None
    callback_method: str = "POST"


def read_speak_options(pairs: Sequence[tuple[str, str]], voice: Voice, version: int, *, live: bool) -> SpeakOptions:
    """The parameters of a request to /v`version`/speak, checked against what `voice` can; raises `Refusal`."""
    query = Query(pairs)
    known = PARAMETERS[version, live]
    if version > 1:
        for name in query.names:
            if name not in known:
                message = f"Failed to deserialize query parameters: unknown field `{name}`"
                raise Refusal(400, "INVALID_QUERY_PARAMETER", message)
        _check_expressivity(query)
        query.one_of("priority", ("low",), "low")
    _check_model(query.last("model") or "", voice, version)
    speed = query.number("speed")
    wrong = None if speed is None else wrong_speed(speed, version)
    if wrong is not None:
        raise Refusal(400, *wrong)
    form = live_form(query, voice, version) if live else _form(query, version)
    callback, method = (None, "POST") if live else query.callback()
    return SpeakOptions(form, 1.0 if speed is None else speed, callback, method)


def wrong_speed(speed: float, version: int) -> tuple[str, str] | None:
    """The code and message of what is wrong with a speed, if anything is."""
    low, high = SPEEDS[version]
    if not low <= speed <= high:
        return "SPEED_OUT_OF_RANGE", f"'speed' must be between {low} and {high}"
    if version > 1 and abs(speed * 20 - round(speed * 20)) > 1e-6:
        return "SPEED_INCREMENT_INVALID", "'speed' must be provided in increments of 0.05"
    return None


def _check_expressivity(query: Query) -> None:
    value = query.number("expressivity") or 0.0
    if value != int(value):
        raise Refusal(400, "EXPRESSIVITY_INCREMENT_INVALID", "'expressivity' must be a whole number")
    if not -2 <= value <= 2:
        raise Refusal(400, "EXPRESSIVITY_OUT_OF_RANGE", "'expressivity' must be between -2 and 2")


def _check_model(model: str, voice: Voice, version: int) -> None:
    if model in (voice.name, model_uuid(voice)):
        return
    if version == 1:
        language = MODELS.get(model or DEFAULT_MODEL)
    else:
        if not model:
            raise Refusal(
                400, "INVALID_QUERY_PARAMETER", "Failed to deserialize query parameters: missing field `model`"
            )
        if model in MODELS:
            message = (
                "Only flux models are supported on the `/v2/speak` endpoint. Please use the `/v1/speak` endpoint for "
                "Aura text-to-speech requests."
            )
            raise Refusal(400, "V1_MODEL_ON_V2_SPEAK_ENDPOINT", message)
        found = _FLUX.fullmatch(model)
        language = found[1] if found else None
    if language is None:
        raise Refusal(400, "Bad Request", "Bad Request: No such model/language/tier combination found.")
    if language not in voice.languages:
        spoken = ", ".join(sorted(voice.languages))
        message = f"Bad Request: this local server's voice `{voice.name}` does not speak {language}, only: {spoken}."
        raise Refusal(400, "Bad Request", message)


def _unsupported(message: str) -> Refusal:
    return Refusal(400, "UNSUPPORTED_AUDIO_FORMAT", f"Unsupported audio format: {message}.")


def _form(query: Query, version: int) -> Form:
    kinds = _KINDS[version]
    encoding = query.one_of("encoding", kinds, "mp3")
    kind = kinds[encoding]
    container = query.one_of("container", ("wav", "ogg", "none"), kind.containers[0])
    if container not in kind.containers:
        wrong = (
            "`container` is not applicable" if kind.containers == ("none",) else f"`container={container}` is invalid"
        )
        raise _unsupported(f"{wrong} when `encoding={encoding}`")
    return Form(encoding, container, _rate(query, kind, encoding), _bit_rate(query, kind, encoding))


def live_form(query: Query, voice: Voice, version: int) -> Form:
    """The raw audio of a websocket."""
    encoding = query.one_of("encoding", _STREAMED, "linear16")
    kind = _KINDS[version][encoding]
    if query.last("sample_rate") is None and encoding == "linear16" and version > 1 and voice.rate in kind.rates:
        return Form(encoding, "none", voice.rate)  # "Defaults to the model's native sample rate."
    return Form(encoding, "none", _rate(query, kind, encoding))


def _whole(query: Query, name: str) -> int | None:
    value = query.last(name)
    if value is None or value == "":
        return None
    if not (value.isascii() and value.isdigit()):
        raise bad_value(name, f'invalid type: string "{value}", expected u32')
    return int(value[:9])


def _rate(query: Query, kind: _Kind, encoding: str) -> int:
    rate = _whole(query, "sample_rate")
    if rate is None:
        return kind.rates[0]
    if rate not in kind.rates:
        *more, last = map(str, sorted(kind.rates))
        wrong = f"must be {', '.join(more)} or {last}" if more else "is not applicable"
        raise _unsupported(f"`sample_rate` {wrong} when `encoding={encoding}`")
    return rate


def _bit_rate(query: Query, kind: _Kind, encoding: str) -> int | None:
    bit_rate = _whole(query, "bit_rate")
    if bit_rate is None:
        return kind.bit_rate
    if bit_rate not in kind.bit_rates:
        wrong = f"must be {kind.bit_rates_told}" if kind.bit_rates_told else "is not applicable"
        raise _unsupported(f"`bit_rate` {wrong} when `encoding={encoding}`")
    return bit_rate
