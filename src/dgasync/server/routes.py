"""What is where: a method and a path lead to what answers, and say which scope a key needs for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from aiohttp import web

from dgasync.server.replies import Refusal

if TYPE_CHECKING:
    from dgasync.server.app import Service
    from dgasync.server.askers import Asker
    from dgasync.server.faults import Fault
    from dgasync.server.ledger import Use
    from dgasync.server.record import Received
    from dgasync.server.upload import Upload

__all__ = ["WEBSOCKET", "Call", "Handler", "Route", "Routes"]

WEBSOCKET = "WEBSOCKET"
"""What stands for a method where a websocket is opened."""


@dataclass
class Call:
    """One request, and all that its handler needs."""

    service: Service
    request: web.BaseRequest
    upload: Upload
    asker: Asker
    ids: Mapping[str, str]
    """What stands in the path for `{project_id}` and its like, decoded."""
    use: Use | None = None
    """What of it counts as use; the handler of a product fills it in (see `ledger.Use`)."""
    fault: Fault | None = None
    """What is to go wrong on an open websocket."""
    whole: bool = False
    """Whether the answer must be there before any of it is sent: something is to go wrong with its bytes."""

    @property
    def received(self) -> Received:
        """The request as it is remembered."""
        return self.upload.received

    @property
    def request_id(self) -> str:
        """What the answer calls it."""
        return self.received.request_id


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One operation. Modules export theirs as `ROUTES`; `app` lists the modules."""

    method: str
    """`"GET"` and so on, or `WEBSOCKET`."""
    path: str
    """As in `/v1/projects/{project_id}`: each pair of braces stands for one segment."""
    handler: Handler
    scope: str = ""
    """What a key must be allowed; empty: any key will do."""
    endpoint: str = ""
    """`"listen"`, `"speak"`, `"read"` or `"agent"`: its use is counted under this name. Empty: it is not counted."""


@dataclass
class _Node:
    routes: dict[str, Route] = field(default_factory=dict[str, Route])
    names: tuple[str, ...] = ()
    below: dict[str, _Node] = field(default_factory=dict[str, "_Node"])


class Routes:
    """All of them."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node, names = self._root, list[str]()
            for segment in route.path.split("/")[1:]:
                wild = segment.startswith("{")
                if wild:
                    names.append(segment[1:-1])
                node = node.below.setdefault("{}" if wild else segment, _Node())
            node.names = tuple(names)
            assert route.method not in node.routes, f"two routes for {route.method} {route.path}"
            node.routes[route.method] = route

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """The route and the ids in a path as it came, percent-encoded; raises `Refusal` where there is none."""
        # Old official clients end some paths with a slash.
        segments = [unquote(segment) for segment in raw_path.removesuffix("/").split("/")[1:]]
        node, ids = self._root, list[str]()
        for segment in segments:
            inner = node.below.get(segment) if segment != "{}" else None
            if inner is None and segment:
                inner = node.below.get("{}")
                ids.append(segment)
            if inner is None:
                break
            node = inner
        else:
            if node.routes:
                return self._of(node, method), dict(zip(node.names, ids, strict=True))
        raise Refusal(404, "NOT_FOUND", f"There is nothing at {unquote(raw_path)}.")

    @staticmethod
    def _of(node: _Node, method: str) -> Route:
        # Who asks for a websocket where there is none may get the plain answer (RFC 9110, 7.8).
        route = node.routes.get(method) or (node.routes.get("GET") if method == WEBSOCKET else None)
        if route is None:
            allowed = ", ".join(sorted(set(node.routes) - {WEBSOCKET})) or "GET"
            message = f"{'GET' if method == WEBSOCKET else method} is not possible here."
            raise Refusal(405, "METHOD_NOT_ALLOWED", message, {"Allow": allowed})
        return route
