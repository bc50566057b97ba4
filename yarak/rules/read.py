"""From YAML nodes to items (spec: rules-language.md, sections 1 to 3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import keys
from .decode import Mapping
from .diagnostics import Diagnostic
from .exceptions import Warn
from .items import ListItem, MacroItem, RuleChange, RuleItem
from .load import root
from .read_rule import read_rule
from .source import SourceFile, Text
from .suggest import did_you_mean
from .versions import PluginRequirement, PluginVersion, Version, parse_required

_LIST_NAME: Final = re.compile(r"[^()\"'\s=,]+")
_MACRO_NAME: Final = re.compile(r"[A-Za-z]+[A-Za-z0-9_]*")


class EngineRequirement(msgspec.Struct):
    """A ``required_engine_version`` item."""

    version: Version
    item: Mapping


class PluginRequirements(msgspec.Struct):
    """A ``required_plugin_versions`` item."""

    entries: list[PluginRequirement]


class Append(msgspec.Struct):
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
    place = item.key_place(first) if first else file.place_of(node)
    warn(Diagnostic("LOAD_UNKNOWN_ITEM", "unknown kind of item", item.context, place, hint=hint))
    return None


def _named(item: Mapping, kind: str) -> Mapping:
    node = item.value(kind)
    name = node.value if isinstance(node, ScalarNode) and kind in keys.APPENDABLE else ""
    return Mapping(item.node, item.file, root(item.file).inside(kind, name, item.file.position(item.node)))


def _read_engine(item: Mapping, warn: Warn) -> EngineRequirement:
    keys.warn_unknown(item, "required_engine_version", warn)
    text = item.text("required_engine_version").value
    version = parse_required(text)
    if version is None:
        message = f"Unable to parse engine version '{text}' as a semver string. Expected \"x.y.z\" semver format."
        item.fail("required_engine_version", message)
    return EngineRequirement(version, item)


def _read_plugins(item: Mapping, warn: Warn) -> PluginRequirements:
    keys.warn_unknown(item, "required_plugin_versions", warn)
    node = item.required("required_plugin_versions")
    if not isinstance(node, SequenceNode):
        item.fail("required_plugin_versions", "Value of required_plugin_versions must be a sequence", "a list")
    return PluginRequirements([_read_plugin_entry(element, item) for element in node.value])


def _read_plugin_entry(node: Node, parent: Mapping) -> PluginRequirement:
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
    return PluginRequirement(tuple(choices), entry.text("name").place())


def _plugin_mapping(node: Node, parent: Mapping) -> Mapping:
    if not isinstance(node, MappingNode):
        message = "Plugin requirement must be a map of name and version"
        parent.fail("required_plugin_versions", message, guilty=node)
    context = parent.context.inside("required plugin versions entry", "", parent.file.position(node))
    return Mapping(node, parent.file, context)


def _plugin_version(entry: Mapping) -> PluginVersion:
    name, version = entry.text("name").value, entry.text("version").value
    if Version.parse(version) is None:
        message = f"plugin version '{version}' is no semantic version"
        entry.fail("version", message, '"x.y.z"', "LOAD_ERR_VALIDATE")
    return PluginVersion(name, version)


def _read_list(item: Mapping, warn: Warn) -> Item:
    keys.warn_unknown(item, "list", warn)
    name = item.text("list")
    place = name.place()
    if not _LIST_NAME.fullmatch(name.value):
        warn(
            Diagnostic(
                "LOAD_INVALID_LIST_NAME", f"conditions cannot refer to a list named '{name.value}'", item.context, place
            )
        )
    adding = _adds(item, "list", warn)
    items = [quote_item(element.value) for element in item.texts("items")]
    result = ListItem(name.value, items, item.context, place)
    return Append(result) if adding else result


def quote_item(text: str) -> str:
    """A list item as it is put into a condition."""
    return f'"{text}"' if " " in text and text[0] not in "\"'" else text


def _read_macro(item: Mapping, warn: Warn) -> Item:
    keys.warn_unknown(item, "macro", warn)
    name = item.text("macro")
    place = name.place()
    if not _MACRO_NAME.fullmatch(name.value):
        warn(
            Diagnostic(
                "LOAD_INVALID_MACRO_NAME",
                f"conditions cannot refer to a macro named '{name.value}'",
                item.context,
                place,
            )
        )
    adding = _adds(item, "macro", warn)
    condition = item.text("condition")
    context = item.context.inside("macro condition", "", item.file.position(condition.node))
    result = MacroItem(name.value, Text.of(condition), item.context, context, place)
    return Append(result) if adding else result


def _adds(item: Mapping, kind: str, warn: Warn) -> bool:
    """Whether a list or macro item adds to an earlier one."""
    append = keys.read_append(item, warn)
    operations = keys.read_override(item, kind, append)
    return append or "append" in operations.values()


_READERS: Final[dict[str, Callable[[Mapping, Warn], Item]]] = {
    "required_engine_version": _read_engine,
    "required_plugin_versions": _read_plugins,
    "list": _read_list,
    "macro": _read_macro,
    "rule": read_rule,
}
