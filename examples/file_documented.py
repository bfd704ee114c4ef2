"""A recording becomes text as the documents of SDK 3.x have it: python examples/file_documented.py [PATH]."""

from __future__ import annotations

import sys
from pathlib import Path

from dgasync import ClientOptionsFromEnv, DeepgramClient, FileSource, PrerecordedOptions


def main(path: Path) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    payload: FileSource = {"buffer": path.read_bytes()}
    options = PrerecordedOptions(model="nova-3", smart_format=True)
    response = deepgram.listen.prerecorded.v("1").transcribe_file(payload, options)
    print(response.to_json(indent=4))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "examples/audio/jfk.wav"))
