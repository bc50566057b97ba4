"""Which earlier rules can hide a later one at all: with thousands of rules, not every pair can be looked at.

An earlier rule hides a later one only if the later one implies each member of the earlier one's conjunction. Of each
earlier rule one such member is kept, a check of a text against constants that few rules name; the later rule's own
constants tell which of these it may imply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..compile_rules import CompiledRule
from ..nodes import And, Check, FieldRef, Node
from ..plan import uses_in_condition
from ..printing import accessor
from .lint import Subject
from .values import always

_EXACT: Final = frozenset(("=", "in"))
_TYPES: Final = frozenset(("evt.type", "syscall.type"))


@dataclass(slots=True)
class _Bucket:
    """Earlier rules by what their kept check of one field, of this name, compares it to."""

    name: str
    everything: list[int] = field(default_factory=list)
    exact: dict[str, list[int]] = field(default_factory=dict)
    prefix: dict[str, list[int]] = field(default_factory=dict)


class ShadowIndex:
    """The rules in order of evaluation; numbers count them. Each is asked about, then added."""

    def __init__(self, subject: Subject, rules: Sequence[CompiledRule]) -> None:
        self._subject = subject
        self._rules = rules
        self._fields = [frozenset(use.name for use in uses_in_condition(rule.condition)) for rule in rules]
        self._constants = [[check for check in members(rule.condition) if self._is_constant(check)] for rule in rules]
        self._namings = Counter(naming for checks in self._constants for check in checks for naming in _namings(check))
        self._anyway: list[int] = []
        self._buckets: dict[str, _Bucket] = {}

    def add(self, number: int) -> None:
        """An earlier rule for those to come."""
        check = min(self._constants[number], key=self._crowd, default=None)
        if check is None:
            self._anyway.append(number)
            return
        bucket = self._buckets.setdefault(accessor(check.lhs), _Bucket(check.lhs.name))
        bucket.everything.append(number)
        table = bucket.exact if check.op in _EXACT else bucket.prefix
        for value in check.values:
            table.setdefault(value.text, []).append(number)

    def candidates(self, number: int) -> list[CompiledRule]:
        """Those of the earlier rules that may hide this one, in order."""
        known: dict[str, list[Check]] = {}
        for check in self._constants[number]:
            known.setdefault(accessor(check.lhs), []).append(check)
        found = set(self._anyway)
        for name, bucket in self._buckets.items():
            if name in known:
                for check in known[name]:
                    found.update(_implied(bucket, check))
            elif bucket.name in self._fields[number]:
                found.update(bucket.everything)
        return [self._rules[other] for other in sorted(found) if self._covers(other, number)]

    def _covers(self, earlier: int, later: int) -> bool:
        """Whether the earlier rule asks nothing that the later one does not ask, and runs for all of its events."""
        one, other = self._rules[earlier], self._rules[later]
        same = one.item.source == other.item.source and not other.codes & ~one.codes
        return same and self._fields[earlier] <= self._fields[later]

    def _crowd(self, check: Check) -> int:
        """How many rules' constants a check shares."""
        return sum(self._namings[naming] for naming in _namings(check))

    def _is_constant(self, check: Check) -> bool:
        """Whether the check says what a text is or starts with, and its field has one value."""
        if not isinstance(check.lhs, FieldRef) or check.lhs.name in _TYPES or not check.values:
            return False
        if check.op not in (*_EXACT, "startswith") or check.modifier not in (None, "anyof"):
            return False
        return self._subject.solver.type_of(check) == "CHARBUF" and not always(check, "CHARBUF")


def _namings(check: Check) -> Iterator[tuple[str, str]]:
    """A constant check's field with each of its values."""
    name = accessor(check.lhs)
    return ((name, value.text) for value in check.values)


def _implied(bucket: _Bucket, check: Check) -> Iterator[int]:
    """Rules whose kept check the first value of ``check`` passes; all of its values would have to."""
    text = check.values[0].text
    if check.op in _EXACT:
        yield from bucket.exact.get(text, ())
    for end in range(len(text) + 1):
        yield from bucket.prefix.get(text[:end], ())


def members(node: Node) -> Iterator[Check]:
    """The checks that must hold for the condition to."""
    if isinstance(node, Check):
        yield node
    elif isinstance(node, And):
        for child in node.children:
            yield from members(child)
