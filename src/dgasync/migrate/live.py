"""v2's live speech in dgasync's words: `await dg.transcription.live(...)`, its handlers, `send` and `finish`."""

from __future__ import annotations

from typing import Any

import libcst as cst
from libcst import matchers as m

from dgasync import AsyncLiveClient
from dgasync.migrate.edits import Change, arranged, client_of, expression, text_of, walk
from dgasync.migrate.names import EVENTS
from dgasync.migrate.options import Options, options_of
from dgasync.migrate.reading import Reading
from dgasync.migrate.values import Values

__all__ = ["rewrite_live"]

_REGISTERING = ("registerHandler", "register_handler")
_METHODS = ("finish", "keep_alive", "send")
_GUIDE = "docs/guides/migrating.md has v2's calls beside dgasync's."

# What v2 gave a handler, by the keyword that has it here: v2 knew dicts, a close code, a text, the connection itself.
_GIVEN = {
    "OPEN": ("open", "connection"),
    "CLOSE": ("close", "close.code"),
    "ERROR": ("error", "error.message"),
    "TRANSCRIPT_RECEIVED": ("result", "result.to_dict()"),
}

_OTHERS = {
    "deregisterHandler": "The handler is registered inside a function of its own: name that, and give it to `off`.",
    "deregister_handler": "The handler is registered inside a function of its own: name that, and give it to `off`.",
    "configure": 'Send it: `await connection.send(json.dumps({"type": "Configure", "processors": {...}}))`.',
    "received": "Keep the results in your handler.",
    "done": "`await connection.is_connected()` says whether it still stands.",
    "event": "`LiveTranscriptionEvents` has the events.",
}

_ON = "`connection.on(LiveTranscriptionEvents.Transcript, handler)` registers one."
_UNAWAITED = "`{what}` must be awaited now, and this function cannot: make it `async`."


def rewrite_live(reading: Reading, values: Values) -> None:
    """Note the changes to what the code does with live connections."""
    live = _Live(reading, values)
    for call in reading.each(cst.Call):
        live.see(call)
    for attribute in reading.each(cst.Attribute):
        live.see_rest(attribute)
    for arg in reading.each(cst.Arg):
        live.see_given(arg.value)


class _Live:
    def __init__(self, reading: Reading, values: Values) -> None:
        self._reading = reading
        self._values = values
        self._used: set[cst.CSTNode] = set()
        self._ahead: set[cst.CSTNode] = set()
        """Lines that register handlers before the connection is started."""
        self._awaits_at_top = any(reading.function_of(node) is None for node in reading.each(cst.Await))

    def see(self, node: cst.Call) -> None:
        """Rewrite a call, if it opens a connection or is one of its methods."""
        if _opens(node):
            if self._values.is_client(client_of(node)):
                self._open(node)
        elif isinstance(node.func, cst.Attribute) and self._values.is_live(node.func.value):
            self._use(node, node.func)
        elif isinstance(node.func, cst.Attribute) and node.func.attr.value in _REGISTERING and _names_event(node):
            self._reading.left(
                node,
                f"{text_of(node.func)}(...)",
                f"Whether `{text_of(node.func.value)}` is a live connection of v2 cannot be told here. {_GUIDE}",
            )

    # ── opening ──

    def _open(self, node: cst.Call) -> None:
        given = options_of(node.args, ("options", "endpoint"))
        line, target = self._statement(node)
        if given is None or line is None or (target is not None and not self._values.is_live(target)):
            self._reading.left(
                node,
                "transcription.live(...)",
                'Make the connection, `connection = client.listen.asynclive.v("1")`, register its handlers, and '
                f"`await connection.start(options)`. {_GUIDE}",
            )
            return
        options = Options(self._reading, self._values, node, given, "LiveOptions")
        if not options.are_known or options.has_endpoint:
            self._reading.left(
                node, "transcription.live(..., endpoint=...)", f"A live connection has no `endpoint` here. {_GUIDE}"
            )
            return
        given_back = "connection" if self._reading.is_free("connection") else "live_connection"
        name = given_back if target is None else text_of(target)
        error = self._reading.need("DeepgramError")
        failed = f'{name}.error or {error}("There is no live connection.")'
        # Handlers that are registered right behind it come before the start, so that those of Open are called.
        registrations = [] if target is None else self._registrations(line, name)
        started: list[cst.If] = []

        def opened(updated: cst.SimpleStatementLine) -> Any:
            call = next(part for part in walk(updated) if _opens(part))
            assert isinstance(call, cst.Call)
            made = expression('{client}.listen.asynclive.v("1")', client=client_of(call))
            start = cst.Call(expression(f"{name}.start"), arranged(options.made(call), call.args))
            raising = cst.SimpleStatementLine([cst.Raise(expression(failed))])
            started.append(cst.If(cst.UnaryOperation(cst.Not(), cst.Await(start)), cst.IndentedBlock([raising])))
            if isinstance(updated.body[0], cst.Return):
                bound = cst.Assign([cst.AssignTarget(cst.Name(name))], made)
                back = cst.SimpleStatementLine([cst.Return(cst.Name(name))])
                return cst.FlattenSentinel([updated.with_changes(body=[bound]), *started, back])
            line = updated.with_changes(body=[updated.body[0].with_changes(value=made)])
            return line if registrations else cst.FlattenSentinel([line, *started])

        self._reading.edits.change(line, opened)
        if registrations:
            self._reading.edits.change(registrations[-1], lambda updated: cst.FlattenSentinel([updated, *started]))
        self._ahead.update(registrations)
        self._reading.done(node, "transcription.live(...)")

    def _statement(self, node: cst.Call) -> tuple[cst.SimpleStatementLine | None, cst.BaseExpression | None]:
        """The line that is nothing but `x = await dg.transcription.live(...)`, and `x`; or one that returns it."""
        whole: cst.CSTNode = node
        parent = self._reading.parent(whole)
        while isinstance(parent, (cst.Await, cst.Arg, cst.Call)):
            whole, parent = parent, self._reading.parent(parent)
        line = self._reading.parent(parent) if parent is not None else None
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not isinstance(whole, cst.Await):
            return None, None
        if not self._is_async(node):
            return None, None
        if isinstance(parent, cst.Return) and parent.value is whole:
            return line, None
        if isinstance(parent, cst.Assign) and parent.value is whole and len(parent.targets) == 1:
            target = parent.targets[0].target
            is_plain = isinstance(target, cst.Name) or m.matches(target, m.Attribute(value=m.Name()))
            return (line, target) if is_plain else (None, None)
        return None, None

    def _registrations(self, line: cst.SimpleStatementLine, name: str) -> list[cst.CSTNode]:
        """The lines right behind that do nothing but register handlers with it."""
        block = self._reading.parent(line)
        body = list(block.body) if isinstance(block, (cst.IndentedBlock, cst.Module)) else []
        found: list[cst.CSTNode] = []
        for other in body[body.index(line) + 1 :] if line in body else ():
            small = other.body[0] if isinstance(other, cst.SimpleStatementLine) and len(other.body) == 1 else None
            call = small.value if isinstance(small, cst.Expr) else None
            func = call.func if isinstance(call, cst.Call) else None
            if not (
                isinstance(func, cst.Attribute) and func.attr.value in _REGISTERING and text_of(func.value) == name
            ):
                break
            found.append(other)
        return found

    # ── using ──

    def _use(self, node: cst.Call, func: cst.Attribute) -> None:
        what = func.attr.value
        if what in _REGISTERING:
            self._register(node, func)
        elif what in ("send", "keep_alive"):
            if not self._is_async(node):
                self._reading.left(
                    node,
                    text_of(func),
                    _UNAWAITED.format(what=what),
                )
            else:
                self._reading.edits.change(node, self._awaiting(node))
                self._reading.done(node, f"live {what}(...)")
        elif what != "finish":
            return
        self._used.add(func)

    def _awaiting(self, node: cst.Call) -> Change:
        parent = self._reading.parent(node)
        if isinstance(parent, cst.Expr):
            return lambda updated: cst.Await(updated)
        if isinstance(parent, cst.Await):
            return lambda updated: updated
        return lambda updated: cst.Await(updated, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])

    def _is_async(self, node: cst.CSTNode) -> bool:
        function = self._reading.function_of(node)
        if function is None:
            return self._awaits_at_top
        return isinstance(function, cst.FunctionDef) and function.asynchronous is not None

    def _register(self, node: cst.Call, func: cst.Attribute) -> None:
        given = options_of(node.args, ("event_type", "handler"))
        event = self._event(given.named["event_type"].value) if given and "event_type" in given.named else None
        if given is None or event is None or "handler" not in given.named:
            self._reading.left(
                node,
                f"{text_of(func)}(...)",
                _ON,
            )
            return
        events = self._reading.need("LiveTranscriptionEvents")
        handler = given.named["handler"]
        wrapped = self._wrapped(handler.value, event)

        def registered(updated: cst.Call) -> cst.Call:
            called = given.now(handler, updated)
            args = [
                cst.Arg(expression(f"{events}.{EVENTS[event]}")),
                called.with_changes(value=wrapped(called.value), keyword=None, equal=cst.MaybeSentinel.DEFAULT),
            ]
            on = updated.func.with_changes(attr=cst.Name("on"))
            return updated.with_changes(func=on, args=arranged(args, updated.args))

        self._reading.edits.change(node, registered)
        self._reading.done(node, f"live {func.attr.value}(...)")
        if event == "TRANSCRIPT_RECEIVED":
            self._reading.look(
                node,
                "TRANSCRIPT_RECEIVED",
                "v2 gave this handler everything that the service said; dgasync has an event for each kind of message. "
                "If it reads more than results, register it for Metadata, UtteranceEnd and so on, too.",
            )
        line = self._reading.parent(self._reading.parent(node) or node)
        if event == "OPEN" and line not in self._ahead:
            self._reading.look(
                node, "OPEN", "Open is told while `start` runs: register its handlers before, or they are never called."
            )

    def _event(self, node: cst.BaseExpression) -> str | None:
        """v2's name of an event."""
        if not isinstance(node, cst.Attribute) or node.attr.value not in EVENTS:
            return None
        enum = node.value
        if isinstance(enum, cst.Attribute) and enum.attr.value == "event" and self._values.is_live(enum.value):
            self._used.add(enum)
            return node.attr.value
        name = self._reading.qualified(enum) or ""
        return node.attr.value if name.startswith("deepgram.") and name.endswith(".LiveTranscriptionEvent") else None

    def _wrapped(self, handler: cst.BaseExpression, event: str) -> Change:
        """What makes a function that takes what handlers get here, of a handler of v2."""
        keyword, given = _GIVEN[event]
        names = {part.value for part in walk(handler) if isinstance(part, cst.Name)}
        clashes = bool(names & {"connection", keyword, "kwargs"})
        call = f"lambda connection, {keyword}, **kwargs: {{handler}}({given})"
        if not clashes and isinstance(handler, cst.Lambda) and _takes_one(handler):
            return self._unfolded(handler, keyword, given)
        if clashes or not m.matches(handler, m.Name() | m.Attribute(value=m.Name())):
            # What makes the handler runs once, where it stands.
            call = f"lambda connection, {keyword}, handler={{handler}}, **kwargs: handler({given})"
        return lambda now: expression(call, handler=now)

    def _unfolded(self, handler: cst.Lambda, keyword: str, given: str) -> Change:
        """A lambda that does the same with what it gets here."""
        param = handler.params.params[0]
        for name in walk(handler.body):
            if isinstance(name, cst.Name) and any(
                getattr(bound, "node", None) is param for bound in self._reading.assignments(name)
            ):
                self._reading.edits.change(name, lambda _: expression(given))
        return lambda now: expression(f"lambda connection, {keyword}, **kwargs: {{body}}", body=now.body)

    # ── what is not certain ──

    def see_rest(self, node: cst.Attribute) -> None:
        """Point at what is done with a connection and is not understood."""
        if self._values.was_live(node.value):
            self._see_again(node)
            return
        if node in self._used or not self._values.is_live(node.value):
            return
        what, parent = node.attr.value, self._reading.parent(node)
        is_called = isinstance(parent, cst.Call) and parent.func is node
        if what in _OTHERS:
            self._reading.left(node, text_of(node), _OTHERS[what])
        elif what in _METHODS and not is_called:
            self._reading.left(node, text_of(node), "It is a coroutine function now: whoever calls it must await it.")

    def _see_again(self, node: cst.Attribute) -> None:
        """Point at what a rewriting before this one left as it was."""
        what, parent = node.attr.value, self._reading.parent(node)
        # What a task is made of it for is awaited there.
        is_dropped = isinstance(parent, cst.Call) and isinstance(self._reading.parent(parent), cst.Expr)
        if what in ("send", "keep_alive") and is_dropped and not self._is_async(node):
            self._reading.left(node, text_of(node), _UNAWAITED.format(what=what))
        elif what in (*_OTHERS, *_REGISTERING) and not hasattr(AsyncLiveClient, what):
            self._reading.left(node, text_of(node), _OTHERS.get(what, _ON))

    def see_given(self, value: cst.BaseExpression) -> None:
        """Point at a connection that is given to a function, where it is not followed."""
        if isinstance(value, (cst.Name, cst.Attribute)) and self._values.is_live(value):
            self._reading.left(
                value,
                text_of(value),
                "Whoever gets this connection must `await` its `send`, `keep_alive` and `finish`.",
            )


def _names_event(node: cst.Call) -> bool:
    """Whether the first argument is an event as v2 has them."""
    event = node.args[0].value if node.args else None
    return isinstance(event, cst.Attribute) and event.attr.value in EVENTS


def _takes_one(handler: cst.Lambda) -> bool:
    """Whether a lambda takes one argument and no other."""
    params = handler.params
    others = (params.posonly_params, params.kwonly_params, params.star_kwarg)
    is_plain = not any(others) and not isinstance(params.star_arg, (cst.Param, cst.ParamStar))
    return is_plain and len(params.params) == 1 and params.params[0].default is None


def _opens(node: cst.CSTNode) -> bool:
    """Whether it is a call `....transcription.live(...)`."""
    func = node.func if isinstance(node, cst.Call) else None
    branch = func.value if isinstance(func, cst.Attribute) and func.attr.value == "live" else None
    return isinstance(branch, cst.Attribute) and branch.attr.value == "transcription"
