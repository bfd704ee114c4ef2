"""What goes into a batch, and what comes out of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from dgasync.api.arguments import split
from dgasync.errors import DeepgramError, DeepgramTypeError, GivenUp

if TYPE_CHECKING:
    from dgasync.audio import Audio
    from dgasync.batch.answers import Kept
    from dgasync.transcript import Transcript

__all__ = ["AskedFor", "Item", "Result", "Totals", "Work", "cause", "fingerprint", "is_url"]


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of a batch, where a path, a URL or bytes alone do not say enough.

    Raises:
        DeepgramTypeError: a source that cannot be sent twice, such as an open file or an iterator, or one without a
            name of its own and without `key`; options without names.
    """

    source: str | os.PathLike[str] | bytes | Mapping[str, Any] | Callable[[], Audio | Awaitable[Audio]]
    """A path, an http(s) URL, bytes, the documents' `{"url" | "buffer": ...}`, or a function that gives such a thing
    when its turn comes: a plain one runs in a worker thread, each time it is tried."""

    key: str = ""
    """Its name in the journal and in results; by default the absolute path, the URL, or the digest of the bytes."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options of this one, laid over those of the batch."""

    note: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Whatever is to be found again in its result; of a manifest, the other columns."""

    def __post_init__(self) -> None:
        key = self.key or _name(self.source)
        if not key.isascii():
            # A file may have a name that is no text; SQLite and JSON keep nothing else.
            key = key.encode("utf-8", "backslashreplace").decode()
        object.__setattr__(self, "key", key)
        given: Mapping[Any, Any] = self.options
        if given and not all(isinstance(name, str) for name in given):
            raise DeepgramTypeError(f"Options have names: {given!r} is no mapping of texts to values.")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recording: a transcript, or an error."""

    item: Item
    """What was asked for."""

    transcript: Transcript | None = None
    """What is said; None where it failed, or where the answer goes to a callback."""

    error: Exception | None = None
    """Why there is none: a DeepgramError, an OSError of the file, or what the function of its source raised."""

    request_id: str | None = None
    """What Deepgram's support asks for."""

    tries: int = 1
    """How often the service was asked, in all runs with this journal; without what a rate limit turned away."""

    seconds: float = 0.0
    """How long its requests took in this run, waits between them left out; seconds."""

    @property
    def key(self) -> str:
        """The name of the item."""
        return self.item.key

    @property
    def ok(self) -> bool:
        """Whether it has what was asked for."""
        return self.error is None

    def __repr__(self) -> str:
        how = "ok" if self.ok else f"{type(self.error).__name__}"
        return f"<Result {self.key}: {how}, {self.tries} tries>"


@dataclass(slots=True)
class Totals:
    """What a batch did so far. How recordings ended is counted when they are told."""

    items: int = 0
    """Recordings that were looked at."""
    done: int = 0
    """Recordings with a transcript."""
    submitted: int = 0
    """Recordings that the service took, and whose answer goes to a callback."""
    failed: int = 0
    """Recordings given up."""
    skipped: int = 0
    """Recordings that the journal had already, or that came twice."""
    failed_before: int = 0
    """Those of them that an earlier run gave up."""
    requests: int = 0
    """How often the service was asked."""
    retries: int = 0
    """How many of these were not the first for their recording."""
    turned_away: int = 0
    """How many of these a rate limit refused (429)."""
    audio_seconds: float = 0.0
    """Length of what was transcribed, as the service measured it; seconds."""
    request_seconds: float = 0.0
    """Time in requests, added up over all that were in flight at once; seconds."""
    waited_seconds: float = 0.0
    """Time in which nothing was asked, because the service had asked for a rest; seconds."""
    elapsed_seconds: float = 0.0
    """Time since it began; seconds."""
    failures: dict[str, int] = field(default_factory=dict[str, int])
    """Recordings given up, by the class of their error."""

    @property
    def audio_hours(self) -> float:
        """Length of what was transcribed; hours."""
        return self.audio_seconds / 3600

    @property
    def speed(self) -> float:
        """Seconds of audio that were transcribed in each second."""
        return self.audio_seconds / self.elapsed_seconds if self.elapsed_seconds else 0.0


@dataclass(slots=True)
class Work:
    """An item on its way: what the run and the journal know of it."""

    item: Item
    options: Mapping[str, Any]
    """All of them, those of the batch below its own."""
    index: int = 0
    """Which one it was to be started, from 0."""
    body: bytes | None = None
    """The audio, where it is so small that it was read together with its neighbours'."""
    mark: str = ""
    """What it looked like; see `fingerprint`."""
    tries: int = 0
    """Requests that count, of all runs."""
    asked: int = 0
    """Requests of this run."""
    tried: int = 0
    """Those of them that failed as they would for any recording, and count."""
    good_before: int | None = None
    """How many others had been answered when the first of these failed; None before that."""
    crashes: int = 0
    """How many processes ended while it was in flight."""
    is_its_own: bool = True
    """Whether what the journal has under its key is its own."""
    seconds: float = 0.0
    audio: float = 0.0
    """Length as the service measured it; seconds."""
    answer: Kept | None = None
    """What the service said, until it is told."""
    request_id: str | None = None
    transcript: Transcript | None = None
    error: Exception | None = None

    def result(self) -> Result:
        """What its user is told."""
        return Result(self.item, self.transcript, self.error, self.request_id, self.tries, self.seconds)


class AskedFor:
    """Digests of options, each made once for all recordings that share them."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def digest(self, options: Mapping[str, Any]) -> str:
        """That of these options, which live as long as this."""
        found = self._known.get(id(options))
        if found is None:
            asked, call = split(options)
            # Not how it is asked: more patience, or another proxy's header, is no reason to pay once more.
            asked["addons"], asked["endpoint"] = call.get("addons"), call.get("endpoint")
            text = json.dumps(asked, sort_keys=True, default=_plain, separators=(",", ":"))
            found = self._known[id(options)] = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        return found


def fingerprint(work: Work, asked: AskedFor) -> str:
    """What tells a recording, and what is asked of it, from another under the same key; it may read the disk."""
    parts = [asked.digest(work.options)]
    source = work.item.source
    if isinstance(source, os.PathLike) or (isinstance(source, str) and not is_url(source)):
        try:
            found = os.stat(cast("str", source))  # noqa: PTH116  # of a million paths
            parts.append(f"{found.st_size}-{found.st_mtime_ns}")
        except (OSError, ValueError):  # or no system has such a name
            parts.append("missing")
    else:
        parts.append(_content(source))
    return " ".join(parts)


def _content(source: object) -> str:
    """What tells the audio itself from other audio, as far as that can be known here."""
    if isinstance(source, str):
        return source.partition("?")[0]  # a signed address is another one each time
    if isinstance(source, (bytes, bytearray, memoryview)):
        return hashlib.blake2b(cast("bytes", source), digest_size=8).hexdigest()
    if isinstance(source, Mapping):
        held = cast("Mapping[str, Any]", source)
        return _content(held.get("url") or held.get("buffer"))
    return ""


def _plain(value: object) -> object:
    """What JSON has no word for, the same in each process."""
    return sorted(map(str, cast("set[object]", value))) if isinstance(value, (set, frozenset)) else str(value)


def is_url(source: str) -> bool:
    """Whether a text is an address, and no path."""
    return source[:8].lower().startswith(("http://", "https://"))


def _name(source: object) -> str:
    kind = "function" if callable(source) else type(source).__name__
    if isinstance(source, str):
        return source if is_url(source) else os.path.abspath(source)  # noqa: PTH100  # as of a million strings
    if isinstance(source, os.PathLike):
        return os.path.abspath(cast("os.PathLike[str]", source))  # noqa: PTH100
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"blake2b:{hashlib.blake2b(cast('bytes', source), digest_size=16).hexdigest()}"
    if isinstance(source, Mapping):
        held = cast("Mapping[str, Any]", source)
        if isinstance(held.get("url"), str):
            return str(held["url"])
        if isinstance(held.get("buffer"), (bytes, bytearray, memoryview)):
            return _name(held["buffer"])
    if kind == "function":
        raise DeepgramTypeError(
            "An item whose source is a function needs a `key`: its name in the journal and results."
        )
    raise DeepgramTypeError(
        f"A {kind} is no recording of a batch: pass a path, a URL, bytes, a mapping with "
        '"url" or "buffer", or an `Item` whose source is a function that opens what can be read only once.'
    )


def cause(error: Exception) -> str:
    """The class of an error, as totals and reports count it."""
    if isinstance(error, GivenUp):
        return error.kind
    status = error.status if isinstance(error, DeepgramError) else None
    return f"{type(error).__name__} {status}" if status else type(error).__name__
