"""YK104: an exception that leaves nothing of its rule."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..lint import Lint, Subject, without_exceptions


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules:
        base, pieces = without_exceptions(rule)
        if not pieces or not subject.solver.satisfiable([(base, True)], subject.is_switch):
            continue
        items = [item for item in rule.item.exceptions if item.values]
        guilty = [
            item
            for item, piece in zip(items, pieces, strict=True)
            if not subject.solver.satisfiable([(base, True), (piece, False)], subject.is_switch, present=True)
        ]
        for item in guilty:
            message = f"exception '{item.name}' holds whenever its rule does: nothing is left of it"
            yield Finding(LINT.code, message, item.place, "narrow its values", trail=f"in rule '{rule.item.name}'")
        if not guilty and not subject.solver.satisfiable([(rule.condition, True)], subject.is_switch, present=True):
            message = f"the exceptions of rule '{rule.item.name}' together leave nothing of it"
            yield subject.at_rule(LINT, rule, message, "narrow their values")


LINT = Lint(
    "YK104",
    "wide-exception",
    "An exception is so wide that it removes the rule.",
    """Whenever the rule's condition holds, so does the exception, and the rule is silent. A lone `*` behind
`glob`, an empty text (`'""'`) behind `startswith` or `contains`, or a list that names everything the rule looks for
does that.""",
    """- rule: Shell started
  desc: The lone star excuses every program.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.cmdline
  priority: NOTICE
  exceptions:
    - name: known_parents
      fields: [proc.pexepath]
      comps: [glob]
      values:
        - ["*"]
""",
    """- rule: Shell started
  desc: One program is excused.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.cmdline
  priority: NOTICE
  exceptions:
    - name: known_parents
      fields: [proc.pexepath]
      comps: [startswith]
      values:
        - [/opt/acme/bin/]
""",
    _run,
)
