"""Live speech as the documents of SDK 3.x have it: python examples/live_documented.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dgasync import (
    ClientOptionsFromEnv,
    DeepgramClient,
    Error,
    LiveClient,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
)


def on_message(self: LiveClient, result: LiveResultResponse, **kwargs: Any) -> None:
    if result.text:  # the same as result.channel.alternatives[0].transcript
        print(result.text)


def on_error(self: LiveClient, error: Error, **kwargs: Any) -> None:
    print(f"Error: {error.message}", file=sys.stderr)


def main(path: Path) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    connection = deepgram.listen.live.v("1")
    connection.on(LiveTranscriptionEvents.Transcript, on_message)
    connection.on(LiveTranscriptionEvents.Error, on_error)
    # A file says itself what it is. Raw audio needs `encoding` and `sample_rate` here.
    if not connection.start(LiveOptions(model="nova-3", smart_format=True)):
        raise SystemExit(1)
    with path.open("rb") as audio:
        while chunk := audio.read(8000):
            connection.send(chunk)
    connection.finish()  # returns when the last words were printed


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
