"""YK106: a macro that no rule could use."""

from __future__ import annotations

from collections.abc import Iterator

from ...nodes import Check, FieldRef
from ...problem import Problem
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import checks


def _run(subject: Subject) -> Iterator[Finding]:
    owners = subject.program.owners
    for name, written in owners.written.items():
        if owners.users(name) or name in owners.used_by_unparsed:
            continue
        found = [list(_faults(subject, source, checks(written))) for source in subject.program.options.sources]
        for problem in min(found, key=len):
            place = problem.source.locate(problem.start, problem.end)
            if place is not None:
                trail = f"in macro '{name}', used by no rule"
                yield Finding(LINT.code, problem.message, place, problem.hint, problem.expected, trail)


def _faults(subject: Subject, source: str, found: Iterator[Check]) -> Iterator[Problem]:
    checker = subject.program.conditions.checker(source)
    for check in found:
        if not _is_of_a_plugin(subject, check):
            yield from checker.faults(check)


def _is_of_a_plugin(subject: Subject, check: Check) -> bool:
    """Whether the field is of a family that nothing loaded has."""
    if not isinstance(check.lhs, FieldRef):
        return False
    family = check.lhs.name.partition(".")[0]
    return not any(name.startswith(f"{family}.") for name in subject.program.listing.fields)


LINT = Lint(
    "YK106",
    "unusable-macro",
    "A macro that no rule uses would be an error where one used it.",
    """The engine looks into a macro's checks only where a rule uses it. A misspelt field, a value of a wrong type or an
operator that the field does not take therefore stays unseen in a macro kept for others, until somebody uses it and
their file does not load.""",
    """- macro: opened_as_root
  condition: (evt.type in (open, openat) and user.uidd = 0)
- rule: Shadow read
  desc: It does not use the macro.
  condition: evt.type = openat and fd.name = /etc/shadow
  output: read by %proc.exepath
  priority: WARNING
""",
    """- macro: opened_as_root
  condition: (evt.type in (open, openat) and user.uid = 0)
- rule: Shadow read
  desc: It uses the macro.
  condition: opened_as_root and fd.name = /etc/shadow
  output: read by %proc.exepath
  priority: WARNING
""",
    _run,
)
