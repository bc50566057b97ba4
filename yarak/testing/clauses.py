"""A rule taken apart into clauses, and which of them hold.

The truth of every clause is the core's own answer: a plan is made in which each clause is a rule, and the core is asked
which of them hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec import structs

from yarak.rules import Compiled, printing
from yarak.rules.accessors import Accessors
from yarak.rules.compile_rules import CompiledRule
from yarak.rules.nodes import Accessor, And, Check, FieldRef, MacroRef, Node, Not, Or
from yarak.rules.plan import FORMAT, Graph

VALUES_SHOWN: Final = 3
"""Items of a literal list that are printed."""
WIDTH: Final = 60
"""Columns of a clause before its values."""


class Asked(Protocol):
    """An event that the core is asked about: the last one of a Trial, or an Examination's."""

    def holding(self, choice: int) -> list[str]: ...
    def differing(self) -> int: ...
    def values(self, accessors: bytes, choice: int) -> str: ...


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


class Probe:
    """A rule taken apart."""

    def __init__(self, compiled: Compiled, rule: CompiledRule) -> None:
        assert compiled.last is not None  # a rule was compiled
        assert compiled.conditions is not None
        self._compiled = compiled
        self._last = compiled.last
        self._conditions = compiled.conditions
        self.rule = rule
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
            {"name": str(number), "source": self.rule.item.source, "priority": 7, "node": number, "events": []}
            for number in range(len(self._graph.nodes))
        ]
        return json.dumps({"format": FORMAT, "nodes": self._graph.nodes, "rules": rules}).encode()

    def search_plan(self) -> bytes:
        """A plan whose first rule is the whole condition, and whose others are its members."""
        condition = self.rule.condition
        members = condition.children if isinstance(condition, And) else ()
        inference = self._conditions.inference
        codes = inference.with_async(self.rule.codes)
        common = {
            "source": self.rule.item.source, "priority": 7, "events": inference.events(codes),
            "syscalls": inference.generic_syscalls(codes),
        }  # fmt: skip
        nodes = [self._root, *map(self._number, members)]
        rules = [{"name": str(at), "node": node, **common} for at, node in enumerate(nodes)]
        settings = {"rule_matching": "all"}
        return json.dumps({"format": FORMAT, "settings": settings, "nodes": self._graph.nodes, "rules": rules}).encode()

    def holding(self, trial: Asked, choice: int) -> frozenset[str]:
        """Numbers of the clauses that hold under a choice of names."""
        if choice not in self._holding:
            self._holding[choice] = frozenset(trial.holding(choice))
        return self._holding[choice]

    def choice(self, trial: Asked) -> int:
        """The first choice of names under which the rule holds, or the given names."""
        both = json.loads(self._compiled.plan)["settings"]["paths_match"] == "both"
        mask = trial.differing() if both else 0
        choices = [choice for choice in range(mask + 1) if choice & ~mask == 0]
        return next((choice for choice in choices if str(self._root) in self.holding(trial, choice)), 0)

    def clause(self, node: Node, trial: Asked, choice: int, before: int | None = None) -> Clause:
        """The line of a node, with those below it."""
        holds = str(self._number(self._resolved(node, before))) in self.holding(trial, choice)
        children = self._children(node)
        inner = self._before(node, before)
        match node:
            case Check():
                return Clause(check_text(node), holds, self._values(node, trial, choice))
            case Not(child=Check() as check):
                return Clause(f"not {check_text(check)}", holds, self._values(check, trial, choice))
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

    def _values(self, check: Check, trial: Asked, choice: int) -> tuple[str, ...]:
        accessors: list[Accessor] = [check.lhs]
        if check.rhs is not None:
            # val(x) is x; the field itself tells more about why it is absent.
            inner = (
                check.rhs.args[0] if check.rhs.name == "val" and isinstance(check.rhs.args[0], FieldRef) else check.rhs
            )
            accessors.append(inner)
        asked = json.dumps([self._accessors.json(accessor) for accessor in accessors]).encode()
        answers = json.loads(trial.values(asked, choice))
        return tuple(f"{printing.accessor(a)}{shown(answer)}" for a, answer in zip(accessors, answers, strict=True))


def check_text(check: Check) -> str:
    """A check as it is printed; of long lists only the beginning."""
    if len(check.values) <= VALUES_SHOWN:
        return printing.condition(check)
    short = structs.replace(check, values=check.values[:VALUES_SHOWN])
    return f"{printing.condition(short)[:-1]}, … {len(check.values) - VALUES_SHOWN} more)"


def shown(answer: dict[str, Any]) -> str:
    if "absent" in answer:
        return f" is absent: {answer['absent']}"
    value = answer["value"]
    if isinstance(value, dict):
        return f" = 0x{value['hex']}"
    if isinstance(value, list):
        return f" = ({', '.join(map(str, value))})"
    return f" = {json.dumps(value, ensure_ascii=False) if value == '' or not isinstance(value, str) else value}"
