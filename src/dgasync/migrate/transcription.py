"""v2's client and what it does with recordings, in dgasync's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst import matchers as m

from dgasync import DeepgramClient
from dgasync.migrate.account import BRANCHES, account_args
from dgasync.migrate.answers import settle
from dgasync.migrate.edits import arranged, client_of, expression, text_of
from dgasync.migrate.options import Options, options_of
from dgasync.migrate.reading import Reading
from dgasync.migrate.values import CLIENT, Values
from dgasync.sync.projects import Projects

__all__ = ["rewrite_calls"]

_TRANSCRIBING = ("live", "prerecorded", "sync_prerecorded")
_OTHERS = ("extra", "options", "transcription")
_UNKNOWN = (
    "Whether `{owner}` is a client of v2 cannot be told here: declare it, as in `def f(dg: Deepgram)`, and run "
    "`migrate` again, or change it by hand. {guide}"
)
_GUIDE = "docs/guides/migrating.md has v2's calls beside dgasync's."


def rewrite_calls(reading: Reading, values: Values) -> None:
    """Note the changes to where clients are made and asked, live speech aside."""
    calls = _Calls(reading, values)
    for call in reading.each(cst.Call):
        calls.see(call)
    for attribute in reading.each(cst.Attribute):
        calls.see_rest(attribute)


class _Calls:
    def __init__(self, reading: Reading, values: Values) -> None:
        self._reading = reading
        self._values = values
        self._is_v2 = bool(reading.spellings(CLIENT))

    def see(self, node: cst.Call) -> None:
        """Rewrite a call, if it is one of v2."""
        if self._values.makes_client(node):
            self._make(node)
            return
        func = node.func
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Attribute):
            branch, method = func.value.attr.value, func.attr.value
            if self._values.is_client(func.value.value):
                self._ask(node, branch, method)

    def see_rest(self, node: cst.Attribute) -> None:
        """Point at what is done with a client in a way that is not known."""
        what, owner, parent = node.attr.value, node.value, self._reading.parent(node)
        if what in _TRANSCRIBING and isinstance(owner, cst.Attribute) and owner.attr.value == "transcription":
            if self._values.was_client(owner.value):
                pass  # said of the branch
            elif not self._values.is_client(owner.value):
                self._reading.left(node, text_of(node), _UNKNOWN.format(owner=text_of(owner.value), guide=_GUIDE))
            elif not isinstance(parent, cst.Call) or parent.func is not node:
                self._reading.left(node, text_of(node), f"The method is not called where it stands. {_GUIDE}")
            return
        # In code that does not name v2, `list` and `get` may be anybody's.
        if isinstance(owner, cst.Attribute) and (self._is_v2 or "_" in what):
            is_asked = what in BRANCHES.get(owner.attr.value, ())
            if is_asked and not self._values.is_client(owner.value):
                self._reading.left(node, text_of(node), _UNKNOWN.format(owner=text_of(owner.value), guide=_GUIDE))
        is_end = not isinstance(parent, cst.Attribute) or parent.value is not node
        if is_end and (what in BRANCHES or what in _OTHERS) and self._values.is_client(owner):
            self._reading.left(node, text_of(node), f"What is done with it is not certain. {_GUIDE}")
        is_gone = what in (*BRANCHES, *_OTHERS) and not hasattr(DeepgramClient, what)
        if is_gone and self._values.was_client(owner):
            self._reading.left(node, text_of(node), f"dgasync's client has no `{what}`. {_GUIDE}")
        is_kept = isinstance(owner, cst.Attribute) and owner.attr.value == "projects" and not hasattr(Projects, what)
        if is_kept and self._values.was_client(cst.ensure_type(owner, cst.Attribute).value):
            self._reading.left(node, text_of(node), f"`projects` has no `{what}`. {_GUIDE}")

    # ── Deepgram(...) ──

    def _make(self, node: cst.Call) -> None:
        key, settings = self._client_args(node)
        if key is None:
            self._reading.left(
                node,
                text_of(node),
                "Give the key, or `DeepgramClientOptions(api_key=..., url=...)`: "
                "`DeepgramClient(key, DeepgramClientOptions(url=...))`.",
            )
            return

        def made(updated: cst.Call) -> cst.Call:
            args = [cst.Arg(key)]
            if settings is not None:
                args.append(cst.Arg(settings))
            return updated.with_changes(args=arranged(args, updated.args))

        self._reading.edits.change(node, made)
        self._reading.done(node, "Deepgram(...)")

    def _client_args(self, node: cst.Call) -> tuple[cst.BaseExpression | None, cst.BaseExpression | None]:
        """The key and the settings of a client."""
        if len(node.args) != 1 or node.args[0].star:
            return None, None
        keyword = node.args[0].keyword
        if keyword is not None and keyword.value != "options":
            return None, None
        given = node.args[0].value
        literals = self._values.literals(given)
        if literals is None:
            if not _is_key(given):
                self._reading.look(
                    node, text_of(node), f"`{text_of(given)}` is taken for the key; v2 took a dict of settings, too."
                )
            return given, None
        if len(literals) != 1:
            return None, None
        parts = _by_name(literals[0])
        if parts is None or "api_key" not in parts:
            return None, None
        if isinstance(given, cst.Name):
            parts = {name: expression(f'{given.value}["{name}"]') for name in parts}
        for name in parts:
            if name not in ("api_key", "api_url"):
                self._reading.look(
                    node,
                    f"Deepgram({{{name!r}: ...}})",
                    "It is left out: what the service warns of is in `response['metadata']`, and a token goes as "
                    "`DeepgramClient(access_token=...)`.",
                )
        return parts["api_key"], self._address(node, parts.get("api_url"))

    def _address(self, node: cst.Call, url: cst.BaseExpression | None) -> cst.BaseExpression | None:
        if url is None:
            return None
        options = self._reading.need("DeepgramClientOptions")
        if isinstance(url, cst.SimpleString) and isinstance(url.evaluated_value, str):
            plain = url.evaluated_value.rstrip("/").removesuffix("/listen").removesuffix("/v1")
            return expression(f"{options}(url={plain!r})".replace("'", '"'))
        self._reading.look(
            node,
            "api_url",
            "v2's address had the version in it, dgasync's has not: `.removesuffix('/v1')` takes it off.",
        )
        return expression(f'{options}(url={{url}}.removesuffix("/v1"))', url=url)

    # ── client.branch.method(...) ──

    def _ask(self, node: cst.Call, branch: str, method: str) -> None:
        what = f"{branch}.{method}(...)"
        if branch == "transcription" and method in ("prerecorded", "sync_prerecorded"):
            done = self._transcribe(node, is_async=method == "prerecorded")
        elif branch == "transcription" and method == "live":
            return  # see live.py
        elif branch == "extra":
            done = self._caption(node, method)
        elif method in BRANCHES.get(branch, {}):
            done = self._manage(node, branch, method)
        else:
            done = False
        if done:
            self._reading.done(node, what)
        else:
            self._reading.left(node, what, self._advice(branch, method))

    @staticmethod
    def _advice(branch: str, method: str) -> str:
        if (branch, method) == ("projects", "create"):
            return "The service has no documented call for it: `client.request('POST', 'v1/projects', json={...})`."
        return f"Its arguments cannot be told apart with certainty. {_GUIDE}"

    def _transcribe(self, node: cst.Call, *, is_async: bool) -> bool:
        given = options_of(node.args, ("source", "options", "endpoint", "timeout"))
        source = given.named.get("source") if given is not None else None
        if given is None or source is None:
            return False
        verb = self._verb(source.value)
        options = Options(self._reading, self._values, node, given, "PrerecordedOptions")
        if verb is None or not options.are_known:
            return False
        door = "asyncprerecorded" if is_async else "prerecorded"

        def asked(updated: cst.Call) -> cst.Call:
            args = [given.now(source, updated), *options.made(updated)]
            return updated.with_changes(
                func=expression(verb.replace("DOOR", f'{{client}}.listen.{door}.v("1")'), client=client_of(updated)),
                args=arranged(args, updated.args),
            )

        self._reading.edits.change(node, asked)
        settle(self._reading, node, coming=is_async)
        return True

    def _verb(self, source: cst.BaseExpression) -> str | None:
        """The method for a source, as a template; where it may be either, it is asked when it is called."""
        kinds: set[str] = set()
        for literal in self._values.literals(source) or ():
            names = _by_name(literal) or {}
            kinds.add("file" if "buffer" in names else "url" if "url" in names else "?")
        if len(kinds) == 1 and "?" not in kinds:
            return f"DOOR.transcribe_{kinds.pop()}"
        if not m.matches(source, m.Name() | m.Attribute(value=m.Name())):
            return None
        return f'(DOOR.transcribe_url if "url" in {text_of(source)} else DOOR.transcribe_file)'

    def _manage(self, node: cst.Call, branch: str, method: str) -> bool:
        call = BRANCHES[branch][method]
        is_whole = (branch, method) == ("projects", "update") and len(node.args) == 1
        if is_whole and (node.args[0].keyword or not isinstance(node.args[0].value, cst.Name)):
            return False
        if not is_whole and account_args(call, f"{branch}.{method}", node.args) is None:
            return False

        def asked(updated: cst.Call) -> cst.Call:
            if is_whole:  # of older releases: the project itself
                project = text_of(updated.args[0].value)
                args = [cst.Arg(expression(f'{project}["{name}"]')) for name in ("project_id", "name")]
            else:
                args = account_args(call, f"{branch}.{method}", updated.args) or []
            return updated.with_changes(
                func=expression(f'{{client}}.asyncmanage.v("1").{call.name}', client=client_of(updated)),
                args=arranged(args, updated.args) if is_whole else args,
            )

        self._reading.edits.change(node, asked)
        settle(self._reading, node, coming=True)
        return True

    def _caption(self, node: cst.Call, method: str) -> bool:
        given = options_of(node.args, ("response", "line_length", "readable"))
        kind = {"to_SRT": "srt", "to_WebVTT": "webvtt"}.get(method)
        if given is None or kind is None or given.others or "response" not in given.named:
            return False
        readable = text_of(given.named["readable"].value) if "readable" in given.named else "True"
        if readable not in ("True", "False"):
            return False
        converter = self._reading.need("DeepgramConverter", "dgasync.captions")
        write = self._reading.need(kind, "dgasync.captions")

        def written(updated: cst.Call) -> cst.BaseExpression:
            response = given.now(given.named["response"], updated).value
            length = given.named.get("line_length")
            args: dict[str, Any] = {"response": response}
            template = f"{write}({converter}({{response}})"
            if length is not None:
                template, args["length"] = f"{template}, {{length}}", given.now(length, updated).value
            return expression(f"print({template}))" if readable == "True" else f"{template})", **args)

        self._reading.edits.change(node, written)
        self._reading.look(node, f"extra.{method}(...)", "Lines and cues are laid out as deepgram-captions does it.")
        return True


def _by_name(literal: cst.Dict) -> dict[str, cst.BaseExpression] | None:
    """The values of a dict whose keys are all written out."""
    found: dict[str, cst.BaseExpression] = {}
    for element in literal.elements:
        if not isinstance(element, cst.DictElement) or not isinstance(element.key, cst.SimpleString):
            return None
        found[str(element.key.evaluated_value)] = element.value
    return found


def _is_key(given: cst.BaseExpression) -> bool:
    """Whether an expression is a text, or says by its name that it is a key."""
    words: Sequence[str] = ("key", "token", "secret", "environ", "getenv")
    return isinstance(given, cst.BaseString) or any(word in text_of(given).lower() for word in words)
