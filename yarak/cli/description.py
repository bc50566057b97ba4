"""`-L` and `-l`: what the loaded rules are for (cli.md §3)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from yarak import compiler
from yarak.cli import info
from yarak.cli.request import Request
from yarak.errors import RulesError, UnknownRuleError
from yarak.preparation import find_rules

if TYPE_CHECKING:
    from yarak.rules import Compiled
    from yarak.rules.compile_rules import CompiledRule

NAME_WIDTH = 50
TEXT_WIDTH = 110


def describes(request: Request) -> bool:
    """Whether a description is asked for."""
    return request.describe_rules or request.describe_rule is not None


def describe(request: Request) -> int:
    """Load the rules and describe them.

    Raises: RulesError when a file is bad or the rule is not loaded.
    """
    from yarak.cli.validation import compile_here

    settings = request.settings
    compiled = compile_here(find_rules(request.flags(), settings), compiler.options(settings))
    if not compiled.ok:
        bad = [result.render() for result in compiled.results if not result.successful]
        raise RulesError("\n".join(bad) or compiled.plugin_problem or "The rules cannot be used")
    if settings.json_output:
        return info.show(info.as_json(document(compiled, request.describe_rule)))
    return info.show(text(compiled, request.describe_rule))


def text(compiled: Compiled, name: str | None) -> str:
    """The two columns, for all rules or the one named; an empty line follows each rule."""
    rows = [_row("Rule", "Description"), _row("----", "-----------")]
    for rule in _chosen(compiled, name):
        rows += [_row(rule.item.name, rule.item.description), ""]
    return "\n".join(rows)


def _row(name: str, description: str) -> str:
    lines = textwrap.wrap(description, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    indent = f"\n{' ' * (NAME_WIDTH + 1)}"
    return f"{name:<{NAME_WIDTH}} {indent.join(lines)}"


def document(compiled: Compiled, name: str | None) -> dict[str, Any]:
    """The JSON object: rules, macros and lists, or the one rule named."""
    from yarak.rules import describe as describe_rules

    _chosen(compiled, name)
    return describe_rules(compiled, name)


def _chosen(compiled: Compiled, name: str | None) -> list[CompiledRule]:
    """All rules, or the one named. Raises: UnknownRuleError."""
    rules = list(compiled.rules)
    if name is None:
        return rules
    found = [rule for rule in rules if rule.item.name == name]
    if not found:
        raise UnknownRuleError(name)
    return found
