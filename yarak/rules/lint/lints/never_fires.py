"""YK101: a rule that can never fire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ... import printing
from ...compile_rules import CompiledRule
from ...nodes import And, Node, Or
from ..finding import Finding
from ..lint import Lint, Subject, without_exceptions

_SHOWN: Final = 60


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules:
        base, pieces = without_exceptions(rule)
        if subject.never(rule):
            if pieces and subject.solver.satisfiable([(base, True)], subject.is_switch):
                continue  # its exceptions do that: YK104
            message = f"rule '{rule.item.name}' can never fire: its condition contradicts itself"
            yield subject.at_rule(LINT, rule, message, _hint(_culprits(subject, rule)))


def _culprits(subject: Subject, rule: CompiledRule) -> list[str]:
    """The one or two members of the conjunction that cannot hold, or not together; none where it takes more."""
    members = list(_members(rule.condition, rule.written))
    for one, text in members:
        if not subject.solver.satisfiable([(one, True)], subject.is_switch):
            return [text]
    for number, (one, text) in enumerate(members):
        for other, other_text in members[:number]:
            if not subject.solver.satisfiable([(one, True), (other, True)], subject.is_switch):
                return [other_text, text]
    return []


def _members(node: Node, written: Node) -> Iterator[tuple[Node, str]]:
    """The members of a conjunction with their texts as written."""
    if isinstance(node, And) and isinstance(written, And) and len(node.children) == len(written.children):
        for child, part in zip(node.children, written.children, strict=True):
            yield from _members(child, part)
    else:
        text = printing.condition(written)
        yield node, text[1:-1] if isinstance(written, And | Or) else text


def _hint(culprits: list[str]) -> str:
    shown = [text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…" for text in culprits]
    if len(shown) == 1:
        return f"'{shown[0]}' is never true"
    if shown:
        why = ": beginnings of calls are not delivered" if any("evt.dir" in text for text in culprits) else ""
        return f"'{shown[0]}' and '{shown[1]}' exclude each other{why}"
    return "look for two checks of one field, or a field that these events do not have, joined by 'and'"


LINT = Lint(
    "YK101",
    "never-fires",
    "The rule can never fire.",
    """The condition contradicts itself: no event of any type, with whatever values, can make it true. Usually two
lists were mixed up, an `and` should be an `or`, or a field is compared that the events in question do not have.

Constants such as `evt.num = 0` inside a macro count as switches that somebody else may turn, and are not held against
the rule.""",
    """- rule: Shadow file read by cat
  desc: No single event is both of these.
  condition: evt.type = openat and fd.name = /etc/shadow and fd.name startswith /proc/
  output: shadow read by %proc.name
  priority: WARNING
""",
    """- rule: Shadow file read
  desc: Either of two names will do.
  condition: evt.type = openat and (fd.name = /etc/shadow or fd.name startswith /etc/shadow.d/)
  output: shadow read by %proc.name
  priority: WARNING
""",
    _run,
)
