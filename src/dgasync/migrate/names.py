"""What the names of deepgram-sdk are called here, and what to do where one has no counterpart."""

from __future__ import annotations

import dgasync
from dgasync.models.params import ListenParams, LiveParams
from dgasync.models.read_params import ReadParams
from dgasync.models.speak_params import SpeakParams

__all__ = [
    "DIFFERENT",
    "EVENTS",
    "METHODS",
    "NEW",
    "NEWER",
    "OLD",
    "OPTIONS",
    "V2_MODULES",
    "V2_NAMES",
    "advice",
    "is_newer",
    "place",
]

OLD = "deepgram"
NEW = "dgasync"

_HERE = frozenset(dgasync.__all__)

V2_MODULES = frozenset(
    {
        *("_constants", "_enums", "_types", "_utils", "_version", "billing", "extra", "invitations", "keys"),
        *("members", "projects", "scopes", "transcription", "usage"),
    }
)
"""Modules that only v2 had."""

V2_NAMES = frozenset({"Deepgram", "DeepgramSetupError"})
"""Names at its top that only v2 had, for what they are now."""

_V3 = frozenset({"audio", "client", "clients", "errors", "options", "utils"})
"""Modules of v3; v2 had one of these too."""

NEWER = "This is code of deepgram-sdk 5 or later, which `migrate` does not know: nothing in it was changed."
_NEWER = frozenset({"AsyncDeepgramClient", "DeepgramClientEnvironment", "core", "environment", "extensions"})

_V2 = {
    "BufferSource": "BufferSource",
    "Deepgram": "DeepgramClient",
    "DeepgramApiError": "DeepgramApiError",
    "DeepgramError": "DeepgramError",
    "DeepgramSetupError": "DeepgramApiKeyError",
    "LiveOptions": "LiveParams",
    "LiveTranscriptionEvent": "LiveTranscriptionEvents",
    "PrerecordedOptions": "ListenParams",
    "TranscriptionSource": "PrerecordedSource",
    "UrlSource": "UrlSource",
}
"""Names of v2. Its options were TypedDicts, which are `...Params` here."""

DIFFERENT = {
    "DeepgramSetupError": "A client can be made without a key: this is raised when something is asked.",
    "Listen": "Taken for v3.9's settings of an agent, AgentListen; the branch `client.listen` of v3 up to 3.8 is "
    "`dgasync.Listen`.",
}
"""Names that mean something else here, or meant two things."""

EVENTS = {"OPEN": "Open", "CLOSE": "Close", "ERROR": "Error", "TRANSCRIPT_RECEIVED": "Transcript"}
"""v2's events, and the members of LiveTranscriptionEvents."""

# Of v3 several modules had classes of one name. Which one is meant, the words of the module's path tell.
_V3_PLACES: tuple[tuple[frozenset[str], dict[str, str]], ...] = (
    (frozenset({"speaker"}), {name: f"OUTPUT_{name}" for name in ("LOGGING", "CHANNELS", "RATE", "CHUNK")}),
    (frozenset({"agent"}), {"Listen": "AgentListen"}),
    (frozenset({"analyze"}), {"Metadata": "AnalyzeMetadata", "Results": "AnalyzeResults", "Summary": "AnalyzeSummary"}),
    (frozenset({"speak", "websocket"}), {"MetadataResponse": "SpeakWSMetadataResponse"}),
    (frozenset({"listen", "websocket"}), {"Metadata": "ListenWSMetadata"}),
    (frozenset({"live"}), {"Metadata": "ListenWSMetadata"}),
    (
        frozenset({"manage"}),
        {
            "Details": "STTUsageDetails",
            "Response": "UsageResponse",
            "Results": "UsageSummaryResults",
            "TTS": "TTSTokens",
            "Tokens": "STTTokens",
        },
    ),
)

_MODULES = {
    "utils": {"verboselogs": "dgasync.utils"},
    "": {"utils": "dgasync", "errors": "dgasync"},
}
"""What has a module of its own here, so that importing it means the same."""

OPTIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("PrerecordedOptions", "ListenRESTOptions"), frozenset(ListenParams.__annotations__)),
    **dict.fromkeys(("LiveOptions", "ListenWebSocketOptions"), frozenset(LiveParams.__annotations__)),
    **dict.fromkeys(("SpeakOptions", "SpeakRESTOptions"), frozenset(SpeakParams.__annotations__)),
    "AnalyzeOptions": frozenset(ReadParams.__annotations__),
}
"""The classes of options, and the options that each of them knows."""

_INSIDE = "It was the inside of the SDK"
_REQUEST = f"{_INSIDE}; `client.request(method, path, ...)` is for what has no method here."
_SOCKET = f"{_INSIDE}; `client.socket(path, ...)` is for what has no method here."
_MISSING = {
    "AbstractAsyncRestClient": _REQUEST,
    "AbstractSyncRestClient": _REQUEST,
    "AbstractAsyncWebSocketClient": _SOCKET,
    "AbstractSyncWebSocketClient": _SOCKET,
    "WebSocketEvents": "Each socket names its own events: LiveTranscriptionEvents, SpeakWebSocketEvents, "
    "AgentWebSocketEvents.",
    "PrerecordedTranscriptionResponse": "An answer is a PrerecordedResponse; what its `to_dict()` gives is a "
    "`dict[str, Any]`.",
    "LiveTranscriptionResponse": "A result is a LiveResultResponse; what its `to_dict()` gives is a `dict[str, Any]`.",
    "LiveTranscription": "A live connection is an AsyncLiveClient.",
    "audio": "Import its names from dgasync itself, such as `from dgasync import Microphone`.",
    "client": "Import its names from dgasync itself, such as `from dgasync import DeepgramClient`.",
    "clients": "Import its names from dgasync itself.",
    "options": "Import its names from dgasync itself, such as `from dgasync import DeepgramClientOptions`.",
    "logging": "It is Python's own: `import logging`.",
}

METHODS = {
    "delegate_listening": "`speaker_playback` plays what a session reads, and `Microphone(connection.send)` records "
    "for it.",
    "post_memory": _REQUEST,
    "post_raw": _REQUEST,
    "send_ping": "The connection pings by itself.",
    "signal_exit": "`finish()` ends a session.",
}
"""Methods of v3 that are not here; nothing else is called like them."""


def place(module: str, name: str) -> tuple[str, str] | None:
    """Where a name of deepgram-sdk is here: `(module, name)`; None where it is not.

    Args:
        module: what it is imported from, such as `deepgram.clients.live.v1`.
        name: the name there.
    """
    path = module.split(".")[1:]
    own = _MODULES.get(".".join(path), {}).get(name)
    if own is not None:
        return own, name
    if path and path[0] in V2_MODULES:
        found = _V2.get(name)
    elif name in V2_NAMES:
        found = _V2[name]
    elif not path or path[0] in _V3:
        found = _of_v3(path, name)
    else:  # what v5 and later have
        found = None
    return None if found is None or found not in _HERE else (NEW, found)


def _of_v3(path: list[str], name: str) -> str:
    if not path:
        # v3.9 used the name again, for settings of an agent, and up to then nobody had to import it.
        return "AgentListen" if name == "Listen" else name
    return next((names[name] for words, names in _V3_PLACES if name in names and words <= set(path)), name)


def advice(module: str, name: str) -> str:
    """What to do about a name that is not here."""
    if is_newer(module, name):
        return NEWER
    return _MISSING.get(name, f"dgasync has no {name}; see docs/guides/migrating.md.")


def is_newer(module: str, name: str) -> bool:
    """Whether a name is one of version 5 or later."""
    path = module.split(".")[1:]
    return name in _NEWER if not path else path[0] not in V2_MODULES | _V3
