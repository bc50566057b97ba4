"""YK103: a rule that an earlier one always forestalls."""

from __future__ import annotations

from collections.abc import Iterator

from ...compile_rules import CompiledRule
from ...plan import names_in_condition
from ..finding import Finding
from ..lint import Lint, Subject


def _run(subject: Subject) -> Iterator[Finding]:
    if subject.program.options.rule_matching != "first":
        return
    earlier: list[tuple[CompiledRule, frozenset[str]]] = []
    for rule in subject.program.enabled:
        fields = frozenset(names_in_condition(rule.condition))
        if not subject.never(rule):
            shadow = next((other for other, used in earlier if used <= fields and _hides(subject, other, rule)), None)
            if shadow is not None:
                place = shadow.item.place
                message = (
                    f"rule '{rule.item.name}' never fires: '{shadow.item.name}' "
                    f"({place.file}:{place.line + 1}) is true whenever it is, and comes first"
                )
                yield subject.at_rule(LINT, rule, message, "put the narrower rule first")
        earlier.append((rule, fields))


def _hides(subject: Subject, earlier: CompiledRule, later: CompiledRule) -> bool:
    if earlier.item.source != later.item.source or later.codes & ~earlier.codes:
        return False
    literals = [(later.condition, True), (earlier.condition, False)]
    return not subject.solver.satisfiable(literals, subject.opaque(earlier, later))


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
