"""Names in text and in signatures become links.

In a signature a name means what it means in the module where it is written. In text, of docstrings and of guides alike,
what stands in backticks and is the name of something public is a link to it, and anything else is what it was.
"""

from __future__ import annotations

import builtins
import re
from typing import Any, TypeVar, is_typeddict

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from builder import package

NAME = re.compile(r"\.?([A-Za-z_][\w.]*)(\(\))?")
CLIENTS = re.compile(r"^(deepgram|client)\.")
"""How the guides call a client."""
INNER = ("dgasync.api.road.", "dgasync.api.handlers.Dispatcher", "dgasync.server.")
"""Where the parts live that some public signatures name, and nobody has to know."""
BESIDE = ("attribute", "property")
"""What the contents of a page leave out."""
SOFT = "dgasync-soft"


def on_doctree(app: Sphinx, doctree: nodes.document) -> None:
    """What a page says, once it is read."""
    for signature in doctree.findall(addnodes.desc_signature):
        where = _written_in(signature)
        if signature.parent["objtype"] in BESIDE or (signature.get("class") and where.startswith("dgasync.sync.")):
            # The contents of a page are its classes and what one calls; twins have the methods of the originals.
            signature["_toc_name"] = ""
        for reference in list(signature.findall(addnodes.pending_xref)):
            _point(reference, where)
    for literal in list(doctree.findall(nodes.literal)):
        _link(literal)


def _written_in(signature: addnodes.desc_signature) -> str:
    """The module in which a signature is written."""
    base, name = signature.get("module") or "dgasync", signature.get("fullname") or ""
    owner, _, last = name.rpartition(".")
    try:
        if owner:
            for each in reversed(package.lineage(package.get(f"{base}.{owner}"))):
                if last in vars(each) or last in _own_annotations(each):
                    return str(each.__module__)
    except (AttributeError, ModuleNotFoundError):
        return str(base)
    return (package.origin(base, name) or (base, name))[0]


def _own_annotations(kind: Any) -> Any:
    """What a class itself annotates; a TypedDict has what its bases annotate, too."""
    if not is_typeddict(kind):
        return vars(kind).get("__annotations__", {})
    inherited = {name for base in package.lineage(kind)[:-1] for name in base.__annotations__}
    return kind.__annotations__.keys() - inherited


def _point(reference: addnodes.pending_xref, where: str) -> None:
    """Have a reference in a signature point to what its name means in the module `where`."""
    name = reference["reftarget"]
    path = package.named(where, name) if "." not in name else _known(name)
    # A type variable, what has an underscore, or an inner part is nothing to look up.
    if (
        path is None
        or path.rpartition(".")[2].startswith("_")
        or path.startswith(INNER)
        or isinstance(package.get(path), TypeVar)
    ):
        reference.replace_self(reference.children)
    else:
        reference["reftarget"] = path
        reference["reftype"] = "obj"
        reference.source, reference.line = str(getattr(package.module(where), "path", where)), None


def _known(path: str) -> str | None:
    """The public name of what is at a path in the package."""
    module, _, name = path.rpartition(".")
    return package.named(module, name) if path.startswith("dgasync.") else None


def _link(literal: nodes.literal) -> None:
    parent = literal.parent
    while parent is not None:
        if isinstance(parent, (nodes.reference, nodes.title, addnodes.pending_xref, addnodes.desc_signature)):
            return
        parent = parent.parent
    found = NAME.fullmatch(literal.astext())
    if found is None:
        return
    description = _around(literal)
    full = description["fullname"] if description is not None else ""
    owner = full if description is not None and description["is-class"] else full.rpartition(".")[0]
    if literal.astext().startswith(".") and not owner:
        return  # the ending of a name of a file
    reference = addnodes.pending_xref(
        "", refdomain="py", reftype="obj", reftarget=found[1], refexplicit=False, refwarn=False, **{SOFT: True}
    )
    if description is not None:
        reference["py:module"] = description.get("module") or "dgasync"
        reference["py:class"] = owner
    literal.replace_self(reference)
    reference += literal


def _around(node: nodes.Node) -> Any:
    """The signature of the innermost description that holds a node."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, addnodes.desc) and node.get("domain") == "py":
            signature = node.next_node(addnodes.desc_signature)
            if signature is not None:
                signature["is-class"] = node["objtype"] in ("class", "exception")
                return signature
    return None


def on_missing(app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: Any) -> Any:
    """What Sphinx itself did not find: the other names of public things, limits, and what is nobody's business."""
    target = str(node["reftarget"])
    if node.get("refdomain") == "py":
        domain = env.get_domain("py")
        for path in _guesses(CLIENTS.sub("AsyncDeepgramClient.", target)):
            found = domain.objects.get(package.primary().get(path, path))
            if found is not None:
                assert app.builder
                return make_refnode(app.builder, node["refdoc"], found.docname, found.node_id, content, path)
        if node.get(SOFT) or hasattr(builtins, target):
            return content
    return None


def _guesses(target: str) -> list[str]:
    paths = [target, *(f"{face}.{target}" for face in package.FACES), f"dgasync.limits.{target}"]
    return paths if "." in target or target[:1].isupper() else paths[1:]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("doctree-read", on_doctree, priority=400)  # before the contents are collected
    app.connect("missing-reference", on_missing)
    return {"parallel_read_safe": True}
