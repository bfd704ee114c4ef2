"""The words of a recording as a table: a row for each, by the time it starts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dgasync.errors import DeepgramTypeError
from dgasync.transcript.names import number_of

if TYPE_CHECKING:
    from dgasync.transcript.recording import Transcript

__all__ = ["COLUMNS", "pandas_table", "polars_table", "rows"]

COLUMNS: dict[str, type[str] | type[int] | type[float]] = {
    "text": str,
    "word": str,
    "start": float,
    "end": float,
    "confidence": float,
    "speaker": int,
    "speaker_confidence": float,
    "language": str,
    "channel": int,
    "connection": int,
    "turn": int,
}
"""The columns, and what they hold where it is known."""


def rows(transcript: Transcript) -> Iterator[dict[str, Any]]:
    """A dict for each word, with a key for each column."""
    said = {id(word): (number, turn) for number, turn in enumerate(transcript.turns) for word in turn.words}
    for word in transcript.words:
        number, turn = said[id(word)]
        yield {
            "text": word.text,
            "word": word.word,
            "start": word.start,
            "end": word.end,
            "confidence": word.confidence,
            "speaker": None if turn.speaker is None else number_of(turn.speaker),
            "speaker_confidence": word.speaker_confidence,
            "language": word.language,
            "channel": turn.channel,
            "connection": turn.connection,
            "turn": number,
        }


def pandas_table(transcript: Transcript) -> Any:
    """The rows as a pandas DataFrame."""
    pandas = _package("pandas")
    kinds = {str: "string", int: "Int64", float: "Float64"}
    table = pandas.DataFrame(list(rows(transcript)), columns=list(COLUMNS))
    return table.astype({name: kinds[kind] for name, kind in COLUMNS.items()})


def polars_table(transcript: Transcript) -> Any:
    """The rows as a polars DataFrame."""
    polars = _package("polars")
    kinds = {str: polars.String, int: polars.Int64, float: polars.Float64}
    schema = {name: kinds[kind] for name, kind in COLUMNS.items()}
    return polars.DataFrame(list(rows(transcript)), schema=schema)


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise DeepgramTypeError(
            f"to_{name}() needs the package `{name}`, which is not installed: pip install {name}. "
            "to_dicts() gives the same rows without it."
        ) from error
