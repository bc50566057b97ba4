"""Which earlier rules can hide a later one at all: with thousands of rules, not every pair can be looked at.

An earlier rule hides a later one only if the later one implies each member of the earlier one's conjunction. Of each
earlier rule one such member is kept, a check of a text against constants; the later rule's own constants tell which of
these it may imply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..compile_rules import CompiledRule
from ..nodes import And, Check, FieldRef, Node
from ..printing import accessor
from .lint import Subject
from .values import always

_EXACT: Final = frozenset(("=", "in"))
_TYPES: Final = frozenset(("evt.type", "syscall.type"))


@dataclass(slots=True)
class _Bucket:
    """Earlier rules by what their kept check of one field compares it to."""

    everything: list[int] = field(default_factory=list)
    exact: dict[str, list[int]] = field(default_factory=dict)
    prefix: dict[str, list[int]] = field(default_factory=dict)


class ShadowIndex:
    """Rules are added in order of evaluation; numbers count them."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._rules: list[CompiledRule] = []
        self._anyway: list[int] = []
        self._buckets: dict[str, _Bucket] = {}

    def add(self, rule: CompiledRule) -> None:
        """An earlier rule for those to come."""
        number = len(self._rules)
        self._rules.append(rule)
        check = next((check for check in members(rule.condition) if self._is_constant(check)), None)
        if check is None:
            self._anyway.append(number)
            return
        bucket = self._buckets.setdefault(accessor(check.lhs), _Bucket())
        bucket.everything.append(number)
        table = bucket.exact if check.op in _EXACT else bucket.prefix
        for value in check.values:
            table.setdefault(value.text, []).append(number)

    def candidates(self, rule: CompiledRule) -> list[CompiledRule]:
        """Those of the earlier rules that may hide ``rule``, in order."""
        known: dict[str, list[Check]] = {}
        for check in members(rule.condition):
            if self._is_constant(check):
                known.setdefault(accessor(check.lhs), []).append(check)
        found = set(self._anyway)
        for name, bucket in self._buckets.items():
            if name not in known:
                found.update(bucket.everything)
            for check in known.get(name, ()):
                found.update(_implied(bucket, check))
        return [self._rules[number] for number in sorted(found)]

    def _is_constant(self, check: Check) -> bool:
        """Whether the check says what a text is or starts with, and its field has one value."""
        if not isinstance(check.lhs, FieldRef) or check.lhs.name in _TYPES or not check.values:
            return False
        if check.op not in (*_EXACT, "startswith") or check.modifier not in (None, "anyof"):
            return False
        return self._subject.solver.type_of(check) == "CHARBUF" and not always(check, "CHARBUF")


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
