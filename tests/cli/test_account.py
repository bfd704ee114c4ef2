"""The commands of the account, run in this process against the local server, which has one."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from contextlib import redirect_stdout
from datetime import datetime, timezone
from typing import Any

import pytest

from dgasync import DeepgramClient, Unauthorized
from dgasync.server import LocalServer
from dgasync.testing import Ruler
from tests.cli.conftest import Ended, Run
from tests.cli.terminal import Terminal


@pytest.fixture
def asked(command: Run, deepgram_server: LocalServer) -> Run:
    """Runs a command with the test's server for a service; its first argument is any number of words."""

    def runs(words: str, *arguments: str) -> Ended:
        service = ("--url", deepgram_server.url, "--api-key", "key", "--retries", "0")
        return command(*words.split(), *arguments, *service)

    return runs


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 100 letters."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    return Terminal(100)


def rows(ended: Ended) -> list[list[str]]:
    assert ended.code == 0, ended.err
    return [line.split("\t") for line in ended.text.splitlines()]


def home(server: LocalServer) -> str:
    with DeepgramClient("key", url=server.url) as deepgram:
        return str(deepgram.projects.list().all()[0].project_id)


def test_projects(asked: Run, deepgram_server: LocalServer) -> None:
    """Projects are listed, shown and renamed; the only one needs no name."""
    project = home(deepgram_server)
    renamed = asked("projects rename", "Radio\x1b[31m")
    shown = asked("projects show")

    assert renamed.code == 0
    assert rows(asked("projects list")) == [[project, "Radio [31m"]]  # nothing of it commands a terminal
    assert rows(asked("projects")) == rows(asked("projects list"))
    assert json.loads(asked("projects", "--json").text) == json.loads(asked("projects list", "--json").text)
    assert ["Project", project] in rows(shown)
    assert json.loads(asked("projects show", "--json").out)["name"] == "Radio\x1b[31m"
    assert [each["project_id"] for each in json.loads(asked("projects list", "--json").out)] == [project]


def test_several_projects(asked: Run, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are several, the one that is meant has to be named; those that there are, are listed."""
    first, second = home(deepgram_server), deepgram_server.add_project("Second")
    code, out, err = asked("keys list")

    assert (code, out) == (2, b"")
    assert "2 projects" in err
    assert f"{first} (" in err
    assert f"{second} (Second)" in err
    assert ["Name", "Second"] in rows(asked("projects show", "--project", second))
    monkeypatch.setenv("DEEPGRAM_PROJECT_ID", second)
    assert ["Name", "Second"] in rows(asked("projects show"))


def test_the_life_of_a_key(asked: Run, deepgram_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is made and printed once, alone on standard output; it works until it is deleted."""
    words = (
        "--comment",
        "for a test",
        "--scope",
        "usage:write",
        "--scope",
        "keys:read",
        "--tag",
        "one",
        "--expires",
        "2h",
    )
    made = asked("keys create", *words)
    secret, key_id = made.text.strip(), re.search(r"the key ([0-9a-f-]{36})", made.err)

    assert made.code == 0
    assert made.err.count("\n") == 1
    assert "only time" in made.err
    assert key_id
    assert secret not in made.err
    with DeepgramClient(secret, url=deepgram_server.url) as deepgram:
        assert deepgram.transcribe(Ruler(1.0).wav()).text

    found = asked("keys list")
    assert rows(found)[0][:4] == [key_id[1], "for a test", "usage:write, keys:read", "one"]
    assert ["Comment", "for a test"] in rows(asked("keys show", key_id[1]))
    (listed,) = json.loads(asked("keys list", "--json", "--status", "active").out)
    assert listed["api_key"]["api_key_id"] == key_id[1]
    assert asked("keys list", "--status", "expired") == (0, b"", "dgasync: there are no keys\n")
    for each in ("keys list", "keys list --json"):
        assert secret not in asked(each).text

    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    unsaid = asked("keys delete", key_id[1])
    assert unsaid.code == 2
    assert "--yes" in unsaid.err
    assert asked("keys delete", "--yes", key_id[1]).code == 0
    with DeepgramClient(secret, url=deepgram_server.url) as deepgram, pytest.raises(Unauthorized):
        deepgram.projects.list().all()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("90m", {"time_to_live_in_seconds": 5400}),
        ("30d", {"time_to_live_in_seconds": 30 * 86400}),
        ("2100-01-31", {"expiration_date": "2100-01-31T00:00:00Z"}),
        ("2100-01-31T12:00:00Z", {"expiration_date": "2100-01-31T12:00:00Z"}),
    ],
)
def test_when_a_key_ends(asked: Run, deepgram_server: LocalServer, given: str, sent: dict[str, Any]) -> None:
    """It ends after a time or at a moment; --json has all that is told of it, the key too."""
    made = asked("keys create", "--json", "--comment", "x", "--scope", "member", "--expires", given)
    request = next(each for each in deepgram_server.requests if each.method == "POST")

    assert json.loads(request.head) == {"comment": "x", "scopes": ["member"], **sent}
    assert made.code == 0
    assert json.loads(made.out)["key"]


def test_a_key_that_never_comes(asked: Run) -> None:
    """What is neither a time nor a moment is refused here."""
    ended = asked("keys create", "--comment", "x", "--scope", "member", "--expires", "soon")

    assert (ended.code, ended.out) == (2, b"")
    assert "'soon'" in ended.err


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 130)])
def test_a_question(
    asked: Run, monkeypatch: pytest.MonkeyPatch, deepgram_server: LocalServer, answer: str, code: int
) -> None:
    """Whoever sits at a terminal is asked before a key is deleted, and nothing but a yes deletes it."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    made = json.loads(asked("keys create", "--json", "--comment", "x", "--scope", "member").out)
    monkeypatch.setattr(sys, "stdin", Keyboard(answer))
    ended = asked("keys delete", made["api_key_id"])

    assert ended.code == code
    assert "locked out" in ended.err
    assert len(asked("keys list").text.splitlines()) == (0 if code == 0 else 1)


def test_people(asked: Run, deepgram_server: LocalServer) -> None:
    """Invites are sent, listed and withdrawn; members are listed, given other roles, and removed."""
    assert asked("invites send", "ada@example.com").code == 0
    deepgram_server.accept_invite(home(deepgram_server), "ada@example.com")
    (ada,) = (row[0] for row in rows(asked("members list")) if "ada@example.com" in row)

    assert asked("members role", ada, "admin").code == 0
    assert [ada, "ada@example.com", "", "admin"] in rows(asked("members list"))
    assert asked("members remove", "--yes", ada).code == 0
    assert ada not in asked("members list", "--json").text

    assert asked("invites send", "bob@example.com", "--scope", "admin").code == 0
    assert rows(asked("invites list")) == [["bob@example.com", "admin"]]
    assert json.loads(asked("invites list", "--json").out) == [{"email": "bob@example.com", "scope": "admin"}]
    assert asked("invites withdraw", "bob@example.com").code == 0
    assert asked("invites list") == (0, b"", "dgasync: there are no invites\n")


@pytest.fixture
def used(deepgram_server: LocalServer) -> LocalServer:
    """The server, after 30 and 10 seconds of audio."""
    with DeepgramClient("key", url=deepgram_server.url) as deepgram:
        deepgram.transcribe(Ruler(30.0).wav(), tag="radio", smart_format=True)
        deepgram.transcribe(Ruler(10.0).wav(), tag="phone")
    return deepgram_server


def test_usage(asked: Run, used: LocalServer) -> None:
    """What was used is a row for each day; a month is the sum of its days, and filters choose what counts."""
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    (day,) = rows(asked("usage"))
    (month,) = rows(asked("usage --by month", "--start", today, "--end", today))
    (chosen,) = rows(asked("usage --used smart_format --tag radio"))

    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day[0])
    assert day[1:] == ["2", "0.011111", "0", "0", "0", "0"]
    assert (month[0], month[1:]) == (today[:7], day[1:])
    assert chosen[1:3] == ["1", "0.008333"]
    nothing = asked("usage --tag nobody")
    assert (nothing.code, nothing.out) == (0, b"")
    assert "nothing was used" in nothing.err


def test_usage_by_what(asked: Run, used: LocalServer) -> None:
    """It can be divided, also into CSV with names; models are called by their names. --json is the service's answer."""
    found = list(csv.DictReader(io.StringIO(asked("usage --csv --grouping tags").text)))

    assert [(each["tags"], each["requests"], each["hours"]) for each in found] == [
        ("phone", "1", "0.002778"),
        ("radio", "1", "0.008333"),
    ]
    assert [row[:2] for row in rows(asked("usage --grouping models"))] == [["ruler", "2"]]
    assert len(rows(asked("usage --grouping endpoint --by week"))[0]) == 8
    answer = json.loads(asked("usage --json --grouping models").out)
    assert answer["resolution"] == {"units": "day", "amount": 1}
    assert asked("usage --json --csv").code == 2


@pytest.mark.parametrize(
    ("arguments", "than"),
    [("--start 2026-02-02 --end 2026-02-01", "--end 2026-02-01"), ("--start 2999-01-01", "today")],
)
def test_a_time_that_ends_before_it_begins(asked: Run, deepgram_server: LocalServer, arguments: str, than: str) -> None:
    """Days in the wrong order are refused, and not told to be empty."""
    ended = asked(f"usage {arguments}")

    assert (ended.code, deepgram_server.requests) == (2, [])
    assert f"is later than {than}" in ended.err


def test_bars(command: Run, used: LocalServer, terminal: Terminal) -> None:
    """On a terminal each row has a bar, as long as its share, without a name of its own; columns of nothing but 0 are
    left out.
    """
    with redirect_stdout(terminal):  # not in the fixture: pytest would put its own in its place
        assert command("usage", "--grouping", "tags", "--url", used.url).code == 0
    names, _, *lines = [line for line in terminal.screen.lines if line.strip()]
    found = {line.split()[0]: line.count("█") for line in lines}

    assert names.split() == ["Tags", "Requests", "Hours"]
    assert 0 < found["phone"] * 3 - 2 <= found["radio"] <= found["phone"] * 3 + 3
    assert found["radio"] == 40


def test_balance(asked: Run, used: LocalServer) -> None:
    """What is left, of what."""
    ((_, left, unit, _),) = rows(asked("balance"))

    assert unit == "USD"
    assert 199 < float(left) < 200
    assert json.loads(asked("balance --json").out)[0]["units"] == "usd"


def test_models(asked: Run, deepgram_server: LocalServer) -> None:
    """Models and voices in one table; filters by kind, language and build leave what fits."""
    (hears, speaks) = rows(asked("models"))

    assert hears[:2] == ["ruler", "hears"]
    assert hears[5:7] == ["yes", "yes"]
    assert speaks[:2] == ["ruler", "speaks"]
    assert "en" in speaks[2].split(", ")
    assert rows(asked("models --language EN --architecture ruler")) == [speaks]
    assert rows(asked("models --kind stt --project", home(deepgram_server))) == [hears]
    assert [each["canonical_name"] for each in json.loads(asked("models --json --kind tts").out)] == ["ruler"]
    assert asked("models --language e") == (0, b"", "dgasync: there is no such model\n")


def test_no_key(command: Run) -> None:
    """Without a key both ways to give one are named."""
    assert command("balance") == (
        3,
        b"",
        "dgasync: there is no API key: set DEEPGRAM_API_KEY, or have `dgasync login` keep one\n",
    )
