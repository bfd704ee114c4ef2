"""A text that is being spoken: audio on its way from the service, and what is known of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from dgasync.api.call import Call
from dgasync.api.draft import Draft
from dgasync.api.request import written
from dgasync.api.road import Road, pull
from dgasync.api.text import payload_of
from dgasync.clip import Clip, Form, form_of
from dgasync.errors import DecodeError, DeepgramError
from dgasync.limits import CLOSE_TIMEOUT, MAX_ANSWER
from dgasync.models.base import Headers
from dgasync.models.speak import SpeakRESTResponse

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from typing_extensions import Self

    from dgasync.transport.seam import Download

__all__ = ["AsyncSpeech"]


class AsyncSpeech:
    """A text as audio, handed on while the service speaks it.

    `async with` asks for it, once, and is there with its first bytes; `async for` gives it in chunks as they come,
    `read` what is left of it, and `save` writes that to a file. Without `async with`, `read` and `save` ask for it
    themselves: `await deepgram.synthesize("Hello.").save("hello.mp3")`. What nobody takes waits at the service.
    One task takes it.
    """

    def __init__(self, road: Road, text: object, call: Callable[[bytes], Call]) -> None:
        self._road = road
        self._text = text
        self._call = call
        self._asked: Mapping[str, Any] = {}
        self._opened = False
        self._download: Download | None = None
        self._answer: SpeakRESTResponse | None = None
        self._status: int | None = None
        self._first_byte: float | None = None
        self._size: int | None = None
        self._rest = bytearray()
        self._taken = 0

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer, found in any case; none before there is one."""
        return Headers() if self._answer is None else self._answer.headers

    @property
    def response(self) -> SpeakRESTResponse:
        """What the service says of the audio, without the audio; empty before there is an answer."""
        return self._answer or SpeakRESTResponse()

    @property
    def request_id(self) -> str | None:
        """What Deepgram's support asks for."""
        return self.response.request_id

    @property
    def model_name(self) -> str | None:
        """Whose voice it is."""
        return self.response.model_name

    @property
    def characters(self) -> int | float | None:
        """How many characters of the text are billed."""
        return self.response.characters

    @property
    def content_type(self) -> str | None:
        """The kind of audio, such as `audio/mpeg`."""
        return self.response.content_type

    @property
    def encoding(self) -> str | None:
        """How the audio is encoded, such as `mp3`: what the answer says, else what was asked for; None before."""
        return self._form.encoding

    @property
    def container(self) -> str | None:
        """The file around it: `wav`, `ogg`, or `none` for raw audio and for formats that need none."""
        return self._form.container

    @property
    def sample_rate(self) -> int | None:
        """Samples per second; None where neither the answer nor the request says it."""
        return self._form.sample_rate

    @property
    def status_code(self) -> int | None:
        """The status of the answer, under the name that httpx has for it; None before there is one."""
        return self._status

    @property
    def time_to_first_byte(self) -> float | None:
        """Seconds from the request to the first audio, with all that was tried before; None before there is any."""
        return self._first_byte

    async def open(self) -> None:
        """Ask for it and return when its first bytes are there; `async with` does. One that is open stays as it is.

        Until then it is tried again as any request is, and never later.

        Raises:
            DeepgramTypeError: a text or an option of no use; nothing was sent.
            DeepgramApiKeyError: there is no key, or it would travel in the clear.
            DeepgramApiError: the service answered no; its subclasses say why.
            DeepgramConnectionError: no answer came.
            OSError: the file of the text cannot be read.
        """
        if self._download is not None:
            return
        if self._opened:
            raise DeepgramError("A speech is asked for once; ask the client for another.")
        self._opened = True
        call = self._call(written("The source", await payload_of(self._text, pull)))
        clock = self._road.transport.clock
        began = clock.now()
        download = await self._road.stream(call)
        self._first_byte = clock.now() - began
        self._download = download
        self._asked = call.options or {}
        self._status = download.status
        self._answer = SpeakRESTResponse.of(download.headers)

    async def aclose(self) -> None:
        """Let go of it, whatever has not come yet; `async with` does. It may be done again."""
        self._opened = True
        download, self._download = self._download, None
        if download is not None:
            await download.aclose()

    async def read(self) -> Clip:
        """The audio, or what is left of it, at once: bytes, which a notebook plays.

        Raises:
            DeepgramConnectionError: it broke off, or stopped for longer than the timeout allows.
            DecodeError: it is longer than `MAX_ANSWER`.
        """
        async with self._entered():
            parts = bytearray()
            while chunk := await self._chunk():
                parts += chunk
                if len(parts) > MAX_ANSWER:
                    raise DecodeError(
                        f"The audio is longer than {MAX_ANSWER} bytes; take it in chunks, or save it to a file.",
                        request_id=self.request_id,
                    )
            return Clip(parts, **self._form._asdict())

    async def save(self, path: str | PathLike[str]) -> SpeakRESTResponse:
        """Write the audio, or what is left of it, to a file; what the service says of it, with `filename`.

        The file has its name once it is whole: when anything fails there is none, and one that was there is as it was.

        Raises:
            OSError: the file cannot be written. That it can be made is found out before anything is asked for.
            DeepgramConnectionError: the audio broke off, or stopped for longer than the timeout allows.
        """
        draft = await pull(Draft, path)
        try:
            async with self._entered():
                while chunk := await self._chunk():
                    await pull(draft.write, chunk)
            await pull(draft.keep)
        except BaseException:
            with self._road.transport.clock.move_on_after(CLOSE_TIMEOUT, shield=True):
                try:
                    await pull(draft.discard)
                except DeepgramError:  # the thread that would have done it waits no more
                    draft.discard()
            raise
        return SpeakRESTResponse.of(self.headers, filename=str(path))

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncSpeech:
        """What iterating gives, for code written for httpx; `chunk_size` is the bytes of each chunk but the last."""
        self._size = chunk_size
        return self

    async def aread(self) -> Clip:
        """What `read` gives, under the name that httpx has for it."""
        return await self.read()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._sized(self._size) if self._size else await self._chunk()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        if self._download is not None:
            state = f"open, {self._taken} bytes taken"
        else:
            state = f"closed, {self._taken} bytes taken" if self._opened else "not asked for"
        return f"<{type(self).__name__} {state}>"

    @property
    def _form(self) -> Form:
        return Form(None, None, None) if self._answer is None else form_of(self.content_type, self._asked)

    @asynccontextmanager
    async def _entered(self) -> AsyncGenerator[None, None]:
        """Inside `async with` nothing; without it, the same."""
        if self._opened:
            yield
            return
        async with self:
            yield

    async def _chunk(self) -> bytes:
        """What has come since; empty at the end."""
        return await self._sized(len(self._rest)) if self._rest else await self._more()

    async def _sized(self, size: int) -> bytes:
        """As many bytes, fewer at the end."""
        # What has come is kept where a cancellation does not lose it.
        while len(self._rest) < size and (chunk := await self._more()):
            self._rest += chunk
        taken = bytes(self._rest[:size])
        del self._rest[:size]
        return taken

    async def _more(self) -> bytes:
        download = self._download
        if download is None:
            raise DeepgramError(
                "The speech is closed."
                if self._opened
                else "The speech is not open: use it inside its `with` block, or `read` or `save` it."
            )
        try:
            chunk = await download.read()
        except DeepgramError as error:
            error.request_id = error.request_id or self.request_id
            raise
        self._taken += len(chunk)
        return chunk
