"""Compiling everything collected so far: lists, then macros, then rules (spec: rules-language.md, section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from . import append_output, output
from .collect import Collection
from .conditions import Conditions
from .descriptors import Use
from .diagnostics import Diagnostic
from .events import TOO_MANY, Inference
from .exception_text import extend_condition
from .expand import Lists, words
from .items import MacroItem, RuleItem
from .macros import Macros
from .nodes import Node
from .output import Placeholder, Segment
from .plan import uses_in_accessor
from .problem import ConditionError, Problem
from .report import condition_context, in_condition, in_output
from .source import Text

_CONTAINER_INFO: Final = "%container.info"
_RESOLUTION: Final = ("Undefined macro", "reference loop")


class CompiledRule(msgspec.Struct):
    """A rule ready for the plan. ``codes`` is its event set, the async event not included."""

    item: RuleItem
    written: Node
    condition: Node
    codes: int
    output: list[Segment]
    extra_formats: dict[str, list[Segment]] = msgspec.field(default_factory=dict)
    extra_fields: dict[str, Segment] = msgspec.field(default_factory=dict)


def shown_uses(rule: CompiledRule) -> Iterator[Use]:
    """The fields in a rule's outputs, as written."""
    extra = [segment for segments in rule.extra_formats.values() for segment in segments]
    for segment in (*rule.output, *extra, *rule.extra_fields.values()):
        if isinstance(segment, Placeholder):
            yield from uses_in_accessor(segment.accessor)


class Outputs(msgspec.Struct):
    """The texts that a rule prints: its output, and its extra JSON fields as formats or (``plain``) bare fields."""

    output: Text
    formats: dict[str, Text]
    plain: dict[str, Text]


class _SkippedError(Exception):
    """The rule is left out; what there is to say has been reported."""


def too_many_events(rule: CompiledRule, inference: Inference) -> Diagnostic | None:
    """The warning about a rule that is not restricted to some types of events."""
    item = rule.item
    if item.source != "syscall" or not item.warn_evttypes or inference.count(rule.codes) <= TOO_MANY:
        return None
    message = "Rule matches too many evt.type values. This has a significant performance penalty."
    hint = "restrict the condition by evt.type, or set warn_evttypes: false"
    return Diagnostic("LOAD_NO_EVTTYPE", message, item.context, item.place, hint=hint)


class RuleCompiler:
    """One pass over a collection. ``diagnostics`` and ``rules`` hold the outcome."""

    def __init__(self, collection: Collection, conditions: Conditions, additions: append_output.Entries) -> None:
        self._collection = collection
        self._conditions = conditions
        self._additions = additions
        self._reported: set[Problem] = set()
        self._mentioned: set[str] = set()
        """Words of rules that are skipped for their source: what they name is used where that source is there."""
        self.diagnostics: list[Diagnostic] = []
        self.rules: list[CompiledRule] = []
        self.lists = Lists(collection.lists)
        self.macros = Macros(collection.macros, lambda item: conditions.macro(item, self.lists))
        for macro in collection.macros.values():
            self._macro(macro)
        for rule in collection.rules.values():
            if rule.unknown_source:
                self._mentioned |= words(extend_condition(rule.condition, rule.exceptions).value)
            else:
                self._rule(rule)
        self._unused()

    def _macro(self, macro: MacroItem) -> None:
        try:
            self.macros.macro(macro)
        except ConditionError as error:
            self._reject(error, "LOAD_ERR_COMPILE_CONDITION", macro)

    def _reject(self, error: ConditionError, code: str, item: RuleItem | MacroItem) -> None:
        """Report a problem once, however many rules it breaks."""
        problem = error.problem
        if problem in self._reported:
            return
        self._reported.add(problem)
        if problem.message.startswith(_RESOLUTION):
            self.diagnostics.append(in_condition("LOAD_ERR_VALIDATE", problem, item.context))
        else:
            self.diagnostics.append(in_condition(code, problem, item.condition_context))

    def _rule(self, rule: RuleItem) -> None:
        text = extend_condition(rule.condition, rule.exceptions)
        try:
            compiled = self._outputs(rule)
            compiled.written = self._conditions.parse("rule", rule.name, text, self.lists)
            compiled.condition = self.macros.resolve(compiled.written)
            self._check(rule, compiled.condition)
        except _SkippedError:
            return
        except ConditionError as error:
            self._reject(error, "LOAD_ERR_COMPILE_CONDITION", rule)
            return
        inference = self._conditions.inference
        compiled.codes = inference.rule(compiled.condition, rule.source)
        warning = too_many_events(compiled, inference)
        if warning is not None:
            self.diagnostics.append(warning)
        self.rules.append(compiled)

    def _check(self, rule: RuleItem, condition: Node) -> None:
        checker = self._conditions.checker(rule.source)
        for check, lint in checker.lints(condition):
            context = condition_context(rule.condition_context, check.source, lint.start)
            place = check.source.locate(lint.start, lint.end)
            found = Diagnostic(lint.code, lint.message, context, place, deprecated_field=lint.deprecated_field)
            self.diagnostics.append(found)
        try:
            checker.check(condition)
        except ConditionError as error:
            if rule.skip_if_unknown_filter and error.problem.unknown:
                warning = in_condition("LOAD_UNKNOWN_FILTER", error.problem, rule.condition_context)
                self.diagnostics.append(warning)
                raise _SkippedError from None
            raise

    def _outputs(self, rule: RuleItem) -> CompiledRule:
        """The rule with its outputs compiled and its condition still missing. Raises _SkippedError."""
        texts = self.outputs_of(rule)
        if _CONTAINER_INFO in rule.output.value:
            message = "%container.info is deprecated and no longer adds anything to the output"
            place = rule.output.locate(rule.output.value.find(_CONTAINER_INFO), len(_CONTAINER_INFO))
            self.diagnostics.append(Diagnostic("LOAD_DEPRECATED_ITEM", message, rule.output_context, place))
        self._warn_deprecated(rule, texts.output)
        segments = self._segments(rule, texts.output, rule.skip_if_unknown_filter)
        compiled = CompiledRule(rule, _NOTHING, _NOTHING, 0, segments)
        for key, text in texts.formats.items():
            compiled.extra_formats[key] = self._segments(rule, text, skippable=False)
        for name, text in texts.plain.items():
            compiled.extra_fields[name] = self._segments(rule, text, skippable=False)[0]
        return compiled

    def outputs_of(self, rule: RuleItem) -> Outputs:
        """A rule's texts with what the configuration adds to them."""
        added = append_output.additions(rule, self._additions, self._conditions.listing)
        text = Text.joined((_without_container_info(rule.output), *added.output))
        return Outputs(text, added.formats, added.plain)

    def _segments(self, rule: RuleItem, text: Text, skippable: bool) -> list[Segment]:
        try:
            return self._conditions.output(rule.name, text, rule.source)
        except ConditionError as error:
            code = "LOAD_UNKNOWN_FILTER" if skippable and error.problem.unknown else "LOAD_ERR_COMPILE_OUTPUT"
            self.diagnostics.append(in_output(code, error.problem, rule.output_context))
            raise _SkippedError from None

    def _warn_deprecated(self, rule: RuleItem, text: Text) -> None:
        for name in output.deprecated_fields(text.value):
            message = f"usage of deprecated field '{name}' has been detected in the rule output"
            place = text.locate(text.value.find(name), len(name))
            found = Diagnostic("LOAD_DEPRECATED_ITEM", message, rule.output_context, place, deprecated_field=name)
            self.diagnostics.append(found)

    def _unused(self) -> None:
        macros, lists = self.macros.used | self._mentioned, self.lists.used | self._mentioned
        for macro in self._collection.macros.values():
            if macro.name not in macros:
                message = "Macro not referred to by any other rule/macro"
                self.diagnostics.append(Diagnostic("LOAD_UNUSED_MACRO", message, macro.context, macro.place))
        for item in self._collection.lists.values():
            if item.name not in lists:
                message = "List not referred to by any other rule/macro"
                self.diagnostics.append(Diagnostic("LOAD_UNUSED_LIST", message, item.context, item.place))


def _without_container_info(text: Text) -> Text:
    at = text.value.find(_CONTAINER_INFO)
    if at < 0:
        return text
    rest = Text.joined((text.cut(0, at), text.cut(at + len(_CONTAINER_INFO), len(text.value))))
    return _without_container_info(rest.stripped())


_NOTHING: Final[Any] = None
"""Stands for the condition of a rule whose outputs are being compiled."""
