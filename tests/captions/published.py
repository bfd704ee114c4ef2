"""What deepgram-captions makes of the inputs: `python -m tests.captions.published` writes golden.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .inputs import DEEPGRAM, WHISPER

GOLDEN = Path(__file__).with_name("golden.json")
LENGTHS = (None, 5)

Texts = dict[str, dict[str, str]]
"""SRT and WebVTT by the name of the input and the line length."""


def texts(package: Any) -> Texts:
    """What a package makes of the inputs; both that are compared have the same names."""
    converters = {name: package.DeepgramConverter(given) for name, given in DEEPGRAM.items()}
    converters["whisper"] = package.WhisperTimestampedConverter(WHISPER)
    return {
        f"{name}, {length}": {"srt": package.srt(converter, length), "webvtt": package.webvtt(converter, length)}
        for name, converter in converters.items()
        for length in LENGTHS
    }


if __name__ == "__main__":
    import deepgram_captions

    GOLDEN.write_text(json.dumps(texts(deepgram_captions), indent=1, ensure_ascii=False) + "\n", "utf-8")
