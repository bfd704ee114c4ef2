"""Subtitles for a recording, as files beside it: python examples/captions.py [PATH].

They have the name of the recording, with `.srt` and with `.vtt`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient


def main(path: Path) -> None:
    with DeepgramClient(config=ClientOptionsFromEnv()) as deepgram:
        transcript = deepgram.transcribe(path, smart_format=True, diarize=True)
    srt, vtt = path.with_suffix(".srt"), path.with_suffix(".vtt")
    srt.write_text(transcript.to_srt(), "utf-8")
    # Lines as television has them, and no caption that stands through a silence.
    vtt.write_text(transcript.to_webvtt(chars_per_line=42, lines_per_cue=2, max_pause=1.5), "utf-8")
    print(f"{srt} and {vtt}: {transcript.duration} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
