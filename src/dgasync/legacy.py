"""What users of the official SDK's v2 reach for first, and what to use instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dgasync.errors import DeepgramError

__all__ = ["Deepgram", "Moved", "Successor"]


class Moved(DeepgramError, AttributeError):  # pyright: ignore[reportIncompatibleVariableOverride]  # see `name`
    """A name of v2 that is no more; the message says what took its place."""

    name = AttributeError.name  # type: ignore[assignment]  # Python itself fills it in, so it is no property here


class Successor:
    """A client in whose place v2 had one: it knows what became of the names it no longer has."""

    if not TYPE_CHECKING:  # for a type checker the names are not there at all

        def __getattr__(self, name):
            if name == "transcription":
                raise Moved(
                    "`deepgram.transcription` was v2 of the Deepgram SDK. Use `deepgram.transcribe(...)`, or in the "
                    'documented style `deepgram.listen.prerecorded.v("1").transcribe_file(...)`.'
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Deepgram:
    """The client of v2, which is no more: making one raises a DeepgramError that says what took its place."""

    def __init__(self, *args: object, **kwargs: object) -> NoReturn:
        raise DeepgramError(
            "`Deepgram(...)` was v2 of the Deepgram SDK. Use `DeepgramClient(api_key)`, or with `await` "
            "`AsyncDeepgramClient(api_key)`; `deepgram.transcription.prerecorded(source, options)` is now "
            '`deepgram.listen.prerecorded.v("1").transcribe_file(source, options)`, or `deepgram.transcribe(...)`.'
        )
