"""For which events each check of a condition matters."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel_filter import KernelFilter
from ..nodes import And, Check, Node, Not, Or


class Contexts:
    """Sets of events (over ``Listing.codes``) for which the neighbours of a check leave the decision to it."""

    def __init__(self, kernel: KernelFilter) -> None:
        self._kernel = kernel

    def walk(self, node: Node, codes: int) -> Iterator[tuple[Check, int]]:
        """Every check with the events, out of ``codes``, for which it is looked at."""
        match node:
            case Check():
                yield node, codes
            case Not(child=child):
                yield from self.walk(child, codes)
            case And() | Or():
                # In an ``and`` a check only matters where its neighbours may be true, in an ``or`` where they may be
                # false.
                sets = [self.codes(child, negated=isinstance(node, Or)) for child in node.children]
                for number, child in enumerate(node.children):
                    left = codes
                    for other, mine in enumerate(sets):
                        left &= mine if other != number else -1
                    yield from self.walk(child, left)

    def codes(self, node: Node, negated: bool = False) -> int:
        """The events for which a condition (or its negation) may hold."""
        result = 0
        for box in self._kernel.possible(node, negated):
            result |= box.codes
        return result
