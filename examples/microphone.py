"""What you say becomes text, without `await`: python examples/microphone.py. Ctrl-C ends it.

Needs `pip install 'dgasync[mic]'`, and on Linux the library PortAudio (`apt install libportaudio2`).
"""

from __future__ import annotations

from contextlib import suppress

from dgasync import ClientOptionsFromEnv, DeepgramClient, Microphone


def main() -> None:
    microphone = Microphone(chunk=1600)  # a tenth of a second, so that words come soon
    with (
        DeepgramClient(config=ClientOptionsFromEnv()) as deepgram,
        deepgram.live(**microphone.options, smart_format=True) as live,
        microphone,
    ):
        live.start_sending(microphone)
        print("Speak; Ctrl-C ends it.")
        for utterance in live.utterances():
            print(utterance.text)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
