"""An agent's side of a conversation: thoughts become sentences, sentences become sound; all of it can be dropped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from dgasync.server.encode import Encoder
from dgasync.server.sentences import Sentences
from dgasync.server.speak_live import FRAME
from dgasync.server.speak_options import SpeakOptions
from dgasync.server.voice import Voice

__all__ = ["Answer", "Talker"]

Json = dict[str, Any]
Run = Callable[..., Awaitable[bytes]]
Send = Callable[[Json | bytes], Awaitable[None]]
Remember = Callable[[str], Awaitable[None]]

MOST_JOBS = 100
"""Things that may wait to be said."""


class Talker:
    """What an agent has to do, one thing after the other."""

    def __init__(self) -> None:
        self._jobs: deque[Callable[[], Awaitable[None]]] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether it is at something."""
        return self._task is not None and not self._task.done()

    @property
    def full(self) -> bool:
        """Whether so much waits that there should not be more."""
        return len(self._jobs) >= MOST_JOBS

    def add(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do this next. A job deals with what goes wrong in it."""
        self._jobs.append(job)
        if not self.busy:
            self._task = asyncio.create_task(self._work())

    async def drop(self) -> None:
        """Stop, and forget what was to come; when this returns nothing more is sent."""
        self._jobs.clear()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _work(self) -> None:
        while self._jobs:
            await self._jobs.popleft()()


class Answer:
    """One thing that the agent says, on its way out: its text comes piece by piece, and is spoken by the sentence."""

    def __init__(
        self, voice: Voice, options: SpeakOptions, run: Run, send: Send, remember: Remember, asked: float
    ) -> None:
        """`remember` is told each sentence before its sound is sent; `asked`: when this was asked for, by the loop."""
        self._voice = voice
        self._options = options
        self._run = run
        self._send = send
        self._remember = remember
        self._made = voice.rate or options.form.rate
        self._cutter = Sentences()
        self._encoder: Encoder | None = None
        self._now = asyncio.get_running_loop().time
        self._asked = asked
        self._firsts: dict[str, float] = {}  # when the first piece of each kind came
        self._sounds = False

    @property
    def begun(self) -> bool:
        """Whether anything of it was said, or is to be."""
        return "text" in self._firsts

    def thinks(self, kind: str) -> None:
        """Something of this kind came to mind: `"text"`, `"thinking"` or `"tool"`."""
        for name in ("token", kind):
            self._firsts.setdefault(name, self._now())

    async def say(self, text: str) -> None:
        """More of the text."""
        self._firsts.setdefault("text", self._now())
        for sentence in self._cutter.feed(text):
            await self._speak(sentence)

    async def end(self) -> None:
        """There is no more of it."""
        for sentence in self._cutter.flush():
            await self._speak(sentence)
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            await self._sound(await self._run(encoder.end))
        await self._send({"type": "AgentAudioDone"})

    async def _speak(self, sentence: str) -> None:
        if not sentence.strip():
            return
        samples = await self._run(self._voice.say, sentence, self._made, self._options.speed)
        await self._remember(sentence.strip())
        if not samples:
            return  # There is nothing in it that can be spoken.
        if self._encoder is None:
            self._encoder = Encoder(self._options.form, self._made)
        await self._sound(await self._run(self._encoder.feed, samples))

    async def _sound(self, audio: bytes) -> None:
        if audio and not self._sounds:
            self._sounds = True
            for message in self._latencies():
                await self._send(message)
        for at in range(0, len(audio), FRAME):
            await self._send(audio[at : at + FRAME])

    def _latencies(self) -> list[Json]:
        """How long it took until there is sound: in the older message, and in the newer one."""
        now = self._now()
        text = self._firsts["text"]
        spoken, total = round(now - text, 6), round(now - self._asked, 6)
        report: Json = {"type": "LatencyReport", "tts_latency": spoken, "total_latency": total}
        if "token" in self._firsts:  # Else nobody had to think of it.
            report |= {f"ttt_{kind}_latency": round(at - self._asked, 6) for kind, at in self._firsts.items()}
        started = {"type": "AgentStartedSpeaking", "total_latency": total, "tts_latency": spoken}
        return [{**started, "ttt_latency": round(text - self._asked, 6)}, report]
