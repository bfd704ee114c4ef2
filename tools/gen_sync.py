"""The sync face: from each `AsyncX` an `X` with the same signatures and docs, and one explicit call as body.

A method of the core has one of these shapes:

    async def m(...)             return run(self._core.m(...))
    def m(...)                   return self._core.m(...)
    @property                    return self._core.m
    ... -> AsyncY, AsyncY[...]   the same, wrapped: Y(...); such a Y is made from its core
    name = m                     the same: another name of a method
    __aenter__, __aexit__        their own bodies by the rules of `convert`: they say which public method closes.
                                 Where they need more than that, one job enters and leaves: `transport.held`
    __aiter__, __anext__         its own body, or wrapped as above; the core's, with StopIteration at the end
    send, where there is `post`  return self._core.post(...), which is `send` for other threads
    __init__                     makes the core
    __repr__                     the core's, under the name of this class
    _repr_html_                  its own body

Anything else is refused, so that a new shape in the core is met here and not by a user.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from convert import plain
from source import PACKAGE, Module, header, imports, names_in

MODULES: Mapping[str, str] = {
    "client.py": "sync/client.py",
    "api/agent.py": "sync/agent.py",
    "api/agents.py": "sync/agents.py",
    "api/auth.py": "sync/auth.py",
    "api/catalogue.py": "sync/catalogue.py",
    "api/flux.py": "sync/flux.py",
    "api/listen.py": "sync/listen.py",
    "api/listing.py": "sync/listing.py",
    "api/live.py": "sync/live.py",
    "api/manage.py": "sync/manage.py",
    "api/onprem.py": "sync/onprem.py",
    "api/projects.py": "sync/projects.py",
    "api/read.py": "sync/read.py",
    "api/socket.py": "sync/socket.py",
    "api/speak.py": "sync/speak.py",
    "api/speak_live.py": "sync/speak_live.py",
    "api/speech.py": "sync/speech.py",
    "api/usage.py": "sync/usage.py",
    "batch/run.py": "sync/batch.py",
    "session/agent.py": "sync/conversation.py",
    "session/flux.py": "sync/turns.py",
    "session/live.py": "sync/session.py",
    "session/speak.py": "sync/voice.py",
    "tree.py": "sync/tree.py",
}
"""Where the core is, and where its plain twin goes."""

BASES: Mapping[str, str] = {
    "AudioClient": "api/audio.py",
    "AudioCore": "session/audio.py",
    "Core": "session/core.py",
    "EventClient": "api/events.py",
    "VoiceClient": "api/speaking.py",
}
"""Generic classes that core classes inherit from, and where they are: the twin gets their methods as its own."""

INNER = frozenset({"aread", "post", "serve", "take"})
"""What a core has for its twin, for other parts of the package, or because httpx has it; the twin itself does not."""

LOOK = "_repr_html_"
"""What a notebook asks for."""

# `post` takes messages, too.
GIVE_AUDIO = """
if isinstance(chunk, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers are not all checked
    raise DeepgramTypeError("A chunk of audio is bytes; got a text. `send_all` takes files and paths.")
self._core.post(chunk)
""".strip()

BODIES: Mapping[str, str] = {
    "AsyncLiveClient.write": "return self.send(data)",
    "AsyncAgentSession.send": GIVE_AUDIO,
    "AsyncFluxSession.send": GIVE_AUDIO,
    "AsyncLiveSession.send": GIVE_AUDIO,
}
"""Bodies that do not follow from the shape."""

SEND_SUMMARY = r'(def send\((?s:.*?)""")(?s:.*?)(?=\n\n|""")'
AT_ONCE = "It returns at once, unless `SEND_BUFFER` bytes wait already: then when there is room."

# Handlers run on one thread, in order.
HANDLERS = (
    (r" {8}concurrent_handlers: whether (?s:.*?)\n(?= {8}on_handler_error: )", ""),
    (r"\n +concurrent_handlers: bool = False,", ""),
    (r"concurrent_handlers=concurrent_handlers, ", ""),
    (r"(on_handler_error=on_handler_error\))\n", r"\1\n        self._core.serve(self, ThreadDispatcher)\n"),
    (
        r"(Handlers\s+run\s+one\s+after\s+another,\s+in\s+the\s+order\s+of\s+the\s+events)\.",
        r"\1, on a\n    thread of their own, where they may block.",
    ),
)

SENT = (
    SEND_SUMMARY,
    r"\1Whether a chunk of audio, or a text as a message of the service's protocol, is on its way.\n\n"
    rf"        {AT_ONCE}",
)
GIVEN = (SEND_SUMMARY, rf"\1Hand over a chunk of audio, of any size.\n\n        {AT_ONCE}")

WORDING: Mapping[str, Sequence[tuple[str, str]]] = {
    "AsyncLiveClient": (*HANDLERS, SENT),
    "AsyncAgentSession": (GIVEN,),
    "AsyncAgentWebSocketClient": (*HANDLERS, SENT),
    "AsyncFluxClient": (*HANDLERS, SENT),
    "AsyncFluxSpeakClient": HANDLERS,
    "AsyncSpeakWSClient": HANDLERS,
    "AsyncFluxSession": (GIVEN,),
    "AsyncLiveSession": (GIVEN,),
}
"""What a class says in another way without `await`: patterns that its text has once, and what takes their place."""

EXTRAS: Mapping[str, tuple[str, str]] = {
    "DeepgramTypeError": ("dgasync.errors", "DeepgramTypeError"),
    "Held": ("dgasync.transport.held", "Held"),
    "ThreadDispatcher": ("dgasync.transport.dispatch", "ThreadDispatcher"),
    "run": ("dgasync.transport.loop", "run"),
}
"""What the bodies use, and where it is; ruff drops what they do not."""

Method = ast.FunctionDef | ast.AsyncFunctionDef


def sync_files() -> dict[Path, str]:
    """The text of each file of the sync face, not laid out yet."""
    names, places, given = twins(), homes(), wrapped()
    made = {
        PACKAGE / target: Face(flattened(Module(PACKAGE / source)), names, places, given).text()
        for source, target in MODULES.items()
    }
    made[PACKAGE / "sync" / "__init__.py"] = (
        f'"""The clients for code without `await`.\n\n{header("client.py, api/ and session/")}"""\n'
    )
    return made


def flattened(module: Module) -> Module:
    """The module with the public methods of `BASES` in the classes that inherit them."""
    while (found := _heir(module)) is not None:
        module = _with_methods(module, *found)
    return module


def _heir(module: Module) -> tuple[ast.ClassDef, ast.Subscript] | None:
    """A class that inherits from one of `BASES`, and how it names it."""
    for node in module.tree.body:
        for base in node.bases if isinstance(node, ast.ClassDef) else []:
            if isinstance(base, ast.Subscript) and isinstance(base.value, ast.Name) and base.value.id in BASES:
                assert isinstance(node, ast.ClassDef)
                return node, base
    return None


def _with_methods(module: Module, core: ast.ClassDef, base: ast.Subscript) -> Module:
    assert isinstance(base.value, ast.Name)
    name = base.value.id
    home = Module(PACKAGE / BASES[name])
    given = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
    written = [str(each.value) if isinstance(each, ast.Constant) else module.segment(each) for each in given]
    meant = dict(zip(_variables(home.class_named(name)), written, strict=True))
    home = flattened(home)
    own = _methods(core)
    methods: list[str] = []
    for each, node in _methods(home.class_named(name)).items():
        if each not in own and _is_told(each):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            methods += ["", *home.lines[first - 1 : node.end_lineno]]
    found = re.sub(r"\b(" + "|".join(meant) + r")\b", lambda hit: meant[hit[0]], "\n".join(methods)).split("\n")
    brought = [f"from {place} import {name} as {here}" for here, (place, name) in home.origins().items()]
    lines = list(module.lines)
    lines[core.lineno - 1] = f"class {core.name}:"
    behind = own.get("__init__", core.body[0]).end_lineno or core.lineno  # else the docstring
    start = next(number for number, line in enumerate(lines) if line.startswith("from __future__"))
    return Module(
        module.path, "\n".join([*lines[: start + 1], *brought, *lines[start + 1 : behind], *found, *lines[behind:]])
    )


def _variables(node: ast.ClassDef) -> list[str]:
    """The names of the type variables of a generic class."""
    base = node.bases[-1]
    assert isinstance(base, ast.Subscript), "the last base is Generic[...]"
    return [each.id for each in ast.walk(base.slice) if isinstance(each, ast.Name)]


def twins() -> dict[str, str]:
    """The class names of the core, each with the name of its plain twin."""
    return {name: name.removeprefix("Async") for source in MODULES for name in _classes(Module(PACKAGE / source))}


def homes() -> dict[str, str]:
    """The module each plain twin is in."""
    return {
        name.removeprefix("Async"): "dgasync." + target.removesuffix(".py").replace("/", ".")
        for source, target in MODULES.items()
        for name in _classes(Module(PACKAGE / source))
    }


def wrapped() -> set[str]:
    """The classes of the core that other classes of the core give to the user."""
    names = twins()
    return {
        name
        for source in MODULES
        for node in ast.walk(Module(PACKAGE / source).tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for name in names_in(node.returns) & names.keys()
    }


def _classes(module: Module) -> list[str]:
    return [node.name for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Async")]


class Face:
    """One module of the sync face while it is written."""

    def __init__(
        self,
        module: Module,
        names: Mapping[str, str],
        homes: Mapping[str, str] | None = None,
        wrapped: Collection[str] = (),
    ) -> None:
        self.module = module
        self.names = names
        self.homes = homes or {}
        self.wrapped = wrapped
        self.at_run_time: set[str] = set()
        """Names that the code needs, beside those that only annotations name."""
        self.in_annotations: set[str] = set()

    def text(self) -> str:
        """The whole module."""
        cores = _classes(self.module)
        classes = "\n\n".join(self._class(self.module.class_named(core)) for core in cores)
        own = [self.names[core] for core in cores]
        described = " and ".join(f"`{core}`" for core in cores)
        if len(cores) > 2:
            described = f"What is in `{self.module.name}`"
        return (
            f'"""{described} for code without `await`.\n\n{header(self.module.place)}"""\n\n'
            "from __future__ import annotations\n\n"
            f"{self._imports(cores)}\n"
            f"__all__ = {own!r}\n\n{classes}"
        )

    def _imports(self, cores: Sequence[str]) -> str:
        origins = self.module.origins()
        core = self.module.name
        # Twins of this module need no import, those of others are imported where they are made.
        origins |= {
            twin: (self.homes[twin], twin)
            for name, twin in self.names.items()
            if twin in self.homes and name not in cores
        }

        def wanted(names: set[str]) -> list[tuple[str, str, str]]:
            return [(*origins[name], name) for name in names if name in origins]

        made = {name for name in cores if name not in self.wrapped}
        now = [(core, name, name) for name in made]
        now += [(*place, name) for name, place in EXTRAS.items()]
        now += [("typing", "TYPE_CHECKING", "TYPE_CHECKING")]
        annotated = {self.names.get(name, name) for name in self.in_annotations}
        annotated -= {self.names[name] for name in cores}
        later = textwrap.indent(
            imports(
                [*wanted(annotated - self.at_run_time), *((core, name, name) for name in cores if name not in made)]
            ),
            "    ",
        )
        return imports({*now, *wanted(self.at_run_time)}) + (f"\nif TYPE_CHECKING:\n{later}" if later else "")

    def _class(self, core: ast.ClassDef) -> str:
        # What a core class inherits, both faces have: a base knows nothing of either.
        self.at_run_time |= names_in(*core.bases)
        bases = ", ".join(plain(self.module.segment(each), self.names) for each in core.bases)
        parts: list[str] = []
        for index, node in enumerate(core.body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if node.name not in INNER and _is_told(node.name):
                    parts.append(self._method(core, node))
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in _methods(core):
                parts.append(f"    {self.module.segment(node)}\n")
            elif isinstance(node, ast.Assign) and not any(_is_told(each) for each in names_in(*node.targets)):
                pass  # what the core says to those beneath it
            elif not (index == 0 and ast.get_docstring(core)):
                self._refuse(core, node, "the sync face has no rule for this statement")
        text = f"class {self.names[core.name]}({bases}):\n{self._docstring(core)}\n" + "\n".join(parts)
        for pattern, better in WORDING.get(core.name, ()):
            text, found = re.subn(pattern, better, text)
            if found != 1:
                self._refuse(core, core, f"the sync face says {pattern!r} in another way, but finds it {found} times")
        return text

    def _method(self, core: ast.ClassDef, node: Method) -> str:
        decorators = {self.module.segment(each) for each in node.decorator_list}
        if node.name == "__init__" and core.name in self.wrapped:
            made = textwrap.indent(self._from_core(core), " " * 8)
            variables = f"[{', '.join(_variables(core))}]" if "Generic" in names_in(*core.bases) else ""
            return f"    def __init__(self, core: {core.name}{variables}) -> None:\n{made}\n"
        arguments = node.args
        self.in_annotations |= names_in(node.returns, *(each.annotation for each in _parameters(arguments)))
        self.at_run_time |= names_in(*arguments.defaults, *arguments.kw_defaults, *node.decorator_list)
        signature = plain(self._signature(node), self.names)
        if "overload" in decorators:
            return f"{signature} ...\n"
        return f"{signature}\n{self._docstring(node)}{textwrap.indent(self._body(core, node, decorators), ' ' * 8)}\n"

    def _signature(self, node: Method) -> str:
        """From the first decorator to the colon, verbatim."""
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        body = node.body[0]
        return "\n".join(
            [*self.module.lines[first - 1 : body.lineno - 1], self.module.lines[body.lineno - 1][: body.col_offset]]
        ).rstrip()

    def _docstring(self, node: Method | ast.ClassDef) -> str:
        first = node.body[0]
        if ast.get_docstring(node, clean=False) is None:
            return ""
        column = first.col_offset
        return " " * column + plain(self.module.segment(first), self.names) + "\n"

    def _body(self, core: ast.ClassDef, node: Method, decorators: set[str]) -> str:
        arguments = _passed_on(node.args)
        if f"{core.name}.{node.name}" in BODIES:
            return BODIES[f"{core.name}.{node.name}"]
        if node.name == "__init__":
            return f"self._core = {core.name}({arguments})"
        if node.name == "__repr__":
            # Some show a session, too.
            return f'return repr(self._core).replace("{core.name}", type(self).__name__, 1).replace(" <Async", " <")'
        if node.name in ("__aenter__", "__aexit__") and self._is_held(core):
            return "self._held.enter()\nreturn self" if node.name == "__aenter__" else f"self._held.leave({arguments})"
        is_wrapped = bool(names_in(node.returns) & self.names.keys())
        if node.name in ("__aenter__", "__aexit__", LOOK) or (node.name == "__aiter__" and not is_wrapped):
            return self._own_body(core, node)
        if _yields(node) or decorators - {"property"}:
            self._refuse(core, node, "the sync face has no rule for this shape")
        if decorators:
            call = f"self._core.{node.name}"
        elif node.name == "send" and "post" in _methods(core):
            call = f"self._core.post({arguments})"
        else:
            call = f"self._core.{node.name}({arguments})"
            if isinstance(node, ast.AsyncFunctionDef):
                call = f"self._held.run({call})" if self._is_held(core) else f"run({call})"
        if node.name == "__anext__":
            return f"try:\n    return {call}\nexcept StopAsyncIteration:\n    raise StopIteration from None"
        if is_wrapped:
            return self._wrapping(core, node, call)
        return call if self.module.segment(node.returns or node) == "None" else f"return {call}"

    def _from_core(self, core: ast.ClassDef) -> str:
        """The body of `__init__` where the core is there already."""
        return "self._core = core" + ("\nself._held = Held(core)" if self._is_held(core) else "")

    def _wrapping(self, core: ast.ClassDef, node: Method, call: str) -> str:
        # Of `AsyncY[...]` it is Y that is made; what it is of must be the same on both faces.
        given = node.returns.value if isinstance(node.returns, ast.Subscript) else node.returns
        alone = names_in(node.returns) & self.names.keys()
        if not (isinstance(given, ast.Name) and given.id in self.wrapped and alone == {given.id}):
            self._refuse(core, node, "the sync face can wrap an answer that is one class of the core, and nothing else")
        twin = self.names[given.id]
        if any(each.name == given.id for each in self.module.tree.body if isinstance(each, ast.ClassDef)):
            return f"return {twin}({call})"
        # Not before it is needed, as in the core.
        return f"from {self.homes[twin]} import {twin}\n\nreturn {twin}({call})"

    def _is_held(self, core: ast.ClassDef) -> bool:
        """Whether entering and leaving is more than calling public methods."""
        ends = [node for name, node in _methods(core).items() if name in ("__aenter__", "__aexit__")]
        return len(ends) == 2 and core.name in self.wrapped and any(map(_private, ends))

    def _own_body(self, core: ast.ClassDef, node: Method) -> str:
        if _private(node):
            self._refuse(core, node, "this method is copied, and may use public names only")
        return "\n".join(plain(self.module.segment(each), self.names) for each in node.body)

    def _refuse(self, core: ast.ClassDef, node: ast.stmt, why: str) -> NoReturn:
        raise SystemExit(f"{self.module.place}:{node.lineno}: {core.name}: {why}.")


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    variable = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *variable]


def _passed_on(arguments: ast.arguments) -> str:
    """The arguments of a call that passes on what it got."""
    passed = [each.arg for each in [*arguments.posonlyargs, *arguments.args][1:]]
    passed += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    passed += [f"{each.arg}={each.arg}" for each in arguments.kwonlyargs]
    passed += [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return ", ".join(passed)


def _methods(core: ast.ClassDef) -> dict[str, Method]:
    return {node.name: node for node in core.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def _is_told(name: str) -> bool:
    """Whether a method is for those who use the class, or for Python or a notebook on their behalf."""
    return not name.startswith("_") or name.endswith("__") or name == LOOK


def _private(node: Method) -> bool:
    """Whether it uses private names."""
    return any(isinstance(each, ast.Attribute) and each.attr[0] == "_" for each in ast.walk(node))


def _yields(node: Method) -> bool:
    return any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(node))
