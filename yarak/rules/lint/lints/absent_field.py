"""YK401: a field that the rule's events do not have."""

from __future__ import annotations

from collections.abc import Iterator

from ...compile_rules import CompiledRule
from ...lints import fields_of
from ...nodes import FieldRef
from ...output import Placeholder
from ...printing import accessor
from ..finding import Finding
from ..lint import Lint, Subject

_FEW = 4


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules_of("syscall"):
        yield from _condition(subject, rule)
        codes = subject.contexts.codes(rule.condition)
        if codes:
            yield from _output(subject, rule, codes)


def _condition(subject: Subject, rule: CompiledRule) -> Iterator[Finding]:
    for check, here in subject.contexts.walk(rule.condition, subject.program.listing.all):
        for ref in fields_of(check):
            if here and not subject.presence.of(ref) & here:
                message = f"{accessor(ref)} is always absent here, so the check is never true"
                yield subject.at(LINT, rule, check.source, ref.start, ref.end, message, _hint(subject, ref, here))


def _output(subject: Subject, rule: CompiledRule, codes: int) -> Iterator[Finding]:
    for segment in rule.output:
        if isinstance(segment, Placeholder) and isinstance(segment.accessor, FieldRef):
            ref = segment.accessor
            if not subject.presence.of(ref) & codes:
                message = f"the output of rule '{rule.item.name}' always prints <NA> for %{segment.written}"
                at = rule.item.output.value.find(f"%{segment.written}")
                place = rule.item.output.locate(max(at, 0), len(segment.written) + 1) or rule.item.place
                trail = f"in rule '{rule.item.name}'"
                yield Finding(LINT.code, message, place, _hint(subject, ref, codes), trail=trail)


def _hint(subject: Subject, ref: FieldRef, codes: int) -> str:
    present = subject.presence.of(ref)
    if not present:
        return "no event has it any more"
    names = sorted({code.name for code in subject.program.listing.members(codes)})
    having = sorted({code.name for code in subject.program.listing.members(present)})
    few = f"{', '.join(having[:_FEW])}{' …' if len(having) > _FEW else ''} have it"
    return f"{few}, not {', '.join(names[:_FEW])}{' …' if len(names) > _FEW else ''}"


LINT = Lint(
    "YK401",
    "absent-field",
    "The field is absent for the events in question.",
    """A check of an absent field is false whatever the operator, and an output prints `<NA>` for it. `evt.arg.NAME`
exists for events with a parameter of that name, `fd.*` for events about a descriptor, `fs.path.*` and `evt.abspath`
for a few calls that take paths. Some fields are accepted for old rules' sake and have a value for no event at all.""",
    """- rule: Script run
  desc: An execve has no parameter mode, and is not about a descriptor.
  condition: evt.type = execve and (evt.arg.mode contains S_ISUID or fd.name startswith /tmp)
  output: run by %proc.name
  priority: INFO
""",
    """- rule: Mode changed
  desc: A chmod has a mode.
  condition: evt.type in (chmod, fchmodat) and evt.arg.mode contains S_ISUID
  output: changed by %proc.name to %evt.arg.mode
  priority: INFO
""",
    _run,
    is_local=True,
)
