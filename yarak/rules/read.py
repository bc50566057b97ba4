"""From YAML nodes to items (spec: rules-language.md, sections 1 to 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from . import exceptions, priority
from .decode import Mapping
from .diagnostics import Diagnostic, LoadError
from .exceptions import Warn
from .items import ListItem, MacroItem, RuleChange, RuleItem
from .load import root
from .position import Context
from .source import Scalar, SourceFile, Text
from .suggest import did_you_mean
from .versions import PluginRequirement, PluginVersion, Version, parse_required

_LIST_NAME: Final = re.compile(r"[^()\"'\s=,]+")
_MACRO_NAME: Final = re.compile(r"[A-Za-z]+[A-Za-z0-9_]*")

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

_APPENDABLE: Final[dict[str, frozenset[str]]] = {
    "list": frozenset({"items"}),
    "macro": frozenset({"condition"}),
    "rule": frozenset({"condition", "output", "desc", "tags", "exceptions"}),
}
_REPLACEABLE: Final[dict[str, frozenset[str]]] = {
    "list": frozenset({"items"}),
    "macro": frozenset({"condition"}),
    "rule": frozenset(KEYS["rule"]) - {"rule", "source", "append", "override"},
}
_FULL_RULE: Final = ("condition", "output", "desc", "priority")


@dataclass(slots=True)
class EngineRequirement:
    """A ``required_engine_version`` item."""

    version: Version
    item: Mapping


@dataclass(slots=True)
class PluginRequirements:
    """A ``required_plugin_versions`` item."""

    entries: list[PluginRequirement]


@dataclass(slots=True)
class Append:
    """A list or macro item that adds to an earlier one."""

    item: ListItem | MacroItem


Item = EngineRequirement | PluginRequirements | ListItem | MacroItem | RuleItem | RuleChange | Append


def read_item(node: MappingNode, file: SourceFile, warn: Warn) -> Item | None:
    """One item, or None for one of an unknown kind (which is warned about). Raises LoadError."""
    item = Mapping(node, file, root(file).inside("rules content item", "", file.position(node)))
    for kind, reader in _READERS.items():
        if kind in item:
            return reader(_named(item, kind), warn)
    first = next(iter(item.keys()), "")
    hint = did_you_mean(first, _READERS)
    warn(Diagnostic("LOAD_UNKNOWN_ITEM", "Unknown top level item", item.context, hint=hint))
    return None


def _named(item: Mapping, kind: str) -> Mapping:
    node = item.value(kind)
    name = node.value if isinstance(node, ScalarNode) and kind in _APPENDABLE else ""
    return Mapping(item.node, item.file, root(item.file).inside(kind, name, item.file.position(item.node)))


def _warn_unknown_keys(item: Mapping, kind: str, warn: Warn) -> None:
    for key in item.keys():
        if key not in KEYS[kind]:
            message = f"Unknown key '{key}' in {kind} item"
            hint = did_you_mean(key, KEYS[kind])
            warn(Diagnostic("LOAD_UNKNOWN_KEY", message, item.context, item.key_place(key), hint=hint))


def _read_engine(item: Mapping, warn: Warn) -> EngineRequirement:
    _warn_unknown_keys(item, "required_engine_version", warn)
    text = item.text("required_engine_version").value
    version = parse_required(text)
    if version is None:
        message = f"Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."
        item.fail("required_engine_version", message)
    return EngineRequirement(version, item)


def _read_plugins(item: Mapping, warn: Warn) -> PluginRequirements:
    _warn_unknown_keys(item, "required_plugin_versions", warn)
    node = item.required("required_plugin_versions")
    if not isinstance(node, SequenceNode):
        item.fail("required_plugin_versions", "Value of required_plugin_versions must be a sequence", "a list")
    return PluginRequirements([_read_plugin_entry(element, item) for element in node.value])


def _read_plugin_entry(node: object, parent: Mapping) -> PluginRequirement:
    entry = _plugin_mapping(node, parent)
    choices = [_plugin_version(entry)]
    if "alternatives" in entry:
        alternatives = entry.required("alternatives")
        if not isinstance(alternatives, SequenceNode):
            entry.fail("alternatives", "Value of alternatives must be a sequence", "a list")
        choices += [_plugin_version(_plugin_mapping(element, entry)) for element in alternatives.value]
    names = [choice.name for choice in choices]
    if len(set(names)) != len(names):
        entry.fail("name", "A plugin is named twice in one requirement", code="LOAD_ERR_VALIDATE")
    return PluginRequirement(tuple(choices))


def _plugin_mapping(node: object, parent: Mapping) -> Mapping:
    if not isinstance(node, MappingNode):
        parent.fail("required_plugin_versions", "Plugin requirement must be a map of name and version")
    context = parent.context.inside("required plugin versions entry", "", parent.file.position(node))
    return Mapping(node, parent.file, context)


def _plugin_version(entry: Mapping) -> PluginVersion:
    name, version = entry.text("name").value, entry.text("version").value
    if Version.parse(version) is None:
        message = f"Unable to parse plugin version '{version}' as a semver string"
        entry.fail("version", message, '"x.y.z"', "LOAD_ERR_VALIDATE")
    return PluginVersion(name, version)


def _read_list(item: Mapping, warn: Warn) -> Item:
    _warn_unknown_keys(item, "list", warn)
    name = item.text("list")
    place = name.place()
    if not _LIST_NAME.fullmatch(name.value):
        warn(Diagnostic("LOAD_INVALID_LIST_NAME", f"List has an invalid name: '{name.value}'", item.context, place))
    adding = _adds(item, "list", warn)
    items = [quote_item(element.value) for element in item.texts("items")]
    result = ListItem(name.value, items, item.context, place)
    return Append(result) if adding else result


def quote_item(text: str) -> str:
    """A list item as it is put into a condition."""
    return f'"{text}"' if " " in text and text[0] not in "\"'" else text


def _read_macro(item: Mapping, warn: Warn) -> Item:
    _warn_unknown_keys(item, "macro", warn)
    name = item.text("macro")
    place = name.place()
    if not _MACRO_NAME.fullmatch(name.value):
        warn(Diagnostic("LOAD_INVALID_MACRO_NAME", f"Macro has an invalid name: '{name.value}'", item.context, place))
    adding = _adds(item, "macro", warn)
    condition = item.text("condition")
    context = item.context.inside("macro condition", "", item.file.position(condition.node))
    result = MacroItem(name.value, Text.of(condition), item.context, context, place)
    return Append(result) if adding else result


def _adds(item: Mapping, kind: str, warn: Warn) -> bool:
    """Whether a list or macro item adds to an earlier one."""
    append = _read_append(item, warn)
    operations = _read_override(item, kind, append)
    return append or "append" in operations.values()


def _read_append(item: Mapping, warn: Warn) -> bool:
    append = item.boolean("append", False)
    if append:
        message = (
            "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
        )
        warn(Diagnostic("LOAD_DEPRECATED_ITEM", message, item.context, item.key_place("append")))
    return append


def _read_override(item: Mapping, kind: str, append: bool) -> dict[str, str]:
    """The operations under ``override``, by key. Raises LoadError for every misuse that section 3 lists."""
    if "override" not in item:
        return {}
    node = item.required("override")
    if not isinstance(node, MappingNode):
        item.fail("override", "Value of override must be a map", "keys with 'append' or 'replace'")
    context = item.context.inside("overrides", "", item.file.position(node))
    override = Mapping(node, item.file, context)
    operations = {key: override.text(key).value for key in override.keys()}
    if append and operations:
        item.fail("override", "Keys 'override' and 'append: true' cannot be used together")
    for key, operation in operations.items():
        _check_operation(item, override, kind, key, operation)
    for key in item.keys():
        if operations and key in _REPLACEABLE[kind] and key not in operations:
            item.fail(
                key, f"Key '{key}' is not named under 'override'", "only keys named under 'override' in this item"
            )
    return operations


def _check_operation(item: Mapping, override: Mapping, kind: str, key: str, operation: str) -> None:
    allowed = {"append": _APPENDABLE, "replace": _REPLACEABLE}.get(operation)
    if allowed is None:
        message = f"Invalid override operation for key '{key}': '{operation}'. Allowed values are: append, replace"
        override.fail(key, message)
    if key not in allowed[kind]:
        override.fail(key, f"Key '{key}' cannot be {operation}d" if operation == "replace" else
                      f"Key '{key}' cannot be appended to", f"one of {', '.join(sorted(allowed[kind]))}")  # fmt: skip
    if key not in item:
        override.fail(key, f"An {operation} override for '{key}' was specified but '{key}' is not defined")


def _read_rule(item: Mapping, warn: Warn) -> RuleItem | RuleChange:
    _warn_unknown_keys(item, "rule", warn)
    name = item.text("rule")
    append = _read_append(item, warn)
    operations = _read_override(item, "rule", append)
    if operations:
        return _read_changes(item, name, operations, warn)
    if append:
        return _read_appended(item, name, warn)
    if not any(key in item for key in _FULL_RULE):
        return _read_toggle(item, name, warn)
    return _read_full(item, name, warn)


def _read_full(item: Mapping, name: Scalar, warn: Warn) -> RuleItem:
    read = {key: _RULE_VALUES[key](item, key, warn) for key in _FULL_RULE}
    rest = {key: _RULE_VALUES[key](item, key, warn) for key in _RULE_ATTRIBUTES if key in item}
    rule = RuleItem(
        name.value, read["condition"], read["output"], read["desc"], read["priority"], item.context,  # type: ignore[arg-type]
        _part_context(item, "condition"), _part_context(item, "output"), name.place(),
    )  # fmt: skip
    if "source" in item:
        rule.source = item.text("source").value
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
    message = "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' entry under the 'override' key (i.e. 'enabled: replace')."  # fmt: skip # noqa: E501
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
            f"one of {names}", did_you_mean(word.value.title(), priority.NAMES),
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

ATTRIBUTES: Final = {**_RULE_ATTRIBUTES, "condition": "condition", "output": "output", "desc": "description", "priority": "priority"}  # fmt: skip # noqa: E501

_READERS: Final[dict[str, Callable[[Mapping, Warn], Item]]] = {
    "required_engine_version": _read_engine,
    "required_plugin_versions": _read_plugins,
    "list": _read_list,
    "macro": _read_macro,
    "rule": _read_rule,
}
