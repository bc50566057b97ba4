"""YK102: a condition that is true for every event."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..lint import Lint, Subject


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules_of("syscall"):
        if not subject.solver.satisfiable([(rule.condition, False)], subject.is_switch):
            message = f"rule '{rule.item.name}' is true for every event"
            yield subject.at_rule(LINT, rule, message, "restrict it by evt.type and by what is suspicious")


LINT = Lint(
    "YK102",
    "always-true",
    "The condition is true for every event.",
    """The rule fires on every event there is. Under `rule_matching: first` it also hides every rule behind it.
An `or` between two negations is the usual reason: whatever the value is, it differs from one of the two.""",
    """- rule: Anything else
  desc: Every event type is unlike one of the two.
  condition: not evt.type = openat or not evt.type = execve
  output: something happened to %proc.name
  priority: DEBUG
""",
    """- rule: Anything else
  desc: Meant was neither of the two.
  condition: not evt.type in (openat, execve)
  output: something happened to %proc.name
  priority: DEBUG
  warn_evttypes: false
""",
    _run,
)
