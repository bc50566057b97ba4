"""Collecting rules files without stopping at the first error.

The engine stops reading a file at its first bad item (rules-language.md, section 1); whoever writes rules wants to
see everything. A value of a rule that cannot be read is replaced by one that can, so that the rest of the rule is
looked at too. An item that cannot be mended is left out, and remembered so that what refers to it is not reported as
well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .. import load, read
from ..collect import Collection
from ..diagnostics import Diagnostic, LoadError
from ..read import EngineRequirement
from ..source import SourceFile

_NAMED: Final = ("list", "macro", "rule")
_MENDED: Final[dict[str, str | list[Node]]] = {
    "output": "%evt.type",
    "desc": "-",
    "priority": "DEBUG",
    "enabled": "true",
    "warn_evttypes": "true",
    "skip-if-unknown-filter": "false",
    "capture": "false",
    "capture_duration": "0",
    "tags": [],
    "exceptions": [],
}
"""Values that say nothing, by key of a rule."""


class RecoveringCollection(Collection):
    """A collection that goes on behind errors. ``broken`` holds ``(kind, name)`` of what was left out."""

    broken: set[tuple[str, str]]
    engine_requirements: list[EngineRequirement]

    def add_file(self, path: Path) -> tuple[SourceFile | None, list[Diagnostic]]:
        """Collect a file. Returns its text (None where unreadable) and everything that is wrong with its items."""
        self.broken = getattr(self, "broken", set())
        self.engine_requirements = getattr(self, "engine_requirements", [])
        self._report = []
        file = None
        try:
            file = load.read_file(path)
            for node in load.items(file, lambda _document: None):
                self._add_mended(node, file)
        except LoadError as error:
            self._report.append(error.diagnostic)
        return file, self._report

    def _add_mended(self, node: MappingNode, file: SourceFile) -> None:
        """Add an item, mending one value after the other."""
        for _ in range(len(_MENDED) + 1):
            error = self._try(node, file)
            if error is None:
                return
            named = _name(node)
            if named not in self.broken or not error.message.startswith("there is no "):
                self._report.append(error)
            mended = _mend(node, error)
            if mended is None:
                if named is not None:
                    self.broken.add(named)
                return
            node = mended

    def _try(self, node: MappingNode, file: SourceFile) -> Diagnostic | None:
        """Add an item, or say why not; what it warned about is only kept where it was added."""
        warnings: list[Diagnostic] = []
        try:
            item = read.read_item(node, file, warnings.append)
            if isinstance(item, EngineRequirement):
                self.engine_requirements.append(item)
            if item is not None:
                self._add(item)
        except LoadError as error:
            return error.diagnostic
        self._report += warnings
        return None


def _name(node: MappingNode) -> tuple[str, str] | None:
    for key, value in node.value:
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode) and key.value in _NAMED:
            return key.value, value.value
    return None


def _mend(node: MappingNode, error: Diagnostic) -> MappingNode | None:
    """The rule with the value that the error is about replaced; None where that is not possible."""
    key = _guilty(error)
    named = _name(node)
    if key not in _MENDED or named is None or named[0] != "rule":
        return None
    value = _MENDED[key]
    start, end = node.start_mark, node.start_mark
    new: Node
    if isinstance(value, str):
        new = ScalarNode("tag:yaml.org,2002:str", value, start, end, style='"')
    else:
        new = SequenceNode("tag:yaml.org,2002:seq", value, start, end)
    pairs = [(old, given) for old, given in node.value if getattr(old, "value", None) != key]
    pairs.append((ScalarNode("tag:yaml.org,2002:str", key, start, end), new))
    return MappingNode(node.tag, pairs, node.start_mark, node.end_mark)


def _guilty(error: Diagnostic) -> str:
    """The key of the rule that an error is about."""
    for step in error.context.locations:
        if step.item_type in ("exceptions", "exception"):
            return "exceptions"
        if step.item_type == "value for":
            return step.item_name
        if step.item_type == "rule priority":
            return "priority"
        if step.item_type == "rule output":
            return "output"
    return ""
