"""What can be looked at of rules that did not compile: lints are told beside errors, not after them."""

from __future__ import annotations

from typing import Final

from ..collect import Collection
from ..compile_rules import CompiledRule, RuleCompiler
from ..conditions import Conditions
from ..exception_text import extend_condition
from ..items import RuleItem
from ..nodes import And, Check, FieldRef, MacroRef, Node, Not, Or
from ..output import Placeholder, Segment
from ..problem import ConditionError, Problem
from .owners import Owners
from .pieces import pieces

_STAND_IN: Final = Placeholder(FieldRef("evt.type", None, 0, 0), None, "evt.type")
"""For a part of an output that is no field: it is meant to be one."""


class Salvage:
    """``whole`` are the rules whose condition has no error, ``partial`` those with what is left of theirs."""

    def __init__(
        self, collection: Collection, hollow: set[str], conditions: Conditions, compiler: RuleCompiler, owners: Owners
    ) -> None:
        self._conditions = conditions
        self._compiler = compiler
        self._owners = owners
        self._open: list[str] = []
        self.whole: list[CompiledRule] = []
        self.partial: list[CompiledRule] = []
        compiled = {rule.item.name: rule for rule in compiler.rules}
        for rule in collection.rules.values():
            if rule.name in compiled and rule.name not in hollow:
                self.whole.append(compiled[rule.name])
            elif rule.name not in hollow and not rule.unknown_source:
                self._add(rule)

    def _add(self, rule: RuleItem) -> None:
        text = extend_condition(rule.condition, rule.exceptions)
        try:
            written = self._conditions.parse("rule", rule.name, text, self._compiler.lists)
        except ConditionError as error:
            self._add_pieces(rule, list(pieces(error.problem.source)))
            return
        condition = self._sound(written, rule.source)
        if condition is None:
            return
        found = self._made(rule, written, condition)
        (self.whole if self._is_sound(written, rule.source) else self.partial).append(found)

    def _add_pieces(self, rule: RuleItem, found: list[Node]) -> None:
        """Each piece is looked at as if it decided alone."""
        if not found:
            return
        written = found[0] if len(found) == 1 else Or(tuple(found), 0, 0)
        condition = self._sound(written, rule.source)
        if condition is not None:
            self.partial.append(self._made(rule, written, condition))

    def _made(self, rule: RuleItem, written: Node, condition: Node) -> CompiledRule:
        codes = self._conditions.inference.rule(condition, rule.source)
        output = self._conditions.output_parts(rule.name, self._compiler.outputs_of(rule).output, rule.source)
        return CompiledRule(rule, written, condition, codes, [_segment(part) for part in output])

    def _is_sound(self, written: Node, source: str) -> bool:
        try:
            self._conditions.checker(source).check(self._compiler.macros.resolve(written))
        except ConditionError:
            return False
        return True

    def _sound(self, node: Node, source: str) -> Node | None:
        """The condition with macros replaced and without the checks that are errors; None where nothing is left."""
        match node:
            case Check():
                return node if self._is_sound(node, source) else None
            case MacroRef(name=name):
                return self._macro(name, source)
            case Not():
                child = self._sound(node.child, source)
                return None if child is None else Not(child, node.start, node.end)
            case And() | Or():
                found = [child for part in node.children if (child := self._sound(part, source)) is not None]
                return type(node)(tuple(found), node.start, node.end) if len(found) > 1 else next(iter(found), None)

    def _macro(self, name: str, source: str) -> Node | None:
        written = self._owners.written.get(name)
        if written is None or name in self._open:
            return None
        self._open.append(name)
        try:
            return self._sound(written, source)
        finally:
            self._open.pop()


def _segment(part: Segment | Problem) -> Segment:
    return _STAND_IN if isinstance(part, Problem) else part
