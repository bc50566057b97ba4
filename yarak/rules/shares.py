"""Which share of a machine's events each clause of the kernel filter lets through.

The clauses are written as conditions and counted by the evaluator on all events of their calls, which the kernel lets
through when a rule asks for nothing but their type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from . import dimensions, printing
from .pushdown import Clause, Pushdown

_CALL: Final = "call "


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
    return " and ".join([event, *dimensions.conditions(clause.box)])


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
