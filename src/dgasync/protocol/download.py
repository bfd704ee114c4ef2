"""Audio that is fetched from an address: how that is written, where it leads, and whether it gives audio at all."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

from dgasync.errors import DeepgramConnectionError, DeepgramError, DeepgramTypeError
from dgasync.limits import MAX_REDIRECTS
from dgasync.protocol.request import same_origin

__all__ = ["redirect", "refusal", "shown", "web_address"]

# What RFC 3986 allows in a path or a query as it is, and "%": what comes encoded stays so, or a signature would break.
_SAFE = "/?%:@!$&'()*+,;=-._~"

# Too early, too many, too slow: the same address may well answer later.
_PASSING = frozenset({408, 425, 429})


def web_address(text: str) -> str:
    """An http(s) address as it goes to the wire, for one as people type it.

    Raises:
        DeepgramTypeError: it is none.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
        ascii_host = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except ValueError:  # brackets that do not close, a port that is no number, a name that is none
        raise DeepgramTypeError("The URL of the audio has a host or a port that cannot be.") from None
    if parts.scheme not in ("http", "https"):
        raise DeepgramTypeError(f"Live audio is fetched from http and https addresses; got one of {parts.scheme!r}.")
    if not host or not host.isprintable() or any(each in host for each in ' \\<>^|{}"`'):
        raise DeepgramTypeError("The URL of the audio has no host, or one that cannot be.")
    user, at, _ = parts.netloc.rpartition("@")
    authority = f"{quote(user, _SAFE)}{at}{ascii_host}" + ("" if port is None else f":{port}")
    query = f"?{quote(parts.query, _SAFE)}" if parts.query else ""
    return f"{parts.scheme}://{authority}{quote(parts.path, _SAFE) or '/'}{query}"


def shown(url: str) -> str:
    """The address without what may be secret in it: user name, password, query and fragment."""
    scheme, mark, rest = url.partition("?")[0].partition("#")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


def redirect(url: str, status: int, location: str | None) -> str | None:
    """Where an answer leads, None when it is none that leads on.

    From https to http too: nothing of ours goes along, and radio stations do so.
    """
    if status not in (301, 302, 303, 307, 308) or not location:
        return None
    try:
        target = web_address(urljoin(url, location))
    except ValueError:
        return None
    except DeepgramTypeError:
        return None
    if same_origin(url, target) and "@" not in urlsplit(target).netloc:
        # Who may enter there was told, and not where else.
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        target = target.replace("://", f"://{user}{at}", 1)
    return target


def refusal(url: str, status: int, content_type: str | None) -> DeepgramError | None:
    """Why the answer of an address cannot be audio; None when it can."""
    where = shown(url)
    if status in (200, 206):
        found = _misfit(content_type)
        return None if found is None else DeepgramTypeError(f"{where} gives {found}")
    error: DeepgramError
    if status >= 500 or status in _PASSING:
        error = DeepgramConnectionError(f"{where} does not give its audio now: it answers {status}.")
    elif status in (401, 403):
        error = DeepgramTypeError(
            f"{where} refuses to give its audio ({status}). A user name and a password can stand in the URL, before "
            "the host: https://user:password@host/."
        )
    elif 300 <= status < 400:
        error = DeepgramTypeError(
            f"{where} leads nowhere: it answers {status}, without another address or after {MAX_REDIRECTS} of them."
        )
    else:
        error = DeepgramTypeError(f"There is no audio at {where}: it answers {status}.")
    error.status = status
    return error


def _misfit(content_type: str | None) -> str | None:
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind.endswith(("mpegurl", "scpls", "pls+xml", "dash+xml", "mpeg.dash.mpd")):
        return f"a playlist ({kind}), not the audio itself: pass the address of a stream that stands in it."
    if kind in ("text/html", "application/xhtml+xml"):
        return f"a web page ({kind}), not audio: pass the address of the stream or the file itself."
    if kind in ("application/json", "text/json", "application/xml", "text/xml") or kind.endswith(("+json", "+xml")):
        return f"data ({kind}), not audio."
    return None
