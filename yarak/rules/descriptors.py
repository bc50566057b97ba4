"""Descriptors that rules ask for beside the one that an event is about: the sensor tells them only then."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

_BY_NUMBER: Final = {"proc.stdin.": 0, "proc.stdout.": 1, "proc.stderr.": 2}
"""Number of the descriptor that fields are about, by how their names begin."""
_POLLED: Final = frozenset({"fdlist.cips", "fdlist.cports", "fdlist.names", "fdlist.sips", "fdlist.sports"})
_LETTERED: Final = frozenset({"evt.args", "evt.info", "evt.arg"})
"""Texts of parameters: those of poll show a letter for what each descriptor is."""
_TABLE: Final = frozenset({"proc.fdopencount", "proc.fdusage"})
_KINDS: Final = "fd.types"
NUMBERS: Final = 64
"""The sensor tells descriptors below this number (``struct yk_live`` in sensor/event.h)."""


class Use(msgspec.Struct, frozen=True):
    """A field that a rule reads: its name and, as written, its bracket argument."""

    name: str
    arg: str | None


def asked_for(uses: Iterable[Use]) -> dict[str, Any]:
    """``numbers``, ``polled`` and ``table`` as the engine takes them (core/src/engine/mod.rs); empty for none."""
    uses = list(uses)
    names = {use.name for use in uses}
    numbers = {number for start, number in _BY_NUMBER.items() if any(name.startswith(start) for name in names)}
    indices = [use.arg for use in uses if use.name == _KINDS]
    numbers |= {int(arg) for arg in indices if arg is not None and arg.isdecimal() and int(arg) < NUMBERS}
    wanted = {
        "numbers": sorted(numbers),
        "polled": not names.isdisjoint(_POLLED | _LETTERED),
        "table": not names.isdisjoint(_TABLE) or None in indices,
    }
    return wanted if any(wanted.values()) else {}


def names_sockets(uses: Iterable[Use]) -> bool:
    """Whether a connection may be shown by its name, whose order of ends is known from its beginning alone."""
    return any(use.name in _POLLED or use.name.startswith(tuple(_BY_NUMBER)) for use in uses)
