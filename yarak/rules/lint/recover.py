"""Collecting rules files without stopping at the first error.

The engine stops reading a file at its first bad item (rules-language.md, section 1); whoever writes rules wants to
see everything. What cannot be read of an item is taken away or replaced by something that can (mend.py), so that the
rest of it is looked at too. An item that cannot be mended is left out, and remembered so that what refers to it is not
reported as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import structs
from yaml.nodes import MappingNode

from .. import load, read
from ..collect import Collection, FieldFault
from ..diagnostics import Diagnostic, LoadError
from ..items import ExceptionItem, RuleItem
from ..read import EngineRequirement
from ..source import SourceFile
from . import fragments, mend
from .ignored import Ignored, ignored

_DEFINITION: Final = re.compile(r"^[ \t]*-[ \t]+(list|macro|rule):[ \t]*[\"']?(.*?)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


class RecoveringCollection(Collection):
    """A collection that goes on behind errors.

    ``broken`` holds ``(kind, name)`` of what was left out, ``hollow`` the rules whose condition stands for one that
    could not be read.
    """

    def __init__(self, sources: frozenset[str], field_fault: FieldFault) -> None:
        super().__init__(sources, field_fault)
        self.broken: set[tuple[str, str]] = set()
        self.hollow: set[str] = set()
        self.engine_requirements: list[EngineRequirement] = []
        self.ignored: list[Ignored] = []
        self._broken_exceptions: set[tuple[str, str]] = set()

    def add_file(self, path: Path | SourceFile) -> tuple[SourceFile | None, list[Diagnostic]]:
        """Collect a file. Returns its text (None where unreadable) and everything that is wrong with its items."""
        self._report = []
        try:
            file = load.read_file(path)
        except LoadError as error:
            return None, [error.diagnostic]
        for node in fragments.items(file, self._refuse):
            self._add_mended(node, file)
        if any(one.code == "LOAD_ERR_YAML_PARSE" for one in self._report):
            self.broken |= _definitions(file) - self._known()
        return file, self._report

    def _refuse(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self._report:
            self._report.append(diagnostic)

    def _known(self) -> set[tuple[str, str]]:
        kinds = (("list", self.lists), ("macro", self.macros), ("rule", self.rules))
        return {(kind, name) for kind, items in kinds for name in items}

    def _add_mended(self, node: MappingNode, file: SourceFile) -> None:
        """Add an item, mending one thing after the other."""
        self.ignored += ignored(node, file)
        named = mend.name_of(node)
        earlier = self.rules.get(named[1]) if named is not None and named[0] == "rule" else None
        taken: set[str] = set()
        mended: MappingNode | None = node
        while mended is not None:
            node, error = mended, self._try(mended, file)
            if error is None:
                break
            if not self._is_consequence(error, named, taken):
                self._report.append(self._explained(error, earlier))
            taken.add(mend.guilty_key(error))
            mended = mend.mended(node, error, file)
        if named is not None:
            self._remember(named, node if mended is not None else None, earlier)

    def _remember(self, named: tuple[str, str], added: MappingNode | None, earlier: RuleItem | None) -> None:
        """What became of an item; a rule whose condition could not be read does not replace an earlier one."""
        if added is None:
            self.broken.add(named)
        elif not mend.is_hollow(added):
            self.hollow.discard(named[1])
        elif earlier is not None:
            self.rules[named[1]] = earlier
        else:
            self.hollow.add(named[1])

    def _explained(self, error: Diagnostic, earlier: RuleItem | None) -> Diagnostic:
        """The error, with a hint where a rule is incomplete that was meant to change an earlier one."""
        if earlier is None or error.hint or not error.message.startswith("Item has no mapping"):
            return error
        place = earlier.place
        hint = f"to change the rule of {place.file}:{place.line + 1}, name the keys given here under 'override'"
        return structs.replace(error, hint=hint)

    def _is_consequence(self, error: Diagnostic, named: tuple[str, str] | None, taken: set[str]) -> bool:
        """Whether an error is only there because of an earlier one."""
        key = mend.guilty_key(error)
        missing = key in taken and error.message == f"Item has no mapping for key '{key}'"
        return missing or (named in self.broken and error.message.startswith("there is no "))

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

    def _passes(self, found: Iterator[Diagnostic]) -> bool:
        """Whether there are no faults; they are reported."""
        faults = list(found)
        self._report += faults
        return not faults

    def _faultless(self, items: list[ExceptionItem], rule: RuleItem) -> list[ExceptionItem]:
        found = super()._faultless(items, rule)
        self._broken_exceptions |= {(rule.name, item.name) for item in items if item not in found}
        return found

    def _append_exceptions(self, rule: RuleItem, added: list[ExceptionItem]) -> None:
        whole = [item for item in added if (rule.name, item.name) not in self._broken_exceptions]
        super()._append_exceptions(rule, whole)


def _definitions(file: SourceFile) -> set[tuple[str, str]]:
    """What the lines of a file that is no YAML seem to define."""
    return {(match[1], match[2]) for match in _DEFINITION.finditer(file.text)}
