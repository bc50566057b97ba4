"""The collection of everything defined so far: definitions, redefinitions, appends, overrides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from . import exception_faults as faults
from . import exceptions, load, read, read_rule, schema
from .diagnostics import Diagnostic, LoadError
from .items import Change, ExceptionItem, ListItem, MacroItem, RuleChange, RuleItem
from .read import Append, EngineRequirement, PluginRequirements
from .source import SourceFile, Text
from .suggest import did_you_mean
from .versions import ENGINE, PluginRequirement, Version

DEFAULT_SOURCE: Final = "syscall"

_T = TypeVar("_T", ListItem, MacroItem, RuleItem)

FieldFault = Callable[[str, str], str | None]
"""``(field text, source)`` to None where it is a field of that source, else to a hint, which may be empty."""


class Collection:
    """Lists, macros and rules by name, in order of first definition.

    ``sources`` are the event sources that something loaded provides.
    """

    def __init__(self, sources: frozenset[str], field_fault: FieldFault) -> None:
        self.lists: dict[str, ListItem] = {}
        self.macros: dict[str, MacroItem] = {}
        self.rules: dict[str, RuleItem] = {}
        self.required_engine: Version | None = None
        self.required_plugins: list[PluginRequirement] = []
        self._sources = sources
        self._field_fault = field_fault
        self._clock = 0
        self._report: list[Diagnostic] = []

    def add_file(self, path: Path | SourceFile) -> tuple[SourceFile | None, list[Diagnostic]]:
        """Collect a file. Returns its text (None where unreadable) and what is wrong; stops at the first error."""
        self._report = []
        file = None
        try:
            file = load.read_file(path)
            warnings = file.schema_warnings
            for node in load.items(file, lambda document: warnings.extend(schema.problems(document))):
                item = read.read_item(node, file, self._report.append)
                if item is not None:
                    self._add(item)
        except LoadError as error:
            self._report.append(error.diagnostic)
        return file, self._report

    def _tick(self) -> int:
        self._clock += 1
        return self._clock

    def _add(self, item: read.Item) -> None:
        match item:
            case EngineRequirement():
                self._require_engine(item)
            case PluginRequirements():
                self.required_plugins += item.entries
            case ListItem():
                self._define(self.lists, item)
            case MacroItem():
                self._define(self.macros, item)
            case Append(item=ListItem() as added):
                self._append_list(added)
            case Append(item=MacroItem() as added):
                self._append_macro(added)
            case RuleItem():
                self._define_rule(item)
            case RuleChange():
                self._change_rule(item)

    def _require_engine(self, requirement: EngineRequirement) -> None:
        if not ENGINE.satisfies(requirement.version):
            message = f"the file needs engine version {requirement.version}, this engine is {ENGINE}"
            requirement.item.fail("required_engine_version", message, code="LOAD_ERR_VALIDATE")
        self.required_engine = max(self.required_engine or requirement.version, requirement.version)

    def _define(self, known: dict[str, _T], item: _T) -> None:
        item.visibility = self._tick()
        item.index = known[item.name].index if item.name in known else item.visibility
        known[item.name] = item

    def _append_list(self, added: ListItem) -> None:
        earlier = self.lists.get(added.name)
        if earlier is None:
            raise _missing("list", added, self.lists)
        earlier.items = [*earlier.items, *added.items]
        earlier.changes.append(Change(added.place, appended=("items",)))
        earlier.visibility = self._tick()

    def _append_macro(self, added: MacroItem) -> None:
        earlier = self.macros.get(added.name)
        if earlier is None:
            raise _missing("macro", added, self.macros)
        earlier.condition = earlier.condition.plus(" ", added.condition)
        earlier.changes.append(Change(added.place, appended=("condition",)))
        earlier.visibility = self._tick()

    def _define_rule(self, rule: RuleItem) -> None:
        earlier = self.rules.get(rule.name)
        rule.source = rule.source or (earlier.source if earlier is not None else DEFAULT_SOURCE)
        if earlier is not None and rule.source != earlier.source:
            message = f"rule '{rule.name}' already exists with source '{earlier.source}'"
            raise LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, rule.context, rule.place))
        if rule.source not in self._sources:
            rule.unknown_source = True
            message = f"Unknown source {rule.source}, skipping"
            hint = did_you_mean(rule.source, self._sources)
            place = rule.source_place or rule.place
            self._report.append(Diagnostic("LOAD_UNKNOWN_SOURCE", message, rule.context, place, hint=hint))
        rule.exceptions = self._faultless(rule.exceptions, rule)
        self._define(self.rules, rule)

    def _faultless(self, items: list[ExceptionItem], rule: RuleItem) -> list[ExceptionItem]:
        """The exceptions of a rule that can be used."""
        return [
            item for item in items if self._is_usable(item, item, faults.of_definition(item, self._fields_of(rule)))
        ]

    def _is_usable(self, item: ExceptionItem, shape: ExceptionItem, found: Iterator[Diagnostic]) -> bool:
        """Whether an exception, whose values are to fit those of ``shape``, has no faults but in some rows.

        These are taken away.
        """
        passes = self._passes(found)
        if shape.fields:
            item.values = [row for row in item.values if self._passes(faults.of_row(shape, row))]
        return passes

    def _passes(self, found: Iterator[Diagnostic]) -> bool:
        """Whether there are no faults. Raises LoadError with the first one instead of saying no."""
        for fault in found:
            raise LoadError(fault)
        return True

    def _fields_of(self, rule: RuleItem) -> faults.KnownField | None:
        if rule.unknown_source:
            return None
        return lambda text: self._field_fault(text, rule.source)

    def _change_rule(self, change: RuleChange) -> None:
        rule = self.rules.get(change.name)
        if rule is None:
            raise _unknown_rule(change, self.rules)
        for key, value in change.append.items():
            self._append_to(rule, key, value)
        for key, value in change.replace.items():
            self._replace(rule, key, value, change)
        rule.changes.append(Change(change.place, tuple(change.append), tuple(change.replace)))
        rule.visibility = self._tick()

    def _append_to(self, rule: RuleItem, key: str, value: object) -> None:
        if isinstance(value, Text):
            setattr(rule, key, getattr(rule, key).plus(" ", value))
        elif isinstance(value, str):
            rule.description = f"{rule.description} {value}"
        elif isinstance(value, set):
            rule.tags = rule.tags | value
        elif isinstance(value, list):
            self._append_exceptions(rule, value)

    def _append_exceptions(self, rule: RuleItem, added: list[ExceptionItem]) -> None:
        for item in added:
            earlier = exceptions.named(rule.exceptions, item.name)
            if earlier is not None and "values" not in item.places:
                message = f"nothing is added to exception '{item.name}': no values are given"
                self._report.append(Diagnostic("LOAD_APPEND_NO_VALUES", message, item.context, item.place))
            if self._is_usable(item, earlier or item, faults.of_append(earlier, item, self._fields_of(rule))):
                exceptions.append(rule.exceptions, item)

    def _replace(self, rule: RuleItem, key: str, value: object, change: RuleChange) -> None:
        if isinstance(value, list):
            value = self._faultless(value, rule)
        setattr(rule, read_rule.ATTRIBUTES[key], value)
        if key in ("condition", "output"):
            setattr(rule, f"{key}_context", change.contexts[key])


def _missing(word: str, item: ListItem | MacroItem, known: Iterable[str]) -> LoadError:
    message = f"there is no {word} '{item.name}' to append to"
    hint = did_you_mean(item.name, known)
    return LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, item.context, item.place, hint=hint))


def _unknown_rule(change: RuleChange, known: Iterable[str]) -> LoadError:
    message = f"there is no rule '{change.name}' to {'append to' if change.append else 'change'}"
    hint = did_you_mean(change.name, known)
    return LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, change.context, change.place, hint=hint))
