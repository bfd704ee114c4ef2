"""Answers: v2 gave dicts, dgasync gives objects that are read like them.

Where all that is done with an answer is known, it stays the object, and `json.dumps(answer)` becomes
`answer.to_json()`. Anywhere else it is made the dict that the code around it was written for.
"""

from __future__ import annotations

import libcst as cst
from libcst import matchers as m

from dgasync.migrate.edits import expression
from dgasync.migrate.reading import Reading
from dgasync.migrate.values import PASSING, RUNNING

__all__ = ["settle"]

_DUMPS = frozenset({"indent", "sort_keys", "ensure_ascii", "separators", "default"})
_CHANGING = frozenset(
    {
        *("append", "extend", "insert", "remove", "reverse", "sort"),
        *("clear", "pop", "popitem", "setdefault", "update"),
    }
)


def settle(reading: Reading, call: cst.Call, *, coming: bool) -> None:
    """See to what the code does with the answer of a call; `coming`: it has to be awaited."""
    node: cst.BaseExpression = call
    while coming:
        parent = reading.parent(node)
        around = reading.parent(parent) if isinstance(parent, cst.Arg) else None
        if isinstance(parent, cst.Await):
            node, coming = parent, False
        elif isinstance(around, cst.Call) and around.args[0] is parent and _passes(reading, around):
            node = around
            coming = reading.qualified(around.func) in PASSING
        else:
            reading.look(
                call,
                "the answer of this call",
                "It is an object now: `answer[...]`, `.get()` and `in` work on it as on v2's dict, `.to_dict()` gives "
                "the dict, and `.to_json()` is what `json.dumps(answer)` was.",
            )
            return
    if not _is_read_only(reading, node):
        reading.edits.change(node, _as_dict)


def _passes(reading: Reading, call: cst.Call) -> bool:
    name = reading.qualified(call.func)
    return name in (*PASSING, *RUNNING) or m.matches(call.func, m.Attribute(attr=m.Name("run_until_complete")))


def _as_dict(updated: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(updated, cst.Await) and not updated.lpar:
        updated = updated.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return expression("{answer}.to_dict()", answer=updated)


def _is_read_only(reading: Reading, node: cst.BaseExpression) -> bool:
    parent = reading.parent(node)
    if isinstance(parent, cst.Expr):
        return True
    if isinstance(parent, cst.Subscript) and parent.value is node:
        return _is_looked_up(reading, node)
    if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
        return False
    target = parent.targets[0].target
    if not isinstance(target, cst.Name):
        return False
    bindings = reading.assignments(target)
    if len(bindings) != 1:
        return False
    uses = reading.uses(bindings[0])
    dumps = [call for use in uses if (call := _dumping(reading, use)) is not None]
    if not all(_is_looked_up(reading, use) or _dumping(reading, use) is not None for use in uses):
        return False
    for call in dumps:
        reading.edits.change(call, _as_json)
    return True


def _is_looked_up(reading: Reading, node: cst.CSTNode) -> bool:
    """Whether `node[...]` is read, and nothing changed in it."""
    parent = reading.parent(node)
    if not isinstance(parent, cst.Subscript) or parent.value is not node:
        return False
    while isinstance(parent, cst.Subscript) and parent.value is node:
        node, parent = parent, reading.parent(parent)
    if isinstance(parent, cst.Attribute):
        return parent.attr.value not in _CHANGING
    return not isinstance(parent, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign, cst.Del))


def _dumping(reading: Reading, use: cst.CSTNode) -> cst.Call | None:
    """The `json.dumps(...)` of a use, if it can be said as `to_json(...)`."""
    arg = reading.parent(use)
    call = reading.parent(arg) if isinstance(arg, cst.Arg) else None
    if not isinstance(call, cst.Call) or call.args[0] is not arg or reading.qualified(call.func) != "json.dumps":
        return None
    known = all(other.keyword is not None and other.keyword.value in _DUMPS for other in call.args[1:])
    return call if known else None


def _as_json(updated: cst.Call) -> cst.Call:
    answer = updated.args[0].value
    return updated.with_changes(func=cst.Attribute(answer, cst.Name("to_json")), args=updated.args[1:])
