"""Priorities (spec: rules-language.md, section 16): 0 is the gravest, 7 the least."""

from __future__ import annotations

from typing import Final

NAMES: Final = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
_NUMBERS: Final = {name.lower(): number for number, name in enumerate(NAMES)} | {"info": 6}


def parse(word: str) -> int | None:
    """The number of a priority word in any case, or None for an unknown one."""
    return _NUMBERS.get(word.lower())
