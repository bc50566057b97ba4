"""Taking away from an item what an error is about, so that the rest of it can be looked at."""

from __future__ import annotations

from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..decode import is_true
from ..diagnostics import Diagnostic
from ..position import Place
from ..source import SourceFile

_NAMED: Final = ("list", "macro", "rule")
_STAND_INS: Final = {"condition": "evt.type = open", "output": "%evt.type", "desc": "-", "priority": "DEBUG"}
"""Values that say nothing, for the keys that a rule must have."""
_KEY_OF_STEP: Final = {
    "exceptions": "exceptions",
    "overrides": "override",
    "rule priority": "priority",
    "rule output": "output",
    "rule condition": "condition",
    "required plugin versions entry": "required_plugin_versions",
}
_STRING: Final = "tag:yaml.org,2002:str"


class StandIn(ScalarNode):
    """A value for one that could not be read."""


def name_of(node: MappingNode) -> tuple[str, str] | None:
    """The kind and the name of a list, macro or rule."""
    for key, value in node.value:
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode) and key.value in _NAMED:
            return key.value, value.value
    return None


def is_hollow(node: MappingNode) -> bool:
    """Whether the condition is not the author's."""
    return isinstance(_value(node, "condition"), StandIn)


def guilty_key(error: Diagnostic) -> str:
    """The item's key that an error is about; empty where it is about none or about several."""
    for step in error.context.locations:
        if step.item_type == "value for":
            return step.item_name
        if step.item_type in _KEY_OF_STEP:
            return _KEY_OF_STEP[step.item_type]
    return ""


def mended(node: MappingNode, error: Diagnostic, file: SourceFile) -> MappingNode | None:
    """The item without what the error is about; None where nothing that can be looked at would be left."""
    key = guilty_key(error)
    value = _value(node, key)
    if key in ("", "rule") or isinstance(value, StandIn):
        return None
    override = _value(node, "override")
    if isinstance(override, MappingNode):
        return _without_change(node, override, _last_key(error))
    if isinstance(value, SequenceNode):
        rest = _without_element(value, error.where(), file)
        if rest is not None:
            return _with(node, key, rest)
    if _is_switched_on(node, "append"):
        left = _with(node, key, None)
        return left if any(_value(left, part) for part in ("condition", "exceptions")) else None
    named = name_of(node)
    if named is None or named[0] != "rule" or key == "override":
        return None
    if key not in _STAND_INS:
        return _with(node, key, None) if value is not None else None
    return _with(node, key, StandIn(_STRING, _STAND_INS[key], node.start_mark, node.start_mark, style='"'))


def _last_key(error: Diagnostic) -> str:
    return next((step.item_name for step in reversed(error.context.locations) if step.item_type == "value for"), "")


def _without_change(node: MappingNode, override: MappingNode, key: str) -> MappingNode | None:
    """The item without one of the keys that it changes."""
    rest = _with(override, key, None)
    if key == "override" or not rest.value:
        return None
    return _with(_with(node, key, None), "override", rest)


def _without_element(sequence: SequenceNode, place: Place, file: SourceFile) -> SequenceNode | None:
    """The sequence without the element that holds a place; of an exception, only the row of its values if one does."""
    for number, element in enumerate(sequence.value):
        if not _holds(element, place, file):
            continue
        values = _value(element, "values") if isinstance(element, MappingNode) else None
        rest = _without_element(values, place, file) if isinstance(values, SequenceNode) else None
        kept = [_with(element, "values", rest)] if rest is not None else []
        elements = [*sequence.value[:number], *kept, *sequence.value[number + 1 :]]
        return SequenceNode(sequence.tag, elements, sequence.start_mark, sequence.end_mark, sequence.flow_style)
    return None


def _holds(node: Node, place: Place, file: SourceFile) -> bool:
    start, end = (file.place(mark.index) for mark in (node.start_mark, node.end_mark))
    return (start.line, start.column) <= (place.line, place.column) < (end.line, end.column)


def _value(node: MappingNode, key: str) -> Node | None:
    return next((value for name, value in node.value if getattr(name, "value", None) == key), None)


def _is_switched_on(node: MappingNode, key: str) -> bool:
    value = _value(node, key)
    return isinstance(value, ScalarNode) and is_true(value.value)


def _with(node: MappingNode, key: str, value: Node | None) -> MappingNode:
    """The mapping with another value of a key, or (None) without the key."""
    pairs = [(name, given) for name, given in node.value if getattr(name, "value", None) != key]
    if value is not None:
        pairs.append((ScalarNode(_STRING, key, node.start_mark, node.start_mark), value))
    return MappingNode(node.tag, pairs, node.start_mark, node.end_mark, node.flow_style)
