"""What code of deepgram-sdk does that no rewriting can settle: it is pointed at."""

from __future__ import annotations

import libcst as cst
from libcst import matchers as m

from dgasync.migrate.edits import renamed, text_of, walk
from dgasync.migrate.names import METHODS, NEW, OLD, OPTIONS
from dgasync.migrate.reading import Reading

__all__ = ["advise"]

_FOREIGN = {
    "httpx": "dgasync raises no errors of httpx: DeepgramConnectionError is for no answer, its subclass Timeout for "
    "none in time, ConnectFailed for no connection.",
    "websockets": "dgasync raises no errors of websockets: a live session ends with a DeepgramWebsocketError, such as "
    "StreamClosed.",
}
_OF_ERRORS = {"error": "message", "http_error_status": "status"}


def advise(reading: Reading, *, is_v2: bool, is_old: bool) -> None:
    """Note what a person should look at in a module that uses deepgram-sdk, or used it.

    Args:
        reading: the module.
        is_v2: whether it was written for v2.
        is_old: whether it still imports deepgram-sdk. What only differs is said
            once, what fails as long as it is there.
    """
    for handler in reading.each(cst.ExceptHandler):
        _errors(reading, handler, is_v2=is_v2, is_old=is_old)
    for text in reading.each(cst.SimpleString):
        if text.evaluated_value == "microphone_record":
            advice = "It changes nothing here: `Microphone(connection.send)` records for an agent."
            reading.left(text, "microphone_record", advice)
    if is_v2:
        return
    for attribute in reading.each(cst.Attribute):
        if attribute.attr.value in METHODS:
            reading.left(attribute, text_of(attribute), METHODS[attribute.attr.value])
    for call in reading.each(cst.Call):
        _options(reading, call)


def _errors(reading: Reading, node: cst.ExceptHandler, *, is_v2: bool, is_old: bool) -> None:
    if node.type is None:
        return
    kinds = [each.value for each in node.type.elements] if isinstance(node.type, cst.Tuple) else [node.type]
    names = [reading.qualified(kind) or "" for kind in kinds]
    for kind, name in zip(kinds, names, strict=True):
        package = name.partition(".")[0]
        if is_old and package in _FOREIGN:
            reading.look(node, f"except {text_of(kind)}", _FOREIGN[package])
    package = OLD if is_old else NEW
    if not any(name.startswith(f"{package}.") and name.endswith("Error") for name in names) or (is_old and not is_v2):
        return
    if is_old:
        reading.look(
            node,
            f"except {text_of(node.type)}",
            "v2 raised DeepgramApiError for lost connections, too; here those are DeepgramConnectionError, and "
            "DeepgramError is both.",
        )
    if node.name is None or not isinstance(node.name.name, cst.Name):
        return
    for part in walk(node.body):
        if not m.matches(part, m.Attribute(value=m.Name(node.name.name.value))):
            continue
        attribute = cst.ensure_type(part, cst.Attribute)
        new = _OF_ERRORS.get(attribute.attr.value)
        if new is not None and is_old:
            reading.edits.change(attribute.attr, renamed(new))
            reading.done(attribute, f"error.{attribute.attr.value}")
        elif attribute.attr.value in ("http_library_error", "warnings"):
            reading.left(
                attribute, text_of(attribute), "An error has `.status`, `.message`, `.err_code`, `.request_id`."
            )


def _options(reading: Reading, node: cst.Call) -> None:
    """Options by keyword that v3 did not know either, or that the service has no more."""
    path = (reading.qualified(node.func) or "").split(".")
    # Here they are all at the top; what is called so elsewhere is another.
    if (path[0] != OLD and path[:-1] != [NEW]) or path[-1] not in OPTIONS:
        return
    for arg in node.args:
        if arg.keyword is not None and arg.keyword.value not in OPTIONS[path[-1]]:
            reading.left(
                arg,
                f"{path[-1]}({arg.keyword.value}=...)",
                "dgasync does not know this option and refuses it: pass it to the call as "
                f"`addons={{{arg.keyword.value!r}: ...}}`.",
            )
