"""What rules are made of, and where each part came from: for ``yarak rules list`` and ``yarak rules show``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from . import lints, printing, priority
from .exception_text import extend_condition
from .items import Change, ListItem
from .layout import lay_out
from .output import Placeholder
from .plan import uses_in_accessor
from .position import Place

if TYPE_CHECKING:
    from .compile_rules import CompiledRule
    from .lint.program import Program

WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Part:
    """A macro or list: its name, where it is defined, and what changed it later."""

    name: str
    place: Place
    changes: Sequence[Change]

    def as_json(self) -> dict[str, Any]:
        """Lines count from 1."""
        where = {"name": self.name, "file": self.place.file, "line": self.place.line + 1}
        return {**where, **_changes(self.changes)}


def _changes(changes: Sequence[Change]) -> dict[str, Any]:
    """What changed an item, in order; nothing where nothing did."""
    entries = [
        {
            "file": change.place.file,
            "line": change.place.line + 1,
            "appended": list(change.appended),
            "replaced": list(change.replaced),
        }
        for change in changes
    ]
    return {"changes": entries} if entries else {}


@dataclass(frozen=True, slots=True)
class Account:
    """One rule. ``events`` are names; an empty list for a rule of another source than ``syscall`` means all of its."""

    rule: CompiledRule
    enabled: bool
    events: list[str]
    fields: list[str]
    output_fields: list[str]
    macros: list[Part]
    lists: list[Part]

    @property
    def written(self) -> list[str]:
        """The condition as written, exceptions included, laid out."""
        text = extend_condition(self.rule.item.condition, self.rule.item.exceptions).value
        return lay_out(text, WIDTH) or [text]

    @property
    def expanded(self) -> list[str]:
        """The condition with every macro and list replaced, laid out."""
        text = printing.condition(self.rule.condition)
        return lay_out(text, WIDTH) or [text]

    def as_json(self) -> dict[str, Any]:
        """Everything about the rule."""
        item = self.rule.item
        return {
            "name": item.name,
            "file": item.place.file,
            "line": item.place.line + 1,
            **_changes(item.changes),
            "description": " ".join(item.description.split()),
            "priority": priority.NAMES[item.priority],
            "source": item.source,
            "enabled": self.enabled,
            "tags": sorted(item.tags),
            "events": self.events,
            "fields": self.fields,
            "output_fields": self.output_fields,
            "condition": extend_condition(item.condition, item.exceptions).value,
            "condition_expanded": printing.condition(self.rule.condition),
            "output": item.output.value,
            "exceptions": [entry.name for entry in item.exceptions],
            "macros": [part.as_json() for part in self.macros],
            "lists": [part.as_json() for part in self.lists],
        }


def accounts(program: Program) -> list[Account]:
    """One for every rule that compiled, in order of definition."""
    on = {rule.item.name for rule in program.enabled}
    return [account(program, rule, rule.item.name in on) for rule in program.rules]


def account(program: Program, rule: CompiledRule, enabled: bool) -> Account:
    """What one rule is made of."""
    from .lint.owners import checks

    macros = [program.collection.macros[name] for name in program.owners.reachable(rule.written)]
    texts = [extend_condition(rule.item.condition, rule.item.exceptions).value]
    texts += [macro.condition.value for macro in macros]
    names = program.listing.members(rule.codes) if rule.item.source == "syscall" else ()
    fields = {printing.accessor(ref) for check in checks(rule.condition) for ref in lints.fields_of(check)}
    shown = [segment.accessor for segment in rule.output if isinstance(segment, Placeholder)]
    return Account(
        rule,
        enabled,
        sorted({code.name for code in names}),
        sorted(fields),
        sorted({use.name for accessor in shown for use in uses_in_accessor(accessor)}),
        [Part(macro.name, macro.place, macro.changes) for macro in macros],
        [Part(item.name, item.place, item.changes) for item in _lists(program, texts)],
    )


def _lists(program: Program, texts: list[str]) -> list[ListItem]:
    """The lists that texts name, directly or through other lists."""
    lists = program.compiler.lists
    found: dict[str, None] = {}
    waiting = [name for text in texts for name in lists.names_in(text)]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += [item for item in program.collection.lists[name].items if item in program.collection.lists]
    return [program.collection.lists[name] for name in found]
