"""Answers of speech services, as lines of words.

A converter has `get_lines(line_length)`, which gives lists of at most so many words, each a dict with `word`, `start`,
`end` in seconds and, where they are known, `punctuated_word` and `speaker`. It may have `get_headers()`, the lines of
the NOTE on top of WebVTT, and `separator`, what stands between two words. Any object with these is one; the classes
below are there to be used and to be subclassed, as those of the package deepgram-captions, whose names they bear.

Where that package fails or loses something, these do not: words of further channels, speakers who change within an
utterance, utterances and segments without words, words without segments, AssemblyAI's milliseconds, silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from dgasync.captions.answers import ConverterException, Service, Source, items, read, service_of
from dgasync.captions.beside import shared_out
from dgasync.captions.layout import seconds, spread
from dgasync.errors import DecodeError
from dgasync.models.listen import PrerecordedResponse
from dgasync.transcript.channel import Turn
from dgasync.transcript.names import number_of
from dgasync.transcript.recording import Transcript

__all__ = [
    "AssemblyAIConverter",
    "Converter",
    "DeepgramConverter",
    "EmptyTranscriptException",
    "WhisperTimestampedConverter",
    "chunk_array",
    "converter_for",
]

_Word: TypeAlias = dict[str, Any]

T = TypeVar("T")


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
            list of live messages, or a file with one on each line; or a line that the command or a batch wrote.
        use_exception: raise for a recording in which nothing is said, as deepgram-captions does, instead of giving
            captions without words.

    Raises:
        ConverterException: it is no answer of the service, or there are several.
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

    Segments are kept apart. The words of one that has only its text are spread over its time, by length. Words that
    stand beside the segments, or beside the text alone, as OpenAI gives them, get their punctuation from there.

    Args:
        whisper_response: the result, with `segments` or `words`: dict, JSON text or bytes, or the path of a file.

    Raises:
        ConverterException: it has neither, or several results are in it.
    """

    def __init__(self, whisper_response: Source) -> None:
        self.response = _answer(whisper_response)
        segments, words = items(self.response, "segments"), items(self.response, "words")
        if segments is None and words is None:
            raise ConverterException("A result of Whisper has `segments` or `words`, and this has neither.")
        self._segments: Sequence[Mapping[str, Any]] = segments or ()
        if words is not None and not any(segment.get("words") for segment in self._segments):
            whole = {"text": self.response.get("text"), "start": 0.0, "end": self.response.get("duration")}
            self._segments = self._with(words, self._segments or [whole])

    @property
    def separator(self) -> str:
        """What stands between two words: nothing, in languages that are written without spaces."""
        texts = [str(segment.get("text") or "").strip() for segment in self._segments]
        words = [word for segment in self._segments for word in items(segment, "words") or ()]
        return "" if len(words) > len(texts) and any(texts) and not any(" " in text for text in texts) else " "

    def get_lines(self, line_length: int) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        return [line for segment in self._segments for line in chunk_array(list(self._words(segment)), line_length)]

    def word_map(self, word: Mapping[str, Any]) -> dict[str, Any]:
        """A word of Whisper's in the terms of captions."""
        # whisper-timestamped calls it `text`, the others `word`, with the space before it.
        said = str(word.get("text") or word.get("word") or "").strip()
        rest = {key: value for key, value in word.items() if key not in ("text", "word")}
        return {"word": said, **rest}

    def _words(self, segment: Mapping[str, Any]) -> Iterable[_Word]:
        words = items(segment, "words")
        if words:
            return [self.word_map(word) for word in words]
        return _spread(segment.get("text"), segment.get("start"), segment.get("end"), segment.get("speaker"))

    def _with(
        self, words: Iterable[Mapping[str, Any]], segments: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        texts = [str(segment.get("text") or "") for segment in segments]
        starts = [seconds(segment.get("start"), 0.0) for segment in segments]
        shared = shared_out(texts, starts, [self.word_map(word) for word in words])
        return [{**segment, "words": own} for segment, own in zip(segments, shared, strict=True)]


class AssemblyAIConverter:
    """What AssemblyAI heard. Utterances are kept apart where it gave them, and speakers, whom it calls A, B and so on.

    Args:
        assembly_response: the transcript, with `words` or `utterances`: dict, JSON text or bytes, or a file's path.

    Raises:
        ConverterException: it has neither, or several transcripts are in it.
    """

    def __init__(self, assembly_response: Source) -> None:
        self.response = _answer(assembly_response)
        if "words" not in self.response and "utterances" not in self.response:
            raise ConverterException("A transcript of AssemblyAI has `words` or `utterances`, and this has neither.")

    def word_map(self, word: Mapping[str, Any]) -> dict[str, Any]:
        """A word of AssemblyAI's in the terms of captions: its times are milliseconds there (its documentation)."""
        said = word.get("text") or ""
        mapped: dict[str, Any] = {"word": said, "punctuated_word": said, "confidence": word.get("confidence")}
        mapped.update(start=_of_milliseconds(word.get("start")), end=_of_milliseconds(word.get("end")))
        if word.get("speaker") is not None:
            mapped["speaker"] = word["speaker"]
        return mapped

    def get_lines(self, line_length: int = 8) -> list[list[dict[str, Any]]]:
        """The words, by line of at most `line_length`."""
        return [line for words in self._stretches() for line in chunk_array(words, line_length)]

    def _stretches(self) -> Iterator[list[_Word]]:
        utterances = items(self.response, "utterances")
        if not utterances:
            # The length of the whole is in seconds, unlike all other times (its documentation).
            yield from self._stretch(self.response, 0.0, self.response.get("audio_duration"))
        for utterance in utterances or ():
            start, end = _of_milliseconds(utterance.get("start")), _of_milliseconds(utterance.get("end"))
            yield from self._stretch(utterance, start, end)

    def _stretch(self, part: Mapping[str, Any], start: float | None, end: float | None) -> Iterator[list[_Word]]:
        words = [self.word_map(word) for word in items(part, "words") or ()]
        yield from _by_speaker(words or _spread(part.get("text"), start, end, part.get("speaker")))


def converter_for(source: Transcript | Converter | Source) -> Converter:
    """The converter that suits an answer, by what is in it; a converter is one already.

    Raises:
        ConverterException: it is of none of the services that are known here, or there are several answers in it.
        OSError: the file cannot be read.
    """
    if isinstance(source, Converter):
        return source
    if isinstance(source, (Transcript, PrerecordedResponse)):
        return DeepgramConverter(source)
    answer = read(source)
    service: Service | None = "deepgram" if isinstance(answer, list) else service_of(answer)
    if service is None:
        raise ConverterException(
            "This is no answer that is known here: Deepgram's has `results`, Whisper's `segments` or `words`, "
            "AssemblyAI's `words`. For any other write a class with get_lines()."
        )
    return _CONVERTERS[service](answer)


_CONVERTERS: dict[Service, Callable[[Any], Converter]] = {
    "deepgram": DeepgramConverter,
    "whisper": WhisperTimestampedConverter,
    "assembly": AssemblyAIConverter,
}


# ── how answers are read ──


def _transcript(source: Transcript | Source) -> Transcript:
    if isinstance(source, Transcript):
        return source
    if isinstance(source, PrerecordedResponse):
        return Transcript(source)
    answer = read(source)
    if not isinstance(answer, list) and not isinstance(answer.get("results"), Mapping):
        raise ConverterException("An answer of Deepgram has `results`, and this has none.")
    try:
        if isinstance(answer, list):
            from dgasync.utterances import final_response

            return Transcript(final_response(answer))
        return Transcript.from_dict(answer)
    except (DecodeError, RecursionError) as error:
        raise ConverterException(f"This is no answer of Deepgram. {error}") from error


def _answer(source: Source) -> Mapping[str, Any]:
    answer = read(source)
    if isinstance(answer, list):
        raise ConverterException("This is a list, not an answer.")
    return answer


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


def _spread(text: object, start: object, end: object, speaker: object) -> list[_Word]:
    begins = seconds(start, 0.0)
    who = {} if speaker is None else {"speaker": speaker}
    words = spread(str(text or ""), begins, seconds(end, begins))
    return [{"word": word.text, "start": word.start, "end": word.end, **who} for word in words]


def _of_milliseconds(time: object) -> float | None:
    found = seconds(time, None)
    return None if found is None else found / 1000
