"""Whisper, live: voice activity opens a segment of speech, which is heard again about once a second until it ends.

    silence        speech ......................... pause    silence
            |pre-roll|  interim  interim  interim  |  final

Past `COMMIT_AFTER` a segment does not wait for its end: words on which two hearings agree become final at punctuation.
The numbers are measured (docs/ENGINES.md of the project's design). Nothing without speech in it is ever decoded: in
silence and noise the model hears "you".
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dgasync.server.engine import LiveEvent, LiveHints, Onset, Passage, Silence, Word
from dgasync.server.whisper import LOOPING, RATE, Clip, clipped, import_local, language_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

__all__ = ["Ear", "Voice", "WhisperLiveListener"]

CHUNK = 512
"""Samples that the voice detector looks at: 32 ms."""
CONTEXT = 64
"""Samples before them that it looks at as well."""
SPEECH = 0.5
"""Probability from which on a chunk is speech, and ..."""
STILL_SPEECH = 0.35
"""... within speech (Silero's own values)."""
SHORTEST_SPEECH = 3 * CHUNK
"""Samples of speech that open a segment: a click is shorter."""
GAP = RATE * 16 // 100
"""Samples of silence between two pieces of speech; less does not divide them."""
PRE_ROLL = RATE * 3 // 10
"""Samples before the first speech that belong to the segment: the detector is late for soft beginnings."""
SHORTEST_PAUSE = 0.3
"""Seconds of silence that end a segment at the soonest: `endpointing=10` would cut between any two words."""
LONGEST_PAUSE = 1.0
"""Seconds of silence that end a segment at the latest: UtteranceEnd (1 s and up) follows its words."""
AFTER_ROLL = RATE // 5
"""Samples behind the last speech that are decoded with it."""
INTERIM = RATE
"""Samples between two hearings of a segment."""
COMMIT_AFTER = 8 * RATE
"""Samples of a segment from which on agreed words become final at punctuation, ..."""
COMMIT_ANYWHERE = 18 * RATE
"""... and from which on anywhere, but for the newest of them."""
LONGEST_SEGMENT = 26 * RATE
"""Samples after which a segment ends, pause or not: the model's window is 30 s."""
NEWEST = 3
"""Words at the end of a hearing that the next one often changes."""

INTERIM_BEAM, INTERIM_CONTEXT = 1, 10.0
"""Beam, and seconds of context at least, of a hearing whose words may change: 0.2 s instead of 0.8 s."""
FINAL_BEAM, FINAL_CONTEXT = 5, 15.0
"""The same for words that are final."""
ROOM = 5.0
"""Seconds of context beyond the speech: with less the model repeats itself."""
WINDOW = 30.0
"""Seconds of the model's whole context."""
TOKENS = 12
"""Tokens a second of speech at most (fast speech has 6), besides `TOKENS` for what is short: loops end early."""


class Voice:
    """Silero, which tells speech from other sound, one stream of it."""

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        self._session: Any = import_local("faster_whisper.vad").get_vad_model().session
        self._state = np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)
        self._tail = np.zeros(CONTEXT, np.float32)

    def __call__(self, samples: Samples) -> list[float]:
        """The probability of speech for each chunk of these samples, of which there are whole ones."""
        np = self._np
        joined = np.concatenate((self._tail, samples))
        self._tail = joined[-CONTEXT:]
        windows = np.lib.stride_tricks.sliding_window_view(joined, CHUNK + CONTEXT)[::CHUNK]
        h, c = self._state
        found, h, c = self._session.run(None, {"input": np.ascontiguousarray(windows), "h": h, "c": c})
        self._state = h, c
        return [float(value) for value in found.reshape(-1)]


class Ear:
    """Short pieces of speech becoming words, through CTranslate2, with no more context than they need."""

    def __init__(self, model: Any, wanted: LiveHints, slots: threading.Semaphore) -> None:
        """`slots`: how many may decode at once, over all streams."""
        hints = wanted.hints
        self._model = model
        self._slots = slots
        multilingual = bool(model.model.is_multilingual)
        self._tokenizer: Any = import_local("faster_whisper.tokenizer").Tokenizer(
            model.hf_tokenizer, multilingual, task="transcribe", language=language_of(hints)
        )
        self._transcribe: Any = import_local("faster_whisper.transcribe")
        self._prompt: list[int] = []
        self.expect(hints.terms)
        self._suppressed: list[int] = list(self._transcribe.get_suppressed_tokens(self._tokenizer, [-1]))

    def expect(self, terms: Sequence[str]) -> None:
        """Words that are likely to occur."""
        self._prompt = self._model.get_prompt(
            self._tokenizer, [], without_timestamps=True, hotwords=" ".join(terms) or None
        )

    def hear(self, samples: Samples, *, final: bool, wait: bool = True) -> list[Clip] | None:
        """The words, in seconds from the first sample; None when no one may decode now and `wait` is not wanted."""
        if not self._slots.acquire(blocking=wait):
            return None
        try:
            beam, context = (FINAL_BEAM, FINAL_CONTEXT) if final else (INTERIM_BEAM, INTERIM_CONTEXT)
            seconds = len(samples) / RATE
            context = min(max(context, seconds + ROOM), WINDOW)
            words, looping = self._decode(samples, beam, context)
            if looping:
                words, looping = self._decode(samples, beam, WINDOW)
            # What repeats itself even then is no speech that this model understands.
            return [] if looping else words
        finally:
            self._slots.release()

    def _decode(self, samples: Samples, beam: int, context: float) -> tuple[list[Clip], bool]:
        model, tokenizer = self._model, self._tokenizer
        features = model.feature_extractor(samples)
        frames = min(features.shape[-1], int(context * 100))
        encoded = model.encode(self._transcribe.pad_or_trim(features, int(context * 100)))
        (result,) = model.model.generate(
            encoded,
            [self._prompt],
            beam_size=beam,
            max_length=min(len(self._prompt) + int(TOKENS * (1 + len(samples) / RATE)), int(model.max_length)),
            suppress_tokens=self._suppressed,
        )
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        text = str(tokenizer.decode(tokens)).strip()
        if not text:
            return [], False
        if self._transcribe.get_compression_ratio(text) > LOOPING:
            return [], True
        (alignment,) = model.find_alignment(tokenizer, [tokens], encoded, frames)
        self._transcribe.merge_punctuations(alignment, "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、")
        words = [
            Clip(str(found["word"]), float(found["start"]), float(found["end"]), float(found["probability"]))
            for found in alignment
        ]
        return words, False


class _Piece(NamedTuple):
    """Speech, from and to these samples."""

    start: int
    end: int


class WhisperLiveListener:
    """One channel of live audio being heard. Positions are samples from the beginning."""

    def __init__(self, ear: Ear, voice: Voice, wanted: LiveHints) -> None:
        import numpy as np

        self._np = np
        self._ear = ear
        self._voice = voice
        self._wanted = wanted
        endpointing = wanted.endpointing
        pause = LONGEST_PAUSE if endpointing is None else min(max(endpointing, SHORTEST_PAUSE), LONGEST_PAUSE)
        self._pause = int(pause * RATE)
        self._unseen = bytearray()  # samples that make no whole chunk yet
        self._audio: Samples = np.zeros(0, np.float32)  # what may still be decoded
        self._base = 0  # position of its first sample
        self._now = 0  # position behind its last one
        self._pieces: list[_Piece] = []  # of speech, in the segment or what may become one
        self._in_speech = False
        self._voiced = 0  # samples of speech in them
        self._open = False
        self._heard_at = 0  # position of the last hearing of this segment
        self._heard: list[Word] = []  # and its words
        self._owed: float | None = None  # when an endpoint is due that is longer than the longest pause
        self._stopped = False
        self._events: list[LiveEvent] = []

    def feed(self, samples: bytes, /, *, behind: bool) -> list[LiveEvent]:
        """Hear more. A segment is heard again at its end only, when this falls behind."""
        self._unseen += samples
        whole = len(self._unseen) // (2 * CHUNK) * (2 * CHUNK)
        if whole:
            self._see(bytes(self._unseen[:whole]))
            del self._unseen[:whole]
        self._look_again(behind=behind)
        if not self._open:
            self._quiet()
        return self._told()

    def finalize(self) -> list[LiveEvent]:
        """All that was said so far becomes final."""
        if self._open:
            self._close(endpoint=self._wanted.endpointing is not None)
        else:
            self._events.append(Passage([], self._start() / RATE, final=True))
        return self._told()

    def end(self) -> list[LiveEvent]:
        """The last of it."""
        if self._unseen:
            self._see(bytes(self._unseen.ljust(2 * CHUNK, b"\0")))
            self._unseen.clear()
        return self.finalize()

    def expect(self, terms: tuple[str, ...], /) -> None:
        """Words that are likely to occur in what is decoded from here on."""
        self._ear.expect(terms)

    def stop(self) -> None:
        """Decode nothing more."""
        self._stopped = True

    def _see(self, pcm: bytes) -> None:
        """Chunk by chunk: speech, or not."""
        np = self._np
        samples: Samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) * np.float32(1 / 32768)
        self._audio = np.concatenate((self._audio, samples))
        for probability in self._voice(samples):
            start, self._now = self._now, self._now + CHUNK
            if probability >= (STILL_SPEECH if self._in_speech else SPEECH):
                self._speech(start)
            else:
                self._no_speech()
        self._forget()

    def _speech(self, start: int) -> None:
        pieces, end = self._pieces, self._now
        if pieces and start - pieces[-1].end < GAP:
            pieces[-1] = _Piece(pieces[-1].start, end)
        else:
            pieces.append(_Piece(start, end))
        self._in_speech = True
        self._voiced += CHUNK
        if not self._open and self._voiced >= SHORTEST_SPEECH:
            self._quiet()
            self._events.append(Onset(pieces[0].start / RATE))
            self._base_at(self._start())
            self._open, self._owed = True, None
            self._heard, self._heard_at = [], pieces[0].start
        elif self._open and end - self._base >= LONGEST_SEGMENT:
            self._close(endpoint=False)

    def _no_speech(self) -> None:
        self._in_speech = False
        if not self._pieces:
            return
        silent = self._now - self._pieces[-1].end
        if self._open and silent >= self._pause:
            self._pause_reached()
        elif not self._open and silent >= GAP:
            self._begin_anew()

    def _pause_reached(self) -> None:
        last, endpointing = self._pieces[-1].end, self._wanted.endpointing
        reached = endpointing is not None and endpointing <= LONGEST_PAUSE
        self._close(endpoint=reached)
        if endpointing is not None and not reached:
            self._owed = last / RATE + endpointing

    def _close(self, *, endpoint: bool) -> None:
        """The segment is over: hear it for good."""
        words = self._words(final=True) or []
        self._events.append(Passage(words, self._now / RATE, final=True, endpoint=endpoint and bool(words)))
        self._open = False
        self._begin_anew()
        self._base_at(self._now)

    def _begin_anew(self) -> None:
        self._pieces.clear()
        self._voiced = 0

    def _start(self) -> int:
        """Where a segment would begin, or may still begin; nobody speaks before."""
        start = self._pieces[0].start if self._pieces else self._now
        return max(start - PRE_ROLL, self._base)

    def _quiet(self) -> None:
        """Nobody spoke for a while."""
        until = self._start() / RATE
        if self._owed is not None and until >= self._owed:
            self._events.append(Passage([], self._owed, final=True, endpoint=True))
            self._owed = None
        self._events.append(Silence(until))

    def _look_again(self, *, behind: bool) -> None:
        """Hear the segment so far, when it is time to."""
        if not self._open or self._pieces[-1].end <= self._heard_at or self._now - self._heard_at < INTERIM:
            return
        long = self._now - self._base >= COMMIT_AFTER
        if not long and (behind or not self._wanted.interim):
            return
        # Who is late with finals must not be kept by others' interims; who needs to commit must be heard, though.
        words = self._words(final=False, wait=long)
        if words is None:
            return
        before, self._heard, self._heard_at = self._heard, words, self._now
        committed = self._commit(before, words) if long else 0
        if len(words) > committed:
            self._events.append(Passage(words[committed:], self._now / RATE))

    def _commit(self, before: Sequence[Word], words: Sequence[Word]) -> int:
        """Make final what two hearings agree on; how many words that are."""
        agreed = 0
        while agreed < min(len(before), len(words)) and _same(before[agreed], words[agreed]):
            agreed += 1
        agreed = min(agreed, len(words) - 1)  # Something must follow: the cut is between two words.
        count = next((n for n in range(agreed, 0, -1) if words[n - 1].text[-1] in ".,;:?!"), 0)
        if not count and self._now - self._base >= COMMIT_ANYWHERE:
            count = max(agreed - NEWEST, 0)
        if count:
            last, following = words[count - 1], words[count]
            cut = max(last.end, (last.end + following.start) / 2)
            self._events.append(Passage(list(words[:count]), cut, final=True))
            self._heard = list(words[count:])
            self._base_at(int(cut * RATE))
            self._pieces = [
                _Piece(max(piece.start, self._base), piece.end) for piece in self._pieces if piece.end > self._base
            ]
        return count

    def _words(self, *, final: bool, wait: bool = True) -> list[Word] | None:
        """What is said in the segment."""
        if self._stopped:
            return []
        last = min(self._pieces[-1].end + AFTER_ROLL, self._now) if final else self._now
        base = self._base
        clips = self._ear.hear(self._audio[: last - base], final=final, wait=wait)
        if clips is None:
            return None
        speech = [(max(piece.start - base, 0), piece.end - base) for piece in self._pieces]
        return clipped(clips, speech, base)

    def _base_at(self, position: int) -> None:
        """Nothing before this is decoded any more."""
        self._audio = self._audio[max(position - self._base, 0) :]
        self._base = position

    def _forget(self) -> None:
        """While nobody speaks, only what may become pre-roll is kept."""
        if not self._open:
            self._base_at(self._start())

    def _told(self) -> list[LiveEvent]:
        events, self._events = self._events, []
        return events


def _same(one: Word, other: Word) -> bool:
    return one.text.strip(".,;:?!").lower() == other.text.strip(".,;:?!").lower()
