"""Boxes: conjunctions of what the kernel can decide, and unions of them.

A box is one clause of the kernel filter: the events it allows, in each dimension. A union of boxes is a condition in
disjunctive normal form. All operations may widen, never narrow: a widened filter lets more events through and stays
correct.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any, Final, TypeVar

_T = TypeVar("_T", int, str)

READ: Final = 1
WRITE: Final = 2
RDWR: Final = 4
ANY_ACCESS: Final = READ | WRITE | RDWR

OK: Final = 1
FAIL: Final = 2
PROGRESS: Final = 4
"""EINPROGRESS, which is neither."""
ANY_RESULT: Final = OK | FAIL | PROGRESS

CREATES: Final = 1
"""An open that may make a file."""
CREATES_NOT: Final = 2
ANY_CREATING: Final = CREATES | CREATES_NOT

HOST: Final = 1
CONTAINER: Final = 2
ANYWHERE: Final = HOST | CONTAINER

CLIMBS: Final = 1
"""The path as given holds ``../``."""
STAYS: Final = 2
ANY_CLIMBING: Final = CLIMBS | STAYS

IPV4: Final = 1
IPV6: Final = 2
UNIX: Final = 4
FILE: Final = 8
"""A regular file, one in memory (memfd) included."""
DIRECTORY: Final = 16
OTHER: Final = 32
"""A descriptor that is none of these, or none at all."""
ANY_KIND: Final = IPV4 | IPV6 | UNIX | FILE | DIRECTORY | OTHER

TCP: Final = 1
UDP: Final = 2
NO_TCP_UDP: Final = 4
ANY_TRANSPORT: Final = TCP | UDP | NO_TCP_UDP

MAX_OUTSIDE: Final = 2
"""Groups of networks that a clause can want an address outside of."""

MAX_BOXES: Final = 24
"""Boxes that a condition may grow to before atoms are dropped."""

PathTest = tuple[str, str]
"""``("exact" | "prefix" | "filename" | "folder", text)``: one way in which an event's path, its file name or the
directory that it is in can pass."""

_PATH_WEIGHT: Final = {"exact": 1, "filename": 2, "folder": 2, "prefix": 4}


@dataclass(frozen=True, slots=True)
class Users:
    """The ``named`` user ids, or with ``others`` everybody but them."""

    named: frozenset[int] = frozenset()
    others: bool = True

    def __and__(self, other: Users) -> Users:
        if self.others and other.others:
            return Users(self.named | other.named)
        if self.others or other.others:
            few, many = (other, self) if self.others else (self, other)
            return Users(few.named - many.named, others=False)
        return Users(self.named & other.named, others=False)

    def __or__(self, other: Users) -> Users:
        both = self.complement() & other.complement()
        return both.complement()

    def __contains__(self, user: int) -> bool:
        return (user in self.named) != self.others

    def complement(self) -> Users:
        """Everybody else."""
        return Users(self.named, not self.others)


ANY_USER: Final = Users()
NOBODY: Final = Users(others=False)

Networks = frozenset[str]
"""Addresses and networks, as ``ADDRESS/LENGTH``."""


@dataclass(frozen=True, slots=True)
class Box:
    """``codes`` is a set over ``Listing.codes``; ``path`` None allows every path, else any of the tests must pass;
    ``ports`` None allows everything, else one of the socket's ports must be among them; ``names`` likewise the task's
    short name; ``inside`` likewise one of the socket's addresses. Of each group of networks in ``outside`` some address
    of the socket must be no member, where both are known; what is no internet socket passes."""

    codes: int
    access: int = ANY_ACCESS
    result: int = ANY_RESULT
    container: int = ANYWHERE
    climbing: int = ANY_CLIMBING
    path: frozenset[PathTest] | None = None
    kind: int = ANY_KIND
    ports: frozenset[int] | None = None
    names: frozenset[str] | None = None
    users: Users = ANY_USER
    inside: Networks | None = None
    outside: frozenset[Networks] = frozenset()
    creating: int = ANY_CREATING
    transport: int = ANY_TRANSPORT

    @property
    def asked(self) -> frozenset[str]:
        """The dimensions that the box restricts, besides the codes."""
        return frozenset(name for name in DIMENSIONS if getattr(self, name) != getattr(_ANYTHING, name))

    @property
    def is_empty(self) -> bool:
        """Whether no event is in the box."""
        restricted = self.ports is not None or self.inside is not None
        homeless = restricted and not self.kind & (IPV4 | IPV6)
        return not all(_masks(self)) or homeless or self.names == frozenset() or self.users == NOBODY

    def within(self, other: Box) -> bool:
        """Whether every event of this box is in the other."""
        return (
            not self.codes & ~other.codes
            and not any(getattr(self, name) & ~getattr(other, name) for name in MASKS)
            and (other.path is None or (self.path is not None and self.path <= other.path))
            and (other.ports is None or (self.ports is not None and self.ports <= other.ports))
            and (other.names is None or (self.names is not None and self.names <= other.names))
            and self.users & other.users == self.users
            and (other.inside is None or (self.inside is not None and self.inside <= other.inside))
            and self.outside >= other.outside
        )

    def meet(self, other: Box) -> Box:
        """A box that holds every event that is in both. Of two path restrictions the more selective is kept."""
        return Box(
            self.codes & other.codes,
            self.access & other.access,
            self.result & other.result,
            self.container & other.container,
            self.climbing & other.climbing,
            _narrower(self.path, other.path),
            self.kind & other.kind,
            _fewer(self.ports, other.ports),
            _both(self.names, other.names),
            self.users & other.users,
            _fewer(self.inside, other.inside),
            _widest(self.outside | other.outside),
            self.creating & other.creating,
            self.transport & other.transport,
        )

    def hull(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            self.codes | other.codes,
            self.access | other.access,
            self.result | other.result,
            self.container | other.container,
            self.climbing | other.climbing,
            None if self.path is None or other.path is None else self.path | other.path,
            self.kind | other.kind,
            None if self.ports is None or other.ports is None else self.ports | other.ports,
            None if self.names is None or other.names is None else self.names | other.names,
            self.users | other.users,
            None if self.inside is None or other.inside is None else self.inside | other.inside,
            self.outside & other.outside,
            self.creating | other.creating,
            self.transport | other.transport,
        )

    def differences(self, other: Box) -> int:
        """In how many dimensions the two differ."""
        return sum(getattr(self, name) != getattr(other, name) for name in ("codes", *DIMENSIONS))


MASKS: Final = ("access", "result", "container", "climbing", "kind", "creating", "transport")
"""Dimensions of few values, a bit each."""
_masks: Final = attrgetter("codes", *MASKS)
_ANYTHING: Final = Box(0)
DIMENSIONS: Final = tuple(field.name for field in fields(Box) if field.name != "codes")


def _narrower(one: frozenset[PathTest] | None, other: frozenset[PathTest] | None) -> frozenset[PathTest] | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other, key=lambda tests: (sum(_PATH_WEIGHT[kind] for kind, _ in tests), sorted(tests)))


def _fewer(one: frozenset[_T] | None, other: frozenset[_T] | None) -> frozenset[_T] | None:
    """Of two restrictions of ports or addresses the smaller: a socket has two, so that each may pass by another one."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other, key=lambda values: (len(values), sorted(values)))


def _widest(groups: frozenset[Networks]) -> frozenset[Networks]:
    """As many groups as the kernel can tell, those that exclude most."""

    def size(group: Networks) -> int:
        networks = [ipaddress.ip_network(text) for text in group]
        return sum(network.num_addresses << (96 if network.version == 4 else 0) for network in networks)

    return frozenset(sorted(groups, key=lambda group: (-size(group), sorted(group)))[:MAX_OUTSIDE])


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """A task has one name: it must be in both."""
    if one is None or other is None:
        return one if other is None else other
    return one & other


Union = tuple[Box, ...]
"""A condition in disjunctive normal form; no box is empty. The empty tuple is never true."""


def simplify(boxes: Iterable[Box], limit: int = MAX_BOXES, lost: set[str] | None = None) -> Union:
    """The union without empty and contained boxes, boxes that differ in one dimension joined, at most ``limit``.

    ``lost`` is told the dimensions that boxes stop restricting because of the limit."""
    kept: list[Box] = []
    for box in boxes:
        if not box.is_empty:
            _insert(kept, box)
    while len(kept) > limit:
        kept, gone = _shrink(kept)
        if lost is not None:
            lost |= gone
    return tuple(kept)


def joined(found: Iterable[Box]) -> list[Box]:
    """The same union with boxes that differ in one set-valued dimension alone made one, in time linear in their number.

    Sets of alternatives add up exactly; a box without a restriction holds those that differ from it in nothing else.
    """
    kept = list(found)
    for dimension in _ALTERNATIVES:
        groups: dict[Box, list[Box]] = {}
        for box in kept:
            groups.setdefault(without(box, dimension), []).append(box)
        kept = [
            _with(rest, dimension, _added([getattr(box, dimension) for box in group])) for rest, group in groups.items()
        ]
    alike: dict[Box, int] = {}
    for box in kept:
        rest = replace(box, codes=0)
        alike[rest] = alike.get(rest, 0) | box.codes
    return [replace(rest, codes=codes) for rest, codes in alike.items()]


def without(box: Box, dimension: str) -> Box:
    """The box without its restriction in one of the set-valued dimensions."""
    return _with(box, dimension, _UNRESTRICTED.get(dimension))


def _with(box: Box, dimension: str, value: Users | frozenset[Any] | None) -> Box:
    change: dict[str, Any] = {dimension: value}
    return replace(box, **change)


_ALTERNATIVES: Final = ("path", "names", "ports", "inside")

_UNRESTRICTED: Final[dict[str, Users | frozenset[Any]]] = {"users": ANY_USER, "outside": frozenset()}
"""None in every other dimension that is a set."""

DISPENSABLE: Final = ("names", "users", "outside", "inside", "ports", "path")
"""What clauses stop looking at, in this order, when there are too many."""


def _added(alternatives: list[frozenset[Any] | None]) -> frozenset[Any] | None:
    given = [one for one in alternatives if one is not None]
    return frozenset().union(*given) if len(given) == len(alternatives) else None


def _insert(kept: list[Box], box: Box) -> None:
    """Add a box, joining it with another as long as the join is exact."""
    while True:
        if any(box.within(other) for other in kept):
            return
        kept[:] = [other for other in kept if not other.within(box)]
        partner = next((other for other in kept if box.differences(other) == 1 and _joins(box, other)), None)
        if partner is None:
            kept.append(box)
            return
        kept.remove(partner)
        box = box.hull(partner)


def _joins(one: Box, other: Box) -> bool:
    """A restriction and none do not add up to one box exactly."""
    if one.outside != other.outside:
        return False
    pairs = ((getattr(one, dimension), getattr(other, dimension)) for dimension in _ALTERNATIVES)
    return all(mine == theirs or (mine is not None and theirs is not None) for mine, theirs in pairs)


def _shrink(boxes: list[Box]) -> tuple[list[Box], frozenset[str]]:
    """Fewer boxes that hold at least the same events: restrictions go, the most dispensable first, then the two most
    alike join. Beside them the dimensions in which restrictions went."""
    for dimension in DISPENSABLE:
        wider = [without(box, dimension) for box in boxes]
        if wider != boxes:
            return list(simplify(wider, limit=len(boxes))), frozenset({dimension})
    pairs = ((one.differences(two), i, j) for i, one in enumerate(boxes) for j, two in enumerate(boxes[:i]))
    _, i, j = min(pairs)
    joined = boxes[i].hull(boxes[j])
    rest = [box for n, box in enumerate(boxes) if n not in (i, j)]
    gone = (boxes[i].asked | boxes[j].asked) - joined.asked
    return list(simplify([*rest, joined], limit=len(boxes))), gone


def union(parts: Iterable[Union], lost: set[str] | None = None) -> Union:
    """What is in any of the parts."""
    return simplify((box for part in parts for box in part), lost=lost)


def intersection(parts: Iterable[Union], everything: Box, lost: set[str] | None = None) -> Union:
    """What is in all of the parts."""
    result: Union = (everything,)
    for part in parts:
        if part == (everything,):
            continue
        result = simplify((one.meet(two) for one in result for two in part), lost=lost)
    return result
