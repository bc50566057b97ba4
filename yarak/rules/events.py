"""Event-type inference: for which events a rule has to be evaluated at all (spec: rules-language.md, section 13).

Sets are integers over ``Listing.codes``. Negation is pushed down to the checks, and a check that says nothing about
the event's type is every event, negated or not.
"""

from __future__ import annotations

from typing import Final

from .check import EVENT_TYPE_FIELDS
from .listing import ASYNC_EVENT, PLUGIN_EVENT, Listing
from .nodes import And, Check, FieldRef, MacroRef, Node, Not, Or

TOO_MANY: Final = 100
"""A rule whose set holds more event codes than this has no useful event type restriction."""


_CODES: Final = {
    **dict.fromkeys(
        ("asyncevent", "close_range", "cpu_hotplug", "groupadded", "groupdeleted", "infra", "k8s", "keyctl", "mesos",
         "notification", "page_fault", "pluginevent", "procinfo", "scapevent", "signaldeliver", "tracer", "useradded",
         "userdeleted"),
        1,
    ),
    "container": 3,
    **dict.fromkeys(
        ("bpf", "brk", "dup", "ioctl", "link", "linkat", "mkdir", "openat", "rmdir", "select", "umount", "unlink",
         "unlinkat"),
        4,
    ),
    "fork": 6, "vfork": 6, "accept": 8, "clone": 8, "execve": 16,
}  # fmt: skip
"""Codes of a name where they are not just enter and exit: each older form of an event has codes of its own."""


class Inference:
    """Event sets of conditions; remembered per node, since rules share macros."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._known: dict[tuple[int, bool], tuple[Node, int]] = {}
        self._async = listing.named.get(ASYNC_EVENT, 0)
        self._plugin = listing.named.get(PLUGIN_EVENT, 0)

    def rule(self, node: Node, source: str) -> int:
        """The set a rule is run for, without the async event that every rule is run for too."""
        return self.of(node) if source == "syscall" else self._plugin

    def with_async(self, codes: int) -> int:
        """The set with the async event added."""
        return codes | self._async

    def of(self, node: Node, negated: bool = False) -> int:
        """The events for which the condition (or its negation) may hold."""
        known = self._known.get((id(node), negated))
        if known is None:
            known = (node, self._infer(node, negated))
            self._known[id(node), negated] = known
        return known[1]

    def _infer(self, node: Node, negated: bool) -> int:
        match node:
            case Not(child=child):
                return self.of(child, not negated)
            case And() | Or():
                sets = [self.of(child, negated) for child in node.children]
                return _intersection(sets) if isinstance(node, And) != negated else _union(sets)
            case MacroRef():
                return self._listing.all
        return self._check(node, negated)

    def _check(self, check: Check, negated: bool) -> int:
        everything = self._listing.all
        truth = never_or_always(check)
        if truth is not None:
            return everything if truth != negated else 0
        if not isinstance(check.lhs, FieldRef) or check.lhs.name not in EVENT_TYPE_FIELDS or check.lhs.arg is not None:
            return everything
        if check.op == "exists":
            return 0 if negated else everything
        if check.op not in ("=", "!=", "in") or check.modifier is not None:
            return everything
        named = _union([self._listing.named.get(value.text, 0) for value in check.values])
        return everything & ~named if negated != (check.op == "!=") else named

    def count(self, codes: int) -> int:
        """How many codes of the capture format's whole event table the set stands for: every code of each name."""
        names = {code.event.name for code in self._listing.members(codes)}
        return sum(_CODES.get(name, 2) for name in names)

    def events(self, codes: int) -> list[int]:
        """The ids of the events in a set, sorted."""
        return sorted({code.event.id for code in self._listing.members(codes)})

    def generic_syscalls(self, codes: int) -> list[int] | None:
        """The generic system calls of a set by the capture format's codes, or None for all of them (or none)."""
        mine = codes & self._listing.generic
        if mine in (0, self._listing.generic):
            return None
        return sorted(code.syscall for code in self._listing.members(mine) if code.syscall is not None)

    def names(self, codes: int) -> list[str]:
        """The names of a set's events, sorted."""
        return sorted({code.name for code in self._listing.members(codes)})


def _union(sets: list[int]) -> int:
    result = 0
    for codes in sets:
        result |= codes
    return result


def _intersection(sets: list[int]) -> int:
    result = -1
    for codes in sets:
        result &= codes
    return result


def never_or_always(check: Check) -> bool | None:
    """What a check of ``evt.num`` against constants always yields, event numbers starting at 1, or None."""
    if not isinstance(check.lhs, FieldRef) or check.lhs.name != "evt.num" or check.rhs is not None:
        return None
    if check.modifier is not None or check.op == "exists" or not all(_is_decimal(v.text) for v in check.values):
        return None
    numbers = [int(value.text) for value in check.values]
    if check.op == "in":
        return False if all(number == 0 for number in numbers) else None
    return _KNOWN_TRUTHS.get((check.op, numbers[0])) if len(numbers) == 1 else None


_KNOWN_TRUTHS: Final[dict[tuple[str, int], bool]] = {
    ("=", 0): False,
    ("<", 1): False,
    ("<", 0): False,
    ("<=", 0): False,
    ("!=", 0): True,
    (">", 0): True,
    (">=", 0): True,
    (">=", 1): True,
}


def _is_decimal(text: str) -> bool:
    return text.lstrip("+").isdecimal()
