"""Every name, method, parameter and field of v3.2.7 (`compat/v3_surface.json`) is here, or below with its reason."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dgasync

LATER = {
    "manage": "the account",
    "read.analyze": "text intelligence",
    "selfhosted": "self-hosted",
    "speak.rest": "text to speech",
}
"""Areas that come with an issue of their own; nothing of them is checked yet."""

BOTH = {"UrlSource", "BufferSource", "Sentiment"}
"""Of a later area by the list, and of recordings too."""

LATER_NAMES = {
    "AnalyzeSource": "text intelligence",
    "Read": "text intelligence",
    "SpeakSource": "text to speech",
    "DeepgramClient.read": "text intelligence",
    "DeepgramClient.speak": "text to speech",
    "DeepgramClient.asyncspeak": "text to speech",
    "DeepgramClient.manage": "the account",
    "DeepgramClient.asyncmanage": "the account",
    "DeepgramClient.onprem": "self-hosted",
    "DeepgramClient.asynconprem": "self-hosted",
}
"""Single names that come with a later issue. One that has come is an error here: take it off the list."""

NEVER = {
    "audio": "a module that v3 happened to show",
    "client": "a module that v3 happened to show",
    "clients": "a module that v3 happened to show",
    "errors": "a module that v3 happened to show",
    "logging": "a module of Python that v3 happened to show",
    "options": "a module that v3 happened to show",
    "AbstractAsyncRestClient": "the inside of v3; `request()` is for what has no verb",
    "AbstractSyncRestClient": "the inside of v3; `request()` is for what has no verb",
}
"""Names that users had no use for."""

CHECKED = ("listen.rest", "listen.websocket")
"""Areas whose clients, options and answers are checked name by name."""

WITHOUT = {
    "schema": "of the JSON library that v3 used; the types are annotations here",
    "__setitem__": "raises",
    "delegate_listening": "the loudspeaker, which comes with text to speech",
    "send_ping": "pings are the transport's business; v3 dropped it in 3.2.2",
    "signal_exit": "v3 dropped it in 3.2.2; `finish` ends a session",
}
"""Methods that nobody misses, or not yet."""

OF_THE_CLASS = {"type": "the class says it; there is a property of that name", "raw": "a property of every answer"}
"""Fields of v3 that are no fields of the structs, and are there all the same."""


@pytest.fixture(scope="session")
def surface(shared: Path) -> dict[str, Any]:
    path = shared / "compat" / "v3_surface.json"
    if not path.is_file():
        pytest.skip("needs compat/v3_surface.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def base(entries: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Those of 3.2.7."""
    for name, entry in entries.items():
        if entry.get("in_3.2.7", True):
            yield name, entry


def here(names: set[str]) -> set[str]:
    """The names that are not there although no list excuses them, or are there although one does."""
    excused = LATER_NAMES.keys() | NEVER.keys()
    resolved = {name for name in names if resolves(name)}
    return (names - resolved - excused) | (resolved & names & excused)


def resolves(name: str) -> bool:
    found: Any = dgasync
    for part in name.split("."):
        if not (part in dgasync.__all__ if found is dgasync else hasattr(found, part)):
            return False
        found = getattr(found, part)
    return True


def test_names_at_the_top(surface: dict[str, Any]) -> None:
    """Every name that `deepgram` had is a name of `dgasync`."""
    names = {name for name, entry in base(surface["exports"]) if entry.get("area") not in LATER or name in BOTH}

    assert len(names) > 20
    assert here(names) == set()


def test_the_tree(surface: dict[str, Any]) -> None:
    """Every path to transcription leads to a class of the listed name, also the newer ones."""
    paths = [entry for entry in surface["client_tree"]["paths"] if entry["path"].startswith("client.listen.")]
    assert len(paths) == 8

    for entry in paths:
        found = eval(entry["path"], {"client": dgasync.DeepgramClient("key")})
        assert isinstance(found, getattr(dgasync, entry["class"])), entry["path"]
        assert isinstance(found, getattr(dgasync, entry["canonical_class"])), entry["path"]


def parameters(function: Any) -> list[str]:
    return [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.name != "self" and each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]


def test_methods_of_clients(surface: dict[str, Any]) -> None:
    """Each method takes v3's parameters, by their names and at their positions, with the same ones required."""
    checked = 0
    for name, client in base(surface["clients"]):
        if client["area"] not in CHECKED:
            continue
        rest = client["area"] == "listen.rest"  # what was added there later is the inside of v3
        for method, entry in client["methods"].items():
            if method in WITHOUT or (rest and (entry.get("transport_helper") or not entry["in_3.2.7"])):
                continue
            ours = getattr(getattr(dgasync, name), method)
            wanted = [
                each for each in entry["params"] if each.get("in_3.2.7", True) and each.get("kind") != "var_keyword"
            ]
            assert parameters(ours)[: len(wanted)] == [each["name"] for each in wanted], (name, method)
            signature = inspect.signature(ours).parameters
            for each in wanted:
                assert (signature[each["name"]].default is inspect.Parameter.empty) == bool(each.get("required"))
            # Since 3.6 that one is a coroutine in the async client.
            waits = entry["coroutine"] or (method == "is_connected" and name.startswith("Async"))
            assert inspect.iscoroutinefunction(ours) == waits, (name, method)
            checked += 1
    assert checked == 26


def test_configuration(surface: dict[str, Any]) -> None:
    """The client and its options take v3's parameters at v3's positions, and have its properties and methods."""
    missing = set()
    for name, config in base(surface["config_classes"]):
        if name in LATER_NAMES:
            continue
        for method, entry in base(config["methods"]):
            full = f"{name}.{method}"
            if not resolves(full) or full in LATER_NAMES:
                missing |= here({full})
            elif "params" in entry and name != "Deepgram":
                wanted = [each["name"] for each in entry["params"]]
                assert parameters(getattr(getattr(dgasync, name), method))[: len(wanted)] == wanted, full
    assert missing == set()


@pytest.mark.parametrize("name", ["listen.rest:PrerecordedOptions", "listen.websocket:LiveOptions"])
def test_options(name: str, surface: dict[str, Any]) -> None:
    """Each option v3 ever had is a field, unset at first, in v3's order as far as 3.2.7 goes; so are its methods."""
    entry = surface["options"][name]
    kind = getattr(dgasync, name.partition(":")[2])
    ours = [field.name for field in dataclasses.fields(kind)]

    assert {field["name"] for field in entry["fields"]} <= set(ours)
    assert all(value is None for value in vars(kind()).values())
    positions = [field["name"] for field in entry["fields"] if field["in_3.2.7"]]
    assert ours[: len(positions)] == positions
    for method in set(surface["dataclass_method_sets"]["M1"]) - {"schema"}:
        assert callable(getattr(kind, method)), method


def test_responses(surface: dict[str, Any]) -> None:
    """Each part of an answer has all of v3's fields, those of later releases too, and its methods."""
    checked = 0
    for _, entry in base(surface["responses"]):
        if entry["area"] not in CHECKED:
            continue
        name = (entry["exported_at_top_level_as"] or [entry["names"]["3.2.7"]])[0]
        ours = getattr(dgasync, name)
        fields = {field["name"] for field in entry["fields"] if field["in_3.2.7"] or "removed_in" not in field}
        missing = fields - set(ours.__struct_fields__)
        assert missing <= OF_THE_CLASS.keys(), name
        assert all(isinstance(getattr(ours, each), property) for each in missing), name
        for method in set(surface["dataclass_method_sets"][entry["method_set"]["3.2.7"]]) - WITHOUT.keys():
            assert callable(getattr(ours, method)), (name, method)
        for other in entry["exported_at_top_level_as"]:
            assert resolves(other), other
        checked += 1
    assert checked > 32


def test_sources(surface: dict[str, Any]) -> None:
    """Each form of a source has v3's keys."""
    checked = 0
    for name, entry in base(surface["sources"]):
        if "listen.rest" in entry["areas"]:
            assert entry["keys"].keys() <= getattr(dgasync, name).__annotations__.keys(), name
            checked += 1
    assert checked == 3
    assert here({name for name, _ in base(surface["source_aliases"])}) == set()


def test_errors(surface: dict[str, Any]) -> None:
    """Each error is at the top, an Exception, and made and read as v3's was."""
    names = {
        name
        for name, entry in surface["errors"].items()
        if any(int(each["since"].split(".")[1]) < 3 for each in entry["definitions"])
    }
    assert here(names) == set()
    for name in names - LATER_NAMES.keys():
        error = getattr(dgasync, name)
        definition = surface["errors"][name]["definitions"][0]
        given = {"message": "text", "status": 400, "original_error": None}
        made = error(*(given[each.split("=")[0].strip()] for each in definition["init"].split(",")))
        for attribute in definition["instance_attributes"]:
            expected = name if attribute == "name" else given[attribute]
            assert getattr(made, attribute) == expected, (name, attribute)


def test_levels(surface: dict[str, Any]) -> None:
    """The logging levels have v3's numbers."""
    for name, number in surface["log_levels"].items():
        if name != "source":
            assert getattr(dgasync.verboselogs, name) == getattr(dgasync, name) == number


def test_the_microphone(surface: dict[str, Any]) -> None:
    """The microphone has all of v3's methods, its parameters at their positions, and their defaults."""
    methods = surface["audio_and_utils"]["Microphone"]["methods"]
    assert len(methods) == 8

    for name, entry in methods.items():
        ours = getattr(dgasync.Microphone, name)
        assert parameters(ours) == [each["name"] for each in entry["params"]], name
        assert not inspect.iscoroutinefunction(ours)
        for each in entry["params"]:
            default = inspect.signature(ours).parameters[each["name"]].default
            assert default == each.get("default", inspect.Parameter.empty), (name, each["name"])


def test_the_constants(surface: dict[str, Any]) -> None:
    """The microphone's constants have v3's values, also by the names of later releases."""
    constants = {
        name: entry["value"]
        for name, entry in surface["exports"].items()
        if entry["kind"] == "constant" and name.removeprefix("INPUT_") in ("LOGGING", "CHANNELS", "RATE", "CHUNK")
    }

    assert len(constants) == 8
    assert {name: getattr(dgasync, name) for name in constants} == constants


@pytest.mark.parametrize("name", ["Sentiment", "LiveTranscriptionEvents"])
def test_enumerations(name: str, surface: dict[str, Any]) -> None:
    """The enumerations of moods and of events have v3's members."""
    members = {each["name"]: each["value"] for each in surface["enums"][name]["members"]}

    assert members.items() <= {member.name: member.value for member in getattr(dgasync, name)}.items()


def test_the_endpoints(surface: dict[str, Any]) -> None:
    """The default endpoint of each call is v3's."""
    for name in ("transcribe_url", "transcribe_file", "transcribe_url_callback", "transcribe_file_callback"):
        call = surface["endpoints"]["calls"][f"listen.prerecorded.{name}"]["3.2.7"]
        endpoint = inspect.signature(getattr(dgasync.PreRecordedClient, name)).parameters["endpoint"].default
        assert f"/{endpoint}" == call["path"]
