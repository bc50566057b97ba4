"""YK501: what works, but should no longer be written."""

from __future__ import annotations

from collections.abc import Iterator

from ...lints import DEPRECATED_FIELDS, fields_of
from ...nodes import FieldRef
from ...position import Place
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import checks
from ..presence import NEVER


def _run(subject: Subject) -> Iterator[Finding]:
    yield from _engine(subject)
    seen: set[int] = set()
    for rule in subject.rules:
        for check in checks(rule.condition):
            if id(check) in seen:
                continue
            seen.add(id(check))
            for ref in fields_of(check):
                if _is_old(subject, ref):
                    message = f"field {ref.name} is deprecated"
                    yield subject.at(LINT, rule, check.source, ref.start, ref.end, message)


def _is_old(subject: Subject, ref: FieldRef) -> bool:
    """Those that the load warns about are left to it; those without any value are YK401."""
    found = subject.type_of(ref)
    if found is None or ref.name in DEPRECATED_FIELDS or NEVER in found.field.flags:
        return False
    return "deprecated" in found.field.flags


def _engine(subject: Subject) -> Iterator[Finding]:
    for requirement in subject.program.collection.engine_requirements:
        value = requirement.item.text("required_engine_version")
        if value.value.isdecimal():
            message = f"the bare number {value.value} is the old form of a version"
            place: Place = value.place()
            yield Finding(LINT.code, message, place, f"write {requirement.version}")


LINT = Lint(
    "YK501",
    "deprecated",
    "Something deprecated is used.",
    """It still works, and may stop to. Fields that the load itself warns about (LOAD_DEPRECATED_ITEM), `append: true`
and rules that consist of `enabled` alone are told about there; this is the rest: other deprecated fields, and engine
versions that are a bare number.""",
    """- required_engine_version: 26
- rule: Slow call
  desc: The field is no longer filled.
  condition: evt.type = openat and evt.latency.quantized > 10
  output: slow call of %proc.name
  priority: DEBUG
""",
    """- required_engine_version: 0.26.0
- rule: Open call
  desc: Nothing old.
  condition: evt.type = openat and evt.failed = true
  output: failed call of %proc.name
  priority: DEBUG
""",
    _run,
    is_local=True,
)
