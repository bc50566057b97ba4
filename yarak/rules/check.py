"""Type checking of conditions against the field listing (spec: rules-language.md, sections 9, 10, 12)."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from . import literals, operators
from .accessors import Accessors, Yield
from .lints import Lint, lint
from .listing import Listing
from .nodes import And, Check, FieldRef, Node, Not, Or, Value
from .problem import ConditionError, Problem
from .suggest import did_you_mean

EVENT_TYPE_FIELDS = ("evt.type", "syscall.type")


class Checker:
    """Checks conditions of one event source. Nodes that rules share are checked once."""

    def __init__(self, listing: Listing, source: str) -> None:
        self.accessors = Accessors(listing, source)
        self._listing = listing
        self._checked: dict[int, tuple[Node, ConditionError | None]] = {}
        self._lints: dict[int, tuple[Check, list[Lint]]] = {}

    def check(self, node: Node) -> None:
        """Raises ConditionError at the first check that cannot be compiled."""
        known = self._checked.get(id(node))
        if known is None:
            known = (node, self._try(node))
            self._checked[id(node)] = known
        if known[1] is not None:
            raise known[1]

    def _try(self, node: Node) -> ConditionError | None:
        try:
            match node:
                case Check():
                    self._check_anchored(node)
                case Not(child=child):
                    self.check(child)
                case And() | Or():
                    for child in node.children:
                        self.check(child)
        except ConditionError as error:
            return error
        return None

    def lints(self, node: Node) -> list[tuple[Check, Lint]]:
        """The warnings about every check of a condition, in order."""
        match node:
            case Check():
                known = self._lints.get(id(node))
                if known is None:
                    known = self._lints[id(node)] = (node, list(lint(node, self._listing)))
                return [(node, found) for found in known[1]]
            case Not(child=child):
                return self.lints(child)
            case And() | Or():
                return [found for child in node.children for found in self.lints(child)]
        return []

    def _check_anchored(self, check: Check) -> None:
        try:
            self._check(check)
        except ConditionError as error:
            raise ConditionError(replace(error.problem, anchor=check.start)) from None

    def _check(self, check: Check) -> None:
        given = self.accessors.type_of(check.lhs, check.source)
        fault = operators.problem(check.op, check.modifier, given.type, given.is_list)
        if fault:
            takes = ", ".join(sorted(operators.allowed(given.type, given.is_list)))
            _fail(check, fault, f"one of {takes} for a field of type {given}")
        if isinstance(check.lhs, FieldRef):
            self._check_field_use(check, check.lhs)
        if check.rhs is not None:
            self._check_right(check, given)
        for value in check.values:
            fault = literals.problem(value.text, check.op, given.type)
            if fault:
                raise ConditionError(_at(check, value, fault, f"a value of type {given.type}"))

    def _check_field_use(self, check: Check, ref: FieldRef) -> None:
        field = self.accessors.resolve(ref, check.source).field
        if "print-only" in field.flags:
            _fail(check, f"field {ref.name} cannot be used in a condition, only in outputs")
        if ref.name == "evt.around" and check.op != "=":
            _fail(check, f"filter error: '{check.op}' operator not supported for evt.around")
        if ref.name in EVENT_TYPE_FIELDS:
            self._check_event_type(check)

    def _check_event_type(self, check: Check) -> None:
        if check.rhs is not None and check.op in ("=", "!=", "in"):
            _fail(check, "event types must be compared to names, not to a field or transformer")
        for value in check.values:
            if value.text not in self._listing.named:
                hint = did_you_mean(value.text, self._listing.named)
                message = f"unknown event type {value.text}"
                raise ConditionError(_at(check, value, message, "the name of an event or system call", hint))

    def _check_right(self, check: Check, left: Yield) -> None:
        assert check.rhs is not None
        if not operators.takes_right_field(check.op, left.type):
            _fail(check, f"filter error: '{check.op}' operator does not support a field on the right side of {left}")
        right = self.accessors.type_of(check.rhs, check.source, right=True)
        if right != left:
            _fail(check, f"left and right side of '{check.op}' have different types: {left} and {right}")


def _fail(check: Check, message: str, expected: str = "") -> NoReturn:
    raise ConditionError(Problem(message, check.source, check.start, check.end, expected))


def _at(check: Check, value: Value, message: str, expected: str, hint: str = "") -> Problem:
    return Problem(message, check.source, value.start, value.end, expected, hint)
