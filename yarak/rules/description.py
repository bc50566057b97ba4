"""Descriptions of loaded rules, macros and lists: what ``-L`` and ``-l`` print as JSON (spec: cli.md, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from . import lints, printing, priority
from .compile import Compiled
from .compile_rules import CompiledRule, RuleCompiler
from .conditions import Conditions
from .exception_text import extend_condition
from .items import ListItem, MacroItem, RuleItem
from .macros import references
from .nodes import And, Check, Node, Not, Or
from .output import Placeholder

_CONTAINER_FIELDS: Final = ("container.", "k8s.", "proc.is_container_")


def describe(compiled: Compiled, rule: str | None = None) -> dict[str, Any]:
    """Everything loaded, or one rule. Raises KeyError where no rule of that name compiled."""
    tools = _Tools(compiled)
    if rule is not None:
        found = {entry.item.name: entry for entry in compiled.rules}[rule]
        return {"rules": [tools.rule(found)]}
    return {
        "required_engine_version": compiled.required_engine_version,
        "required_plugin_versions": [
            choices[0].as_dict() | {"alternatives": [choice.as_dict() for choice in choices[1:]]}
            for choices in (requirement.choices for requirement in compiled.required_plugin_versions)
        ],
        "rules": [tools.rule(entry) for entry in compiled.rules],
        "macros": [tools.macro(macro) for macro in compiled.macros.values()],
        "lists": [tools.list(entry) for entry in compiled.lists.values()],
    }


class _Tools:
    def __init__(self, compiled: Compiled) -> None:
        if compiled.last is None or compiled.conditions is None:
            raise KeyError("nothing was compiled")
        self._pass: RuleCompiler = compiled.last
        self._conditions: Conditions = compiled.conditions

    def rule(self, rule: CompiledRule) -> dict[str, Any]:
        item = rule.item
        codes = self._conditions.inference.with_async(rule.codes)
        details = {
            **self._references(rule.written, item.condition.value),
            **_parts(rule.condition),
            "output_fields": _sorted(printing.accessor(s.accessor) for s in rule.output if isinstance(s, Placeholder)),
            "exception_fields": _sorted(name.value for entry in item.exceptions for name in entry.fields),
            "exception_names": _sorted(entry.name for entry in item.exceptions),
            "exception_operators": _sorted(comp for entry in item.exceptions for comp in entry.operators),
            "events": self._conditions.inference.names(codes),
            "condition_compiled": printing.condition(rule.condition),
            "output_compiled": "".join(_segment(segment) for segment in rule.output),
            "plugins": _plugins(rule.condition),
        }
        if rule.extra_formats:
            details["extra_output_formatted_fields"] = {
                key: "".join(map(_segment, segments)) for key, segments in rule.extra_formats.items()
            }
        return {"info": _rule_info(item), "details": details}

    def macro(self, macro: MacroItem) -> dict[str, Any]:
        written = self._conditions.macro(macro, self._pass.lists)
        resolved = self._pass.macros.macro(macro)
        details = {
            "used": macro.name in self._pass.macros.used,
            **self._references(written, macro.condition.value),
            **_parts(resolved),
            "events": self._conditions.inference.names(self._conditions.inference.of(resolved)),
            "condition_compiled": printing.condition(resolved),
            "plugins": [],
        }
        return {"info": {"name": macro.name, "condition": macro.condition.value}, "details": details}

    def list(self, entry: ListItem) -> dict[str, Any]:
        lists = self._pass.lists
        details = {
            "used": entry.name in lists.used,
            "lists": _sorted(item for item in entry.items if item in self._pass.lists.resolved),
            "items_compiled": lists.resolved[entry.name],
            "plugins": [],
        }
        return {"info": {"name": entry.name, "items": entry.items}, "details": details}

    def _references(self, written: Node, text: str) -> dict[str, Any]:
        return {
            "macros": _sorted(ref.name for ref in references(written)),
            "lists": _sorted(self._pass.lists.names_in(text)),
        }


def _rule_info(item: RuleItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "condition": extend_condition(item.condition, []).value,
        "priority": priority.NAMES[item.priority],
        "output": item.output.value,
        "description": item.description,
        "enabled": item.enabled,
        "source": item.source,
        "capture": item.capture,
        "capture_duration": item.capture_duration_ms,
        "tags": sorted(item.tags),
    }


def _segment(segment: str | Placeholder) -> str:
    if isinstance(segment, str):
        return segment
    return f"%{'' if segment.width is None else segment.width}{segment.written}"


def _checks(node: Node) -> Iterator[Check]:
    match node:
        case Check():
            yield node
        case Not(child=child):
            yield from _checks(child)
        case And() | Or():
            for child in node.children:
                yield from _checks(child)


def _parts(node: Node) -> dict[str, Any]:
    checks = list(_checks(node))
    return {
        "condition_operators": _sorted(check.op for check in checks),
        "condition_fields": _sorted(printing.accessor(ref) for check in checks for ref in lints.fields_of(check)),
    }


def _plugins(node: Node) -> list[str]:
    names = (ref.name for check in _checks(node) for ref in lints.fields_of(check))
    return ["container"] if any(name.startswith(_CONTAINER_FIELDS) for name in names) else []


def _sorted(texts: Iterable[str]) -> list[str]:
    return sorted(set(texts))
