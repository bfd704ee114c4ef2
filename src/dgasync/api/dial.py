"""How sessions reach the service: a websocket for a product's options, dialled as often as it is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from dgasync.api.call import Call
from dgasync.api.road import Road
from dgasync.protocol.request import Safety

if TYPE_CHECKING:
    from dgasync.models.params import CallParams
    from dgasync.transport.seam import Socket

__all__ = ["Dial", "dialler"]

Dial = Callable[[int | None], Awaitable["Socket"]]
"""Opens a connection; the number says how often to try again, None: as often as the client does."""


def dialler(
    road: Road,
    endpoint: str,
    options: Mapping[str, Any],
    call: CallParams,
    *,
    known: Collection[str],
    what: str,
) -> Dial:
    """What dials a product's websocket; the options are read at each call, so they may change meanwhile."""

    def dial(max_retries: int | None) -> Awaitable[Socket]:
        return road.connect(
            Call(
                "GET",
                call.get("endpoint") or endpoint,
                what=what,
                safety=Safety.READ,
                options=options,
                known=known,
                addons=call.get("addons"),
                headers=call.get("headers"),
                timeout=call.get("timeout"),
                max_retries=max_retries,
                strict=call.get("strict"),
            )
        )

    return dial
