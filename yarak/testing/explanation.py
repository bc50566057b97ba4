"""Why a rule fires on an event, or does not: one line per clause, with its truth and its fields' values.

What decides apart from the condition is remarked: event types, other rules, names of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yarak.rules import Compiled
from yarak.rules.compile_rules import CompiledRule
from yarak.rules.suggest import did_you_mean

from .clauses import VALUES_SHOWN, Asked, Clause, Probe
from .errors import TestError

if TYPE_CHECKING:
    from .ruleset import RuleSet


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule on an event. ``holds`` tells about the condition, ``remarks`` what else decides."""

    rule: str
    event: str
    root: Clause
    remarks: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the condition holds."""
        return self.root.holds

    @property
    def guilty(self) -> Clause | None:
        """The first failing clause, None where the condition holds."""
        return next(_guilty(self.root), None)

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "does not hold; > marks the first clause that fails"
        head = [f"rule:  {self.rule}", f"event: {self.event}", f"The condition {verdict}."]
        return "\n".join([*head, *self.remarks, "", *self.root.lines()])

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "rule": self.rule, "event": self.event, "holds": self.holds, "remarks": list(self.remarks),
            "condition": _json(self.root),
        }  # fmt: skip


def _json(clause: Clause) -> dict[str, Any]:
    return {
        "clause": clause.text, "holds": clause.holds, "first_failing": clause.guilty, "values": list(clause.values),
        "clauses": [_json(child) for child in clause.children],
    }  # fmt: skip


def _guilty(clause: Clause) -> Iterator[Clause]:
    if clause.guilty:
        yield clause
    for child in clause.children:
        yield from _guilty(child)


def explain(ruleset: RuleSet, name: str, at: int) -> Explanation:
    """The explanation of a rule on the event before history position ``at``.

    Raises: TestError for a rule that is not there.
    """
    compiled = ruleset.rules.compiled
    rule = find(compiled, name)
    probe = Probe(compiled, rule)
    trial = ruleset.trial(probe.plan(), at)
    told = of_event(compiled, probe, trial, ruleset.happened(at)["type"])
    if told.holds and not told.remarks:
        return replace(told, remarks=tuple(_earlier(ruleset, rule, at)))
    return told


def of_event(compiled: Compiled, probe: Probe, asked: Asked, kind: str) -> Explanation:
    """The explanation of the probe's rule on the event that can be asked about, which is of type ``kind``."""
    rule = probe.rule
    choice = probe.choice(asked)
    clause = probe.clause(rule.written, asked, choice)
    clause = clause if clause.holds else _blame(clause)
    remarks = _remarks(compiled, rule, kind, asked, choice)
    return Explanation(rule.item.name, _event_text(asked), clause, tuple(remarks))


def find(compiled: Compiled, name: str) -> CompiledRule:
    """A compiled rule by name. Raises: TestError."""
    found = next((rule for rule in compiled.rules if rule.item.name == name), None)
    if found is None:
        hint = did_you_mean(name, [rule.item.name for rule in compiled.rules])
        raise TestError(f"There is no rule '{name}'", hint=hint)
    return found


def _blame(clause: Clause) -> Clause:
    """The clause with the first failing one below it marked.

    Of `and` it is the first part that fails. Of `or` all parts fail, so that it is the `or`; of `not` the part that
    holds is no failure, so that it is the `not`.
    """
    parts = clause.children
    single = clause.joins == "macro" and (len(parts) == 1 or clause.text.endswith("and)"))
    if not (clause.joins == "and" or single):
        return replace(clause, guilty=True)
    at = next((number for number, part in enumerate(parts) if not part.holds), None)
    if at is None:
        return replace(clause, guilty=True)
    return replace(clause, children=(*parts[:at], _blame(parts[at]), *parts[at + 1 :]))


def _event_text(trial: Asked) -> str:
    asked = json.dumps(["evt.type", "evt.args", "proc.name", "proc.pid"]).encode()
    kind, args, name, pid = (answer.get("value", "?") for answer in json.loads(trial.values(asked, 0)))
    text = f"{kind} by {name} (pid {pid})"
    return f"{text}: {args}" if args else text


def _remarks(compiled: Compiled, rule: CompiledRule, kind: str, trial: Asked, choice: int) -> Iterator[str]:
    conditions = compiled.conditions
    assert conditions is not None
    listing = conditions.listing
    codes = listing.named.get(kind, 0)
    if not codes & rule.codes:
        names = sorted({code.name for code in listing.members(rule.codes)})
        shown = ", ".join(names[:VALUES_SHOWN]) + (
            f" … {len(names) - VALUES_SHOWN} more" if len(names) > VALUES_SHOWN else ""
        )
        yield f"The rule is never tried on {kind} events; it is for: {shown or 'none'}."
    if rule.item.name not in compiled.enabled:
        yield "The rule is disabled."
    if choice:
        yield "It holds for the real name of the file, which is not the given one."
    elif trial.differing():
        yield "The file has another real name; the condition was tried with both, the given one is shown."


def _earlier(ruleset: RuleSet, rule: CompiledRule, at: int) -> Iterator[str]:
    compiled = ruleset.rules.compiled
    if json.loads(compiled.plan)["settings"]["rule_matching"] != "first":
        return
    trial = ruleset.trial(compiled.plan, at - 1)
    fired = trial.feed(json.dumps(ruleset.happened(at)).encode())
    if fired and fired[0].rule != rule.item.name:
        yield f"The rule '{fired[0].rule}', defined before it, fires first (rule_matching: first)."
