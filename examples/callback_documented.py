"""The answer goes to an address, as the documents have it: python examples/callback_documented.py URL CALLBACK.

Nothing arrives here but the id of the request: whatever listens at CALLBACK gets the transcript, with that id.
"""

from __future__ import annotations

import sys

from dgasync import ClientOptionsFromEnv, DeepgramClient, PrerecordedOptions, UrlSource


def main(url: str, callback: str) -> None:
    deepgram = DeepgramClient(config=ClientOptionsFromEnv())
    source: UrlSource = {"url": url}
    options = PrerecordedOptions(model="nova-3", smart_format=True)
    response = deepgram.listen.prerecorded.v("1").transcribe_url_callback(source, callback, options)
    print(response.request_id)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
