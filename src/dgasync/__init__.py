"""An asyncio-first Python client for the Deepgram speech API.

    async with AsyncDeepgramClient() as deepgram:
        transcript = await deepgram.transcribe(Path("talk.wav"), smart_format=True)

    with DeepgramClient() as deepgram:
        transcript = deepgram.transcribe(Path("talk.wav"), smart_format=True)

The names below are imported when they are first used, so that `import dgasync` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync import logs as verboselogs
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncListenRESTClient
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncPreRecordedClient
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncPrerecorded
    from dgasync.api.listen import parse_callback as parse_callback
    from dgasync.api.live import AsyncLiveClient as AsyncListenWebSocketClient
    from dgasync.api.live import AsyncLiveClient as AsyncLive
    from dgasync.api.live import AsyncLiveClient as AsyncLiveClient
    from dgasync.api.socket import AsyncSocket as AsyncSocket
    from dgasync.client import AsyncDeepgramClient as AsyncDeepgramClient
    from dgasync.config import ClientOptionsFromEnv as ClientOptionsFromEnv
    from dgasync.config import DeepgramClientOptions as DeepgramClientOptions
    from dgasync.config import Timeouts as Timeouts
    from dgasync.errors import BadRequest as BadRequest
    from dgasync.errors import CannotResume as CannotResume
    from dgasync.errors import Conflict as Conflict
    from dgasync.errors import ConnectFailed as ConnectFailed
    from dgasync.errors import ConsumerTooSlow as ConsumerTooSlow
    from dgasync.errors import DecodeError as DecodeError
    from dgasync.errors import DeepgramApiError as DeepgramApiError
    from dgasync.errors import DeepgramApiKeyError as DeepgramApiKeyError
    from dgasync.errors import DeepgramConnectionError as DeepgramConnectionError
    from dgasync.errors import DeepgramError as DeepgramError
    from dgasync.errors import DeepgramMicrophoneError as DeepgramMicrophoneError
    from dgasync.errors import DeepgramModuleError as DeepgramModuleError
    from dgasync.errors import DeepgramTypeError as DeepgramTypeError
    from dgasync.errors import DeepgramUnknownApiError as DeepgramUnknownApiError
    from dgasync.errors import DeepgramWebsocketError as DeepgramWebsocketError
    from dgasync.errors import Forbidden as Forbidden
    from dgasync.errors import NotFound as NotFound
    from dgasync.errors import PaymentRequired as PaymentRequired
    from dgasync.errors import RateLimited as RateLimited
    from dgasync.errors import ServerError as ServerError
    from dgasync.errors import SessionEnded as SessionEnded
    from dgasync.errors import StreamClosed as StreamClosed
    from dgasync.errors import Timeout as Timeout
    from dgasync.errors import TooLarge as TooLarge
    from dgasync.errors import Unauthorized as Unauthorized
    from dgasync.legacy import Deepgram as Deepgram
    from dgasync.logs import CRITICAL as CRITICAL
    from dgasync.logs import CRITICAL as FATAL
    from dgasync.logs import DEBUG as DEBUG
    from dgasync.logs import ERROR as ERROR
    from dgasync.logs import INFO as INFO
    from dgasync.logs import NOTICE as NOTICE
    from dgasync.logs import NOTSET as NOTSET
    from dgasync.logs import SPAM as SPAM
    from dgasync.logs import SUCCESS as SUCCESS
    from dgasync.logs import VERBOSE as VERBOSE
    from dgasync.logs import WARNING as WARNING
    from dgasync.microphone import CHANNELS as CHANNELS
    from dgasync.microphone import CHANNELS as INPUT_CHANNELS
    from dgasync.microphone import CHUNK as CHUNK
    from dgasync.microphone import CHUNK as INPUT_CHUNK
    from dgasync.microphone import LOGGING as INPUT_LOGGING
    from dgasync.microphone import LOGGING as LOGGING
    from dgasync.microphone import RATE as INPUT_RATE
    from dgasync.microphone import RATE as RATE
    from dgasync.microphone import Microphone as Microphone
    from dgasync.models.base import Answer as Answer
    from dgasync.models.listen import Alternative as Alternative
    from dgasync.models.listen import Alternative as ListenRESTAlternative
    from dgasync.models.listen import Alternative as ListenWSAlternative
    from dgasync.models.listen import AsyncPrerecordedResponse as AsyncPrerecordedResponse
    from dgasync.models.listen import Average as Average
    from dgasync.models.listen import Channel as Channel
    from dgasync.models.listen import Channel as ListenRESTChannel
    from dgasync.models.listen import Channel as ListenWSChannel
    from dgasync.models.listen import Entity as Entity
    from dgasync.models.listen import Hit as Hit
    from dgasync.models.listen import Intent as Intent
    from dgasync.models.listen import Intents as Intents
    from dgasync.models.listen import IntentsInfo as IntentsInfo
    from dgasync.models.listen import Metadata as ListenRESTMetadata
    from dgasync.models.listen import Metadata as Metadata
    from dgasync.models.listen import ModelInfo as ModelInfo
    from dgasync.models.listen import Paragraph as Paragraph
    from dgasync.models.listen import Paragraphs as Paragraphs
    from dgasync.models.listen import PrerecordedResponse as PrerecordedResponse
    from dgasync.models.listen import PrerecordedResponse as SyncPrerecordedResponse
    from dgasync.models.listen import Results as ListenRESTResults
    from dgasync.models.listen import Results as Results
    from dgasync.models.listen import Search as Search
    from dgasync.models.listen import Segment as Segment
    from dgasync.models.listen import Sentence as Sentence
    from dgasync.models.listen import Sentiment as Sentiment
    from dgasync.models.listen import SentimentInfo as SentimentInfo
    from dgasync.models.listen import Sentiments as Sentiments
    from dgasync.models.listen import Summaries as Summaries
    from dgasync.models.listen import Summary as Summary
    from dgasync.models.listen import SummaryInfo as SummaryInfo
    from dgasync.models.listen import SummaryV1 as SummaryV1
    from dgasync.models.listen import SummaryV2 as SummaryV2
    from dgasync.models.listen import Topic as Topic
    from dgasync.models.listen import Topics as Topics
    from dgasync.models.listen import TopicsInfo as TopicsInfo
    from dgasync.models.listen import Translation as Translation
    from dgasync.models.listen import Utterance as Utterance
    from dgasync.models.listen import Warning as Warning
    from dgasync.models.listen import Word as ListenRESTWord
    from dgasync.models.listen import Word as ListenWSWord
    from dgasync.models.listen import Word as Word
    from dgasync.models.listen_options import PrerecordedOptions as ListenRESTOptions
    from dgasync.models.listen_options import PrerecordedOptions as PrerecordedOptions
    from dgasync.models.live import Close as Close
    from dgasync.models.live import Close as CloseResponse
    from dgasync.models.live import Error as Error
    from dgasync.models.live import Error as ErrorResponse
    from dgasync.models.live import Gap as Gap
    from dgasync.models.live import LiveEvent as LiveEvent
    from dgasync.models.live import LiveMessage as LiveMessage
    from dgasync.models.live import LiveMetadata as ListenWSMetadata
    from dgasync.models.live import LiveMetadata as LiveMetadata
    from dgasync.models.live import LiveResultResponse as LiveResultResponse
    from dgasync.models.live import LiveTranscriptionEvents as LiveTranscriptionEvents
    from dgasync.models.live import MetadataResponse as ListenWSMetadataResponse
    from dgasync.models.live import MetadataResponse as MetadataResponse
    from dgasync.models.live import Open as Open
    from dgasync.models.live import Open as OpenResponse
    from dgasync.models.live import Reconnected as Reconnected
    from dgasync.models.live import Reconnecting as Reconnecting
    from dgasync.models.live import SpeechStartedResponse as SpeechStartedResponse
    from dgasync.models.live import Undecodable as Undecodable
    from dgasync.models.live import Unknown as UnhandledResponse
    from dgasync.models.live import Unknown as Unknown
    from dgasync.models.live import UtteranceEndResponse as UtteranceEndResponse
    from dgasync.models.live_options import LiveOptions as ListenWebSocketOptions
    from dgasync.models.live_options import LiveOptions as LiveOptions
    from dgasync.models.metrics import LiveMetrics as LiveMetrics
    from dgasync.models.params import ListenParams as ListenParams
    from dgasync.models.params import LiveParams as LiveParams
    from dgasync.models.sources import BufferSource as BufferSource
    from dgasync.models.sources import FileSource as FileSource
    from dgasync.models.sources import PrerecordedSource as ListenRestSource
    from dgasync.models.sources import PrerecordedSource as PrerecordedSource
    from dgasync.models.sources import ReadStreamSource as ReadStreamSource
    from dgasync.models.sources import StreamSource as PreRecordedStreamSource
    from dgasync.models.sources import StreamSource as StreamSource
    from dgasync.models.sources import UrlSource as UrlSource
    from dgasync.session.live import AsyncLiveSession as AsyncLiveSession
    from dgasync.session.live import AsyncUtterances as AsyncUtterances
    from dgasync.sync.client import DeepgramClient as DeepgramClient
    from dgasync.sync.listen import PreRecordedClient as ListenRESTClient
    from dgasync.sync.listen import PreRecordedClient as PreRecordedClient
    from dgasync.sync.listen import PreRecordedClient as Prerecorded
    from dgasync.sync.live import LiveClient as ListenWebSocketClient
    from dgasync.sync.live import LiveClient as Live
    from dgasync.sync.live import LiveClient as LiveClient
    from dgasync.sync.session import LiveSession as LiveSession
    from dgasync.sync.session import Utterances as Utterances
    from dgasync.sync.socket import Socket as Socket
    from dgasync.transcript import ChannelTranscript as ChannelTranscript
    from dgasync.transcript import Transcript as Transcript
    from dgasync.transcript import Turn as Turn
    from dgasync.tree import Listen as Listen
    from dgasync.tree import Listen as ListenRouter
    from dgasync.utterances import LiveUtterance as LiveUtterance
    from dgasync.utterances import utterances_of as utterances_of
    from dgasync.version import __version__ as __version__

__all__ = [
    "AsyncDeepgramClient",
    "DeepgramClient",
    "DeepgramClientOptions",
    "ClientOptionsFromEnv",
    "Timeouts",
    "Transcript",
    "ChannelTranscript",
    "Turn",
    "parse_callback",
    "AsyncLiveSession",
    "AsyncUtterances",
    "LiveSession",
    "Utterances",
    "LiveUtterance",
    "LiveMetrics",
    "utterances_of",
    "AsyncSocket",
    "Socket",
    "Microphone",
    "AsyncPreRecordedClient",
    "AsyncPrerecorded",
    "AsyncListenRESTClient",
    "PreRecordedClient",
    "Prerecorded",
    "ListenRESTClient",
    "AsyncLiveClient",
    "AsyncLive",
    "AsyncListenWebSocketClient",
    "LiveClient",
    "Live",
    "ListenWebSocketClient",
    "PrerecordedOptions",
    "ListenRESTOptions",
    "LiveOptions",
    "ListenWebSocketOptions",
    "ListenParams",
    "LiveParams",
    "UrlSource",
    "BufferSource",
    "StreamSource",
    "ReadStreamSource",
    "PreRecordedStreamSource",
    "FileSource",
    "PrerecordedSource",
    "ListenRestSource",
    "Answer",
    "PrerecordedResponse",
    "SyncPrerecordedResponse",
    "AsyncPrerecordedResponse",
    "Metadata",
    "ListenRESTMetadata",
    "ModelInfo",
    "Results",
    "ListenRESTResults",
    "Channel",
    "ListenRESTChannel",
    "Alternative",
    "ListenRESTAlternative",
    "Word",
    "ListenRESTWord",
    "Utterance",
    "Paragraphs",
    "Paragraph",
    "Sentence",
    "Search",
    "Hit",
    "Entity",
    "Translation",
    "Warning",
    "Summary",
    "SummaryV1",
    "SummaryV2",
    "Summaries",
    "Sentiment",
    "Sentiments",
    "Average",
    "Segment",
    "Topics",
    "Topic",
    "Intents",
    "Intent",
    "SummaryInfo",
    "SentimentInfo",
    "TopicsInfo",
    "IntentsInfo",
    "LiveTranscriptionEvents",
    "LiveEvent",
    "LiveMessage",
    "Open",
    "OpenResponse",
    "LiveResultResponse",
    "MetadataResponse",
    "ListenWSMetadataResponse",
    "SpeechStartedResponse",
    "UtteranceEndResponse",
    "Error",
    "ErrorResponse",
    "Unknown",
    "UnhandledResponse",
    "Undecodable",
    "Reconnecting",
    "Reconnected",
    "Gap",
    "Close",
    "CloseResponse",
    "LiveMetadata",
    "ListenWSMetadata",
    "ListenWSChannel",
    "ListenWSAlternative",
    "ListenWSWord",
    "DeepgramError",
    "DeepgramTypeError",
    "DeepgramApiKeyError",
    "DeepgramModuleError",
    "DeepgramApiError",
    "BadRequest",
    "Unauthorized",
    "PaymentRequired",
    "Forbidden",
    "NotFound",
    "Conflict",
    "TooLarge",
    "RateLimited",
    "ServerError",
    "DeepgramUnknownApiError",
    "DeepgramConnectionError",
    "ConnectFailed",
    "Timeout",
    "DecodeError",
    "DeepgramWebsocketError",
    "StreamClosed",
    "CannotResume",
    "ConsumerTooSlow",
    "SessionEnded",
    "DeepgramMicrophoneError",
    "NOTSET",
    "SPAM",
    "DEBUG",
    "VERBOSE",
    "INFO",
    "NOTICE",
    "WARNING",
    "SUCCESS",
    "ERROR",
    "CRITICAL",
    "FATAL",
    "LOGGING",
    "CHANNELS",
    "RATE",
    "CHUNK",
    "INPUT_LOGGING",
    "INPUT_CHANNELS",
    "INPUT_RATE",
    "INPUT_CHUNK",
    "Listen",
    "ListenRouter",
    "Deepgram",
    "__version__",
    "verboselogs",
]

if not TYPE_CHECKING:
    # Where each name comes from; `there:here` where it has another name there.
    _HOMES = {
        "dgasync.client": ("AsyncDeepgramClient",),
        "dgasync.sync.client": ("DeepgramClient",),
        "dgasync.config": (
            "DeepgramClientOptions",
            "ClientOptionsFromEnv",
            "Timeouts",
        ),
        "dgasync.transcript": (
            "Transcript",
            "ChannelTranscript",
            "Turn",
        ),
        "dgasync.api.listen": (
            "parse_callback",
            "AsyncPreRecordedClient",
            "AsyncPreRecordedClient:AsyncPrerecorded",
            "AsyncPreRecordedClient:AsyncListenRESTClient",
        ),
        "dgasync.sync.listen": (
            "PreRecordedClient",
            "PreRecordedClient:Prerecorded",
            "PreRecordedClient:ListenRESTClient",
        ),
        "dgasync.models.listen_options": (
            "PrerecordedOptions",
            "PrerecordedOptions:ListenRESTOptions",
        ),
        "dgasync.models.params": (
            "ListenParams",
            "LiveParams",
        ),
        "dgasync.models.metrics": ("LiveMetrics",),
        "dgasync.models.sources": (
            "UrlSource",
            "BufferSource",
            "StreamSource",
            "ReadStreamSource",
            "StreamSource:PreRecordedStreamSource",
            "FileSource",
            "PrerecordedSource",
            "PrerecordedSource:ListenRestSource",
        ),
        "dgasync.models.base": ("Answer",),
        "dgasync.models.listen": (
            "PrerecordedResponse",
            "PrerecordedResponse:SyncPrerecordedResponse",
            "AsyncPrerecordedResponse",
            "Metadata",
            "Metadata:ListenRESTMetadata",
            "ModelInfo",
            "Results",
            "Results:ListenRESTResults",
            "Channel",
            "Channel:ListenRESTChannel",
            "Alternative",
            "Alternative:ListenRESTAlternative",
            "Word",
            "Word:ListenRESTWord",
            "Utterance",
            "Paragraphs",
            "Paragraph",
            "Sentence",
            "Search",
            "Hit",
            "Entity",
            "Translation",
            "Warning",
            "Summary",
            "SummaryV1",
            "SummaryV2",
            "Summaries",
            "Sentiment",
            "Sentiments",
            "Average",
            "Segment",
            "Topics",
            "Topic",
            "Intents",
            "Intent",
            "SummaryInfo",
            "SentimentInfo",
            "TopicsInfo",
            "IntentsInfo",
            "Channel:ListenWSChannel",
            "Alternative:ListenWSAlternative",
            "Word:ListenWSWord",
        ),
        "dgasync.errors": (
            "DeepgramError",
            "DeepgramTypeError",
            "DeepgramApiKeyError",
            "DeepgramModuleError",
            "DeepgramApiError",
            "BadRequest",
            "Unauthorized",
            "PaymentRequired",
            "Forbidden",
            "NotFound",
            "Conflict",
            "TooLarge",
            "RateLimited",
            "ServerError",
            "DeepgramUnknownApiError",
            "DeepgramConnectionError",
            "ConnectFailed",
            "Timeout",
            "DecodeError",
            "DeepgramWebsocketError",
            "StreamClosed",
            "CannotResume",
            "ConsumerTooSlow",
            "SessionEnded",
            "DeepgramMicrophoneError",
        ),
        "dgasync.logs": (
            "NOTSET",
            "SPAM",
            "DEBUG",
            "VERBOSE",
            "INFO",
            "NOTICE",
            "WARNING",
            "SUCCESS",
            "ERROR",
            "CRITICAL",
            "CRITICAL:FATAL",
        ),
        "dgasync.session.live": (
            "AsyncLiveSession",
            "AsyncUtterances",
        ),
        "dgasync.sync.session": (
            "LiveSession",
            "Utterances",
        ),
        "dgasync.utterances": (
            "LiveUtterance",
            "utterances_of",
        ),
        "dgasync.api.socket": ("AsyncSocket",),
        "dgasync.sync.socket": ("Socket",),
        "dgasync.microphone": (
            "Microphone",
            "LOGGING",
            "CHANNELS",
            "RATE",
            "CHUNK",
            "LOGGING:INPUT_LOGGING",
            "CHANNELS:INPUT_CHANNELS",
            "RATE:INPUT_RATE",
            "CHUNK:INPUT_CHUNK",
        ),
        "dgasync.api.live": (
            "AsyncLiveClient",
            "AsyncLiveClient:AsyncLive",
            "AsyncLiveClient:AsyncListenWebSocketClient",
        ),
        "dgasync.sync.live": (
            "LiveClient",
            "LiveClient:Live",
            "LiveClient:ListenWebSocketClient",
        ),
        "dgasync.models.live_options": (
            "LiveOptions",
            "LiveOptions:ListenWebSocketOptions",
        ),
        "dgasync.models.live": (
            "LiveTranscriptionEvents",
            "LiveEvent",
            "LiveMessage",
            "Open",
            "Open:OpenResponse",
            "LiveResultResponse",
            "MetadataResponse",
            "MetadataResponse:ListenWSMetadataResponse",
            "SpeechStartedResponse",
            "UtteranceEndResponse",
            "Error",
            "Error:ErrorResponse",
            "Unknown",
            "Unknown:UnhandledResponse",
            "Undecodable",
            "Reconnecting",
            "Reconnected",
            "Gap",
            "Close",
            "Close:CloseResponse",
            "LiveMetadata",
            "LiveMetadata:ListenWSMetadata",
        ),
        "dgasync.tree": (
            "Listen",
            "Listen:ListenRouter",
        ),
        "dgasync.legacy": ("Deepgram",),
        "dgasync.version": ("__version__",),
    }
    _PLACES = {
        here or there: (module, there)
        for module, names in _HOMES.items()
        for there, _, here in (name.partition(":") for name in names)
    }

    def __getattr__(name):
        from importlib import import_module

        if name == "verboselogs":
            return import_module("dgasync.logs")
        if name not in _PLACES:
            raise AttributeError(f"module 'dgasync' has no attribute {name!r}")
        module, there = _PLACES[name]
        found = globals()[name] = getattr(import_module(module), there)
        return found

    def __dir__():
        return sorted({*globals(), *__all__})
