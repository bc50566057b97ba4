"""Macros: references in conditions become the macros' own trees (rules-language.md, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from .items import MacroItem
from .nodes import And, Check, MacroRef, Node, Not, Or
from .problem import ConditionError, Problem
from .suggest import did_you_mean

Parsed = Callable[[MacroItem], Node]

_LONELY: Final = (
    "a word alone is a macro, and no file given defines this one; several values of a field stand in: in (…)"
)


class Macros:
    """The macros known when a file is compiled.

    A macro's tree is resolved once and shared by everything that refers to it, so what is worked out per node
    (checks, event sets, plan nodes) is worked out once too. ``parsed`` gives the unresolved tree of a macro.
    """

    def __init__(self, items: dict[str, MacroItem], parsed: Parsed) -> None:
        self._items = items
        self._parsed = parsed
        self._resolved: dict[str, Node | ConditionError] = {}
        self._open: list[str] = []
        self.used: set[str] = set()

    def macro(self, item: MacroItem) -> Node:
        """The resolved tree of a macro. Raises ConditionError."""
        known = self._resolved.get(item.name)
        if known is None:
            self._open.append(item.name)
            try:
                known = self.resolve(self._parsed(item), visible_before=item.visibility)
            except ConditionError as error:
                known = error
            finally:
                self._open.pop()
            self._resolved[item.name] = known
        if isinstance(known, ConditionError):
            raise known
        return known

    def resolve(self, node: Node, visible_before: int | None = None) -> Node:
        """The tree with every macro reference replaced; only macros of a lower index are seen, or (None) all.

        Raises ConditionError for an unknown macro and for a loop of references.
        """
        match node:
            case Check():
                return node
            case MacroRef():
                return self._reference(node, visible_before)
            case Not(child=child):
                inner = self.resolve(child, visible_before)
                if isinstance(inner, Not):
                    return inner.child
                return node if inner is child else Not(inner, node.start, node.end)
        children = tuple([self.resolve(child, visible_before) for child in node.children])
        if all(new is old for new, old in zip(children, node.children, strict=True)):
            return node
        return type(node)(children, node.start, node.end)

    def _reference(self, node: MacroRef, visible_before: int | None) -> Node:
        problem = undefined(node, self._items, visible_before)
        if problem is not None:
            raise ConditionError(problem)
        self.used.add(node.name)
        if node.name in self._open:
            message = f"reference loop in macro '{node.name}'"
            raise ConditionError(Problem(message, node.source, node.start, node.end))
        return self.macro(self._items[node.name])


def undefined(node: MacroRef, known: Mapping[str, MacroItem], visible_before: int | None) -> Problem | None:
    """What is wrong with a reference to a macro that is unknown, or not visible where it stands; None where it is."""
    item = known.get(node.name)
    if item is not None and (visible_before is None or item.index < visible_before):
        return None
    if item is not None and item.index == visible_before:
        hint = "a macro cannot refer to itself"
    elif item is not None:
        hint = f"macro '{node.name}' is defined later; a macro sees only macros defined before it"
    else:
        hint = did_you_mean(node.name, known) or _LONELY
    message = f"Undefined macro '{node.name}' used in filter."
    return Problem(message, node.source, node.start, node.end, hint=hint)


def references(node: Node) -> Iterable[MacroRef]:
    """The macro references of an unresolved tree, in order."""
    match node:
        case MacroRef():
            yield node
        case Not(child=child):
            yield from references(child)
        case And() | Or():
            for child in node.children:
                yield from references(child)
