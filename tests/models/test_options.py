"""What every options class can do, shown by a small one."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from dgasync.errors import DeepgramTypeError
from dgasync.models.options import Options


@dataclass(eq=False, repr=False)
class SmallOptions(Options):
    model: str | None = None
    smart_format: bool | None = None
    keyterm: str | Sequence[str] | None = None


@dataclass(eq=False, repr=False)
class OtherOptions(Options):
    model: str | None = None


@pytest.fixture
def options() -> SmallOptions:
    return SmallOptions(model="nova-3", smart_format=True)


def test_attributes(options: SmallOptions) -> None:
    """Options are read and set as attributes; what was not given is None."""
    options.keyterm = ["Ypsilanti"]

    assert (options.model, options.keyterm, SmallOptions().model) == ("nova-3", ["Ypsilanti"], None)


def test_positions() -> None:
    """Options go by position too, as in v3."""
    assert SmallOptions("nova-3", True) == SmallOptions(model="nova-3", smart_format=True)


def test_keys(options: SmallOptions) -> None:
    """Options are read and set by `[]`."""
    options["keyterm"] = "Ypsilanti"

    assert options["keyterm"] == options.keyterm == "Ypsilanti"


def test_false_is_set() -> None:
    """False is a value like any other."""
    assert SmallOptions(smart_format=False).to_dict() == {"smart_format": False}


def test_unset_key(options: SmallOptions) -> None:
    """An option that was not set is a KeyError by `[]`, and not `in`."""
    with pytest.raises(KeyError):
        options["keyterm"]
    assert "keyterm" not in options
    assert "model" in options
    assert options.get("keyterm", "none") == "none"


@pytest.mark.parametrize("key", ["no_such_option", "to_dict", "__class__", 3])
def test_foreign_key(options: SmallOptions, key: str) -> None:
    """Only options are found by `[]`."""
    with pytest.raises(KeyError):
        options[key]
    assert key not in options


def test_delete_key(options: SmallOptions) -> None:
    """An option can be unset again, once."""
    del options["model"]

    assert options.model is None
    with pytest.raises(KeyError):
        del options["model"]


def test_unknown_argument() -> None:
    """A misspelt argument says what was meant, and is the TypeError Python would raise."""
    with pytest.raises(DeepgramTypeError, match="SmallOptions has no option 'keyterms'; did you mean 'keyterm'") as got:
        SmallOptions(keyterms=["a"])  # type: ignore[call-arg]
    assert isinstance(got.value, TypeError)


def test_unknown_attribute(options: SmallOptions) -> None:
    """A misspelt attribute is an error, not an option that is silently never sent."""
    with pytest.raises(DeepgramTypeError, match="did you mean 'smart_format'"):
        options.smartformat = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["smartformat", 3])
def test_unknown_key(options: SmallOptions, key: str) -> None:
    """A misspelt key is the same error."""
    with pytest.raises(DeepgramTypeError):
        options[key] = True


def test_mapping_manners(options: SmallOptions) -> None:
    """The options that are set unpack into a dict."""
    assert {**options} == dict(options) == {name: options[name] for name in options} == options.to_dict()


def test_json(options: SmallOptions) -> None:
    """JSON holds what is set; `str` lays it out as v3 did."""
    assert json.loads(options.to_json()) == {"model": "nova-3", "smart_format": True}
    assert str(options) == options.to_json(indent=4) == json.dumps(options.to_dict(), indent=4)


def test_round_trip(options: SmallOptions) -> None:
    """Options come back from dict, JSON, pickle and copy as they went."""
    assert SmallOptions.from_dict(options.to_dict()) == options
    assert SmallOptions.from_json(options.to_json()) == options
    assert SmallOptions.from_json(options.to_json().encode()) == options
    assert pickle.loads(pickle.dumps(options)) == options
    assert copy.deepcopy(options) == options


def test_from_dict_checks() -> None:
    """A dict with a misspelt key is refused."""
    with pytest.raises(DeepgramTypeError, match="did you mean 'keyterm'"):
        SmallOptions.from_dict({"keyterms": "a"})


@pytest.mark.parametrize("text", ["{", "[1]", "null"])
def test_from_json_of_no_object(text: str) -> None:
    """Text that is no JSON object is refused."""
    with pytest.raises(DeepgramTypeError, match="JSON"):
        SmallOptions.from_json(text)


def test_equality(options: SmallOptions) -> None:
    """Options are equal if they are of one kind and set the same."""
    assert options == SmallOptions(smart_format=True, model="nova-3")
    assert options != SmallOptions(model="nova-3")
    assert OtherOptions(model="nova-3") != SmallOptions(model="nova-3")
    assert options != options.to_dict()


def test_no_hash(options: SmallOptions) -> None:
    """What can be changed has no hash."""
    with pytest.raises(TypeError):
        hash(options)


def test_repr(options: SmallOptions) -> None:
    """The repr has what is set."""
    assert repr(options) == "SmallOptions(model='nova-3', smart_format=True)"


def test_check(options: SmallOptions) -> None:
    """v3's `check` says True."""
    assert options.check() is True


def test_subclass() -> None:
    """Users' subclasses take the same options."""

    class Mine(SmallOptions):
        pass

    assert Mine(model="nova-3").to_dict() == {"model": "nova-3"}


def test_eval(options: SmallOptions) -> None:
    """A path is read as in later v3; what is not there is empty text."""
    options.keyterm = ["a", "b"]

    assert (options.eval("keyterm.1"), options.eval("keyterm.7"), options.eval("nothing")) == ("b", "", "")
