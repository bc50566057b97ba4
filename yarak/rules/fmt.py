"""Laying out the conditions of a rules file, and touching nothing else of it.

Only the characters of ``condition`` values are replaced. What cannot be laid out without a doubt (values with anchors,
explicit indentation, text that is no condition) is left alone, and the new file is read again and compared before it is
handed out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from . import load
from .decode import Mapping
from .diagnostics import Diagnostic, LoadError
from .expand import Expanded
from .grammar import parser
from .layout import STEP, lay_out, parse, same
from .problem import ConditionError
from .report import in_condition
from .source import Scalar, SourceFile, Text

WIDTH: Final = 120

_BLOCK: Final = ("|", ">")
_HEADER: Final = re.compile(r"[|>][+-]?[ \t]*(#.*)?$")
_LEAD: Final = re.compile(r"\s*(and|or)(?=[\s(])")


@dataclass(frozen=True, slots=True)
class _Edit:
    """The characters from ``start`` to ``end`` become ``text``."""

    start: int
    end: int
    text: str


def format_text(text: str, name: str = "rules", width: int = WIDTH) -> str:
    """The file with its conditions laid out. Raises LoadError where it is no rules file."""
    if text.startswith("\ufeff"):
        return "\ufeff" + format_text(text[1:], name, width)
    if "\r\n" in text:
        return format_text(text.replace("\r\n", "\n"), name, width).replace("\n", "\r\n")
    edits = sorted(set(_edits(SourceFile(name, text), width)), key=lambda edit: edit.start)
    result = _applied(text, edits)
    if _equal(text, result, name):
        return result
    for edit in reversed(edits):
        # One of them changes more than the layout: take those that do not, last first, so that offsets stay right.
        tried = _applied(text, [edit])
        if _equal(text, tried, name):
            text = tried
    return text


def faults(text: str, name: str = "rules") -> list[Diagnostic]:
    """What is wrong with the conditions that are left alone because they are none.

    What is appended to another condition need not be one. Raises LoadError where the text is no rules file.
    """
    file = SourceFile(name, text.removeprefix("\ufeff"))
    found = (_fault(item, file) for item in load.items(file, lambda _document: None))
    return [fault for fault in found if fault is not None]


def _fault(node: MappingNode, file: SourceFile) -> Diagnostic | None:
    item = Mapping(node, file, load.root(file))
    kind = next((kind for kind in ("macro", "rule") if kind in item), None)
    value = item.value("condition")
    if kind is None or "append" in item or "override" in item or not isinstance(value, ScalarNode) or not value.value:
        return None
    context = load.root(file).inside(kind, getattr(item.value(kind), "value", ""), file.position(node))
    text = Text.of(Scalar(value.value, file, value))
    try:
        parser().condition(Expanded(text.value, text, []))
    except ConditionError as error:
        return in_condition("LOAD_ERR_COMPILE_CONDITION", error.problem, context)
    return None


def _applied(text: str, edits: list[_Edit]) -> str:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _edits(file: SourceFile, width: int) -> Iterator[_Edit]:
    for item in load.items(file, lambda _document: None):
        found = _condition(item)
        if found is None:
            continue
        key, value = found
        edit = (_block if value.style in _BLOCK else _inline)(file.text, key, value, item, width)
        if edit is not None and file.text[edit.start : edit.end] != edit.text:
            yield edit


def _condition(item: MappingNode) -> tuple[ScalarNode, ScalarNode] | None:
    for key, value in item.value:
        if isinstance(key, ScalarNode) and key.value == "condition" and isinstance(value, ScalarNode):
            return key, value
    return None


def _block(text: str, _key: ScalarNode, value: ScalarNode, _item: MappingNode, width: int) -> _Edit | None:
    """New lines for a block scalar, at its own indentation and below its own header."""
    header = _line_end(text, value.start_mark.index)
    if not _HEADER.match(text[value.start_mark.index : header]):
        return None
    start = header + 1
    indent, end = _extent(text, start)
    if indent is None:
        return None
    lines = lay_out(value.value, width - indent)
    return _Edit(start, end, _indented(lines, indent)) if lines is not None else None


def _extent(text: str, start: int) -> tuple[int | None, int]:
    """The indentation of a block scalar's content and where its last line ends, the line feed not included."""
    indent, end, at = None, start, start
    while at < len(text):
        stop = _line_end(text, at)
        line = text[at:stop]
        if line.strip():
            mine = len(line) - len(line.lstrip(" "))
            if indent is None:
                indent = mine
            if mine < indent:
                break
            end = stop
        at = stop + 1
    return indent or None, end


def _inline(text: str, key: ScalarNode, value: ScalarNode, item: MappingNode, width: int) -> _Edit | None:
    """A plain or quoted scalar: on its line where it fits there, else as a folded block."""
    start, end = value.start_mark.index, value.end_mark.index
    if not value.value.strip() or text[start] in "&*!":
        return None
    one_line = lay_out(value.value, 1 << 30)
    if one_line is None:
        return None
    quoted = _quoted(one_line[0], value.style)
    behind = text[end : _line_end(text, end)]
    if item.flow_style or value.start_mark.column + len(quoted) + len(behind.rstrip()) <= width:
        return _Edit(start, end, quoted)
    indent = key.start_mark.column + STEP
    lines = lay_out(value.value, width - indent)
    if lines is None or (behind.strip() and not behind.lstrip().startswith("#")):
        return None
    comment = f" {behind.strip()}" if behind.strip() else ""
    return _Edit(start, end + len(behind), f">{comment}\n{_indented(lines, indent)}")


def _quoted(text: str, style: str | None) -> str:
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style == '"':
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _indented(lines: list[str], indent: int) -> str:
    pad = " " * indent
    return "\n".join(f"{pad}{line}" for line in lines)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _equal(old: str, new: str, name: str) -> bool:
    """Whether two files hold the same items, conditions compared by their trees."""
    try:
        items = [list(load.items(SourceFile(name, text), lambda _document: None)) for text in (old, new)]
    except LoadError:
        return False
    return len(items[0]) == len(items[1]) and all(map(_same_item, *items))


def _same_item(one: MappingNode, other: MappingNode) -> bool:
    if len(one.value) != len(other.value):
        return False
    for (key, value), (other_key, other_value) in zip(one.value, other.value, strict=True):
        if _plain(key) != _plain(other_key):
            return False
        is_condition = isinstance(key, ScalarNode) and key.value == "condition"
        if _plain(value) != _plain(other_value) and not (is_condition and _same_condition(value, other_value)):
            return False
    return True


def _same_condition(one: Node, other: Node) -> bool:
    if not isinstance(one, ScalarNode) or not isinstance(other, ScalarNode):
        return False
    texts = [one.value, other.value]
    leads = [match[1] if (match := _LEAD.match(text)) else "" for text in texts]
    trees = [parse(text) for text in texts]
    if None in trees and leads[0] == leads[1]:
        trees = [parse(_LEAD.sub("", text, count=1)) for text in texts]
    return trees[0] is not None and trees[1] is not None and same(trees[0], trees[1])


def _plain(node: Node) -> object:
    """The content of a node as something to compare."""
    if isinstance(node, ScalarNode):
        return node.tag, node.value
    if isinstance(node, SequenceNode):
        return [_plain(child) for child in node.value]
    return [(_plain(key), _plain(value)) for key, value in node.value]
