"""What the declaration of a key says beside its type and default."""

from __future__ import annotations

import msgspec


def key(
    text: str, *, fatal: bool = False, fold: bool = False, ge: float | None = None, le: float | None = None
) -> msgspec.Meta:
    """Metadata for `Annotated`.

    `text`: one line for people. `fatal`: a value that does not fit ends the start, where others fall back to the
    default with a warning. `fold`: words in any case. `ge`, `le`: bounds, inclusive.
    """
    return msgspec.Meta(description=text, ge=ge, le=le, extra={"fatal": fatal, "fold": fold})


def merged(metas: tuple[object, ...]) -> tuple[str, bool, bool]:
    """(description, fatal, fold) of a key's metadata."""
    for meta in metas:
        if isinstance(meta, msgspec.Meta):
            extra = meta.extra or {}
            return meta.description or "", bool(extra.get("fatal")), bool(extra.get("fold"))
    return "", False, False
