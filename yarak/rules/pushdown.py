"""What the kernel filter does for each rule, in words: for ``yarak rules plan``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from . import boxes, table_room
from .blame import Blame, Drop, Stage
from .boxes import Box
from .dimensions import NOUNS, asks
from .feeds import feeds
from .kernel_filter import MAX_CLAUSES, MAX_OF_A_RULE, KernelFilter, Merged, Need
from .listing import Code, Listing

if TYPE_CHECKING:
    from .compile_rules import CompiledRule
    from .lint.program import Program


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
class Anyway:
    """Calls whose events come although a rule asks for fewer, because another rule asks for less of them."""

    calls: list[str]
    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class RulePlan:
    """One rule, by its own clauses. ``userspace`` are the checks that the kernel cannot decide, ``dropped`` those that
    it could, but that the clauses do not ask for, ``forced`` the system calls that reach userspace each time because of
    this rule, with the reason."""

    rule: CompiledRule
    clauses: list[Clause]
    dropped: list[Drop]
    userspace: list[str]
    forced: dict[str, str]
    anyway: list[Anyway] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "rule": self.rule.item.name,
            "clauses": [{"calls": clause.calls, "asks": clause.asks} for clause in self.clauses],
            "every": self.forced,
            "anyway": [{"calls": one.calls, "rule": one.rule, "because": one.because} for one in self.anyway],
            "dropped": [{"check": one.check, "reason": one.reason, "because": one.because} for one in self.dropped],
            "userspace": self.userspace,
        }


@dataclass(frozen=True, slots=True)
class Pushdown:
    """The plan of all enabled rules. ``clauses`` counts what the kernel holds after merging, ``limits`` says what had
    to go to make it fit. ``fed`` are system calls of which some come though no rule is about them, by what for."""

    rules: list[RulePlan]
    clauses: int
    limits: list[str]
    fed: dict[str, list[str]]

    def calls(self) -> dict[str, tuple[list[str], list[str]]]:
        """Each dispatched system call with the rules that want all of them, and those that want some."""
        table: dict[str, tuple[list[str], list[str]]] = {}
        for plan in self.rules:
            for call in sorted({call for clause in plan.clauses for call in clause.calls}):
                table.setdefault(call, ([], []))[0 if call in plan.forced else 1].append(plan.rule.item.name)
        for purpose, calls in self.fed.items():
            for call in calls:
                table.setdefault(call, ([], []))[1].append(purpose)
        return dict(sorted(table.items()))


def pushdown(program: Program) -> Pushdown:
    """What the kernel filter does for the enabled rules of system calls."""
    listing = program.listing
    ignored = 0 if program.options.all_syscalls else listing.select(code for code in listing.codes if code.ignored)
    kernel = KernelFilter(listing, ignored)
    rules = [rule for rule in program.enabled if rule.item.source == "syscall"]
    needs = [Need(rule.item.name, rule.codes, rule.condition) for rule in rules]
    fed = feeds(rules, listing)
    merged = kernel.merged([*needs, *fed])
    planner = _Planner(kernel, merged, listing)
    plans = [planner.plan(rule, need) for rule, need in zip(rules, needs, strict=True)]
    calls = {one.rule: _calls(listing.members(one.codes)) for one in fed}
    return Pushdown(_with_others(plans, listing), len(merged.clauses), _limits(merged), calls)


class _Planner:
    def __init__(self, kernel: KernelFilter, merged: Merged, listing: Listing) -> None:
        self._kernel = kernel
        self._merged = merged
        self._listing = listing
        self._native = listing.select(code for code in listing.codes if code.native)

    def plan(self, rule: CompiledRule, need: Need) -> RulePlan:
        stages = self._stages(need)
        blame = Blame(self._kernel, rule.condition, need.codes, stages)
        found = [replace(box, codes=box.codes & self._native) for box in stages[-1].clauses]
        clauses = [Clause(_calls(self._listing.members(box.codes)), asks(box), box) for box in found if box.codes]
        return RulePlan(rule, clauses, blame.dropped(), blame.userspace(), self._forced(clauses, blame))

    def _stages(self, need: Need) -> list[Stage]:
        merged = self._merged
        own = self._kernel.clauses(need)
        limited = self._kernel.clauses(need, merged.limit)
        fitted = [merged.fitted[box] for box in limited]
        thin = [_thinner(box, merged.dropped) for box in fitted]
        stages = [
            Stage(own, lambda _: f"the rule's condition makes more than {boxes.MAX_BOXES} clauses"),
            Stage(limited, lambda _: _few_each(merged)),
            Stage(fitted, _no_room),
            Stage(thin, lambda name: f"{_TOO_MANY}, so that none asks for the {NOUNS[name]}"),
        ]
        if not merged.hulled:
            return stages
        return [*stages, Stage([self._covering(box) for box in thin], lambda _: _HULLED)]

    def _covering(self, box: Box) -> Box:
        return replace(next(wide for wide in self._merged.clauses if box.within(wide)), codes=box.codes)

    def _forced(self, clauses: Sequence[Clause], blame: Blame) -> dict[str, str]:
        codes = 0
        for clause in clauses:
            codes |= 0 if clause.asks else clause.box.codes
        calls: dict[str, int] = {}
        for code in self._listing.members(codes):
            calls[code.name] = calls.get(code.name, 0) | self._listing.select([code])
        return {call: blame.forced(calls[call]) for call in sorted(calls)}


_TOO_MANY: Final = f"all rules together make more than {MAX_CLAUSES:,} clauses"
_HULLED: Final = f"{_TOO_MANY}, so that unlike ones join"


def _few_each(merged: Merged) -> str:
    if merged.limit == MAX_OF_A_RULE:
        return f"the rule makes more than {MAX_OF_A_RULE} clauses"
    return f"{_TOO_MANY}, so that each rule may have {merged.limit}"


def _no_room(name: str) -> str:
    table = table_room.OF[name]
    return f"the kernel's table has room for {table.room:,} entries of its kind ({NOUNS[name]})"


def _thinner(box: Box, dimensions: Iterable[str]) -> Box:
    for dimension in dimensions:
        box = boxes.without(box, dimension)
    return box


def _limits(merged: Merged) -> list[str]:
    """What all rules lost, in words."""
    full = {name for box, fit in merged.fitted.items() for name in box.asked - fit.asked}
    found = [_no_room(name) for name in sorted(full, key=boxes.DIMENSIONS.index)]
    if merged.limit < MAX_OF_A_RULE:
        found.append(_few_each(merged))
    if merged.dropped:
        gone = ", ".join(dict.fromkeys(NOUNS[name] for name in merged.dropped))
        found.append(f"{_TOO_MANY}, so that none asks for: {gone}")
    return found + ([_HULLED] if merged.hulled else [])


def _with_others(plans: Sequence[RulePlan], listing: Listing) -> list[RulePlan]:
    """The plans with the rules because of which more comes than each asks for."""
    first = {clause.box: (plan, clause) for plan in reversed(plans) for clause in reversed(plan.clauses)}
    wide = [(len(box.asked), box, plan, clause) for box, (plan, clause) in first.items()]
    wide.sort(key=lambda one: one[0])
    return [replace(plan, anyway=_anyway(plan, wide, listing)) for plan in plans]


def _anyway(plan: RulePlan, wide: Sequence[tuple[int, Box, RulePlan, Clause]], listing: Listing) -> list[Anyway]:
    found: list[Anyway] = []
    for clause in plan.clauses:
        left, asked = clause.box.codes, len(clause.box.asked)
        for number, box, other, its in wide:
            if number >= asked or not left:
                break
            common = left & box.codes
            if common and other is not plan and replace(clause.box, codes=common).within(box):
                left &= ~common
                calls = _calls(listing.members(common))
                found.append(Anyway(calls, other.rule.item.name, _because(other, its, calls)))
    return list({(one.rule, *one.calls): one for one in found}.values())


def _because(other: RulePlan, clause: Clause, calls: Sequence[str]) -> str:
    if clause.asks:
        return f"it asks for less: {'; '.join(clause.asks)}"
    return "; ".join(dict.fromkeys(other.forced[call] for call in calls))


def _calls(codes: Iterable[Code]) -> list[str]:
    return sorted({code.name for code in codes})
