"""Did-you-mean for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like ``name``, whatever the case of its letters, or None where nothing is near."""
    from difflib import get_close_matches

    folded = {one.lower(): one for one in known}
    matches = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.75)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint naming the closest known name, or an empty string."""
    match = closest(name, known)
    return f"did you mean '{match}'?" if match else ""
