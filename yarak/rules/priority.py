"""Priorities (spec: rules-language.md, section 16): 0 is the gravest, 7 the least."""

from __future__ import annotations

from typing import Final

from .suggest import did_you_mean

NAMES: Final = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
_NUMBERS: Final = {name.lower(): number for number, name in enumerate(NAMES)} | {"info": 6}


def parse(word: str) -> int | None:
    """The number of a priority word in any case, or None for an unknown one."""
    return _NUMBERS.get(word.lower())


def hint(word: str) -> str:
    """A hint for a word that is none: a priority that begins so (``CRIT``), or the most similar one."""
    begun = [name for name in NAMES if word and name.lower().startswith(word.lower())]
    return f"did you mean '{begun[0]}'?" if begun else did_you_mean(word, NAMES)
