"""The client: the documented tree of doors, and the native verbs beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from dgasync.api import listen
from dgasync.api.request import requested
from dgasync.api.road import Road
from dgasync.api.socket import AsyncSocket, socket_at
from dgasync.config import AccessToken, DeepgramClientOptions, credentials_from_env
from dgasync.legacy import Successor
from dgasync.limits import BATCH_CONCURRENCY
from dgasync.logs import log
from dgasync.models.base import Answer
from dgasync.transcript import Transcript
from dgasync.tree import Root

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from dgasync.api.catalogue import AsyncModels
    from dgasync.api.listing import AsyncListing
    from dgasync.api.projects import AsyncProjectHandle, AsyncProjects
    from dgasync.api.speech import AsyncSpeech
    from dgasync.api.text import Text
    from dgasync.audio import Audio
    from dgasync.batch.items import Result
    from dgasync.batch.journal import Journal
    from dgasync.batch.run import AsyncBatch
    from dgasync.batch.sources import Sources
    from dgasync.config import ClientSettings, TimeoutLike
    from dgasync.models.account_calls import AccountCall
    from dgasync.models.auth import GrantTokenResponse
    from dgasync.models.catalogue import ThinkModel
    from dgasync.models.flux_params import TurnsParams
    from dgasync.models.listen import AsyncPrerecordedResponse
    from dgasync.models.params import LiveSessionParams, RequestParams, ToCallbackParams, TranscribeParams
    from dgasync.models.projects import Project
    from dgasync.models.read import AnalyzeResponse, AsyncAnalyzeResponse
    from dgasync.models.read_params import AnalyzeParams, AnalyzeToCallbackParams
    from dgasync.models.speak import AsyncSpeakResponse
    from dgasync.models.speak_live_params import VoiceSessionParams
    from dgasync.models.speak_params import SynthesizeParams, SynthesizeToCallbackParams
    from dgasync.session.flux import AsyncFluxSession
    from dgasync.session.live import AsyncLiveSession
    from dgasync.session.speak import AsyncVoice
    from dgasync.transport.seam import Transport
    from dgasync.tree import AsyncAgentDoor, Listen, Read, Speak

__all__ = ["AsyncDeepgramClient"]

A = TypeVar("A", bound=Answer)


class AsyncDeepgramClient(Root, Successor):
    """The Deepgram speech API, for asyncio and trio.

    It may be made anywhere, also where no loop runs, and used on several loops and threads. The first request opens
    connections; `async with` or `aclose()` closes them, at the latest the end of the loop or of the program does.

    Args:
        api_key: the key; without one here or in `config`, the environment is asked: DEEPGRAM_ACCESS_TOKEN, then
            DEEPGRAM_API_KEY. With none at all the client is made, and can only talk to this machine.
        config: the set-up, as v3 had it.
        access_token: a short-lived token, or a function that mints one; wins over the key.
        transport: your own way to the network (`dgasync.transport.seam`), for tests and experiments.
        settings: the keywords of `DeepgramClientOptions`; they win over `config`.

    Raises:
        DeepgramTypeError: a setting that cannot be used.
    """

    def __init__(
        self,
        api_key: str = "",
        config: DeepgramClientOptions | None = None,
        access_token: AccessToken | None = None,
        *,
        transport: Transport | None = None,
        **settings: Unpack[ClientSettings],
    ) -> None:
        given = config or DeepgramClientOptions()
        token: AccessToken | None = access_token or ("" if api_key else given.access_token)
        key = api_key or given.api_key
        if not (token or key or any(name.lower() == "authorization" for name in given.headers)):
            token, key = credentials_from_env()
        self._config = given.copy(api_key=key, access_token=token, **settings)
        self._road = Road.of(self._config, transport)
        self._listen: Listen | None = None
        if not (token or key):
            log.warning("There is no API key: set DEEPGRAM_API_KEY, or pass `api_key`. Only this machine can be asked.")

    @property
    def api_key(self) -> str:
        """The key that is used; no repr shows it."""
        return self._config.api_key

    @property
    def config(self) -> DeepgramClientOptions:
        """The set-up of this client; classes made from it share its connections."""
        return self._config

    @property
    def listen(self) -> Listen:
        """The documented door to transcription: `.prerecorded` and `.asyncprerecorded`, or `.rest` and `.asyncrest`."""
        # Made once: to import it again costs as much as to send the options.
        if self._listen is None:
            from dgasync.tree import Listen

            self._listen = Listen(self._config)
        return self._listen

    @property
    def speak(self) -> Speak:
        """The documented door to speech: `.v("1")`, or `.rest` and `.asyncrest`."""
        from dgasync.tree import Speak

        return Speak(self._config)

    @property
    def read(self) -> Read:
        """The documented door to what texts say: `.analyze` and `.asyncanalyze`."""
        from dgasync.tree import Read

        return Read(self._config)

    async def transcribe(self, audio: Audio, **options: Unpack[TranscribeParams]) -> Transcript:
        """The words of a whole recording, once Deepgram has heard all of it.

        Args:
            audio: bytes, a path, an http(s) URL, an open binary file, an iterator of bytes (plain or async), or the
                documents' mapping. Files are read while they are sent, never whole.
            options: those of `/v1/listen` (`model` is "nova-3" unless given), and of the call: `timeout`, `headers`,
                `addons`, `endpoint`, `max_retries`, `progress`, `strict`, `keep_raw`.

        Raises:
            DeepgramTypeError: audio or an option of no use; nothing was sent.
            DeepgramApiKeyError: there is no key, or it would travel in the clear.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came.
            DecodeError: the answer cannot be read.
            OSError: the file cannot be read.
        """
        return Transcript(await listen.transcribed(self._road, audio, options))

    async def transcribe_to_callback(
        self, audio: Audio, *, callback: str, **options: Unpack[ToCallbackParams]
    ) -> AsyncPrerecordedResponse:
        """The request id of a transcript that the service will send to `callback`.

        Takes and raises what `transcribe` does; `parse_callback` reads what arrives.
        """
        return await listen.accepted(self._road, audio, callback, options)

    def transcribe_many(
        self,
        sources: Sources,
        *,
        concurrency: int = BATCH_CONCURRENCY,
        journal: Journal | str | PathLike[str] | None = None,
        ordered: bool = False,
        retry_failed: bool = False,
        on_result: Callable[[Result], object] | None = None,
        **options: Unpack[TranscribeParams],
    ) -> AsyncBatch:
        """Many recordings, a few of them at once: `async with` and then `async for`, or `run()`.

            async with deepgram.transcribe_many("archive/**/*.wav", journal="archive.db") as batch:
                async for result in batch: ...

        Args:
            sources: paths, folders, patterns such as `calls/**/*.mp3`, http(s) URLs, bytes, manifests (.csv, .tsv,
                .jsonl), `dgasync.batch.Item`, or an iterator of them, plain or async, that may never end. A plain one
                is advanced in a worker thread, and no faster than recordings are done.
            concurrency: how many are in flight at once. On 429 fewer are, after the rest that the service asks for, and
                then again more.
            journal: a file that remembers what is done: the same call goes on where it was, whatever ended it. A
                recording that has changed on disk since, or of which something else is asked, is done again.
            ordered: give results in the order of the sources, not as they are ready.
            retry_failed: do again what the journal says was given up.
            on_result: called with each result before the iteration gives it; it may be a coroutine function. What it
                raises comes out, and with a journal the result comes again.
            options: those of `transcribe`; each recording is tried `max_retries` times after the first. Items and
                manifests have their own on top.

        Raises:
            DeepgramTypeError: an option of no use; nothing was sent. Entering it raises JournalError, and the
                iteration what would befall all recordings; what befalls one is in its result.
        """
        from dgasync.batch.run import AsyncBatch

        return AsyncBatch(
            self._road,
            sources,
            options,
            concurrency=concurrency,
            journal=journal,
            ordered=ordered,
            retry_failed=retry_failed,
            on_result=on_result,
        )

    def transcribe_many_to_callback(
        self,
        sources: Sources,
        *,
        callback: str,
        journal: Journal | str | PathLike[str],
        concurrency: int = BATCH_CONCURRENCY,
        retry_failed: bool = False,
        resubmit_after: float | None = None,
        on_result: Callable[[Result], object] | None = None,
        **options: Unpack[TranscribeParams],
    ) -> AsyncBatch:
        """Many recordings whose transcripts the service will send to `callback`; a result is that it took one.

        Takes and raises what `transcribe_many` does. `dgasync.callbacks.Receiver` takes what arrives into the same
        journal, and `Journal.results(new=True)` gives it.

        Args:
            sources: as for `transcribe_many`.
            callback: the http(s) URL of the receiver.
            journal: where request ids and answers meet.
            concurrency: how many are being submitted at once.
            retry_failed: submit again what the journal says was given up.
            resubmit_after: seconds after which a recording whose answer has not come is submitted again by another
                run; None: never. The service itself tries a callback for some minutes (docs, "Callback").
            on_result: called with each result before the iteration gives it.
            options: those of `transcribe`.
        """
        from dgasync.api.arguments import address_of
        from dgasync.batch.run import AsyncBatch

        return AsyncBatch(
            self._road,
            sources,
            options,
            concurrency=concurrency,
            journal=journal,
            ordered=False,
            retry_failed=retry_failed,
            on_result=on_result,
            callback=address_of(callback),
            resubmit_after=resubmit_after,
        )

    def parse_callback(
        self,
        body: bytes | str | Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        dg_token: str | Collection[str] | None = None,
    ) -> Transcript:
        """The transcript that the service sent to a callback address.

        Args:
            body: what was posted, as bytes, text, or the mapping that a web framework made of it.
            headers: those of the post.
            dg_token: the identifier (not the secret) of the key that asked, or several; the service sends it as
                `dg-token` with each callback (docs, "Callback"). Without it, it is only checked that there is one.

        Raises:
            DeepgramApiKeyError: the `dg-token` is missing or another: the post may not come from the service.
            DeepgramApiError: the service reports that the request failed.
            DecodeError: the body cannot be read.
        """
        return Transcript(listen.parse_callback(body, headers, dg_token=dg_token))

    def live(self, **options: Unpack[LiveSessionParams]) -> AsyncLiveSession:
        """A live session: `async with deepgram.live(...) as live`, then send audio and iterate over what is heard.

        It connects when it is entered, and leaving it waits for the last words.

        Args:
            options: those of the websocket `/v1/listen` (`model` is "nova-3" unless given; `encoding` and `sample_rate`
                for raw audio), and of the call: `timeout`, `headers`, `addons`, `endpoint`, `max_retries`, `reconnect`,
                `gate`, `strict`, `keep_raw`.

        Raises:
            DeepgramTypeError: options that do not fit each other. Entering the session raises the same for an option of
                no use, and what `transcribe` does for a connection that is refused or fails.
        """
        from dgasync.api.live import live

        return live(self._road, self._config.options, options)

    def turns(self, **options: Unpack[TurnsParams]) -> AsyncFluxSession:
        """A conversation that is heard turn by turn, by Flux: `async with deepgram.turns(...) as session`, then send
        audio, and iterate over what happens, or over `session.turns()`.

        It connects when it is entered, and leaving it waits for the last words.

        Args:
            options: those of the websocket `/v2/listen` (`model` is "flux-general-en" unless given; `encoding` and
                `sample_rate` for raw audio), and of the call: `timeout`, `headers`, `addons`, `endpoint`,
                `max_retries`, `reconnect`, `strict`, `keep_raw`.

        Raises:
            DeepgramTypeError, DeepgramApiKeyError, DeepgramApiError, DeepgramConnectionError: on entering it, as `live`
                does.
        """
        from dgasync.api.flux import turns

        return turns(self._road, self._config.options, options)

    @property
    def agent(self) -> AsyncAgentDoor:
        """Voice agents: `async with deepgram.agent(settings, functions=[...]) as session`, then send audio and iterate
        over what happens; and the documented doors `.websocket` and `.asyncwebsocket`.
        """
        from dgasync.tree import AsyncAgentDoor

        return AsyncAgentDoor(self._road, self._config)

    @property
    def projects(self) -> AsyncProjects:
        """The projects that the key can see: `.list()`, `.get(project_id)`."""
        from dgasync.api.account import Account
        from dgasync.api.projects import AsyncProjects

        return AsyncProjects(Account(self._road))

    def project(self, project: str | Project, /) -> AsyncProjectHandle:
        """One project, by its id or as `projects` gave it, and everything that belongs to it; it asks for nothing yet.

        Raises:
            DeepgramTypeError: there is no id.
        """
        from dgasync.api.projects import project_at

        return project_at(self._road, project)

    @property
    def models(self) -> AsyncModels:
        """The public models: `.list()`, `.get(model_id)`."""
        from dgasync.api.account import Account
        from dgasync.api.catalogue import AsyncModels

        return AsyncModels(Account(self._road))

    def think_models(self, **call: Unpack[AccountCall]) -> AsyncListing[ThinkModel]:
        """The language models that can think for a voice agent, from the agents' own host unless a base URL is given.

        Args:
            call: `timeout`, `headers`, `addons`, `max_retries`, `strict` and `keep_raw` for this call.
        """
        from dgasync.api.agents import think_models

        return think_models(self._road, self._config, call)

    async def grant_token(self, *, ttl_seconds: float | None = None, **call: Unpack[AccountCall]) -> GrantTokenResponse:
        """A token for those who are not to have the key, such as a browser. It is made with the key, never a token.

        Args:
            ttl_seconds: how long it lasts, 1 to 3600; the service's default is 30.
            call: `timeout`, `headers`, `addons`, `max_retries` and `keep_raw` for this call.

        Raises:
            DeepgramApiKeyError: the client has no key.
            DeepgramApiError, DeepgramConnectionError, DecodeError: as `transcribe` does.
        """
        from dgasync.api.auth import granted

        return await granted(self._road, self._config, ttl_seconds, call)

    def synthesize(
        self, text: Text, *, version: Literal["1", "2"] | None = None, **options: Unpack[SynthesizeParams]
    ) -> AsyncSpeech:
        """A text as speech: to be played while it comes, read whole, or saved.

            await deepgram.synthesize("Hello.").save("hello.mp3")

            async with deepgram.synthesize("Hello.", encoding="linear16", container="none") as speech:
                async for chunk in speech: ...

        Nothing is sent before one of these asks for it.

        Args:
            text: the text itself; or its bytes (UTF-8), a `Path`, an open file, or the documents' mapping.
            version: of the service; by default that which has the voice: "2" for `flux-...`, "1" for all others.
            options: those of `/v1/speak` (`model` is "aura-2-thalia-en" unless given) or `/v2/speak`, and of the call:
                `timeout`, `headers`, `addons`, `endpoint`, `max_retries`, `progress`, `strict`.

        Raises:
            DeepgramTypeError: options that do not fit each other. Asking for the audio raises what `transcribe` does.
        """
        from dgasync.api.speak import spoken

        return spoken(self._road, text, version, options)

    async def synthesize_to_callback(
        self,
        text: Text,
        *,
        callback: str,
        version: Literal["1", "2"] | None = None,
        **options: Unpack[SynthesizeToCallbackParams],
    ) -> AsyncSpeakResponse:
        """The request id of speech that the service will send to `callback`.

        Takes what `synthesize` does, and raises what `transcribe` does.
        """
        from dgasync.api.speak import spoken_to_callback

        return await spoken_to_callback(self._road, text, callback, version, options)

    def voice(self, *, version: Literal["1", "2"] | None = None, **options: Unpack[VoiceSessionParams]) -> AsyncVoice:
        """A voice that speaks while its text comes in, such as the answer of a language model.

            async with deepgram.voice(model="aura-2-thalia-en") as voice:
                async for chunk in voice.say(tokens): ...

        It connects when it is entered, and leaving it waits for the sound of all that was said.

        Args:
            version: of the service; by default that which has the voice: "2" for `flux-...`, "1" for all others.
            options: those of the websocket `/v1/speak` (`model` is "aura-2-thalia-en" unless given) or `/v2/speak`,
                and of the call: `timeout`, `headers`, `addons`, `endpoint`, `max_retries`, `reconnect`, `strict`,
                `keep_raw`. The audio is raw linear16 at 24,000 samples a second unless they say otherwise.

        Raises:
            DeepgramTypeError: options that do not fit each other. Entering it raises what it does for `live`.
        """
        from dgasync.api.speak_live import voice

        return voice(self._road, self._config.options, version, options)

    async def analyze(self, text: Text, **options: Unpack[AnalyzeParams]) -> AnalyzeResponse:
        """What the service reads in a text: its summary, topics, intents and mood, as far as they are asked for.

        Args:
            text: the text itself, or the http(s) URL of one if it is nothing else; its bytes (UTF-8), a `Path`, an open
                file, or the documents' mapping. `{"text": ...}` is a text whatever it looks like.
            options: those of `/v1/read`, such as `summarize=True`, and of the call: `timeout`, `headers`, `addons`,
                `endpoint`, `max_retries`, `progress`, `strict`, `keep_raw`.

        Raises:
            DeepgramTypeError: a text or an option of no use; nothing was sent.
            DeepgramApiKeyError, DeepgramApiError, DeepgramConnectionError, DecodeError, OSError: as `transcribe` does.
        """
        from dgasync.api.read import analysed

        return await analysed(self._road, text, options)

    async def analyze_to_callback(
        self, text: Text, *, callback: str, **options: Unpack[AnalyzeToCallbackParams]
    ) -> AsyncAnalyzeResponse:
        """The request id of an analysis that the service will send to `callback`.

        Takes and raises what `analyze` does; `dgasync.parse_callback(body, headers, kind=AnalyzeResponse)` reads what
        arrives.
        """
        from dgasync.api.read import analysed_to_callback

        return await analysed_to_callback(self._road, text, callback, options)

    @overload
    async def request(self, method: str, path: str, /, **params: Unpack[RequestParams]) -> Answer: ...

    @overload
    async def request(self, method: str, path: str, /, *, kind: type[A], **params: Unpack[RequestParams]) -> A: ...

    async def request(
        self, method: str, path: str, /, *, kind: type[Any] = Answer, **params: Unpack[RequestParams]
    ) -> Any:
        """The answer to any request, for products that have no verb here yet, with everything below the verbs.

        Args:
            method: such as "GET".
            path: below the base URL, such as "v1/projects/{project_id}"; a query in it is kept.
            kind: your own subclass of `Answer` to decode into; by default the answer is read by `[]` and `.raw`.
            params: `path_params`, `query`, `json` or `content`, `content_type`, and those of the call: `timeout`,
                `headers`, `addons`, `max_retries`, `progress`, `keep_raw`.

        Raises:
            DeepgramTypeError, DeepgramApiKeyError, DeepgramApiError, DeepgramConnectionError, DecodeError: as
                `transcribe` does.
        """
        return await requested(self._road, method, path, kind, params)

    def socket(
        self,
        path: str,
        /,
        *,
        query: Mapping[str, Any] | None = None,
        path_params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        addons: Mapping[str, Any] | None = None,
        timeout: TimeoutLike | None = None,
    ) -> AsyncSocket:
        """Any websocket, for live products that have no verb here yet: frames out, frames in.

        Nothing happens before `async with` opens it, with everything below the verbs: credentials, retries, proxies.

        Args:
            path: below the base URL, such as "v1/speak"; a query in it is kept.
            query: parameters; a list repeats its key, None is left out.
            path_params: values for the `{names}` in the path.
            headers: for this socket alone.
            addons: parameters laid over `query`.
            timeout: its `connect` part bounds the way to an open socket.

        Raises:
            DeepgramTypeError: the path has a place that is not filled, or none for a value.
        """
        return socket_at(
            self._road, path, query=query, path_params=path_params, headers=headers, addons=addons, timeout=timeout
        )

    async def aclose(self) -> None:
        """Close the connections; the client can be used again, and then opens new ones."""
        await self._road.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._config.url}>"
