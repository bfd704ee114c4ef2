"""Where a text goes to be spoken."""

from __future__ import annotations

from dgasync.errors import DeepgramTypeError

__all__ = ["version_of"]


def version_of(version: object, model: object) -> str:
    """Which generation of the service speaks: as asked for, or the one that has the voice.

    Raises:
        DeepgramTypeError: there is no such version, or the second has no voice to speak with.
    """
    if version not in (None, "1", "2"):
        raise DeepgramTypeError(f'`version` is "1" or "2"; got {version!r}.')
    if version is None:
        # The second takes only these, the first none of them (description of `model` of /v2/speak).
        return "2" if isinstance(model, str) and model.startswith("flux-") else "1"
    if version == "2" and not model:
        raise DeepgramTypeError('Version "2" has no voice unless asked for one: `model="flux-alexis-en"`, for example.')
    return str(version)
