"""The documents' samples for recordings and live speech, as printed, and what is wrong with the page.

What that is, `compat/SEED_SAMPLES.md` says.
"""

from __future__ import annotations

from textwrap import indent

LINES = {
    3: (68, 73),
    5: (114, 133),
    7: (166, 179),
    9: (229, 277),
    10: (311, 313),
    11: (319, 322),
    12: (332, 350),
    13: (375, 378),
    14: (396, 404),
    15: (408, 413),
    16: (421, 429),
    17: (439, 441),
    18: (445, 453),
    19: (459, 461),
}
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
    9: """\
try:
		# define callbacks for transcription messages
    def on_message(self, result, **kwargs):
        sentence = result.channel.alternatives[0].transcript
        if len(sentence) == 0:
            return
        print(f"speaker: {sentence}")

    dg_connection.on(LiveTranscriptionEvents.Transcript, on_message)

    # connect to websocket
    options = LiveOptions(model="nova", interim_results=False, language="en-US")
    dg_connection.start(options)

    lock_exit = threading.Lock()
    exit = False

    # define a worker thread
    def myThread():
      with httpx.stream("GET", URL) as r:
        for data in r.iter_bytes():
          lock_exit.acquire()
          if exit:
            \tbreak
          lock_exit.release()

          dg_connection.send(data)

    # start the worker thread
    myHttp = threading.Thread(target=myThread)
    myHttp.start()

    # signal finished
    input("Press Enter to stop recording...\\n\\n")
    lock_exit.acquire()
    exit = True
    lock_exit.release()

    # Wait for the HTTP thread to close and join
    myHttp.join()

    # Indicate that we've finished
    dg_connection.finish()

except Exception as e:
    print(f"Could not open socket: {e}")
    return
""",
    13: """\
# Create a websocket connection using the DEEPGRAM_API_KEY from environment variables
dg_connection = deepgram.listen.live.v("1")
""",
    14: """\
def on_message(self, result, **kwargs):
  sentence = result.channel.alternatives[0].transcript
  if len(sentence) == 0:
    return
  print(f"Transcription: {sentence}")

dg_connection.on(LiveTranscriptionEvents.Transcript, on_message)
""",
    15: """\
def on_error(self, error, **kwargs):
  print(f"Error: {error}")

dg_connection.on(LiveTranscriptionEvents.Error, on_error)
""",
    16: """\
options = LiveOptions(
  punctuate=True,
  interim_results=False,
  language='en-GB'
)

dg_connection.start(options)
""",
    17: """\
dg_connection.send(SOME_STREAMING_DATA)
""",
    18: """\
def on_message(self, result, **kwargs):
  sentence = result.channel.alternatives[0].transcript
  if len(sentence) == 0:
    return
  print(f"Transcription: {sentence}")

dg_connection.on(LiveTranscriptionEvents.Transcript, on_message)
""",
    19: """\
dg_connection.finish()
""",
}

FIXES = {5: ("  with open", "with open")}
"""What does not parse as printed."""


IN_FUNCTION = {9}
"""What has a `return`, and so must stand inside a function."""

ASYNC = {
    "deepgram.listen.prerecorded.": "await deepgram.listen.asyncprerecorded.",
    "deepgram.listen.live.": "deepgram.listen.asynclive.",
    **{f"dg_connection.{name}(": f"await dg_connection.{name}(" for name in ("start", "send", "finish")},
    **{f"def {name}(": f"async def {name}(" for name in ("on_message", "on_error", "myThread", "main")},
    "\nmain()": "\nawait main()",
    'with httpx.stream("GET", URL)': 'async with httpx.AsyncClient().stream("GET", URL)',
    "for data in r.iter_bytes()": "async for data in r.aiter_bytes()",
    "input(": "await anyio.to_thread.run_sync(input, ",
}
"""How what is plain is written where it is awaited."""

BEGINS, ENDS = "myHttp = threading.Thread(target=myThread)\n        myHttp.start()\n", "myHttp.join()\n"
"""What becomes a block with a task in it."""


def sample(number: int) -> str:
    """A sample with its import changed, and fixed where the page is broken."""
    text = PRINTED[number].replace("from deepgram import", "from dgasync import")
    if number in FIXES:
        broken, fixed = FIXES[number]
        assert text.count(broken) == 1
        text = text.replace(broken, fixed)
    return f"def main():\n{indent(text, '    ')}\nmain()\n" if number in IN_FUNCTION else text


def in_async_form(text: str) -> str:
    """The same, as the documents say that the async twins are reached: `async` before the property, and `await`."""
    assert any(plain in text for plain in ASYNC)
    for plain, waiting in ASYNC.items():
        text = text.replace(plain, waiting)
    before, begins, rest = text.partition(BEGINS)
    if begins:
        inside, _, after = rest.partition(ENDS)
        opening = "async with anyio.create_task_group() as myHttp:\n          myHttp.start_soon(myThread)\n"
        text = before + opening + indent(inside, "  ") + after
    return text
