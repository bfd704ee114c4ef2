"""What a live session says: the events of an engine become messages. Written by hand, on purpose."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from dgasync.server.engine import Engine, Heard, LiveEvent, Onset, Passage, Silence
from dgasync.server.listen import channel_answer, model_uuid
from dgasync.server.options import LiveOptions

__all__ = ["Results", "error_message", "metadata_message"]

Json = dict[str, Any]

EMPTY_FINAL = 5.0
"""Seconds of silence that one empty final result covers: who only listens learns that the audio is heard."""
EMPTY_INTERIM = 1.0
"""Seconds between empty interim results."""
NEVER = float("inf")


class Results:
    """The messages of one channel, in order."""

    def __init__(self, engine: Engine, options: LiveOptions, request_id: str, *, channel: int, channels: int) -> None:
        self._options = options
        self._index = [channel, channels]
        self._metadata = {
            "request_id": request_id,
            "model_info": _model_info(engine),
            "model_uuid": model_uuid(engine),
        }
        self._final_until = 0.0  # where the last final result ended
        self._shown_until = 0.0  # where the last empty interim result ended
        self._last_word: float | None = None  # where the last word ended, until UtteranceEnd has said so

    def of(self, events: list[LiveEvent], *, from_finalize: bool = False) -> list[Json]:
        """What these events say."""
        return [message for event in events for message in self._of(event, from_finalize=from_finalize)]

    def rest(self, until: float) -> list[Json]:
        """Whatever was heard without a word since the last final result becomes final as well."""
        return self._of(Passage([], until, final=True), from_finalize=False)

    def _of(self, event: LiveEvent, *, from_finalize: bool) -> list[Json]:
        if isinstance(event, Onset):
            started = {"type": "SpeechStarted", "channel": self._index, "timestamp": round(event.at, 6)}
            return [started] if self._options.vad_events else []
        if isinstance(event, Silence):
            return self._silent(event.until)
        if not event.final and not self._options.interim:
            return []
        if event.final and not event.words and not event.endpoint and event.end <= self._final_until:
            return []  # It would say nothing: the service, too, answers some Finalize with nothing.
        if event.final and event.words:
            self._last_word = event.words[-1].end
        return [self._result(event, from_finalize=from_finalize)]

    def _silent(self, until: float) -> list[Json]:
        """What there is to say while nobody speaks, in the order in which it is due."""
        messages: list[Json] = []
        while True:
            final = self._final_until + EMPTY_FINAL
            interim = max(self._final_until, self._shown_until) + EMPTY_INTERIM if self._options.interim else NEVER
            patience, word = self._options.utterance_end, self._last_word
            ended = word + patience if word is not None and patience is not None else NEVER
            due = min(final, interim, ended)
            if due > until:
                return messages
            if due == ended:
                messages.append(
                    {"type": "UtteranceEnd", "channel": self._index, "last_word_end": round(word or 0.0, 6)}
                )
                self._last_word = None
            elif due == final:
                messages.append(self._result(Passage([], final, final=True)))
            else:
                self._shown_until = interim
                messages.append(self._result(Passage([], interim)))

    def _result(self, passage: Passage, *, from_finalize: bool = False) -> Json:
        start, end = self._final_until, max(passage.end, self._final_until)
        if passage.final:
            self._final_until = end
        return {
            "type": "Results",
            "channel_index": self._index,
            "duration": round(end - start, 6),
            "start": round(start, 6),
            "is_final": passage.final,
            "speech_final": passage.endpoint,
            "channel": channel_answer(Heard(passage.words), self._options),
            "metadata": self._metadata,
            "from_finalize": from_finalize and passage.final,
        }


def _model_info(engine: Engine) -> Json:
    return {"name": engine.name, "version": engine.version, "arch": engine.arch}


def metadata_message(
    engine: Engine, options: LiveOptions, request_id: str, *, seconds: float, channels: int, sha256: str | None
) -> Json:
    """The message at the end; `seconds` and `channels` of what was heard, `sha256` None when the end was not said."""
    message: Json = {
        "type": "Metadata",
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256 or "incomplete",
        "created": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "duration": round(seconds, 6),
        "channels": channels,
    }
    if channels:
        model = model_uuid(engine)
        message["models"] = [model]
        message["model_info"] = {model: _model_info(engine)}
    if options.warnings:
        message["warnings"] = options.warnings
    if options.tags:
        message["tags"] = options.tags
    if options.extra:
        message["extra"] = options.extra
    return message


def error_message(code: str, description: str) -> Json:
    """What is said before a socket is closed for what came over it."""
    return {"type": "Error", "code": code, "description": description, "message": description}
