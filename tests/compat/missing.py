"""Names of `compat/v3_surface.json` that are not here, each with its reason.

A name that is here after all, and a reason that excuses nothing any more, are errors of `test_surface.py`.
"""

from __future__ import annotations

SOCKETS = "comes with the sockets"
INSIDE = "the inside of v3"
MODULE = "a module that v3 happened to show"
REUSED = "`Listen` is the branch of the tree that it was up to 3.8; the settings of 3.9 are `AgentListen`"
OWN = "asked by v3's own clients about `options`; ours read these themselves"

AREAS: dict[str, str] = {}
"""Whole areas of the surface."""

NAMES = {
    "AbstractAsyncRestClient": f"{INSIDE}; `request()` is for what has no verb",
    "AbstractSyncRestClient": f"{INSIDE}; `request()` is for what has no verb",
    "AbstractAsyncWebSocketClient": f"{INSIDE}; `socket()` is for what has no verb",
    "AbstractSyncWebSocketClient": f"{INSIDE}; `socket()` is for what has no verb",
    "DeepgramClientOptions.is_auto_flush_enabled": OWN,
    "DeepgramClientOptions.is_auto_flush_reply_enabled": OWN,
    "DeepgramClientOptions.is_auto_flush_speak_enabled": OWN,
    "DeepgramClientOptions.is_inspecting_listen": OWN,
    "DeepgramClientOptions.is_inspecting_messages": OWN,
    "DeepgramClientOptions.is_inspecting_speak": OWN,
    "DeepgramClientOptions.is_keep_alive_enabled": OWN,
    "DeepgramClientOptions.set_access_token": "`options.access_token = ...` does it",
    "ClientOptionsFromEnv.is_auto_flush_enabled": OWN,
    "ClientOptionsFromEnv.is_auto_flush_reply_enabled": OWN,
    "ClientOptionsFromEnv.is_auto_flush_speak_enabled": OWN,
    "ClientOptionsFromEnv.is_inspecting_listen": OWN,
    "ClientOptionsFromEnv.is_inspecting_messages": OWN,
    "ClientOptionsFromEnv.is_inspecting_speak": OWN,
    "ClientOptionsFromEnv.is_keep_alive_enabled": OWN,
    "ClientOptionsFromEnv.set_access_token": "`options.access_token = ...` does it",
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
    "VerboseLogger": "v3 made it the class of every logger in the process; `logger.log(NOTICE, ...)` works with any",
    "WebSocketEvents": f"{INSIDE}: the events that all its sockets have; each socket names its own",
    "audio": MODULE,
    "client": MODULE,
    "clients": MODULE,
    "errors": MODULE,
    "logging": "a module of Python that v3 happened to show",
    "options": MODULE,
    "utils": MODULE,
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
    "microphone_record": SOCKETS,
    "microphone_record_channels": SOCKETS,
    "microphone_record_device_index": SOCKETS,
    "microphone_record_rate": SOCKETS,
}
"""Keys of the `options` of a client that change nothing."""

ENVIRONMENT = {"DEEPGRAM_API_VERSION": "v3 never read it either"}
"""Environment variables that are not read."""
