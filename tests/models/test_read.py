"""Answers of `/v1/read`: recorded ones, and the deeper ones of the official description."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dgasync.models.read import AnalyzeResponse, AsyncAnalyzeResponse

METADATA = {"request_id": "r-1", "language": "en", "summary_info": {"model_uuid": "u", "input_tokens": 1855.0}}
SUMMARY = {"text": "In short."}
TOPICS = {"segments": [{"text": "all", "topics": [{"topic": "tests", "confidence_score": 0.5}]}]}


def test_recorded_answers(shared: Path) -> None:
    """What the service sent is read, and nothing of it is lost."""
    files = sorted((shared / "corpus").glob("read.rest.*.json"))
    assert files

    for file in files:
        said = json.loads(file.read_text("utf-8"))
        found = AnalyzeResponse.from_json(file.read_bytes())
        assert found.to_dict() == said
        assert found.metadata
        assert found.results
        assert found.results.summary
        assert found.request_id == said["metadata"]["request_id"]
        assert found.metadata.summary_info
        assert found.metadata.summary_info.output_tokens == said["metadata"]["summary_info"]["output_tokens"]
        assert found.results.summary.text == said["results"]["summary"]["text"] == found.eval("results.summary.text")
        # From the fields alone: nothing of a real answer has no field.
        assert AnalyzeResponse.from_dict(said).adopt(None).to_dict() == said


@pytest.mark.parametrize(
    "said",
    [
        {"metadata": METADATA, "results": {"summary": SUMMARY, "topics": TOPICS}},
        {
            "metadata": {"metadata": METADATA},
            "results": {"summary": {"results": {"summary": SUMMARY}}, "topics": {"results": {"topics": TOPICS}}},
        },
    ],
    ids=["as the service", "as the description"],
)
def test_both_depths(said: dict[str, object]) -> None:
    """The attributes are the same for what real servers send and for what is described."""
    found = AnalyzeResponse.from_json(json.dumps(said))

    assert found.metadata
    assert found.metadata.summary_info
    assert (found.request_id, found.metadata.language, found.metadata.summary_info.input_tokens) == ("r-1", "en", 1855)
    assert found.results
    assert found.results.summary
    assert found.results.summary.text == "In short."
    assert repr(found) == "<AnalyzeResponse r-1>"


def test_nothing_said() -> None:
    """An answer may lack everything."""
    assert AnalyzeResponse.from_json("{}").request_id is None
    assert AnalyzeResponse.from_json('{"results": {"summary": {"results": null}}}').results is not None


def test_a_promise() -> None:
    """What comes for a callback has the id, from the body or else from the headers, and says what it is."""
    found = AsyncAnalyzeResponse.from_json('{"request_id": "r-1"}')

    assert (found.request_id, repr(found)) == ("r-1", "<AsyncAnalyzeResponse r-1>")
    assert AsyncAnalyzeResponse().adopt(b"{}", {"dg-request-id": "r-2"}).request_id == "r-2"
