"""YK103: a rule that an earlier one always forestalls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...compile_rules import CompiledRule
from ..finding import Finding
from ..lint import Lint, Subject
from ..shadow_index import ShadowIndex

_MOST: Final = 20_000
"""Pairs of rules that are compared in full, some seconds' worth; behind that, the lint is silent."""


def _run(subject: Subject) -> Iterator[Finding]:
    if subject.program.options.rule_matching != "first":
        return
    rules = subject.enabled
    earlier = ShadowIndex(subject, rules)
    left = _MOST
    for number, rule in enumerate(rules):
        others = earlier.candidates(number)
        left -= len(others)
        if left <= 0:
            return
        shadow = _shadow(subject, rule, others)
        if shadow is not None:
            yield _finding(subject, rule, shadow)
        earlier.add(number)


def _finding(subject: Subject, rule: CompiledRule, shadow: CompiledRule) -> Finding:
    place = shadow.item.place
    message = (
        f"rule '{rule.item.name}' never fires: '{shadow.item.name}' "
        f"({place.file}:{place.line + 1}) is true whenever it is, and comes first"
    )
    return subject.at_rule(LINT, rule, message, "put the narrower rule first")


def _shadow(subject: Subject, rule: CompiledRule, earlier: list[CompiledRule]) -> CompiledRule | None:
    """The first of the earlier rules that always holds where this one does; none where this one never holds."""
    solver = subject.solver
    supposed = solver.suppose([(rule.condition, True)], subject.is_switch) if earlier else None
    if supposed is None:
        return None
    return next((other for other in earlier if not solver.compatible(supposed, (other.condition, False))), None)


LINT = Lint(
    "YK103",
    "shadowed",
    "An earlier rule fires whenever this one would.",
    """Under `rule_matching: first`, the default, the first rule that matches ends the evaluation of an event. Where an
earlier enabled rule is true whenever this one is, this one never gets its turn. Put the narrower rule first, or set
`rule_matching: all`.""",
    """- rule: File below etc opened
  desc: The wide rule comes first.
  condition: evt.type in (open, openat) and fd.name startswith /etc/
  output: opened %fd.name
  priority: NOTICE
- rule: Password file opened
  desc: Never gets its turn.
  condition: evt.type = openat and fd.name in (/etc/shadow, /etc/passwd)
  output: opened %fd.name
  priority: CRITICAL
""",
    """- rule: Password file opened
  desc: The narrow rule comes first.
  condition: evt.type = openat and fd.name in (/etc/shadow, /etc/passwd)
  output: opened %fd.name
  priority: CRITICAL
- rule: File below etc opened
  desc: Takes what is left.
  condition: evt.type in (open, openat) and fd.name startswith /etc/
  output: opened %fd.name
  priority: NOTICE
""",
    _run,
)
