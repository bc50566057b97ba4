"""The core's values in the terms of the reference evaluator, and conditions as rules."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from typing import Any

from yarak import _core
from yarak.rules.nodes import And, Check, FieldRef, MacroRef, Node, Not, Or
from yarak.rules.printing import accessor
from yarak.rules.reference import Ancestors, Ends

ENDS = {field["name"] for field in _core.fields() if "either-end" in field["flags"]}


def checks(node: Node) -> Iterator[Check]:
    match node:
        case Check():
            yield node
        case Not(child=child):
            yield from checks(child)
        case And(children=children) | Or(children=children):
            for child in children:
                yield from checks(child)
        case MacroRef():
            raise AssertionError("macros are resolved")


def fields_of(node: Node) -> set[str]:
    """The fields of a condition, as written."""
    found: set[str] = set()
    for check in checks(node):
        for side in (check.lhs, check.rhs):
            if side is not None:
                found.update(written(side))
    return found


def written(argument: Any) -> Iterator[str]:
    if isinstance(argument, FieldRef):
        yield accessor(argument)
    for inner in getattr(argument, "args", getattr(argument, "items", ())):
        yield from written(inner)


def native(answer: dict[str, Any]) -> Any:
    """A value in the reference's terms."""
    value, kind = answer["value"], answer["type"]
    if answer["any"] and isinstance(value, list):
        return Ancestors([native({"value": item, "type": kind, "any": False}) for item in value])
    if isinstance(value, list):
        return [native({"value": item, "type": kind, "any": False}) for item in value]
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    return ipaddress.ip_address(value) if kind in ("IPADDR", "IPNET") else value


def known_values(trial: Any, names: list[str]) -> dict[str, Any]:
    answers = json.loads(trial.values(json.dumps(names).encode(), 0))
    values = {name: native(answer) for name, answer in zip(names, answers, strict=True) if "value" in answer}
    ends = {name: value for name, value in values.items() if name in ENDS and isinstance(value, Ancestors)}
    return values | {name: Ends(value.values) for name, value in ends.items()}


def rules_file(conditions: list[str]) -> str:
    items = [
        {
            "rule": str(number),
            "desc": "d",
            "priority": "INFO",
            "output": "o",
            "condition": condition,
            "warn_evttypes": False,
        }
        for number, condition in enumerate(conditions)
    ]
    return json.dumps(items)  # in ASCII: YAML takes no control characters as they are
