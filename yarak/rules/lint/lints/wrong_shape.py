"""YK201: a value that the field can never have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ...nodes import Check, FieldRef
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import checks

NAMES: Final = frozenset(("proc.name", "proc.pname", "proc.aname", "proc.sname", "proc.vpgid.name", "proc.pgid.name"))
"""Short names of processes: the kernel keeps 15 bytes (man 5 proc, /proc/pid/comm)."""

_LONGEST_NAME: Final = 15
_PATHS: Final = frozenset(("proc.exepath", "proc.pexepath", "proc.aexepath", "fd.directory", "fs.path.name"))
_STARRED: Final = _PATHS | {"fd.name", "fs.path.source", "fs.path.target", "fd.filename"}
_WHOLE: Final = frozenset(("=", "!=", "in", "intersects"))
_ENDS: Final = _WHOLE | {"startswith", "endswith"}
_BARE_NAME: Final = re.compile(r"[\w.+-]+")
_TYPOGRAPHIC: Final = frozenset("\u2018\u2019\u201c\u201d\u201e\xab\xbb")
_INVISIBLE: Final = frozenset("\xa0\u200b\u200c\u200d\u202f\u2060\u3000\ufeff")
_LONG_ID: Final = re.compile(r"[0-9a-f]{13,}")

Fault = tuple[str, str]
"""What is wrong with a value, and a hint."""


def _name_fault(field: str, op: str, text: str) -> Fault | None:
    if field not in NAMES or op not in (*_ENDS, "contains"):
        return None
    if text.startswith("/") and op in (*_WHOLE, "startswith"):
        return f"{field} is a name without directories", f"use {field.replace('name', 'exepath')}"
    if len(text.encode()) > _LONGEST_NAME:
        return f"{field} has at most {_LONGEST_NAME} bytes", f"the kernel cuts it to '{text[:_LONGEST_NAME]}'"
    return None


def _path_fault(field: str, op: str, text: str) -> Fault | None:
    if field in _PATHS and op in _WHOLE and _BARE_NAME.fullmatch(text):
        return f"{field} is an absolute path", "give the whole path, or use endswith"
    if field == "fd.directory" and op in _WHOLE and len(text) > 1 and text.endswith("/"):
        return "fd.directory has no slash at its end", f"use {text.rstrip('/')}"
    return None


def _filename_fault(field: str, op: str, text: str) -> Fault | None:
    if field == "fd.filename" and op in _WHOLE and "/" in text[1:]:
        return "fd.filename is the part behind the last slash", "use fd.name for whole paths"
    return None


def _star_fault(field: str, op: str, text: str) -> Fault | None:
    if field in _STARRED and op in _ENDS and "*" in text:
        return f"'*' stands for itself behind '{op}'", "use glob"
    return None


def _id_fault(field: str, op: str, text: str) -> Fault | None:
    if field == "container.id" and op in _WHOLE and _LONG_ID.fullmatch(text):
        return "container.id has 12 digits", f"use {text[:12]}"
    return None


def _case_fault(check: Check, text: str) -> Fault | None:
    name = "" if isinstance(check.lhs, FieldRef) else check.lhs.name
    change = {"tolower": str.lower, "toupper": str.upper}.get(name)
    if change is None or check.op not in (*_ENDS, "contains") or change(text) == text or not text.isascii():
        return None
    return f"{name}() never yields this", f"write {change(text)}"


def _quote_fault(_field: str, _op: str, text: str) -> Fault | None:
    if text[:1] in _TYPOGRAPHIC or text[-1:] in _TYPOGRAPHIC:
        return "typographic quotes are a part of the value", "use ' or \""
    if text[:1] in _INVISIBLE or text[-1:] in _INVISIBLE:
        return "an invisible character is a part of it", "type the blank anew"
    return None


_FAULTS: Final[tuple[Callable[[str, str, str], Fault | None], ...]] = (
    _quote_fault, _name_fault, _path_fault, _filename_fault, _star_fault, _id_fault,
)  # fmt: skip


def _run(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    for rule in subject.rules:
        for check in checks(rule.condition):
            if id(check) in seen:
                continue
            seen.add(id(check))
            for value in check.values:
                if value.text in subject.program.collection.lists:
                    continue  # YK204
                fault = _fault(check, value.text)
                if fault:
                    message = f"'{value.text}' can never be the value: {fault[0]}"
                    yield subject.at(LINT, rule, check.source, value.start, value.end, message, fault[1])


def _fault(check: Check, text: str) -> Fault | None:
    if not isinstance(check.lhs, FieldRef):
        return _case_fault(check, text)
    name = check.lhs.name
    return next((fault for find in _FAULTS if (fault := find(name, check.op, text)) is not None), None)


LINT = Lint(
    "YK201",
    "wrong-shape",
    "The field is compared with a value of a shape that it never has.",
    """The check is valid, yet no event can pass it (or, with `!=`, fail it). Short names of processes hold no
directories and at most 15 bytes: the kernel cuts longer ones. Paths of programs are absolute. `fd.directory` has no
slash at its end, `fd.filename` none at all, `container.id` has 12 digits, `tolower()` yields no capitals, `*` is only
special behind `glob`, and typographic quotes and invisible blanks are letters.""",
    """- rule: Update started
  desc: The name is cut to unattended-upgr.
  condition: evt.type = execve and proc.name = unattended-upgrade
  output: update by %user.name
  priority: INFO
""",
    """- rule: Update started
  desc: The name as the kernel has it.
  condition: evt.type = execve and proc.name = unattended-upgr
  output: update by %user.name
  priority: INFO
""",
    _run,
    is_local=True,
)
