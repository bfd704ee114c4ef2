"""FIELD_NOTES 15: what a caller gives as options is what the service receives, end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dgasync import AsyncDeepgramClient, DeepgramClient, DeepgramTypeError, PrerecordedOptions
from dgasync.server import LocalServer
from dgasync.testing import Ruler, local_server
from tests.dice import examples
from tests.field.faces import KEY, run_on

WAV = Ruler(0.5).wav()
EXAMPLES = examples(40)

# No half of a surrogate pair: it is no text that could be sent.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXTS = TEXT | st.lists(TEXT, max_size=4) | st.lists(TEXT, max_size=4).map(tuple)
KEYED = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "keyterm": TEXTS,
        "tag": TEXTS,
        "search": TEXTS,
        "replace": TEXTS,
        "smart_format": st.booleans() | st.none(),
        "diarize": st.booleans(),
        "detect_language": st.booleans() | st.lists(TEXT, max_size=3),
        "utt_split": st.floats(0.1, 1e6),
        "sample_rate": st.integers(1, 768_000),
        "custom_topic": TEXTS,
        "extra": st.dictionaries(KEYED, TEXT, max_size=3) | st.lists(KEYED.map(lambda key: f"{key}:v"), max_size=3),
    },
)
ADDONS = st.dictionaries(
    TEXT.filter(lambda name: name not in {"model", "", *PrerecordedOptions.__dataclass_fields__}),
    TEXTS | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    max_size=3,
)


@pytest.fixture(scope="module")
def own() -> Iterator[LocalServer]:
    with local_server() as server:
        yield server


@pytest.fixture(scope="module")
def deepgram(own: LocalServer) -> Iterator[DeepgramClient]:
    with DeepgramClient(KEY, url=own.url) as deepgram:
        yield deepgram


def written(value: Any) -> str:
    """How the service writes a value (its documents): `true`, `false`, numbers as usual, text as it is."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def expected(*given: dict[str, Any]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for options in given:
        for name, value in options.items():
            if isinstance(value, dict):
                pairs += [(name, f"{key}:{each}") for key, each in value.items()]
            elif isinstance(value, (list, tuple)):
                pairs += [(name, written(each)) for each in value]
            elif value is not None:
                pairs.append((name, written(value)))
    return sorted(pairs)


@EXAMPLES
@given(options=OPTIONS, addons=ADDONS)
def test_what_is_given_arrives(
    options: dict[str, Any], addons: dict[str, Any], deepgram: Any, own: LocalServer
) -> None:
    """As a dict, as an object and as keywords: the decoded query is what was given, whatever characters it has."""
    documented = deepgram.listen.rest.v("1")
    documented.transcribe_file({"buffer": WAV}, options, addons)
    documented.transcribe_file({"buffer": WAV}, PrerecordedOptions.from_dict(options), addons)
    deepgram.transcribe(WAV, **options, addons=addons)

    as_dict, as_object, as_keywords = own.requests[-3:]
    assert sorted(as_dict.query) == sorted(as_object.query) == expected(options, addons)
    assert sorted(as_keywords.query) == expected({"model": "nova-3"}, options, addons)


@pytest.mark.parametrize("name", ["asyncio", "uvloop", "trio"])
def test_on_each_loop(name: str, own: LocalServer) -> None:
    """The same with `await`, with what tends to be mangled."""
    options: dict[str, Any] = {
        "keyterm": ["Größe & Maß", "a+b", "50 %", "日本", "x=y;z"],
        "smart_format": True,
        "punctuate": False,
        "replace": "um:",
        "utt_split": 0.8,
        "tag": "",
    }

    async def main() -> None:
        async with AsyncDeepgramClient(KEY, url=own.url) as deepgram:
            await deepgram.listen.asyncrest.v("1").transcribe_file({"buffer": WAV}, options)

    run_on(name, main)

    assert sorted(own.requests[-1].query) == expected(options)
    assert "x%3Dy%3Bz" in own.requests[-1].raw_query


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("keyterms", "keyterm"), ("smart_fromat", "smart_format"), ("diarise", "diarize"), ("utterence", "utterances")],
)
def test_did_you_mean(wrong: str, meant: str, deepgram: DeepgramClient, own: LocalServer) -> None:
    """A misspelt option is an error with a guess in every form, and nothing is sent."""
    documented = deepgram.listen.rest.v("1")
    before = len(own.requests)

    for ask in (
        lambda: deepgram.transcribe(WAV, **{wrong: True}),  # type: ignore[arg-type]  # this is the mistake
        lambda: documented.transcribe_file({"buffer": WAV}, {wrong: True}),
        lambda: documented.transcribe_file({"buffer": WAV}, PrerecordedOptions(**{wrong: True})),
    ):
        with pytest.raises(DeepgramTypeError, match=f"did you mean '{meant}'"):
            ask()
    assert len(own.requests) == before
