"""Names of `compat/v3_surface.json` that are not here, each with its reason.

A name that is here after all, and a reason that excuses nothing any more, are errors of `test_surface.py`.
"""

from __future__ import annotations

RECORDER = "agents' own microphone of 3.9; `Microphone(connection.send)` records for any of them"
INSIDE = "the inside of v3"
MODULE = "a module that v3 happened to show"
REUSED = "`Listen` is the branch of the tree that it was up to 3.8; the settings of 3.9 are `AgentListen`"

NAMES = {
    "AbstractAsyncRestClient": f"{INSIDE}; `request()` is for what has no verb",
    "AbstractSyncRestClient": f"{INSIDE}; `request()` is for what has no verb",
    "AbstractAsyncWebSocketClient": f"{INSIDE}; `socket()` is for what has no verb",
    "AbstractSyncWebSocketClient": f"{INSIDE}; `socket()` is for what has no verb",
    **{
        f"Listen.{name}": REUSED
        for name in (
            *("model", "keyterms", "provider", "__getitem__", "__setitem__"),
            *("eval", "from_dict", "from_json", "to_dict", "to_json"),
        )
    },
    "ListenWebSocketClient.send_ping": "pings are the transport's business; v3 dropped it in 3.2.2",
    "ListenWebSocketClient.signal_exit": "v3 dropped it in 3.2.2; `finish` ends a session",
    "SummaryV2.end_word": "v3 dropped it in 3.0.2",
    "SummaryV2.start_word": "v3 dropped it in 3.0.2",
    "SummaryV2.summary": "v3 dropped it in 3.0.2",
    "Topics.end_word": "v3 dropped it in 3.1.0",
    "Topics.start_word": "v3 dropped it in 3.1.0",
    "Topics.text": "v3 dropped it in 3.1.0",
    "Topics.topics": "v3 dropped it in 3.1.0",
    "WebSocketEvents": f"{INSIDE}: the events that all its sockets have; each socket names its own",
    "audio": MODULE,
    "client": MODULE,
    "clients": MODULE,
    "errors": MODULE,
    "logging": "a module of Python that v3 happened to show",
    "options": MODULE,
    "utils": f"{MODULE}; `from dgasync.utils import verboselogs` works",
}
"""Single names; a class stands for all that it has."""

METHODS = {
    "delegate_listening": f"{INSIDE}: its speaker read the socket; `speaker_playback` plays what the session reads",
    "post_memory": f"{INSIDE}; `request()` is for what has no verb",
    "post_raw": f"{INSIDE}; `request()` is for what has no verb",
    "schema": "of the JSON library that v3 used; the types are annotations here",
}
"""Methods, whatever class has them."""

MODULES = {
    "audio.speaker": f"{INSIDE}; those at the top are here as `OUTPUT_...`",
    "clients": f"{INSIDE}; the numbers of this package are in `dgasync.limits`",
}
"""Modules of v3 whose constants are not here."""

OPTION_KEYS = {
    "microphone_record": RECORDER,
    "microphone_record_channels": RECORDER,
    "microphone_record_device_index": RECORDER,
    "microphone_record_rate": RECORDER,
}
"""Keys of the `options` of a client that change nothing."""

ENVIRONMENT = {"DEEPGRAM_API_VERSION": "v3 never read it either"}
"""Environment variables that are not read."""
