"""From a condition's text to its checked tree, with memory across the files of a load.

Every file recompiles all that was collected so far (rules-language.md, section 6); what has not changed is not
parsed or checked again.
"""

from __future__ import annotations

from .check import Checker
from .events import Inference
from .expand import Expanded, Lists
from .grammar import parser
from .items import MacroItem
from .listing import Listing
from .nodes import Node
from .output import Segment
from .output import parse as parse_output
from .problem import ConditionError, Problem
from .source import Text


class Conditions:
    """What lives as long as a load: parsed conditions and outputs, checkers per event source, event inference."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.inference = Inference(listing)
        self._checkers: dict[str, Checker] = {}
        self._parsed: dict[tuple[str, str, str], Node | ConditionError] = {}
        self._outputs: dict[tuple[str, str, str], list[Segment | Problem]] = {}

    def checker(self, source: str) -> Checker:
        """The checker for rules of an event source."""
        if source not in self._checkers:
            self._checkers[source] = Checker(self.listing, source)
        return self._checkers[source]

    def parse(self, kind: str, name: str, text: Text, lists: Lists) -> Node:
        """The tree of the condition of the rule or macro (``kind``) ``name``, lists expanded. Raises ConditionError."""
        expanded = lists.expand(text)
        key = (kind, name, expanded.value)
        if key not in self._parsed:
            self._parsed[key] = _parse(expanded)
        found = self._parsed[key]
        if isinstance(found, ConditionError):
            raise found
        return found

    def macro(self, item: MacroItem, lists: Lists) -> Node:
        """The unresolved tree of a macro. Raises ConditionError."""
        return self.parse("macro", item.name, item.condition, lists)

    def output(self, name: str, text: Text, source: str) -> list[Segment]:
        """The segments of an output of the rule ``name``. Raises ConditionError."""
        segments: list[Segment] = []
        for part in self.output_parts(name, text, source):
            if isinstance(part, Problem):
                raise ConditionError(part)
            segments.append(part)
        return segments

    def output_parts(self, name: str, text: Text, source: str) -> list[Segment | Problem]:
        """As ``output``, but with everything that is wrong in the place where it is."""
        key = (name, source, text.value)
        if key not in self._outputs:
            self._outputs[key] = list(parse_output(Expanded(text.value, text, []), self.checker(source).accessors))
        return self._outputs[key]

    def field_fault(self, text: str, source: str) -> str | None:
        """None where ``text`` is a field or transformer expression that rules of ``source`` can use.

        Else a hint, which may be empty.
        """
        try:
            accessor = parser().accessor(text)
            self.checker(source).accessors.type_of(accessor, Expanded(text, Text.own(text), []))
        except ConditionError as error:
            return error.problem.hint
        return None


def _parse(expanded: Expanded) -> Node | ConditionError:
    try:
        return parser().condition(expanded)
    except ConditionError as error:
        return error
