"""How many keys the kernel's tables hold, and which clauses go without a dimension where there would be more.

A reload holds the tables of two generations side by side, so that one may fill half of each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .boxes import Box, without

_GENERATIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Table:
    """``dimensions`` are what its keys are for, ``keys`` those that a box needs there. ``entries`` is the size of the
    map in the sensor's maps.h."""

    dimensions: tuple[str, ...]
    entries: int
    keys: Callable[[Box], Iterable[Hashable]]

    @property
    def room(self) -> int:
        """How many keys one generation may have."""
        return self.entries // _GENERATIONS


def _path_keys(box: Box) -> set[Hashable]:
    """Beside every path and prefix go the directories above it."""
    keys: set[Hashable] = set(box.path or ())
    for kind, text in box.path or ():
        if kind != "filename":
            keys.update(("directory", text[:at]) for at, char in enumerate(text) if char == "/")
        if kind == "folder":
            keys.add(("directory", text))
    return keys


def _network_keys(box: Box) -> set[Hashable]:
    return {network for group in (*box.outside, box.inside or frozenset()) for network in group}


TABLES: Final = (
    Table(("path",), 65_536, _path_keys),
    Table(("names",), 16_384, lambda box: box.names or ()),
    Table(("ports",), 16_384, lambda box: box.ports or ()),
    Table(("users",), 16_384, lambda box: box.users.named),
    Table(("outside", "inside"), 65_536, _network_keys),
)
OF: Final = {dimension: table for table in TABLES for dimension in table.dimensions}


def fitted(boxes: Sequence[Box]) -> dict[Box, Box]:
    """Each box with what it asks where all of them fit into the tables: those with the most keys go without."""
    found = dict.fromkeys(boxes)
    wider = {box: box for box in found}
    for table in TABLES:
        for box in _without_room(wider, table):
            for dimension in table.dimensions:
                wider[box] = without(wider[box], dimension)
    return wider


def _without_room(boxes: Iterable[Box], table: Table) -> list[Box]:
    needed = [(box, frozenset(table.keys(box))) for box in boxes]
    taken: set[Hashable] = set()
    outside: list[Box] = []
    for box, keys in sorted(needed, key=lambda one: len(one[1])):
        if len(taken) + len(keys - taken) <= table.room:
            taken |= keys
        else:
            outside.append(box)
    return outside
