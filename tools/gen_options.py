"""The options classes: from each TypedDict of `models/params.py` a dataclass with the same keys, types and words."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from source import PACKAGE, Module, header, imports, names_in

V3_RECORDING = (
    *("alternatives", "channels", "callback", "callback_method", "custom_intent", "custom_intent_mode"),
    *("custom_topics", "custom_topic_mode", "detect_entities", "detect_language", "detect_topics", "diarize"),
    *("diarize_version", "dictation", "encoding", "extra", "filler_words", "intents", "keywords", "language"),
    *("measurements", "model", "multichannel", "numerals", "paragraphs", "profanity_filter", "punctuate", "redact"),
    *("replace", "sample_rate", "search", "sentiment", "smart_format", "summarize", "tag", "tier", "topics"),
    *("utt_split", "utterances", "version"),
)
"""The fields of v3.2.7 in its order, which is the order of positional arguments; newer ones come behind them."""

V3_LIVE = (
    *("alternatives", "callback", "callback_method", "channels", "diarize", "diarize_version", "encoding"),
    *("endpointing", "extra", "filler_words", "interim_results", "keywords", "language", "model", "multichannel"),
    *("numerals", "punctuate", "profanity_filter", "redact", "replace", "sample_rate", "search", "smart_format"),
    *("tag", "tier", "utterance_end_ms", "vad_events", "version"),
)
"""The same for live speech."""


@dataclass(frozen=True)
class Wanted:
    """One options class to be made."""

    target: str
    params: str
    doc: str
    order: Sequence[str]


CLASSES: Mapping[str, Wanted] = {
    "PrerecordedOptions": Wanted(
        "models/listen_options.py",
        "ListenParams",
        "Options for the transcript of a recording; None is unset and never sent.",
        V3_RECORDING,
    ),
    "LiveOptions": Wanted(
        "models/live_options.py",
        "LiveParams",
        "Options for the transcript of live speech; None is unset and never sent.",
        V3_LIVE,
    ),
}
"""The options classes by name."""


@dataclass(frozen=True)
class Key:
    """One key of a TypedDict."""

    name: str
    annotation: ast.expr
    type: str
    """The annotation as written."""
    doc: str
    """The docstring under it."""


def keys(module: Module, name: str) -> Iterator[Key]:
    """The keys of a TypedDict, those of its bases first."""
    node = module.class_named(name)
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id != "TypedDict":
            yield from keys(module, base.id)
    for index, each in enumerate(node.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            below = node.body[index + 1]
            assert isinstance(below, ast.Expr)
            doc = ast.literal_eval(below.value)
            # On one line, whatever brackets or line breaks held it together.
            yield Key(each.target.id, each.annotation, " ".join(module.segment(each.annotation).split()), doc)


def option_files() -> dict[Path, str]:
    """The text of each file of options classes, not laid out yet."""
    module = Module(PACKAGE / "models" / "params.py")
    return {PACKAGE / wanted.target: _text(module, name, wanted) for name, wanted in CLASSES.items()}


def _text(module: Module, name: str, wanted: Wanted) -> str:
    by_name = {key.name: key for key in keys(module, wanted.params)}
    order = [*wanted.order, *(each for each in by_name if each not in wanted.order)]
    origins = module.origins()
    used = set[str]().union(*(names_in(key.annotation) for key in by_name.values()))
    # Imported for good, not for checkers only: frameworks such as FastAPI resolve the types of a dataclass.
    needed = {(*origins[each], each) for each in used if each in origins}
    needed |= {("dataclasses", "dataclass", "dataclass"), ("dgasync.models.options", "Options", "Options")}
    fields = "\n".join(_field(by_name[each]) for each in order)
    return (
        f'"""`{name}`, the options of `{wanted.params}` as an object.\n\n{header(module.place)}"""\n\n'
        f"from __future__ import annotations\n\n{imports(needed)}\n__all__ = [{name!r}]\n\n"
        f'@dataclass(eq=False, repr=False)\nclass {name}(Options):\n    """{wanted.doc}"""\n\n{fields}\n'
    )


def _field(key: Key) -> str:
    return f'    {key.name}: {key.type} | None = None\n    """{key.doc}"""'
