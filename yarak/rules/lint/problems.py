"""Every problem of every condition: the compiler itself stops at the first one of a rule."""

from __future__ import annotations

from collections.abc import Iterator

from ..codes import ERRORS
from ..collect import Collection
from ..compile_rules import RuleCompiler
from ..conditions import Conditions
from ..exceptions import extend_condition
from ..items import MacroItem
from ..macros import references
from ..nodes import Node
from ..problem import ConditionError, Problem
from ..suggest import did_you_mean
from .finding import Finding
from .owners import Owners, checks


class Problems:
    """Looks at all checks and all references of the conditions that can be parsed."""

    def __init__(self, collection: Collection, conditions: Conditions, compiler: RuleCompiler, owners: Owners) -> None:
        self._collection = collection
        self._conditions = conditions
        self._lists = compiler.lists
        self._owners = owners

    def find(self) -> Iterator[Finding]:
        """The problems of all rules that would be compiled, and of the macros that they use."""
        for rule in self._collection.rules.values():
            if rule.unknown_source or rule.skip_if_unknown_filter:
                continue
            text = extend_condition(rule.condition, rule.exceptions)
            try:
                node = self._conditions.parse("rule", rule.name, text, self._lists)
            except ConditionError as error:
                # The compiler came that far only where nothing else of the rule is wrong.
                yield self._finding("LOAD_ERR_COMPILE_CONDITION", error.problem, rule.name)
                continue
            yield from self._of(node, rule.name, rule.source, None)
            for name in self._owners.reachable(node):
                macro = self._collection.macros.get(name)
                if macro is not None and name in self._owners.written:
                    yield from self._of(self._owners.written[name], rule.name, rule.source, macro)

    def _of(self, node: Node, rule: str, source: str, macro: MacroItem | None) -> Iterator[Finding]:
        checker = self._conditions.checker(source)
        for check in checks(node):
            try:
                checker.check(check)
            except ConditionError as error:
                yield self._finding("LOAD_ERR_COMPILE_CONDITION", error.problem, rule)
        for ref in references(node):
            known = self._collection.macros.get(ref.name)
            if known is None:
                message = f"Undefined macro '{ref.name}' used in filter."
                hint = did_you_mean(ref.name, self._collection.macros)
            elif macro is not None and known.index >= macro.visibility:
                message = f"Undefined macro '{ref.name}' used in filter."
                hint = f"macro '{ref.name}' is defined later; a macro sees only macros defined before it"
            else:
                continue
            yield self._finding("LOAD_ERR_VALIDATE", Problem(message, ref.source, ref.start, ref.end, hint=hint), rule)

    def _finding(self, code: str, problem: Problem, rule: str) -> Finding:
        place = problem.source.locate(problem.start, problem.end) or self._collection.rules[rule].place
        trail = self._owners.trail(problem.source, rule)
        return Finding(code, problem.message, place, problem.hint, problem.expected, trail, code in ERRORS)
