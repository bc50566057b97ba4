"""Why a rule fires on an event, or does not: one line per clause, with its truth and its fields' values.

The truth of every clause is the core's own answer. A plan is made in which each clause is a rule, and the core is
asked which of them hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from yarak.rules import Compiled, printing
from yarak.rules.accessors import Accessors
from yarak.rules.compile_rules import CompiledRule
from yarak.rules.nodes import Accessor, And, Check, FieldRef, MacroRef, Node, Not, Or
from yarak.rules.plan import FORMAT, Graph
from yarak.rules.suggest import did_you_mean

from .errors import TestError

if TYPE_CHECKING:
    from yarak._core import Trial

    from .ruleset import RuleSet

VALUES_SHOWN: Final = 3
"""Items of a literal list that are printed."""
WIDTH: Final = 60
"""Columns of a clause before its values."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One line. ``children`` are those of and, or, not, or a macro's own condition."""

    text: str
    holds: bool
    values: tuple[str, ...] = ()
    children: tuple[Clause, ...] = ()
    joins: str = ""
    """``and``, ``or``, ``not``, ``macro``; empty for a check."""
    guilty: bool = False
    """The first clause for which the rule does not fire."""

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The line and those below it."""
        mark = ">" if self.guilty else " "
        clause = f"{'  ' * depth}{self.text}"
        values = "; ".join(self.values)
        yield f"{'yes' if self.holds else 'no':4}{mark} {clause:<{WIDTH}}  {values}".rstrip()
        for child in self.children:
            yield from child.lines(depth + 1)


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
    probe = _Probe(compiled, rule)
    trial = ruleset.trial(probe.plan(), at)
    choice = probe.choice(trial)
    clause = probe.clause(rule.written, trial, choice)
    clause = clause if clause.holds else _blame(clause)
    event = ruleset.happened(at)
    remarks = [*_remarks(compiled, rule, event, trial, choice)]
    if clause.holds and not remarks:
        remarks += _earlier(ruleset, rule, at)
    return Explanation(name, _event_text(trial), clause, tuple(remarks))


def find(compiled: Compiled, name: str) -> CompiledRule:
    """A compiled rule by name. Raises: TestError."""
    found = next((rule for rule in compiled.rules if rule.item.name == name), None)
    if found is None:
        hint = did_you_mean(name, [rule.item.name for rule in compiled.rules])
        raise TestError(f"There is no rule '{name}'", hint=hint)
    return found


class _Probe:
    """A rule taken apart."""

    def __init__(self, compiled: Compiled, rule: CompiledRule) -> None:
        assert compiled.last is not None  # a rule was compiled
        assert compiled.conditions is not None
        self._compiled = compiled
        self._last = compiled.last
        self._conditions = compiled.conditions
        self._rule = rule
        self._accessors: Accessors = self._conditions.checker(rule.item.source).accessors
        self._graph = Graph()
        self._root = self._number(rule.condition)
        self._holding: dict[int, frozenset[str]] = {}
        self._register(rule.written, None)

    def _number(self, resolved: Node) -> int:
        return self._graph.add(resolved, self._accessors)

    def _resolved(self, node: Node, before: int | None) -> Node:
        return self._last.macros.resolve(node, before)

    def _children(self, node: Node) -> tuple[Node, ...]:
        match node:
            case And(children=children) | Or(children=children):
                return children
            case Not(child=child):
                return (child,)
            case MacroRef(name=name):
                return (self._conditions.macro(self._compiled.macros[name], self._last.lists),)
        return ()

    def _before(self, node: Node, before: int | None) -> int | None:
        """Which macros the children of a node see."""
        return self._compiled.macros[node.name].visibility if isinstance(node, MacroRef) else before

    def _register(self, node: Node, before: int | None) -> None:
        self._number(self._resolved(node, before))
        for child in self._children(node):
            self._register(child, self._before(node, before))

    def plan(self) -> bytes:
        """A plan in which every clause is a rule, named by its number."""
        rules = [
            {"name": str(number), "source": self._rule.item.source, "priority": 7, "node": number, "events": []}
            for number in range(len(self._graph.nodes))
        ]
        return json.dumps({"format": FORMAT, "nodes": self._graph.nodes, "rules": rules}).encode()

    def holding(self, trial: Trial, choice: int) -> frozenset[str]:
        """Numbers of the clauses that hold under a choice of names."""
        if choice not in self._holding:
            self._holding[choice] = frozenset(trial.holding(choice))
        return self._holding[choice]

    def choice(self, trial: Trial) -> int:
        """The first choice of names under which the rule holds, or the given names."""
        both = json.loads(self._compiled.plan)["settings"]["paths_match"] == "both"
        mask = trial.differing() if both else 0
        choices = [choice for choice in range(mask + 1) if choice & ~mask == 0]
        return next((choice for choice in choices if str(self._root) in self.holding(trial, choice)), 0)

    def clause(self, node: Node, trial: Trial, choice: int, before: int | None = None) -> Clause:
        """The line of a node, with those below it."""
        holds = str(self._number(self._resolved(node, before))) in self.holding(trial, choice)
        children = self._children(node)
        inner = self._before(node, before)
        match node:
            case Check():
                return Clause(_text(node), holds, self._values(node, trial, choice))
            case Not(child=Check() as check):
                return Clause(f"not {_text(check)}", holds, self._values(check, trial, choice))
            case MacroRef(name=name):
                body = self.clause(children[0], trial, choice, inner)
                # A macro that is one `and` or `or` does not need a line for it.
                below = body.children if body.joins in ("and", "or") else (body,)
                return Clause(
                    f"{name} (macro{', ' + body.joins if below is body.children else ''})", holds, (), below, "macro"
                )
        below = tuple(self.clause(child, trial, choice, inner) for child in children)
        joins = "and" if isinstance(node, And) else "or" if isinstance(node, Or) else "not"
        return Clause(joins, holds, (), below, joins)

    def _values(self, check: Check, trial: Trial, choice: int) -> tuple[str, ...]:
        accessors: list[Accessor] = [check.lhs]
        if check.rhs is not None:
            # val(x) is x; the field itself tells more about why it is absent.
            inner = (
                check.rhs.args[0] if check.rhs.name == "val" and isinstance(check.rhs.args[0], FieldRef) else check.rhs
            )
            accessors.append(inner)
        asked = json.dumps([self._accessors.json(accessor) for accessor in accessors]).encode()
        answers = json.loads(trial.values(asked, choice))
        return tuple(f"{printing.accessor(a)}{_shown(answer)}" for a, answer in zip(accessors, answers, strict=True))


def _text(check: Check) -> str:
    """A check as it is printed; of long lists only the beginning."""
    if len(check.values) <= VALUES_SHOWN:
        return printing.condition(check)
    short = replace(check, values=check.values[:VALUES_SHOWN])
    return f"{printing.condition(short)[:-1]}, … {len(check.values) - VALUES_SHOWN} more)"


def _shown(answer: dict[str, Any]) -> str:
    if "absent" in answer:
        return f" is absent: {answer['absent']}"
    value = answer["value"]
    if isinstance(value, dict):
        return f" = 0x{value['hex']}"
    if isinstance(value, list):
        return f" = ({', '.join(map(str, value))})"
    return f" = {json.dumps(value, ensure_ascii=False) if value == '' or not isinstance(value, str) else value}"


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


def _event_text(trial: Trial) -> str:
    asked = json.dumps(["evt.type", "evt.args", "proc.name", "proc.pid"]).encode()
    kind, args, name, pid = (answer.get("value", "?") for answer in json.loads(trial.values(asked, 0)))
    text = f"{kind} by {name} (pid {pid})"
    return f"{text}: {args}" if args else text


def _remarks(compiled: Compiled, rule: CompiledRule, event: Any, trial: Trial, choice: int) -> Iterator[str]:
    conditions = compiled.conditions
    assert conditions is not None
    listing = conditions.listing
    codes = listing.named.get(event["type"], 0)
    if not codes & rule.codes:
        names = sorted({code.name for code in listing.members(rule.codes)})
        shown = ", ".join(names[:VALUES_SHOWN]) + (
            f" … {len(names) - VALUES_SHOWN} more" if len(names) > VALUES_SHOWN else ""
        )
        yield f"The rule is never tried on {event['type']} events; it is for: {shown or 'none'}."
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
