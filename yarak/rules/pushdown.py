"""What the kernel filter does for each rule, in words: for ``yarak rules plan``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from . import boxes, printing
from .boxes import Box
from .kernel_atoms import Atoms
from .kernel_filter import KernelFilter, Need
from .listing import Code, Listing
from .nodes import Check

if TYPE_CHECKING:
    from .compile_rules import CompiledRule
    from .lint.program import Program

_FEW: Final = 6
_ACCESS: Final = ((boxes.READ, "read"), (boxes.WRITE, "write"), (boxes.RDWR, "read and write"))
_RESULT: Final = ((boxes.OK, "succeeded"), (boxes.FAIL, "failed"), (boxes.PROGRESS, "in progress"))
_KIND: Final = (
    (boxes.IPV4, "IPv4"), (boxes.IPV6, "IPv6"), (boxes.UNIX, "unix socket"), (boxes.FILE, "file"),
    (boxes.DIRECTORY, "directory"), (boxes.OTHER, "anything else"),
)  # fmt: skip
_TRANSPORT: Final = ((boxes.TCP, "TCP"), (boxes.UDP, "UDP"), (boxes.NO_TCP_UDP, "neither TCP nor UDP"))
_PATH: Final = {"exact": "is", "prefix": "starts with", "filename": "ends in", "folder": "is in"}


@dataclass(frozen=True, slots=True)
class Clause:
    """What the kernel lets through for a rule: system calls by name, and what it asks of them besides."""

    calls: list[str]
    asks: list[str]
    box: Box

    @property
    def text(self) -> str:
        """In plain words."""
        calls = ", ".join(self.calls)
        return f"{calls}: {'; '.join(self.asks)}" if self.asks else f"every {calls}"


@dataclass(frozen=True, slots=True)
class RulePlan:
    """One rule. ``userspace`` are the checks that the kernel cannot decide, ``dropped`` those that it could, but that
    the clauses do not ask for: they only excuse, or stand beside an undecidable one in an ``or``, or there were too
    many."""

    rule: CompiledRule
    clauses: list[Clause]
    dropped: list[str]
    userspace: list[str]

    @property
    def forced(self) -> list[str]:
        """The system calls that reach userspace each time because of this rule."""
        return sorted({call for clause in self.clauses if not clause.asks for call in clause.calls})

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "rule": self.rule.item.name,
            "clauses": [{"calls": clause.calls, "asks": clause.asks} for clause in self.clauses],
            "every": self.forced,
            "dropped": self.dropped,
            "userspace": self.userspace,
        }


@dataclass(frozen=True, slots=True)
class Pushdown:
    """The plan of all enabled rules. ``clauses`` counts what the kernel holds after merging."""

    rules: list[RulePlan]
    clauses: int

    def calls(self) -> dict[str, tuple[list[str], list[str]]]:
        """Each dispatched system call with the rules that want all of them, and those that want some."""
        table: dict[str, tuple[list[str], list[str]]] = {}
        for plan in self.rules:
            forced = set(plan.forced)
            for call in sorted({call for clause in plan.clauses for call in clause.calls}):
                table.setdefault(call, ([], []))[0 if call in forced else 1].append(plan.rule.item.name)
        return dict(sorted(table.items()))


def pushdown(program: Program) -> Pushdown:
    """What the kernel filter does for the enabled rules of system calls."""
    listing = program.listing
    ignored = 0 if program.options.all_syscalls else listing.select(code for code in listing.codes if code.ignored)
    kernel = KernelFilter(listing, ignored)
    rules = [rule for rule in program.enabled if rule.item.source == "syscall"]
    needs = [Need(rule.item.name, rule.codes, rule.condition) for rule in rules]
    merged = kernel.merged(needs)
    atoms = Atoms(listing)
    plans = [_plan(rule, kernel.clauses(need), merged, listing, atoms) for rule, need in zip(rules, needs, strict=True)]
    return Pushdown(plans, len(merged))


def _plan(rule: CompiledRule, own: Sequence[Box], merged: Sequence[Box], listing: Listing, atoms: Atoms) -> RulePlan:
    """``merged`` may be wider than a rule's own clauses: what counts is the clause that covers each."""
    native = listing.select(code for code in listing.codes if code.native)
    covering = [next((wide for wide in merged if box.within(wide)), box) for box in own]
    effective = [replace(wide, codes=box.codes & native) for box, wide in zip(own, covering, strict=True)]
    clauses = [Clause(_calls(listing.members(box.codes)), asks(box), box) for box in effective if box.codes]
    dropped, userspace = _undecided(rule, effective, atoms)
    return RulePlan(rule, clauses, dropped, userspace)


def _undecided(rule: CompiledRule, clauses: Sequence[Box], atoms: Atoms) -> tuple[list[str], list[str]]:
    from .lint.owners import checks

    dropped: dict[str, None] = {}
    userspace: dict[str, None] = {}
    for check in checks(rule.condition):
        true, false = atoms.answers(check)
        if true == false == (atoms.everything,):
            userspace[_short(check)] = None
        elif not all(_is_kept(box, clauses) for box in true):
            dropped[_short(check)] = None
    return list(dropped), list(userspace)


def _is_kept(box: Box, clauses: Sequence[Box]) -> bool:
    """Whether the paths, ports or names that a check asks for are asked for by some clause."""
    return (
        (box.path is None or any(clause.path is not None and clause.path & box.path for clause in clauses))
        and (box.ports is None or any(clause.ports is not None and clause.ports & box.ports for clause in clauses))
        and (box.names is None or any(clause.names is not None and clause.names & box.names for clause in clauses))
    )


def _short(check: Check) -> str:
    text = printing.condition(check)
    if len(check.values) <= _FEW:
        return text
    values = ", ".join(printing.value(value.text) for value in check.values[:_FEW])
    words = [printing.accessor(check.lhs), check.op, *([check.modifier] if check.modifier else [])]
    return f"{' '.join(words)} ({values}, … {len(check.values) - _FEW} more)"


def _calls(codes: Iterable[Code]) -> list[str]:
    return sorted({code.name for code in codes})


def asks(box: Box) -> list[str]:
    """What a clause asks for besides the system call, in words."""
    found = [
        _words("opened to", box.access, boxes.ANY_ACCESS, _ACCESS),
        _words("", box.result, boxes.ANY_RESULT, _RESULT),
        _words("", box.container, boxes.ANYWHERE, ((boxes.HOST, "on the host"), (boxes.CONTAINER, "in a container"))),
        _words(
            "", box.climbing, boxes.ANY_CLIMBING, ((boxes.CLIMBS, "path holds ../"), (boxes.STAYS, "path without ../"))
        ),
        _words("", box.creating, boxes.ANY_CREATING, ((boxes.CREATES, "may make a file"),)),
        _words("", box.kind, boxes.ANY_KIND, _KIND),
        _words("", box.transport, boxes.ANY_TRANSPORT, _TRANSPORT),
        _listed("path", [f"{_PATH[kind]} {text}" for kind, text in sorted(box.path or ())]),
        _listed("a port is", [str(port) for port in sorted(box.ports or ())]),
        _listed("process name is", sorted(box.names or ())),
    ]
    return [text for text in found if text]


def _words(lead: str, mask: int, everything: int, names: Iterable[tuple[int, str]]) -> str:
    if mask == everything:
        return ""
    return f"{lead} {' or '.join(name for bit, name in names if mask & bit)}".strip()


def _listed(lead: str, texts: list[str]) -> str:
    if not texts:
        return ""
    more = f", … {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return f"{lead} {', '.join(texts[:_FEW])}{more}"
