"""How loud the library is."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from dgasync import logs
from dgasync.client import AsyncDeepgramClient
from dgasync.errors import DeepgramTypeError


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    handlers, level = list(logs.log.handlers), logs.log.level
    logs.log.handlers[:] = [logging.NullHandler()]
    logs.log.setLevel(logging.NOTSET)
    yield
    logs.log.handlers[:] = handlers
    logs.log.setLevel(level)


def spoken(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.split(" ", 2)[2] for line in capsys.readouterr().err.splitlines()]


def test_silent_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Without `verbose` nothing is written to standard error."""
    AsyncDeepgramClient("k")
    logs.log.info("hello")

    assert capsys.readouterr().err == ""


def test_what_the_users_own_code_does_wrong(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said on standard error, with its traceback, where nobody listens to the logger; else it is logged, once."""
    monkeypatch.setattr(logs.log, "propagate", False)  # pytest listens
    try:
        raise KeyError("mine")
    except KeyError as error:
        logs.cry("A handler of %s raised.", "Open", error=error)
        said = capsys.readouterr().err
        AsyncDeepgramClient("k", verbose=logging.ERROR)
        logs.cry("A handler of %s raised.", "Open", error=error)

    assert said.startswith("dgasync: A handler of Open raised.\nTraceback")
    assert said.endswith("KeyError: 'mine'\n")
    assert capsys.readouterr().err.count("A handler of Open raised.") == 1


def test_one_handler_however_many_clients(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line is written once, and the most talkative client counts."""
    for level in (logging.ERROR, logging.DEBUG, "warning"):
        AsyncDeepgramClient("k", verbose=level)
    logs.log.debug("hello")

    assert spoken(capsys) == ["DEBUG dgasync: hello"]


@pytest.mark.parametrize("levels", [("NOTSET", "DEBUG"), ("DEBUG", "NOTSET")])
def test_no_level_hides_none(levels: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A client that asks for NOTSET leaves the level to the root logger, and takes no other client's away."""
    for level in levels:
        AsyncDeepgramClient("k", verbose=level)
    logs.log.debug("hello")

    assert spoken(capsys) == ["DEBUG dgasync: hello"]


@pytest.mark.parametrize(("name", "number"), [("SPAM", 5), ("VERBOSE", 15), ("NOTICE", 25), ("SUCCESS", 35)])
def test_the_documented_levels(name: str, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The levels between Python's own have numbers and names."""
    logs.speak_up(name.lower())
    logs.log.log(getattr(logs, name), "hello")

    assert getattr(logs, name) == number
    assert spoken(capsys) == [f"{name} dgasync: hello"]


def test_a_level_as_text() -> None:
    """An environment variable holds a number as text or a name; anything else is an error."""
    logs.speak_up("10")
    assert logs.log.level == 10
    with pytest.raises(DeepgramTypeError, match="level"):
        logs.speak_up("loud")


def test_a_logger_with_a_method_for_each_level() -> None:
    """As v3 had it; the line that is named is that of who calls."""
    logger = logs.VerboseLogger("of a test", logs.VERBOSE)
    seen: list[logging.LogRecord] = []
    logger.addHandler(logging.NullHandler())
    logger.addFilter(lambda record: seen.append(record) or True)  # type: ignore[func-returns-value]
    for say in (logger.spam, logger.verbose, logger.notice, logger.success):
        say("%s is heard", "this")

    assert [record.levelno for record in seen] == [logs.VERBOSE, logs.NOTICE, logs.SUCCESS]
    assert {record.getMessage() for record in seen} == {"this is heard"}
    assert {record.funcName for record in seen} == {"test_a_logger_with_a_method_for_each_level"}


def test_where_v3_had_the_levels() -> None:
    """v3's examples import them from `utils`."""
    from dgasync.utils import verboselogs

    assert verboselogs is logs
