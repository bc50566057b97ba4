"""The eight priorities, 0 (most severe) to 7; also the levels of syslog(3)."""

from __future__ import annotations

NAMES = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")
"""As alerts print them."""

SHORT_NAMES = (*(name.upper() for name in NAMES[:6]), "INFO", "DEBUG")
"""As the statistics print them."""

_NUMBERS = {name.lower(): number for number, name in enumerate(NAMES)} | {"info": 6}


def parse(text: str) -> int | None:
    """The number of a priority's name in any case (`info` is the only alias), or None."""
    return _NUMBERS.get(text.lower())
