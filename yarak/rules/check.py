"""Type checking of conditions against the field listing (spec: rules-language.md, sections 9, 10, 12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from msgspec import structs

from . import literals, operators
from .accessors import Accessors, Yield
from .lints import Lint, lint
from .listing import Listing
from .nodes import And, Check, FieldRef, Node, Not, Or, Value
from .problem import ConditionError, Problem
from .suggest import did_you_mean

EVENT_TYPE_FIELDS = ("evt.type", "syscall.type")
_NAMED = {
    "user.uid": "user.name", "user.loginuid": "user.loginname", "group.gid": "group.name", "proc.pid": "proc.name",
    "proc.ppid": "proc.pname",
}  # fmt: skip
"""Fields that are numbers, and those that are their names."""


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
                    return next(map(ConditionError, self.faults(node)), None)
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

    def faults(self, check: Check) -> Iterator[Problem]:
        """Everything that is wrong with one check; the spec's forms place all of it at the check's start."""
        try:
            for problem in self._faults(check):
                yield structs.replace(problem, anchor=check.start)
        except ConditionError as error:
            yield structs.replace(error.problem, anchor=check.start)

    def _faults(self, check: Check) -> Iterator[Problem]:
        given = self.accessors.type_of(check.lhs, check.source)
        fault = operators.problem(check.op, check.modifier, given.type, given.is_list)
        if fault:
            takes = ", ".join(sorted(operators.allowed(given.type, given.is_list)))
            _fail(check, fault, f"one of {takes} for a field of type {given}")
        if isinstance(check.lhs, FieldRef):
            yield from self._faults_of_use(check, check.lhs)
        if check.rhs is not None:
            self._check_right(check, given)
        for value in check.values:
            fault = literals.problem(value.text, check.op, given.type)
            if fault:
                expected = "a regular expression" if check.op == "regex" else f"a value of type {given}"
                yield _at(check, _guilty_part(check, value, fault), fault, expected, self._hint(check, value, given))

    def _hint(self, check: Check, value: Value, given: Yield) -> str:
        """The field that takes such a value."""
        name = check.lhs.name if isinstance(check.lhs, FieldRef) else ""
        other = name.replace("ip", "net") if given.type == "IPADDR" and "/" in value.text else _NAMED.get(name, "")
        return f"{other} is compared with such values" if other in self._listing.fields else ""

    def _faults_of_use(self, check: Check, ref: FieldRef) -> Iterator[Problem]:
        field = self.accessors.resolve(ref, check.source).field
        if "print-only" in field.flags:
            _fail(check, f"field {ref.name} cannot be used in a condition, only in outputs")
        if ref.name == "evt.around" and check.op != "=":
            _fail(check, f"filter error: '{check.op}' operator not supported for evt.around")
        if ref.name in EVENT_TYPE_FIELDS:
            yield from self._faults_of_types(check)

    def _faults_of_types(self, check: Check) -> Iterator[Problem]:
        if check.rhs is not None and check.op in ("=", "!=", "in"):
            _fail(check, "event types must be compared to names, not to a field or transformer")
        for value in check.values:
            if value.text not in self._listing.named:
                hint = did_you_mean(value.text, self._listing.named)
                message = f"unknown event type {value.text}"
                yield _at(check, value, message, "the name of an event or system call", hint)

    def _check_right(self, check: Check, left: Yield) -> None:
        assert check.rhs is not None
        if not operators.takes_right_field(check.op, left.type):
            _fail(check, f"filter error: '{check.op}' operator does not support a field on the right side of {left}")
        right = self.accessors.type_of(check.rhs, check.source, right=True)
        if right != left:
            _fail(check, f"left and right side of '{check.op}' have different types: {left} and {right}")


def _guilty_part(check: Check, value: Value, fault: str) -> Value:
    """The value, or the part of a regular expression that is wrong."""
    if check.op != "regex":
        return value
    start, end = literals.guilty_stretch(check.source.value[value.start : value.end], fault)
    return Value(value.text, value.start + start, value.start + end)


def _fail(check: Check, message: str, expected: str = "") -> NoReturn:
    raise ConditionError(Problem(message, check.source, check.start, check.end, expected))


def _at(check: Check, value: Value, message: str, expected: str, hint: str = "") -> Problem:
    return Problem(message, check.source, value.start, value.end, expected, hint)
