"""Which rules run: the minimum priority and the ``rules:`` entries (spec: rules-language.md, section 16)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .items import RuleItem


def enabled(rules: Iterable[RuleItem], priority: int, entries: list[dict[str, Any]]) -> list[RuleItem]:
    """The rules to run, in order; rules that an entry switches on come last.

    ``entries`` are ``{"enable" | "disable": {"rule": wildcard, "tag": text}}``, applied in order. Raises ValueError
    for an entry of another shape.
    """
    eligible = [rule for rule in rules if rule.priority <= priority and not rule.unknown_source]
    running = [rule for rule in eligible if rule.enabled]
    for entry in entries:
        for operation, target in entry.items():
            for matches in _matchers(operation, target):
                running = _apply(operation, matches, eligible, running)
    return running


def _apply(
    operation: str, matches: Callable[[RuleItem], bool], eligible: list[RuleItem], running: list[RuleItem]
) -> list[RuleItem]:
    if operation == "disable":
        return [rule for rule in running if not matches(rule)]
    on = {rule.name for rule in running}
    return running + [rule for rule in eligible if matches(rule) and rule.name not in on]


def _matchers(operation: str, target: object) -> list[Callable[[RuleItem], bool]]:
    if operation not in ("enable", "disable") or not isinstance(target, Mapping) or not {"rule", "tag"} & set(target):
        raise ValueError("a rules entry must be 'enable' or 'disable' with 'rule' or 'tag'")
    found: list[Callable[[RuleItem], bool]] = []
    if "rule" in target:
        pattern = re.compile(".*".join(map(re.escape, str(target["rule"]).split("*"))), re.DOTALL)
        found.append(lambda rule: pattern.fullmatch(rule.name) is not None)
    if "tag" in target:
        tag = str(target["tag"])
        found.append(lambda rule: tag in rule.tags)
    return found
