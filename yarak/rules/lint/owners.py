"""Whose text it is: a check that a rule comes to through macros is somebody else's line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..collect import Collection
from ..compile_rules import RuleCompiler
from ..conditions import Conditions
from ..diagnostics import Diagnostic
from ..exception_text import extend_condition
from ..expand import Expanded, words
from ..macros import references
from ..nodes import And, Check, MacroRef, Node, Not, Or
from ..problem import ConditionError


class Owners:
    """Which macro a piece of condition was written in, and which rules use which macro."""

    def __init__(self, collection: Collection, conditions: Conditions, compiler: RuleCompiler) -> None:
        self._macros: dict[int, str] = {}
        self.words_of_unparsed: set[str] = set()
        """Words of conditions that are none, or of rules that are skipped: macros and lists may be among them."""
        written: dict[str, Node] = {}
        for macro in collection.macros.values():
            try:
                node = conditions.macro(macro, compiler.lists)
            except ConditionError:
                self.words_of_unparsed |= words(macro.condition.value)
                continue
            written[macro.name] = node
            self._macros[id(source_of(node))] = macro.name
        self.written = written
        self.referred_to = {ref.name for node in written.values() for ref in references(node)}
        """Macros that some macro refers to, be it one that does not see it."""
        self._rules: dict[str, list[str]] = {name: [] for name in collection.macros}
        for rule in collection.rules.values():
            text = extend_condition(rule.condition, rule.exceptions)
            if rule.unknown_source:
                self.words_of_unparsed |= words(text.value)
                continue
            try:
                node = conditions.parse("rule", rule.name, text, compiler.lists)
            except ConditionError:
                self.words_of_unparsed |= words(text.value)
                continue
            for name in self.reachable(node):
                self._rules.setdefault(name, []).append(rule.name)
        named = self.words_of_unparsed & set(written)
        self.used_by_unparsed = named.union(*(self.reachable(written[name]) for name in named))
        """Macros that rules of which the conditions are not looked at refer to, directly or through others."""

    def reachable(self, node: Node) -> list[str]:
        """The macros that an unresolved condition refers to, directly or through others, in order."""
        found: dict[str, None] = {}
        waiting = [ref.name for ref in references(node)]
        while waiting:
            name = waiting.pop(0)
            if name not in found:
                found[name] = None
                if name in self.written:
                    waiting += [ref.name for ref in references(self.written[name])]
        return list(found)

    def macro_of(self, source: Expanded) -> str | None:
        """The macro whose text this is; None for a rule's own."""
        return self._macros.get(id(source))

    def users(self, macro: str) -> list[str]:
        """The rules that use a macro, in order of definition."""
        return self._rules.get(macro, [])

    def trail(self, source: Expanded, rule: str) -> str:
        """The way from a rule to a piece of condition."""
        macro = self.macro_of(source)
        return f"in rule '{rule}'" if macro is None else f"in macro '{macro}', used by rule '{rule}'"

    def trail_of(self, diagnostic: Diagnostic) -> str:
        """The way to what a diagnostic is about."""
        named = diagnostic.context.owner
        if named is None:
            return ""
        trail = f"in {named.item_type} '{named.item_name}'"
        users = self.users(named.item_name) if named.item_type == "macro" else []
        if not users or diagnostic.code == "LOAD_UNUSED_MACRO":
            return trail
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        return f"{trail}, used by rule '{users[0]}'{more}"


def source_of(node: Node) -> Expanded:
    """The text that the first leaf of a condition was parsed from."""
    match node:
        case Check(source=source) | MacroRef(source=source):
            return source
        case Not(child=child):
            return source_of(child)
    return source_of(node.children[0])


def checks(node: Node) -> Iterator[Check]:
    """Every check of a resolved condition, in order."""
    match node:
        case Check():
            yield node
        case Not(child=child):
            yield from checks(child)
        case And() | Or():
            for child in node.children:
                yield from checks(child)


def distinct_checks(nodes: Iterable[Node]) -> Iterator[Check]:
    """Every check of several conditions, shared ones once."""
    seen: set[int] = set()
    for node in nodes:
        for check in checks(node):
            if id(check) not in seen:
                seen.add(id(check))
                yield check
