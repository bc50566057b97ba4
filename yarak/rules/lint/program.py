"""Rules files loaded for inspection: everything that compiled, and everything that is wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import structs

from .. import append_output, selection
from ..compile_rules import CompiledRule, RuleCompiler
from ..conditions import Conditions
from ..diagnostics import Diagnostic
from ..items import ListItem, MacroItem, RuleItem
from ..kernel_filter import KernelFilter
from ..listing import Listing
from ..options import CompileOptions
from .finding import Finding
from .owners import Owners
from .problems import Problems
from .recover import RecoveringCollection
from .salvage import Salvage

_RECURSION_LIMIT: Final = 20_000
_UNUSED: Final = ("LOAD_UNUSED_MACRO", "LOAD_UNUSED_LIST")
_NOTHING_TO_CHANGE: Final = re.compile(r"there is no (list|macro|rule) '(.*)' to ")
_UNDEFINED: Final = "Undefined macro '"


@dataclass(slots=True)
class Program:
    """``files`` maps names to texts. ``enabled`` are the rules that run, in their order of evaluation.

    ``early`` is what was wrong with conditions and outputs before a later file was loaded, which may hide it.
    """

    files: dict[str, str]
    listing: Listing
    options: CompileOptions
    collection: RecoveringCollection
    conditions: Conditions
    compiler: RuleCompiler
    kernel: KernelFilter
    owners: Owners
    salvage: Salvage
    early: list[Finding] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    enabled: list[CompiledRule] = field(default_factory=list)

    @property
    def rules(self) -> list[CompiledRule]:
        """The rules that compiled, in order of definition."""
        return self.compiler.rules

    def findings(self) -> Iterator[Finding]:
        """The errors and warnings of the load, those inside conditions with the macro that they are in."""
        problems = Problems(self.collection, self.conditions, self.compiler, self.owners)
        for found in (*self.early, *problems.find(self.salvage)):
            name = _undefined(found.message)
            if ("macro", name) not in self.collection.broken:
                yield found
        for requirement in self.collection.required_plugins:
            problem = requirement.problem(self.options.loaded_plugins())
            if problem is not None and requirement.place is not None:
                yield Finding("LOAD_ERR_VALIDATE", problem, requirement.place, is_error=True)
        for diagnostic in self.diagnostics:
            if not self._is_used_after_all(diagnostic):
                yield Finding.of(diagnostic, self.owners.trail_of(diagnostic))

    def _is_used_after_all(self, diagnostic: Diagnostic) -> bool:
        """Whether a macro or list counts as unused only because what uses it is bad."""
        if diagnostic.code not in _UNUSED:
            return False
        named = diagnostic.context.locations[-1].item_name
        owners = self.owners
        return bool(owners.users(named)) or named in owners.words_of_unparsed | owners.referred_to


def load_program(files: Sequence[Path], options: CompileOptions, listing: Listing | None = None) -> Program:
    """Load rules files in order as the engine does, but behind every error.

    ``listing`` defaults to the built core's.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    listing = options.completed(listing if listing is not None else Listing.from_core())
    conditions = Conditions(listing)
    collection = RecoveringCollection(frozenset(options.sources), conditions.field_fault)
    texts = append_output.texts(options.append_output)
    found: list[Diagnostic] = []
    early: list[Finding] = []
    compiler = RuleCompiler(collection, conditions, options.append_output)
    for path in files:
        file, problems = collection.add_file(path)
        if file is not None:
            texts[file.name] = file.text
        compiler = RuleCompiler(collection, conditions, options.append_output)
        earlier = [one for one in found if one.code not in _UNUSED]
        found = [*earlier, *problems, *_wanted(compiler, collection)]
        if path is not files[-1] and any(one.is_error for one in compiler.diagnostics):
            owners, salvage = _parts(collection, conditions, compiler)
            early += Problems(collection, conditions, compiler, owners).find(salvage)
    owners, salvage = _parts(collection, conditions, compiler)
    kernel = KernelFilter(listing)
    program = Program(texts, listing, options, collection, conditions, compiler, kernel, owners, salvage, early)
    program.diagnostics = [_explained(one, collection) for one in _distinct(found)]
    by_name = {rule.item.name: rule for rule in compiler.rules}
    running = selection.enabled([rule.item for rule in compiler.rules], options.priority, options.rules)
    program.enabled = [by_name[item.name] for item in running]
    return program


def _parts(collection: RecoveringCollection, conditions: Conditions, compiler: RuleCompiler) -> tuple[Owners, Salvage]:
    owners = Owners(collection, conditions, compiler)
    return owners, Salvage(collection, collection.hollow, conditions, compiler, owners)


def _wanted(compiler: RuleCompiler, collection: RecoveringCollection) -> Iterator[Diagnostic]:
    """What a pass found, but for references to macros that are left out because they are bad themselves."""
    for diagnostic in compiler.diagnostics:
        if ("macro", _undefined(diagnostic.message)) not in collection.broken:
            yield diagnostic


def _explained(diagnostic: Diagnostic, collection: RecoveringCollection) -> Diagnostic:
    """With a hint where what is to be changed is defined behind the change."""
    match = _NOTHING_TO_CHANGE.match(diagnostic.message)
    known: dict[str, Mapping[str, ListItem | MacroItem | RuleItem]] = {
        "list": collection.lists, "macro": collection.macros, "rule": collection.rules
    }  # fmt: skip
    item = known[match[1]].get(match[2]) if match else None
    if item is None:
        return diagnostic
    where = f"{item.place.file}:{item.place.line + 1}"
    return structs.replace(diagnostic, hint=f"it is defined later, in {where}; a change comes behind the definition")


def _undefined(message: str) -> str:
    """The macro that the message calls undefined; empty where it says something else."""
    return message.split("'")[1] if message.startswith(_UNDEFINED) else ""


def _distinct(found: list[Diagnostic]) -> list[Diagnostic]:
    known: dict[tuple[object, ...], Diagnostic] = {}
    for one in found:
        known.setdefault((one.code, one.message, one.where()), one)
    return list(known.values())
