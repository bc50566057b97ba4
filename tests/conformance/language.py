"""What the tests of the language read out of a load: diagnostics, expanded conditions, rules by name."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

from yarak.rules import Compiled, printing
from yarak.rules.items import RuleItem

READ, PARSE, YAML, VALIDATE, CONDITION, OUTPUT = (
    "LOAD_ERR_FILE_READ", "LOAD_ERR_YAML_PARSE", "LOAD_ERR_YAML_VALIDATE", "LOAD_ERR_VALIDATE",
    "LOAD_ERR_COMPILE_CONDITION", "LOAD_ERR_COMPILE_OUTPUT",
)  # fmt: skip

RULE = "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: NOTICE}\n"
"""A rule without faults, as a file or as the beginning of one."""


def rule(name: str = "r", condition: str = "evt.type = open", **keys: str) -> str:
    """A rule item, one key to a line; ``keys`` are YAML and win over the defaults (underscores stay)."""
    parts = {"desc": "d", "output": "o", "priority": "NOTICE", "condition": condition, **keys}
    return f"- rule: {name}\n" + "".join(f"  {key}: {value}\n" for key, value in parts.items())


def text(*parts: str) -> str:
    """Items one after the other."""
    return "".join(dedent(part).lstrip("\n") for part in parts)


def errors(compiled: Compiled) -> list[tuple[str, str]]:
    """Code and message of every error of every file."""
    return [(found.code, found.message) for result in compiled.results for found in result.errors]


def warnings(compiled: Compiled, unused: bool = False) -> list[tuple[str, str]]:
    """Code and message of every warning, those about unused lists and macros only when asked for."""
    found = [(one.code, one.message) for result in compiled.results for one in result.warnings]
    return [one for one in found if unused or not one[0].startswith("LOAD_UNUSED")]


def codes(compiled: Compiled) -> list[str]:
    """The codes of the warnings, those about unused lists and macros left out."""
    return [code for code, _ in warnings(compiled)]


def items(compiled: Compiled) -> dict[str, RuleItem]:
    """The rules that compiled, by name."""
    return {entry.item.name: entry.item for entry in compiled.rules}


def condition(compiled: Compiled, name: str = "r") -> str:
    """The condition of a rule with lists and macros expanded, exceptions in it."""
    found = {entry.item.name: entry.condition for entry in compiled.rules}
    return printing.condition(found[name])


def plan(compiled: Compiled) -> dict[str, Any]:
    """The plan."""
    document: dict[str, Any] = json.loads(compiled.plan)
    return document


def planned(compiled: Compiled, name: str = "r") -> dict[str, Any]:
    """A rule of the plan."""
    found: dict[str, Any] = next(entry for entry in plan(compiled)["rules"] if entry["name"] == name)
    return found
