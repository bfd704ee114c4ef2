"""A recording that Deepgram fetches by itself, as the documents have it: python examples/url_documented.py URL."""

from __future__ import annotations

import sys

from dgasync import ClientOptionsFromEnv, DeepgramClient, DeepgramError, PrerecordedOptions, UrlSource


def main(url: str) -> None:
    try:
        deepgram = DeepgramClient(config=ClientOptionsFromEnv())
        source: UrlSource = {"url": url}
        options = PrerecordedOptions(model="nova-3", smart_format=True)
        response = deepgram.listen.prerecorded.v("1").transcribe_url(source, options)
        print(response["results"]["channels"][0]["alternatives"][0]["transcript"])
    except DeepgramError as error:
        sys.exit(f"Exception: {error}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1])
