"""The options classes: from each TypedDict of `models/*params.py` a dataclass with the same keys, types and words."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
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

V3_READ = (
    *("callback", "callback_method", "custom_intent", "custom_intent_mode", "custom_topic", "custom_topic_mode"),
    *("intents", "language", "sentiment", "summarize", "topics"),
)
"""The same for texts."""

V3_SUMMARY = (
    *("start", "end", "accessor", "tag", "method", "model", "multichannel", "interim_results", "punctuate", "ner"),
    *("utterances", "replace", "profanity_filter", "keywords", "detect_topics", "diarize", "search", "redact"),
    *("alternatives", "numerals", "smart_format"),
)
"""The same for sums of usage."""


@dataclass(frozen=True)
class Wanted:
    """One options class to be made."""

    target: str
    params: str
    doc: str
    order: Sequence[str]
    source: str = "models/params.py"


ACCOUNT = ("models/account_options.py", "models/account_params.py")
"""Where the options classes of the account are made, and of what."""


def account(params: str, doc: str, *order: str) -> Wanted:
    """An options class of the account."""
    target, source = ACCOUNT
    return Wanted(target, params, f"{doc}; None is unset and never sent.", order, source)


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
    "FluxOptions": Wanted(
        "models/flux_options.py",
        "FluxParams",
        "Options for the turns of a conversation; None is unset and never sent.",
        (),
        "models/flux_params.py",
    ),
    "SpeakOptions": Wanted(
        "models/speak_options.py",
        "SpeakParams",
        "Options for the sound of a text; None is unset and never sent.",
        ("model", "encoding", "container", "sample_rate", "bit_rate"),
        "models/speak_params.py",
    ),
    "SpeakWSOptions": Wanted(
        "models/speak_live_options.py",
        "SpeakLiveParams",
        "Options for a voice that speaks while its text comes in; None is unset and never sent.",
        ("model", "encoding", "sample_rate", "bit_rate"),
        "models/speak_live_params.py",
    ),
    "AnalyzeOptions": Wanted(
        "models/read_options.py",
        "ReadParams",
        "Options for the analysis of a text; None is unset and never sent.",
        V3_READ,
        "models/read_params.py",
    ),
    "ProjectOptions": account("ProjectParams", "What of a project is to be changed", "name"),
    "KeyOptions": account(
        *("KeyParams", "What a new key is to be like"),
        *("comment", "time_to_live_in_seconds", "expiration_date", "scopes", "tags"),
    ),
    "ScopeOptions": account("ScopeParams", "What a member may do", "scope"),
    "InviteOptions": account("InviteParams", "Someone to be asked to join", "email", "scope"),
    "ModelOptions": account("ModelParams", "Which models to list", "include_outdated"),
    "UsageRequestOptions": account("UsageRequestParams", "Which requests to list", "start", "end", "limit", "status"),
    "UsageSummaryOptions": account("UsageSummaryParams", "Which requests to sum up", *V3_SUMMARY),
    "UsageFieldsOptions": account("UsageFieldsParams", "The time whose usage is to be filtered", "start", "end"),
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
    module: Module
    """Where it is written."""


def keys(module: Module, name: str) -> Iterator[Key]:
    """The keys of a TypedDict, its own first: what it shares with others, such as labels, is of less interest."""
    node = module.class_named(name)
    for index, each in enumerate(node.body):
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            below = node.body[index + 1]
            assert isinstance(below, ast.Expr)
            doc = ast.literal_eval(below.value)
            # On one line, whatever brackets or line breaks held it together.
            text = " ".join(module.segment(each.annotation).split())
            yield Key(each.target.id, each.annotation, text, doc, module)
    origins = module.origins()
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id != "TypedDict":
            place, there = origins[base.id]
            yield from keys(module if place == module.name else _module(place), there)


@cache
def _module(name: str) -> Module:
    return Module(PACKAGE.joinpath(*name.split(".")[1:]).with_suffix(".py"))


def option_files() -> dict[Path, str]:
    """The text of each file of options classes, not laid out yet."""
    files: dict[str, list[str]] = {}
    for name, wanted in CLASSES.items():
        files.setdefault(wanted.target, []).append(name)
    return {PACKAGE / target: _text(names) for target, names in files.items()}


def _text(names: Sequence[str]) -> str:
    """A file of options classes that have one source."""
    module = Module(PACKAGE / CLASSES[names[0]].source)
    # Imported for good, not for checkers only: frameworks such as FastAPI resolve the types of a dataclass.
    needed = {("dataclasses", "dataclass", "dataclass"), ("dgasync.models.options", "Options", "Options")}
    classes: list[str] = []
    for name in names:
        wanted = CLASSES[name]
        by_name = {key.name: key for key in keys(module, wanted.params)}
        for key in by_name.values():
            origins = key.module.origins()
            needed |= {(*origins[each], each) for each in names_in(key.annotation) if each in origins}
        order = [*wanted.order, *(each for each in by_name if each not in wanted.order)]
        fields = "\n".join(_field(by_name[each]) for each in order)
        classes.append(
            f'@dataclass(eq=False, repr=False)\nclass {name}(Options):\n    """{wanted.doc}"""\n\n{fields}\n'
        )
    title = (
        f"`{names[0]}`, the options of `{CLASSES[names[0]].params}` as an object."
        if len(names) == 1
        else "Options as objects, one class for each of the TypedDicts."
    )
    return (
        f'"""{title}\n\n{header(module.place)}"""\n\n'
        f"from __future__ import annotations\n\n{imports(needed)}\n__all__ = {sorted(names)!r}\n\n"
        + "\n\n".join(classes)
    )


def _field(key: Key) -> str:
    return f'    {key.name}: {key.type} | None = None\n    """{key.doc}"""'
