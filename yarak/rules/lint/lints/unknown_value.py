"""YK202: a word that is none of the words that the field can be."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Final

from ...nodes import Check, FieldRef
from ...suggest import did_you_mean
from ..finding import Finding
from ..lint import Lint, Subject

_FEW: Final = 20
_FD_TYPES: Final = frozenset(
    ("file", "directory", "ipv4", "ipv6", "unix", "pipe", "event", "signalfd", "eventpoll", "inotify", "timerfd",
     "netlink", "bpf", "userfaultfd", "io_uring", "memfd", "pidfd", "<NA>")
)  # fmt: skip
WORDS: Final[dict[str, frozenset[str]]] = {
    "fd.type": _FD_TYPES,
    "proc.stdin.type": _FD_TYPES,
    "proc.stdout.type": _FD_TYPES,
    "proc.stderr.type": _FD_TYPES,
    "fd.typechar": frozenset("fd46upersPlitnbmXo?"),
    "fd.l4proto": frozenset(("tcp", "udp", "icmp", "raw", "<NA>")),
    "fd.sockfamily": frozenset(("ip", "unix")),
    "evt.io_dir": frozenset(("read", "write")),
    "evt.dir": frozenset("<>"),
    "evt.category": frozenset(
        ("unknown", "other", "file", "net", "IPC", "ipc", "memory", "process", "sleep", "system", "signal", "user",
         "time", "processing", "wait", "scheduler", "internal", "syscall", "tracepoint", "plugin", "meta")
    ),
    "evt.res": frozenset(("SUCCESS", *errno.errorcode.values())),
    "container.type": frozenset(
        ("docker", "lxc", "libvirt-lxc", "cri", "containerd", "cri-o", "bpm", "podman", "host", "mesos", "rkt")
    ),
}  # fmt: skip
"""Fields that are one of a few words (fields-semantics.md, sections 1, 2, 4 and 7)."""


def _run(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    for rule in subject.rules:
        for check, codes in subject.contexts.walk(rule.condition, subject.program.listing.all):
            words, known = _words(subject, check, codes)
            if not words or id(check) in seen:
                continue
            seen.add(id(check))
            for value in check.values:
                if not value.text.lstrip("-").isdecimal() and not known(value.text, words):
                    message = f"'{value.text}' is none of the values of {_name(check)}"
                    few = ", ".join(sorted(words)) if len(words) < _FEW else ""
                    hint = did_you_mean(value.text, words) or (f"one of {few}" if few else "")
                    yield subject.at(LINT, rule, check.source, value.start, value.end, message, hint)


def _name(check: Check) -> str:
    return check.lhs.name if isinstance(check.lhs, FieldRef) else ""


def _words(subject: Subject, check: Check, codes: int) -> tuple[frozenset[str], Callable[[str, frozenset[str]], bool]]:
    """The words that the field can be for these events (none: anything), and how a value is looked for."""
    if check.op not in _TESTS:
        return frozenset(), _TESTS["="]
    field = subject.type_of(check.lhs)
    if field is not None and field.field.name == "evt.arg" and field.arg is not None:
        return subject.program.listing.words(field.arg, codes), _TESTS[check.op]
    whole = check.op in ("=", "!=", "in", "intersects")
    return WORDS.get(_name(check), frozenset()) if whole else frozenset(), _TESTS["="]


def _is_whole(text: str, words: frozenset[str]) -> bool:
    """Flags are printed with bars between them."""
    return text in words or ("|" in text and set(text.split("|")) <= words)


def _is_part(text: str, words: frozenset[str]) -> bool:
    return all(any(part in word for word in words) for part in text.split("|"))


def _is_folded_part(text: str, words: frozenset[str]) -> bool:
    return _is_part(text.lower(), frozenset(map(str.lower, words)))


_TESTS: Final[dict[str, Callable[[str, frozenset[str]], bool]]] = {
    **dict.fromkeys(("=", "!=", "in", "intersects"), _is_whole),
    "contains": _is_part,
    "icontains": _is_folded_part,
}


LINT = Lint(
    "YK202",
    "unknown-value",
    "The field is compared with a word that it never is.",
    """Some fields are one of a few words, such as `fd.type` or `evt.res`, and some parameters are flags or one of a few
names, such as `evt.arg.flags` of an open (`yarak --list-events` has them). A misspelt word compares without an error,
and never matches.""",
    """- rule: Connection made
  desc: There is no ipv5.
  condition: evt.type = connect and fd.type in (ipv4, ipv5)
  output: connection %fd.name
  priority: INFO
""",
    """- rule: Connection made
  desc: Both families.
  condition: evt.type = connect and fd.type in (ipv4, ipv6)
  output: connection %fd.name
  priority: INFO
""",
    _run,
    is_local=True,
)
