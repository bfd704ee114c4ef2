"""One place that says "did you mean ...?"."""

from __future__ import annotations

from collections.abc import Iterable

from dgasync.errors import DeepgramTypeError

__all__ = ["unknown"]


def unknown(name: object, known: Iterable[str], what: str) -> DeepgramTypeError:
    """The error to raise when `what` (a class, a call) was given a `name` that is none of the `known` ones."""
    if not isinstance(name, str):
        return DeepgramTypeError(f"{what} takes options by their names, and {name!r} is not a name.")
    guess = _closest(name, known)
    if guess is not None:
        return DeepgramTypeError(f"{what} has no option {name!r}; did you mean {guess!r}?")
    verb = _verb_of(name)
    if verb is not None:
        return DeepgramTypeError(f"{what} has no option {name!r}: that is one of `{verb}`.")
    return DeepgramTypeError(f"{what} has no option {name!r}. What the service is newly able to take goes in `addons`.")


def _verb_of(name: str) -> str | None:
    """The native verb that has an option of this name, where it is one of a few."""
    from dgasync.models import flux_params, params, read_params, speak_params

    verbs = {
        "live": params.LiveParams,
        "turns": flux_params.FluxParams,
        "transcribe": params.RecordingParams,
        "analyze": read_params.TextParams,
        "synthesize": speak_params.VoiceParams,
    }
    return next((verb for verb, kind in verbs.items() if name in kind.__annotations__), None)


def _closest(name: str, known: Iterable[str]) -> str | None:
    # Only a mistake needs it, and it costs as much to import as the rest of the models.
    from difflib import get_close_matches

    spellings = {spelling.replace("_", ""): spelling for spelling in known}
    # 0.7: "diarise" finds diarize and "keyterms" keyterm, while "loudness" finds nothing.
    found = get_close_matches(name.lower().replace("_", "").replace("-", ""), spellings, n=1, cutoff=0.7)
    return spellings[found[0]] if found else None
