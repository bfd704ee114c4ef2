"""What can be asked of speech, and of any call: every option, written once.

The docstring under a key is its documentation everywhere: in editors, in the option classes and in the command's flags,
which `tools/` makes from it. The keys are the query parameters of the official description, and those the official
SDK's v3 had beside them ("v3" in their text).

SpeechParams              what recordings and live speech have in common (LabelParams: with what is spoken, too)
├── RecordingParams       and CallbackParams: ListenParams, the options of `POST /v1/listen`
│                         (AnalysisParams: with what is written, too)
└── LiveParams            the options of the websocket `/v1/listen`

Those of the other products are beside this module: `speak_params`, `read_params`, `account_params`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from dgasync.config import TimeoutLike
    from dgasync.detector import SilenceGate

__all__ = [
    "AnalysisParams",
    "CallExtras",
    "CallParams",
    "CallbackParams",
    "LabelParams",
    "ListenModel",
    "ListenParams",
    "LiveParams",
    "LiveSessionParams",
    "RecordingParams",
    "RequestParams",
    "SessionParams",
    "SpeechParams",
    "TagParams",
    "ToCallbackParams",
    "TranscribeParams",
]

ListenModel: TypeAlias = (
    Literal[
        "nova-3",
        "nova-3-general",
        "nova-3-medical",
        "nova-2",
        "nova-2-general",
        "nova-2-meeting",
        "nova-2-finance",
        "nova-2-conversationalai",
        "nova-2-voicemail",
        "nova-2-video",
        "nova-2-medical",
        "nova-2-drivethru",
        "nova-2-automotive",
        "nova",
        "nova-general",
        "nova-phonecall",
        "nova-medical",
        "enhanced",
        "enhanced-general",
        "enhanced-meeting",
        "enhanced-phonecall",
        "enhanced-finance",
        "base",
        "meeting",
        "phonecall",
        "finance",
        "conversationalai",
        "voicemail",
        "video",
    ]
    | str
)
"""A model that listens: one of the public ones, or the name or id of your own."""


class TagParams(TypedDict, total=False):
    """How a request is filed."""

    tag: str | Sequence[str]
    """Labels for the usage reports."""


class LabelParams(TagParams, total=False):
    """How a request is filed, and what may become of it."""

    mip_opt_out: bool
    """Keep this request out of the Model Improvement Program; it may cost more."""


class AnalysisParams(TypedDict, total=False):
    """What is found in words, be they said or written."""

    summarize: bool | Literal["v2"] | str
    """Summarize what is said. `v2` gives one summary of a whole recording; `True` is for texts and for older models."""
    topics: bool
    """Find what is talked about."""
    custom_topic: str | Sequence[str]
    """Topics to look for, 100 at most."""
    custom_topic_mode: Literal["extended", "strict"] | str
    """`extended` (the service's default) adds `custom_topic` to the model's own topics, `strict` finds no others."""
    intents: bool
    """Find what those who speak want."""
    custom_intent: str | Sequence[str]
    """Intents to look for."""
    custom_intent_mode: Literal["extended", "strict"] | str
    """`extended` (the service's default) adds `custom_intent` to the model's own intents, `strict` finds no others."""
    sentiment: bool
    """Find the mood of what is said."""


class SpeechParams(LabelParams, total=False):
    """How speech is to be heard, be it recorded or live."""

    # The words themselves.

    model: ListenModel
    """Which speech model listens. `transcribe` and `live` ask for `nova-3`; the service's default is `base-general`."""
    language: str
    """The language spoken, as a BCP-47 tag such as `en-US`, or `multi` for several. The service's default is `en`."""
    version: Literal["latest"] | str
    """Which version of the model; `latest` unless given."""
    keyterm: str | Sequence[str]
    """Terms the model should expect, such as names and brands; Nova-3 only."""
    keywords: str | Sequence[str]
    """Words to favour, or with a negative weight to avoid, as `word` or `word:weight`; models before Nova-3."""
    alternatives: int
    """How many ways to hear each channel are returned (v3)."""

    # How the transcript is written.

    smart_format: bool
    """Write dates, times, amounts, addresses and the like as one reads them; brings punctuation, and paragraphs."""
    punctuate: bool
    """Add punctuation and capital letters."""
    numerals: bool
    """Write numbers as digits."""
    dictation: bool
    """Turn spoken commands such as `comma` or `new line` into what they name."""
    filler_words: bool
    """Keep words such as `uh` and `um`."""
    profanity_filter: bool
    """Replace or remove profanity."""
    redact: bool | Literal["pci", "pii", "numbers"] | str | Sequence[Literal["pci", "pii", "numbers"] | str]
    """Black out sensitive words: `pci` card data, `pii` personal data, `numbers`, or single kinds of entity."""
    replace: str | Sequence[str]
    """Words to write differently, as `heard:written`."""

    # Who speaks, and on which channel.

    diarize: bool
    """Tell speakers apart: every word gets a `speaker` number. The service prefers `diarize_model` by now."""
    diarize_model: Literal["latest", "v1", "v2"] | str
    """Tell speakers apart with this version of the model; `diarize` need not be given too."""
    diarize_version: str
    """Which older version tells speakers apart (v3); see `diarize_model`."""
    multichannel: bool
    """Hear every channel of the audio on its own."""

    # What is found in it.

    search: str | Sequence[str]
    """Terms or phrases to look for by sound; hits come with each channel."""
    detect_entities: bool
    """Find names, places, numbers and other entities."""

    # About the audio, for audio without a header.

    sample_rate: int
    """Samples per second of raw audio."""
    channels: int
    """Channels of raw audio."""

    # About the request.

    extra: str | Sequence[str] | Mapping[str, str]
    """Your own notes, returned with the answer: a mapping, or texts like `key:value`."""
    tier: Literal["nova", "enhanced", "base"] | str
    """The family of the model (v3); it is part of `model` by now."""


class RecordingParams(SpeechParams, AnalysisParams, total=False):
    """How a recording is to be heard, and what is to be made of it."""

    # The words themselves.

    detect_language: bool | str | Sequence[str]
    """Find out which language is spoken; a list of tags narrows the choice."""

    # How the transcript is written.

    paragraphs: bool
    """Divide the transcript into paragraphs and sentences."""
    utterances: bool
    """Divide the speech into utterances: the stretches between pauses."""
    utt_split: float
    """Seconds of silence that end an utterance; the service's default is 0.8."""
    measurements: bool
    """Abbreviate units: `kg` for kilograms."""

    # What is found in it.

    custom_topics: str | Sequence[str]
    """The spelling of `custom_topic` up to v3.5."""
    detect_topics: bool
    """Find topics with the older models (v3); see `topics`."""

    # About the audio, for audio without a header.

    encoding: Literal["linear16", "flac", "mulaw", "amr-nb", "amr-wb", "opus", "speex", "g729"] | str
    """How raw audio is encoded. Leave it out for files, which say so themselves."""


class CallbackParams(TypedDict, total=False):
    """Where the answer goes instead of coming back."""

    callback: str
    """An address the answer is sent to instead; the call returns its request id at once."""
    callback_method: Literal["POST", "PUT"] | str
    """How it is sent there: `POST` unless given."""


class ListenParams(RecordingParams, CallbackParams, total=False):
    """Every option of `/v1/listen`."""


class LiveParams(SpeechParams, total=False):
    """How live speech is to be heard, and what is said of it while it lasts."""

    # What is told, and when.

    interim_results: bool
    """Tell what was heard so far about once a second, before it is final; it may still change."""
    endpointing: bool | int | str
    """Milliseconds of silence that end speech (`speech_final`), False for never; the service's default is 10."""
    utterance_end_ms: int | str
    """Milliseconds without a word that end an utterance (`UtteranceEnd`), 1000 at least; needs `interim_results`."""
    vad_events: bool
    """Tell when somebody begins to speak (`SpeechStarted`)."""
    no_delay: bool
    """Do not hold words back to format them better (v3)."""

    # About the audio, for audio without a header.

    encoding: (
        Literal[
            "linear16",
            "linear32",
            "flac",
            "alaw",
            "mulaw",
            "amr-nb",
            "amr-wb",
            "opus",
            "ogg-opus",
            "speex",
            "g729",
        ]
        | str
    )
    """How raw audio is encoded; give `sample_rate` too. Leave both out for audio that has a header."""

    # About the request.

    callback: str
    """An address the service sends the results to."""
    callback_method: Literal["POST", "GET", "PUT", "DELETE"] | str
    """How they are sent there: `POST` unless given."""


class CallExtras(TypedDict, total=False):
    """What a documented call takes by keyword, beside the arguments that v3 had."""

    max_retries: int | None
    """Tries after the first; the client's own number unless given."""
    progress: Callable[[int, int | None], object] | None
    """Called as the body goes out, with the bytes sent so far and their total, None where that is unknown."""
    strict: bool | None
    """False lets options through that this package does not know; else they are errors."""
    keep_raw: bool | None
    """False drops the bytes of the answer: less memory, but `[]` and `to_json` no longer see what was not modelled."""


class CallParams(CallExtras, total=False):
    """What any call takes beside the options of its product."""

    timeout: TimeoutLike | None
    """Seconds for each part of the call, or `Timeouts(connect, write, read)`, or an object with these attributes."""
    headers: Mapping[str, str] | None
    """Headers for this call alone."""
    addons: Mapping[str, Any] | None
    """Query parameters this package does not know. They replace options of the same name; a list is added to one."""
    endpoint: str | None
    """Another path than the product's own, such as `v1/listen`."""


class TranscribeParams(RecordingParams, CallParams, total=False):
    """Everything `transcribe` takes beside the audio."""


class ToCallbackParams(TranscribeParams, total=False):
    """Everything `transcribe_to_callback` takes beside the audio and the address."""

    callback_method: Literal["POST", "PUT"] | str
    """How the answer is sent there: `POST` unless given."""


class RequestParams(TypedDict, total=False):
    """Everything `request` takes beside the method and the path."""

    path_params: Mapping[str, object] | None
    """Values for the `{names}` in the path; each is percent-encoded and stays one segment."""
    query: Mapping[str, Any] | None
    """The query parameters by name; a list repeats its key, None is left out."""
    json: Any
    """The body, to be written as JSON."""
    content: Any
    """The body as it is: bytes, a text, a path, an open binary file, or an iterator of bytes (plain or async)."""
    content_type: str | None
    """The Content-Type of the body; JSON has its own."""
    timeout: TimeoutLike | None
    """Seconds for each part of the call, or `Timeouts(connect, write, read)`, or an object with these attributes."""
    headers: Mapping[str, str] | None
    """Headers for this call alone."""
    addons: Mapping[str, Any] | None
    """Query parameters laid over `query`; a list is added to what is there."""
    max_retries: int | None
    """Tries after the first; the client's own number unless given. Only what cannot have acted is tried again."""
    progress: Callable[[int, int | None], object] | None
    """Called as the body goes out, with the bytes sent so far and their total, None where that is unknown."""
    keep_raw: bool | None
    """False drops the bytes of an answer with a `kind` of your own."""


class SessionParams(TypedDict, total=False):
    """What a live session takes beside the options of its product."""

    timeout: TimeoutLike | None
    """Seconds to an open connection (the `connect` of `Timeouts`)."""
    headers: Mapping[str, str] | None
    """Headers for this session alone."""
    addons: Mapping[str, Any] | None
    """Query parameters this package does not know. They replace options of the same name; a list is added to one."""
    endpoint: str | None
    """Another path than the product's own, such as `v1/listen`."""
    max_retries: int | None
    """Tries to connect at first, after the first one; the client's own number unless given."""
    reconnect: bool | None
    """False ends the session when its connection is lost. Else another one takes its place, and no word is lost."""
    strict: bool | None
    """False lets options through that this package does not know; else they are errors."""
    keep_raw: bool | None
    """False drops the bytes of the messages: less memory, but `[]` and `to_json` no longer see what is not modelled."""


class LiveSessionParams(LiveParams, SessionParams, total=False):
    """Everything `live` takes."""

    gate: SilenceGate | bool | None
    """Send no silence: True, or a `SilenceGate` with settings of your own; for raw linear16, mulaw and alaw. Times stay
    those of the audio that is given. True needs the extra `vad`."""
