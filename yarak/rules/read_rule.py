"""Rule items (spec: rules-language.md, sections 2 and 3): full definitions, changes of earlier rules, switches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from . import exceptions, keys, priority
from .decode import Mapping
from .diagnostics import Diagnostic, LoadError
from .exceptions import Warn
from .items import RuleChange, RuleItem
from .position import Context
from .source import Scalar, Text

FULL_RULE: Final = ("condition", "output", "desc", "priority")
"""What a rule must have; an item with none of these changes an earlier one."""


def read_rule(item: Mapping, warn: Warn) -> RuleItem | RuleChange:
    keys.warn_unknown(item, "rule", warn)
    name = item.text("rule")
    append = keys.read_append(item, warn)
    operations = keys.read_override(item, "rule", append)
    if operations:
        return _read_changes(item, name, operations, warn)
    if append:
        return _read_appended(item, name, warn)
    if not any(key in item for key in FULL_RULE):
        return _read_toggle(item, name, warn)
    return _read_full(item, name, warn)


def _read_full(item: Mapping, name: Scalar, warn: Warn) -> RuleItem:
    rule = RuleItem(
        name.value,
        _condition(item, "condition", warn),
        _output(item, "output", warn),
        _description(item, "desc", warn),
        _priority(item, "priority", warn),
        item.context,
        _part_context(item, "condition"),
        _part_context(item, "output"),
        name.place(),
    )
    rest = {key: _RULE_VALUES[key](item, key, warn) for key in _RULE_ATTRIBUTES if key in item}
    if "source" in item:
        rule.source = item.text("source").value
        rule.source_place = item.value_place("source")
    for key, value in rest.items():
        setattr(rule, _RULE_ATTRIBUTES[key], value)
    return rule


def _read_changes(item: Mapping, name: Scalar, operations: dict[str, str], warn: Warn) -> RuleChange:
    change = RuleChange(name.value, item.context, name.place())
    for key, operation in operations.items():
        target = change.append if operation == "append" else change.replace
        target[key] = _RULE_VALUES[key](item, key, warn)
        change.contexts[key] = _part_context(item, key)
    return change


def _read_appended(item: Mapping, name: Scalar, warn: Warn) -> RuleChange:
    change = RuleChange(name.value, item.context, name.place())
    for key in ("condition", "exceptions"):
        if key in item:
            change.append[key] = _RULE_VALUES[key](item, key, warn)
    if not change.append:
        _reject(item, name, "Appended rule must have exceptions or condition property")
    return change


def _read_toggle(item: Mapping, name: Scalar, warn: Warn) -> RuleChange:
    message = "'enabled' alone in a rule is deprecated; add 'override: {enabled: replace}'"
    warn(Diagnostic("LOAD_DEPRECATED_ITEM", message, item.context, name.place()))
    item.required("enabled")
    return RuleChange(name.value, item.context, name.place(), replace={"enabled": item.boolean("enabled", True)})


def _reject(item: Mapping, name: Scalar, message: str) -> NoReturn:
    raise LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, item.context, name.place()))


_PART_TYPES: Final = {"condition": "rule condition", "output": "rule output", "priority": "rule priority"}


def _part_context(item: Mapping, key: str) -> Context:
    node = item.value(key)
    start = item.file.position(node if node is not None else item.node)
    return item.context.inside(_PART_TYPES.get(key, "value for"), "" if key in _PART_TYPES else key, start)


def _condition(item: Mapping, key: str, _warn: Warn) -> Text:
    return Text.of(item.text(key))


def _output(item: Mapping, key: str, _warn: Warn) -> Text:
    return Text.of(item.text(key), strip=True)


def _description(item: Mapping, key: str, _warn: Warn) -> str:
    return item.text(key).value


def _priority(item: Mapping, key: str, _warn: Warn) -> int:
    word = item.text(key)
    number = priority.parse(word.value)
    if number is None:
        context = _part_context(item, "priority")
        names = ", ".join(priority.NAMES)
        diagnostic = Diagnostic(
            "LOAD_ERR_YAML_VALIDATE", "Invalid priority", context, word.place(),
            f"one of {names}", priority.hint(word.value),
        )  # fmt: skip
        raise LoadError(diagnostic)
    return number


def _boolean(item: Mapping, key: str, _warn: Warn) -> bool:
    item.required(key)
    return item.boolean(key, False)


def _duration(item: Mapping, key: str, _warn: Warn) -> int:
    return item.uint32(key, 0)


def _tags(item: Mapping, key: str, _warn: Warn) -> set[str]:
    return {tag.value for tag in item.texts(key)}


def _exceptions(item: Mapping, _key: str, warn: Warn) -> object:
    return exceptions.read_all(item, item.file, warn)


_RULE_VALUES: Final[dict[str, Callable[[Mapping, str, Warn], object]]] = {
    "condition": _condition,
    "output": _output,
    "desc": _description,
    "priority": _priority,
    "enabled": _boolean,
    "tags": _tags,
    "exceptions": _exceptions,
    "warn_evttypes": _boolean,
    "skip-if-unknown-filter": _boolean,
    "capture": _boolean,
    "capture_duration": _duration,
}
_RULE_ATTRIBUTES: Final = {
    "enabled": "enabled",
    "tags": "tags",
    "exceptions": "exceptions",
    "warn_evttypes": "warn_evttypes",
    "skip-if-unknown-filter": "skip_if_unknown_filter",
    "capture": "capture",
    "capture_duration": "capture_duration_ms",
}
"""Rule keys with a default, and the attribute of RuleItem each one sets."""

ATTRIBUTES: Final = {
    **_RULE_ATTRIBUTES,
    "condition": "condition",
    "output": "output",
    "desc": "description",
    "priority": "priority",
}
"""Every rule key that an override may name, and its attribute."""
