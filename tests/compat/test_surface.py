"""Every name of `compat/v3_surface.json`, up to 4.8.1, is here or in `missing.py` with its reason.

What is here takes v3's parameters at v3's positions, and has its fields, members and values.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import dgasync
from tests.compat import missing
from tests.fakes import FakeDownload, FakeTransport, reply

WAITS = {"is_connected": "a coroutine in the async client, since 3.6"}
"""Methods that v3 came to make coroutines later."""

BROKEN = {"file": "always raised in v3 (compat/V3_BEHAVIOUR.md, 9); here it is what `save` is"}
"""Methods that nobody can have called."""

RENAMED = {("AsyncSpeakWSClient", "send"): ["data"], ("SpeakWSClient", "send"): ["data"]}
"""Methods whose parameters had other names at first, and from 3.7.2 to the end of v4 had these."""

TWINS = {("ManageClient", "update_project", "name"): "optional in v3's async client, whose twin ours is"}
"""Parameters that only one of v3's two clients required."""

OF_THE_CLASS = {"type": "the class says it; there is a property of that name", "raw": "a property of every answer"}
"""Fields of v3 that are no fields of the structs, and are there all the same."""

SPELT = {"onprem": "self-hosted", "selfhosted": "self-hosted"}
"""Parts of paths that the official description spells otherwise (DESIGN 2.1)."""

ARGUMENTS: dict[str, Any] = {"callback": "https://example.com/hook", "options": {}}
"""What the methods of v3 are called with; what names a thing is called by the name of its parameter."""


@pytest.fixture(scope="session")
def surface(shared: Path) -> dict[str, Any]:
    path = shared / "compat" / "v3_surface.json"
    if not path.is_file():
        pytest.skip("needs compat/v3_surface.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def names(surface: dict[str, Any]) -> Iterator[str]:
    """Every name, `Class.name` for what a class has."""
    yield from surface["exports"]
    for section in ("clients", "config_classes", "audio_and_utils"):
        for name, entry in surface[section].items():
            yield from (f"{name}.{method}" for method in entry["methods"])
    for section in ("options", "responses", "agent_settings"):
        for entry in surface[section].values():
            for name in classes(entry):
                yield name
                yield from (f"{name}.{field['name']}" for field in entry["fields"])
                for methods in entry["method_set"].values():
                    yield from (f"{name}.{each}" for each in surface["dataclass_method_sets"][methods])
    for name, entry in surface["enums"].items():
        yield from (f"{name}.{member['name']}" for member in entry["members"])
    for section in ("sources", "source_aliases", "errors"):
        yield from surface[section]


def classes(entry: dict[str, Any]) -> list[str]:
    """The names that a class had at the top, or else in its module."""
    return entry["exported_at_top_level_as"] or sorted(set(entry["names"].values()))


def resolves(name: str) -> bool:
    """Whether it is there."""
    found: Any = dgasync
    for part in name.split("."):
        if not (part in dgasync.__all__ if found is dgasync else hasattr(found, part)):
            return False
        found = getattr(found, part)
    return True


def excuse(name: str) -> tuple[str, str] | None:
    """The list and the key in it that excuse a name."""
    first, _, last = name.partition(".")
    for table, key in (("NAMES", name), ("NAMES", first), ("METHODS", last)):
        if key in getattr(missing, table):
            return table, key
    return None


def test_every_name(surface: dict[str, Any]) -> None:
    """Every name is here, or excused; and no excuse is idle."""
    found = list(names(surface))
    assert len(found) > 1500
    absent = {name: excuse(name) for name in found if not resolves(name)}

    assert [name for name, reason in absent.items() if reason is None] == []
    given = {(table, key) for table in ("NAMES", "METHODS") for key in getattr(missing, table)}
    assert given - set(absent.values()) == set()
    assert [name for name in found if name in missing.NAMES and resolves(name)] == []


def test_the_tree(surface: dict[str, Any]) -> None:
    """Every path leads to a class of the listed name, also the newer ones."""
    checked = 0
    for entry in surface["client_tree"]["paths"]:
        if resolves(entry["class"]):
            found = eval(entry["path"], {"client": dgasync.DeepgramClient("key")})
            assert isinstance(found, getattr(dgasync, entry["class"])), entry["path"]
            assert isinstance(found, getattr(dgasync, entry["canonical_class"])), entry["path"]
            checked += 1
        else:
            assert excuse(entry["class"])
    assert checked >= 22


def parameters(function: Any) -> list[str]:
    return [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.name != "self" and each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]


def test_methods_of_clients(surface: dict[str, Any]) -> None:
    """Each method takes v3's parameters, by their names and at their positions, with the same ones required."""
    checked = 0
    for name, client in surface["clients"].items():
        for method, entry in client["methods"].items():
            if not resolves(f"{name}.{method}") or "removed_in" in entry or method in BROKEN or excuse(name):
                continue
            ours = getattr(getattr(dgasync, name), method)
            wanted = [
                each
                for each in entry["params"]
                if each.get("in_3.2.7", True) and each.get("kind") not in ("var_keyword", "var_positional")
            ]
            given = RENAMED.get((name, method)) or [each["name"] for each in wanted]
            assert parameters(ours)[: len(wanted)] == given, (name, method)
            signature = inspect.signature(ours).parameters
            for each, called in zip(wanted, given, strict=True):
                is_required = signature[called].default is inspect.Parameter.empty
                wants = bool(each.get("required")) and (name, method, each["name"]) not in TWINS
                assert is_required == wants, (name, method, each["name"])
            waits = name.startswith("Async") if method in WAITS else entry["coroutine"]
            assert inspect.iscoroutinefunction(ours) == waits, (name, method)
            checked += 1
    assert checked > 120


def test_configuration(surface: dict[str, Any]) -> None:
    """The client and its options take v3's parameters at v3's positions."""
    checked = 0
    for name, config in surface["config_classes"].items():
        for method, entry in config["methods"].items():
            full = f"{name}.{method}"
            if "params" in entry and name != "Deepgram" and resolves(full):
                wanted = [each["name"] for each in entry["params"] if each.get("in_3.2.7", True)]
                assert parameters(getattr(getattr(dgasync, name), method))[: len(wanted)] == wanted, full
                checked += 1
    assert checked > 5


def test_options(surface: dict[str, Any]) -> None:
    """Each options class has its fields unset at first, in v3's order as far as 3.2.7 goes."""
    checked = 0
    for entry in surface["options"].values():
        for name in classes(entry):
            kind = getattr(dgasync, name)
            ours = [field.name for field in dataclasses.fields(kind)]
            positions = [field["name"] for field in entry["fields"] if field["in_3.2.7"]]
            assert ours[: len(positions)] == positions, name
            assert all(value is None for value in vars(kind()).values()), name
            checked += 1
    assert checked >= 12


def test_responses(surface: dict[str, Any]) -> None:
    """Each part of an answer has v3's fields as fields of its own, or as properties that say the same."""
    checked = 0
    for entry in surface["responses"].values():
        for name in classes(entry):
            ours = getattr(dgasync, name)
            fields = {each["name"] for each in entry["fields"] if f"{name}.{each['name']}" not in missing.NAMES}
            absent = fields - set(ours.__struct_fields__)
            assert absent <= OF_THE_CLASS.keys(), name
            assert all(isinstance(getattr(ours, each), property) for each in absent), name
            checked += 1
    assert checked > 100


def test_sources(surface: dict[str, Any]) -> None:
    """Each form of a source has v3's keys."""
    for name, entry in surface["sources"].items():
        assert entry["keys"].keys() <= getattr(dgasync, name).__annotations__.keys(), name


def test_errors(surface: dict[str, Any]) -> None:
    """Each error is an Exception, made and read as v3's was."""
    given = {"message": "text", "status": 400, "original_error": None}
    checked = 0
    for name, entry in surface["errors"].items():
        if not resolves(name):
            continue
        definition = entry["definitions"][0]
        made = getattr(dgasync, name)(*(given[each.split("=")[0].strip()] for each in definition["init"].split(",")))
        assert isinstance(made, Exception)
        for attribute in definition["instance_attributes"]:
            expected = name if attribute == "name" else given[attribute]
            assert getattr(made, attribute) == expected, (name, attribute)
        checked += 1
    assert checked >= 8


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
    """Constants have v3's values, also by the names of later releases, and those of modules have a reason."""
    constants = {name: entry["value"] for name, entry in surface["exports"].items() if entry["kind"] == "constant"}
    here = {name: value for name, value in constants.items() if name not in missing.NAMES}
    assert len(here) >= 8
    assert {name: getattr(dgasync, name) for name in here} == here

    for path in surface["constants"]:
        excused = any(path.startswith(f"{module}.") for module in missing.MODULES)
        assert excused or (path.startswith("audio.") and path.rpartition(".")[2] in here), path


def test_enumerations(surface: dict[str, Any]) -> None:
    """The members of enumerations have v3's values."""
    checked = 0
    for name, entry in surface["enums"].items():
        if resolves(name):
            members = {each["name"]: each["value"] for each in entry["members"]}
            assert members.items() <= {member.name: member.value for member in getattr(dgasync, name)}.items()
            checked += 1
    assert checked >= 2


def test_settings(surface: dict[str, Any]) -> None:
    """Each key of a client's `options`, and each environment variable, is read somewhere, or has a reason."""
    # Who rewrites other people's code knows the names of what is not here.
    package = Path(dgasync.__file__).parent
    source = "".join(path.read_text("utf-8") for path in package.rglob("*.py") if path.parent.name != "migrate")
    keys = {each["key"]: f'"{each["key"]}"' in source for each in surface["options_dict"]}
    assert {key for key, read in keys.items() if not read} == missing.OPTION_KEYS.keys()
    variables = {each["name"].partition("_n ")[0]: each["name"] for each in surface["environment_variables"]}
    assert {name for name in variables if f'"{name}"' not in source} == missing.ENVIRONMENT.keys()


class Service(FakeTransport):
    """Answers everything, in whatever way it is asked."""

    async def _step(self, asked: Any, default: Any) -> Any:
        return FakeDownload(b"audio") if default is None else reply(200, b"{}")


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_calls(surface: dict[str, Any], tmp_path: Path) -> None:
    """Each documented call goes where v3's went, and gives what v3's gave."""
    checked = 0
    for name, versions in surface["endpoints"]["calls"].items():
        door, _, method = name.rpartition(".")
        call = versions.get("4.8.1") or versions.get("3.2.7") or {}
        if "async" not in door or "path" not in call:
            continue  # the sync clients are generated from these
        service = Service()
        async with dgasync.AsyncDeepgramClient("key", transport=service) as client:
            ours = getattr(eval(f"client.{door}.v('1')", {"client": client}), method)
            needed = [
                each.name
                for each in inspect.signature(ours).parameters.values()
                if each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_KEYWORD
            ]
            given = ARGUMENTS | {"filename": tmp_path / "speech", "source": source(method)}
            found = await ours(**{each: given.get(each, f"{{{each}}}") for each in needed})

        request = (service.requests + service.fetched)[0]
        path = [SPELT.get(part, part) for part in call["path"].rstrip("/").split("/")]
        assert request.method == call["verb"], name
        assert [unquote(part) for part in urlsplit(request.url).path.split("/")] == path, name
        if resolves(str(call["returns"])):
            assert isinstance(found, getattr(dgasync, call["returns"])), name
        checked += 1
    assert checked > 55


def source(method: str) -> dict[str, Any]:
    """What a method takes for its source."""
    if "_url" in method:
        return {"url": "https://example.com/thing"}
    return {"buffer": b"bytes"} if "_file" in method else {"text": "hello"}
