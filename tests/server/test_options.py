"""What becomes of each parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from dgasync.server.options import (
    ENDPOINTING,
    LIVE_TREATMENT,
    MODELS,
    TREATMENT,
    LiveOptions,
    Options,
    Treatment,
    read_live_options,
    read_options,
)
from dgasync.server.query import http_url
from dgasync.server.replies import Refusal
from dgasync.server.ruler import RulerEngine


class English(RulerEngine):
    """An engine of one language that takes terms."""

    languages = frozenset({"en"})
    takes_terms = True


class Polyglot(RulerEngine):
    detects_language = True


def read(*pairs: tuple[str, str], engine: RulerEngine | None = None) -> Options:
    return read_options(pairs, engine or RulerEngine(), "the-uuid")


def refused(*pairs: tuple[str, str], engine: RulerEngine | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        read(*pairs, engine=engine)
    assert caught.value.status == 400
    return caught.value.message


def test_table_is_complete(shared: Path) -> None:
    """Every parameter and model of the official spec has its treatment."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    spec = yaml.safe_load((shared / "specs" / "openapi.yml").read_text())
    operation = spec["paths"]["/v1/listen"]["post"]
    names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
    assert names - set(TREATMENT) == set()
    assert set(spec["components"]["schemas"]["V1ListenPostParametersModel0"]["enum"]) - MODELS == set()


def test_nothing_asked() -> None:
    """Without parameters the answer is bare."""
    options = read()
    assert (options.punctuate, options.paragraphs, options.utterances, options.multichannel) == (False,) * 4
    assert options.warnings == []


def test_smart_format() -> None:
    """Smart format punctuates and makes paragraphs, and paragraphs are punctuated."""
    assert read(("smart_format", "true")).punctuate
    assert read(("smart_format", "true")).paragraphs
    assert read(("paragraphs", "True")).punctuate
    assert not read(("punctuate", "true")).paragraphs


@pytest.mark.parametrize("name", [n for n, t in TREATMENT.items() if t is Treatment.LEFT_OUT])
def test_left_out(name: str) -> None:
    """What is left out is said, once, and only when it was asked for."""
    warnings = read((name, "v2"), (name, "other")).warnings
    assert [warning["parameter"] for warning in warnings] == [name]
    assert set(warnings[0]) == {"parameter", "type", "message"}
    assert read((name, "false")).warnings == []


def test_one_alternative() -> None:
    """One alternative is what everybody gets."""
    assert read(("alternatives", "1")).warnings == []


@pytest.mark.parametrize("name", [n for n, t in TREATMENT.items() if t is Treatment.REFUSED])
def test_refused(name: str) -> None:
    """What would mislead when it is missing is refused."""
    assert name in refused((name, "true"))
    read((name, "false"))


def test_unknown_parameters() -> None:
    """Parameters nobody knows are ignored."""
    assert read(("keyterms", "x"), ("mip_opt_out", "true")).warnings == []


@pytest.mark.parametrize(
    "model", ["nova-3", "nova-2-phonecall", "whisper-large", "general", "base", "ruler", "the-uuid"]
)
def test_models(model: str) -> None:
    """The service's names, and the engine's own, are models."""
    read(("model", model))


def test_no_such_model() -> None:
    """Other names, tiers and versions are refused."""
    assert "No such model/language/tier" in refused(("model", "nova-9"))
    assert "No such model/language/tier" in refused(("tier", "gold"))
    assert "No such model/version" in refused(("version", "2020-01-01"))
    read(("tier", "nova"), ("version", "latest"))


def test_language() -> None:
    """Only languages of the engine are accepted; the ruler has none."""
    assert read(("language", "en-GB"), engine=English()).hints.language == "en-GB"
    assert "language" in refused(("language", "nl"), engine=English())
    assert "language" in refused(("language", "multi"), engine=English())
    assert read(("language", "nl")).hints.language == "nl"


def test_detect_language() -> None:
    """A language is detected where the engine can, in either form of the parameter."""
    assert read(("detect_language", "true"), engine=Polyglot()).hints.detect_language
    assert read(("detect_language", "es"), ("detect_language", "en"), engine=Polyglot()).hints.detect_language
    assert not read(("detect_language", "false"), engine=Polyglot()).hints.detect_language
    options = read(("detect_language", "true"))
    assert not options.hints.detect_language
    assert [warning["parameter"] for warning in options.warnings] == ["detect_language"]


def test_terms() -> None:
    """Keywords, without their boosts, and key terms reach an engine that takes them."""
    options = read(("keywords", "snow:2"), ("keywords", "rain"), ("keyterm", "a: b"), engine=English())
    assert options.hints.terms == ("a: b", "snow", "rain")
    assert options.warnings == []


def test_terms_left_out() -> None:
    """Negative boosts, and terms for an engine that takes none, are left out aloud."""
    options = read(("keywords", "snow:-2"), engine=English())
    assert options.hints.terms == ()
    assert [warning["parameter"] for warning in options.warnings] == ["keywords"]
    warnings = read(("keywords", "snow"), ("keyterm", "rain"), ("keyterm", "")).warnings
    assert [warning["parameter"] for warning in warnings] == ["keyterm", "keywords"]


def test_lists() -> None:
    """What may be given several times is kept in its order."""
    pairs = [("search", "a"), ("search", ""), ("search", "b"), ("replace", "x:y:z"), ("replace", "gone"), ("tag", "t")]
    options = read(*pairs, ("extra", "k:v:w"))
    assert options.search == ["a", "b"]
    assert options.replace == [("x", "y:z"), ("gone", "")]
    assert options.tags == ["t"]
    assert options.extra == {"k": "v:w"}


def test_format() -> None:
    """Raw audio is described by three parameters."""
    options = read(("encoding", "mulaw"), ("sample_rate", "8000"), ("channels", "2"))
    assert (options.raw, options.encoding, options.sample_rate, options.channels) == (True, "mulaw", 8000, 2)
    assert not read(("encoding", "flac")).raw


def test_callback() -> None:
    """A callback has a URL and one of two methods."""
    options = read(("callback", "https://u:p@example.com/x"), ("callback_method", "put"))
    assert (options.callback, options.callback_method) == ("https://u:p@example.com/x", "PUT")
    assert refused(("callback", "ftp://example.com")) == "Invalid callback url."
    assert "callback_method" in refused(("callback_method", "GET"))


def test_pause() -> None:
    """A pause is a positive number of seconds."""
    assert read(("utt_split", "1.5")).utt_split == 1.5
    for wrong in ("x", "0", "-1", "inf", "nan"):
        assert "utt_split" in refused(("utt_split", wrong))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("punctuate", "yes"),
        ("sample_rate", "0"),
        ("sample_rate", "1e4"),
        ("sample_rate", "²"),
        ("channels", "65"),
        ("extra", "novalue"),
        ("extra", ":x"),
    ],
)
def test_wrong_values(name: str, value: str) -> None:
    """A value of the wrong kind is refused by name."""
    assert name in refused((name, value))


def test_unknown_encoding() -> None:
    """An encoding that nothing here reads is refused."""
    assert refused(("encoding", "g722")) == "Unsupported audio format: g722"


def test_encodings_of_the_spec(shared: Path) -> None:
    """Every encoding of the official specs is one that this server reads."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    for file, schema in (("openapi.yml", "V1ListenPostParametersEncoding"), ("asyncapi.yml", "ListenV1Encoding")):
        spec = yaml.safe_load((shared / "specs" / file).read_text())
        for encoding in spec["components"]["schemas"][schema]["enum"]:
            assert read(("encoding", encoding)).encoding == encoding
            assert read_live(("encoding", encoding), ("sample_rate", "8000")).encoding == encoding


@pytest.mark.parametrize(
    "url", ["http://", "http://a:x/", "http://[::1", "//a/b", "file:///etc/passwd", "http://a:0/", "http://\ud800/"]
)
def test_no_urls(url: str) -> None:
    """Only absolute http(s) URLs are URLs."""
    assert not http_url(url)


# Live.


def read_live(*pairs: tuple[str, str]) -> LiveOptions:
    return read_live_options(pairs, RulerEngine(), "the-uuid")[0]


def refused_live(*pairs: tuple[str, str]) -> str:
    with pytest.raises(Refusal) as caught:
        read_live(*pairs)
    assert caught.value.status == 400
    return caught.value.message


def test_live_table_is_complete(shared: Path) -> None:
    """Every parameter of the official spec of the websocket has its treatment."""
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    spec = yaml.safe_load((shared / "specs" / "asyncapi.yml").read_text())
    names = set(spec["channels"]["/v1/listen"]["bindings"]["ws"]["query"]["properties"])
    assert names - set(LIVE_TREATMENT) == set()


@pytest.mark.parametrize("name", [n for n, t in LIVE_TREATMENT.items() if t is Treatment.LEFT_OUT])
def test_left_out_live(name: str) -> None:
    """What is left out of live results is said, once."""
    assert [warning["parameter"] for warning in read_live((name, "v2"), (name, "other")).warnings] == [name]


@pytest.mark.parametrize("name", [n for n, t in LIVE_TREATMENT.items() if t is Treatment.REFUSED])
def test_refused_live(name: str) -> None:
    """What would mislead when it is missing is refused."""
    assert name in refused_live((name, "http://example.com"))


def test_nothing_asked_live() -> None:
    """Without parameters there are final results only, and any pause is an endpoint."""
    options = read_live()
    assert (options.interim, options.vad_events, options.utterance_end) == (False, False, None)
    assert (options.endpointing, options.paragraphs) == (ENDPOINTING, False)


def test_pauses() -> None:
    """Pauses are told in milliseconds, or not at all."""
    assert read_live(("endpointing", "300"), ("utterance_end_ms", "1500")).endpointing == 0.3
    assert read_live(("utterance_end_ms", "1500")).utterance_end == 1.5
    assert read_live(("utterance_end_ms", "false")).utterance_end is None
    assert read_live(("endpointing", "false")).endpointing is None
    assert read_live(("endpointing", "true")).endpointing == ENDPOINTING
    assert "endpointing" in refused_live(("endpointing", "-1"))


def test_what_the_engine_learns() -> None:
    """The engine learns what matters to it."""
    options = read_live(("language", "nl"), ("interim_results", "true"), ("endpointing", "300"))
    assert options.wanted == (options.hints, True, 0.3)
    assert options.hints.language == "nl"


def test_live_does_not_detect() -> None:
    """Languages are not detected in live audio, whatever the engine can."""
    options = read_live_options([("detect_language", "true")], Polyglot(), "the-uuid")[0]
    assert not options.hints.detect_language
    assert [warning["parameter"] for warning in options.warnings] == ["detect_language"]
