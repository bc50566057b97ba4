"""What a lint is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from .. import selection
from ..accessors import Resolved, lookup
from ..compile_rules import CompiledRule
from ..events import never_or_always
from ..expand import Expanded
from ..nodes import Accessor, And, Check, Node, Not, Transform
from ..position import Place
from .context import Contexts
from .finding import Finding
from .presence import Presence
from .program import Program
from .solver import Solver


@dataclass(frozen=True, slots=True)
class Lint:
    """A thing to look for.

    ``why`` explains it in a few sentences, ``fires`` and ``silent`` are rules files for the documentation page and
    for the tests. ``run`` yields the findings; ``is_local`` tells that it looks at each check by itself, so that a part
    of a condition is enough for it.
    """

    code: str
    name: str
    summary: str
    why: str
    fires: str
    silent: str
    run: Callable[[Subject], Iterable[Finding]]
    is_local: bool = False


@dataclass(slots=True)
class Subject:
    """Rules of a loaded program, and the tools that lints share. ``enabled`` are those that run, in their order."""

    program: Program
    rules: list[CompiledRule]
    enabled: list[CompiledRule]
    presence: Presence
    contexts: Contexts
    solver: Solver
    _never: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> Subject:
        """The rules whose condition is whole."""
        rules = program.salvage.whole
        by_name = {rule.item.name: rule for rule in rules}
        options = program.options
        running = selection.enabled([rule.item for rule in rules], options.priority, options.rules)
        presence = Presence(program.listing)
        contexts, solver = Contexts(program.kernel), Solver(program.listing, program.kernel, presence)
        return cls(program, rules, [by_name[item.name] for item in running], presence, contexts, solver)

    def partial(self) -> Subject:
        """The rules of which only a part of the condition can be looked at, with the same tools."""
        return replace(self, rules=self.program.salvage.partial, enabled=[])

    def rules_of(self, source: str) -> Iterator[CompiledRule]:
        """The rules of an event source."""
        return (rule for rule in self.rules if rule.item.source == source)

    def is_switch(self, check: Check) -> bool:
        """Whether a check is a constant in a macro, which whoever overrides the macro sets; in a rule it is none."""
        return never_or_always(check) is not None and self.program.owners.macro_of(check.source) is not None

    def never(self, rule: CompiledRule) -> bool:
        """Whether the rule can never fire."""
        name = rule.item.name
        if name not in self._never:
            self._never[name] = not self.solver.satisfiable([(rule.condition, True)], self.is_switch)
        return self._never[name]

    def type_of(self, accessor: Accessor) -> Resolved | None:
        """The field that an accessor is; None for transformers and for what is no field."""
        if isinstance(accessor, Transform):
            return None
        found = lookup(self.program.listing, accessor.name, accessor.arg)
        return found if isinstance(found, Resolved) else None

    def at_rule(self, lint: Lint, rule: CompiledRule, message: str, hint: str = "") -> Finding:
        """A finding about a whole rule, placed at its name."""
        return Finding(lint.code, message, rule.item.place, hint)

    def at(
        self, lint: Lint, rule: CompiledRule, source: Expanded, start: int, end: int, message: str, hint: str = ""
    ) -> Finding:
        """A finding about a stretch of a condition."""
        place: Place = source.locate(start, end) or rule.item.place
        return Finding(lint.code, message, place, hint, trail=self.program.owners.trail(source, rule.item.name))


def without_exceptions(rule: CompiledRule) -> tuple[Node, list[Node]]:
    """A rule's own condition and the pieces of its exceptions that have values (``not`` taken off)."""
    pieces = [item for item in rule.item.exceptions if item.values]
    node = rule.condition
    if not pieces or not isinstance(node, And):
        return node, []
    excused = [child.child for child in node.children[1:] if isinstance(child, Not)]
    return (node.children[0], excused) if len(excused) == len(pieces) else (node, [])
