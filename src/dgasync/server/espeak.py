"""The voice of espeak-ng, a program that many systems have: what speaks where hibari-tts is not installed."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from dgasync.server.decode import wav_header
from dgasync.server.engine import EngineError, Tell

if TYPE_CHECKING:
    from dgasync.server.voice import Voice

__all__ = ["espeak_voice"]

PATIENCE = 30.0
"""Seconds for one sentence; it takes some milliseconds."""
RATE = 22_050
"""Samples a second it makes."""
PACE = 175
"""Words a minute, its own default."""


def espeak_voice() -> Voice | None:
    """The voice, if the program is on PATH."""
    program = shutil.which("espeak-ng")
    return _Espeak(program) if program else None


class _Espeak:
    name = "espeak-ng"
    arch = "espeak"
    rate = RATE
    languages = frozenset({"en"})

    def __init__(self, program: str) -> None:
        self._program = program
        self.version = "unknown"

    def load(self, tell: Tell, /) -> None:
        told = self._run("--version").decode(errors="replace")
        # "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/..."
        self.version = told.partition(": ")[2].split(" ")[0].strip() or "unknown"

    def say(self, text: str, rate: int, speed: float, /) -> bytes:
        spoken = self._run(
            *("-v", "en-us", "-s", str(round(PACE * speed)), "-b", "1", "--stdin", "--stdout"),
            said=text.encode(errors="replace"),
        )
        header = wav_header(spoken)  # Its sizes are made up: it writes into a pipe.
        if header is None:
            return b""  # There was nothing to say.
        if (header.rate, header.bits, header.channels) != (self.rate, 16, 1):
            raise EngineError(f"espeak-ng made samples of an unexpected kind: {header}")
        samples = spoken[header.data_at :]
        return samples[: len(samples) // 2 * 2]

    def _run(self, *arguments: str, said: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                [self._program, *arguments], input=said, capture_output=True, timeout=PATIENCE, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineError(f"espeak-ng failed: {error}") from error
        return done.stdout
