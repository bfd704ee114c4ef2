"""Answers of `/v1/listen`: recorded ones, the official description, and what a server may do to them."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dgasync.models import listen
from dgasync.models.base import Answer, Model
from dgasync.models.listen import (
    AsyncPrerecordedResponse,
    Metadata,
    Paragraph,
    PrerecordedResponse,
    Results,
    Sentence,
    Sentiment,
    Word,
)

from .answers import CORPUS, NO_CORPUS, values


def differences(model: object, data: object, path: str = "$") -> list[str]:
    """Where what is typed differs from JSON it was read from; unknown keys aside."""
    if isinstance(model, Model) and isinstance(data, dict):
        found = []
        for name in model.__struct_fields__:
            found += differences(getattr(model, name), data.get(name), f"{path}.{name}")
        return found
    if isinstance(model, list) and isinstance(data, list) and len(model) == len(data):
        return [
            line for i, (a, b) in enumerate(zip(model, data, strict=True)) for line in differences(a, b, f"{path}[{i}]")
        ]
    if isinstance(model, dict) and isinstance(data, dict) and model.keys() == data.keys():
        return [line for key in model for line in differences(model[key], data[key], f"{path}.{key}")]
    return [] if model == data else [f"{path}: {model!r} is not {data!r}"]


def unknown(model: object, data: object, path: str = "$") -> list[str]:
    """The keys in JSON that the types do not know."""
    if isinstance(model, Model) and isinstance(data, dict):
        found = [f"{path}.{key}" for key in data if key not in model.__struct_fields__]
        for name in model.__struct_fields__:
            found += unknown(getattr(model, name), data.get(name), f"{path}.{name}")
        return found
    if isinstance(model, list) and isinstance(data, list):
        return [
            line for i, (a, b) in enumerate(zip(model, data, strict=True)) for line in unknown(a, b, f"{path}[{i}]")
        ]
    return []


@pytest.mark.parametrize("page", CORPUS or [NO_CORPUS], ids=lambda page: page.stem)
def test_recorded_answers(page: Path) -> None:
    """A recorded answer is typed attribute by attribute, knows every key, and gives its bytes back."""
    raw = page.read_bytes()
    response = PrerecordedResponse.from_json(raw)

    assert differences(response, json.loads(raw)) == []
    assert unknown(response, json.loads(raw)) == []
    assert (response.raw, response.to_json()) == (raw, raw.decode())
    assert response.to_dict() == dict(response) == json.loads(raw) == json.loads(str(response))


@pytest.mark.parametrize("page", CORPUS or [NO_CORPUS], ids=lambda page: page.stem)
def test_recorded_answers_without_bytes(page: Path) -> None:
    """From the types alone a recorded answer is the same but for its nulls."""

    def dense(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: dense(item) for key, item in value.items() if item is not None}
        return [dense(item) for item in value] if isinstance(value, list) else value

    response = PrerecordedResponse.from_json(page.read_bytes()).adopt(None)

    assert response.to_dict() == dense(json.loads(page.read_bytes()))


STRUCTS = [cls for cls in vars(listen).values() if isinstance(cls, type) and issubclass(cls, Model)]
STRUCTS = [cls for cls in dict.fromkeys(STRUCTS) if cls not in (Model, Answer)]


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_every_field_may_be_absent_or_null(kind: type[Model]) -> None:
    """Each field of each part may be left out or null, and is None then."""
    nulls = dict.fromkeys(kind.__struct_fields__)

    assert kind.from_dict({}) == kind.from_dict(nulls) == kind()
    assert all(getattr(kind(), name) is None for name in nulls)
    assert kind.__doc__


def test_fields_of_the_official_description(shared: Path) -> None:
    """Every field of the official description has its attribute."""
    yaml = pytest.importorskip("yaml")
    spec = yaml.load(
        (shared / "specs" / "openapi.yml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    schemas = spec["components"]["schemas"]

    def missing(kind: Any, schema: dict[str, Any], path: str) -> list[str]:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        kinds = [kind, *typing.get_args(kind)]
        kinds += [arg for inner in kinds for arg in typing.get_args(inner)]
        if "items" in schema:
            return missing(kind, schema["items"], path)
        structs = [cls for cls in kinds if isinstance(cls, type) and issubclass(cls, Model)]
        if not schema.get("properties") or not structs:
            return []
        hints = typing.get_type_hints(structs[0])
        found = []
        for name, inner in schema["properties"].items():
            found += missing(hints[name], inner, f"{path}.{name}") if name in hints else [f"{path}.{name}"]
        return found

    assert missing(PrerecordedResponse, schemas["ListenV1Response"], "$") == []
    assert missing(AsyncPrerecordedResponse, schemas["ListenV1AcceptedResponse"], "$") == []


def test_fields_of_v3(shared: Path) -> None:
    """Every class of v3's answers to recordings is there by its name, with every field any version had."""
    surface = json.loads((shared / "compat" / "v3_surface.json").read_text("utf-8"))["responses"]
    names = {"ListenRESTWord": "Word", "ListenRESTAlternative": "Alternative", "ListenRESTChannel": "Channel"}
    # Classes of 3.0 whose name went to something else in 3.1; their fields live on where the service still sends them.
    gone = {"SummaryV2": {"summary", "start_word", "end_word"}, "Topics": {"topics", "text", "start_word", "end_word"}}
    missing = []
    for key, page in surface.items():
        area, _, name = key.partition(":")
        if area == "listen.rest":
            fields = set(getattr(listen, names.get(name, name)).__struct_fields__) | gone.get(name, set())
            missing += [f"{name}.{field['name']}" for field in page["fields"] if field["name"] not in fields]

    assert missing == []


# ── whatever the server does to an answer ──


@given(data=values(PrerecordedResponse))
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_whatever_the_server_sends(data: dict[str, Any]) -> None:
    """Unknown fields, nulls, omissions, ints for floats and floats for ints: it is read, and `[]` sees all of it."""
    response = PrerecordedResponse.from_json(json.dumps(data))

    assert differences(response, data) == []
    assert dict(response) == response.to_dict() == json.loads(response.to_json(indent=2)) == data
    assert repr(response).startswith("<PrerecordedResponse ")


def test_unknown_mood() -> None:
    """A mood nobody knows is text like the others, which are equal to v3's enum."""
    words = Word.from_dict({"sentiment": "puzzled"}), Word.from_dict({"sentiment": "positive"})

    assert [word.sentiment for word in words] == ["puzzled", Sentiment.POSITIVE]


def test_nested_topics() -> None:
    """Topics are read as the service sends them and as the official description nests them."""
    segments = {"segments": [{"text": "a", "topics": [{"topic": "b", "confidence_score": 1}]}]}
    flat = Results.from_dict({"topics": segments, "intents": segments}).topics
    deep = Results.from_dict({"topics": {"results": {"topics": segments}}}).topics

    assert flat is not None
    assert deep is not None
    assert deep.results is not None
    assert deep.results.topics == flat


def test_topics_of_older_models() -> None:
    """Topics of an alternative are texts in the official description and objects in v3: both are read."""
    part = listen.TopicPart.from_dict({"topics": ["a", {"topic": "b"}]})

    assert part.topics == ["a", listen.Topic(topic="b")]


def test_text_of_word_and_paragraph() -> None:
    """A word reads as it is punctuated, a paragraph as its sentences."""
    assert [Word(word="a", punctuated_word="A,").text, Word(word="a").text, Word().text] == ["A,", "a", ""]
    assert Paragraph(sentences=[Sentence(text="A."), Sentence(), Sentence(text="B.")]).text == "A. B."
    assert Paragraph().text == ""


def test_request_id() -> None:
    """The request id is the body's own, or else the header's."""
    response = PrerecordedResponse(metadata=Metadata(request_id="body")).adopt(None, {"dg-request-id": "header"})
    promise = AsyncPrerecordedResponse.from_json(b'{"request_id": "body"}')

    assert response.request_id == "body"
    assert PrerecordedResponse().adopt(None, {"dg-request-id": "header"}).request_id == "header"
    assert (promise.request_id, promise["request_id"]) == ("body", "body")
    assert AsyncPrerecordedResponse().adopt(b"{}", {"dg-request-id": "header"}).request_id == "header"
    assert len({promise, AsyncPrerecordedResponse(request_id="body"), response}) == 2


def test_repr_has_no_words() -> None:
    """The repr tells how long and how many channels, and nothing that was said."""
    results = Results.from_dict({"channels": [{"alternatives": [{"transcript": "secret"}]}]})
    metadata = Metadata(request_id="a", duration=11.04)

    assert repr(PrerecordedResponse(metadata=metadata, results=results)) == "<PrerecordedResponse a, 11.0 s, 1 channel>"
    assert repr(PrerecordedResponse()) == "<PrerecordedResponse without id, 0 channels>"
    assert repr(AsyncPrerecordedResponse(request_id="a")) == "<AsyncPrerecordedResponse a>"


def test_names_are_listed() -> None:
    """The module lists its public names."""
    public = [name for name, value in vars(listen).items() if isinstance(value, type) and not name.startswith("_")]

    assert sorted(listen.__all__) == sorted(
        name for name in public if name not in {"Answer", "Callable", "Model", "Enum", "Any", "Iterable", "Mapping"}
    )
