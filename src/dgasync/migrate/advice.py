"""What code of deepgram-sdk does that no rewriting can settle: it is pointed at."""

from __future__ import annotations

import re

import libcst as cst
from libcst import matchers as m

from dgasync.migrate.edits import renamed, text_of, walk
from dgasync.migrate.names import METHODS, OLD, OPTIONS
from dgasync.migrate.reading import Reading

__all__ = ["advise"]

_FOREIGN = {
    "httpx": "dgasync raises no errors of httpx: DeepgramConnectionError is for no answer, its subclass Timeout for "
    "none in time, ConnectFailed for no connection.",
    "websockets": "dgasync raises no errors of websockets: a live session ends with a DeepgramWebsocketError, such as "
    "StreamClosed.",
}
_OF_ERRORS = {"error": "message", "http_error_status": "status"}
_FILES = (".com", ".org", ".io", ".py", ".json", ".yml", ".yaml", ".txt", ".log")
_BY_NAME = m.Call(func=m.Attribute(attr=m.Name("getLogger") | m.Name("import_module")))
_SPELT = re.compile(r"deepgram(\.[A-Za-z_]\w*)+")


def advise(reading: Reading, *, is_v2: bool) -> None:
    """Note what a person should look at in a module that uses deepgram-sdk."""
    for handler in reading.each(cst.ExceptHandler):
        _errors(reading, handler, is_v2=is_v2)
    for text in reading.each(cst.SimpleString):
        _text(reading, text)
    if is_v2:
        return
    for attribute in reading.each(cst.Attribute):
        if attribute.attr.value in METHODS:
            reading.left(attribute, text_of(attribute), METHODS[attribute.attr.value])
    for call in reading.each(cst.Call):
        _options(reading, call)


def _errors(reading: Reading, node: cst.ExceptHandler, *, is_v2: bool) -> None:
    if node.type is None:
        return
    kinds = [each.value for each in node.type.elements] if isinstance(node.type, cst.Tuple) else [node.type]
    names = [reading.qualified(kind) or "" for kind in kinds]
    for kind, name in zip(kinds, names, strict=True):
        package = name.partition(".")[0]
        if package in _FOREIGN:
            reading.look(node, f"except {text_of(kind)}", _FOREIGN[package])
    if not is_v2 or not any(name.startswith(f"{OLD}.") and name.endswith("Error") for name in names):
        return
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
        if new is not None:
            reading.edits.change(attribute.attr, renamed(new))
            reading.done(attribute, f"error.{attribute.attr.value}")
        elif attribute.attr.value in ("http_library_error", "warnings"):
            reading.left(
                attribute, text_of(attribute), "An error has `.status`, `.message`, `.err_code`, `.request_id`."
            )


def _options(reading: Reading, node: cst.Call) -> None:
    """Options by keyword that v3 did not know either, or that the service has no more."""
    path = (reading.qualified(node.func) or "").split(".")
    if path[0] != OLD or path[-1] not in OPTIONS:
        return
    for arg in node.args:
        if arg.keyword is not None and arg.keyword.value not in OPTIONS[path[-1]]:
            reading.left(
                arg,
                f"{path[-1]}({arg.keyword.value}=...)",
                "dgasync does not know this option and refuses it: pass it to the call as "
                f"`addons={{{arg.keyword.value!r}: ...}}`.",
            )


def _text(reading: Reading, node: cst.SimpleString) -> None:
    value = node.evaluated_value
    if not isinstance(value, str) or reading.declares(node):
        return
    if _SPELT.fullmatch(value) and not value.endswith(_FILES):
        reading.left(node, text_of(node), "The module is named in a text: see whether it is to name dgasync's.")
    elif value == "microphone_record":
        reading.left(node, value, "It changes nothing here: `Microphone(connection.send)` records for an agent.")
    elif value == OLD:
        call = next((part for part in reading.above(node) if not isinstance(part, cst.Arg)), None)
        if call is not None and m.matches(call, _BY_NAME):
            reading.left(node, text_of(node), 'The logger, and the module, is called "dgasync".')
