"""What may be asked of a voice."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dgasync.server.encode import Form
from dgasync.server.listen import model_uuid
from dgasync.server.replies import Refusal
from dgasync.server.speak_options import MAX_CHARACTERS, MODELS, PARAMETERS, SpeakOptions, read_speak_options

from .voices import English

VOICE = English()


def read(version: int = 1, *, live: bool = False, **params: str) -> SpeakOptions:
    if version == 2:
        params.setdefault("model", "flux-haley-en")
    return read_speak_options(list(params.items()), VOICE, version, live=live)


@cache
def spec_of(shared: Path, name: str) -> Any:
    yaml = pytest.importorskip("yaml", reason="needs PyYAML, to read the spec")
    return yaml.safe_load((shared / "specs" / name).read_text())


def test_table_is_complete(shared: Path) -> None:
    """Every parameter and voice of the official spec is known."""
    openapi, asyncapi = spec_of(shared, "openapi.yml"), spec_of(shared, "asyncapi.yml")
    assert set(openapi["components"]["schemas"]["V1SpeakPostParametersModel"]["enum"]) == set(MODELS)
    for version in (1, 2):
        told = openapi["paths"][f"/v{version}/speak"]["post"]["parameters"]
        assert {each["name"] for each in told if each["in"] == "query"} <= PARAMETERS[version, False]
        told = asyncapi["channels"][f"/v{version}/speak"]["bindings"]["ws"]["query"]["properties"]
        assert set(told) <= PARAMETERS[version, True]


def test_combinations_of_the_spec(shared: Path) -> None:
    """Every encoding, container, bit rate and sample rate of the spec can be had, and by default the spec's."""
    schemas = spec_of(shared, "openapi.yml")["components"]["schemas"]
    for version in (1, 2):
        prefix = f"V{version}SpeakPostParameters"

        def words(kind: str, prefix: str = prefix) -> list[tuple[str, str]]:
            """The encodings that are named in its description, and each word of its enumeration."""
            found = [schemas[name] for name in schemas if name.startswith(prefix + kind) and name[-1].isdigit()]
            return [
                (each["description"].split("Encoding - ")[-1].split("(")[0].split(".")[0].strip(), value)
                for each in found
                if "Encoding - " in each["description"]
                for value in each["enum"]
            ]

        encodings = [encoding for encoding, _ in words("Encoding")]
        assert set(encodings) == {"linear16", "flac", "mulaw", "alaw", "mp3", "opus", "aac"}
        for encoding in encodings:
            assert read(version, encoding=encoding).form.encoding == encoding
        for kind, name in (("Container", "container"), ("SampleRate", "sample_rate"), ("BitRate", "bit_rate")):
            combinations = words(kind)
            assert combinations
            for encoding, value in combinations:
                form = read(version, encoding=encoding, **{name: value}).form
                assert value in map(str, form)


@pytest.mark.parametrize(
    ("version", "live", "params", "form"),
    [
        (1, False, {}, Form("mp3", "none", 22050, 48000)),
        (1, False, {"encoding": "linear16"}, Form("linear16", "wav", 24000)),
        (1, False, {"encoding": "mulaw", "container": "none"}, Form("mulaw", "none", 8000)),
        (1, False, {"encoding": "opus"}, Form("opus", "ogg", 48000, 12000)),
        (1, False, {"encoding": "aac", "bit_rate": "4000"}, Form("aac", "none", 22050, 4000)),
        (1, False, {"encoding": "flac", "sample_rate": "8000"}, Form("flac", "none", 8000)),
        (2, False, {"encoding": "linear16", "sample_rate": "44100"}, Form("linear16", "wav", 44100)),
        (1, True, {}, Form("linear16", "none", 24000)),
        (1, True, {"encoding": "alaw"}, Form("alaw", "none", 8000)),
        (2, True, {"encoding": "mulaw", "sample_rate": "16000"}, Form("mulaw", "none", 16000)),
        (2, True, {}, Form("linear16", "none", 24000)),
    ],
)
def test_forms(version: int, live: bool, params: dict[str, str], form: Form) -> None:
    """What is not asked for is the service's default."""
    assert read(version, live=live, **params).form == form


@pytest.mark.parametrize(
    ("version", "live", "params", "code", "message"),
    [
        (1, False, {"encoding": "pcm"}, "INVALID_QUERY_PARAMETER", "unknown variant `pcm`, expected one of `linear16`"),
        (1, False, {"container": "mp4"}, "INVALID_QUERY_PARAMETER", "unknown variant `mp4`"),
        (
            1,
            False,
            {"container": "wav"},
            "UNSUPPORTED_AUDIO_FORMAT",
            "`container` is not applicable when `encoding=mp3`",
        ),
        (
            1,
            False,
            {"encoding": "opus", "container": "none"},
            "UNSUPPORTED_AUDIO_FORMAT",
            "`container=none` is invalid",
        ),
        (1, False, {"sample_rate": "24000"}, "UNSUPPORTED_AUDIO_FORMAT", "`sample_rate` is not applicable when"),
        (
            *(1, False, {"encoding": "linear16", "sample_rate": "44100"}, "UNSUPPORTED_AUDIO_FORMAT"),
            "`sample_rate` must be 8000, 16000, 24000, 32000 or 48000 when `encoding=linear16`",
        ),
        (1, False, {"bit_rate": "8000"}, "UNSUPPORTED_AUDIO_FORMAT", "`bit_rate` must be 32000 or 48000 when"),
        (1, False, {"encoding": "flac", "bit_rate": "1"}, "UNSUPPORTED_AUDIO_FORMAT", "`bit_rate` is not applicable"),
        (1, False, {"bit_rate": "high"}, "INVALID_QUERY_PARAMETER", 'bit_rate: invalid type: string "high"'),
        (1, True, {"encoding": "mp3"}, "INVALID_QUERY_PARAMETER", "unknown variant `mp3`"),
        (1, False, {"speed": "0.6"}, "SPEED_OUT_OF_RANGE", "'speed' must be between 0.7 and 1.5"),
        (2, False, {"speed": "1.07"}, "SPEED_INCREMENT_INVALID", "in increments of 0.05"),
        (1, False, {"model": "aura-2-nobody-en"}, "Bad Request", "No such model/language/tier combination found."),
        (1, False, {"model": "flux-haley-en"}, "Bad Request", "No such model/language/tier combination found."),
        (1, False, {"model": "aura-2-lara-de"}, "Bad Request", "voice `ruler` does not speak de, only: en."),
        (2, False, {"model": ""}, "INVALID_QUERY_PARAMETER", "missing field `model`"),
        (
            2,
            True,
            {"model": "aura-2-thalia-en"},
            "V1_MODEL_ON_V2_SPEAK_ENDPOINT",
            "Please use the `/v1/speak` endpoint",
        ),
        (2, False, {"model": "flux-haley-fr"}, "Bad Request", "does not speak fr"),
        (2, False, {"model": "nobody"}, "Bad Request", "No such model"),
        (2, True, {"container": "wav"}, "INVALID_QUERY_PARAMETER", "unknown field `container`"),
        (2, False, {"nonsense": "1"}, "INVALID_QUERY_PARAMETER", "unknown field `nonsense`"),
        (2, False, {"priority": "high"}, "INVALID_QUERY_PARAMETER", "unknown variant `high`, expected one of `low`"),
        (2, True, {"expressivity": "3"}, "EXPRESSIVITY_OUT_OF_RANGE", "between -2 and 2"),
        (2, True, {"expressivity": "1.5"}, "EXPRESSIVITY_INCREMENT_INVALID", "whole number"),
    ],
)
def test_refused(version: int, live: bool, params: dict[str, str], code: str, message: str) -> None:
    """What the service refuses is refused in its words, and so is what the voice cannot do."""
    with pytest.raises(Refusal) as caught:
        read(version, live=live, **params)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert message in caught.value.message


def test_limit() -> None:
    """Texts have the service's limit."""
    assert MAX_CHARACTERS == 2000


def test_the_rest() -> None:
    """The voice may be asked for by its own name; speed is kept, and so is where to deliver."""
    for model in (VOICE.name, model_uuid(VOICE)):
        assert read(1, model=model) == read(2, model=model)
    options = read(
        2, speed="1.15", expressivity="-2", priority="low", callback="http://127.0.0.1/", callback_method="put"
    )
    assert options[1:] == (1.15, "http://127.0.0.1/", "PUT")
    assert read(1, nonsense="1").speed == 1.0
