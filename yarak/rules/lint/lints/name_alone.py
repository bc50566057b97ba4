"""YK301: a rule that whoever chooses a name can silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...compile_rules import CompiledRule
from ...nodes import And, Check, FieldRef, Node, Not, Or
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import checks

CHOSEN: Final = frozenset(
    ("proc.name", "proc.pname", "proc.aname", "proc.sname", "proc.vpgid.name", "proc.pgid.name", "proc.exe",
     "proc.pexe", "proc.aexe", "proc.args", "proc.cmdline", "proc.pcmdline", "proc.acmdline", "proc.exeline")
)  # fmt: skip
"""What a process calls itself: a copy, a link or the first argument is enough to change it."""

_TYPES: Final = frozenset(("evt.type", "syscall.type"))


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules_of("syscall"):
        guilty = [check for check in _excused(rule.condition) if _names(check)]
        if not guilty:
            continue
        first = guilty[0]
        fields = sorted({check.lhs.name for check in guilty if isinstance(check.lhs, FieldRef)})
        more = f" (and {len(guilty) - 1} more)" if len(guilty) > 1 else ""
        message = f"rule '{rule.item.name}' excuses whoever bears a name: {', '.join(fields)}{more}"
        hint = "anybody can take that name: compare proc.exepath, or the name together with it"
        yield _place(subject, rule, first, message, hint)


def _place(subject: Subject, rule: CompiledRule, check: Check, message: str, hint: str) -> Finding:
    return subject.at(LINT, rule, check.source, check.start, check.end, message, hint)


def _names(check: Check) -> bool:
    """Whether the check is about a name; ``<NA>`` and nothing at all are none."""
    if not isinstance(check.lhs, FieldRef) or check.lhs.name not in CHOSEN:
        return False
    return not check.values or any(value.text not in ("<NA>", "") for value in check.values)


def _excused(node: Node, wanted: bool = True) -> Iterator[Check]:
    """The checks of names by which alone a condition that must be ``wanted`` is made not so."""
    match node:
        case Not(child=child):
            yield from _excused(child, not wanted)
        case And() | Or():
            if isinstance(node, And) == wanted:
                for child in node.children:
                    yield from _excused(child, wanted)
            elif not wanted and all(_in_hand(child) for child in node.children):
                # ``not (a and b)``: only a name if all that is asked for besides is the event's type.
                yield from checks(node)
        case Check():
            if _names(node) and ((not wanted and node.op not in ("!=", "exists")) or (wanted and node.op == "!=")):
                yield node


def _in_hand(node: Node) -> bool:
    """Whether names (and event types) are all that a condition asks for."""
    found = list(checks(node))
    fields = {check.lhs.name if isinstance(check.lhs, FieldRef) else "" for check in found}
    return fields <= CHOSEN | _TYPES


LINT = Lint(
    "YK301",
    "name-alone",
    "The rule trusts whoever bears a name.",
    """The rule is silent for processes with some name, command line or ancestor's name, and asks for nothing else of
them. All of these are chosen by whoever starts the process: a copy of a shell named `dpkg` passes. `proc.exepath` is
the file that really runs; only who may write there can borrow it. Names beside a path (a script's name beside its
interpreter's path) are fine, and so are names that only add suspicion.""",
    """- rule: Password file written
  desc: Anything named passwd may.
  condition: >
    evt.type = openat and evt.is_open_write = true and fd.name = /etc/shadow
    and not proc.name in (passwd, chage)
  output: written by %proc.exepath
  priority: CRITICAL
""",
    """- rule: Password file written
  desc: One program may, by its path.
  condition: >
    evt.type = openat and evt.is_open_write = true and fd.name = /etc/shadow
    and not proc.exepath in (/usr/bin/passwd, /usr/bin/chage)
    and not (proc.exepath startswith /usr/bin/python3 and proc.name = updater)
  output: written by %proc.exepath
  priority: CRITICAL
""",
    _run,
)
