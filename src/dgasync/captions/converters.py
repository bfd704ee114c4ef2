"""Answers of speech services, as lines of words.

A converter has `get_lines(line_length)`, which gives lists of at most so many words, each a dict with `word`, `start`,
`end` in seconds and, where they are known, `punctuated_word` and `speaker`. It may have `get_headers()`, the lines of
the NOTE on top of WebVTT, and `separator`, what stands between two words. Any object with these is one; the classes
below are there to be used and to be subclassed, as those of the package deepgram-captions, whose names they bear.

Where that package fails or loses something, these do not: words of further channels, speakers who change within an
utterance, utterances and segments without words, AssemblyAI's milliseconds, silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from dgasync.captions.layout import spread
from dgasync.errors import DecodeError, DeepgramTypeError
from dgasync.models.listen import PrerecordedResponse
from dgasync.transcript.channel import Turn
from dgasync.transcript.names import number_of
from dgasync.transcript.recording import Transcript

__all__ = [
    "AssemblyAIConverter",
    "Converter",
    "ConverterException",
    "DeepgramConverter",
    "EmptyTranscriptException",
    "Source",
    "WhisperTimestampedConverter",
    "chunk_array",
    "converter_for",
]


class HasJson(Protocol):
    """An answer as some SDK gives it."""

    def to_json(self) -> str:
        """Its JSON."""
        ...


Source: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | bytes | Path | HasJson
"""An answer: a dict, JSON, the path of a JSON file, or an object with `to_json()`; or a list of live messages."""

_Word: TypeAlias = dict[str, Any]

T = TypeVar("T")


class ConverterException(DeepgramTypeError):
    """An answer of no use for captions."""


class EmptyTranscriptException(ConverterException):
    """Nothing was said in it, and `use_exception=True` was given."""


@runtime_checkable
class Converter(Protocol):
    """What captions are made from."""

    def get_lines(self, line_length: int, /) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        ...


def chunk_array(array: Sequence[T], length: int) -> list[list[T]]:
    """A sequence in pieces of `length`; the last one may be shorter."""
    return [list(array[start : start + length]) for start in range(0, len(array), length)]


class DeepgramConverter:
    """An answer of Deepgram, or of dgasync: recorded, or a log of the messages of a live session.

    Utterances are kept apart where the service gave them, speakers and channels always.

    Args:
        dg_response: a Transcript, a PrerecordedResponse, or the JSON of one: dict, text, bytes or the path of a file; a
            list of live messages, or a file with one on each line.
        use_exception: raise for a recording in which nothing is said, as deepgram-captions does, instead of giving
            captions without words.

    Raises:
        ConverterException: it is no answer of the service.
        EmptyTranscriptException: nothing is said in it.
    """

    def __init__(self, dg_response: Transcript | Source, use_exception: bool = False) -> None:
        self.transcript = _transcript(dg_response)
        if use_exception and not self.transcript.text.strip():
            raise EmptyTranscriptException("There is no speech in this recording, so there are no captions.")

    @property
    def response(self) -> PrerecordedResponse:
        """The answer."""
        return self.transcript.response

    @property
    def separator(self) -> str:
        """What stands between two words: nothing, in languages that are written without spaces."""
        return "" if {channel.gap for channel in self.transcript.channels if channel.text} == {""} else " "

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        return [line for words in self._stretches() for line in chunk_array(words, line_length)]

    def get_headers(self) -> list[str]:
        """The lines of the NOTE: which request it was."""
        lines = ["NOTE", "Transcription provided by Deepgram"]
        about: Mapping[str, Any] = self.response.get("metadata") or {}
        for title, key in _ABOUT.items():
            if about.get(key) is not None:
                lines.append(f"{title}: {about[key]}")
        return lines

    def _stretches(self) -> Iterator[list[_Word]]:
        results = self.transcript.response.results
        given = (results and results.utterances) or ()
        if not any(utterance.words or utterance.transcript for utterance in given):
            for turn in self.transcript.turns:
                yield _of_turn(turn, self.transcript.duration)
            return
        for utterance in given:
            if utterance.words:
                words = [word.to_dict() for word in utterance.words]
                if utterance.speaker is not None:
                    for word in words:
                        word.setdefault("speaker", utterance.speaker)
            else:
                words = _spread(utterance.transcript, utterance.start, utterance.end, utterance.speaker)
            yield from _by_speaker(words)


_ABOUT = {"Request Id": "request_id", "Created": "created", "Duration": "duration", "Channels": "channels"}


class WhisperTimestampedConverter:
    """What whisper-timestamped heard; also OpenAI's Whisper and faster-whisper, when they give words or segments.

    Segments are kept apart. The words of one that has only its text are spread over its time, by length.

    Args:
        whisper_response: the result, with `segments`: dict, JSON text or bytes, or the path of a file.

    Raises:
        ConverterException: it has no segments.
    """

    def __init__(self, whisper_response: Source) -> None:
        self.response = _loaded(whisper_response)
        self._segments = _items(self.response, "segments")
        if self._segments is None:
            raise ConverterException("A result of Whisper has `segments`, and this has none.")

    @property
    def separator(self) -> str:
        """What stands between two words: nothing, in languages that are written without spaces."""
        texts = [str(segment.get("text") or "").strip() for segment in self._segments or ()]
        words = [word for segment in self._segments or () for word in _items(segment, "words") or ()]
        return "" if len(words) > len(texts) and any(texts) and not any(" " in text for text in texts) else " "

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        return [
            line for segment in self._segments or () for line in chunk_array(list(self._words(segment)), line_length)
        ]

    def word_map(self, word: Mapping[str, Any]) -> dict[str, Any]:
        """A word of Whisper's in the terms of captions."""
        # whisper-timestamped calls it `text`, the others `word`, with the space before it.
        said = str(word.get("text") or word.get("word") or "").strip()
        rest = {key: value for key, value in word.items() if key not in ("text", "word")}
        return {"word": said, **rest}

    def _words(self, segment: Mapping[str, Any]) -> Iterable[_Word]:
        words = _items(segment, "words")
        if words:
            return [self.word_map(word) for word in words]
        return _spread(segment.get("text"), segment.get("start"), segment.get("end"), None)


class AssemblyAIConverter:
    """What AssemblyAI heard. Utterances are kept apart where it gave them, and speakers, whom it calls A, B and so on.

    Args:
        assembly_response: the transcript, with `words` or `utterances`: dict, JSON text or bytes, or a file's path.

    Raises:
        ConverterException: it has neither.
    """

    def __init__(self, assembly_response: Source) -> None:
        self.response = _loaded(assembly_response)
        if "words" not in self.response and "utterances" not in self.response:
            raise ConverterException("A transcript of AssemblyAI has `words` or `utterances`, and this has neither.")

    def word_map(self, word: Mapping[str, Any]) -> dict[str, Any]:
        """A word of AssemblyAI's in the terms of captions: its times are milliseconds there (its documentation)."""
        said = word.get("text") or ""
        mapped: dict[str, Any] = {"word": said, "punctuated_word": said, "confidence": word.get("confidence")}
        for key in ("start", "end"):
            time = word.get(key)
            mapped[key] = time / 1000 if isinstance(time, (int, float)) else None
        if word.get("speaker") is not None:
            mapped["speaker"] = word["speaker"]
        return mapped

    def get_lines(self, line_length: int = 8) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        utterances = _items(self.response, "utterances") or [self.response]
        lines: list[list[_Word]] = []
        for utterance in utterances:
            for words in _by_speaker([self.word_map(word) for word in _items(utterance, "words") or ()]):
                lines += chunk_array(words, line_length)
        return lines


def converter_for(source: Transcript | Converter | Source) -> Converter:
    """The converter that suits an answer, by what is in it; a converter is one already.

    Raises:
        ConverterException: it is of none of the services that are known here.
    """
    if isinstance(source, Converter):
        return source
    if isinstance(source, (Transcript, PrerecordedResponse)):
        return DeepgramConverter(source)
    answer = _read(source)
    if isinstance(answer, list) or "results" in answer:
        return DeepgramConverter(answer)
    if "segments" in answer:
        return WhisperTimestampedConverter(answer)
    if "words" in answer or "utterances" in answer:
        return AssemblyAIConverter(answer)
    raise ConverterException(
        "This is no answer that is known here: Deepgram's has `results`, Whisper's `segments`, AssemblyAI's `words`. "
        "For any other write a class with get_lines()."
    )


# ── how answers are read ──


def _transcript(source: Transcript | Source) -> Transcript:
    if isinstance(source, Transcript):
        return source
    if isinstance(source, PrerecordedResponse):
        return Transcript(source)
    answer = _read(source)
    if isinstance(answer, list):
        from dgasync.utterances import final_response

        return Transcript(final_response(answer))
    if not isinstance(answer.get("results"), Mapping):
        raise ConverterException("An answer of Deepgram has `results`, and this has none.")
    try:
        return Transcript.from_dict(answer)
    except DecodeError as error:
        raise ConverterException(f"This is no answer of Deepgram. {error}") from error


def _loaded(source: Source) -> Mapping[str, Any]:
    answer = _read(source)
    if isinstance(answer, list):
        raise ConverterException("This is a list, not an answer.")
    return answer


def _read(source: object) -> Mapping[str, Any] | list[Any]:
    """The dict, or of a log the list, that it is, holds or names."""
    if isinstance(source, (Mapping, list)):
        return cast("Mapping[str, Any] | list[Any]", source)
    to_json = cast("Callable[[], object] | None", getattr(source, "to_json", None))
    if callable(to_json):
        return _read(to_json())
    if isinstance(source, bytes):
        return _parsed(source)
    if isinstance(source, str) and source.lstrip().startswith(("{", "[")):
        return _parsed(source.encode("utf-8", "surrogatepass"))
    if isinstance(source, (str, Path)):
        return _parsed(Path(source).read_bytes())
    raise ConverterException(
        f"Captions are made from an answer: a dict, JSON, or the path of a JSON file, not {type(source).__name__}."
    )


def _parsed(data: bytes) -> Mapping[str, Any] | list[Any]:
    text = data.decode("utf-8-sig", "replace")
    try:
        found: object = json.loads(text)
    except ValueError as error:
        try:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
        except ValueError:
            raise ConverterException(f"This is not JSON: {error}") from error
    if isinstance(found, (dict, list)):
        return cast("Mapping[str, Any] | list[Any]", found)
    raise ConverterException(f"This is JSON of one {type(found).__name__}, not an answer.")


def _items(answer: Mapping[str, Any], key: str) -> list[Mapping[str, Any]] | None:
    found = answer.get(key)
    if not isinstance(found, list):
        return None
    return [cast("Mapping[str, Any]", item) for item in cast("list[object]", found) if isinstance(item, Mapping)]


# ── what they say ──


def _of_turn(turn: Turn, duration: float) -> list[_Word]:
    if not turn.words:
        return _spread(turn.text, 0.0, duration, turn.speaker)
    words = [word.to_dict() for word in turn.words]
    if turn.speaker is not None:
        for word in words:
            word["speaker"] = number_of(turn.speaker)
    return words


def _by_speaker(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """Words, divided where another speaker begins; one whose speaker is not told goes with the one before it."""
    run: list[_Word] = []
    speaker: object = None
    for word in words:
        who = word.get("speaker")
        if run and who is not None and speaker is not None and who != speaker:
            yield run
            run = []
            speaker = None
        if who is not None and speaker is None:
            speaker = who
            for before in run:
                before["speaker"] = who
        run.append({**word, "speaker": speaker} if speaker is not None else word)
    if run:
        yield run


def _spread(text: object, start: Any, end: Any, speaker: Any) -> list[_Word]:
    begins = float(start) if isinstance(start, (int, float)) else 0.0
    ends = float(end) if isinstance(end, (int, float)) else begins
    who = {} if speaker is None else {"speaker": speaker}
    words = spread(str(text or ""), begins, ends)
    return [{"word": word.text, "start": word.start, "end": word.end, **who} for word in words]
