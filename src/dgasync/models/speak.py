"""What comes with the sound of a text: the headers of `/v1/speak` and `/v2/speak`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from dgasync.errors import DeepgramError
from dgasync.models.base import Answer, Headers, Number
from dgasync.models.listen import AsyncPrerecordedResponse

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AsyncSpeakResponse", "SpeakRESTResponse", "SpeakResponse"]

_COUNT = re.compile(r"[0-9]{1,18}")
_SOUND = frozenset({"stream", "stream_memory"})
"""Fields that are no facts about the sound but the sound itself: `[]` gives them, JSON cannot hold them."""


class SpeakRESTResponse(Answer, frozen=True, kw_only=True):
    """A text that was spoken: what the service said of it, and its sound where that is in memory or in a file."""

    content_type: str | None = None
    """The kind of audio, such as `audio/mpeg`."""
    request_id: str | None = None  # pyright: ignore[reportIncompatibleMethodOverride]  # here it is a field, as in v3
    model_uuid: str | None = None
    model_name: str | None = None
    characters: Number | None = None
    """How many characters of the text are billed."""
    transfer_encoding: str | None = None
    date: str | None = None
    """When the service answered, in the words of its `Date` header."""
    stream: BytesIO | None = None
    """The same object as `stream_memory`, under the name it had up to v3.4."""
    filename: str | None = None
    """The file that holds the sound."""
    stream_memory: BytesIO | None = None
    """The sound, to be read from its start."""

    @classmethod
    def of(
        cls,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        *,
        sound: BytesIO | None = None,
        filename: str | None = None,
    ) -> Self:
        """What the headers of an answer say, with the sound that came behind them, or the file it went to."""
        found = Headers(headers)
        count = (_fact(found, "char-count") or _fact(found, "characters") or "").strip()
        return cls(
            content_type=found.get("content-type"),
            request_id=_fact(found, "request-id"),
            model_uuid=_fact(found, "model-uuid"),
            model_name=_fact(found, "model-name"),
            characters=int(count) if _COUNT.fullmatch(count) else None,
            transfer_encoding=found.get("transfer-encoding"),
            date=found.get("date"),
            stream=sound,
            filename=filename,
            stream_memory=sound,
        ).adopt(None, found)

    @property
    def raw(self) -> bytes:
        """The sound, byte for byte, where it is in memory."""
        if self.stream_memory is None:
            where = f"it went to {self.filename}" if self.filename else "`stream_memory` asks for that"
            raise DeepgramError(f"The sound is not in memory: {where}.")
        return self.stream_memory.getvalue()

    def keys(self) -> list[str]:
        """The names of the fields that have a value."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        return getattr(self, key)

    def to_dict(self) -> dict[str, Any]:
        """A new dict of it; the sound is left out."""
        return {name: getattr(self, name) for name in self.keys() if name not in _SOUND}

    def _repr_html_(self) -> str | None:
        from dgasync.display.player import spoken

        return spoken(self)

    def _own_id(self) -> str | None:
        return self.request_id

    def _facts(self) -> list[str]:
        return [fact for fact in (self.model_name, self.content_type, self.filename) if fact]


def _fact(headers: Headers, name: str) -> str | None:
    # Voices of Aura 1 answer with `dg-`, those of Aura 2 with `x-dg-` and fewer of them; v3 also took the bare names.
    return headers.get(f"dg-{name}") or headers.get(f"x-dg-{name}") or headers.get(name)


class AsyncSpeakResponse(AsyncPrerecordedResponse, frozen=True, kw_only=True):
    """The promise of sound that goes to a callback address."""


# The name under which v3 knows it up to 3.3.
SpeakResponse = SpeakRESTResponse
