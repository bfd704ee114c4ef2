"""A stream of the web as the documents have it, sent by a thread: python examples/live_http_documented.py URL.

Enter ends it, wherever the stream is.
"""

from __future__ import annotations

import sys
import threading
from typing import Any
from urllib.request import urlopen

from dgasync import (
    ClientOptionsFromEnv,
    DeepgramClient,
    LiveClient,
    LiveOptions,
    LiveResultResponse,
    LiveTranscriptionEvents,
)


def main(url: str) -> None:
    connection = DeepgramClient(config=ClientOptionsFromEnv()).listen.live.v("1")

    def on_message(self: LiveClient, result: LiveResultResponse, **kwargs: Any) -> None:
        if result.text:  # the same as result.channel.alternatives[0].transcript
            print(result.text)

    connection.on(LiveTranscriptionEvents.Transcript, on_message)
    if not connection.start(LiveOptions(model="nova-3", interim_results=False, language="en-US")):
        sys.exit(f"Could not open socket: {connection.error}")
    is_over = threading.Event()

    def send() -> None:
        with urlopen(url) as stream:
            while not is_over.is_set() and (data := stream.read1(8192)):
                connection.send(data)

    sender = threading.Thread(target=send)
    sender.start()
    input("Press Enter to stop.\n")
    is_over.set()
    sender.join()
    connection.finish()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1])
