"""Paths: found as they come, ids decoded."""

from __future__ import annotations

import pytest
from aiohttp import web

from dgasync.server.replies import Refusal
from dgasync.server.routes import WEBSOCKET, Call, Route, Routes


async def answer(call: Call) -> web.StreamResponse:
    raise NotImplementedError


ROUTES = Routes(
    [
        Route("GET", "/v1/things", answer),
        Route("POST", "/v1/things", answer),
        Route("GET", "/v1/things/{thing}/parts/{part}", answer),
        Route("DELETE", "/v1/things/{other}/parts", answer),
        Route("POST", "/v1/talk", answer),
        Route(WEBSOCKET, "/v1/talk", answer),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "found", "ids"),
    [
        ("GET", "/v1/things", "/v1/things", {}),
        ("GET", "/v1/things/", "/v1/things", {}),
        (WEBSOCKET, "/v1/things", "/v1/things", {}),
        ("GET", "/v1/things/a%2Fb/parts/%7B%7D", "/v1/things/{thing}/parts/{part}", {"thing": "a/b", "part": "{}"}),
        ("GET", "/v1/things/{}/parts/parts", "/v1/things/{thing}/parts/{part}", {"thing": "{}", "part": "parts"}),
        ("DELETE", "/v1/things/%C3%A9/parts/", "/v1/things/{other}/parts", {"other": "é"}),
        (WEBSOCKET, "/v1/talk", "/v1/talk", {}),
    ],
)
def test_found(method: str, path: str, found: str, ids: dict[str, str]) -> None:
    """A path leads to its route, with what stands in the braces decoded."""
    route, told = ROUTES.find(method, path)
    assert (route.path, told) == (found, ids)


@pytest.mark.parametrize(
    "path", ["/", "", "/v1", "/v1/things/a", "/v1/things//parts", "/v1/things/a/parts/b/c", "/x%20y"]
)
def test_nothing_there(path: str) -> None:
    """Any other path is a 404, also where one goes on behind it."""
    with pytest.raises(Refusal) as caught:
        ROUTES.find("GET", path)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("PUT", "/v1/things", "GET, POST"), ("GET", "/v1/talk", "POST"), ("GET", "/v1/things/x/parts", "DELETE")],
)
def test_other_methods(method: str, path: str, allow: str) -> None:
    """Another method is a 405 that names those there are."""
    with pytest.raises(Refusal, match="is not possible here") as caught:
        ROUTES.find(method, path)
    assert (caught.value.status, caught.value.headers) == (405, {"Allow": allow})


def test_twice() -> None:
    """Two routes for the same are a mistake of ours."""
    with pytest.raises(AssertionError, match="two routes for GET /v1/a"):
        Routes([Route("GET", "/v1/a", answer), Route("GET", "/v1/a", answer)])
