"""The samples of v2 that the documents have before those of v3, as printed, and what is wrong with the page."""

# ruff: noqa: E501  # code as it stands, a line a line

from __future__ import annotations

from textwrap import indent

LINES = {2: (56, 64), 4: (85, 110), 6: (141, 162), 8: (191, 225)}
"""Where each stands in `docs/user-documents.md`, fences included."""

AFTER = {2: 3, 4: 5, 6: 7, 8: 9}
"""The sample of v3 beside each, by its number in tests/compat/samples.py."""

PRINTED = {
    2: """\
from deepgram import Deepgram

# Your Deepgram API Key
DEEPGRAM_API_KEY = 'YOUR_DEEPGRAM_API_KEY'

# Initialize the Deepgram SDK
deepgram = Deepgram(DEEPGRAM_API_KEY)
""",
    4: """\
FILE = 'interview_speech-analytics.wav'

# file is local
# Open the audio file
audio = open(FILE, 'rb')

# Set the source
source = {
\t'buffer': audio,
}

# Send the audio to Deepgram and get the response
response = await asyncio.create_task(
  deepgram.transcription.prerecorded(
    source,
    {
      'smart_format': "true",
      'summarize': "v2",
    }
  )
)

# Write the response to the console
print(json.dumps(response, indent=4))
""",
    6: """\
URL = 'https://static.deepgram.com/examples/interview_speech-analytics.wav'

# Set the source
source = {
    'url': URL,
}

# Send the audio to Deepgram and get the response
response = await asyncio.create_task(
  deepgram.transcription.prerecorded(
    source,
    {
      'smart_format': "true",
      'summarize': "v2",
    }
  )
)

# Write the response to the console
print(json.dumps(response, indent=4))
""",
    8: """\
try:
  deepgramLive = await deepgram.transcription.live({
    'smart_format': True,
    'interim_results': False,
    'language': 'en-US',
    'model': 'nova',
  })
except Exception as e:
  print(f'Could not open socket: {e}')
  return

# Listen for the connection to close
deepgramLive.registerHandler(deepgramLive.event.CLOSE, lambda c: print(
                             f'Connection closed with code {c}.'))

# Listen for any transcripts received from Deepgram and write them to the console
deepgramLive.registerHandler(deepgramLive.event.TRANSCRIPT_RECEIVED, print)

# Listen for the connection to open and send streaming audio from the URL to Deepgram
# IMPORTANT: This is a blocking call with no way to exit except through a Cntl-C,
# IMPORTANT: disconnecting your internet, or killing the streaming (assuming you control that)
async with aiohttp.ClientSession() as session:
  async with session.get(URL) as audio:
  while True:
    data = await audio.content.readany()
    deepgramLive.send(data)

# If no data is being sent from the live stream, then break out of the loop.
if not data:
\tbreak

# Indicate that we've finished sending data by sending the customary zero-byte message to the Deepgram streaming endpoint, and wait until we get back the final summary metadata object
await deepgramLive.finish()
""",
}

_LOOP = """\
  while True:
    data = await audio.content.readany()
    deepgramLive.send(data)
"""
FIXES = {
    8: {
        # The body of the `with`, and the way out of the loop, stand where they cannot.
        _LOOP: indent(_LOOP, "  "),
        "if not data:\n\tbreak\n": "      if not data: break\n",
    }
}


def sample(number: int) -> str:
    """A sample of v2, mended where the page is broken."""
    text = PRINTED[number]
    for broken, mended in FIXES.get(number, {}).items():
        assert text.count(broken) == 1
        text = text.replace(broken, mended)
    return text
