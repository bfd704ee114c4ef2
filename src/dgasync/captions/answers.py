"""Answers of speech services as they are kept, read; what each is shows in what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast

from dgasync.errors import DeepgramTypeError
from dgasync.models.events import Event
from dgasync.models.listen import PrerecordedResponse
from dgasync.models.live import LiveTranscriptionEvents
from dgasync.transcript.recording import Transcript

__all__ = ["Answer", "ConverterException", "Log", "Service", "Source", "items", "read", "service_of"]


class HasJson(Protocol):
    """An answer as some SDK gives it."""

    def to_json(self) -> str:
        """Its JSON."""
        ...


Source: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | bytes | Path | HasJson
"""An answer: a dict, JSON, the path of a JSON file, or an object with `to_json()`; or a list of live messages."""

Answer: TypeAlias = Mapping[str, Any]
Log: TypeAlias = list[Any]
"""The messages of a live session."""

Service: TypeAlias = Literal["deepgram", "whisper", "assembly"]
"""Whose answer it is."""


class ConverterException(DeepgramTypeError):
    """An answer of no use for captions."""


def read(source: object) -> Answer | Log:
    """The answer that a source is, holds or names, or the messages of a live session.

    An answer is also found in a list of one, and in a line of `dgasync transcribe --json` or of a batch.

    Raises:
        ConverterException: it is neither, or there are several answers.
        OSError: the file cannot be read.
    """
    found = _opened(source)
    if isinstance(found, list):
        return _of_list(found)
    if service_of(found) is None and _is_live(found):
        return [found]
    return _whole(found)


def service_of(answer: Answer) -> Service | None:
    """Whose answer it is; None where it is of none of the services that are known here."""
    if "results" in answer:
        return "deepgram"
    if "segments" in answer:
        return "whisper"
    if isinstance(answer.get("type"), str):  # a message of a live session, such as Flux's, which have `words`, too
        return None
    if "words" in answer:
        first = next(iter(items(answer, "words") or ()), None)
        # OpenAI's have `word` and seconds, AssemblyAI's `text` and milliseconds. Of silence the length tells: it is
        # `audio_duration` with AssemblyAI.
        is_whisper = "duration" in answer if first is None else "word" in first and "text" not in first
        return "whisper" if is_whisper else "assembly"
    return "assembly" if "utterances" in answer else None


def items(answer: Answer, key: str) -> list[Mapping[str, Any]] | None:
    """The dicts in a list of an answer; None where there is no such list."""
    found = answer.get(key)
    if not isinstance(found, list):
        return None
    return [cast("Mapping[str, Any]", item) for item in cast("list[object]", found) if isinstance(item, Mapping)]


# ── from a source to data ──


def _opened(source: object) -> Answer | list[Any]:
    if isinstance(source, Mapping):
        return cast("Answer", source)
    if isinstance(source, (list, tuple)):
        return list(cast("Sequence[object]", source))
    if isinstance(source, bytes):
        return _parsed(source)
    if isinstance(source, str) and (not source.strip() or source.lstrip("\ufeff \t\r\n").startswith(("{", "["))):
        return _parsed(source.encode("utf-8", "surrogatepass"))
    if isinstance(source, (str, Path)):
        try:
            return _parsed(Path(source).read_bytes())
        except ValueError as error:  # a zero byte
            raise ConverterException(f"This is neither JSON nor the name of a file: {error}.") from error
    to_json = cast("Callable[[], object] | None", getattr(source, "to_json", None))
    given = to_json() if callable(to_json) else None
    if isinstance(given, (str, bytes, Mapping)):
        return _opened(cast("object", given))
    raise ConverterException(
        f"Captions are made from an answer: a dict, JSON, or the path of a JSON file, not {type(source).__name__}."
    )


def _parsed(data: bytes) -> Answer | list[Any]:
    text = data.decode("utf-8-sig", "replace")
    if not text.strip():
        raise ConverterException("There is nothing in it: captions are made from the JSON of an answer.")
    try:
        found = _loaded(text)
    except RecursionError:
        raise ConverterException("This JSON is no answer: it is nested too deeply.") from None
    if isinstance(found, (dict, list)):
        return cast("Answer | list[Any]", found)
    raise ConverterException(f"This is JSON of one {type(found).__name__}, not an answer.")


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        try:
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        except ValueError:
            raise ConverterException(f"This is not JSON: {error}") from error


# ── what it is ──

_LIVE = frozenset(kind.value for kind in LiveTranscriptionEvents)


def _is_live(message: Answer) -> bool:
    kind = message.get("type")
    return isinstance(kind, str) and kind in _LIVE


def _of_list(found: list[Any]) -> Answer | Log:
    seen = [_seen(item) for item in found]
    answers = [each for each in seen if each is not None and _is_answer(each)]
    if len(answers) > 1:
        raise ConverterException(
            f"There are answers for {len(answers)} recordings in it, and captions are of one: give each by itself. "
            "From recordings `dgasync transcribe --captions srt -o DIR` makes a file each."
        )
    if answers and len(found) == 1:
        return _whole(answers[0])
    if not answers and (not found or any(each is not None and _is_live(each) for each in seen)):
        return found
    raise ConverterException(
        "This is a list, but neither the log of a live session, whose messages have a `type` such as Results, nor the "
        f"answer for one recording: {_described(seen[0])} comes first."
    )


def _seen(item: object) -> Answer | None:
    """An item of a list as data; None where it is none."""
    if isinstance(item, Event):
        return {"type": item.type}
    data: object = item.response if isinstance(item, Transcript) else item
    if isinstance(data, str) and not data.startswith("{"):  # the name of a file
        return None
    if not isinstance(data, (Mapping, PrerecordedResponse, bytes, str)):
        return None
    try:
        found = _opened(cast("object", data))
    except ConverterException:  # events_of() passes over what is no message
        return None
    return None if isinstance(found, list) else found


def _is_answer(found: Answer) -> bool:
    # `recording` is in a line of `dgasync transcribe --json`, `key` in one of a batch: an answer, or what went wrong.
    is_line = isinstance(found.get("answer"), Mapping) or "error" in found
    return service_of(found) is not None or (is_line and ("recording" in found or "key" in found))


def _described(found: Answer | None) -> str:
    if found is None:
        return "something else"
    if isinstance(found.get("type"), str):
        return f"a message of type {found['type'][:40]!r}"
    names = ", ".join(str(name)[:40] for name in list(found)[:5])
    return f"a dict with {names}" if names else "an empty dict"


def _whole(found: Answer) -> Answer:
    """An answer out of the line it may stand in.

    Raises:
        ConverterException: it says that there is none.
    """
    inner = found.get("answer")
    answer: Answer = cast("Answer", inner) if isinstance(inner, Mapping) else found
    if any(answer.get(key) for key in ("results", "segments", "words", "utterances")):
        return answer
    if error := answer.get("error") or answer.get("err_msg"):
        said = cast("Answer", error).get("message") if isinstance(error, Mapping) else error
        raise ConverterException(f"There is no transcript in this answer, but an error: {str(said)[:500]}")
    if answer.get("status") in ("queued", "processing"):
        raise ConverterException(
            f"There is no transcript in this answer yet: its status is {answer['status']!r}. Fetch it once more."
        )
    return answer
