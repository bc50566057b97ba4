"""YK105: a part of a condition that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator

from ...compile_rules import CompiledRule
from ...events import never_or_always
from ...nodes import And, Check, Node, Not, Or
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import source_of


def _run(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    for rule in subject.rules:
        if not subject.never(rule):
            yield from _parts(subject, rule, rule.condition, seen)


def _parts(subject: Subject, rule: CompiledRule, node: Node, seen: set[int]) -> Iterator[Finding]:
    if id(node) in seen or isinstance(node, Check):
        return
    seen.add(id(node))
    if isinstance(node, And) and _one_text(node) and not subject.solver.satisfiable([(node, True)], _is_constant):
        message = "this part of the condition can never be true: it contradicts itself"
        hint = "two checks of one field joined by 'and' exclude each other"
        yield subject.at(LINT, rule, source_of(node), node.start, node.end, message, hint)
        return
    match node:
        case Not(child=child):
            yield from _parts(subject, rule, child, seen)
        case And() | Or():
            for child in node.children:
                yield from _parts(subject, rule, child, seen)


def _is_constant(check: Check) -> bool:
    return never_or_always(check) is not None


def _one_text(node: And) -> bool:
    """Whether the part starts in the text that all of it stands in, so that its place can be shown."""
    return source_of(node.children[0]) is source_of(node.children[-1])


LINT = Lint(
    "YK105",
    "dead-part",
    "A part of the condition can never be true.",
    """The rule as a whole can fire, but one of its alternatives (or what it excludes) contradicts itself, so it could
as well not be there. Rarely is that what was meant.""",
    """- rule: Credentials read
  desc: The second alternative asks one name to be two.
  condition: >
    evt.type = openat and (fd.name = /etc/shadow
      or (fd.name = /etc/passwd and fd.name = /etc/group))
  output: opened %fd.name
  priority: NOTICE
""",
    """- rule: Credentials read
  desc: Each alternative can hold.
  condition: evt.type = openat and (fd.name = /etc/shadow or fd.name in (/etc/passwd, /etc/group))
  output: opened %fd.name
  priority: NOTICE
""",
    _run,
)
