"""From rules files to a plan: the entry point of this package."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import append_output, selection
from .accessors import Accessors, Resolved, lookup
from .collect import Collection
from .compile_rules import CompiledRule, RuleCompiler, shown_uses
from .conditions import Conditions
from .descriptors import Use
from .diagnostics import Diagnostic
from .items import ListItem, MacroItem
from .listing import Listing
from .options import CompileOptions
from .output import Placeholder, Segment, to_json
from .plan import FORMAT, Graph, needs, uses_in_condition
from .result import LoadResult
from .source import SourceFile
from .versions import PluginRequirement

_RECURSION_LIMIT = 20_000
"""Room for conditions nested as deep as the grammar allows (1000), at several frames per level."""


class Compiled(msgspec.Struct):
    """The outcome of a load.

    ``plan`` is the JSON document of the plan; it holds the rules that compiled even where others did not, so look at
    ``ok`` first. ``results`` has one entry per file. ``plugin_problem`` says which plugin is missing or too old.
    """

    plan: bytes
    rules: list[CompiledRule]
    enabled: list[str]
    macros: dict[str, MacroItem]
    lists: dict[str, ListItem]
    results: list[LoadResult]
    required_engine_version: str
    required_plugin_versions: list[PluginRequirement]
    plugin_problem: str | None
    last: RuleCompiler | None = None
    conditions: Conditions | None = None

    @property
    def ok(self) -> bool:
        """Whether every file is free of errors and the plugins suffice."""
        return self.plugin_problem is None and all(result.successful for result in self.results)

    def node_texts(self) -> dict[int, str]:
        """The conditions that the plan's nodes are, by number."""
        assert self.conditions is not None  # it is set wherever something was compiled
        graph, rules = Graph(), {rule.item.name: rule for rule in self.rules}
        for name in self.enabled:
            graph.add(rules[name].condition, self.conditions.checker(rules[name].item.source).accessors)
        return graph.texts()

    def texts(self, color: bool = False) -> list[str]:
        """Per file, its diagnostics for people; what an earlier file showed already is left out."""
        shown: list[Diagnostic] = []
        texts: list[str] = []
        for result in self.results:
            texts.append(result.render(color, skip=shown))
            shown += result.diagnostics
        return texts


def compile_files(
    files: Sequence[Path | SourceFile], options: CompileOptions, listing: Listing | None = None
) -> Compiled:
    """Load rules files in order and compile them to one plan.

    Every file is loaded, also behind one with errors. ``listing`` defaults to the built core's. Raises ValueError
    for selection or append_output entries of a wrong shape.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION_LIMIT))
    listing = listing if listing is not None else Listing.from_core()
    return _Load(options, options.completed(listing)).run(files)


class _Load:
    """One load, file by file."""

    def __init__(self, options: CompileOptions, listing: Listing) -> None:
        self._options = options
        self._listing = listing
        self._conditions = Conditions(listing)
        self._collection = Collection(frozenset(options.sources), self._conditions.field_fault)
        self._files: dict[str, str] = append_output.texts(options.append_output)
        self._results: list[LoadResult] = []
        self._last: RuleCompiler | None = None

    def run(self, files: Sequence[Path | SourceFile]) -> Compiled:
        for path in files:
            self._load(path)
        rules = self._last.rules if self._last is not None else []
        by_name = {rule.item.name: rule for rule in rules}
        running = selection.enabled([rule.item for rule in rules], self._options.priority, self._options.rules)
        enabled = [by_name[item.name] for item in running]
        required = self._collection.required_engine
        return Compiled(
            json.dumps(self._plan(enabled), separators=(",", ":")).encode(), rules,
            [rule.item.name for rule in enabled], self._collection.macros, self._collection.lists,
            self._results, str(required) if required else "0.0.0", self._collection.required_plugins,
            self._plugin_problem(), self._last, self._conditions,
        )  # fmt: skip

    def _load(self, path: Path | SourceFile) -> None:
        file, found = self._collection.add_file(path)
        if file is not None:
            self._files[file.name] = file.text
        if not any(one.is_error for one in found):
            self._last = RuleCompiler(self._collection, self._conditions, self._options.append_output)
            found = [*found, *self._last.diagnostics]
        name, warnings = (file.name, file.schema_warnings) if file else (str(path), None)
        self._results.append(LoadResult(name, found, self._files, warnings))

    def _plugin_problem(self) -> str | None:
        loaded = self._options.loaded_plugins()
        problems = (entry.problem(loaded) for entry in self._collection.required_plugins)
        return next((problem for problem in problems if problem is not None), None)

    def _plan(self, enabled: list[CompiledRule]) -> dict[str, Any]:
        # First, since what it works out takes much room and is let go then.
        tables = self._filter(enabled) if self._options.kernel else {}
        graph = Graph()
        rules = [self._plan_rule(rule, graph) for rule in enabled]
        return {
            "format": FORMAT,
            "settings": self._settings(),
            "nodes": graph.nodes,
            "rules": rules,
            "needs": needs(use for rule in enabled for use in self._fields(rule)),
            "filter": tables,
        }

    def _filter(self, enabled: list[CompiledRule]) -> dict[str, Any]:
        # Not for everybody, and a tenth of what there is to import.
        from .feeds import feeds
        from .kernel_filter import KernelFilter, Need

        ignored = 0 if self._options.all_syscalls else self._listing.select(c for c in self._listing.codes if c.ignored)
        kernel = KernelFilter(self._listing, ignored)
        wanted = [Need(r.item.name, r.codes, r.condition) for r in enabled if r.item.source == "syscall"]
        return kernel.tables([*wanted, *feeds(enabled, self._listing)])

    def _settings(self) -> dict[str, Any]:
        options = self._options
        settings = {"rule_matching": options.rule_matching, "paths_match": options.paths_match}
        return settings | ({"profile": True} if options.profile else {})

    def _plan_rule(self, rule: CompiledRule, graph: Graph) -> dict[str, Any]:
        item, inference = rule.item, self._conditions.inference
        accessors = self._conditions.checker(item.source).accessors
        codes = inference.with_async(rule.codes)
        return {
            "name": item.name,
            "source": item.source,
            "priority": item.priority,
            "tags": sorted(item.tags),
            "node": graph.add(rule.condition, accessors),
            "events": inference.events(codes),
            "syscalls": inference.generic_syscalls(codes),
            "output": to_json(rule.output, accessors),
            "extra_fields": _extra_fields(rule, accessors),
            "capture": item.capture,
            "capture_duration_ms": item.capture_duration_ms,
            "paths_match": None,
        }

    def _fields(self, rule: CompiledRule) -> Iterator[Use]:
        return map(self._base, (*uses_in_condition(rule.condition), *shown_uses(rule)))

    def _base(self, use: Use) -> Use:
        if use.name in self._listing.fields:
            return use
        found = lookup(self._listing, use.name, None)
        return Use(found.field.name, use.arg) if isinstance(found, Resolved) else use


def _extra_fields(rule: CompiledRule, accessors: Accessors) -> dict[str, Any]:
    fields: dict[str, Any] = {key: to_json(segments, accessors) for key, segments in rule.extra_formats.items()}
    for key, segment in rule.extra_fields.items():
        fields[key] = (
            accessors.json(segment.accessor) if isinstance(segment, Placeholder) else to_json([segment], accessors)
        )
    return fields


__all__ = ["CompileOptions", "Compiled", "LoadResult", "Segment", "compile_files"]
