"""How answers and their parts are read."""

from __future__ import annotations

import copy
import gc
import json
import pickle

import msgspec
import pytest

from dgasync.errors import DecodeError, DeepgramError, DeepgramTypeError
from dgasync.models.base import Answer, Headers, Model, Number, decode


class Leaf(Model, frozen=True, kw_only=True):
    word: str | None = None
    count: Number | None = None


class Tree(Answer, frozen=True, kw_only=True):
    name: str | None = None
    leaves: list[Leaf] | None = None
    leaf: Leaf | None = None


RAW = (
    '{"name": "Tür", "leaf": null, "leaves": [{"word": "a", "count": 1.0, "new": 7}], "later": {"x": [null]}}'.encode()
)


@pytest.fixture
def tree() -> Tree:
    """An answer with its bytes: an unknown field at the top and one deep inside, and nulls."""
    return decode(Tree, RAW).adopt(RAW, {"Dg-Request-Id": "abc", "Content-Type": "application/json"})


@pytest.fixture
def bare() -> Tree:
    """The same without its bytes."""
    return decode(Tree, RAW).adopt(None)


class TestModel:
    def test_fields(self) -> None:
        """A part is read by attribute or by key; what the service left out is None, and a KeyError."""
        leaf = Leaf(word="a")

        assert (leaf.word, leaf["word"], leaf.count) == ("a", "a", None)
        with pytest.raises(KeyError):
            leaf["count"]
        with pytest.raises(KeyError):
            leaf["to_dict"]

    def test_mapping_manners(self) -> None:
        """Keys are the fields with a value."""
        leaf = Leaf(word="a")

        assert (leaf.keys(), list(leaf), dict(leaf)) == (["word"], ["word"], {"word": "a"})
        assert "word" in leaf
        assert "count" not in leaf
        assert (leaf.get("word"), leaf.get("count"), leaf.get("count", 3)) == ("a", None, 3)

    def test_json(self) -> None:
        """JSON leaves None out; `str` lays it out as v3 did."""
        leaf = Leaf(word="ä")

        assert (leaf.to_dict(), leaf.to_json()) == ({"word": "ä"}, '{"word": "ä"}')
        assert leaf.to_json(ensure_ascii=True) == '{"word": "\\u00e4"}'
        assert str(leaf) == leaf.to_json(indent=4) == '{\n    "word": "ä"\n}'

    def test_round_trip(self) -> None:
        """A part comes back from its dict and its JSON."""
        leaf = Leaf(word="a", count=2)

        assert Leaf.from_dict(leaf.to_dict()) == leaf
        assert Leaf.from_json(leaf.to_json()) == leaf
        assert hash(Leaf.from_json(leaf.to_json().encode())) == hash(leaf)

    def test_read_only(self) -> None:
        """Setting a key says that a copy can be changed; attributes are frozen too."""
        leaf = Leaf(word="a")

        with pytest.raises(DeepgramTypeError, match=r"cannot be changed.*to_dict\(\) gives a copy"):
            leaf["word"] = "b"
        with pytest.raises(AttributeError):
            leaf.word = "b"  # type: ignore[misc]

    def test_repr(self) -> None:
        """The repr has what is there."""
        assert repr(Leaf(word="a")) == "Leaf(word='a')"

    def test_light(self) -> None:
        """The collector has nothing to do with the many small parts."""
        assert not gc.is_tracked(decode(Leaf, b'{"word": "a"}'))

    def test_integers_as_floats(self) -> None:
        """A count may come as 1.0, and stays what it was."""
        assert repr(decode(Leaf, b'{"count": 1.0}').count) == "1.0"
        assert repr(decode(Leaf, b'{"count": 1}').count) == "1"


class TestDecode:
    @pytest.mark.parametrize("data", [b"", b"{", b"<html>", b'{"name": "\xff"}', b"[" * 100_000])
    def test_not_json(self, data: bytes) -> None:
        """Bytes that are not JSON are a DecodeError with the bytes."""
        with pytest.raises(DecodeError) as got:
            decode(Tree, data)
        assert got.value.payload == data

    @pytest.mark.parametrize("data", [b"[]", b"null", b'{"name": 3}', b'{"leaves": [3, null]}'])
    def test_other_type(self, data: bytes) -> None:
        """JSON of another shape is a DecodeError with the bytes and the place."""
        with pytest.raises(DecodeError, match="no Tree") as got:
            decode(Tree, data)
        assert got.value.payload == data

    def test_null_items(self) -> None:
        """A null among the items of a list is passed over, not fatal; the bytes keep it."""
        raw = b'{"name": "a", "leaves": [null, {"word": "b"}, null]}'
        tree = Tree.from_json(raw)

        assert tree.leaves == [Leaf(word="b")]
        assert tree["leaves"] == [None, {"word": "b"}, None]

    def test_unreadable_text(self) -> None:
        """Text with half a surrogate pair, which no file can hold, is no foreign error."""
        assert Tree.from_json('{"later": "\ud800"}')["later"] == "\ufffd\ufffd\ufffd"
        with pytest.raises(DecodeError):
            Tree.from_json('{"name": "\ud800"}')

    @pytest.mark.parametrize("data", [{"name": object()}, {"name": "\ud800"}, {"name": 3}])
    def test_dict_of_no_json(self, data: dict[str, object]) -> None:
        """A dict that cannot be JSON, or not this JSON, is a DecodeError."""
        with pytest.raises(DecodeError):
            Tree.from_dict(data)


class TestAnswer:
    def test_typed(self, tree: Tree) -> None:
        """Attributes are typed."""
        assert (tree.name, tree.leaves, tree.leaf) == ("Tür", [Leaf(word="a", count=1.0)], None)

    def test_keys_read_the_bytes(self, tree: Tree) -> None:
        """By key everything the service said is there: unknown fields, at any depth, and nulls."""
        assert tree["later"] == {"x": [None]}
        assert tree["leaves"][0]["new"] == 7
        assert tree["leaf"] is None
        assert "leaf" in tree
        assert "nothing" not in tree
        assert (tree.get("leaf", 1), tree.get("nothing", 1)) == (None, 1)
        assert list(tree) == tree.keys() == ["name", "leaf", "leaves", "later"]
        assert dict(tree) == json.loads(RAW)
        with pytest.raises(KeyError):
            tree["nothing"]

    def test_json_is_the_servers(self, tree: Tree) -> None:
        """JSON is the server's own text, and laid out anew only when asked."""
        assert tree.to_json() == RAW.decode()
        assert tree.to_json(indent=4) == str(tree) == json.dumps(json.loads(RAW), indent=4, ensure_ascii=False)

    def test_dict_is_a_copy(self, tree: Tree) -> None:
        """A dict that is changed changes no later one, and not the answer."""
        tree.to_dict()["leaves"].clear()

        assert tree.to_dict() == json.loads(RAW)
        assert tree["leaves"]

    def test_parsed_once(self, tree: Tree) -> None:
        """Reading by key costs the parsing once."""
        assert tree["leaves"] is tree["leaves"]

    def test_without_bytes(self, bare: Tree) -> None:
        """Without the bytes the same methods read the attributes: what is not modelled is gone, and nulls too."""
        assert bare.to_dict() == {"name": "Tür", "leaves": [{"word": "a", "count": 1.0}]}
        assert bare["leaves"] == [{"word": "a", "count": 1.0}]
        assert bare.keys() == ["name", "leaves"]
        assert "leaf" not in bare
        assert json.loads(bare.to_json()) == bare.to_dict() == json.loads(str(bare))

    def test_raw(self, tree: Tree, bare: Tree) -> None:
        """The bytes are at hand as they came, and their absence explained."""
        assert tree.raw is RAW
        with pytest.raises(DeepgramError, match="keep_raw=False"):
            _ = bare.raw

    def test_headers(self, tree: Tree, bare: Tree) -> None:
        """Headers are found in any case; an answer made by hand has none."""
        assert tree.headers["content-TYPE"] == "application/json"
        assert dict(bare.headers) == dict(Tree().headers) == {}

    def test_request_id(self, tree: Tree, bare: Tree) -> None:
        """The request id comes with the headers."""
        assert (tree.request_id, bare.request_id) == ("abc", None)

    def test_adopted_again(self, tree: Tree) -> None:
        """An answer that adopts other bytes forgets the ones before."""
        assert tree["name"] == "Tür"

        assert tree.adopt(b'{"name": "b"}')["name"] == "b"
        assert tree.request_id is None

    def test_kept_text(self) -> None:
        """An answer read from text or dict keeps it too."""
        assert Tree.from_json(RAW.decode()).raw == RAW
        assert Tree.from_dict({"name": "a", "more": None})["more"] is None

    @pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda tree: pickle.loads(pickle.dumps(tree))])
    def test_copies(self, tree: Tree, clone: object) -> None:
        """Copies and pickles are equal, and keep bytes and headers."""
        twin = clone(tree)  # type: ignore[operator]

        assert twin == tree
        assert hash(twin) == hash(tree)
        assert (twin.raw, twin.headers, twin.request_id) == (tree.raw, tree.headers, "abc")

    def test_copy_without_bytes(self, bare: Tree) -> None:
        """A copy of an answer without bytes has none either."""
        twin = pickle.loads(pickle.dumps(bare))

        assert twin == bare
        assert twin.to_dict() == bare.to_dict()

    def test_replaced(self, tree: Tree) -> None:
        """A changed copy does not show the old bytes."""
        twin = msgspec.structs.replace(tree, name="b")

        assert twin["name"] == twin.name == "b"

    def test_equality(self, tree: Tree, bare: Tree) -> None:
        """Answers are equal by their fields."""
        assert tree == bare
        assert tree != Tree(name="b")
        assert tree != tree.to_dict()
        assert len({tree, bare, Tree(name="b")}) == 2

    def test_repr(self, tree: Tree) -> None:
        """The repr is one line with the request id, and nothing that was said."""
        assert repr(tree) == "<Tree abc>"
        assert repr(Tree(name="secret words")) == "<Tree without id>"

    def test_read_only(self, tree: Tree) -> None:
        """Nothing can be set, by key or as attribute."""
        with pytest.raises(DeepgramTypeError, match="Tree is what the service said"):
            tree["name"] = "b"
        with pytest.raises(AttributeError):
            tree.name = "b"  # type: ignore[misc]
        with pytest.raises(AttributeError):
            tree.other = "b"  # type: ignore[attr-defined]

    def test_broken_text_in_unknown_field(self) -> None:
        """Broken UTF-8 in a field nobody knows hides no other."""
        tree = Tree.from_json(b'{"name": "a", "later": "\xff"}')

        assert (tree["name"], tree["later"], tree.raw[-3:]) == ("a", "\ufffd", b'\xff"}')

    def test_eval(self, tree: Tree) -> None:
        """A path is read as in later v3; what is not there is empty text."""
        assert tree.eval("leaves.0.word") == "a"
        assert [tree.eval(path) for path in ("leaves.1.word", "leaves.x", "nothing", "name.0.x")] == [""] * 4


class TestHeaders:
    def test_mapping(self) -> None:
        """They are a mapping with the names as they came, found in any case."""
        headers = Headers([("Dg-Request-Id", "a"), ("Vary", "x"), ("vary", "y")])

        assert list(headers) == ["Dg-Request-Id", "Vary"]
        assert (len(headers), headers["VARY"], headers.get("none")) == (2, "x, y", None)
        assert "dg-request-ID" in headers
        assert 3 not in headers

    def test_equality(self) -> None:
        """Two are equal whatever the case of their names."""
        one, other = Headers({"A": "1"}), Headers({"a": "1"})

        assert one == other
        assert hash(one) == hash(other)
        assert one != Headers({"a": "2"})
        assert one != {"A": "1"}

    def test_repr_hides_values(self) -> None:
        """The repr has names only, as a callback's `dg-token` is part of a key."""
        assert repr(Headers({"dg-token": "s3cret"})) == "<Headers dg-token>"
        assert repr(Headers()) == "<Headers>"
