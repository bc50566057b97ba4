"""What a lint is, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

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
    for the tests. ``run`` yields the findings.
    """

    code: str
    name: str
    summary: str
    why: str
    fires: str
    silent: str
    run: Callable[[Subject], Iterable[Finding]]


@dataclass(slots=True)
class Subject:
    """A loaded program with the tools that lints share."""

    program: Program
    presence: Presence
    contexts: Contexts
    solver: Solver
    _never: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> Subject:
        """The tools for a program."""
        presence = Presence(program.listing)
        return cls(program, presence, Contexts(program.kernel), Solver(program.listing, program.kernel, presence))

    def rules(self, source: str = "syscall") -> Iterator[CompiledRule]:
        """The rules of an event source."""
        return (rule for rule in self.program.rules if rule.item.source == source)

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
