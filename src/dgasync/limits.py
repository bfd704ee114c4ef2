"""Every number that bounds something, with its unit and where it comes from.

Tests and callers import the names; nothing else in the package spells such a number out.
"""

__all__ = [
    "BODY_CHUNK",
    "CLOSE_TIMEOUT",
    "CONNECT_TIMEOUT",
    "COOL_DOWN_LIMIT",
    "HANDOVER",
    "MAX_ANSWER",
    "MAX_REDIRECTS",
    "MAX_RETRIES",
    "READ_TIMEOUT",
    "RETRY_BASE",
    "RETRY_CAP",
    "TOKEN_MARGIN",
    "TOKEN_TTL",
    "WRITE_IDLE",
]

CONNECT_TIMEOUT = 10.0
"""Seconds to a ready connection: name, TCP and TLS together."""

READ_TIMEOUT = 600.0
"""Seconds without a byte of the answer. Nothing arrives before all is heard, and an hour of audio takes minutes."""

WRITE_IDLE = 30.0
"""Seconds in which the other side takes no byte of an upload that has more to give."""

CLOSE_TIMEOUT = 2.0
"""Seconds that clean-up may take before it is abandoned."""

MAX_REDIRECTS = 5
"""Redirects followed for one request."""

MAX_RETRIES = 2
"""Tries after the first one."""

RETRY_BASE = 0.5
"""Seconds: the first delay is drawn from 0 to this, each later one from 0 to twice as much (full jitter)."""

RETRY_CAP = 8.0
"""Seconds: no drawn delay is longer. A Retry-After of the server is not capped by it."""

COOL_DOWN_LIMIT = 60.0
"""Seconds: a Retry-After longer than this is not waited for; the error carries it as `retry_after`."""

TOKEN_TTL = 30.0
"""Seconds a minted token of unstated lifetime is taken to live: the service's default (docs, "Token-based auth")."""

TOKEN_MARGIN = 0.2
"""Share of a token's lifetime before whose end a new one is asked for."""

BODY_CHUNK = 1024 * 1024
"""Bytes of one read of a file that is uploaded."""

HANDOVER = 2 * 1024 * 1024
"""Bytes of a body that may wait between a caller and the loop thread."""

MAX_ANSWER = 512 * 1024 * 1024
"""Bytes of an answer kept in memory. An hour of words is about 3 MB."""
