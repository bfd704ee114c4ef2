"""Your own headers and parameters, as the documents have it: python examples/custom_documented.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient, FileSource, PrerecordedOptions


def main(path: Path) -> None:
    config = ClientOptionsFromEnv(headers={"X-Team": "archive"})  # with every request
    deepgram = DeepgramClient("", config)
    payload: FileSource = {"buffer": path.read_bytes()}
    response = deepgram.listen.prerecorded.v("1").transcribe_file(
        payload,
        PrerecordedOptions(model="nova-3"),
        addons={"some_new_option": "yes"},  # sent as it is
        headers={"X-Recording": path.name},  # of this call only
        timeout=300,
    )
    print(response["results"]["channels"][0]["alternatives"][0]["transcript"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
