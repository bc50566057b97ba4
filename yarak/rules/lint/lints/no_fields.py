"""YK402: an output that names no field."""

from __future__ import annotations

from collections.abc import Iterator

from ...output import Placeholder
from ..finding import Finding
from ..lint import Lint, Subject


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules:
        if not any(isinstance(segment, Placeholder) for segment in rule.output):
            place = rule.item.output.locate(0, len(rule.item.output.value)) or rule.item.place
            message = f"the output of rule '{rule.item.name}' names no field"
            hint = "say who did what: %proc.exepath, %user.name, %fd.name …"
            yield Finding(LINT.code, message, place, hint, trail=f"in rule '{rule.item.name}'")


LINT = Lint(
    "YK402",
    "no-fields",
    "The output names no field.",
    """Every alert of the rule reads the same. Whoever is woken by it wants to know which process, which user, which
file.""",
    """- rule: Shell started
  desc: Says nothing.
  condition: evt.type = execve and proc.exepath = /bin/sh
  output: a shell was started
  priority: NOTICE
""",
    """- rule: Shell started
  desc: Says who.
  condition: evt.type = execve and proc.exepath = /bin/sh
  output: a shell was started by %proc.pexepath for %user.name
  priority: NOTICE
""",
    _run,
)
