"""The keys of items: which each kind knows, and what may be appended or replaced (rules-language.md, sections 2, 3)."""

from __future__ import annotations

from typing import Final

from yaml.nodes import MappingNode, Node

from .decode import Mapping
from .diagnostics import Diagnostic
from .exceptions import Warn
from .suggest import did_you_mean

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "required_engine_version": ("required_engine_version",),
    "required_plugin_versions": ("required_plugin_versions",),
    "list": ("list", "items", "append", "override"),
    "macro": ("macro", "condition", "append", "override"),
    "rule": (
        "rule", "condition", "output", "desc", "priority", "source", "enabled", "tags", "exceptions", "warn_evttypes",
        "skip-if-unknown-filter", "capture", "capture_duration", "append", "override",
    ),
}  # fmt: skip
"""The kinds of items in the order they are told apart by, and the keys each knows."""

APPENDABLE: Final[dict[str, frozenset[str]]] = {
    "list": frozenset({"items"}),
    "macro": frozenset({"condition"}),
    "rule": frozenset({"condition", "output", "desc", "tags", "exceptions"}),
}
REPLACEABLE: Final[dict[str, frozenset[str]]] = {
    "list": frozenset({"items"}),
    "macro": frozenset({"condition"}),
    "rule": frozenset(KEYS["rule"]) - {"rule", "source", "append", "override"},
}

_OPERATIONS: Final = {"append": APPENDABLE, "replace": REPLACEABLE}


_OTHER_WORDS: Final = {
    "description": "desc", "severity": "priority", "level": "priority", "message": "output", "filter": "condition",
    "disabled": "enabled", "values": "items",
}  # fmt: skip
_COMMA: Final = "a comma ends a value inside { }: put the value before it in quotes"


def _is_nothing(node: Node | None) -> bool:
    return node is not None and node.start_mark.index == node.end_mark.index


def warn_unknown(item: Mapping, kind: str, warn: Warn) -> None:
    for key in item.keys():
        if key not in KEYS[kind]:
            message = f"'{key}' is no key of a {kind} and is ignored"
            hint = did_you_mean(_OTHER_WORDS.get(key, key), KEYS[kind])
            if item.node.flow_style and _is_nothing(item.value(key)):
                hint = _COMMA
            warn(Diagnostic("LOAD_UNKNOWN_KEY", message, item.context, item.key_place(key), hint=hint))


def read_append(item: Mapping, warn: Warn) -> bool:
    append = item.boolean("append", False)
    if append:
        message = "'append: true' is deprecated; name the keys to append to under 'override' instead"
        warn(Diagnostic("LOAD_DEPRECATED_ITEM", message, item.context, item.key_place("append")))
    return append


def read_override(item: Mapping, kind: str, append: bool) -> dict[str, str]:
    """The operations under ``override``, by key. Raises LoadError for every misuse that section 3 lists."""
    if "override" not in item:
        return {}
    node = item.required("override")
    if not isinstance(node, MappingNode):
        hint = "write override: {condition: append}"
        item.fail("override", "Value of override must be a map", "keys with 'append' or 'replace'", hint=hint)
    context = item.context.inside("overrides", "", item.file.position(node))
    override = Mapping(node, item.file, context)
    operations = {key: override.text(key).value for key in override.keys()}
    if append and operations:
        item.fail("override", "'override' does not go with 'append: true'")
    for key, operation in operations.items():
        _check_operation(item, override, kind, key, operation)
    for key in item.keys():
        if operations and key in REPLACEABLE[kind] and key not in operations:
            expected = "only keys named under 'override' in this item"
            item.fail(key, f"Key '{key}' is not named under 'override'", expected, guilty=item.key(key))
    return operations


def _check_operation(item: Mapping, override: Mapping, kind: str, key: str, operation: str) -> None:
    allowed = _OPERATIONS.get(operation)
    if allowed is None:
        message = f"'{operation}' is no override operation (key '{key}'), expected append or replace"
        override.fail(key, message, hint=did_you_mean(operation, _OPERATIONS))
    if key not in allowed[kind]:
        done = "appended to" if operation == "append" else "replaced"
        expected = f"one of {', '.join(sorted(allowed[kind]))}"
        hint = did_you_mean(key, allowed[kind])
        override.fail(key, f"'{key}' of a {kind} cannot be {done}", expected, hint=hint, guilty=override.key(key))
    if key not in item:
        hint = did_you_mean(key, item.keys())
        message = f"'override' names '{key}', but the item has no '{key}'"
        override.fail(key, message, hint=hint, guilty=override.key(key))
