"""The documents' samples for recordings, as printed, and what is wrong with the page (`compat/SEED_SAMPLES.md`)."""

from __future__ import annotations

LINES = {3: (68, 73), 5: (114, 133), 7: (166, 179), 10: (311, 313), 11: (319, 322), 12: (332, 350)}
"""Where each sample stands in `docs/user-documents.md`, fences included."""

PRINTED = {
    3: """\
from deepgram import DeepgramClient

# Create a Deepgram client using the DEEPGRAM_API_KEY from environment variables
deepgram = DeepgramClient()
""",
    5: """\
AUDIO_FILE = "preamble.wav"

# Call the transcribe_file method on the prerecorded class
  with open(AUDIO_FILE, "rb") as file:
  buffer_data = file.read()

payload: FileSource = {
	"buffer": buffer_data,
}

options = PrerecordedOptions(
  smart_format=True,
  summarize="v2",
)
file_response = deepgram.listen.prerecorded.v("1").transcribe_file(payload, options)

json = file_response.to_json()
print(f"{json}")
""",
    7: """\
AUDIO_URL = {
    "url": "https://static.deepgram.com/examples/Bueller-Life-moves-pretty-fast.wav"
}

options = PrerecordedOptions(
    smart_format=True,
    summarize="v2",
)
url_response = deepgram.listen.prerecorded.v("1").transcribe_url(AUDIO_URL, options)

json = url_response.to_json()
print(f"{json}")
""",
    10: """\
source = {'url': URL_TO_AUDIO_FILE}
""",
    11: """\
with open(PATH_TO_FILE, 'rb') as audio:
  source = {'buffer': audio}
""",
    12: """\
try:
    # STEP 1 Create a Deepgram client using the DEEPGRAM_API_KEY from environment variables
    deepgram = DeepgramClient()

    # STEP 2 Call the transcribe_url method on the prerecorded class
    options = PrerecordedOptions(
        model="nova",
        smart_format=True,
        summarize="v2",
    )
    url_response = deepgram.listen.prerecorded.v("1").transcribe_url(
        AUDIO_URL, options
    )
    print(url_response)

except Exception as e:
    print(f"Exception: {e}")
""",
}

FIXES = {5: ("  with open", "with open")}
"""What does not parse as printed."""


def sample(number: int) -> str:
    """A sample with its import changed, and fixed where the page is broken."""
    text = PRINTED[number].replace("from deepgram import", "from dgasync import")
    if number in FIXES:
        broken, fixed = FIXES[number]
        assert text.count(broken) == 1
        text = text.replace(broken, fixed)
    return text


def in_async_form(text: str) -> str:
    """The same, as the documents say that the async twins are reached: `async` before the property, and `await`."""
    assert text.count("deepgram.listen.prerecorded.") == 1
    return text.replace("deepgram.listen.prerecorded.", "await deepgram.listen.asyncprerecorded.")
