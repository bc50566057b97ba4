"""Every problem of every condition and output: the compiler itself stops at the first one of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from .. import append_output, macros
from ..codes import ERRORS, short_text
from ..compile_rules import RuleCompiler, too_many_events
from ..conditions import Conditions
from ..exception_text import extend_condition
from ..items import MacroItem, RuleItem
from ..nodes import Node
from ..problem import ConditionError, Problem
from ..source import Text
from ..suggest import did_you_mean
from .finding import Finding
from .owners import Owners, checks
from .pieces import pieces
from .recover import RecoveringCollection
from .salvage import Salvage

_CONDITION = "LOAD_ERR_COMPILE_CONDITION"
_OUTPUT = "LOAD_ERR_COMPILE_OUTPUT"


class Problems:
    """Looks at all checks and all references of the conditions that can be parsed, and at all parts of outputs."""

    def __init__(
        self, collection: RecoveringCollection, conditions: Conditions, compiler: RuleCompiler, owners: Owners
    ) -> None:
        self._collection = collection
        self._conditions = conditions
        self._compiler = compiler
        self._owners = owners

    def find(self, salvage: Salvage) -> Iterator[Finding]:
        """The problems of all rules that would be compiled, and of the macros that they use."""
        for rule in self._collection.rules.values():
            if rule.unknown_source:
                continue
            yield from self._of_outputs(rule)
            if rule.name not in self._collection.hollow:
                yield from self._of_condition(rule)
        yield from self._of_unused_macros()
        for compiled in salvage.whole:
            warning = too_many_events(compiled, self._conditions.inference)
            if warning is not None:
                yield Finding.of(warning, f"in rule '{compiled.item.name}'")

    def _of_outputs(self, rule: RuleItem) -> Iterator[Finding]:
        texts = self._compiler.outputs_of(rule)
        yield from self._of_output(rule, texts.output, rule.skip_if_unknown_filter)
        for text in (*texts.formats.values(), *texts.plain.values()):
            yield from self._of_output(rule, text, skippable=False)

    def _of_output(self, rule: RuleItem, text: Text, skippable: bool) -> Iterator[Finding]:
        for part in self._conditions.output_parts(rule.name, text, rule.source):
            if isinstance(part, Problem):
                found = self._finding(_code(_OUTPUT, part, skippable), part, rule)
                if append_output.is_setting(found.place):
                    found = replace(found, trail="in the configuration")
                yield found

    def _of_condition(self, rule: RuleItem) -> Iterator[Finding]:
        text = extend_condition(rule.condition, rule.exceptions)
        try:
            node = self._conditions.parse("rule", rule.name, text, self._compiler.lists)
        except ConditionError as error:
            # The compiler came that far only where nothing else of the rule is wrong.
            yield self._finding(_CONDITION, error.problem, rule)
            for piece in pieces(error.problem.source):
                yield from self._of_tree_and_macros(piece, rule)
            return
        yield from self._of_tree_and_macros(node, rule)

    def _of_tree_and_macros(self, node: Node, rule: RuleItem) -> Iterator[Finding]:
        yield from self._of_tree(node, rule, None)
        for name in self._owners.reachable(node):
            macro = self._collection.macros.get(name)
            if macro is not None and name in self._owners.written:
                yield from self._of_tree(self._owners.written[name], rule, macro)

    def _of_tree(self, node: Node, rule: RuleItem, macro: MacroItem | None) -> Iterator[Finding]:
        checker = self._conditions.checker(rule.source)
        for check in checks(node):
            for problem in checker.faults(check):
                code = _code(_CONDITION, problem, rule.skip_if_unknown_filter)
                yield self._finding(code, self._with_list(problem), rule)
        for check, lint in checker.lints(node):
            yield self._finding(lint.code, Problem(lint.message, check.source, lint.start, lint.end), rule)
        for undefined in self._undefined(node, macro):
            yield self._finding("LOAD_ERR_VALIDATE", undefined, rule)

    def _of_unused_macros(self) -> Iterator[Finding]:
        """Their references; what else is wrong with them is no error until somebody uses them (YK106)."""
        for name, node in self._owners.written.items():
            macro = self._collection.macros[name]
            for problem in () if self._owners.users(name) else self._undefined(node, macro):
                place = problem.source.locate(problem.start, problem.end) or macro.place
                trail = f"in macro '{name}'"
                yield Finding("LOAD_ERR_VALIDATE", problem.message, place, problem.hint, "", trail, is_error=True)

    def _undefined(self, node: Node, macro: MacroItem | None) -> Iterator[Problem]:
        """The references of a rule's condition, or of ``macro``, that name nothing it sees."""
        for ref in macros.references(node):
            problem = macros.undefined(ref, self._collection.macros, macro.visibility if macro else None)
            if problem is not None and ref.name in self._collection.rules:
                yield structs.replace(problem, hint=f"'{ref.name}' is a rule, and conditions refer to macros")
            elif problem is not None:
                yield problem

    def _with_list(self, problem: Problem) -> Problem:
        """The problem, with a hint where a value is an item of a list, or nearly the name of one."""
        written = problem.source.value[problem.start : problem.end]
        item = self._collection.lists.get(problem.source.original(problem.start, problem.end))
        if item is not None:
            hint = f"it is an item of list '{item.name}', {item.place.file}:{item.place.line + 1}"
            return structs.replace(problem, hint="; ".join(filter(None, (problem.hint, hint))))
        hint = "" if problem.hint else did_you_mean(written, self._collection.lists)
        return structs.replace(problem, hint=hint) if hint else problem

    def _finding(self, code: str, problem: Problem, rule: RuleItem) -> Finding:
        place = problem.source.locate(problem.start, problem.end) or rule.place
        trail = self._owners.trail(problem.source, rule.name)
        message = problem.message or short_text(code)
        return Finding(code, message, place, problem.hint, problem.expected, trail, code in ERRORS)


def _code(code: str, problem: Problem, skippable: bool) -> str:
    return "LOAD_UNKNOWN_FILTER" if skippable and problem.unknown else code
