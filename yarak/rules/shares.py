"""Which share of a machine's events each clause of the kernel filter lets through.

The clauses are written as conditions and counted by the evaluator on all events of their calls, which the kernel lets
through when a rule asks for nothing but their type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import boxes, printing
from .boxes import Box, PathTest
from .kernel_atoms import OPEN_EVENTS
from .pushdown import Clause, Pushdown

_CALL: Final = "call "
_PATH: Final = {
    "exact": "fd.name = {}",
    "prefix": "fd.name startswith {}",
    "filename": "fd.filename = {}",
    "folder": "fd.directory = {}",
}
_ACCESS: Final = (
    (boxes.READ, "(evt.is_open_read = true and evt.is_open_write = false)"),
    (boxes.WRITE, "(evt.is_open_write = true and evt.is_open_read = false)"),
    (boxes.RDWR, "(evt.is_open_read = true and evt.is_open_write = true)"),
)
_KIND: Final = (
    (boxes.IPV4, "fd.type = ipv4"), (boxes.IPV6, "fd.type = ipv6"), (boxes.UNIX, "fd.type = unix"),
    (boxes.FILE, "fd.type in (file, memfd)"), (boxes.DIRECTORY, "fd.type = directory"),
    (boxes.OTHER, "not fd.type in (ipv4, ipv6, unix, file, memfd, directory)"),
)  # fmt: skip
_TRANSPORT: Final = (
    (boxes.TCP, "fd.l4proto = tcp"), (boxes.UDP, "fd.l4proto = udp"),
    (boxes.NO_TCP_UDP, "not fd.l4proto in (tcp, udp)"),
)  # fmt: skip
_RESULT: Final = (
    (boxes.OK, "evt.failed = false"), (boxes.PROGRESS, "evt.res = EINPROGRESS"),
    (boxes.FAIL, "(evt.failed = true and not evt.res = EINPROGRESS)"),
)  # fmt: skip
_CONTAINER: Final = {
    boxes.HOST: "(container.id = host or not container.id exists)",
    boxes.CONTAINER: "not container.id = host",
}
_CLIMBING: Final = {boxes.CLIMBS: "fd.nameraw contains ../", boxes.STAYS: "not fd.nameraw contains ../"}


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the events of a clause's calls there were, and how many it lets through."""

    seen: int
    passed: int

    def __str__(self) -> str:
        return f"{self.passed} of {self.seen}" + (f" ({100 * self.passed / self.seen:.3g} %)" if self.seen else "")


def condition(clause: Clause) -> str:
    """What the kernel decides of an event, as a condition: what it cannot know passes."""
    calls = printing.value(clause.calls[0]) if len(clause.calls) == 1 else ""
    event = f"evt.type = {calls}" if calls else f"evt.type in ({', '.join(map(printing.value, clause.calls))})"
    return " and ".join([event, *_asks(clause.box)])


def _asks(box: Box) -> Iterator[str]:
    if box.access != boxes.ANY_ACCESS:
        yield _either(text for bit, text in _ACCESS if box.access & bit)
    if box.result != boxes.ANY_RESULT:
        yield _either([*(text for bit, text in _RESULT if box.result & bit), "not evt.failed exists"])
    if box.creating == boxes.CREATES:
        yield "(evt.is_open_create = true or evt.arg.flags contains O_CREAT)"
    for mask, words in ((box.container, _CONTAINER), (box.climbing, _CLIMBING)):
        if mask in words:
            yield words[mask]
    if box.kind != boxes.ANY_KIND:
        yield _either(text for bit, text in _KIND if box.kind & bit)
    if box.transport != boxes.ANY_TRANSPORT:
        yield _either(text for bit, text in _TRANSPORT if box.transport & bit)
    if box.ports is not None:
        yield f"(fd.port in ({', '.join(map(str, sorted(box.ports)))}) or not fd.port exists)"
    if box.names is not None:
        yield f"proc.name in ({', '.join(printing.value(name) for name in sorted(box.names))})"
    if box.path is not None:
        yield _paths(sorted(box.path))


def _paths(tests: Sequence[PathTest]) -> str:
    """The kernel looks at the names of opens alone."""
    others = f"not evt.type in ({', '.join(sorted(OPEN_EVENTS))})"
    return _either([others, *(_PATH[kind].format(printing.value(text)) for kind, text in tests)])


def _either(texts: Any) -> str:
    return f"({' or '.join(texts)})"


def rules_text(plan: Pushdown) -> str:
    """A rules file whose rules count: one per call, one per distinct clause, named by their conditions."""
    conditions = {_CALL + call: f"evt.type = {printing.value(call)}" for call in plan.calls()}
    for one in plan.rules:
        conditions |= {(text := condition(clause)): text for clause in one.clauses}
    rules = [
        {"rule": name, "desc": "counts", "condition": text, "output": "counts", "priority": "DEBUG",
         "warn_evttypes": False}
        for name, text in conditions.items()
    ]  # fmt: skip
    return json.dumps(rules)


class Shares:
    """The counts, from the core's profile of the rules that ``rules_text`` gives."""

    def __init__(self, profile: str) -> None:
        self._hits = {one["of"]: one["hits"] for one in json.loads(profile)["rules"]}

    def of(self, clause: Clause) -> Share:
        """The share that a clause lets through."""
        return Share(sum(self.seen(call) for call in clause.calls), self._hits.get(condition(clause), 0))

    def seen(self, call: str) -> int:
        """How many events of a call there were."""
        return int(self._hits.get(_CALL + call, 0))
