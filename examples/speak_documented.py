"""A text becomes speech as the documents have it: python examples/speak_documented.py PATH.mp3 [TEXT]."""

from __future__ import annotations

import sys

from dgasync import ClientOptionsFromEnv, DeepgramClient, SpeakOptions


def main(path: str, text: str) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    options = SpeakOptions(model="aura-2-thalia-en", encoding="mp3")
    response = deepgram.speak.v("1").save(path, {"text": text}, options)
    print(response.to_json(indent=4))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "Hello, how can I help you today?")
