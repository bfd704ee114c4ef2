"""What a request to /v1/listen asks for, and what this server does about it: the tables are below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from dgasync.server.decode import RAW_ENCODINGS
from dgasync.server.engine import Engine, Hints, LiveEngine, LiveHints, hears_live
from dgasync.server.query import Query, bad_value
from dgasync.server.replies import Refusal

__all__ = [
    "HEADERLESS",
    "LIVE_TREATMENT",
    "PACKETS",
    "TREATMENT",
    "LiveOptions",
    "Options",
    "Treatment",
    "read_live_options",
    "read_options",
]


class Treatment(Enum):
    """What becomes of a parameter."""

    DONE = "done"
    LEFT_OUT = "left out, and said so in metadata.warnings"
    """The answer shows that it is missing: no speakers, no summary."""
    REFUSED = "refused with 400"
    """Left out, it would mislead: who asks for redaction must not get a plain transcript that looks redacted."""
    ENGINE = "done where the engine can, else left out"
    WITHOUT_EFFECT = "accepted; it changes nothing here"


TREATMENT: dict[str, Treatment] = {
    "callback": Treatment.DONE,
    "callback_method": Treatment.DONE,
    "channels": Treatment.DONE,
    "encoding": Treatment.DONE,
    "extra": Treatment.DONE,
    "filler_words": Treatment.DONE,
    "language": Treatment.DONE,
    "model": Treatment.DONE,
    "multichannel": Treatment.DONE,
    "paragraphs": Treatment.DONE,
    "punctuate": Treatment.DONE,
    "replace": Treatment.DONE,
    "sample_rate": Treatment.DONE,
    "search": Treatment.DONE,
    "smart_format": Treatment.DONE,
    "tag": Treatment.DONE,
    "tier": Treatment.DONE,
    "utt_split": Treatment.DONE,
    "utterances": Treatment.DONE,
    "version": Treatment.DONE,
    "detect_language": Treatment.ENGINE,
    "keyterm": Treatment.ENGINE,
    "keywords": Treatment.ENGINE,
    "alternatives": Treatment.LEFT_OUT,
    "custom_intent": Treatment.LEFT_OUT,
    "custom_topic": Treatment.LEFT_OUT,
    "detect_entities": Treatment.LEFT_OUT,
    "detect_topics": Treatment.LEFT_OUT,
    "diarize": Treatment.LEFT_OUT,
    "diarize_model": Treatment.LEFT_OUT,
    "diarize_version": Treatment.LEFT_OUT,
    "dictation": Treatment.LEFT_OUT,
    "intents": Treatment.LEFT_OUT,
    "measurements": Treatment.LEFT_OUT,
    "numerals": Treatment.LEFT_OUT,
    "sentiment": Treatment.LEFT_OUT,
    "summarize": Treatment.LEFT_OUT,
    "topics": Treatment.LEFT_OUT,
    "translate": Treatment.LEFT_OUT,
    "profanity_filter": Treatment.REFUSED,
    "redact": Treatment.REFUSED,
    "custom_intent_mode": Treatment.WITHOUT_EFFECT,
    "custom_topic_mode": Treatment.WITHOUT_EFFECT,
    "mip_opt_out": Treatment.WITHOUT_EFFECT,
}
"""Every parameter of the service that this server knows; any other is ignored, as the service does."""

LIVE_TREATMENT: dict[str, Treatment] = {
    **TREATMENT,
    "endpointing": Treatment.DONE,
    "interim_results": Treatment.DONE,
    "utterance_end_ms": Treatment.DONE,
    "vad_events": Treatment.DONE,
    "callback": Treatment.REFUSED,
    "detect_language": Treatment.LEFT_OUT,
    "language_hint": Treatment.LEFT_OUT,
    "callback_method": Treatment.WITHOUT_EFFECT,
    "no_delay": Treatment.WITHOUT_EFFECT,
    "paragraphs": Treatment.WITHOUT_EFFECT,
    "utt_split": Treatment.WITHOUT_EFFECT,
    "utterances": Treatment.WITHOUT_EFFECT,
}
"""The same for live audio, where it differs. What is left out is said in the Metadata message at the end."""

_USES = {
    "nova-3": ("", "general", "medical"),
    "nova-2": (
        *("", "general", "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video", "medical"),
        *("drivethru", "automotive", "atc"),
    ),
    "nova": ("", "general", "phonecall", "medical"),
    "enhanced": ("", "general", "meeting", "phonecall", "finance"),
    "base": ("", "general", "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video"),
    "whisper": ("", "tiny", "base", "small", "medium", "large"),
}
MODELS = frozenset(
    {
        *(f"{family}-{use}".rstrip("-") for family, uses in _USES.items() for use in uses),
        *("general", "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video"),
    }
)
"""Model names of the service (its spec and documents). All of them mean the one engine, which `model_info` names."""
_TIERS = frozenset({"nova", "enhanced", "base"})

_CONTAINED = frozenset({"flac", "opus", "ogg-opus", "speex", "amr-nb", "amr-wb", "g729", "mp3", "aac"})
"""Names of `encoding=` that are read where the bytes are a file, with its header."""
PACKETS = frozenset({"opus", "speex"})
"""Those of them that may also come as bare packets, one in each websocket message."""
HEADERLESS = {"amr-nb": "amrnb", "amr-wb": "amrwb", "g729": "g729"}
"""Those whose frames may follow each other without any header, and FFmpeg's names for that."""
ENDPOINTING = 0.01
"""Seconds of silence that end speech when `endpointing` does not say (the spec's default, 10 ms)."""
LONGEST_WAIT = 3_600_000
"""Milliseconds that `endpointing` and `utterance_end_ms` may ask for."""


@dataclass
class Options:
    """A request's parameters, checked."""

    hints: Hints = field(default_factory=Hints)
    encoding: str | None = None
    sample_rate: int | None = None
    channels: int = 1
    multichannel: bool = False
    punctuate: bool = False
    paragraphs: bool = False
    utterances: bool = False
    utt_split: float = 0.8
    filler_words: bool = False
    search: list[str] = field(default_factory=list[str])
    replace: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    tags: list[str] = field(default_factory=list[str])
    extra: dict[str, str] = field(default_factory=dict[str, str])
    callback: str | None = None
    callback_method: str = "POST"
    warnings: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    @property
    def raw(self) -> bool:
        """Whether the bytes are said to be samples without a header."""
        return self.encoding in RAW_ENCODINGS


@dataclass
class LiveOptions(Options):
    """The parameters of a live request, checked."""

    interim: bool = False
    endpointing: float | None = ENDPOINTING
    utterance_end: float | None = None
    vad_events: bool = False

    @property
    def wanted(self) -> LiveHints:
        """What the engine must know of it."""
        return LiveHints(self.hints, self.interim, self.endpointing)


def read_options(pairs: Sequence[tuple[str, str]], engine: Engine, uuid: str) -> Options:
    """The parameters, checked against what `engine` can; raises `Refusal`."""
    query = Query(pairs)
    _check_refused(query, TREATMENT)
    _check_model(query, engine, uuid)
    options = Options()
    _read_common(query, options)
    options.punctuate = options.punctuate or query.flag("paragraphs")
    # The recorded answers to smart_format have paragraphs.
    options.paragraphs = query.flag("paragraphs") or query.flag("smart_format")
    options.utterances = query.flag("utterances")
    _read_pause(query, options)
    options.callback, options.callback_method = query.callback()
    _read_hints(query, options, engine, TREATMENT)
    return options


def read_live_options(pairs: Sequence[tuple[str, str]], engine: Engine, uuid: str) -> tuple[LiveOptions, LiveEngine]:
    """The parameters of live audio, and the engine, if it can hear that; raises `Refusal`."""
    if not hears_live(engine):
        message = f"Bad Request: the engine `{engine.name}` hears recordings only; it cannot hear live audio."
        raise Refusal(400, "Bad Request", message)
    query = Query(pairs)
    _check_refused(query, LIVE_TREATMENT)
    _check_model(query, engine, uuid)
    options = LiveOptions(interim=query.flag("interim_results"), vad_events=query.flag("vad_events"))
    _read_common(query, options)
    if options.raw and options.sample_rate is None:
        raise Refusal(400, "INVALID_QUERY_PARAMETER", "`sample_rate` is required with raw audio.")
    if query.last("endpointing") not in (None, "true"):
        options.endpointing = _seconds(query, "endpointing") if query.asked("endpointing") else None
    if query.asked("utterance_end_ms"):
        options.utterance_end = _seconds(query, "utterance_end_ms")
    _read_hints(query, options, engine, LIVE_TREATMENT)
    return options, engine


def _read_common(query: Query, options: Options) -> None:
    options.multichannel = query.flag("multichannel")
    options.punctuate = query.flag("punctuate") or query.flag("smart_format")
    options.filler_words = query.flag("filler_words")
    options.search = [term for term in query.all("search") if term]
    options.replace = [_rule(rule) for rule in query.all("replace") if rule]
    options.tags = query.all("tag")
    options.extra = dict(_pair(extra) for extra in query.all("extra"))
    _read_format(query, options)


def _seconds(query: Query, name: str) -> float:
    return (query.whole(name, 1, LONGEST_WAIT) or 0) / 1000


def _warning(name: str, message: str) -> dict[str, str]:
    return {"parameter": name, "type": "unsupported_parameter", "message": message}


def _check_refused(query: Query, table: dict[str, Treatment]) -> None:
    for name, treatment in table.items():
        if treatment is Treatment.REFUSED and query.asked(name):
            message = f"Bad Request: this local server cannot do `{name}`, and an answer without it would mislead."
            raise Refusal(400, "Bad Request", message)


def _check_model(query: Query, engine: Engine, uuid: str) -> None:
    model, tier, version = query.last("model"), query.last("tier"), query.last("version")
    own = (engine.name, uuid)
    if (model and model not in MODELS and model not in own) or (tier and tier not in _TIERS):
        raise Refusal(400, "Bad Request", "Bad Request: No such model/language/tier combination found.")
    if version and version not in ("latest", engine.version):
        raise Refusal(400, "Bad Request", "Bad Request: No such model/version combination found.")


def _rule(rule: str) -> tuple[str, str]:
    find, _, replacement = rule.partition(":")
    return find, replacement


def _pair(extra: str) -> tuple[str, str]:
    key, colon, value = extra.partition(":")
    if not key or not colon:
        raise bad_value("extra", "expected key:value")
    return key, value


def _read_format(query: Query, options: Options) -> None:
    options.encoding = query.last("encoding") or None
    if options.encoding and options.encoding not in RAW_ENCODINGS and options.encoding not in _CONTAINED:
        raise Refusal(400, "INVALID_QUERY_PARAMETER", f"Unsupported audio format: {options.encoding}")
    options.sample_rate = query.whole("sample_rate", 1, 768_000)
    options.channels = query.whole("channels", 1, 64) or 1


def _read_pause(query: Query, options: Options) -> None:
    value = query.last("utt_split")
    if value is None:
        return
    try:
        options.utt_split = float(value)
    except ValueError:
        raise bad_value("utt_split", "invalid float literal") from None
    if not 0 < options.utt_split < float("inf"):
        raise bad_value("utt_split", "expected a number of seconds above 0")


def _read_hints(query: Query, options: Options, engine: Engine, table: dict[str, Treatment]) -> None:
    language = query.last("language") or None
    known = engine.languages
    if language and known is not None and language.replace("_", "-").split("-")[0].lower() not in known:
        raise Refusal(400, "Bad Request", "Bad Request: No such model/language/tier combination found.")
    # Either a flag or the languages to choose from; the engine chooses from all it has.
    detect = query.asked("detect_language") and table["detect_language"] is Treatment.ENGINE
    if detect and not engine.detects_language:
        options.warnings.append(_warning("detect_language", "The engine knows one language; nothing was detected."))
        detect = False
    terms: list[str] = []
    for name in ("keyterm", "keywords"):
        given = [term for term in query.all(name) if term]
        if given and not engine.takes_terms:
            options.warnings.append(_warning(name, f"The engine takes no hints: `{name}` was left out."))
        elif name == "keywords":
            for term in given:
                word, colon, boost = term.rpartition(":")
                if colon and boost.startswith("-"):
                    options.warnings.append(
                        _warning(name, "The engine cannot suppress: a negative boost was left out.")
                    )
                else:
                    terms.append(word if colon else term)
        else:
            terms += given
    options.hints = Hints(language, detect, tuple(terms))
    options.warnings += [
        _warning(name, f"`{name}` is not supported by this local server and was left out.")
        for name, treatment in table.items()
        if treatment is Treatment.LEFT_OUT and query.asked(name) and (name, query.last(name)) != ("alternatives", "1")
    ]
