"""The kernel filter: from the rules' conditions to the tables that the sensor consults before it copies anything.

For a rule with condition C this derives K(C) from what the kernel can decide, with C => K(C) always: an atom's two
answers swap under negation, ``and``/``or`` swap with it. The clauses of all rules are the bits of the tables; each
table lists, per key, the clauses that are still possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import boxes, table_room
from .boxes import Box, Union
from .kernel_atoms import Atoms
from .listing import Listing
from .nodes import And, Check, Node, Not, Or

MAX_CLAUSES: Final = 1024
"""Bits that the sensor's tables can hold; it uses as many words of them as there are clauses."""
MAX_OF_A_RULE: Final = 16
"""Clauses that one rule may have; less where all rules together have too many."""
_LIMITS: Final = (MAX_OF_A_RULE, 8, 4, 2, 1)
_COMPARABLE: Final = 4 * MAX_CLAUSES
_ACCESS: Final = (("read", boxes.READ), ("write", boxes.WRITE), ("rdwr", boxes.RDWR))
_RESULT: Final = (("ok", boxes.OK), ("fail", boxes.FAIL), ("progress", boxes.PROGRESS))
_CONTAINER: Final = (("host", boxes.HOST), ("container", boxes.CONTAINER))
_CLIMBING: Final = (("climbs", boxes.CLIMBS), ("stays", boxes.STAYS))
_CREATING: Final = (("creates", boxes.CREATES), ("not", boxes.CREATES_NOT))
_KIND: Final = (
    ("ipv4", boxes.IPV4), ("ipv6", boxes.IPV6), ("unix", boxes.UNIX), ("file", boxes.FILE),
    ("directory", boxes.DIRECTORY), ("other", boxes.OTHER),
)  # fmt: skip
_TRANSPORT: Final = (("tcp", boxes.TCP), ("udp", boxes.UDP), ("other", boxes.NO_TCP_UDP))


@dataclass(frozen=True, slots=True)
class Need:
    """What one rule needs from the kernel: its events (a set of codes) and its resolved condition."""

    rule: str
    codes: int
    condition: Node


@dataclass(frozen=True, slots=True)
class Merged:
    """The clauses of all rules together, and what it cost to make them fit.

    No rule has more than ``limit``. ``fitted`` says of each rule's clauses what they ask where the kernel's tables have
    no room for more; no clause asks for the ``dropped`` dimensions; ``hulled``: unlike clauses were joined."""

    clauses: list[Box]
    limit: int
    fitted: Mapping[Box, Box]
    dropped: tuple[str, ...] = ()
    hulled: bool = False


class KernelFilter:
    """Derives and lays out the filter of a set of rules.

    ``ignored`` are the codes that are not captured at all (the high-volume calls the spec ignores by default).
    """

    def __init__(self, listing: Listing, ignored: int = 0) -> None:
        self._listing = listing
        self._atoms = Atoms(listing)
        self._captured = listing.all & ~ignored
        self._known: dict[tuple[int, bool], tuple[Node, Union]] = {}
        self._lost: dict[tuple[int, bool], set[str]] = {}

    @property
    def everything(self) -> Box:
        """The box of all events."""
        return self._atoms.everything

    def possible(self, node: Node, negated: bool = False) -> Union:
        """The events for which the condition (``negated``: its negation) may be true."""
        known = self._known.get((id(node), negated))
        if known is None:
            known = (node, self._derive(node, negated))
            self._known[id(node), negated] = known
        return known[1]

    def lost(self, node: Node, negated: bool) -> set[str]:
        """The dimensions in which restrictions went because the condition, without its children, grew too large."""
        self.possible(node, negated)
        return self._lost.get((id(node), negated), set())

    def _derive(self, node: Node, negated: bool) -> Union:
        match node:
            case Check():
                return self._atoms.answers(node)[negated]
            case Not(child=child):
                return self.possible(child, not negated)
            case And() | Or():
                parts = [self.possible(child, negated) for child in node.children]
                lost = self._lost[id(node), negated] = set()
                if isinstance(node, And) != negated:
                    return boxes.intersection(parts, self._atoms.everything, lost)
                return boxes.union(parts, lost)
        raise ValueError(f"macro {node.name} is not resolved")

    def clauses(self, need: Need, limit: int = boxes.MAX_BOXES) -> Union:
        """The clauses of one rule, at most ``limit``."""
        codes = need.codes & self._captured
        return boxes.simplify((box.meet(Box(codes)) for box in self.possible(need.condition)), limit)

    def tables(self, needs: Iterable[Need]) -> dict[str, Any]:
        """The FILTER document of the plan for all rules together."""
        return layout(self.merged(list(needs)).clauses, self._listing)

    def merged(self, needs: list[Need]) -> Merged:
        """The clauses of all rules together, contained ones left out, at most MAX_CLAUSES."""
        for limit in _LIMITS:
            fitted = table_room.fitted([box for need in needs for box in self.clauses(need, limit)])
            kept = _reduced(fitted.values())
            if len(kept) <= MAX_CLAUSES:
                return Merged(kept, limit, fitted)
        dropped: tuple[str, ...] = ()
        for dimension in boxes.DISPENSABLE:
            dropped = (*dropped, dimension)
            kept = _reduced(boxes.without(box, dimension) for box in kept)
            if len(kept) <= MAX_CLAUSES:
                return Merged(kept, limit, fitted, dropped)
        return Merged(list(boxes.simplify(kept, MAX_CLAUSES)), limit, fitted, dropped, hulled=True)


def _reduced(found: Iterable[Box]) -> list[Box]:
    """The distinct boxes; joined where they are too many, and compared each with each where they are not."""
    kept = list(dict.fromkeys(found))
    if len(kept) > MAX_CLAUSES:
        kept = boxes.joined(kept)
    return _maximal(kept) if len(kept) <= _COMPARABLE else kept


def _maximal(found: Iterable[Box]) -> list[Box]:
    kept: list[Box] = []
    for box in found:
        if not any(box.within(other) for other in kept):
            kept = [other for other in kept if not other.within(box)]
            kept.append(box)
    return kept


def layout(clauses: list[Box], listing: Listing) -> dict[str, Any]:
    """The tables for clauses whose bits are their positions in the list."""
    return {
        "clauses": len(clauses),
        "syscalls": _syscalls(clauses, listing),
        "access": {name: _having(clauses, "access", bit) for name, bit in _ACCESS},
        "result": {name: _having(clauses, "result", bit) for name, bit in _RESULT},
        "path": _paths(clauses),
        "container": {name: _having(clauses, "container", bit) for name, bit in _CONTAINER},
        "climbing": {name: _having(clauses, "climbing", bit) for name, bit in _CLIMBING},
        "creating": {name: _having(clauses, "creating", bit) for name, bit in _CREATING},
        "kind": {name: _having(clauses, "kind", bit) for name, bit in _KIND},
        "transport": {name: _having(clauses, "transport", bit) for name, bit in _TRANSPORT},
        "port": _port_table(clauses),
        "name": _name_table(clauses),
        "user": _user_table(clauses),
        "network": _network_table(clauses),
    }


def _having(clauses: list[Box], dimension: str, bit: int) -> list[int]:
    return [number for number, box in enumerate(clauses) if getattr(box, dimension) & bit]


def _syscalls(clauses: list[Box], listing: Listing) -> dict[str, list[int]]:
    table: dict[int, list[int]] = {}
    for number, box in enumerate(clauses):
        for code in listing.members(box.codes):
            for native in code.native:
                table.setdefault(native, []).append(number)
    return {str(native): numbers for native, numbers in sorted(table.items())}


def _paths(clauses: list[Box]) -> dict[str, Any]:
    tables: dict[str, dict[str, list[int]]] = {"exact": {}, "prefix": {}, "filename": {}, "folder": {}}
    for number, box in enumerate(clauses):
        for kind, text in sorted(box.path or ()):
            tables[kind].setdefault(text, []).append(number)
    anywhere = [number for number, box in enumerate(clauses) if box.path is None]
    return {"any": anywhere, **tables, "prefix": _cumulative(tables["prefix"])}


def _port_table(clauses: list[Box]) -> dict[str, Any]:
    numbers: dict[str, list[int]] = {}
    for number, box in enumerate(clauses):
        for port in sorted(box.ports or ()):
            numbers.setdefault(str(port), []).append(number)
    return {"any": [number for number, box in enumerate(clauses) if box.ports is None], "ports": numbers}


def _name_table(clauses: list[Box]) -> dict[str, Any]:
    names: dict[str, list[int]] = {}
    for number, box in enumerate(clauses):
        for name in sorted(box.names or ()):
            names.setdefault(name, []).append(number)
    return {"any": [number for number, box in enumerate(clauses) if box.names is None], "names": names}


def _user_table(clauses: list[Box]) -> dict[str, Any]:
    named = sorted({user for box in clauses for user in box.users.named})
    return {
        "any": [number for number, box in enumerate(clauses) if box.users == boxes.ANY_USER],
        "other": [number for number, box in enumerate(clauses) if box.users.others],
        "users": {str(user): [number for number, box in enumerate(clauses) if user in box.users] for user in named},
    }


def _network_table(clauses: list[Box]) -> dict[str, Any]:
    networks: dict[str, dict[str, Any]] = {}

    def entry(text: str) -> dict[str, Any]:
        return networks.setdefault(text, {"wanted": [], "shunned": [[] for _ in range(boxes.MAX_OUTSIDE)]})

    for number, box in enumerate(clauses):
        for text in sorted(box.inside or ()):
            entry(text)["wanted"].append(number)
        for slot, group in enumerate(sorted(box.outside, key=sorted)):
            for text in sorted(group):
                entry(text)["shunned"][slot].append(number)
    return {
        "inside": [number for number, box in enumerate(clauses) if box.inside is not None],
        "outside": [number for number, box in enumerate(clauses) if box.outside],
        "networks": networks,
    }


def _cumulative(prefixes: dict[str, list[int]]) -> dict[str, list[int]]:
    """Each prefix with the clauses of its own shorter prefixes too, since a longest-match look-up finds one entry."""
    return {
        text: sorted({n for end in range(len(text) + 1) for n in prefixes.get(text[:end], ())}) for text in prefixes
    }
