"""Captions as text: SRT and WebVTT.

The text is that of deepgram-captions, for the same answer and line length. Where that package writes what players
misread, this does not: hours go on beyond a day, a cue lasts a millisecond at least, cues come by the time they start,
`&` and `<` of WebVTT are escaped, and nobody is called "Speaker None".
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from dgasync.captions.converters import converter_for
from dgasync.captions.layout import Cue, Plan, Said, lay_out, said
from dgasync.transcript.names import name_of, number_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dgasync.captions.answers import Source
    from dgasync.captions.converters import Converter
    from dgasync.captions.layout import CaptionOptions
    from dgasync.transcript.recording import Transcript

__all__ = ["cues", "srt", "webvtt"]


def srt(
    source: Converter | Transcript | Sequence[Cue] | Source,
    line_length: int | None = None,
    **options: Unpack[CaptionOptions],
) -> str:
    """Captions as SRT: the text of an `.srt` file, empty where nothing was said.

    Args:
        source: a converter, a Transcript, cues, or any answer that `converter_for` knows.
        line_length: words in a line at most; 8 unless given. The same as `words_per_line`.

    Raises:
        DeepgramTypeError: an option is of no use, or there is no such one.
        ConverterException: the answer is of no use, or there are several.
        OSError: its file cannot be read.
    """
    plan, found = _cues(_given(source), line_length, options)
    return "\n".join(_srt_blocks(found, plan))


def webvtt(
    source: Converter | Transcript | Sequence[Cue] | Source,
    line_length: int | None = None,
    *,
    note: bool | str = True,
    **options: Unpack[CaptionOptions],
) -> str:
    """Captions as WebVTT: the text of a `.vtt` file, a header alone where nothing was said.

    Args:
        source: a converter, a Transcript, cues, or any answer that `converter_for` knows.
        line_length: words in a line at most; 8 unless given. The same as `words_per_line`.
        note: a comment on top that players do not show. Unless given, what the converter says of the request.

    Raises:
        DeepgramTypeError: an option is of no use, or there is no such one.
        ConverterException: the answer is of no use, or there are several.
        OSError: its file cannot be read.
    """
    given = _given(source)
    plan, found = _cues(given, line_length, options)
    if note is True:
        headers = [] if isinstance(given, list) else _headers(given)
    else:
        headers = ["NOTE", *note.splitlines()] if note else []
    return "\n".join(["WEBVTT\n", *_note(headers), *(_webvtt_block(cue, plan) for cue in found)])


def cues(
    source: Converter | Transcript | Sequence[Cue] | Source,
    line_length: int | None = None,
    **options: Unpack[CaptionOptions],
) -> list[Cue]:
    """Captions as objects, by the time they start; the arguments are those of `srt`."""
    return _cues(_given(source), line_length, options)[1]


def _given(source: Converter | Transcript | Sequence[Cue] | Source) -> Converter | list[Cue]:
    if isinstance(source, (list, tuple)) and all(isinstance(cue, Cue) for cue in cast("Sequence[object]", source)):
        return list(cast("Sequence[Cue]", source))
    return converter_for(cast("Converter | Transcript | Source", source))


def _cues(given: Converter | list[Cue], line_length: int | None, options: Any) -> tuple[Plan, list[Cue]]:
    if line_length is not None:
        options = {"words_per_line": line_length, **options}
    plan = Plan(options)
    found = given if isinstance(given, list) else _made(given, plan)
    # A player may pass over one that starts before another that it has seen (WebVTT, "WebVTT cue timings").
    return plan, sorted(found, key=_start)


def _made(converter: Converter, plan: Plan) -> Iterator[Cue]:
    gap = str(getattr(converter, "separator", " "))
    # Of a plain plan the lines are the converter's own, which a subclass may break as it likes.
    length = int(plan.words) if plan.is_plain else sys.maxsize
    at = 0.0
    for line in converter.get_lines(length):
        words = list(said(line, at))
        if not words:
            continue
        at = words[-1].end
        who = line[0].get("speaker")
        speaker = None if who is None else number_of(who)
        if plan.is_plain:
            yield Cue(start=words[0].start, end=at, lines=(_joined(words, gap),), speaker=speaker)
        else:
            yield from (cue for cue, _ in lay_out(words, gap, plan, speaker=speaker))


def _joined(words: Iterable[Said], gap: str) -> str:
    return gap.join(word.text for word in words)


def _start(cue: Cue) -> float:
    return cue.start


# ── SRT ──


def _srt_blocks(found: Iterable[Cue], plan: Plan) -> Iterator[str]:
    before: int | str | None = None
    for number, cue in enumerate(found, 1):
        lines = list(cue.lines)
        if plan.labels and cue.speaker is not None and cue.speaker != before:
            lines.insert(0, f"[{_one_line(_label(cue, plan, 'speaker'))}]")
        before = cue.speaker
        yield f"{number}\n{_times(cue, ',')}\n" + "\n".join(lines) + "\n"


def _label(cue: Cue, plan: Plan, word: str) -> str:
    name = name_of(cue.speaker, plan.names)
    plain = name_of(cue.speaker)
    return f"{word} {cue.speaker}" if name == plain else str(name)


# ── WebVTT ──


def _headers(converter: object) -> list[str]:
    given = cast("Callable[[], list[str]] | None", getattr(converter, "get_headers", None))
    return given() if callable(given) else []


def _note(lines: Iterable[str]) -> list[str]:
    # A blank line would end the comment, and an arrow make it a cue.
    kept = [line.replace("-->", "->") for line in map(_one_line, lines) if line]
    return ["\n".join(kept) + "\n"] if kept else []


def _webvtt_block(cue: Cue, plan: Plan) -> str:
    lines = [_escaped(line).replace("-->", "--&gt;") for line in cue.lines]
    if plan.labels and cue.speaker is not None:
        name = _escaped(_one_line(_label(cue, plan, "Speaker"))).replace(">", "&gt;")
        lines[0] = f"<v {name}>{lines[0]}"
    return f"{_times(cue, '.')}\n" + "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _one_line(text: str) -> str:
    return " ".join(text.split())


# ── times ──

_LONGEST = 1e12
"""Seconds up to which a number tells milliseconds; more is a mistake, and makes no line of that length."""


def _times(cue: Cue, point: str) -> str:
    start = _milliseconds(cue.start)
    end = max(_milliseconds(cue.end), start + 1)
    return f"{_clock(start, point)} --> {_clock(end, point)}"


def _milliseconds(seconds: float) -> int:
    # Rounded as a decimal first: times a thousand, 1.0005 s would be a millisecond more than its digits say.
    return max(0, round(round(min(seconds, _LONGEST), 3) * 1000))


def _clock(milliseconds: int, point: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
