"""Whether a condition can hold at all, by unit propagation.

The answer no is certain; yes means that no contradiction was found. Three kinds of knowledge are kept along a
conjunction: which checks are known true or false, which events are left (the kernel filter's boxes, which is how
event types, results and access modes are known), and which values each field can still have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ..accessors import Resolved, lookup
from ..boxes import Box
from ..events import never_or_always
from ..kernel_filter import KernelFilter
from ..listing import Listing
from ..nodes import And, Check, FieldRef, Node, Not, Or, Transform
from ..printing import condition
from .presence import Presence
from .settled import settled
from .values import always, possible

_MANY_VALUED: Final = frozenset(("any-ancestor", "either-end", "host-name", "within"))
_BUDGET: Final = 4000
_DEPTH: Final = 4
_ENOUGH: Final = 2
"""Alternatives that may hold: with so many, none of them is known to."""

Literal = tuple[Node, bool]
"""A condition and whether it, or its negation, has to hold."""

Opaque = Callable[[Check], bool]


@dataclass(frozen=True, slots=True)
class _Atom:
    """A check as the solver sees it. ``type`` is empty where the values are not reasoned about."""

    key: str
    field: str
    type: str
    true: Box | None
    false: Box | None
    opaque: bool


@dataclass(slots=True)
class _Store:
    box: Box
    truth: dict[str, bool] = field(default_factory=dict)
    checks: dict[str, tuple[tuple[Check, ...], tuple[Check, ...]]] = field(default_factory=dict)

    def child(self) -> _Store:
        return _Store(self.box, dict(self.truth), dict(self.checks))


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is known where some literals hold: the ``store``, and what is left to choose."""

    store: _Store
    choices: list[list[Literal]]


class Solver:
    """Answers for conditions of one load.

    ``present`` takes fields with a value for granted, so that ``not (proc.name startswith "")`` never holds.
    ``opaque`` names checks that are not to be looked into.
    """

    def __init__(self, listing: Listing, kernel: KernelFilter, presence: Presence) -> None:
        self._listing = listing
        self._kernel = kernel
        self._presence = presence
        self._atoms: dict[int, tuple[Check, _Atom]] = {}
        self._everything = Box(listing.all)
        self._opaque: Opaque = lambda _check: False
        self._present = False
        self._steps = 0

    def satisfiable(self, literals: Iterable[Literal], opaque: Opaque | None = None, present: bool = False) -> bool:
        """Whether all the literals may hold on one event."""
        return self.suppose(literals, opaque, present) is not None

    def suppose(
        self, literals: Iterable[Literal], opaque: Opaque | None = None, present: bool = False
    ) -> Supposition | None:
        """What follows from the literals; None where they cannot all hold on one event."""
        self._opaque = opaque or (lambda _check: False)
        self._present = present
        supposed = Supposition(_Store(self._everything), [])
        return supposed if self._holds(list(literals), supposed) else None

    def compatible(self, supposed: Supposition, literal: Literal) -> bool:
        """Whether one more literal may hold. The supposition, the solver's latest, stays as it is."""
        return self._holds([literal], Supposition(supposed.store.child(), list(supposed.choices)))

    def _holds(self, waiting: list[Literal], supposed: Supposition) -> bool:
        self._steps = _BUDGET
        return self._solve(waiting, supposed.store, _DEPTH, supposed.choices)

    def _solve(self, waiting: list[Literal], store: _Store, depth: int, choices: list[list[Literal]]) -> bool:
        """Add what is ``waiting`` to a store; ``choices``, of which each leaves two ways at least, grow with it."""
        while True:
            known = len(store.truth)
            untested: list[list[Literal]] = []
            if not self._spread(waiting, store, untested):
                return False
            if depth == 0:
                return True
            if len(store.truth) > known:  # else the choices are as open as they were
                untested = [*choices, *untested]
                choices.clear()
            waiting = []
            for alternatives in untested:
                left = self._left(alternatives, store, depth)
                if not left:
                    return False
                if len(left) == 1:
                    waiting.append(left[0])
                elif self._steps > 0:
                    choices.append(left)
            if not waiting:
                return True

    def _left(self, alternatives: list[Literal], store: _Store, depth: int) -> list[Literal]:
        """The alternatives without some that cannot hold; of two or more, the first two may."""
        left: list[Literal] = []
        for number, one in enumerate(alternatives):
            if self._alternative(one, store, depth):
                left.append(one)
            if len(left) == _ENOUGH:
                return left + alternatives[number + 1 :]
        return left

    def _alternative(self, literal: Literal, store: _Store, depth: int) -> bool:
        self._steps -= 1
        return self._steps <= 0 or self._solve([literal], store.child(), depth - 1, [])

    def _spread(self, waiting: list[Literal], store: _Store, open_ors: list[list[Literal]]) -> bool:
        """Put everything that must hold into the store; what is a choice goes to ``open_ors``."""
        while waiting:
            node, wanted = waiting.pop()
            match node:
                case Not(child=child):
                    waiting.append((child, not wanted))
                case And() | Or():
                    parts = [(child, wanted) for child in node.children]
                    if isinstance(node, And) == wanted:
                        waiting += reversed(parts)
                    else:
                        open_ors.append(parts)
                case Check():
                    if not self._add(node, wanted, store):
                        return False
        return True

    def _add(self, check: Check, wanted: bool, store: _Store) -> bool:
        atom = self._atom(check)
        if store.truth.setdefault(atom.key, wanted) != wanted:
            return False
        if self._opaque(check):
            return True
        box = atom.true if wanted else atom.false
        if box is None:
            return False
        store.box = store.box.meet(box)
        if store.box.is_empty:
            return False
        if not atom.type:
            return True
        if self._present and not wanted and always(check, atom.type):
            return False
        positive, negative = store.checks.get(atom.field, ((), ()))
        if wanted:
            positive = (*positive, check)
        else:
            negative = (*negative, check)
        store.checks[atom.field] = (positive, negative)
        return possible(positive, negative, atom.type)

    def _atom(self, check: Check) -> _Atom:
        known = self._atoms.get(id(check))
        if known is None:
            known = (check, self._make(check))
            self._atoms[id(check)] = known
        return known[1]

    def _make(self, check: Check) -> _Atom:
        true, false = (_hull(self._kernel.possible(check, negated)) for negated in (False, True))
        if isinstance(check.lhs, FieldRef) and true is not None:
            true = _within(true, self._presence.of(check.lhs))
        codes = settled(check, self._listing)
        if codes is not None:
            true, false = _within(true, codes), _within(false, self._listing.all & ~codes)
        key = condition(check)
        name = key.split(" ", 1)[0] if isinstance(check.lhs, FieldRef) else ""
        return _Atom(key, name, self.type_of(check), true, false, never_or_always(check) is not None)

    def type_of(self, check: Check) -> str:
        """The type of a field whose checks all look at the same single value; empty where they do not."""
        if check.rhs is not None or isinstance(check.lhs, Transform):
            return ""
        found = lookup(self._listing, check.lhs.name, check.lhs.arg)
        if not isinstance(found, Resolved) or found.field.is_list or found.type == "DYN":
            return ""
        if _MANY_VALUED & found.field.flags and found.arg is None:
            return ""
        return found.type


def _within(box: Box | None, codes: int) -> Box | None:
    met = box.meet(Box(codes)) if box is not None else None
    return None if met is None or met.is_empty else met


def _hull(union: tuple[Box, ...]) -> Box | None:
    if not union:
        return None
    whole = union[0]
    for box in union[1:]:
        whole = whole.hull(box)
    return whole
