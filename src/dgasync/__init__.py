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
    from dgasync.api.agent import AsyncAgentWebSocketClient as AsyncAgentWebSocketClient
    from dgasync.api.auth import AsyncAuthRESTClient as AsyncAuthRESTClient
    from dgasync.api.flux import AsyncFluxClient as AsyncFluxClient
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncListenRESTClient
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncPreRecordedClient
    from dgasync.api.listen import AsyncPreRecordedClient as AsyncPrerecorded
    from dgasync.api.listen import parse_callback as parse_callback
    from dgasync.api.listing import AsyncListing as AsyncListing
    from dgasync.api.live import AsyncLiveClient as AsyncListenWebSocketClient
    from dgasync.api.live import AsyncLiveClient as AsyncLive
    from dgasync.api.live import AsyncLiveClient as AsyncLiveClient
    from dgasync.api.manage import AsyncManageClient as AsyncManageClient
    from dgasync.api.onprem import AsyncOnPremClient as AsyncOnPremClient
    from dgasync.api.onprem import AsyncOnPremClient as AsyncSelfHostedClient
    from dgasync.api.projects import AsyncProjectHandle as AsyncProjectHandle
    from dgasync.api.read import AsyncAnalyzeClient as AsyncAnalyzeClient
    from dgasync.api.read import AsyncAnalyzeClient as AsyncReadClient
    from dgasync.api.socket import AsyncSocket as AsyncSocket
    from dgasync.api.speak import AsyncSpeakClient as AsyncSpeakClient
    from dgasync.api.speak import AsyncSpeakClient as AsyncSpeakRESTClient
    from dgasync.api.speak_live import AsyncFluxSpeakClient as AsyncFluxSpeakClient
    from dgasync.api.speak_live import AsyncSpeakWSClient as AsyncSpeakWSClient
    from dgasync.api.speak_live import AsyncSpeakWSClient as AsyncSpeakWebSocketClient
    from dgasync.api.speech import AsyncSpeech as AsyncSpeech
    from dgasync.captions import CaptionOptions as CaptionOptions
    from dgasync.captions import Cue as Cue
    from dgasync.client import AsyncDeepgramClient as AsyncDeepgramClient
    from dgasync.clip import Clip as Clip
    from dgasync.config import ClientOptionsFromEnv as ClientOptionsFromEnv
    from dgasync.config import DeepgramClientOptions as DeepgramClientOptions
    from dgasync.config import Timeouts as Timeouts
    from dgasync.detector import SilenceGate as SilenceGate
    from dgasync.detector import SpeechDetector as SpeechDetector
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
    from dgasync.errors import DeepgramSpeakerError as DeepgramSpeakerError
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
    from dgasync.logs import VerboseLogger as VerboseLogger
    from dgasync.microphone import CHANNELS as CHANNELS
    from dgasync.microphone import CHANNELS as INPUT_CHANNELS
    from dgasync.microphone import CHUNK as CHUNK
    from dgasync.microphone import CHUNK as INPUT_CHUNK
    from dgasync.microphone import LOGGING as INPUT_LOGGING
    from dgasync.microphone import LOGGING as LOGGING
    from dgasync.microphone import RATE as INPUT_RATE
    from dgasync.microphone import RATE as RATE
    from dgasync.microphone import Microphone as Microphone
    from dgasync.models.account_options import InviteOptions as InviteOptions
    from dgasync.models.account_options import KeyOptions as KeyOptions
    from dgasync.models.account_options import ModelOptions as ModelOptions
    from dgasync.models.account_options import ProjectOptions as ProjectOptions
    from dgasync.models.account_options import ScopeOptions as ScopeOptions
    from dgasync.models.account_options import UsageFieldsOptions as UsageFieldsOptions
    from dgasync.models.account_options import UsageRequestOptions as UsageRequestOptions
    from dgasync.models.account_options import UsageSummaryOptions as UsageSummaryOptions
    from dgasync.models.account_params import AgentConfigurationParams as AgentConfigurationParams
    from dgasync.models.account_params import AgentVariableParams as AgentVariableParams
    from dgasync.models.account_params import BillingFieldsParams as BillingFieldsParams
    from dgasync.models.account_params import BillingParams as BillingParams
    from dgasync.models.account_params import CredentialsParams as CredentialsParams
    from dgasync.models.account_params import GrantParams as GrantParams
    from dgasync.models.account_params import InviteParams as InviteParams
    from dgasync.models.account_params import KeyParams as KeyParams
    from dgasync.models.account_params import KeysParams as KeysParams
    from dgasync.models.account_params import ModelParams as ModelParams
    from dgasync.models.account_params import PageParams as PageParams
    from dgasync.models.account_params import ProjectParams as ProjectParams
    from dgasync.models.account_params import PurchasesParams as PurchasesParams
    from dgasync.models.account_params import ScopeParams as ScopeParams
    from dgasync.models.account_params import UsageBreakdownParams as UsageBreakdownParams
    from dgasync.models.account_params import UsageFieldsParams as UsageFieldsParams
    from dgasync.models.account_params import UsageRequestParams as UsageRequestParams
    from dgasync.models.account_params import UsageSummaryParams as UsageSummaryParams
    from dgasync.models.agent import AgentAudioDoneResponse as AgentAudioDoneResponse
    from dgasync.models.agent import AgentEvent as AgentEvent
    from dgasync.models.agent import AgentMessage as AgentMessage
    from dgasync.models.agent import AgentStartedSpeakingResponse as AgentStartedSpeakingResponse
    from dgasync.models.agent import AgentThinkingResponse as AgentThinkingResponse
    from dgasync.models.agent import AgentWarning as AgentWarning
    from dgasync.models.agent import AgentWebSocketEvents as AgentWebSocketEvents
    from dgasync.models.agent import AudioData as AudioData
    from dgasync.models.agent import ConversationTextResponse as ConversationTextResponse
    from dgasync.models.agent import FunctionCall as FunctionCall
    from dgasync.models.agent import FunctionCalling as FunctionCalling
    from dgasync.models.agent import FunctionCallRequest as FunctionCallRequest
    from dgasync.models.agent import FunctionCallResult as FunctionCallResult
    from dgasync.models.agent import History as History
    from dgasync.models.agent import HistoryCall as HistoryCall
    from dgasync.models.agent import InjectionRefusedResponse as InjectionRefusedResponse
    from dgasync.models.agent import LatencyReport as LatencyReport
    from dgasync.models.agent import ListenUpdated as ListenUpdated
    from dgasync.models.agent import PromptUpdated as PromptUpdated
    from dgasync.models.agent import SettingsAppliedResponse as SettingsAppliedResponse
    from dgasync.models.agent import SpeakUpdated as SpeakUpdated
    from dgasync.models.agent import ThinkUpdated as ThinkUpdated
    from dgasync.models.agent import UserStartedSpeakingResponse as UserStartedSpeakingResponse
    from dgasync.models.agent import WelcomeResponse as WelcomeResponse
    from dgasync.models.agent_params import AgentParams as AgentParams
    from dgasync.models.agent_settings import Agent as Agent
    from dgasync.models.agent_settings import AgentKeepAlive as AgentKeepAlive
    from dgasync.models.agent_settings import Audio as Audio
    from dgasync.models.agent_settings import Context as Context
    from dgasync.models.agent_settings import Endpoint as Endpoint
    from dgasync.models.agent_settings import Flags as Flags
    from dgasync.models.agent_settings import Function as Function
    from dgasync.models.agent_settings import FunctionCallResponse as FunctionCallResponse
    from dgasync.models.agent_settings import Header as Header
    from dgasync.models.agent_settings import InjectAgentMessageOptions as InjectAgentMessageOptions
    from dgasync.models.agent_settings import InjectUserMessageOptions as InjectUserMessageOptions
    from dgasync.models.agent_settings import Input as Input
    from dgasync.models.agent_settings import Item as Item
    from dgasync.models.agent_settings import Listen as AgentListen
    from dgasync.models.agent_settings import ListenProvider as ListenProvider
    from dgasync.models.agent_settings import Output as Output
    from dgasync.models.agent_settings import Parameters as Parameters
    from dgasync.models.agent_settings import Properties as Properties
    from dgasync.models.agent_settings import Provider as Provider
    from dgasync.models.agent_settings import SettingsConfigurationOptions as SettingsConfigurationOptions
    from dgasync.models.agent_settings import SettingsOptions as SettingsOptions
    from dgasync.models.agent_settings import Speak as Speak
    from dgasync.models.agent_settings import SpeakProvider as SpeakProvider
    from dgasync.models.agent_settings import Think as Think
    from dgasync.models.agent_settings import ThinkProvider as ThinkProvider
    from dgasync.models.agent_settings import UpdateInstructionsOptions as UpdateInstructionsOptions
    from dgasync.models.agent_settings import UpdateListenOptions as UpdateListenOptions
    from dgasync.models.agent_settings import UpdatePromptOptions as UpdatePromptOptions
    from dgasync.models.agent_settings import UpdateSpeakOptions as UpdateSpeakOptions
    from dgasync.models.agent_settings import UpdateThinkOptions as UpdateThinkOptions
    from dgasync.models.agents import AgentConfiguration as AgentConfiguration
    from dgasync.models.agents import AgentConfigurationsResponse as AgentConfigurationsResponse
    from dgasync.models.agents import AgentVariable as AgentVariable
    from dgasync.models.agents import AgentVariablesResponse as AgentVariablesResponse
    from dgasync.models.auth import GrantTokenResponse as GrantTokenResponse
    from dgasync.models.base import Answer as Answer
    from dgasync.models.base import Model as BaseResponse
    from dgasync.models.catalogue import ModelResponse as ModelResponse
    from dgasync.models.catalogue import ModelsResponse as ModelsResponse
    from dgasync.models.catalogue import SpeechModel as SpeechModel
    from dgasync.models.catalogue import STTDetails as STTDetails
    from dgasync.models.catalogue import ThinkModel as ThinkModel
    from dgasync.models.catalogue import ThinkModelsResponse as ThinkModelsResponse
    from dgasync.models.catalogue import TTSDetails as TTSDetails
    from dgasync.models.catalogue import TTSMetadata as TTSMetadata
    from dgasync.models.flux import ConfigureFailure as ConfigureFailure
    from dgasync.models.flux import ConfigureSuccess as ConfigureSuccess
    from dgasync.models.flux import Connected as Connected
    from dgasync.models.flux import FluxError as FluxError
    from dgasync.models.flux import FluxEvent as FluxEvent
    from dgasync.models.flux import FluxEvents as FluxEvents
    from dgasync.models.flux import FluxMessage as FluxMessage
    from dgasync.models.flux import FluxWord as FluxWord
    from dgasync.models.flux import Thresholds as Thresholds
    from dgasync.models.flux import TurnInfo as TurnInfo
    from dgasync.models.flux_options import FluxOptions as FluxOptions
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
    from dgasync.models.metrics import AgentMetrics as AgentMetrics
    from dgasync.models.metrics import FluxMetrics as FluxMetrics
    from dgasync.models.metrics import LiveMetrics as LiveMetrics
    from dgasync.models.metrics import VoiceMetrics as VoiceMetrics
    from dgasync.models.params import ListenParams as ListenParams
    from dgasync.models.params import LiveParams as LiveParams
    from dgasync.models.projects import Credentials as Credentials
    from dgasync.models.projects import CredentialsMember as CredentialsMember
    from dgasync.models.projects import CredentialsResponse as CredentialsResponse
    from dgasync.models.projects import Distribution as Distribution
    from dgasync.models.projects import Invite as Invite
    from dgasync.models.projects import InvitesResponse as InvitesResponse
    from dgasync.models.projects import Key as Key
    from dgasync.models.projects import KeyResponse as KeyResponse
    from dgasync.models.projects import KeysResponse as KeysResponse
    from dgasync.models.projects import Member as Member
    from dgasync.models.projects import MembersResponse as MembersResponse
    from dgasync.models.projects import Message as Message
    from dgasync.models.projects import Project as Project
    from dgasync.models.projects import ProjectsResponse as ProjectsResponse
    from dgasync.models.projects import ScopesResponse as ScopesResponse
    from dgasync.models.read import AnalyzeMetadata as AnalyzeMetadata
    from dgasync.models.read import AnalyzeResponse as AnalyzeResponse
    from dgasync.models.read import AnalyzeResults as AnalyzeResults
    from dgasync.models.read import AnalyzeSummary as AnalyzeSummary
    from dgasync.models.read import AsyncAnalyzeResponse as AsyncAnalyzeResponse
    from dgasync.models.read import SyncAnalyzeResponse as SyncAnalyzeResponse
    from dgasync.models.read_options import AnalyzeOptions as AnalyzeOptions
    from dgasync.models.read_params import ReadParams as ReadParams
    from dgasync.models.sources import AnalyzeSource as AnalyzeSource
    from dgasync.models.sources import AnalyzeStreamSource as AnalyzeStreamSource
    from dgasync.models.sources import BufferSource as BufferSource
    from dgasync.models.sources import FileSource as FileSource
    from dgasync.models.sources import PrerecordedSource as ListenRestSource
    from dgasync.models.sources import PrerecordedSource as PrerecordedSource
    from dgasync.models.sources import ReadStreamSource as ReadStreamSource
    from dgasync.models.sources import SpeakSource as SpeakRESTSource
    from dgasync.models.sources import SpeakSource as SpeakRestSource
    from dgasync.models.sources import SpeakSource as SpeakSource
    from dgasync.models.sources import SpeakStreamSource as SpeakStreamSource
    from dgasync.models.sources import StreamSource as PreRecordedStreamSource
    from dgasync.models.sources import StreamSource as StreamSource
    from dgasync.models.sources import TextSource as TextSource
    from dgasync.models.sources import UrlSource as UrlSource
    from dgasync.models.speak import AsyncSpeakResponse as AsyncSpeakResponse
    from dgasync.models.speak import SpeakResponse as SpeakResponse
    from dgasync.models.speak import SpeakRESTResponse as SpeakRESTResponse
    from dgasync.models.speak_live import ClearedResponse as ClearedResponse
    from dgasync.models.speak_live import ControlsApplied as ControlsApplied
    from dgasync.models.speak_live import FlushedResponse as FlushedResponse
    from dgasync.models.speak_live import SessionMetadata as SessionMetadata
    from dgasync.models.speak_live import SpeakConnected as SpeakConnected
    from dgasync.models.speak_live import SpeakEvent as SpeakEvent
    from dgasync.models.speak_live import SpeakMessage as SpeakMessage
    from dgasync.models.speak_live import SpeakWebSocketEvents as SpeakWebSocketEvents
    from dgasync.models.speak_live import SpeakWebSocketMessage as SpeakWebSocketMessage
    from dgasync.models.speak_live import SpeakWSMetadataResponse as SpeakWSMetadataResponse
    from dgasync.models.speak_live import SpeechInterrupted as SpeechInterrupted
    from dgasync.models.speak_live import SpeechMetadata as SpeechMetadata
    from dgasync.models.speak_live import SpeechStarted as SpeechStarted
    from dgasync.models.speak_live import VoiceConfigured as VoiceConfigured
    from dgasync.models.speak_live import VoiceNotConfigured as VoiceNotConfigured
    from dgasync.models.speak_live import WarningResponse as WarningResponse
    from dgasync.models.speak_live_options import SpeakWSOptions as SpeakWSOptions
    from dgasync.models.speak_live_params import SpeakLiveParams as SpeakLiveParams
    from dgasync.models.speak_live_params import SpeakLiveV2Params as SpeakLiveV2Params
    from dgasync.models.speak_options import SpeakOptions as SpeakOptions
    from dgasync.models.speak_options import SpeakOptions as SpeakRESTOptions
    from dgasync.models.speak_params import SpeakParams as SpeakParams
    from dgasync.models.speak_params import SpeakV2Params as SpeakV2Params
    from dgasync.models.usage import Balance as Balance
    from dgasync.models.usage import BalancesResponse as BalancesResponse
    from dgasync.models.usage import BillingBreakdown as BillingBreakdown
    from dgasync.models.usage import BillingBreakdownResponse as BillingBreakdownResponse
    from dgasync.models.usage import BillingFieldsResponse as BillingFieldsResponse
    from dgasync.models.usage import BillingGrouping as BillingGrouping
    from dgasync.models.usage import Callback as Callback
    from dgasync.models.usage import Config as Config
    from dgasync.models.usage import Purchase as Purchase
    from dgasync.models.usage import PurchasesResponse as PurchasesResponse
    from dgasync.models.usage import Resolution as Resolution
    from dgasync.models.usage import SpeechSegment as SpeechSegment
    from dgasync.models.usage import STTTokens as STTTokens
    from dgasync.models.usage import STTUsageDetails as STTUsageDetails
    from dgasync.models.usage import TokenDetail as TokenDetail
    from dgasync.models.usage import TTSTokens as TTSTokens
    from dgasync.models.usage import TTSUsageDetails as TTSUsageDetails
    from dgasync.models.usage import UsageBreakdown as UsageBreakdown
    from dgasync.models.usage import UsageBreakdownResponse as UsageBreakdownResponse
    from dgasync.models.usage import UsageFieldsResponse as UsageFieldsResponse
    from dgasync.models.usage import UsageGrouping as UsageGrouping
    from dgasync.models.usage import UsageModel as UsageModel
    from dgasync.models.usage import UsageRequest as UsageRequest
    from dgasync.models.usage import UsageRequestsResponse as UsageRequestsResponse
    from dgasync.models.usage import UsageResponse as UsageResponse
    from dgasync.models.usage import UsageSummaryResponse as UsageSummaryResponse
    from dgasync.models.usage import UsageSummaryResults as UsageSummaryResults
    from dgasync.session.agent import AsyncAgentAudio as AsyncAgentAudio
    from dgasync.session.agent import AsyncAgentSession as AsyncAgentSession
    from dgasync.session.flux import AsyncFluxSession as AsyncFluxSession
    from dgasync.session.live import AsyncCaptions as AsyncCaptions
    from dgasync.session.live import AsyncLiveSession as AsyncLiveSession
    from dgasync.session.live import AsyncUtterances as AsyncUtterances
    from dgasync.session.speak import AsyncSound as AsyncSound
    from dgasync.session.speak import AsyncVoice as AsyncVoice
    from dgasync.speaker import CHANNELS as OUTPUT_CHANNELS
    from dgasync.speaker import CHUNK as OUTPUT_CHUNK
    from dgasync.speaker import LOGGING as OUTPUT_LOGGING
    from dgasync.speaker import RATE as OUTPUT_RATE
    from dgasync.speaker import Speaker as Speaker
    from dgasync.sync.agent import AgentWebSocketClient as AgentWebSocketClient
    from dgasync.sync.auth import AuthRESTClient as AuthRESTClient
    from dgasync.sync.client import DeepgramClient as DeepgramClient
    from dgasync.sync.conversation import AgentAudio as AgentAudio
    from dgasync.sync.conversation import AgentSession as AgentSession
    from dgasync.sync.flux import FluxClient as FluxClient
    from dgasync.sync.listen import PreRecordedClient as ListenRESTClient
    from dgasync.sync.listen import PreRecordedClient as PreRecordedClient
    from dgasync.sync.listen import PreRecordedClient as Prerecorded
    from dgasync.sync.listing import Listing as Listing
    from dgasync.sync.live import LiveClient as ListenWebSocketClient
    from dgasync.sync.live import LiveClient as Live
    from dgasync.sync.live import LiveClient as LiveClient
    from dgasync.sync.manage import ManageClient as ManageClient
    from dgasync.sync.onprem import OnPremClient as OnPremClient
    from dgasync.sync.onprem import OnPremClient as SelfHostedClient
    from dgasync.sync.projects import ProjectHandle as ProjectHandle
    from dgasync.sync.read import AnalyzeClient as AnalyzeClient
    from dgasync.sync.read import AnalyzeClient as ReadClient
    from dgasync.sync.session import Captions as Captions
    from dgasync.sync.session import LiveSession as LiveSession
    from dgasync.sync.session import Utterances as Utterances
    from dgasync.sync.socket import Socket as Socket
    from dgasync.sync.speak import SpeakClient as SpeakClient
    from dgasync.sync.speak import SpeakClient as SpeakRESTClient
    from dgasync.sync.speak_live import FluxSpeakClient as FluxSpeakClient
    from dgasync.sync.speak_live import SpeakWSClient as SpeakWSClient
    from dgasync.sync.speak_live import SpeakWSClient as SpeakWebSocketClient
    from dgasync.sync.speech import Speech as Speech
    from dgasync.sync.tree import AgentDoor as AgentDoor
    from dgasync.sync.turns import FluxSession as FluxSession
    from dgasync.sync.voice import Sound as Sound
    from dgasync.sync.voice import Voice as Voice
    from dgasync.transcript import ChannelTranscript as ChannelTranscript
    from dgasync.transcript import Match as Match
    from dgasync.transcript import Transcript as Transcript
    from dgasync.transcript import Turn as Turn
    from dgasync.tree import AgentRouter as AgentRouter
    from dgasync.tree import AsyncAgentDoor as AsyncAgentDoor
    from dgasync.tree import Listen as Listen
    from dgasync.tree import Listen as ListenClient
    from dgasync.tree import Listen as ListenRouter
    from dgasync.tree import Read as Read
    from dgasync.tree import Read as ReadRouter
    from dgasync.tree import Speak as SpeakRouter
    from dgasync.turns import FluxTurn as FluxTurn
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
    "Match",
    "Cue",
    "CaptionOptions",
    "parse_callback",
    "AsyncLiveSession",
    "AsyncUtterances",
    "AsyncCaptions",
    "LiveSession",
    "Utterances",
    "Captions",
    "LiveUtterance",
    "LiveMetrics",
    "FluxMetrics",
    "VoiceMetrics",
    "AgentMetrics",
    "utterances_of",
    "AsyncSocket",
    "Socket",
    "AsyncSpeech",
    "Speech",
    "AsyncSpeakClient",
    "AsyncSpeakRESTClient",
    "SpeakClient",
    "SpeakRESTClient",
    "AsyncAnalyzeClient",
    "AsyncReadClient",
    "AnalyzeClient",
    "ReadClient",
    "AsyncProjectHandle",
    "ProjectHandle",
    "AsyncListing",
    "Listing",
    "Microphone",
    "SilenceGate",
    "SpeechDetector",
    "AsyncManageClient",
    "ManageClient",
    "AsyncOnPremClient",
    "AsyncSelfHostedClient",
    "OnPremClient",
    "SelfHostedClient",
    "AsyncAuthRESTClient",
    "AuthRESTClient",
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
    "ProjectOptions",
    "KeyOptions",
    "ScopeOptions",
    "InviteOptions",
    "ModelOptions",
    "UsageRequestOptions",
    "UsageSummaryOptions",
    "UsageFieldsOptions",
    "SpeakOptions",
    "SpeakRESTOptions",
    "AnalyzeOptions",
    "ProjectParams",
    "KeyParams",
    "KeysParams",
    "ScopeParams",
    "InviteParams",
    "CredentialsParams",
    "GrantParams",
    "ModelParams",
    "PageParams",
    "UsageRequestParams",
    "UsageSummaryParams",
    "UsageBreakdownParams",
    "UsageFieldsParams",
    "BillingParams",
    "BillingFieldsParams",
    "PurchasesParams",
    "AgentConfigurationParams",
    "AgentVariableParams",
    "SpeakParams",
    "SpeakV2Params",
    "ReadParams",
    "UrlSource",
    "BufferSource",
    "StreamSource",
    "ReadStreamSource",
    "PreRecordedStreamSource",
    "FileSource",
    "PrerecordedSource",
    "ListenRestSource",
    "TextSource",
    "SpeakSource",
    "SpeakRESTSource",
    "SpeakRestSource",
    "SpeakStreamSource",
    "AnalyzeSource",
    "AnalyzeStreamSource",
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
    "BaseResponse",
    "ProjectsResponse",
    "Project",
    "KeysResponse",
    "KeyResponse",
    "Key",
    "MembersResponse",
    "Member",
    "ScopesResponse",
    "InvitesResponse",
    "Invite",
    "CredentialsResponse",
    "Credentials",
    "CredentialsMember",
    "Distribution",
    "Message",
    "UsageRequestsResponse",
    "UsageRequest",
    "UsageResponse",
    "STTUsageDetails",
    "Config",
    "TTSUsageDetails",
    "SpeechSegment",
    "TokenDetail",
    "Callback",
    "UsageSummaryResponse",
    "UsageSummaryResults",
    "Resolution",
    "STTTokens",
    "TTSTokens",
    "UsageFieldsResponse",
    "UsageModel",
    "UsageBreakdownResponse",
    "UsageBreakdown",
    "UsageGrouping",
    "BalancesResponse",
    "Balance",
    "BillingBreakdownResponse",
    "BillingBreakdown",
    "BillingGrouping",
    "BillingFieldsResponse",
    "PurchasesResponse",
    "Purchase",
    "ModelsResponse",
    "SpeechModel",
    "ModelResponse",
    "STTDetails",
    "TTSDetails",
    "TTSMetadata",
    "ThinkModelsResponse",
    "ThinkModel",
    "AgentConfigurationsResponse",
    "AgentConfiguration",
    "AgentVariablesResponse",
    "AgentVariable",
    "AsyncAgentSession",
    "AsyncAgentAudio",
    "AgentSession",
    "AgentAudio",
    "AsyncAgentDoor",
    "AsyncAgentWebSocketClient",
    "AgentDoor",
    "AgentWebSocketClient",
    "AgentParams",
    "SettingsOptions",
    "Agent",
    "Audio",
    "Input",
    "Output",
    "AgentListen",
    "Think",
    "Speak",
    "Provider",
    "ListenProvider",
    "ThinkProvider",
    "SpeakProvider",
    "Endpoint",
    "Header",
    "Function",
    "Parameters",
    "Properties",
    "Item",
    "Context",
    "Flags",
    "SettingsConfigurationOptions",
    "UpdatePromptOptions",
    "UpdateInstructionsOptions",
    "UpdateSpeakOptions",
    "UpdateThinkOptions",
    "UpdateListenOptions",
    "InjectAgentMessageOptions",
    "InjectUserMessageOptions",
    "FunctionCallResponse",
    "AgentKeepAlive",
    "AgentWebSocketEvents",
    "AgentEvent",
    "AgentMessage",
    "AudioData",
    "WelcomeResponse",
    "SettingsAppliedResponse",
    "ConversationTextResponse",
    "History",
    "HistoryCall",
    "UserStartedSpeakingResponse",
    "AgentThinkingResponse",
    "AgentStartedSpeakingResponse",
    "AgentAudioDoneResponse",
    "FunctionCallRequest",
    "FunctionCall",
    "FunctionCallResult",
    "FunctionCalling",
    "InjectionRefusedResponse",
    "PromptUpdated",
    "SpeakUpdated",
    "ThinkUpdated",
    "ListenUpdated",
    "LatencyReport",
    "AgentWarning",
    "AsyncVoice",
    "AsyncSound",
    "Voice",
    "Sound",
    "Clip",
    "AsyncSpeakWSClient",
    "AsyncSpeakWebSocketClient",
    "AsyncFluxSpeakClient",
    "SpeakWSClient",
    "SpeakWebSocketClient",
    "FluxSpeakClient",
    "SpeakWebSocketEvents",
    "SpeakWebSocketMessage",
    "SpeakEvent",
    "SpeakMessage",
    "SpeakWSMetadataResponse",
    "FlushedResponse",
    "ClearedResponse",
    "WarningResponse",
    "SpeakConnected",
    "SpeechStarted",
    "SpeechMetadata",
    "ControlsApplied",
    "SpeechInterrupted",
    "SessionMetadata",
    "VoiceConfigured",
    "VoiceNotConfigured",
    "AsyncFluxClient",
    "ConfigureFailure",
    "ConfigureSuccess",
    "Connected",
    "FluxError",
    "FluxEvent",
    "FluxEvents",
    "FluxMessage",
    "FluxWord",
    "Thresholds",
    "TurnInfo",
    "FluxOptions",
    "FluxClient",
    "FluxTurn",
    "AsyncFluxSession",
    "FluxSession",
    "SpeakWSOptions",
    "SpeakLiveParams",
    "SpeakLiveV2Params",
    "Speaker",
    "OUTPUT_LOGGING",
    "OUTPUT_CHANNELS",
    "OUTPUT_RATE",
    "OUTPUT_CHUNK",
    "AgentRouter",
    "GrantTokenResponse",
    "AnalyzeResponse",
    "SyncAnalyzeResponse",
    "AsyncAnalyzeResponse",
    "AnalyzeMetadata",
    "AnalyzeResults",
    "AnalyzeSummary",
    "SpeakRESTResponse",
    "SpeakResponse",
    "AsyncSpeakResponse",
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
    "DeepgramSpeakerError",
    "NOTSET",
    "SPAM",
    "DEBUG",
    "VERBOSE",
    "INFO",
    "NOTICE",
    "WARNING",
    "VerboseLogger",
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
    "ListenClient",
    "SpeakRouter",
    "Read",
    "ReadRouter",
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
            "Match",
        ),
        "dgasync.captions": (
            "Cue",
            "CaptionOptions",
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
        "dgasync.models.metrics": (
            "LiveMetrics",
            "FluxMetrics",
            "VoiceMetrics",
            "AgentMetrics",
        ),
        "dgasync.models.sources": (
            "UrlSource",
            "BufferSource",
            "StreamSource",
            "ReadStreamSource",
            "StreamSource:PreRecordedStreamSource",
            "FileSource",
            "PrerecordedSource",
            "PrerecordedSource:ListenRestSource",
            "TextSource",
            "SpeakSource",
            "SpeakSource:SpeakRESTSource",
            "SpeakSource:SpeakRestSource",
            "SpeakStreamSource",
            "AnalyzeSource",
            "AnalyzeStreamSource",
        ),
        "dgasync.models.base": (
            "Answer",
            "Model:BaseResponse",
        ),
        "dgasync.models.projects": (
            "ProjectsResponse",
            "Project",
            "KeysResponse",
            "KeyResponse",
            "Key",
            "MembersResponse",
            "Member",
            "ScopesResponse",
            "InvitesResponse",
            "Invite",
            "CredentialsResponse",
            "Credentials",
            "CredentialsMember",
            "Distribution",
            "Message",
        ),
        "dgasync.models.usage": (
            "UsageRequestsResponse",
            "UsageRequest",
            "UsageResponse",
            "STTUsageDetails",
            "Config",
            "TTSUsageDetails",
            "SpeechSegment",
            "TokenDetail",
            "Callback",
            "UsageSummaryResponse",
            "UsageSummaryResults",
            "Resolution",
            "STTTokens",
            "TTSTokens",
            "UsageFieldsResponse",
            "UsageModel",
            "UsageBreakdownResponse",
            "UsageBreakdown",
            "UsageGrouping",
            "BalancesResponse",
            "Balance",
            "BillingBreakdownResponse",
            "BillingBreakdown",
            "BillingGrouping",
            "BillingFieldsResponse",
            "PurchasesResponse",
            "Purchase",
        ),
        "dgasync.models.catalogue": (
            "ModelsResponse",
            "SpeechModel",
            "ModelResponse",
            "STTDetails",
            "TTSDetails",
            "TTSMetadata",
            "ThinkModelsResponse",
            "ThinkModel",
        ),
        "dgasync.models.agents": (
            "AgentConfigurationsResponse",
            "AgentConfiguration",
            "AgentVariablesResponse",
            "AgentVariable",
        ),
        "dgasync.models.auth": ("GrantTokenResponse",),
        "dgasync.models.read": (
            "AnalyzeResponse",
            "SyncAnalyzeResponse",
            "AsyncAnalyzeResponse",
            "AnalyzeMetadata",
            "AnalyzeResults",
            "AnalyzeSummary",
        ),
        "dgasync.models.speak": (
            "SpeakRESTResponse",
            "SpeakResponse",
            "AsyncSpeakResponse",
        ),
        "dgasync.models.account_options": (
            "ProjectOptions",
            "KeyOptions",
            "ScopeOptions",
            "InviteOptions",
            "ModelOptions",
            "UsageRequestOptions",
            "UsageSummaryOptions",
            "UsageFieldsOptions",
        ),
        "dgasync.models.speak_options": (
            "SpeakOptions",
            "SpeakOptions:SpeakRESTOptions",
        ),
        "dgasync.models.read_options": ("AnalyzeOptions",),
        "dgasync.models.account_params": (
            "ProjectParams",
            "KeyParams",
            "KeysParams",
            "ScopeParams",
            "InviteParams",
            "CredentialsParams",
            "GrantParams",
            "ModelParams",
            "PageParams",
            "UsageRequestParams",
            "UsageSummaryParams",
            "UsageBreakdownParams",
            "UsageFieldsParams",
            "BillingParams",
            "BillingFieldsParams",
            "PurchasesParams",
            "AgentConfigurationParams",
            "AgentVariableParams",
        ),
        "dgasync.models.speak_params": (
            "SpeakParams",
            "SpeakV2Params",
        ),
        "dgasync.models.read_params": ("ReadParams",),
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
            "DeepgramSpeakerError",
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
            "VerboseLogger",
        ),
        "dgasync.session.live": (
            "AsyncLiveSession",
            "AsyncUtterances",
            "AsyncCaptions",
        ),
        "dgasync.sync.session": (
            "LiveSession",
            "Utterances",
            "Captions",
        ),
        "dgasync.utterances": (
            "LiveUtterance",
            "utterances_of",
        ),
        "dgasync.api.socket": ("AsyncSocket",),
        "dgasync.sync.socket": ("Socket",),
        "dgasync.api.speech": ("AsyncSpeech",),
        "dgasync.sync.speech": ("Speech",),
        "dgasync.api.speak": ("AsyncSpeakClient", "AsyncSpeakClient:AsyncSpeakRESTClient"),
        "dgasync.sync.speak": ("SpeakClient", "SpeakClient:SpeakRESTClient"),
        "dgasync.api.read": ("AsyncAnalyzeClient", "AsyncAnalyzeClient:AsyncReadClient"),
        "dgasync.sync.read": ("AnalyzeClient", "AnalyzeClient:ReadClient"),
        "dgasync.detector": ("SilenceGate", "SpeechDetector"),
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
        "dgasync.api.auth": ("AsyncAuthRESTClient",),
        "dgasync.api.listing": ("AsyncListing",),
        "dgasync.api.manage": ("AsyncManageClient",),
        "dgasync.api.onprem": (
            "AsyncOnPremClient",
            "AsyncOnPremClient:AsyncSelfHostedClient",
        ),
        "dgasync.api.projects": ("AsyncProjectHandle",),
        "dgasync.sync.auth": ("AuthRESTClient",),
        "dgasync.sync.listing": ("Listing",),
        "dgasync.sync.manage": ("ManageClient",),
        "dgasync.sync.onprem": (
            "OnPremClient",
            "OnPremClient:SelfHostedClient",
        ),
        "dgasync.sync.projects": ("ProjectHandle",),
        "dgasync.tree": (
            "AgentRouter",
            "AsyncAgentDoor",
            "Listen",
            "Listen:ListenRouter",
            "Listen:ListenClient",
            "Speak:SpeakRouter",
            "Read",
            "Read:ReadRouter",
        ),
        "dgasync.session.agent": (
            "AsyncAgentSession",
            "AsyncAgentAudio",
        ),
        "dgasync.sync.conversation": (
            "AgentSession",
            "AgentAudio",
        ),
        "dgasync.api.agent": ("AsyncAgentWebSocketClient",),
        "dgasync.sync.tree": ("AgentDoor",),
        "dgasync.sync.agent": ("AgentWebSocketClient",),
        "dgasync.models.agent_params": ("AgentParams",),
        "dgasync.models.agent_settings": (
            "SettingsOptions",
            "Agent",
            "Audio",
            "Input",
            "Output",
            "Listen:AgentListen",
            "Think",
            "Speak",
            "Provider",
            "ListenProvider",
            "ThinkProvider",
            "SpeakProvider",
            "Endpoint",
            "Header",
            "Function",
            "Parameters",
            "Properties",
            "Item",
            "Context",
            "Flags",
            "SettingsConfigurationOptions",
            "UpdatePromptOptions",
            "UpdateInstructionsOptions",
            "UpdateSpeakOptions",
            "UpdateThinkOptions",
            "UpdateListenOptions",
            "InjectAgentMessageOptions",
            "InjectUserMessageOptions",
            "FunctionCallResponse",
            "AgentKeepAlive",
        ),
        "dgasync.models.agent": (
            "AgentWebSocketEvents",
            "AgentEvent",
            "AgentMessage",
            "AudioData",
            "WelcomeResponse",
            "SettingsAppliedResponse",
            "ConversationTextResponse",
            "History",
            "HistoryCall",
            "UserStartedSpeakingResponse",
            "AgentThinkingResponse",
            "AgentStartedSpeakingResponse",
            "AgentAudioDoneResponse",
            "FunctionCallRequest",
            "FunctionCall",
            "FunctionCallResult",
            "FunctionCalling",
            "InjectionRefusedResponse",
            "PromptUpdated",
            "SpeakUpdated",
            "ThinkUpdated",
            "ListenUpdated",
            "LatencyReport",
            "AgentWarning",
        ),
        "dgasync.session.speak": (
            "AsyncVoice",
            "AsyncSound",
        ),
        "dgasync.sync.voice": (
            "Voice",
            "Sound",
        ),
        "dgasync.clip": ("Clip",),
        "dgasync.api.speak_live": (
            "AsyncSpeakWSClient",
            "AsyncSpeakWSClient:AsyncSpeakWebSocketClient",
            "AsyncFluxSpeakClient",
        ),
        "dgasync.sync.speak_live": (
            "SpeakWSClient",
            "SpeakWSClient:SpeakWebSocketClient",
            "FluxSpeakClient",
        ),
        "dgasync.models.speak_live": (
            "SpeakWebSocketEvents",
            "SpeakWebSocketMessage",
            "SpeakEvent",
            "SpeakMessage",
            "SpeakWSMetadataResponse",
            "FlushedResponse",
            "ClearedResponse",
            "WarningResponse",
            "SpeakConnected",
            "SpeechStarted",
            "SpeechMetadata",
            "ControlsApplied",
            "SpeechInterrupted",
            "SessionMetadata",
            "VoiceConfigured",
            "VoiceNotConfigured",
        ),
        "dgasync.api.flux": ("AsyncFluxClient",),
        "dgasync.models.flux": (
            "ConfigureFailure",
            "ConfigureSuccess",
            "Connected",
            "FluxError",
            "FluxEvent",
            "FluxEvents",
            "FluxMessage",
            "FluxWord",
            "Thresholds",
            "TurnInfo",
        ),
        "dgasync.models.flux_options": ("FluxOptions",),
        "dgasync.sync.flux": ("FluxClient",),
        "dgasync.session.flux": ("AsyncFluxSession",),
        "dgasync.sync.turns": ("FluxSession",),
        "dgasync.turns": ("FluxTurn",),
        "dgasync.models.speak_live_options": ("SpeakWSOptions",),
        "dgasync.models.speak_live_params": (
            "SpeakLiveParams",
            "SpeakLiveV2Params",
        ),
        "dgasync.speaker": (
            "Speaker",
            "LOGGING:OUTPUT_LOGGING",
            "CHANNELS:OUTPUT_CHANNELS",
            "RATE:OUTPUT_RATE",
            "CHUNK:OUTPUT_CHUNK",
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
