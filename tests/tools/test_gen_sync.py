"""From each shape of the core its plain twin."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from gen_sync import Face
from source import Module

NAMES = {"AsyncThing": "Thing"}
Make = Callable[..., Module]

CORE = '''"""Things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dgasync.api.road import Road
from dgasync.models.base import Answer

if TYPE_CHECKING:
    from dgasync.audio import Audio
    from dgasync.config import Timeouts

LIMIT = 3


class Base:
    """What things have in common."""


class AsyncThing(Base):
    """A thing; `await` it with `async with`."""

    def __init__(self, road: Road, *, size: int = LIMIT) -> None:
        self._road = road

    @property
    def size(self) -> int:
        """How large it is."""
        return 1

    async def told(self, audio: Audio, /, a: int, *rest: int, kind: type[Any] = Answer, **more: Any) -> Timeouts:
        """What `await thing.told()` gives."""
        return await self._road.told(audio)

    async def aclose(self) -> None:
        """End it."""

    def now(
        self,
    ) -> float:
        """The time."""
        return 1.0

    def _private(self) -> None: ...

    async def __aenter__(self) -> AsyncThing:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return "<AsyncThing>"
'''


GIVEN = '''"""Talks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dgasync.api.other import AsyncOther


class AsyncThing:
    """A thing."""

    def talk(self, about: str) -> AsyncTalk:
        """Begin."""
        return AsyncTalk(about)

    async def other(self) -> AsyncOther:
        """Another."""
        return AsyncOther()


class AsyncTalk:
    """A talk."""

    def __init__(self, about: str) -> None:
        self._about = about

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, kind: object, error: object, traceback: object) -> None:
        await self._end()

    async def send(self, data: bytes, /) -> None:
        """Say it."""

    def post(self, data: bytes, /) -> None:
        """Say it from a thread."""

    async def finish(self) -> int:
        """Come to an end."""
        return 1

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        return "yes"
'''
GIVEN_NAMES = {"AsyncThing": "Thing", "AsyncTalk": "Talk", "AsyncOther": "Other"}
GIVEN_HOMES = {"Thing": "dgasync.sync.thing", "Talk": "dgasync.sync.thing", "Other": "dgasync.sync.other"}


def methods(text: str, of: str = "Thing") -> dict[str, str]:
    """The code of each method, without its docstring."""
    (cls,) = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == of)
    found: dict[str, str] = {}
    for node in cls.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[node.name] = "; ".join(ast.unparse(each) for each in node.body[ast.get_docstring(node) is not None :])
    return found


def test_bodies(module: Make) -> None:
    """Each shape becomes one explicit call."""
    assert methods(Face(module(CORE), NAMES).text()) == {
        "__init__": "self._core = AsyncThing(road, size=size)",
        "size": "return self._core.size",
        "told": "return run(self._core.told(audio, a, *rest, kind=kind, **more))",
        "close": "run(self._core.aclose())",
        "now": "return self._core.now()",
        "__enter__": "return self",
        "__exit__": "self.close()",
        "__repr__": "return repr(self._core).replace('AsyncThing', type(self).__name__, 1).replace(' <Async', ' <')",
    }


def given(module: Make) -> str:
    return Face(module(GIVEN), GIVEN_NAMES, GIVEN_HOMES, {"AsyncTalk", "AsyncOther"}).text()


def test_answers_with_a_twin(module: Make) -> None:
    """A method that gives an object of the core wraps it; the twin from another module is imported there and then."""
    assert methods(given(module)) == {
        "talk": "return Talk(self._core.talk(about))",
        "other": "from dgasync.sync.other import Other; return Other(run(self._core.other()))",
    }


PAGES = '''"""Lists."""

from __future__ import annotations

from typing import Generic, TypeVar

from dgasync.models.base import Answer

T = TypeVar("T")


class AsyncThing(Generic[T]):
    """A list."""

    def __init__(self, start: int) -> None:
        self._start = start

    @property
    def more(self) -> AsyncThing[T]:
        """The rest."""
        return AsyncThing(self._start + 1)

    def part(self, size: int, /) -> AsyncThing[Answer]:
        """A part."""
        return AsyncThing(size)

    some = part

    def __aiter__(self) -> AsyncThing[T]:
        return AsyncThing(self._start)

    async def __anext__(self) -> T:
        raise StopAsyncIteration


class AsyncOther:
    """What has one."""

    def all(self) -> AsyncThing[int]:
        """All."""
        return AsyncThing(1)
'''


def test_what_is_of_something(module: Make) -> None:
    """A generic class has a generic twin, which properties and iteration give wrapped, too."""
    text = Face(module(PAGES), GIVEN_NAMES, {}, {"AsyncThing"}).text()
    found = methods(text)
    found.pop("__next__")

    assert "class Thing(Generic[T]):" in text
    assert "from dgasync.api.thing import T\n" in text
    assert "def __init__(self, core: AsyncThing[T]) -> None:" in text
    assert "def __iter__(self) -> Thing[T]:" in text
    assert found == {
        "__init__": "self._core = core",
        "more": "return Thing(self._core.more)",
        "part": "return Thing(self._core.part(size))",
        "__iter__": "return Thing(self._core.__aiter__())",
    }
    assert methods(text, "Other")["all"] == "return Thing(self._core.all())"


def test_another_name(module: Make) -> None:
    """A method with two names has two on the sync face."""
    assert "\n    some = part\n" in Face(module(PAGES), GIVEN_NAMES, {}, {"AsyncThing"}).text()


def test_what_many_classes_are_called(module: Make) -> None:
    """A module of many classes is named instead of them."""
    more = CORE + 'class AsyncMore:\n    """M."""\n\n\nclass AsyncMost:\n    """M."""\n'
    names = {"AsyncThing": "Thing", "AsyncMore": "More", "AsyncMost": "Most"}

    assert Face(module(more), names).text().startswith('"""What is in `dgasync.api.thing` for code without `await`.')


def test_lasting_objects(module: Make) -> None:
    """What is entered and left is held by one job; it is iterated over, and sent to by way of `post`."""
    found = methods(given(module), "Talk")
    following = " ".join(found.pop("__next__").split())

    assert following == (
        "try: return self._held.run(self._core.__anext__()) except StopAsyncIteration: raise StopIteration from None"
    )
    assert found == {
        "__init__": "self._core = core; self._held = Held(core)",
        "__enter__": "self._held.enter(); return self",
        "__exit__": "self._held.leave(kind, error, traceback)",
        "send": "self._core.post(data)",
        "finish": "return self._held.run(self._core.finish())",
        "__iter__": "return self",
    }


def test_imports_of_what_is_given(module: Make) -> None:
    """Twins are imported for annotations from where they are; the core of a given object only for its `__init__`."""
    now, later = given(module).split("if TYPE_CHECKING:")

    assert "from dgasync.api.thing import AsyncThing\n" in now
    assert "AsyncTalk" not in now.partition("from __future__")[2]
    assert "    from dgasync.api.thing import AsyncTalk\n" in later
    assert "    from dgasync.sync.other import Other\n" in later
    assert "import Talk" not in later
    assert "def __init__(self, core: AsyncTalk) -> None:" in later


def test_wording(module: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said in another way without `await` must be there to be replaced, once."""
    monkeypatch.setattr("gen_sync.WORDING", {"AsyncThing": [("How large it is.", "How small it is.")]})
    assert "How small it is." in Face(module(CORE), NAMES).text()

    monkeypatch.setattr("gen_sync.WORDING", {"AsyncThing": [("How wide it is.", "How small it is.")]})
    with pytest.raises(SystemExit, match="How wide it is"):
        Face(module(CORE), NAMES).text()


def test_bodies_by_name(module: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not follow from the shape is given by name."""
    monkeypatch.setattr("gen_sync.BODIES", {"AsyncThing.now": "return 2.0"})

    assert methods(Face(module(CORE), NAMES).text())["now"] == "return 2.0"


def test_signature_and_docs(module: Make) -> None:
    """Signatures and docstrings are those of the core, by the rules."""
    text = Face(module(CORE), NAMES).text()

    assert 'class Thing(Base):\n    """A thing; `await` it with `with`."""\n' in text
    assert (
        "    def told(self, audio: Audio, /, a: int, *rest: int, kind: type[Any] = Answer, **more: Any) -> Timeouts:\n"
        '        """What `thing.told()` gives."""\n'
    ) in text
    assert "    def now(\n        self,\n    ) -> float:\n" in text


def test_imports(module: Make) -> None:
    """What runs is imported, what only annotations name is imported for type checkers, the rest is not."""
    text = Face(module(CORE), NAMES).text()
    now, later = text.split("if TYPE_CHECKING:")

    for line in (
        "from dgasync.api.thing import AsyncThing\n",
        "from dgasync.api.thing import Base\n",
        "from dgasync.api.thing import LIMIT\n",
        "from dgasync.models.base import Answer\n",
        "from dgasync.transport.loop import run\n",
    ):
        assert line in now
    for line in ("    from dgasync.audio import Audio\n", "    from dgasync.config import Timeouts\n"):
        assert line in later
    assert "    from dgasync.api.road import Road\n" in later


def test_names_its_source(module: Make) -> None:
    """A generated file begins with its source and the command that makes it."""
    text = Face(module(CORE), NAMES).text()

    assert "from api/thing.py. Do not edit: change the source and run\n`python tools/generate.py`.\n" in text


def test_overloads(module: Make) -> None:
    """Overloads are kept, each as it is written."""
    text = Face(
        module(
            '"""."""\n\nfrom typing import overload\n\n\nclass AsyncThing:\n'
            "    @overload\n    async def f(self, a: int) -> int: ...\n\n"
            "    @overload\n    async def f(self, a: str) -> str: ...\n\n"
            '    async def f(self, a: int | str) -> int | str:\n        """F."""\n        return a\n'
        ),
        NAMES,
    ).text()

    assert "from typing import overload\n" in text.split("if TYPE_CHECKING")[0]
    assert "    @overload\n    def f(self, a: int) -> int: ...\n" in text
    assert "    @overload\n    def f(self, a: str) -> str: ...\n" in text
    assert "    def f(self, a: int | str) -> int | str:\n" in text


@pytest.mark.parametrize(
    "body",
    [
        "async def f(self) -> AsyncIterator[int]:\n        yield 1",
        "def f(self) -> AsyncThing:\n        return self",
        "@cached_property\n    def f(self) -> int:\n        return 1",
        "async def __aexit__(self, *_: object) -> None:\n        await self._road.aclose()",
        "size = 3",
        "other = size",
        "def f(self) -> list[AsyncThing]:\n        return []",
    ],
    ids=["iterator", "twin", "decorator", "private end", "attribute", "other attribute", "twins"],
)
def test_what_has_no_rule(body: str, module: Make) -> None:
    """A shape without a rule stops the generator, at its line, and is not passed on half converted."""
    with pytest.raises(SystemExit, match=r"api/thing\.py:\d+: AsyncThing: "):
        Face(module(f'"""."""\n\n\nclass AsyncThing:\n    """T."""\n\n    {body}\n'), NAMES).text()
