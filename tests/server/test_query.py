"""Typed looks into the parameters."""

from __future__ import annotations

import pytest

from dgasync.server.query import Query
from dgasync.server.replies import Refusal


def test_looks() -> None:
    """What is there is read as what it is meant to be; the last of several counts where only one can."""
    query = Query(
        [("tag", "a"), ("tag", "b"), ("speed", "0.9"), ("channels", "2"), ("topics", "TRUE"), ("off", "false")]
    )
    assert (query.all("tag"), query.last("tag"), query.last("none")) == (["a", "b"], "b", None)
    assert (query.number("speed"), query.number("none")) == (0.9, None)
    assert (query.whole("channels", 1, 3), query.whole("none", 1, 3)) == (2, None)
    assert (query.flag("topics"), query.flag("none")) == (True, False)
    assert (query.asked("tag"), query.asked("off"), query.asked("none")) == (True, False, False)
    assert query.one_of("none", ("x", "y"), "y") == "y"
    assert query.callback() == (None, "POST")


@pytest.mark.parametrize(
    ("name", "value", "look", "message"),
    [
        ("speed", "fast", lambda query: query.number("speed"), 'speed: invalid type: string "fast", expected f32'),
        ("speed", "nan", lambda query: query.number("speed"), "expected f32"),
        ("n", "4", lambda query: query.whole("n", 1, 3), "n: expected a whole number from 1 to 3"),
        ("flag", "1", lambda query: query.flag("flag"), "provided string was not `true` or `false`"),
        ("x", "c", lambda query: query.one_of("x", ("a", "b"), "a"), "unknown variant `c`, expected one of `a`, `b`"),
        ("callback_method", "GET", lambda query: query.callback(), "callback_method: expected POST or PUT"),
        ("callback", "ftp://example.com", lambda query: query.callback(), "Invalid callback url."),
    ],
)
def test_refused(name: str, value: str, look: object, message: str) -> None:
    """What is none of its type is refused, in the service's words where they are known."""
    assert callable(look)
    with pytest.raises(Refusal) as caught:
        look(Query([(name, value)]))
    assert (caught.value.status, caught.value.code) == (400, "INVALID_QUERY_PARAMETER")
    assert message in caught.value.message
