"""Every number that bounds something, with its unit and where it comes from.

Tests and callers import the names; nothing else in the package spells such a number out.
"""

__all__ = [
    "AGENT_KEEP_ALIVE",
    "AT_A_STRETCH",
    "BATCH_ALONE",
    "BATCH_BODY",
    "BATCH_CONCURRENCY",
    "BATCH_IDLE",
    "BATCH_LOOK",
    "BATCH_LOOK_FOR",
    "BATCH_OUTAGE",
    "BATCH_PATIENCE",
    "BATCH_POISON",
    "BATCH_REFUSALS",
    "BATCH_REST",
    "BATCH_WINDOW",
    "BEFORE_OPEN",
    "BEFORE_OPEN_BYTES",
    "BODY_CHUNK",
    "CALLBACK_LOOK",
    "CALLBACK_LOOKS",
    "CATCH_UP",
    "CLOSE_TIMEOUT",
    "CONFIGURE_TIMEOUT",
    "CONNECT_TIMEOUT",
    "COOL_DOWN_LIMIT",
    "DRAIN_TIMEOUT",
    "FINALIZE_QUIET",
    "FINALIZE_TIMEOUT",
    "FRAME",
    "FUNCTION_TIMEOUT",
    "HANDOVER",
    "HEARD_NOTHING",
    "IDLE_LIMIT",
    "KEEP_ALIVE",
    "MAX_ANSWER",
    "MAX_CALLS",
    "MAX_EVENTS",
    "MAX_EVENT_BYTES",
    "MAX_FRAME",
    "MAX_REDIRECTS",
    "MAX_RETRIES",
    "MAX_TEXT",
    "MICROPHONE_BUFFER",
    "PACE",
    "PING_EVERY",
    "PING_TIMEOUT",
    "QUICK_FAILURE",
    "QUICK_FAILURES",
    "READ_AHEAD",
    "READ_TIMEOUT",
    "RECONNECT_ATTEMPTS",
    "RECONNECT_BASE",
    "RECONNECT_CAP",
    "REPLAY_AUDIO",
    "REPLAY_BYTES",
    "RETRY_BASE",
    "RETRY_CAP",
    "SEND_BUFFER",
    "SETTINGS_TIMEOUT",
    "SHOWN_BARS",
    "SHOWN_CAPTIONS",
    "SHOWN_ROWS",
    "SHOWN_SOUND",
    "SHOWN_WORDS",
    "SOURCE_IDLE",
    "SPEAK_TEXT",
    "TOKEN_MARGIN",
    "TOKEN_TTL",
    "TURN",
    "VOICE_SILENCE",
    "VOICE_TEXT",
    "WRITE_IDLE",
    "WRITE_STALL",
]

CONNECT_TIMEOUT = 10.0
"""Seconds to a ready connection: name, TCP and TLS together."""

READ_TIMEOUT = 600.0
"""Seconds without a byte of the answer. Nothing arrives before all is heard, and an hour of audio takes minutes."""

WRITE_IDLE = 30.0
"""Seconds in which the other side takes no byte of an upload that has more to give."""

CLOSE_TIMEOUT = 2.0
"""Seconds that clean-up may take before it is abandoned."""

MAX_REDIRECTS = 5
"""Redirects followed for one request."""

MAX_RETRIES = 2
"""Tries after the first one."""

RETRY_BASE = 0.5
"""Seconds: the first delay is drawn from 0 to this, each later one from 0 to twice as much (full jitter)."""

RETRY_CAP = 8.0
"""Seconds: no drawn delay is longer. A Retry-After of the server is not capped by it."""

COOL_DOWN_LIMIT = 60.0
"""Seconds: a Retry-After longer than this is not waited for; the error carries it as `retry_after`."""

TOKEN_TTL = 30.0
"""Seconds a minted token of unstated lifetime is taken to live: the service's default (docs, "Token-based auth")."""

TOKEN_MARGIN = 0.2
"""Share of a token's lifetime before whose end a new one is asked for."""

BODY_CHUNK = 1024 * 1024
"""Bytes of one read of a file that is uploaded."""

HANDOVER = 2 * 1024 * 1024
"""Bytes of a body that may wait between a caller and the loop thread."""

MAX_ANSWER = 512 * 1024 * 1024
"""Bytes of an answer kept in memory. An hour of words is about 3 MB."""

MAX_TEXT = 4 * 1024 * 1024
"""Bytes of a text that is read from a file or a stream. The service takes far less: 2,000 characters to speak, 150,000
tokens to read (docs, "Text to Speech" and "Text Intelligence")."""

# ── live sessions ──

IDLE_LIMIT = 10.0
"""Seconds without a frame after which the service hangs up, with 1011 NET-0001 (docs, "Audio Keep Alive")."""

KEEP_ALIVE = 4.0
"""Seconds without a frame after which a KeepAlive goes out; the service asks for one every 3 to 5 (same page)."""

READ_AHEAD = 1.0
"""Seconds that who takes events may stay away before they are read without him. The other side's pings wait that long
at most while audio is sent; usual limits are 20 s."""

SEND_BUFFER = 1024 * 1024
"""Bytes that wait between a thread that sends and the loop: half a minute of telephone-quality linear16, and more."""

AT_A_STRETCH = 64
"""Items of other threads that are carried out before the rest of the loop gets a turn, however small they are: `TURN`
is for large ones."""

MAX_EVENTS = 10_000
"""Events waiting for the user, from which on interim results that a later one has replaced are dropped."""

MAX_EVENT_BYTES = 64 * 1024 * 1024
"""Bytes of waiting events that must not be dropped. An hour of finals is about 3 MB."""

DRAIN_TIMEOUT = 10.0
"""Seconds of silence that end the wait for the last words after CloseStream."""

FINALIZE_TIMEOUT = 5.0
"""Seconds in which the service is to answer a Finalize."""

CONFIGURE_TIMEOUT = 5.0
"""Seconds in which Flux is to answer a Configure (pipecat#4791 waits as long), and an agent a change."""

AGENT_KEEP_ALIVE = 8.0
"""Seconds without a frame after which an agent gets a KeepAlive: what it asks for (docs, "Agent Keep Alive")."""

SETTINGS_TIMEOUT = 10.0
"""Seconds in which an agent is to be what its settings say."""

FUNCTION_TIMEOUT = 30.0
"""Seconds that a function which an agent calls may take: those who wait for the answer are on the line."""

MAX_CALLS = 32
"""Functions that run at once for one agent."""

VOICE_SILENCE = 10.0
"""Seconds in which a voice says nothing of what it is to speak, or of what it is to drop."""

VOICE_TEXT = 1024 * 1024
"""Characters that are kept because their sound has not begun, to be spoken by another connection if need be."""

SPEAK_TEXT = 2000
"""Characters of one Speak message of `/v1/speak`; the service ends the session at a longer one (docs, "Text to Speech
Streaming", limits)."""

FINALIZE_QUIET = 2.0
"""Seconds without any message after a Finalize, from which on there was nothing to flush: it then may not answer at all
(deepgram-dotnet-sdk#341, pipecat#1054), while interim results come about once a second."""

PACE = 0.1
"""Seconds of audio in one frame of a file that is played at its own speed."""

FRAME = 64 * 1024
"""Bytes of the largest frame that a file or a stream is cut into; aiohttp's servers refuse frames over 4 MiB."""

SOURCE_IDLE = 30.0
"""Seconds without a byte of the audio that a session fetches from an address. Radio servers give up whoever feeds them
after 10 (Icecast's manual, `source-timeout`), so a stream that is silent for longer is gone."""

TURN = 64 * 1024
"""Bytes that a task may send or receive before the others get a turn. Where the network never makes it wait, nobody
else would run; and a turn for each frame costs as much as the frame."""

MAX_FRAME = 64 * 1024 * 1024
"""Bytes of one websocket message kept in memory; a longer one ends the socket with 1009."""

MICROPHONE_BUFFER = 10.0
"""Seconds of audio of a microphone that wait to be taken; then the oldest is dropped."""

# ── connections that break ──

BEFORE_OPEN = 10.0
"""Seconds of audio that may wait for a live session to open, where bytes say how long they last ..."""

BEFORE_OPEN_BYTES = 2 * 1024 * 1024
"""... and bytes of it, in any case."""

REPLAY_AUDIO = 60.0
"""Seconds of audio that are kept because no final result has come for them yet, to be sent again if need be ..."""

REPLAY_BYTES = 8 * 1024 * 1024
"""... and bytes of it."""

CATCH_UP = 1.25
"""How much faster than its own time audio is sent again: the service's own examples ask for no more
(deepgram-python-sdk, PR 776)."""

RECONNECT_ATTEMPTS = 8
"""Tries to connect again before a session is given up; counted anew once a connection has done its work."""

RECONNECT_BASE = 0.25
"""Seconds: the first delay is drawn from 0 to this, each later one from 0 to twice as much (full jitter)."""

RECONNECT_CAP = 8.0
"""Seconds: no drawn delay is longer."""

QUICK_FAILURE = 5.0
"""Seconds after opening within which a connection that breaks without a final result has failed quickly."""

QUICK_FAILURES = 3
"""Connections that may fail quickly one after another: more of them, and the next one would too (pipecat PR 5113)."""

PING_EVERY = 10.0
"""Seconds between pings to a service that is to show that it is there."""

PING_TIMEOUT = 10.0
"""Seconds in which a ping is to be answered."""

WRITE_STALL = 5.0
"""Seconds in which the network takes nothing of what waits to be sent."""

HEARD_NOTHING = 15.0
"""Seconds of audio, and of time, in which the service says nothing at all: it says something about once a second with
interim results, and every few seconds without (observed by users: pipecat#5735, bolna PR 758)."""

BATCH_CONCURRENCY = 32
"""Recordings of a batch in flight at once, unless it says otherwise; where the service allows fewer, fewer."""

BATCH_PATIENCE = 600.0
"""Seconds for which a batch goes on asking a service that answers nothing but 429 and 503, or not at all."""

BATCH_REFUSALS = 100
"""Rests of a batch without an answer between them, after which it goes on asking no more."""

BATCH_OUTAGE = 8
"""Failures of network or service in a row, at least, that are no longer blamed on the recordings."""

BATCH_REST = 30.0
"""Seconds: the longest rest of a batch that nobody has asked for."""

BATCH_IDLE = 1.0
"""Seconds without another recording, after which those that failed as all would are given up: nobody shows that it is
the service's fault."""

BATCH_LOOK = 64
"""Items of a batch that are read, and looked up in its journal, at once."""

BATCH_LOOK_FOR = 0.02
"""Seconds after which the items that were read go on their way, be they ever so few."""

BATCH_WINDOW = 16
"""Recordings on their way through a batch, at least: some may have to wait for what others show of the service."""

BATCH_BODY = 256 * 1024
"""Bytes: files of a batch up to this size are read in one piece, together with their neighbours, up to twice
`BATCH_LOOK` of them ahead of what is under way."""

BATCH_ALONE = 3
"""Ends of the process with the same recording in flight, from which on it is tried with no other beside it."""

BATCH_POISON = 5
"""Ends of the process with the same recording in flight, after which it is given up."""

SHOWN_WORDS = 3000
"""Words of a transcript that a notebook shows unless asked for more: twenty minutes of speech, about 300 kB of HTML."""

SHOWN_SOUND = 8 * 1024 * 1024
"""Bytes of sound that become part of a notebook's output at most: four minutes of linear16 at 16 kHz, half an hour of
speech that is compressed."""

SHOWN_ROWS = 20
"""Rows of a table that a notebook shows."""

SHOWN_BARS = 400
"""Stretches of time that a notebook draws: somewhat more than a year of days."""

SHOWN_CAPTIONS = 8
"""Utterances of a live session that stay to be seen in a notebook while it runs."""

CALLBACK_LOOK = 0.1
"""Seconds after which it is looked whether a submission is written whose answer is here already."""

CALLBACK_LOOKS = 50
"""How often, before the service is asked to post again."""
