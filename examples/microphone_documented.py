"""What you say becomes text, as the documents of SDK 3.x have it: python examples/microphone_documented.py.

Needs `pip install 'dgasync[mic]'`, and on Linux the library PortAudio (`apt install libportaudio2`).
"""

from __future__ import annotations

import sys
from typing import Any

from dgasync import (
    ClientOptionsFromEnv,
    DeepgramClient,
    LiveClient,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
    Microphone,
)


def main() -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    connection = deepgram.listen.live.v("1")

    def on_message(self: LiveClient, result: LiveResultResponse, **kwargs: Any) -> None:
        if result.text:  # the same as result.channel.alternatives[0].transcript
            print(result.text)

    connection.on(LiveTranscriptionEvents.Transcript, on_message)
    if not connection.start(LiveOptions(model="nova-3", encoding="linear16", sample_rate=16000, channels=1)):
        sys.exit(f"No connection: {connection.error}")

    microphone = Microphone(connection.send)
    microphone.start()
    input("Speak, and press Enter to stop.\n")
    microphone.finish()
    connection.finish()


if __name__ == "__main__":
    main()
